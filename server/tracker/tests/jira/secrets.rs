//! A secret that was given away is in no text that leaves the adapter.

use crate::script::{CANARY, ids, raw, scripted, settings};
use resync_tracker::TrackerReader;
use resync_tracker::jira::{
    Credential, HttpOptions, HttpTransport, Jira, Product, Secret, Settings, SettingsError,
    TransportError,
};
use std::sync::Arc;

/// What the user and the secret look like in a header.
const ENCODED: &str = "YW5uQGV4YW1wbGUuY29tOmM0bjRyeS10MGszbg==";

fn assert_blind(text: &str) {
    assert!(!text.contains(CANARY) && !text.contains(ENCODED), "{text}");
}

#[test]
fn settings_and_options_can_be_printed() {
    for product in [Product::Cloud, Product::DataCenter] {
        assert_blind(&format!("{:?}", settings(product)));
        assert_blind(&format!("{:#?}", settings(product).credential));
    }
    assert_blind(&format!("{:?}", Secret::new(CANARY)));
    let proxy = Some(format!("http://user:{CANARY}@proxy.example:3128"));
    let options = HttpOptions {
        proxy,
        ..HttpOptions::default()
    };
    assert_blind(&format!("{options:?}"));
    assert_blind(&format!("{:?}", HttpTransport::new(&options).unwrap()));
    let invalid = HttpOptions {
        proxy: Some(format!("::{CANARY}")),
        ..options
    };
    let error = HttpTransport::new(&invalid).unwrap_err();
    assert_blind(&format!("{error} {error:?}"));
}

#[test]
fn settings_that_cannot_work_are_refused_without_showing_the_secret() {
    let refused = |change: fn(&mut Settings)| {
        let mut settings = settings(Product::Cloud);
        change(&mut settings);
        let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
        let error = Jira::new(&settings, transport, Arc::new(|| 0.0))
            .err()
            .unwrap();
        assert_blind(&format!("{error} {error:?}"));
        error
    };
    for address in [
        |settings: &mut Settings| settings.base_uri = "jira.example.com".to_owned(),
        |settings: &mut Settings| settings.base_uri = "ftp://jira.example.com".to_owned(),
        |settings: &mut Settings| settings.base_uri = "https://jira.example.com/?x".to_owned(),
        |settings: &mut Settings| settings.base_uri = format!("https://ann:{CANARY}@jira.example"),
    ] {
        assert_eq!(refused(address), SettingsError::BaseUri);
    }
    let secret = refused(|settings| {
        settings.credential = Credential::Bearer {
            secret: Secret::new(format!("{CANARY}\n")),
        };
    });
    assert_eq!(secret, SettingsError::Secret);
    let range = refused(|settings| settings.max_concurrent_requests = 17);
    let name = "max_concurrent_requests";
    assert_eq!(
        range,
        SettingsError::OutOfRange {
            name,
            from: 1,
            to: 16
        }
    );
    let range = refused(|settings| settings.page_size = 101);
    assert_eq!(
        range,
        SettingsError::OutOfRange {
            name: "page_size",
            from: 2,
            to: 100
        }
    );
    let range = refused(|settings| settings.page_size = 1);
    assert!(matches!(range, SettingsError::OutOfRange { .. }));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_echoes_the_secret_is_not_passed_on_as_it_is() {
    for (status, product) in [200, 400, 401, 403, 404, 409, 410, 500, 503]
        .into_iter()
        .flat_map(|status| [(status, Product::Cloud), (status, Product::DataCenter)])
    {
        let echo = match product {
            Product::Cloud => format!("you sent {CANARY} as {ENCODED}"),
            Product::DataCenter => format!("you sent {CANARY}"),
        };
        for body in [
            format!(r#"{{"errorMessages":["{echo}"]}}"#),
            format!(r#"{{"issues":"{echo}"}}"#),
            echo.clone(),
        ] {
            let (jira, _) = scripted(&settings(product), move |asked, _| {
                if asked.path.ends_with("/myself") {
                    return crate::script::as_usual();
                }
                let account = [("X-AACCOUNTID", "ann"), ("X-AUSERNAME", "ann")];
                raw(status, &account, &body)
            });
            let errors = [
                jira.identify().await.err(),
                jira.read_issues(&[resync_core::id::IssueId(1)]).await.err(),
                jira.find_issue("PAY-1").await.err(),
                ids(&jira, "project = PAY").await.err(),
            ];
            assert!(errors[0].is_some() && errors[3].is_some());
            for error in errors.into_iter().flatten() {
                assert_blind(&format!("{error} {error:?}"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_tells_the_secret_is_not_passed_on_as_it_is() {
    for error in [
        TransportError::Unreachable(format!("proxy said {CANARY}")),
        TransportError::Cut(format!("after {ENCODED}")),
    ] {
        let (jira, _) = scripted(&settings(Product::Cloud), move |_, _| Err(error.clone()));
        let error = jira.identify().await.unwrap_err();
        assert_blind(&format!("{error} {error:?}"));
    }
}
