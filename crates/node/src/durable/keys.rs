//! The keys of durable runs, and the form of their values.

use bytes::Bytes;
use glasswork_content::failure::{Failure, Kind};
use glasswork_substrate::{KvError, kv::MAX_VALUE_BYTES};
use glasswork_tasks::NodeId;
use serde::{Serialize, de::DeserializeOwned};

/// The format version that is written.
const FORMAT: u8 = 2;

/// What all keys of a node begin with.
pub(super) fn prefix(node: &NodeId) -> String {
    format!("tasks/{node}/")
}

/// The key of a head.
pub(super) fn head(node: &NodeId, number: u64) -> String {
    format!("tasks/{node}/{number}")
}

/// The key of a part of the run whose head has `head`.
pub(super) fn part(head: &str, part: u32) -> String {
    format!("{head}/{part}")
}

/// The number of a task and the part that stand behind [`prefix`]; nothing for another key.
pub(super) fn parse(rest: &str) -> Option<(u64, Option<u32>)> {
    match rest.split_once('/') {
        None => Some((rest.parse().ok()?, None)),
        Some((number, part)) => Some((number.parse().ok()?, Some(part.parse().ok()?))),
    }
}

/// The value for a key.
///
/// # Errors
/// 400 when it is longer than a value may be.
pub(super) fn encode<T: Serialize>(what: &str, value: &T) -> Result<Bytes, Failure> {
    let mut bytes = vec![FORMAT];
    let body = postcard::to_stdvec(value)
        .map_err(|error| Failure::illegal_state(format!("{what} can't be written: {error}")))?;
    bytes.extend(body);
    if bytes.len() > MAX_VALUE_BYTES {
        return Err(Failure::illegal_argument(format!(
            "{what} takes [{}] bytes, at most [{MAX_VALUE_BYTES}] can be kept: with [wait_for_completion=true] it need not be",
            bytes.len()
        )));
    }
    Ok(bytes.into())
}

/// Reads a value; the reason why it can't be read otherwise.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => postcard::from_bytes(rest).map_err(|error| error.to_string()),
        Some((format, _)) => Err(format!("its format [{format}] is not known")),
        None => Err("it is empty".to_owned()),
    }
}

/// The failure of keys that can't be written now.
pub(super) fn of_kv(error: &KvError) -> Failure {
    match error {
        KvError::TooLarge { .. } | KvError::InvalidKey(_) => {
            Failure::illegal_argument(error.to_string())
        }
        _ => Failure::new(Kind::FailedToCommitClusterState, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let node = NodeId::from("n1");
        let rest = |key: &str| key.strip_prefix(&prefix(&node)).map(str::to_owned);
        let head = head(&node, 42);
        assert_eq!(parse(&rest(&head).unwrap()), Some((42, None)));
        assert_eq!(parse(&rest(&part(&head, 3)).unwrap()), Some((42, Some(3))));
        assert_eq!(parse("42/x"), None);
        assert_eq!(parse("x"), None);
    }

    #[test]
    fn what_is_too_long_or_of_another_format_is_refused() {
        let long = vec![7_u8; MAX_VALUE_BYTES];
        assert_eq!(encode("it", &long).unwrap_err().status(), 400);
        assert_eq!(
            decode::<u8>(&[9, 1]).unwrap_err(),
            "its format [9] is not known"
        );
        assert_eq!(decode::<u8>(&encode("it", &5_u8).unwrap()), Ok(5));
    }
}
