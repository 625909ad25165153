//! `cardinality`: about how many distinct values there are.

use std::{net::Ipv6Addr, sync::Arc};

use glasswork_content::{Failure, Node, Render};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};
use tantivy::columnar::Column;

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    Aggregation,
    buckets::Buckets,
    collector::{Block, Collector, Scope},
    columns::Gathered,
    definition::{Definition, Parse, Show},
    distinct::{Distinct, exact_limit, hash_bytes, hash_number, note, precision_of},
    fields::fields,
    numbers::Numbers,
    opening,
    ordinals::Ordinals,
    partial::Partial,
    source::{Missing, Source, Takes, Values, is_numeric},
};

/// About how many distinct values there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cardinality {
    source: Source,
    precision_threshold: Option<u64>,
    execution_hint: Option<String>,
}

const KEYS: &[&str] = &[
    "field",
    "missing",
    "value_type",
    "precision_threshold",
    "execution_hint",
];

impl Parse for Cardinality {
    const NAME: &'static str = "cardinality";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let (mut source, mut precision_threshold, mut execution_hint) =
            (Source::default(), None, None);
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "precision_threshold" => {
                    let threshold = field.long()?;
                    precision_threshold = Some(u64::try_from(threshold).map_err(|_| {
                        field.failed(Failure::illegal_argument(format!(
                            "[precisionThreshold] must be greater than or equal to 0. Found [{threshold}] in [{called}]"
                        )))
                    })?);
                }
                "execution_hint" => execution_hint = Some(field.text()?),
                _ if source.take(&field, Takes::Nothing)? => {}
                _ => return Err(field.unknown(KEYS)),
            }
        }
        source.require("field, script")?;
        if let Some(hint) = &execution_hint
            && hint != "direct"
            && hint != "ordinals"
        {
            return Err(Failure::illegal_argument(format!(
                "unknown `execution_hint`: [{hint}], expected any of [direct, ordinals]"
            )));
        }
        Ok(Cardinality {
            source,
            precision_threshold,
            execution_hint,
        })
    }
}

impl Definition for Cardinality {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        if let Some(threshold) = self.precision_threshold {
            out.field_unsigned("precision_threshold", threshold);
        }
        if let Some(hint) = &self.execution_hint {
            out.field_str("execution_hint", hint);
        }
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        _at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        let values = self.source.resolve(scope.context, Kind::Keyword)?;
        let hashes = match values.kind {
            Kind::Ip => Hashes::Ips {
                values,
                column: None,
                gathered: Gathered::default(),
            },
            kind if is_numeric(kind) => Hashes::Numbers(Numbers::new(values)),
            _ => Hashes::Texts {
                ordinals: match &values.column {
                    Some(column) => Ordinals::of(&scope.context.view, column, scope.ledger)?,
                    None => Arc::new(Ordinals::none()),
                },
                values,
                segment: 0,
                column: None,
                gathered: Gathered::default(),
            },
        };
        Ok(Box::new(CardinalityCollector {
            hashes,
            seen: Buckets::default(),
            bits: scope.root.then(Vec::new),
            registers: None,
            precision: precision_of(self.precision_threshold.unwrap_or(3_000)),
            scope,
        }))
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        _at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        show.step()?;
        let count = match partial {
            Partial::Distinct(rows) if owner < rows.owners() => rows.count(owner),
            _ => 0,
        };
        show.out.field_unsigned("value", count);
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let Partial::Distinct(rows) = partial else {
            return None;
        };
        matches!(metric, None | Some("value")).then(|| {
            if owner < rows.owners() {
                rows.count(owner) as f64
            } else {
                0.0
            }
        })
    }
}

/// Where values to be told apart come from.
enum Hashes {
    /// Told apart by their hashes.
    Numbers(Numbers),
    /// Told apart by their hashes.
    Ips {
        values: Values,
        column: Option<Column<Ipv6Addr>>,
        gathered: Gathered<Ipv6Addr>,
    },
    /// Told apart by their numbers, hashed at the end.
    Texts {
        values: Values,
        ordinals: Arc<Ordinals>,
        segment: usize,
        column: Option<Column<u64>>,
        gathered: Gathered<u64>,
    },
}

/// Stands for the text of missing values.
const MISSING: u64 = u64::MAX;

struct CardinalityCollector<'s> {
    hashes: Hashes,
    /// Each owner with each of its hashes, or numbers of terms.
    seen: Buckets<u64>,
    /// With one owner: whether the term of a number was seen, in place of `seen`.
    bits: Option<Vec<u64>>,
    /// With one owner and too many hashes: what they became.
    registers: Option<Vec<u8>>,
    precision: u8,
    scope: Scope<'s>,
}

impl Collector for CardinalityCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        match &mut self.hashes {
            Hashes::Numbers(numbers) => numbers.open(segment)?,
            Hashes::Ips { values, column, .. } => {
                *column = match &values.column {
                    Some((number, name)) if segment.has_field(*number) => segment
                        .reader
                        .fast_fields()
                        .column_opt::<Ipv6Addr>(name)
                        .map_err(opening)?,
                    _ => None,
                };
            }
            Hashes::Texts {
                ordinals,
                segment,
                column,
                ..
            } => {
                *segment = ordinal;
                *column = ordinals.column(ordinal).map(|column| column.ords().clone());
            }
        }
        Ok(())
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        self.scope.ledger.step(block.docs.len())?;
        match &mut self.hashes {
            Hashes::Texts {
                values,
                ordinals,
                segment,
                column,
                gathered,
            } => {
                gathered.read(
                    column.as_ref(),
                    block.docs,
                    values.missing.as_ref().map(|_| MISSING),
                );
                let bits = &mut self.bits;
                for (position, ordinal) in gathered.positions.iter().zip(&gathered.values) {
                    let term = if *ordinal == MISSING {
                        ordinals.len()
                    } else {
                        ordinals.global(*segment, *ordinal)
                    };
                    match bits {
                        Some(bits) => {
                            let word = (term / 64) as usize;
                            if word >= bits.len() {
                                let words = (ordinals.len() / 64 + 1) as usize;
                                self.scope.ledger.charge(words as u64 * 8)?;
                                bits.resize(words, 0);
                            }
                            bits[word] |= 1 << (term % 64);
                        }
                        None => {
                            self.seen.number(block.buckets[*position as usize], term);
                        }
                    }
                }
            }
            Hashes::Numbers(numbers) => {
                let (positions, raws) = numbers.distinct(block.docs);
                let hashes = positions
                    .iter()
                    .zip(raws.iter().map(|raw| hash_number(*raw)));
                take(
                    &mut self.seen,
                    &mut self.registers,
                    self.precision,
                    self.scope.root,
                    block,
                    hashes,
                );
            }
            Hashes::Ips {
                values,
                column,
                gathered,
            } => {
                let missing = match values.missing {
                    Some(Missing::Ip(address)) => Some(address),
                    _ => None,
                };
                gathered.read(column.as_ref(), block.docs, missing);
                let hashes = gathered
                    .values
                    .iter()
                    .map(|address| hash_bytes(&address.octets()));
                let hashes = gathered.positions.iter().zip(hashes);
                take(
                    &mut self.seen,
                    &mut self.registers,
                    self.precision,
                    self.scope.root,
                    block,
                    hashes,
                );
            }
        }
        Ok(self.seen.charge(self.scope.ledger)?)
    }

    fn close(&mut self) -> Result<(), Halt> {
        Ok(())
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        let ledger = self.scope.ledger;
        let mut rows = Distinct::new(self.precision);
        if let Some(registers) = self.registers.take() {
            owners
                .iter()
                .for_each(|_| rows.push_registers(registers.clone()));
            return Ok(Partial::Distinct(rows));
        }
        if let (Hashes::Texts { .. }, Some(bits)) = (&self.hashes, &self.bits) {
            let mut terms = Vec::new();
            for (word, bits) in (0..).zip(bits) {
                ledger.step(16)?;
                terms.extend(
                    (0..64)
                        .filter(|bit| bits & (1 << bit) != 0)
                        .map(|bit| word * 64 + bit),
                );
            }
            let mut hashes = self
                .hashed(&terms)?
                .into_iter()
                .map(|(_, hash)| hash)
                .collect();
            owners.iter().for_each(|_| rows.push(&mut hashes));
            return Ok(Partial::Distinct(rows));
        }
        let (grouped, ends) = self.seen.grouped(owners, ledger)?;
        let texts = match &self.hashes {
            Hashes::Texts { .. } => {
                let mut terms: Vec<u64> = grouped.iter().map(|seen| seen.key).collect();
                super::sorting::sort(&mut terms, ledger, &mut Ord::cmp)?;
                terms.dedup();
                Some(self.hashed(&terms)?)
            }
            _ => None,
        };
        let mut hashes = Vec::new();
        let mut begin = 0;
        for end in ends {
            hashes.clear();
            for seen in &grouped[begin as usize..end as usize] {
                ledger.step(2)?;
                let hash = match &texts {
                    None => seen.key,
                    Some(texts) => {
                        let place = texts.binary_search_by_key(&seen.key, |(term, _)| *term);
                        place.map_or(seen.key, |place| texts[place].1)
                    }
                };
                hashes.push(hash);
            }
            if hashes.len() > exact_limit(self.precision) {
                ledger.charge(1 << self.precision)?;
            }
            rows.push(&mut hashes);
            begin = end;
        }
        ledger.charge(rows.bytes())?;
        Ok(Partial::Distinct(rows))
    }
}

impl CardinalityCollector<'_> {
    /// Each of these terms, which ascend, with the hash of its text.
    fn hashed(&self, terms: &[u64]) -> Result<Vec<(u64, u64)>, Halt> {
        let Hashes::Texts {
            values, ordinals, ..
        } = &self.hashes
        else {
            return Ok(Vec::new());
        };
        let ledger = self.scope.ledger;
        ledger.charge(terms.len() as u64 * 16)?;
        let known = terms.partition_point(|term| *term < ordinals.len());
        let mut hashed = Vec::with_capacity(terms.len());
        ordinals.texts(&terms[..known], ledger, &mut |place, text| {
            hashed.push((terms[place], hash_bytes(text)))
        })?;
        if let (Some(term), Some(Missing::Text(text))) = (terms.get(known), &values.missing) {
            hashed.push((*term, hash_bytes(text.as_bytes())));
        }
        super::sorting::sort(&mut hashed, ledger, &mut Ord::cmp)?;
        Ok(hashed)
    }
}

fn take<'h>(
    seen: &mut Buckets<u64>,
    registers: &mut Option<Vec<u8>>,
    precision: u8,
    one_owner: bool,
    block: Block<'_>,
    hashes: impl Iterator<Item = (&'h u32, u64)>,
) {
    for (position, hash) in hashes {
        match registers {
            Some(registers) => note(registers, precision, hash),
            None => {
                seen.number(block.buckets[*position as usize], hash);
                if one_owner && seen.counts().len() > exact_limit(precision) {
                    let mut fresh = vec![0; 1 << precision];
                    seen.keys()
                        .iter()
                        .for_each(|hash| note(&mut fresh, precision, *hash));
                    *registers = Some(fresh);
                    *seen = Buckets::default();
                }
            }
        }
    }
}
