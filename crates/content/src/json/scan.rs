//! The byte loop under everything that reads or writes strings: how far a run of plain characters goes.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes come before the first quote, backslash or control character; all of them when there is none.
///
/// Eight bytes at a time: a byte is zero where `(w - 0x01…) & !w & 0x80…` has its high bit (Hacker's Delight 6-1). The
/// borrow can only mark bytes above the first true one, and only the lowest mark is used.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let mut done = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        let marks = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let marks = marks & HIGHS;
        if marks != 0 {
            return done + (marks.trailing_zeros() / 8) as usize;
        }
        done += 8;
    }
    for &byte in rest {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            return done;
        }
        done += 1;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::plain_run;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_run_ends_at_the_first_special_byte(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let expected = bytes.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\').unwrap_or(bytes.len());
            prop_assert_eq!(plain_run(&bytes), expected);
        }
    }
}
