//! Reading the body of a search, with OpenSearch's complaints about what it doesn't know.

use glasswork_content::{Failure, Node, Value, text};

use super::{
    FieldAndFormat, PointInTime, ScriptField, SearchRequest, Slice, SortKey, SourceFilter,
    TrackTotalHits,
};
use crate::{
    aggs::Aggregations,
    query::{self, Literal},
};

impl SearchRequest {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 with OpenSearch's text for every key and value that is not understood; nothing is ignored.
    pub fn parse(body: &Node) -> Result<Self, Failure> {
        let Value::Object(object) = &body.value else {
            return Err(Failure::parsing(
                format!("Expected [START_OBJECT] but found [{}]", body.token_name()),
                body.at,
            ));
        };
        let mut request = Self::default();
        for (key, node) in object.iter() {
            request.key(key, node)?;
        }
        Ok(request)
    }

    fn key(&mut self, key: &str, node: &Node) -> Result<(), Failure> {
        match (key, &node.value) {
            ("query", Value::Object(_)) => self.query = Some(query::parse(node)?),
            ("post_filter", Value::Object(_)) => self.post_filter = Some(query::parse(node)?),
            ("aggs" | "aggregations", Value::Object(_)) => {
                self.aggregations = Some(Aggregations::parse(node)?)
            }
            ("sort", Value::Object(_) | Value::Array(_) | Value::String(_)) => {
                self.sort = SortKey::parse_all(node)?
            }
            ("_source", Value::Object(_) | Value::Array(_) | Value::String(_) | Value::Bool(_)) => {
                self.source = Some(SourceFilter::parse(node)?);
            }
            ("slice", Value::Object(_)) => self.slice = Some(Slice::parse(node)?),
            ("pit", Value::Object(_)) => self.point_in_time = Some(PointInTime::parse(node)?),
            ("fields", Value::Array(nodes)) => self.fields = FieldAndFormat::parse_all(key, nodes)?,
            ("docvalue_fields", Value::Array(nodes)) => {
                self.docvalue_fields = FieldAndFormat::parse_all(key, nodes)?
            }
            ("script_fields", Value::Object(fields)) => {
                self.script_fields = ScriptField::parse_all(fields)?
            }
            ("search_after", Value::Array(nodes)) => self.search_after = Some(search_after(nodes)?),
            (_, Value::Object(_) | Value::Array(_) | Value::Null) => {
                return Err(unknown(key, node));
            }
            ("from", _) => self.set_from(node.to_i32()?)?,
            ("size", _) => self.set_size(node.to_i32()?)?,
            ("timeout", _) => {
                self.timeout = Some(text::parse_time(
                    &node.to_text().unwrap_or_default(),
                    "timeout",
                )?)
            }
            ("terminate_after", _) => self.set_terminate_after(node.to_i32()?)?,
            ("min_score", _) => self.min_score = Some(node.to_f64()? as f32),
            ("version", _) => self.version = Some(node.to_bool()?),
            ("seq_no_primary_term", _) => self.seq_no_primary_term = Some(node.to_bool()?),
            ("track_scores", _) => self.track_scores = node.to_bool()?,
            ("track_total_hits", _) => match node.to_bool() {
                Ok(exactly) => self.set_track_total_hits(if exactly { i32::MAX } else { -1 })?,
                Err(_) => self.set_track_total_hits(node.to_i32()?)?,
            },
            // Asking for what is the case anyway is no reason to refuse.
            ("explain" | "profile", Value::Bool(false)) => {}
            _ => return Err(unknown(key, node)),
        }
        Ok(())
    }

    /// Sets `from`.
    ///
    /// # Errors
    /// 400 when it is negative.
    pub fn set_from(&mut self, from: i32) -> Result<(), Failure> {
        self.from = Some(not_negative("from", from)?);
        Ok(())
    }

    /// Sets `size`.
    ///
    /// # Errors
    /// 400 when it is negative.
    pub fn set_size(&mut self, size: i32) -> Result<(), Failure> {
        self.size = Some(not_negative("size", size)?);
        Ok(())
    }

    /// Sets `terminate_after`.
    ///
    /// # Errors
    /// 400 when it is negative.
    pub fn set_terminate_after(&mut self, documents: i32) -> Result<(), Failure> {
        self.terminate_after = u32::try_from(documents)
            .map_err(|_| Failure::illegal_argument("terminateAfter must be > 0"))?;
        Ok(())
    }

    /// Sets `track_total_hits` as OpenSearch keeps it: −1 is not at all, the greatest integer is exactly.
    ///
    /// # Errors
    /// 400 below −1.
    pub fn set_track_total_hits(&mut self, up_to: i32) -> Result<(), Failure> {
        self.track_total_hits = Some(match up_to {
            i32::MAX => TrackTotalHits::Exactly,
            -1 => TrackTotalHits::No,
            up_to => TrackTotalHits::UpTo(u32::try_from(up_to).map_err(|_| {
                Failure::illegal_argument(format!(
                    "[track_total_hits] parameter must be positive or equals to -1, got {up_to}"
                ))
            })?),
        });
        Ok(())
    }
}

fn not_negative(key: &str, value: i32) -> Result<u32, Failure> {
    u32::try_from(value).map_err(|_| {
        Failure::illegal_argument(format!(
            "[{key}] parameter cannot be negative, found [{value}]"
        ))
    })
}

fn unknown(key: &str, node: &Node) -> Failure {
    Failure::parsing(
        format!("Unknown key for a {} in [{key}].", node.token_name()),
        node.at,
    )
}

fn search_after(nodes: &[Node]) -> Result<Vec<Literal>, Failure> {
    if nodes.is_empty() {
        return Err(Failure::illegal_argument(
            "Values must contains at least one value.",
        ));
    }
    let scalar = |node: &Node| {
        Literal::of(node).ok_or_else(|| {
            Failure::parsing(
                format!(
                    "Expected [VALUE_STRING] or [VALUE_NUMBER] or [VALUE_BOOLEAN] or [VALUE_NULL] but found [{}] inside \
                     search_after.",
                    node.token_name()
                ),
                node.at,
            )
        })
    };
    nodes.iter().map(scalar).collect()
}
