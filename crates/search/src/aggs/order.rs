//! In which order buckets come: by documents, by key, by a metric below.

use std::cmp::Ordering;

use glasswork_content::{Failure, Kind, Node, Render, Value};
use glasswork_tasks::Stop;
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{Aggregations, fields::Field, ledger::Ledger, partial::Partial, sorting};

/// One criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Order {
    by: By,
    ascending: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum By {
    Count,
    Key,
    Path(String),
}

/// Criteria, the first first. The last one is the key, which decides between equals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Orders(Vec<Order>);

impl Orders {
    /// Most documents first: the order of terms.
    pub(crate) fn by_count() -> Self {
        Orders::with_tie_breaker(vec![Order {
            by: By::Count,
            ascending: false,
        }])
    }

    /// By key: the order of histograms.
    pub(crate) fn by_key() -> Self {
        Orders(vec![Order {
            by: By::Key,
            ascending: true,
        }])
    }

    /// Reads `{"_count": "desc"}` or an array of such.
    ///
    /// # Errors
    /// 400 for malformed orders.
    pub(crate) fn parse(field: &Field<'_>) -> Result<Self, Failure> {
        let mut orders = Vec::new();
        for element in field.elements() {
            orders.push(parse_one(field, element)?);
        }
        if orders.is_empty() {
            return Err(field.failed(Failure::new(
                Kind::IndexOutOfBounds,
                "Index 0 out of bounds for length 0",
            )));
        }
        Ok(Orders::with_tie_breaker(orders))
    }

    /// Writes it as OpenSearch prints a parsed one.
    pub(crate) fn render(&self, out: &mut Render) {
        let several = self.0.len() > 1;
        if several {
            out.array();
        }
        for order in &self.0 {
            out.object();
            let key = match &order.by {
                By::Count => "_count",
                By::Key => "_key",
                By::Path(path) => path,
            };
            out.field_str(key, if order.ascending { "asc" } else { "desc" });
            out.end_object();
        }
        if several {
            out.end_array();
        }
    }

    /// Whether only keys decide.
    pub(crate) fn is_by_key(&self) -> bool {
        matches!(self.0.first(), Some(Order { by: By::Key, .. }))
    }

    /// Whether keys decide, smallest first.
    pub(crate) fn is_by_key_ascending(&self) -> bool {
        matches!(
            self.0.first(),
            Some(Order {
                by: By::Key,
                ascending: true
            })
        )
    }

    /// Whether most documents come first and nothing but keys decides between equals.
    pub(crate) fn is_by_count_descending(&self) -> bool {
        matches!(
            self.0.as_slice(),
            [
                Order {
                    by: By::Count,
                    ascending: false
                },
                Order { by: By::Key, .. }
            ]
        )
    }

    /// The aggregations below that decide, by their place among `below`.
    ///
    /// # Errors
    /// 500 when there is none of that name, as OpenSearch answers.
    pub(crate) fn children(&self, below: &Aggregations) -> Result<Vec<usize>, Failure> {
        self.paths()
            .map(|path| Ok(resolve(path, below)?.child))
            .collect()
    }

    /// What the metrics that decide say of each bucket. `partial` gives the findings of a child, whose owners are the
    /// `buckets` buckets.
    ///
    /// # Errors
    /// 500 when a path leads to no single number; the ledger's stop.
    pub(crate) fn values<'p>(
        &self,
        below: &Aggregations,
        buckets: usize,
        ledger: &Ledger<'_>,
        partial: &dyn Fn(usize) -> Option<&'p Partial>,
    ) -> Result<Vec<Vec<f64>>, Halt> {
        let mut values = Vec::new();
        for path in self.paths() {
            let resolved = resolve(path, below)?;
            let mut column = Vec::with_capacity(buckets);
            let findings = partial(resolved.child);
            ledger.charge(buckets as u64 * 8)?;
            for bucket in 0..buckets {
                ledger.step(1)?;
                let value = findings.and_then(|findings| resolved.value(findings, bucket));
                column.push(value.ok_or_else(|| no_number(path))?);
            }
            values.push(column);
        }
        Ok(values)
    }

    /// The best `size` of the buckets `range`, which lie in the order of their keys; best first.
    ///
    /// # Errors
    /// The ledger's stop.
    pub(crate) fn best(
        &self,
        candidates: Vec<u32>,
        size: usize,
        counts: &dyn Fn(u32) -> u64,
        values: &[Vec<f64>],
        ledger: &Ledger<'_>,
    ) -> Result<Vec<u32>, Stop> {
        if self.is_by_key_ascending() {
            let mut best = candidates;
            best.truncate(size);
            return Ok(best);
        }
        sorting::smallest(candidates, size, ledger, &mut |a, b| {
            self.compare(*a, *b, counts, values)
        })
    }

    fn compare(
        &self,
        a: u32,
        b: u32,
        counts: &dyn Fn(u32) -> u64,
        values: &[Vec<f64>],
    ) -> Ordering {
        let mut path = 0;
        for order in &self.0 {
            let ordering = match &order.by {
                By::Count => counts(a).cmp(&counts(b)),
                By::Key => a.cmp(&b),
                By::Path(_) => {
                    path += 1;
                    let (a, b) = (values[path - 1][a as usize], values[path - 1][b as usize]);
                    // What is no number comes last, whatever the direction.
                    match (a.is_nan(), b.is_nan()) {
                        (false, false) => a.total_cmp(&b),
                        (true, true) => Ordering::Equal,
                        (true, false) => return Ordering::Greater,
                        (false, true) => return Ordering::Less,
                    }
                }
            };
            let ordering = if order.ascending {
                ordering
            } else {
                ordering.reverse()
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        Ordering::Equal
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|order| match &order.by {
            By::Path(path) => Some(path.as_str()),
            By::Count | By::Key => None,
        })
    }

    fn with_tie_breaker(mut orders: Vec<Order>) -> Self {
        if !matches!(orders.last(), Some(Order { by: By::Key, .. })) {
            orders.push(Order {
                by: By::Key,
                ascending: true,
            });
        }
        Orders(orders)
    }
}

fn parse_one(field: &Field<'_>, node: &Node) -> Result<Order, Failure> {
    let object = node.as_object().ok_or_else(|| field.wrong_type())?;
    let mut found = None;
    for (key, direction) in object.iter() {
        let Value::String(text) = &direction.value else {
            let reason = format!("Unexpected token [{}] for [order]", direction.token_name());
            return Err(field.failed(Failure::parsing(reason, direction.at)));
        };
        let ascending = if text.eq_ignore_ascii_case("asc") {
            true
        } else if text.eq_ignore_ascii_case("desc") {
            false
        } else {
            return Err(field.failed(Failure::parsing(
                format!("Unknown order direction [{text}]"),
                direction.at,
            )));
        };
        let by = match key {
            "_count" => By::Count,
            "_key" | "_term" | "_time" => By::Key,
            path => By::Path(path.to_owned()),
        };
        found = Some(Order { by, ascending });
    }
    found.ok_or_else(|| {
        field.failed(Failure::parsing(
            "Must specify at least one field for [order]",
            node.at,
        ))
    })
}

/// A path, taken apart.
struct Resolved<'a> {
    child: usize,
    /// The aggregations on the way, the one that gives the number last.
    steps: Vec<&'a super::Aggregation>,
    places: Vec<usize>,
    metric: Option<&'a str>,
}

impl Resolved<'_> {
    fn value(&self, findings: &Partial, bucket: usize) -> Option<f64> {
        let mut findings = findings;
        for place in &self.places {
            findings = findings.children().get(*place)?;
        }
        self.steps.last()?.value(findings, bucket, self.metric)
    }
}

/// `filter>stats.avg`, `stats[avg]`, `avg`.
fn resolve<'a>(path: &'a str, below: &'a Aggregations) -> Result<Resolved<'a>, Failure> {
    let unknown = |name: &str| {
        Failure::new(
            Kind::AggregationExecution,
            format!(
                "Invalid aggregation order path [{path}]. The provided aggregation [{name}] either does not exist, or is a \
             pipeline aggregation and cannot be used to sort the buckets."
            ),
        )
    };
    let mut level = below;
    let mut resolved = Resolved {
        child: 0,
        steps: Vec::new(),
        places: Vec::new(),
        metric: None,
    };
    let mut elements = path.split('>').peekable();
    while let Some(element) = elements.next() {
        let last = elements.peek().is_none();
        let (name, metric) = match element.split_once('[') {
            Some((name, metric)) => (name, metric.strip_suffix(']')),
            None if last && level.place(element).is_none() => match element.rsplit_once('.') {
                Some((name, metric)) => (name, Some(metric)),
                None => (element, None),
            },
            None => (element, None),
        };
        if last && name == "_count" && !resolved.steps.is_empty() {
            resolved.metric = Some("_count");
            break;
        }
        let place = level.place(name).ok_or_else(|| unknown(name))?;
        if resolved.steps.is_empty() {
            resolved.child = place;
        } else {
            resolved.places.push(place);
        }
        let aggregation = level.get(place).ok_or_else(|| unknown(name))?;
        resolved.steps.push(aggregation);
        resolved.metric = metric;
        if !last {
            if !aggregation.is_single_bucket() {
                return Err(Failure::new(
                    Kind::AggregationExecution,
                    format!(
                        "Invalid aggregation order path [{path}]. Buckets can only be sorted on a sub-aggregator path that is \
                     built out of zero or more single-bucket aggregations within the path and a final single-bucket or a \
                     metrics aggregation at the path end. Sub-path [{name}] points to non single-bucket aggregation"
                    ),
                ));
            }
            level = aggregation.below();
        }
    }
    Ok(resolved)
}

fn no_number(path: &str) -> Failure {
    Failure::new(
        Kind::AggregationExecution,
        format!(
            "Invalid aggregation order path [{path}]. When ordering on a multi-value metrics aggregation a metric name must be \
         specified."
        ),
    )
}
