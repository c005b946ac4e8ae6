//! Pages of lists: their sizes, and the tokens that lead from one to the next.

use crate::refusal::Refusal;
use crate::token::Sealer;

/// The size of a page: what was asked for, within the bounds of the list.
///
/// # Errors
/// `FIELD_INVALID` when it is negative.
pub(crate) fn size(asked: i32, default: usize, most: usize) -> Result<usize, Refusal> {
    match usize::try_from(asked) {
        Ok(0) => Ok(default),
        Ok(asked) => Ok(asked.min(most)),
        Err(_) => Err(Refusal::field(
            "page_size",
            "must not be negative; 0 is the default",
        )),
    }
}

/// Page size of most lists when the caller asks for none.
pub(crate) const PAGE_DEFAULT: usize = 50;

/// Largest page of most lists: stays far below the size of a message.
pub(crate) const PAGE_MAX: usize = 500;

/// Where a list goes on: after the record with this number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// The records.
    pub(crate) items: Vec<T>,
    /// The number of the last record, when there may be more.
    pub(crate) next: Option<i64>,
}

/// Reads the number out of a page token; `None` for the first page.
///
/// # Errors
/// `TOKEN_INVALID` when the token is not of this list.
pub(crate) fn after(sealer: &Sealer, scope: &[&[u8]], token: &str) -> Result<Option<i64>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let payload = sealer.open("page_token", scope, token)?;
    let number = <[u8; 8]>::try_from(payload.as_slice());
    number
        .map(|bytes| Some(i64::from_be_bytes(bytes)))
        .map_err(|_| Refusal::token("page_token"))
}

/// The token of the next page; empty on the last one.
pub(crate) fn next_token(sealer: &Sealer, scope: &[&[u8]], next: Option<i64>) -> String {
    next.map_or_else(String::new, |number| {
        sealer.seal(scope, &number.to_be_bytes())
    })
}
