//! Values of the core as documents: JSON where people may want to look, postcard where there are
//! many.

use crate::error::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The first byte of every postcard blob: which layout of the types it was written with. A change
/// of layout gets the next number, and a reader for the one before.
const FORMAT: u8 = 1;

/// Writes a list as a blob.
pub(crate) fn to_blob<T: Serialize>(values: &[T]) -> Result<Vec<u8>, Error> {
    postcard::to_extend(values, vec![FORMAT]).map_err(|error| Error::Internal {
        cause: error.to_string(),
    })
}

/// Reads a list from a blob.
pub(crate) fn from_blob<T: for<'a> Deserialize<'a>>(
    bytes: &[u8],
    what: &'static str,
) -> Result<Vec<T>, Error> {
    let body = bytes
        .strip_prefix(&[FORMAT])
        .ok_or(Error::Corrupt { what })?;
    postcard::from_bytes(body).map_err(|_| Error::Corrupt { what })
}

/// Writes a value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal {
        cause: error.to_string(),
    })
}

/// Reads a value from JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt { what })
}

/// Writes a value as JSON, if there is one.
pub(crate) fn to_json_opt<T: Serialize>(value: Option<&T>) -> Result<Option<String>, Error> {
    value.map(to_json).transpose()
}

/// Reads a value from JSON, if there is one.
pub(crate) fn from_json_opt<T: DeserializeOwned>(
    text: Option<&str>,
    what: &'static str,
) -> Result<Option<T>, Error> {
    text.map(|text| from_json(text, what)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_survives_a_blob() {
        let blob = to_blob(&[1_i64, -2, 3]).unwrap();
        assert_eq!(from_blob::<i64>(&blob, "numbers").unwrap(), [1, -2, 3]);
    }

    #[test]
    fn a_blob_of_an_unknown_format_is_corrupt() {
        let mut blob = to_blob(&[1_i64]).unwrap();
        blob[0] = FORMAT + 1;
        let error = from_blob::<i64>(&blob, "numbers").unwrap_err();
        assert_eq!(error, Error::Corrupt { what: "numbers" });
    }

    #[test]
    fn a_blob_that_was_cut_short_is_corrupt() {
        let blob = to_blob(&[1_i64, 2]).unwrap();
        let error = from_blob::<i64>(&blob[..2], "numbers").unwrap_err();
        assert_eq!(error, Error::Corrupt { what: "numbers" });
    }
}
