//! How far a read in the order of creation is, and whether its windows leave a gap.
//!
//! What it is not: the requests; those are [`super::data_center`]'s. A window begins at the moment
//! at which the last sure issue was created, and is checked to hold this issue, too. A span ends
//! only with issues that were created after it, and the next span is checked to hold one of them.

use super::wire::{Dated, Page};
use crate::Error;
use resync_core::id::IssueId;
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;

/// Furthest offset that the search platform gives, whatever the size of the result.
pub(super) const WINDOW_MAX: usize = 10_000;

/// Sure issues that are remembered to begin a window at: the last may be deleted meanwhile.
const ANCHORS: usize = 3;

/// Windows in a row that may bring nothing sure: each met an edit. Also what ends a read of more
/// issues than a window shows that were created within one second.
const STALLED_WINDOWS_MAX: u32 = 3;

/// Milliseconds to which a moment of creation is rounded down in a query: the index keeps seconds.
const CREATION_GRAIN: i64 = 1000;

/// A sure issue, which the next window must hold.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    id: IssueId,
    created: Timestamp,
}

/// Issues that follow each other without a gap, and whether the result ends with them.
pub(super) struct Window {
    pub(super) items: Vec<Dated>,
    pub(super) complete: bool,
}

/// Issues for which a span of their own is worth while.
const SPAN_MIN: u64 = 2_000;

/// A span of creation that is read on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// How many issues it has had when they were counted; of no meaning in one without an end.
    expected: usize,
}

impl Span {
    /// All of a result.
    pub(super) const WHOLE: Span = Span {
        from: None,
        until: None,
        expected: 0,
    };
}

/// Makes spans of cuts, each with how many issues were created since. Small ones are joined.
pub(super) fn spans(total: u64, counts: &[(Timestamp, u64)]) -> Vec<Span> {
    let (mut spans, mut from, mut left) = (Vec::new(), None, total);
    for (cut, since) in counts {
        let within = left.saturating_sub(*since);
        if within < SPAN_MIN || *since < SPAN_MIN {
            continue;
        }
        spans.push(Span {
            from,
            until: Some(*cut),
            expected: usize::try_from(within).unwrap_or(usize::MAX),
        });
        (from, left) = (Some(*cut), *since);
    }
    spans.push(Span {
        from,
        ..Span::WHOLE
    });
    spans
}

/// Whether the sweeps of adjacent spans meet, so that nothing is between them.
pub(super) fn meet(sweeps: &[Sweep]) -> bool {
    let pairs = sweeps.iter().zip(sweeps.iter().skip(1));
    pairs.into_iter().all(|(earlier, later)| {
        let mut beyond = earlier.beyond.iter();
        beyond.any(|id| later.known.contains(id))
    })
}

/// A read of one span in progress.
pub(super) struct Sweep {
    span: Span,
    pub(super) issues: Vec<ObservedIssue>,
    known: FxHashSet<IssueId>,
    /// Issues that were created after the span: what comes before them is all that there is.
    beyond: Vec<IssueId>,
    anchors: Vec<Anchor>,
    stalled: u32,
}

impl Sweep {
    pub(super) fn of(span: Span) -> Self {
        Self {
            span,
            issues: Vec::new(),
            known: FxHashSet::default(),
            beyond: Vec::new(),
            anchors: Vec::new(),
            stalled: 0,
        }
    }

    /// Where the next window begins.
    pub(super) fn from(&self) -> Option<Timestamp> {
        let anchor = self.anchors.last().map(|anchor| floor(anchor.created));
        anchor.or(self.span.from)
    }

    /// How many issues the next window should have: a little more than the rest of the span.
    pub(super) fn reach(&self, page_size: usize) -> usize {
        if self.span.until.is_none() || self.stalled > 0 {
            return WINDOW_MAX;
        }
        let again = if self.anchors.is_empty() {
            0
        } else {
            page_size
        };
        let rest = self.span.expected.saturating_sub(self.issues.len());
        WINDOW_MAX.min(rest + again + ANCHORS)
    }

    /// Whether an issue is of this span, and new.
    pub(super) fn is_fresh(&self, dated: &Dated) -> bool {
        !self.is_beyond(dated) && !self.known.contains(&dated.issue.id)
    }

    fn is_beyond(&self, dated: &Dated) -> bool {
        self.span.until.is_some() && dated.created >= self.span.until
    }

    /// Takes a window in; whether the span is complete with it.
    pub(super) fn take(&mut self, window: Window) -> Result<bool, Error> {
        let Window { items, complete } = window;
        let tail: Result<Vec<Anchor>, _> = items[items.len().saturating_sub(ANCHORS)..]
            .iter()
            .map(anchor_of)
            .collect();
        let tail = tail?;
        let found = |anchor: &Anchor| items.iter().any(|dated| dated.issue.id == anchor.id);
        let continues = self.anchors.last().is_none_or(found);
        // A window that ends within the second that it began in need not have come to the anchor.
        let passed = self.anchors.last().is_none_or(|anchor| {
            tail.last()
                .is_some_and(|last| floor(last.created) > floor(anchor.created))
        });
        if !continues && (complete || passed) {
            self.anchors.pop();
            if self.anchors.is_empty() {
                let detail = "pages of a search do not continue each other".to_owned();
                return Err(Error::AnswerInvalid { detail });
            }
            return Ok(false);
        }
        let before = self.issues.len();
        for dated in items {
            if self.is_beyond(&dated) {
                self.beyond.push(dated.issue.id);
            } else if self.known.insert(dated.issue.id) {
                self.issues.push(dated.issue);
            }
        }
        if continues {
            self.anchors = tail;
        }
        let advanced = continues && self.issues.len() > before;
        self.stalled = if advanced { 0 } else { self.stalled + 1 };
        let complete = complete || !self.beyond.is_empty();
        if !complete && self.stalled > STALLED_WINDOWS_MAX {
            let detail = "a search goes on but brings nothing sure".to_owned();
            return Err(Error::AnswerInvalid { detail });
        }
        Ok(complete)
    }
}

fn anchor_of(dated: &Dated) -> Result<Anchor, Error> {
    let created = dated.created.ok_or_else(|| Error::AnswerInvalid {
        detail: "an issue has no moment of creation".to_owned(),
    })?;
    Ok(Anchor {
        id: dated.issue.id,
        created,
    })
}

fn floor(created: Timestamp) -> Timestamp {
    Timestamp(created.0.div_euclid(CREATION_GRAIN) * CREATION_GRAIN)
}

/// A window that holds issues from before its begin was not understood by the server.
pub(super) fn check_creation(page: &Page<Dated>, from: Option<Timestamp>) -> Result<(), Error> {
    let early = |dated: &Dated| dated.created < from;
    if from.is_some() && page.items.iter().any(early) {
        let detail = "a search by moment of creation gives older issues".to_owned();
        return Err(Error::AnswerInvalid { detail });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(total: u64, counts: &[(i64, u64)]) -> String {
        let counts: Vec<_> = counts
            .iter()
            .map(|(cut, since)| (Timestamp(*cut), *since))
            .collect();
        let end = |end: Option<Timestamp>| end.map_or("…".to_owned(), |at| at.0.to_string());
        let told = |span: &Span| format!("{}–{}", end(span.from), end(span.until));
        let spans: Vec<String> = spans(total, &counts).iter().map(told).collect();
        spans.join(" ")
    }

    #[test]
    fn small_spans_are_joined_and_the_ends_are_open() {
        assert_eq!(told(12_000, &[]), "…–…");
        assert_eq!(told(12_000, &[(1, 9_000), (2, 5_000)]), "…–1 1–2 2–…");
        // Nearly all at the end, or nearly none.
        assert_eq!(
            told(12_000, &[(1, 11_900), (2, 11_800), (3, 9_000)]),
            "…–3 3–…"
        );
        assert_eq!(told(12_000, &[(1, 6_000), (2, 1_000), (3, 0)]), "…–1 1–…");
        // Issues entered while they were counted.
        assert_eq!(told(12_000, &[(1, 12_500), (2, 6_000)]), "…–2 2–…");
    }

    fn sweep(known: &[i64], beyond: &[i64]) -> Sweep {
        let ids = |ids: &[i64]| -> Vec<IssueId> { ids.iter().copied().map(IssueId).collect() };
        Sweep {
            known: ids(known).into_iter().collect(),
            beyond: ids(beyond),
            ..Sweep::of(Span::WHOLE)
        }
    }

    #[test]
    fn sweeps_meet_when_each_has_seen_an_issue_of_the_next() {
        let first = || sweep(&[1, 2], &[3, 4]);
        assert!(meet(&[first(), sweep(&[3, 4], &[])]));
        assert!(meet(&[first(), sweep(&[4, 5], &[])]), "one may be gone");
        assert!(!meet(&[first(), sweep(&[5, 6], &[])]), "a gap");
        assert!(!meet(&[sweep(&[1, 2], &[]), sweep(&[3], &[])]));
    }
}
