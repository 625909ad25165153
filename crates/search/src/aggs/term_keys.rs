//! The keys of `terms`: strings by their ordinals, numbers as they stand in the column, addresses.

use std::{net::Ipv6Addr, sync::Arc};

use glasswork_content::Failure;
use glasswork_engine::Segment;
use hashbrown::HashSet;
use tantivy::{DocId, columnar::Column};

use crate::{context::Context, interrupt::Halt, mapping::Kind, query::Literal};

use super::{
    choice::{Choice, number_partition},
    collector::Scope,
    columns::Gathered,
    keys::{Keys, Texts},
    ledger::{Ledger, STRIDE},
    numbers::Numbers,
    opening,
    ordinals::Ordinals,
    reading,
    source::{Missing, Values, parse_ip, raw_to_double, raw_to_long},
    spelling::Spelling,
    term_collector::KeySource,
};

/// `include` and `exclude`.
type Choices<'c> = (Option<&'c Choice>, Option<&'c Choice>);

/// Strings. A key is the number of a term over all segments; the one that stands in for missing values has its place
/// among them.
pub(crate) struct TextKeys {
    values: Values,
    ordinals: Ordinals,
    segment: usize,
    column: Option<Column<u64>>,
    /// The key of documents without a value, and whether a term had to be put in for it.
    missing: Option<(u64, bool)>,
    accepted: Option<Vec<bool>>,
    gathered: Gathered<u64>,
}

impl TextKeys {
    /// Numbers the terms of the field.
    pub(crate) fn new(
        values: Values,
        choices: Choices<'_>,
        scope: Scope<'_>,
    ) -> Result<Self, Halt> {
        let ordinals = match &values.column {
            Some(column) => Ordinals::of(&scope.context.view, column, scope.ledger)?,
            None => Ordinals::none(),
        };
        let missing = match &values.missing {
            Some(Missing::Text(text)) => Some(match ordinals.find(text.as_bytes())? {
                Ok(found) => (found, false),
                Err(place) => (place, true),
            }),
            _ => None,
        };
        let mut keys = TextKeys {
            values,
            ordinals,
            segment: 0,
            column: None,
            missing,
            accepted: None,
            gathered: Gathered::default(),
        };
        keys.accepted = keys.choose(choices, scope.ledger)?;
        Ok(keys)
    }

    fn choose(
        &self,
        (include, exclude): Choices<'_>,
        ledger: &Ledger<'_>,
    ) -> Result<Option<Vec<bool>>, Halt> {
        if include.is_none() && exclude.is_none() {
            return Ok(None);
        }
        let include = include.map(Choice::matcher).transpose()?;
        let exclude = exclude.map(Choice::matcher).transpose()?;
        let decide = |term: &[u8]| {
            include.as_ref().is_none_or(|include| include.accepts(term))
                && !exclude
                    .as_ref()
                    .is_some_and(|exclude| exclude.accepts(term))
        };
        ledger.charge(self.size())?;
        let mut accepted = vec![false; self.size() as usize];
        self.ordinals.each(ledger, &mut |term, text| {
            accepted[self.key_of(term) as usize] = decide(text)
        })?;
        if let (Some((key, true)), Some(Missing::Text(text))) = (self.missing, &self.values.missing)
        {
            accepted[key as usize] = decide(text.as_bytes());
        }
        Ok(Some(accepted))
    }

    fn size(&self) -> u64 {
        self.ordinals.len() + u64::from(matches!(self.missing, Some((_, true))))
    }

    fn key_of(&self, term: u64) -> u64 {
        match self.missing {
            Some((place, true)) if term >= place => term + 1,
            _ => term,
        }
    }
}

impl KeySource for TextKeys {
    type Key = u64;

    fn open(&mut self, ordinal: usize, _segment: &Arc<Segment>) -> Result<(), Halt> {
        self.segment = ordinal;
        self.column = self
            .ordinals
            .column(ordinal)
            .map(|column| column.ords().clone());
        Ok(())
    }

    fn read(&mut self, docs: &[DocId]) -> (&[u32], &[u64]) {
        /// Stands for a missing value until ordinals are translated.
        const MISSING: u64 = u64::MAX;
        let missing = self.missing.map(|_| MISSING);
        self.gathered.read(self.column.as_ref(), docs, missing);
        let several = self
            .column
            .as_ref()
            .is_some_and(|column| column.get_cardinality().is_multivalue());
        let mut values = std::mem::take(&mut self.gathered.values);
        for value in &mut values {
            *value = match (*value, self.missing) {
                (MISSING, Some((key, _))) => key,
                (ordinal, _) => self.key_of(self.ordinals.global(self.segment, ordinal)),
            };
        }
        self.gathered.values = values;
        if several {
            self.gathered.dedup();
        }
        if let Some(accepted) = &self.accepted {
            self.gathered.retain(|key| accepted[key as usize]);
        }
        (&self.gathered.positions, &self.gathered.values)
    }

    fn all(&mut self, ledger: &Ledger<'_>) -> Result<Vec<u64>, Halt> {
        ledger.charge(self.size() * 8)?;
        let mut keys = Vec::with_capacity(self.size() as usize);
        for key in 0..self.size() {
            ledger.step(1)?;
            let made_up = self.missing == Some((key, true));
            if !made_up
                && self
                    .accepted
                    .as_ref()
                    .is_none_or(|accepted| accepted[key as usize])
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    fn shown(&self, keys: &[u64], ledger: &Ledger<'_>) -> Result<Keys, Halt> {
        if !self.values.mapped && self.missing.is_none() {
            return Ok(Keys::None);
        }
        // A term in many buckets is looked up once.
        let mut wanted: Vec<u64> = keys.to_vec();
        super::sorting::sort(&mut wanted, ledger, &mut Ord::cmp)?;
        wanted.dedup();
        let made_up = self
            .missing
            .filter(|(_, made_up)| *made_up)
            .map(|(place, _)| place);
        let terms: Vec<u64> = wanted
            .iter()
            .filter(|key| Some(**key) != made_up)
            .map(|key| key - u64::from(made_up.is_some_and(|place| *key > place)))
            .collect();
        let mut texts = Texts::default();
        let mut found: Vec<(u64, u32)> = Vec::with_capacity(terms.len());
        self.ordinals.texts(&terms, ledger, &mut |place, text| {
            found.push((terms[place], texts.len() as u32));
            texts.push(&String::from_utf8_lossy(text));
        })?;
        super::sorting::sort(&mut found, ledger, &mut Ord::cmp)?;
        let mut shown = Texts::default();
        for key in keys {
            ledger.step(1)?;
            if Some(*key) == made_up
                && let Some(Missing::Text(text)) = &self.values.missing
            {
                shown.push(text);
                continue;
            }
            let term = key - u64::from(made_up.is_some_and(|place| *key > place));
            match found.binary_search_by_key(&term, |(term, _)| *term) {
                Ok(place) => shown.push(texts.get(found[place].1 as usize)),
                Err(_) => shown.push(""),
            }
        }
        Ok(Keys::Text(shown))
    }

    fn spelling(&self) -> Spelling {
        Spelling::Raw
    }

    fn dense(&self) -> Option<u64> {
        Some(self.size())
    }

    fn place(key: u64) -> usize {
        key as usize
    }

    fn key(place: usize) -> Option<u64> {
        Some(place as u64)
    }

    fn counted(
        &mut self,
        segment: &Segment,
        ledger: &Ledger<'_>,
        take: &mut dyn FnMut(u64, u64),
    ) -> Result<bool, Halt> {
        let (Some(column), Some((number, _)), None) = (
            self.ordinals.column(self.segment),
            &self.values.column,
            self.missing,
        ) else {
            return Ok(false);
        };
        let field = glasswork_engine::tantivy_field(*number);
        if !segment.reader.schema().get_field_entry(field).is_indexed() {
            return Ok(false);
        }
        // Two dictionaries of the same size over the same values hold the same terms in the same order.
        let inverted = segment.reader.inverted_index(field).map_err(opening)?;
        if inverted.terms().num_terms() != column.num_terms() {
            return Ok(false);
        }
        let mut terms = inverted.terms().stream().map_err(reading)?;
        let mut ordinal = 0;
        while terms.advance() {
            ledger.step(1)?;
            let key = self.key_of(self.ordinals.global(self.segment, ordinal));
            if self
                .accepted
                .as_ref()
                .is_none_or(|accepted| accepted[key as usize])
            {
                take(key, u64::from(terms.value().doc_freq));
            }
            ordinal += 1;
        }
        Ok(true)
    }
}

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

fn no_regex(called: &str) -> Failure {
    Failure::illegal_argument(format!(
        "Aggregation [{called}] cannot support regular expression style include/exclude settings as they can only be applied \
         to string fields. Use an array of values for include/exclude clauses"
    ))
}
