//! The benchmarks: `cargo bench -p resync-api`, or with names and sizes behind `--`, for example
//! `cargo bench -p resync-api -- cloud --issues 10000 --runs 1`.
//!
//! Each figure is a ratio of two times of one run, the least of several: the real thing, with its
//! processes and doors, and a small program of this suite that only moves and stores the same
//! bytes. What it is not: a check. A goal that is missed is told, and is no error.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its figures, and how far it is"
)]

mod arguments;
mod bulk;
mod database;
mod download;
mod processes;
mod reading;
mod resync;
mod table;

use arguments::{Arguments, Benchmark};
use table::Table;

fn main() {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\n\n{}", arguments::USAGE);
            std::process::exit(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let table = runtime.block_on(measure(&arguments));
    println!("\n{}\n{table}", table::machine());
}

async fn measure(arguments: &Arguments) -> Table {
    let mut table = Table::default();
    for benchmark in &arguments.benchmarks {
        match benchmark {
            Benchmark::Resync(setting) => {
                resync::measure(*setting, arguments, &mut table).await;
            }
            Benchmark::Reading => reading::measure(arguments, &mut table).await,
        }
    }
    table
}
