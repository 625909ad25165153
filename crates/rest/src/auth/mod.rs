//! Who asks: basic authentication, and when a node may go without.

mod basic;
mod password;
mod rule;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;
use parking_lot::Mutex;
use ring::hmac;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

pub use password::{HashError, PasswordHash};
pub use rule::{Exposed, Security, Wish, security};

use crate::refusal::{self, Refusal};
use basic::Credentials;

/// How long a proven password is not proven again.
const PROVEN: Duration = Duration::from_secs(300);
/// How long the answer to a wrong password waits.
const PENALTY: Duration = Duration::from_secs(1);
/// How long a password waits for its turn to be proven.
const TURN: Duration = Duration::from_secs(10);
/// How many may wait for their turn or their penalty.
const WAITING: usize = 256;

/// Lets only known users through.
///
/// A password is proven by argon2id, one at a time, so that guessing takes 8 MiB and one thread at most. A proven one
/// is kept for five minutes as a hash under a key that lives as long as the process.
#[derive(Debug)]
pub struct Gate {
    users: HashMap<Arc<str>, PasswordHash>,
    /// Stands in for the users that there aren't, so that they take as long.
    nobody: PasswordHash,
    key: hmac::Key,
    proven: Mutex<HashMap<Arc<str>, Proven>>,
    turn: Semaphore,
    waiting: Semaphore,
    penalty: Duration,
}

#[derive(Debug)]
struct Proven {
    tag: hmac::Tag,
    until: Instant,
}

impl Gate {
    /// Lets these users through.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(users: impl IntoIterator<Item = (String, PasswordHash)>) -> Result<Self, HashError> {
        let random = ring::rand::SystemRandom::new();
        Ok(Self {
            users: users
                .into_iter()
                .map(|(name, hash)| (name.into(), hash))
                .collect(),
            nobody: PasswordHash::nobody()?,
            key: hmac::Key::generate(hmac::HMAC_SHA256, &random)
                .map_err(|_| HashError::NoRandom)?,
            proven: Mutex::new(HashMap::new()),
            turn: Semaphore::new(1),
            waiting: Semaphore::new(WAITING),
            penalty: PENALTY,
        })
    }

    /// The user behind a request.
    pub(crate) async fn admit(&self, headers: &HeaderMap) -> Result<Arc<str>, Refusal> {
        let Some(credentials) = Credentials::of(headers) else {
            return Err(refusal::unauthorized());
        };
        let message = credentials.message();
        if let Some(user) = self.remembered(&credentials.user, &message) {
            return Ok(user);
        }
        let Ok(_waiting) = self.waiting.try_acquire() else {
            return Err(refusal::too_many_logins());
        };
        let user = self
            .users
            .get_key_value(credentials.user.as_str())
            .map(|(name, _)| Arc::clone(name));
        if self.prove(&credentials).await?
            && let Some(user) = user
        {
            self.remember(&user, &message);
            return Ok(user);
        }
        sleep(self.penalty).await;
        Err(refusal::unauthorized())
    }

    fn remembered(&self, user: &str, message: &[u8]) -> Option<Arc<str>> {
        let proven = self.proven.lock();
        let (name, known) = proven.get_key_value(user)?;
        let fresh = known.until > Instant::now();
        (fresh && hmac::verify(&self.key, message, known.tag.as_ref()).is_ok())
            .then(|| Arc::clone(name))
    }

    fn remember(&self, user: &Arc<str>, message: &[u8]) {
        let proven = Proven {
            tag: hmac::sign(&self.key, message),
            until: Instant::now() + PROVEN,
        };
        self.proven.lock().insert(Arc::clone(user), proven);
    }

    async fn prove(&self, credentials: &Credentials) -> Result<bool, Refusal> {
        let turn = timeout(TURN, self.turn.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(refusal::too_many_logins());
        };
        let hash = self
            .users
            .get(credentials.user.as_str())
            .unwrap_or(&self.nobody)
            .clone();
        let password = credentials.password.clone();
        match tokio::task::spawn_blocking(move || hash.fits(&password)).await {
            Ok(fits) => Ok(fits),
            Err(error) => {
                tracing::error!(%error, "a password could not be proven");
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use http::header;

    use super::*;

    fn gate() -> Gate {
        let mut gate =
            Gate::new([("admin".to_owned(), PasswordHash::new("s3cret").unwrap())]).unwrap();
        gate.penalty = Duration::ZERO;
        gate
    }

    async fn admit(gate: &Gate, authorization: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        gate.admit(&headers).await.ok().map(|user| user.to_string())
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(credentials))
    }

    #[tokio::test]
    async fn a_known_user_with_its_password_is_let_through() {
        let gate = gate();
        assert_eq!(
            admit(&gate, &basic("admin:s3cret")).await.as_deref(),
            Some("admin")
        );
        assert_eq!(gate.proven.lock().len(), 1);
        assert_eq!(
            admit(&gate, &basic("admin:s3cret")).await.as_deref(),
            Some("admin")
        );
    }

    #[tokio::test]
    async fn everyone_else_is_not() {
        let gate = gate();
        admit(&gate, &basic("admin:s3cret")).await.unwrap();
        for other in [
            basic("admin:wrong"),
            basic("admin:"),
            basic("nobody:s3cret"),
            basic("admin"),
            "Basic !!!".to_owned(),
            "Bearer x".to_owned(),
            "Basic".to_owned(),
        ] {
            assert_eq!(admit(&gate, &other).await, None, "{other}");
        }
        assert!(gate.admit(&HeaderMap::new()).await.is_err());
    }
}
