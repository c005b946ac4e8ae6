//! Text to tokens.

use crate::sentence::Sentence;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    /// `=`, `!=`, `~`, `!~`, `<`, `<=`, `>`, `>=`, `(`, `)`, `,`, `!`, `&`, `|`, `[`, `]`.
    Sign(&'static str),
}

/// Longer signs stand before their beginnings.
const SIGNS: [(&str, &str); 18] = [
    ("!=", "!="),
    ("!~", "!~"),
    ("<=", "<="),
    (">=", ">="),
    ("&&", "&"),
    ("||", "|"),
    ("=", "="),
    ("~", "~"),
    ("<", "<"),
    (">", ">"),
    ("(", "("),
    (")", ")"),
    (",", ","),
    ("!", "!"),
    ("&", "&"),
    ("|", "|"),
    ("[", "["),
    ("]", "]"),
];

/// Characters that a bare word cannot have.
const RESERVED: &[char] = &[
    '+', '.', ';', '?', '*', '/', '%', '^', '$', '#', '@', '{', '}', '`',
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Sentence> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let (quoted, behind) = quoted(&rest[1..], first)?;
            tokens.push(Token::Quoted(quoted));
            rest = behind;
        } else if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            tokens.push(Token::Sign(token));
            rest = &rest[sign.len()..];
        } else if RESERVED.contains(&first) {
            return Err(Sentence::ReservedCharacter(first));
        } else {
            let end = rest.find(|c: char| {
                c.is_whitespace() || "\"'=!~<>(),&|[]".contains(c) || RESERVED.contains(&c)
            });
            let end = end.unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Result<(String, &str), Sentence> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            end if end == quote => return Ok((value, &text[at + 1..])),
            other => value.push(other),
        }
    }
    Err(Sentence::UnfinishedQuote)
}
