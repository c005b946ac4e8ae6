//! A reader of JSON that takes what is asked for, and passes quickly over the rest.
//!
//! What it is not: a validator. Most of Jira's answers is of no use here (addresses, pictures,
//! descriptions), so that reading them costs more than all else. What is passed over is looked at
//! for its strings and brackets only. A body that ends in the middle is told all the same: then
//! something is still open.

use super::wire::Unreadable;
use std::borrow::Cow;

/// Deepest nesting that is passed over; Jira's documents of rich text come nowhere near.
const DEPTH_MAX: u32 = u128::BITS;

/// A place in a body.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the front.
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    /// Reads an object: calls `member` with each name, which must read or pass the value.
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        self.expect(b'{')?;
        if self.take(b'}')? {
            return Ok(());
        }
        loop {
            let name = self.text()?;
            self.expect(b':')?;
            member(self, &name)?;
            if self.take(b'}')? {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Reads a list.
    pub(super) fn list<I>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<I, Unreadable>,
    ) -> Result<Vec<I>, Unreadable> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        if self.take(b']')? {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(b']')? {
                return Ok(items);
            }
            self.expect(b',')?;
        }
    }

    /// Reads a value that may be null.
    pub(super) fn nullable<V>(
        &mut self,
        value: impl FnOnce(&mut Self) -> Result<V, Unreadable>,
    ) -> Result<Option<V>, Unreadable> {
        if self.next()? == b'n' {
            self.word().and_then(|word| match word {
                b"null" => Ok(None),
                _ => Err(self.unexpected("null")),
            })
        } else {
            value(self).map(Some)
        }
    }

    /// Reads a string. It is borrowed from the body unless it has escapes.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        let (begin, escaped) = self.string()?;
        if escaped {
            let whole = &self.body[begin..self.at];
            return Ok(Cow::Owned(serde_json::from_slice(whole)?));
        }
        let inner = &self.body[begin + 1..self.at - 1];
        let text = std::str::from_utf8(inner).map_err(|_| self.unexpected("UTF-8"))?;
        Ok(Cow::Borrowed(text))
    }

    /// Reads true or false.
    pub(super) fn boolean(&mut self) -> Result<bool, Unreadable> {
        match self.word()? {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(self.unexpected("true or false")),
        }
    }

    /// Reads a whole number that is not negative.
    pub(super) fn number(&mut self) -> Result<u64, Unreadable> {
        let word = self.word()?;
        serde_json::from_slice(word).map_err(|_| self.unexpected("a whole number"))
    }

    /// Passes over a value of any kind.
    pub(super) fn pass(&mut self) -> Result<(), Unreadable> {
        // One bit for each open bracket, the innermost last: whether it is an object's.
        let (mut open, mut depth) = (0_u128, 0);
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                bracket @ (b'{' | b'[') => {
                    if depth == DEPTH_MAX {
                        return Err(self.unexpected("an end of the nesting"));
                    }
                    open = open << 1 | u128::from(bracket == b'{');
                    depth += 1;
                    self.at += 1;
                }
                bracket @ (b'}' | b']') => {
                    if depth == 0 || (open & 1 == 1) != (bracket == b'}') {
                        return Err(self.unexpected("another bracket"));
                    }
                    open >>= 1;
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                _ => {
                    self.word()?;
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Takes the next value when it is this object, byte by byte. No other value begins with the
    /// bytes of a whole object.
    pub(super) fn take_object(&mut self, bytes: &[u8]) -> bool {
        let same = self.body[self.at..].starts_with(bytes);
        if same {
            self.at += bytes.len();
        }
        same
    }

    /// Where the next value begins.
    pub(super) fn begin(&mut self) -> Result<usize, Unreadable> {
        self.next()?;
        Ok(self.at)
    }

    /// The bytes from there to here.
    pub(super) fn since(&self, begin: usize) -> &'a [u8] {
        &self.body[begin..self.at]
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), Unreadable> {
        match self.next() {
            Err(Unreadable::Cut) => Ok(()),
            _ => Err(self.unexpected("the end")),
        }
    }

    /// The next byte that is no space; it is not taken.
    fn next(&mut self) -> Result<u8, Unreadable> {
        while let Some(byte) = self.body.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(Unreadable::Cut)
    }

    fn take(&mut self, byte: u8) -> Result<bool, Unreadable> {
        let same = self.next()? == byte;
        self.at += usize::from(same);
        Ok(same)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.take(byte)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("{:?}", char::from(byte))))
    }

    /// Passes over a string; where it began, and whether it has escapes.
    fn string(&mut self) -> Result<(usize, bool), Unreadable> {
        let begin = self.begin()?;
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            let mark = next_mark(self.body, self.at).ok_or(Unreadable::Cut)?;
            if self.body[mark] == b'"' {
                self.at = mark + 1;
                return Ok((begin, escaped));
            }
            escaped = true;
            self.at = mark + 2;
        }
    }

    /// A number, or a word such as null.
    fn word(&mut self) -> Result<&'a [u8], Unreadable> {
        let begin = self.begin()?;
        let rest = &self.body[begin..];
        let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let length = rest.iter().take_while(|byte| in_word(byte)).count();
        if length == 0 {
            return Err(self.unexpected("a value"));
        }
        self.at += length;
        // It may go on behind the end.
        if length == rest.len() {
            return Err(Unreadable::Cut);
        }
        Ok(&rest[..length])
    }

    fn unexpected(&self, wanted: &str) -> Unreadable {
        Unreadable::Invalid(format!("{wanted} was expected near byte {}", self.at))
    }
}

/// The next quotation mark or backslash. Eight bytes at a time: a byte of a word is zero exactly
/// where the word equals the wanted one, and the lowest such byte is found without a branch.
fn next_mark(body: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = ONES * b'"' as u64;
    const BACKSLASHES: u64 = ONES * b'\\' as u64;
    while let Some(chunk) = body.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*chunk);
        let (quote, backslash) = (word ^ QUOTES, word ^ BACKSLASHES);
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let marks = (zero(quote) | zero(backslash)) & HIGH;
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += chunk.len();
    }
    let rest = body.get(at..)?;
    let mark = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(at + mark)
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
