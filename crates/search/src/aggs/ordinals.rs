//! One numbering of a keyword field's terms over all segments of a view, in the order of the terms.
//!
//! Columns of strings hold ordinals that mean something in their own segment only. With one segment they are taken as
//! they are; with several the dictionaries are merged once, and the numbering is kept with the view.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use glasswork_engine::{FieldNumber, View};
use tantivy::columnar::StrColumn;

use crate::interrupt::Halt;

use super::{
    ledger::{Ledger, STRIDE},
    opening, reading,
};

/// The terms of a field.
pub(crate) struct Ordinals {
    columns: Vec<Option<StrColumn>>,
    /// For each segment, the ordinals of its terms; empty when they are the same.
    maps: Vec<Vec<u32>>,
    /// For each term, a segment that has it and its number there; empty when there is one segment.
    origins: Vec<(u32, u32)>,
    terms: u64,
    /// The only segment that has the field, when `origins` is empty.
    only: usize,
}

impl Ordinals {
    /// No term.
    pub(crate) fn none() -> Self {
        Ordinals {
            columns: Vec::new(),
            maps: Vec::new(),
            origins: Vec::new(),
            terms: 0,
            only: 0,
        }
    }

    /// The numbering of a field's terms.
    ///
    /// # Errors
    /// The ledger's stop; 500 when a segment cannot be read.
    pub(crate) fn of(
        view: &View,
        field: &(FieldNumber, String),
        ledger: &Ledger<'_>,
    ) -> Result<Arc<Self>, Halt> {
        if let Some(kept) = view.derived::<Self>(field.0) {
            return Ok(kept);
        }
        let numbered = Arc::new(Self::number(view, field, ledger)?);
        view.keep_derived(field.0, Arc::clone(&numbered));
        Ok(numbered)
    }

    fn number(
        view: &View,
        field: &(FieldNumber, String),
        ledger: &Ledger<'_>,
    ) -> Result<Self, Halt> {
        let mut columns = Vec::with_capacity(view.segments().len());
        for segment in view.segments() {
            ledger.step(64)?;
            let column = if segment.has_field(field.0) {
                segment
                    .reader
                    .fast_fields()
                    .str(&field.1)
                    .map_err(opening)?
            } else {
                None
            };
            columns.push(column.filter(|column| column.num_terms() > 0));
        }
        let mut having = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.is_some())
            .map(|(place, _)| place);
        let (only, more) = (having.next().unwrap_or(0), having.next().is_some());
        if more {
            return Self::merged(columns, ledger);
        }
        let terms = columns
            .get(only)
            .and_then(Option::as_ref)
            .map_or(0, |column| column.num_terms() as u64);
        Ok(Ordinals {
            maps: vec![Vec::new(); columns.len()],
            columns,
            origins: Vec::new(),
            terms,
            only,
        })
    }

    fn merged(columns: Vec<Option<StrColumn>>, ledger: &Ledger<'_>) -> Result<Self, Halt> {
        let sizes = columns
            .iter()
            .map(|column| column.as_ref().map_or(0, |column| column.num_terms()));
        let mut maps: Vec<Vec<u32>> = sizes.map(Vec::with_capacity).collect();
        ledger.charge(maps.iter().map(|map| map.capacity() as u64 * 12).sum())?;
        let mut streams = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if let Some(column) = column {
                streams.push((place as u32, column.dictionary().stream().map_err(reading)?));
            }
        }
        let mut heads = BinaryHeap::new();
        for (number, (_, stream)) in streams.iter_mut().enumerate() {
            if stream.advance() {
                heads.push(Reverse((stream.key().to_vec(), number)));
            }
        }
        let mut origins: Vec<(u32, u32)> = Vec::new();
        let mut last: Vec<u8> = Vec::new();
        while let Some(Reverse((mut key, number))) = heads.pop() {
            ledger.step(1)?;
            let (place, stream) = &mut streams[number];
            let map = &mut maps[*place as usize];
            if origins.is_empty() || key != last {
                origins.push((*place, map.len() as u32));
                last.clone_from(&key);
            }
            map.push(origins.len() as u32 - 1);
            if stream.advance() {
                key.clear();
                key.extend_from_slice(stream.key());
                heads.push(Reverse((key, number)));
            }
        }
        drop(streams);
        Ok(Ordinals {
            columns,
            maps,
            terms: origins.len() as u64,
            origins,
            only: 0,
        })
    }

    /// How many terms there are.
    pub(crate) fn len(&self) -> u64 {
        self.terms
    }

    /// The column of a segment.
    pub(crate) fn column(&self, segment: usize) -> Option<&StrColumn> {
        self.columns.get(segment)?.as_ref()
    }

    /// The number over all segments of a term of one.
    #[inline]
    pub(crate) fn global(&self, segment: usize, ordinal: u64) -> u64 {
        match self.maps[segment].get(ordinal as usize) {
            Some(global) => u64::from(*global),
            None => ordinal,
        }
    }

    /// Where a term stands: its number when it is there, else that of the next greater one.
    ///
    /// # Errors
    /// 500 when a segment cannot be read.
    pub(crate) fn find(&self, term: &[u8]) -> Result<Result<u64, u64>, Halt> {
        let (mut low, mut high) = (0, self.terms);
        let mut text = Vec::new();
        while low < high {
            let middle = low + (high - low) / 2;
            self.read(middle, &mut text)?;
            match text.as_slice().cmp(term) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(Ok(middle)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(Err(low))
    }

    /// Gives `take` the text of each of the terms, which come ascending and without doubles.
    ///
    /// # Errors
    /// The ledger's stop; 500 when a segment cannot be read.
    pub(crate) fn texts(
        &self,
        terms: &[u64],
        ledger: &Ledger<'_>,
        take: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), Halt> {
        // Numbers of a segment ascend with those over all segments, so that each dictionary is read forwards.
        let mut by_segment: Vec<Vec<(u64, usize)>> = vec![Vec::new(); self.columns.len()];
        for (place, term) in terms.iter().enumerate() {
            ledger.step(1)?;
            let (segment, ordinal) = self.origin(*term);
            by_segment[segment].push((ordinal, place));
        }
        let mut ordinals = Vec::new();
        for (segment, wanted) in by_segment.iter().enumerate() {
            let Some(column) = self.column(segment) else {
                continue;
            };
            for part in wanted.chunks(STRIDE) {
                ledger.step(STRIDE)?;
                ordinals.clear();
                ordinals.extend(part.iter().map(|(ordinal, _)| *ordinal));
                let mut places = part.iter().map(|(_, place)| *place);
                column
                    .dictionary()
                    .sorted_ords_to_term_cb(&ordinals, |text| {
                        if let Some(place) = places.next() {
                            take(place, text);
                        }
                    })
                    .map_err(reading)?;
            }
        }
        Ok(())
    }

    /// Gives `take` every term with its number, ascending.
    ///
    /// # Errors
    /// The ledger's stop; 500 when a segment cannot be read.
    pub(crate) fn each(
        &self,
        ledger: &Ledger<'_>,
        take: &mut dyn FnMut(u64, &[u8]),
    ) -> Result<(), Halt> {
        let mut begin = 0;
        while begin < self.terms {
            let terms: Vec<u64> = (begin..self.terms.min(begin + 16 * STRIDE as u64)).collect();
            begin += terms.len() as u64;
            self.texts(&terms, ledger, &mut |place, text| take(terms[place], text))?;
        }
        Ok(())
    }

    fn origin(&self, term: u64) -> (usize, u64) {
        match self.origins.get(term as usize) {
            Some((segment, ordinal)) => (*segment as usize, u64::from(*ordinal)),
            None => (self.only, term),
        }
    }

    fn read(&self, term: u64, text: &mut Vec<u8>) -> Result<(), Halt> {
        text.clear();
        let (segment, ordinal) = self.origin(term);
        if let Some(column) = self.column(segment) {
            column
                .dictionary()
                .ord_to_term(ordinal, text)
                .map_err(reading)?;
        }
        Ok(())
    }
}
