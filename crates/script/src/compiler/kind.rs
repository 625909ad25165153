//! The type of an expression before it is compiled, for places where two branches have to meet.

use super::Compiler;
use crate::ast::{Binary, ExprId, ExprKind, Unary};
use crate::static_type::{Class, Primitive, StaticType};
use crate::statics;

/// The type in which both branches of a choice meet.
pub(super) fn meeting(yes: StaticType, no: StaticType) -> StaticType {
    match (yes, no) {
        (yes, no) if yes == no => yes,
        (StaticType::Primitive(yes), StaticType::Primitive(no))
            if yes.is_number() && no.is_number() =>
        {
            StaticType::Primitive(yes.promoted(no))
        }
        _ => StaticType::Def,
    }
}

/// The type of `left operator right`, `def` where only the run can tell.
pub(super) fn of_binary(operator: Binary, left: StaticType, right: StaticType) -> StaticType {
    if operator.compares() {
        return StaticType::BOOLEAN;
    }
    match (left, right) {
        (StaticType::Class(Class::Text), _) | (_, StaticType::Class(Class::Text))
            if operator == Binary::Add =>
        {
            StaticType::TEXT
        }
        (StaticType::Primitive(Primitive::Boolean), StaticType::Primitive(Primitive::Boolean)) => {
            StaticType::BOOLEAN
        }
        (StaticType::Primitive(left), StaticType::Primitive(right)) => {
            let shift = matches!(
                operator,
                Binary::ShiftLeft | Binary::ShiftRight | Binary::ShiftRightUnsigned
            );
            StaticType::Primitive(left.promoted(if shift { Primitive::Int } else { right }))
        }
        _ => StaticType::Def,
    }
}

impl Compiler<'_> {
    /// Looks at each expression once.
    pub(super) fn kind_of(&mut self, id: ExprId) -> StaticType {
        if let Some(&kind) = self.kinds.get(&id.0) {
            return kind;
        }
        let kind = self.find_kind(id);
        self.kinds.insert(id.0, kind);
        kind
    }

    fn find_kind(&mut self, id: ExprId) -> StaticType {
        let tree = self.tree;
        match &tree.get(id).kind {
            ExprKind::Bool(_) | ExprKind::Logic { .. } | ExprKind::InstanceOf { .. } => {
                StaticType::BOOLEAN
            }
            ExprKind::Unary {
                operator: Unary::Not,
                ..
            } => StaticType::BOOLEAN,
            ExprKind::Int(_) => StaticType::INT,
            ExprKind::Long(_) => StaticType::Primitive(Primitive::Long),
            ExprKind::Float(_) => StaticType::Primitive(Primitive::Float),
            ExprKind::Double(_) => StaticType::DOUBLE,
            ExprKind::Text(_) => StaticType::TEXT,
            ExprKind::Name(name) => match self.variable(name) {
                Some(variable) => variable.operand.kind,
                None => StaticType::DOUBLE,
            },
            ExprKind::Unary { operand, .. } => match self.kind_of(*operand) {
                StaticType::Primitive(kind) => StaticType::Primitive(kind.promoted(Primitive::Int)),
                _ => StaticType::Def,
            },
            ExprKind::Binary { .. } => self.kind_of_chain(id),
            ExprKind::Choice { yes, no, .. } => meeting(self.kind_of(*yes), self.kind_of(*no)),
            ExprKind::Assign { target, .. } | ExprKind::Step { target, .. } => {
                self.kind_of(*target)
            }
            ExprKind::Cast { name, .. } => StaticType::named(name).unwrap_or(StaticType::Def),
            ExprKind::Call { object, name, .. } => match &tree.get(*object).kind {
                ExprKind::Name(class) if &**class == "Math" && self.variable(class).is_none() => {
                    statics::MathFunction::named(name)
                        .map_or(StaticType::Def, |function| function.result())
                }
                _ => StaticType::Def,
            },
            ExprKind::CallFunction { name, args } => {
                let defined = tree.functions.iter().find(|function| {
                    function.name == *name && function.parameters.len() == args.len()
                });
                match defined {
                    Some(function) => {
                        StaticType::named(&function.result).unwrap_or(StaticType::Def)
                    }
                    None => StaticType::DOUBLE,
                }
            }
            ExprKind::Null
            | ExprKind::List(_)
            | ExprKind::Map(_)
            | ExprKind::New { .. }
            | ExprKind::Lambda { .. }
            | ExprKind::Field { .. }
            | ExprKind::Index { .. }
            | ExprKind::Elvis { .. } => StaticType::Def,
        }
    }

    /// The left side of a chain is gone along without recursion.
    fn kind_of_chain(&mut self, id: ExprId) -> StaticType {
        let tree = self.tree;
        let mut rest = Vec::new();
        let mut leftmost = id;
        while let ExprKind::Binary {
            operator,
            left,
            right,
        } = tree.get(leftmost).kind
        {
            rest.push((operator, right));
            leftmost = left;
            if operator.compares() {
                break;
            }
        }
        let mut kind = match rest.last() {
            Some((operator, _)) if operator.compares() => StaticType::Def,
            _ => self.kind_of(leftmost),
        };
        while let Some((operator, right)) = rest.pop() {
            let right = self.kind_of(right);
            kind = of_binary(operator, kind, right);
        }
        kind
    }
}
