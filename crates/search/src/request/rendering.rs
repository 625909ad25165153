//! A parsed request printed again, as `SearchSourceBuilder` prints itself: what was given, and the defaults inside.

use glasswork_content::Render;

use super::{FieldAndFormat, ScriptField, SearchRequest, TrackTotalHits};

impl SearchRequest {
    /// The JSON of the request, for the description of its task.
    pub fn to_json(&self) -> String {
        let mut out = Render::compact();
        self.render(&mut out);
        String::from_utf8_lossy(&out.finish()).into_owned()
    }

    /// Writes the request.
    pub fn render(&self, out: &mut Render) {
        out.object();
        if let Some(from) = self.from {
            out.field_long("from", i64::from(from));
        }
        if let Some(size) = self.size {
            out.field_long("size", i64::from(size));
        }
        if let Some(timeout) = &self.timeout {
            out.field_str("timeout", &timeout.setting_text());
        }
        if self.terminate_after != 0 {
            out.field_long("terminate_after", i64::from(self.terminate_after));
        }
        if let Some(query) = &self.query {
            out.key("query");
            query.render(out);
        }
        if let Some(filter) = &self.post_filter {
            out.key("post_filter");
            filter.render(out);
        }
        if let Some(score) = self.min_score {
            out.field_float("min_score", score);
        }
        if let Some(version) = self.version {
            out.field_bool("version", version);
        }
        if let Some(seq_no) = self.seq_no_primary_term {
            out.field_bool("seq_no_primary_term", seq_no);
        }
        if let Some(source) = &self.source {
            out.key("_source");
            source.render(out);
        }
        FieldAndFormat::render_all("docvalue_fields", &self.docvalue_fields, out);
        FieldAndFormat::render_all("fields", &self.fields, out);
        ScriptField::render_all(&self.script_fields, out);
        if !self.sort.is_empty() {
            out.field_array("sort");
            for key in &self.sort {
                key.render(out);
            }
            out.end_array();
        }
        if self.track_scores {
            out.field_bool("track_scores", true);
        }
        match self.track_total_hits {
            None => {}
            Some(TrackTotalHits::Exactly) => {
                out.field_long("track_total_hits", i64::from(i32::MAX))
            }
            Some(TrackTotalHits::No) => out.field_long("track_total_hits", -1),
            Some(TrackTotalHits::UpTo(limit)) => {
                out.field_long("track_total_hits", i64::from(limit))
            }
        }
        if let Some(values) = &self.search_after {
            out.field_array("search_after");
            for value in values {
                value.render(out);
            }
            out.end_array();
        }
        if let Some(slice) = &self.slice {
            slice.render(out);
        }
        if let Some(pit) = &self.point_in_time {
            pit.render(out);
        }
        if let Some(aggregations) = &self.aggregations {
            out.key("aggregations");
            aggregations.render(out);
        }
        out.end_object();
    }
}
