//! `field_value_factor`: a function of the least value of a field.

use glasswork_content::{Failure, Kind, Node, Object, Render, number};
use serde::{Deserialize, Serialize};
use tantivy::{DocId, SegmentReader};

use super::{Evaluate, Function};
use crate::{context::Context, query::clause, scripting::FieldValues};

/// `modifier(factor × value)`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldValueFactor {
    /// Path of a field of numbers.
    pub field: String,
    /// Factor on its value.
    pub factor: f32,
    /// The value of documents that have none.
    pub missing: Option<f64>,
    /// What is done to the product.
    pub modifier: Modifier,
}

/// What is done to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Modifier {
    /// Nothing.
    None,
    /// log₁₀ x
    Log,
    /// log₁₀ (x + 1)
    Log1p,
    /// log₁₀ (x + 2)
    Log2p,
    /// ln x
    Ln,
    /// ln (x + 1)
    Ln1p,
    /// ln (x + 2)
    Ln2p,
    /// x²
    Square,
    /// √x
    Sqrt,
    /// 1 / x
    Reciprocal,
}

impl Modifier {
    const ALL: [(&'static str, Self); 10] = [
        ("none", Self::None),
        ("log", Self::Log),
        ("log1p", Self::Log1p),
        ("log2p", Self::Log2p),
        ("ln", Self::Ln),
        ("ln1p", Self::Ln1p),
        ("ln2p", Self::Ln2p),
        ("square", Self::Square),
        ("sqrt", Self::Sqrt),
        ("reciprocal", Self::Reciprocal),
    ];

    fn parse(text: &str) -> Result<Self, Failure> {
        let lower = text.to_lowercase();
        let found = Self::ALL.iter().find(|(name, _)| *name == lower);
        found.map(|(_, modifier)| *modifier).ok_or_else(|| {
            Failure::illegal_argument(format!(
                "No enum constant org.opensearch.common.lucene.search.function.FieldValueFactorFunction.Modifier.{}",
                text.to_uppercase()
            ))
        })
    }

    fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, modifier)| *modifier == self)
            .map_or("none", |(name, _)| name)
    }

    fn apply(self, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Log => value.log10(),
            Self::Log1p => (value + 1.0).log10(),
            Self::Log2p => (value + 2.0).log10(),
            Self::Ln => value.ln(),
            Self::Ln1p => value.ln_1p(),
            Self::Ln2p => (value + 1.0).ln_1p(),
            Self::Square => value * value,
            Self::Sqrt => value.sqrt(),
            Self::Reciprocal => 1.0 / value,
        }
    }
}

impl FieldValueFactor {
    pub(super) const NAME: &'static str = "field_value_factor";

    pub(super) fn parse(body: &Object, node: &Node) -> Result<Self, Failure> {
        let mut function = Self {
            field: String::new(),
            factor: 1.0,
            missing: None,
            modifier: Modifier::None,
        };
        let mut found = false;
        for entry in body.entries() {
            let node = &entry.node;
            if node.as_array().is_some() {
                return Err(Failure::parsing(
                    format!(
                        "[{}] field [{}] does not support lists or objects",
                        Self::NAME,
                        entry.key
                    ),
                    node.at,
                ));
            }
            match entry.key.as_str() {
                "field" => {
                    function.field = clause::text(node)?;
                    found = true;
                }
                "factor" => function.factor = clause::float(node)?,
                "modifier" => function.modifier = Modifier::parse(&clause::text(node)?)?,
                "missing" => function.missing = Some(node.to_f64()?),
                key => {
                    return Err(Failure::parsing(
                        format!("{} query does not support [{key}]", Self::NAME),
                        node.at,
                    ));
                }
            }
        }
        if !found {
            return Err(Failure::parsing(
                format!("[{}] required field 'field' missing", Self::NAME),
                clause::end(body, node),
            ));
        }
        Ok(function)
    }

    pub(super) fn render(&self, out: &mut Render) {
        out.field_str("field", &self.field);
        out.field_float("factor", self.factor);
        if let Some(missing) = self.missing {
            out.field_double("missing", missing);
        }
        out.field_str("modifier", self.modifier.name());
    }

    pub(super) fn compile(&self, context: &Context) -> Result<Box<dyn Function>, Failure> {
        match context.mapping.field(&self.field) {
            None if self.missing.is_none() => {
                let reason = format!(
                    "Unable to find a field mapper for field [{}]. No 'missing' value defined.",
                    self.field
                );
                let told = format!("failed to create query: {reason}");
                let cause = Failure::new(Kind::Exception, reason);
                return Err(Failure::new(Kind::QueryShard, told).caused_by(cause));
            }
            None => {}
            Some(field) => super::decay::check_numeric(&self.field, field)?,
        }
        Ok(Box::new(Compiled {
            function: self.clone(),
            context: context.clone(),
        }))
    }
}

struct Compiled {
    function: FieldValueFactor,
    context: Context,
}

impl Function for Compiled {
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn Evaluate>, Failure> {
        let Context { view, mapping, .. } = &self.context;
        let values = FieldValues::open(view, mapping, reader, &self.function.field)?;
        Ok(Box::new(Factors {
            function: self.function.clone(),
            values: values.unwrap_or(FieldValues::None),
        }))
    }
}

struct Factors {
    function: FieldValueFactor,
    values: FieldValues,
}

impl Evaluate for Factors {
    fn number(&mut self, doc: DocId, _score: f32) -> Result<Option<f64>, Failure> {
        let FieldValueFactor {
            field,
            factor,
            missing,
            modifier,
        } = &self.function;
        let value = self.values.number(doc, 0).or(*missing).ok_or_else(|| {
            Failure::new(
                Kind::Exception,
                format!("Missing value for field [{field}]"),
            )
        })?;
        let result = modifier.apply(value * f64::from(*factor));
        if result < 0.0 {
            let hint = match modifier {
                Modifier::Ln => {
                    "; consider using ln1p or ln2p instead of ln to avoid negative scores"
                }
                Modifier::Log => {
                    "; consider using log1p or log2p instead of log to avoid negative scores"
                }
                _ => "",
            };
            return Err(Failure::illegal_argument(format!(
                "field value function must not produce negative scores, but got: [{}] for field value: [{}]{hint}",
                number::double_text(result),
                number::double_text(value)
            )));
        }
        Ok(Some(result))
    }
}
