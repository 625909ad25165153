//! Keys of several values, as one string that travels and merges like any other key.
//!
//! Strings compare as their values do, one after the other, a missing value before all others. Numbers are written as
//! hexadecimal digits of a form that keeps their order; texts end with a NUL, and a NUL inside becomes `\u{1}\u{1}`,
//! U+0001 becomes `\u{1}\u{2}`.

use std::cmp::Ordering;

use tantivy::columnar::MonotonicallyMappableToU64;

/// One value of a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// The document has none.
    Missing,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number, or a date in milliseconds.
    Long(i64),
    /// `unsigned_long`.
    Unsigned(u64),
    /// A floating point number.
    Double(f64),
    /// An address.
    Ip(u128),
    /// A string.
    Text(String),
}

impl Value {
    /// Compares two values of one source; a missing one is the smallest.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
            (Value::Long(a), Value::Long(b)) => a.cmp(b),
            (Value::Unsigned(a), Value::Unsigned(b)) => a.cmp(b),
            (Value::Double(a), Value::Double(b)) => a.total_cmp(b),
            (Value::Ip(a), Value::Ip(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> char {
        match self {
            Value::Missing => '0',
            Value::Boolean(_) => 'b',
            Value::Double(_) => 'd',
            Value::Ip(_) => 'i',
            Value::Long(_) => 'l',
            Value::Text(_) => 't',
            Value::Unsigned(_) => 'u',
        }
    }
}

/// Writes values as one key.
pub(crate) fn encode(values: &[Value]) -> String {
    let mut key = String::new();
    for value in values {
        key.push(value.rank());
        match value {
            Value::Missing => {}
            Value::Boolean(flag) => key.push(if *flag { '1' } else { '0' }),
            Value::Long(number) => key.push_str(&format!("{:016x}", number.to_u64())),
            Value::Unsigned(number) => key.push_str(&format!("{number:016x}")),
            Value::Double(number) => key.push_str(&format!("{:016x}", number.to_u64())),
            Value::Ip(bits) => key.push_str(&format!("{bits:032x}")),
            Value::Text(text) => {
                for letter in text.chars() {
                    match letter {
                        '\0' => key.push_str("\u{1}\u{1}"),
                        '\u{1}' => key.push_str("\u{1}\u{2}"),
                        other => key.push(other),
                    }
                }
                key.push('\0');
            }
        }
    }
    key
}

/// Reads what [`encode`] wrote; what is left of a malformed key is passed over.
pub(crate) fn decode(key: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut rest = key;
    while let Some(kind) = rest.chars().next() {
        rest = &rest[kind.len_utf8()..];
        let width = match kind {
            '0' => 0,
            'b' => 1,
            'd' | 'l' | 'u' => 16,
            'i' => 32,
            't' => rest.find('\0').unwrap_or(rest.len()),
            _ => return values,
        };
        let Some(digits) = rest.get(..width) else {
            return values;
        };
        rest = rest[width..]
            .strip_prefix('\0')
            .filter(|_| kind == 't')
            .unwrap_or(&rest[width..]);
        let number = || u64::from_str_radix(digits, 16).unwrap_or(0);
        values.push(match kind {
            '0' => Value::Missing,
            'b' => Value::Boolean(digits == "1"),
            'd' => Value::Double(f64::from_u64(number())),
            'l' => Value::Long(i64::from_u64(number())),
            'u' => Value::Unsigned(number()),
            'i' => Value::Ip(u128::from_str_radix(digits, 16).unwrap_or(0)),
            _ => Value::Text(
                digits
                    .replace("\u{1}\u{1}", "\0")
                    .replace("\u{1}\u{2}", "\u{1}"),
            ),
        });
    }
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Missing),
            any::<bool>().prop_map(Value::Boolean),
            any::<i64>().prop_map(Value::Long),
            any::<u64>().prop_map(Value::Unsigned),
            (-1e300..1e300).prop_map(Value::Double),
            any::<u128>().prop_map(Value::Ip),
            "[a\u{0}\u{1}\u{2}zé]{0,4}".prop_map(Value::Text),
        ]
    }

    proptest! {
        #[test]
        fn a_key_reads_back_as_its_values(values in prop::collection::vec(value(), 0..4)) {
            prop_assert_eq!(decode(&encode(&values)), values);
        }

        #[test]
        fn keys_of_texts_compare_as_their_texts(a in "[a\u{0}\u{1}\u{2}z]{0,4}", b in "[a\u{0}\u{1}\u{2}z]{0,4}") {
            let key = |text: &str| encode(&[Value::Text(text.to_owned())]);
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }

        #[test]
        fn any_text_is_read_without_harm(key in ".{0,40}") {
            decode(&key);
        }
    }
}
