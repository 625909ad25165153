//! Which terms of a `terms` aggregation may have a bucket: `include` and `exclude`.

use glasswork_content::{Failure, Kind, Render, Value};
use serde::{Deserialize, Serialize};
use tantivy_fst::{Automaton, Regex};

use super::fields::Field;

/// Bytes of a regular expression (`index.max_regex_length`).
const MAX_REGEX: usize = 1_000;

/// A choice among terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Choice {
    /// Those that match a regular expression from end to end.
    Regex(String),
    /// These.
    Exact(Vec<String>),
    /// Those whose hash falls into one of several parts.
    Partition {
        /// Which part, from 0.
        partition: u32,
        /// How many parts.
        of: u32,
    },
}

impl Choice {
    /// Reads the value of `include` or `exclude`.
    ///
    /// # Errors
    /// 400 in OpenSearch's words, and for regular expressions outside of what is supported.
    pub(crate) fn parse(field: &Field<'_>) -> Result<Self, Failure> {
        match &field.node().value {
            Value::String(text) => {
                regex(text).map_err(|cause| field.failed(cause))?;
                Ok(Choice::Regex(text.clone()))
            }
            Value::Array(elements) => {
                let mut terms = Vec::with_capacity(elements.len());
                for element in elements {
                    let term = element.to_text().ok_or_else(|| {
                        let reason =
                            "Array elements in include/exclude clauses should be string values";
                        field.failed(Failure::parse(reason))
                    })?;
                    terms.push(term.into_owned());
                }
                Ok(Choice::Exact(terms))
            }
            Value::Object(object) if field.key() == "include" => {
                let (mut partition, mut of) = (None, None);
                for (key, node) in object.iter() {
                    let number = node.to_i32().map_err(|cause| field.failed(cause))?;
                    match key {
                        "partition" => partition = Some(number),
                        "num_partitions" => of = Some(number),
                        _ => {
                            let reason =
                                format!("Unknown parameter in Include/Exclude clause: {key}");
                            return Err(field.failed(Failure::parse(reason)));
                        }
                    }
                }
                partitions(partition, of).map_err(|cause| field.failed(cause))
            }
            _ => {
                let article = if field.key() == "include" {
                    "an include"
                } else {
                    "an exclude"
                };
                let reason = format!(
                    "Unrecognized token for {article} [{}]",
                    field.node().token_name()
                );
                Err(field.failed(Failure::illegal_argument(reason)))
            }
        }
    }

    /// Writes it as OpenSearch prints a parsed one.
    pub(crate) fn render(&self, out: &mut Render) {
        match self {
            Choice::Regex(text) => out.string(text),
            Choice::Exact(terms) => {
                out.array();
                for term in terms {
                    out.string(term);
                }
                out.end_array();
            }
            Choice::Partition { partition, of } => {
                out.object();
                out.field_unsigned("partition", u64::from(*partition));
                out.field_unsigned("num_partitions", u64::from(*of));
                out.end_object();
            }
        }
    }

    /// What decides whether a term of bytes is chosen.
    ///
    /// # Errors
    /// 400 for a malformed regular expression.
    pub(crate) fn matcher(&self) -> Result<Matcher, Failure> {
        Ok(match self {
            Choice::Regex(text) => Matcher::Regex(Box::new(regex(text)?)),
            Choice::Exact(terms) => {
                let mut terms: Vec<Vec<u8>> =
                    terms.iter().map(|term| term.clone().into_bytes()).collect();
                terms.sort_unstable();
                Matcher::Exact(terms)
            }
            Choice::Partition { partition, of } => Matcher::Partition {
                partition: *partition,
                of: *of,
            },
        })
    }
}

/// Decides about terms one by one.
pub(crate) enum Matcher {
    /// By an automaton.
    Regex(Box<Regex>),
    /// By a sorted list.
    Exact(Vec<Vec<u8>>),
    /// By hash.
    Partition {
        /// The part that is chosen.
        partition: u32,
        /// How many parts.
        of: u32,
    },
}

impl Matcher {
    /// Whether `term` is chosen.
    pub(crate) fn accepts(&self, term: &[u8]) -> bool {
        match self {
            Matcher::Regex(regex) => {
                let mut state = regex.start();
                for byte in term {
                    if !regex.can_match(&state) {
                        return false;
                    }
                    state = regex.accept(&state, *byte);
                }
                regex.is_match(&state)
            }
            Matcher::Exact(terms) => terms
                .binary_search_by(|known| known.as_slice().cmp(term))
                .is_ok(),
            Matcher::Partition { partition, of } => {
                let hash = murmur3(term, PARTITION_SEED) as i32;
                hash.rem_euclid(*of as i32) == *partition as i32
            }
        }
    }
}

/// Seed of the hash that parts terms (`IncludeExclude.HASH_PARTITIONING_SEED`).
const PARTITION_SEED: u32 = 31;

/// The part a number falls into (`BitMixer.mix64`).
pub(crate) fn number_partition(value: u64, of: u32) -> u32 {
    let mut mixed = value;
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0x4cd6_944c_5cc2_0b6d);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xfc12_c5b1_9d32_59e9);
    mixed ^= mixed >> 32;
    (mixed as i64).rem_euclid(i64::from(of)) as u32
}

/// What numbers and addresses say of regular expressions.
pub(crate) fn no_regex(called: &str) -> Failure {
    Failure::new(
        Kind::AggregationExecution,
        format!(
            "Aggregation [{called}] cannot support regular expression style include/exclude settings as they can only be applied \
         to string fields. Use an array of values for include/exclude clauses"
        ),
    )
}

fn partitions(partition: Option<i32>, of: Option<i32>) -> Result<Choice, Failure> {
    let missing = |what: &str| {
        Failure::illegal_argument(format!(
            "Missing [{what}] parameter for partition-based include"
        ))
    };
    let partition = partition.ok_or_else(|| missing("partition"))?;
    let of = of.ok_or_else(|| missing("num_partitions"))?;
    if of < 2 {
        return Err(Failure::illegal_argument(
            "Must specify at least 2 partitions",
        ));
    }
    if partition < 0 || partition >= of {
        return Err(Failure::illegal_argument(format!(
            "Partition must be >=0 and < numPartition which is {of}"
        )));
    }
    Ok(Choice::Partition {
        partition: partition as u32,
        of: of as u32,
    })
}

/// A regular expression of Lucene's syntax, without its optional operators.
fn regex(text: &str) -> Result<Regex, Failure> {
    if text.len() > MAX_REGEX {
        return Err(Failure::illegal_argument(format!(
            "The length of regex [{}] used in the request has exceeded the allowed maximum of [{MAX_REGEX}]. This maximum can \
             be set by changing the [index.max_regex_length] index level setting.",
            text.len()
        )));
    }
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '~' | '&' | '<' | '@' | '#' | '"' => {
                return Err(Failure::illegal_argument(format!(
                    "operator [{letter}] at position {at} of the regular expression is not supported"
                )));
            }
            _ => {}
        }
    }
    Regex::new(text).map_err(|error| Failure::illegal_argument(error.to_string()))
}

/// MurmurHash3 x86_32 (`StringHelper.murmurhash3_x86_32`).
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    const FIRST: u32 = 0xcc9e_2d51;
    const SECOND: u32 = 0x1b87_3593;
    let mix = |word: u32| {
        word.wrapping_mul(FIRST)
            .rotate_left(15)
            .wrapping_mul(SECOND)
    };
    let mut hash = seed;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        hash = (hash ^ mix(u32::from_le_bytes(*word)))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    if !tail.is_empty() {
        let mut word = [0; 4];
        word[..tail.len()].copy_from_slice(tail);
        hash ^= mix(u32::from_le_bytes(word));
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_murmur3() {
        assert_eq!(murmur3(b"", 0), 0);
        assert_eq!(murmur3(b"hello", 0), 0x248b_fa47);
        assert_eq!(murmur3(b"hello, world", 0), 0x149b_bb7f);
    }

    #[test]
    fn strings_fall_into_the_parts_of_the_real_server() {
        let part = |partition| Choice::Partition { partition, of: 2 }.matcher().unwrap();
        assert!(part(0).accepts(b"bcd") && part(1).accepts(b"abc"));
        assert_eq!(
            (number_partition(5_678, 2), number_partition(1_234, 2)),
            (0, 1)
        );
    }

    #[test]
    fn a_regular_expression_matches_from_end_to_end() {
        let matcher = Choice::Regex("sci.*".to_owned()).matcher().unwrap();
        assert!(matcher.accepts(b"science") && !matcher.accepts(b"a science"));
        assert!(regex("a~b").is_err());
    }
}
