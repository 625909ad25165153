//! Writing answers: a token writer for JSON (compact or pretty) and YAML that applies `filter_path` while it writes.

mod filter;

pub use filter::FilterPath;

use crate::{Failure, Node};

/// The language of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `application/json; charset=UTF-8`
    #[default]
    Json,
    /// `application/yaml`
    Yaml,
}

/// How an answer is to be laid out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// JSON or YAML.
    pub format: Format,
    /// Two blanks a level, `"k" : v`, a newline at the end.
    pub pretty: bool,
    /// Add text twins to times and sizes ([`Render::human`] tells).
    pub human: bool,
    /// Add `stack_trace` to failures.
    pub error_trace: bool,
    /// What of the answer is wanted.
    pub filter: Option<FilterPath>,
}

/// Writes one value, token by token.
///
/// The caller keeps the order: `key` before each value in an object, as many `end_…` as beginnings.
pub struct Render {
    options: Options,
    out: Vec<u8>,
}

impl Render {
    /// A writer with these options.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            out: Vec::new(),
        }
    }

    /// A writer of compact JSON, unfiltered.
    pub fn compact() -> Self {
        Self::new(Options::default())
    }

    /// Whether text twins of times and sizes are wanted.
    pub fn human(&self) -> bool {
        self.options.human
    }

    /// Whether stack traces are wanted.
    pub fn error_trace(&self) -> bool {
        self.options.error_trace
    }

    /// Begins an object.
    pub fn object(&mut self) {
        todo!()
    }

    /// Ends an object.
    pub fn end_object(&mut self) {
        todo!()
    }

    /// Begins an array.
    pub fn array(&mut self) {
        todo!()
    }

    /// Ends an array.
    pub fn end_array(&mut self) {
        todo!()
    }

    /// The name of the value that comes next.
    pub fn key(&mut self, _key: &str) {
        todo!()
    }

    /// A string.
    pub fn string(&mut self, _text: &str) {
        todo!()
    }

    /// A whole number.
    pub fn long(&mut self, _number: i64) {
        todo!()
    }

    /// A whole number without sign.
    pub fn unsigned(&mut self, _number: u64) {
        todo!()
    }

    /// A double in Java's spelling; NaN and infinities become strings, as upstream.
    pub fn double(&mut self, _number: f64) {
        todo!()
    }

    /// A float in Java's spelling.
    pub fn float(&mut self, _number: f32) {
        todo!()
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, _flag: bool) {
        todo!()
    }

    /// `null`
    pub fn null(&mut self) {
        todo!()
    }

    /// A JSON value that is already written: copied as it is in compact JSON without a filter, else read and written anew.
    ///
    /// # Errors
    /// When it has to be read and is malformed; what was written up to there stays.
    pub fn raw(&mut self, _json: &[u8]) -> Result<(), Failure> {
        todo!()
    }

    /// A tree.
    pub fn node(&mut self, _node: &Node) {
        todo!()
    }

    /// A key and a string.
    pub fn field_str(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// A key and a whole number.
    pub fn field_long(&mut self, key: &str, number: i64) {
        self.key(key);
        self.long(number);
    }

    /// A key and a whole number without sign.
    pub fn field_unsigned(&mut self, key: &str, number: u64) {
        self.key(key);
        self.unsigned(number);
    }

    /// A key and a double.
    pub fn field_double(&mut self, key: &str, number: f64) {
        self.key(key);
        self.double(number);
    }

    /// A key and a float.
    pub fn field_float(&mut self, key: &str, number: f32) {
        self.key(key);
        self.float(number);
    }

    /// A key and a flag.
    pub fn field_bool(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.boolean(flag);
    }

    /// A key and `null`.
    pub fn field_null(&mut self, key: &str) {
        self.key(key);
        self.null();
    }

    /// A key and an array of strings.
    pub fn field_strings<I>(&mut self, key: &str, texts: I)
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.key(key);
        self.array();
        for text in texts {
            self.string(text.as_ref());
        }
        self.end_array();
    }

    /// A key and the beginning of an object.
    pub fn field_object(&mut self, key: &str) {
        self.key(key);
        self.object();
    }

    /// A key and the beginning of an array.
    pub fn field_array(&mut self, key: &str) {
        self.key(key);
        self.array();
    }

    /// Bytes written so far and not taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing is written or everything was taken.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Takes the bytes written so far, so that a long answer can be sent in chunks.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The rest of the bytes, with the closing newline of pretty JSON.
    pub fn finish(self) -> Vec<u8> {
        todo!()
    }
}
