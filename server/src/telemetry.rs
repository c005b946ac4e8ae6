//! What people at the terminal see: log lines on the error output, and the last complaint.

use crate::config::LogFormat;
use std::io::Write;
use tracing_subscriber::EnvFilter;

/// Sends log lines to the error output.
///
/// # Errors
/// When the filter cannot be read, or logging was set up before.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| anyhow::anyhow!("`log.filter` is not valid: {error}"))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    }
    .map_err(|error| anyhow::anyhow!("logging could not be started: {error}"))
}

/// Writes an error with its causes to the error output.
pub fn complain(error: &anyhow::Error) {
    // Where even the error output is gone, there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
}

/// Writes lines to the standard output; a reader that has gone is no error.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
