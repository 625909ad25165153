//! Who may ask the proxy, and for what.
//!
//! The proxy knows a password and listens where every program and, through their browser, every web page of this machine's
//! user can reach it. So: only requests that name this very address (a page that has its own name point to 127.0.0.1, "DNS
//! rebinding", names another), only from the console's own page, only with the token that was printed, and only for what
//! the console needs.

use http::{HeaderMap, Method, header};

/// Why a request is not passed on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// It names another host.
    #[error("this console answers to its own address only")]
    Host,
    /// It comes from another page.
    #[error("only the console's own page may ask")]
    Origin,
    /// It has no token, or another.
    #[error("open the address that `glasswork console` printed: it has the token in it")]
    Token,
    /// It is for something that the console does not need.
    #[error("the console passes only requests of the Tasks API on")]
    Target,
}

impl Refused {
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Host => 421,
            Self::Token => 401,
            Self::Origin | Self::Target => 403,
        }
    }
}

/// The header that carries the token.
pub(super) const TOKEN: &str = "x-console-token";

/// What is asked for must be at this address, under one of its names.
pub(super) fn check_host(headers: &HeaderMap, port: u16) -> Result<(), Refused> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_own = |host: &str| {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(&format!("{name}:{port}")))
    };
    match host {
        Some(host) if is_own(host) && hosts.next().is_none() => Ok(()),
        _ => Err(Refused::Host),
    }
}

/// Whether a request for the server's data comes from the console's page and has its token.
pub(super) fn check_page(headers: &HeaderMap, token: &str) -> Result<(), Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Refused::Origin);
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = text("host").map(|host| format!("http://{host}"));
        if own.as_deref().map(str::as_bytes) != Some(origin.as_bytes()) {
            return Err(Refused::Origin);
        }
    }
    let given = headers.get(TOKEN).map_or(&[][..], |value| value.as_bytes());
    if !is_same(given, token.as_bytes()) {
        return Err(Refused::Token);
    }
    Ok(())
}

/// Compares in a time that does not tell where the first difference is.
fn is_same(given: &[u8], expected: &[u8]) -> bool {
    given.len() == expected.len()
        && given
            .iter()
            .zip(expected)
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
}

/// Whether the console needs this of the server.
pub(super) fn check_target(method: &Method, path: &str) -> Result<(), Refused> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let allowed = match (method.as_str(), parts.as_slice()) {
        ("GET", [""] | ["_tasks" | "_nodes"] | ["_tasks", "_history"] | ["_cluster", "health"]) => {
            true
        }
        ("GET", ["_nodes", "stats", "os,process,jvm"]) => true,
        ("GET", ["_tasks", id]) | ("POST", ["_tasks", id, "_cancel" | "_pause" | "_resume"]) => {
            is_task_id(id)
        }
        (
            "POST",
            [
                "_reindex" | "_update_by_query" | "_delete_by_query",
                id,
                "_rethrottle",
            ],
        ) => is_task_id(id),
        _ => false,
    };
    if allowed {
        Ok(())
    } else {
        Err(Refused::Target)
    }
}

/// `node:number`, the colon perhaps escaped. Nothing that something on the way could take for another path.
fn is_task_id(part: &str) -> bool {
    let part = part.replace("%3A", ":").replace("%3a", ":");
    let Some((node, number)) = part.split_once(':') else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&node.len())
        && node.bytes().all(plain)
        && (1..=20).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    value.parse().expect("a header's value"),
                )
            })
            .collect()
    }

    #[test]
    fn only_its_own_address_is_answered() {
        for host in ["127.0.0.1:9", "localhost:9", "LOCALHOST:9", "[::1]:9"] {
            assert_eq!(check_host(&headers(&[("host", host)]), 9), Ok(()), "{host}");
        }
        for host in [
            "evil.example:9",
            "127.0.0.1:8",
            "127.0.0.1",
            "localhost.evil.example:9",
            "",
            "127.0.0.1:9@evil",
        ] {
            assert_eq!(
                check_host(&headers(&[("host", host)]), 9),
                Err(Refused::Host),
                "{host}"
            );
        }
        assert_eq!(check_host(&headers(&[]), 9), Err(Refused::Host));
        let mut twice = headers(&[("host", "localhost:9")]);
        twice.append("host", "evil.example".parse().expect("a header's value"));
        assert_eq!(check_host(&twice, 9), Err(Refused::Host));
    }

    #[test]
    fn only_the_page_with_the_token_may_ask() {
        let page = |more: &[(&'static str, &str)]| {
            let mut all = headers(&[("host", "localhost:9"), (TOKEN, "secret")]);
            all.extend(headers(more));
            check_page(&all, "secret")
        };
        assert_eq!(page(&[]), Ok(()));
        assert_eq!(
            page(&[
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://localhost:9")
            ]),
            Ok(())
        );
        assert_eq!(
            page(&[("sec-fetch-site", "cross-site")]),
            Err(Refused::Origin)
        );
        assert_eq!(
            page(&[("sec-fetch-site", "same-site")]),
            Err(Refused::Origin)
        );
        for origin in [
            "null",
            "http://evil.example",
            "https://localhost:9",
            "http://127.0.0.1:9",
        ] {
            assert_eq!(
                page(&[("origin", origin)]),
                Err(Refused::Origin),
                "{origin}"
            );
        }
        for token in ["", "secre", "secreT", "secret "] {
            let other = headers(&[("host", "localhost:9"), (TOKEN, token)]);
            let refused = check_page(&other, "secret");
            assert!(
                refused == Err(Refused::Token) || token == "secret ",
                "{token}"
            );
        }
        assert_eq!(
            check_page(&headers(&[("host", "localhost:9")]), "secret"),
            Err(Refused::Token)
        );
    }

    #[test]
    fn only_the_tasks_api_is_passed_on() {
        let target = |method: Method, path: &str| check_target(&method, path).is_ok();
        for path in [
            "/",
            "/_tasks",
            "/_tasks/n-1_x:42",
            "/_tasks/n%3A42",
            "/_tasks/_history",
            "/_nodes",
            "/_cluster/health",
            "/_nodes/stats/os,process,jvm",
        ] {
            assert!(target(Method::GET, path), "{path}");
            assert!(!target(Method::DELETE, path), "{path}");
            assert!(!target(Method::PUT, path), "{path}");
        }
        for path in [
            "/_tasks/n:42/_cancel",
            "/_tasks/n%3a42/_pause",
            "/_tasks/n:42/_resume",
            "/_reindex/n:42/_rethrottle",
            "/_delete_by_query/n:1/_rethrottle",
        ] {
            assert!(target(Method::POST, path), "{path}");
            assert!(!target(Method::GET, path), "{path}");
        }
        for path in [
            "/_tasks/_cancel",
            "/_search",
            "/books/_doc/1",
            "/_cluster/settings",
            "/_tasks/..:1/_cancel",
            "/_tasks/n:1/../../_search",
            "/_tasks/n%2F1/_cancel",
            "/_tasks/n:1%2f_x/_cancel",
            "//_tasks",
            "/_tasks/",
            "",
            "/_nodes/hot_threads",
            "/_security",
            "/_tasks/n:1/_cancel/x",
        ] {
            assert!(
                !target(Method::POST, path) && !target(Method::GET, path),
                "{path}"
            );
        }
    }
}
