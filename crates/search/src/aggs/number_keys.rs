//! Numbers, dates and booleans as keys of `terms`.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_engine::Segment;
use hashbrown::HashSet;
use tantivy::DocId;

use crate::{context::Context, interrupt::Halt, mapping::Kind, query::Literal};

use super::{
    choice::{Choice, no_regex, number_partition},
    keys::Keys,
    ledger::{Ledger, STRIDE},
    numbers::Numbers,
    source::{Missing, Values, raw_to_double, raw_to_long},
    spelling::Spelling,
    term_collector::{Choices, KeySource},
};

/// Numbers, dates and booleans. A key is what stands in the column, which keeps their order.
pub(crate) struct NumberKeys {
    numbers: Numbers,
    include: Option<NumberChoice>,
    exclude: Option<NumberChoice>,
    kept: (Vec<u32>, Vec<u64>),
    context: Context,
}

enum NumberChoice {
    Exact(HashSet<u64>),
    Partition { partition: u32, of: u32 },
}

impl NumberKeys {
    /// Reads the numbers of the field; `called` is the name of the aggregation.
    pub(crate) fn new(
        values: Values,
        choices: Choices<'_>,
        called: &str,
        context: &Context,
    ) -> Result<Self, Failure> {
        let kind = if values.kind == Kind::DateNanos {
            Kind::Date
        } else {
            values.kind
        };
        let choose = |choice: Option<&Choice>| {
            choice
                .map(|choice| match choice {
                    Choice::Regex(_) => Err(no_regex(called)),
                    Choice::Partition { partition, of } => Ok(NumberChoice::Partition {
                        partition: *partition,
                        of: *of,
                    }),
                    Choice::Exact(texts) => {
                        let mut raws = HashSet::new();
                        for text in texts {
                            let literal = Literal::Text(text.clone());
                            if let Missing::Number { raw, .. } =
                                Missing::of(&literal, kind, values.date_format.as_deref(), context)?
                            {
                                raws.insert(raw);
                            }
                        }
                        Ok(NumberChoice::Exact(raws))
                    }
                })
                .transpose()
        };
        Ok(NumberKeys {
            include: choose(choices.0)?,
            exclude: choose(choices.1)?,
            numbers: Numbers::new(values),
            kept: Default::default(),
            context: context.clone(),
        })
    }

    fn accepts(&self, raw: u64) -> bool {
        let kind = self.numbers.kind();
        let chosen = |choice: &NumberChoice| match choice {
            NumberChoice::Exact(raws) => raws.contains(&raw),
            NumberChoice::Partition { partition, of } => {
                let bits = if kind.is_floating() {
                    raw_to_double(kind, raw).to_bits()
                } else {
                    raw_to_long(kind, raw) as u64
                };
                number_partition(bits, *of) == *partition
            }
        };
        self.include.as_ref().is_none_or(chosen) && !self.exclude.as_ref().is_some_and(chosen)
    }
}

impl KeySource for NumberKeys {
    type Key = u64;

    fn open(&mut self, _ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.numbers.open(segment)
    }

    fn read(&mut self, docs: &[DocId]) -> (&[u32], &[u64]) {
        if self.include.is_none() && self.exclude.is_none() {
            return self.numbers.distinct(docs);
        }
        let mut kept = std::mem::take(&mut self.kept);
        let (positions, raws) = self.numbers.distinct(docs);
        kept.0.clear();
        kept.0.extend_from_slice(positions);
        kept.1.clear();
        kept.1.extend_from_slice(raws);
        let mut write = 0;
        for read in 0..kept.1.len() {
            if self.accepts(kept.1[read]) {
                (kept.0[write], kept.1[write]) = (kept.0[read], kept.1[read]);
                write += 1;
            }
        }
        kept.0.truncate(write);
        kept.1.truncate(write);
        self.kept = kept;
        (&self.kept.0, &self.kept.1)
    }

    fn all(&mut self, ledger: &Ledger<'_>) -> Result<Vec<u64>, Halt> {
        let mut found = HashSet::new();
        let view = Arc::clone(&self.context.view);
        for segment in view.segments() {
            self.numbers.open(segment)?;
            let docs: Vec<DocId> = (0..segment.reader.max_doc()).collect();
            for part in docs.chunks(STRIDE) {
                ledger.step(STRIDE)?;
                let (_, raws) = self.read(part);
                found.extend(raws.iter().copied());
            }
            ledger.charge(docs.len() as u64 * 4)?;
        }
        Ok(found.into_iter().collect())
    }

    fn shown(&self, keys: &[u64], ledger: &Ledger<'_>) -> Result<Keys, Halt> {
        let values = self.numbers.values();
        if !values.mapped && values.missing.is_none() {
            return Ok(Keys::None);
        }
        ledger.step(keys.len() / 8)?;
        let kind = self.numbers.kind();
        Ok(if kind.is_floating() {
            Keys::Double(keys.iter().map(|raw| raw_to_double(kind, *raw)).collect())
        } else if kind == Kind::UnsignedLong {
            Keys::Unsigned(keys.to_vec())
        } else {
            Keys::Long(keys.iter().map(|raw| raw_to_long(kind, *raw)).collect())
        })
    }

    fn spelling(&self) -> Spelling {
        self.numbers.values().spelling.clone()
    }
}
