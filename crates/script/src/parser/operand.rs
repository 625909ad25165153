//! What stands between operators: literals, names, members, calls.

use super::Parser;
use crate::ast::{ExprId, ExprKind};
use crate::fault::Fault;
use crate::lexer::WordKind;
use std::sync::Arc;

impl Parser<'_> {
    pub(super) fn type_name(&mut self) -> Result<Arc<str>, Fault> {
        let Some(name) = self.name() else {
            return Err(self.unexpected());
        };
        self.advance();
        Ok(name.into())
    }

    pub(super) fn postfix(&mut self) -> Result<ExprId, Fault> {
        let at = self.at();
        let primary = self.primary()?;
        self.postfix_of(primary, at)
    }

    pub(super) fn postfix_of(&mut self, primary: ExprId, start: usize) -> Result<ExprId, Fault> {
        let mut object = primary;
        loop {
            let at = self.at();
            let WordKind::Sign(sign) = self.peek().kind else {
                return Ok(object);
            };
            match sign {
                "." | "?." => {
                    self.advance();
                    object = self.member(object, sign == "?.", at)?;
                }
                "[" => {
                    self.advance();
                    let index = self.expression()?;
                    self.expect_sign("]")?;
                    let below = self.highest(&[object, index]);
                    let at = self.tree.get(index).at;
                    object = self.add(ExprKind::Index { object, index }, at, below)?;
                }
                "++" | "--" if self.is_target(object) => {
                    self.advance();
                    let below = self.height(object);
                    return self.add(
                        ExprKind::Step {
                            target: object,
                            up: sign == "++",
                            prefix: false,
                        },
                        start,
                        below,
                    );
                }
                "::" => return Err(Fault::unsupported(at, "a function reference")),
                "->" => return Err(Fault::unsupported(at, "a lambda expression")),
                _ => return Ok(object),
            }
        }
    }

    fn member(&mut self, object: ExprId, safe: bool, at: usize) -> Result<ExprId, Fault> {
        let word = self.peek().clone();
        let name: Arc<str> = match &word.kind {
            WordKind::Name => self.text_of(&word).into(),
            // `list.0`
            WordKind::Whole {
                digits,
                radix: 10,
                long: false,
            } => digits.as_str().into(),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        if word.kind == WordKind::Name && self.takes_sign("(") {
            let args = self.arguments()?;
            let below = self.height(object).max(self.highest(&args));
            return self.add(
                ExprKind::Call {
                    object,
                    name,
                    args,
                    safe,
                },
                at,
                below,
            );
        }
        let below = self.height(object);
        self.add(ExprKind::Field { object, name, safe }, at, below)
    }

    /// Arguments of a method; one of them may be `name -> expression`.
    fn arguments(&mut self) -> Result<Vec<ExprId>, Fault> {
        let mut items = Vec::new();
        if self.takes_sign(")") {
            return Ok(items);
        }
        loop {
            items.push(self.argument()?);
            if self.takes_sign(")") {
                return Ok(items);
            }
            self.expect_sign(",")?;
        }
    }

    fn argument(&mut self) -> Result<ExprId, Fault> {
        match self.lambda()? {
            Some(lambda) => Ok(lambda),
            None => self.expression(),
        }
    }

    fn list_until(&mut self, close: &str) -> Result<Vec<ExprId>, Fault> {
        let mut items = Vec::new();
        if self.takes_sign(close) {
            return Ok(items);
        }
        loop {
            items.push(self.expression()?);
            if self.takes_sign(close) {
                return Ok(items);
            }
            self.expect_sign(",")?;
        }
    }

    fn primary(&mut self) -> Result<ExprId, Fault> {
        let word = self.peek().clone();
        let at = word.at;
        let kind = match word.kind {
            WordKind::Whole {
                digits,
                radix,
                long,
            } => {
                self.advance();
                self.whole_number(&digits, radix, long, at)?
            }
            WordKind::Fraction { digits, float } => {
                self.advance();
                fraction(&digits, float, at)?
            }
            WordKind::Text(text) => {
                self.advance();
                ExprKind::Text(text.into())
            }
            WordKind::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect_sign(")")?;
                return Ok(inner);
            }
            WordKind::Sign("[") => return self.collection(at),
            WordKind::Sign("/") => return Err(Fault::unsupported(at, "a regular expression")),
            WordKind::Name => return self.named(at),
            WordKind::Sign(_) | WordKind::End => return Err(self.unexpected()),
        };
        self.add(kind, at, 0)
    }

    /// `[1, 2]`, `['a': 1]`, `[:]`.
    fn collection(&mut self, at: usize) -> Result<ExprId, Fault> {
        self.advance();
        if self.takes_sign(":") {
            self.expect_sign("]")?;
            return self.add(ExprKind::Map(Vec::new()), at, 0);
        }
        if self.takes_sign("]") {
            return self.add(ExprKind::List(Vec::new()), at, 0);
        }
        let first = self.expression()?;
        if !self.takes_sign(":") {
            let mut items = vec![first];
            while self.takes_sign(",") {
                items.push(self.expression()?);
            }
            self.expect_sign("]")?;
            let below = self.highest(&items);
            return self.add(ExprKind::List(items), at, below);
        }
        let mut entries = vec![(first, self.expression()?)];
        while self.takes_sign(",") {
            let key = self.expression()?;
            self.expect_sign(":")?;
            entries.push((key, self.expression()?));
        }
        self.expect_sign("]")?;
        let below = entries
            .iter()
            .map(|&(key, value)| self.highest(&[key, value]))
            .max()
            .unwrap_or(0);
        self.add(ExprKind::Map(entries), at, below)
    }

    fn named(&mut self, at: usize) -> Result<ExprId, Fault> {
        let kind = match self.name().unwrap_or_default() {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            "new" => {
                self.advance();
                return self.construction(at);
            }
            "this" => return Err(Fault::unsupported(at, "[this]")),
            name if super::is_reserved(name) => return Err(self.unexpected()),
            name => {
                if matches!(self.ahead(1).kind, WordKind::Sign("(")) {
                    let name = name.into();
                    self.advance();
                    self.advance();
                    let args = self.list_until(")")?;
                    let below = self.highest(&args);
                    return self.add(ExprKind::CallFunction { name, args }, at, below);
                }
                ExprKind::Name(name.into())
            }
        };
        self.advance();
        self.add(kind, at, 0)
    }

    fn construction(&mut self, at: usize) -> Result<ExprId, Fault> {
        let name = self.type_name()?;
        if self.is_sign("[") {
            return Err(Fault::unsupported(at, "an array"));
        }
        self.expect_sign("(")?;
        let args = self.list_until(")")?;
        let below = self.highest(&args);
        self.add(ExprKind::New { name, args }, at, below)
    }

    pub(super) fn whole_number(
        &self,
        digits: &str,
        radix: u32,
        long: bool,
        at: usize,
    ) -> Result<ExprKind, Fault> {
        if long {
            return i64::from_str_radix(digits, radix)
                .map(ExprKind::Long)
                .map_err(|_| Fault::illegal(at, format!("Invalid long constant [{digits}].")));
        }
        match i32::from_str_radix(digits, radix) {
            Ok(number) => Ok(ExprKind::Int(number)),
            Err(_) if i64::from_str_radix(digits, radix).is_ok() => Err(Fault::illegal(
                at,
                format!(
                    "Invalid int constant [{digits}]. If you want a long constant then change it to [{digits}L]."
                ),
            )),
            Err(_) => Err(Fault::illegal(
                at,
                format!("Invalid int constant [{digits}]."),
            )),
        }
    }
}

fn fraction(digits: &str, float: bool, at: usize) -> Result<ExprKind, Fault> {
    if float {
        return match digits.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(ExprKind::Float(number)),
            _ => Err(Fault::illegal(
                at,
                format!("Invalid float constant [{digits}]."),
            )),
        };
    }
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(ExprKind::Double(number)),
        _ => Err(Fault::illegal(
            at,
            format!("Invalid double constant [{digits}]."),
        )),
    }
}
