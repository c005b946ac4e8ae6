//! What to measure, from the command line. Not a general parser: names and three numbers.

use resync_simulator::Flavour;

/// How to call it.
pub(crate) const USAGE: &str = "\
usage: cargo bench -p resync-api [-- NAME… --issues N --rows N --runs N]
  names    cloud, cloud-latency, data-center, data-center-latency, reading (all of them)
  --issues issues of the simulated Jira (100000)
  --rows   rows of the structure that is read (1000000)
  --runs   how often each is measured; the least counts (3)";

/// Which Jira, and how it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The product.
    pub(crate) flavour: Flavour,
    /// Whether an answer takes 40 ms, and 0.2 ms more for each issue in it.
    pub(crate) latency: bool,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Benchmark {
    /// A first resync and the same again.
    Resync(Setting),
    /// Reading a large structure over gRPC.
    Reading,
}

/// The names, in the order in which they are measured.
const NAMES: [(&str, Benchmark); 5] = [
    ("cloud", resync(Flavour::Cloud, false)),
    ("data-center", resync(Flavour::DataCenter, false)),
    ("reading", Benchmark::Reading),
    ("cloud-latency", resync(Flavour::Cloud, true)),
    ("data-center-latency", resync(Flavour::DataCenter, true)),
];

const fn resync(flavour: Flavour, latency: bool) -> Benchmark {
    Benchmark::Resync(Setting { flavour, latency })
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// What to measure, in this order.
    pub(crate) benchmarks: Vec<Benchmark>,
    /// Issues of the simulated Jira.
    pub(crate) issues: u32,
    /// Rows of the structure that is read.
    pub(crate) rows: u32,
    /// How often each is measured.
    pub(crate) runs: u32,
}

impl Arguments {
    /// Reads the arguments behind the program's name. An error is for people.
    pub(crate) fn parse(given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            benchmarks: Vec::new(),
            issues: 100_000,
            rows: 1_000_000,
            runs: 3,
        };
        // Cargo itself adds `--bench`.
        let mut given = given.filter(|argument| argument != "--bench");
        while let Some(argument) = given.next() {
            let number = match argument.as_str() {
                "--issues" => &mut arguments.issues,
                "--rows" => &mut arguments.rows,
                "--runs" => &mut arguments.runs,
                name => {
                    let known = NAMES.iter().find(|(known, _)| *known == name);
                    let (_, benchmark) = known.ok_or_else(|| format!("unknown: {name}"))?;
                    arguments.benchmarks.push(*benchmark);
                    continue;
                }
            };
            *number = given
                .next()
                .and_then(|text| text.parse().ok())
                .filter(|number| *number > 0)
                .ok_or_else(|| format!("{argument} needs a number above 0"))?;
        }
        if arguments.benchmarks.is_empty() {
            arguments.benchmarks = NAMES.iter().map(|(_, benchmark)| *benchmark).collect();
        }
        Ok(arguments)
    }
}
