//! JSON bytes, compact or laid out as OpenSearch's pretty printer does it.

use crate::json::scan;

/// What was written last, which decides what has to come before the next piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// Nothing, or a value at the top.
    Top,
    /// The beginning of an object or array.
    Begin,
    /// A name.
    Name,
    /// A value inside an object or array.
    Value,
}

/// Writes JSON.
#[derive(Debug)]
pub(super) struct JsonWriter {
    pretty: bool,
    depth: usize,
    last: Last,
}

impl JsonWriter {
    pub(super) fn new(pretty: bool) -> Self {
        Self {
            pretty,
            depth: 0,
            last: Last::Top,
        }
    }

    pub(super) fn name(&mut self, name: &str, out: &mut Vec<u8>) {
        if self.last == Last::Value {
            out.push(b',');
        }
        if self.pretty {
            self.new_line(out);
        }
        write_string(name, out);
        out.extend_from_slice(if self.pretty { b" : " } else { b":" });
        self.last = Last::Name;
    }

    /// What stands before a value, whatever it is.
    pub(super) fn before_value(&mut self, out: &mut Vec<u8>) {
        match self.last {
            Last::Value => {
                out.push(b',');
                if self.pretty {
                    self.new_line(out);
                }
            }
            Last::Begin if self.pretty => self.new_line(out),
            Last::Top | Last::Begin | Last::Name => {}
        }
    }

    pub(super) fn after_value(&mut self) {
        self.last = if self.depth == 0 {
            Last::Top
        } else {
            Last::Value
        };
    }

    pub(super) fn begin(&mut self, bracket: u8, out: &mut Vec<u8>) {
        self.before_value(out);
        out.push(bracket);
        self.depth += 1;
        self.last = Last::Begin;
    }

    pub(super) fn end(&mut self, bracket: u8, out: &mut Vec<u8>) {
        self.depth = self.depth.saturating_sub(1);
        if self.pretty {
            if self.last == Last::Begin {
                out.push(b' ');
            } else {
                self.new_line(out);
            }
        }
        out.push(bracket);
        self.after_value();
    }

    fn new_line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + 2 * self.depth, b' ');
    }
}

/// Writes a string with its quotes; escapes what JSON requires and nothing else.
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = scan::plain_run(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&special) = rest.get(plain) else {
            break;
        };
        write_escape(special, out);
        rest = &rest[plain + 1..];
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        _ => {
            out.extend_from_slice(format!("\\u{byte:04X}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
