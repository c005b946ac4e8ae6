//! Queries as filters of webhooks: one issue against a query, and what apps may filter by.

use super::ast::{Clause, Operator};
use super::compile::compile;
use super::parse::parse;
use crate::fields::Field;
use crate::sentence::Sentence;
use crate::state::State;
use crate::state::issue::Issue;

/// Fields that the filter of an app's webhook may name; also the epic's name, as `cf[n]`.
const APP_FIELDS: [&str; 7] = [
    "issuekey",
    "project",
    "issuetype",
    "status",
    "assignee",
    "reporter",
    "issue.property",
];

/// Whether the issue passes, as it is now. A query that means nothing lets nothing pass.
pub(crate) fn holds(state: &State, text: &str, issue: &Issue) -> bool {
    let Ok(query) = parse(text, state.flavour) else {
        return false;
    };
    let compiled = compile(state, &query);
    compiled.problems.is_empty() && compiled.test.holds(state, issue)
}

/// What is wrong with the filter of an app's webhook.
pub(crate) fn check_app_filter(state: &State, text: &str) -> Result<(), Sentence> {
    let query = parse(text, state.flavour)?;
    let clause = query.clause.ok_or(Sentence::Unbounded)?;
    check(state, &clause)
}

fn check(state: &State, clause: &Clause) -> Result<(), Sentence> {
    match clause {
        Clause::And(all) | Clause::Or(all) => all.iter().try_for_each(|one| check(state, one)),
        Clause::Not(inner) => check(state, inner),
        Clause::Words(words) => Err(Sentence::WebhookFilter(words.join(" "))),
        Clause::Test {
            field, operator, ..
        } => {
            use Operator::{Equals, In, NotEquals, NotIn};
            let lower = field.to_lowercase();
            let epic = format!("cf[{}]", state.fields.number(Field::EpicName));
            let named = APP_FIELDS.contains(&lower.as_str()) || lower == epic;
            match named && matches!(operator, Equals | NotEquals | In | NotIn) {
                true => Ok(()),
                false => Err(Sentence::WebhookFilter(format!(
                    "{field} {}",
                    operator.text()
                ))),
            }
        }
    }
}
