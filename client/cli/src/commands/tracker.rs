//! `resync tracker`: connections to Jira. Secrets are named here, never typed.

use futures::TryStreamExt;
use resync_api::v1::{
    CheckTrackerResponse, ListTrackersResponse, Tracker, tracker as v1_tracker, tracker_check,
};

use crate::{
    args::{Product, TrackerCommand},
    exit::Exit,
    failure::Failure,
    render::{
        table,
        text::{date_time, id},
        words,
    },
    session::Session,
};

pub(crate) async fn tracker(session: &Session, command: TrackerCommand) -> Result<(), Failure> {
    let client = &session.client;
    match command {
        TrackerCommand::List => {
            let trackers: Vec<_> = client.trackers().try_collect().await?;
            session.print_list(
                trackers,
                |trackers| ListTrackersResponse {
                    trackers,
                    ..Default::default()
                },
                |trackers| list_text(session, trackers),
            )
        }
        TrackerCommand::Get { tracker } => print(session, &client.tracker(&tracker).get().await?),
        TrackerCommand::Add {
            tracker,
            url,
            product,
            credential,
            name,
        } => {
            let product = match product {
                Product::Cloud => v1_tracker::Product::JiraCloud,
                Product::DataCenter => v1_tracker::Product::JiraDataCenter,
            };
            let new = Tracker {
                display_name: name.unwrap_or_else(|| tracker.clone()),
                product: product.into(),
                base_uri: url,
                credential,
                ..Default::default()
            };
            print(session, &client.create_tracker(&tracker, new).await?)?;
            session.done(&format!("  resync tracker check {tracker}    tries it"));
            Ok(())
        }
        TrackerCommand::Check { tracker } => {
            check(session, &client.tracker(&tracker).check().await?)
        }
        TrackerCommand::Delete { tracker } => {
            client.tracker(&tracker).delete().await?;
            session.done("Deleted.");
            Ok(())
        }
    }
}

fn check(session: &Session, checked: &CheckTrackerResponse) -> Result<(), Failure> {
    session.print(checked, |checked| {
        let rows: Vec<Vec<String>> = checked
            .checks
            .iter()
            .map(|check| {
                let result = words::check_result(check.result()).to_owned();
                vec![check.code.clone(), result, check.message.clone()]
            })
            .collect();
        table::table(
            session.style(),
            &["CHECK", "RESULT", "FOUND"],
            &rows,
            "No checks.",
        )
    })?;
    let failed = checked
        .checks
        .iter()
        .any(|check| check.result() == tracker_check::Result::Failed);
    if failed {
        Err(Failure::new(Exit::Failed, "a check failed"))
    } else {
        Ok(())
    }
}

fn list_text(session: &Session, trackers: &[Tracker]) -> String {
    let rows: Vec<Vec<String>> = trackers
        .iter()
        .map(|tracker| {
            vec![
                id(&tracker.name).to_owned(),
                words::product(tracker.product()).to_owned(),
                words::tracker_state(tracker.state()).to_owned(),
                tracker.base_uri.clone(),
            ]
        })
        .collect();
    let heading = ["TRACKER", "PRODUCT", "STATE", "URL"];
    table::table(session.style(), &heading, &rows, "No trackers.")
}

fn print(session: &Session, tracker: &Tracker) -> Result<(), Failure> {
    session.print(tracker, |tracker| {
        let error = tracker
            .last_error
            .as_ref()
            .map(|error| error.message.clone())
            .unwrap_or_default();
        let pairs = [
            ("Tracker", id(&tracker.name).to_owned()),
            ("Name", tracker.display_name.clone()),
            ("Product", words::product(tracker.product()).to_owned()),
            ("URL", tracker.base_uri.clone()),
            ("Credential", tracker.credential.clone()),
            ("State", words::tracker_state(tracker.state()).to_owned()),
            ("Error", error),
            (
                "Last answer",
                date_time(tracker.last_contact_time.as_ref(), &session.zone),
            ),
            ("Webhooks", webhooks(tracker, session)),
        ];
        table::pairs(session.style(), &pairs)
    })
}

/// What arrived by webhook; empty while none is accepted and none came through a gateway.
fn webhooks(tracker: &Tracker, session: &Session) -> String {
    let Some(webhook) = tracker.webhook else {
        return String::new();
    };
    let last = date_time(webhook.last_receive_time.as_ref(), &session.zone);
    match (webhook.last_receive_time, webhook.endpoint_enabled) {
        (None, false) => String::new(),
        (None, true) => "accepted, none received yet".to_owned(),
        (Some(_), _) => format!("{} received, the last {last}", webhook.received_count),
    }
}
