//! Lists, maps and sets of one run, and how much memory the run holds.
//!
//! Values refer to them by number, so that a list may hold itself without leaking: the whole heap goes with the run. When the
//! limit is reached, what no variable refers to is swept; only what is left counts.

use crate::table::Table;
use crate::value::{Handle, Value};
use glasswork_content::{Failure, Kind};

/// Estimated bytes of an element of a list, an entry of a map, an empty container, and a string beside its text.
pub(crate) const ELEMENT_BYTES: usize = 24;
pub(crate) const ENTRY_BYTES: usize = 96;
const CONTAINER_BYTES: usize = 80;
pub(crate) const TEXT_BYTES: usize = 16;

/// A container.
#[derive(Debug)]
pub(crate) enum Object {
    Free,
    List(Vec<Value>),
    Map(Table),
    Set(Table),
}

#[derive(Debug)]
struct Slot {
    object: Object,
    frozen: bool,
    reached: bool,
}

/// The containers of a run.
#[derive(Debug)]
pub(crate) struct Heap {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slots that stay from run to run (`params`), and their bytes.
    permanent: usize,
    permanent_bytes: usize,
    used: usize,
    limit: usize,
}

impl Heap {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            permanent: 0,
            permanent_bytes: 0,
            used: 0,
            limit,
        }
    }

    /// What is there now stays from run to run and cannot be changed by scripts.
    pub(crate) fn keep(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.frozen = true);
        self.permanent = self.slots.len();
        self.permanent_bytes = self.used;
    }

    /// Forgets the last run.
    pub(crate) fn reset(&mut self) {
        self.slots.truncate(self.permanent);
        self.free.clear();
        self.used = self.permanent_bytes;
    }

    /// Whether it is time to sweep.
    pub(crate) fn is_full(&self) -> bool {
        self.used > self.limit
    }

    /// Counts memory that is about to be taken.
    ///
    /// # Errors
    /// When so much at once can never fit.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Box<Failure>> {
        if bytes > self.limit {
            return Err(self.too_much(bytes));
        }
        self.used += bytes;
        if self.used > self.limit.saturating_mul(2) {
            return Err(self.too_much(self.used));
        }
        Ok(())
    }

    #[cold]
    fn too_much(&self, bytes: usize) -> Box<Failure> {
        let (wanted, limit) = (bytes as u64, self.limit as u64);
        let reason = format!(
            "[script] Data too large, data for [script] would be [{wanted}b], which is larger than the limit of [{limit}b]"
        );
        Box::new(Failure::circuit_breaking(
            reason,
            wanted,
            limit,
            "PERMANENT",
        ))
    }

    fn add(&mut self, object: Object) -> Handle {
        self.used += CONTAINER_BYTES;
        let slot = Slot {
            object,
            frozen: false,
            reached: false,
        };
        if let Some(at) = self.free.pop() {
            self.slots[at as usize] = slot;
            return Handle(at);
        }
        self.slots.push(slot);
        Handle(self.slots.len() as u32 - 1)
    }

    pub(crate) fn list(&mut self, elements: Vec<Value>) -> Result<Value, Box<Failure>> {
        self.charge(elements.len() * ELEMENT_BYTES)?;
        Ok(Value::List(self.add(Object::List(elements))))
    }

    /// A list that shows what is elsewhere: changing it would change nothing, so that it cannot be changed.
    pub(crate) fn view(&mut self, elements: Vec<Value>) -> Result<Value, Box<Failure>> {
        let list = self.list(elements)?;
        if let Value::List(handle) = list
            && let Some(slot) = self.slots.get_mut(handle.0 as usize)
        {
            slot.frozen = true;
        }
        Ok(list)
    }

    pub(crate) fn map(&mut self, table: Table) -> Result<Value, Box<Failure>> {
        self.charge(table.len() * ENTRY_BYTES)?;
        Ok(Value::Map(self.add(Object::Map(table))))
    }

    pub(crate) fn set(&mut self, table: Table) -> Result<Value, Box<Failure>> {
        self.charge(table.len() * ENTRY_BYTES)?;
        Ok(Value::Set(self.add(Object::Set(table))))
    }

    /// A string, counted.
    pub(crate) fn text(&mut self, text: String) -> Result<Value, Box<Failure>> {
        self.charge(text.len() + TEXT_BYTES)?;
        Ok(Value::text(text))
    }

    pub(crate) fn elements(&self, handle: Handle) -> &[Value] {
        match self.slots.get(handle.0 as usize).map(|slot| &slot.object) {
            Some(Object::List(elements)) => elements,
            _ => &[],
        }
    }

    /// The elements, to be changed.
    ///
    /// # Errors
    /// `unsupported_operation_exception` for what scripts must not change.
    pub(crate) fn elements_mut(&mut self, handle: Handle) -> Result<&mut Vec<Value>, Box<Failure>> {
        match self.changeable(handle)? {
            Object::List(elements) => Ok(elements),
            _ => Err(unchangeable()),
        }
    }

    pub(crate) fn table(&self, handle: Handle) -> &Table {
        static EMPTY: Table = Table::EMPTY;
        match self.slots.get(handle.0 as usize).map(|slot| &slot.object) {
            Some(Object::Map(table) | Object::Set(table)) => table,
            _ => &EMPTY,
        }
    }

    /// The entries, to be changed.
    ///
    /// # Errors
    /// `unsupported_operation_exception` for what scripts must not change.
    pub(crate) fn table_mut(&mut self, handle: Handle) -> Result<&mut Table, Box<Failure>> {
        match self.changeable(handle)? {
            Object::Map(table) | Object::Set(table) => Ok(table),
            _ => Err(unchangeable()),
        }
    }

    fn changeable(&mut self, handle: Handle) -> Result<&mut Object, Box<Failure>> {
        match self.slots.get_mut(handle.0 as usize) {
            Some(slot) if !slot.frozen => Ok(&mut slot.object),
            _ => Err(unchangeable()),
        }
    }

    /// Drops what cannot be reached from `roots` and counts what is left.
    ///
    /// # Errors
    /// `circuit_breaking_exception` when more than half of the limit is left: the next sweep would come too soon.
    pub(crate) fn sweep<'a>(
        &mut self,
        roots: impl Iterator<Item = &'a Value>,
    ) -> Result<(), Box<Failure>> {
        let mut bytes = self.permanent_bytes;
        let mut waiting: Vec<Handle> = Vec::new();
        roots.for_each(|root| visit(root, &mut bytes, &mut waiting));
        while let Some(handle) = waiting.pop() {
            let Some(slot) = self.slots.get_mut(handle.0 as usize) else {
                continue;
            };
            if std::mem::replace(&mut slot.reached, true) || (handle.0 as usize) < self.permanent {
                continue;
            }
            bytes += CONTAINER_BYTES;
            match &slot.object {
                Object::Free => {}
                Object::List(elements) => {
                    bytes += elements.len() * ELEMENT_BYTES;
                    elements
                        .iter()
                        .for_each(|value| visit(value, &mut bytes, &mut waiting));
                }
                Object::Map(table) | Object::Set(table) => {
                    bytes += table.len() * ENTRY_BYTES;
                    for (key, value) in table.entries() {
                        visit(key, &mut bytes, &mut waiting);
                        visit(value, &mut bytes, &mut waiting);
                    }
                }
            }
        }
        for (at, slot) in self.slots.iter_mut().enumerate().skip(self.permanent) {
            if !std::mem::take(&mut slot.reached) && !matches!(slot.object, Object::Free) {
                slot.object = Object::Free;
                self.free.push(at as u32);
            }
        }
        self.used = bytes;
        if bytes > self.limit / 2 {
            Err(self.too_much(bytes))
        } else {
            Ok(())
        }
    }
}

/// Counts a value and remembers the containers it refers to. Entries of maps hold two values and no further entries.
fn visit(value: &Value, bytes: &mut usize, waiting: &mut Vec<Handle>) {
    match value {
        Value::Text(text) | Value::Huge(text) => *bytes += text.len() + TEXT_BYTES,
        Value::List(handle) | Value::Map(handle) | Value::Set(handle) => waiting.push(*handle),
        Value::Entry(entry) => {
            *bytes += ENTRY_BYTES;
            for part in [&entry.0, &entry.1] {
                if !matches!(part, Value::Entry(_)) {
                    visit(part, bytes, waiting);
                }
            }
        }
        _ => {}
    }
}

#[cold]
fn unchangeable() -> Box<Failure> {
    Box::new(Failure::without_reason(Kind::UnsupportedOperation))
}
