//! What is asked of another cluster: its version, a search with a scroll, the next page, and to forget the scroll.

use bytes::Bytes;
use glasswork_content::{Failure, Limits, Render, Value, parse};
use glasswork_search::request::{Order, SearchRequest as SearchSource, SortKey, SortTarget};
use hyper::Method;
use std::time::Duration;

use super::{RemoteSource, answers::not_opensearch, connection::Ask};

/// Which software of which version answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    is_opensearch: bool,
    number: (u32, u32, u32),
}

impl Version {
    /// `GET /`.
    pub(super) fn ask() -> Ask {
        Ask {
            method: Method::GET,
            target: "/".to_owned(),
            body: None,
        }
    }

    /// Reads the answer to [`Version::ask`].
    ///
    /// # Errors
    /// It is no answer of OpenSearch or Elasticsearch, or of an Elasticsearch before 2.0.
    pub(super) fn read(body: &[u8]) -> Result<Self, Failure> {
        let root = parse(body, &Limits::DEFAULT).map_err(not_opensearch)?;
        let version = root.as_object().and_then(|root| root.get("version"));
        let version = version.and_then(|version| version.as_object());
        let text = |key: &str| version?.get(key)?.as_str();
        let Some(number) = text("number") else {
            let missing = Failure::illegal_argument("Required [version.number]");
            return Err(not_opensearch(missing));
        };
        let read = Self {
            is_opensearch: text("distribution") == Some("opensearch"),
            number: number_of(number).ok_or_else(|| {
                let number: String = number.chars().take(100).collect();
                Failure::illegal_argument(format!("Invalid version format: {number}"))
            })?,
        };
        if !read.is_opensearch && read.number < (2, 0, 0) {
            return Err(Failure::illegal_argument(format!(
                "reindex from Elasticsearch [{number}] is not supported, only from 2.0 and later and from OpenSearch"
            )));
        }
        Ok(read)
    }

    /// Whether a scan begins with an answer that has no hits yet.
    pub(super) fn scans(self) -> bool {
        !self.is_opensearch && self.number < (2, 1, 0)
    }

    /// Whether a search can be told to fail rather than leave shards out.
    fn knows_partial_results(self) -> bool {
        self.is_opensearch || self.number >= (6, 3, 0)
    }
}

/// `7.10.2`, `3.0.0-alpha1-SNAPSHOT`, `1.0`.
fn number_of(text: &str) -> Option<(u32, u32, u32)> {
    let plain = text.split('-').next()?;
    let mut parts = plain.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (parts.next()??, parts.next()??);
    let revision = match parts.next() {
        None => 0,
        Some(revision) => revision?,
    };
    Some((major, minor, revision))
}

/// `POST /{indices}/_search`
///
/// # Errors
/// 400 for an index name or an order that can't be asked for.
pub(super) fn search(
    remote: &RemoteSource,
    indices: &[String],
    source: &SearchSource,
    with_versions: bool,
    keep_alive: Duration,
    version: Version,
) -> Result<Ask, Failure> {
    let names = indices.iter().map(|name| encoded_index(name));
    let names = names.collect::<Result<Vec<_>, _>>()?.join(",");
    let mut target = format!(
        "/{names}/_search?scroll={}&size={}&version={with_versions}",
        time(keep_alive),
        source.size(),
    );
    let by_doc = source.sort.is_empty() || source.sort == [SortKey::new("_doc")];
    if by_doc && version.scans() {
        target.push_str("&search_type=scan");
    } else if source.sort.is_empty() {
        target.push_str("&sort=_doc%3Aasc");
    } else {
        let keys = source.sort.iter().map(sort);
        let keys = keys.collect::<Result<Vec<_>, _>>()?.join(",");
        target.push_str("&sort=");
        target.push_str(&encoded(&keys));
    }
    if version.knows_partial_results() {
        target.push_str("&allow_partial_search_results=false");
    }
    let mut out = Render::compact();
    out.object();
    out.key("query");
    out.node(&remote.query);
    match &source.source {
        None => out.field_bool("_source", true),
        Some(filter) => {
            out.field_object("_source");
            for (key, patterns) in [
                ("includes", &filter.includes),
                ("excludes", &filter.excludes),
            ] {
                out.field_array(key);
                for pattern in patterns {
                    out.string(pattern);
                }
                out.end_array();
            }
            out.end_object();
        }
    }
    out.end_object();
    Ok(Ask {
        method: Method::POST,
        target,
        body: Some(Bytes::from(out.finish())),
    })
}

/// `POST /_search/scroll`
pub(super) fn next_page(scroll_id: &str, keep_alive: Duration) -> Ask {
    let mut out = Render::compact();
    out.object();
    out.field_str("scroll_id", scroll_id);
    out.end_object();
    Ask {
        method: Method::POST,
        target: format!("/_search/scroll?scroll={}", time(keep_alive)),
        body: Some(Bytes::from(out.finish())),
    }
}

/// `DELETE /_search/scroll`
pub(super) fn clear(scroll_id: &str) -> Ask {
    let mut out = Render::compact();
    out.object();
    out.field_array("scroll_id");
    out.string(scroll_id);
    out.end_array();
    out.end_object();
    Ask {
        method: Method::DELETE,
        target: "/_search/scroll".to_owned(),
        body: Some(Bytes::from(out.finish())),
    }
}

/// Whole milliseconds, rounded up: every version reads them.
fn time(time: Duration) -> String {
    format!("{}ms", time.as_nanos().div_ceil(1_000_000))
}

/// `field:desc`
fn sort(key: &SortKey) -> Result<String, Failure> {
    let name = match &key.target {
        SortTarget::Score => "_score",
        SortTarget::Doc => "_doc",
        SortTarget::Field(name) => name,
        SortTarget::Script(_) => "_script",
    };
    let plain = SortKey {
        order: key.order,
        ..SortKey::new(name)
    };
    if matches!(key.target, SortTarget::Script(_)) || *key != plain {
        return Err(Failure::illegal_argument(format!(
            "Unsupported sort [{name}]: reindex from remote sources takes fields and their order, nothing else"
        )));
    }
    let order = match key.order {
        Order::Asc => "asc",
        Order::Desc => "desc",
    };
    Ok(format!("{name}:{order}"))
}

/// What of a search another cluster can't be asked for: what would be left out silently is named.
pub(in crate::actions::by_query) fn unsupported(source: &SearchSource) -> Vec<&'static str> {
    let given = [
        ("post_filter", source.post_filter.is_some()),
        ("timeout", source.timeout.is_some()),
        ("terminate_after", source.terminate_after > 0),
        ("min_score", source.min_score.is_some()),
        ("docvalue_fields", !source.docvalue_fields.is_empty()),
        ("fields", !source.fields.is_empty()),
        ("script_fields", !source.script_fields.is_empty()),
        ("track_scores", source.track_scores),
        ("search_after", source.search_after.is_some()),
        ("slice", source.slice.is_some()),
        ("pit", source.point_in_time.is_some()),
        ("aggregations", source.aggregations.is_some()),
    ];
    let given = given.iter().filter(|(_, given)| *given);
    given.map(|(name, _)| *name).collect()
}

/// An index name as a part of a path. One with `%` in it is taken for one that is encoded already.
fn encoded_index(name: &str) -> Result<String, Failure> {
    if !name.contains('%') {
        return Ok(encoded(name));
    }
    for separator in [',', '/'] {
        if name.contains(separator) {
            return Err(Failure::illegal_argument(format!(
                "Index containing [{separator}] not supported but got [{name}]"
            )));
        }
    }
    if name.bytes().all(|byte| is_plain(byte) || byte == b'%') {
        return Ok(name.to_owned());
    }
    Err(Failure::illegal_argument(format!(
        "Index name [{name}] is neither URL encoded nor without [%]"
    )))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.*~".contains(&byte)
}

/// Whether the query is one object, as a search wants it.
pub(super) fn is_query(query: &glasswork_content::Node) -> bool {
    matches!(&query.value, Value::Object(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(body: &str) -> Result<Version, Failure> {
        Version::read(body.as_bytes())
    }

    fn remote() -> RemoteSource {
        let remote = parse(br#"{"host": "http://h:9200"}"#, &Limits::DEFAULT).unwrap();
        let query = parse(br#"{"term": {"a": 1}}"#, &Limits::DEFAULT).unwrap();
        RemoteSource::parse(remote.as_object().unwrap(), Some(&query)).unwrap()
    }

    fn asked(source: &str, version: &str) -> Result<(String, String), Failure> {
        let source = SearchSource::parse(&parse(source.as_bytes(), &Limits::DEFAULT)?)?;
        let version = Version::read(version.as_bytes())?;
        let indices = ["a b".to_owned(), "<log-{now/d}>".to_owned()];
        let keep = Duration::from_secs(300);
        let ask = search(&remote(), &indices, &source, true, keep, version)?;
        let body = String::from_utf8(ask.body.unwrap().to_vec()).unwrap();
        Ok((ask.target, body))
    }

    const OPENSEARCH: &str = r#"{"version": {"distribution": "opensearch", "number": "1.0.0"}}"#;
    const OLD: &str = r#"{"version": {"number": "2.0.2"}}"#;

    #[test]
    fn versions_are_read_and_old_ones_refused() {
        assert!(version(OPENSEARCH).unwrap().knows_partial_results());
        assert!(version(OLD).unwrap().scans());
        let alpha = version(r#"{"version": {"number": "6.3.0-alpha1-SNAPSHOT"}}"#).unwrap();
        assert!(alpha.knows_partial_results() && !alpha.scans());
        let old = version(r#"{"version": {"number": "1.7.5"}}"#).unwrap_err();
        assert!(
            old.reason()
                .contains("Elasticsearch [1.7.5] is not supported")
        );
        for bad in ["", "[]", "{}", r#"{"version": 3}"#] {
            let failure = version(bad).unwrap_err();
            assert!(
                failure
                    .reason()
                    .contains("remote is likely not an OpenSearch instance"),
                "{failure}"
            );
        }
        assert!(version(r#"{"version": {"number": "x.1"}}"#).is_err());
    }

    #[test]
    fn a_search_asks_for_what_the_version_knows() {
        let (target, body) = asked(r#"{"size": 7}"#, OPENSEARCH).unwrap();
        assert_eq!(
            target,
            "/a%20b,%3Clog-%7Bnow%2Fd%7D%3E/_search?scroll=300000ms&size=7&version=true&sort=_doc%3Aasc&allow_partial_search_results=false"
        );
        assert_eq!(body, r#"{"query":{"term":{"a":1}},"_source":true}"#);
        let (target, body) = asked(
            r#"{"_source": ["a", "b*"], "sort": [{"n": "desc"}, "_score"]}"#,
            OLD,
        )
        .unwrap();
        assert!(
            target.ends_with("&version=true&sort=n%3Adesc%2C_score%3Adesc"),
            "{target}"
        );
        assert!(
            body.ends_with(r#""_source":{"includes":["a","b*"],"excludes":[]}}"#),
            "{body}"
        );
        let (target, _) = asked("{}", OLD).unwrap();
        assert!(target.ends_with("&search_type=scan"), "{target}");
        let odd = asked(
            r#"{"sort": [{"n": {"order": "asc", "missing": "_first"}}]}"#,
            OLD,
        );
        assert!(
            odd.unwrap_err()
                .reason()
                .starts_with("Unsupported sort [n]")
        );
    }

    #[test]
    fn names_that_are_encoded_stay_so() {
        assert_eq!(encoded_index("%3Ca%2Fb%3E").unwrap(), "%3Ca%2Fb%3E");
        assert!(encoded_index("a%,b").is_err());
        assert!(encoded_index("a%/../b").is_err());
        assert!(encoded_index("a% HTTP/1.1\r\n").is_err());
        assert_eq!(encoded_index("../_all?x#y").unwrap(), "..%2F_all%3Fx%23y");
    }
}
