//! Expressions, by precedence.

use super::Parser;
use crate::ast::{Binary, ExprId, ExprKind, Unary};
use crate::fault::Fault;
use crate::lexer::WordKind;
use crate::static_type::StaticType;

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

    pub(super) fn is_target(&self, id: ExprId) -> bool {
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
        let typed =
            self.is_sign("(") && matches!(self.ahead(3).kind, WordKind::Sign(")")) && arrow(4);
        let bare = self.name().is_some() && arrow(1);
        let reference = self.name().is_some() && matches!(self.ahead(1).kind, WordKind::Sign("::"));
        if reference {
            return Err(Fault::unsupported(self.at(), "a function reference"));
        }
        if typed || empty || single || pair || bare {
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
}
