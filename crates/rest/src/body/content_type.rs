//! Content types: what a request's body is, and what an answer is wanted in.

use glasswork_content::failure::{Failure, Kind};

/// A type of content that has a name on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`.
    Json,
    /// `application/x-ndjson`: JSON values, each on a line.
    Lines,
    /// `application/yaml`.
    Yaml,
    /// `application/cbor`: known and refused.
    Cbor,
    /// `application/smile`: known and refused.
    Smile,
}

/// Why a request's content type is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// 406 with this text, in the short form of an error.
    NotSupported(String),
    /// 400: the header is none.
    Malformed(Failure),
}

impl MediaType {
    /// The type that a `Content-Type` header names; `lines` when the endpoint takes JSON on lines.
    pub(crate) fn of_body(header: Option<&str>, lines: bool) -> Result<Self, Refused> {
        let Some(header) = header else {
            return Err(Refused::NotSupported(
                "Content-Type header [] is not supported".to_owned(),
            ));
        };
        let Some(essence) = essence(header) else {
            return Err(malformed(header));
        };
        let not_supported =
            || Refused::NotSupported(format!("Content-Type header [{header}] is not supported"));
        match Self::named(&essence) {
            Some(Self::Lines) if !lines => Err(not_supported()),
            Some(Self::Yaml) if lines => Err(Refused::NotSupported(format!(
                "Content-Type [{header}] does not support stream parsing. Use JSON or SMILE instead"
            ))),
            Some(Self::Cbor | Self::Smile) | None => Err(not_supported()),
            Some(known) => Ok(known),
        }
    }

    /// The type behind a `format` parameter; `None` for an unknown one, which the reference ignores.
    pub(crate) fn from_format(format: &str) -> Option<Self> {
        match format.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "yaml" => Some(Self::Yaml),
            "cbor" => Some(Self::Cbor),
            "smile" => Some(Self::Smile),
            other => Self::named(other),
        }
    }

    /// The first type of an `Accept` header that is known; `None` leaves the choice to the endpoint.
    pub(crate) fn from_accept(accept: &str) -> Option<Self> {
        accept
            .split(',')
            .filter_map(essence)
            .find_map(|essence| Self::named(&essence))
            .filter(|known| *known != Self::Lines)
    }

    fn named(essence: &str) -> Option<Self> {
        match essence {
            "application/json" | "application/*" => Some(Self::Json),
            "application/x-ndjson" => Some(Self::Lines),
            "application/yaml" => Some(Self::Yaml),
            "application/cbor" => Some(Self::Cbor),
            "application/smile" => Some(Self::Smile),
            _ => None,
        }
    }

    /// Whether answers are given in it.
    pub(crate) fn is_written(self) -> bool {
        !matches!(self, Self::Cbor | Self::Smile)
    }

    /// The refusal of an answer in a type that is not written.
    pub(crate) fn not_written(self) -> Failure {
        Failure::illegal_argument(format!(
            "answers are given as [application/json] or [application/yaml], not as [{}]",
            match self {
                Self::Cbor => "application/cbor",
                Self::Smile => "application/smile",
                Self::Json | Self::Lines | Self::Yaml => "another type",
            }
        ))
    }
}

/// Refuses a `Content-Type` header that is none, whether there is a body or not.
pub(crate) fn check(header: Option<&str>) -> Result<(), Refused> {
    match header {
        Some(header) if essence(header).is_none() => Err(malformed(header)),
        _ => Ok(()),
    }
}

fn malformed(header: &str) -> Refused {
    let text = format!("invalid Content-Type header [{header}]");
    let wrapped = format!("java.lang.IllegalArgumentException: {text}");
    Refused::Malformed(
        Failure::new(Kind::ContentTypeHeader, wrapped).caused_by(Failure::illegal_argument(text)),
    )
}

/// The type without its parameters, in lower case; `None` when the header is no media type.
fn essence(header: &str) -> Option<String> {
    let essence = header
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+.^_`|~-".contains(&byte))
    };
    (token(kind) && token(subtype)).then_some(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(header: &str, lines: bool) -> Result<MediaType, String> {
        MediaType::of_body(Some(header), lines).map_err(|refused| match refused {
            Refused::NotSupported(text) => text,
            Refused::Malformed(failure) => failure.reason.unwrap(),
        })
    }

    #[test]
    fn parameters_and_case_of_a_content_type_do_not_matter() {
        assert_eq!(
            body("Application/JSON; charset=UTF-8", false),
            Ok(MediaType::Json)
        );
        assert_eq!(body("application/yaml", false), Ok(MediaType::Yaml));
    }

    #[test]
    fn json_on_lines_is_for_the_endpoints_that_take_it() {
        assert_eq!(body("application/x-ndjson", true), Ok(MediaType::Lines));
        assert_eq!(
            body("application/x-ndjson", false),
            Err("Content-Type header [application/x-ndjson] is not supported".to_owned())
        );
    }

    #[test]
    fn other_types_are_refused_by_name() {
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/vnd.elasticsearch+json",
        ] {
            assert_eq!(
                body(other, false),
                Err(format!("Content-Type header [{other}] is not supported"))
            );
        }
        assert_eq!(
            body("nonsense", false),
            Err(
                "java.lang.IllegalArgumentException: invalid Content-Type header [nonsense]"
                    .to_owned()
            )
        );
    }

    #[test]
    fn an_accept_that_is_unknown_leaves_the_choice() {
        assert_eq!(MediaType::from_accept("image/png"), None);
        assert_eq!(MediaType::from_accept("*/*"), None);
        assert_eq!(
            MediaType::from_accept("text/html, application/yaml;q=0.3"),
            Some(MediaType::Yaml)
        );
        assert_eq!(MediaType::from_format("JSON"), Some(MediaType::Json));
        assert_eq!(MediaType::from_format("foo"), None);
    }
}
