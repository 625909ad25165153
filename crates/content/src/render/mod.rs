//! Writing answers: a token writer for JSON (compact or pretty) and YAML that applies `filter_path` while it writes.

mod fields;
mod filter;
mod json;
mod layout;
mod tree;
mod yaml;

pub use filter::FilterPath;

use crate::json::{Limits, Reader, Token};
use crate::{Failure, Kind, number};
use filter::Selection;
use layout::Layout;

/// The language of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `application/json; charset=UTF-8`
    #[default]
    Json,
    /// `application/yaml`
    Yaml,
}

/// Bytes of a part of a long answer.
const PART: usize = 1 << 20;

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
///
/// With a filter, an object or array that is not wanted as a whole is begun only when something in it is written, so that
/// nothing empty is left behind. The outermost one is always written.
pub struct Render {
    options: Options,
    out: Vec<u8>,
    /// What was put aside, in order.
    parts: Vec<Vec<u8>>,
    layout: Layout,
    /// Objects and arrays that are open, for the filter; unused without one.
    open: Vec<Open>,
    /// Selection of the value whose key came last.
    named: Option<Selection>,
    /// Key that came last, until its value is written.
    name: String,
    /// Open objects and arrays inside of what is left out.
    skipped: usize,
}

struct Open {
    array: bool,
    selection: Selection,
    /// Its key, until it is written.
    name: Option<String>,
    written: bool,
}

impl Render {
    /// A writer with these options.
    pub fn new(options: Options) -> Self {
        let layout = Layout::new(options.format, options.pretty);
        Self {
            options,
            out: Vec::new(),
            parts: Vec::new(),
            layout,
            open: Vec::new(),
            named: None,
            name: String::new(),
            skipped: 0,
        }
    }

    /// A writer of compact JSON, unfiltered.
    pub fn compact() -> Self {
        Self::new(Options::default())
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
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
        self.begin(false);
    }

    /// Ends an object.
    pub fn end_object(&mut self) {
        self.end(false);
    }

    /// Begins an array.
    pub fn array(&mut self) {
        self.begin(true);
    }

    /// Ends an array.
    pub fn end_array(&mut self) {
        self.end(true);
    }

    fn begin(&mut self, array: bool) {
        if self.options.filter.is_none() {
            self.layout.begin(array, &mut self.out);
            return;
        }
        let Some(selection) = self.selection() else {
            self.skipped += 1;
            return;
        };
        let at_top = self.open.is_empty();
        let whole = selection.is_whole();
        let in_object = self.open.last().is_some_and(|open| !open.array);
        let name = in_object.then(|| std::mem::take(&mut self.name));
        self.open.push(Open {
            array,
            selection,
            name,
            written: false,
        });
        if at_top || whole {
            self.write_open();
        }
    }

    fn end(&mut self, array: bool) {
        if self.options.filter.is_none() {
            self.layout.end(array, &mut self.out);
            return;
        }
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(open) = self.open.pop()
            && open.written
        {
            self.layout.end(array, &mut self.out);
        }
    }

    /// The name of the value that comes next.
    pub fn key(&mut self, key: &str) {
        let Some(filter) = &self.options.filter else {
            self.layout.name(key, &mut self.out);
            return;
        };
        if self.skipped > 0 {
            return;
        }
        self.named = self
            .open
            .last()
            .and_then(|open| filter.below(&open.selection, key));
        self.name.clear();
        self.name.push_str(key);
    }

    /// What is selected of the value that comes next; `None` when it is left out.
    fn selection(&mut self) -> Option<Selection> {
        if self.skipped > 0 {
            return None;
        }
        match self.open.last() {
            None => self.options.filter.as_ref().map(FilterPath::root),
            Some(open) if open.array => Some(open.selection.clone()),
            Some(_) => self.named.take(),
        }
    }

    /// Writes the beginnings of all objects and arrays that are open and not yet written.
    fn write_open(&mut self) {
        let written = self.open.iter().take_while(|open| open.written).count();
        for open in &mut self.open[written..] {
            if let Some(name) = open.name.take() {
                self.layout.name(&name, &mut self.out);
            }
            self.layout.begin(open.array, &mut self.out);
            open.written = true;
        }
    }

    /// Goes to where a scalar is to be written; false when it is left out.
    fn scalar(&mut self) -> bool {
        if self.options.filter.is_some() {
            let wanted = self
                .selection()
                .is_some_and(|selection| selection.takes_scalar());
            if !wanted {
                return false;
            }
            self.write_open();
            if self.open.last().is_some_and(|open| !open.array) {
                self.layout.name(&self.name, &mut self.out);
            }
        }
        self.layout.before_value(&mut self.out);
        true
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        if self.scalar() {
            self.layout.string(text, &mut self.out);
            self.layout.after_value();
        }
    }

    /// A whole number.
    pub fn long(&mut self, value: i64) {
        if self.scalar() {
            number::write_long(value, &mut self.out);
            self.layout.after_value();
        }
    }

    /// A whole number without sign.
    pub fn unsigned(&mut self, value: u64) {
        if self.scalar() {
            number::write_unsigned(value, &mut self.out);
            self.layout.after_value();
        }
    }

    /// A double in Java's spelling; NaN and infinities become strings, as upstream.
    pub fn double(&mut self, value: f64) {
        if !value.is_finite() {
            self.string(&number::double_text(value));
        } else if self.scalar() {
            number::write_double(value, &mut self.out);
            self.layout.after_value();
        }
    }

    /// A float in Java's spelling; NaN and infinities become strings, as upstream.
    pub fn float(&mut self, value: f32) {
        if !value.is_finite() {
            self.string(&number::float_text(value));
        } else if self.scalar() {
            number::write_float(value, &mut self.out);
            self.layout.after_value();
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, flag: bool) {
        self.literal(if flag { b"true" } else { b"false" });
    }

    /// `null`
    pub fn null(&mut self) {
        self.literal(b"null");
    }

    /// A number that is already spelled.
    fn literal(&mut self, text: &[u8]) {
        if self.scalar() {
            self.out.extend_from_slice(text);
            self.layout.after_value();
        }
    }

    /// A JSON value that is already written: copied as it is in compact JSON where the whole of it is wanted, else read and
    /// written anew.
    ///
    /// # Errors
    /// When it has to be read and is malformed; what was written up to there stays.
    pub fn raw(&mut self, json: &[u8]) -> Result<(), Failure> {
        if self.options.filter.is_none() && self.layout.is_compact_json() {
            self.literal(json);
            return Ok(());
        }
        let limits = Limits {
            depth: 1_000,
            bytes: usize::MAX,
            tokens: usize::MAX,
            ..Limits::DEFAULT
        };
        let mut reader = Reader::new(json, &limits);
        loop {
            match reader.next()? {
                Token::BeginObject => self.object(),
                Token::EndObject => self.end_object(),
                Token::BeginArray => self.array(),
                Token::EndArray => self.end_array(),
                Token::Key(key) => self.key(&key),
                Token::String(text) => self.string(&text),
                Token::Number(number) => self.literal(number.text().as_bytes()),
                Token::Bool(flag) => self.boolean(flag),
                Token::Null => self.null(),
                Token::End => {
                    return Err(Failure::new(
                        Kind::JsonParse,
                        "a value was expected, found nothing",
                    ));
                }
            }
            if reader.depth() == 0 {
                return Ok(());
            }
        }
    }

    /// Bytes written so far and not taken.
    pub fn len(&self) -> usize {
        self.parts.iter().map(Vec::len).sum::<usize>() + self.out.len()
    }

    /// Whether nothing is written or everything was taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts aside what is written, once that is a whole part: to be asked now and then while a long answer grows, so
    /// that it grows without being copied ([`Render::finish_parts`]).
    pub fn put_aside(&mut self) {
        if self.out.len() >= PART {
            self.layout.taken(self.out.len());
            let next = Vec::with_capacity(PART + PART / 8);
            self.parts.push(std::mem::replace(&mut self.out, next));
        }
    }

    /// Takes the bytes written so far, so that a long answer can be sent in chunks.
    pub fn take(&mut self) -> Vec<u8> {
        self.layout.taken(self.out.len());
        let last = std::mem::take(&mut self.out);
        joined(std::mem::take(&mut self.parts), last)
    }

    /// The rest of the bytes, with the newline that ends pretty JSON and YAML.
    pub fn finish(mut self) -> Vec<u8> {
        self.layout.finish(&mut self.out);
        joined(self.parts, self.out)
    }

    /// As [`Render::finish`], in the parts that were put aside and the last one.
    pub fn finish_parts(mut self) -> Vec<Vec<u8>> {
        self.layout.finish(&mut self.out);
        if !self.out.is_empty() || self.parts.is_empty() {
            self.parts.push(self.out);
        }
        self.parts
    }
}

fn joined(parts: Vec<Vec<u8>>, last: Vec<u8>) -> Vec<u8> {
    if parts.is_empty() {
        return last;
    }
    let mut whole = parts.concat();
    whole.extend_from_slice(&last);
    whole
}
