//! The program from the outside: its help, and its ways to end. What it says in conversation with
//! a server is tested with the server, from the root of the workspace.

mod help;
mod program;
mod tls;
