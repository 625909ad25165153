//! Conversions between types: which are allowed, and the instructions that do them (`AnalyzerCaster`).

use super::{Compiler, Operand, Place};
use crate::fault::Fault;
use crate::program::{Num, Op, Ref};
use crate::static_type::{Class, Primitive, StaticType};

impl Compiler<'_> {
    /// A value as one of the type, as an assignment converts it; `explicit` as a cast does.
    pub(super) fn convert(
        &mut self,
        value: Operand,
        kind: StaticType,
        explicit: bool,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let refused = || {
            let (from, to) = (value.kind.java_name(), kind.java_name());
            Fault::cast(at, format!("Cannot cast from [{from}] to [{to}]."))
        };
        let same_place = Operand {
            kind,
            place: value.place,
        };
        match (value.kind, kind) {
            (from, to) if from == to => Ok(same_place),
            (StaticType::Primitive(from), StaticType::Primitive(to)) => {
                let numbers = from.is_number() && to.is_number();
                if !(from.widens_to(to) || explicit && numbers) {
                    return Err(refused());
                }
                self.convert_number(value, from, to, hint, at)
            }
            (StaticType::Primitive(from), StaticType::Def) => self.boxed(value, from, hint, at),
            (StaticType::Primitive(from), StaticType::Class(class)) => {
                let number = class == Class::Number && from.is_number() && from != Primitive::Char;
                if class.unboxed() == Some(from) || number {
                    let boxed = self.boxed(value, from, hint, at)?;
                    return Ok(Operand {
                        kind,
                        place: boxed.place,
                    });
                }
                match class {
                    Class::Text if explicit && from == Primitive::Char => {
                        self.text_of(value, hint, at)
                    }
                    _ => Err(refused()),
                }
            }
            (StaticType::Def, StaticType::Primitive(to)) => {
                self.unboxed(value, to, explicit, hint, at)
            }
            (StaticType::Class(class), StaticType::Primitive(to)) => {
                let allowed = match class.unboxed() {
                    Some(from) => {
                        from.widens_to(to) || explicit && from.is_number() && to.is_number()
                    }
                    None => {
                        explicit
                            && (class == Class::Number && to.is_number()
                                || class == Class::Text && to == Primitive::Char)
                    }
                };
                if allowed {
                    self.unboxed(value, to, explicit, hint, at)
                } else {
                    Err(refused())
                }
            }
            (StaticType::Class(_) | StaticType::Def, StaticType::Def) => Ok(same_place),
            (StaticType::Def, StaticType::Class(class)) => {
                let register = self.reference(value, None, at)?;
                self.emit(
                    Op::CheckClass {
                        class,
                        value: register,
                    },
                    at,
                )?;
                Ok(Operand {
                    kind,
                    place: Place::Ref(register),
                })
            }
            (StaticType::Class(from), StaticType::Class(to)) => {
                let upwards =
                    to == Class::Number && from.unboxed().is_some_and(Primitive::is_number);
                let downwards = explicit
                    && from == Class::Number
                    && to.unboxed().is_some_and(Primitive::is_number);
                if !(upwards || downwards) {
                    return Err(refused());
                }
                let register = self.reference(value, None, at)?;
                self.emit(
                    Op::CheckClass {
                        class: to,
                        value: register,
                    },
                    at,
                )?;
                Ok(same_place)
            }
        }
    }

    fn convert_number(
        &mut self,
        value: Operand,
        from: Primitive,
        to: Primitive,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let kind = StaticType::Primitive(to);
        let Place::Num(a) = value.place else {
            return Err(Fault::illegal(at, "a number was expected"));
        };
        // whole numbers lie in their registers with the sign extended: widening costs nothing
        if !from.is_fraction() && !to.is_fraction() && from.widens_to(to) {
            return Ok(Operand {
                kind,
                place: value.place,
            });
        }
        let register = self.num_for(hint, at)?;
        self.emit(
            Op::Convert {
                from,
                into: to,
                to: register,
                a,
            },
            at,
        )?;
        Ok(Operand {
            kind,
            place: Place::Num(register),
        })
    }

    fn boxed(
        &mut self,
        value: Operand,
        kind: Primitive,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let Place::Num(from) = value.place else {
            return Ok(Operand {
                kind: StaticType::Def,
                place: value.place,
            });
        };
        let to = self.ref_for(hint, at)?;
        self.emit(Op::Box { kind, to, from }, at)?;
        Ok(Operand {
            kind: StaticType::Def,
            place: Place::Ref(to),
        })
    }

    fn unboxed(
        &mut self,
        value: Operand,
        kind: Primitive,
        explicit: bool,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let Place::Ref(from) = value.place else {
            return Err(Fault::illegal(at, "an object was expected"));
        };
        let to = self.num_for(hint, at)?;
        self.emit(
            Op::Unbox {
                kind,
                explicit,
                to,
                from,
            },
            at,
        )?;
        Ok(Operand {
            kind: StaticType::Primitive(kind),
            place: Place::Num(to),
        })
    }

    /// A value as a string (`String.valueOf`).
    fn text_of(
        &mut self,
        value: Operand,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Operand, Fault> {
        let first = self.reference(value, None, at)?;
        let to = self.ref_for(hint, at)?;
        let method = crate::statics::StaticMethod::TextValueOf;
        self.emit(
            Op::CallStatic {
                method,
                to,
                first,
                count: 1,
            },
            at,
        )?;
        Ok(Operand {
            kind: StaticType::TEXT,
            place: Place::Ref(to),
        })
    }

    /// The register of a value, boxed when it is a number.
    pub(super) fn reference(
        &mut self,
        value: Operand,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Ref, Fault> {
        match value.place {
            Place::Ref(register) => Ok(register),
            Place::Num(_) => match self.convert(value, StaticType::Def, false, hint, at)?.place {
                Place::Ref(register) => Ok(register),
                Place::Num(_) => Err(Fault::illegal(at, "an object was expected")),
            },
        }
    }

    /// The register of a value as that primitive.
    pub(super) fn number(
        &mut self,
        value: Operand,
        kind: Primitive,
        at: usize,
    ) -> Result<Num, Fault> {
        match self
            .convert(value, StaticType::Primitive(kind), false, None, at)?
            .place
        {
            Place::Num(register) => Ok(register),
            Place::Ref(_) => Err(Fault::illegal(at, "a number was expected")),
        }
    }
}
