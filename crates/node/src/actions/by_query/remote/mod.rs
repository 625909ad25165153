//! `source.remote` of a reindex: another cluster, how it is reached, and whether this node may reach it.
//!
//! [`source`] gives the pages, with what [`protocol`] asks and [`answers`] reads over a [`connection`] that trusts as [`tls`] says.
//! The secret is kept with the request, in a durable run too, and nowhere else: it is neither described, nor logged, nor shown
//! when the other side repeats it.

mod answers;
mod connection;
mod protocol;
mod source;
mod tls;

pub(super) use protocol::unsupported;
pub(super) use source::Remote;

use base64::{Engine, engine::general_purpose::STANDARD};
use glasswork_content::{
    Failure, Node as Json, Object, Value,
    text::{TimeValue, parse_time},
};
use glasswork_search::mapping::wildcard;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, time::Duration};

/// Setting: which remote hosts may be read from, patterns of `host:port` with commas between them.
const ALLOW_LIST: &str = "reindex.remote.allowlist";

/// How long each answer of the other cluster may take when nothing is said, and how long connecting to it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Another cluster.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteSource {
    /// `http` or `https`.
    pub scheme: String,
    /// Its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What its paths begin with.
    pub path_prefix: Option<String>,
    /// The query, as the other cluster reads it.
    pub query: Json,
    /// Basic authentication.
    pub username: Option<String>,
    /// Its secret.
    pub password: Option<String>,
    /// Further headers of each request.
    pub headers: Vec<(String, String)>,
    /// How long each answer may take.
    pub socket_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
}

impl RemoteSource {
    /// Reads `remote`; the query comes from beside it.
    ///
    /// # Errors
    /// 400 for a host that is no address, malformed values and unknown keys.
    pub fn parse(remote: &Object, query: Option<&Json>) -> Result<Self, Failure> {
        let text = |name: &str| match remote.get(name) {
            None => Ok(None),
            Some(node) => match &node.value {
                Value::Null => Ok(None),
                Value::String(text) => Ok(Some(text.clone())),
                _ => Err(Failure::illegal_argument(format!(
                    "Expected [{name}] to be a string but was [{}]",
                    node.to_text().unwrap_or_default()
                ))),
            },
        };
        let time = |name: &str| -> Result<Duration, Failure> {
            let Some(text) = text(name)? else {
                return Ok(DEFAULT_TIMEOUT);
            };
            let value: TimeValue = parse_time(&text, name)?;
            Ok(value.duration().unwrap_or(Duration::MAX))
        };
        let (username, password) = (text("username")?, text("password")?);
        let Some(host) = text("host")? else {
            return Err(Failure::new(
                glasswork_content::Kind::NullPointer,
                "[host] must be specified to reindex from a remote cluster",
            ));
        };
        let address = Address::parse(&host)?;
        let headers = headers(remote)?;
        let (socket_timeout, connect_timeout) = (time("socket_timeout")?, time("connect_timeout")?);
        const KNOWN: &[&str] = &[
            "host",
            "username",
            "password",
            "headers",
            "socket_timeout",
            "connect_timeout",
        ];
        let unknown: Vec<&str> = remote.keys().filter(|key| !KNOWN.contains(key)).collect();
        if !unknown.is_empty() {
            return Err(Failure::illegal_argument(format!(
                "Unsupported fields in [remote]: [{}]",
                unknown.join(",")
            )));
        }
        let everything = || {
            let mut clause = Object::new();
            clause.insert("match_all", Json::from(Value::Object(Object::new())));
            Json::from(Value::Object(clause))
        };
        if password.is_some() && username.is_none() {
            return Err(Failure::illegal_argument(
                "[password] needs a [username] in [remote]",
            ));
        }
        if query.is_some_and(|query| !protocol::is_query(query)) {
            return Err(Failure::illegal_argument(
                "[query] must be an object to reindex from a remote cluster",
            ));
        }
        let remote = Self {
            scheme: address.scheme,
            host: address.host,
            port: address.port,
            path_prefix: address.path,
            query: query.cloned().unwrap_or_else(everything),
            username,
            password,
            headers,
            socket_timeout,
            connect_timeout,
        };
        remote.request_headers()?;
        Ok(remote)
    }

    /// User and password as basic authentication sends them.
    fn basic(&self) -> Option<String> {
        let username = self.username.as_deref()?;
        let password = self.password.as_deref().unwrap_or_default();
        Some(STANDARD.encode(format!("{username}:{password}")))
    }

    /// A text without the secrets that the other side may have repeated in it.
    fn without_secrets(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        let is_secret = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["auth", "cookie", "token", "key", "secret"]
                .iter()
                .any(|word| name.contains(word))
        };
        let headers = self.headers.iter().filter(|(name, _)| is_secret(name));
        let secrets = self.basic().into_iter().chain(self.password.clone());
        for secret in secrets.chain(headers.map(|(_, value)| value.clone())) {
            if !secret.is_empty() {
                shown = shown.replace(&secret, "<<>>");
            }
        }
        shown
    }

    /// Whether this node may read from it: `reindex.remote.allowlist`, nothing unless said otherwise.
    ///
    /// # Errors
    /// 400 `[host:port] not allowlisted in reindex.remote.allowlist`.
    pub(super) fn check_allowed(&self, node: &crate::Node) -> Result<(), Failure> {
        let allowed = node.config().settings.get(ALLOW_LIST);
        let address = format!("{}:{}", self.host, self.port);
        let is_allowed = allowed.is_some_and(|list| {
            list.split(',')
                .map(str::trim)
                .any(|pattern| wildcard(pattern, &address))
        });
        if is_allowed {
            return Ok(());
        }
        Err(Failure::illegal_argument(format!(
            "[{address}] not allowlisted in {ALLOW_LIST}"
        )))
    }
}

/// Checks the settings of a node that reindexing from other clusters follows.
///
/// # Errors
/// 400 for a value that can't be followed: an allow-list that lets in everything, another setting of `reindex.ssl` than those
/// that are known.
pub(crate) fn check_settings(settings: &BTreeMap<String, String>) -> Result<(), Failure> {
    let allowed = settings.get(ALLOW_LIST).map_or("", String::as_str);
    let is_all = |pattern: &str| {
        let only_wild = pattern.chars().all(|c| c == '*' || c == ':');
        pattern.contains('*') && only_wild
    };
    if allowed.split(',').any(|pattern| is_all(pattern.trim())) {
        return Err(Failure::illegal_argument(format!(
            "Refusing to start because allowlist [{allowed}] accepts all addresses. This would allow users to reindex-from-remote any \
             URL they like effectively having this node make HTTP GETs for them."
        )));
    }
    tls::SslSettings::of(settings).map(drop)
}

fn headers(remote: &Object) -> Result<Vec<(String, String)>, Failure> {
    let Some(node) = remote.get("headers").filter(|node| !node.is_null()) else {
        return Ok(Vec::new());
    };
    let Some(object) = node.as_object() else {
        return Err(Failure::illegal_argument(format!(
            "Expected [headers] to be an object containing strings but was [{}]",
            node.to_text().unwrap_or_default()
        )));
    };
    object
        .iter()
        .map(|(name, value)| match value.as_str() {
            Some(value) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Failure::illegal_argument(format!(
                "Expected [headers] to be an object containing strings but has [{name}={}]",
                value.to_text().unwrap_or_default()
            ))),
        })
        .collect()
}

/// `scheme://host:port/prefix`
struct Address {
    scheme: String,
    host: String,
    port: u16,
    path: Option<String>,
}

impl Address {
    fn parse(text: &str) -> Result<Self, Failure> {
        let malformed = || {
            Failure::illegal_argument(format!(
                "[host] must be of the form [scheme]://[host]:[port](/[pathPrefix])? but was [{text}]"
            ))
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (host, port) = authority.rsplit_once(':').ok_or_else(malformed)?;
        let port = port.parse().map_err(|_| malformed())?;
        // The name and the secret of a user have keys of their own.
        let strange = |c: char| c.is_whitespace() || c.is_control() || "@?#\\".contains(c);
        if host.is_empty() || text.contains(strange) || !matches!(scheme, "http" | "https") {
            return Err(malformed());
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port,
            path: (!path.is_empty()).then(|| path.to_owned()),
        })
    }
}

/// `host=h port=9200 query={…} username=u password=<<>>`
impl fmt::Display for RemoteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme != "http" {
            write!(f, "scheme={} ", self.scheme)?;
        }
        let query = String::from_utf8(self.query.to_json()).unwrap_or_default();
        write!(f, "host={} port={}", self.host, self.port)?;
        if let Some(prefix) = &self.path_prefix {
            write!(f, " pathPrefix={prefix}")?;
        }
        write!(f, " query={query}")?;
        if let Some(username) = &self.username {
            write!(f, " username={username}")?;
        }
        if self.password.is_some() {
            f.write_str(" password=<<>>")?;
        }
        Ok(())
    }
}

/// Without the secret.
impl fmt::Debug for RemoteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteSource({self})")
    }
}
