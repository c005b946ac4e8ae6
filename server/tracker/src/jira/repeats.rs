//! What comes again and again in one read: texts, and whole objects.
//!
//! What it is not: a cache between reads. Nothing here lasts longer than the read that it serves.

use super::json::Reader;
use super::wire::Unreadable;
use rustc_hash::FxHashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps each text that repeats once. Clones share what is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner(Arc<Mutex<FxHashSet<Arc<str>>>>);

impl Interner {
    /// The text, kept once.
    pub(super) fn keep(&self, text: &str) -> Arc<str> {
        let mut texts = self.lock();
        if let Some(known) = texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        texts.insert(Arc::clone(&new));
        new
    }

    fn lock(&self) -> MutexGuard<'_, FxHashSet<Arc<str>>> {
        // A set of texts is whole after each step, even if a holder died.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Most objects of a kind that are remembered within one page: each is compared with.
const REPEATS_MAX: usize = 32;

/// Objects that come again and again in a page, byte by byte the same (types, projects), with what
/// was made of each. To compare is many times faster than to read.
pub(super) struct Repeats<'a, V>(Vec<(&'a [u8], V)>);

impl<V> Default for Repeats<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, V: Clone> Repeats<'a, V> {
    /// Reads the next value, which is an object.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'a>,
        read: impl FnOnce(&mut Reader<'a>) -> Result<V, Unreadable>,
    ) -> Result<V, Unreadable> {
        let begin = reader.begin()?;
        let known = self.0.iter().find(|(bytes, _)| reader.take_object(bytes));
        if let Some((_, value)) = known {
            return Ok(value.clone());
        }
        let value = read(reader)?;
        if self.0.len() < REPEATS_MAX {
            self.0.push((reader.since(begin), value.clone()));
        }
        Ok(value)
    }
}
