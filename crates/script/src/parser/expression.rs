//! Expressions, by precedence.

use super::Parser;
use crate::ast::{Binary, ExprId, ExprKind, Unary};
use crate::fault::Fault;
use crate::lexer::WordKind;
use crate::static_type::StaticType;
use std::sync::Arc;

/// An operator between two operands.
enum Infix {
    Plain(Binary),
    And,
    Or,
}

/// Signs between operands and how strongly they bind.
fn infix(sign: &str) -> Option<(u8, Infix)> {
    use Binary::*;
    Some(match sign {
        "||" => (1, Infix::Or),
        "&&" => (2, Infix::And),
        "|" => (3, Infix::Plain(Or)),
        "^" => (4, Infix::Plain(Xor)),
        "&" => (5, Infix::Plain(And)),
        "==" => (6, Infix::Plain(Equal)),
        "!=" => (6, Infix::Plain(NotEqual)),
        "===" => (6, Infix::Plain(Same)),
        "!==" => (6, Infix::Plain(NotSame)),
        "<" => (7, Infix::Plain(Less)),
        "<=" => (7, Infix::Plain(LessEqual)),
        ">" => (7, Infix::Plain(Greater)),
        ">=" => (7, Infix::Plain(GreaterEqual)),
        "<<" => (8, Infix::Plain(ShiftLeft)),
        ">>" => (8, Infix::Plain(ShiftRight)),
        ">>>" => (8, Infix::Plain(ShiftRightUnsigned)),
        "+" => (9, Infix::Plain(Add)),
        "-" => (9, Infix::Plain(Subtract)),
        "*" => (10, Infix::Plain(Multiply)),
        "/" => (10, Infix::Plain(Divide)),
        "%" => (10, Infix::Plain(Remainder)),
        _ => return None,
    })
}

/// How strongly `instanceof` binds: as a comparison.
const INSTANCE_OF: u8 = 7;

/// `=` gives no operator, `+=` gives `+`.
fn assignment(sign: &str) -> Option<Option<Binary>> {
    if sign == "=" {
        return Some(None);
    }
    let operator = sign.strip_suffix('=')?;
    match infix(operator)? {
        (_, Infix::Plain(binary)) if !binary.compares() => Some(Some(binary)),
        _ => None,
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<ExprId, Fault> {
        self.deeper(Self::expression_inside)
    }

    fn expression_inside(&mut self) -> Result<ExprId, Fault> {
        self.refuse_lambda()?;
        let at = self.at();
        let left = self.chain(1)?;
        let WordKind::Sign(sign) = self.peek().kind else {
            return Ok(left);
        };
        match sign {
            "?" => {
                self.advance();
                let yes = self.expression()?;
                self.expect_sign(":")?;
                let no = self.expression()?;
                let below = self.highest(&[left, yes, no]);
                self.add(
                    ExprKind::Choice {
                        condition: left,
                        yes,
                        no,
                    },
                    at,
                    below,
                )
            }
            "?:" => {
                self.advance();
                let otherwise = self.expression()?;
                let below = self.highest(&[left, otherwise]);
                self.add(
                    ExprKind::Elvis {
                        value: left,
                        otherwise,
                    },
                    at,
                    below,
                )
            }
            _ => {
                let Some(operator) = assignment(sign) else {
                    return Ok(left);
                };
                if !self.is_target(left) {
                    return Err(self.unexpected());
                }
                self.advance();
                let value = self.expression()?;
                let below = self.highest(&[left, value]);
                self.add(
                    ExprKind::Assign {
                        target: left,
                        operator,
                        value,
                    },
                    at,
                    below,
                )
            }
        }
    }

    fn is_target(&self, id: ExprId) -> bool {
        matches!(
            self.tree.get(id).kind,
            ExprKind::Name(_) | ExprKind::Field { .. } | ExprKind::Index { .. }
        )
    }

    fn refuse_lambda(&self) -> Result<(), Fault> {
        let arrow = |count| matches!(self.ahead(count).kind, WordKind::Sign("->"));
        let empty =
            self.is_sign("(") && matches!(self.ahead(1).kind, WordKind::Sign(")")) && arrow(2);
        let single =
            self.is_sign("(") && matches!(self.ahead(2).kind, WordKind::Sign(")")) && arrow(3);
        let pair =
            self.is_sign("(") && matches!(self.ahead(4).kind, WordKind::Sign(")")) && arrow(5);
        let bare = self.name().is_some() && arrow(1);
        let reference = self.name().is_some() && matches!(self.ahead(1).kind, WordKind::Sign("::"));
        if reference {
            return Err(Fault::unsupported(self.at(), "a function reference"));
        }
        if empty || single || pair || bare {
            return Err(Fault::unsupported(self.at(), "a lambda expression"));
        }
        Ok(())
    }

    /// Operands joined by operators that bind at least as strongly as `least`. The left side of a chain costs no depth.
    fn chain(&mut self, least: u8) -> Result<ExprId, Fault> {
        let at = self.at();
        let mut left = self.unary()?;
        loop {
            if INSTANCE_OF >= least && self.takes_keyword("instanceof") {
                let name = self.type_name()?;
                let below = self.height(left);
                left = self.add(
                    ExprKind::InstanceOf {
                        operand: left,
                        name,
                    },
                    at,
                    below,
                )?;
                continue;
            }
            let WordKind::Sign(sign) = self.peek().kind else {
                return Ok(left);
            };
            if sign == "=~" || sign == "==~" {
                return Err(Fault::unsupported(self.at(), "a regular expression"));
            }
            let Some((strength, operator)) = infix(sign).filter(|&(strength, _)| strength >= least)
            else {
                return Ok(left);
            };
            self.advance();
            let right = self.deeper(|parser| parser.chain(strength + 1))?;
            let below = self.height(left).saturating_sub(1).max(self.height(right));
            let kind = match operator {
                Infix::Plain(operator) => ExprKind::Binary {
                    operator,
                    left,
                    right,
                },
                Infix::And => ExprKind::Logic {
                    and: true,
                    left,
                    right,
                },
                Infix::Or => ExprKind::Logic {
                    and: false,
                    left,
                    right,
                },
            };
            left = self.add(kind, at, below)?;
        }
    }

    fn unary(&mut self) -> Result<ExprId, Fault> {
        let at = self.at();
        let WordKind::Sign(sign) = self.peek().kind else {
            return self.postfix();
        };
        let operator = match sign {
            "!" => Unary::Not,
            "~" => Unary::Complement,
            "+" => Unary::Plus,
            "-" => {
                if let Some(number) = self.negative_number()? {
                    return Ok(number);
                }
                Unary::Minus
            }
            "++" | "--" => {
                self.advance();
                let target = self.deeper(Self::unary)?;
                if !self.is_target(target) {
                    return Err(self.unexpected());
                }
                let below = self.height(target);
                return self.add(
                    ExprKind::Step {
                        target,
                        up: sign == "++",
                        prefix: true,
                    },
                    at,
                    below,
                );
            }
            "(" if self.is_cast() => {
                self.advance();
                let name = self.type_name()?;
                self.expect_sign(")")?;
                let operand = self.deeper(Self::unary)?;
                let below = self.height(operand);
                return self.add(ExprKind::Cast { name, operand }, at, below);
            }
            _ => return self.postfix(),
        };
        self.advance();
        let operand = self.deeper(Self::unary)?;
        let below = self.height(operand);
        self.add(ExprKind::Unary { operator, operand }, at, below)
    }

    /// `-1` is one number, so that the smallest ones can be written.
    fn negative_number(&mut self) -> Result<Option<ExprId>, Fault> {
        let at = self.at();
        let WordKind::Whole {
            digits,
            radix,
            long,
        } = self.ahead(1).kind.clone()
        else {
            return Ok(None);
        };
        self.advance();
        self.advance();
        let kind = self.whole_number(&format!("-{digits}"), radix, long, at)?;
        let number = self.add(kind, at, 0)?;
        self.postfix_of(number, at).map(Some)
    }

    /// `(type)` before something that can be cast.
    fn is_cast(&self) -> bool {
        let Some(name) = self.name_ahead(1) else {
            return false;
        };
        if !matches!(self.ahead(2).kind, WordKind::Sign(")")) {
            return false;
        }
        if StaticType::is_primitive_name(name) {
            return true;
        }
        let operand = matches!(
            self.ahead(3).kind,
            WordKind::Name
                | WordKind::Whole { .. }
                | WordKind::Fraction { .. }
                | WordKind::Text(_)
                | WordKind::Sign("(" | "!" | "~" | "[")
        );
        StaticType::named(name).is_some() && operand && self.name_ahead(3) != Some("instanceof")
    }

    fn type_name(&mut self) -> Result<Arc<str>, Fault> {
        let Some(name) = self.name() else {
            return Err(self.unexpected());
        };
        self.advance();
        Ok(name.into())
    }

    fn postfix(&mut self) -> Result<ExprId, Fault> {
        let at = self.at();
        let primary = self.primary()?;
        self.postfix_of(primary, at)
    }

    fn postfix_of(&mut self, primary: ExprId, start: usize) -> Result<ExprId, Fault> {
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
            let args = self.list_until(")")?;
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
                    return Err(Fault::illegal(
                        at,
                        format!("Unknown call [{name}]: functions cannot be defined in scripts"),
                    ));
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

    fn whole_number(
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
