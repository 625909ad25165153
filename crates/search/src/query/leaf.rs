//! Leaves: exact values, ranges, existence and ids, on any type of field.

use std::{net::Ipv6Addr, ops::Bound, sync::Arc};

use glasswork_content::{Failure, Node};
use glasswork_engine::{FieldKind, FieldNumber, FieldSpec, FieldValue, InternalFields};
use tantivy::{
    BitSet, DocSet, Score, SegmentReader, TERMINATED, Term,
    columnar::Cardinality,
    query::{BitSetDocSet, EnableScoring, InvertedIndexRangeQuery, Query as _, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    Literal, Range, column_range,
    compile::{Clauses, Compiler, Plan},
    few_values::Terms,
    statistics::{FieldStatistics, K1_PLUS_ONE, TermStatistics},
    weight::Computed,
};
use crate::{
    interrupt::Interrupt,
    mapping::{
        FieldType, Kind, Matches, RangeBound,
        dates::{DateFormat, Zone},
        values::DateContext,
    },
};

/// A mapped field as this view has it.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'a> {
    pub(crate) kind: &'a FieldType,
    pub(crate) number: FieldNumber,
    pub(crate) field: Field,
    pub(crate) spec: &'a FieldSpec,
}

impl<'a> Compiler<'a> {
    /// The mapped field of that path; its engine side is missing while no document has it.
    pub(crate) fn leaf(&self, kind: &'a FieldType) -> Option<Leaf<'a>> {
        let (number, field, spec) = self.context().view.field(kind.path())?;
        Some(Leaf {
            kind,
            number,
            field,
            spec,
        })
    }

    /// The type of a field; none when it is not mapped.
    pub(crate) fn field_type(&self, path: &str) -> Option<&'a FieldType> {
        self.context().mapping.field(path).map(|kind| &**kind)
    }

    /// `term`: one exact value.
    pub(crate) fn term(
        &self,
        path: &str,
        value: &Literal,
        case_insensitive: bool,
        boost: f32,
    ) -> Result<Plan, Failure> {
        self.count_leaf()?;
        if let Some(plan) = self.metadata_term(path, value, boost) {
            return Ok(plan);
        }
        let Some(kind) = self.field_type(path) else {
            return Ok(Plan::None);
        };
        if case_insensitive {
            return self.same_letters(kind, &value.to_string(), boost);
        }
        self.value(kind, value, boost)
    }

    /// `terms`: any of several exact values, with one score.
    pub(crate) fn any_term(
        &self,
        path: &str,
        values: &[Literal],
        boost: f32,
    ) -> Result<Plan, Failure> {
        self.count_leaf()?;
        if path == "_id" {
            let ids: Vec<String> = values.iter().map(Literal::to_string).collect();
            return self.ids(&ids, boost);
        }
        if path == "_index" {
            let name = &self.context().index.name;
            return Ok(if values.iter().any(|value| value.to_string() == **name) {
                Plan::All { score: boost }
            } else {
                Plan::None
            });
        }
        let Some(kind) = self.field_type(path) else {
            return Ok(Plan::None);
        };
        let dates = DateContext::at(self.context().now_millis);
        let mut terms = Vec::with_capacity(values.len());
        let mut others = Vec::new();
        for value in values {
            match kind.term(&Node::from(value.to_value()), &dates)? {
                Matches::None => {}
                Matches::Value(value) => terms.push(value),
                Matches::Range(from, to) => others.push((from, to)),
            }
        }
        let Some(leaf) = self.leaf(kind) else {
            return Ok(Plan::None);
        };
        if !leaf.spec.indexed {
            others.extend(
                terms
                    .drain(..)
                    .map(|value| (Bound::Included(value.clone()), Bound::Included(value))),
            );
        }
        let mut plans = Vec::with_capacity(others.len() + 1);
        if let [value] = terms.as_slice() {
            plans.push(self.posting(leaf, value)?);
        } else if !terms.is_empty() {
            let terms: Vec<Term> = terms
                .iter()
                .map(|value| engine_term(leaf.field, value))
                .collect();
            plans.push(union_of_terms(
                Arc::clone(&self.context().interrupt),
                leaf.field,
                terms,
                1.0,
            ));
        }
        for (from, to) in others {
            plans.push(self.between(leaf, from, to)?);
        }
        Ok(self
            .unscored()
            .combine(
                Clauses {
                    should: plans,
                    ..Clauses::default()
                },
                1.0,
            )?
            .constant(boost))
    }

    fn metadata_term(&self, path: &str, value: &Literal, boost: f32) -> Option<Plan> {
        match path {
            "_id" => self.ids(&[value.to_string()], boost).ok(),
            "_index" if value.to_string() == *self.context().index.name => {
                Some(Plan::All { score: boost })
            }
            "_index" => Some(Plan::None),
            "_routing" => {
                let field = self
                    .context()
                    .view
                    .fields()
                    .schema()
                    .get_field(InternalFields::ROUTING)
                    .ok()?;
                let term = Term::from_field_text(field, &value.to_string());
                Some(union_of_terms(
                    Arc::clone(&self.context().interrupt),
                    field,
                    vec![term],
                    boost,
                ))
            }
            _ => None,
        }
    }

    /// What has this value, scored as the field's type is.
    pub(crate) fn value(
        &self,
        kind: &'a FieldType,
        value: &Literal,
        boost: f32,
    ) -> Result<Plan, Failure> {
        if kind.kind() == Kind::Text {
            return self.token(kind, &value.to_string(), boost);
        }
        let dates = DateContext::at(self.context().now_millis);
        let matches = kind.term(&Node::from(value.to_value()), &dates)?;
        let Some(leaf) = self.leaf(kind) else {
            return Ok(Plan::None);
        };
        let plan = match matches {
            Matches::None => Plan::None,
            Matches::Value(value) if leaf.spec.indexed => self.posting(leaf, &value)?,
            Matches::Value(value) => {
                self.between(leaf, Bound::Included(value.clone()), Bound::Included(value))?
            }
            Matches::Range(from, to) => self.between(leaf, from, to)?,
        };
        Ok(plan.constant(boost))
    }

    /// One token of a text field, scored by BM25.
    pub(crate) fn token(
        &self,
        kind: &'a FieldType,
        token: &str,
        boost: f32,
    ) -> Result<Plan, Failure> {
        let Some(leaf) = self.leaf(kind) else {
            return Ok(Plan::None);
        };
        if !leaf.spec.indexed {
            return Err(not_searchable(kind));
        }
        let term = Term::from_field_text(leaf.field, token);
        if !self.scoring() {
            let query = TermQuery::new(term.clone(), IndexRecordOption::Basic);
            let weight = self.tantivy_weight(&query, false)?;
            return Ok(Plan::Constant {
                weight,
                score: boost,
                term: Some(term),
            });
        }
        let context = self.context();
        let field = FieldStatistics::of(&context.view, leaf.number)?;
        let statistics =
            TermStatistics::of(&field, &term).map_err(|error| crate::broken(&error))?;
        if statistics.frequency == 0 {
            return Ok(Plan::None);
        }
        let searcher = context
            .view
            .searcher()
            .map_err(|error| crate::broken(&error))?;
        let weight = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)
            .weight(EnableScoring::enabled_from_statistics_provider(
                &statistics,
                searcher,
            ))
            .map_err(|error| crate::broken(&error))?;
        Ok(Plan::Scored {
            weight: Arc::from(weight),
            term: Some(term),
        }
        .boosted(boost / K1_PLUS_ONE))
    }

    /// The postings of one value.
    fn posting(&self, leaf: Leaf<'_>, value: &FieldValue) -> Result<Plan, Failure> {
        let term = engine_term(leaf.field, value);
        let query = TermQuery::new(term.clone(), IndexRecordOption::Basic);
        Ok(Plan::Constant {
            weight: self.tantivy_weight(&query, false)?,
            score: 1.0,
            term: Some(term),
        })
    }

    /// `range`
    pub(crate) fn range(&self, range: &Range) -> Result<Plan, Failure> {
        self.count_leaf()?;
        let Some(kind) = self.field_type(&range.field) else {
            return Ok(Plan::None);
        };
        let zone = range.time_zone.as_deref().map(Zone::parse).transpose()?;
        let format = range.format.as_deref().map(DateFormat::new).transpose()?;
        let dates = DateContext {
            now: self.context().now_millis,
            zone: zone.as_ref(),
            format: format.as_ref(),
        };
        let (from, to) = (
            Node::from(range.from.to_value()),
            Node::from(range.to.to_value()),
        );
        let bound = |value, inclusive| RangeBound { value, inclusive };
        let lower = (range.from != Literal::Null).then(|| bound(&from, range.include_lower));
        let upper = (range.to != Literal::Null).then(|| bound(&to, range.include_upper));
        if lower.is_none() && upper.is_none() {
            return self
                .has_value(kind)
                .map(|plan| plan.constant(range.common.boost));
        }
        let matches = kind.range(lower, upper, &dates)?;
        let Some(leaf) = self.leaf(kind) else {
            return Ok(Plan::None);
        };
        let plan = match matches {
            Matches::None => Plan::None,
            Matches::Value(value) => {
                self.between(leaf, Bound::Included(value.clone()), Bound::Included(value))?
            }
            Matches::Range(from, to) => self.between(leaf, from, to)?,
        };
        Ok(plan.constant(range.common.boost))
    }

    /// Values between two bounds, by the column where there is one.
    fn between(
        &self,
        leaf: Leaf<'_>,
        from: Bound<FieldValue>,
        to: Bound<FieldValue>,
    ) -> Result<Plan, Failure> {
        if matches!((&from, &to), (Bound::Unbounded, Bound::Unbounded)) {
            return self.has_value(leaf.kind);
        }
        if leaf.spec.kind == FieldKind::Bool {
            return self.truths_between(leaf, &from, &to);
        }
        if leaf.spec.indexed && matches!(leaf.spec.kind, FieldKind::Text { .. }) {
            return Ok(self.terms_between(leaf, &from, &to));
        }
        if leaf.spec.has_column() {
            let (name, interrupt) = (leaf.spec_name(self), Arc::clone(&self.context().interrupt));
            let key = |bound: &Bound<FieldValue>| {
                bound.as_ref().map(|value| {
                    let term = engine_term(leaf.field, value);
                    term.serialized_value_bytes().to_vec()
                })
            };
            let terms = leaf.spec.indexed.then(|| {
                Arc::new(Terms {
                    field: leaf.field,
                    from: key(&from),
                    to: key(&to),
                })
            });
            let documents = move |reader: &SegmentReader| {
                column_range::open(reader, &name, &from, &to, terms.as_ref(), &interrupt)
            };
            let weight = Arc::new(Computed {
                documents,
                score: 1.0,
            });
            return Ok(Plan::Constant {
                weight,
                score: 1.0,
                term: None,
            });
        }
        if !leaf.spec.indexed {
            return Err(not_searchable(leaf.kind));
        }
        let term =
            |bound: &Bound<FieldValue>| bound.as_ref().map(|value| engine_term(leaf.field, value));
        let weight =
            self.tantivy_weight(&InvertedIndexRangeQuery::new(term(&from), term(&to)), false)?;
        Ok(Plan::Constant {
            weight,
            score: 1.0,
            term: None,
        })
    }

    fn truths_between(
        &self,
        leaf: Leaf<'_>,
        from: &Bound<FieldValue>,
        to: &Bound<FieldValue>,
    ) -> Result<Plan, Failure> {
        let above = |value: bool| match from {
            Bound::Included(FieldValue::Bool(bound)) => value >= *bound,
            Bound::Excluded(FieldValue::Bool(bound)) => value && !*bound,
            _ => true,
        };
        let below = |value: bool| match to {
            Bound::Included(FieldValue::Bool(bound)) => value <= *bound,
            Bound::Excluded(FieldValue::Bool(bound)) => !value && *bound,
            _ => true,
        };
        let mut plans = Vec::new();
        for value in [false, true]
            .into_iter()
            .filter(|value| above(*value) && below(*value))
        {
            plans.push(if leaf.spec.indexed {
                self.posting(leaf, &FieldValue::Bool(value))?
            } else {
                self.truths_in_column(leaf, value)
            });
        }
        self.unscored().combine(
            Clauses {
                should: plans,
                ..Clauses::default()
            },
            1.0,
        )
    }

    fn truths_in_column(&self, leaf: Leaf<'_>, wanted: bool) -> Plan {
        let name = leaf.spec_name(self);
        computed(
            Arc::clone(&self.context().interrupt),
            1.0,
            move |reader, _interrupt| {
                let Some(column) = reader.fast_fields().column_opt::<bool>(&name)? else {
                    return Ok(None);
                };
                let mut documents = BitSet::with_max_value(reader.max_doc());
                for doc in 0..reader.max_doc() {
                    if column.values_for_doc(doc).any(|value| value == wanted) {
                        documents.insert(doc);
                    }
                }
                Ok(Some(documents))
            },
        )
    }

    /// `exists`: a field, a pattern of fields, or all below an object.
    pub(crate) fn exists(&self, pattern: &str, boost: f32) -> Result<Plan, Failure> {
        self.count_leaf()?;
        if matches!(
            pattern,
            "_id" | "_index" | "_source" | "_seq_no" | "_version" | "_primary_term"
        ) {
            return Ok(Plan::All { score: boost });
        }
        let mut plans = Vec::new();
        for kind in self.fields_like(pattern) {
            plans.push(self.has_value(kind)?);
        }
        Ok(self
            .unscored()
            .combine(
                Clauses {
                    should: plans,
                    ..Clauses::default()
                },
                1.0,
            )?
            .constant(boost))
    }

    /// Documents with any value in a field.
    fn has_value(&self, kind: &'a FieldType) -> Result<Plan, Failure> {
        let Some(leaf) = self.leaf(kind) else {
            return Ok(Plan::None);
        };
        let interrupt = Arc::clone(&self.context().interrupt);
        if leaf.spec.has_column() {
            let name = leaf.spec_name(self);
            return Ok(computed(interrupt, 1.0, move |reader, interrupt| {
                documents_in_column(reader, &name, interrupt)
            }));
        }
        if leaf.spec.has_norms() {
            let field = leaf.field;
            return Ok(computed(interrupt, 1.0, move |reader, interrupt| {
                documents_with_norm(reader, field, interrupt)
            }));
        }
        if leaf.spec.indexed {
            return Ok(self.terms_between(leaf, &Bound::Unbounded, &Bound::Unbounded));
        }
        Ok(Plan::None)
    }

    /// `ids`
    pub(crate) fn ids(&self, ids: &[String], boost: f32) -> Result<Plan, Failure> {
        let schema = self.context().view.fields().schema();
        let field = schema
            .get_field(InternalFields::ID)
            .map_err(|error| crate::broken(&error))?;
        if ids.is_empty() {
            return Ok(Plan::None);
        }
        let terms = ids
            .iter()
            .map(|id| Term::from_field_text(field, id))
            .collect();
        Ok(union_of_terms(
            Arc::clone(&self.context().interrupt),
            field,
            terms,
            boost,
        ))
    }
}

impl Leaf<'_> {
    /// The name of its column.
    pub(crate) fn spec_name(&self, compiler: &Compiler<'_>) -> String {
        compiler
            .context()
            .view
            .fields()
            .schema()
            .get_field_name(self.field)
            .to_owned()
    }
}

/// `Cannot search on field [x] since it is not indexed.`
pub(crate) fn not_searchable(kind: &FieldType) -> Failure {
    Failure::illegal_argument(format!(
        "Cannot search on field [{}] since it is not indexed.",
        kind.path()
    ))
}

/// The term under which the engine has a value.
pub(crate) fn engine_term(field: Field, value: &FieldValue) -> Term {
    match value {
        FieldValue::Keyword(text) => Term::from_field_text(field, text),
        FieldValue::I64(value) => Term::from_field_i64(field, *value),
        FieldValue::U64(value) => Term::from_field_u64(field, *value),
        FieldValue::F64(value) => Term::from_field_f64(field, *value),
        FieldValue::Bool(value) => Term::from_field_bool(field, *value),
        FieldValue::Ip(value) => Term::from_field_ip_addr(field, Ipv6Addr::from_bits(*value)),
        FieldValue::Text(tokens) => {
            Term::from_field_text(field, tokens.iter().next().map_or("", |(token, _)| token))
        }
    }
}

/// A set of documents computed for each segment, with one score.
pub(crate) fn computed<F>(interrupt: Arc<Interrupt>, score: Score, documents: F) -> Plan
where
    F: Fn(&SegmentReader, &Interrupt) -> tantivy::Result<Option<BitSet>> + Send + Sync + 'static,
{
    let documents = move |reader: &SegmentReader| {
        if !interrupt.reserve(u64::from(reader.max_doc()) / 8) {
            return Ok(None);
        }
        Ok(documents(reader, &interrupt)?.map(BitSetDocSet::from))
    };
    Plan::Constant {
        term: None,
        weight: Arc::new(Computed {
            documents,
            score: 1.0,
        }),
        score,
    }
}

/// Documents that hold any of `terms`.
pub(crate) fn union_of_terms(
    interrupt: Arc<Interrupt>,
    field: Field,
    terms: Vec<Term>,
    score: Score,
) -> Plan {
    computed(interrupt, score, move |reader, interrupt| {
        let index = reader.inverted_index(field)?;
        let mut documents: Option<BitSet> = None;
        for (number, term) in terms.iter().enumerate() {
            if number % 128 == 127 && !interrupt.go_on() {
                return Ok(None);
            }
            let Some(info) = index.get_term_info(term)? else {
                continue;
            };
            let mut postings =
                index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            let documents =
                documents.get_or_insert_with(|| BitSet::with_max_value(reader.max_doc()));
            if !add_all(&mut postings, documents, interrupt) {
                return Ok(None);
            }
        }
        Ok(documents)
    })
}

/// Adds all documents of a list; false when the search has to stop.
pub(crate) fn add_all(
    postings: &mut dyn DocSet,
    documents: &mut BitSet,
    interrupt: &Interrupt,
) -> bool {
    let mut buffer = [0; tantivy::COLLECT_BLOCK_BUFFER_LEN];
    let mut since = 0;
    loop {
        let filled = postings.fill_buffer(&mut buffer);
        for doc in &buffer[..filled] {
            documents.insert(*doc);
        }
        since += filled;
        if since >= 1_024 {
            since = 0;
            if !interrupt.go_on() {
                return false;
            }
        }
        if filled < buffer.len() || postings.doc() == TERMINATED {
            return true;
        }
    }
}

fn documents_in_column(
    reader: &SegmentReader,
    name: &str,
    interrupt: &Interrupt,
) -> tantivy::Result<Option<BitSet>> {
    let mut found = None;
    for handle in reader.fast_fields().dynamic_column_handles(name)? {
        let column = handle.open()?;
        let index = column.column_index();
        if matches!(index.get_cardinality(), Cardinality::Full) {
            return Ok(Some(BitSet::with_max_value_and_full(reader.max_doc())));
        }
        let documents = found.get_or_insert_with(|| BitSet::with_max_value(reader.max_doc()));
        for doc in 0..reader.max_doc() {
            if doc % 1_024 == 0 && !interrupt.go_on() {
                return Ok(None);
            }
            if index.has_value(doc) {
                documents.insert(doc);
            }
        }
    }
    Ok(found)
}

fn documents_with_norm(
    reader: &SegmentReader,
    field: Field,
    interrupt: &Interrupt,
) -> tantivy::Result<Option<BitSet>> {
    let Some(norms) = reader.fieldnorms_readers().get_field(field)? else {
        return Ok(None);
    };
    let mut documents = BitSet::with_max_value(reader.max_doc());
    for doc in 0..reader.max_doc() {
        if doc % 1_024 == 0 && !interrupt.go_on() {
            return Ok(None);
        }
        if norms.fieldnorm_id(doc) != 0 {
            documents.insert(doc);
        }
    }
    Ok(Some(documents))
}
