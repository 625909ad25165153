//! Where the server is, and how parts of a path and of a query are written.

use std::fmt::{self, Write as _};

/// `http[s]://host[:port][/prefix]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Empty, or begins with `/` and does not end with one.
    pub(crate) prefix: String,
}

/// What is wrong with a base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("it does not begin with http:// or https://")]
    Scheme,
    #[error("it names no host")]
    Host,
    #[error("its port is no number from 1 to 65535")]
    Port,
    #[error("name and password don't belong into a URL, where everybody sees them")]
    Credentials,
    #[error("it has a query or a fragment, or characters that must be escaped")]
    Path,
}

impl BaseUrl {
    /// A URL without a port means 9200, as everywhere around OpenSearch; behind a prefix the scheme's own port.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            _ => return Err(UrlError::Scheme),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        let prefix = path.trim_end_matches('/');
        let in_path = |byte: u8| {
            byte.is_ascii_graphic()
                && !matches!(
                    byte,
                    b'?' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
                )
        };
        if !prefix.bytes().all(in_path) {
            return Err(UrlError::Path);
        }
        let (host, port) = split_port(authority)?;
        if host.is_empty()
            || !host.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'%')
            })
        {
            return Err(UrlError::Host);
        }
        let usual = match (prefix.is_empty(), secure) {
            (true, _) => 9200,
            (false, true) => 443,
            (false, false) => 80,
        };
        let port = match port {
            None => usual,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or(UrlError::Port)?,
        };
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            prefix: prefix.to_owned(),
        })
    }

    /// `host:port` as the `Host` header wants it.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(UrlError::Host)?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(UrlError::Host),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(UrlError::Host),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// A path with its parameters, put together piece by piece.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    text: String,
    asked: bool,
}

impl Target {
    /// A path of fixed and variable segments; the latter are escaped.
    pub(crate) fn new(segments: &[&str]) -> Self {
        let mut text = String::new();
        for segment in segments {
            text.push('/');
            escape(segment, &mut text);
        }
        if text.is_empty() {
            text.push('/');
        }
        Self { text, asked: false }
    }

    /// One that somebody else has written: escaped already, perhaps with parameters.
    pub(crate) fn written(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            asked: text.contains('?'),
        }
    }

    /// Adds a parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.asked { '&' } else { '?' });
        self.asked = true;
        self.text.push_str(name);
        self.text.push('=');
        escape(value, &mut self.text);
        self
    }

    /// Adds a comma-separated list unless it is empty.
    pub(crate) fn with_list(self, name: &str, values: &[String]) -> Self {
        if values.is_empty() {
            return self;
        }
        self.with(name, &values.join(","))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Percent-encodes all but what means the same everywhere in a URL (RFC 3986, 2.3), `*`, `,` and `:`.
fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b'*'
            | b','
            | b':' => into.push(char::from(byte)),
            other => {
                // Writing to a String can't fail.
                let _ = write!(into, "%{other:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, UrlError> {
        BaseUrl::parse(text).map(|url| url.to_string())
    }

    #[test]
    fn a_base_url_has_a_host_a_port_and_perhaps_a_prefix() {
        assert_eq!(
            shown("http://localhost").as_deref(),
            Ok("http://localhost:9200")
        );
        assert_eq!(
            shown("HTTPS://search.example.org/es/").as_deref(),
            Ok("https://search.example.org:443/es")
        );
        assert_eq!(
            shown("http://[::1]:9201/").as_deref(),
            Ok("http://[::1]:9201")
        );
        assert_eq!(shown("http://h:80/a/b").as_deref(), Ok("http://h:80/a/b"));
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        assert_eq!(shown("localhost:9200"), Err(UrlError::Scheme));
        assert_eq!(shown("ftp://h"), Err(UrlError::Scheme));
        assert_eq!(shown("http://"), Err(UrlError::Host));
        assert_eq!(shown("http://:9200"), Err(UrlError::Host));
        assert_eq!(shown("http://::1:9200"), Err(UrlError::Host));
        assert_eq!(shown("http://h:0"), Err(UrlError::Port));
        assert_eq!(shown("http://h:x"), Err(UrlError::Port));
        assert_eq!(shown("http://u:p@h"), Err(UrlError::Credentials));
        assert_eq!(shown("http://h/a?b"), Err(UrlError::Path));
        assert_eq!(shown("http://h\r\nx/"), Err(UrlError::Host));
    }

    #[test]
    fn what_goes_into_a_path_or_a_query_is_escaped() {
        let target = Target::new(&["_tasks", "a/b?c d:7"]).with("actions", "*x&y");
        assert_eq!(target.as_str(), "/_tasks/a%2Fb%3Fc%20d:7?actions=*x%26y");
        assert_eq!(Target::new(&[]).as_str(), "/");
    }
}
