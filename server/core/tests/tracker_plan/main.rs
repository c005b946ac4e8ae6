//! What has to change in the tracker: behaviours as text, and properties over random worlds.

mod epics;
mod links;
mod longest;
mod properties;
mod rank;
mod rollup;
mod world;
