//! One issue as the simulator keeps it: small numbers that point into the catalog, so that a
//! million of them fit in memory. It is not the JSON; `render` makes that.

use std::fmt;

/// Identifies an issue for ever; minted by the simulator, ascending, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueId(pub u64);

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Identifies a link between two issues; both ends show the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Where an issue stands among all issues of the site: twelve base-36 digits, six shown before
/// the colon of the rank text and six, without trailing zeros, behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Rank(pub(crate) u64);

/// Project (by its place in the catalog) and number. Changes when the issue moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) project: u16,
    pub(crate) number: u32,
}

/// All that is known of an issue. References are places in the catalog.
#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) id: IssueId,
    pub(crate) key: Key,
    pub(crate) kind: u16,
    pub(crate) status: u16,
    pub(crate) priority: Option<u16>,
    pub(crate) resolution: Option<u16>,
    pub(crate) deleted: bool,
    /// Under a security level that no account of the site is in.
    pub(crate) secured: bool,
    pub(crate) summary: Box<str>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) resolved: Option<i64>,
    pub(crate) parent: Option<IssueId>,
    pub(crate) rank: Rank,
    pub(crate) reporter: Option<u32>,
    pub(crate) assignee: Option<u32>,
    pub(crate) labels: Box<[u32]>,
    pub(crate) links: Box<[LinkId]>,
    pub(crate) extra: Option<Box<Extra>>,
}

/// What only imported issues have, as JSON text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) components: Option<Box<str>>,
    pub(crate) fix_versions: Option<Box<str>>,
}

/// A link reads "source outward-phrase target".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) kind: u16,
    pub(crate) source: IssueId,
    pub(crate) target: IssueId,
}

impl Link {
    /// The end that is not `id`.
    pub(crate) fn other(&self, id: IssueId) -> IssueId {
        if self.source == id {
            self.target
        } else {
            self.source
        }
    }
}

const BASE: u64 = 36;
/// 36^6: the value of one step in the six digits before the colon.
pub(crate) const RANK_STEP: u64 = BASE.pow(6);
/// First rank that is given out: the middle of the six digits, so that both ends have room.
pub(crate) const RANK_FIRST: u64 = 18 * BASE.pow(5) * RANK_STEP;

impl Rank {
    /// The text as Jira shows it, for example `0|i000tc:b`.
    pub(crate) fn text(self, bucket: u8) -> String {
        let mut digits = [0_u8; 12];
        let mut rest = self.0;
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % BASE) as usize];
            rest /= BASE;
        }
        let text = String::from_utf8_lossy(&digits);
        let (before, behind) = text.split_at(6);
        format!("{bucket}|{before}:{}", behind.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_text_sorts_as_the_number_does() {
        let numbers = [
            RANK_FIRST,
            RANK_FIRST + 1,
            RANK_FIRST + RANK_STEP,
            RANK_FIRST * 2 - 1,
        ];
        let texts: Vec<_> = numbers.iter().map(|number| Rank(*number).text(0)).collect();
        let mut sorted = texts.clone();
        sorted.sort();
        assert_eq!(texts, sorted);
        assert_eq!(texts[..2], ["0|i00000:", "0|i00000:000001"]);
    }
}
