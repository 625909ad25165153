//! What a by-query operation says about itself while it runs, and what is left of that in its answer: the counts of OpenSearch's
//! `BulkByScrollTask.Status`, in its order.

use glasswork_content::{Failure, Render, render::Options, text::duration_text};
use glasswork_tasks::Form;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Documents that the search matched, `max_docs` at most; 0 until it answered.
    pub total: u64,
    /// Documents replaced.
    pub updated: u64,
    /// Documents that were not there before.
    pub created: u64,
    /// Documents deleted.
    pub deleted: u64,
    /// Pages worked on.
    pub batches: u64,
    /// Documents that somebody else had changed meanwhile.
    pub version_conflicts: u64,
    /// Documents that the script left alone.
    pub noops: u64,
    /// Times that writes were refused and tried again.
    pub bulk_retries: u64,
    /// Times that a search was refused and tried again.
    pub search_retries: u64,
}

impl Figures {
    /// Documents written: what `max_docs` bounds.
    pub fn written(&self) -> u64 {
        self.created + self.updated + self.deleted
    }

    /// Documents that the operation is done with.
    pub fn reached(&self) -> u64 {
        self.written() + self.noops + self.version_conflicts
    }

    fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.updated += other.updated;
        self.created += other.created;
        self.deleted += other.deleted;
        self.batches += other.batches;
        self.version_conflicts += other.version_conflicts;
        self.noops += other.noops;
        self.bulk_retries += other.bulk_retries;
        self.search_retries += other.search_retries;
    }
}

/// The status of an operation or of one of its by-query slices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ByQueryStatus {
    /// Which by-query slice this is.
    pub slice_id: Option<u32>,
    /// The counts.
    pub figures: Figures,
    /// What its waits were planned to last that ended.
    pub throttled: Duration,
    /// Documents a second; infinite without limit, 0 for what has no pace of its own.
    pub requests_per_second: f32,
    /// Why it was cancelled.
    pub canceled: Option<String>,
    /// How long its present wait goes on.
    pub throttled_until: Duration,
    /// Of an operation with several by-query slices: each one's status, why it failed, or nothing while it runs.
    pub slices: Vec<Option<Result<ByQueryStatus, Failure>>>,
}

/// Which counts an answer leaves out, as OpenSearch does where they can only be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// None.
    Everything,
    /// `created`: an update by query creates nothing.
    WithoutCreated,
    /// `created` and `updated`: a delete by query does neither.
    OnlyDeleted,
}

impl ByQueryStatus {
    /// The sum of what is known of by-query slices.
    pub fn merged(
        slices: Vec<Option<Result<ByQueryStatus, Failure>>>,
        canceled: Option<String>,
    ) -> Self {
        let mut sum = Self {
            canceled,
            ..Self::default()
        };
        let mut until: Option<Duration> = None;
        for slice in slices.iter().flatten().flatten() {
            sum.figures.add(&slice.figures);
            sum.throttled += slice.throttled;
            sum.requests_per_second += slice.requests_per_second;
            until = Some(until.map_or(slice.throttled_until, |least| {
                least.min(slice.throttled_until)
            }));
        }
        sum.throttled_until = until.unwrap_or_default();
        sum.slices = slices;
        sum
    }

    /// The JSON object, for a task that is looked at.
    pub fn to_json(&self, form: Form) -> Vec<u8> {
        let mut out = Render::new(Options {
            human: form == Form::Human,
            ..Options::default()
        });
        self.render(&mut out, Shown::Everything);
        out.finish()
    }

    /// Writes the object.
    pub fn render(&self, out: &mut Render, shown: Shown) {
        out.object();
        self.render_fields(out, shown);
        out.end_object();
    }

    /// Writes the fields without the braces around them.
    pub fn render_fields(&self, out: &mut Render, shown: Shown) {
        let figures = &self.figures;
        if let Some(slice) = self.slice_id {
            out.field_long("slice_id", i64::from(slice));
        }
        out.field_unsigned("total", figures.total);
        if shown != Shown::OnlyDeleted {
            out.field_unsigned("updated", figures.updated);
        }
        if shown == Shown::Everything {
            out.field_unsigned("created", figures.created);
        }
        out.field_unsigned("deleted", figures.deleted);
        out.field_unsigned("batches", figures.batches);
        out.field_unsigned("version_conflicts", figures.version_conflicts);
        out.field_unsigned("noops", figures.noops);
        out.field_object("retries");
        out.field_unsigned("bulk", figures.bulk_retries);
        out.field_unsigned("search", figures.search_retries);
        out.end_object();
        duration(out, "throttled", "throttled_millis", self.throttled);
        let rate = self.requests_per_second;
        let rate = if rate.is_infinite() { -1.0 } else { rate };
        out.field_float("requests_per_second", rate);
        if let Some(reason) = &self.canceled {
            out.field_str("canceled", reason);
        }
        duration(
            out,
            "throttled_until",
            "throttled_until_millis",
            self.throttled_until,
        );
        if self.slices.is_empty() {
            return;
        }
        out.field_array("slices");
        for slice in &self.slices {
            match slice {
                None => out.null(),
                Some(Ok(status)) => status.render(out, shown),
                Some(Err(failure)) => failure.render(out),
            }
        }
        out.end_array();
    }
}

fn duration(out: &mut Render, text: &str, millis: &str, duration: Duration) {
    if out.human() {
        // As upstream's `TimeValue`s, which are of whole milliseconds here.
        out.field_str(text, &duration_text(duration.as_nanos()));
    }
    let whole = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    out.field_unsigned(millis, whole);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(id: u32, rate: f32, until: u64) -> ByQueryStatus {
        ByQueryStatus {
            slice_id: Some(id),
            figures: Figures {
                total: 30,
                created: 5,
                batches: 1,
                ..Figures::default()
            },
            requests_per_second: rate,
            throttled_until: Duration::from_millis(until),
            ..ByQueryStatus::default()
        }
    }

    #[test]
    fn a_status_is_told_in_the_reference_s_order() {
        let json = slice(1, 1.0, 3172).to_json(Form::Plain);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            "{\"slice_id\":1,\"total\":30,\"updated\":0,\"created\":5,\"deleted\":0,\"batches\":1,\"version_conflicts\":0,\"noops\":0,\
             \"retries\":{\"bulk\":0,\"search\":0},\"throttled_millis\":0,\"requests_per_second\":1.0,\"throttled_until_millis\":3172}"
        );
    }

    #[test]
    fn a_leader_knows_nothing_before_a_slice_has_ended() {
        let json = ByQueryStatus::merged(vec![None, None], None).to_json(Form::Plain);
        let json = String::from_utf8(json).unwrap();
        assert!(json.contains("\"total\":0"));
        assert!(json.contains("\"requests_per_second\":0.0,\"throttled_until_millis\":0"));
        assert!(json.ends_with("\"slices\":[null,null]}"));
    }

    #[test]
    fn slices_add_up_and_the_next_to_wake_counts() {
        let failed = Failure::illegal_argument("no");
        let merged = ByQueryStatus::merged(
            vec![
                Some(Ok(slice(0, 2.0, 1576))),
                Some(Ok(slice(1, 2.0, 1569))),
                Some(Err(failed)),
                None,
            ],
            Some("by user request".into()),
        );
        assert_eq!(merged.figures.total, 60);
        assert_eq!(merged.requests_per_second, 4.0);
        assert_eq!(merged.throttled_until, Duration::from_millis(1569));
        let unlimited =
            ByQueryStatus::merged(vec![Some(Ok(slice(0, f32::INFINITY, 0))), None], None);
        let json = String::from_utf8(unlimited.to_json(Form::Human)).unwrap();
        assert!(
            json.contains("\"throttled\":\"0s\",\"throttled_millis\":0,\"requests_per_second\":-1.0,\"throttled_until\":\"0s\"")
        );
    }

    #[test]
    fn what_can_only_be_zero_is_left_out_of_slices_too() {
        let merged = ByQueryStatus::merged(vec![Some(Ok(slice(0, 1.0, 0)))], None);
        let mut out = Render::compact();
        merged.render(&mut out, Shown::OnlyDeleted);
        let json = String::from_utf8(out.finish()).unwrap();
        assert!(!json.contains("created") && !json.contains("updated"));
    }
}
