//! The whole, through its doors: real binaries, real HTTP, real stores.

mod architecture;
mod archive;
mod faults;
mod simulation;
mod support;
