//! The program against a server behind TLS: whom it trusts, and what it says when it does not.

use std::{path::PathBuf, process::Output};

use resync_api::v1::{
    DescribeServerRequest, DescribeServerResponse,
    server_service_server::{ServerService, ServerServiceServer},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Request, Response, Status,
    transport::{Identity, Server, ServerTlsConfig},
};

use crate::program::resync;

struct Described;

#[tonic::async_trait]
impl ServerService for Described {
    async fn describe_server(
        &self,
        _: Request<DescribeServerRequest>,
    ) -> Result<Response<DescribeServerResponse>, Status> {
        Ok(Response::new(DescribeServerResponse {
            version: "1.2.3".to_owned(),
            ..Default::default()
        }))
    }
}

/// An authority, as a file, and the identity of `localhost` that it has signed.
fn authority(folder: &TempDir, name: &str) -> (PathBuf, Identity) {
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let certificate = authority
        .self_signed(&authority_key)
        .expect("a certificate");
    let file = folder.path().join(name);
    std::fs::write(&file, certificate.pem()).expect("a file can be written");
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let key = rcgen::KeyPair::generate().expect("a key");
    let signed = params.signed_by(&key, &issuer).expect("a certificate");
    (file, Identity::from_pem(signed.pem(), key.serialize_pem()))
}

/// A server behind TLS. Returns its port.
async fn start(identity: Identity) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let server = Server::builder()
        .tls_config(ServerTlsConfig::new().identity(identity))
        .expect("the certificate is one")
        .add_service(ServerServiceServer::new(Described));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    port
}

/// Runs `resync server`, trusting what is in a file.
async fn describe(address: String, trusted: PathBuf) -> (Option<i32>, String, String) {
    let run = move || {
        resync(&["server", "--address", &address])
            .arg("--certificate-authority")
            .arg(&trusted)
            .output()
    };
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::task::spawn_blocking(run)
        .await
        .expect("it ends")
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_server_whose_authority_is_given_is_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, identity) = authority(&folder, "ours.pem");
    let port = start(identity).await;
    let (code, out, err) = describe(format!("https://localhost:{port}"), file).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("1.2.3"), "{out}");
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, identity) = authority(&folder, "ours.pem");
    let (other, _) = authority(&folder, "other.pem");
    let port = start(identity).await;
    let (code, out, err) = describe(format!("https://localhost:{port}"), other).await;
    assert_eq!((code, out.as_str()), (Some(75), ""), "{err}");
    assert!(err.contains("invalid peer certificate"), "{err}");
}

#[tokio::test]
async fn a_server_of_another_name_is_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, identity) = authority(&folder, "ours.pem");
    let port = start(identity).await;
    let (code, _, err) = describe(format!("https://127.0.0.1:{port}"), file).await;
    assert_eq!(code, Some(75), "{err}");
    assert!(err.contains("invalid peer certificate"), "{err}");
}

#[tokio::test]
async fn a_file_that_is_no_certificate_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "").expect("a file can be written");
    for (file, expected) in [
        (file, "is not a certificate in PEM"),
        (folder.path().join("none.pem"), "could not read"),
    ] {
        let (code, _, err) = describe("https://localhost:1".to_owned(), file).await;
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains(expected), "{err}");
    }
}
