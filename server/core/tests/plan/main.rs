//! The core from outside: behaviours of planning and editing as text, and properties over random
//! worlds.

mod agile;
mod check;
mod composition;
mod confirmed;
mod edit;
mod filter;
mod guards;
mod links;
mod links_composition;
mod links_unseen;
mod outline;
mod overlap;
mod properties;
mod properties_of_kinds;
mod random;
mod random_world;
mod scale;
mod subtasks;
mod summary;
mod world;
