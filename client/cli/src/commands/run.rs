//! `resync run`: preview, show, ask, run exactly what was shown, and follow it.

use resync_api::v1::{Job, Plan, Structure};
use resync_client::{Confirmation, RunOptions};

use super::preview::{direction, planned, started, text};
use crate::{
    args::{OutputFormat, Run},
    confirm::{self, Missing, Need},
    exit::Exit,
    failure::Failure,
    follow::{follow, outcome},
    render::{
        json, progress,
        text::{id, job_id},
    },
    session::Session,
};

pub(crate) async fn run(session: &Session, run: &Run) -> Result<(), Failure> {
    session.console.go_on_unread();
    let resync = &run.resync;
    let synchronizer = session
        .synchronizer(&resync.structure, resync.synchronizer.as_deref())
        .await?;
    let direction = direction(resync.direction);
    let mut options = RunOptions {
        enable_synchronizer: run.enable,
        reason: run.reason.clone(),
        ..Default::default()
    };
    let confirmation = if run.force {
        Confirmation::Force
    } else {
        let preview = planned(session, &synchronizer, direction).await?;
        let structure = show(session, run, &preview).await?;
        let plan = preview.plan.clone().unwrap_or_default();
        if Need::of(&plan) == Need::Nothing && !run.enable {
            return nothing(session, &preview);
        }
        options.acknowledged_destructive_count = confirmed(session, run, &plan, &structure).await?;
        Confirmation::Token(plan.confirmation_token)
    };
    let handle = synchronizer.run(direction, confirmation, options).await?;
    started(session, &handle);
    if run.detach {
        let job = job_id(handle.name());
        session.done(&format!("  resync job watch {job}     follow it"));
        return session.print(&handle.get().await?, |_| format!("{job}\n"));
    }
    let job = follow(session, &handle).await?;
    ended(session, &job)
}

/// Shows the plan: as data, or beside the data when that is not text.
async fn show(session: &Session, run: &Run, preview: &Job) -> Result<Structure, Failure> {
    let handle = session.client.structure(&run.resync.structure);
    let structure = handle.get().await?;
    let shown = text(session, &handle, &structure, preview).await?;
    if session.prints_text() {
        session.console.data(&shown)?;
    } else {
        session.console.error(&shown);
    }
    Ok(structure)
}

/// The plan has said that there are no changes.
fn nothing(session: &Session, preview: &Job) -> Result<(), Failure> {
    match session.global.output {
        OutputFormat::Json => session.console.data(&json::document(preview)),
        OutputFormat::Table | OutputFormat::Jsonl => Ok(()),
    }
}

/// Prints how a job ended, in the form that was asked for.
pub(super) fn ended(session: &Session, job: &Job) -> Result<(), Failure> {
    match session.global.output {
        OutputFormat::Table => session
            .console
            .data(&format!("{}\n", progress::ended(job)))?,
        OutputFormat::Json => session.console.data(&json::document(job))?,
        // The last event had it.
        OutputFormat::Jsonl => {}
    }
    outcome(job)
}

/// Climbs the ladder of confirmation. Returns the count to acknowledge, if a guard tripped.
async fn confirmed(
    session: &Session,
    run: &Run,
    plan: &Plan,
    structure: &Structure,
) -> Result<Option<i32>, Failure> {
    let need = Need::of(plan);
    let name = id(&structure.name);
    match &run.confirm {
        Some(confirm) => confirm::given(need, name, id(confirm), run.acknowledge)
            .map_err(|missing| insufficient(&missing, name))?,
        None if need == Need::Nothing => {}
        None if session.console.interactive => {
            let question = confirm::question(plan, &structure.display_name);
            session.console.error(&format!("\n{question}\n"));
            asked(session, need, name).await?;
        }
        None => return Err(nobody_to_ask(need, name)),
    }
    Ok(match need {
        Need::NameAndCount(count) => Some(count),
        Need::Nothing | Need::Yes | Need::Name => None,
    })
}

async fn asked(session: &Session, need: Need, name: &str) -> Result<(), Failure> {
    let declined = || Failure::new(Exit::Unconfirmed, "not confirmed; nothing was changed");
    if need == Need::Yes {
        let answer = session.ask("Run it? [y/N] ").await.unwrap_or_default();
        return if confirm::is_yes(&answer) {
            Ok(())
        } else {
            Err(declined())
        };
    }
    let question = format!("Type the id of the structure to confirm ({name}): ");
    if session.ask(&question).await.as_deref() != Some(name) {
        return Err(declined());
    }
    if let Need::NameAndCount(count) = need {
        let question = "A guard tripped. Type the number of destructive changes: ";
        if session.ask(question).await != Some(count.to_string()) {
            return Err(declined());
        }
    }
    Ok(())
}

fn insufficient(missing: &Missing, name: &str) -> Failure {
    match missing {
        Missing::Name => Failure::new(Exit::Unconfirmed, "--confirm does not name this structure")
            .hint(format!("--confirm {name}")),
        Missing::Count(count) => Failure::new(
            Exit::Refused,
            "a guard tripped, and --acknowledge does not cover it",
        )
        .hint(format!(
            "look at the plan; then --confirm {name} --acknowledge {count}"
        )),
    }
}

fn nobody_to_ask(need: Need, name: &str) -> Failure {
    let count = match need {
        Need::NameAndCount(count) => format!(" --acknowledge {count}"),
        Need::Nothing | Need::Yes | Need::Name => String::new(),
    };
    Failure::new(
        Exit::Unconfirmed,
        "this needs a confirmation, and there is nobody to ask",
    )
    .hint(format!(
        "look at the plan; then add --confirm {name}{count}"
    ))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
