//! The simulator behind HTTP: the same answers, and connections that break.

use http::Method;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::{Latency, serve};
use tokio::sync::oneshot;

use crate::support::{Site, cloud, data_center};
use resync_simulator::state::State;
use resync_simulator::webhook::NewWebhook;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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

/// Registers a webhook that goes to a socket of this test, and gives the socket.
async fn receiver(served: &Served) -> TcpListener {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jira?from=test", receiver.local_addr().unwrap());
    let new = NewWebhook {
        name: "Test".to_owned(),
        url,
        events: vec!["jira:issue_updated".to_owned()],
        jql: String::new(),
        exclude_body: false,
        secret: Some("shared".to_owned()),
    };
    served.site.simulator.edit(|state| state.add_webhook(new));
    receiver
}

/// Reads one request, head and body, and answers it.
async fn received(receiver: &TcpListener, status: &str) -> String {
    let (mut stream, _) = receiver.accept().await.unwrap();
    let request = request(&mut stream).await;
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    request
}

async fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).await.unwrap();
        text += std::str::from_utf8(&bytes[..count]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if count == 0 || body.len() >= length.unwrap().parse().unwrap() {
            return text;
        }
    }
}

/// Until the simulator has heard what came of the delivery. Its tick is real time.
async fn settled(site: &Site) -> i64 {
    loop {
        if let Some(due) = site.simulator.inspect(State::next_delivery) {
            return due;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn webhooks_are_posted_to_their_receiver() {
    let served = served(cloud()).await;
    let receiver = receiver(&served).await;
    served
        .site
        .simulator
        .edit(|state| state.set_summary("PAY-1", "Changed").unwrap());
    let request = received(&receiver, "200 OK").await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /jira?from=test HTTP/1.1\r\n"),
        "{head}"
    );
    for field in [
        "x-hub-signature: sha256=",
        "x-atlassian-webhook-identifier: ",
    ] {
        assert!(head.contains(field), "{field} {head}");
    }
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["issue"]["fields"]["summary"], "Changed");
}

#[tokio::test]
async fn a_post_that_fails_is_tried_again_when_its_time_has_come() {
    let served = served(cloud()).await;
    let receiver = receiver(&served).await;
    let site = &served.site;
    site.simulator.edit(|state| state.touch("PAY-1").unwrap());
    let first = received(&receiver, "503 Service Unavailable").await;
    let due = settled(site).await;
    let now = site.clock.load(std::sync::atomic::Ordering::Relaxed);
    assert!(due >= now + 300_000);
    site.advance(due - now);
    let second = received(&receiver, "204 No Content").await;
    assert!(second.contains("x-atlassian-webhook-retry: 1"), "{second}");
    let body = |request: &str| request.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&first), body(&second));
}

#[tokio::test]
async fn a_receiver_that_cannot_be_reached_counts_as_no_answer() {
    let served = served(cloud()).await;
    let receiver = receiver(&served).await;
    drop(receiver);
    let site = &served.site;
    for url in ["https://127.0.0.1:1/", "http://127.0.0.1:1/"] {
        let new = NewWebhook {
            name: String::new(),
            url: url.to_owned(),
            events: vec!["jira:issue_updated".to_owned()],
            jql: String::new(),
            exclude_body: false,
            secret: None,
        };
        site.simulator.edit(|state| state.add_webhook(new));
    }
    site.simulator.edit(|state| state.touch("PAY-1").unwrap());
    let now = site.clock.load(std::sync::atomic::Ordering::Relaxed);
    while settled(site).await <= now {
        tokio::task::yield_now().await;
    }
}
