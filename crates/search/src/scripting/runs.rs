//! A script at work: compiled against a view, run document after document, stopped with its search.

use std::sync::Arc;

use glasswork_content::{Failure, Node};
use glasswork_engine::View;
use glasswork_script::{Context as Purpose, Halt, Machine, Script};
use tantivy::{DocId, SegmentReader};

use super::{UserScript, columns::Columns};
use crate::{context::Context, interrupt::Interrupt, mapping::Mapping};

/// Runs between two questions to the interrupt. A run asks by itself when it takes more than 1,024 steps.
const RUNS_BETWEEN_QUESTIONS: u32 = 64;

/// A script compiled for one purpose, with the view that its documents belong to.
#[derive(Clone)]
pub(crate) struct Prepared {
    script: Script,
    params: Node,
    view: Arc<View>,
    mapping: Arc<Mapping>,
    interrupt: Arc<Interrupt>,
}

impl Prepared {
    /// Compiles `script`.
    ///
    /// # Errors
    /// As [`UserScript::compile`].
    pub(crate) fn new(
        context: &Context,
        script: &UserScript,
        purpose: Purpose,
    ) -> Result<Self, Failure> {
        Ok(Self {
            script: script.compile(purpose)?,
            params: script.params_node(),
            view: Arc::clone(&context.view),
            mapping: Arc::clone(&context.mapping),
            interrupt: Arc::clone(&context.interrupt),
        })
    }

    /// Its runs over the documents of a segment.
    pub(crate) fn open(&self, reader: &SegmentReader) -> Runs {
        Runs {
            machine: Machine::new(
                &self.script,
                &self.params,
                &glasswork_script::Limits::default(),
            ),
            host: Columns::new(
                reader.clone(),
                Arc::clone(&self.view),
                Arc::clone(&self.mapping),
                Arc::clone(&self.interrupt),
            ),
            interrupt: Arc::clone(&self.interrupt),
            runs: 0,
        }
    }
}

/// A script over the documents of one segment.
///
/// A run that fails ends the search: the runs give nothing from then on, and the loop that drives them finds the reason
/// in the interrupt.
pub(crate) struct Runs {
    machine: Machine,
    host: Columns,
    interrupt: Arc<Interrupt>,
    runs: u32,
}

impl Runs {
    /// What a filter says of a document; nothing when the search ends.
    pub(crate) fn filter(&mut self, doc: DocId) -> Option<bool> {
        self.run(doc, 0.0, |machine, host| machine.filter(host))
    }

    /// The number that a script gives for a document; nothing when the search ends.
    pub(crate) fn number(&mut self, doc: DocId, score: f32) -> Option<f64> {
        self.run(doc, score, |machine, host| machine.number(host))
    }

    /// What a script gives for a document; nothing when the search ends.
    pub(crate) fn value(&mut self, doc: DocId, score: f32) -> Option<Node> {
        self.run(doc, score, |machine, host| machine.value(host))
    }

    /// What a script gives for a document, or how it ended without.
    ///
    /// # Errors
    /// [`Halt`]. The search goes on.
    pub(crate) fn try_value(&mut self, doc: DocId) -> Result<Node, Halt> {
        self.host.go_to(doc, 0.0);
        self.machine.value(&mut self.host)
    }

    fn run<T>(
        &mut self,
        doc: DocId,
        score: f32,
        run: impl FnOnce(&mut Machine, &mut Columns) -> Result<T, Halt>,
    ) -> Option<T> {
        if self.interrupt.is_halted() {
            return None;
        }
        self.runs = self.runs.wrapping_add(1);
        if self.runs.is_multiple_of(RUNS_BETWEEN_QUESTIONS) && !self.interrupt.go_on() {
            return None;
        }
        self.host.go_to(doc, score);
        match run(&mut self.machine, &mut self.host) {
            Ok(result) => Some(result),
            Err(Halt::Failed(failure)) => {
                self.interrupt.fail(*failure);
                None
            }
            Err(Halt::Interrupted) => None,
        }
    }
}
