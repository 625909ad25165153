//! Ids of nodes, indices and clusters: 128 random bits in 22 characters.

use std::io;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A new id: a random (version 4) UUID in the URL-safe base 64 alphabet without padding, 22 characters.
///
/// # Errors
/// When the system has no random numbers to give.
pub fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    // As OpenSearch's: none begins with a dash, so that no tool takes one for an option.
    bytes[0] &= 0x7F;
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Ok(encode(bytes))
}

fn encode(bytes: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bytes);
    // 22 characters of 6 bits are 132 bits: four zeros follow the 128.
    (0..22)
        .map(|at| {
            let shift = 122 - 6 * at;
            let six = if shift >= 0 {
                bits >> shift
            } else {
                bits << -shift
            };
            char::from(ALPHABET[(six & 63) as usize])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_22_characters_and_differ() {
        let (a, b) = (random().unwrap(), random().unwrap());
        assert_eq!((a.len(), b.len()), (22, 22));
        assert_ne!(a, b);
    }

    #[test]
    fn encoding_is_base_64_for_urls() {
        assert_eq!(encode([0; 16]), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(encode([0xFF; 16]), "_____________________w");
    }
}
