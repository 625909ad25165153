//! Strings as keys of `terms`: by their ordinals over all segments.

use std::sync::Arc;

use glasswork_engine::Segment;
use tantivy::{DocId, columnar::Column};

use crate::interrupt::Halt;

use super::{
    choice::Choice,
    collector::Scope,
    columns::Gathered,
    keys::{Keys, Texts},
    ledger::Ledger,
    opening,
    ordinals::Ordinals,
    reading,
    source::{Missing, Values},
    spelling::Spelling,
    term_collector::{Choices, KeySource},
};

/// Strings. A key is the number of a term over all segments; the one that stands in for missing values has its place
/// among them.
pub(crate) struct TextKeys {
    values: Values,
    ordinals: Arc<Ordinals>,
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
            None => Arc::new(Ordinals::none()),
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
