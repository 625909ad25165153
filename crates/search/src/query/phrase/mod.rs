//! Phrases: words in order, exactly or with slop, the last possibly only begun.
//!
//! The scorer is ours because Lucene counts a sloppy match by its distance and Tantivy doesn't, because the last word may
//! stand for many, and because a phrase that hardly ever matches has to ask the interrupt on its way.

mod positions;
mod sloppy;

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_engine::FieldNumber;
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term,
    fieldnorm::FieldNormReader,
    query::{EmptyScorer, Explanation, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

use self::{positions::Word, sloppy::Sloppy};
use super::{
    compile::{Compiler, Plan},
    leaf::Leaf,
    statistics::FieldStatistics,
};
use crate::{context::Context, interrupt::Interrupt};

/// Saturation of term frequency (`k1`) and length normalization (`b`) of BM25, as OpenSearch's defaults.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Compiles a phrase: `terms` with their positions in the text. With `last_is_prefix` the last term is the beginning of at
/// most so many.
///
/// # Errors
/// An index that cannot be read.
pub(crate) fn plan(
    compiler: &Compiler<'_>,
    leaf: Leaf<'_>,
    terms: Vec<(u32, Term)>,
    slop: u32,
    last_is_prefix: Option<u32>,
    boost: f32,
) -> Result<Plan, Failure> {
    let context = compiler.context();
    let mut words: Vec<(u32, Vec<Term>)> = terms
        .into_iter()
        .map(|(position, term)| (position, vec![term]))
        .collect();
    if let (Some(limit), Some((_, last))) = (last_is_prefix, words.last_mut()) {
        *last = completions(context, leaf.field, &last[0], limit as usize)?;
    }
    let broken = |error: TantivyError| crate::broken(&error);
    let field = FieldStatistics::of(&context.view, leaf.number)?;
    let mut idf = 0.0f64;
    for (_, alternatives) in &words {
        let mut found = false;
        for term in alternatives {
            let frequency =
                FieldStatistics::document_frequency(&context.view, term).map_err(broken)?;
            if frequency > 0 {
                found = true;
                idf += inverse_document_frequency(frequency, field.documents(frequency));
            }
        }
        if !found {
            return Ok(Plan::None);
        }
    }
    let weight = PhraseWeight {
        field: leaf.field,
        number: leaf.number,
        words,
        slop,
        scoring: compiler.scoring(),
        weight: idf as f32 * boost,
        lengths: Arc::new(length_factors(field.average_length())),
        interrupt: Arc::clone(&context.interrupt),
    };
    Ok(if compiler.scoring() {
        Plan::Scored {
            weight: Arc::new(weight),
            term: None,
        }
    } else {
        Plan::Constant {
            weight: Arc::new(weight),
            score: boost,
            term: None,
        }
    })
}

/// The first `limit` terms of the view that begin with `prefix`.
fn completions(
    context: &Context,
    field: Field,
    prefix: &Term,
    limit: usize,
) -> Result<Vec<Term>, Failure> {
    let beginning = prefix.serialized_value_bytes();
    let mut found = std::collections::BTreeSet::new();
    for segment in context.view.segments() {
        let index = segment
            .reader
            .inverted_index(field)
            .map_err(|error| crate::broken(&error))?;
        let mut stream = index
            .terms()
            .range()
            .ge(beginning)
            .into_stream()
            .map_err(|error| crate::broken(&error))?;
        let mut taken = 0;
        while taken < limit && stream.advance() && stream.key().starts_with(beginning) {
            found.insert(stream.key().to_vec());
            taken += 1;
        }
    }
    Ok(found
        .into_iter()
        .take(limit)
        .filter_map(|key| {
            Some(Term::from_field_text(
                field,
                std::str::from_utf8(&key).ok()?,
            ))
        })
        .collect())
}

fn inverse_document_frequency(frequency: u64, documents: u64) -> f64 {
    let (frequency, documents) = (frequency as f64, documents as f64);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln()
}

/// What a document's length adds to the frequency below the fraction line, by norm byte.
fn length_factors(average: f32) -> [f32; 256] {
    std::array::from_fn(|id| {
        let length = FieldNormReader::id_to_fieldnorm(id as u8) as f32;
        K1 * (1.0 - B + B * length / average)
    })
}

struct PhraseWeight {
    field: Field,
    number: FieldNumber,
    words: Vec<(u32, Vec<Term>)>,
    slop: u32,
    scoring: bool,
    weight: f32,
    lengths: Arc<[f32; 256]>,
    interrupt: Arc<Interrupt>,
}

impl Weight for PhraseWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let index = reader.inverted_index(self.field)?;
        let mut words = Vec::with_capacity(self.words.len());
        let last = self
            .words
            .iter()
            .map(|(position, _)| *position)
            .max()
            .unwrap_or(0);
        for (group, (position, terms)) in self.words.iter().enumerate() {
            let mut postings = Vec::with_capacity(terms.len());
            for term in terms {
                if let Some(term) = index.get_term_info(term)? {
                    postings.push(index.read_postings_from_terminfo(
                        &term,
                        IndexRecordOption::WithFreqsAndPositions,
                    )?);
                }
            }
            if postings.is_empty() {
                return Ok(Box::new(EmptyScorer));
            }
            // Words that are the same term share a group: they may not take the same place of a document.
            let group = self.words[..group]
                .iter()
                .position(|(_, other)| other == terms)
                .unwrap_or(group);
            words.push(Word::new(postings, *position, last - *position, group));
        }
        let norms = match reader.fieldnorms_readers().get_field(self.field)? {
            Some(norms) if self.scoring => norms,
            _ => FieldNormReader::constant(reader.max_doc(), 1),
        };
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_by_key(|word| words[*word].size_hint());
        let mut scorer = PhraseScorer {
            order,
            sloppy: Sloppy::new(&words, self.slop),
            words,
            exact: self.slop == 0,
            only_first: !self.scoring,
            doc: 0,
            frequency: 0.0,
            weight: self.weight * boost,
            lengths: Arc::clone(&self.lengths),
            norms,
            interrupt: Arc::clone(&self.interrupt),
            steps: 0,
            left: Vec::new(),
        };
        let first = scorer.words[scorer.order[0]].doc();
        scorer.find_from(first);
        Ok(Box::new(scorer))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!(
            "document {doc} is not explained in field {}",
            self.number.0
        )))
    }
}

struct PhraseScorer {
    words: Vec<Word>,
    /// The words, the rarest first.
    order: Vec<usize>,
    sloppy: Sloppy,
    exact: bool,
    /// Whether one match in a document is enough.
    only_first: bool,
    doc: DocId,
    frequency: f32,
    weight: f32,
    lengths: Arc<[f32; 256]>,
    norms: FieldNormReader,
    interrupt: Arc<Interrupt>,
    steps: usize,
    left: Vec<u32>,
}

impl PhraseScorer {
    /// Goes to the first match at or behind `doc`, where the rarest word is.
    fn find_from(&mut self, mut doc: DocId) -> DocId {
        'documents: while doc != TERMINATED {
            self.steps += 1;
            let go_on = if self.steps >= 256 {
                self.steps = 0;
                self.interrupt.go_on()
            } else {
                // Hundreds of phrases stop together once one of them knows.
                !self.interrupt.is_halted()
            };
            if !go_on {
                break;
            }
            for place in 1..self.order.len() {
                let word = &mut self.words[self.order[place]];
                let there = if word.doc() < doc {
                    word.seek(doc)
                } else {
                    word.doc()
                };
                if there != doc {
                    let lead = &mut self.words[self.order[0]];
                    doc = if there == TERMINATED {
                        TERMINATED
                    } else {
                        lead.seek(there)
                    };
                    continue 'documents;
                }
            }
            self.frequency = self.frequency_here();
            if self.frequency > 0.0 {
                self.doc = doc;
                return doc;
            }
            doc = self.words[self.order[0]].advance();
        }
        self.doc = TERMINATED;
        TERMINATED
    }

    /// How often the phrase is in the document where all words are.
    fn frequency_here(&mut self) -> f32 {
        for word in &mut self.words {
            self.steps += word.load() / 64;
        }
        if self.exact {
            self.exact_matches() as f32
        } else {
            self.sloppy.frequency(&self.words)
        }
    }

    /// Positions, moved by each word's place, that all words share.
    fn exact_matches(&mut self) -> usize {
        let first = self.order[0];
        self.left.clear();
        self.left.extend(self.words[first].aligned());
        for place in 1..self.order.len() {
            let mut others = self.words[self.order[place]].aligned().peekable();
            self.left.retain(|position| {
                while others.next_if(|other| other < position).is_some() {}
                others.peek() == Some(position)
            });
            if self.left.is_empty() {
                return 0;
            }
        }
        if self.only_first { 1 } else { self.left.len() }
    }
}

impl DocSet for PhraseScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        let next = self.words[self.order[0]].advance();
        self.find_from(next)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        let lead = &mut self.words[self.order[0]];
        let next = if lead.doc() < target {
            lead.seek(target)
        } else {
            lead.doc()
        };
        self.find_from(next)
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.words[self.order[0]].size_hint() / 4
    }

    fn cost(&self) -> u64 {
        u64::from(self.words[self.order[0]].size_hint()) * 10
    }
}

impl Scorer for PhraseScorer {
    fn score(&mut self) -> Score {
        let length = self.lengths[usize::from(self.norms.fieldnorm_id(self.doc))];
        self.weight * self.frequency / (self.frequency + length)
    }
}
