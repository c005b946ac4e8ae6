//! The rule of a synchronizer: from flags, and back to the names of flags.

use resync_api::v1::{
    AgileRule, FilterRule, LinksRule, SubtasksRule, SyncRule, agile_rule, filter_rule, links_rule,
    sync_rule,
};

use crate::{
    args::{
        AgileFlags, LinksFlags, LinksPrimacy, LinksRemoval, LinksScope, ParentEnd, SynchronizerAdd,
    },
    render::text::clean,
};

/// The settings that the flags tell. `parent_issue_id` is what `--under` names.
pub(super) fn kind(add: SynchronizerAdd, parent_issue_id: String) -> sync_rule::Kind {
    if add.subtasks {
        let remove_orphaned = add.remove_orphaned;
        return sync_rule::Kind::Subtasks(SubtasksRule {
            issue_type_ids: add.types,
            remove_orphaned,
        });
    }
    if let Some(link_type) = &add.links.link_type {
        return sync_rule::Kind::Links(links(link_type.clone(), add.links));
    }
    if add.agile.board.is_some() || !add.agile.projects.is_empty() {
        return sync_rule::Kind::Agile(agile(add.agile));
    }
    let jql = add.filter_jql.map(filter_rule::Source::Jql);
    sync_rule::Kind::Filter(FilterRule {
        source: jql.or_else(|| add.saved_filter.map(filter_rule::Source::SavedFilterId)),
        parent_issue_id,
        allow_move: add.allow_move,
        remove_unmatched: add.remove,
        remove_only_placed: add.remove_only_placed,
        check_children: add.check_children,
    })
}

fn links(link_type_id: String, flags: LinksFlags) -> LinksRule {
    let parent_end = match flags.parent_end {
        ParentEnd::Outward => links_rule::ParentEnd::Outward,
        ParentEnd::Inward => links_rule::ParentEnd::Inward,
    };
    let scope = match flags.scope {
        LinksScope::Structure => links_rule::Scope::WithinStructure,
        LinksScope::Children => links_rule::Scope::ExpandToChildren,
        LinksScope::All => links_rule::Scope::AllIssues,
    };
    let removal = match flags.removal {
        LinksRemoval::Keep => links_rule::Removal::Keep,
        LinksRemoval::MoveToTop => links_rule::Removal::MoveToTop,
        LinksRemoval::Remove => links_rule::Removal::Remove,
    };
    let primacy = match flags.primacy {
        LinksPrimacy::Equal => links_rule::Primacy::Equal,
        LinksPrimacy::Links => links_rule::Primacy::Links,
        LinksPrimacy::Structure => links_rule::Primacy::Structure,
    };
    LinksRule {
        link_type_id,
        parent_end: parent_end.into(),
        scope: scope.into(),
        parent_jql: flags.parent_jql,
        child_jql: flags.child_jql,
        removal: removal.into(),
        primacy: primacy.into(),
    }
}

fn agile(flags: AgileFlags) -> AgileRule {
    let scope = match flags.board {
        Some(board) => agile_rule::Scope::BoardId(board),
        None => agile_rule::Scope::Projects(agile_rule::ProjectScope {
            project_keys: flags.projects,
            rank_field_id: flags.rank_field,
        }),
    };
    AgileRule {
        scope: Some(scope),
        sync_rank: flags.rank,
        sync_epics: flags.epics,
        add_subtasks: flags.add_subtasks,
    }
}

/// The settings that are on, by the names of the flags that switch them on.
pub(super) fn settings(rule: &SyncRule) -> Vec<String> {
    let mut on = Vec::new();
    let mut flag = |set: bool, name: &str| on.extend(set.then(|| name.to_owned()));
    match &rule.kind {
        Some(sync_rule::Kind::Filter(filter)) => {
            let under = format!("under {}", filter.parent_issue_id);
            flag(!filter.parent_issue_id.is_empty(), &under);
            flag(filter.allow_move, "allow-move");
            flag(filter.remove_unmatched, "remove");
            flag(filter.remove_only_placed, "remove-only-placed");
            flag(filter.check_children, "check-children");
        }
        Some(sync_rule::Kind::Subtasks(subtasks)) => {
            flag(subtasks.remove_orphaned, "remove-orphaned");
        }
        Some(sync_rule::Kind::Links(links)) => on = links_settings(links),
        Some(sync_rule::Kind::Agile(agile)) => {
            flag(agile.sync_rank, "rank");
            flag(agile.sync_epics, "epics");
            flag(agile.add_subtasks, "add-subtasks");
        }
        Some(sync_rule::Kind::StatusRollup(_)) | None => {}
    }
    on
}

fn links_settings(links: &LinksRule) -> Vec<String> {
    let parent_end = match links.parent_end() {
        links_rule::ParentEnd::Unspecified | links_rule::ParentEnd::Outward => "outward",
        links_rule::ParentEnd::Inward => "inward",
    };
    let scope = match links.scope() {
        links_rule::Scope::Unspecified | links_rule::Scope::WithinStructure => "structure",
        links_rule::Scope::ExpandToChildren => "children",
        links_rule::Scope::AllIssues => "all",
    };
    let removal = match links.removal() {
        links_rule::Removal::Unspecified | links_rule::Removal::Keep => "keep",
        links_rule::Removal::MoveToTop => "move-to-top",
        links_rule::Removal::Remove => "remove",
    };
    let primacy = match links.primacy() {
        links_rule::Primacy::Unspecified | links_rule::Primacy::Equal => "equal",
        links_rule::Primacy::Links => "links",
        links_rule::Primacy::Structure => "structure",
    };
    let mut told = vec![
        format!("parent-end {parent_end}"),
        format!("scope {scope}"),
        format!("removal {removal}"),
        format!("primacy {primacy}"),
    ];
    for (flag, jql) in [
        ("parent-jql", &links.parent_jql),
        ("child-jql", &links.child_jql),
    ] {
        told.extend((!jql.is_empty()).then(|| format!("{flag} {}", clean(jql))));
    }
    told
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Arguments, Command, SynchronizerCommand};

    fn rule(flags: &[&str]) -> sync_rule::Kind {
        let line = ["resync", "synchronizer", "add", "launch"];
        let arguments = Arguments::try_parse_from(line.iter().chain(flags)).unwrap();
        match arguments.command {
            Command::Synchronizer(SynchronizerCommand::Add(add)) => kind(*add, "10".to_owned()),
            other => panic!("unexpected {other:?}"),
        }
    }

    fn told(kind: sync_rule::Kind) -> String {
        let rule = SyncRule {
            tracker: String::new(),
            kind: Some(kind),
        };
        settings(&rule).join(", ")
    }

    #[test]
    fn the_flags_of_a_filter_are_its_settings() {
        let flags = [
            "--filter-jql",
            "x = 1",
            "--allow-move",
            "--remove",
            "--check-children",
        ];
        let expected = FilterRule {
            source: Some(filter_rule::Source::Jql("x = 1".to_owned())),
            parent_issue_id: "10".to_owned(),
            allow_move: true,
            remove_unmatched: true,
            remove_only_placed: false,
            check_children: true,
        };
        assert_eq!(rule(&flags), sync_rule::Kind::Filter(expected));
    }

    #[test]
    fn nothing_is_moved_or_removed_unless_asked_for() {
        let sync_rule::Kind::Filter(filter) = rule(&["--saved-filter", "42"]) else {
            panic!()
        };
        assert_eq!(
            filter.source,
            Some(filter_rule::Source::SavedFilterId("42".to_owned()))
        );
        assert!(!filter.allow_move && !filter.remove_unmatched);
        let sync_rule::Kind::Subtasks(subtasks) = rule(&["--subtasks"]) else {
            panic!()
        };
        assert_eq!(subtasks, SubtasksRule::default());
    }

    #[test]
    fn the_types_of_subtasks_may_be_repeated() {
        let flags = [
            "--subtasks",
            "--type",
            "5",
            "--type",
            "6",
            "--remove-orphaned",
        ];
        let expected = SubtasksRule {
            issue_type_ids: vec!["5".to_owned(), "6".to_owned()],
            remove_orphaned: true,
        };
        assert_eq!(rule(&flags), sync_rule::Kind::Subtasks(expected));
    }

    #[test]
    fn the_flags_of_links_are_its_settings_and_are_told_by_the_same_names() {
        let flags = [
            "--links",
            "10000",
            "--parent-end",
            "inward",
            "--scope",
            "children",
            "--removal",
            "move-to-top",
            "--primacy",
            "links",
            "--child-jql",
            "type = Story",
        ];
        let expected = LinksRule {
            link_type_id: "10000".to_owned(),
            parent_end: links_rule::ParentEnd::Inward.into(),
            scope: links_rule::Scope::ExpandToChildren.into(),
            parent_jql: String::new(),
            child_jql: "type = Story".to_owned(),
            removal: links_rule::Removal::MoveToTop.into(),
            primacy: links_rule::Primacy::Links.into(),
        };
        let kind = rule(&flags);
        assert_eq!(kind, sync_rule::Kind::Links(expected));
        assert_eq!(
            told(kind),
            "parent-end inward, scope children, removal move-to-top, primacy links, \
             child-jql type = Story"
        );
    }

    #[test]
    fn an_agile_rule_is_about_a_board_or_about_projects() {
        let kind = rule(&["--board", "7", "--rank", "--epics"]);
        let expected = AgileRule {
            scope: Some(agile_rule::Scope::BoardId("7".to_owned())),
            sync_rank: true,
            sync_epics: true,
            add_subtasks: false,
        };
        assert_eq!(kind, sync_rule::Kind::Agile(expected));
        assert_eq!(told(kind), "rank, epics");

        let kind = rule(&["--project", "PAY", "--project", "SHOP", "--add-subtasks"]);
        let sync_rule::Kind::Agile(agile) = kind else {
            panic!()
        };
        let projects = agile_rule::ProjectScope {
            project_keys: vec!["PAY".to_owned(), "SHOP".to_owned()],
            rank_field_id: String::new(),
        };
        assert_eq!(agile.scope, Some(agile_rule::Scope::Projects(projects)));
    }

    #[test]
    fn flags_of_two_kinds_do_not_go_together() {
        for flags in [
            &["--links", "1", "--subtasks"][..],
            &["--links", "1", "--rank"],
            &["--board", "1", "--project", "PAY"],
            &["--board", "1", "--scope", "all"],
            &["--board", "1", "--remove"],
            &["--filter-jql", "a = b", "--type", "5"],
            &["--subtasks", "--remove"],
            &["--filter-jql", "a = b", "--rank"],
            &["--links", "1", "--allow-move"],
            &["--rank"],
        ] {
            let line = ["resync", "synchronizer", "add", "launch"];
            let parsed = Arguments::try_parse_from(line.iter().chain(flags));
            assert!(parsed.is_err(), "{flags:?} was accepted");
        }
    }
}
