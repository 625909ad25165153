//! The fetch phase: from addresses of documents to hits with what the request wants to see of them.

mod fields;
mod scripts;
mod source;

use bytes::Bytes;
use glasswork_content::{Failure, Limits, Node, Render};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    collect::SortValue,
    context::Context,
    interrupt::Halt,
    query::{Compiled, Query},
    request::{SearchRequest, SourceFilter},
    shard::DocAddress,
};

pub use self::source::filter as filter_source;
use self::{
    fields::{FieldReaders, in_order},
    scripts::ScriptReaders,
};

/// A hit as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Concrete index.
    pub index: Box<str>,
    /// `_id`
    pub id: Box<str>,
    /// `_version`, if asked for.
    pub version: Option<u64>,
    /// `_seq_no` and `_primary_term`, if asked for.
    pub seq_no: Option<(u64, u64)>,
    /// Score, when there is one.
    pub score: Option<f32>,
    /// `_routing`, if the document has one.
    pub routing: Option<Box<str>>,
    /// `_source` or what is left of it, as JSON.
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub source: Option<Bytes>,
    /// `fields` by name, each a JSON array.
    pub fields: Vec<(Box<str>, Vec<u8>)>,
    /// What it is sorted by.
    pub sort: Vec<SortValue>,
    /// Names of the queries that match it.
    pub matched_queries: Vec<Box<str>>,
}

fn write_bytes<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_deref().serialize(serializer)
}

fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    Ok(Option::<Vec<u8>>::deserialize(deserializer)?.map(Bytes::from))
}

/// Reads documents of the context's view and shows of them what the request asks for. Scores and sort values are left to
/// the caller.
///
/// # Errors
/// A format that a field does not take; fields out of a source that the mapping does not keep; why it had to stop; an
/// index that cannot be read.
pub fn fetch(
    context: &Context,
    request: &SearchRequest,
    documents: &[DocAddress],
) -> Result<Vec<Hit>, Failure> {
    let readers = FieldReaders::new(context, request)?;
    let mut scripts = ScriptReaders::new(context, request)?;
    let whole = SourceFilter::everything();
    let kept = context.mapping.source();
    if kept.disabled && readers.needs_source() {
        return Err(Failure::illegal_argument(format!(
            "Unable to retrieve the requested [fields] since _source is disabled in the mappings for index [{}]",
            context.index.name
        )));
    }
    let nothing = SourceFilter::nothing();
    let filter = match &request.source {
        _ if kept.disabled => &nothing,
        Some(filter) => filter,
        // Who asks for computed fields has to ask for the source too.
        None if !request.script_fields.is_empty() => &nothing,
        None => &whole,
    };
    let kept = SourceFilter {
        fetch: true,
        includes: kept.includes,
        excludes: kept.excludes,
    };
    let limits = Limits::default();
    let mut hits = Vec::with_capacity(documents.len());
    for address in documents {
        if let Err(Halt::Failed(failure)) = context.interrupt.check() {
            return Err(failure);
        }
        let segment = context
            .view
            .segments()
            .get(address.segment as usize)
            .filter(|segment| address.doc < segment.reader.max_doc())
            .ok_or_else(|| Failure::illegal_state("a hit lies outside of its view"))?;
        let stored = segment
            .stored(address.doc)
            .map_err(|error| crate::broken(&error))?;
        let is_changed = filter.fetch && !(filter.is_everything() && kept.is_everything());
        let parsed = if readers.needs_source() || is_changed {
            let whole = glasswork_content::parse(&stored.source, &limits)?;
            Some(if kept.is_everything() {
                whole
            } else {
                source::filter(&whole, &kept)
            })
        } else {
            None
        };
        let mut fields = readers.read(context, segment, address.doc, parsed.as_ref())?;
        scripts.read(address.segment, segment, address.doc, &mut fields)?;
        let source = match &parsed {
            _ if !filter.fetch => None,
            Some(node) if is_changed => Some(filtered(node, filter)),
            _ => Some(stored.source),
        };
        hits.push(Hit {
            index: (&*context.index.name).into(),
            id: stored.id,
            version: request
                .version
                .unwrap_or(false)
                .then(|| segment.version(address.doc)),
            seq_no: request.seq_no_primary_term.unwrap_or(false).then(|| {
                (
                    segment.seq_no(address.doc),
                    segment.primary_term(address.doc),
                )
            }),
            score: None,
            routing: stored.routing,
            source,
            fields: in_order(fields),
            sort: Vec::new(),
            matched_queries: Vec::new(),
        });
    }
    name_queries(context, request, documents, &mut hits)?;
    Ok(hits)
}

fn filtered(node: &Node, filter: &SourceFilter) -> Bytes {
    let mut out = Render::compact();
    out.node(&source::filter(node, filter));
    out.finish().into()
}

/// Tells each hit which of the request's named queries match it.
fn name_queries(
    context: &Context,
    request: &SearchRequest,
    documents: &[DocAddress],
    hits: &mut [Hit],
) -> Result<(), Failure> {
    let queries: Vec<(&str, &Query)> = request
        .query
        .iter()
        .chain(&request.post_filter)
        .flat_map(Query::named)
        .collect();
    for (name, query) in queries {
        let weight = Compiled::new(context, Some(query), false)?.weight();
        for (address, hit) in documents.iter().zip(hits.iter_mut()) {
            if let Err(Halt::Failed(failure)) = context.interrupt.check() {
                return Err(failure);
            }
            let segment = &context.view.segments()[address.segment as usize];
            let mut scorer = weight
                .scorer(&segment.reader, 1.0)
                .map_err(|error| crate::broken(&error))?;
            if scorer.doc() == address.doc
                || (scorer.doc() < address.doc && scorer.seek(address.doc) == address.doc)
            {
                hit.matched_queries.push(name.into());
            }
        }
    }
    Ok(())
}

impl Hit {
    /// Writes the hit; `show_score` is whether `_score` is a number or null.
    ///
    /// # Errors
    /// When a stored source is not JSON.
    pub fn render(&self, out: &mut Render) -> Result<(), Failure> {
        out.object();
        out.field_str("_index", &self.index);
        out.field_str("_id", &self.id);
        if let Some(version) = self.version {
            out.field_unsigned("_version", version);
        }
        if let Some((seq_no, primary_term)) = self.seq_no {
            out.field_unsigned("_seq_no", seq_no);
            out.field_unsigned("_primary_term", primary_term);
        }
        match self.score {
            Some(score) => out.field_float("_score", score),
            None => out.field_null("_score"),
        }
        if let Some(routing) = &self.routing {
            out.field_str("_routing", routing);
        }
        if let Some(source) = &self.source {
            out.key("_source");
            out.raw(source)?;
        }
        if !self.fields.is_empty() {
            out.field_object("fields");
            for (name, values) in &self.fields {
                out.key(name);
                out.raw(values)?;
            }
            out.end_object();
        }
        if !self.sort.is_empty() {
            out.field_array("sort");
            for value in &self.sort {
                value.render(out);
            }
            out.end_array();
        }
        if !self.matched_queries.is_empty() {
            out.field_strings("matched_queries", &self.matched_queries);
        }
        out.end_object();
        Ok(())
    }
}
