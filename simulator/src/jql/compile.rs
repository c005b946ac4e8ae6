//! Tree to tests: names become places, keys become ids, saved filters are read. All that is wrong
//! with the meaning of a query is found here, and collected.

use super::ast::{Clause, Query, Sort};
use super::clause;
use super::order::{self, Ordering};
use super::parse::parse;
use super::test::{Test, Word};
use crate::sentence::Sentence;
use crate::state::State;

/// A query ready to run.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) test: Test,
    pub(super) order: Vec<Ordering>,
    /// Everything that is wrong with it.
    pub(super) problems: Vec<Sentence>,
    /// Speaks of now: the same query can find other issues a minute later.
    pub(super) relative: bool,
}

/// What is known while compiling.
pub(super) struct Compiler<'a> {
    pub(super) state: &'a State,
    pub(super) problems: Vec<Sentence>,
    pub(super) relative: bool,
    /// ORDER BY of the outermost embedded filter.
    order: Vec<Sort>,
    /// Filters being read, to find one that contains itself.
    open: Vec<u64>,
}

pub(super) fn compile(state: &State, query: &Query) -> Compiled {
    let mut compiler = Compiler {
        state,
        problems: Vec::new(),
        relative: false,
        order: Vec::new(),
        open: Vec::new(),
    };
    let test = query
        .clause
        .as_ref()
        .map_or(Test::Everything, |clause| compiler.clause(clause));
    let sorts = if query.order.is_empty() {
        &compiler.order
    } else {
        &query.order
    };
    let mut orderings = Vec::new();
    let mut unsortable = Vec::new();
    for sort in sorts {
        match order::resolve(state, sort) {
            Ok(ordering) => orderings.push(ordering),
            Err(sentence) => unsortable.push(sentence),
        }
    }
    let mut problems = compiler.problems;
    problems.extend(unsortable);
    Compiled {
        test,
        order: orderings,
        problems,
        relative: compiler.relative,
    }
}

impl Compiler<'_> {
    fn clause(&mut self, clause: &Clause) -> Test {
        match clause {
            Clause::And(all) => Test::And(all.iter().map(|one| self.clause(one)).collect()),
            Clause::Or(any) => Test::Or(any.iter().map(|one| self.clause(one)).collect()),
            Clause::Not(inner) => self.negated(inner),
            Clause::Words(words) => Test::Words(Word::all(&words.join(" "))),
            Clause::Test {
                field,
                operator,
                operand,
            } => clause::test(self, field, *operator, operand),
        }
    }

    /// NOT reaches the single tests: `NOT assignee = a` is `assignee != a`, which an issue without
    /// assignee does not pass.
    fn negated(&mut self, clause: &Clause) -> Test {
        match clause {
            Clause::And(all) => Test::Or(all.iter().map(|one| self.negated(one)).collect()),
            Clause::Or(any) => Test::And(any.iter().map(|one| self.negated(one)).collect()),
            Clause::Not(inner) => self.clause(inner),
            Clause::Words(_) => self.clause(clause).not(),
            Clause::Test {
                field,
                operator,
                operand,
            } => {
                let (_, negative) = operator.positive();
                let opposite = operator.opposite();
                match negative || operator.has_opposite() {
                    true => clause::test(self, field, opposite, operand),
                    false => clause::test(self, field, *operator, operand).not(),
                }
            }
        }
    }

    /// The test of a saved filter; its ORDER BY is used when the query has none.
    pub(super) fn filter(&mut self, text: &str, field: &str) -> Test {
        let Some(filter) = self.state.filter(text) else {
            return self.unknown(text, field);
        };
        if self.open.contains(&filter.id) {
            self.problems
                .push(Sentence::FilterLoop(filter.name.clone()));
            return Test::Nothing;
        }
        let query = match parse(&filter.jql, self.state.flavour) {
            Ok(query) => query,
            Err(sentence) => {
                self.problems.push(sentence);
                return Test::Nothing;
            }
        };
        if self.order.is_empty() {
            self.order.clone_from(&query.order);
        }
        self.open.push(filter.id);
        let test = query
            .clause
            .as_ref()
            .map_or(Test::Everything, |clause| self.clause(clause));
        self.open.pop();
        test
    }

    pub(super) fn unknown(&mut self, value: &str, field: &str) -> Test {
        let (value, field) = (value.to_owned(), field.to_owned());
        self.problems.push(Sentence::UnknownValue { value, field });
        Test::Nothing
    }
}
