//! What it takes to confirm something, and whether an answer does. Does not ask; see `session`.

use resync_api::v1::Plan;

use crate::render::text::counted;

/// The rungs of the ladder: the more a run can discard, the more has to be typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Need {
    /// Nothing would change.
    Nothing,
    /// Only additions and moves that discard nothing: a yes.
    Yes,
    /// Something is discarded: the id of the structure.
    Name,
    /// A guard tripped: the id of the structure, and how much is discarded.
    NameAndCount(i32),
}

impl Need {
    pub(crate) fn of(plan: &Plan) -> Self {
        if plan.change_count == 0 {
            Self::Nothing
        } else if !plan.guards.is_empty() {
            Self::NameAndCount(plan.destructive_change_count)
        } else if plan.destructive_change_count > 0 {
            Self::Name
        } else {
            Self::Yes
        }
    }
}

/// What the run is about, above the first question.
pub(crate) fn question(plan: &Plan, display_name: &str) -> String {
    let discarded = if plan.destructive_change_count > 0 {
        format!(", {} of them destructive,", plan.destructive_change_count)
    } else {
        String::new()
    };
    format!(
        "Run this resync? It makes {}{discarded} in \"{display_name}\".",
        counted(plan.change_count, "change")
    )
}

/// Whether `--confirm` and `--acknowledge` are enough. `Err` says what is missing.
pub(crate) fn given(
    need: Need,
    structure: &str,
    confirm: &str,
    acknowledge: Option<i32>,
) -> Result<(), Missing> {
    match need {
        Need::Nothing => Ok(()),
        _ if confirm != structure => Err(Missing::Name),
        Need::NameAndCount(count) if acknowledge != Some(count) => Err(Missing::Count(count)),
        Need::Yes | Need::Name | Need::NameAndCount(_) => Ok(()),
    }
}

/// What a confirmation lacks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Missing {
    /// The id of the structure.
    Name,
    /// The number of destructive changes.
    Count(i32),
}

/// Whether an answer is a yes. Anything else is a no.
pub(crate) fn is_yes(answer: &str) -> bool {
    matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use resync_api::v1::plan::GuardTrip;

    use super::*;

    fn plan(changes: i32, destructive: i32, guards: usize) -> Plan {
        Plan {
            change_count: changes,
            destructive_change_count: destructive,
            guards: vec![GuardTrip::default(); guards],
            ..Default::default()
        }
    }

    #[test]
    fn the_more_is_discarded_the_more_has_to_be_typed() {
        assert_eq!(Need::of(&plan(0, 0, 0)), Need::Nothing);
        assert_eq!(Need::of(&plan(3, 0, 0)), Need::Yes);
        assert_eq!(Need::of(&plan(3, 1, 0)), Need::Name);
        assert_eq!(Need::of(&plan(90, 60, 1)), Need::NameAndCount(60));
        assert_eq!(Need::of(&plan(90, 0, 1)), Need::NameAndCount(0));
    }

    #[test]
    fn a_flag_confirms_only_what_it_names() {
        assert_eq!(given(Need::Name, "launch", "launch", None), Ok(()));
        assert_eq!(given(Need::Yes, "launch", "launch", None), Ok(()));
        assert_eq!(
            given(Need::Name, "launch", "Launch", None),
            Err(Missing::Name)
        );
        assert_eq!(given(Need::Yes, "launch", "", None), Err(Missing::Name));
    }

    #[test]
    fn a_guard_needs_the_count_of_this_plan() {
        let need = Need::NameAndCount(60);
        assert_eq!(given(need, "launch", "launch", Some(60)), Ok(()));
        assert_eq!(
            given(need, "launch", "launch", Some(59)),
            Err(Missing::Count(60))
        );
        assert_eq!(
            given(need, "launch", "launch", None),
            Err(Missing::Count(60))
        );
        assert_eq!(given(need, "launch", "other", Some(60)), Err(Missing::Name));
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        for answer in ["y", "Y", "yes", "YES"] {
            assert!(is_yes(answer), "{answer}");
        }
        for answer in ["", "n", "yep", "launch"] {
            assert!(!is_yes(answer), "{answer}");
        }
    }

    #[test]
    fn the_question_says_what_is_at_stake() {
        assert_eq!(
            question(&plan(6, 3, 0), "Launch 2026"),
            "Run this resync? It makes 6 changes, 3 of them destructive, in \"Launch 2026\"."
        );
        assert_eq!(
            question(&plan(1, 0, 0), "Launch 2026"),
            "Run this resync? It makes 1 change in \"Launch 2026\"."
        );
    }
}
