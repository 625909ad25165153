//! Passwords, kept as argon2id hashes.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::{SecureRandom, SystemRandom};

/// Memory of a hash, in KiB.
const MEMORY: u32 = 8 << 10;
/// Passes over it.
const PASSES: u32 = 2;
const LENGTH: usize = 32;

/// The hash of a password, with its salt.
#[derive(Clone)]
pub struct PasswordHash {
    salt: [u8; 16],
    hash: [u8; LENGTH],
}

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
    /// The hash could not be made.
    #[error("the password can't be hashed: {0}")]
    Hashing(argon2::Error),
}

impl PasswordHash {
    /// Hashes a password under a fresh salt. Takes 8 MiB and some milliseconds.
    ///
    /// # Errors
    /// When the system gives no random bytes, or the password is longer than 4 GiB.
    pub fn new(password: &str) -> Result<Self, HashError> {
        let mut salt = [0; 16];
        SystemRandom::new()
            .fill(&mut salt)
            .map_err(|_| HashError::NoRandom)?;
        let hash = hashed(password, &salt).map_err(HashError::Hashing)?;
        Ok(Self { salt, hash })
    }

    /// A hash that no password has, as far as anyone can know.
    pub(super) fn nobody() -> Result<Self, HashError> {
        let (mut salt, mut hash) = ([0; 16], [0; LENGTH]);
        let random = SystemRandom::new();
        random
            .fill(&mut salt)
            .and_then(|()| random.fill(&mut hash))
            .map_err(|_| HashError::NoRandom)?;
        Ok(Self { salt, hash })
    }

    /// Whether this is the password. Takes as long as [`PasswordHash::new`], whether it is or not.
    pub(super) fn fits(&self, password: &str) -> bool {
        let Ok(hash) = hashed(password, &self.salt) else {
            return false;
        };
        hash.iter()
            .zip(&self.hash)
            .fold(0, |difference, (one, other)| difference | (one ^ other))
            == 0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash")
    }
}

fn hashed(password: &str, salt: &[u8]) -> Result<[u8; LENGTH], argon2::Error> {
    let params = Params::new(MEMORY, PASSES, 1, Some(LENGTH))?;
    let mut hash = [0; LENGTH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        password.as_bytes(),
        salt,
        &mut hash,
    )?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_fits() {
        let hash = PasswordHash::new("s3cret").unwrap();
        assert!(hash.fits("s3cret"));
        assert!(!hash.fits("s3cret "));
        assert!(!hash.fits(""));
    }

    #[test]
    fn two_hashes_of_a_password_differ() {
        assert_ne!(
            PasswordHash::new("x").unwrap().hash,
            PasswordHash::new("x").unwrap().hash
        );
    }
}
