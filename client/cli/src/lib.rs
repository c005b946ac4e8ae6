//! The command line of Resync. A client like any other: it has no way to the server but the API.

pub mod args;
mod commands;
mod confirm;
pub mod console;
pub mod exit;
mod failure;
mod follow;
pub mod render;
mod session;

use std::{sync::Arc, time::Duration};

use tokio::runtime::Runtime;

use crate::{
    args::{Arguments, Command},
    console::Console,
    exit::Exit,
    failure::Failure,
    session::Session,
};

/// Runs one command line in a runtime of its own, and returns how the program ends.
#[must_use]
pub fn run(arguments: Arguments, console: Console) -> Exit {
    let console = Arc::new(console);
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.error(&format!("error: could not start: {error}\n"));
            return Exit::Failed;
        }
    };
    let exit = runtime.block_on(execute(arguments, console));
    // A question that nobody will answer any more holds a thread: do not wait for it.
    runtime.shutdown_background();
    exit
}

/// Runs one command line, and returns how the program ends. Ctrl-C and `--timeout` end it early;
/// what was started goes on, and the user is told how to come back.
pub async fn execute(arguments: Arguments, console: Arc<Console>) -> Exit {
    let Arguments { global, command } = arguments;
    match command {
        Command::Help { topic } => return finish(&console, commands::help::show(&console, &topic)),
        Command::Completions { shell } => {
            return finish(&console, commands::help::completions(&console, shell));
        }
        _ => {}
    }
    let timeout = global.timeout;
    let session = match Session::new(global, Arc::clone(&console)) {
        Ok(session) => session,
        Err(failure) => return finish(&console, Err(failure)),
    };
    let result = tokio::select! {
        result = commands::dispatch(&session, command) => result,
        _ = tokio::signal::ctrl_c() => Err(Failure::silent(Exit::Interrupted)),
        () = after(timeout) => Err(Failure::new(Exit::TimedOut, "the time given with --timeout is up")),
    };
    if let Err(Failure {
        exit: Exit::Interrupted | Exit::TimedOut,
        ..
    }) = &result
    {
        session.say_how_to_come_back();
    }
    finish(&console, result)
}

async fn after(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

fn finish(console: &Console, result: Result<(), Failure>) -> Exit {
    match result {
        Ok(()) => Exit::Done,
        Err(failure) => {
            console.error(&failure.text());
            failure.exit
        }
    }
}
