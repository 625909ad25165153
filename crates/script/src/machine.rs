//! Runs a script.

use crate::{Host, Limits, Script};
use glasswork_content::{Failure, Node};

/// Why a run ended without a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// The script failed: 400 `script_exception` `runtime error` with position and cause.
    Failed(Box<Failure>),
    /// [`Host::tick`] said so.
    Interrupted,
}

/// Runs one script again and again, with the same `params`. Not shared between threads; make one for each.
pub struct Machine;

impl Machine {
    /// A machine for a script. `params` is an object or null.
    pub fn new(_script: &Script, _params: &Node, _limits: &Limits) -> Machine {
        todo!()
    }

    /// Runs a [`Filter`](crate::Context::Filter).
    ///
    /// # Errors
    /// [`Halt`].
    pub fn filter(&mut self, _host: &mut dyn Host) -> Result<bool, Halt> {
        todo!()
    }

    /// Runs a [`Score`](crate::Context::Score) or [`NumberSort`](crate::Context::NumberSort).
    ///
    /// # Errors
    /// [`Halt`].
    pub fn number(&mut self, _host: &mut dyn Host) -> Result<f64, Halt> {
        todo!()
    }

    /// Runs any script and gives what it returns; a [`StringSort`](crate::Context::StringSort) gives a string.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn value(&mut self, _host: &mut dyn Host) -> Result<Node, Halt> {
        todo!()
    }

    /// Runs an [`Update`](crate::Context::Update) over `ctx` (an object such as `{"_source":{…},"op":"index","_id":"1"}`) and
    /// gives `ctx` as the script leaves it.
    ///
    /// # Errors
    /// [`Halt`].
    pub fn update(&mut self, _ctx: Node, _host: &mut dyn Host) -> Result<Node, Halt> {
        todo!()
    }
}
