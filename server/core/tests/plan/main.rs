//! The planner, from outside: behaviours as text, and properties over random worlds.

mod check;
mod composition;
mod confirmed;
mod filter;
mod guards;
mod outline;
mod properties;
mod random;
mod random_world;
mod subtasks;
mod world;
