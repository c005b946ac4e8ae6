//! The reader beside one that checks everything: what is valid is read the same, what ends in the
//! middle is told, and nothing makes it panic.

use super::*;
use serde_json::{Map, Number, Value};

/// Every kind of value, every kind of space, and strings of all lengths around a word of eight.
const SAMPLE: &str = "{\"a\":[1,-2.5e3,true,false,null],\"b\":{ },\"c\":[ ],\n\"key \\\"1\\\"\":\
    \"\\u00e9\\\\\", \t\"1234567\":\"12345678\",\"123456789\" : \"\u{e9}\u{1f600}\",\r\"\":\"\",\
    \"deep\":[[{\"x\":[{}]}],\"]}\",\"\\\\\"]}";

/// Reads everything.
fn whole(reader: &mut Reader<'_>) -> Result<Value, Unreadable> {
    Ok(match reader.next()? {
        b'{' => {
            let mut members = Map::new();
            reader.object(|reader, name| {
                members.insert(name.to_owned(), whole(reader)?);
                Ok(())
            })?;
            Value::Object(members)
        }
        b'[' => Value::Array(reader.list(whole)?),
        b'"' => Value::String(reader.text()?.into_owned()),
        b't' | b'f' => Value::Bool(reader.boolean()?),
        b'n' => {
            let value = reader.nullable(|_| Ok(()))?;
            assert_eq!(value, None);
            Value::Null
        }
        _ => {
            let number: Number = serde_json::from_slice(reader.word()?)?;
            Value::Number(number)
        }
    })
}

fn read(body: &[u8]) -> Result<Value, Unreadable> {
    let mut reader = Reader::new(body);
    let value = whole(&mut reader)?;
    reader.end()?;
    Ok(value)
}

fn pass(body: &[u8]) -> Result<(), Unreadable> {
    let mut reader = Reader::new(body);
    reader.pass()?;
    reader.end()
}

#[test]
fn what_is_valid_is_read_as_another_reader_does() {
    let expected: Value = serde_json::from_str(SAMPLE).unwrap();
    assert_eq!(read(SAMPLE.as_bytes()), Ok(expected));
    assert_eq!(pass(SAMPLE.as_bytes()), Ok(()));
}

#[test]
fn a_body_that_ends_in_the_middle_is_cut_wherever_it_ends() {
    for end in 0..SAMPLE.len() {
        let part = &SAMPLE.as_bytes()[..end];
        assert_eq!(read(part), Err(Unreadable::Cut), "{end}");
        assert_eq!(pass(part), Err(Unreadable::Cut), "{end}");
    }
}

#[test]
fn a_body_with_any_byte_changed_is_read_as_another_reader_does_or_refused() {
    let mut valid = 0;
    for at in 0..SAMPLE.len() {
        for byte in b"\"\\{}[],:01eun \n\x00\xff".iter().copied() {
            let mut body = SAMPLE.as_bytes().to_vec();
            body[at] = byte;
            let (found, passed) = (read(&body), pass(&body));
            if let Ok(expected) = serde_json::from_slice::<Value>(&body) {
                assert_eq!(found, Ok(expected), "{at} {byte}");
                assert_eq!(passed, Ok(()), "{at} {byte}");
                valid += 1;
            }
        }
    }
    assert!(valid > 500, "{valid}");
}

#[test]
fn what_is_no_value_or_too_deep_is_refused() {
    let deep = "[".repeat(200);
    for (text, expected) in [
        ("[1}", "another bracket was expected near byte 2"),
        ("}", "another bracket was expected near byte 0"),
        ("{} {}", "the end was expected near byte 3"),
        ("[!]", "a value was expected near byte 1"),
        (
            deep.as_str(),
            "an end of the nesting was expected near byte 128",
        ),
    ] {
        let expected = Unreadable::Invalid(expected.to_owned());
        assert_eq!(pass(text.as_bytes()), Err(expected), "{text}");
    }
}

#[test]
fn a_value_of_another_kind_is_refused() {
    let invalid = |text: &str| {
        Err(Unreadable::Invalid(format!(
            "{text} was expected near byte 0"
        )))
    };
    let of = |text: &'static str| Reader::new(text.as_bytes());
    assert_eq!(of("7 ").text().map(drop), invalid("'\"'"));
    assert_eq!(of("\"7\"").object(|_, _| Ok(())), invalid("'{'"));
    assert_eq!(of("{}").list(|_| Ok(())).map(drop), invalid("'['"));
    for text in ["-1 ", "1.5 ", "true "] {
        assert!(
            matches!(of(text).number(), Err(Unreadable::Invalid(_))),
            "{text}"
        );
    }
    assert!(matches!(
        of("nil ").nullable(Reader::text),
        Err(Unreadable::Invalid(_))
    ));
    assert!(matches!(of("1 ").boolean(), Err(Unreadable::Invalid(_))));
}
