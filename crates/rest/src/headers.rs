//! The headers that have a meaning: those that the tasks of a request carry and the answer repeats, and those that
//! every answer has.

use glasswork_content::failure::Failure;
use glasswork_tasks::{Headers, X_OPAQUE_ID};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::server::Limits;

/// The release of OpenSearch whose wire is spoken.
pub const COMPATIBLE_VERSION: &str = "3.8.0";
/// The build of that release.
pub(crate) const BUILD_HASH: &str = "e5a3c5691be87af6c12dbe3e158c59c04ee72973";

/// Names what answers.
pub(crate) const X_OPENSEARCH_VERSION: HeaderName = HeaderName::from_static("x-opensearch-version");
/// The value of [`X_OPENSEARCH_VERSION`].
pub(crate) const VERSION_VALUE: HeaderValue =
    HeaderValue::from_static("OpenSearch/3.8.0 (opensearch)");

/// The headers that tasks carry: the name, and how it stands in a task's `headers`.
const CARRIED: [(&str, &str); 2] = [("x-opaque-id", X_OPAQUE_ID), ("x-request-id", X_REQUEST_ID)];
const X_REQUEST_ID: &str = "X-Request-Id";

/// Why a request's headers are refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// 400 with this text in the short form of an error.
    Short(String),
    /// As the failure says.
    Failure(Failure),
}

/// The headers of a request that its tasks carry, under their canonical names.
///
/// # Errors
/// Two different values of one; an `X-Request-Id` that is blank or too long; more in all than tasks may carry.
pub(crate) fn carried(headers: &HeaderMap, limits: &Limits) -> Result<Headers, Refused> {
    let mut carried: Vec<(&str, String)> = Vec::new();
    for (name, canonical) in CARRIED {
        let mut values = headers.get_all(name).iter();
        let Some(first) = values.next() else { continue };
        if values.any(|other| other != first) {
            return Err(Refused::Short(format!(
                "multiple values for single-valued header [{canonical}]."
            )));
        }
        let value = text(first);
        if canonical == X_REQUEST_ID {
            check_request_id(&value, limits.request_id)?;
        }
        carried.push((canonical, value));
    }
    let characters: usize = carried
        .iter()
        .map(|(name, value)| name.len() + value.chars().count())
        .sum();
    if characters * 2 > limits.header_size {
        let allowed = glasswork_content::text::size_text(limits.header_size as u64);
        return Err(Refused::Failure(Failure::illegal_argument(format!(
            "Request exceeded the maximum size of task headers {allowed}"
        ))));
    }
    Ok(Headers::new(carried))
}

fn check_request_id(value: &str, longest: usize) -> Result<(), Refused> {
    if value.trim().is_empty() {
        return Err(Refused::Failure(Failure::illegal_argument(
            "X-Request-Id should not be null or empty",
        )));
    }
    let length = value.chars().count();
    if length > longest {
        return Err(Refused::Failure(Failure::illegal_argument(format!(
            "X-Request-Id length [{length}] exceeds maximum allowed length [{longest}]"
        ))));
    }
    Ok(())
}

/// Bytes beyond ASCII are read as UTF-8 when they are, else each as a character of Latin-1, as HTTP once had it.
fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect(),
    }
}

/// What a request's answer repeats: the first value of each carried header.
#[derive(Debug)]
pub(crate) struct Echoed([Option<HeaderValue>; CARRIED.len()]);

impl Echoed {
    /// What the answer to a request with these headers repeats.
    pub(crate) fn of(request: &HeaderMap) -> Self {
        Self(CARRIED.map(|(name, _)| request.get(name).cloned()))
    }

    /// Puts it into the answer's headers.
    pub(crate) fn put(self, answer: &mut HeaderMap) {
        for ((name, _), value) in CARRIED.into_iter().zip(self.0) {
            if let Some(value) = value {
                answer.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The value of a `Warning` header for something deprecated (RFC 7234 §5.5, code 299).
pub(crate) fn warning(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            ' '..='~' => quoted.push(character),
            // A header takes no other characters; percent-encoded as the reference does.
            other => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    quoted.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    format!("299 OpenSearch-{COMPATIBLE_VERSION}-{BUILD_HASH} \"{quoted}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    fn refused(pairs: &[(&'static str, &str)]) -> String {
        match carried(&headers(pairs), &Limits::default()).unwrap_err() {
            Refused::Short(text) => text,
            Refused::Failure(failure) => failure.reason().to_owned(),
        }
    }

    #[test]
    fn equal_doubles_collapse_and_different_ones_are_refused() {
        let carried = carried(
            &headers(&[("x-opaque-id", "a"), ("x-opaque-id", "a")]),
            &Limits::default(),
        )
        .unwrap();
        assert_eq!(carried.get("X-Opaque-Id"), Some("a"));
        assert_eq!(
            refused(&[("x-opaque-id", "one"), ("x-opaque-id", "two")]),
            "multiple values for single-valued header [X-Opaque-Id]."
        );
    }

    #[test]
    fn nothing_but_the_two_ids_is_carried() {
        let carried = carried(
            &headers(&[("traceparent", "00-1"), ("x-foo", "1")]),
            &Limits::default(),
        )
        .unwrap();
        assert!(carried.is_empty());
    }

    #[test]
    fn a_request_id_is_neither_blank_nor_long() {
        assert_eq!(
            refused(&[("x-request-id", " ")]),
            "X-Request-Id should not be null or empty"
        );
        assert_eq!(
            refused(&[("x-request-id", &"a".repeat(129))]),
            "X-Request-Id length [129] exceeds maximum allowed length [128]"
        );
    }

    #[test]
    fn carried_headers_have_a_limit_together() {
        assert_eq!(
            refused(&[("x-opaque-id", &"a".repeat(8200))]),
            "Request exceeded the maximum size of task headers 16kb"
        );
    }

    #[test]
    fn a_warning_is_quoted() {
        assert_eq!(
            warning("say \"no\" to é"),
            "299 OpenSearch-3.8.0-e5a3c5691be87af6c12dbe3e158c59c04ee72973 \"say \\\"no\\\" to %C3%A9\""
        );
    }
}
