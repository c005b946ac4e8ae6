//! Reading one issue, as it is now.

use super::answer::{self, Refusal};
use super::{Call, Reply};
use crate::fields::Selection;
use crate::render::issue;
use crate::sentence::Sentence;
use crate::state::State;

/// By id or by key; a former key finds the issue under its present one.
pub(crate) fn read(state: &State, call: &Call<'_>, text: &str) -> Result<Reply, Refusal> {
    let slot = state.slot_of_text(text);
    let found = slot.map(|slot| &state.issues[slot as usize]);
    let found = found.filter(|issue| state.readable(issue) && !call.anonymous());
    let Some(found) = found else {
        return Err(Refusal::domain(404, Sentence::IssueMissing));
    };
    let fields = call
        .parameters
        .list("fields")
        .unwrap_or_else(|| vec!["*all".to_owned()]);
    // Unlike a search, a read always tells id and key.
    let selection = Selection {
        id_only: false,
        ..Selection::read(&fields, &state.fields, state.flavour)
    };
    let mut out = Vec::with_capacity(4096);
    issue::write(&mut out, state, found, &selection);
    Ok(Reply {
        response: answer::data(state.flavour, out),
        issues: 1,
    })
}
