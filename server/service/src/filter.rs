//! The filters of lists: a small subset of AIP-160, comparisons joined by AND.
//!
//! What it is not: a query of the store. A filter is parsed and checked once, and then asked about
//! one record after the other.

use crate::refusal::Refusal;
use resync_core::time::Timestamp;

/// Longest filter, in bytes: a screen full of text, which nobody types.
const FILTER_BYTES_MAX: usize = 2_000;

/// What kind of value a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Text; `:` asks whether it contains something, in any case.
    Text,
    /// A whole number.
    Number,
    /// A time, written as in RFC 3339.
    Time,
    /// `true` or `false`.
    Flag,
    /// One of some names.
    OneOf(&'static [&'static str]),
    /// Set or not: only `:*` can be asked.
    Presence,
}

/// A field that a list can be filtered by.
pub(crate) type Field = (&'static str, Type);

/// The value of a field of one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// Text, or a name.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// A time; unset matches nothing.
    Time(Option<Timestamp>),
    /// A flag, or whether something is set.
    Flag(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Has,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Text(String),
    Number(i64),
    Time(Timestamp),
    Flag(bool),
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    field: &'static str,
    operator: Operator,
    operand: Operand,
}

/// A filter that has been checked. Without conditions it passes everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter(Vec<Condition>);

impl Filter {
    /// Reads a filter over `fields`.
    ///
    /// # Errors
    /// `FIELD_INVALID` for `filter`, with what is wrong and where.
    pub(crate) fn parse(text: &str, fields: &[Field]) -> Result<Filter, Refusal> {
        let wrong = |description: String| Refusal::field("filter", description);
        if text.len() > FILTER_BYTES_MAX {
            return Err(wrong(format!("is longer than {FILTER_BYTES_MAX} bytes")));
        }
        let mut rest = text.trim();
        let mut conditions = Vec::new();
        while !rest.is_empty() {
            let (condition, after) = condition(rest, fields).map_err(wrong)?;
            conditions.push(condition);
            rest = after.trim_start();
            if rest.is_empty() {
                break;
            }
            rest = match rest.strip_prefix("AND") {
                Some("") => return Err(wrong("ends with AND".to_owned())),
                Some(next) if next.starts_with(char::is_whitespace) => next.trim_start(),
                _ => return Err(wrong("comparisons must be joined by AND".to_owned())),
            };
        }
        Ok(Filter(conditions))
    }

    /// Whether there is no condition.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a record passes; `value` tells the values of its fields.
    pub(crate) fn passes<'a>(&self, value: impl Fn(&'static str) -> Value<'a>) -> bool {
        self.0
            .iter()
            .all(|condition| condition.holds(value(condition.field)))
    }

    /// What a field must equal, when the filter says so: for narrowing what is read at all.
    pub(crate) fn exactly(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find_map(|condition| match &condition.operand {
                Operand::Text(text)
                    if condition.field == field && condition.operator == Operator::Equal =>
                {
                    Some(text.as_str())
                }
                _ => None,
            })
    }

    /// What a flag must be, when the filter says so: for narrowing what is read at all.
    pub(crate) fn flag(&self, field: &str) -> Option<bool> {
        self.0.iter().find_map(|condition| match condition.operand {
            Operand::Flag(flag)
                if condition.field == field && condition.operator == Operator::Equal =>
            {
                Some(flag)
            }
            _ => None,
        })
    }
}

impl Condition {
    fn holds(&self, value: Value<'_>) -> bool {
        match (value, &self.operand) {
            (Value::Text(text), Operand::Text(operand)) if self.operator == Operator::Has => {
                text.to_lowercase().contains(&operand.to_lowercase())
            }
            (Value::Text(text), Operand::Text(operand)) => self.compares(text, operand.as_str()),
            (Value::Number(number), Operand::Number(operand)) => self.compares(number, *operand),
            (Value::Time(Some(time)), Operand::Time(operand)) => self.compares(time, *operand),
            (Value::Flag(flag), Operand::Flag(operand)) => self.compares(flag, *operand),
            _ => false,
        }
    }

    fn compares<T: Ord>(&self, left: T, right: T) -> bool {
        match self.operator {
            Operator::Equal | Operator::Has => left == right,
            Operator::NotEqual => left != right,
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
        }
    }
}

/// Longest first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Operator); 7] = [
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("!=", Operator::NotEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    (":", Operator::Has),
];

/// One comparison at the front of `text`, and what follows it.
fn condition<'a>(text: &'a str, fields: &[Field]) -> Result<(Condition, &'a str), String> {
    let end = text
        .find(|character: char| !(character.is_ascii_alphanumeric() || "_.".contains(character)))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(&(field, kind)) = fields.iter().find(|(field, _)| *field == name) else {
        let known: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
        return Err(format!(
            "`{name}` is not a field of this filter: {}",
            known.join(", ")
        ));
    };
    let rest = rest.trim_start();
    let found = OPERATORS
        .iter()
        .find_map(|(text, one)| Some((*one, rest.strip_prefix(text)?)));
    let Some((operator, rest)) = found else {
        return Err(format!(
            "a comparison (=, !=, <, <=, >, >=, :) must follow `{name}`"
        ));
    };
    let (word, rest) = word(rest.trim_start())?;
    let operand = operand(field, kind, operator, word)?;
    Ok((
        Condition {
            field,
            operator,
            operand,
        },
        rest,
    ))
}

/// A quoted text or a bare word at the front of `text`, and what follows it.
fn word(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        if end == 0 {
            return Err("a value is missing after the comparison".to_owned());
        }
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

fn operand(field: &str, kind: Type, operator: Operator, word: String) -> Result<Operand, String> {
    let contains = operator == Operator::Has;
    let ordered = !matches!(
        operator,
        Operator::Equal | Operator::NotEqual | Operator::Has
    );
    match kind {
        Type::Text if !ordered => Ok(Operand::Text(word)),
        Type::OneOf(names) if !ordered && !contains => match names.contains(&word.as_str()) {
            true => Ok(Operand::Text(word)),
            false => Err(format!("`{field}` is one of {}", names.join(", "))),
        },
        Type::Number if !contains => word
            .parse()
            .map(Operand::Number)
            .map_err(|_| format!("`{field}` is a whole number")),
        Type::Time if !contains => time(&word)
            .map(Operand::Time)
            .ok_or_else(|| format!("`{field}` is a time such as \"2026-11-22T00:00:00Z\"")),
        Type::Flag if !ordered && !contains => word
            .parse()
            .map(Operand::Flag)
            .map_err(|_| format!("`{field}` is true or false")),
        Type::Presence if contains && word == "*" => Ok(Operand::Flag(true)),
        Type::Presence => Err(format!("only `{field}:*` can be asked")),
        _ => Err(format!("`{field}` cannot be compared like this")),
    }
}

fn time(text: &str) -> Option<Timestamp> {
    let time: prost_types::Timestamp = text.parse().ok()?;
    let milliseconds = time.seconds.checked_mul(1000)?;
    Some(Timestamp(
        milliseconds.checked_add(i64::from(time.nanos) / 1_000_000)?,
    ))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
