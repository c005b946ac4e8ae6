//! The core from outside: behaviours of planning and editing as text, and properties over random
//! worlds.

mod check;
mod composition;
mod confirmed;
mod edit;
mod filter;
mod guards;
mod outline;
mod properties;
mod random;
mod random_world;
mod subtasks;
mod summary;
mod world;
