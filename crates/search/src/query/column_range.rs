//! Documents whose column has a value between two bounds, found in growing steps: by the postings of the values between
//! them where they are few, else by scanning the column.

use std::{
    fmt::Debug,
    net::Ipv6Addr,
    ops::{Bound, RangeInclusive},
    sync::Arc,
};

use glasswork_engine::FieldValue;
use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, InvertedIndexReader, SeekDangerResult, SegmentReader,
    TERMINATED,
    columnar::{Cardinality, Column, ColumnType},
    f64_to_u64, i64_to_u64,
    query::AllScorer,
};

use super::few_values::{FewValues, Terms};
use crate::interrupt::Interrupt;

/// Documents of the first step; each further step is twice as long.
const FIRST_STEP: u32 = 128;
/// From steps of this length on documents are read in turn, not here and there.
const READ_IN_TURN: u32 = 4 * FIRST_STEP;
/// Documents of the longest step, which bounds what is not interrupted.
const LONGEST_STEP: u32 = 65_536;

/// Opens the range in one segment; none when no document can lie in it. `terms` is the same range in the dictionary of a
/// field that has one.
///
/// # Errors
/// When the column cannot be read.
pub(crate) fn open(
    reader: &SegmentReader,
    name: &str,
    from: &Bound<FieldValue>,
    to: &Bound<FieldValue>,
    terms: Option<&Arc<Terms>>,
    interrupt: &Arc<Interrupt>,
) -> tantivy::Result<Option<Box<dyn DocSet>>> {
    let columns = reader.fast_fields();
    match from.as_ref().ok().or(to.as_ref().ok()) {
        Some(FieldValue::Ip(_)) => {
            let Some(column) = columns.column_opt::<Ipv6Addr>(name)? else {
                return Ok(None);
            };
            let address = |bound: &Bound<FieldValue>| {
                bound.as_ref().map(|value| {
                    if let FieldValue::Ip(bits) = value {
                        *bits
                    } else {
                        0
                    }
                })
            };
            let Some(range) = inclusive(address(from), address(to)) else {
                return Ok(None);
            };
            let range = Ipv6Addr::from_bits(*range.start())..=Ipv6Addr::from_bits(*range.end());
            documents(reader, column, range, terms, interrupt)
        }
        Some(FieldValue::Keyword(_)) => {
            let Some(words) = columns.str(name)? else {
                return Ok(None);
            };
            let key = |bound: &Bound<FieldValue>| {
                bound.as_ref().map(|value| {
                    if let FieldValue::Keyword(text) = value {
                        text.as_bytes().to_vec()
                    } else {
                        Vec::new()
                    }
                })
            };
            let (from, to) = words.dictionary().term_bounds_to_ord(key(from), key(to))?;
            let Some(range) = inclusive(from, to) else {
                return Ok(None);
            };
            documents(reader, words.ords().clone(), range, terms, interrupt)
        }
        _ => {
            let Some((column, stored)) = columns.u64_lenient(name)? else {
                return Ok(None);
            };
            let number = |bound: &Bound<FieldValue>| bound.as_ref().map(|value| raw(value, stored));
            let Some(range) = inclusive(number(from), number(to)) else {
                return Ok(None);
            };
            documents(reader, column, range, terms, interrupt)
        }
    }
}

trait Ends<T> {
    fn ok(self) -> Option<T>;
}

impl<T> Ends<T> for Bound<T> {
    fn ok(self) -> Option<T> {
        match self {
            Bound::Included(value) | Bound::Excluded(value) => Some(value),
            Bound::Unbounded => None,
        }
    }
}

/// A value in the monotonic form of its column.
fn raw(value: &FieldValue, stored: ColumnType) -> u64 {
    match (value, stored) {
        (FieldValue::I64(value), _) => i64_to_u64(*value),
        (FieldValue::F64(value), _) => f64_to_u64(*value),
        (FieldValue::U64(value), _) => *value,
        (FieldValue::Bool(value), _) => u64::from(*value),
        _ => 0,
    }
}

/// Whole numbers between two bounds; none when there is none.
trait Whole: Copy + PartialOrd {
    const LEAST: Self;
    const GREATEST: Self;
    fn after(self) -> Option<Self>;
    fn before(self) -> Option<Self>;
}

macro_rules! whole {
    ($($number:ty),*) => {$(
        impl Whole for $number {
            const LEAST: Self = <$number>::MIN;
            const GREATEST: Self = <$number>::MAX;
            fn after(self) -> Option<Self> { self.checked_add(1) }
            fn before(self) -> Option<Self> { self.checked_sub(1) }
        }
    )*};
}

whole!(u64, u128);

fn inclusive<T: Whole>(from: Bound<T>, to: Bound<T>) -> Option<RangeInclusive<T>> {
    let from = match from {
        Bound::Included(value) => value,
        Bound::Excluded(value) => value.after()?,
        Bound::Unbounded => T::LEAST,
    };
    let to = match to {
        Bound::Included(value) => value,
        Bound::Excluded(value) => value.before()?,
        Bound::Unbounded => T::GREATEST,
    };
    (from <= to).then_some(from..=to)
}

fn documents<T>(
    reader: &SegmentReader,
    column: Column<T>,
    range: RangeInclusive<T>,
    terms: Option<&Arc<Terms>>,
    interrupt: &Arc<Interrupt>,
) -> tantivy::Result<Option<Box<dyn DocSet>>>
where
    T: Send + Sync + PartialOrd + Copy + Debug + 'static,
{
    if *range.start() > column.max_value() || *range.end() < column.min_value() {
        return Ok(None);
    }
    let all = *range.start() <= column.min_value() && column.max_value() <= *range.end();
    if all && matches!(column.get_cardinality(), Cardinality::Full) {
        return Ok(Some(Box::new(AllScorer::new(reader.max_doc()))));
    }
    let few = match terms {
        Some(terms) => Few::Perhaps(reader.inverted_index(terms.field)?, Arc::clone(terms)),
        None => Few::Not,
    };
    let mut documents = ColumnRange {
        column,
        range,
        few,
        found: Vec::new(),
        at: 0,
        next: 0,
        step: FIRST_STEP,
        scanned: 0,
        interrupt: Arc::clone(interrupt),
    };
    documents.fetch();
    Ok(Some(Box::new(documents)))
}

/// Whether the range holds few values, so that their postings are read.
enum Few {
    /// Not looked yet: not before documents are read in turn for a while.
    Perhaps(Arc<InvertedIndexReader>, Arc<Terms>),
    /// It does.
    Are(FewValues),
    /// It does not, or the field has no postings.
    Not,
}

struct ColumnRange<T> {
    column: Column<T>,
    range: RangeInclusive<T>,
    /// How documents are found in turn, when the range holds few values; a single one is looked up in the column.
    few: Few,
    /// Documents of the last step.
    found: Vec<DocId>,
    at: usize,
    /// Where the next step begins.
    next: DocId,
    step: u32,
    /// Documents looked at since the interrupt was asked.
    scanned: u32,
    interrupt: Arc<Interrupt>,
}

impl<T: Send + Sync + PartialOrd + Copy + Debug + 'static> ColumnRange<T> {
    fn may_go_on(&mut self) -> bool {
        if self.scanned < 1_024 {
            return true;
        }
        self.scanned = 0;
        self.interrupt.go_on()
    }

    fn look_for_few(&mut self) {
        if let Few::Perhaps(index, terms) = &self.few {
            self.few = match FewValues::open(index, terms) {
                Ok(Some(few)) => Few::Are(few),
                // Where a dictionary cannot be read the column still says the same.
                Ok(None) | Err(_) => Few::Not,
            };
        }
    }

    /// Steps until a document is found or the column ends.
    fn fetch(&mut self) {
        self.found.clear();
        self.at = 0;
        let end = self.column.num_docs();
        while self.found.is_empty() && self.next < end && self.may_go_on() {
            let until = end.min(self.next.saturating_add(self.step));
            let step = self.next..until;
            if self.step >= READ_IN_TURN {
                self.look_for_few();
            }
            match &mut self.few {
                Few::Are(few) => few.find(step, &mut self.found),
                Few::Perhaps(..) | Few::Not => {
                    let (column, range) = (&self.column, self.range.clone());
                    column.get_docids_for_value_range(range, step, &mut self.found);
                    self.found.dedup();
                }
            }
            self.scanned += until - self.next;
            self.next = until;
            self.step = LONGEST_STEP.min(self.step * 2);
        }
    }
}

impl<T: Send + Sync + PartialOrd + Copy + Debug + 'static> DocSet for ColumnRange<T> {
    #[inline]
    fn advance(&mut self) -> DocId {
        self.at += 1;
        if self.at >= self.found.len() {
            self.fetch();
        }
        self.doc()
    }

    fn fill_buffer(&mut self, buffer: &mut [DocId; COLLECT_BLOCK_BUFFER_LEN]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() && self.at < self.found.len() {
            let take = (self.found.len() - self.at).min(buffer.len() - filled);
            buffer[filled..filled + take].copy_from_slice(&self.found[self.at..self.at + take]);
            filled += take;
            self.at += take;
            if self.at >= self.found.len() {
                self.fetch();
            }
        }
        filled
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() >= target {
            return self.doc();
        }
        if self.found.last().is_some_and(|last| *last >= target) {
            self.at += self.found[self.at..].partition_point(|doc| *doc < target);
            return self.doc();
        }
        if target > self.next {
            // A jump: what lies in between is not wanted, and perhaps little of what follows.
            self.next = target;
            self.step = FIRST_STEP;
        }
        self.fetch();
        while self.doc() < target {
            self.advance();
        }
        self.doc()
    }

    /// Looks at one document alone, which is all that an intersection asks.
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.column.num_docs() {
            self.found.clear();
            self.next = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        self.scanned += 1;
        if !self.may_go_on() {
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        if target < self.next {
            // Found already, or not there: steps never go back.
            let behind = self.found[self.at..].partition_point(|doc| *doc < target);
            return match self.found.get(self.at + behind) {
                Some(doc) => {
                    self.at += behind;
                    if *doc == target {
                        SeekDangerResult::Found
                    } else {
                        SeekDangerResult::SeekLowerBound(*doc)
                    }
                }
                None => SeekDangerResult::SeekLowerBound(self.next),
            };
        }
        if self
            .column
            .values_for_doc(target)
            .any(|value| self.range.contains(&value))
        {
            self.found.clear();
            self.found.push(target);
            self.at = 0;
            self.next = target + 1;
            self.step = FIRST_STEP;
            return SeekDangerResult::Found;
        }
        SeekDangerResult::SeekLowerBound(target + 1)
    }

    #[inline]
    fn doc(&self) -> DocId {
        self.found.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        self.column.num_docs() / 4
    }

    fn cost(&self) -> u64 {
        // Looking a document up costs more than walking a posting list to it.
        u64::from(self.column.num_docs())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use super::inclusive;

    #[test]
    fn bounds_become_inclusive() {
        assert_eq!(
            inclusive(Bound::Included(3u64), Bound::Excluded(9)),
            Some(3..=8)
        );
        assert_eq!(
            inclusive(Bound::Excluded(3u64), Bound::Unbounded),
            Some(4..=u64::MAX)
        );
        assert_eq!(inclusive(Bound::Excluded(u64::MAX), Bound::Unbounded), None);
        assert_eq!(inclusive(Bound::Included(9u64), Bound::Included(3)), None);
    }
}
