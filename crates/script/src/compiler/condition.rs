//! Conditions: comparisons and `&&`, `||`, `!` become jumps, without a boolean in between.

use super::register::Mark;
use super::{Compiler, Label, Operand, Place};
use crate::ast::{Binary, ExprId, ExprKind, Unary};
use crate::fault::Fault;
use crate::program::{Compare, Op};
use crate::static_type::{Primitive, StaticType};

impl Compiler<'_> {
    /// Jumps to the label when the condition is `when`, else goes on.
    pub(super) fn condition(&mut self, id: ExprId, when: bool, label: Label) -> Result<(), Fault> {
        let tree = self.tree;
        let at = tree.get(id).at;
        let mark = self.mark();
        match &tree.get(id).kind {
            ExprKind::Unary {
                operator: Unary::Not,
                operand,
            } => self.condition(*operand, !when, label),
            ExprKind::Logic { and, .. } => self.logic(id, *and, when, label),
            ExprKind::Binary {
                operator,
                left,
                right,
            } if operator.compares() => {
                let left = self.expression(*left, None)?;
                let left = self.kept(left, *right, at)?;
                let right = self.expression(*right, None)?;
                self.jump_comparing(left, *operator, right, when, label, at)?;
                self.release(mark);
                Ok(())
            }
            ExprKind::Bool(flag) => {
                if *flag == when {
                    self.jump(label, at)?;
                }
                Ok(())
            }
            _ => {
                let value = self.expression(id, None)?;
                let register = self.number(value, Primitive::Boolean, at)?;
                self.release(mark);
                self.emit(
                    if when {
                        Op::JumpIf(register, label.0)
                    } else {
                        Op::JumpUnless(register, label.0)
                    },
                    at,
                )
            }
        }
    }

    /// `a && b && c` or `a || b || c`: a chain of the same operator is gone along without recursion.
    fn logic(&mut self, id: ExprId, and: bool, when: bool, label: Label) -> Result<(), Fault> {
        let tree = self.tree;
        let mut operands = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Logic {
            and: same,
            left,
            right,
        } = tree.get(leftmost).kind
            && same == and
        {
            operands.push(right);
            leftmost = left;
        }
        operands.push(leftmost);
        operands.reverse();
        // `&&` is decided by the first false, `||` by the first true
        let decided = !and;
        if when == decided {
            for operand in operands {
                self.condition(operand, when, label)?;
            }
            return Ok(());
        }
        let Some((last, before)) = operands.split_last() else {
            return Ok(());
        };
        let skip = self.label();
        for &operand in before {
            self.condition(operand, decided, skip)?;
        }
        self.condition(*last, when, label)?;
        self.set(skip);
        Ok(())
    }

    fn jump_comparing(
        &mut self,
        left: Operand,
        operator: Binary,
        right: Operand,
        when: bool,
        label: Label,
        at: usize,
    ) -> Result<(), Fault> {
        let (StaticType::Primitive(a_kind), StaticType::Primitive(b_kind)) =
            (left.kind, right.kind)
        else {
            let register = self.compare_references(left, operator, right, at)?;
            return self.emit(
                if when {
                    Op::JumpIf(register, label.0)
                } else {
                    Op::JumpUnless(register, label.0)
                },
                at,
            );
        };
        let ordered = matches!(
            operator,
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual
        );
        if a_kind.is_number() != b_kind.is_number() || ordered && !a_kind.is_number() {
            let (symbol, a, b) = (operator.symbol(), a_kind.name(), b_kind.name());
            return Err(Fault::cast(
                at,
                format!("Cannot apply [{symbol}] operation to types [{a}] and [{b}]."),
            ));
        }
        let kind = if a_kind.is_number() {
            a_kind.promoted(b_kind)
        } else {
            Primitive::Boolean
        };
        if kind.is_fraction() {
            // a float widens to double without loss, so that one comparison serves both
            let (a, b) = (
                self.number(left, Primitive::Double, at)?,
                self.number(right, Primitive::Double, at)?,
            );
            let (compare, when, a, b) = match operator {
                Binary::Less => (Compare::Less, when, a, b),
                Binary::LessEqual => (Compare::LessEqual, when, a, b),
                Binary::Greater => (Compare::Less, when, b, a),
                Binary::GreaterEqual => (Compare::LessEqual, when, b, a),
                Binary::Equal | Binary::Same => (Compare::Equal, when, a, b),
                _ => (Compare::Equal, !when, a, b),
            };
            return self.emit(
                Op::JumpDouble {
                    compare,
                    when,
                    a,
                    b,
                    target: label.0,
                },
                at,
            );
        }
        let (a, b) = (self.number(left, kind, at)?, self.number(right, kind, at)?);
        let target = label.0;
        let op = match (operator, when) {
            (Binary::Less, true) | (Binary::GreaterEqual, false) => Op::JumpLess(a, b, target),
            (Binary::LessEqual, true) | (Binary::Greater, false) => Op::JumpLessEqual(a, b, target),
            (Binary::Greater, true) | (Binary::LessEqual, false) => Op::JumpLess(b, a, target),
            (Binary::GreaterEqual, true) | (Binary::Less, false) => Op::JumpLessEqual(b, a, target),
            (Binary::Equal | Binary::Same, true) | (Binary::NotEqual | Binary::NotSame, false) => {
                Op::JumpEqual(a, b, target)
            }
            _ => Op::JumpNotEqual(a, b, target),
        };
        self.emit(op, at)
    }

    fn compare_references(
        &mut self,
        left: Operand,
        operator: Binary,
        right: Operand,
        at: usize,
    ) -> Result<crate::program::Num, Fault> {
        let (a, b) = (
            self.reference(left, None, at)?,
            self.reference(right, None, at)?,
        );
        let to = self.new_num(at)?;
        self.emit(Op::Compare { operator, to, a, b }, at)?;
        Ok(to)
    }

    /// A comparison whose boolean is wanted.
    pub(super) fn comparison_value(
        &mut self,
        left: Operand,
        operator: Binary,
        right: Operand,
        mark: Mark,
        at: usize,
    ) -> Result<Operand, Fault> {
        let kind = StaticType::BOOLEAN;
        if !matches!(
            (left.kind, right.kind),
            (StaticType::Primitive(_), StaticType::Primitive(_))
        ) {
            let register = self.compare_references(left, operator, right, at)?;
            self.release(mark);
            let to = self.new_num(at)?;
            return self.copy(
                Operand {
                    kind,
                    place: Place::Num(register),
                },
                Place::Num(to),
                at,
            );
        }
        let holds = self.label();
        let end = self.label();
        self.jump_comparing(left, operator, right, true, holds, at)?;
        self.release(mark);
        let to = self.new_num(at)?;
        self.boolean_of(to, holds, end, at)
    }

    /// `&&`, `||`, `!` whose boolean is wanted.
    pub(super) fn condition_value(&mut self, id: ExprId, at: usize) -> Result<Operand, Fault> {
        let (holds, end) = (self.label(), self.label());
        self.condition(id, true, holds)?;
        let to = self.new_num(at)?;
        self.boolean_of(to, holds, end, at)
    }

    /// False when the script comes here, true when it comes by `holds`.
    fn boolean_of(
        &mut self,
        to: u8,
        holds: Label,
        end: Label,
        at: usize,
    ) -> Result<Operand, Fault> {
        let (yes, no) = (self.constant(1, at)?, self.constant(0, at)?);
        self.emit(Op::Move { to, from: no }, at)?;
        self.jump(end, at)?;
        self.set(holds);
        self.emit(Op::Move { to, from: yes }, at)?;
        self.set(end);
        Ok(Operand {
            kind: StaticType::BOOLEAN,
            place: Place::Num(to),
        })
    }
}
