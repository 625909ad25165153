//! Which server it is, and what it can do beyond OpenSearch. Found out once.

use crate::{Client, Error, exchange::GLASSWORK, url::Target};
use http::{HeaderValue, Method};
use serde::{Deserialize, Serialize};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::sync::OnceCell;

/// What a server says of itself at `GET /`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The node that answered.
    #[serde(default)]
    pub name: String,
    /// The cluster's name.
    #[serde(default)]
    pub cluster_name: String,
    /// The version of OpenSearch, or of what is spoken.
    #[serde(default)]
    pub version: Version,
    /// The version of Glasswork, where it is one.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub glasswork: Option<String>,
}

/// A server's version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `opensearch`; Elasticsearch and OpenSearch in its compatibility mode leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// As `3.8.0`.
    #[serde(default)]
    pub number: String,
}

/// What was found out about the server.
#[derive(Default)]
pub(crate) struct Abilities {
    server: OnceCell<Server>,
    /// It said that it doesn't know a parameter of an extension.
    no_extensions: AtomicBool,
}

impl Client {
    /// Which server this is; asked once, then known.
    ///
    /// # Errors
    /// When it can't be reached or doesn't say.
    pub async fn server(&self) -> Result<&Server, Error> {
        self.abilities
            .server
            .get_or_try_init(|| async {
                let answer = self
                    .inner
                    .ask(Method::GET, &Target::new(&[]), Duration::ZERO)
                    .await?;
                let mut server: Server = self.inner.read(&answer)?;
                let version = answer.headers.get(GLASSWORK).map(HeaderValue::as_bytes);
                server.glasswork = version.map(|text| String::from_utf8_lossy(text).into_owned());
                Ok(server)
            })
            .await
    }

    /// Whether the server is Glasswork. One that doesn't let this user ask (403) is taken for none.
    pub(crate) async fn is_glasswork(&self) -> Result<bool, Error> {
        match self.server().await {
            Ok(server) => Ok(server.glasswork.is_some()),
            Err(error) if matches!(error.status(), Some(403..=405)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn has_extensions(&self) -> Result<bool, Error> {
        Ok(!self.abilities.no_extensions.load(Ordering::Relaxed) && self.is_glasswork().await?)
    }

    pub(crate) fn lacks_extensions(&self) {
        self.abilities.no_extensions.store(true, Ordering::Relaxed);
    }

    /// Refuses, before anything is sent, what only Glasswork has.
    pub(crate) async fn needs_glasswork(&self, what: &'static str) -> Result<(), Error> {
        match self.is_glasswork().await? {
            true => Ok(()),
            false => Err(self.not_offered(what)),
        }
    }

    pub(crate) fn not_offered(&self, what: &'static str) -> Error {
        Error::NotOffered {
            url: self.url(),
            what,
        }
    }
}
