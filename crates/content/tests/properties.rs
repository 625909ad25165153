//! Laws that hold for every input.
#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::render::{FilterPath, Options, Render};
use glasswork_content::{
    Failure, Kind, Limits, Meta, Node, Object, RootCauses, ShardFailure, Value, fuzz, parse,
};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Long),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::Double),
        ".{0,12}".prop_map(Value::String),
    ];
    scalar.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6)
                .prop_map(|values| Value::Array(values.into_iter().map(Node::from).collect())),
            proptest::collection::vec(("[a-c.*\"\\\\]{0,2}", inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Object>())),
        ]
    })
}

fn json_like() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just("{".to_owned()),
            Just("}".to_owned()),
            Just("[".to_owned()),
            Just("]".to_owned()),
            Just(",".to_owned()),
            Just(":".to_owned()),
            Just("\"a\"".to_owned()),
            Just("\"\\u00".to_owned()),
            Just("null".to_owned()),
            Just("-1.5e3".to_owned()),
            Just("//".to_owned()),
            Just("/*".to_owned()),
            ".{0,3}",
        ],
        0..24,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same(value in value()) {
        let written = Node::from(value).to_json();
        let again = parse(&written, &Limits::DEFAULT).unwrap();
        prop_assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(again.to_json()).unwrap());
        fuzz::json(&again.to_json());
    }

    #[test]
    fn an_independent_parser_agrees(value in value()) {
        let written = Node::from(value).to_json();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&written).is_ok());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz::json(&bytes);
        fuzz::yaml(&bytes);
        fuzz::settings(&bytes);
        fuzz::filter(&bytes);
    }

    #[test]
    fn no_text_that_looks_like_json_makes_a_reader_panic(text in json_like()) {
        fuzz::json(text.as_bytes());
        fuzz::yaml(text.as_bytes());
        fuzz::filter(format!("a.*,-**.a\n{text}").as_bytes());
        // what serde_json accepts, this reader accepts, up to names that come twice
        if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            let ours = parse(text.as_bytes(), &Limits::DEFAULT);
            prop_assert!(ours.as_ref().map_or_else(|failure| failure.reason().starts_with("Duplicate"), |_| true), "{:?}", ours);
        }
    }

    #[test]
    fn filters_are_idempotent_and_include_and_exclude_complete_each_other(value in value(), path in "[abc*.]{1,6}") {
        let node = Node::from(Value::Object([("a", value)].into_iter().map(|(key, value)| (key, Node::from(value))).collect()));
        let write = |node: &Node, filter: &str| {
            let mut out = Render::new(Options { filter: FilterPath::parse(filter), ..Options::default() });
            out.node(node);
            out.finish()
        };
        let json = node.to_json();
        let mut once = path.clone().into_bytes();
        once.push(b'\n');
        once.extend_from_slice(&json);
        fuzz::filter(&once);
        // excluding everything that is included leaves nothing
        let both = write(&node, &format!("{path},-{path}"));
        prop_assert_eq!(both, b"{}");
    }

    #[test]
    fn a_failure_survives_the_bus(reason in proptest::option::of(".{0,20}"), depth in 0usize..4, shard in any::<i64>()) {
        let mut failure = Failure { reason, ..Failure::without_reason(Kind::Parsing) }.with("line", Meta::Long(shard));
        for _ in 0..depth {
            failure = Failure::search_phase("query", "all shards failed", vec![ShardFailure { shard, index: None, node: Some("n".into()), reason: failure }]);
        }
        let bytes = postcard::to_stdvec(&failure).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<Failure>(&bytes).unwrap(), &failure);
        let mut out = Render::new(Options { error_trace: true, ..Options::default() });
        failure.render_body(&mut out);
        prop_assert!(parse(&out.finish(), &Limits::DEFAULT).is_ok());
    }
}

#[test]
fn every_kind_has_its_own_name_and_a_status_that_is_an_error() {
    let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    for kind in Kind::ALL {
        assert!((400..=504).contains(&kind.status()), "{kind}");
        assert_eq!(Kind::named(kind.name()), Some(*kind));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());
    let newer: Kind = serde_json::from_str("\"kind_of_a_newer_node\"").unwrap();
    assert_eq!(newer, Kind::Exception);
}

#[test]
fn the_status_of_a_failed_phase_is_that_of_its_shards() {
    let shard = |reason| ShardFailure {
        shard: 0,
        index: Some("i".into()),
        node: None,
        reason,
    };
    let phase = |reasons: Vec<Failure>| {
        Failure::search_phase(
            "query",
            "all shards failed",
            reasons.into_iter().map(shard).collect(),
        )
    };
    assert_eq!(phase(vec![]).status(), 503);
    assert_eq!(phase(vec![Failure::illegal_argument("x")]).status(), 400);
    assert_eq!(
        phase(vec![
            Failure::illegal_argument("x"),
            Failure::task_cancelled("y")
        ])
        .status(),
        500
    );
    assert_eq!(
        phase(vec![Failure::rejected("x"), Failure::illegal_argument("y")]).status(),
        429
    );
}

#[test]
fn root_causes_are_found_through_upstreams_own_exceptions_only() {
    let roots = |failure: &Failure| {
        failure
            .root_causes()
            .iter()
            .map(|root| root.reason().to_owned())
            .collect::<Vec<_>>()
    };
    let own = |reason: &str| Failure::new(Kind::QueryShard, reason);
    assert_eq!(
        roots(&own("a").caused_by(own("b").caused_by(Failure::number_format("x")))),
        ["b"]
    );
    assert_eq!(
        roots(&Failure::illegal_argument("a").caused_by(own("b"))),
        ["a"]
    );
    let content = Failure::new(Kind::XContentParse, "c").caused_by(own("d"));
    assert_eq!(roots(&content), ["d"]);
    let listed = Failure {
        root_causes: RootCauses::Listed(vec![own("r1"), own("r2")]),
        ..own("e")
    };
    assert_eq!(roots(&own("f").caused_by(listed)), ["r1", "r2"]);
}

#[test]
fn a_stack_trace_names_index_class_and_reason() {
    let failure = Failure::index_not_found("nowhere").caused_by(Failure::number_format("x"));
    assert_eq!(
        failure.stack_trace(),
        "[nowhere] IndexNotFoundException[no such index [nowhere]]\nCaused by: NumberFormatException: For input string: \"x\"\n"
    );
}

#[test]
fn the_corpus_breaks_no_law() {
    let open = "[{\"a\":".repeat(200);
    let corpus: &[&[u8]] = &[
        b"",
        b"null",
        b"{}",
        b"[[[[]]]]",
        b"{\"a\":{\"a\":{\"a\":1}}}",
        b"\"\\ud800\\u0041\"",
        b"\xef\xbb\xbf1",
        b"1e999",
        b"-0",
        b"123456789012345678901234567890",
        b"\"\xf0\x9f\x98\x80\"",
        b"\"\xed\xa0\x80\"",
        b"a: |\n  text\n",
        b"? [a]\n: b",
        b"!!binary aaaa",
        b"&a [*a]",
        b"<<: {a: 1}",
        b".nan",
        b"0x1F",
        b"1_000",
        b"2001-01-01",
        b"**\n{\"a\":[1,{\"b\":2}]}",
        b"a.b\n{\"a\":{\"b\":{}}}",
        open.as_bytes(),
    ];
    for bytes in corpus {
        fuzz::json(bytes);
        fuzz::yaml(bytes);
        fuzz::filter(bytes);
        fuzz::settings(bytes);
    }
}
