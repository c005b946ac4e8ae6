//! Whether the result of a query can change while none of its issues does.
//!
//! What it is not: a parser of JQL. It looks for words that are known to be harmless and takes
//! everything else for volatile: a query that is listed too often costs requests, one that is not
//! listed again goes stale.
//!
//! Volatile are: every function but those of [`STABLE_FUNCTIONS`] (`now()`, `startOfDay()`,
//! `currentUser()`, `openSprints()`, `membersOf(…)` …), relative dates (`-1d`, `"2w 3d"`, `0h`),
//! other saved filters, and fields that are known to move without a stamp ([`UNSTAMPED_FIELDS`]).

use crate::synchronizer::FilterSource;

/// Functions whose value is a part of Jira's configuration and hardly ever changes.
const STABLE_FUNCTIONS: [&str; 3] = ["subtaskissuetypes", "standardissuetypes", "cascadeoption"];

/// Fields that change while the stamp of the issue stays: other filters, what people look at, and
/// what another issue or a project says.
const UNSTAMPED_FIELDS: [&str; 10] = [
    "filter",
    "request",
    "savedfilter",
    "searchrequest",
    "lastviewed",
    "watcher",
    "watchers",
    "voter",
    "votes",
    "category",
];

/// Units of relative dates.
const UNITS: [char; 6] = ['m', 'h', 'd', 'w', 'M', 'y'];

/// Whether a filter has to be listed again from time to time. A saved filter always: its owner may
/// change its query, and no issue tells.
pub fn is_volatile(source: &FilterSource) -> bool {
    match source {
        FilterSource::SavedFilter(_) => true,
        FilterSource::Jql(jql) => depends_on_more_than_its_issues(jql),
    }
}

/// Whether the result of a query can change while none of its issues does.
pub fn depends_on_more_than_its_issues(jql: &str) -> bool {
    let tokens = tokens(jql);
    tokens.iter().enumerate().any(|(at, token)| match token {
        Token::Text(text) => is_relative_date(text),
        Token::Word(word) => {
            let lower = word.to_ascii_lowercase();
            let calls = tokens.get(at + 1) == Some(&Token::Open) && !is_operator(&lower);
            let unstable_call = calls && !STABLE_FUNCTIONS.contains(&lower.as_str());
            unstable_call || UNSTAMPED_FIELDS.contains(&lower.as_str()) || is_relative_date(word)
        }
        Token::Open | Token::Mark => false,
    })
}

/// Words that a parenthesis follows without being called.
fn is_operator(word: &str) -> bool {
    const OPERATORS: [&str; 11] = [
        "in", "not", "and", "or", "was", "by", "during", "from", "to", "changed", "is",
    ];
    OPERATORS.contains(&word)
}

/// `-1d`, `+2w`, `4h 30m`: whole numbers, each with a unit.
fn is_relative_date(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['-', '+']);
    let part = |part: &str| {
        let number = part.strip_suffix(UNITS);
        number.is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    !text.is_empty() && text.split_whitespace().all(part)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Mark,
}

fn tokens(jql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = jql.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            '(' => tokens.push(Token::Open),
            '"' | '\'' => {
                let mut text = String::new();
                while let Some(next) = rest.next() {
                    match next {
                        '\\' => text.extend(rest.next()),
                        quote if quote == first => break,
                        other => text.push(other),
                    }
                }
                tokens.push(Token::Text(text));
            }
            space if space.is_whitespace() => {}
            mark if is_mark(mark) => tokens.push(Token::Mark),
            letter => {
                let mut word = String::from(letter);
                while let Some(next) = rest.next_if(|next| !ends_word(*next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

fn is_mark(character: char) -> bool {
    matches!(
        character,
        ')' | ',' | '=' | '!' | '<' | '>' | '~' | '&' | '|' | '[' | ']'
    )
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || is_mark(character) || matches!(character, '(' | '"' | '\'')
}
