//! `resync synchronizer`: the rules of a structure.

use futures::TryStreamExt;
use resync_api::v1::{
    ListSynchronizerKindsResponse, ListSynchronizersResponse, RowView, SyncRule, Synchronizer,
    SynchronizerKind, row,
};

use super::rule::{kind, settings};
use crate::{
    args::{SynchronizerAdd, SynchronizerCommand},
    exit::Exit,
    failure::Failure,
    render::{
        table,
        text::{clean, date_time, id, job_id},
        words,
    },
    session::Session,
};

pub(crate) async fn synchronizer(
    session: &Session,
    command: SynchronizerCommand,
) -> Result<(), Failure> {
    let one = |structure: &str, synchronizer: &str| {
        session
            .client
            .structure(structure)
            .synchronizer(synchronizer)
    };
    match command {
        SynchronizerCommand::List { structure } => {
            let all: Vec<_> = session
                .client
                .structure(&structure)
                .synchronizers()
                .try_collect()
                .await?;
            session.print_list(
                all,
                |synchronizers| ListSynchronizersResponse {
                    synchronizers,
                    ..Default::default()
                },
                |synchronizers| list_text(session, synchronizers),
            )
        }
        SynchronizerCommand::Get {
            structure,
            synchronizer,
        } => print(session, &one(&structure, &synchronizer).get().await?),
        SynchronizerCommand::Add(add) => self::add(session, *add).await,
        SynchronizerCommand::Enable {
            structure,
            synchronizer,
        } => print(session, &one(&structure, &synchronizer).enable().await?),
        SynchronizerCommand::Disable {
            structure,
            synchronizer,
        } => print(session, &one(&structure, &synchronizer).disable().await?),
        SynchronizerCommand::Delete {
            structure,
            synchronizer,
        } => {
            one(&structure, &synchronizer).delete().await?;
            session.done("Deleted. What it has synced stays as it is.");
            Ok(())
        }
        SynchronizerCommand::Kinds => {
            let kinds: Vec<_> = session.client.synchronizer_kinds().try_collect().await?;
            session.print_list(
                kinds,
                |synchronizer_kinds| ListSynchronizerKindsResponse {
                    synchronizer_kinds,
                    ..Default::default()
                },
                |kinds| kinds_text(session, kinds),
            )
        }
    }
}

async fn add(session: &Session, add: SynchronizerAdd) -> Result<(), Failure> {
    let tracker = match &add.tracker {
        Some(tracker) => session.client.tracker(tracker).name().to_owned(),
        None => only_tracker(session).await?,
    };
    let parent_issue_id = match &add.under {
        Some(under) => issue_id(session, &add.structure, under).await?,
        None => String::new(),
    };
    let display_name = add.name.clone().unwrap_or_else(|| add.synchronizer.clone());
    let (structure, synchronizer) = (add.structure.clone(), add.synchronizer.clone());
    let rule = SyncRule {
        tracker,
        kind: Some(kind(add, parent_issue_id)),
    };
    let new = Synchronizer {
        display_name,
        rule: Some(rule),
        ..Default::default()
    };
    let created = session
        .client
        .structure(&structure)
        .create_synchronizer(&synchronizer, new)
        .await?;
    print(session, &created)?;
    let synchronizer = id(&created.name);
    session.done(&format!(
        "  resync preview {structure} {synchronizer} --into    looks before it leaps"
    ));
    Ok(())
}

async fn only_tracker(session: &Session) -> Result<String, Failure> {
    let all: Vec<_> = session.client.trackers().try_collect().await?;
    match &all[..] {
        [only] => Ok(only.name.clone()),
        [] => Err(Failure::new(Exit::Failed, "there is no tracker")
            .hint("resync tracker add ID --url URL --credential NAME")),
        several => {
            let ids: Vec<String> = several.iter().map(|one| clean(id(&one.name))).collect();
            let what = format!("there are several trackers: {}", ids.join(", "));
            Err(Failure::new(Exit::Usage, what).hint("name one with --tracker"))
        }
    }
}

/// The id of an issue, for its key: the rule keeps the id, which does not change when the issue
/// moves to another project. Only rows are looked at, since new issues go below one.
async fn issue_id(session: &Session, structure: &str, key: &str) -> Result<String, Failure> {
    if key.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(key.to_owned());
    }
    let mut rows = session.client.structure(structure).rows(0, RowView::Basic);
    while let Some(row) = rows.try_next().await? {
        if let Some(row::Item::Issue(issue)) = row.item
            && issue.issue_key == key
        {
            return Ok(issue.issue_id);
        }
    }
    Err(Failure::new(
        Exit::NotFound,
        format!("{key} is not in the structure {structure}"),
    )
    .hint(format!(
        "resync row add {structure} --issue {key}, or give the id of the issue"
    )))
}

fn rule(synchronizer: &Synchronizer) -> String {
    synchronizer
        .rule
        .as_ref()
        .map(words::rule)
        .unwrap_or_default()
}

fn list_text(session: &Session, all: &[Synchronizer]) -> String {
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|synchronizer| {
            let structure = synchronizer.name.split('/').nth(1).unwrap_or_default();
            vec![
                structure.to_owned(),
                id(&synchronizer.name).to_owned(),
                words::synchronizer_state(synchronizer.state()).to_owned(),
                date_time(synchronizer.last_resync_time.as_ref(), &session.zone),
                rule(synchronizer),
            ]
        })
        .collect();
    let heading = ["STRUCTURE", "SYNCHRONIZER", "STATE", "LAST RESYNC", "RULE"];
    table::table(session.style(), &heading, &rows, "No synchronizers.")
}

fn print(session: &Session, synchronizer: &Synchronizer) -> Result<(), Failure> {
    session.print(synchronizer, |synchronizer| {
        let recommended = if synchronizer.resync_recommended {
            "recommended"
        } else {
            ""
        };
        let error = synchronizer
            .last_error
            .as_ref()
            .map(|error| error.message.clone())
            .unwrap_or_default();
        let directions: Vec<&str> = synchronizer
            .directions
            .iter()
            .filter(|support| support.resync)
            .map(|support| words::direction_word(support.direction()))
            .collect();
        let job = &synchronizer.current_job;
        let waiting = match synchronizer.pending_change_count {
            0 => String::new(),
            count => count.to_string(),
        };
        let pairs = [
            ("Synchronizer", id(&synchronizer.name).to_owned()),
            ("Name", synchronizer.display_name.clone()),
            (
                "State",
                words::synchronizer_state(synchronizer.state()).to_owned(),
            ),
            ("Error", error),
            ("Rule", rule(synchronizer)),
            (
                "Settings",
                (synchronizer.rule.as_ref())
                    .map_or_else(String::new, |rule| settings(rule).join(", ")),
            ),
            (
                "Tracker",
                synchronizer
                    .rule
                    .as_ref()
                    .map(|rule| id(&rule.tracker).to_owned())
                    .unwrap_or_default(),
            ),
            ("Directions", directions.join(", ")),
            ("Runs as", synchronizer.run_as.clone()),
            (
                "Job",
                if job.is_empty() {
                    String::new()
                } else {
                    job_id(job)
                },
            ),
            (
                "Last resync",
                date_time(synchronizer.last_resync_time.as_ref(), &session.zone),
            ),
            ("Resync", recommended.to_owned()),
            (
                "In step until",
                date_time(synchronizer.synced_through_time.as_ref(), &session.zone),
            ),
            ("Changes waiting", waiting),
        ];
        table::pairs(session.style(), &pairs)
    })
}

fn kinds_text(session: &Session, kinds: &[SynchronizerKind]) -> String {
    let mut text = String::new();
    for kind in kinds {
        let state = if kind.enabled {
            ""
        } else {
            " (not enabled on this server)"
        };
        let heading = format!("{}  {}{state}", id(&kind.name), clean(&kind.display_name));
        text.push_str(&session.style().strong(&heading));
        text.push_str(&format!("\n  {}\n", clean(&kind.description)));
        for support in &kind.directions {
            let direction = words::direction_word(support.direction());
            text.push_str(&format!("  {direction}: {}\n", clean(&support.effects)));
        }
    }
    text
}
