//! What the tests stand on: the real server, in process or as a binary, and simulated Jiras.

pub(crate) mod binary;
pub(crate) mod outline;
pub(crate) mod process;
pub(crate) mod real;
pub(crate) mod server;
pub(crate) mod shared;
pub(crate) mod shell;
pub(crate) mod world;
