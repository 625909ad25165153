//! `script`: documents for which a script says true.

use std::{net::Ipv6Addr, sync::Arc};

use glasswork_content::{Failure, Limits, Node, Object, Render, Value};
use glasswork_engine::View;
use glasswork_script::{
    Context as Purpose, Field, Halt, Host, Interrupt as Interrupted, Machine, Scalar, Script,
};
use serde::{Deserialize, Serialize};
use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError,
    columnar::{Column, StrColumn},
    fastfield::AliveBitSet,
    query::{ConstScorer, Explanation, Scorer, Weight},
    u64_to_f64, u64_to_i64,
};

use super::{
    Common, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};
use crate::{
    collect::text_is_not_sorted,
    interrupt::Interrupt,
    mapping::{Kind, Mapping},
};

/// The language of scripts.
const LANGUAGE: &str = "painless";

/// Matches documents for which a script says true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptQuery {
    /// Text of the script.
    pub source: String,
    /// Its language.
    pub lang: String,
    /// What the script finds in `params`: a JSON object; empty when there is none.
    pub params: String,
    /// Boost (the score) and name.
    pub common: Common,
}

impl QueryKind for ScriptQuery {
    const NAME: &'static str = "script";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut query = Self {
            source: String::new(),
            lang: LANGUAGE.to_owned(),
            params: String::new(),
            common: Common::default(),
        };
        let mut found = false;
        for (key, node) in body.iter() {
            match (key, &node.value) {
                ("script", Value::String(source)) => {
                    query.source.clone_from(source);
                    found = true;
                }
                ("script", Value::Object(script)) => {
                    query.script(script)?;
                    found = true;
                }
                (_, Value::Array(_) | Value::Object(_)) => {
                    return Err(clause::unsupported(Self::NAME, key, node.at));
                }
                _ if query.common.take(key, node)? => {}
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        if !found {
            return Err(Failure::parsing(
                "script must be provided with a [script] filter",
                clause::end(body, at),
            ));
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        out.field_object("script");
        out.field_str("source", &self.source);
        out.field_str("lang", &self.lang);
        if let Some(params) = self.params_node()
            && params.as_object().is_some_and(|params| !params.is_empty())
        {
            out.key("params");
            out.node(&params);
        }
        out.end_object();
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.count_leaf()?;
        if self.lang != LANGUAGE {
            return Err(Failure::illegal_argument(format!(
                "script_lang not supported [{}]",
                self.lang
            )));
        }
        let limits = glasswork_script::Limits::default();
        let script = glasswork_script::compile(&self.source, Purpose::Filter, &limits)?;
        let context = compiler.context();
        let weight = ScriptWeight {
            script,
            params: self
                .params_node()
                .unwrap_or_else(|| Node::from(Value::Object(Object::new()))),
            view: Arc::clone(&context.view),
            mapping: Arc::clone(&context.mapping),
            interrupt: Arc::clone(&context.interrupt),
        };
        Ok(Plan::Constant {
            weight: Arc::new(weight),
            score: self.common.boost,
            term: None,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl ScriptQuery {
    fn script(&mut self, script: &Object) -> Result<(), Failure> {
        let mut source = None;
        for entry in script.entries() {
            let node = &entry.node;
            match (entry.key.as_str(), &node.value) {
                ("source" | "inline", _) => source = Some(clause::text(node)?),
                ("lang", _) => self.lang = clause::text(node)?,
                ("params", Value::Object(_)) => {
                    self.params = String::from_utf8_lossy(&node.to_json()).into_owned()
                }
                ("id", _) => {
                    return Err(Failure::illegal_argument(
                        "stored scripts are not supported",
                    ));
                }
                (key, _) => return Err(clause::unknown_field("script", key, entry.at)),
            }
        }
        self.source = source.ok_or_else(|| {
            Failure::illegal_argument(
                "must specify either [source] for an inline script or [id] for a stored script",
            )
        })?;
        Ok(())
    }

    fn params_node(&self) -> Option<Node> {
        if self.params.is_empty() {
            return None;
        }
        glasswork_content::parse(self.params.as_bytes(), &Limits::default()).ok()
    }
}

struct ScriptWeight {
    script: Script,
    params: Node,
    view: Arc<View>,
    mapping: Arc<Mapping>,
    interrupt: Arc<Interrupt>,
}

impl Weight for ScriptWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let machine = Machine::new(
            &self.script,
            &self.params,
            &glasswork_script::Limits::default(),
        );
        let host = Columns {
            reader: reader.clone(),
            view: Arc::clone(&self.view),
            mapping: Arc::clone(&self.mapping),
            interrupt: Arc::clone(&self.interrupt),
            fields: Vec::new(),
            doc: 0,
        };
        let mut documents = Scripted {
            machine,
            host,
            max_doc: reader.max_doc(),
            alive: reader.alive_bitset().cloned(),
            interrupt: Arc::clone(&self.interrupt),
            runs: 0,
        };
        documents.find();
        Ok(Box::new(ConstScorer::new(documents, boost)))
    }

    fn explain(&self, _reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!(
            "document {doc} is not explained"
        )))
    }
}

/// Documents of a segment for which the script says true, found one by one.
struct Scripted {
    machine: Machine,
    host: Columns,
    max_doc: DocId,
    alive: Option<AliveBitSet>,
    interrupt: Arc<Interrupt>,
    runs: u32,
}

impl Scripted {
    /// Goes to the first match at or behind the document at hand.
    fn find(&mut self) -> DocId {
        while self.host.doc < self.max_doc {
            match self.decide() {
                Some(true) => return self.host.doc,
                Some(false) => self.host.doc += 1,
                None => break,
            }
        }
        self.host.doc = TERMINATED;
        TERMINATED
    }

    /// What the script says of the document at hand; nothing when the search ends.
    fn decide(&mut self) -> Option<bool> {
        if self
            .alive
            .as_ref()
            .is_some_and(|alive| !alive.is_alive(self.host.doc))
        {
            return Some(false);
        }
        self.runs += 1;
        if self.runs.is_multiple_of(64) && !self.interrupt.go_on() {
            return None;
        }
        match self.machine.filter(&mut self.host) {
            Ok(decision) => Some(decision),
            Err(Halt::Failed(failure)) => {
                self.interrupt.fail(*failure);
                None
            }
            Err(Halt::Interrupted) => None,
        }
    }
}

impl DocSet for Scripted {
    fn advance(&mut self) -> DocId {
        if self.host.doc >= self.max_doc {
            return TERMINATED;
        }
        self.host.doc += 1;
        self.find()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.host.doc < target {
            self.host.doc = target;
            self.find();
        }
        self.host.doc
    }

    /// Runs the script for one document alone, which is all that an intersection asks.
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.max_doc {
            self.host.doc = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        self.host.doc = target;
        match self.decide() {
            Some(true) => SeekDangerResult::Found,
            Some(false) => SeekDangerResult::SeekLowerBound(target + 1),
            None => {
                self.host.doc = TERMINATED;
                SeekDangerResult::SeekLowerBound(TERMINATED)
            }
        }
    }

    fn doc(&self) -> DocId {
        self.host.doc
    }

    fn size_hint(&self) -> u32 {
        self.max_doc
    }

    fn cost(&self) -> u64 {
        u64::from(self.max_doc) * 1_000
    }
}

/// What a script sees of a document: the columns of its segment.
struct Columns {
    reader: SegmentReader,
    view: Arc<View>,
    mapping: Arc<Mapping>,
    interrupt: Arc<Interrupt>,
    fields: Vec<(Box<str>, Values)>,
    doc: DocId,
}

/// A column, by how its values are to be read.
enum Values {
    None,
    Words(StrColumn),
    Addresses(Column<Ipv6Addr>),
    Longs(Column<u64>),
    Unsigned(Column<u64>),
    Doubles(Column<u64>),
    Truths(Column<u64>),
    Millis(Column<u64>),
    Nanos(Column<u64>),
}

impl Columns {
    fn open(&self, name: &str) -> Result<Option<Values>, Failure> {
        let Some(kind) = self.mapping.field(name) else {
            return Ok(None);
        };
        if kind.kind() == Kind::Text {
            return Err(text_is_not_sorted(name));
        }
        let Some((_, field, spec)) = self.view.field(kind.path()) else {
            return Ok(Some(Values::None));
        };
        if !spec.has_column() {
            return Err(Failure::illegal_argument(format!(
                "Can't load fielddata on [{name}] because fielddata is unsupported on fields of type [{}]. Use doc values instead.",
                kind.type_name()
            )));
        }
        let name = self.view.fields().schema().get_field_name(field);
        let columns = self.reader.fast_fields();
        let broken = |error: TantivyError| crate::broken(&error);
        Ok(Some(match kind.kind() {
            Kind::Keyword => columns
                .str(name)
                .map_err(broken)?
                .map_or(Values::None, Values::Words),
            Kind::Ip => columns
                .column_opt(name)
                .map_err(broken)?
                .map_or(Values::None, Values::Addresses),
            number => match columns.u64_lenient(name).map_err(broken)? {
                None => Values::None,
                Some((column, _)) => match number {
                    Kind::UnsignedLong => Values::Unsigned(column),
                    Kind::Double | Kind::Float | Kind::HalfFloat => Values::Doubles(column),
                    Kind::Boolean => Values::Truths(column),
                    Kind::Date => Values::Millis(column),
                    Kind::DateNanos => Values::Nanos(column),
                    _ => Values::Longs(column),
                },
            },
        }))
    }
}

impl Host for Columns {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupted> {
        if self.interrupt.go_on() {
            Ok(())
        } else {
            Err(Interrupted)
        }
    }

    fn field(&mut self, name: &str) -> Result<Option<Field>, Failure> {
        let known = self.fields.iter().position(|(known, _)| &**known == name);
        let place = match known {
            Some(place) => place,
            None => {
                let Some(values) = self.open(name)? else {
                    return Ok(None);
                };
                self.fields.push((name.into(), values));
                self.fields.len() - 1
            }
        };
        Ok(u32::try_from(place).ok().map(Field))
    }

    fn count(&mut self, field: Field) -> usize {
        let Some((_, values)) = self.fields.get(field.0 as usize) else {
            return 0;
        };
        match values {
            Values::None => 0,
            Values::Words(words) => words.ords().values_for_doc(self.doc).count(),
            Values::Addresses(column) => column.values_for_doc(self.doc).count(),
            Values::Longs(column)
            | Values::Unsigned(column)
            | Values::Doubles(column)
            | Values::Truths(column)
            | Values::Millis(column)
            | Values::Nanos(column) => column.values_for_doc(self.doc).count(),
        }
    }

    fn value(&mut self, field: Field, index: usize) -> Scalar {
        let Some((_, values)) = self.fields.get(field.0 as usize) else {
            return Scalar::Long(0);
        };
        let nth = |column: &Column<u64>| nth(column, self.doc, index);
        match values {
            Values::None => Scalar::Long(0),
            Values::Words(words) => {
                let mut text = String::new();
                // A term that cannot be read is shown as an empty one; its column was opened without an error.
                let read = words.ord_to_str(nth(words.ords()), &mut text);
                Scalar::Text(if read.is_ok() { text.into() } else { "".into() })
            }
            Values::Addresses(column) => {
                let mut addresses: Vec<Ipv6Addr> = column.values_for_doc(self.doc).collect();
                addresses.sort();
                let address = addresses
                    .get(index)
                    .copied()
                    .unwrap_or(Ipv6Addr::UNSPECIFIED);
                Scalar::Text(address.to_canonical().to_string().into())
            }
            Values::Longs(column) => Scalar::Long(u64_to_i64(nth(column))),
            Values::Unsigned(column) => {
                Scalar::Long(i64::try_from(nth(column)).unwrap_or(i64::MAX))
            }
            Values::Doubles(column) => Scalar::Double(u64_to_f64(nth(column))),
            Values::Truths(column) => Scalar::Bool(nth(column) != 0),
            Values::Millis(column) => Scalar::Date(u64_to_i64(nth(column))),
            Values::Nanos(column) => Scalar::Date(u64_to_i64(nth(column)).div_euclid(1_000_000)),
        }
    }

    fn score(&mut self) -> f64 {
        0.0
    }
}

/// The value with that number among a document's values in ascending order, as doc values are sorted.
fn nth(column: &Column<u64>, doc: DocId, index: usize) -> u64 {
    let mut values = column.values_for_doc(doc);
    if index == 0
        && let Some(first) = values.next()
    {
        return values.fold(first, u64::min);
    }
    let mut values: Vec<u64> = column.values_for_doc(doc).collect();
    values.sort_unstable();
    values.get(index).copied().unwrap_or(0)
}
