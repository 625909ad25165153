//! A body of JSON values, each on a line.

use bytes::Bytes;

/// The lines of a body, without their ends (`\n` or `\r\n`). Each shares the body's memory.
#[derive(Debug, Clone)]
pub struct Lines<'b> {
    body: &'b Bytes,
    at: usize,
    number: usize,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its bytes.
    pub bytes: Bytes,
    /// Whether a newline ended it; only the last line may be without.
    pub ended: bool,
}

impl<'b> Lines<'b> {
    pub(crate) fn new(body: &'b Bytes) -> Self {
        Self {
            body,
            at: 0,
            number: 0,
        }
    }

    /// Whether the last line is ended by a newline, as bulk bodies have to.
    pub fn ends_with_newline(&self) -> bool {
        self.body.last() == Some(&b'\n')
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.at >= self.body.len() {
            return None;
        }
        let rest = &self.body[self.at..];
        let (length, ended) = match memchr::memchr(b'\n', rest) {
            Some(length) => (length, true),
            None => (rest.len(), false),
        };
        let end = if ended && length > 0 && rest[length - 1] == b'\r' {
            length - 1
        } else {
            length
        };
        let bytes = self.body.slice(self.at..self.at + end);
        self.at += length + usize::from(ended);
        self.number += 1;
        Some(Line {
            number: self.number,
            bytes,
            ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_order_and_lose_their_ends() {
        let body = Bytes::from_static(b"{\"a\":1}\r\n\n{\"b\":2}");
        let lines: Vec<_> = Lines::new(&body).collect();
        let texts: Vec<&[u8]> = lines.iter().map(|line| &line.bytes[..]).collect();
        assert_eq!(texts, [&b"{\"a\":1}"[..], b"", b"{\"b\":2}"]);
        assert_eq!(
            lines.iter().map(|line| line.ended).collect::<Vec<_>>(),
            [true, true, false]
        );
        assert!(!Lines::new(&body).ends_with_newline());
        assert_eq!(Lines::new(&Bytes::new()).count(), 0);
    }
}
