//! The daemon: reads what it is told, runs it, and turns the outcome into an exit code.

use clap::Parser;
use resyncd::arguments::{Arguments, Command, ConfigCommand};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Demo(demo) => resyncd::demo::main(demo),
        Command::Serve(serve) => resyncd::serve::main(&serve),
        Command::Config {
            command: ConfigCommand::Check(files),
        } => resyncd::serve::check(&files),
        Command::Config {
            command: ConfigCommand::Example,
        } => resyncd::serve::example(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            resyncd::telemetry::complain(&error);
            ExitCode::FAILURE
        }
    }
}
