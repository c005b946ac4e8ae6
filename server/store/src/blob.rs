//! Values of the core as documents: JSON where people may want to look, postcard where there are
//! many.

use crate::error::Error;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

/// The first byte of every blob: postcard, as it is.
const PLAIN: u8 = 1;

/// The first byte of every blob: postcard, deflated. Lists of many changes repeat themselves.
///
/// A change of layout of the types gets the next two numbers, and a reader for these.
const DEFLATED: u8 = 2;

/// Below this size deflating saves less than a page of the database, in bytes.
const DEFLATE_MIN: usize = 512;

/// Writes a list as a blob.
pub(crate) fn to_blob<T: Serialize>(values: &[T]) -> Result<Vec<u8>, Error> {
    let plain =
        postcard::to_extend(values, vec![PLAIN]).map_err(|error| internal(&error.to_string()))?;
    if plain.len() < DEFLATE_MIN {
        return Ok(plain);
    }
    let mut deflated = DeflateEncoder::new(vec![DEFLATED], Compression::fast());
    deflated
        .write_all(plain.get(1..).unwrap_or_default())
        .and_then(|()| deflated.finish())
        .map_err(|error| internal(&error.to_string()))
}

/// Reads a list from a blob.
pub(crate) fn from_blob<T: for<'a> Deserialize<'a>>(
    bytes: &[u8],
    what: &'static str,
) -> Result<Vec<T>, Error> {
    let corrupt = || Error::Corrupt { what };
    match bytes.split_first() {
        Some((&PLAIN, body)) => postcard::from_bytes(body).map_err(|_| corrupt()),
        Some((&DEFLATED, body)) => {
            let mut plain = Vec::new();
            DeflateDecoder::new(body)
                .read_to_end(&mut plain)
                .map_err(|_| corrupt())?;
            postcard::from_bytes(&plain).map_err(|_| corrupt())
        }
        _ => Err(corrupt()),
    }
}

fn internal(cause: &str) -> Error {
    Error::Internal {
        cause: cause.to_owned(),
    }
}

/// Writes a value as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| internal(&error.to_string()))
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
        blob[0] = DEFLATED + 1;
        let error = from_blob::<i64>(&blob, "numbers").unwrap_err();
        assert_eq!(error, Error::Corrupt { what: "numbers" });
    }

    #[test]
    fn a_blob_that_was_cut_short_is_corrupt() {
        for many in [2, 2_000] {
            let blob = to_blob(&vec![1_i64; many]).unwrap();
            for length in [0, 1, blob.len() / 2, blob.len() - 1] {
                let error = from_blob::<i64>(&blob[..length], "numbers").unwrap_err();
                assert_eq!(error, Error::Corrupt { what: "numbers" }, "{length}");
            }
        }
    }

    #[test]
    fn a_long_list_is_deflated_and_a_short_one_is_not() {
        let long: Vec<String> = (0..1_000).map(|n| format!("Row {n} of a list")).collect();
        let blob = to_blob(&long).unwrap();
        assert_eq!(blob[0], DEFLATED);
        assert!(blob.len() * 3 < 16 * long.len(), "{} bytes", blob.len());
        assert_eq!(from_blob::<String>(&blob, "texts").unwrap(), long);
        assert_eq!(to_blob(&long[..2]).unwrap()[0], PLAIN);
    }
}
