//! YAML bytes, laid out as upstream's generator (SnakeYAML's emitter in block style) does it.

/// The column behind which a quoted string is broken.
const WIDTH: usize = 80;

/// Writes YAML.
#[derive(Debug, Default)]
pub(super) struct YamlWriter {
    open: Vec<Open>,
    started: bool,
    /// The next entry goes on the line on which a `-` or the document's beginning stands.
    inline: bool,
    /// A container has begun of which no entry has come.
    pending: Option<bool>,
    line_start: usize,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    array: bool,
    indent: usize,
}

impl YamlWriter {
    pub(super) fn name(&mut self, name: &str, out: &mut Vec<u8>) {
        self.settle(out);
        let indent = self.open.last().map_or(0, |open| open.indent);
        self.entry(indent, out);
        write_name(name, out);
        out.push(b':');
    }

    /// What stands before a scalar or the text of an empty container.
    pub(super) fn before_value(&mut self, out: &mut Vec<u8>) {
        self.settle(out);
        match self.open.last() {
            None => self.start_document(out),
            Some(&Open {
                array: true,
                indent,
            }) => {
                self.entry(indent, out);
                out.push(b'-');
            }
            Some(_) => {}
        }
        out.push(b' ');
    }

    pub(super) fn begin(&mut self, array: bool, out: &mut Vec<u8>) {
        self.settle(out);
        if let Some(&Open {
            array: true,
            indent,
        }) = self.open.last()
        {
            self.entry(indent, out);
            out.push(b'-');
        }
        self.pending = Some(array);
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        match self.pending.take() {
            Some(array) => {
                if self.open.is_empty() {
                    self.start_document(out);
                }
                out.extend_from_slice(if array { b" []" } else { b" {}" });
            }
            None => {
                self.open.pop();
            }
        }
    }

    pub(super) fn string(&mut self, text: &str, out: &mut Vec<u8>) {
        let indent = self.open.last().map_or(0, |open| open.indent + 2);
        let column = out.len().saturating_sub(self.line_start);
        write_quoted(text, indent, column, out);
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.started {
            out.push(b'\n');
        }
    }

    /// The buffer was emptied by that many bytes.
    pub(super) fn taken(&mut self, bytes: usize) {
        self.line_start = self.line_start.saturating_sub(bytes);
    }

    /// The container that has begun gets its first entry.
    fn settle(&mut self, out: &mut Vec<u8>) {
        let Some(array) = self.pending.take() else {
            return;
        };
        let indent = match self.open.last() {
            None => {
                self.start_document(out);
                0
            }
            Some(parent) => {
                // the first entry of an item of a list stands behind its dash
                self.inline = parent.array;
                if array && !parent.array {
                    parent.indent
                } else {
                    parent.indent + 2
                }
            }
        };
        self.open.push(Open { array, indent });
    }

    fn entry(&mut self, indent: usize, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.inline) {
            out.push(b' ');
            return;
        }
        out.push(b'\n');
        self.line_start = out.len();
        out.resize(out.len() + indent, b' ');
    }

    fn start_document(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            self.line_start = out.len();
            out.extend_from_slice(b"---");
        }
    }
}

/// Names are plain where YAML reads them back as the same text, else quoted.
fn write_name(name: &str, out: &mut Vec<u8>) {
    if is_plain(name) {
        out.extend_from_slice(name.as_bytes());
    } else if name.chars().all(is_printable) && !name.is_empty() && !is_reserved(name) {
        out.push(b'\'');
        out.extend_from_slice(name.replace('\'', "''").as_bytes());
        out.push(b'\'');
    } else {
        write_quoted(name, 0, 0, out);
    }
}

fn is_plain(name: &str) -> bool {
    let Some(first) = name.chars().next() else {
        return false;
    };
    let begins_well = match first {
        '-' | '?' | ':' => name[1..].starts_with(|second: char| !second.is_whitespace()),
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
        | '@' | '`' | ' ' => false,
        _ => true,
    };
    begins_well
        && !is_reserved(name)
        && !name.starts_with("---")
        && !name.starts_with("...")
        && !name.ends_with([' ', ':'])
        && !name.contains(": ")
        && !name.contains(" #")
        && name.chars().all(is_printable)
}

/// Words that YAML 1.1 reads as something else than text.
fn is_reserved(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "<<" | "="
    )
}

fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{85}' | '\u{A0}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}'
        )
}

/// A string in double quotes, broken with `\` behind [`WIDTH`] columns (`Emitter.writeDoubleQuoted`).
fn write_quoted(text: &str, indent: usize, mut column: usize, out: &mut Vec<u8>) {
    out.push(b'"');
    column += 1;
    let length = text.len();
    for (at, letter) in text.char_indices() {
        let before = out.len();
        let plain = (' '..='~').contains(&letter) && letter != '"' && letter != '\\';
        let breakable = at > 0 && at + letter.len_utf8() < length && column > WIDTH;
        if breakable && letter == ' ' {
            out.push(b'\\');
            column = break_line(indent, out);
            out.extend_from_slice(b"\\ ");
            column += 2;
            continue;
        }
        if plain {
            out.push(letter as u8);
        } else {
            write_escape(letter, out);
        }
        column += if letter > '~' && is_printable(letter) {
            1
        } else {
            out.len() - before
        };
        if !plain && at > 0 && at + letter.len_utf8() < length && column > WIDTH {
            out.push(b'\\');
            column = break_line(indent, out);
            if text[at + letter.len_utf8()..].starts_with(' ') {
                out.push(b'\\');
                column += 1;
            }
        }
    }
    out.push(b'"');
}

fn break_line(indent: usize, out: &mut Vec<u8>) -> usize {
    out.push(b'\n');
    out.resize(out.len() + indent, b' ');
    indent
}

fn write_escape(letter: char, out: &mut Vec<u8>) {
    let short = match letter {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{B}' => 'v',
        '\u{C}' => 'f',
        '\r' => 'r',
        '\u{1B}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{A0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(letter);
            let text = match code {
                _ if is_printable(letter) => letter.to_string(),
                0..=0xFF => format!("\\x{code:02x}"),
                0x100..=0xFFFF => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            };
            out.extend_from_slice(text.as_bytes());
            return;
        }
    };
    out.push(b'\\');
    out.push(short as u8);
}
