//! Tokens to tree. NOT binds closest, then AND, then OR.

use super::ast::{Clause, Operand, Operator, Query, Sort};
use super::clause::is_field_name;
use super::lexer::{Token, tokens};
use crate::Flavour;
use crate::sentence::Sentence;

/// More fields than this in ORDER BY are refused by Cloud.
const ORDER_MAX: usize = 7;
/// Parentheses and NOTs inside each other; deeper queries are no queries of people or clients.
const DEPTH_MAX: usize = 100;

/// Words that must be quoted when they are meant as a value.
const RESERVED: [&str; 60] = [
    "abort", "access", "add", "after", "alias", "all", "alter", "and", "any", "as", "asc", "audit",
    "avg", "before", "begin", "between", "by", "cascade", "change", "check", "column", "commit",
    "count", "create", "current", "date", "decimal", "default", "delete", "desc", "distinct",
    "drop", "else", "empty", "end", "equals", "exists", "file", "first", "for", "from", "function",
    "group", "having", "if", "in", "index", "insert", "is", "join", "last", "left", "like",
    "limit", "not", "null", "or", "order", "select", "where",
];

/// Reads a query. On Cloud, words that do not begin with a field are a text search.
pub(crate) fn parse(text: &str, flavour: Flavour) -> Result<Query, Sentence> {
    let tokens = tokens(text)?;
    if flavour == Flavour::Cloud
        && let Some(words) = bare_words(&tokens)
        && let [first, _, ..] = &words[..]
        && !is_field_name(first)
        && !first.eq_ignore_ascii_case("order")
    {
        return Ok(Query {
            clause: Some(Clause::Words(words)),
            order: Vec::new(),
        });
    }
    Reader {
        tokens: &tokens,
        at: 0,
        depth: 0,
    }
    .query()
}

/// The words, when there is nothing else.
fn bare_words(tokens: &[Token]) -> Option<Vec<String>> {
    let words = tokens.iter().map(|token| match token {
        Token::Word(word) => Some(word.clone()),
        _ => None,
    });
    words.collect()
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn query(&mut self) -> Result<Query, Sentence> {
        let clause = if self.tokens.is_empty() || self.is_word(0, "order") {
            None
        } else {
            Some(self.either()?)
        };
        let order = if self.take_word("order") {
            self.order()?
        } else {
            Vec::new()
        };
        match self.tokens.get(self.at) {
            None => Ok(Query { clause, order }),
            Some(_) => Err(self.unexpected("AND")),
        }
    }

    fn either(&mut self) -> Result<Clause, Sentence> {
        let mut all = vec![self.both()?];
        while self.take_word("or") || self.take_sign("|") {
            all.push(self.both()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Clause::Or(all)
        })
    }

    fn both(&mut self) -> Result<Clause, Sentence> {
        let mut all = vec![self.one()?];
        while self.take_word("and") || self.take_sign("&") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Clause::And(all)
        })
    }

    fn one(&mut self) -> Result<Clause, Sentence> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Sentence::TooDeep);
        }
        let clause = if self.take_word("not") || self.take_sign("!") {
            Clause::Not(Box::new(self.one()?))
        } else if self.take_sign("(") {
            let clause = self.either()?;
            self.expect_sign(")")?;
            clause
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(clause)
    }

    fn test(&mut self) -> Result<Clause, Sentence> {
        let field = self.field()?;
        let operator = self.operator(&field)?;
        let operand = match operator {
            Operator::In | Operator::NotIn => self.list()?,
            _ => self.operand()?,
        };
        Ok(Clause::Test {
            field,
            operator,
            operand,
        })
    }

    fn field(&mut self) -> Result<String, Sentence> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("cf") => {
                self.at += 1;
                self.expect_sign("[")?;
                let number = self.name()?;
                self.expect_sign("]")?;
                Ok(format!("cf[{number}]"))
            }
            _ => self.name(),
        }
    }

    fn name(&mut self) -> Result<String, Sentence> {
        match self.tokens.get(self.at) {
            Some(Token::Word(text)) if reserved(text) => Err(Sentence::ReservedWord(text.clone())),
            Some(Token::Word(text) | Token::Quoted(text)) => {
                self.at += 1;
                Ok(text.clone())
            }
            _ => Err(self.unexpected("a field name")),
        }
    }

    fn operator(&mut self, field: &str) -> Result<Operator, Sentence> {
        let signs = [
            ("=", Operator::Equals),
            ("!=", Operator::NotEquals),
            ("~", Operator::Like),
            ("!~", Operator::NotLike),
            ("<", Operator::Less),
            ("<=", Operator::LessEquals),
            (">", Operator::Greater),
            (">=", Operator::GreaterEquals),
        ];
        for (sign, operator) in signs {
            if self.take_sign(sign) {
                return Ok(operator);
            }
        }
        if self.take_word("in") {
            return Ok(Operator::In);
        }
        if self.take_word("is") {
            let not = self.take_word("not");
            return Ok(if not { Operator::IsNot } else { Operator::Is });
        }
        for history in ["was", "changed"] {
            if self.is_word(self.at, history) {
                return Err(Sentence::NoHistory(history.to_owned(), field.to_owned()));
            }
        }
        if self.is_word(self.at, "not") && self.is_word(self.at + 1, "in") {
            self.at += 2;
            return Ok(Operator::NotIn);
        }
        Err(self.unexpected("an operator"))
    }

    fn list(&mut self) -> Result<Operand, Sentence> {
        if !self.take_sign("(") {
            return self.operand();
        }
        let mut values = vec![self.operand()?];
        while self.take_sign(",") {
            values.push(self.operand()?);
        }
        self.expect_sign(")")?;
        Ok(Operand::List(values))
    }

    fn operand(&mut self) -> Result<Operand, Sentence> {
        let operand = match self.tokens.get(self.at) {
            Some(Token::Quoted(text)) => Operand::Value {
                text: text.clone(),
                quoted: true,
            },
            Some(Token::Word(text)) if is_one_of(text, &["empty", "null"]) => Operand::Empty,
            Some(Token::Word(text)) if reserved(text) => {
                return Err(Sentence::ReservedWord(text.clone()));
            }
            Some(Token::Word(text)) => Operand::Value {
                text: text.clone(),
                quoted: false,
            },
            Some(Token::Sign("(")) => return self.list(),
            _ => return Err(self.unexpected("a value")),
        };
        self.at += 1;
        match operand {
            Operand::Value { text, .. } if self.take_sign("(") => Ok(Operand::Function {
                name: text,
                arguments: self.arguments()?,
            }),
            other => Ok(other),
        }
    }

    fn arguments(&mut self) -> Result<Vec<String>, Sentence> {
        let mut arguments = Vec::new();
        while let Some(Token::Word(text) | Token::Quoted(text)) = self.tokens.get(self.at) {
            arguments.push(text.clone());
            self.at += 1;
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect_sign(")")?;
        Ok(arguments)
    }

    fn order(&mut self) -> Result<Vec<Sort>, Sentence> {
        if !self.take_word("by") {
            return Err(self.unexpected("BY"));
        }
        let mut order = Vec::new();
        loop {
            let field = self.field()?;
            let descending = if self.take_word("asc") {
                Some(false)
            } else if self.take_word("desc") {
                Some(true)
            } else {
                None
            };
            order.push(Sort { field, descending });
            if !self.take_sign(",") {
                break;
            }
        }
        if order.len() > ORDER_MAX {
            Err(Sentence::TooManySorts(ORDER_MAX))
        } else {
            Ok(order)
        }
    }

    fn is_word(&self, at: usize, text: &str) -> bool {
        matches!(self.tokens.get(at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(text))
    }

    fn take_word(&mut self, text: &str) -> bool {
        let found = self.is_word(self.at, text);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, text: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if *sign == text);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, text: &'static str) -> Result<(), Sentence> {
        if self.take_sign(text) {
            Ok(())
        } else {
            Err(self.unexpected(text))
        }
    }

    fn unexpected(&self, wanted: &'static str) -> Sentence {
        let found = match self.tokens.get(self.at) {
            Some(Token::Word(text) | Token::Quoted(text)) => Some(text.clone()),
            Some(Token::Sign(sign)) => Some((*sign).to_owned()),
            None => None,
        };
        Sentence::Unexpected { wanted, found }
    }
}

fn reserved(word: &str) -> bool {
    is_one_of(word, &RESERVED)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| other.eq_ignore_ascii_case(word))
}
