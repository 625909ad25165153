//! What the parts of a machine share while an instruction runs: the heap, the host, and the meter of steps.

use crate::Field;
use crate::heap::Heap;
use crate::host::{Host, Scalar};
use crate::value::Value;
use glasswork_content::{Failure, Kind};

/// Why an instruction did not finish.
#[derive(Debug)]
pub(crate) enum Trouble {
    Failed(Box<Failure>),
    Interrupted,
}

impl From<Box<Failure>> for Trouble {
    fn from(failure: Box<Failure>) -> Self {
        Trouble::Failed(failure)
    }
}

impl From<Failure> for Trouble {
    #[cold]
    fn from(failure: Failure) -> Self {
        Trouble::Failed(Box::new(failure))
    }
}

#[cold]
pub(crate) fn illegal(reason: impl Into<String>) -> Trouble {
    Failure::illegal_argument(reason).into()
}

#[cold]
pub(crate) fn failed(kind: Kind, reason: impl Into<String>) -> Trouble {
    Failure::new(kind, reason).into()
}

/// Steps between two calls of the host.
const QUOTA: u32 = 1_024;

/// Counts the steps of a run.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Steps until the host is asked.
    left: u32,
    quota: u32,
    fuel: Option<u64>,
}

impl Meter {
    pub(crate) fn new(fuel: Option<u64>) -> Self {
        let quota = fuel.map_or(QUOTA, |fuel| fuel.min(u64::from(QUOTA)) as u32);
        Self {
            left: quota,
            quota,
            fuel,
        }
    }

    /// Takes steps; asks the host when it is time.
    #[inline]
    pub(crate) fn burn(&mut self, steps: u32, host: &mut dyn Host) -> Result<(), Trouble> {
        if steps < self.left {
            self.left -= steps;
            return Ok(());
        }
        self.ask(steps, host)
    }

    #[cold]
    fn ask(&mut self, steps: u32, host: &mut dyn Host) -> Result<(), Trouble> {
        let taken = (self.quota - self.left).saturating_add(steps);
        host.tick(taken).map_err(|_| Trouble::Interrupted)?;
        if let Some(fuel) = &mut self.fuel {
            *fuel = fuel.saturating_sub(u64::from(taken));
            if *fuel == 0 {
                let reason = "The maximum number of statements that can be executed in a loop has been reached.";
                return Err(failed(Kind::PainlessError, reason));
            }
            self.quota = (*fuel).min(u64::from(QUOTA)) as u32;
        }
        self.left = self.quota;
        Ok(())
    }
}

/// The parts.
pub(crate) struct Scene<'a> {
    pub heap: &'a mut Heap,
    pub host: &'a mut dyn Host,
    pub meter: &'a mut Meter,
}

impl Scene<'_> {
    /// Takes as many steps as there are elements to look at.
    pub(crate) fn burn(&mut self, steps: usize) -> Result<(), Trouble> {
        self.meter
            .burn(u32::try_from(steps).unwrap_or(u32::MAX), self.host)
    }

    /// The field of that name of the documents.
    pub(crate) fn field(&mut self, name: &str) -> Result<Field, Trouble> {
        self.host
            .field(name)?
            .ok_or_else(|| illegal(format!("No field found for [{name}] in mapping")))
    }

    /// The first value of a field of the document at hand.
    pub(crate) fn first_value(&mut self, field: Field) -> Result<Value, Trouble> {
        if self.host.count(field) == 0 {
            let reason = "A document doesn't have a value for a field! Use doc[<field>].size()==0 to check if a document is \
                          missing a field!";
            return Err(failed(Kind::IllegalState, reason));
        }
        Ok(value_of(self.host.value(field, 0)))
    }

    /// All values of a field of the document at hand.
    pub(crate) fn values(&mut self, field: Field) -> Result<Vec<Value>, Trouble> {
        let count = self.host.count(field);
        self.burn(count)?;
        self.heap.charge(count * crate::heap::ELEMENT_BYTES)?;
        Ok((0..count)
            .map(|index| value_of(self.host.value(field, index)))
            .collect())
    }
}

pub(crate) fn value_of(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Bool(flag) => Value::Bool(flag),
        Scalar::Long(number) => Value::Long(number),
        Scalar::Double(number) => Value::Double(number),
        Scalar::Text(text) => Value::Text(text),
        Scalar::Date(millis) => Value::Date(millis),
    }
}
