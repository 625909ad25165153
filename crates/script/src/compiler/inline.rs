//! Functions of the script and lambda expressions: their instructions are put where they are called.
//!
//! So a call costs nothing and needs no frame; a function that calls itself has no end this way and is refused.

use super::{Compiler, Label, Loop, Operand, Place, Variable};
use crate::ast::{Body, ExprId, ExprKind, Statement};
use crate::fault::Fault;
use crate::program::{Op, Ref};
use crate::script::Context;
use crate::static_type::{Primitive, StaticType};
use crate::statics::StaticMethod;
use std::sync::Arc;

/// Functions inside of functions.
const MAX_INLINED: usize = 32;

/// A function or lambda expression that is being put in place.
pub(super) struct Inlined {
    /// Place of the function in the tree; `None` for a lambda expression.
    function: Option<usize>,
    /// What it gives and where that goes; `None` for nothing.
    pub(super) result: Option<(StaticType, Place)>,
    pub(super) end: Label,
}

impl Compiler<'_> {
    /// `name(…)`
    pub(super) fn call_function(
        &mut self,
        name: &Arc<str>,
        args: &[ExprId],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let tree = self.tree;
        let found = tree
            .functions
            .iter()
            .position(|function| function.name == *name && function.parameters.len() == args.len());
        let Some(place) = found else {
            return self.call_of_context(name, args, hint, at);
        };
        let function = &tree.functions[place];
        if self
            .inlined
            .iter()
            .any(|inside| inside.function == Some(place))
        {
            return Err(Fault::unsupported(at, "a function that calls itself"));
        }
        let result = match &*function.result {
            "void" => None,
            other => {
                let kind = self.type_named(other, function.at)?;
                Some((kind, self.place_for(kind, None, at)?))
            }
        };
        let mark = self.mark();
        let mut scope = Vec::new();
        for ((kind, parameter), &arg) in function.parameters.iter().zip(args) {
            let kind = self.type_named(kind, function.at)?;
            let place = self.place_for(kind, None, at)?;
            self.expression_as(arg, kind, place)?;
            let variable = Variable {
                operand: Operand { kind, place },
                read_only: false,
            };
            scope.push((parameter.clone(), variable));
        }
        // a function sees its parameters alone
        let outside = std::mem::replace(&mut self.scopes, vec![scope]);
        let body = self.put(Some(place), result, &function.body, at);
        self.scopes = outside;
        body?;
        self.release(mark);
        match result {
            Some((kind, place)) => Ok(Operand { kind, place }),
            None => {
                let to = self.ref_for(hint, at)?;
                self.emit(Op::Null(to), at)?;
                Ok(Operand {
                    kind: StaticType::Def,
                    place: Place::Ref(to),
                })
            }
        }
    }

    /// Puts a lambda expression in place, its parameters being `args`; what it gives goes to `to`.
    pub(super) fn lambda(
        &mut self,
        lambda: ExprId,
        args: &[Ref],
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let tree = self.tree;
        let ExprKind::Lambda { parameters, body } = &tree.get(lambda).kind else {
            return Err(Fault::illegal(at, "a lambda expression was expected"));
        };
        if parameters.len() != args.len() {
            return Err(Fault::illegal(
                tree.get(lambda).at,
                format!(
                    "Incorrect number of parameters for a lambda expression: [{}] instead of [{}]",
                    parameters.len(),
                    args.len()
                ),
            ));
        }
        let mut scope = Vec::new();
        for (name, &register) in parameters.iter().zip(args) {
            if !name.starts_with("::") && self.variable(name).is_some() {
                return Err(Fault::illegal(
                    tree.get(lambda).at,
                    format!("variable [{name}] is already defined"),
                ));
            }
            let operand = Operand {
                kind: StaticType::Def,
                place: Place::Ref(register),
            };
            scope.push((
                name.clone(),
                Variable {
                    operand,
                    read_only: true,
                },
            ));
        }
        self.scopes.push(scope);
        let put = match body {
            Body::Value(value) => self.expression_as_def(*value, to),
            Body::Block(statements) => {
                let result = Some((StaticType::Def, Place::Ref(to)));
                self.put(None, result, statements, at)
            }
        };
        self.scopes.pop();
        put
    }

    /// Puts the statements of a function in place.
    fn put(
        &mut self,
        function: Option<usize>,
        result: Option<(StaticType, Place)>,
        statements: &[Statement],
        at: usize,
    ) -> Result<(), Fault> {
        if self.inlined.len() == MAX_INLINED {
            return Err(Fault::illegal(
                at,
                format!("functions are nested deeper than the allowed [{MAX_INLINED}] levels"),
            ));
        }
        let end = self.label();
        let loops: Vec<Loop> = std::mem::take(&mut self.loops);
        self.inlined.push(Inlined {
            function,
            result,
            end,
        });
        self.scopes.push(Vec::new());
        let mark = self.mark();
        let compiled = self.body(result, statements, at);
        self.release(mark);
        self.scopes.pop();
        self.inlined.pop();
        self.loops = loops;
        self.set(end);
        compiled
    }

    fn body(
        &mut self,
        result: Option<(StaticType, Place)>,
        statements: &[Statement],
        at: usize,
    ) -> Result<(), Fault> {
        // what it gives when it does not say
        match result {
            Some((_, Place::Num(to))) => {
                let from = self.constant(0, at)?;
                self.emit(Op::Move { to, from }, at)?;
            }
            Some((_, Place::Ref(to))) => self.emit(Op::Null(to), at)?,
            None => {}
        }
        let Some((last, before)) = statements.split_last() else {
            return Ok(());
        };
        for statement in before {
            self.statement(statement)?;
        }
        self.last_statement(last)
    }

    /// Functions that scripts of a context have: those of `script_score` (`ScoreScriptUtils`).
    fn call_of_context(
        &mut self,
        name: &str,
        args: &[ExprId],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let method = match self.context {
            Context::Score if !self.inlined.iter().any(|inside| inside.function.is_some()) => {
                StaticMethod::of_scores(name, args.len())
            }
            _ => None,
        };
        let (Some(method), Ok(count)) = (method, u8::try_from(args.len())) else {
            return Err(Fault::illegal(
                at,
                format!("Unknown call [{name}] with [{}] arguments.", args.len()),
            ));
        };
        let mark = self.mark();
        let first = self.row(args, at)?;
        self.release(mark);
        let value = self.ref_for(hint, at)?;
        self.emit(
            Op::CallStatic {
                method,
                to: value,
                first,
                count,
            },
            at,
        )?;
        let to = self.new_num(at)?;
        let kind = Primitive::Double;
        self.emit(
            Op::Unbox {
                kind,
                explicit: false,
                to,
                from: value,
            },
            at,
        )?;
        Ok(Operand {
            kind: StaticType::DOUBLE,
            place: Place::Num(to),
        })
    }
}
