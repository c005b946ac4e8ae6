//! What people edited, and what became of it.
//!
//! What it is not: the service's memory. It looks at both sides from outside, and knows more than
//! the service does.

use crate::tracker::{ISSUES_MAX, Node, Set, names};

/// One edit: people gave a child these parents on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) parents: Set,
    /// What both sides had agreed on when it was made.
    pub(crate) base: Set,
    pub(crate) at: u64,
}

/// What has become of the edits that were looked at, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Both sides showed the value, or will.
    pub(crate) arrived: u64,
    /// It lost, and there is an entry with its value.
    pub(crate) entries: u64,
    /// People changed their mind before anybody looked.
    pub(crate) superseded: u64,
    /// It stands on its side, and the other side's difference is held with a reason.
    pub(crate) held: u64,
    /// It changes nothing that the synchronizer is about: an end has no row that counts, or it
    /// leads back to what both sides have agreed on.
    pub(crate) out_of_scope: u64,
    /// The structure's rows were moved or removed by another rule than that of links; the job's
    /// changes say which.
    pub(crate) overruled: u64,
    /// Conflicts: an entry each.
    pub(crate) conflicts: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Tally) {
        self.arrived += other.arrived;
        self.entries += other.entries;
        self.superseded += other.superseded;
        self.held += other.held;
        self.out_of_scope += other.out_of_scope;
        self.overruled += other.overruled;
        self.conflicts += other.conflicts;
    }

    pub(crate) fn checked(&self) -> u64 {
        self.arrived + self.entries + self.held
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// By child: the last edit on each side that has not arrived.
    pub(crate) structure: [Option<Edit>; ISSUES_MAX],
    pub(crate) tracker: [Option<Edit>; ISSUES_MAX],
    /// By child: when people last touched its parents on either side.
    touched_structure: [u64; ISSUES_MAX],
    touched_tracker: [u64; ISSUES_MAX],
    /// By child: up to when the base accounts for the structure and for the tracker.
    pub(crate) accounted_structure: [u64; ISSUES_MAX],
    pub(crate) accounted_tracker: [u64; ISSUES_MAX],
    pub(crate) tally: Tally,
}

impl Record {
    pub(crate) fn structure_edit(
        &mut self,
        before: &[Set; ISSUES_MAX],
        now: &[Set; ISSUES_MAX],
        bases: &[Set; ISSUES_MAX],
        at: u64,
    ) {
        for child in (0..ISSUES_MAX).filter(|&child| before[child] != now[child]) {
            let edit = Edit {
                parents: now[child],
                base: bases[child],
                at,
            };
            let replaced = self.structure[child].replace(edit);
            self.tally.superseded += u64::from(replaced.is_some());
            self.touched_structure[child] = at;
        }
    }

    /// Another synchronizer has given a child other parents.
    pub(crate) fn structure_changed(&mut self, child: Node, at: u64) {
        self.touched_structure[child] = at;
    }

    pub(crate) fn tracker_edit(
        &mut self,
        before: &[Set; ISSUES_MAX],
        now: &[Set; ISSUES_MAX],
        bases: &[Set; ISSUES_MAX],
        at: u64,
    ) {
        for child in (0..ISSUES_MAX).filter(|&child| before[child] != now[child]) {
            let edit = Edit {
                parents: now[child],
                base: bases[child],
                at,
            };
            let replaced = self.tracker[child].replace(edit);
            self.tally.superseded += u64::from(replaced.is_some());
            self.touched_tracker[child] = at;
        }
    }

    /// The service decided a conflict. Both sides must have been edited since the base.
    pub(crate) fn conflict(&mut self, child: Node, lost: Loss) -> Result<(), String> {
        self.tally.conflicts += 1;
        let since = [
            self.accounted_structure[child],
            self.accounted_tracker[child],
        ];
        let [ours, theirs] = [self.touched_structure[child], self.touched_tracker[child]];
        // 0: nobody can know. A link whose parent came back is news, whoever made it and when; and
        // so is what people made of a write whose answer was lost.
        let is_known = |edited: u64, since: u64| since > 0 && edited <= since;
        if is_known(ours, since[0]) || is_known(theirs, since[1]) {
            return Err(format!(
                "an entry for {} without a conflict: accounted for until {since:?}, the structure edited at {ours}, the tracker at {theirs}",
                crate::tracker::name(child)
            ));
        }
        let pending = match lost.in_structure {
            true => &mut self.structure[child],
            false => &mut self.tracker[child],
        };
        if pending.is_some_and(|edit| edit.parents & lost.compared == lost.parents) {
            *pending = None;
            self.tally.entries += 1;
        }
        Ok(())
    }

    /// Both sides are equal now: whatever was edited to this has arrived.
    pub(crate) fn equal(&mut self, child: Node, parents: Set, compared: Set) {
        for pending in [&mut self.structure[child], &mut self.tracker[child]] {
            if pending.is_some_and(|edit| edit.parents & compared == parents) {
                *pending = None;
                self.tally.arrived += 1;
            }
        }
    }

    /// Edits that change nothing of what counts, as far as `comparable` tells.
    pub(crate) fn forget_what_does_not_count(
        &mut self,
        child: Node,
        comparable: impl Fn(Set) -> Option<Set>,
    ) {
        for pending in [&mut self.structure[child], &mut self.tracker[child]] {
            if pending.is_some_and(|edit| comparable(edit.parents) == comparable(edit.base)) {
                *pending = None;
                self.tally.out_of_scope += 1;
            }
        }
    }

    /// As much of the tracker's edit as could be was carried, and the rest is held with a reason.
    pub(crate) fn held(&mut self, child: Node) {
        let pending = self.tracker[child].take();
        self.tally.held += u64::from(pending.is_some());
    }

    /// A write that was planned before people edited the child has arrived: from then on, what
    /// they did is measured against what both sides have agreed on by it.
    pub(crate) fn carried(&mut self, child: Node, base: Set, planned_at: u64) {
        if let Some(edit) = &mut self.structure[child]
            && edit.at > planned_at
        {
            edit.base = base;
        }
    }

    /// Whether a write has arrived cannot be told any more.
    pub(crate) fn uncertain(&mut self, child: Node) {
        self.accounted_structure[child] = 0;
        self.accounted_tracker[child] = 0;
    }

    /// Another rule than that of links has moved or removed the row.
    pub(crate) fn overruled(&mut self, child: Node) {
        let pending = self.structure[child].take();
        self.tally.overruled += u64::from(pending.is_some());
    }

    /// People made the very link that the service was about to make, and nobody can tell who did.
    pub(crate) fn coincides(&mut self, child: Node, parents: Set, compared: Set) {
        let pending = &mut self.tracker[child];
        if pending.is_some_and(|edit| edit.parents & compared == parents) {
            *pending = None;
            self.tally.arrived += 1;
        }
    }

    /// An edit that is neither there nor has an entry.
    pub(crate) fn lost(&self, child: Node, side: &str, edit: Edit, now: Set) -> String {
        format!(
            "the edit of {} at {} in the {side} to {:?} is lost: it is {:?}, and there is no entry",
            crate::tracker::name(child),
            edit.at,
            names(edit.parents),
            names(now)
        )
    }
}

/// A change that was overwritten, as its entry says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    pub(crate) in_structure: bool,
    pub(crate) parents: Set,
    /// Which parents count.
    pub(crate) compared: Set,
}
