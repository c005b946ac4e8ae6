//! A query as it was written. No name in it is known to mean anything yet.

/// A whole query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// `None`: everything.
    pub(crate) clause: Option<Clause>,
    pub(crate) order: Vec<Sort>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    And(Vec<Clause>),
    Or(Vec<Clause>),
    Not(Box<Clause>),
    Test {
        field: String,
        operator: Operator,
        operand: Operand,
    },
    /// Words without any operator: a text search.
    Words(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
    In,
    NotIn,
    Like,
    NotLike,
    Less,
    LessEquals,
    Greater,
    GreaterEquals,
    Is,
    IsNot,
}

impl Operator {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Like => "~",
            Self::NotLike => "!~",
            Self::Less => "<",
            Self::LessEquals => "<=",
            Self::Greater => ">",
            Self::GreaterEquals => ">=",
            Self::Is => "is",
            Self::IsNot => "is not",
        }
    }

    /// Whether `opposite` says the same as NOT does.
    pub(crate) fn has_opposite(self) -> bool {
        matches!(self, Self::Equals | Self::In | Self::Like | Self::Is)
    }

    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Equals => Self::NotEquals,
            Self::NotEquals => Self::Equals,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Like => Self::NotLike,
            Self::NotLike => Self::Like,
            Self::Is => Self::IsNot,
            Self::IsNot => Self::Is,
            other => other,
        }
    }

    /// Whether it is the opposite of another operator, which it returns.
    pub(crate) fn positive(self) -> (Self, bool) {
        match self {
            Self::NotEquals => (Self::Equals, true),
            Self::NotIn => (Self::In, true),
            Self::NotLike => (Self::Like, true),
            Self::IsNot => (Self::Is, true),
            other => (other, false),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Value {
        text: String,
        quoted: bool,
    },
    List(Vec<Operand>),
    Function {
        name: String,
        arguments: Vec<String>,
    },
    Empty,
}

/// One field of ORDER BY. `None`: the direction that the field has by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) field: String,
    pub(crate) descending: Option<bool>,
}
