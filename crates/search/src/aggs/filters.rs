//! `filters`: a bucket for each of several queries.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Render, Value};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};

use crate::{
    context::Context,
    interrupt::Halt,
    query::{self, Query},
};

use super::{
    Aggregation,
    collector::{Block, Collector, Scope},
    definition::{Definition, Parse, Show},
    matching::Matching,
    partial::{Partial, malformed},
    reduction::Reduction,
    slot_collector::SlotCollector,
    slots,
    spelling::Spelling,
};

/// A bucket for each query, and one for documents that match none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filters {
    /// Named by key, or by place.
    filters: Vec<(String, Query)>,
    keyed: bool,
    other_bucket: bool,
    other_bucket_key: String,
}

impl Parse for Filters {
    const NAME: &'static str = "filters";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let Some(object) = body.as_object() else {
            return Err(Failure::parsing(
                format!("Unexpected token {} in [{called}].", body.token_name()),
                body.at,
            ));
        };
        let mut parsed = Filters {
            filters: Vec::new(),
            keyed: false,
            other_bucket: false,
            other_bucket_key: "_other_".to_owned(),
        };
        for entry in object.entries() {
            let unknown = || {
                let token = entry.node.token_name();
                Failure::parsing(
                    format!("Unknown key for a {token} in [{called}]: [{}].", entry.key),
                    entry.node.at,
                )
            };
            match (entry.key.as_str(), &entry.node.value) {
                ("other_bucket", Value::Bool(flag)) => parsed.other_bucket = *flag,
                ("other_bucket_key", Value::String(key)) => {
                    parsed.other_bucket = true;
                    parsed.other_bucket_key.clone_from(key);
                }
                ("filters", Value::Object(named)) => {
                    parsed.keyed = true;
                    for (key, node) in named.iter() {
                        parsed.filters.push((key.to_owned(), query::parse(node)?));
                    }
                    parsed.filters.sort_by(|a, b| a.0.cmp(&b.0));
                }
                ("filters", Value::Array(elements)) => {
                    for (place, node) in elements.iter().enumerate() {
                        parsed
                            .filters
                            .push((place.to_string(), query::parse(node)?));
                    }
                }
                _ => return Err(unknown()),
            }
        }
        if parsed.filters.is_empty() {
            return Err(Failure::illegal_argument("[filters] cannot be empty."));
        }
        Ok(parsed)
    }
}

impl Definition for Filters {
    fn render(&self, out: &mut Render) {
        out.key("filters");
        if self.keyed {
            out.object()
        } else {
            out.array()
        }
        for (key, query) in &self.filters {
            if self.keyed {
                out.key(key);
            }
            query.render(out);
        }
        if self.keyed {
            out.end_object()
        } else {
            out.end_array()
        }
        out.field_bool("other_bucket", self.other_bucket);
        out.field_str("other_bucket_key", &self.other_bucket_key);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        let matching = self
            .filters
            .iter()
            .map(|(_, query)| Matching::new(query, scope.context))
            .collect::<Result<_, _>>()?;
        let width = self.filters.len() as u32 + u32::from(self.other_bucket);
        Ok(Box::new(FiltersCollector {
            matching,
            other: self.other_bucket,
            slots: SlotCollector::new(width, at.below().collectors(scope, false)?, scope),
            context: scope.context,
            scope,
        }))
    }

    fn finalize(
        &self,
        partial: Partial,
        at: &Aggregation,
        reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        slots::finalize(partial, at, reduction)
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        let Partial::Slots(found) = partial else {
            return Err(malformed("filters").into());
        };
        show.out.key("buckets");
        if self.keyed {
            show.out.object()
        } else {
            show.out.array()
        }
        for slot in 0..found.width as usize {
            show.step()?;
            let bucket = owner * found.width as usize + slot;
            if self.keyed {
                show.out.key(
                    self.filters
                        .get(slot)
                        .map_or(&self.other_bucket_key, |(key, _)| key),
                );
            }
            show.out.object();
            show.out
                .field_unsigned("doc_count", found.counts.get(bucket).copied().unwrap_or(0));
            at.below().show(&found.children, bucket, show)?;
            show.out.end_object();
        }
        if self.keyed {
            show.out.end_object()
        } else {
            show.out.end_array()
        }
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn has_buckets(&self) -> bool {
        true
    }
}

struct FiltersCollector<'s> {
    matching: Vec<Matching>,
    other: bool,
    slots: SlotCollector<'s>,
    context: &'s Context,
    scope: Scope<'s>,
}

impl Collector for FiltersCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.matching
            .iter_mut()
            .try_for_each(|matching| matching.open(segment))?;
        self.slots.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        self.slots.room_for(block.buckets)?;
        for (doc, owner) in block.docs.iter().zip(block.buckets) {
            self.scope.ledger.step(self.matching.len())?;
            let mut none = true;
            for (slot, matching) in (0..).zip(&mut self.matching) {
                if matching.matches(*doc) {
                    none = false;
                    self.slots.count(*doc, *owner, slot)?;
                }
            }
            if none && self.other {
                self.slots.count(*doc, *owner, self.matching.len() as u32)?;
            }
        }
        self.context.interrupt.reason()
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.slots.close()
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        self.slots.finish(owners, Spelling::Raw, Vec::new())
    }
}
