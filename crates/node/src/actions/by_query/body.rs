//! The bodies of by-query operations, with OpenSearch's complaints about what it doesn't know.

use glasswork_content::{Failure, Node as Json, Object, Value, text::did_you_mean};
use glasswork_search::request::SearchRequest as SearchSource;

use super::{
    remote::RemoteSource,
    request::{ByQueryRequest, DEFAULT_SCROLL_SIZE, Destination, Work},
};
use crate::actions::documents::{UpdateScript, VersionType};

/// The warning that `size` is what `max_docs` was called.
pub const SIZE_DEPRECATED: &str = "Deprecated field [size] used, expected [max_docs] instead";
/// The warning that documents are not to be sorted before they are copied.
pub const SORT_DEPRECATED: &str = "The sort option in reindex is deprecated. Instead consider using query filtering to find the \
                                   desired subset of data.";

const REINDEX: &[&str] = &["source", "dest", "max_docs", "size", "script", "conflicts"];
const DEST: &[&str] = &["index", "routing", "op_type", "pipeline", "version_type"];

impl ByQueryRequest {
    /// Reads the body of a reindex into this one. Gives the deprecation warnings that it deserves.
    ///
    /// # Errors
    /// 400 `x_content_parse_exception`: `[1:2] [reindex] unknown field [sauce] did you mean [source]?` and the like.
    pub fn read_reindex(&mut self, body: &Json) -> Result<Vec<&'static str>, Failure> {
        let Some(object) = body.as_object() else {
            return Err(Failure::content_parse(
                format!(
                    "[reindex] Expected START_OBJECT but was: {}",
                    body.token_name()
                ),
                body.at,
            ));
        };
        let mut warnings = Vec::new();
        for entry in object.entries() {
            let (key, node) = (entry.key.as_str(), &entry.node);
            let failed = |cause: Failure| {
                let why = format!("[reindex] failed to parse field [{key}]");
                Failure::content_parse(why, node.at).caused_by(cause)
            };
            let wrong = || {
                let token = node.token_name();
                let why = format!("[reindex] {key} doesn't support values of type: {token}");
                Failure::content_parse(why, node.at)
            };
            match key {
                "source" => {
                    let source = node.as_object().ok_or_else(wrong)?;
                    self.read_source(source, node).map_err(failed)?;
                }
                "dest" => {
                    let dest = node.as_object().ok_or_else(wrong)?;
                    let Work::Reindex(destination) = &mut self.work else {
                        return Err(wrong());
                    };
                    read_destination(dest, destination).map_err(failed)?;
                }
                "max_docs" | "size" => {
                    if key == "size" {
                        warnings.push(SIZE_DEPRECATED);
                    }
                    let documents = node.to_i32().map_err(failed)?;
                    self.options.set_max_docs(documents).map_err(failed)?;
                }
                "script" => self.script = Some(UpdateScript::parse(node).map_err(failed)?),
                "conflicts" => {
                    let conflicts = node.as_str().ok_or_else(wrong)?;
                    self.options.set_conflicts(conflicts).map_err(failed)?;
                }
                _ => {
                    let guess = did_you_mean(key, REINDEX.iter().copied());
                    let why = format!("[reindex] unknown field [{key}]{guess}");
                    return Err(Failure::content_parse(why, entry.at));
                }
            }
        }
        if !self.search.source.sort.is_empty() {
            warnings.push(SORT_DEPRECATED);
        }
        Ok(warnings)
    }

    /// Reads `source`: `index` and `remote` are the operation's, the rest is a search.
    fn read_source(&mut self, source: &Object, node: &Json) -> Result<(), Failure> {
        let mut rest = source.clone();
        if let Some(index) = rest.remove("index") {
            self.search.indices.names = names("index", &index)?;
        }
        match rest.remove("remote") {
            Some(remote) if !remote.is_null() => {
                let object = remote.as_object().ok_or_else(|| {
                    Failure::illegal_argument(format!(
                        "Expected [remote] to be an object but was [{}]",
                        remote.to_text().unwrap_or_default()
                    ))
                })?;
                let query = rest.remove("query");
                self.remote = Some(RemoteSource::parse(object, query.as_ref())?);
            }
            _ => {}
        }
        self.read_search(rest, node)
    }

    /// Reads the body of an update or delete by query into this one.
    ///
    /// # Errors
    /// 400 for what is not understood.
    pub fn read_query(&mut self, body: &Json) -> Result<(), Failure> {
        let Some(object) = body.as_object() else {
            return Err(Failure::parsing(
                format!("Expected [START_OBJECT] but found [{}]", body.token_name()),
                body.at,
            ));
        };
        let mut rest = object.clone();
        let mut given = |key: &str| rest.remove(key).filter(|node| !node.is_null());
        let (conflicts, max_docs) = (given("conflicts"), given("max_docs"));
        let script = match self.work {
            Work::Update => given("script"),
            Work::Reindex(_) | Work::Delete => None,
        };
        if let Some(conflicts) = conflicts {
            let text = conflicts.to_text().unwrap_or_default();
            self.options.set_conflicts(&text)?;
        }
        if let Some(max_docs) = max_docs {
            self.options.set_max_docs(max_docs.to_i32()?)?;
        }
        if let Some(script) = script {
            self.script = Some(UpdateScript::parse(&script)?);
        }
        self.read_search(rest, body)
    }

    /// Reads what is left as the body of a search.
    fn read_search(&mut self, mut rest: Object, whole: &Json) -> Result<(), Failure> {
        // Refused with the other problems of the request, where the reference refuses it.
        self.stored_fields = rest.remove("stored_fields").is_some();
        let body = Json {
            value: Value::Object(rest),
            at: whole.at,
        };
        let source = SearchSource::parse(&body)?;
        let size = source.size.or(Some(DEFAULT_SCROLL_SIZE));
        *self.source_mut() = SearchSource { size, ..source };
        Ok(())
    }
}

/// A name, a list of names, or names with commas between them.
fn names(key: &str, node: &Json) -> Result<Vec<String>, Failure> {
    let wrong = || {
        Failure::illegal_argument(format!(
            "Expected [{key}] to be a list or a string but was [{}]",
            node.to_text().unwrap_or_default()
        ))
    };
    match &node.value {
        Value::Null => Ok(Vec::new()),
        Value::String(list) => Ok(list
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()),
        Value::Array(nodes) => nodes
            .iter()
            .map(|node| node.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        _ => Err(wrong()),
    }
}

fn read_destination(dest: &Object, destination: &mut Destination) -> Result<(), Failure> {
    for entry in dest.entries() {
        let (key, node) = (entry.key.as_str(), &entry.node);
        if !DEST.contains(&key) {
            let guess = did_you_mean(key, DEST.iter().copied());
            let why = format!("[dest] unknown field [{key}]{guess}");
            return Err(Failure::content_parse(why, entry.at));
        }
        let text = match &node.value {
            Value::String(_) | Value::Long(_) | Value::Unsigned(_) | Value::Double(_) => {
                node.to_text().unwrap_or_default().into_owned()
            }
            _ => {
                let token = node.token_name();
                let why = format!("[dest] {key} doesn't support values of type: {token}");
                return Err(Failure::content_parse(why, node.at));
            }
        };
        let failed = |cause: Failure| {
            let why = format!("[dest] failed to parse field [{key}]");
            Failure::content_parse(why, node.at).caused_by(cause)
        };
        match key {
            "index" => destination.index = Some(text),
            "routing" => destination.routing = Some(text),
            "op_type" => destination.create = op_type(&text).map_err(failed)?,
            "version_type" => {
                destination.version_type = VersionType::parse(&text).map_err(failed)?
            }
            "pipeline" => no_pipeline(&text).map_err(failed)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether only what is not there yet is written.
fn op_type(text: &str) -> Result<bool, Failure> {
    match text.to_lowercase().as_str() {
        "index" => Ok(false),
        "create" => Ok(true),
        _ => Err(Failure::illegal_argument(format!(
            "opType must be 'create' or 'index', found: [{text}]"
        ))),
    }
}

/// There are no pipelines, so that none of that name exists.
///
/// # Errors
/// 400 for any but `_none`.
pub fn no_pipeline(name: &str) -> Result<(), Failure> {
    if name == "_none" {
        return Ok(());
    }
    Err(Failure::illegal_argument(format!(
        "pipeline with id [{name}] does not exist"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::{ExpressionOptions, IndexExpression};
    use glasswork_content::{Limits, parse};

    fn read(body: &str) -> Result<ByQueryRequest, Failure> {
        let mut request = ByQueryRequest::reindex();
        request.read_reindex(&parse(body.as_bytes(), &Limits::DEFAULT)?)?;
        Ok(request)
    }

    fn said(request: &ByQueryRequest) -> String {
        let mut text = String::new();
        request.describe(&mut text).unwrap();
        text
    }

    fn refused(body: &str) -> String {
        let failure = read(body).expect_err(body);
        failure
            .chain()
            .map(|failure| failure.reason().to_owned())
            .collect::<Vec<_>>()
            .join(" / ")
    }

    #[test]
    fn a_reindex_is_read_and_says_what_it_does() {
        let request = read(
            r#"{"source": {"index": ["a", "b"], "size": 10, "query": {"term": {"n": 1}}}, "max_docs": 7, "conflicts": "proceed",
                "dest": {"index": "c", "op_type": "create", "routing": "=x"},
                "script": {"source": "ctx._source.n++", "params": {"by": [1, "x"]}}}"#,
        )
        .unwrap();
        assert_eq!(
            said(&request),
            "reindex from [a, b] updated with Script{type=inline, lang='painless', idOrCode='ctx._source.n++', options={}, params={by=[1, \
             x]}} to [c]"
        );
        assert_eq!(request.search.source.size, Some(10));
        assert_eq!(request.options.max_docs, Some(7));
        assert!(request.options.proceed_on_conflicts);
        assert!(request.problems().is_empty());
    }

    #[test]
    fn what_a_reindex_does_not_know_is_named() {
        assert_eq!(
            refused(r#"{"sauce": {}}"#),
            "[1:2] [reindex] unknown field [sauce] did you mean [source]?"
        );
        assert!(
            refused(r#"{"source": {"junk": {}}}"#)
                .contains("Unknown key for a START_OBJECT in [junk].")
        );
        assert!(refused(r#"{"dest": {"version": 10}}"#).contains("[dest] unknown field [version]"));
        assert!(
            refused(r#"{"conflicts": "cat"}"#)
                .contains("conflicts may only be \"proceed\" or \"abort\" but was [cat]")
        );
        assert!(refused(r#"{"source": {"size": "cat"}}"#).contains("For input string: \"cat\""));
        assert!(
            refused(r#"{"size": -4}"#)
                .contains("[max_docs] parameter cannot be negative, found [-4]")
        );
        assert!(
            refused(r#"{"size": 4, "max_docs": 5}"#)
                .contains("set to two different values [4] and [5]")
        );
    }

    #[test]
    fn a_remote_host_is_read_strictly() {
        let remote = |remote: &str| refused(&format!(r#"{{"source": {{"remote": {remote}}}}}"#));
        assert!(
            remote(r#"{"host": "badremote"}"#)
                .contains("[host] must be of the form [scheme]://[host]:[port]")
        );
        assert!(
            remote(r#"{"host": "http://a:9200", "weird": 1, "badkey": 2}"#)
                .contains("Unsupported fields in [remote]: [weird,badkey]")
        );
        assert!(
            remote(r#"{"host": "http://a:9200", "socket_timeout": "borked"}"#)
                .contains("For input string")
        );
        let request = read(
            r#"{"source": {"index": "i", "remote": {"host": "https://h:9200/p", "username": "u", "password": "secret"}},
                "dest": {"index": "d"}}"#,
        )
        .unwrap();
        assert_eq!(
            said(&request),
            "reindex from [scheme=https host=h port=9200 pathPrefix=/p query={\"match_all\":{}} username=u password=<<>>][i] to [d]"
        );
        assert!(!format!("{request:?}").contains("secret"));
    }

    #[test]
    fn what_makes_no_sense_is_told_together() {
        let problems = read(
            r#"{"source": {"from": 1, "stored_fields": ["x"], "_source": false}, "dest": {}}"#,
        )
        .unwrap()
        .problems();
        assert_eq!(
            problems,
            [
                "from is not supported in this context",
                "stored_fields is not supported in this context",
                "use _all if you really want to copy from all existing indexes",
                "_source:false is not supported in this context",
                "index must be specified",
            ]
        );
        let everything = IndexExpression::all(ExpressionOptions::OPEN);
        let mut delete = ByQueryRequest::new(Work::Delete, everything);
        delete
            .read_query(&parse(b"{}", &Limits::DEFAULT).unwrap())
            .unwrap();
        assert_eq!(delete.problems(), ["query is missing"]);
        assert_eq!(said(&delete), "delete-by-query [all indices]");
    }
}
