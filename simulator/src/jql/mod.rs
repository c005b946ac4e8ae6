//! The part of JQL that a synchronizer needs: text → tokens → tree (`parse`) → tests over issues
//! with every name resolved (`compile`) → issues in order (`run`). It is no complete JQL; what is
//! not known is refused as Jira refuses it, never passed over.

mod ast;
mod clause;
mod compare;
mod compile;
mod date;
mod filter;
mod function;
mod lexer;
mod order;
mod parse;
mod run;
mod test;

pub(crate) use filter::{check_app_filter, holds};
pub(crate) use run::{Search, run};
