//! The exit codes, which scripts rely on. The help prints this table, so that the two agree.

use std::fmt::Write;

/// How the program ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for is done.
    Done = 0,
    /// Anything that is not listed.
    Failed = 1,
    /// The command line is not one.
    Usage = 2,
    /// `preview --exit-code` found changes.
    HasChanges = 3,
    /// Nobody confirmed.
    Unconfirmed = 4,
    /// The server refused: nothing was changed.
    Refused = 5,
    /// The job failed.
    JobFailed = 6,
    /// The job was cancelled.
    JobCancelled = 7,
    /// There is no such thing.
    NotFound = 8,
    /// The caller may not.
    NotAllowed = 9,
    /// Another try may help.
    Unavailable = 75,
    /// The time was up.
    TimedOut = 124,
    /// Ctrl-C.
    Interrupted = 130,
}

const TABLE: &[(Exit, &str)] = &[
    (
        Exit::Done,
        "done; with preview --exit-code: there are no changes",
    ),
    (Exit::Failed, "failed, and not listed here"),
    (Exit::Usage, "the command line is wrong"),
    (Exit::HasChanges, "preview --exit-code: there are changes"),
    (
        Exit::Unconfirmed,
        "not confirmed: declined, or nobody to ask and no --confirm",
    ),
    (
        Exit::Refused,
        "refused, and nothing changed: the plan is stale, a guard tripped, or busy",
    ),
    (Exit::JobFailed, "the job ended FAILED or INCOMPLETE"),
    (Exit::JobCancelled, "the job was cancelled"),
    (Exit::NotFound, "not found"),
    (
        Exit::NotAllowed,
        "the caller is not known, or lacks a permission",
    ),
    (
        Exit::Unavailable,
        "the server or Jira is unavailable; another try may help",
    ),
    (
        Exit::TimedOut,
        "--timeout ran out; a job that was started goes on",
    ),
    (
        Exit::Interrupted,
        "interrupted; a job that was started goes on",
    ),
];

/// What `resync help exit-codes` prints.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Exit codes\n\n");
    for (exit, meaning) in TABLE {
        let _ = writeln!(text, "  {:>3}  {meaning}", *exit as u8);
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_help_lists_every_code() {
        expect![[r#"
            Exit codes

                0  done; with preview --exit-code: there are no changes
                1  failed, and not listed here
                2  the command line is wrong
                3  preview --exit-code: there are changes
                4  not confirmed: declined, or nobody to ask and no --confirm
                5  refused, and nothing changed: the plan is stale, a guard tripped, or busy
                6  the job ended FAILED or INCOMPLETE
                7  the job was cancelled
                8  not found
                9  the caller is not known, or lacks a permission
               75  the server or Jira is unavailable; another try may help
              124  --timeout ran out; a job that was started goes on
              130  interrupted; a job that was started goes on
        "#]]
        .assert_eq(&help());
    }
}
