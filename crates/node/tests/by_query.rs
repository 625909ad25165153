//! Reindex, update by query and delete by query through the door: what is read, what is written, what is counted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use glasswork_content::{Failure, Kind};
use glasswork_node::{
    Node,
    actions::{
        by_query::{
            ByQueryRequest, ByQueryResponse, DeleteByQuery, Figures, Reindex, Slices,
            UpdateByQuery, Work,
        },
        documents::{GetDocument, GetRequest, Refresh as WriteRefresh, WriteOptions},
        indices::{UpdateAliases, UpdateAliasesRequest},
    },
};
use support::{by_query::*, *};

fn request(work: Work, indices: &str, body: &str) -> Result<ByQueryRequest, Failure> {
    let mut request = ByQueryRequest::new(work, target(indices));
    request.read_query(&json(body))?;
    Ok(request)
}

async fn reindex(node: &Arc<Node>, body: &str) -> Result<ByQueryResponse, Failure> {
    let mut request = ByQueryRequest::reindex();
    request.read_reindex(&json(body))?;
    request.options.refresh = true;
    run::<Reindex>(node, request).await
}

async fn update(node: &Arc<Node>, indices: &str, body: &str) -> Result<ByQueryResponse, Failure> {
    let mut request = request(Work::Update, indices, body)?;
    request.options.refresh = true;
    run::<UpdateByQuery>(node, request).await
}

async fn delete(node: &Arc<Node>, indices: &str, body: &str) -> Result<ByQueryResponse, Failure> {
    let mut request = request(Work::Delete, indices, body)?;
    request.options.refresh = true;
    run::<DeleteByQuery>(node, request).await
}

fn figures(response: &ByQueryResponse) -> Figures {
    let figures = response.status.figures;
    assert!(figures.reached() <= figures.total, "{figures:?}");
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reindex_copies_every_document_byte_by_byte() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 3, 2500).await;
    let done = reindex(
        node,
        r#"{"source": {"index": "many", "size": 300}, "dest": {"index": "copy"}}"#,
    )
    .await
    .unwrap();
    let counted = figures(&done);
    assert_eq!(
        (counted.total, counted.created, counted.batches),
        (2500, 2500, 9)
    );
    assert_eq!(done.http_status(), 200);
    assert_eq!(count(node, "copy").await, 2500);
    assert_eq!(
        source(node, "copy", "1234").await.unwrap(),
        r#"{"n": 1234, "k": "k4"}"#
    );
    // Again: the same documents, a version further.
    let again = reindex(
        node,
        r#"{"source": {"index": "many"}, "dest": {"index": "copy"}}"#,
    )
    .await
    .unwrap();
    assert_eq!(
        (figures(&again).updated, figures(&again).created),
        (2500, 0)
    );
    assert_eq!(
        get(node, "copy", "7").await.unwrap().found.unwrap().version,
        2
    );
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_an_alias_and_a_limit_bound_what_is_copied() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "a", 2, 50).await;
    stock(node, "b", 1, 30).await;
    let alias = UpdateAliasesRequest::parse(&json(
        r#"{"actions": [{"add": {"index": "a", "alias": "low", "filter": {"range": {"n": {"lt": 20}}}}}]}"#,
    ))
    .unwrap();
    run::<UpdateAliases>(node, alias).await.unwrap();
    let through = reindex(
        node,
        r#"{"source": {"index": "low", "query": {"term": {"k": "k1"}}}, "dest": {"index": "c1"}}"#,
    )
    .await
    .unwrap();
    assert_eq!(figures(&through).created, 2);
    // Two indices with the same ids: the second overwrites.
    let both = reindex(
        node,
        r#"{"source": {"index": ["a", "b"]}, "dest": {"index": "c2"}}"#,
    )
    .await
    .unwrap();
    let counted = figures(&both);
    assert_eq!(
        (counted.total, counted.created, counted.updated),
        (80, 50, 30)
    );
    let few = reindex(
        node,
        r#"{"source": {"index": "a", "size": 7}, "dest": {"index": "c3"}, "max_docs": 10}"#,
    )
    .await
    .unwrap();
    let counted = figures(&few);
    assert_eq!(
        (counted.total, counted.created, counted.batches),
        (10, 10, 2)
    );
    assert_eq!(count(node, "c3").await, 10);
    // Only some fields.
    reindex(
        node,
        r#"{"source": {"index": "b", "_source": ["k"], "query": {"ids": {"values": ["3"]}}}, "dest": {"index": "c4"}}"#,
    )
    .await
    .unwrap();
    assert_eq!(source(node, "c4", "3").await.unwrap(), r#"{"k":"k3"}"#);
    let sorted = reindex(
        node,
        r#"{"source": {"index": "a", "sort": [{"n": "desc"}], "size": 4}, "dest": {"index": "c5"}, "max_docs": 6}"#,
    )
    .await
    .unwrap();
    assert_eq!(figures(&sorted).created, 6);
    assert!(source(node, "c5", "44").await.is_some());
    assert!(source(node, "c5", "43").await.is_none());
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_already_is_a_conflict_when_it_was_to_be_created() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 6).await;
    index(node, "copy", "2", r#"{"old": true}"#).await.unwrap();
    let body = r#"{"source": {"index": "many"}, "dest": {"index": "copy", "op_type": "create"}}"#;
    let refused = reindex(node, body).await.unwrap();
    assert_eq!(refused.http_status(), 409);
    assert_eq!(refused.write_failures.len(), 1);
    assert_eq!(figures(&refused).version_conflicts, 1);
    let passed = reindex(
        node,
        r#"{"source": {"index": "many"}, "dest": {"index": "copy", "op_type": "create"}, "conflicts": "proceed"}"#,
    )
    .await
    .unwrap();
    let counted = figures(&passed);
    assert_eq!((counted.version_conflicts, passed.http_status()), (6, 200));
    assert_eq!(counted.reached(), counted.total);
    assert_eq!(source(node, "copy", "2").await.unwrap(), r#"{"old": true}"#);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn external_versions_go_along() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 3).await;
    index(node, "many", "1", r#"{"n": 1, "k": "x"}"#)
        .await
        .unwrap();
    refresh(node, "many").await;
    let body = r#"{"source": {"index": "many"}, "dest": {"index": "copy", "version_type": "external"}, "conflicts": "proceed"}"#;
    assert_eq!(figures(&reindex(node, body).await.unwrap()).created, 3);
    assert_eq!(
        get(node, "copy", "1").await.unwrap().found.unwrap().version,
        2
    );
    let again = reindex(node, body).await.unwrap();
    assert_eq!(figures(&again).version_conflicts, 3);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routing_is_kept_discarded_or_set() {
    let on = OnFiles::start().await;
    let node = &on.node;
    create(
        node,
        "routed",
        r#"{"settings": {"number_of_shards": 4, "number_of_replicas": 0}}"#,
    )
    .await
    .unwrap();
    let mut put = put("routed", "1", r#"{"n": 1}"#);
    put.item.routing = Some("r".into());
    put.options = WriteOptions {
        refresh: WriteRefresh::Immediate,
        ..WriteOptions::default()
    };
    run::<glasswork_node::actions::documents::IndexDocument>(node, put)
        .await
        .unwrap();
    for (dest, routing, expected) in [
        ("keeps", None, Some("r")),
        ("keeps2", Some("keep"), Some("r")),
        ("discards", Some("discard"), None),
        ("sets", Some("=x"), Some("x")),
    ] {
        let routing =
            routing.map_or_else(String::new, |value| format!(r#", "routing": "{value}""#));
        let body = format!(
            r#"{{"source": {{"index": "routed"}}, "dest": {{"index": "{dest}"{routing}}}}}"#
        );
        reindex(node, &body).await.unwrap();
        let mut get = GetRequest::new(dest, "1");
        get.routing = expected.map(str::to_owned);
        let found = run::<GetDocument>(node, get).await.unwrap().found.unwrap();
        assert_eq!(found.routing.as_deref(), expected, "{dest}");
    }
    // A document with a routing is updated and deleted where it is.
    let updated = update(node, "routed", "{}").await.unwrap();
    assert_eq!(figures(&updated).updated, 1);
    let deleted = delete(node, "routed", r#"{"query": {"match_all": {}}}"#)
        .await
        .unwrap();
    assert_eq!(figures(&deleted).deleted, 1);
    assert_eq!(count(node, "routed").await, 0);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_changes_leaves_alone_and_deletes() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 2, 30).await;
    let done = update(
        node,
        "many",
        r#"{"script": {"source": "if (ctx._source.n % 3 == 0) { ctx.op = 'noop' } else if (ctx._source.n % 3 == 1) { ctx.op = 'delete' } else { ctx._source.n += params.by }", "params": {"by": 100}}}"#,
    )
    .await
    .unwrap();
    let counted = figures(&done);
    assert_eq!(
        (counted.noops, counted.deleted, counted.updated),
        (10, 10, 10)
    );
    assert_eq!(count(node, "many").await, 20);
    assert_eq!(
        source(node, "many", "2").await.unwrap(),
        r#"{"n":102,"k":"k2"}"#
    );
    // Nothing but noops: no write at all, and every page is looked at.
    let nothing = request(
        Work::Update,
        "many",
        r#"{"script": "ctx.op = 'noop'", "size": 3}"#,
    )
    .unwrap();
    let done = run::<UpdateByQuery>(node, nothing).await.unwrap();
    assert_eq!((figures(&done).noops, figures(&done).batches), (20, 7));
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reindex_script_may_change_where_a_document_goes() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 10).await;
    let done = reindex(
        node,
        r#"{"source": {"index": "many"}, "dest": {"index": "copy"},
            "script": "if (ctx._source.n == 1) { ctx._index = 'other' } else if (ctx._source.n == 2) { ctx._id = 'two' } else if (ctx._source.n == 3) { ctx._id = null } else if (ctx._source.n == 4) { ctx._routing = 'r'; }"}"#,
    )
    .await
    .unwrap();
    assert_eq!(figures(&done).created, 10);
    assert_eq!(
        (count(node, "copy").await, count(node, "other").await),
        (9, 1)
    );
    assert!(source(node, "copy", "two").await.is_some());
    assert!(source(node, "copy", "3").await.is_none());
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_script_may_not_do_is_refused() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 3).await;
    for (script, expected) in [
        ("ctx._id = 'x'", "Modifying [_id] not allowed"),
        ("ctx._index = 'x'", "Modifying [_index] not allowed"),
        ("ctx._routing = 'x'", "Modifying [_routing] not allowed"),
        ("ctx._version = 7", "Modifying [_version] not allowed"),
        ("ctx.op = null", "Script cleared operation type"),
        (
            "ctx.op = 'create'",
            "Operation type [create] not allowed, only [noop, index, delete] are allowed",
        ),
        ("ctx.junk = 1", "Invalid fields added to context [junk]"),
    ] {
        let failed = update(node, "many", &format!(r#"{{"script": "{script}"}}"#))
            .await
            .unwrap_err();
        assert_eq!(
            (failed.reason(), failed.status()),
            (expected, 400),
            "{script}"
        );
    }
    let thrown = update(
        node,
        "many",
        r#"{"script": "throw new IllegalArgumentException('no')"}"#,
    )
    .await
    .unwrap_err();
    assert_eq!(
        (thrown.kind, thrown.reason()),
        (Kind::Script, "runtime error")
    );
    let broken = update(node, "many", r#"{"script": "ctx._source.x = ;"}"#)
        .await
        .unwrap_err();
    assert_eq!(
        (broken.kind, broken.reason()),
        (Kind::Script, "compile error")
    );
    // A loop without end is stopped by its fuel.
    let endless = update(
        node,
        "many",
        r#"{"script": "while (true) { ctx._source.n++ }"}"#,
    )
    .await
    .unwrap_err();
    assert!(endless.has_kind(Kind::PainlessError), "{endless:?}");
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_since_the_search_conflicts() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 5).await;
    // Not refreshed: the search still finds the documents as they were.
    index(node, "many", "1", r#"{"n": 1, "changed": true}"#)
        .await
        .unwrap();
    let refused = delete(node, "many", r#"{"query": {"match_all": {}}}"#)
        .await
        .unwrap();
    assert_eq!(
        (refused.http_status(), refused.write_failures.len()),
        (409, 1)
    );
    let counted = figures(&refused);
    assert_eq!((counted.deleted, counted.version_conflicts), (4, 1));
    refresh(node, "many").await;
    index(node, "many", "1", r#"{"n": 2}"#).await.unwrap();
    let passed = update(node, "many", r#"{"conflicts": "proceed"}"#)
        .await
        .unwrap();
    assert_eq!(
        (passed.http_status(), figures(&passed).version_conflicts),
        (200, 1)
    );
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_refuses_documents_ends_the_operation_with_failures() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 20).await;
    create(
        node,
        "strict",
        r#"{"mappings": {"properties": {"k": {"type": "integer"}}}}"#,
    )
    .await
    .unwrap();
    let done = reindex(
        node,
        r#"{"source": {"index": "many", "size": 4}, "dest": {"index": "strict"}}"#,
    )
    .await
    .unwrap();
    assert_eq!((done.http_status(), done.write_failures.len()), (400, 4));
    let counted = figures(&done);
    assert_eq!(
        (counted.total, counted.batches, counted.created),
        (20, 1, 0)
    );
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reindex_is_checked_before_it_begins() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 1).await;
    let refused = |body: &'static str| async move { reindex(node, body).await.unwrap_err() };
    let same = refused(r#"{"source": {"index": "m*"}, "dest": {"index": "many"}}"#).await;
    assert_eq!(
        same.reason(),
        "Validation Failed: 1: reindex cannot write into an index its reading from [many];"
    );
    let missing = refused(r#"{"source": {"index": "nowhere"}, "dest": {"index": "copy"}}"#).await;
    assert_eq!(
        (missing.kind, missing.reason()),
        (Kind::IndexNotFound, "no such index [nowhere]")
    );
    let remote = refused(
        r#"{"source": {"index": "i", "remote": {"host": "http://h:9200"}}, "dest": {"index": "copy"}}"#,
    )
    .await;
    assert_eq!(
        remote.reason(),
        "[h:9200] not allowlisted in reindex.remote.allowlist"
    );
    let none = update(node, "nowhere", "{}").await.unwrap_err();
    assert_eq!(none.status(), 404);
    let mut sliced = request(Work::Update, "many", "{}").unwrap();
    sliced.options.slices = Slices::Count(2000);
    let many = run::<UpdateByQuery>(node, sliced).await.unwrap_err();
    assert!(
        many.reason()
            .starts_with("The number of slices [2000] is too large. It must be less than [1024].")
    );
    // A pattern that fits nothing is nothing to do.
    let nothing = update(node, "no*", "{}").await.unwrap();
    assert_eq!((figures(&nothing).total, figures(&nothing).batches), (0, 0));
    is_quiet(node).await;
}
