//! What a script asks of the node that runs it: to go on, and the values of the document at hand.

use glasswork_content::{Failure, Node};
use std::sync::Arc;

/// The script must stop: the host knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt;

/// A field of the host's documents, a number that means something to the host alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Field(pub u32);

/// One value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of any field type: scripts see all of them as `long`.
    Long(i64),
    /// A number with a fraction of any field type: scripts see all of them as `double`.
    Double(f64),
    /// A keyword, an address, …
    Text(Arc<str>),
    /// A date, in milliseconds since 1970, UTC.
    Date(i64),
}

/// What a script asks for while it runs. The host moves from document to document between runs.
pub trait Host {
    /// Called at least every 1,024 steps, with the number of steps since the last call: the place to see whether the work is
    /// still wanted.
    ///
    /// # Errors
    /// [`Interrupt`] ends the run with [`Halt::Interrupted`](crate::Halt::Interrupted); the host keeps the reason.
    fn tick(&mut self, steps: u32) -> Result<(), Interrupt>;

    /// The field of that name; `None` when the mapping has none (the script then fails as upstream's does).
    ///
    /// # Errors
    /// What makes the script fail, such as a text field, which has no values.
    fn field(&mut self, name: &str) -> Result<Option<Field>, Failure>;

    /// How many values the document at hand has in a field.
    fn count(&mut self, field: Field) -> usize;

    /// One of them, in order, `index` being smaller than [`Host::count`].
    fn value(&mut self, field: Field, index: usize) -> Scalar;

    /// `_score` of the document at hand.
    fn score(&mut self) -> f64;

    /// `_source` of the document at hand; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn source(&mut self) -> Result<Option<Node>, Failure> {
        Ok(None)
    }
}

/// A host without documents that never interrupts, for scripts over `ctx` and `params`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDocument;

impl Host for NoDocument {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupt> {
        Ok(())
    }

    fn field(&mut self, _name: &str) -> Result<Option<Field>, Failure> {
        Ok(None)
    }

    fn count(&mut self, _field: Field) -> usize {
        0
    }

    fn value(&mut self, _field: Field, _index: usize) -> Scalar {
        Scalar::Long(0)
    }

    fn score(&mut self) -> f64 {
        0.0
    }
}
