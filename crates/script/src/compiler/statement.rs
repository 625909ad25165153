//! Statements.

use super::{Compiler, Loop, Operand, Place, Variable};
use crate::ast::{Catch, ExprId, ExprKind, Statement, StatementKind};
use crate::fault::Fault;
use crate::program::{Handler, Op, Target};
use crate::static_type::StaticType;
use crate::statics;
use glasswork_content::Kind;
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn statement(&mut self, statement: &Statement) -> Result<(), Fault> {
        let at = statement.at;
        self.statements.push(at as u32);
        match &statement.kind {
            StatementKind::Declare { name, variables } => {
                let kind = self.type_named(name, at)?;
                for variable in variables {
                    self.declare(&variable.name, kind, variable.value, variable.at)?;
                }
                Ok(())
            }
            StatementKind::Expression(id) => self.effect(*id),
            StatementKind::If { arms, otherwise } => {
                self.if_statement(arms, otherwise.as_deref(), at)
            }
            StatementKind::While { condition, body } => self.while_statement(*condition, body, at),
            StatementKind::DoWhile { body, condition } => self.do_statement(body, *condition, at),
            StatementKind::For {
                first,
                condition,
                step,
                body,
            } => {
                self.scopes.push(Vec::new());
                let mark = self.mark();
                if let Some(first) = first {
                    self.statement(first)?;
                }
                self.for_statement(*condition, *step, body, at)?;
                self.scopes.pop();
                self.release(mark);
                Ok(())
            }
            StatementKind::ForEach {
                name,
                variable,
                source,
                body,
            } => self.for_each(name, variable, *source, body, at),
            StatementKind::Block(body) => self.block(body),
            StatementKind::Try { body, catches } => self.try_statement(body, catches, at),
            StatementKind::Return(value) => self.return_statement(*value, at),
            StatementKind::Break | StatementKind::Continue => {
                let breaks = matches!(statement.kind, StatementKind::Break);
                match self.loops.last() {
                    Some(inside) => {
                        let label = if breaks { inside.end } else { inside.next };
                        self.jump(label, at)
                    }
                    None if breaks => Err(Fault::illegal(at, "Break statement outside of a loop.")),
                    None => Err(Fault::illegal(at, "Continue statement outside of a loop.")),
                }
            }
            StatementKind::Throw(value) => {
                let at = self.tree.get(*value).at;
                let mark = self.mark();
                let value = self.expression(*value, None)?;
                let register = self.reference(value, None, at)?;
                self.release(mark);
                self.emit(Op::Throw(register), at)
            }
        }
    }

    /// The last statement of a script gives its value when it is an expression.
    pub(super) fn last_statement(&mut self, statement: &Statement) -> Result<(), Fault> {
        match statement.kind {
            StatementKind::Expression(id) if self.result().is_some() => {
                self.statements.push(statement.at as u32);
                self.return_value(id, statement.at)
            }
            _ => self.statement(statement),
        }
    }

    /// What a script gives that does not say: false, zero, null.
    pub(super) fn default_return(&mut self, at: usize) -> Result<(), Fault> {
        match self.result() {
            None => self.emit(Op::Return, at),
            Some(StaticType::Primitive(kind)) => {
                let from = self.constant(0, at)?;
                self.emit(Op::ReturnNum { kind, from }, at)
            }
            Some(_) => {
                let register = self.new_ref(at)?;
                self.emit(Op::Null(register), at)?;
                self.emit(Op::ReturnRef(register), at)
            }
        }
    }

    fn return_statement(&mut self, value: Option<ExprId>, at: usize) -> Result<(), Fault> {
        match (value, self.result()) {
            (Some(id), Some(_)) => self.return_value(id, at),
            (None, None) => match self.inlined.last() {
                Some(inside) => {
                    let end = inside.end;
                    self.jump(end, at)
                }
                None => self.emit(Op::Return, at),
            },
            (None, Some(kind)) => Err(Fault::cast(
                at,
                format!("Cannot cast from [void] to [{}].", kind.java_name()),
            )),
            (Some(id), None) => {
                let kind = self.kind_of(id);
                Err(Fault::cast(
                    at,
                    format!("Cannot cast from [{}] to [void].", kind.java_name()),
                ))
            }
        }
    }

    fn return_value(&mut self, id: ExprId, at: usize) -> Result<(), Fault> {
        let Some(kind) = self.result() else {
            return self.effect(id);
        };
        if let Some(inside) = self.inlined.last() {
            let (result, end) = (inside.result, inside.end);
            if let Some((kind, place)) = result {
                self.expression_as(id, kind, place)?;
            }
            return self.jump(end, at);
        }
        let mark = self.mark();
        let value = self.expression(id, None)?;
        let value = match (kind, value.kind) {
            // a script field tells a number by its own type
            (StaticType::Def, StaticType::Primitive(kind)) => {
                let Place::Num(from) = value.place else {
                    return Err(Fault::illegal(at, "a number was expected"));
                };
                self.release(mark);
                return self.emit(Op::ReturnNum { kind, from }, at);
            }
            _ => self.convert(value, kind, false, None, at)?,
        };
        self.release(mark);
        match (value.place, kind) {
            (Place::Num(from), StaticType::Primitive(kind)) => {
                self.emit(Op::ReturnNum { kind, from }, at)
            }
            (Place::Ref(register), _) => self.emit(Op::ReturnRef(register), at),
            (Place::Num(_), _) => Err(Fault::illegal(at, "an object was expected")),
        }
    }

    fn declare(
        &mut self,
        name: &Arc<str>,
        kind: StaticType,
        value: Option<ExprId>,
        at: usize,
    ) -> Result<(), Fault> {
        if self.variable(name).is_some() || &**name == "_score" && self.context.has_score() {
            return Err(Fault::illegal(
                at,
                format!("variable [{name}] is already defined"),
            ));
        }
        let place = self.place_for(kind, None, at)?;
        match (value, place) {
            (Some(value), _) => self.expression_as(value, kind, place)?,
            (None, Place::Num(to)) => {
                let from = self.constant(0, at)?;
                self.emit(Op::Move { to, from }, at)?;
            }
            (None, Place::Ref(to)) => self.emit(Op::Null(to), at)?,
        }
        let variable = Variable {
            operand: Operand { kind, place },
            read_only: false,
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name.clone(), variable));
        }
        Ok(())
    }

    /// An expression for what it does.
    pub(super) fn effect(&mut self, id: ExprId) -> Result<(), Fault> {
        let mark = self.mark();
        let tree = self.tree;
        match &tree.get(id).kind {
            ExprKind::Step { target, up, .. } => self.step(*target, *up, false, tree.get(id).at)?,
            _ => self.expression(id, None)?,
        };
        self.release(mark);
        Ok(())
    }

    fn block(&mut self, body: &[Statement]) -> Result<(), Fault> {
        self.scopes.push(Vec::new());
        let mark = self.mark();
        for statement in body {
            self.statement(statement)?;
        }
        self.scopes.pop();
        self.release(mark);
        Ok(())
    }

    fn try_statement(
        &mut self,
        body: &[Statement],
        catches: &[Catch],
        at: usize,
    ) -> Result<(), Fault> {
        let end = self.label();
        let from = self.ops.len() as Target;
        self.block(body)?;
        let to = self.ops.len() as Target;
        self.jump(end, at)?;
        for catch in catches {
            let known = statics::exception_named(&catch.class);
            let kind = known.ok_or_else(|| {
                Fault::illegal(catch.at, format!("Not a type [{}].", catch.class))
            })?;
            self.scopes.push(Vec::new());
            let mark = self.mark();
            let variable = self.new_ref(catch.at)?;
            if self.variable(&catch.variable).is_some() {
                return Err(Fault::illegal(
                    catch.at,
                    format!("variable [{}] is already defined", catch.variable),
                ));
            }
            let operand = Operand {
                kind: StaticType::Def,
                place: Place::Ref(variable),
            };
            if let Some(scope) = self.scopes.last_mut() {
                scope.push((
                    catch.variable.clone(),
                    Variable {
                        operand,
                        read_only: true,
                    },
                ));
            }
            let target = self.ops.len() as Target;
            self.handlers.push(Handler {
                from,
                to,
                catches: (!matches!(kind, Kind::Exception | Kind::Runtime)).then_some(kind),
                variable,
                target,
            });
            self.block(&catch.body)?;
            self.scopes.pop();
            self.release(mark);
            self.jump(end, catch.at)?;
        }
        self.set(end);
        Ok(())
    }

    fn if_statement(
        &mut self,
        arms: &[(ExprId, Vec<Statement>)],
        otherwise: Option<&[Statement]>,
        at: usize,
    ) -> Result<(), Fault> {
        let end = self.label();
        for (index, (condition, body)) in arms.iter().enumerate() {
            let next = self.label();
            self.condition(*condition, false, next)?;
            self.block(body)?;
            let last = index + 1 == arms.len() && otherwise.is_none();
            if !last {
                self.jump(end, at)?;
            }
            self.set(next);
        }
        if let Some(body) = otherwise {
            self.block(body)?;
        }
        self.set(end);
        Ok(())
    }

    fn while_statement(
        &mut self,
        condition: ExprId,
        body: &[Statement],
        at: usize,
    ) -> Result<(), Fault> {
        let (start, next, end) = (self.label(), self.label(), self.label());
        self.jump(next, at)?;
        self.set(start);
        self.inside_loop(Loop { next, end }, body)?;
        self.set(next);
        self.emit(Op::Tick, at)?;
        self.condition(condition, true, start)?;
        self.set(end);
        Ok(())
    }

    fn do_statement(
        &mut self,
        body: &[Statement],
        condition: ExprId,
        at: usize,
    ) -> Result<(), Fault> {
        let (start, next, end) = (self.label(), self.label(), self.label());
        self.set(start);
        self.inside_loop(Loop { next, end }, body)?;
        self.set(next);
        self.emit(Op::Tick, at)?;
        self.condition(condition, true, start)?;
        self.set(end);
        Ok(())
    }

    fn for_statement(
        &mut self,
        condition: Option<ExprId>,
        step: Option<ExprId>,
        body: &[Statement],
        at: usize,
    ) -> Result<(), Fault> {
        let (start, next, test, end) = (self.label(), self.label(), self.label(), self.label());
        self.jump(test, at)?;
        self.set(start);
        self.inside_loop(Loop { next, end }, body)?;
        self.set(next);
        if let Some(step) = step {
            self.effect(step)?;
        }
        self.set(test);
        self.emit(Op::Tick, at)?;
        match condition {
            Some(condition) => self.condition(condition, true, start)?,
            None => self.jump(start, at)?,
        }
        self.set(end);
        Ok(())
    }

    fn inside_loop(&mut self, labels: Loop, body: &[Statement]) -> Result<(), Fault> {
        self.loops.push(labels);
        self.block(body)?;
        self.loops.pop();
        Ok(())
    }

    fn for_each(
        &mut self,
        name: &str,
        variable: &Arc<str>,
        source: ExprId,
        body: &[Statement],
        at: usize,
    ) -> Result<(), Fault> {
        let kind = self.type_named(name, at)?;
        let mark = self.mark();
        let place = tree_at(self, source);
        let (elements, counter, element) =
            (self.new_ref(at)?, self.new_num(at)?, self.new_ref(at)?);
        self.expression_as_def(source, elements)?;
        self.emit(
            Op::Iterate {
                to: elements,
                from: elements,
            },
            place,
        )?;
        let zero = self.constant(0, at)?;
        self.emit(
            Op::Move {
                to: counter,
                from: zero,
            },
            at,
        )?;
        self.scopes.push(Vec::new());
        self.declare(variable, kind, None, at)?;
        let Some(declared) = self.variable(variable) else {
            return Err(Fault::illegal(at, "no variable"));
        };
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
        let value = Operand {
            kind: StaticType::Def,
            place: Place::Ref(element),
        };
        let value = self.convert(value, kind, false, Some(declared.operand.place), at)?;
        self.copy(value, declared.operand.place, at)?;
        self.inside_loop(Loop { next, end }, body)?;
        self.jump(next, at)?;
        self.set(end);
        self.scopes.pop();
        self.release(mark);
        Ok(())
    }
}

fn tree_at(compiler: &Compiler<'_>, id: ExprId) -> usize {
    compiler.tree.get(id).at
}
