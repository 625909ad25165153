//! Methods over the elements of a collection.

use super::super::Compiler;
use super::Building;
use crate::ast::{Binary, ExprId, ExprKind};
use crate::fault::Fault;
use crate::methods::Method;
use crate::program::{Op, Ref};
use crate::static_type::Primitive;
use crate::statics::StaticMethod;

impl Compiler<'_> {
    pub(super) fn for_each_element(
        &mut self,
        object: ExprId,
        function: ExprId,
        entries: bool,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (base, answer) = (self.new_ref(at)?, self.new_ref(at)?);
        self.expression_as_def(object, base)?;
        self.each(base, entries, at, &mut |compiler, args, _, _| {
            compiler.lambda(function, args, answer, at)
        })?;
        self.emit(Op::Null(to), at)
    }

    /// Looks for an element of which the function says `stop`; gives `found` when there is one.
    pub(super) fn quantified(
        &mut self,
        object: ExprId,
        function: ExprId,
        entries: bool,
        (stop, found): (bool, bool),
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (base, answer) = (self.new_ref(at)?, self.new_num(at)?);
        self.expression_as_def(object, base)?;
        self.set_number(answer, i64::from(!found), at)?;
        self.each(base, entries, at, &mut |compiler, args, next, end| {
            compiler.jump_when(function, args, !stop, next, at)?;
            compiler.set_number(answer, i64::from(found), at)?;
            compiler.jump(end, at)
        })?;
        self.boxed_into(Primitive::Boolean, answer, to, at)
    }

    pub(super) fn counted(
        &mut self,
        object: ExprId,
        function: ExprId,
        entries: bool,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (base, count) = (self.new_ref(at)?, self.new_num(at)?);
        self.expression_as_def(object, base)?;
        self.set_number(count, 0, at)?;
        self.each(base, entries, at, &mut |compiler, args, next, _| {
            compiler.jump_when(function, args, false, next, at)?;
            compiler.add_one(count, at)
        })?;
        self.boxed_into(Primitive::Int, count, to, at)
    }

    pub(super) fn found(
        &mut self,
        object: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let base = self.new_ref(at)?;
        self.expression_as_def(object, base)?;
        self.emit(Op::Null(to), at)?;
        self.each(base, false, at, &mut |compiler, args, next, end| {
            compiler.jump_when(function, args, false, next, at)?;
            compiler.emit(Op::MoveRef { to, from: args[0] }, at)?;
            compiler.jump(end, at)
        })
    }

    pub(super) fn mapped(
        &mut self,
        object: ExprId,
        function: ExprId,
        entries: bool,
        kind: Option<Primitive>,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let Building {
            base,
            list,
            item,
            answer,
        } = self.building(object, at)?;
        let number = self.new_num(at)?;
        self.each(base, entries, at, &mut |compiler, args, _, _| {
            compiler.lambda(function, args, item, at)?;
            if let Some(kind) = kind {
                compiler.emit(
                    Op::Unbox {
                        kind,
                        explicit: false,
                        to: number,
                        from: item,
                    },
                    at,
                )?;
                compiler.boxed_into(kind, number, item, at)?;
            }
            compiler.call_method(Method::Add, "add", list, 1, answer, at)
        })?;
        self.emit(Op::MoveRef { to, from: list }, at)
    }

    /// The elements of which the function says true; or removes them, and tells whether there were any.
    pub(super) fn filtered(
        &mut self,
        object: ExprId,
        function: ExprId,
        into_list: bool,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let Building {
            base,
            list,
            item,
            answer,
        } = self.building(object, at)?;
        self.each(base, false, at, &mut |compiler, args, next, _| {
            compiler.jump_when(function, args, !into_list, next, at)?;
            compiler.emit(
                Op::MoveRef {
                    to: item,
                    from: args[0],
                },
                at,
            )?;
            compiler.call_method(Method::Add, "add", list, 1, answer, at)
        })?;
        if into_list {
            self.emit(Op::MoveRef { to, from: list }, at)
        } else {
            self.call_static_on(StaticMethod::Keep, base, 2, to, at)
        }
    }

    pub(super) fn replaced(
        &mut self,
        object: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let Building {
            base,
            list,
            item,
            answer,
        } = self.building(object, at)?;
        self.each(base, false, at, &mut |compiler, args, _, _| {
            compiler.lambda(function, args, item, at)?;
            compiler.call_method(Method::Add, "add", list, 1, answer, at)
        })?;
        self.call_static_on(StaticMethod::Keep, base, 2, answer, at)?;
        self.emit(Op::Null(to), at)
    }

    pub(super) fn reduced(
        &mut self,
        object: ExprId,
        first: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (base, so_far, answer) = (self.new_ref(at)?, self.new_ref(at)?, self.new_ref(at)?);
        self.expression_as_def(object, base)?;
        self.expression_as_def(first, so_far)?;
        self.each(base, false, at, &mut |compiler, args, _, _| {
            compiler.lambda(function, &[so_far, args[0]], answer, at)?;
            compiler.emit(
                Op::MoveRef {
                    to: so_far,
                    from: answer,
                },
                at,
            )
        })?;
        self.emit(Op::MoveRef { to, from: so_far }, at)
    }

    /// The sum of `mapToInt` or `mapToLong`, in whole numbers.
    pub(super) fn summed(&mut self, object: ExprId, to: Ref, at: usize) -> Result<(), Fault> {
        let kind = self.maps_to_whole(object).unwrap_or(Primitive::Long);
        let (base, sum, number) = (self.new_ref(at)?, self.new_num(at)?, self.new_num(at)?);
        self.expression_as_def(object, base)?;
        self.set_number(sum, 0, at)?;
        self.each(base, false, at, &mut |compiler, args, _, _| {
            compiler.emit(
                Op::Unbox {
                    kind,
                    explicit: false,
                    to: number,
                    from: args[0],
                },
                at,
            )?;
            compiler.emit(
                Op::Arithmetic {
                    operator: Binary::Add,
                    kind,
                    to: sum,
                    a: sum,
                    b: number,
                },
                at,
            )
        })?;
        self.boxed_into(kind, sum, to, at)
    }

    /// `collect(Collectors.toList())` and its like.
    pub(super) fn collected(
        &mut self,
        object: ExprId,
        collector: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (separator, base) = (self.new_ref(at)?, self.new_ref(at)?);
        let known = match &self.tree.get(collector).kind {
            ExprKind::Call {
                object, name, args, ..
            } if matches!(&self.tree.get(*object).kind, ExprKind::Name(class) if &**class == "Collectors") => {
                Some((&**name, args.as_slice()))
            }
            _ => None,
        };
        self.expression_as_def(object, base)?;
        match known {
            Some(("toList", [])) => self.call_static_on(StaticMethod::ListOf, base, 1, to, at),
            Some(("toSet", [])) => self.call_static_on(StaticMethod::SetOf, base, 1, to, at),
            Some(("joining", [])) => self.call_static_on(StaticMethod::TextJoin, base, 1, to, at),
            Some(("joining", &[text])) => {
                self.expression_as_def(text, separator)?;
                self.call_static_on(StaticMethod::TextJoin, separator, 2, to, at)
            }
            _ => Err(Fault::unsupported(
                self.tree.get(collector).at,
                "a collector other than toList, toSet and joining",
            )),
        }
    }
}
