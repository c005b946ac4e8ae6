//! Turns messages into text. Pure: nothing here reads a clock, an environment or a terminal.

pub mod job;
pub mod json;
pub mod outline;
pub mod plan;
pub mod progress;
pub mod style;
pub mod table;
pub mod text;
pub mod tree;
pub mod words;
