//! The client: one server, asked by as many callers as like.

use crate::{Builder, connection::Connector, server::Abilities};
use http::HeaderValue;
use std::{sync::Arc, time::Duration};

/// An async client of the Tasks API of one server. Cloning it is cheap; clones share connections.
///
/// It needs a tokio runtime with I/O and time; a current-thread one is enough.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    pub(crate) abilities: Arc<Abilities>,
}

/// How the one server is spoken to.
pub(crate) struct Inner {
    pub(crate) connector: Connector,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) user: Option<String>,
    pub(crate) opaque_id: Option<HeaderValue>,
    pub(crate) opaque_text: Option<String>,
    pub(crate) answer_timeout: Duration,
    pub(crate) max_answer: usize,
    pub(crate) gzip: bool,
}

impl Inner {
    /// The server's address as errors show it.
    pub(crate) fn url(&self) -> String {
        self.connector.base.to_string()
    }
}

impl Client {
    /// Sets up a client of the server at `url`: `http[s]://host[:port][/prefix]`. Without a port it is 9200, or with a
    /// prefix the scheme's own.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use glasswork_client::Client;
    /// let client = Client::builder("https://search.example.org/es")
    ///     .user("ops", "secret")
    ///     .answer_timeout(Duration::from_secs(10))
    ///     .build()?;
    /// assert_eq!(client.url(), "https://search.example.org:443/es");
    /// # Ok::<(), glasswork_client::ConfigError>(())
    /// ```
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder::new(url.into())
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            abilities: Arc::default(),
        }
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.inner.url()
    }

    /// The name of the user it asks as.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.inner.user.as_deref()
    }

    /// The `X-Opaque-Id` that its requests carry.
    #[must_use]
    pub fn opaque_id(&self) -> Option<&str> {
        self.inner.opaque_text.as_deref()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
