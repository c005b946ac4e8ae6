//! The program `resync`: reads the command line and ends with an exit code. Everything else is in
//! the library, where tests reach it.

use std::process::ExitCode;

use clap::Parser;
use resync_cli::{args::Arguments, console::Console};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::of_process(&arguments.global);
    let exit = resync_cli::run(arguments, console);
    ExitCode::from(exit as u8)
}
