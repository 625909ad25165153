//! A recording: a comment, the request, `>>>`, the answer. JSON bodies were laid out for reading.

use std::{fs, path::Path};

/// A request and the reference's answer.
pub(crate) struct Recording {
    /// The bytes to send.
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Answer,
}

/// An answer; `None` for a status is a connection closed without one.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Reads the text of an answer.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            status,
            headers,
            body: body.to_owned(),
        }
    }
}

impl Recording {
    pub(crate) fn read(path: &Path) -> Self {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (request, answer) = text.split_once(">>>\n").unwrap();
        let request = request.split_once('\n').unwrap().1;
        let (head, body) = request.split_once("\n\n").unwrap();
        let body = body.trim_end_matches('\n');
        let mut sent = head.replace('\n', "\r\n");
        if !body.is_empty() && !head.to_ascii_lowercase().contains("content-length") {
            sent.push_str(&format!("\r\nContent-Length: {}", body.len()));
        }
        sent.push_str("\r\n\r\n");
        sent.push_str(body);
        Self {
            request: sent.into_bytes(),
            answer: Answer::parse(answer),
        }
    }

    pub(crate) fn is_head(&self) -> bool {
        self.request.starts_with(b"HEAD ")
    }
}
