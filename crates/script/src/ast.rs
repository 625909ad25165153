//! The tree of a script, as it is written.

use std::sync::Arc;

/// An expression in the [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExprId(pub u32);

/// The expressions of a script, in one place so that dropping a deep tree needs no recursion.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub exprs: Vec<Expr>,
    /// The functions that the script defines.
    pub functions: Vec<Function>,
}

/// `int add(int a, int b) { return a + b; }`
#[derive(Debug)]
pub(crate) struct Function {
    pub name: Arc<str>,
    /// Name of the type that it gives, `void` for nothing.
    pub result: Arc<str>,
    /// Type and name of each parameter.
    pub parameters: Vec<(Arc<str>, Arc<str>)>,
    pub body: Vec<Statement>,
    pub at: usize,
}

/// What a lambda expression does.
#[derive(Debug)]
pub(crate) enum Body {
    Value(ExprId),
    Block(Vec<Statement>),
}

/// `catch (Exception e) { … }`
#[derive(Debug)]
pub(crate) struct Catch {
    pub class: Arc<str>,
    pub variable: Arc<str>,
    pub body: Vec<Statement>,
    pub at: usize,
}

impl Tree {
    pub(crate) fn get(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }
}

/// An expression and where it stands.
#[derive(Debug)]
pub(crate) struct Expr {
    pub kind: ExprKind,
    /// First byte of what fails when it fails.
    pub at: usize,
    /// How deep the tree under it is; the left side of a chain of operators does not count.
    pub height: usize,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(Arc<str>),
    List(Vec<ExprId>),
    Map(Vec<(ExprId, ExprId)>),
    New {
        name: Arc<str>,
        args: Vec<ExprId>,
    },
    Name(Arc<str>),
    Field {
        object: ExprId,
        name: Arc<str>,
        safe: bool,
    },
    Index {
        object: ExprId,
        index: ExprId,
    },
    Call {
        object: ExprId,
        name: Arc<str>,
        args: Vec<ExprId>,
        safe: bool,
    },
    Unary {
        operator: Unary,
        operand: ExprId,
    },
    Binary {
        operator: Binary,
        left: ExprId,
        right: ExprId,
    },
    Logic {
        and: bool,
        left: ExprId,
        right: ExprId,
    },
    Choice {
        condition: ExprId,
        yes: ExprId,
        no: ExprId,
    },
    Elvis {
        value: ExprId,
        otherwise: ExprId,
    },
    Assign {
        target: ExprId,
        operator: Option<Binary>,
        value: ExprId,
    },
    Step {
        target: ExprId,
        up: bool,
        prefix: bool,
    },
    Cast {
        name: Arc<str>,
        operand: ExprId,
    },
    /// `(a, b) -> body`, as the argument of a method.
    Lambda {
        parameters: Vec<Arc<str>>,
        body: Body,
    },
    /// `name(…)`: a function of the script, or one that its context has.
    CallFunction {
        name: Arc<str>,
        args: Vec<ExprId>,
    },
    InstanceOf {
        operand: ExprId,
        name: Arc<str>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Complement,
    Minus,
    Plus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
    And,
    Or,
    Xor,
    Equal,
    NotEqual,
    Same,
    NotSame,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Binary {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
            Binary::ShiftLeft => "<<",
            Binary::ShiftRight => ">>",
            Binary::ShiftRightUnsigned => ">>>",
            Binary::And => "&",
            Binary::Or => "|",
            Binary::Xor => "^",
            Binary::Equal => "==",
            Binary::NotEqual => "!=",
            Binary::Same => "===",
            Binary::NotSame => "!==",
            Binary::Less => "<",
            Binary::LessEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterEqual => ">=",
        }
    }

    pub(crate) fn compares(self) -> bool {
        matches!(
            self,
            Binary::Equal
                | Binary::NotEqual
                | Binary::Same
                | Binary::NotSame
                | Binary::Less
                | Binary::LessEqual
                | Binary::Greater
                | Binary::GreaterEqual
        )
    }
}

/// A statement and where it stands.
#[derive(Debug)]
pub(crate) struct Statement {
    pub kind: StatementKind,
    pub at: usize,
}

#[derive(Debug)]
pub(crate) enum StatementKind {
    Declare {
        name: Arc<str>,
        variables: Vec<Variable>,
    },
    Expression(ExprId),
    /// Conditions and their blocks in order, then what is done when none holds.
    If {
        arms: Vec<(ExprId, Vec<Statement>)>,
        otherwise: Option<Vec<Statement>>,
    },
    While {
        condition: ExprId,
        body: Vec<Statement>,
    },
    DoWhile {
        body: Vec<Statement>,
        condition: ExprId,
    },
    For {
        first: Option<Box<Statement>>,
        condition: Option<ExprId>,
        step: Option<ExprId>,
        body: Vec<Statement>,
    },
    ForEach {
        name: Arc<str>,
        variable: Arc<str>,
        source: ExprId,
        body: Vec<Statement>,
    },
    Block(Vec<Statement>),
    Try {
        body: Vec<Statement>,
        catches: Vec<Catch>,
    },
    Return(Option<ExprId>),
    Break,
    Continue,
    Throw(ExprId),
}

/// One variable of a declaration.
#[derive(Debug)]
pub(crate) struct Variable {
    pub name: Arc<str>,
    pub at: usize,
    pub value: Option<ExprId>,
}
