//! The language in which the tokens of an answer become bytes.

use super::Format;
use super::json::{self, JsonWriter};
use super::yaml::YamlWriter;

/// JSON or YAML.
#[derive(Debug)]
pub(super) enum Layout {
    Json { writer: JsonWriter, pretty: bool },
    Yaml(YamlWriter),
}

impl Layout {
    pub(super) fn new(format: Format, pretty: bool) -> Self {
        match format {
            Format::Json => Layout::Json {
                writer: JsonWriter::new(pretty),
                pretty,
            },
            Format::Yaml => Layout::Yaml(YamlWriter::default()),
        }
    }

    pub(super) fn is_compact_json(&self) -> bool {
        matches!(self, Layout::Json { pretty: false, .. })
    }

    pub(super) fn begin(&mut self, array: bool, out: &mut Vec<u8>) {
        match self {
            Layout::Json { writer, .. } => writer.begin(if array { b'[' } else { b'{' }, out),
            Layout::Yaml(writer) => writer.begin(array, out),
        }
    }

    pub(super) fn end(&mut self, array: bool, out: &mut Vec<u8>) {
        match self {
            Layout::Json { writer, .. } => writer.end(if array { b']' } else { b'}' }, out),
            Layout::Yaml(writer) => writer.end(out),
        }
    }

    pub(super) fn name(&mut self, name: &str, out: &mut Vec<u8>) {
        match self {
            Layout::Json { writer, .. } => writer.name(name, out),
            Layout::Yaml(writer) => writer.name(name, out),
        }
    }

    pub(super) fn before_value(&mut self, out: &mut Vec<u8>) {
        match self {
            Layout::Json { writer, .. } => writer.before_value(out),
            Layout::Yaml(writer) => writer.before_value(out),
        }
    }

    pub(super) fn after_value(&mut self) {
        if let Layout::Json { writer, .. } = self {
            writer.after_value();
        }
    }

    pub(super) fn string(&mut self, text: &str, out: &mut Vec<u8>) {
        match self {
            Layout::Json { .. } => json::write_string(text, out),
            Layout::Yaml(writer) => writer.string(text, out),
        }
    }

    pub(super) fn taken(&mut self, bytes: usize) {
        if let Layout::Yaml(writer) = self {
            writer.taken(bytes);
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Layout::Json { pretty: true, .. } => out.push(b'\n'),
            Layout::Json { .. } => {}
            Layout::Yaml(writer) => writer.finish(out),
        }
    }
}
