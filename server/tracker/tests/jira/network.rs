//! The transport over a real network: plain and TLS, through a proxy, and with servers that do
//! not behave.

use crate::script::{CANARY, ids, settings};
use crate::simulated::{keys_of, simulator};
use bytes::Bytes;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::{Simulator, serve};
use resync_tracker::jira::{
    HttpOptions, HttpSetupError, HttpTransport, Jira, Product, RESPONSE_BYTES_MAX, Settings,
    Transport, TransportError,
};
use resync_tracker::{Error, TrackerReader};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

/// Serves a simulator until the test ends; its address.
async fn served(simulator: &Simulator) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve::serve(
        listener,
        simulator.clone(),
        std::future::pending(),
    ));
    format!("http://{address}")
}

/// Answers every connection with the same bytes; its address.
async fn saying(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = answer.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    format!("http://{address}")
}

fn at(product: Product, address: &str, options: &HttpOptions) -> Jira<HttpTransport> {
    let settings = Settings {
        base_uri: address.to_owned(),
        ..settings(product)
    };
    let transport = HttpTransport::new(options).unwrap();
    // Without jitter there is no wait between tries, so that tests do not wait either.
    Jira::new(&settings, transport, Arc::new(|| 0.0)).unwrap()
}

async fn get(address: &str, options: &HttpOptions) -> Result<Bytes, TransportError> {
    let request = http::Request::get(address).body(Bytes::new()).unwrap();
    let response = HttpTransport::new(options).unwrap().send(request).await?;
    Ok(response.into_body())
}

#[tokio::test]
async fn a_jira_behind_http_is_read_like_one_in_process() {
    for product in PRODUCTS {
        let simulator = simulator(product);
        simulator.seed_content(1500);
        let jira = at(product, &served(&simulator).await, &HttpOptions::default());
        assert_eq!(jira.identify().await.unwrap().account, "Ann Example");
        let text = "created > \"2000-01-01\" ORDER BY Rank";
        let result = jira
            .read_query(&crate::script::jql(text), &|_| ())
            .await
            .unwrap();
        let keys: Vec<_> = result
            .issues
            .iter()
            .map(|issue| issue.key.to_string())
            .collect();
        assert_eq!(keys, keys_of(product, &simulator, text));
        assert!(keys.len() >= 1400);
    }
}

#[tokio::test]
async fn lost_and_cut_answers_are_asked_for_again() {
    for product in PRODUCTS {
        for fault in [Fault::LostBefore, Fault::LostAfterwards, Fault::Cut(500)] {
            let simulator = simulator(product);
            simulator.seed_content(700);
            let all = simulator.inspect(resync_simulator::State::count);
            simulator.edit(|state| state.faults.rule(On::Any, When::Every(3), fault.clone()));
            let jira = at(product, &served(&simulator).await, &HttpOptions::default());
            let found = ids(&jira, "created > \"2000-01-01\"").await.unwrap();
            assert_eq!(found.len(), all, "{product} {fault:?}");
            assert!(jira.counters().retried > 0);
        }
    }
}

#[tokio::test]
async fn an_address_where_nobody_listens_cannot_be_reached() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let jira = at(Product::Cloud, &address, &HttpOptions::default());
    let error = jira.identify().await.unwrap_err();
    let Error::Unreachable {
        status: None,
        detail,
    } = error
    else {
        panic!("{error}")
    };
    assert!(
        detail.contains("onnect") && !detail.contains(CANARY),
        "{detail}"
    );
}

#[tokio::test]
async fn a_body_that_ends_early_is_cut_and_not_short() {
    let address = saying("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"issues\":[]}").await;
    let error = get(&address, &HttpOptions::default()).await.unwrap_err();
    assert!(matches!(error, TransportError::Cut(_)), "{error}");
}

#[tokio::test]
async fn a_body_without_end_is_given_up() {
    let size = RESPONSE_BYTES_MAX + 1;
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + size, b' ');
    let address = saying(answer).await;
    let error = get(&address, &HttpOptions::default()).await.unwrap_err();
    assert_eq!(
        error,
        TransportError::TooLarge {
            limit: RESPONSE_BYTES_MAX
        }
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_secret_stays() {
    let other = saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {other}\r\ncontent-length: 0\r\n\r\n");
    let jira = at(
        Product::Cloud,
        &saying(redirect).await,
        &HttpOptions::default(),
    );
    let error = jira.identify().await.unwrap_err();
    assert!(matches!(error, Error::ProductMismatch { .. }), "{error}");
    assert_eq!(jira.counters().sent, 1);
}

#[tokio::test]
async fn a_server_that_takes_a_connection_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = Settings {
        base_uri: address,
        ..settings(Product::Cloud)
    };
    settings.request_timeout = Duration::from_millis(20);
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let jira = Jira::new(&settings, transport, Arc::new(|| 0.0)).unwrap();
    let error = jira.identify().await.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable { status: None, .. }),
        "{error}"
    );
}

/// A certificate authority of nobody's, a server for `localhost` that it vouches for, and the
/// authority's PEM file.
async fn private_tls(simulator: &Simulator) -> (String, tempfile::NamedTempFile) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let plain = served(simulator).await;
    let plain = plain.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut inner = TcpStream::connect(plain).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut inner).await;
            });
        }
    });
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(authority_pem.as_bytes()).unwrap();
    (format!("https://localhost:{port}"), file)
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_configured_and_only_then() {
    let simulator = simulator(Product::DataCenter);
    simulator.load_sample();
    let (address, authority) = private_tls(&simulator).await;
    let certificate_authorities = Some(authority.path().to_owned());
    let options = HttpOptions {
        certificate_authorities,
        ..HttpOptions::default()
    };
    let jira = at(Product::DataCenter, &address, &options);
    assert!(!ids(&jira, "project = PAY").await.unwrap().is_empty());

    let error = get(&address, &HttpOptions::default()).await.unwrap_err();
    let TransportError::Unreachable(detail) = error else {
        panic!("{error}")
    };
    assert!(detail.contains("certificate"), "{detail}");
}

#[test]
fn a_file_of_authorities_that_is_absent_or_has_none_is_refused() {
    let options = |path: &std::path::Path| HttpOptions {
        certificate_authorities: Some(path.to_owned()),
        ..HttpOptions::default()
    };
    let absent = HttpTransport::new(&options("/nowhere/ca.pem".as_ref())).unwrap_err();
    assert!(
        matches!(absent, HttpSetupError::AuthoritiesUnreadable { .. }),
        "{absent}"
    );
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"not a certificate").unwrap();
    let empty = HttpTransport::new(&options(file.path())).unwrap_err();
    assert!(
        matches!(empty, HttpSetupError::AuthoritiesInvalid { .. }),
        "{empty}"
    );
}

/// A proxy that connects wherever it is told, if it is told the password; its address, and where
/// it was told to connect.
async fn proxy() -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, targets) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(stream, told.clone()));
        }
    });
    (address.to_string(), targets)
}

async fn pass_on(mut client: TcpStream, told: tokio::sync::mpsc::UnboundedSender<String>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    // user:c4n4ry-t0k3n
    if !head.contains("Basic dXNlcjpjNG40cnktdDBrM24=") {
        let refused = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let _ = client.write_all(refused).await;
        return;
    }
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let mut server = TcpStream::connect(&target).await.unwrap();
    told.send(target).unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

#[tokio::test]
async fn a_proxy_is_used_when_it_is_configured() {
    let simulator = simulator(Product::Cloud);
    simulator.load_sample();
    let (address, authority) = private_tls(&simulator).await;
    let (proxy, mut targets) = proxy().await;
    let options = HttpOptions {
        certificate_authorities: Some(authority.path().to_owned()),
        proxy: Some(format!("http://user:{CANARY}@{proxy}")),
        ..HttpOptions::default()
    };
    let jira = at(Product::Cloud, &address, &options);
    assert!(!ids(&jira, "project = PAY").await.unwrap().is_empty());
    let told = targets.recv().await.unwrap();
    assert_eq!(format!("https://{told}"), address);

    let options = HttpOptions {
        proxy: Some(format!("http://{proxy}")),
        ..options
    };
    let error = at(Product::Cloud, &address, &options)
        .identify()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains(CANARY), "{error}");
}
