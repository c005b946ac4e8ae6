//! Tests of what decides about incremental syncs: text in, text out.

mod cursor;
mod delta;
mod due;
mod links;
mod volatile;
