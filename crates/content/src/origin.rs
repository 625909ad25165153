//! What a page of another site makes a browser do.
//!
//! A browser sends the password that it was once given along with every request to a server, whoever's page asks, and
//! reaches servers that only listen on loopback. Reading is safe: the page does not get to see the answer. Changing is
//! not, so a change that a browser says comes from elsewhere is refused. Programs that are no browsers say nothing.

use crate::failure::{Failure, Kind};

/// Refuses a request that is not only read (`GET`, `HEAD`, `OPTIONS`) and comes from a page of another origin. `header`
/// gives a header's value by its lower-case name.
///
/// # Errors
/// 403.
pub fn check<'a>(method: &str, header: impl Fn(&str) -> Option<&'a str>) -> Result<(), Failure> {
    if ["GET", "HEAD", "OPTIONS"].contains(&method) || !is_foreign(header) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::AccessControl,
        "a page of another site can't change anything here",
    ))
}

/// Fetch metadata, which browsers send over TLS and to loopback; elsewhere the origin beside the host.
fn is_foreign<'a>(header: impl Fn(&str) -> Option<&'a str>) -> bool {
    if let Some(site) = header("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = header("origin") else {
        return false;
    };
    let host = header("host").unwrap_or("");
    origin
        .split_once("://")
        .is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &str, headers: &[(&str, &str)]) -> bool {
        let header = |name: &str| {
            let mut known = headers.iter();
            known
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        };
        check(method, header).is_err_and(|failure| failure.status() == 403)
    }

    #[test]
    fn a_page_of_another_site_can_not_cancel() {
        for site in ["cross-site", "same-site"] {
            assert!(refused("POST", &[("sec-fetch-site", site)]), "{site}");
            assert!(!refused("GET", &[("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.1:9201"] {
            let headers = [("origin", origin), ("host", "127.0.0.1:9200")];
            assert!(refused("POST", &headers), "{origin}");
            assert!(refused("DELETE", &headers), "{origin}");
        }
    }

    #[test]
    fn the_console_and_programs_that_are_no_browsers_can() {
        assert!(!refused("POST", &[]));
        assert!(!refused(
            "POST",
            &[("sec-fetch-site", "same-origin"), ("origin", "http://x")]
        ));
        assert!(!refused("POST", &[("sec-fetch-site", "none")]));
        let own = [
            ("origin", "https://search.example:9200"),
            ("host", "search.example:9200"),
        ];
        assert!(!refused("PUT", &own));
    }
}
