//! How a client is set up: where, as whom, with which trust and how patient.

use crate::{Client, client::Inner, connection::Connector, tls, url::BaseUrl};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use std::{io, path::PathBuf, time::Duration};

/// Sets up a [`Client`]; made by [`Client::builder`].
pub struct Builder {
    url: String,
    user: Option<(String, String)>,
    ca_file: Option<PathBuf>,
    insecure: bool,
    connect_timeout: Duration,
    answer_timeout: Duration,
    max_answer: usize,
    gzip: bool,
    opaque_id: Option<String>,
}

/// Why no client could be set up.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The base URL can't be used.
    #[error("`{}` is no URL of a server: {reason}", crate::excerpt(.url, 200))]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A user's name with a colon, which basic authentication can't carry (RFC 7617).
    #[error("a user's name can't hold a colon")]
    UserName,
    /// The certificates of the authority can't be read.
    #[error("{}: {error}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM form", .0.display())]
    NoCertificate(PathBuf),
    /// The id to be told to the server can't be in a header.
    #[error("an X-Opaque-Id can't hold control characters")]
    OpaqueId,
    /// TLS can't be used at all.
    #[error("TLS can't be used: {0}")]
    Tls(String),
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let user = self.user.as_ref().map(|(name, _)| name);
        formatter
            .debug_struct("Builder")
            .field("url", &self.url)
            .field("user", &user)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            user: None,
            ca_file: None,
            insecure: false,
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            max_answer: 256 << 20,
            gzip: false,
            opaque_id: None,
        }
    }

    /// Basic authentication.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// A PEM file of the authorities to trust instead of the public ones.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Takes any certificate: whoever is in between can read the password and change every answer.
    #[must_use]
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// How long a connection may take, with the name's look-up and the TLS handshake (10 s).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an answer may take, from the request to its last byte (30 s). Where the server was asked to wait, that
    /// time comes on top.
    #[must_use]
    pub fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer_timeout = timeout;
        self
    }

    /// The largest answer that is read, in bytes after decompression (256 MiB).
    #[must_use]
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Asks for compressed answers: worth it over slow networks (off).
    #[must_use]
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = gzip;
        self
    }

    /// The `X-Opaque-Id` of every request: the tasks that serve this client carry it.
    #[must_use]
    pub fn opaque_id(mut self, id: impl Into<String>) -> Self {
        self.opaque_id = Some(id.into());
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL, the user's name or the file of certificates can't be used.
    pub fn build(self) -> Result<Client, ConfigError> {
        let base = BaseUrl::parse(&self.url).map_err(|reason| ConfigError::Url {
            url: self.url.clone(),
            reason: reason.to_string(),
        })?;
        let tls = match base.secure {
            true => Some(tls::connector(self.ca_file.as_deref(), self.insecure)?),
            false => None,
        };
        let user = self.user.as_ref().map(|(name, _)| name.clone());
        let authorization = self.user.map(basic).transpose()?;
        let opaque_id = match &self.opaque_id {
            Some(id) => Some(HeaderValue::from_str(id).map_err(|_| ConfigError::OpaqueId)?),
            None => None,
        };
        let connector = Connector::new(base, tls, self.connect_timeout);
        Ok(Client::new(Inner {
            connector,
            authorization,
            user,
            opaque_id,
            opaque_text: self.opaque_id,
            answer_timeout: self.answer_timeout,
            max_answer: self.max_answer,
            gzip: self.gzip,
        }))
    }
}

/// The `Authorization` header of a name and a password (RFC 7617); it is never shown by `Debug`.
fn basic((name, password): (String, String)) -> Result<HeaderValue, ConfigError> {
    if name.contains(':') {
        return Err(ConfigError::UserName);
    }
    let text = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let mut value = HeaderValue::try_from(text).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_become_a_header_that_debug_does_not_show() {
        let value = basic(("Aladdin".into(), "open sesame".into())).expect("a plain name");
        assert_eq!(
            value.to_str().ok(),
            Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        );
        assert!(!format!("{value:?}").contains("QWxh"));
        assert!(matches!(
            basic(("a:b".into(), String::new())),
            Err(ConfigError::UserName)
        ));
    }

    #[test]
    fn what_can_not_be_used_is_told_before_anything_is_sent() {
        let error = |builder: Builder| builder.build().expect_err("it can't be used").to_string();
        assert_eq!(
            error(Client::builder("localhost:9200")),
            "`localhost:9200` is no URL of a server: it does not begin with http:// or https://"
        );
        assert!(
            error(Client::builder("https://h").ca_file("/nowhere/ca.pem"))
                .starts_with("/nowhere/ca.pem: ")
        );
        assert_eq!(
            error(Client::builder("http://h").opaque_id("a\nb")),
            "an X-Opaque-Id can't hold control characters"
        );
    }
}
