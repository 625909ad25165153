//! Indices: made, shown, changed, closed and deleted; names resolved; aliases changed at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use glasswork_content::Kind;
use glasswork_node::{
    actions::{
        documents::{GetDocument, GetRequest, IndexDocument},
        indices::*,
    },
    metadata::{Expand, ExpressionOptions, IndexExpression, parse_settings},
};
use support::*;

fn aliases(body: &str) -> UpdateAliasesRequest {
    UpdateAliasesRequest::parse(&json(body)).unwrap()
}

fn deletion(names: &str) -> DeleteIndexRequest {
    let options = ExpressionOptions {
        ignore_aliases: true,
        ..ExpressionOptions::OPEN_AND_CLOSED
    };
    DeleteIndexRequest {
        target: IndexExpression::parse(names, options),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_is_shown_as_it_was_made() {
    let on = OnFiles::start().await;
    let node = &on.node;
    let body = r#"{"settings":{"number_of_replicas":0,"index":{"refresh_interval":"5s"}},"mappings":{"properties":{"year":{"type":"integer"}}},"aliases":{"all":{"filter":{"term":{"year":1}}}}}"#;
    create(node, "books", body).await.unwrap();
    let shown = run::<GetIndex>(
        node,
        GetIndexRequest {
            target: target("books"),
            include_defaults: true,
        },
    )
    .await
    .unwrap();
    let index = &shown.indices[0];
    assert_eq!(index.aliases.keys().collect::<Vec<_>>(), ["all"]);
    assert_eq!(
        index.mapping.to_json(),
        br#"{"properties":{"year":{"type":"integer"}}}"#
    );
    let uuid = index.settings.text("index.uuid").unwrap();
    let created = index.settings.text("index.creation_date").unwrap();
    let expected = format!(
        r#"{{"index":{{"replication":{{"type":"DOCUMENT"}},"refresh_interval":"5s","number_of_shards":"1","provided_name":"books","creation_date":"{created}","number_of_replicas":"0","uuid":"{uuid}","version":{{"created":"137297827"}}}}}}"#
    );
    let mut sorted: Vec<char> = expected.chars().collect();
    let mut found: Vec<char> = rendered(|out| index.settings.render(out)).chars().collect();
    sorted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, sorted);
    assert_eq!(
        index
            .defaults
            .as_ref()
            .unwrap()
            .text("index.max_result_window"),
        Some("10000")
    );
    let again = create(node, "books", body).await.unwrap_err();
    assert_eq!(
        again.reason(),
        format!("index [books/{uuid}] already exists")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_new_index_is_told() {
    let on = OnFiles::start().await;
    for (name, body, reason) in [
        (
            "x",
            r#"{"mapings":{}}"#,
            "unknown key [mapings] for create index",
        ),
        (
            "x",
            r#"{"settings":{"shards":1}}"#,
            "unknown setting [index.shards] please check that any required plugins are installed, or check the breaking changes documentation for removed settings",
        ),
        (
            "x",
            r#"{"settings":{"number_of_shards":0}}"#,
            "Failed to parse value [0] for setting [index.number_of_shards] must be >= 1",
        ),
        (
            "x",
            r#"{"settings":{"number_of_shards":"abc"}}"#,
            "Failed to parse value [abc] for setting [index.number_of_shards]",
        ),
        (
            "x",
            r#"{"mappings":{"properties":{"a":{"type":"nope"}}}}"#,
            "Failed to parse mapping [_doc]: No handler for type [nope] declared on field [a]",
        ),
        ("X", "{}", "Invalid index name [X], must be lowercase"),
        (
            "../x",
            "{}",
            "Invalid index name [../x], must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]",
        ),
        (
            "x",
            r#"{"aliases":{"a*":{}}}"#,
            "Invalid alias name [a*]: must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]",
        ),
        (
            "x",
            r#"{"aliases":{"x":{}}}"#,
            "Invalid alias name [x]: an index exists with the same name as the alias",
        ),
    ] {
        let refused = create(&on.node, name, body).await.unwrap_err();
        assert_eq!((refused.reason(), refused.status()), (reason, 400));
    }
    assert_eq!(on.node.metadata().indices().count(), 0);
    let keys = on.node.substrate().kv.list("index.").await.unwrap();
    assert!(
        keys.is_empty(),
        "an index that was refused leaves nothing: {keys:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_resolved_with_wildcards_exclusions_and_aliases() {
    let on = OnFiles::start().await;
    let node = &on.node;
    for name in ["logs-1", "logs-2", "books"] {
        create(node, name, "{}").await.unwrap();
    }
    create(node, "secret", r#"{"settings":{"hidden":true}}"#)
        .await
        .unwrap();
    run::<UpdateAliases>(
        node,
        aliases(r#"{"actions":[{"add":{"indices":["logs-1","books"],"alias":"both"}}]}"#),
    )
    .await
    .unwrap();
    let metadata = node.metadata();
    let names = |list: &str, options| {
        let found = metadata.resolve(&IndexExpression::parse(list, options));
        found.map(|found| {
            found
                .iter()
                .map(|index| index.name.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        })
    };
    let open = ExpressionOptions::OPEN;
    for (list, expected) in [
        ("", "books logs-1 logs-2"),
        ("_all", "books logs-1 logs-2"),
        ("*", "books logs-1 logs-2"),
        ("logs-*", "logs-1 logs-2"),
        ("logs-*,-logs-1", "logs-2"),
        ("*,-logs*", "books"),
        ("both", "books logs-1"),
        ("bo*", "books logs-1"),
        ("books,logs-2,books", "books logs-2"),
        ("nothing*", ""),
        ("secret", "secret"),
    ] {
        assert_eq!(names(list, open).unwrap(), expected, "[{list}]");
    }
    let missing = names("books,nope", open).unwrap_err();
    assert_eq!(
        (missing.reason(), missing.status()),
        ("no such index [nope]", 404)
    );
    assert_eq!(
        names(
            "books,nope",
            ExpressionOptions {
                ignore_unavailable: true,
                ..open
            }
        )
        .unwrap(),
        "books"
    );
    let strict = ExpressionOptions {
        allow_no_indices: false,
        ..open
    };
    assert_eq!(
        names("nope*", strict).unwrap_err().reason(),
        "no such index [nope*]"
    );
    assert_eq!(
        names("_nope", open).unwrap_err().reason(),
        "Invalid index name [_nope], must not start with '_'."
    );
    let alias = run::<DeleteIndex>(node, deletion("both"))
        .await
        .unwrap_err();
    assert_eq!(
        alias.reason(),
        "The provided expression [both] matches an alias, specify the corresponding concrete indices instead."
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_index_refuses_and_opens_again_with_everything() {
    let on = OnFiles::start().await;
    let node = &on.node;
    index(node, "books", "1", r#"{"a":1}"#).await.unwrap();
    let closed = run::<CloseIndex>(
        node,
        CloseIndexRequest {
            target: target("books"),
        },
    )
    .await
    .unwrap();
    assert_eq!(
        rendered(|out| closed.render(out)),
        r#"{"acknowledged":true,"shards_acknowledged":true,"indices":{"books":{"closed":true}}}"#
    );
    let wildcard = |expand| {
        let options = ExpressionOptions {
            expand,
            ..ExpressionOptions::OPEN
        };
        node.metadata()
            .resolve(&IndexExpression::parse("b*", options))
    };
    assert!(wildcard(Expand::OPEN).unwrap().is_empty());
    for refused in [
        wildcard(Expand::OPEN_AND_CLOSED).map(drop),
        index(node, "books", "2", "{}").await.map(drop),
        get(node, "books", "1").await.map(drop),
        run::<Refresh>(
            node,
            RefreshRequest {
                target: target("books"),
            },
        )
        .await
        .map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(
            (refused.kind, refused.reason()),
            (Kind::IndexClosed, "closed")
        );
    }
    let on = on.restart().await;
    let node = &on.node;
    assert!(get(node, "books", "1").await.is_err());
    let closed_too = IndexExpression::parse("books", ExpressionOptions::OPEN_AND_CLOSED);
    run::<OpenIndex>(node, OpenIndexRequest { target: closed_too })
        .await
        .unwrap();
    assert_eq!(source(node, "books", "1").await.unwrap(), r#"{"a":1}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_index_leaves_nothing() {
    let on = OnFiles::start().await;
    let node = &on.node;
    for name in ["a-1", "a-2", "b"] {
        index(node, name, "1", "{}").await.unwrap();
    }
    run::<Flush>(
        node,
        FlushRequest {
            target: target("*"),
        },
    )
    .await
    .unwrap();
    run::<DeleteIndex>(node, deletion("a-*")).await.unwrap();
    assert_eq!(
        node.metadata()
            .indices()
            .map(|index| index.name.to_string())
            .collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(node.substrate().logs.list().await.unwrap().len(), 1);
    assert_eq!(node.substrate().kv.list("index.").await.unwrap().len(), 1);
    assert_eq!(
        std::fs::read_dir(on.folder.path().join("indices"))
            .unwrap()
            .count(),
        1
    );
    let missing = run::<DeleteIndex>(node, deletion("a-1")).await.unwrap_err();
    assert_eq!(
        (missing.reason(), missing.status()),
        ("no such index [a-1]", 404)
    );
    run::<DeleteIndex>(node, deletion("a-*")).await.unwrap();
    index(node, "a-1", "1", r#"{"anew":true}"#).await.unwrap();
    let on = on.restart().await;
    assert_eq!(
        source(&on.node, "a-1", "1").await.unwrap(),
        r#"{"anew":true}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aliases_change_at_once_or_not_at_all() {
    let on = OnFiles::start().await;
    let node = &on.node;
    for name in ["one", "two", "old"] {
        create(node, name, "{}").await.unwrap();
    }
    let swap = r#"{"actions":[{"add":{"index":"one","alias":"now","is_write_index":true}},{"add":{"index":"two","alias":"now"}},{"remove_index":{"index":"old"}}]}"#;
    run::<UpdateAliases>(node, aliases(swap)).await.unwrap();
    assert!(node.metadata().index("old").is_none());
    let written = index(node, "now", "1", "{}").await.unwrap();
    assert_eq!(written.index, "one");
    let several = run::<GetDocument>(node, GetRequest::new("now", "1"))
        .await
        .unwrap_err();
    assert_eq!(
        several.reason(),
        "alias [now] has more than one index associated with it [one, two], can't execute a single index op"
    );
    let half = r#"{"actions":[{"remove":{"index":"one","alias":"now"}},{"add":{"index":"nope","alias":"x"}}]}"#;
    assert_eq!(
        run::<UpdateAliases>(node, aliases(half))
            .await
            .unwrap_err()
            .reason(),
        "no such index [nope]"
    );
    assert_eq!(
        node.metadata().indices_of_alias("now").len(),
        2,
        "nothing of a refused request is done"
    );
    run::<UpdateAliases>(node, aliases(r#"{"actions":[{"remove":{"index":"one","alias":"now"}},{"add":{"index":"one","alias":"all"}},{"add":{"index":"two","alias":"all"}}]}"#)).await.unwrap();
    let no_writer = index(node, "all", "1", "{}").await.unwrap_err();
    assert!(
        no_writer
            .reason()
            .starts_with("no write index is defined for alias [all]. The write index may be"),
        "{no_writer}"
    );
    let missing = run::<UpdateAliases>(
        node,
        aliases(r#"{"actions":[{"remove":{"index":"one","alias":"nope"}}]}"#),
    )
    .await
    .unwrap_err();
    assert_eq!(
        (missing.reason(), missing.status()),
        ("aliases [nope] missing", 404)
    );
    let shown = run::<GetAliases>(
        node,
        GetAliasesRequest {
            target: target(""),
            names: vec!["all".to_owned(), "gone".to_owned()],
        },
    )
    .await
    .unwrap();
    assert_eq!(shown.indices.len(), 2);
    assert_eq!(shown.missing, ["gone"]);
    let mut required = put("one", "2", "{}");
    required.item.require_alias = true;
    let refused = run::<IndexDocument>(node, required).await.unwrap_err();
    assert_eq!(
        refused.reason(),
        "no such index [one] and [require_alias] request flag is [true] and [one] is not an alias"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_and_mappings_change_as_far_as_they_may() {
    let on = OnFiles::start().await;
    let node = &on.node;
    create(
        node,
        "books",
        r#"{"mappings":{"properties":{"year":{"type":"integer"}}}}"#,
    )
    .await
    .unwrap();
    let uuid = node.metadata().index("books").unwrap().uuid.to_string();
    let change = |body: &str| UpdateSettingsRequest {
        target: target("books"),
        settings: parse_settings(&json(body), "index.").unwrap(),
        preserve_existing: false,
    };
    run::<UpdateSettings>(
        node,
        change(r#"{"index":{"refresh_interval":"1s","blocks":{"write":true}}}"#),
    )
    .await
    .unwrap();
    let blocked = index(node, "books", "1", "{}").await.unwrap_err();
    assert_eq!(
        (blocked.reason(), blocked.status()),
        (
            "index [books] blocked by: [FORBIDDEN/8/index write (api)];",
            403
        )
    );
    run::<UpdateSettings>(node, change(r#"{"index.blocks.write":null}"#))
        .await
        .unwrap();
    index(node, "books", "1", r#"{"a":1}"#).await.unwrap();
    let fixed = run::<UpdateSettings>(node, change(r#"{"number_of_shards":3}"#))
        .await
        .unwrap_err();
    assert_eq!(
        fixed.reason(),
        format!(
            "Can't update non dynamic settings [[index.number_of_shards]] for open indices [[books/{uuid}]]"
        )
    );
    let unknown = run::<UpdateSettings>(node, change(r#"{"nothing":3}"#))
        .await
        .unwrap_err();
    assert_eq!(unknown.kind, Kind::Settings);
    let mapping = |body: &str| PutMappingRequest {
        target: target("books"),
        mapping: json(body),
    };
    run::<PutMapping>(
        node,
        mapping(r#"{"properties":{"pages":{"type":"integer"}}}"#),
    )
    .await
    .unwrap();
    let conflict = run::<PutMapping>(node, mapping(r#"{"properties":{"year":{"type":"text"}}}"#))
        .await
        .unwrap_err();
    assert_eq!(
        conflict.reason(),
        "mapper [year] cannot be changed from type [integer] to [text]"
    );
    let on = on.restart().await;
    let fields = GetFieldMappingRequest {
        target: target("books"),
        fields: vec!["p*".to_owned()],
    };
    let shown = run::<GetFieldMapping>(&on.node, fields).await.unwrap();
    assert_eq!(
        shown.indices[0].1[0].1.to_json(),
        br#"{"full_name":"pages","mapping":{"pages":{"type":"integer"}}}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_are_refreshed_flushed_merged_and_counted() {
    let on = OnFiles::start().await;
    let node = &on.node;
    create(
        node,
        "books",
        r#"{"settings":{"number_of_shards":2,"number_of_replicas":1}}"#,
    )
    .await
    .unwrap();
    for n in 0..30 {
        index(node, "books", &n.to_string(), &format!(r#"{{"n":{n}}}"#))
            .await
            .unwrap();
        if n % 10 == 0 {
            run::<Refresh>(
                node,
                RefreshRequest {
                    target: target("books"),
                },
            )
            .await
            .unwrap();
        }
    }
    let refreshed = run::<Refresh>(
        node,
        RefreshRequest {
            target: target("books"),
        },
    )
    .await
    .unwrap();
    assert_eq!(
        rendered(|out| refreshed.render(out)),
        r#"{"_shards":{"total":4,"successful":2,"failed":0}}"#
    );
    let merge = ForceMergeRequest {
        target: target("books"),
        max_num_segments: Some(1),
        only_expunge_deletes: false,
        flush: true,
        primary_only: false,
    };
    run::<ForceMerge>(node, merge).await.unwrap();
    let stats = run::<IndicesStats>(
        node,
        IndicesStatsRequest {
            target: target("books"),
        },
    )
    .await
    .unwrap();
    let shards = &stats.indices[0].shards;
    assert_eq!(shards.iter().map(|shard| shard.docs).sum::<u64>(), 30);
    assert!(
        shards
            .iter()
            .all(|shard| shard.segments == 1 && shard.docs > 0),
        "{shards:?}"
    );
    let on = on.restart().await;
    assert_eq!(
        source(&on.node, "books", "29").await.unwrap(),
        r#"{"n":29}"#
    );
}
