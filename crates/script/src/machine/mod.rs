//! Runs a script, instruction by instruction.

pub(crate) mod access;
pub(crate) mod arithmetic;
mod conversion;
pub(crate) mod dynamic;
mod run;
pub(crate) mod scene;
pub(crate) mod telling;

use crate::bridge::{self, Export};
use crate::fault::Fault;
use crate::heap::Heap;
use crate::program::Program;
use crate::static_type::Primitive;
use crate::value::{Value, converted};
use crate::{Host, Limits, Script};
use glasswork_content::{Failure, Node};
use run::Outcome;
use scene::Trouble;
use std::sync::Arc;

/// Why a run ended without a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// The script failed: 400 `script_exception` `runtime error` with position and cause.
    Failed(Box<Failure>),
    /// [`Host::tick`] said so.
    Interrupted,
}

/// Runs one script again and again, with the same `params`. Not shared between threads; make one for each.
pub struct Machine {
    script: Script,
    program: Arc<Program>,
    limits: Limits,
    nums: Box<[i64; 256]>,
    refs: Vec<Value>,
    heap: Heap,
    random: u64,
    /// `params` did not fit into the memory of a run.
    refused: Option<Box<Failure>>,
}

impl Machine {
    /// A machine for a script. `params` is an object or null.
    pub fn new(script: &Script, params: &Node, limits: &Limits) -> Machine {
        let program = script.program();
        let mut heap = Heap::new(limits.memory);
        let given = if params.is_null() {
            heap.map(crate::table::Table::default())
        } else {
            bridge::value_of(params, &mut heap)
        };
        let mut refs = vec![Value::Null; program.refs];
        let mut refused = None;
        match (given, program.params) {
            (Ok(value), Some(register)) => refs[usize::from(register)] = value,
            (Ok(_), None) => {}
            (Err(failure), _) => refused = Some(failure),
        }
        heap.keep();
        for (register, value) in &program.ref_constants {
            refs[usize::from(*register)] = value.clone();
        }
        if let Some(register) = program.document {
            refs[usize::from(register)] = Value::Document;
        }
        let mut nums = Box::new([0; 256]);
        for &(register, bits) in &program.num_constants {
            nums[usize::from(register)] = bits;
        }
        let random = seed();
        Machine {
            script: script.clone(),
            program,
            limits: *limits,
            nums,
            refs,
            heap,
            random,
            refused,
        }
    }

    /// Runs a [`Filter`](crate::Context::Filter). A script that gives no boolean gives false.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn filter(&mut self, host: &mut dyn Host) -> Result<bool, Halt> {
        Ok(match self.run(None, host)? {
            Outcome::Num(bits, Primitive::Boolean) => bits != 0,
            Outcome::Ref(Value::Bool(flag)) => flag,
            _ => false,
        })
    }

    /// Runs a [`Score`](crate::Context::Score) or [`NumberSort`](crate::Context::NumberSort). A script that gives no number
    /// gives 0.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn number(&mut self, host: &mut dyn Host) -> Result<f64, Halt> {
        Ok(match self.run(None, host)? {
            Outcome::Num(bits, kind) => {
                f64::from_bits(converted(bits, kind, Primitive::Double) as u64)
            }
            Outcome::Ref(value) => value.as_double().unwrap_or_default(),
            Outcome::Nothing => 0.0,
        })
    }

    /// Runs any script and gives what it returns; a [`StringSort`](crate::Context::StringSort) gives a string.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn value(&mut self, host: &mut dyn Host) -> Result<Node, Halt> {
        let value = match self.run(None, host)? {
            Outcome::Num(bits, kind) => Value::boxed(bits, kind),
            Outcome::Ref(value) => value,
            Outcome::Nothing => Value::Null,
        };
        self.export(&value, host)
    }

    /// Runs an [`Update`](crate::Context::Update) over `ctx` (an object such as `{"_source":{…},"op":"index","_id":"1"}`) and
    /// gives `ctx` as the script leaves it.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn update(&mut self, ctx: &Node, host: &mut dyn Host) -> Result<Node, Halt> {
        self.run(Some(ctx), host)?;
        match self.program.ctx {
            Some(register) => {
                let value = self.refs[usize::from(register)].clone();
                self.export(&value, host)
            }
            None => Ok(ctx.clone()),
        }
    }

    fn run(&mut self, ctx: Option<&Node>, host: &mut dyn Host) -> Result<Outcome, Halt> {
        if let Some(failure) = &self.refused {
            return Err(self.failed(0, failure.clone()));
        }
        self.heap.reset();
        if let (Some(ctx), Some(register)) = (ctx, self.program.ctx) {
            let value =
                bridge::value_of(ctx, &mut self.heap).map_err(|failure| self.failed(0, failure))?;
            self.refs[usize::from(register)] = value;
        }
        match self.execute(host) {
            Ok(outcome) => Ok(outcome),
            Err((_, Trouble::Interrupted)) => Err(Halt::Interrupted),
            Err((op, Trouble::Failed(failure))) => {
                let at = self.program.places.get(op).map_or(0, |&at| at as usize);
                Err(self.failed(at, failure))
            }
        }
    }

    #[cold]
    fn failed(&self, at: usize, cause: Box<Failure>) -> Halt {
        let fault = Fault { at, cause };
        Halt::Failed(Box::new(
            fault.runtime_error(self.script.source(), &self.program.statements),
        ))
    }

    fn export(&mut self, value: &Value, host: &mut dyn Host) -> Result<Node, Halt> {
        let mut field = |field: crate::Field| {
            let count = host.count(field);
            (0..count)
                .map(|index| scene::value_of(host.value(field, index)))
                .collect()
        };
        let mut export = Export {
            heap: &self.heap,
            field: &mut field,
            bytes_left: self.limits.memory.saturating_mul(2),
        };
        export
            .node(value)
            .map_err(|failure| self.failed(0, failure))
    }
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine")
            .field("script", &self.script.source())
            .finish_non_exhaustive()
    }
}

/// Another seed for each machine.
fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
        | 1
}
