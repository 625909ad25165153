//! The `Authorization: Basic` header (RFC 7617).

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header};

/// A user and the password that it claims to have.
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

/// A longer header is not looked at, in bytes.
const LONGEST: usize = 4096;

impl Credentials {
    /// The credentials of a request; `None` when there are none or they are malformed.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > LONGEST {
            return None;
        }
        let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some(Self {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }

    /// What is hashed of them: user and password, told apart by a byte that a user's name can't have.
    pub(super) fn message(&self) -> Vec<u8> {
        [self.user.as_bytes(), b":", self.password.as_bytes()].concat()
    }
}
