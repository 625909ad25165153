//! `median_absolute_deviation`: the median of how far values lie from their median.

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

/// The median of how far values lie from their median.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MedianAbsoluteDeviation {
    source: Source,
    compression: f64,
}

impl Parse for MedianAbsoluteDeviation {
    const NAME: &'static str = "median_absolute_deviation";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let (mut source, mut compression) = (Source::default(), 1_000.0);
        for field in fields(Self::NAME, body)? {
            if field.key() == "compression" {
                compression = field.double()?;
                if compression <= 0.0 {
                    let reason = format!(
                        "[compression] must be greater than 0. Found [{}] in [{called}]",
                        number::double_text(compression)
                    );
                    return Err(field.failed(Failure::illegal_argument(reason)));
                }
            } else if !source.take(&field, Takes::Format)? {
                return Err(field.unknown(&[
                    "field",
                    "missing",
                    "value_type",
                    "format",
                    "compression",
                ]));
            }
        }
        source.require("field, script")?;
        Ok(MedianAbsoluteDeviation {
            source,
            compression,
        })
    }
}

impl Definition for MedianAbsoluteDeviation {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        out.field_double("compression", self.compression);
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
            return Err(malformed("median_absolute_deviation").into());
        };
        show.step()?;
        let Some(row) = digest_collector::row(partial, owner) else {
            show.out.field_null("value");
            return Ok(());
        };
        let deviation = row.median_absolute_deviation();
        show.out.field_double("value", deviation);
        if let Some(text) = show.format(&digests.spelling).double_text(deviation) {
            show.out.field_str("value_as_string", &text);
        }
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let row = digest_collector::row(partial, owner);
        let deviation = row.map_or(f64::NAN, |row| row.median_absolute_deviation());
        matches!(metric, None | Some("value")).then_some(deviation)
    }
}
