//! The loop over instructions.

use super::arithmetic::{self, division_by_zero};
use super::conversion::{check_class, thrown, unboxed};
use super::scene::{Meter, Scene, Trouble, failed, illegal};
use super::{Machine, access, dynamic};
use crate::Host;
use crate::heap::Heap;
use crate::methods;
use crate::program::{Compare, Op};
use crate::static_type::Primitive;
use crate::table::Table;
use crate::value::{Exception, Value, converted};
use glasswork_content::Kind;
use std::sync::Arc;

/// What a run ended with.
pub(super) enum Outcome {
    Num(i64, Primitive),
    Ref(Value),
    Nothing,
}

impl Machine {
    /// Runs the script; an error comes with the number of its instruction.
    pub(super) fn execute(&mut self, host: &mut dyn Host) -> Result<Outcome, (usize, Trouble)> {
        let program = self.program.clone();
        let mut meter = Meter::new(self.limits.fuel);
        // the instruction behind the one that may fail
        let mut pc = 0;
        loop {
            let trouble = match self.go(&program.ops, &mut pc, &mut meter, host) {
                Ok(outcome) => return Ok(outcome),
                Err(trouble) => trouble,
            };
            let op = pc.saturating_sub(1);
            let Trouble::Failed(failure) = &trouble else {
                return Err((op, trouble));
            };
            let handlers = &program.handlers;
            let Some(handler) = handlers
                .iter()
                .find(|handler| handler.is_for(op, failure.kind))
            else {
                return Err((op, trouble));
            };
            self.refs[usize::from(handler.variable)] = Value::Exception(Arc::new(Exception {
                kind: failure.kind,
                message: failure.reason.as_deref().map(Arc::from),
            }));
            pc = handler.target as usize;
        }
    }

    fn go(
        &mut self,
        ops: &[Op],
        pc: &mut usize,
        meter: &mut Meter,
        host: &mut dyn Host,
    ) -> Result<Outcome, Trouble> {
        let Machine {
            nums,
            refs,
            heap,
            random,
            program,
            ..
        } = self;
        let nums: &mut [i64; 256] = nums;
        macro_rules! num {
            ($register:expr) => {
                nums[usize::from($register)]
            };
        }
        macro_rules! float {
            ($register:expr) => {
                f64::from_bits(num!($register) as u64)
            };
        }
        macro_rules! reference {
            ($register:expr) => {
                refs[usize::from($register)]
            };
        }
        macro_rules! scene {
            () => {
                &mut Scene {
                    heap: &mut *heap,
                    host: &mut *host,
                    meter: &mut *meter,
                }
            };
        }
        macro_rules! put {
            ($register:expr, $value:expr) => {{
                let value = $value;
                reference!($register) = value;
                settle(heap, refs)?;
            }};
        }
        let mut at = *pc;
        loop {
            let Some(&op) = ops.get(at) else {
                return Ok(Outcome::Nothing);
            };
            at += 1;
            match op {
                Op::Tick => {
                    *pc = at;
                    meter.burn(1, host)?;
                }
                Op::Jump(target) => at = target as usize,
                Op::JumpIf(a, target) => {
                    if num!(a) != 0 {
                        at = target as usize;
                    }
                }
                Op::JumpUnless(a, target) => {
                    if num!(a) == 0 {
                        at = target as usize;
                    }
                }
                Op::JumpLess(a, b, target) => {
                    if num!(a) < num!(b) {
                        at = target as usize;
                    }
                }
                Op::JumpLessEqual(a, b, target) => {
                    if num!(a) <= num!(b) {
                        at = target as usize;
                    }
                }
                Op::JumpEqual(a, b, target) => {
                    if num!(a) == num!(b) {
                        at = target as usize;
                    }
                }
                Op::JumpNotEqual(a, b, target) => {
                    if num!(a) != num!(b) {
                        at = target as usize;
                    }
                }
                Op::JumpDouble {
                    compare,
                    when,
                    a,
                    b,
                    target,
                } => {
                    let (a, b) = (float!(a), float!(b));
                    let holds = match compare {
                        Compare::Less => a < b,
                        Compare::LessEqual => a <= b,
                        Compare::Equal => a == b,
                    };
                    if holds == when {
                        at = target as usize;
                    }
                }
                Op::JumpNull(a, target) => {
                    if matches!(reference!(a), Value::Null) {
                        at = target as usize;
                    }
                }
                Op::Move { to, from } => num!(to) = num!(from),
                Op::MoveRef { to, from } => reference!(to) = reference!(from).clone(),
                Op::Constant { to, index } => num!(to) = program.more_constants[usize::from(index)],
                Op::Null(to) => reference!(to) = Value::Null,
                Op::AddInt { to, a, b } => {
                    num!(to) = i64::from((num!(a) as i32).wrapping_add(num!(b) as i32))
                }
                Op::SubtractInt { to, a, b } => {
                    num!(to) = i64::from((num!(a) as i32).wrapping_sub(num!(b) as i32))
                }
                Op::MultiplyInt { to, a, b } => {
                    num!(to) = i64::from((num!(a) as i32).wrapping_mul(num!(b) as i32))
                }
                Op::DivideInt { to, a, b } => {
                    let divisor = num!(b) as i32;
                    if divisor == 0 {
                        *pc = at;
                        return Err(division_by_zero());
                    }
                    num!(to) = i64::from((num!(a) as i32).wrapping_div(divisor));
                }
                Op::RemainderInt { to, a, b } => {
                    let divisor = num!(b) as i32;
                    if divisor == 0 {
                        *pc = at;
                        return Err(division_by_zero());
                    }
                    num!(to) = i64::from((num!(a) as i32).wrapping_rem(divisor));
                }
                Op::AddLong { to, a, b } => num!(to) = num!(a).wrapping_add(num!(b)),
                Op::SubtractLong { to, a, b } => num!(to) = num!(a).wrapping_sub(num!(b)),
                Op::MultiplyLong { to, a, b } => num!(to) = num!(a).wrapping_mul(num!(b)),
                Op::DivideLong { to, a, b } => {
                    let divisor = num!(b);
                    if divisor == 0 {
                        *pc = at;
                        return Err(division_by_zero());
                    }
                    num!(to) = num!(a).wrapping_div(divisor);
                }
                Op::RemainderLong { to, a, b } => {
                    let divisor = num!(b);
                    if divisor == 0 {
                        *pc = at;
                        return Err(division_by_zero());
                    }
                    num!(to) = num!(a).wrapping_rem(divisor);
                }
                Op::And { to, a, b } => num!(to) = num!(a) & num!(b),
                Op::Or { to, a, b } => num!(to) = num!(a) | num!(b),
                Op::Xor { to, a, b } => num!(to) = num!(a) ^ num!(b),
                Op::Shift {
                    shift,
                    wide,
                    to,
                    a,
                    b,
                } => num!(to) = arithmetic::shift(shift, wide, num!(a), num!(b)),
                Op::AddDouble { to, a, b } => num!(to) = (float!(a) + float!(b)).to_bits() as i64,
                Op::SubtractDouble { to, a, b } => {
                    num!(to) = (float!(a) - float!(b)).to_bits() as i64
                }
                Op::MultiplyDouble { to, a, b } => {
                    num!(to) = (float!(a) * float!(b)).to_bits() as i64
                }
                Op::DivideDouble { to, a, b } => {
                    num!(to) = (float!(a) / float!(b)).to_bits() as i64
                }
                Op::Arithmetic {
                    operator,
                    kind,
                    to,
                    a,
                    b,
                } => {
                    *pc = at;
                    num!(to) = arithmetic::arithmetic(operator, kind, num!(a), num!(b))?;
                }
                Op::Negate { kind, to, a } => num!(to) = arithmetic::negated(kind, num!(a)),
                Op::Complement { to, a } => num!(to) = !num!(a),
                Op::Convert { from, into, to, a } => num!(to) = converted(num!(a), from, into),
                Op::Math1 { function, to, a } => {
                    let number = float!(a);
                    num!(to) = function.apply(number, 0.0, || next_random(random));
                }
                Op::Math2 { function, to, a, b } => {
                    let (a, b) = (float!(a), float!(b));
                    num!(to) = function.apply(a, b, || 0.0);
                }
                Op::Score(to) => num!(to) = host.score().to_bits() as i64,
                Op::Box { kind, to, from } => reference!(to) = Value::boxed(num!(from), kind),
                Op::Unbox {
                    kind,
                    explicit,
                    to,
                    from,
                } => {
                    *pc = at;
                    num!(to) = unboxed(&reference!(from), kind, explicit)?;
                }
                Op::CheckClass { class, value } => {
                    *pc = at;
                    check_class(&reference!(value), class)?;
                }
                Op::IsInstance { class, to, value } => {
                    num!(to) = i64::from(reference!(value).is_instance(class))
                }
                Op::IsObject { to, value } => {
                    num!(to) = i64::from(!matches!(reference!(value), Value::Null))
                }
                Op::Binary { operator, to, a, b } => {
                    match dynamic::quick_binary(operator, &reference!(a), &reference!(b)) {
                        Some(value) => reference!(to) = value,
                        None => {
                            *pc = at;
                            put!(
                                to,
                                dynamic::binary(
                                    scene!(),
                                    operator,
                                    &reference!(a),
                                    &reference!(b)
                                )?
                            );
                        }
                    }
                }
                Op::Compare { operator, to, a, b } => {
                    let holds =
                        match dynamic::quick_compare(operator, &reference!(a), &reference!(b)) {
                            Some(holds) => holds,
                            None => {
                                *pc = at;
                                dynamic::compare(
                                    scene!(),
                                    operator,
                                    &reference!(a),
                                    &reference!(b),
                                )?
                            }
                        };
                    num!(to) = i64::from(holds);
                }
                Op::Unary { operator, to, a } => {
                    *pc = at;
                    reference!(to) = dynamic::unary(operator, &reference!(a))?;
                }
                Op::LoadField { to, object, name } => {
                    *pc = at;
                    let name = &program.names[usize::from(name)];
                    let scene = scene!();
                    reference!(to) = access::load_field(scene, &reference!(object), name)?;
                }
                Op::StoreField {
                    object,
                    name,
                    value,
                } => {
                    *pc = at;
                    let name = &program.names[usize::from(name)];
                    access::store_field(
                        scene!(),
                        &reference!(object),
                        name,
                        reference!(value).clone(),
                    )?;
                    settle(heap, refs)?;
                }
                Op::LoadIndex { to, object, index } => {
                    *pc = at;
                    reference!(to) =
                        access::load_index(scene!(), &reference!(object), &reference!(index))?;
                }
                Op::StoreIndex {
                    object,
                    index,
                    value,
                } => {
                    *pc = at;
                    let value = reference!(value).clone();
                    access::store_index(scene!(), &reference!(object), &reference!(index), value)?;
                    settle(heap, refs)?;
                }
                Op::DocumentValue { to, name } => {
                    *pc = at;
                    let name = &program.names[usize::from(name)];
                    let scene = scene!();
                    let field = scene.field(name)?;
                    reference!(to) = scene.first_value(field)?;
                }
                Op::Source(to) => {
                    *pc = at;
                    let source = match host.source()? {
                        Some(source) => crate::bridge::value_of(&source, heap)?,
                        None => Value::Null,
                    };
                    put!(to, source);
                }
                Op::Call {
                    method,
                    name,
                    to,
                    object,
                    count,
                } => {
                    *pc = at;
                    meter.burn(1, host)?;
                    let name = &program.names[usize::from(name)];
                    let first = usize::from(object);
                    let (object, args) = refs[first..=first + usize::from(count)]
                        .split_first()
                        .ok_or_else(broken)?;
                    put!(to, methods::call(scene!(), object, method, name, args)?);
                }
                Op::CallStatic {
                    method,
                    to,
                    first,
                    count,
                } => {
                    *pc = at;
                    meter.burn(1, host)?;
                    let first = usize::from(first);
                    let args = &refs[first..first + usize::from(count)];
                    put!(to, methods::call_static(scene!(), method, args)?);
                }
                Op::List { to, first, count } => {
                    *pc = at;
                    let first = usize::from(first);
                    let elements = refs[first..first + usize::from(count)].to_vec();
                    put!(to, heap.list(elements)?);
                }
                Op::Map { to, first, count } => {
                    *pc = at;
                    let mut table = Table::default();
                    for index in 0..usize::from(count) {
                        let key = reference!(first + 2 * index as u16).clone();
                        access::check_key(&key)?;
                        table.insert(key, reference!(first + 2 * index as u16 + 1).clone());
                    }
                    put!(to, heap.map(table)?);
                }
                Op::Exception { kind, to, message } => {
                    *pc = at;
                    let message: Option<Arc<str>> = match &reference!(message) {
                        Value::Null => None,
                        Value::Text(text) => Some(text.clone()),
                        other => {
                            return Err(illegal(format!(
                                "a message must be a string, not [{}]",
                                other.java_class()
                            )));
                        }
                    };
                    reference!(to) = Value::Exception(Arc::new(Exception { kind, message }));
                }
                Op::Iterate { to, from } => {
                    *pc = at;
                    put!(to, access::elements(scene!(), &reference!(from))?);
                }
                Op::Next {
                    to,
                    from,
                    at: counter,
                    target,
                } => {
                    let index = num!(counter) as usize;
                    let element = match &reference!(from) {
                        Value::List(handle) => heap.elements(*handle).get(index).cloned(),
                        _ => None,
                    };
                    match element {
                        Some(element) => {
                            reference!(to) = element;
                            num!(counter) = index as i64 + 1;
                        }
                        None => at = target as usize,
                    }
                }
                Op::Throw(value) => {
                    *pc = at;
                    return Err(thrown(&reference!(value)));
                }
                Op::ReturnNum { kind, from } => return Ok(Outcome::Num(num!(from), kind)),
                Op::ReturnRef(value) => return Ok(Outcome::Ref(reference!(value).clone())),
                Op::Return => return Ok(Outcome::Nothing),
            }
        }
    }
}

/// Sweeps when the memory of the run is full.
#[inline]
fn settle(heap: &mut Heap, refs: &[Value]) -> Result<(), Trouble> {
    if heap.is_full() {
        heap.sweep(refs.iter())?;
    }
    Ok(())
}

#[cold]
fn broken() -> Trouble {
    failed(Kind::IllegalState, "the script is compiled wrongly")
}

/// xorshift64*: no more is promised of `Math.random()` than that it differs.
fn next_random(state: &mut u64) -> f64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
}
