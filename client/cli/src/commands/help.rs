//! Help by topic, and completion scripts. Calls no server.

use clap::CommandFactory;

use crate::{
    args::Arguments,
    console::Console,
    exit::{self, Exit},
    failure::Failure,
};

const PROGRAM: &str = "resync";

/// Prints the help of a command, or of a topic.
pub(crate) fn show(console: &Console, topic: &[String]) -> Result<(), Failure> {
    if topic == ["exit-codes"] {
        return console.data(&exit::help());
    }
    let mut command = Arguments::command();
    command.build();
    for word in topic {
        let found = command.find_subcommand(word).cloned();
        command = found.ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!("there is no help about {:?}", topic.join(" ")),
            )
            .hint("resync --help")
        })?;
    }
    console.data(&format!(
        "{}\n",
        command.render_long_help().to_string().trim_end()
    ))
}

/// Prints a completion script.
pub(crate) fn completions(console: &Console, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), PROGRAM, &mut script);
    console.data(&String::from_utf8_lossy(&script))
}
