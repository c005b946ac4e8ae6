//! Which job runs next, as a pure function of the jobs that have not ended.
//!
//! What it is not: the claim itself, which is a transaction; see `queries/claim.rs`.

use resync_core::id::{JobId, StructureId, SynchronizerId};
use resync_core::job::{JobKind, JobState, WaitReason};
use resync_core::time::Timestamp;
use std::collections::HashMap;

/// What the choice needs to know of a job that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveJob {
    pub(crate) id: JobId,
    pub(crate) structure: StructureId,
    pub(crate) synchronizer: Option<SynchronizerId>,
    pub(crate) kind: JobKind,
    pub(crate) preview: bool,
    pub(crate) state: JobState,
    pub(crate) lease_until: Option<Timestamp>,
    pub(crate) next_attempt_time: Option<Timestamp>,
    pub(crate) wait: Wait,
}

/// What a pending job waits for, as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) reason: Option<WaitReason>,
    pub(crate) blocking_job: Option<JobId>,
}

/// The job to claim, and the waits that are not yet noted on the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) claim: Option<JobId>,
    pub(crate) waits: Vec<(JobId, Wait)>,
}

impl LiveJob {
    /// Whether a worker has it and is alive, as far as its lease tells.
    fn is_held(&self, now: Timestamp) -> bool {
        self.has_started() && self.lease_until.is_some_and(|until| until > now)
    }

    fn has_started(&self) -> bool {
        self.state != JobState::Pending
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt_time.is_none_or(|time| time <= now)
    }

    /// The synchronizer whose resyncs keep their order, if the job is one of them.
    fn in_turn(&self) -> Option<SynchronizerId> {
        self.synchronizer
            .filter(|_| self.kind == JobKind::Resync && !self.preview)
    }

    /// How `self` waits for `other`, which changes the same structure.
    fn wait_for(&self, other: &LiveJob) -> Wait {
        let reason = match (self.kind, other.kind) {
            (JobKind::Resync, JobKind::IncrementalSync) => WaitReason::IncrementalSync,
            _ => WaitReason::StructureBusy,
        };
        Wait {
            reason: Some(reason),
            blocking_job: Some(other.id),
        }
    }
}

/// Chooses among `jobs`, which are in the order of creation.
///
/// A structure belongs to the job that changes it, also while that job's worker is lost, or else
/// to the first one that is due. A job that is due later stands back, so that a tracker that
/// cannot be reached does not stop work on others. But it keeps its turn among the resyncs of one
/// synchronizer: what was queued behind it is to find what it has done.
pub(crate) fn choose(jobs: &[LiveJob], now: Timestamp, capacity: usize) -> Choice {
    let mut choice = Choice::default();
    let mut running = jobs.iter().filter(|job| job.is_held(now)).count();
    let mut owners: HashMap<StructureId, &LiveJob> = jobs
        .iter()
        .filter(|job| job.has_started() && !job.preview)
        .map(|job| (job.structure, job))
        .collect();
    let mut turns: HashMap<SynchronizerId, &LiveJob> = HashMap::new();
    for job in jobs {
        if let Some(synchronizer) = job.in_turn() {
            turns.entry(synchronizer).or_insert(job);
        }
    }
    for job in jobs
        .iter()
        .filter(|job| !job.is_held(now) && job.is_due(now))
    {
        let first = job.in_turn().and_then(|id| turns.get(&id)).copied();
        let owner = match first.filter(|first| !first.is_due(now)) {
            Some(first) => first,
            None if job.preview => job,
            None => owners.entry(job.structure).or_insert(job),
        };
        let wait = if owner.id != job.id {
            job.wait_for(owner)
        } else if running >= capacity {
            Wait {
                reason: Some(WaitReason::Capacity),
                blocking_job: None,
            }
        } else if choice.claim.is_none() {
            choice.claim = Some(job.id);
            running += 1;
            continue;
        } else {
            Wait::default()
        };
        if !job.has_started() && wait != job.wait {
            choice.waits.push((job.id, wait));
        }
    }
    choice
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const NOW: Timestamp = Timestamp(100);

    /// Reads a job a line: number, structure, `resync`, `preview` or `sync`, or `other` for a
    /// resync of the structure's second synchronizer, then its state:
    /// `pending`, `later` (pending, not due), `held` or `lost` (by its worker).
    fn parse(text: &str) -> Vec<LiveJob> {
        let job = |line: &str| {
            let [id, structure, kind, state] = line.split_whitespace().collect::<Vec<_>>()[..]
            else {
                panic!("four words a line: {line}")
            };
            let lease = |until| (JobState::Running, Some(Timestamp(until)), None);
            let (state, lease_until, next_attempt_time) = match state {
                "pending" => (JobState::Pending, None, None),
                "later" => (JobState::Pending, None, Some(Timestamp(101))),
                "held" => lease(101),
                "lost" => lease(100),
                other => panic!("not a state: {other}"),
            };
            let structure: i64 = structure.bytes().map(i64::from).sum();
            LiveJob {
                id: JobId(id.parse().unwrap()),
                structure: StructureId(structure),
                synchronizer: match kind {
                    "sync" => None,
                    "other" => Some(SynchronizerId(-structure)),
                    _ => Some(SynchronizerId(structure)),
                },
                kind: if kind == "sync" {
                    JobKind::IncrementalSync
                } else {
                    JobKind::Resync
                },
                preview: kind == "preview",
                state,
                lease_until,
                next_attempt_time,
                wait: Wait::default(),
            }
        };
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(job)
            .collect()
    }

    fn check(capacity: usize, jobs: &str, expected: &Expect) {
        let choice = choose(&parse(jobs), NOW, capacity);
        let mut lines = vec![match choice.claim {
            Some(job) => format!("claim {job}"),
            None => "claim nothing".to_owned(),
        }];
        for (
            job,
            Wait {
                reason,
                blocking_job,
            },
        ) in choice.waits
        {
            let reason = reason.map_or("Nothing".to_owned(), |reason| format!("{reason:?}"));
            let blocking = blocking_job.map_or(String::new(), |job| format!(" {job}"));
            lines.push(format!("{job} waits: {reason}{blocking}"));
        }
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn nothing_is_chosen_of_nothing() {
        check(4, "", &expect!["claim nothing"]);
    }

    #[test]
    fn the_first_of_a_structure_comes_first_and_the_rest_waits_for_it() {
        let jobs = "
            1 a sync pending
            2 a resync pending
            3 a sync pending
            4 b sync pending";
        check(
            4,
            jobs,
            &expect![[r#"
            claim 1
            2 waits: IncrementalSync 1
            3 waits: StructureBusy 1"#]],
        );
    }

    #[test]
    fn a_lost_job_keeps_its_structure_and_is_chosen_again() {
        let jobs = "
            1 a sync pending
            2 a resync lost";
        check(
            4,
            jobs,
            &expect![[r#"
            claim 2
            1 waits: StructureBusy 2"#]],
        );
    }

    #[test]
    fn a_job_that_is_due_later_lets_others_pass() {
        let jobs = "
            1 a sync later
            2 a resync pending";
        check(4, jobs, &expect!["claim 2"]);
    }

    #[test]
    fn a_queued_resync_does_not_overtake_one_of_its_synchronizer_that_is_due_later() {
        let jobs = "
            1 a resync later
            2 a resync pending
            3 a preview pending
            4 a other pending";
        check(
            1,
            jobs,
            &expect![[r#"
            claim 3
            2 waits: StructureBusy 1
            4 waits: Capacity"#]],
        );
        let jobs = "
            1 a resync later
            2 a resync pending
            4 a other pending";
        check(
            9,
            jobs,
            &expect![[r#"
            claim 4
            2 waits: StructureBusy 1"#]],
        );
    }

    #[test]
    fn previews_run_beside_everything_but_count() {
        let jobs = "
            1 a resync held
            2 a preview pending
            3 a preview pending";
        check(
            2,
            jobs,
            &expect![[r#"
            claim 2
            3 waits: Capacity"#]],
        );
    }

    #[test]
    fn at_capacity_even_a_lost_job_waits() {
        let jobs = "
            1 a sync held
            2 b sync lost
            3 c sync pending";
        check(
            1,
            jobs,
            &expect![[r#"
            claim nothing
            3 waits: Capacity"#]],
        );
    }

    #[test]
    fn a_wait_that_is_over_is_taken_back_and_one_that_goes_on_is_not_noted_again() {
        let mut jobs = parse("1 a sync held\n2 a sync pending\n3 b sync pending\n4 c sync pending");
        let busy = Wait {
            reason: Some(WaitReason::StructureBusy),
            blocking_job: Some(JobId(1)),
        };
        jobs[1].wait = busy;
        jobs[3].wait = busy;
        let choice = choose(&jobs, NOW, 9);
        assert_eq!(choice.claim, Some(JobId(3)));
        assert_eq!(choice.waits, [(JobId(4), Wait::default())]);
    }
}
