//! Methods that take lambda expressions, as loops in place: `forEach`, `map`, `filter`, `sort` and the like.
//!
//! A stream is the list of its elements, and every step of it is done at once.

mod elements;
mod entries;
mod sorting;

use super::{Compiler, Label, Operand, Place};
use crate::ast::{ExprId, ExprKind};
use crate::fault::Fault;
use crate::methods::Method;
use crate::program::{Num, Op, Ref};
use crate::static_type::{Primitive, StaticType};
use crate::statics::StaticMethod;

/// Registers that a loop over elements works with: `item` lies behind `list`, as calls want it.
struct Building {
    base: Ref,
    list: Ref,
    item: Ref,
    answer: Ref,
}

/// The inside of a loop: the element (or key and value), where the next turn begins, where the loop ends.
type EachBody<'a, C> = dyn FnMut(&mut C, &[Ref], Label, Label) -> Result<(), Fault> + 'a;

impl Compiler<'_> {
    /// A call that takes functions; `None` when it takes none.
    pub(in crate::compiler) fn higher_order(
        &mut self,
        object: ExprId,
        name: &str,
        args: &[ExprId],
        safe: bool,
        at: usize,
    ) -> Result<Option<Operand>, Fault> {
        let arity = |compiler: &Self, id: ExprId| match &compiler.tree.get(id).kind {
            ExprKind::Lambda { parameters, .. } => Some(parameters.len()),
            _ => None,
        };
        let arities: Vec<Option<usize>> = args.iter().map(|&arg| arity(self, arg)).collect();
        let comparing = args.last().and_then(|&arg| self.comparing(arg));
        let takes_functions = arities.iter().any(Option::is_some)
            || comparing.is_some()
            || name == "collect"
            || name == "sum" && self.maps_to_whole(object).is_some();
        if !takes_functions {
            return Ok(None);
        }
        if safe {
            return Err(Fault::unsupported(
                at,
                "a lambda expression behind the operator [?.]",
            ));
        }
        let to = self.new_ref(at)?;
        let mark = self.mark();
        match (name, args, arities.as_slice()) {
            ("forEach" | "each", &[function], &[Some(count @ (1 | 2))]) => {
                self.for_each_element(object, function, count == 2, to, at)?;
            }
            ("any" | "anyMatch", &[function], &[Some(count @ (1 | 2))]) => {
                self.quantified(object, function, count == 2, (true, true), to, at)?;
            }
            ("every" | "allMatch", &[function], &[Some(count @ (1 | 2))]) => {
                self.quantified(object, function, count == 2, (false, false), to, at)?;
            }
            ("noneMatch", &[function], &[Some(1)]) => {
                self.quantified(object, function, false, (true, false), to, at)?;
            }
            ("count", &[function], &[Some(count @ (1 | 2))]) => {
                self.counted(object, function, count == 2, to, at)?;
            }
            ("find", &[function], &[Some(1)]) => self.found(object, function, to, at)?,
            ("map" | "mapToObj" | "collect", &[function], &[Some(count @ (1 | 2))]) => {
                self.mapped(object, function, count == 2, None, to, at)?;
            }
            ("mapToInt", &[function], &[Some(1)]) => {
                self.mapped(object, function, false, Some(Primitive::Int), to, at)?;
            }
            ("mapToLong", &[function], &[Some(1)]) => {
                self.mapped(object, function, false, Some(Primitive::Long), to, at)?;
            }
            ("mapToDouble", &[function], &[Some(1)]) => {
                self.mapped(object, function, false, Some(Primitive::Double), to, at)?;
            }
            ("filter" | "findAll", &[function], &[Some(1)]) => {
                self.filtered(object, function, true, to, at)?;
            }
            ("findAll", &[function], &[Some(2)]) => {
                self.filtered_entries(object, function, to, at)?;
            }
            ("removeIf", &[function], &[Some(1)]) => {
                self.filtered(object, function, false, to, at)?;
            }
            ("replaceAll", &[function], &[Some(1)]) => self.replaced(object, function, to, at)?,
            ("replaceAll", &[function], &[Some(2)]) => {
                self.replaced_entries(object, function, to, at)?;
            }
            ("reduce", &[first, function], &[None, Some(2)]) => {
                self.reduced(object, first, function, to, at)?;
            }
            ("computeIfAbsent", &[key, function], &[None, Some(1)])
            | ("computeIfPresent" | "compute", &[key, function], &[None, Some(2)]) => {
                self.computed(object, name, key, function, to, at)?;
            }
            ("merge", &[key, value, function], &[None, None, Some(2)]) => {
                self.merged(object, key, value, function, to, at)?;
            }
            ("sort" | "sorted", &[_], _) if let Some(comparing) = comparing => {
                self.sorted(object, comparing, name == "sort", to, at)?;
            }
            ("sort", &[list, _], _)
                if let (Some(comparing), Some("Collections")) =
                    (comparing, self.class_named(object)) =>
            {
                self.sorted(list, comparing, true, to, at)?;
            }
            ("sum", &[], _) => self.summed(object, to, at)?,
            ("collect", &[collector], _) => self.collected(object, collector, to, at)?,
            _ => {
                return Err(Fault::illegal(
                    at,
                    format!(
                        "member method [{name}/{}] not found, or not with such functions",
                        args.len()
                    ),
                ));
            }
        }
        self.release(mark);
        Ok(Some(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        }))
    }

    /// `….mapToInt(…)`, whose sum is a whole number.
    fn maps_to_whole(&self, object: ExprId) -> Option<Primitive> {
        match &self.tree.get(object).kind {
            ExprKind::Call { name, .. } => match &**name {
                "mapToInt" => Some(Primitive::Int),
                "mapToLong" => Some(Primitive::Long),
                _ => None,
            },
            _ => None,
        }
    }

    /// A loop over the elements of `base`, or over the entries of a map.
    fn each(
        &mut self,
        base: Ref,
        entries: bool,
        at: usize,
        body: &mut EachBody<'_, Self>,
    ) -> Result<(), Fault> {
        let (elements, element) = (self.new_ref(at)?, self.new_ref(at)?);
        let parts = [self.new_ref(at)?, self.new_ref(at)?];
        let counter = self.new_num(at)?;
        let mut from = base;
        if entries {
            self.call_method(Method::EntrySet, "entrySet", base, 0, elements, at)?;
            from = elements;
        }
        let to = elements;
        self.emit(Op::Iterate { to, from }, at)?;
        self.set_number(counter, 0, at)?;
        let (next, end) = (self.label(), self.label());
        self.set(next);
        self.emit(Op::Tick, at)?;
        self.emit(
            Op::Next {
                to: element,
                from: elements,
                at: counter,
                target: end.0,
            },
            at,
        )?;
        if entries {
            for (part, name) in parts.into_iter().zip(["key", "value"]) {
                let name = self.name_number(&name.into(), at)?;
                self.emit(
                    Op::LoadField {
                        to: part,
                        object: element,
                        name,
                    },
                    at,
                )?;
            }
            body(self, &parts, next, end)?;
        } else {
            body(self, &[element], next, end)?;
        }
        self.jump(next, at)?;
        self.set(end);
        Ok(())
    }

    fn set_number(&mut self, to: Num, number: i64, at: usize) -> Result<(), Fault> {
        let from = self.constant(number, at)?;
        self.emit(Op::Move { to, from }, at)
    }

    fn call_method(
        &mut self,
        method: Method,
        name: &str,
        object: Ref,
        count: u8,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        let name = self.name_number(&name.into(), at)?;
        self.emit(
            Op::Call {
                method,
                name,
                to,
                object,
                count,
            },
            at,
        )
    }

    fn call_static_on(
        &mut self,
        method: StaticMethod,
        first: Ref,
        count: u8,
        to: Ref,
        at: usize,
    ) -> Result<(), Fault> {
        self.emit(
            Op::CallStatic {
                method,
                to,
                first,
                count,
            },
            at,
        )
    }

    /// Jumps when what a function says of elements is `when`.
    fn jump_when(
        &mut self,
        function: ExprId,
        args: &[Ref],
        when: bool,
        label: Label,
        at: usize,
    ) -> Result<(), Fault> {
        let mark = self.mark();
        let (answer, truth) = (self.new_ref(at)?, self.new_num(at)?);
        self.lambda(function, args, answer, at)?;
        self.emit(
            Op::Unbox {
                kind: Primitive::Boolean,
                explicit: false,
                to: truth,
                from: answer,
            },
            at,
        )?;
        self.release(mark);
        self.emit(
            if when {
                Op::JumpIf(truth, label.0)
            } else {
                Op::JumpUnless(truth, label.0)
            },
            at,
        )
    }

    fn boxed_into(&mut self, kind: Primitive, from: Num, to: Ref, at: usize) -> Result<(), Fault> {
        self.emit(Op::Box { kind, to, from }, at)
    }

    /// The object, an empty list, and a place for its next element.
    fn building(&mut self, object: ExprId, at: usize) -> Result<Building, Fault> {
        let (base, list) = (self.new_ref(at)?, self.new_ref(at)?);
        let (item, answer) = (self.new_ref(at)?, self.new_ref(at)?);
        self.expression_as_def(object, base)?;
        self.emit(
            Op::List {
                to: list,
                first: list,
                count: 0,
            },
            at,
        )?;
        Ok(Building {
            base,
            list,
            item,
            answer,
        })
    }

    fn add_one(&mut self, to: Num, at: usize) -> Result<(), Fault> {
        let one = self.constant(1, at)?;
        self.emit(Op::AddInt { to, a: to, b: one }, at)
    }
}
