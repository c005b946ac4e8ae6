//! What each command does: calls, and prints what comes back. How things look is in `render`.

pub(crate) mod help;
mod job;
mod preview;
mod row;
mod rule;
mod run;
mod server;
mod structure;
mod synchronizer;
mod tracker;

use crate::{args::Command, failure::Failure, session::Session};

/// Runs one command.
pub(crate) async fn dispatch(session: &Session, command: Command) -> Result<(), Failure> {
    match command {
        Command::Structure(command) => structure::structure(session, command).await,
        Command::Tree {
            structure,
            depth,
            at,
        } => structure::tree(session, &structure, depth, at).await,
        Command::Row(command) => row::row(session, command).await,
        Command::Synchronizer(command) => synchronizer::synchronizer(session, command).await,
        Command::Preview {
            resync,
            summary,
            exit_code,
        } => preview::preview(session, &resync, summary, exit_code).await,
        Command::Run(run) => run::run(session, &run).await,
        Command::Job(command) => job::job(session, command).await,
        Command::Tracker(command) => tracker::tracker(session, command).await,
        Command::Server => server::server(session).await,
        Command::Completions { shell } => help::completions(&session.console, shell),
        Command::Help { topic } => help::show(&session.console, &topic),
    }
}
