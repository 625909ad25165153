//! Dynamic mapping: which type a field gets that a document brings along.

use super::dates::{DateFormat, Rounding, Zone};
use super::definition::{read_dynamic, render_json};
use super::field_types::Scalar;
use super::object::Child;
use super::preview::java_text;
use super::tree::{Mapping, wildcard};
use crate::analysis::Analysis;
use glasswork_content::{Failure, Limits, Node, Object, Render, Value, parse};
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// What kind of value a document brings (`DynamicTemplate.XContentFieldType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Object,
    String,
    Long,
    Double,
    Boolean,
    Date,
    Binary,
}

impl Found {
    const ALL: [(&'static str, Self); 7] = [
        ("object", Self::Object),
        ("string", Self::String),
        ("long", Self::Long),
        ("double", Self::Double),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("binary", Self::Binary),
    ];

    /// The type that a template gives which names none.
    fn default_type(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::String => "text",
            Self::Long => "long",
            Self::Double => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Binary => "binary",
        }
    }
}

/// One of the `dynamic_templates`.
#[derive(Clone, Debug)]
pub(super) struct Template {
    name: String,
    path_match: Option<String>,
    path_unmatch: Option<String>,
    name_match: Option<String>,
    name_unmatch: Option<String>,
    found: Option<Found>,
    match_any_type: bool,
    /// `match_pattern: regex`: the names as regular expressions.
    regexes: Option<Vec<(&'static str, Regex)>>,
    /// Compact JSON.
    mapping: Vec<u8>,
}

impl Template {
    /// Reads the list `[{"name": {…}}, …]`.
    pub(super) fn parse_all(node: &Node, analysis: &Arc<Analysis>) -> Result<Vec<Self>, Failure> {
        let Some(list) = node.as_array() else {
            return Err(Failure::mapper_parsing(
                "Dynamic template syntax error. An array of named objects is expected.",
            ));
        };
        let mut templates: Vec<Self> = Vec::with_capacity(list.len());
        for entry in list {
            let named = entry.as_object().filter(|object| object.len() == 1);
            let Some((name, body)) = named.and_then(|object| object.iter().next()) else {
                return Err(Failure::mapper_parsing(
                    "A dynamic template must be defined with a name",
                ));
            };
            let Some(body) = body.as_object() else {
                return Err(Failure::mapper_parsing(format!(
                    "Dynamic template [{name}] must be an object"
                )));
            };
            let template = Self::parse_one(name, body)?;
            template.check(analysis)?;
            match templates.iter_mut().find(|present| present.name == name) {
                Some(present) => *present = template,
                None => templates.push(template),
            }
        }
        Ok(templates)
    }

    fn parse_one(name: &str, body: &Object) -> Result<Self, Failure> {
        let mut template = Self {
            name: name.to_owned(),
            path_match: None,
            path_unmatch: None,
            name_match: None,
            name_unmatch: None,
            found: None,
            match_any_type: false,
            regexes: None,
            mapping: Vec::new(),
        };
        let mut regex = false;
        for (key, node) in body.iter() {
            match key {
                "match" => template.name_match = Some(java_text(node)),
                "unmatch" => template.name_unmatch = Some(java_text(node)),
                "path_match" => template.path_match = Some(java_text(node)),
                "path_unmatch" => template.path_unmatch = Some(java_text(node)),
                "match_mapping_type" => template.match_type(&java_text(node))?,
                "match_pattern" => match java_text(node).as_str() {
                    "simple" => {}
                    "regex" => regex = true,
                    other => {
                        return Err(Failure::illegal_argument(format!(
                            "No matching pattern matched on [{other}]"
                        )));
                    }
                },
                "mapping" => match node.as_object() {
                    Some(_) => template.mapping = node.to_json(),
                    None => return Err(Failure::mapper_parsing("template must have mapping set")),
                },
                _ => {
                    return Err(Failure::illegal_argument(format!(
                        "Illegal dynamic template parameter: [{key}]"
                    )));
                }
            }
        }
        let has_condition = template.name_match.is_some()
            || template.path_match.is_some()
            || template.found.is_some()
            || template.match_any_type;
        if !has_condition {
            let shown = java_text(&Node::from(Value::Object(body.clone())));
            return Err(Failure::mapper_parsing(format!(
                "template must have match, path_match or match_mapping_type set {shown}"
            )));
        }
        if template.mapping.is_empty() {
            return Err(Failure::mapper_parsing("template must have mapping set"));
        }
        if regex {
            template.regexes = Some(template.compile()?);
        }
        Ok(template)
    }

    fn match_type(&mut self, text: &str) -> Result<(), Failure> {
        if text == "*" {
            self.match_any_type = true;
            return Ok(());
        }
        let found = Found::ALL.iter().find(|(name, _)| *name == text);
        let Some((_, found)) = found else {
            let names: Vec<&str> = Found::ALL.iter().map(|(name, _)| *name).collect();
            return Err(Failure::illegal_argument(format!(
                "No field type matched on [{text}], possible values are [{}]",
                names.join(", ")
            )));
        };
        self.found = Some(*found);
        Ok(())
    }

    fn compile(&self) -> Result<Vec<(&'static str, Regex)>, Failure> {
        let patterns = [
            ("match", &self.name_match),
            ("unmatch", &self.name_unmatch),
            ("path_match", &self.path_match),
            ("path_unmatch", &self.path_unmatch),
        ];
        let mut regexes = Vec::new();
        for (key, pattern) in patterns {
            let Some(pattern) = pattern else { continue };
            let regex = Regex::new(&format!("^(?:{pattern})$"));
            let regex = regex.map_err(|_| {
                Failure::illegal_argument(format!(
                    "Pattern [{pattern}] of type [regex] is invalid. Cannot create dynamic template [{}].",
                    self.name
                ))
            })?;
            regexes.push((key, regex));
        }
        Ok(regexes)
    }

    /// A template whose mapping can't be read for any field would fail every document: it is refused here.
    fn check(&self, analysis: &Arc<Analysis>) -> Result<(), Failure> {
        if self
            .mapping
            .windows(2)
            .any(|pair| pair == b"{n" || pair == b"{d")
        {
            // Placeholders may make it readable for some fields.
            return Ok(());
        }
        let found = self.found.unwrap_or(Found::String);
        read_dynamic("__dynamic__", "__dynamic__", &self.definition("__dynamic__", found)?, analysis).map_err(|failure| {
            Failure::mapper_parsing(format!(
                "dynamic template [{}] has invalid content [{}], attempted to validate it with the following match_mapping_type: [{}]",
                self.name,
                String::from_utf8_lossy(&self.mapping),
                Found::ALL.iter().find(|(_, known)| *known == found).map_or("string", |(name, _)| name)
            ))
            .caused_by(failure)
        })?;
        Ok(())
    }

    fn fits(&self, path: &str, name: &str, found: Found) -> bool {
        let matches = |key: &str, pattern: &Option<String>, text: &str| -> Option<bool> {
            let pattern = pattern.as_ref()?;
            Some(match &self.regexes {
                Some(regexes) => regexes
                    .iter()
                    .any(|(known, regex)| *known == key && regex.is_match(text)),
                None => wildcard(pattern, text),
            })
        };
        matches("path_match", &self.path_match, path) != Some(false)
            && matches("match", &self.name_match, name) != Some(false)
            && matches("path_unmatch", &self.path_unmatch, path) != Some(true)
            && matches("unmatch", &self.name_unmatch, name) != Some(true)
            && self.found.is_none_or(|wanted| wanted == found)
    }

    /// The definition that it gives to a field.
    fn definition(&self, name: &str, found: Found) -> Result<Object, Failure> {
        let mapping = parse(&self.mapping, &Limits::DEFAULT)?;
        let filled = fill(&mapping, name, found.default_type());
        let Value::Object(mut definition) = filled.value else {
            return Ok(Object::new());
        };
        if !definition.contains("type") {
            definition.insert("type", Value::String(found.default_type().to_owned()));
        }
        Ok(definition)
    }

    /// Writes `{"name":{…}}`.
    pub(super) fn render(&self, out: &mut Render) {
        out.object();
        out.field_object(&self.name);
        for (key, text) in [
            ("path_match", &self.path_match),
            ("path_unmatch", &self.path_unmatch),
            ("match", &self.name_match),
            ("unmatch", &self.name_unmatch),
        ] {
            if let Some(text) = text {
                out.field_str(key, text);
            }
        }
        if self.match_any_type {
            out.field_str("match_mapping_type", "*");
        } else if let Some((name, _)) = Found::ALL
            .iter()
            .find(|(_, found)| Some(*found) == self.found)
        {
            out.field_str("match_mapping_type", name);
        }
        if self.regexes.is_some() {
            out.field_str("match_pattern", "regex");
        }
        out.key("mapping");
        render_json(&self.mapping, out);
        out.end_object();
        out.end_object();
    }
}

/// Replaces `{name}` and `{dynamic_type}` in names and strings.
fn fill(node: &Node, name: &str, dynamic_type: &str) -> Node {
    let text = |text: &str| {
        text.replace("{name}", name)
            .replace("{dynamic_type}", dynamic_type)
            .replace("{dynamicType}", dynamic_type)
    };
    match &node.value {
        Value::String(value) => Value::String(text(value)).into(),
        Value::Array(values) => Value::Array(
            values
                .iter()
                .map(|value| fill(value, name, dynamic_type))
                .collect(),
        )
        .into(),
        Value::Object(object) => {
            let filled: Object = object
                .iter()
                .map(|(key, value)| (text(key), fill(value, name, dynamic_type)))
                .collect();
            Value::Object(filled).into()
        }
        _ => node.clone(),
    }
}

static SLASHED_DATES: LazyLock<Option<DateFormat>> =
    LazyLock::new(|| DateFormat::new("yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis").ok());

/// What dynamic mapping makes of a value at `path`; `None` when only templates count and none fits.
pub(super) fn child_for(
    mapping: &Mapping,
    path: &str,
    value: &Scalar<'_>,
    templates_only: bool,
) -> Result<Option<Child>, Failure> {
    let (found, date_format) = classify(mapping, value);
    if let Some(mut definition) = template_definition(mapping, path, found)? {
        let is_date = definition
            .get("type")
            .and_then(Node::as_str)
            .is_some_and(|name| name == "date");
        if let (Some(format), true, false) = (&date_format, is_date, definition.contains("format"))
        {
            definition.insert("format", Value::String(format.clone()));
        }
        return read_dynamic(path, leaf(path), &definition, &mapping.analysis).map(Some);
    }
    if templates_only {
        return Ok(None);
    }
    let mut definition = Object::new();
    definition.insert("type", Value::String(found.default_type().to_owned()));
    if found == Found::String {
        let keyword: Object = [
            ("type", Value::String("keyword".to_owned())),
            ("ignore_above", Value::Long(256)),
        ]
        .into_iter()
        .collect();
        let fields: Object = [("keyword", Value::Object(keyword))].into_iter().collect();
        definition.insert("fields", Value::Object(fields));
    }
    if let Some(format) = date_format {
        definition.insert("format", Value::String(format));
    }
    read_dynamic(path, leaf(path), &definition, &mapping.analysis).map(Some)
}

/// What dynamic mapping makes of an object at `path`; `None` when only templates count and none fits.
pub(super) fn object_for(
    mapping: &Mapping,
    path: &str,
    templates_only: bool,
) -> Result<Option<Child>, Failure> {
    if let Some(definition) = template_definition(mapping, path, Found::Object)? {
        return read_dynamic(path, leaf(path), &definition, &mapping.analysis).map(Some);
    }
    Ok((!templates_only).then(|| Child::Object(super::object::ObjectType::new(path))))
}

fn leaf(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn template_definition(
    mapping: &Mapping,
    path: &str,
    found: Found,
) -> Result<Option<Object>, Failure> {
    let Some(templates) = &mapping.options.dynamic_templates else {
        return Ok(None);
    };
    let name = leaf(path);
    templates
        .iter()
        .find(|template| template.fits(path, name, found))
        .map(|template| template.definition(name, found))
        .transpose()
}

/// The kind of a value, and the format of a date found in a string when it is not the default one.
fn classify(mapping: &Mapping, value: &Scalar<'_>) -> (Found, Option<String>) {
    let text = match value {
        Scalar::Bool(_) => return (Found::Boolean, None),
        Scalar::Number(text) => {
            let fraction = text.contains(['.', 'e', 'E']);
            return (if fraction { Found::Double } else { Found::Long }, None);
        }
        Scalar::Text(text) => *text,
    };
    let is_long = text.parse::<i64>().is_ok();
    let is_double = is_long || (!text.trim().is_empty() && is_java_double(text.trim()));
    if mapping.options.numeric_detection == Some(true) && is_double {
        return (if is_long { Found::Long } else { Found::Double }, None);
    }
    if !is_double
        && mapping.options.date_detection != Some(false)
        && let Some(format) = date_format(mapping, text)
    {
        return (Found::Date, format);
    }
    (Found::String, None)
}

fn is_java_double(text: &str) -> bool {
    let plain = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let digits = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    (digits && plain.parse::<f64>().is_ok()) || matches!(text, "NaN" | "Infinity" | "-Infinity")
}

/// The format that reads the text as a date: `Some(None)` for the default format, `None` when none does.
fn date_format(mapping: &Mapping, text: &str) -> Option<Option<String>> {
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    let reads = |format: &DateFormat| format.parse(text, Rounding::Down, Zone::utc()).is_ok();
    if let Some(formats) = &mapping.options.dynamic_date_formats {
        return formats
            .iter()
            .find(|format| DateFormat::new(format).is_ok_and(|format| reads(&format)))
            .map(|format| Some(format.clone()));
    }
    // The default formats begin with a digit or a sign; this keeps ordinary text out of the parsers.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+')) {
        return None;
    }
    if reads(&DateFormat::default_format()) {
        return Some(None);
    }
    let slashed = SLASHED_DATES.as_ref()?;
    reads(slashed).then(|| Some(slashed.text().to_owned()))
}
