//! Clauses over instants, ids and keys: the fields that have an order.

use super::ast::{Operand, Operator};
use super::compile::Compiler;
use super::date;
use super::function;
use super::test::{Moment, Test};
use crate::sentence::Sentence;

/// `updated >= …` and the like.
pub(super) fn time(
    compiler: &mut Compiler<'_>,
    field: &str,
    moment: Moment,
    operator: Operator,
    operand: &Operand,
) -> Test {
    let state = compiler.state;
    let instant = match operand {
        Operand::Empty => {
            let has = Test::Time(moment, i64::MIN..=i64::MAX);
            return if operator.positive().1 {
                has
            } else {
                has.not()
            };
        }
        Operand::Value { text, quoted } => {
            compiler.relative |= date::is_relative(text);
            date::read(text, *quoted, &state.zone, state.now)
        }
        Operand::Function { name, arguments } => {
            compiler.relative = true;
            function::instant(state, name, arguments)
        }
        Operand::List(_) => None,
    };
    let Some(instant) = instant else {
        let value = function::shown(operand);
        compiler.problems.push(Sentence::BadDate {
            value,
            field: field.to_owned(),
        });
        return Test::Nothing;
    };
    let range = match operator {
        Operator::Less => i64::MIN..=instant.saturating_sub(1),
        Operator::LessEquals => i64::MIN..=instant,
        Operator::Greater => instant.saturating_add(1)..=i64::MAX,
        Operator::GreaterEquals => instant..=i64::MAX,
        _ => instant..=instant,
    };
    let test = Test::Time(moment, range);
    if operator.positive().1 {
        test.not()
    } else {
        test
    }
}

/// `id > n` and `key > A-n`. The end of the range need not exist.
pub(super) fn range(
    compiler: &mut Compiler<'_>,
    field: &str,
    operator: Operator,
    operand: &Operand,
) -> Test {
    let text = function::shown(operand);
    let (number, project) = match text.rsplit_once('-') {
        Some((project, number)) => (number.parse().ok(), Some(project)),
        None => (text.parse::<u64>().ok(), None),
    };
    let Some(number) = number else {
        let field = field.to_owned();
        compiler
            .problems
            .push(Sentence::BadNumber { value: text, field });
        return Test::Nothing;
    };
    let range = match operator {
        Operator::Less if number == 0 => return Test::Nothing,
        Operator::Less => 0..=number - 1,
        Operator::LessEquals => 0..=number,
        Operator::Greater => number.saturating_add(1)..=u64::MAX,
        _ => number..=u64::MAX,
    };
    let Some(project) = project else {
        return Test::IdRange(range);
    };
    match compiler.state.catalog.project_by_key(project) {
        Some(place) => {
            let least = u32::try_from(*range.start()).unwrap_or(u32::MAX);
            let most = u32::try_from(*range.end()).unwrap_or(u32::MAX);
            Test::KeyRange(place, least..=most)
        }
        None => compiler.unknown(&text, field),
    }
}
