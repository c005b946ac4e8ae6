//! JQL as text: taking a query apart at its `ORDER BY`, and writing values into one.
//!
//! What it is not: a parser. Only Jira knows whether a query is valid and what it means; what is
//! needed here is to see quotes and parentheses, so that a condition can be added safely.

use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey};
use resync_core::time::Timestamp;

/// An order that no edit of an issue changes, so that pages fit together while people work.
pub(super) const STABLE_ORDER: &str = "ORDER BY created ASC, key ASC";

/// A query in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jql {
    /// The condition; empty when there is none.
    pub(super) condition: String,
    /// From `ORDER BY` to the end; `None` when the query has no order of its own.
    pub(super) order: Option<String>,
}

/// Why a text cannot be a query, whatever its words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("a quotation mark is not closed")]
    QuoteOpen,
    #[error("its parentheses do not match")]
    Parentheses,
}

impl Jql {
    /// Takes a query apart.
    pub(super) fn split(text: &str) -> Result<Jql, Malformed> {
        let mut depth = 0_u32;
        let mut order_at = None;
        let mut before: Option<Token> = None;
        for token in tokens(text) {
            let token = token?;
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.checked_sub(1).ok_or(Malformed::Parentheses)?,
                Kind::Word if depth == 0 && order_at.is_none() => {
                    let order = before.filter(|last| last.is_word(text, "order"));
                    if token.is_word(text, "by") {
                        order_at = order.map(|last| last.start);
                    }
                }
                Kind::Word | Kind::Quoted | Kind::Mark => {}
            }
            before = Some(token);
        }
        if depth > 0 {
            return Err(Malformed::Parentheses);
        }
        let (condition, order) = text.split_at(order_at.unwrap_or(text.len()));
        Ok(Jql {
            condition: condition.trim().to_owned(),
            order: order_at.map(|_| order.trim().to_owned()),
        })
    }

    /// The query in its own order, or in the stable one when it has none.
    pub(super) fn in_own_order(&self) -> String {
        self.in_order(self.order.as_deref().unwrap_or(STABLE_ORDER))
    }

    /// The part of the query that was created in a span, with its issues by creation: what was
    /// created never changes, so parts of adjacent spans are disjoint, and together the whole.
    pub(super) fn created_within(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> String {
        let from = from.map(|Timestamp(milliseconds)| format!("created >= {milliseconds}"));
        let to = to.map(|Timestamp(milliseconds)| format!("created < {milliseconds}"));
        let condition = (!self.condition.is_empty()).then(|| format!("({})", self.condition));
        let bounds: Vec<String> = [condition, from, to].into_iter().flatten().collect();
        format!("{} {STABLE_ORDER}", bounds.join(" AND "))
            .trim_start()
            .to_owned()
    }

    /// The query in the stable order, from one moment of creation on.
    pub(super) fn since_creation(&self, from: Option<Timestamp>) -> String {
        let Some(Timestamp(milliseconds)) = from else {
            return self.in_order(STABLE_ORDER);
        };
        // A number without quotes is milliseconds since 1970, whatever the account's time zone.
        let bound = format!("created >= {milliseconds}");
        if self.condition.is_empty() {
            return format!("{bound} {STABLE_ORDER}");
        }
        format!("({}) AND {bound} {STABLE_ORDER}", self.condition)
    }

    fn in_order(&self, order: &str) -> String {
        format!("{} {order}", self.condition).trim().to_owned()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Open,
    Close,
    Mark,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

impl Token {
    fn is_word(&self, text: &str, word: &str) -> bool {
        self.kind == Kind::Word && text[self.start..self.end].eq_ignore_ascii_case(word)
    }
}

/// The tokens of a query, without the spaces between them.
fn tokens(text: &str) -> impl Iterator<Item = Result<Token, Malformed>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text[at..].trim_start();
        let start = text.len() - rest.len();
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '"' | '\'' => match quoted_length(rest, first) {
                Some(length) => (Kind::Quoted, length),
                None => {
                    at = text.len();
                    return Some(Err(Malformed::QuoteOpen));
                }
            },
            other if is_mark(other) => (Kind::Mark, other.len_utf8()),
            _ => (Kind::Word, word_length(rest)),
        };
        at = start + length;
        Some(Ok(Token {
            kind,
            start,
            end: at,
        }))
    })
}

fn is_mark(character: char) -> bool {
    matches!(
        character,
        ',' | '=' | '!' | '<' | '>' | '~' | '&' | '|' | '[' | ']'
    )
}

fn word_length(text: &str) -> usize {
    let ends = |character: char| {
        character.is_whitespace()
            || is_mark(character)
            || matches!(character, '(' | ')' | '"' | '\'')
    };
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if !escaped && ends(character) {
            return at;
        }
        escaped = !escaped && character == '\\';
    }
    text.len()
}

fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if !escaped && character == quote {
            return Some(at + 1);
        }
        escaped = !escaped && character == '\\';
    }
    None
}

/// One value, quoted unless it is a number.
fn literal(text: &str) -> String {
    if !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            other if other.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// `field in (…)`, the one place where values become JQL.
fn one_of<V: AsRef<str>>(field: &str, values: impl IntoIterator<Item = V>) -> String {
    let list: Vec<_> = values
        .into_iter()
        .map(|value| literal(value.as_ref()))
        .collect();
    format!("{field} in ({})", list.join(","))
}

/// The issues with these ids.
pub(super) fn with_ids(ids: &[IssueId]) -> String {
    one_of("id", ids.iter().map(IssueId::to_string))
}

/// The issues with these keys.
pub(super) fn with_keys(keys: &[IssueKey]) -> String {
    one_of("key", keys.iter().map(IssueKey::as_str))
}

/// All issues in these projects.
pub(super) fn in_projects(projects: &[ProjectKey]) -> String {
    // Quoted always: a project's key may be a reserved word.
    one_of("project", projects.iter().map(ProjectKey::as_str))
}

/// The issues that have a link with one of these phrases.
pub(super) fn with_links(phrases: &[&str]) -> String {
    one_of("issueLinkType", phrases)
}

/// The sub-tasks of these issues.
pub(super) fn subtasks_of_issues(parents: &[IssueId], issue_types: &[JiraId]) -> String {
    let parents = one_of("parent", parents.iter().map(IssueId::to_string));
    format!("{parents} AND {}", subtasks(issue_types))
}

/// The sub-tasks in these projects.
pub(super) fn subtasks_of_projects(projects: &[ProjectKey], issue_types: &[JiraId]) -> String {
    format!("{} AND {}", in_projects(projects), subtasks(issue_types))
}

fn subtasks(issue_types: &[JiraId]) -> String {
    if issue_types.is_empty() {
        return "issuetype in subTaskIssueTypes()".to_owned();
    }
    one_of("issuetype", issue_types.iter().map(JiraId::as_str))
}

/// The key of an issue as Jira takes it, or nothing: a letter, letters, digits or underscores, a
/// hyphen, a number. Only such a text may stand in a path.
pub(super) fn issue_key(text: &str) -> Option<String> {
    let key = text.trim().to_ascii_uppercase();
    let (project, number) = key.rsplit_once('-')?;
    let named = project.starts_with(|first: char| first.is_ascii_uppercase())
        && project
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let numbered = (1..=18).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|byte| byte.is_ascii_digit());
    (named && numbered && key.len() <= 255).then_some(key)
}

#[cfg(test)]
#[path = "jql_tests.rs"]
mod tests;
