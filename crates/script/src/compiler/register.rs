//! Registers: variables and intermediate results come and go like a stack, constants stay at the other end.

use super::{Compiler, Operand, Place};
use crate::fault::Fault;
use crate::program::{Num, Op, Ref};
use crate::static_type::{Primitive, StaticType};
use std::sync::Arc;

const MAX_NUMS: usize = 256;
const MAX_REFS: usize = 8_192;
/// Constants that get a register; more are loaded when they are used.
const MAX_NUM_CONSTANTS: usize = 96;

/// How many registers are in use.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    nums: usize,
    refs: usize,
}

impl Compiler<'_> {
    pub(super) fn mark(&self) -> Mark {
        Mark {
            nums: self.nums,
            refs: self.refs,
        }
    }

    /// Gives back what was taken since the mark.
    pub(super) fn release(&mut self, mark: Mark) {
        self.nums = mark.nums;
        self.refs = mark.refs;
    }

    pub(super) fn new_num(&mut self, at: usize) -> Result<Num, Fault> {
        if self.nums >= MAX_NUMS - MAX_NUM_CONSTANTS {
            return Err(Fault::illegal(
                at,
                "the script has too many variables of primitive types",
            ));
        }
        self.nums += 1;
        Ok((self.nums - 1) as Num)
    }

    pub(super) fn new_ref(&mut self, at: usize) -> Result<Ref, Fault> {
        if self.refs >= MAX_REFS {
            return Err(Fault::illegal(
                at,
                "the script has too many variables and strings",
            ));
        }
        self.refs += 1;
        self.most_refs = self.most_refs.max(self.refs);
        Ok((self.refs - 1) as Ref)
    }

    /// A register for a result of that type: the one hinted at, when it is of the right file.
    pub(super) fn place_for(
        &mut self,
        kind: StaticType,
        hint: Option<Place>,
        at: usize,
    ) -> Result<Place, Fault> {
        match (kind, hint) {
            (StaticType::Primitive(_), Some(place @ Place::Num(_))) => Ok(place),
            (StaticType::Primitive(_), _) => self.new_num(at).map(Place::Num),
            (_, Some(place @ Place::Ref(_))) => Ok(place),
            _ => self.new_ref(at).map(Place::Ref),
        }
    }

    pub(super) fn num_for(&mut self, hint: Option<Place>, at: usize) -> Result<Num, Fault> {
        match hint {
            Some(Place::Num(register)) => Ok(register),
            _ => self.new_num(at),
        }
    }

    pub(super) fn ref_for(&mut self, hint: Option<Place>, at: usize) -> Result<Ref, Fault> {
        match hint {
            Some(Place::Ref(register)) => Ok(register),
            _ => self.new_ref(at),
        }
    }

    /// A register that holds these bits.
    pub(super) fn constant(&mut self, bits: i64, at: usize) -> Result<Num, Fault> {
        if let Some(&register) = self.num_constants.get(&bits) {
            return Ok(register);
        }
        if self.num_constants.len() < MAX_NUM_CONSTANTS {
            let register = (MAX_NUMS - 1 - self.num_constants.len()) as Num;
            self.num_constants.insert(bits, register);
            return Ok(register);
        }
        let index = match self.more_constants.iter().position(|&other| other == bits) {
            Some(index) => index,
            None => {
                self.more_constants.push(bits);
                self.more_constants.len() - 1
            }
        };
        let index = u16::try_from(index)
            .map_err(|_| Fault::illegal(at, "the script has too many numbers"))?;
        let to = self.new_num(at)?;
        self.emit(Op::Constant { to, index }, at)?;
        Ok(to)
    }

    pub(super) fn constant_operand(
        &mut self,
        kind: Primitive,
        bits: i64,
        at: usize,
    ) -> Result<Operand, Fault> {
        let register = self.constant(bits, at)?;
        Ok(Operand {
            kind: StaticType::Primitive(kind),
            place: Place::Num(register),
        })
    }

    pub(super) fn text_constant(&mut self, text: &Arc<str>) -> Operand {
        let register = self.texts.get(text).copied().unwrap_or_default();
        Operand {
            kind: StaticType::TEXT,
            place: Place::Ref(register),
        }
    }

    /// Copies a value into a register of its file.
    pub(super) fn copy(
        &mut self,
        operand: Operand,
        place: Place,
        at: usize,
    ) -> Result<Operand, Fault> {
        match (operand.place, place) {
            (from, to) if from == to => {}
            (Place::Num(from), Place::Num(to)) => self.emit(Op::Move { to, from }, at)?,
            (Place::Ref(from), Place::Ref(to)) => self.emit(Op::MoveRef { to, from }, at)?,
            _ => {
                return Err(Fault::illegal(
                    at,
                    "a value of this type cannot be kept here",
                ));
            }
        }
        Ok(Operand {
            kind: operand.kind,
            place,
        })
    }

    /// Whether the register is one of a variable: it may change before the value is used.
    pub(super) fn is_variable(&self, place: Place) -> bool {
        self.scopes
            .iter()
            .flatten()
            .any(|(_, variable)| variable.operand.place == place)
    }
}
