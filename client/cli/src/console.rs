//! The three streams of the program. Data goes to the output, everything else to the error stream.
//! Not a terminal library: it writes text that is ready.

use std::{
    env,
    io::{self, BufRead, IsTerminal, Write},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    args::{ColorChoice, Global, ProgressMode},
    exit::Exit,
    failure::Failure,
    render::style::Style,
};

/// The streams, and what they can show.
pub struct Console {
    output: Mutex<Box<dyn Write + Send>>,
    errors: Mutex<Box<dyn Write + Send>>,
    input: Mutex<Box<dyn BufRead + Send>>,
    goes_on_unread: AtomicBool,
    /// Whether there is somebody to ask.
    pub interactive: bool,
    /// How data is coloured.
    pub style: Style,
    /// Whether progress is drawn as a bar; otherwise it is written as lines.
    pub draws_bar: bool,
}

impl Console {
    /// The streams of this process.
    #[must_use]
    pub fn of_process(global: &Global) -> Self {
        let drawable = io::stderr().is_terminal();
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        let capable = io::stdout().is_terminal() && !set("NO_COLOR") && !dumb;
        Self {
            output: Mutex::new(Box::new(io::stdout())),
            errors: Mutex::new(Box::new(io::stderr())),
            input: Mutex::new(Box::new(io::BufReader::new(io::stdin()))),
            goes_on_unread: AtomicBool::new(false),
            interactive: io::stdin().is_terminal() && drawable && !global.no_input,
            style: Style {
                colored: colored(global.color, capable),
            },
            draws_bar: match global.progress {
                ProgressMode::Auto => drawable && !dumb,
                // What is not a terminal cannot show a bar, whatever was asked for.
                ProgressMode::Tty => drawable,
                ProgressMode::Plain | ProgressMode::Quiet => false,
            },
        }
    }

    /// Streams that are given: for tests, and for programs that embed this one.
    #[must_use]
    pub fn new(
        output: Box<dyn Write + Send>,
        errors: Box<dyn Write + Send>,
        input: Box<dyn BufRead + Send>,
        interactive: bool,
    ) -> Self {
        Self {
            output: Mutex::new(output),
            errors: Mutex::new(errors),
            input: Mutex::new(input),
            goes_on_unread: AtomicBool::new(false),
            interactive,
            style: Style::PLAIN,
            draws_bar: false,
        }
    }

    /// From now on, a reader that goes away ends nothing: the command is about what it does, or
    /// about how it ends, and not about what it prints.
    pub(crate) fn go_on_unread(&self) {
        self.goes_on_unread.store(true, Ordering::Relaxed);
    }

    /// Writes data.
    ///
    /// # Errors
    /// When it cannot be written. Without words when the reader went away, as `head` does: it has
    /// what it wanted.
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        let mut output = lock(&self.output);
        let written = output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush());
        let Err(error) = written else { return Ok(()) };
        if error.kind() != io::ErrorKind::BrokenPipe {
            let what = format!("could not write the output: {error}");
            return Err(Failure::new(Exit::Failed, what));
        }
        if self.goes_on_unread.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(Failure::silent(Exit::Done))
        }
    }

    /// Writes progress, a hint or an error. Failing to is no reason to stop.
    pub(crate) fn error(&self, text: &str) {
        let mut errors = lock(&self.errors);
        let _ = errors
            .write_all(text.as_bytes())
            .and_then(|()| errors.flush());
    }

    /// Reads a line, without its end; `None` at the end of the input. Blocks.
    pub(crate) fn read_line(&self) -> Option<String> {
        let mut line = String::new();
        let length = lock(&self.input).read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim().to_owned())
    }
}

/// A stream is as good as before when another thread panicked while it wrote.
fn lock<Stream>(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

fn colored(choice: ColorChoice, capable: bool) -> bool {
    match choice {
        ColorChoice::Auto => capable,
        ColorChoice::Always => true,
        ColorChoice::Never => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that fails, whatever is written to it.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn console(kind: io::ErrorKind) -> Console {
        let errors = Box::new(Broken(kind));
        Console::new(Box::new(Broken(kind)), errors, Box::new(io::empty()), false)
    }

    #[test]
    fn a_reader_that_goes_away_ends_a_command_that_only_prints() {
        let failure = console(io::ErrorKind::BrokenPipe).data("x").unwrap_err();
        assert_eq!((failure.exit, failure.text()), (Exit::Done, String::new()));
    }

    #[test]
    fn a_reader_that_goes_away_does_not_end_a_run() {
        let console = console(io::ErrorKind::BrokenPipe);
        console.go_on_unread();
        assert!(console.data("x").is_ok());
    }

    #[test]
    fn output_that_cannot_be_written_is_a_failure() {
        let console = console(io::ErrorKind::StorageFull);
        console.go_on_unread();
        assert_eq!(console.data("x").unwrap_err().exit, Exit::Failed);
    }

    #[test]
    fn an_error_stream_that_is_closed_ends_nothing() {
        console(io::ErrorKind::BrokenPipe).error("x");
    }

    #[test]
    fn colour_follows_the_choice_before_the_terminal() {
        assert!(colored(ColorChoice::Auto, true) && colored(ColorChoice::Always, false));
        assert!(!colored(ColorChoice::Auto, false) && !colored(ColorChoice::Never, true));
    }
}
