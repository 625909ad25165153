//! `percentiles`: the values below which given parts of all values lie.

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

/// the values below which given parts of all values lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Percentiles {
    source: Source,
    percents: Vec<f64>,
    keyed: bool,
    compression: f64,
}

const KEYS: &[&str] = &[
    "field",
    "missing",
    "value_type",
    "format",
    "percents",
    "keyed",
    "tdigest",
];

impl Parse for Percentiles {
    const NAME: &'static str = "percentiles";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let mut parsed = Percentiles {
            source: Source::default(),
            percents: vec![1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0],
            keyed: true,
            compression: 100.0,
        };
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "percents" => parsed.percents = digest_collector::doubles(&field)?,
                "keyed" => parsed.keyed = field.flag()?,
                "tdigest" => parsed.compression = digest_collector::compression(&field, called)?,
                _ if parsed.source.take(&field, Takes::Format)? => {}
                _ => return Err(field.unknown(KEYS)),
            }
        }
        parsed.source.require("field, script")?;
        if parsed.percents.is_empty() {
            return Err(Failure::illegal_argument(format!(
                "[percents] must not be an empty array: [{called}]"
            )));
        }
        for percent in &parsed.percents {
            if !(0.0..=100.0).contains(percent) {
                let percent = number::double_text(*percent);
                return Err(Failure::illegal_argument(format!(
                    "percent must be in [0,100], got [{percent}]: [{called}]"
                )));
            }
        }
        parsed.percents.sort_by(f64::total_cmp);
        Ok(parsed)
    }
}

impl Definition for Percentiles {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        digest_collector::render(
            "percents",
            &self.percents,
            self.keyed,
            self.compression,
            out,
        );
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
            return Err(malformed("percentiles").into());
        };
        let format = show.format(&digests.spelling);
        let row = digest_collector::row(partial, owner);
        show.out.key("values");
        if self.keyed {
            show.out.object()
        } else {
            show.out.array()
        }
        for asked in &self.percents {
            show.step()?;
            let value = row.map(|row| row.quantile(asked / 100.0));
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
        "tdigest_percentiles"
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let asked: &f64 = &metric?.parse().ok()?;
        Some(
            digest_collector::row(partial, owner)
                .map_or(f64::NAN, |row| row.quantile(asked / 100.0)),
        )
    }
}
