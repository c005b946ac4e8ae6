//! The help of every command, kept as text: what people read is reviewed like code. The global
//! options, which every command has, are kept once.

use std::{fs, path::PathBuf};

use clap::{Command, CommandFactory};
use expect_test::expect_file;
use resync_cli::args::Arguments;

/// The width of the transcripts, in columns.
const WIDTH: usize = 100;

fn transcripts(path: &str, command: &Command) -> Vec<(String, String)> {
    let help = command
        .clone()
        .term_width(WIDTH)
        .render_long_help()
        .to_string();
    let mut all = vec![(path.to_owned(), help)];
    for inner in command.get_subcommands() {
        all.extend(transcripts(&format!("{path}-{}", inner.get_name()), inner));
    }
    all
}

fn command() -> Command {
    let mut command = Arguments::command().term_width(WIDTH);
    command.build();
    command
}

/// Where the global options start, which come last.
const GLOBAL: &str = "Global options:\n";

#[test]
fn the_help_of_every_command_is_as_reviewed() {
    let mut global = String::new();
    for (name, help) in transcripts("resync", &command()) {
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        let mut text = format!("{}\n", lines.join("\n").trim_end());
        let start = text
            .find(GLOBAL)
            .expect("every command has the global options");
        if global.is_empty() {
            global = text[start..].to_owned();
        } else {
            let options = text.split_off(start);
            assert!(global.starts_with(options.trim_end()), "{name}: {options}");
            text.push_str("Global options: as in resync.txt\n");
        }
        expect_file![format!("../help/{name}.txt")].assert_eq(&text);
    }
}

#[test]
fn there_is_no_transcript_of_a_command_that_is_gone() {
    let names: Vec<String> = transcripts("resync", &command())
        .into_iter()
        .map(|(name, _)| format!("{name}.txt"))
        .collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&file), "{file}");
    }
}

#[test]
fn the_command_line_is_free_of_contradictions() {
    command().debug_assert();
}
