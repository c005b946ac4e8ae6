//! Three-way merge: every case of a small world, sequences of edits, and behaviours as text.

mod cases;
mod links;
mod order;
mod sequences;
