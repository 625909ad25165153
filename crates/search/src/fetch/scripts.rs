//! `script_fields`: what scripts compute for a hit, among its `fields`.

use std::collections::HashMap;

use glasswork_content::{Failure, Render, Value};
use glasswork_engine::Segment;
use glasswork_script::{Context as Purpose, Halt as Ended};
use tantivy::DocId;

use super::fields::NamedValues;
use crate::{
    context::Context,
    interrupt::Halt,
    request::{ScriptField, SearchRequest},
    scripting::{Prepared, Runs},
};

/// The script fields of a request, compiled once, opened once in each segment that has hits.
pub(crate) struct ScriptReaders<'a> {
    context: &'a Context,
    fields: Vec<(&'a ScriptField, Prepared)>,
    open: HashMap<u32, Vec<Runs>>,
}

impl<'a> ScriptReaders<'a> {
    /// Compiles the scripts.
    ///
    /// # Errors
    /// `script_exception` `compile error`.
    pub(crate) fn new(context: &'a Context, request: &'a SearchRequest) -> Result<Self, Failure> {
        let compile = |field: &'a ScriptField| {
            Ok((
                field,
                Prepared::new(context, &field.script, Purpose::Field)?,
            ))
        };
        Ok(Self {
            context,
            fields: request
                .script_fields
                .iter()
                .map(compile)
                .collect::<Result<_, Failure>>()?,
            open: HashMap::new(),
        })
    }

    /// Adds the values of a document to `found`; a name that is there already stays as it is.
    ///
    /// # Errors
    /// What a script failed with, unless that is ignored; the reason to stop.
    pub(crate) fn read(
        &mut self,
        ordinal: u32,
        segment: &Segment,
        doc: DocId,
        found: &mut Vec<NamedValues>,
    ) -> Result<(), Failure> {
        let fields = &self.fields;
        let runs = self.open.entry(ordinal).or_insert_with(|| {
            let open = |(_, script): &(_, Prepared)| script.open(&segment.reader);
            fields.iter().map(open).collect()
        });
        for ((field, _), runs) in fields.iter().zip(runs) {
            let value = match runs.try_value(doc) {
                Ok(value) => value,
                Err(Ended::Failed(_)) if field.ignore_failure => continue,
                Err(Ended::Failed(failure)) => return Err(*failure),
                Err(Ended::Interrupted) => {
                    return Err(match self.context.interrupt.reason() {
                        Err(Halt::Failed(failure)) => failure,
                        _ => Failure::timeout("Time exceeded"),
                    });
                }
            };
            if found.iter().any(|(name, _)| **name == *field.name) {
                continue;
            }
            let mut out = Render::compact();
            if let Value::Array(_) = value.value {
                out.node(&value);
            } else {
                out.array();
                out.node(&value);
                out.end_array();
            }
            found.push((field.name.as_str().into(), out.finish()));
        }
        Ok(())
    }
}
