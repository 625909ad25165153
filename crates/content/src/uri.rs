//! Request targets: the path split into decoded parts, and the query string as name and value pairs.
//!
//! A path is split on `/` first and decoded afterwards, so that `a%2Fb` stays one part. `+` is literal in a path and a
//! blank in a query.

use std::borrow::Cow;

use crate::failure::Failure;

/// What stands between two slashes of a path, decoded. `None` when its percent signs are malformed or it is no UTF-8.
#[must_use]
pub fn path_part(raw: &str) -> Option<Cow<'_, str>> {
    decode(raw, false).ok()
}

/// The path without the authority that a target beginning with `//` names, as the reference reads it
/// (`//host/x` is `/x`).
#[must_use]
pub fn without_authority(path: &str) -> &str {
    match path.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("", |at| &rest[at..]),
        None => path,
    }
}

/// The pairs of a query string, in order, decoded.
///
/// # Errors
/// 400 `illegal_argument_exception` naming the malformed escape.
pub fn query_pairs(query: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut pairs = Vec::new();
    for pair in query.split(['&', ';']) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name.is_empty() {
            continue;
        }
        pairs.push((decode_query(name)?, decode_query(value)?));
    }
    Ok(pairs)
}

fn decode_query(text: &str) -> Result<String, Failure> {
    decode(text, true)
        .map(Cow::into_owned)
        .map_err(|bad| Failure::illegal_argument(bad.to_string()))
}

/// Why an escape could not be decoded. The texts are those of the reference.
#[derive(Debug, thiserror::Error)]
enum Malformed {
    #[error("unterminated escape sequence at end of string: {0}")]
    Unterminated(String),
    #[error("partial escape sequence at end of string: {0}")]
    Partial(String),
    #[error("invalid escape sequence `%{first}{second}' at index {at} of: {text}")]
    Invalid {
        first: char,
        second: char,
        at: usize,
        text: String,
    },
    #[error("invalid UTF-8 in: {0}")]
    Encoding(String),
}

fn decode(text: &str, plus_is_blank: bool) -> Result<Cow<'_, str>, Malformed> {
    let bytes = text.as_bytes();
    if !bytes
        .iter()
        .any(|&byte| byte == b'%' || (plus_is_blank && byte == b'+'))
    {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'+' if plus_is_blank => decoded.push(b' '),
            b'%' => {
                let Some(&first) = bytes.get(at + 1) else {
                    return Err(Malformed::Unterminated(text.to_owned()));
                };
                if first == b'%' {
                    decoded.push(b'%');
                    at += 2;
                    continue;
                }
                let Some(&second) = bytes.get(at + 2) else {
                    return Err(Malformed::Partial(text.to_owned()));
                };
                let (Some(high), Some(low)) = (hex(first), hex(second)) else {
                    return Err(Malformed::Invalid {
                        first: char::from(first),
                        second: char::from(second),
                        at: at + 1,
                        text: text.to_owned(),
                    });
                };
                decoded.push(high << 4 | low);
                at += 2;
            }
            byte => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| Malformed::Encoding(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_blank_in_the_query_and_itself_in_the_path() {
        assert_eq!(path_part("a+b").unwrap(), "a+b");
        assert_eq!(
            query_pairs("q=a+b").unwrap(),
            [("q".to_owned(), "a b".to_owned())]
        );
    }

    #[test]
    fn an_escaped_slash_stays_inside_its_part() {
        assert_eq!(path_part("a%2Fb").unwrap(), "a/b");
        assert_eq!(path_part("N%3A12").unwrap(), "N:12");
    }

    #[test]
    fn malformed_escapes_are_told_apart() {
        assert!(path_part("%").is_none());
        assert!(path_part("%zz").is_none());
        assert!(path_part("%ff").is_none());
        for (query, expected) in [
            ("a=%", "unterminated escape sequence at end of string: %"),
            ("a=%4", "partial escape sequence at end of string: %4"),
            ("a=%zz", "invalid escape sequence `%zz' at index 1 of: %zz"),
        ] {
            assert_eq!(
                query_pairs(query).unwrap_err().reason.as_deref(),
                Some(expected)
            );
        }
    }

    #[test]
    fn a_name_without_a_value_is_there_and_empty() {
        assert_eq!(
            query_pairs("detailed&&x=1&y=").unwrap(),
            [("detailed", ""), ("x", "1"), ("y", "")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn a_target_with_two_slashes_names_a_host_first() {
        assert_eq!(without_authority("//_cat//health"), "//health");
        assert_eq!(without_authority("/_cat"), "/_cat");
        assert_eq!(without_authority("//x"), "");
    }

    mod laws {
        use proptest::prelude::*;

        use super::*;

        fn encoded(text: &str) -> String {
            text.bytes().map(|byte| format!("%{byte:02X}")).collect()
        }

        proptest! {
            #[test]
            fn what_was_encoded_is_decoded(text in ".*", name in ".+") {
                let part = encoded(&text);
                prop_assert_eq!(path_part(&part).unwrap(), text.as_str());
                let query = format!("{}={}", encoded(&name), encoded(&text));
                prop_assert_eq!(query_pairs(&query).unwrap(), [(name, text)]);
            }

            #[test]
            fn anything_is_read_or_refused(text in ".*") {
                let _ = path_part(&text);
                if let Err(failure) = query_pairs(&text) {
                    prop_assert_eq!(failure.status(), 400);
                }
                let _ = without_authority(&text);
            }
        }
    }
}
