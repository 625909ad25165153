//! Parameters of fields: which a type takes, how they are read, compared and shown.

use super::field_type::Kind;
use super::preview::java_text;
use glasswork_content::number::double_text;
use glasswork_content::{Failure, Limits, Node, Render, Value};

/// The parameters that a definition sets to something else than the default, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters {
    values: Vec<(&'static str, Setting)>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    Flag(bool),
    Number(i64),
    Double(f64),
    Text(String),
    /// Compact JSON of anything else.
    Json(Vec<u8>),
}

/// One parameter that a type takes.
pub(super) struct Parameter {
    name: &'static str,
    shape: Shape,
    update: Update,
}

/// What the values of a parameter look like.
#[derive(Clone, Copy)]
enum Shape {
    /// A boolean with this default.
    Flag(bool),
    /// A boolean that is shown whenever it is set.
    ShownFlag(bool),
    Number(i64),
    Text(Option<&'static str>),
    /// One of these texts; the first is the default.
    Choice(&'static [&'static str]),
    /// The name of an analyzer; `default` when it is not set.
    Analyzer,
    /// A scalar of the field's own type.
    Value,
    /// An object.
    Tree,
    /// `meta`: a flat object of strings.
    Meta,
    /// `boost`: accepted only as 1, because no score here knows it.
    Boost,
}

/// Whether a definition may change it later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Update {
    Free,
    Fixed,
    /// Only from `true` to `false`.
    OnlyOff,
}

const fn fixed(name: &'static str, shape: Shape) -> Parameter {
    Parameter {
        name,
        shape,
        update: Update::Fixed,
    }
}

const fn free(name: &'static str, shape: Shape) -> Parameter {
    Parameter {
        name,
        shape,
        update: Update::Free,
    }
}

const INDEX: Parameter = fixed("index", Shape::Flag(true));
const DOC_VALUES: Parameter = fixed("doc_values", Shape::Flag(true));
const STORE: Parameter = fixed("store", Shape::Flag(false));
const SKIP_LIST: Parameter = fixed("skip_list", Shape::Flag(false));
const SIMILARITY: Parameter = fixed("similarity", Shape::Choice(&["BM25"]));
const ORDINALS: Parameter = free("eager_global_ordinals", Shape::Flag(false));
const BOOST: Parameter = free("boost", Shape::Boost);
const META: Parameter = free("meta", Shape::Meta);
const NULL_VALUE: Parameter = fixed("null_value", Shape::Value);
const IGNORE_MALFORMED: Parameter = free("ignore_malformed", Shape::ShownFlag(false));

const TEXT: &[Parameter] = &[
    INDEX,
    STORE,
    fixed(
        "index_options",
        Shape::Choice(&["positions", "docs", "freqs", "offsets"]),
    ),
    Parameter {
        name: "norms",
        shape: Shape::Flag(true),
        update: Update::OnlyOff,
    },
    fixed(
        "term_vector",
        Shape::Choice(&[
            "no",
            "yes",
            "with_positions",
            "with_offsets",
            "with_positions_offsets",
            "with_positions_payloads",
            "with_positions_offsets_payloads",
        ]),
    ),
    fixed("analyzer", Shape::Analyzer),
    free("search_analyzer", Shape::Analyzer),
    free("search_quote_analyzer", Shape::Analyzer),
    SIMILARITY,
    fixed("position_increment_gap", Shape::Number(-1)),
    free("fielddata", Shape::Flag(false)),
    free("fielddata_frequency_filter", Shape::Tree),
    ORDINALS,
    fixed("index_phrases", Shape::Flag(false)),
    fixed("index_prefixes", Shape::Tree),
    BOOST,
    META,
];

const KEYWORD: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    STORE,
    NULL_VALUE,
    ORDINALS,
    free("ignore_above", Shape::Number(i32::MAX as i64)),
    fixed("index_options", Shape::Choice(&["docs", "freqs"])),
    Parameter {
        name: "norms",
        shape: Shape::Flag(false),
        update: Update::OnlyOff,
    },
    fixed("use_similarity", Shape::Flag(false)),
    SIMILARITY,
    fixed("normalizer", Shape::Text(None)),
    free("split_queries_on_whitespace", Shape::Flag(false)),
    BOOST,
    META,
];

const NUMBER: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    SKIP_LIST,
    STORE,
    IGNORE_MALFORMED,
    free("coerce", Shape::ShownFlag(true)),
    NULL_VALUE,
    BOOST,
    META,
];

const DATE: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    SKIP_LIST,
    STORE,
    fixed("format", Shape::Text(Some(super::dates::DEFAULT_FORMAT))),
    fixed("print_format", Shape::Text(None)),
    fixed("locale", Shape::Text(Some(""))),
    NULL_VALUE,
    IGNORE_MALFORMED,
    BOOST,
    META,
];

const BOOLEAN: &[Parameter] = &[META, BOOST, DOC_VALUES, INDEX, NULL_VALUE, STORE];

const IP: &[Parameter] = &[
    INDEX,
    DOC_VALUES,
    SKIP_LIST,
    STORE,
    IGNORE_MALFORMED,
    NULL_VALUE,
    BOOST,
    META,
];

const BINARY: &[Parameter] = &[META, STORE, fixed("doc_values", Shape::Flag(false))];

/// The parameters that a type takes, in the order in which they are shown.
fn of(kind: Kind) -> &'static [Parameter] {
    match kind {
        Kind::Text => TEXT,
        Kind::Keyword => KEYWORD,
        Kind::Boolean => BOOLEAN,
        Kind::Date | Kind::DateNanos => DATE,
        Kind::Ip => IP,
        Kind::Binary => BINARY,
        _ => NUMBER,
    }
}

impl Parameters {
    /// Reads the parameters of a field; `type`, `fields` and `copy_to` are the caller's.
    pub(super) fn parse<'a>(
        field: &str,
        kind: Kind,
        given: impl Iterator<Item = (&'a str, &'a Node)>,
    ) -> Result<Self, Failure> {
        let mut found: Vec<(usize, Setting)> = Vec::new();
        for (name, node) in given {
            let table = of(kind);
            let Some(index) = table.iter().position(|parameter| parameter.name == name) else {
                return Err(Failure::mapper_parsing(format!(
                    "unknown parameter [{name}] on mapper [{field}] of type [{}]",
                    kind.name()
                )));
            };
            let parameter = &table[index];
            if node.is_null() {
                if parameter.accepts_null() {
                    continue;
                }
                return Err(Failure::mapper_parsing(format!(
                    "[{name}] on mapper [{field}] of type [{}] must not have a [null] value",
                    kind.name()
                )));
            }
            let setting = parameter.read(field, node)?;
            if parameter.is_shown(&setting) {
                found.push((index, setting));
            }
        }
        found.sort_by_key(|(index, _)| *index);
        Ok(Self {
            values: found
                .into_iter()
                .map(|(index, setting)| (of(kind)[index].name, setting))
                .collect(),
        })
    }

    /// These parameters with those of an update in their place.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` listing every fixed parameter that would change.
    pub(super) fn merged(&self, field: &str, kind: Kind, update: &Self) -> Result<Self, Failure> {
        let mut conflicts = Vec::new();
        for parameter in of(kind) {
            let (old, new) = (self.effective(parameter), update.effective(parameter));
            let allowed = match parameter.update {
                Update::Free => true,
                Update::Fixed => old == new,
                Update::OnlyOff => old == new || new == Some(Setting::Flag(false)),
            };
            if !allowed {
                conflicts.push(format!(
                    "Cannot update parameter [{}] from [{}] to [{}]",
                    parameter.name,
                    shown(&old),
                    shown(&new)
                ));
            }
        }
        if conflicts.is_empty() {
            return Ok(update.clone());
        }
        Err(Failure::illegal_argument(format!(
            "Mapper for [{field}] conflicts with existing mapper:\n\t{}",
            conflicts.join("\n\t")
        )))
    }

    fn effective(&self, parameter: &Parameter) -> Option<Setting> {
        self.get(parameter.name)
            .cloned()
            .or_else(|| parameter.default())
    }

    /// Writes the parameters as fields of the object that is open.
    pub(super) fn render(&self, out: &mut Render) {
        for (name, setting) in &self.values {
            out.key(name);
            match setting {
                Setting::Flag(flag) => out.boolean(*flag),
                Setting::Number(number) => out.long(*number),
                Setting::Double(number) => out.double(*number),
                Setting::Text(text) => out.string(text),
                Setting::Json(json) => match glasswork_content::parse(json, &Limits::DEFAULT) {
                    Ok(node) => out.node(&node),
                    Err(_) => out.null(),
                },
            }
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Setting::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Setting::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Setting::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

impl Parameter {
    fn accepts_null(&self) -> bool {
        matches!(self.shape, Shape::Value) || self.name == "normalizer"
    }

    fn default(&self) -> Option<Setting> {
        Some(match self.shape {
            Shape::Flag(flag) | Shape::ShownFlag(flag) => Setting::Flag(flag),
            Shape::Number(number) => Setting::Number(number),
            Shape::Text(text) => Setting::Text(text?.to_owned()),
            Shape::Choice(accepted) => Setting::Text(accepted[0].to_owned()),
            Shape::Analyzer => Setting::Text("default".to_owned()),
            Shape::Value | Shape::Tree | Shape::Meta | Shape::Boost => return None,
        })
    }

    /// Whether a value is worth keeping and showing: it is not the default.
    fn is_shown(&self, setting: &Setting) -> bool {
        match self.shape {
            Shape::Boost => false,
            Shape::ShownFlag(_) => true,
            _ => self.default().as_ref() != Some(setting),
        }
    }

    fn read(&self, field: &str, node: &Node) -> Result<Setting, Failure> {
        match self.shape {
            Shape::Flag(_) | Shape::ShownFlag(_) => flag(node).map(Setting::Flag),
            Shape::Number(_) => number(node).map(Setting::Number),
            Shape::Text(_) | Shape::Analyzer => Ok(Setting::Text(java_text(node))),
            Shape::Choice(accepted) => {
                let text = java_text(node);
                if accepted.contains(&text.as_str()) {
                    return Ok(Setting::Text(text));
                }
                if self.name == "similarity" {
                    return Err(Failure::mapper_parsing(format!(
                        "Unknown Similarity type [{text}] for field [{field}]"
                    )));
                }
                Err(Failure::mapper_parsing(format!(
                    "Unknown value [{text}] for field [{}] - accepted values are [{}]",
                    self.name,
                    accepted.join(", ")
                )))
            }
            Shape::Value => Ok(match &node.value {
                Value::Bool(flag) => Setting::Flag(*flag),
                Value::Long(number) => Setting::Number(*number),
                Value::Double(number) => Setting::Double(*number),
                _ => Setting::Text(java_text(node)),
            }),
            Shape::Tree => {
                if node.as_object().is_none() {
                    return Err(Failure::mapper_parsing(format!(
                        "[{}] on mapper [{field}] must be an object",
                        self.name
                    )));
                }
                Ok(Setting::Json(node.to_json()))
            }
            Shape::Meta => meta(field, node),
            Shape::Boost => match node.to_f64() {
                Ok(1.0) => Ok(Setting::Double(1.0)),
                Ok(_) => Err(Failure::illegal_argument(format!(
                    "[boost] of field [{field}] is not supported: boost in the query instead"
                ))),
                Err(failure) => Err(failure),
            },
        }
    }
}

/// `XContentMapValues.nodeBooleanValue`.
pub(super) fn flag(node: &Node) -> Result<bool, Failure> {
    let text = java_text(node);
    match text.as_str() {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err(Failure::illegal_argument(format!(
            "Failed to parse value [{text}] as only [true] or [false] are allowed."
        ))),
    }
}

/// `XContentMapValues.nodeIntegerValue`.
fn number(node: &Node) -> Result<i64, Failure> {
    match &node.value {
        Value::Long(number) => Ok(*number),
        Value::Double(number) => Ok(*number as i64),
        _ => {
            let text = java_text(node);
            text.parse::<i32>()
                .map(i64::from)
                .map_err(|_| Failure::number_format(&text))
        }
    }
}

fn meta(field: &str, node: &Node) -> Result<Setting, Failure> {
    let Some(object) = node.as_object() else {
        return Err(Failure::mapper_parsing(format!(
            "[meta] must be an object, got {} for field [{field}]",
            type_and_text(node)
        )));
    };
    if object.len() > 5 {
        return Err(Failure::mapper_parsing(format!(
            "[meta] can't have more than 5 entries, but got {} on field [{field}]",
            object.len()
        )));
    }
    let mut entries: Vec<(&str, &str)> = Vec::new();
    for (key, value) in object.iter() {
        if key.chars().count() > 20 {
            return Err(Failure::mapper_parsing(format!(
                "[meta] keys can't be longer than 20 chars, but got [{key}] for field [{field}]"
            )));
        }
        let Some(text) = value.as_str() else {
            return Err(Failure::mapper_parsing(format!(
                "[meta] values can only be strings, but got {} for field [{field}]",
                type_and_text(value)
            )));
        };
        if text.chars().count() > 50 {
            return Err(Failure::mapper_parsing(format!(
                "[meta] values can't be longer than 50 chars, but got [{text}] for field [{field}]"
            )));
        }
        entries.push((key, text));
    }
    entries.sort_unstable();
    let sorted: glasswork_content::Object = entries
        .into_iter()
        .map(|(key, text)| (key.to_owned(), Node::from(Value::String(text.to_owned()))))
        .collect();
    Ok(Setting::Json(Node::from(Value::Object(sorted)).to_json()))
}

/// `Integer[5]`, `String[x]`.
fn type_and_text(node: &Node) -> String {
    if node.is_null() {
        return "null[null]".to_owned();
    }
    format!("{}[{}]", java_class(node), java_text(node))
}

/// The simple name of the Java class that a value has in a parsed map.
pub(super) fn java_class(node: &Node) -> &'static str {
    match &node.value {
        Value::Null => "null",
        Value::Bool(_) => "Boolean",
        Value::Long(number) if i32::try_from(*number).is_ok() => "Integer",
        Value::Long(_) => "Long",
        Value::Unsigned(_) | Value::Big(_) => "BigInteger",
        Value::Double(_) => "Double",
        Value::String(_) => "String",
        Value::Array(_) => "ArrayList",
        Value::Object(_) => "LinkedHashMap",
    }
}

fn shown(setting: &Option<Setting>) -> String {
    match setting {
        None => "null".to_owned(),
        Some(Setting::Flag(flag)) => flag.to_string(),
        Some(Setting::Number(number)) => number.to_string(),
        Some(Setting::Double(number)) => double_text(*number),
        Some(Setting::Text(text)) => text.clone(),
        Some(Setting::Json(json)) => String::from_utf8_lossy(json).into_owned(),
    }
}
