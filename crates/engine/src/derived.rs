//! What was worked out from a view for a field and is kept as long as the view, such as a numbering of its terms over
//! all segments.

use std::{
    any::{Any, TypeId},
    sync::Arc,
};

use hashbrown::HashMap;
use parking_lot::Mutex;

use crate::{FieldNumber, View};

/// Values by their type and field.
#[derive(Default)]
pub(crate) struct Derived(Mutex<HashMap<(TypeId, FieldNumber), Arc<dyn Any + Send + Sync>>>);

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Derived({})", self.0.lock().len())
    }
}

impl View {
    /// What was kept of type `T` for a field.
    #[must_use]
    pub fn derived<T: Any + Send + Sync>(&self, field: FieldNumber) -> Option<Arc<T>> {
        let kept = self
            .derived
            .0
            .lock()
            .get(&(TypeId::of::<T>(), field))
            .cloned()?;
        kept.downcast().ok()
    }

    /// Keeps a value for a field until the view is dropped, in place of one of the same type.
    pub fn keep_derived<T: Any + Send + Sync>(&self, field: FieldNumber, value: Arc<T>) {
        self.derived
            .0
            .lock()
            .insert((TypeId::of::<T>(), field), value);
    }
}
