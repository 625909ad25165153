//! Fields, indexes, and assignments to them and to variables.

use super::{Compiler, Operand, Place};
use crate::ast::{Binary, ExprId, ExprKind};
use crate::fault::Fault;
use crate::program::{Op, Ref};
use crate::script::Context;
use crate::static_type::{Primitive, StaticType};
use crate::statics;
use std::sync::Arc;

/// Where an assignment goes.
enum Target {
    Variable(Operand),
    Field { object: Ref, name: u16 },
    Index { object: Ref, index: Ref },
}

impl Compiler<'_> {
    pub(super) fn load_field(
        &mut self,
        object: ExprId,
        name: &Arc<str>,
        safe: bool,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        if let Some(class) = self.class_named(object) {
            let Some((kind, bits)) = statics::constant(class, name) else {
                return Err(Fault::illegal(
                    at,
                    format!("static field [{class}, {name}] not found"),
                ));
            };
            return self.constant_operand(kind, bits, at);
        }
        if !safe && self.is_source(object, name) {
            return self.load_source(hint, at);
        }
        if let Some((field, place)) = self.document_field(object, name, safe) {
            let name = self.name_number(&field, at)?;
            let to = self.ref_for(hint, at)?;
            self.emit(Op::DocumentValue { to, name }, place)?;
            return Ok(Operand {
                kind: StaticType::Def,
                place: Place::Ref(to),
            });
        }
        let number = self.name_number(name, at)?;
        let mark = self.mark();
        let object = self.object(object, at)?;
        self.release(mark);
        let to = if safe {
            self.new_ref(at)?
        } else {
            self.ref_for(hint, at)?
        };
        self.unless_null(
            object,
            to,
            safe,
            at,
            Op::LoadField {
                to,
                object,
                name: number,
            },
        )
    }

    /// Does an operation, or gives null for a null object of a safe access.
    pub(super) fn unless_null(
        &mut self,
        object: Ref,
        to: Ref,
        safe: bool,
        at: usize,
        op: Op,
    ) -> Result<Operand, Fault> {
        let done = Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        };
        if !safe {
            self.emit(op, at)?;
            return Ok(done);
        }
        let (missing, end) = (self.label(), self.label());
        self.emit(Op::JumpNull(object, missing.0), at)?;
        self.emit(op, at)?;
        self.jump(end, at)?;
        self.set(missing);
        self.emit(Op::Null(to), at)?;
        self.set(end);
        Ok(done)
    }

    /// The class that an expression names, when it is no variable.
    pub(super) fn class_named(&self, id: ExprId) -> Option<&'static str> {
        match &self.tree.get(id).kind {
            ExprKind::Name(name) if self.variable(name).is_none() => statics::class_named(name),
            _ => None,
        }
    }

    /// `doc['field'].value`, by far the most frequent expression: the field and its place.
    fn document_field(&self, object: ExprId, name: &str, safe: bool) -> Option<(Arc<str>, usize)> {
        if name != "value" || safe {
            return None;
        }
        let ExprKind::Index { object, index } = self.tree.get(object).kind else {
            return None;
        };
        let (ExprKind::Name(document), ExprKind::Text(field)) =
            (&self.tree.get(object).kind, &self.tree.get(index).kind)
        else {
            return None;
        };
        let is_document = &**document == "doc"
            && self
                .variable(document)
                .is_some_and(|variable| variable.read_only);
        is_document.then(|| (field.clone(), self.tree.get(index).at))
    }

    /// `params._source` and `params['_source']`, where scripts run over documents (but not in filters, as upstream).
    fn is_source(&self, object: ExprId, name: &str) -> bool {
        let over_documents = self.context == Context::Field || self.context.has_score();
        name == "_source"
            && over_documents
            && matches!(&self.tree.get(object).kind, ExprKind::Name(params) if &**params == "params")
            && self
                .variable("params")
                .is_some_and(|variable| variable.read_only)
    }

    fn load_source(&mut self, hint: Option<Place>, at: usize) -> Result<Operand, Fault> {
        let to = self.ref_for(hint, at)?;
        self.emit(Op::Source(to), at)?;
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        })
    }

    fn object(&mut self, id: ExprId, at: usize) -> Result<Ref, Fault> {
        let value = self.expression(id, None)?;
        if let StaticType::Primitive(kind) = value.kind {
            return Err(Fault::illegal(
                at,
                format!(
                    "Cannot access a member of the primitive type [{}].",
                    kind.name()
                ),
            ));
        }
        self.reference(value, None, at)
    }

    pub(super) fn load_index(
        &mut self,
        object: ExprId,
        index: ExprId,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        if let ExprKind::Text(name) = &self.tree.get(index).kind
            && self.is_source(object, name)
        {
            return self.load_source(hint, at);
        }
        let mark = self.mark();
        let (object, index) = self.object_and_index(object, index, at)?;
        self.release(mark);
        let to = self.ref_for(hint, at)?;
        self.emit(Op::LoadIndex { to, object, index }, at)?;
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        })
    }

    fn object_and_index(
        &mut self,
        object: ExprId,
        index: ExprId,
        at: usize,
    ) -> Result<(Ref, Ref), Fault> {
        let value = self.expression(object, None)?;
        if value.kind == StaticType::TEXT || matches!(value.kind, StaticType::Primitive(_)) {
            let name = value.kind.java_name();
            return Err(Fault::illegal(
                at,
                format!("Attempting to address a non-array-like type [{name}] as an array."),
            ));
        }
        let value = self.kept(value, index, at)?;
        let object = self.reference(value, None, at)?;
        let index = self.expression(index, None)?;
        Ok((object, self.reference(index, None, at)?))
    }

    pub(super) fn assign(
        &mut self,
        target: ExprId,
        operator: Option<Binary>,
        value: ExprId,
        at: usize,
    ) -> Result<Operand, Fault> {
        let target = self.target(target, value, at)?;
        let Some(operator) = operator else {
            return self.assign_plainly(target, value, at);
        };
        let old = self.load(&target, at)?;
        let old = self.kept(old, value, at)?;
        let mark = self.mark();
        let value = self.expression(value, None)?;
        let hint = match target {
            Target::Variable(variable) if variable.kind == old.kind => Some(variable.place),
            _ => None,
        };
        let new = self.combine(old, operator, value, mark, hint, at)?;
        self.store(&target, new, at)
    }

    fn assign_plainly(
        &mut self,
        target: Target,
        value: ExprId,
        at: usize,
    ) -> Result<Operand, Fault> {
        match target {
            Target::Variable(variable) => {
                self.expression_as(value, variable.kind, variable.place)?;
                Ok(variable)
            }
            _ => {
                let value = self.expression(value, None)?;
                self.store(&target, value, at)
            }
        }
    }

    /// `x++` and the like. `old` tells which of both values the expression is.
    pub(super) fn step(
        &mut self,
        target: ExprId,
        up: bool,
        old: bool,
        at: usize,
    ) -> Result<Operand, Fault> {
        let target = self.target(target, target, at)?;
        let before = self.load(&target, at)?;
        let before = match (old, before.place) {
            (true, place) if self.is_variable(place) => {
                let kept = self.place_for(before.kind, None, at)?;
                self.copy(before, kept, at)?
            }
            _ => before,
        };
        if before.kind.primitive() == Some(Primitive::Boolean) || before.kind == StaticType::TEXT {
            let (sign, kind) = (if up { "++" } else { "--" }, before.kind.java_name());
            return Err(Fault::cast(
                at,
                format!("Cannot apply [{sign}] operation to type [{kind}]."),
            ));
        }
        let mark = self.mark();
        let one = self.constant_operand(Primitive::Int, 1, at)?;
        let operator = if up { Binary::Add } else { Binary::Subtract };
        let hint = match target {
            Target::Variable(variable)
                if variable.kind == StaticType::INT
                    || variable.kind == StaticType::Primitive(Primitive::Long) =>
            {
                Some(variable.place)
            }
            _ => None,
        };
        let after = self.combine(before, operator, one, mark, hint, at)?;
        let after = self.store(&target, after, at)?;
        Ok(if old { before } else { after })
    }

    /// What an assignment goes to; its parts are computed once, and stay while `next` is computed.
    fn target(&mut self, id: ExprId, next: ExprId, at: usize) -> Result<Target, Fault> {
        let tree = self.tree;
        match &tree.get(id).kind {
            ExprKind::Name(name) => match self.variable(name) {
                Some(variable) if variable.read_only => Err(Fault::illegal(
                    at,
                    format!("Variable [{name}] is read-only."),
                )),
                Some(variable) => Ok(Target::Variable(variable.operand)),
                None => Err(Fault::illegal(
                    at,
                    format!("cannot resolve symbol [{name}]"),
                )),
            },
            ExprKind::Field { safe: true, .. } => {
                Err(Fault::illegal(at, "Can't assign to a null safe reference."))
            }
            ExprKind::Field { object, name, .. } => {
                let name = self.name_number(name, at)?;
                let value = self.expression(*object, None)?;
                let value = self.kept(value, next, at)?;
                Ok(Target::Field {
                    object: self.reference(value, None, at)?,
                    name,
                })
            }
            ExprKind::Index { object, index } => {
                let (object, index) = self.object_and_index(*object, *index, at)?;
                let kept = |place| Operand {
                    kind: StaticType::Def,
                    place: Place::Ref(place),
                };
                let object = self.kept(kept(object), next, at)?;
                let index = self.kept(kept(index), next, at)?;
                Ok(Target::Index {
                    object: self.reference(object, None, at)?,
                    index: self.reference(index, None, at)?,
                })
            }
            _ => Err(Fault::illegal(
                at,
                "invalid assignment: cannot assign to this expression",
            )),
        }
    }

    fn load(&mut self, target: &Target, at: usize) -> Result<Operand, Fault> {
        let op = match *target {
            Target::Variable(variable) => return Ok(variable),
            Target::Field { object, name } => {
                let to = self.new_ref(at)?;
                (to, Op::LoadField { to, object, name })
            }
            Target::Index { object, index } => {
                let to = self.new_ref(at)?;
                (to, Op::LoadIndex { to, object, index })
            }
        };
        self.emit(op.1, at)?;
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(op.0),
        })
    }

    /// Stores the value of a compound assignment, narrowing it to the type of the variable as Java does.
    fn store(&mut self, target: &Target, value: Operand, at: usize) -> Result<Operand, Fault> {
        match *target {
            Target::Variable(variable) => {
                let explicit = matches!(variable.kind, StaticType::Primitive(_));
                let value =
                    self.convert(value, variable.kind, explicit, Some(variable.place), at)?;
                self.copy(value, variable.place, at)
            }
            Target::Field { object, name } => {
                let register = self.reference(value, None, at)?;
                self.emit(
                    Op::StoreField {
                        object,
                        name,
                        value: register,
                    },
                    at,
                )?;
                Ok(value)
            }
            Target::Index { object, index } => {
                let register = self.reference(value, None, at)?;
                self.emit(
                    Op::StoreIndex {
                        object,
                        index,
                        value: register,
                    },
                    at,
                )?;
                Ok(value)
            }
        }
    }
}
