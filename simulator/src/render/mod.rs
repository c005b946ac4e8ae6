//! Writes answers. Issues are made of fragments that the catalog has ready, so that a page costs
//! little more than copying its bytes.

pub(crate) mod history;
pub(crate) mod issue;
pub(crate) mod text;
pub(crate) mod time;
