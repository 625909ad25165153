//! What a client sees of documents: writes, versions, conditions, realtime and refreshed reads.

use std::{sync::Arc, time::Duration};

use glasswork_engine::{
    Conflict, FieldNumber, FieldValue, Operation, Shard, Tokens, Versioning, Write, WriteFailure,
    WriteResult, Written,
};
use glasswork_tasks::NoCheckpoint;

use crate::harness::{Place, contents, create, delete, ids, index, index_with, versioned, when};

pub(crate) async fn write_one(shard: &Shard, write: Write) -> Result<Written, WriteFailure> {
    let mut results = shard.write(vec![write]).await.unwrap();
    assert_eq!(results.len(), 1);
    results.remove(0)
}

fn conflict(result: Result<Written, WriteFailure>) -> Conflict {
    match result {
        Err(WriteFailure::VersionConflict { conflict, .. }) => conflict,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

#[tokio::test]
async fn a_document_is_readable_at_once_and_searchable_after_a_refresh() {
    let place = Place::new().await;
    let shard = place.open().await;
    let source = r#"{"title":"a b", "n":1}"#;
    let written = write_one(&shard, index("1", source)).await.unwrap();
    assert_eq!(
        (written.seq_no, written.version, written.primary_term),
        (0, 1, 1)
    );
    assert_eq!(written.result, WriteResult::Created);

    let found = shard.get("1").unwrap().unwrap();
    assert_eq!(found.source, source);
    assert_eq!((found.seq_no, found.version), (0, 1));
    assert!(shard.get_from_view("1").unwrap().is_none());
    assert_eq!(shard.view().doc_count(), 0);

    assert!(shard.needs_refresh() && shard.refresh().unwrap());
    assert!(
        !shard.needs_refresh() && !shard.refresh().unwrap(),
        "nothing new"
    );
    assert_eq!(shard.get_from_view("1").unwrap().unwrap(), found);
    assert_eq!(shard.get("1").unwrap().unwrap(), found);
    assert_eq!(shard.view().max_seq_no(), Some(0));
}

#[tokio::test]
async fn versions_count_up_through_updates_and_deletes() {
    let place = Place::new().await;
    let shard = place.open().await;
    for refresh in [false, true] {
        let id = if refresh { "a" } else { "b" };
        let mut seen = Vec::new();
        let writes = [
            delete(id),
            index(id, "{}"),
            index(id, r#"{"n":2}"#),
            delete(id),
            delete(id),
            index(id, r#"{"n":3}"#),
        ];
        for write in writes {
            let written = write_one(&shard, write).await.unwrap();
            seen.push((written.version, written.result));
            if refresh {
                shard.refresh().unwrap();
            }
        }
        use WriteResult::{Created, Deleted, NotFound, Updated};
        assert_eq!(
            seen,
            [
                (1, NotFound),
                (2, Created),
                (3, Updated),
                (4, Deleted),
                (5, NotFound),
                (6, Created)
            ]
        );
        assert_eq!(shard.get(id).unwrap().unwrap().source, r#"{"n":3}"#);
    }
    assert_eq!(shard.stats().max_seq_no, Some(11));
}

#[tokio::test]
async fn operations_of_one_group_see_each_other() {
    let place = Place::new().await;
    let shard = place.open().await;
    let results = shard
        .write(vec![
            index("1", "{}"),
            create("1", "{}"),
            index("1", r#"{"n":5}"#),
            delete("1"),
            create("1", r#"{"n":6}"#),
        ])
        .await
        .unwrap();
    let texts: Vec<_> = results
        .into_iter()
        .map(|result| match result {
            Ok(written) => format!("{} {:?}", written.version, written.result),
            Err(failure) => failure.to_string(),
        })
        .collect();
    assert_eq!(
        texts,
        [
            "1 Created",
            "[1]: version conflict, document already exists (current version [1])",
            "2 Updated",
            "3 Deleted",
            "4 Created",
        ]
    );
    shard.refresh().unwrap();
    assert_eq!(ids(&shard.view()), ["1"]);
    assert_eq!(shard.view().doc_count(), 1);
    assert_eq!(shard.get("1").unwrap().unwrap().seq_no, 3);
}

#[tokio::test]
async fn a_condition_on_seq_no_and_term_holds_or_the_write_does_not_happen() {
    let place = Place::new().await;
    let shard = place.open().await;
    let missing = write_one(&shard, when(index("1", "{}"), 0, 1)).await;
    assert_eq!(
        missing.unwrap_err().to_string(),
        "[1]: version conflict, required seqNo [0], primary term [1]. but no document was found"
    );
    write_one(&shard, index("1", "{}")).await.unwrap();
    shard.refresh().unwrap();
    for (seq_no, term) in [(1, 1), (0, 2)] {
        let result = write_one(&shard, when(delete("1"), seq_no, term)).await;
        assert_eq!(
            result.unwrap_err().to_string(),
            format!(
                "[1]: version conflict, required seqNo [{seq_no}], primary term [{term}]. current document has seqNo [0] and primary term [1]"
            )
        );
    }
    let updated = write_one(&shard, when(index("1", "{}"), 0, 1))
        .await
        .unwrap();
    assert_eq!(
        (updated.seq_no, updated.version),
        (1, 2),
        "conflicts take no number"
    );
    write_one(&shard, when(delete("1"), 1, 1)).await.unwrap();
    assert!(matches!(
        conflict(write_one(&shard, when(index("1", "{}"), 1, 1)).await),
        Conflict::Missing { .. }
    ));
}

#[tokio::test]
async fn external_versions_only_go_up() {
    let place = Place::new().await;
    let shard = place.open().await;
    let external = |version| versioned(index("1", "{}"), Versioning::External(version));
    let gte = |version| versioned(index("1", "{}"), Versioning::ExternalGte(version));
    assert_eq!(write_one(&shard, external(10)).await.unwrap().version, 10);
    let failure = write_one(&shard, external(10)).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "[1]: version conflict, current version [10] is higher or equal to the one provided [10]"
    );
    assert_eq!(write_one(&shard, gte(10)).await.unwrap().version, 10);
    let failure = write_one(&shard, gte(9)).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "[1]: version conflict, current version [10] is higher than the one provided [9]"
    );
    let gone = versioned(delete("1"), Versioning::External(12));
    assert_eq!(write_one(&shard, gone).await.unwrap().version, 12);
    assert_eq!(
        conflict(write_one(&shard, external(12)).await),
        Conflict::HigherOrEqual {
            current: 12,
            provided: 12
        },
        "a delete is remembered"
    );
    assert_eq!(write_one(&shard, external(13)).await.unwrap().version, 13);
}

#[tokio::test]
async fn a_delete_is_forgotten_after_its_time() {
    let place = Place::new().await;
    let mut config = place.config();
    config.gc_deletes = Duration::ZERO;
    let shard = Shard::open(config).await.unwrap();
    write_one(&shard, index("1", "{}")).await.unwrap();
    write_one(&shard, delete("1")).await.unwrap();
    std::thread::yield_now();
    assert_eq!(
        write_one(&shard, index("1", "{}")).await.unwrap().version,
        1
    );
}

#[tokio::test]
async fn an_update_that_is_not_refreshed_leaves_the_view_as_it_was() {
    let place = Place::new().await;
    let shard = place.open().await;
    shard
        .write(vec![index("1", r#"{"n":1}"#), index("2", r#"{"n":1}"#)])
        .await
        .unwrap();
    shard.refresh().unwrap();
    let before = shard.view();
    shard
        .write(vec![index("1", r#"{"n":2}"#), delete("2")])
        .await
        .unwrap();
    assert_eq!(contents(&shard.view()), contents(&before));
    assert_eq!(
        shard.get_from_view("1").unwrap().unwrap().source,
        r#"{"n":1}"#
    );
    assert!(shard.get("2").unwrap().is_none());
    shard.refresh().unwrap();
    assert_eq!(
        contents(&shard.view()),
        [("1".to_owned(), r#"{"n":2}"#.to_owned(), 2, 2)]
    );
    assert_eq!(ids(&before), ["1", "2"], "a view keeps what it shows");
}

#[tokio::test]
async fn routing_and_the_source_come_back_byte_for_byte() {
    let place = Place::new().await;
    let shard = place.open().await;
    let source = " {\"n\" : 1,\t\"title\":\"\\u00e9\u{1F600}\" } ";
    let mut write = index("ä/1", source);
    write.routing = Some("r".into());
    write_one(&shard, write).await.unwrap();
    assert_eq!(
        shard.get("ä/1").unwrap().unwrap().routing.as_deref(),
        Some("r")
    );
    shard.refresh().unwrap();
    let found = shard.get("ä/1").unwrap().unwrap();
    assert_eq!(found.source, source);
    assert_eq!(found.routing.as_deref(), Some("r"));
    let view = shard.view();
    let segment = &view.segments()[0];
    assert_eq!(&*segment.id(0).unwrap(), "ä/1");
    assert_eq!(segment.routing(0).unwrap().as_deref(), Some("r"));

    // Whatever bytes a node calls a source.
    let mut write = index("raw", "{}");
    if let Operation::Index { source, .. } = &mut write.operation {
        *source = vec![0xff, 0, 0xc3, 0x28].into();
    }
    write_one(&shard, write).await.unwrap();
    shard.refresh().unwrap();
    assert_eq!(
        &shard.get("raw").unwrap().unwrap().source[..],
        [0xff, 0, 0xc3, 0x28]
    );
}

#[tokio::test]
async fn a_document_that_does_not_fit_the_fields_is_refused_alone() {
    let place = Place::new().await;
    let shard = place.open().await;
    let mut wrong_kind = index("1", "{}");
    let mut unknown = index("2", "{}");
    for (write, number, value) in [
        (&mut wrong_kind, 0, FieldValue::I64(1)),
        (&mut unknown, 40, FieldValue::I64(1)),
    ] {
        if let Operation::Index { document, .. } = &mut write.operation {
            document.push(FieldNumber(number), value);
        }
    }
    let results = shard
        .write(vec![wrong_kind, unknown, index("3", "{}")])
        .await
        .unwrap();
    assert!(matches!(results[0], Err(WriteFailure::Fields { .. })));
    assert!(matches!(results[1], Err(WriteFailure::Fields { .. })));
    assert_eq!(results[2].as_ref().unwrap().seq_no, 0);
}

#[tokio::test]
async fn fields_may_come_later() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index_with("1", r#"{"title":"x"}"#, 1))
        .await
        .unwrap();
    write_one(&shard, index_with("2", r#"{"title":"x","n":4}"#, 3))
        .await
        .unwrap();
    shard.refresh().unwrap();
    let view = shard.view();
    let (number, _, spec) = view.field("n").unwrap();
    assert_eq!((number, spec.name.as_str()), (FieldNumber(2), "n"));
    let with_field: Vec<_> = view
        .segments()
        .iter()
        .map(|s| s.has_field(number))
        .collect();
    assert_eq!(with_field, [false, true]);
    assert!(view.field("body").is_none());
    // Every segment can be asked for every field of the view.
    for segment in view.segments() {
        let (_, field, _) = view.field("n").unwrap();
        segment.reader.inverted_index(field).unwrap();
        segment.field_stats(number).unwrap();
    }
    let (title, ..) = view.field("title").unwrap();
    let stats = view.field_stats(title).unwrap();
    assert_eq!((stats.doc_count, stats.total_tokens), (2, 2));
    assert_eq!(view.field_stats(number).unwrap().doc_count, 1);
    view.searcher().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_the_same_time_are_all_answered() {
    let place = Place::new().await;
    let shard = place.open().await;
    let clients: Vec<_> = (0..16)
        .map(|client| {
            let shard = shard.clone();
            tokio::spawn(async move {
                for round in 0..20 {
                    let own = index(&format!("{client}-{round}"), "{}");
                    let results = shard.write(vec![own, index("shared", "{}")]).await.unwrap();
                    assert!(results.iter().all(Result::is_ok));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    shard.refresh().unwrap();
    assert_eq!(shard.view().doc_count(), 16 * 20 + 1);
    assert_eq!(shard.get("shared").unwrap().unwrap().version, 320);
    assert_eq!(shard.stats().max_seq_no, Some(639));
}

#[tokio::test]
async fn a_closed_shard_refuses_and_a_deleted_one_leaves_nothing() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", "{}")).await.unwrap();
    shard.refresh().unwrap();
    let view = shard.view();
    shard.close();
    assert!(shard.write(vec![index("2", "{}")]).await.is_err());
    assert!(shard.get("1").is_err() && shard.refresh().is_err() && shard.flush().await.is_err());
    assert_eq!(ids(&view), ["1"]);
    shard.delete().unwrap();
    assert!(!place.config().dir.exists());
}

/// A write with the given values of the fields `title`, `tag`, `n`, `body` and `late`.
fn with_values(id: &str, values: Vec<(u32, FieldValue)>) -> Write {
    let mut write = index_with(id, "{}", 5);
    if let Operation::Index { document, .. } = &mut write.operation {
        for (number, value) in values {
            document.push(FieldNumber(number), value);
        }
    }
    write
}

#[tokio::test]
async fn extreme_values_are_taken_without_a_panic() {
    let place = Place::new().await;
    let shard = place.open().await;
    let text = |parts: &[(&str, u32)]| {
        let mut tokens = Tokens::new();
        for (token, position) in parts {
            tokens.push(token, *position);
        }
        FieldValue::Text(tokens)
    };
    let long = "x".repeat(200_000);
    let mut many = Tokens::new();
    for position in 0..100_000 {
        many.push("same", position);
    }
    let extremes = vec![
        vec![(0, text(&[])), (3, text(&[("", 0), ("", 0), ("a", 0)]))],
        vec![(
            0,
            text(&[("far", u32::MAX), ("farther", u32::MAX), ("back", 0)]),
        )],
        vec![(0, text(&[(&long, 0), ("after", 1)]))],
        vec![(0, FieldValue::Text(many))],
        vec![(0, text(&[("a", u32::MAX)])), (0, text(&[("b", u32::MAX)]))],
        vec![
            (1, FieldValue::Keyword("".into())),
            (1, FieldValue::Keyword("\0\u{1}".into())),
        ],
        vec![(1, FieldValue::Keyword(long.as_str().into()))],
        vec![
            (2, FieldValue::I64(i64::MIN)),
            (2, FieldValue::I64(i64::MAX)),
            (2, FieldValue::I64(0)),
        ],
        vec![
            (4, FieldValue::F64(f64::INFINITY)),
            (4, FieldValue::F64(f64::NEG_INFINITY)),
        ],
        vec![
            (4, FieldValue::F64(f64::NAN)),
            (4, FieldValue::F64(-0.0)),
            (4, FieldValue::F64(5e-324)),
        ],
        (0..5000).map(|n| (2, FieldValue::I64(n))).collect(),
    ];
    let count = extremes.len() as u64;
    for (number, values) in extremes.into_iter().enumerate() {
        write_one(&shard, with_values(&number.to_string(), values))
            .await
            .unwrap();
        shard.refresh().unwrap();
    }
    let long_id = "i".repeat(512);
    write_one(&shard, with_values(&long_id, Vec::new()))
        .await
        .unwrap();
    write_one(&shard, with_values("", Vec::new()))
        .await
        .unwrap();
    shard.merge(1, Arc::new(NoCheckpoint)).unwrap();
    shard.refresh().unwrap();
    assert_eq!(shard.view().doc_count(), count + 2);
    assert!(shard.get(&long_id).unwrap().is_some() && shard.get("").unwrap().is_some());
    let view = shard.view();
    let (n, ..) = view.field("n").unwrap();
    assert_eq!(view.field_stats(n).unwrap().doc_count, 2);
}
