//! Calls of methods and functions, and `new`.

use super::{Compiler, Operand, Place};
use crate::ast::ExprId;
use crate::fault::Fault;
use crate::methods::Method;
use crate::program::Op;
use crate::static_type::{Class, Primitive, StaticType};
use crate::statics::{self, MathFunction, StaticMethod};
use std::sync::Arc;

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        object: ExprId,
        name: &Arc<str>,
        args: &[ExprId],
        safe: bool,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        if let Some(done) = self.higher_order(object, name, args, safe, at)? {
            return Ok(done);
        }
        match self.class_named(object) {
            Some("Math") => return self.math(name, args, hint, at),
            Some(class) => return self.static_call(class, name, args, hint, at),
            None => {}
        }
        let count = u8::try_from(args.len())
            .map_err(|_| Fault::illegal(at, "the call has too many arguments"))?;
        let number = self.name_number(name, at)?;
        let mark = self.mark();
        let base = self.new_ref(at)?;
        // arguments lie right behind the object
        let behind = self.mark();
        self.call_object(object, base, name, count, at)?;
        self.release(behind);
        let (missing, end) = (self.label(), self.label());
        if safe {
            self.emit(Op::JumpNull(base, missing.0), at)?;
        }
        self.row(args, at)?;
        self.release(mark);
        let to = if safe {
            self.new_ref(at)?
        } else {
            self.ref_for(hint, at)?
        };
        let method = Method::named(name);
        self.emit(
            Op::Call {
                method,
                name: number,
                to,
                object: base,
                count,
            },
            at,
        )?;
        if safe {
            self.jump(end, at)?;
            self.set(missing);
            self.emit(Op::Null(to), at)?;
            self.set(end);
        }
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        })
    }

    /// Computes the object of a call; a method that its known class has not is an error here.
    fn call_object(
        &mut self,
        object: ExprId,
        base: u16,
        name: &str,
        count: u8,
        at: usize,
    ) -> Result<(), Fault> {
        let place = Place::Ref(base);
        let value = self.expression(object, Some(place))?;
        let known = match value.kind {
            StaticType::Class(class) => Method::named(name).is_of(class),
            StaticType::Primitive(_) => Method::named(name).is_of(Class::Number),
            StaticType::Def => Method::named(name) != Method::Unknown,
        };
        if !known && value.kind != StaticType::Def {
            let class = value.kind.java_name();
            return Err(Fault::illegal(
                at,
                format!("member method [{class}, {name}/{count}] not found"),
            ));
        }
        let from = self.reference(value, Some(place), at)?;
        if from != base {
            self.emit(Op::MoveRef { to: base, from }, at)?;
        }
        Ok(())
    }

    fn math(
        &mut self,
        name: &str,
        args: &[ExprId],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let function = MathFunction::named(name).filter(|function| function.arity() == args.len());
        let Some(function) = function else {
            let count = args.len();
            return Err(Fault::illegal(
                at,
                format!("static method [java.lang.Math, {name}/{count}] not found"),
            ));
        };
        let mark = self.mark();
        let mut registers = [0; 2];
        for (register, &arg) in registers.iter_mut().zip(args) {
            let own = self.new_num(at)?;
            self.expression_as(arg, StaticType::DOUBLE, Place::Num(own))?;
            *register = own;
        }
        self.release(mark);
        let to = self.num_for(hint, at)?;
        let [a, b] = registers;
        self.emit(
            if args.len() == 2 {
                Op::Math2 { function, to, a, b }
            } else {
                Op::Math1 { function, to, a }
            },
            at,
        )?;
        Ok(Operand {
            kind: function.result(),
            place: Place::Num(to),
        })
    }

    fn static_call(
        &mut self,
        class: &str,
        name: &str,
        args: &[ExprId],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let Some(method) = StaticMethod::named(class, name, args.len()) else {
            let count = args.len();
            return Err(Fault::illegal(
                at,
                format!("static method [{class}, {name}/{count}] not found"),
            ));
        };
        let count = u8::try_from(args.len())
            .map_err(|_| Fault::illegal(at, "the call has too many arguments"))?;
        let mark = self.mark();
        let first = self.row(args, at)?;
        self.release(mark);
        let to = self.ref_for(hint, at)?;
        self.emit(
            Op::CallStatic {
                method,
                to,
                first,
                count,
            },
            at,
        )?;
        Ok(Operand {
            kind: method.result(),
            place: Place::Ref(to),
        })
    }

    pub(super) fn construction(
        &mut self,
        name: &str,
        args: &[ExprId],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        if let Some(kind) = statics::exception_named(name) {
            return self.exception(kind, name, args, hint, at);
        }
        let (method, kind) = match name {
            "ArrayList" => (StaticMethod::ListOf, StaticType::Class(Class::List)),
            "HashMap" | "LinkedHashMap" => (StaticMethod::MapOf, StaticType::Class(Class::Map)),
            "HashSet" | "LinkedHashSet" => (StaticMethod::SetOf, StaticType::Class(Class::Set)),
            _ if StaticType::named(name).is_none() => {
                return Err(Fault::illegal(at, format!("Not a type [{name}].")));
            }
            _ => return Err(Fault::unsupported(at, &format!("[new {name}]"))),
        };
        let count = u8::try_from(args.len()).ok().filter(|&count| count <= 1);
        let Some(count) = count else {
            return Err(Fault::illegal(
                at,
                format!("constructor [{name}, <init>/{}] not found", args.len()),
            ));
        };
        // a size is a hint upstream
        let sized = args
            .first()
            .is_some_and(|&arg| self.kind_of(arg).primitive() == Some(Primitive::Int));
        let mark = self.mark();
        let first = self.row(args, at)?;
        self.release(mark);
        let to = self.ref_for(hint, at)?;
        self.emit(
            Op::CallStatic {
                method,
                to,
                first,
                count: if sized { 0 } else { count },
            },
            at,
        )?;
        Ok(Operand {
            kind,
            place: Place::Ref(to),
        })
    }

    fn exception(
        &mut self,
        kind: glasswork_content::Kind,
        name: &str,
        args: &[ExprId],
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        if args.len() > 1 {
            return Err(Fault::illegal(
                at,
                format!("constructor [{name}, <init>/{}] not found", args.len()),
            ));
        }
        let mark = self.mark();
        let message = self.new_ref(at)?;
        match args.first() {
            Some(&arg) => self.expression_as_def(arg, message)?,
            None => self.emit(Op::Null(message), at)?,
        }
        self.release(mark);
        let to = self.ref_for(hint, at)?;
        self.emit(Op::Exception { kind, to, message }, at)?;
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        })
    }
}
