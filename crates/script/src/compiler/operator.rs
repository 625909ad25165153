//! Operators.

use super::{Compiler, Operand, Place, kind};
use crate::ast::{Binary, Body, ExprId, ExprKind, Unary};
use crate::fault::Fault;
use crate::program::{Op, Shift};
use crate::static_type::{Class, Primitive, StaticType};

impl Compiler<'_> {
    /// A chain of operators, from the left, without recursion on its left side.
    pub(super) fn binary(&mut self, id: ExprId, hint: Option<Place>) -> Result<Operand, Fault> {
        let tree = self.tree;
        let mut rest = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Binary {
            operator,
            left,
            right,
        } = tree.get(leftmost).kind
        {
            rest.push((operator, right, tree.get(leftmost).at));
            leftmost = left;
        }
        let mark = self.mark();
        let mut value = self.expression(leftmost, None)?;
        while let Some((operator, right, at)) = rest.pop() {
            let value_kept = self.kept(value, right, at)?;
            let right = self.expression(right, None)?;
            let hint = if rest.is_empty() { hint } else { None };
            value = self.combine(value_kept, operator, right, mark, hint, at)?;
        }
        Ok(value)
    }

    /// A value that stays what it is while `next` is computed: the register of a variable may change.
    pub(super) fn kept(
        &mut self,
        value: Operand,
        next: ExprId,
        at: usize,
    ) -> Result<Operand, Fault> {
        if !self.is_variable(value.place) || !self.changes_variables(next) {
            return Ok(value);
        }
        let place = self.place_for(value.kind, None, at)?;
        self.copy(value, place, at)
    }

    fn changes_variables(&self, id: ExprId) -> bool {
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            match &self.tree.get(id).kind {
                ExprKind::Assign { .. } | ExprKind::Step { .. } => return true,
                ExprKind::List(items)
                | ExprKind::New { args: items, .. }
                | ExprKind::CallFunction { args: items, .. } => waiting.extend(items),
                ExprKind::Map(entries) => {
                    waiting.extend(entries.iter().flat_map(|&(key, value)| [key, value]))
                }
                ExprKind::Field { object, .. } => waiting.push(*object),
                ExprKind::Lambda { body, .. } => match body {
                    Body::Value(value) => waiting.push(*value),
                    Body::Block(_) => return true,
                },
                ExprKind::Index { object, index } => waiting.extend([*object, *index]),
                ExprKind::Call { object, args, .. } => {
                    waiting.push(*object);
                    waiting.extend(args);
                }
                ExprKind::Unary { operand, .. }
                | ExprKind::Cast { operand, .. }
                | ExprKind::InstanceOf { operand, .. } => {
                    waiting.push(*operand);
                }
                ExprKind::Binary { left, right, .. } | ExprKind::Logic { left, right, .. } => {
                    waiting.extend([*left, *right])
                }
                ExprKind::Choice { condition, yes, no } => waiting.extend([*condition, *yes, *no]),
                ExprKind::Elvis { value, otherwise } => waiting.extend([*value, *otherwise]),
                _ => {}
            }
        }
        false
    }

    /// `left operator right`; what both took since the mark is given back.
    pub(super) fn combine(
        &mut self,
        left: Operand,
        operator: Binary,
        right: Operand,
        mark: super::register::Mark,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        self.refuse_operands(operator, left.kind, right.kind, at)?;
        if operator.compares() {
            return self.comparison_value(left, operator, right, mark, at);
        }
        let result = kind::of_binary(operator, left.kind, right.kind);
        let StaticType::Primitive(kind) = result else {
            let (a, b) = (
                self.reference(left, None, at)?,
                self.reference(right, None, at)?,
            );
            self.release(mark);
            let to = self.ref_for(hint, at)?;
            self.emit(Op::Binary { operator, to, a, b }, at)?;
            return Ok(Operand {
                kind: result,
                place: Place::Ref(to),
            });
        };
        if let Some(shift) = shift(operator) {
            let a = self.number(left, kind, at)?;
            let StaticType::Primitive(by) = right.kind else {
                return Err(self.cannot_apply(operator, left.kind, right.kind, at));
            };
            let b = self.number(
                right,
                if by == Primitive::Long {
                    by
                } else {
                    Primitive::Int
                },
                at,
            )?;
            self.release(mark);
            let to = self.num_for(hint, at)?;
            self.emit(
                Op::Shift {
                    shift,
                    wide: kind == Primitive::Long,
                    to,
                    a,
                    b,
                },
                at,
            )?;
            return Ok(Operand {
                kind: result,
                place: Place::Num(to),
            });
        }
        let (a, b) = (self.number(left, kind, at)?, self.number(right, kind, at)?);
        self.release(mark);
        let to = self.num_for(hint, at)?;
        let op = match (operator, kind) {
            (Binary::And, _) => Op::And { to, a, b },
            (Binary::Or, _) => Op::Or { to, a, b },
            (Binary::Xor, _) => Op::Xor { to, a, b },
            (Binary::Add, Primitive::Int) => Op::AddInt { to, a, b },
            (Binary::Subtract, Primitive::Int) => Op::SubtractInt { to, a, b },
            (Binary::Multiply, Primitive::Int) => Op::MultiplyInt { to, a, b },
            (Binary::Divide, Primitive::Int) => Op::DivideInt { to, a, b },
            (Binary::Remainder, Primitive::Int) => Op::RemainderInt { to, a, b },
            (Binary::Add, Primitive::Long) => Op::AddLong { to, a, b },
            (Binary::Subtract, Primitive::Long) => Op::SubtractLong { to, a, b },
            (Binary::Multiply, Primitive::Long) => Op::MultiplyLong { to, a, b },
            (Binary::Divide, Primitive::Long) => Op::DivideLong { to, a, b },
            (Binary::Remainder, Primitive::Long) => Op::RemainderLong { to, a, b },
            (Binary::Add, Primitive::Double) => Op::AddDouble { to, a, b },
            (Binary::Subtract, Primitive::Double) => Op::SubtractDouble { to, a, b },
            (Binary::Multiply, Primitive::Double) => Op::MultiplyDouble { to, a, b },
            (Binary::Divide, Primitive::Double) => Op::DivideDouble { to, a, b },
            _ => Op::Arithmetic {
                operator,
                kind,
                to,
                a,
                b,
            },
        };
        self.emit(op, at)?;
        Ok(Operand {
            kind: result,
            place: Place::Num(to),
        })
    }

    #[cold]
    fn cannot_apply(
        &self,
        operator: Binary,
        left: StaticType,
        right: StaticType,
        at: usize,
    ) -> Fault {
        let (symbol, left, right) = (operator.symbol(), left.java_name(), right.java_name());
        Fault::cast(
            at,
            format!("Cannot apply [{symbol}] operation to types [{left}] and [{right}]."),
        )
    }

    /// What can be told to fail before the script runs.
    fn refuse_operands(
        &self,
        operator: Binary,
        left: StaticType,
        right: StaticType,
        at: usize,
    ) -> Result<(), Fault> {
        let text = [left, right].contains(&StaticType::TEXT);
        let container = |kind| {
            matches!(
                kind,
                StaticType::Class(Class::List | Class::Map | Class::Set)
            )
        };
        let boolean = |kind: StaticType| kind.primitive() == Some(Primitive::Boolean);
        let fraction = |kind: StaticType| kind.primitive().is_some_and(Primitive::is_fraction);
        let number = |kind: StaticType| kind.primitive().is_some_and(Primitive::is_number);
        let allowed = match operator {
            Binary::Equal | Binary::NotEqual | Binary::Same | Binary::NotSame => true,
            Binary::Add if text => true,
            Binary::And | Binary::Or | Binary::Xor => {
                let mixed = boolean(left) && number(right) || number(left) && boolean(right);
                !(text
                    || mixed
                    || fraction(left)
                    || fraction(right)
                    || container(left)
                    || container(right))
            }
            Binary::ShiftLeft | Binary::ShiftRight | Binary::ShiftRightUnsigned => {
                ![left, right].iter().any(|&kind| {
                    kind == StaticType::TEXT || container(kind) || boolean(kind) || fraction(kind)
                })
            }
            _ => ![left, right]
                .iter()
                .any(|&kind| kind == StaticType::TEXT || container(kind) || boolean(kind)),
        };
        if allowed {
            Ok(())
        } else {
            Err(self.cannot_apply(operator, left, right, at))
        }
    }

    pub(super) fn unary(
        &mut self,
        operator: Unary,
        operand: ExprId,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let mark = self.mark();
        let value = self.expression(operand, None)?;
        let symbol = match operator {
            Unary::Complement => "~",
            Unary::Minus => "-",
            Unary::Plus => "+",
            Unary::Not => "!",
        };
        let StaticType::Primitive(kind) = value.kind else {
            if matches!(value.kind, StaticType::Class(class) if class.unboxed().is_none() && class != Class::Number)
            {
                let name = value.kind.java_name();
                return Err(Fault::cast(
                    at,
                    format!("Cannot apply [{symbol}] operation to type [{name}]."),
                ));
            }
            let a = self.reference(value, None, at)?;
            self.release(mark);
            let to = self.ref_for(hint, at)?;
            self.emit(Op::Unary { operator, to, a }, at)?;
            return Ok(Operand {
                kind: StaticType::Def,
                place: Place::Ref(to),
            });
        };
        if !kind.is_number() || operator == Unary::Complement && kind.is_fraction() {
            return Err(Fault::cast(
                at,
                format!(
                    "Cannot apply [{symbol}] operation to type [{}].",
                    kind.name()
                ),
            ));
        }
        let promoted = kind.promoted(Primitive::Int);
        let a = self.number(value, promoted, at)?;
        self.release(mark);
        if operator == Unary::Plus {
            let place = self.num_for(hint, at)?;
            return self.copy(
                Operand {
                    kind: StaticType::Primitive(promoted),
                    place: Place::Num(a),
                },
                Place::Num(place),
                at,
            );
        }
        let to = self.num_for(hint, at)?;
        let op = match operator {
            Unary::Complement => Op::Complement { to, a },
            _ => Op::Negate {
                kind: promoted,
                to,
                a,
            },
        };
        self.emit(op, at)?;
        Ok(Operand {
            kind: StaticType::Primitive(promoted),
            place: Place::Num(to),
        })
    }
}

fn shift(operator: Binary) -> Option<Shift> {
    match operator {
        Binary::ShiftLeft => Some(Shift::Left),
        Binary::ShiftRight => Some(Shift::Right),
        Binary::ShiftRightUnsigned => Some(Shift::RightUnsigned),
        _ => None,
    }
}
