//! Addresses as keys of `terms`.

use std::{net::Ipv6Addr, sync::Arc};

use glasswork_content::Failure;
use glasswork_engine::Segment;
use hashbrown::HashSet;
use tantivy::{DocId, columnar::Column};

use crate::{context::Context, interrupt::Halt};

use super::{
    choice::{Choice, no_regex},
    columns::Gathered,
    keys::Keys,
    ledger::{Ledger, STRIDE},
    opening,
    source::{Missing, Values, parse_ip},
    spelling::Spelling,
    term_collector::{Choices, KeySource},
};

/// Addresses.
pub(crate) struct IpKeys {
    values: Values,
    column: Option<Column<Ipv6Addr>>,
    gathered: Gathered<Ipv6Addr>,
    include: Option<HashSet<Ipv6Addr>>,
    exclude: Option<HashSet<Ipv6Addr>>,
    keys: Vec<u128>,
    context: Context,
}

impl IpKeys {
    /// Reads the addresses of the field; `called` is the name of the aggregation.
    pub(crate) fn new(
        values: Values,
        choices: Choices<'_>,
        called: &str,
        context: &Context,
    ) -> Result<Self, Failure> {
        let choose = |choice: Option<&Choice>| {
            choice
                .map(|choice| match choice {
                    Choice::Regex(_) | Choice::Partition { .. } => Err(no_regex(called)),
                    Choice::Exact(texts) => texts
                        .iter()
                        .map(|text| parse_ip(text))
                        .collect::<Result<HashSet<_>, _>>(),
                })
                .transpose()
        };
        Ok(IpKeys {
            include: choose(choices.0)?,
            exclude: choose(choices.1)?,
            values,
            column: None,
            gathered: Gathered::default(),
            keys: Vec::new(),
            context: context.clone(),
        })
    }
}

impl KeySource for IpKeys {
    type Key = u128;

    fn open(&mut self, _ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.column = match &self.values.column {
            Some((number, name)) if segment.has_field(*number) => segment
                .reader
                .fast_fields()
                .column_opt::<Ipv6Addr>(name)
                .map_err(opening)?,
            _ => None,
        };
        Ok(())
    }

    fn read(&mut self, docs: &[DocId]) -> (&[u32], &[u128]) {
        let missing = match self.values.missing {
            Some(Missing::Ip(address)) => Some(address),
            _ => None,
        };
        self.gathered.read(self.column.as_ref(), docs, missing);
        self.gathered.dedup();
        if self.include.is_some() || self.exclude.is_some() {
            let (include, exclude) = (&self.include, &self.exclude);
            self.gathered.retain(|address| {
                include
                    .as_ref()
                    .is_none_or(|include| include.contains(&address))
                    && !exclude
                        .as_ref()
                        .is_some_and(|exclude| exclude.contains(&address))
            });
        }
        self.keys.clear();
        self.keys
            .extend(self.gathered.values.iter().map(|address| address.to_bits()));
        (&self.gathered.positions, &self.keys)
    }

    fn all(&mut self, ledger: &Ledger<'_>) -> Result<Vec<u128>, Halt> {
        let mut found = HashSet::new();
        let view = Arc::clone(&self.context.view);
        for segment in view.segments() {
            self.open(0, segment)?;
            let docs: Vec<DocId> = (0..segment.reader.max_doc()).collect();
            ledger.charge(docs.len() as u64 * 4)?;
            for part in docs.chunks(STRIDE) {
                ledger.step(STRIDE)?;
                let (_, keys) = self.read(part);
                found.extend(keys.iter().copied());
            }
        }
        Ok(found.into_iter().collect())
    }

    fn shown(&self, keys: &[u128], _ledger: &Ledger<'_>) -> Result<Keys, Halt> {
        Ok(if self.values.mapped || self.values.missing.is_some() {
            Keys::Address(keys.to_vec())
        } else {
            Keys::None
        })
    }

    fn spelling(&self) -> Spelling {
        self.values.spelling.clone()
    }
}
