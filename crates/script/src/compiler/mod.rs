//! From the tree to instructions: names become registers, types that are known choose the instruction.

mod access;
mod call;
mod condition;
mod conversion;
mod expression;
mod inline;
mod kind;
mod lambda;
mod operator;
mod register;
mod statement;

use crate::ast::{ExprKind, Statement, Tree};
use crate::fault::Fault;
use crate::program::{Handler, Num, Op, Program, Ref, Target};
use crate::script::Context;
use crate::static_type::{Class, Primitive, StaticType};
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Instructions that a script may have.
const MAX_OPS: usize = 200_000;

/// Compiles the statements of a script.
pub(crate) fn compile(
    tree: &Tree,
    statements: &[Statement],
    context: Context,
) -> Result<Program, Fault> {
    let mut compiler = Compiler::new(tree, context);
    compiler.script(statements)?;
    compiler.finish()
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Num(Num),
    Ref(Ref),
}

/// A value that is computed when the script comes here.
#[derive(Clone, Copy, Debug)]
struct Operand {
    kind: StaticType,
    place: Place,
}

/// A variable of the script.
#[derive(Clone, Copy, Debug)]
struct Variable {
    operand: Operand,
    read_only: bool,
}

/// An instruction whose number is not known yet.
#[derive(Clone, Copy, Debug)]
struct Label(Target);

struct Loop {
    next: Label,
    end: Label,
}

struct Compiler<'t> {
    tree: &'t Tree,
    context: Context,
    ops: Vec<Op>,
    places: Vec<u32>,
    statements: Vec<u32>,
    labels: Vec<Target>,
    scopes: Vec<Vec<(Arc<str>, Variable)>>,
    loops: Vec<Loop>,
    /// Functions and lambda expressions inside of which the compiler is.
    inlined: Vec<inline::Inlined>,
    handlers: Vec<Handler>,
    /// Registers in use, counted from the bottom: variables, then what is being computed.
    nums: usize,
    refs: usize,
    most_refs: usize,
    num_constants: HashMap<i64, Num>,
    more_constants: Vec<i64>,
    ref_constants: Vec<(Ref, Value)>,
    texts: HashMap<Arc<str>, Ref>,
    names: Vec<Arc<str>>,
    name_numbers: HashMap<Arc<str>, u16>,
    /// Types of expressions that were asked for.
    kinds: HashMap<u32, StaticType>,
}

impl<'t> Compiler<'t> {
    fn new(tree: &'t Tree, context: Context) -> Self {
        let mut compiler = Self {
            tree,
            context,
            ops: Vec::new(),
            places: Vec::new(),
            statements: Vec::new(),
            labels: Vec::new(),
            scopes: vec![Vec::new()],
            loops: Vec::new(),
            inlined: Vec::new(),
            handlers: Vec::new(),
            nums: 0,
            refs: 0,
            most_refs: 0,
            num_constants: HashMap::new(),
            more_constants: Vec::new(),
            ref_constants: Vec::new(),
            texts: HashMap::new(),
            names: Vec::new(),
            name_numbers: HashMap::new(),
            kinds: HashMap::new(),
        };
        // strings lie below all else, so that they stay where they are
        for expr in &tree.exprs {
            if let ExprKind::Text(text) = &expr.kind
                && !compiler.texts.contains_key(text)
            {
                let register = compiler.refs as Ref;
                compiler.refs += 1;
                compiler
                    .ref_constants
                    .push((register, Value::Text(text.clone())));
                compiler.texts.insert(text.clone(), register);
            }
        }
        compiler.most_refs = compiler.refs;
        compiler
    }

    fn script(&mut self, statements: &[Statement]) -> Result<(), Fault> {
        for name in self.context.variables() {
            let kind = if *name == "doc" {
                StaticType::Def
            } else {
                StaticType::Class(Class::Map)
            };
            let register = self.new_ref(0)?;
            let operand = Operand {
                kind,
                place: Place::Ref(register),
            };
            self.scopes[0].push((
                (*name).into(),
                Variable {
                    operand,
                    read_only: true,
                },
            ));
        }
        let Some((last, before)) = statements.split_last() else {
            return self.default_return(0);
        };
        self.scopes.push(Vec::new());
        for statement in before {
            self.statement(statement)?;
        }
        self.last_statement(last)?;
        self.default_return(last.at)
    }

    fn finish(mut self) -> Result<Program, Fault> {
        for op in &mut self.ops {
            if let Some(target) = target_of(op) {
                *target = self.labels[*target as usize];
            }
        }
        let variable = |name: &str| {
            self.scopes[0]
                .iter()
                .find(|(other, _)| &**other == name)
                .and_then(|(_, variable)| match variable.operand.place {
                    Place::Ref(register) => Some(register),
                    Place::Num(_) => None,
                })
        };
        self.statements.sort_unstable();
        self.statements.dedup();
        Ok(Program {
            document: variable("doc"),
            params: variable("params"),
            ctx: variable("ctx"),
            ops: self.ops,
            places: self.places,
            statements: self.statements,
            num_constants: self
                .num_constants
                .iter()
                .map(|(&bits, &register)| (register, bits))
                .collect(),
            more_constants: self.more_constants,
            refs: self.most_refs,
            ref_constants: self.ref_constants,
            names: self.names,
            handlers: self.handlers,
        })
    }

    fn emit(&mut self, op: Op, at: usize) -> Result<(), Fault> {
        if self.ops.len() >= MAX_OPS {
            return Err(Fault::illegal(at, "the script is too large"));
        }
        self.ops.push(op);
        self.places.push(at as u32);
        Ok(())
    }

    fn label(&mut self) -> Label {
        self.labels.push(0);
        Label(self.labels.len() as Target - 1)
    }

    /// The label is here.
    fn set(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.ops.len() as Target;
    }

    fn jump(&mut self, label: Label, at: usize) -> Result<(), Fault> {
        self.emit(Op::Jump(label.0), at)
    }

    fn variable(&self, name: &str) -> Option<Variable> {
        self.scopes
            .iter()
            .rev()
            .flatten()
            .find(|(other, _)| &**other == name)
            .map(|&(_, variable)| variable)
    }

    fn name_number(&mut self, name: &Arc<str>, at: usize) -> Result<u16, Fault> {
        if let Some(&number) = self.name_numbers.get(name) {
            return Ok(number);
        }
        let number = u16::try_from(self.names.len())
            .map_err(|_| Fault::illegal(at, "the script uses too many names"))?;
        self.names.push(name.clone());
        self.name_numbers.insert(name.clone(), number);
        Ok(number)
    }

    /// What the script must give; `None` for nothing.
    fn result(&self) -> Option<StaticType> {
        if let Some(inside) = self.inlined.last() {
            return inside.result.map(|(kind, _)| kind);
        }
        match self.context {
            Context::Filter => Some(StaticType::BOOLEAN),
            Context::Score | Context::NumberSort => Some(StaticType::Primitive(Primitive::Double)),
            Context::StringSort => Some(StaticType::TEXT),
            Context::Field => Some(StaticType::Def),
            Context::Update => None,
        }
    }
}

fn target_of(op: &mut Op) -> Option<&mut Target> {
    match op {
        Op::Jump(target)
        | Op::JumpIf(_, target)
        | Op::JumpUnless(_, target)
        | Op::JumpLess(_, _, target)
        | Op::JumpLessEqual(_, _, target)
        | Op::JumpEqual(_, _, target)
        | Op::JumpNotEqual(_, _, target)
        | Op::JumpDouble { target, .. }
        | Op::JumpNull(_, target)
        | Op::Next { target, .. } => Some(target),
        _ => None,
    }
}
