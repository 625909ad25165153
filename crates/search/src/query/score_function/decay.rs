//! `gauss`, `exp`, `linear`: the farther a value lies from an origin, the less.
//!
//! At `offset + scale` from the origin the function gives `decay` (OpenSearch's `DecayFunctionBuilder`). Fields of points on
//! the earth are not supported.

use std::ops::Bound;

use glasswork_content::{Failure, Node, Object, Position, Render, Value, text};
use glasswork_engine::FieldValue;
use serde::{Deserialize, Serialize};
use tantivy::{DocId, SegmentReader};

use super::{Evaluate, Function};
use crate::{
    collect::text_is_not_sorted,
    context::Context,
    mapping::{FieldType, Kind, Matches, values::DateContext},
    query::{Literal, clause},
    scripting::FieldValues,
};

const MALFORMED: &str = "malformed score function score parameters.";

/// A function of the distance between a field's value and an origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decay {
    /// Its curve.
    pub shape: DecayShape,
    /// Path of a field of numbers or dates.
    pub field: String,
    /// The parameters as they were given: what they mean is known with the type of the field.
    pub parameters: Vec<(String, Literal)>,
    /// Which of several distances counts.
    pub mode: MultiValueMode,
}

/// The curve of a decay function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecayShape {
    /// exp(−d² / 2σ²)
    Gauss,
    /// exp(λ d)
    Exp,
    /// a straight line down to 0
    Linear,
}

/// Which of several numbers counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MultiValueMode {
    /// The smallest.
    Min,
    /// The greatest.
    Max,
    /// The sum.
    Sum,
    /// The mean.
    Avg,
    /// The middle.
    Median,
}

impl DecayShape {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gauss" => Self::Gauss,
            "exp" => Self::Exp,
            "linear" => Self::Linear,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gauss => "gauss",
            Self::Exp => "exp",
            Self::Linear => "linear",
        }
    }

    /// The constant of the curve that falls to `decay` at `scale`.
    fn steepness(self, scale: f64, decay: f64) -> f64 {
        match self {
            Self::Gauss => 0.5 * scale * scale / decay.ln(),
            Self::Exp => decay.ln() / scale,
            Self::Linear => scale / (1.0 - decay),
        }
    }

    fn at(self, distance: f64, steepness: f64) -> f64 {
        match self {
            Self::Gauss => (0.5 * distance * distance / steepness).exp(),
            Self::Exp => (steepness * distance).exp(),
            Self::Linear => ((steepness - distance) / steepness).max(0.0),
        }
    }
}

impl MultiValueMode {
    const ALL: [(&'static str, Self); 5] = [
        ("SUM", Self::Sum),
        ("AVG", Self::Avg),
        ("MEDIAN", Self::Median),
        ("MIN", Self::Min),
        ("MAX", Self::Max),
    ];

    fn parse(text: &str) -> Result<Self, Failure> {
        let upper = text.to_uppercase();
        let found = Self::ALL.iter().find(|(name, _)| *name == upper);
        found
            .map(|(_, mode)| *mode)
            .ok_or_else(|| Failure::illegal_argument(format!("Illegal sort mode: {text}")))
    }

    fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("MIN", |(name, _)| name)
    }

    /// One number out of several, given in ascending order; 0 when there is none.
    fn pick(self, numbers: &[f64]) -> f64 {
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return 0.0;
        };
        let middle = numbers.len() / 2;
        match self {
            Self::Min => *first,
            Self::Max => *last,
            Self::Sum => numbers.iter().sum(),
            Self::Avg => numbers.iter().sum::<f64>() / numbers.len() as f64,
            Self::Median if numbers.len() % 2 == 1 => numbers[middle],
            Self::Median => (numbers[middle - 1] + numbers[middle]) / 2.0,
        }
    }
}

impl Decay {
    pub(super) fn parse(shape: DecayShape, body: &Object, node: &Node) -> Result<Self, Failure> {
        let mut mode = MultiValueMode::Min;
        let mut found = None;
        for entry in body.entries() {
            match (&entry.node.value, entry.key.as_str()) {
                // the last field wins, as upstream's
                (Value::Object(parameters), field) => {
                    found = Some((field.to_owned(), Self::read(parameters)?));
                }
                (_, "multi_value_mode") => {
                    mode = MultiValueMode::parse(&clause::text(&entry.node)?)?;
                }
                _ => return Err(Failure::parsing(MALFORMED, entry.node.at)),
            }
        }
        let (field, parameters) =
            found.ok_or_else(|| Failure::parsing(MALFORMED, clause::end(body, node)))?;
        Ok(Self {
            shape,
            field,
            parameters,
            mode,
        })
    }

    fn read(parameters: &Object) -> Result<Vec<(String, Literal)>, Failure> {
        let read = |(key, node): (&str, &Node)| {
            let value = Literal::of(node).ok_or_else(|| {
                Failure::parsing(
                    format!("[{key}] must be a number or a text: points are not supported"),
                    node.at,
                )
            })?;
            Ok((key.to_owned(), value))
        };
        parameters.iter().map(read).collect()
    }

    pub(super) fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        for (key, value) in &self.parameters {
            out.key(key);
            value.render(out);
        }
        out.end_object();
        out.field_str("multi_value_mode", self.mode.name());
    }

    pub(super) fn compile(&self, context: &Context) -> Result<Box<dyn Function>, Failure> {
        let nowhere = |column| Position { line: 1, column };
        let Some(field) = context.mapping.field(&self.field) else {
            let reason = format!("unknown field [{}]", self.field);
            return Err(Failure::parsing(reason, nowhere(0)));
        };
        let kind = field.kind();
        if !kind.is_date() && !kind.is_number() {
            return Err(Failure::parsing(
                format!(
                    "field [{}] is of type [{}], but only numeric types are supported.",
                    self.field,
                    field.type_name()
                ),
                nowhere(1),
            ));
        }
        check_numeric(&self.field, field)?;
        let curve = if kind.is_date() {
            self.date_curve(field, context.now_millis)?
        } else {
            self.number_curve()?
        };
        Ok(Box::new(Compiled {
            field: self.field.clone(),
            curve,
            context: context.clone(),
        }))
    }

    fn number_curve(&self) -> Result<Curve, Failure> {
        let (mut origin, mut scale) = (None, None);
        let (mut decay, mut offset) = (0.5, 0.0);
        for (key, value) in &self.parameters {
            match key.as_str() {
                "origin" => origin = Some(double(value)?),
                "scale" => scale = Some(double(value)?),
                "decay" => decay = double(value)?,
                "offset" => offset = double(value)?,
                _ => return Err(not_supported(key)),
            }
        }
        let (Some(origin), Some(scale)) = (origin, scale) else {
            return Err(Failure::parse(
                "both [scale] and [origin] must be set for numeric fields.",
            ));
        };
        self.curve(origin, scale, decay, offset)
    }

    fn date_curve(&self, field: &FieldType, now: i64) -> Result<Curve, Failure> {
        let (mut origin, mut scale) = (now as f64, None);
        let (mut decay, mut offset) = (0.5, 0.0);
        let millis = |value: &Literal, name: &str| {
            let name = format!("DecayFunctionParser.{name}");
            text::parse_time(&value.to_string(), &name)
                .map(|time| time.duration().map_or(-1.0, |time| time.as_millis() as f64))
        };
        for (key, value) in &self.parameters {
            match key.as_str() {
                "origin" => origin = date(field, value, now)?,
                "scale" => scale = Some(millis(value, "scale")?),
                "decay" => decay = double(value)?,
                "offset" => offset = millis(value, "offset")?,
                _ => return Err(not_supported(key)),
            }
        }
        let scale = scale.ok_or_else(|| Failure::parse("[scale] must be set for date fields."))?;
        self.curve(origin, scale, decay, offset)
    }

    fn curve(&self, origin: f64, scale: f64, decay: f64, offset: f64) -> Result<Curve, Failure> {
        let wrong = |what: &str| {
            Err(Failure::illegal_argument(format!(
                "function_score : {what}"
            )))
        };
        if scale.is_nan() || scale <= 0.0 {
            return wrong("scale must be > 0.0.");
        }
        if decay.is_nan() || decay <= 0.0 || decay >= 1.0 {
            return wrong("decay must be in the range [0..1].");
        }
        if offset.is_nan() || offset < 0.0 {
            return wrong("offset must be > 0.0");
        }
        Ok(Curve {
            shape: self.shape,
            mode: self.mode,
            origin,
            offset,
            steepness: self.shape.steepness(scale, decay),
        })
    }
}

/// Refuses fields whose values are no numbers.
///
/// # Errors
/// What OpenSearch says of text, or that the field is not one of numbers.
pub(super) fn check_numeric(name: &str, field: &FieldType) -> Result<(), Failure> {
    let kind = field.kind();
    if kind == Kind::Text {
        return Err(text_is_not_sorted(name));
    }
    if kind.is_number() || kind.is_date() || kind == Kind::Boolean {
        return Ok(());
    }
    Err(Failure::illegal_argument(format!(
        "field [{name}] of type [{}] has no numbers to compute with",
        field.type_name()
    )))
}

fn double(value: &Literal) -> Result<f64, Failure> {
    match value {
        Literal::Long(number) => Ok(*number as f64),
        Literal::Unsigned(number) => Ok(*number as f64),
        Literal::Double(number) => Ok(*number),
        other => {
            let text = other.to_string();
            text.trim()
                .parse()
                .map_err(|_| Failure::number_format(&text))
        }
    }
}

/// A date in milliseconds, as the field reads it.
fn date(field: &FieldType, value: &Literal, now: i64) -> Result<f64, Failure> {
    let text = Node::from(Value::String(value.to_string()));
    let read = match field.term(&text, &DateContext::at(now))? {
        Matches::Value(FieldValue::I64(number))
        | Matches::Range(Bound::Included(FieldValue::I64(number)), _) => number,
        _ => return Err(Failure::illegal_argument(format!("[{value}] is no date"))),
    };
    Ok(match field.kind() {
        Kind::DateNanos => read as f64 / 1e6,
        _ => read as f64,
    })
}

fn not_supported(key: &str) -> Failure {
    Failure::parse(format!("parameter [{key}] not supported!"))
}

/// A curve with its numbers.
#[derive(Debug, Clone, Copy)]
struct Curve {
    shape: DecayShape,
    mode: MultiValueMode,
    origin: f64,
    offset: f64,
    steepness: f64,
}

struct Compiled {
    field: String,
    curve: Curve,
    context: Context,
}

impl Function for Compiled {
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn Evaluate>, Failure> {
        let Context { view, mapping, .. } = &self.context;
        let values = FieldValues::open(view, mapping, reader, &self.field)?;
        Ok(Box::new(Distances {
            curve: self.curve,
            values: values.unwrap_or(FieldValues::None),
            distances: Vec::new(),
        }))
    }
}

struct Distances {
    curve: Curve,
    values: FieldValues,
    distances: Vec<f64>,
}

impl Evaluate for Distances {
    fn number(&mut self, doc: DocId, _score: f32) -> Result<Option<f64>, Failure> {
        let curve = self.curve;
        self.distances.clear();
        let mut index = 0;
        while let Some(value) = self.values.number(doc, index) {
            let beyond = (value - curve.origin).abs() - curve.offset;
            self.distances.push(beyond.max(0.0));
            index += 1;
        }
        self.distances.sort_by(f64::total_cmp);
        let distance = curve.mode.pick(&self.distances);
        Ok(Some(curve.shape.at(distance, curve.steepness)))
    }
}
