//! The headers that have a meaning: those that the tasks of a request carry and the answer repeats, and those that
//! every answer has.

use std::time::Duration;

use glasswork_content::{failure::Failure, text::parse_time};
use glasswork_tasks::{Headers, X_OPAQUE_ID};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::server::Limits;

/// The release of OpenSearch whose wire is spoken.
pub const COMPATIBLE_VERSION: &str = glasswork_tasks::wire::VERSION;
/// The build of that release.
pub(crate) const BUILD_HASH: &str = "e5a3c5691be87af6c12dbe3e158c59c04ee72973";

/// Names what answers.
pub(crate) const X_OPENSEARCH_VERSION: HeaderName = HeaderName::from_static("x-opensearch-version");
/// Says at `GET /` that the server is Glasswork, and so that it has more than OpenSearch.
pub(crate) const X_GLASSWORK_VERSION: HeaderName = HeaderName::from_static("x-glasswork-version");
/// The value of [`X_OPENSEARCH_VERSION`].
pub(crate) const VERSION_VALUE: HeaderValue =
    HeaderValue::from_static("OpenSearch/3.8.0 (opensearch)");

/// The headers that tasks carry: the name, and how it stands in a task's `headers`.
const CARRIED: [(&str, &str); 3] = [
    ("x-opaque-id", X_OPAQUE_ID),
    ("x-request-id", X_REQUEST_ID),
    ("x-task-deadline", X_TASK_DEADLINE),
];
/// How many of them, from the first, an answer repeats.
const ECHOED: usize = 2;
const X_REQUEST_ID: &str = "X-Request-Id";

/// The header that says how long a request and everything below it may take, as it stands in a task's `headers`.
pub(crate) const X_TASK_DEADLINE: &str = glasswork_node::X_TASK_DEADLINE;
/// A header that is known, and refused as long as nothing keeps to it.
const X_TASK_BUDGET: &str = "X-Task-Budget";

/// The longest deadline.
const LONGEST_DEADLINE: Duration = Duration::from_secs(30 * 86_400);

/// Why a request's headers are refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// 400 with this text in the short form of an error.
    Short(String),
    /// As the failure says.
    Failure(Failure),
}

/// What of a request's headers goes with its tasks.
#[derive(Debug)]
pub(crate) struct Carried {
    /// The headers that they carry, under their canonical names.
    pub(crate) headers: Headers,
    /// How long they may take.
    pub(crate) deadline: Option<Duration>,
}

/// The headers of a request that its tasks carry.
///
/// # Errors
/// Two different values of one; an `X-Request-Id` that is blank or too long; a deadline that is none; more in all than tasks
/// may carry.
pub(crate) fn carried(headers: &HeaderMap, limits: &Limits) -> Result<Carried, Refused> {
    if headers.contains_key(X_TASK_BUDGET) {
        let reason = format!("header [{X_TASK_BUDGET}] is not supported");
        return Err(Refused::Failure(Failure::illegal_argument(reason)));
    }
    let mut deadline = None;
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
        if canonical == X_TASK_DEADLINE {
            deadline = Some(read_deadline(&value).map_err(Refused::Failure)?);
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
    Ok(Carried {
        headers: Headers::new(carried),
        deadline,
    })
}

/// Reads a time value from one millisecond to [`LONGEST_DEADLINE`].
fn read_deadline(value: &str) -> Result<Duration, Failure> {
    let time = parse_time(value.trim(), X_TASK_DEADLINE)?;
    let allowed = Duration::from_millis(1)..=LONGEST_DEADLINE;
    let deadline = time.duration().filter(|time| allowed.contains(time));
    deadline.ok_or_else(|| {
        Failure::illegal_argument(format!(
            "[{X_TASK_DEADLINE}] must be between [1ms] and [30d] but was [{value}]"
        ))
    })
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
pub(crate) struct Echoed([Option<HeaderValue>; ECHOED]);

impl Echoed {
    /// What the answer to a request with these headers repeats.
    pub(crate) fn of(request: &HeaderMap) -> Self {
        Self(std::array::from_fn(|at| {
            request.get(CARRIED[at].0).cloned()
        }))
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
        assert_eq!(carried.headers.get("X-Opaque-Id"), Some("a"));
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
        assert!(carried.headers.is_empty());
    }

    #[test]
    fn a_deadline_is_a_time_within_bounds_and_goes_with_the_tasks() {
        let taken = carried(&headers(&[("x-task-deadline", "5s")]), &Limits::default()).unwrap();
        assert_eq!(taken.deadline, Some(Duration::from_secs(5)));
        assert_eq!(taken.headers.get("X-Task-Deadline"), Some("5s"));
        assert_eq!(
            refused(&[("x-task-deadline", "0")]),
            "[X-Task-Deadline] must be between [1ms] and [30d] but was [0]"
        );
        assert_eq!(
            refused(&[("x-task-deadline", "31d")]),
            "[X-Task-Deadline] must be between [1ms] and [30d] but was [31d]"
        );
        assert!(refused(&[("x-task-deadline", "5")]).contains("unit is missing"));
        assert_eq!(
            refused(&[("x-task-budget", "cpu=2s")]),
            "header [X-Task-Budget] is not supported"
        );
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
