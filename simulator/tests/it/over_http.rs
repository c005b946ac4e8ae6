//! The simulator behind HTTP: the same answers, and connections that break.

use http::Method;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::{Latency, serve};
use tokio::sync::oneshot;

use crate::support::{Site, cloud, data_center};

/// A served site; the server ends with it.
struct Served {
    base: String,
    client: reqwest::Client,
    site: Site,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn served(site: Site) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { drop(stopped.await) };
    let server = tokio::spawn(serve::serve(listener, site.simulator.clone(), shutdown));
    Served {
        base,
        client: client(),
        site,
        stop,
        server,
    }
}

/// Nothing here leaves the machine, but a client wants to know who would encrypt.
fn client() -> reqwest::Client {
    // Another test of this process may have installed it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Served {
    async fn send(
        &self,
        method: Method,
        target: &str,
        body: &'static str,
    ) -> reqwest::Result<reqwest::Response> {
        let mut headers = self.site.login();
        headers.insert(
            "content-type",
            http::HeaderValue::from_static("application/json"),
        );
        let url = format!("{}{}", self.base, self.site.path(target));
        self.client
            .request(method, url)
            .headers(headers)
            .body(body)
            .send()
            .await
    }
}

#[tokio::test]
async fn answers_over_http_are_the_answers_in_process() {
    let requests = [
        (Method::GET, "/serverInfo", ""),
        (Method::GET, "/myself", ""),
        (Method::GET, "/field", ""),
        (Method::GET, "/issue/PAY-2", ""),
        (Method::GET, "/issue/PAY-999", ""),
        (Method::GET, "/nothing", ""),
        (Method::DELETE, "/myself", ""),
        (
            Method::GET,
            "/search/jql?jql=project%20%3D%20PAY&fields=summary",
            "",
        ),
        (
            Method::POST,
            "/search/jql",
            r#"{"jql":"project = PAY","fields":["*all"]}"#,
        ),
        (Method::POST, "/search", r#"{"jql":"project = PAY"}"#),
        (Method::POST, "/search/jql", "{"),
    ];
    for make in [cloud, data_center] {
        let (served, twin) = (served(make()).await, make());
        for (method, target, body) in requests.clone() {
            let over_http = served.send(method.clone(), target, body).await.unwrap();
            let mut headers = twin.login();
            headers.insert(
                "content-type",
                http::HeaderValue::from_static("application/json"),
            );
            let in_process = twin.send(method, &twin.path(target), headers, body);
            assert_eq!(over_http.status().as_u16(), in_process.status, "{target}");
            for (name, value) in &in_process.headers {
                assert_eq!(
                    over_http.headers().get(name),
                    Some(value),
                    "{name} of {target}"
                );
            }
            assert_eq!(
                over_http.bytes().await.unwrap(),
                in_process.body,
                "{target}"
            );
        }
    }
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection() {
    let served = served(cloud()).await;
    served.site.simulator.edit(|state| {
        state
            .faults
            .rule(On::Any, When::Exactly(1), Fault::LostAfterwards);
    });
    let error = served.send(Method::GET, "/myself", "").await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert_eq!(
        served
            .send(Method::GET, "/myself", "")
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_cut_answer_has_its_head_and_part_of_its_body() {
    let served = served(cloud()).await;
    served.site.simulator.edit(|state| {
        state.faults.rule(On::Any, When::Exactly(1), Fault::Cut(10));
    });
    let response = served.send(Method::GET, "/myself", "").await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 10);
    let error = response.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(
        served
            .send(Method::GET, "/myself", "")
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn answers_are_delayed() {
    let served = served(cloud()).await;
    let fixed = std::time::Duration::from_millis(30);
    served.site.simulator.edit(|state| {
        state.latency = Latency {
            fixed,
            ..Latency::default()
        };
    });
    let before = tokio::time::Instant::now();
    served.send(Method::GET, "/myself", "").await.unwrap();
    assert!(before.elapsed() >= fixed);
}

#[tokio::test]
async fn serving_ends_on_demand() {
    let served = served(cloud()).await;
    served.send(Method::GET, "/myself", "").await.unwrap();
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
    let error = client().get(&served.base).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}
