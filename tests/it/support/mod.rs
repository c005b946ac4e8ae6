//! What the tests stand on: the real server, in process or as a binary, and simulated Jiras.

pub mod binary;
pub mod outline;
pub mod server;
pub mod shared;
