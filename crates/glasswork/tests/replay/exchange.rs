//! A recorded exchange, and one that happens now.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

/// A request and its recorded answer.
pub(crate) struct Exchange {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// What the real server answered.
    pub(crate) answer: Answer,
}

/// A status, headers in small letters, and a body.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The node that the recordings were made with.
const RECORDED_NODE: &str = "SRpFgdD5TUeuF7-q8hC7BA";

impl Exchange {
    /// Reads `NAME.http`; `None` for exchanges that are no plain request and answer.
    pub(crate) fn read(folder: &Path, name: &str) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(format!("{name}.http"))).ok()?;
        let (request, answer) = text.split_once("\n>>>\n")?;
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines().skip_while(|line| line.starts_with('#'));
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        if words.next() != Some("HTTP/1.1") {
            return None;
        }
        let headers: Vec<(String, String)> = lines.filter_map(header).collect();
        if headers.iter().any(|(name, _)| name == "host") {
            return None;
        }
        let has_body =
            headers.iter().any(|(name, _)| name == "content-type") || !body.trim().is_empty();
        Some(Exchange {
            method,
            target,
            body: has_body.then(|| as_sent(name, body, &headers)),
            headers,
            answer: answer_of(answer)?,
        })
    }

    /// The same about another task than the recorded one, if it names one.
    pub(crate) fn about(mut self, task: &str) -> Self {
        if let Some((begin, end)) = task_in(&self.target)
            && !task.is_empty()
        {
            self.target.replace_range(begin..end, task);
        }
        self
    }

    /// Sends it to `address`, with our ids in place of the recorded ones.
    pub(crate) fn send(&self, address: &str, ids: &Ids) -> Answer {
        let target = ids.ours(&self.target);
        let mut head = format!(
            "{} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n",
            self.method,
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = self.body.as_deref().map(|body| ids.ours(body));
        if let Some(body) = &body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        exchange(address, head.as_bytes(), body.as_deref().unwrap_or(""))
    }
}

/// Where a text names a task: an id of 22 letters, a colon, a number.
fn task_in(text: &str) -> Option<(usize, usize)> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut colons = text.match_indices(':').map(|(at, _)| at);
    let at = colons.find(|at| *at >= 22 && text.as_bytes()[at - 22..*at].iter().all(letter))?;
    let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit);
    Some((at - 22, at + 1 + digits.count()))
}

/// Recorded ids that later requests name, and what stands for them here.
pub(crate) struct Ids(Vec<(String, String)>);

impl Ids {
    /// The id of the node.
    pub(crate) fn of_node(node: &str) -> Self {
        Self(vec![(RECORDED_NODE.to_owned(), node.to_owned())])
    }

    /// The ids of several nodes: each recorded one and what stands for it.
    pub(crate) fn of_nodes(nodes: &[(&str, &str)]) -> Self {
        let ids = nodes.iter();
        Self(
            ids.map(|(recorded, id)| ((*recorded).to_owned(), (*id).to_owned()))
                .collect(),
        )
    }

    /// Remembers the ids of scrolls and points in time that an answer gave.
    pub(crate) fn learn(&mut self, recorded: &Answer, found: &Answer) {
        let parsed = |answer: &Answer| -> serde_json::Value {
            serde_json::from_str(&answer.body).unwrap_or_default()
        };
        let (recorded, found) = (parsed(recorded), parsed(found));
        for key in ["_scroll_id", "pit_id"] {
            if let (Some(theirs), Some(ours)) = (recorded[key].as_str(), found[key].as_str()) {
                self.0.push((theirs.to_owned(), ours.to_owned()));
            }
        }
    }

    fn ours(&self, text: &str) -> String {
        self.0
            .iter()
            .rev()
            .fold(text.to_owned(), |text, (theirs, ours)| {
                text.replace(theirs, ours)
            })
    }
}

/// The id of the node at `address`.
pub(crate) fn node_id(address: &str) -> String {
    let head =
        format!("GET /_nodes/_local HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let nodes = exchange(address, head.as_bytes(), "");
    let parsed: serde_json::Value = serde_json::from_str(&nodes.body).unwrap_or_default();
    let id = parsed["nodes"]
        .as_object()
        .and_then(|nodes| nodes.keys().next().cloned());
    id.unwrap_or_default()
}

/// The recorder cut newlines at the end, which lines and YAML have and JSON has not.
fn as_sent(name: &str, body: &str, headers: &[(String, String)]) -> String {
    let mut body = body.trim_end_matches('\n').to_owned();
    let lines = headers.iter().any(|(name, value)| {
        name == "content-type" && (value.contains("ndjson") || value.contains("yaml"))
    });
    if lines && !body.is_empty() && name != "bulk-no-newline" {
        body.push('\n');
    }
    body
}

/// One request on its own connection.
pub(crate) fn exchange(address: &str, head: &[u8], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the node listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout above zero is taken");
    // A server that refuses a body early may close before all of it is written; its answer says why.
    let _ = stream
        .write_all(head)
        .and_then(|()| stream.write_all(body.as_bytes()));
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    answer_of(&text).unwrap_or_default()
}

fn answer_of(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines.filter_map(header).collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked {
        unchunked(body)
    } else {
        body.to_owned()
    };
    Some(Answer {
        status,
        headers,
        body,
    })
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(": ")?;
    Some((name.to_ascii_lowercase(), value.to_owned()))
}

fn unchunked(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((size, data)) = rest.split_once('\n') {
        match usize::from_str_radix(size.trim(), 16) {
            Ok(size) if size > 0 && data.is_char_boundary(size) && size <= data.len() => {
                out.push_str(&data[..size]);
                rest = data[size..].trim_start_matches('\n');
            }
            _ => break,
        }
    }
    out
}
