//! `percentile_ranks`: which part of all values lies below given ones.

use glasswork_content::{Failure, Node, Render, number};
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    digest_collector,
    fields::fields,
    partial::{Partial, malformed},
    source::{Source, Takes},
};

/// which part of all values lies below given ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PercentileRanks {
    source: Source,
    values: Vec<f64>,
    keyed: bool,
    compression: f64,
}

const KEYS: &[&str] = &[
    "field",
    "missing",
    "value_type",
    "format",
    "values",
    "keyed",
    "tdigest",
];

impl Parse for PercentileRanks {
    const NAME: &'static str = "percentile_ranks";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let mut parsed = PercentileRanks {
            source: Source::default(),
            values: Vec::new(),
            keyed: true,
            compression: 100.0,
        };
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "values" => parsed.values = digest_collector::doubles(&field)?,
                "keyed" => parsed.keyed = field.flag()?,
                "tdigest" => parsed.compression = digest_collector::compression(&field, called)?,
                _ if parsed.source.take(&field, Takes::Format)? => {}
                _ => return Err(field.unknown(KEYS)),
            }
        }
        parsed.source.require("field, script")?;
        if parsed.values.is_empty() {
            return Err(Failure::illegal_argument(format!(
                "[values] must not be an empty array: [{called}]"
            )));
        }

        parsed.values.sort_by(f64::total_cmp);
        Ok(parsed)
    }
}

impl Definition for PercentileRanks {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        digest_collector::render("values", &self.values, self.keyed, self.compression, out);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        _at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        digest_collector::collector(Self::NAME, &self.source, self.compression, scope)
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        _at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        let Partial::Digests(digests) = partial else {
            return Err(malformed("percentile_ranks").into());
        };
        let format = show.format(&digests.spelling);
        let row = digest_collector::row(partial, owner);
        show.out.key("values");
        if self.keyed {
            show.out.object()
        } else {
            show.out.array()
        }
        for asked in &self.values {
            show.step()?;
            let value = row.map(|row| row.rank(*asked) * 100.0);
            let key = number::double_text(*asked);
            let name = if self.keyed {
                key
            } else {
                show.out.object();
                show.out.field_double("key", *asked);
                "value".to_owned()
            };
            match value {
                None => show.out.field_null(&name),
                Some(value) => {
                    show.out.field_double(&name, value);
                    if let Some(text) = format.double_text(value) {
                        show.out.field_str(&format!("{name}_as_string"), &text);
                    }
                }
            }
            if !self.keyed {
                show.out.end_object();
            }
        }
        if self.keyed {
            show.out.end_object()
        } else {
            show.out.end_array()
        }
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        "tdigest_percentile_ranks"
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let asked: &f64 = &metric?.parse().ok()?;
        Some(digest_collector::row(partial, owner).map_or(f64::NAN, |row| row.rank(*asked) * 100.0))
    }
}
