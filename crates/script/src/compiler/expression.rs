//! Expressions.

use super::{Compiler, Operand, Place, kind};
use crate::ast::{ExprId, ExprKind, Unary};
use crate::fault::Fault;
use crate::program::{Op, Ref};
use crate::static_type::{Class, Primitive, StaticType};

impl Compiler<'_> {
    /// Computes an expression. The result may lie in the register of a variable; `hint` is where it would be welcome.
    pub(super) fn expression(&mut self, id: ExprId, hint: Option<Place>) -> Result<Operand, Fault> {
        let tree = self.tree;
        let expr = tree.get(id);
        let at = expr.at;
        match &expr.kind {
            ExprKind::Null => {
                let to = self.ref_for(hint, at)?;
                self.emit(Op::Null(to), at)?;
                Ok(Operand {
                    kind: StaticType::Def,
                    place: Place::Ref(to),
                })
            }
            ExprKind::Bool(flag) => self.constant_operand(Primitive::Boolean, i64::from(*flag), at),
            ExprKind::Int(number) => self.constant_operand(Primitive::Int, i64::from(*number), at),
            ExprKind::Long(number) => self.constant_operand(Primitive::Long, *number, at),
            ExprKind::Float(number) => {
                self.constant_operand(Primitive::Float, i64::from(number.to_bits()), at)
            }
            ExprKind::Double(number) => {
                self.constant_operand(Primitive::Double, number.to_bits() as i64, at)
            }
            ExprKind::Text(text) => Ok(self.text_constant(text)),
            ExprKind::Name(name) => self.name(name, hint, at),
            ExprKind::List(items) => self.list(items, hint, at),
            ExprKind::Map(entries) => self.map(entries, hint, at),
            ExprKind::New { name, args } => self.construction(name, args, hint, at),
            ExprKind::Field { object, name, safe } => {
                self.load_field(*object, name, *safe, hint, at)
            }
            ExprKind::Index { object, index } => self.load_index(*object, *index, hint, at),
            ExprKind::Call {
                object,
                name,
                args,
                safe,
            } => self.call(*object, name, args, *safe, hint, at),
            ExprKind::Unary {
                operator: Unary::Not,
                ..
            }
            | ExprKind::Logic { .. } => self.condition_value(id, at),
            ExprKind::Unary { operator, operand } => self.unary(*operator, *operand, hint, at),
            ExprKind::Binary { .. } => self.binary(id, hint),
            ExprKind::Choice { condition, yes, no } => self.choice(*condition, *yes, *no, at),
            ExprKind::Elvis { value, otherwise } => self.elvis(*value, *otherwise, at),
            ExprKind::Assign {
                target,
                operator,
                value,
            } => self.assign(*target, *operator, *value, at),
            ExprKind::Step { target, up, prefix } => self.step(*target, *up, !*prefix, at),
            ExprKind::Cast { name, operand } => {
                let kind = self.type_named(name, at)?;
                let value = self.expression(*operand, None)?;
                self.convert(value, kind, true, hint, at)
            }
            ExprKind::CallFunction { name, args } => self.call_function(name, args, hint, at),
            ExprKind::Lambda { .. } => {
                Err(Fault::unsupported(at, "a lambda expression in this place"))
            }
            ExprKind::InstanceOf { operand, name } => self.instance_of(*operand, name, at),
        }
    }

    /// Computes an expression into a register of its own that nothing else changes.
    pub(super) fn expression_as(
        &mut self,
        id: ExprId,
        kind: StaticType,
        place: Place,
    ) -> Result<(), Fault> {
        let at = self.tree.get(id).at;
        let mark = self.mark();
        let value = self.expression(id, Some(place))?;
        let value = self.convert(value, kind, false, Some(place), at)?;
        self.copy(value, place, at)?;
        self.release(mark);
        Ok(())
    }

    pub(super) fn type_named(&self, name: &str, at: usize) -> Result<StaticType, Fault> {
        StaticType::named(name).ok_or_else(|| Fault::illegal(at, format!("Not a type [{name}].")))
    }

    fn name(&mut self, name: &str, hint: Option<Place>, at: usize) -> Result<Operand, Fault> {
        if let Some(variable) = self.variable(name) {
            return Ok(variable.operand);
        }
        if name == "_score" && self.context.has_score() {
            let to = self.num_for(hint, at)?;
            self.emit(Op::Score(to), at)?;
            return Ok(Operand {
                kind: StaticType::DOUBLE,
                place: Place::Num(to),
            });
        }
        Err(Fault::illegal(
            at,
            format!("cannot resolve symbol [{name}]"),
        ))
    }

    /// Computes expressions into registers that follow each other; gives the first.
    pub(super) fn row(&mut self, items: &[ExprId], at: usize) -> Result<Ref, Fault> {
        let first = self.refs as Ref;
        for &item in items {
            let register = self.new_ref(at)?;
            self.expression_as_def(item, register)?;
        }
        Ok(first)
    }

    /// Computes an expression into a register of values, whatever its type.
    pub(super) fn expression_as_def(&mut self, id: ExprId, register: Ref) -> Result<(), Fault> {
        let at = self.tree.get(id).at;
        let mark = self.mark();
        let place = Place::Ref(register);
        let value = self.expression(id, Some(place))?;
        let from = self.reference(value, Some(place), at)?;
        if from != register {
            self.emit(Op::MoveRef { to: register, from }, at)?;
        }
        self.release(mark);
        Ok(())
    }

    fn list(&mut self, items: &[ExprId], hint: Option<Place>, at: usize) -> Result<Operand, Fault> {
        let mark = self.mark();
        let first = self.row(items, at)?;
        self.release(mark);
        let count =
            u16::try_from(items.len()).map_err(|_| Fault::illegal(at, "the list is too long"))?;
        let to = self.ref_for(hint, at)?;
        self.emit(Op::List { to, first, count }, at)?;
        Ok(Operand {
            kind: StaticType::Class(Class::List),
            place: Place::Ref(to),
        })
    }

    fn map(
        &mut self,
        entries: &[(ExprId, ExprId)],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let mark = self.mark();
        let flat: Vec<ExprId> = entries
            .iter()
            .flat_map(|&(key, value)| [key, value])
            .collect();
        let first = self.row(&flat, at)?;
        self.release(mark);
        let count =
            u16::try_from(entries.len()).map_err(|_| Fault::illegal(at, "the map is too large"))?;
        let to = self.ref_for(hint, at)?;
        self.emit(Op::Map { to, first, count }, at)?;
        Ok(Operand {
            kind: StaticType::Class(Class::Map),
            place: Place::Ref(to),
        })
    }

    fn choice(
        &mut self,
        condition: ExprId,
        yes: ExprId,
        no: ExprId,
        at: usize,
    ) -> Result<Operand, Fault> {
        let kind = kind::meeting(self.kind_of(yes), self.kind_of(no));
        let place = self.place_for(kind, None, at)?;
        let (otherwise, end) = (self.label(), self.label());
        self.condition(condition, false, otherwise)?;
        self.expression_as(yes, kind, place)?;
        self.jump(end, at)?;
        self.set(otherwise);
        self.expression_as(no, kind, place)?;
        self.set(end);
        Ok(Operand { kind, place })
    }

    fn elvis(&mut self, value: ExprId, otherwise: ExprId, at: usize) -> Result<Operand, Fault> {
        let to = self.new_ref(at)?;
        let (missing, end) = (self.label(), self.label());
        self.expression_as_def(value, to)?;
        self.emit(Op::JumpNull(to, missing.0), at)?;
        self.jump(end, at)?;
        self.set(missing);
        self.expression_as_def(otherwise, to)?;
        self.set(end);
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        })
    }

    fn instance_of(&mut self, operand: ExprId, name: &str, at: usize) -> Result<Operand, Fault> {
        let kind = self.type_named(name, at)?;
        let value = self.expression(operand, None)?;
        let register = self.reference(value, None, at)?;
        let to = self.new_num(at)?;
        let op = match kind {
            StaticType::Class(class) => Op::IsInstance {
                class,
                to,
                value: register,
            },
            StaticType::Def => Op::IsObject {
                to,
                value: register,
            },
            StaticType::Primitive(_) => {
                return Err(Fault::illegal(
                    at,
                    format!("Invalid instanceof: [{name}] is a primitive type"),
                ));
            }
        };
        self.emit(op, at)?;
        Ok(Operand {
            kind: StaticType::BOOLEAN,
            place: Place::Num(to),
        })
    }
}
