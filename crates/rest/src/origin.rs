//! Refuses what a page of another site makes a browser do.
//!
//! A browser sends the password that it was once given along with every request to this server, whoever's page asks, and
//! reaches servers that only listen on loopback. Reading is safe: the page does not get to see the answer. Changing is
//! not, so a change that a browser says comes from elsewhere is refused. Programs that are no browsers say nothing.

use glasswork_content::failure::{Failure, Kind};
use http::{HeaderMap, Method, header, request::Parts};

/// Checks a request's head.
///
/// # Errors
/// 403 for a request that may change something and comes from a page of another origin.
pub(crate) fn check(head: &Parts) -> Result<(), Failure> {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&head.method);
    if reads || !is_foreign(&head.headers) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::AccessControl,
        "a page of another site can't change anything here",
    ))
}

/// Fetch metadata, which browsers send over TLS and to loopback; elsewhere the origin beside the host.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return false;
    };
    let host = text(header::HOST.as_str()).unwrap_or("");
    origin
        .split_once("://")
        .is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = http::Request::builder()
            .method(method)
            .uri("/_tasks/_cancel");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).expect("a plain request").into_parts();
        check(&head).is_err_and(|failure| failure.status() == 403)
    }

    #[test]
    fn a_page_of_another_site_can_not_cancel() {
        for site in ["cross-site", "same-site"] {
            assert!(refused(Method::POST, &[("sec-fetch-site", site)]), "{site}");
            assert!(!refused(Method::GET, &[("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.1:9201"] {
            let headers = [("origin", origin), ("host", "127.0.0.1:9200")];
            assert!(refused(Method::POST, &headers), "{origin}");
            assert!(refused(Method::DELETE, &headers), "{origin}");
        }
    }

    #[test]
    fn the_console_and_programs_that_are_no_browsers_can() {
        assert!(!refused(Method::POST, &[]));
        assert!(!refused(
            Method::POST,
            &[("sec-fetch-site", "same-origin"), ("origin", "http://x")]
        ));
        assert!(!refused(Method::POST, &[("sec-fetch-site", "none")]));
        let own = [
            ("origin", "https://search.example:9200"),
            ("host", "search.example:9200"),
        ];
        assert!(!refused(Method::PUT, &own));
    }
}
