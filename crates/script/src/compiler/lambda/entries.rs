//! Methods over the entries of a map.

use super::super::Compiler;
use crate::ast::ExprId;
use crate::fault::Fault;
use crate::methods::Method;
use crate::program::{Op, Ref};

impl Compiler<'_> {
    pub(super) fn filtered_entries(
        &mut self,
        object: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (base, map) = (self.new_ref(at)?, self.new_ref(at)?);
        let pair = [self.new_ref(at)?, self.new_ref(at)?];
        let answer = self.new_ref(at)?;
        self.expression_as_def(object, base)?;
        self.emit(
            Op::Map {
                to: map,
                first: map,
                count: 0,
            },
            at,
        )?;
        self.each(base, true, at, &mut |compiler, args, next, _| {
            compiler.jump_when(function, args, false, next, at)?;
            for (&from, to) in args.iter().zip(pair) {
                compiler.emit(Op::MoveRef { to, from }, at)?;
            }
            compiler.call_method(Method::Put, "put", map, 2, answer, at)
        })?;
        self.emit(Op::MoveRef { to, from: map }, at)
    }

    pub(super) fn replaced_entries(
        &mut self,
        object: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (map, key, value) = (self.new_ref(at)?, self.new_ref(at)?, self.new_ref(at)?);
        let answer = self.new_ref(at)?;
        self.expression_as_def(object, map)?;
        self.each(map, true, at, &mut |compiler, args, _, _| {
            compiler.lambda(function, args, value, at)?;
            compiler.emit(
                Op::MoveRef {
                    to: key,
                    from: args[0],
                },
                at,
            )?;
            compiler.call_method(Method::Put, "put", map, 2, answer, at)
        })?;
        self.emit(Op::Null(to), at)
    }

    /// `computeIfAbsent`, `computeIfPresent`, `compute`.
    pub(super) fn computed(
        &mut self,
        object: ExprId,
        name: &str,
        key: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (map, name_of, value) = (self.new_ref(at)?, self.new_ref(at)?, self.new_ref(at)?);
        self.expression_as_def(object, map)?;
        self.expression_as_def(key, name_of)?;
        self.call_method(Method::Get, "get", map, 1, to, at)?;
        let (work, end) = (self.label(), self.label());
        match name {
            "computeIfAbsent" => {
                self.emit(Op::JumpNull(to, work.0), at)?;
                self.jump(end, at)?;
            }
            "computeIfPresent" => self.emit(Op::JumpNull(to, end.0), at)?,
            _ => {}
        }
        self.set(work);
        if name == "computeIfAbsent" {
            self.lambda(function, &[name_of], value, at)?;
        } else {
            self.lambda(function, &[name_of, to], value, at)?;
        }
        self.put_or_remove(map, value, to, at)?;
        self.set(end);
        Ok(())
    }

    /// Null removes the entry. `map`, its key and `value` follow each other.
    pub(super) fn put_or_remove(
        &mut self,
        map: Ref,
        value: Ref,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let answer = self.new_ref(at)?;
        let (remove, end) = (self.label(), self.label());
        self.emit(Op::MoveRef { to, from: value }, at)?;
        self.emit(Op::JumpNull(value, remove.0), at)?;
        self.call_method(Method::Put, "put", map, 2, answer, at)?;
        self.jump(end, at)?;
        self.set(remove);
        self.call_method(Method::Remove, "remove", map, 1, answer, at)?;
        self.set(end);
        Ok(())
    }

    pub(super) fn merged(
        &mut self,
        object: ExprId,
        key: ExprId,
        given: ExprId,
        function: ExprId,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let (map, name, value) = (self.new_ref(at)?, self.new_ref(at)?, self.new_ref(at)?);
        let new = self.new_ref(at)?;
        self.expression_as_def(object, map)?;
        self.expression_as_def(key, name)?;
        self.expression_as_def(given, new)?;
        self.call_method(Method::Get, "get", map, 1, to, at)?;
        let (absent, put) = (self.label(), self.label());
        self.emit(Op::JumpNull(to, absent.0), at)?;
        self.lambda(function, &[to, new], value, at)?;
        self.jump(put, at)?;
        self.set(absent);
        self.emit(
            Op::MoveRef {
                to: value,
                from: new,
            },
            at,
        )?;
        self.set(put);
        self.put_or_remove(map, value, to, at)
    }
}
