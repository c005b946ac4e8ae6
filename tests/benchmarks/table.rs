//! The figures as a table for people, and the machine that they are of.

use std::fmt;
use std::process::Command;
use std::time::Duration;

/// What is compared with what, and how much more it may be.
pub(crate) struct Goal {
    /// The real thing.
    pub(crate) what: String,
    /// The limit.
    pub(crate) against: String,
    /// The largest ratio that is good.
    pub(crate) most: f64,
}

struct Line {
    goal: Goal,
    real: String,
    limit: String,
    ratio: f64,
}

/// The figures.
#[derive(Default)]
pub(crate) struct Table(Vec<Line>);

impl Table {
    /// Adds two times.
    pub(crate) fn times(
        &mut self,
        what: String,
        real: Duration,
        against: &str,
        limit: Duration,
        most: f64,
    ) {
        let against = against.to_owned();
        self.0.push(Line {
            goal: Goal {
                what,
                against,
                most,
            },
            real: format!("{:.2} s", real.as_secs_f64()),
            limit: format!("{:.2} s", limit.as_secs_f64()),
            ratio: real.as_secs_f64() / limit.as_secs_f64(),
        });
    }

    /// Adds two sizes, in bytes.
    pub(crate) fn bytes(&mut self, goal: Goal, real: u64, limit: u64) {
        let shown = |bytes: u64| format!("{:.1} MiB", mebibytes(bytes));
        self.0.push(Line {
            goal,
            real: shown(real),
            limit: shown(limit),
            ratio: mebibytes(real) / mebibytes(limit),
        });
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "| what | figure | against | figure | ratio | goal | |"
        )?;
        writeln!(formatter, "| --- | ---: | --- | ---: | ---: | ---: | --- |")?;
        for Line {
            goal,
            real,
            limit,
            ratio,
        } in &self.0
        {
            let Goal {
                what,
                against,
                most,
            } = goal;
            let verdict = if *ratio <= *most { "reached" } else { "missed" };
            writeln!(
                formatter,
                "| {what} | {real} | {against} | {limit} | {ratio:.2} | {most} | {verdict} |"
            )?;
        }
        Ok(())
    }
}

/// The least of some times.
pub(crate) fn least(times: impl Iterator<Item = Duration>) -> Duration {
    times.min().unwrap_or_default()
}

/// The machine, the commit, the date and the load, in one line. What cannot be found is left out.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let file = |path| std::fs::read_to_string(path).unwrap_or_default();
    let processors = file("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("", |line| line.trim_start_matches([' ', '\t', ':']));
    let load = file("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or_default();
    let commit = output("git", &["rev-parse", "--short", "HEAD"]);
    let date = output("date", &["--utc", "--iso-8601"]);
    format!("{cores} cores of {model}, load {load} at the end, commit {commit}, {date}")
}

fn output(program: &str, arguments: &[&str]) -> String {
    let run = Command::new(program).args(arguments).output();
    run.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
