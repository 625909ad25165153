//! The sample books, and what to try with them.

use crate::{
    arguments::LoadArguments,
    load::{self, LoadError},
};
use std::{io, path::PathBuf};

/// 515 real books, a JSON object a line.
const BOOKS: &str = include_str!("../../../../samples/books.ndjson");
/// Where they go.
const INDEX: &str = "books";

/// Loads the books into the node at `url`, as any client would.
///
/// # Errors
/// The node refuses them.
pub(crate) fn load_samples(url: &str, password: Option<&str>) -> Result<u64, LoadError> {
    let arguments = LoadArguments {
        file: PathBuf::from("samples/books.ndjson"),
        index: INDEX.to_owned(),
        url: url.to_owned(),
        user: password.map(|password| format!("admin:{password}")),
        // The certificate is the node's own, made by itself.
        insecure: true,
        batch: 100,
        restart: true,
    };
    load::embedded(&arguments, io::Cursor::new(BOOKS))
}

/// Five lines to try.
pub(crate) fn walk(url: &str, guarded: bool) -> String {
    let curl = if guarded {
        "curl --insecure -u admin"
    } else {
        "curl"
    };
    let place = url
        .strip_prefix("http://127.0.0.1")
        .map_or_else(|| url.to_owned(), |port| format!("localhost{port}"));
    format!(
        r#"
The books are in. Try, in another terminal:

  {curl} "{place}/books/_search?q=author:tolkien&pretty"
  {curl} "{place}/books/_search?pretty" -H "Content-Type: application/json" -d '{{"size": 0, "aggs": {{"subjects": {{"terms": {{"field": "subjects.keyword"}}}}}}}}'
  {curl} -i -H "X-Opaque-Id: 111111" "{place}/_tasks?pretty"
  {curl} -H "X-Opaque-Id: slow" "{place}/books/_search" -H "Content-Type: application/json" -d '{{"query": {{"script": {{"script": {{"source": "long s = 0; for (int i = 0; i < 100000000; i++) {{ s += i % 7 }} return s > 0"}}}}}}}}'
  {curl} -X POST "{place}/_tasks/_cancel?actions=*search&pretty"      while the line before is still running
"#
    )
}
