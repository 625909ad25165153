//! Why there is no answer, in one line that is safe to print.

use crate::{excerpt, sanitise::Safe};
use serde_json::Value;
use std::{fmt, time::Duration};

/// At most this much of what a server said is kept, in characters.
const SAID: usize = 300;

/// Why a request has no good answer. Its text is one line without control characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection.
    #[error("{url} can't be reached: {cause}")]
    Connect {
        /// The server.
        url: String,
        /// Why.
        cause: ConnectError,
    },
    /// No answer, or not all of it, within the time.
    #[error("{url} did not answer within {}", seconds(.after))]
    TimedOut {
        /// The server.
        url: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection ended early, or what came is no HTTP.
    #[error("{url}: {}", Safe(.reason))]
    Broken {
        /// The server.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The answer is larger than it may be.
    #[error("{url} answered more than {limit} bytes")]
    TooLarge {
        /// The server.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is no JSON: perhaps a proxy's or another server's page.
    #[error("{url} answered {status} with something that is no JSON ({problem}): {}", Safe(.said))]
    NotJson {
        /// The server.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the reader stumbled over.
        problem: String,
        /// The beginning of what came.
        said: String,
    },
    /// The answer is JSON, but of another shape.
    #[error("{url} answered what can't be understood: {}", Safe(.reason))]
    Unexpected {
        /// The server.
        url: String,
        /// Where it is different.
        reason: String,
    },
    /// The server said no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server has no such extension.
    #[error("{url} can't do this: {what} is an extension of Glasswork")]
    NotOffered {
        /// The server.
        url: String,
        /// What was asked for.
        what: &'static str,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host's name leads nowhere.
    #[error("no such host ({})", Safe(.0))]
    NoSuchHost(String),
    /// Nobody listens there, or no way leads there.
    #[error("{}", Safe(.0))]
    Unreachable(String),
    /// It took too long.
    #[error("no connection within {}", seconds(.0))]
    TimedOut(Duration),
    /// The server's certificate is not trusted.
    #[error("its certificate is not trusted: {}", Safe(.0))]
    Certificate(String),
    /// No encrypted connection came about.
    #[error("no TLS: {}", Safe(.0))]
    Tls(String),
}

/// An answer with a status of 400 or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The server.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The error's type, e.g. `resource_not_found_exception`.
    pub kind: Option<String>,
    /// The error's reason.
    pub reason: Option<String>,
    /// How long the server wants to be left alone (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The beginning of the body where it is no error of the usual shape.
    pub said: String,
}

impl Refusal {
    pub(crate) fn read(
        url: String,
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let error = &value["error"];
        let (kind, reason) = match error {
            Value::String(reason) => (None, Some(reason.clone())),
            error => (text(&error["type"]), text(&error["reason"])),
        };
        // A body that is an error of the usual shape is told by type and reason.
        let said = match kind.is_some() || reason.is_some() {
            true => String::new(),
            false => excerpt(
                String::from_utf8_lossy(&body[..body.len().min(4 * SAID)]).trim(),
                SAID,
            ),
        };
        Self {
            url,
            status,
            kind,
            reason,
            retry_after,
            said,
        }
    }

    /// Whether the server said that it doesn't know a parameter.
    pub(crate) fn is_unknown_parameter(&self) -> bool {
        self.status == 400
            && self
                .reason
                .as_deref()
                .is_some_and(|reason| reason.contains("unrecognized parameter"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} answered {}", self.url, self.status)?;
        match self.status {
            401 => write!(
                formatter,
                " (it wants a user and a password, or others than these)"
            )?,
            403 => write!(formatter, " (the user may not do this)")?,
            429 => write!(formatter, " (it is asked too much)")?,
            _ => {}
        }
        if let Some(after) = self.retry_after {
            write!(formatter, ", come again in {}", seconds(&after))?;
        }
        if let Some(kind) = &self.kind {
            write!(formatter, ": {}", excerpt(kind, SAID))?;
        }
        if let Some(reason) = &self.reason {
            write!(formatter, ": {}", excerpt(reason, SAID))?;
        }
        if !self.said.is_empty() {
            write!(formatter, ": {}", Safe(&self.said))?;
        }
        Ok(())
    }
}

impl Error {
    /// The server's refusal, if that is what this is.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// Whether the server has no such thing (404).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the user may not (401, 403).
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// Whether the same request may well be answered a little later: 429, 502, 503, 504, no connection, no answer in time.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.status, 429 | 502..=504),
            Self::Connect { cause, .. } => matches!(
                cause,
                ConnectError::Unreachable(_) | ConnectError::TimedOut(_)
            ),
            Self::TimedOut { .. } | Self::Broken { .. } => true,
            _ => false,
        }
    }
}

fn seconds(duration: &Duration) -> String {
    if duration.as_millis() < 1000 {
        format!("{} ms", duration.as_millis())
    } else {
        format!(
            "{} s",
            duration.as_secs_f64().mul_add(10.0, 0.0).trunc() / 10.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> String {
        Refusal::read("http://h:9200".into(), status, None, body.as_bytes()).to_string()
    }

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let body = r#"{"error":{"root_cause":[],"type":"resource_not_found_exception","reason":"task [N:99] isn't running"},"status":404}"#;
        assert_eq!(
            read(404, body),
            "http://h:9200 answered 404: resource_not_found_exception: task [N:99] isn't running"
        );
        assert_eq!(
            read(405, r#"{"error":"Incorrect HTTP method","status":405}"#),
            "http://h:9200 answered 405: Incorrect HTTP method"
        );
        assert_eq!(
            read(401, "Unauthorized\n"),
            "http://h:9200 answered 401 (it wants a user and a password, or others than these): Unauthorized"
        );
        assert_eq!(
            read(502, "<html>\u{1b}[2J"),
            r"http://h:9200 answered 502: <html>\x1b[2J"
        );
        assert_eq!(read(503, ""), "http://h:9200 answered 503");
    }

    #[test]
    fn a_refusal_of_megabytes_stays_one_line() {
        let body = format!(
            r#"{{"error":{{"type":"t","reason":"{}"}}}}"#,
            "x\\n".repeat(1 << 20)
        );
        let said = read(500, &body);
        assert!(said.len() < 2000 && !said.contains('\n'), "{}", said.len());
    }
}
