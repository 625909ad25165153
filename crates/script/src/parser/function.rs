//! Functions of a script, and lambda expressions.

use super::Parser;
use crate::ast::{Body, ExprId, ExprKind, Function};
use crate::fault::Fault;
use crate::lexer::WordKind;
use crate::statics::{MathFunction, StaticMethod};
use std::sync::Arc;

/// Parameters of one function.
const MAX_PARAMETERS: usize = 16;

impl Parser<'_> {
    /// The definition of a function, when one comes next. They stand before all statements.
    pub(super) fn function(&mut self) -> Result<Option<Function>, Fault> {
        let opens = matches!(self.ahead(2).kind, WordKind::Sign("("));
        if !self.declares() || !opens {
            return Ok(None);
        }
        let at = self.at();
        let result = self.type_name()?;
        let name = self.identifier()?;
        self.expect_sign("(")?;
        let mut parameters = Vec::new();
        while !self.takes_sign(")") {
            if !parameters.is_empty() {
                self.expect_sign(",")?;
            }
            if parameters.len() == MAX_PARAMETERS {
                return Err(Fault::illegal(at, "the function has too many parameters"));
            }
            parameters.push((self.type_name()?, self.identifier()?));
        }
        let known = &self.tree.functions;
        if known
            .iter()
            .any(|other| other.name == name && other.parameters.len() == parameters.len())
        {
            return Err(Fault::illegal(
                at,
                format!("Duplicate functions with name [{name}]."),
            ));
        }
        let body = self.deeper(Self::block)?;
        Ok(Some(Function {
            name,
            result,
            parameters,
            body,
            at,
        }))
    }

    /// A lambda expression or a function reference, when one comes next.
    pub(super) fn lambda(&mut self) -> Result<Option<ExprId>, Fault> {
        let at = self.at();
        let is =
            |word: &WordKind, sign: &str| matches!(word, WordKind::Sign(next) if *next == sign);
        if self.name().is_some() && is(&self.ahead(1).kind, "::") {
            return self.reference(at).map(Some);
        }
        let bare = self.name().is_some() && is(&self.ahead(1).kind, "->");
        if !bare && !self.is_wrapped_lambda() {
            return Ok(None);
        }
        let mut parameters = Vec::new();
        if bare {
            parameters.push(self.identifier()?);
        } else {
            self.expect_sign("(")?;
            while !self.takes_sign(")") {
                if !parameters.is_empty() {
                    self.expect_sign(",")?;
                }
                // the type of a parameter says nothing that the run does not know
                if self.declares() {
                    self.advance();
                }
                parameters.push(self.identifier()?);
            }
        }
        self.expect_sign("->")?;
        let (body, below) = if self.is_sign("{") {
            (Body::Block(self.deeper(Self::block)?), 0)
        } else {
            let value = self.expression()?;
            (Body::Value(value), self.height(value))
        };
        self.add(ExprKind::Lambda { parameters, body }, at, below)
            .map(Some)
    }

    /// Whether `(a, int b) ->` comes next.
    fn is_wrapped_lambda(&self) -> bool {
        if !self.is_sign("(") {
            return false;
        }
        let mut count = 1;
        while count < 3 * MAX_PARAMETERS {
            match self.ahead(count).kind {
                WordKind::Name | WordKind::Sign(",") => count += 1,
                WordKind::Sign(")") => {
                    return matches!(self.ahead(count + 1).kind, WordKind::Sign("->"));
                }
                _ => return false,
            }
        }
        false
    }

    /// `String::length`, `Integer::compare`, `ArrayList::new`, as the lambda expression that does the same.
    fn reference(&mut self, at: usize) -> Result<ExprId, Fault> {
        let class = self.type_name()?;
        self.expect_sign("::")?;
        let name = self.type_name()?;
        if &*class == "this" {
            return Err(Fault::unsupported(
                at,
                "a reference to a function of the script",
            ));
        }
        // names that no script can write
        let names: [Arc<str>; 2] = ["::a".into(), "::b".into()];
        let is_static = |count: usize| {
            StaticMethod::named(&class, &name, count).is_some()
                || &*class == "Math"
                    && MathFunction::named(&name).is_some_and(|function| function.arity() == count)
        };
        let takes_two = is_static(2) || matches!(&*name, "compareTo" | "compareToIgnoreCase");
        let count = match &*name {
            "new" => 0,
            _ if takes_two => 2,
            _ => 1,
        };
        let mut args = Vec::new();
        for parameter in &names[..count] {
            args.push(self.add(ExprKind::Name(parameter.clone()), at, 0)?);
        }
        let value = if count == 0 {
            let kind = ExprKind::New { name: class, args };
            self.add(kind, at, 0)?
        } else {
            let object = if is_static(count) {
                self.add(ExprKind::Name(class), at, 0)?
            } else {
                args.remove(0)
            };
            let kind = ExprKind::Call {
                object,
                name,
                args,
                safe: false,
            };
            self.add(kind, at, 1)?
        };
        let kind = ExprKind::Lambda {
            parameters: names[..count].to_vec(),
            body: Body::Value(value),
        };
        self.add(kind, at, 2)
    }
}
