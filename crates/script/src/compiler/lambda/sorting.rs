//! Sorting by a function that compares.

use super::super::Compiler;
use crate::ast::{ExprId, ExprKind};
use crate::fault::Fault;
use crate::methods::Method;
use crate::program::{Num, Op, Ref, Shift};
use crate::static_type::Primitive;
use crate::statics::StaticMethod;

/// By what elements are sorted.
#[derive(Clone, Copy)]
pub(super) enum Comparing {
    /// `(a, b) -> …`
    Function(ExprId),
    /// `Comparator.comparing(x -> …)`
    Key(ExprId),
    /// `Comparator.naturalOrder()`, `Comparator.reverseOrder()`
    Natural { reversed: bool },
}

impl Compiler<'_> {
    pub(super) fn comparing(&self, id: ExprId) -> Option<Comparing> {
        match &self.tree.get(id).kind {
            ExprKind::Lambda { parameters, .. } if parameters.len() == 2 => {
                Some(Comparing::Function(id))
            }
            ExprKind::Call {
                object, name, args, ..
            } => {
                let ExprKind::Name(class) = &self.tree.get(*object).kind else {
                    return None;
                };
                match (&**class, &**name, args.as_slice()) {
                    (
                        "Comparator",
                        "comparing" | "comparingInt" | "comparingLong" | "comparingDouble",
                        [key],
                    ) => Some(Comparing::Key(*key)),
                    ("Comparator", "naturalOrder", []) => {
                        Some(Comparing::Natural { reversed: false })
                    }
                    ("Comparator" | "Collections", "reverseOrder", []) => {
                        Some(Comparing::Natural { reversed: true })
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Binary insertion: every element is compared with the middle of those that are in place.
    pub(super) fn sorted(
        &mut self,
        object: ExprId,
        comparing: Comparing,
        in_place: bool,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (base, list) = (self.new_ref(at)?, self.new_ref(at)?);
        let (place, item, answer) = (self.new_ref(at)?, self.new_ref(at)?, self.new_ref(at)?);
        let middle = self.new_ref(at)?;
        let [low, high, half, count, order] = [
            self.new_num(at)?,
            self.new_num(at)?,
            self.new_num(at)?,
            self.new_num(at)?,
            self.new_num(at)?,
        ];
        self.expression_as_def(object, base)?;
        self.emit(
            Op::List {
                to: list,
                first: list,
                count: 0,
            },
            at,
        )?;
        self.set_number(count, 0, at)?;
        self.each(base, false, at, &mut |compiler, args, _, _| {
            let (search, test, left) = (compiler.label(), compiler.label(), compiler.label());
            compiler.emit(
                Op::MoveRef {
                    to: item,
                    from: args[0],
                },
                at,
            )?;
            compiler.set_number(low, 0, at)?;
            let from = count;
            compiler.emit(Op::Move { to: high, from }, at)?;
            compiler.jump(test, at)?;
            compiler.set(search);
            compiler.emit(Op::Tick, at)?;
            let one = compiler.constant(1, at)?;
            compiler.emit(
                Op::AddInt {
                    to: half,
                    a: low,
                    b: high,
                },
                at,
            )?;
            compiler.emit(
                Op::Shift {
                    shift: Shift::RightUnsigned,
                    wide: false,
                    to: half,
                    a: half,
                    b: one,
                },
                at,
            )?;
            compiler.boxed_into(Primitive::Int, half, place, at)?;
            compiler.emit(
                Op::LoadIndex {
                    to: middle,
                    object: list,
                    index: place,
                },
                at,
            )?;
            compiler.compare(comparing, item, middle, order, at)?;
            let zero = compiler.constant(0, at)?;
            compiler.emit(Op::JumpLess(order, zero, left.0), at)?;
            compiler.emit(
                Op::AddInt {
                    to: low,
                    a: half,
                    b: one,
                },
                at,
            )?;
            compiler.jump(test, at)?;
            compiler.set(left);
            compiler.emit(
                Op::Move {
                    to: high,
                    from: half,
                },
                at,
            )?;
            compiler.set(test);
            compiler.emit(Op::JumpLess(low, high, search.0), at)?;
            compiler.boxed_into(Primitive::Int, low, place, at)?;
            compiler.call_method(Method::Add, "add", list, 2, answer, at)?;
            compiler.add_one(count, at)
        })?;
        if in_place {
            self.call_static_on(StaticMethod::Keep, base, 2, answer, at)?;
            self.emit(Op::Null(to), at)
        } else {
            self.emit(Op::MoveRef { to, from: list }, at)
        }
    }

    /// Which of both comes first: a number below, at or above 0.
    pub(super) fn compare(
        &mut self,
        comparing: Comparing,
        a: Ref,
        b: Ref,
        to: Num,
        at: usize,
    ) -> Result<(), Fault> {
        let mark = self.mark();
        let (left, right, answer) = (self.new_ref(at)?, self.new_ref(at)?, self.new_ref(at)?);
        match comparing {
            Comparing::Function(function) => self.lambda(function, &[a, b], answer, at)?,
            Comparing::Key(key) => {
                self.lambda(key, &[a], left, at)?;
                self.lambda(key, &[b], right, at)?;
                self.call_method(Method::CompareTo, "compareTo", left, 1, answer, at)?;
            }
            Comparing::Natural { reversed } => {
                let (first, second) = if reversed { (b, a) } else { (a, b) };
                for (to, from) in [(left, first), (right, second)] {
                    self.emit(Op::MoveRef { to, from }, at)?;
                }
                self.call_method(Method::CompareTo, "compareTo", left, 1, answer, at)?;
            }
        }
        self.release(mark);
        self.emit(
            Op::Unbox {
                kind: Primitive::Int,
                explicit: true,
                to,
                from: answer,
            },
            at,
        )
    }
}
