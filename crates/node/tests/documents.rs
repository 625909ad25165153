//! Documents: written, read, changed, many at once, and still there after the node was killed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use glasswork_content::Kind;
use glasswork_node::actions::{
    documents::{
        BulkDefaults, BulkRequest, DeleteDocument, DeleteRequest, GetDocument, GetRequest,
        IndexDocument, MultiGet, MultiGetDefaults, MultiGetRequest, Operation, Outcome, Refresh,
        SourceFilter, Update, UpdateDocument, UpdateRequest, VersionType, WriteItem, WriteOptions,
    },
    indices::{GetMapping, GetMappingRequest},
};
use support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_comes_back_as_it_was_sent() {
    let on = OnFiles::start().await;
    let node = &on.node;
    let sent = r#"{ "title" : "Emma",  "year": 1815 }"#;
    let first = index(node, "books", "1", sent).await.unwrap();
    assert_eq!(
        (first.outcome, first.version, first.seq_no),
        (Outcome::Created, 1, 0)
    );
    assert_eq!((first.shards.total, first.shards.successful), (2, 1));
    let again = index(node, "books", "1", sent).await.unwrap();
    assert_eq!(
        (again.outcome, again.version, again.seq_no),
        (Outcome::Updated, 2, 1)
    );
    assert_eq!(source(node, "books", "1").await.unwrap(), sent);
    assert_eq!(source(node, "books", "2").await, None);
    let mapping = run::<GetMapping>(
        node,
        GetMappingRequest {
            target: target("books"),
        },
    )
    .await
    .unwrap();
    assert_eq!(
        String::from_utf8(mapping.indices[0].1.to_json()).unwrap(),
        r#"{"properties":{"title":{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}},"year":{"type":"long"}}}"#
    );
    let unknown = get(node, "nowhere", "1").await.unwrap_err();
    assert_eq!(
        unknown,
        glasswork_content::Failure::index_not_found_as("nowhere", "index_expression")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_documents_are_there_after_a_restart() {
    let mut on = OnFiles::start().await;
    for round in 0..3 {
        for n in 0..20 {
            let id = format!("{round}-{n}");
            let body = format!(r#"{{"round":{round},"field_{round}":"text {n}"}}"#);
            index(&on.node, "books", &id, &body).await.unwrap();
        }
        let delete = WriteItem::new("books", Some(format!("{round}-0")), Operation::Delete);
        let gone = run::<DeleteDocument>(
            &on.node,
            DeleteRequest {
                item: delete,
                options: WriteOptions::default(),
            },
        )
        .await;
        assert_eq!(gone.unwrap().outcome, Outcome::Deleted);
        on = on.restart().await;
        for earlier in 0..=round {
            assert_eq!(
                source(&on.node, "books", &format!("{earlier}-0")).await,
                None
            );
            for n in 1..20 {
                let found = source(&on.node, "books", &format!("{earlier}-{n}"))
                    .await
                    .unwrap();
                assert_eq!(
                    found,
                    format!(r#"{{"round":{earlier},"field_{earlier}":"text {n}"}}"#)
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_are_told_in_the_words_of_the_reference() {
    let on = OnFiles::start().await;
    let node = &on.node;
    for _ in 0..2 {
        index(node, "books", "1", r#"{"a":1}"#).await.unwrap();
    }
    let refused = async |change: fn(&mut WriteItem)| {
        let mut request = put("books", "1", r#"{"a":2}"#);
        change(&mut request.item);
        let failure = run::<IndexDocument>(node, request).await.unwrap_err();
        assert_eq!(failure.kind, Kind::VersionConflict, "{failure}");
        failure.reason().to_owned()
    };
    assert_eq!(
        refused(|item| item.operation = Operation::Create(Bytes::from_static(b"{}"))).await,
        "[1]: version conflict, document already exists (current version [2])"
    );
    assert_eq!(
        refused(|item| (item.if_seq_no, item.if_primary_term) = (Some(0), Some(1))).await,
        "[1]: version conflict, required seqNo [0], primary term [1]. current document has seqNo [1] and primary term [1]"
    );
    assert_eq!(
        refused(|item| (item.version, item.version_type) = (Some(1), VersionType::External)).await,
        "[1]: version conflict, current version [2] is higher or equal to the one provided [1]"
    );
    let mut wrong = put("books", "1", "{}");
    wrong.item.version = Some(3);
    let refused = run::<IndexDocument>(node, wrong).await.unwrap_err();
    assert_eq!(
        refused.reason(),
        "Validation Failed: 1: internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead;"
    );
    let mut get = GetRequest::new("books", "1");
    get.version = Some(7);
    let refused = run::<GetDocument>(node, get).await.unwrap_err();
    assert_eq!(
        refused.reason(),
        "[1]: version conflict, current version [2] is different than the one provided [7]"
    );
}

fn update(id: &str, body: &str) -> UpdateRequest {
    let (update, if_seq_no, if_primary_term) = Update::parse(&json(body)).unwrap();
    let item = WriteItem {
        if_seq_no,
        if_primary_term,
        ..WriteItem::new(
            "books",
            Some(id.to_owned()),
            Operation::Update(Box::new(update)),
        )
    };
    UpdateRequest {
        item,
        options: WriteOptions::default(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_changed_in_part_by_script_and_upsert() {
    let on = OnFiles::start().await;
    let node = &on.node;
    index(
        node,
        "books",
        "1",
        r#"{"title":"Emma","year":1815,"by":{"name":"Jane"}}"#,
    )
    .await
    .unwrap();
    let done = run::<UpdateDocument>(node, update("1", r#"{"doc":{"by":{"born":1775}}}"#))
        .await
        .unwrap();
    assert_eq!((done.outcome, done.version), (Outcome::Updated, 2));
    assert_eq!(
        source(node, "books", "1").await.unwrap(),
        r#"{"title":"Emma","year":1815,"by":{"name":"Jane","born":1775}}"#
    );
    let noop = run::<UpdateDocument>(node, update("1", r#"{"doc":{"year":1815}}"#))
        .await
        .unwrap();
    assert_eq!(
        (noop.outcome, noop.version, noop.shards.total),
        (Outcome::Noop, 2, 0)
    );
    let forced = run::<UpdateDocument>(
        node,
        update("1", r#"{"doc":{"year":1815},"detect_noop":false}"#),
    )
    .await
    .unwrap();
    assert_eq!((forced.outcome, forced.version), (Outcome::Updated, 3));
    let script = r#"{"script":{"source":"ctx._source.year += params.by","params":{"by":1}},"_source":["year"]}"#;
    let done = run::<UpdateDocument>(node, update("1", script))
        .await
        .unwrap();
    assert_eq!(done.outcome, Outcome::Updated);
    assert_eq!(&*done.get.unwrap().source, br#"{"year":1816}"#);
    let missing = run::<UpdateDocument>(node, update("404", r#"{"doc":{"a":1}}"#))
        .await
        .unwrap_err();
    assert_eq!(
        (missing.kind, missing.reason()),
        (Kind::DocumentMissing, "[404]: document missing")
    );
    let upsert =
        run::<UpdateDocument>(node, update("2", r#"{"doc":{"a":1},"doc_as_upsert":true}"#))
            .await
            .unwrap();
    assert_eq!(upsert.outcome, Outcome::Created);
    let upsert = run::<UpdateDocument>(
        node,
        update("3", r#"{"script":"ctx._source.n++","upsert":{"n":5}}"#),
    )
    .await
    .unwrap();
    assert_eq!(upsert.outcome, Outcome::Created);
    assert_eq!(source(node, "books", "3").await.unwrap(), r#"{"n":5}"#);
    let deleted = run::<UpdateDocument>(node, update("3", r#"{"script":"ctx.op = 'delete'"}"#))
        .await
        .unwrap();
    assert_eq!(deleted.outcome, Outcome::Deleted);
    let refused = run::<UpdateDocument>(node, update("1", "{}"))
        .await
        .unwrap_err();
    assert_eq!(
        refused.reason(),
        "Validation Failed: 1: script or doc is missing;"
    );
    let unknown = Update::parse(&json(r#"{"foo":1}"#)).unwrap_err();
    assert_eq!(
        unknown.reason(),
        "[1:2] [UpdateRequest] unknown field [foo]"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_of_one_document_by_many_lose_nothing_with_retries() {
    let on = OnFiles::start().await;
    index(&on.node, "books", "1", r#"{"n":0}"#).await.unwrap();
    let runs = (0..8).map(|_| {
        let node = on.node.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                let mut request = update("1", r#"{"script":"ctx._source.n++"}"#);
                if let Operation::Update(update) = &mut request.item.operation {
                    update.retry_on_conflict = 1000;
                }
                run::<UpdateDocument>(&node, request).await.unwrap();
            }
        })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap();
    }
    assert_eq!(source(&on.node, "books", "1").await.unwrap(), r#"{"n":40}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_answers_item_by_item() {
    let on = OnFiles::start().await;
    let node = &on.node;
    create(
        node,
        "books",
        r#"{"settings":{"number_of_replicas":0},"mappings":{"properties":{"year":{"type":"integer"},"rating":{"type":"float"}}}}"#,
    )
    .await
    .unwrap();
    let first = bulk(node, "{\"index\":{\"_index\":\"books\",\"_id\":\"1\"}}\n{\"title\":\"x\"}\n{\"index\":{\"_index\":\"books\",\"_id\":\"2\"}}\n{\"title\":\"y\"}\n").await.unwrap();
    assert!(!first.has_failures());
    let body = Bytes::from_static(
        br#"{"create":{"_id":"1"}}
{"title":"x"}
{"update":{"_id":"2"}}
{"doc":{"rating":4.08}}
{"delete":{"_id":"77"}}
{"index":{"_index":"UPPER","_id":"1"}}
{"title":"x"}
{"index":{"_id":"78"}}
{"year":"not a number"}
{"update":{"_id":"404"}}
{"doc":{"a":1}}
{"update":{"_id":"2"}}
{"doc":{"title":"z"}}
"#,
    );
    let defaults = BulkDefaults {
        index: Some("books".to_owned()),
        ..BulkDefaults::default()
    };
    let request = BulkRequest::parse(&body, &defaults, WriteOptions::default()).unwrap();
    let uuid = node.metadata().index("books").unwrap().uuid.to_string();
    let answer = items(
        run::<glasswork_node::actions::documents::Bulk>(node, request)
            .await
            .unwrap(),
    )
    .replace(&uuid, "U");
    let expected = r#"{"took":0,"errors":true,"items":[
{"create":{"_index":"books","_id":"1","status":409,"error":{"type":"version_conflict_engine_exception","reason":"[1]: version conflict, document already exists (current version [1])","index":"books","shard":"0","index_uuid":"U"}}},
{"update":{"_index":"books","_id":"2","_version":2,"result":"updated","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":2,"_primary_term":1,"status":200}},
{"delete":{"_index":"books","_id":"77","_version":1,"result":"not_found","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":3,"_primary_term":1,"status":404}},
{"index":{"_index":"UPPER","_id":"1","status":400,"error":{"type":"invalid_index_name_exception","reason":"Invalid index name [UPPER], must be lowercase","index":"UPPER","index_uuid":"_na_"}}},
{"index":{"_index":"books","_id":"78","status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [year] of type [integer] in document with id '78'. Preview of field's value: 'not a number'","caused_by":{"type":"number_format_exception","reason":"For input string: \"not a number\""}}}},
{"update":{"_index":"books","_id":"404","status":404,"error":{"type":"document_missing_exception","reason":"[404]: document missing","index":"books","shard":"0","index_uuid":"U"}}},
{"update":{"_index":"books","_id":"2","_version":3,"result":"updated","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":4,"_primary_term":1,"status":200}}
]}"#
        .replace('\n', "");
    assert_eq!(answer, expected);
    assert_eq!(
        source(node, "books", "2").await.unwrap(),
        r#"{"title":"z","rating":4.08}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_that_is_none_is_refused_as_a_whole() {
    for (body, reason) in [
        (
            "{\"put\":{\"_index\":\"books\"}}\n{}\n",
            "Malformed action/metadata line [1], expected one of [create, delete, index, update] but found [put]",
        ),
        (
            "{\"index\":{\"_index\":\"books\"}}\n{\"title\":\"x\"}",
            "The bulk request must be terminated by a newline [\\n]",
        ),
        (
            "{\"index\":{\"_index\":\"books\",\"_type\":\"x\"}}\n{}\n",
            "Action/metadata line [1] contains an unknown parameter [_type]",
        ),
        (
            "[1]\n",
            "Malformed action/metadata line [1], expected START_OBJECT but found [START_ARRAY]",
        ),
    ] {
        let refused = BulkRequest::parse(
            &Bytes::from(body),
            &BulkDefaults::default(),
            WriteOptions::default(),
        )
        .unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
    let on = OnFiles::start().await;
    for (body, reason) in [
        ("\n", "Validation Failed: 1: no requests added;"),
        (
            "{\"index\":{\"_id\":\"1\"}}\n{}\n",
            "Validation Failed: 1: index is missing;",
        ),
        (
            "{\"delete\":{\"_index\":\"books\"}}\n",
            "Validation Failed: 1: id is missing;",
        ),
    ] {
        assert_eq!(bulk(&on.node, body).await.unwrap_err().reason(), reason);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_bulk_with_new_fields_lands_whole() {
    let on = OnFiles::start().await;
    let mut body = String::new();
    for n in 0..1500 {
        body.push_str(&format!("{{\"index\":{{\"_index\":\"books\",\"_id\":\"{n}\"}}}}\n{{\"f{}\":{n},\"t\":\"word {n}\"}}\n", n % 40));
    }
    let done = bulk(&on.node, &body).await.unwrap();
    assert_eq!(done.items.len(), 1500);
    assert!(
        !done.has_failures(),
        "{:?}",
        done.items.iter().find(|item| item.result.is_err())
    );
    assert_eq!(
        source(&on.node, "books", "1499").await.unwrap(),
        r#"{"f19":1499,"t":"word 1499"}"#
    );
    let mapping = on.node.metadata().index("books").unwrap().mapping.clone();
    assert_eq!(mapping.all_fields().count(), 42);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_documents_are_read_at_once() {
    let on = OnFiles::start().await;
    let node = &on.node;
    create(node, "books", r#"{"settings":{"number_of_shards":3}}"#)
        .await
        .unwrap();
    for n in 0..10 {
        index(
            node,
            "books",
            &n.to_string(),
            &format!(r#"{{"n":{n},"m":1}}"#),
        )
        .await
        .unwrap();
    }
    let body = json(
        r#"{"docs":[{"_index":"books","_id":"3","_source":["n"]},{"_index":"books","_id":"404"},{"_index":"nowhere","_id":"1"}]}"#,
    );
    let request = MultiGetRequest::parse(&body, &MultiGetDefaults::default()).unwrap();
    let answer = run::<MultiGet>(node, request).await.unwrap();
    let texts: Vec<String> = answer
        .docs
        .iter()
        .map(|doc| rendered(|out| doc.render(out).unwrap()))
        .collect();
    assert!(
        texts[0].ends_with(r#""found":true,"_source":{"n":3}}"#),
        "{}",
        texts[0]
    );
    assert_eq!(texts[1], r#"{"_index":"books","_id":"404","found":false}"#);
    assert!(texts[2].starts_with(r#"{"_index":"nowhere","_id":"1","error":{"root_cause":[{"type":"index_not_found_exception""#), "{}", texts[2]);
    let empty = MultiGetRequest {
        docs: Vec::new(),
        realtime: true,
        refresh: false,
    };
    assert_eq!(
        run::<MultiGet>(node, empty).await.unwrap_err().reason(),
        "Validation Failed: 1: no documents to get;"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_that_were_asked_for_show_the_write() {
    let on = OnFiles::start().await;
    let node = &on.node;
    let shown = || {
        let index = node.metadata().index("books").unwrap().clone();
        node.shards()
            .get(&index.uuid, 0)
            .unwrap()
            .engine()
            .view()
            .doc_count()
    };
    let mut request = put("books", "1", "{}");
    request.options.refresh = Refresh::Immediate;
    assert!(
        run::<IndexDocument>(node, request)
            .await
            .unwrap()
            .forced_refresh
    );
    assert_eq!(shown(), 1);
    let mut request = put("books", "2", "{}");
    request.options.refresh = Refresh::WaitUntil;
    assert!(
        !run::<IndexDocument>(node, request)
            .await
            .unwrap()
            .forced_refresh
    );
    assert_eq!(shown(), 2);
    let mut get = GetRequest::new("books", "2");
    (get.realtime, get.source) = (false, SourceFilter::none());
    assert_eq!(
        run::<GetDocument>(node, get)
            .await
            .unwrap()
            .found
            .unwrap()
            .source,
        None
    );
    index(node, "books", "3", "{}").await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while shown() < 3 {
        assert!(
            std::time::Instant::now() < deadline,
            "a written shard is refreshed by itself"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
