//! The server a load goes to: any OpenSearch.

use super::LoadError;
use crate::arguments::LoadArguments;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::{thread, time::Duration};
use ureq::{Agent, http::Response, tls::TlsConfig};

/// An answer that says "not now" is asked for again this often, after 1, 2, 4, … seconds.
const RETRIES: u32 = 5;
/// An answer is read up to this many bytes.
const MAX_ANSWER: u64 = 256 << 20;

/// A server and how to speak to it.
pub(crate) struct Target {
    agent: Agent,
    url: String,
    authorization: Option<String>,
}

impl Target {
    pub(crate) fn new(arguments: &LoadArguments) -> Self {
        let tls = TlsConfig::builder()
            .disable_verification(arguments.insecure)
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_secs(300)))
            .build()
            .into();
        let authorization = arguments.user.as_deref().map(basic);
        Self {
            agent,
            url: arguments.url.trim_end_matches('/').to_owned(),
            authorization,
        }
    }

    /// The cluster's unique name.
    pub(crate) fn identity(&self) -> Result<String, LoadError> {
        let answer = self.ask("GET", "/", "application/json", &[])?;
        Ok(answer["cluster_uuid"]
            .as_str()
            .unwrap_or(&self.url)
            .to_owned())
    }

    /// Sends one bulk body; returns how many documents were refused and why the first was.
    pub(crate) fn bulk(
        &self,
        index: &str,
        body: &[u8],
    ) -> Result<(u64, Option<String>), LoadError> {
        let answer = self.ask(
            "POST",
            &format!("/{}/_bulk", escape(index)),
            "application/x-ndjson",
            body,
        )?;
        if answer["errors"] == Value::Bool(false) {
            return Ok((0, None));
        }
        let items = answer["items"]
            .as_array()
            .ok_or_else(|| LoadError::Server(format!("no bulk answer: {answer}")))?;
        let refused: Vec<_> = items
            .iter()
            .filter(|item| item["index"]["error"].is_object())
            .collect();
        Ok((
            refused.len() as u64,
            refused.first().map(|item| item["index"].to_string()),
        ))
    }

    pub(crate) fn refresh(&self, index: &str) -> Result<(), LoadError> {
        self.ask(
            "POST",
            &format!("/{}/_refresh", escape(index)),
            "application/json",
            &[],
        )
        .map(drop)
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Value, LoadError> {
        let mut pause = Duration::from_secs(1);
        for attempt in 0.. {
            let outcome = self.send(method, path, content_type, body);
            match outcome {
                Ok((429 | 502 | 503 | 504, _)) | Err(_) if attempt < RETRIES => {
                    thread::sleep(pause);
                    pause *= 2;
                }
                Ok((200..=299, text)) => {
                    return serde_json::from_str(&text).map_err(|error| {
                        LoadError::Server(format!("{} answered no JSON: {error}", self.url))
                    });
                }
                Ok((status, text)) => {
                    let said: String = text.chars().take(300).collect();
                    return Err(LoadError::Server(format!(
                        "{}{path} answered {status}: {said}",
                        self.url
                    )));
                }
                Err(error) => return Err(LoadError::Server(format!("{}: {error}", self.url))),
            }
        }
        unreachable!("the loop returns at the last attempt")
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(u16, String), ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = if body.is_empty() {
            self.agent.run(request.body(())?)?
        } else {
            self.agent
                .run(request.header("content-type", content_type).body(body)?)?
        };
        let (parts, mut body) = Response::into_parts(response);
        Ok((
            parts.status.as_u16(),
            body.with_config().limit(MAX_ANSWER).read_to_string()?,
        ))
    }
}

/// The `Authorization` header for `name:password` (RFC 7617).
fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(user))
}

fn escape(index: &str) -> String {
    index
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b',' | b'*' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_becomes_a_basic_authorization() {
        assert_eq!(
            basic("Aladdin:open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
    }

    #[test]
    fn an_index_in_a_path_is_escaped() {
        assert_eq!(escape("books-1"), "books-1");
        assert_eq!(escape("../x y"), "..%2Fx%20y");
    }
}
