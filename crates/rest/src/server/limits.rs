//! What one client may take of the server. Each limit is a setting.

use std::{collections::BTreeMap, time::Duration};

use glasswork_content::{
    failure::Failure,
    text::{TimeValue, parse_size, parse_time},
};

/// The limits of the HTTP server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `http.max_content_length`: bytes of a body, also after decompression.
    pub content_length: usize,
    /// `http.max_header_size`: bytes of a request's headers, and of those that its tasks carry.
    pub header_size: usize,
    /// `http.max_initial_line_length`: bytes of a request line.
    pub initial_line: usize,
    /// `http.request_id.max_length`: characters of an `X-Request-Id`.
    pub request_id: usize,
    /// `http.max_connections`: connections at a time; more are answered 503 and closed.
    pub connections: usize,
    /// `http.max_body_memory`: bytes of request bodies held at a time over all connections; more are answered 429.
    pub bodies: usize,
    /// `http.head_timeout`: from the first byte of a request to the end of its headers, and for a TLS handshake.
    pub head: Duration,
    /// `http.body_timeout`: between two pieces of a body.
    pub body: Duration,
    /// `http.body_min_rate`: bytes a second that a body must bring on the whole, after a first minute.
    pub body_rate: u64,
    /// `http.write_timeout`: for a client that takes nothing of its answer.
    pub write: Duration,
    /// `http.idle_timeout`: for a connection on which nothing is asked.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            content_length: 100 << 20,
            header_size: 16 << 10,
            initial_line: 4 << 10,
            request_id: 128,
            connections: 4096,
            bodies: 512 << 20,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            body_rate: 1024,
            write: Duration::from_secs(60),
            idle: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// The limits that settings name, by their dotted names; the defaults for the others.
    ///
    /// # Errors
    /// A value that can't be read or is out of its range.
    pub fn of(settings: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let mut limits = Self::default();
        let sizes: [(&str, &mut usize); 4] = [
            ("http.max_content_length", &mut limits.content_length),
            ("http.max_header_size", &mut limits.header_size),
            ("http.max_initial_line_length", &mut limits.initial_line),
            ("http.max_body_memory", &mut limits.bodies),
        ];
        for (name, limit) in sizes {
            if let Some(text) = settings.get(name) {
                let size = usize::try_from(parse_size(text, name)?);
                *limit = size.map_err(|_| out_of_range(name, text, "0b or more"))?;
            }
        }
        let counts: [(&str, std::ops::RangeInclusive<usize>, &mut usize); 2] = [
            (
                "http.request_id.max_length",
                16..=1024,
                &mut limits.request_id,
            ),
            (
                "http.max_connections",
                1..=1_000_000,
                &mut limits.connections,
            ),
        ];
        for (name, range, limit) in counts {
            if let Some(text) = settings.get(name) {
                let count = text.parse().ok().filter(|count| range.contains(count));
                let wanted = format!("{} to {}", range.start(), range.end());
                *limit = count.ok_or_else(|| out_of_range(name, text, &wanted))?;
            }
        }
        let times: [(&str, &mut Duration); 4] = [
            ("http.head_timeout", &mut limits.head),
            ("http.body_timeout", &mut limits.body),
            ("http.write_timeout", &mut limits.write),
            ("http.idle_timeout", &mut limits.idle),
        ];
        for (name, limit) in times {
            if let Some(text) = settings.get(name) {
                let time = parse_time(text, name)?;
                *limit = TimeValue::duration(&time)
                    .filter(|time| !time.is_zero())
                    .ok_or_else(|| out_of_range(name, text, "1ms or more"))?;
            }
        }
        if let Some(text) = settings.get("http.body_min_rate") {
            let rate = u64::try_from(parse_size(text, "http.body_min_rate")?);
            limits.body_rate =
                rate.map_err(|_| out_of_range("http.body_min_rate", text, "0b or more"))?;
        }
        Ok(limits)
    }
}

fn out_of_range(name: &str, value: &str, wanted: &str) -> Failure {
    Failure::illegal_argument(format!(
        "Failed to parse value [{value}] for setting [{name}]: it must be {wanted}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Limits, Failure> {
        Limits::of(
            &pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn settings_change_the_limits_that_they_name() {
        let limits = of(&[
            ("http.max_content_length", "10kb"),
            ("http.request_id.max_length", "16"),
            ("http.idle_timeout", "5m"),
            ("node.name", "x"),
        ])
        .unwrap();
        assert_eq!(limits.content_length, 10 << 10);
        assert_eq!(limits.request_id, 16);
        assert_eq!(limits.idle, Duration::from_secs(300));
        assert_eq!(limits.header_size, Limits::default().header_size);
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused_by_name() {
        for (name, value) in [
            ("http.max_content_length", "-1"),
            ("http.max_content_length", "lots"),
            ("http.request_id.max_length", "8"),
            ("http.max_connections", "0"),
            ("http.head_timeout", "0"),
            ("http.head_timeout", "5"),
        ] {
            let failure = of(&[(name, value)]).unwrap_err();
            assert!(
                failure.reason().contains(name),
                "{name}={value}: {}",
                failure.reason()
            );
        }
    }
}
