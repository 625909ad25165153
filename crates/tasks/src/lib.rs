//! Every running operation is a task.

mod checkpoint;

pub use checkpoint::{Checkpoint, NoCheckpoint, Stop};
