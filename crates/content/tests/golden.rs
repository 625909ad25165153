//! Recorded answers of the real server, byte for byte or value for value.
#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{
    Failure, FilterPath, Format, Limits, Meta, Node, Options, Render, ShardFailure, Value, parse,
};
use std::path::PathBuf;

/// The body of a recorded answer; `None` (with a line on stderr) where the recordings are not at hand.
fn recorded(name: &str) -> Option<String> {
    let shared = std::env::var_os("GLASSWORK_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("golden").join(format!("{name}.http"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not at hand", path.display());
        return None;
    };
    let (_, answer) = text.split_once("\n>>>\n")?;
    let (_, body) = answer.split_once("\n\n")?;
    Some(body.to_owned())
}

fn value(text: &str) -> Node {
    parse(text.as_bytes(), &Limits::DEFAULT).unwrap()
}

fn rendered(node: &Node, options: Options) -> String {
    let mut out = Render::new(options);
    out.node(node);
    String::from_utf8(out.finish()).unwrap()
}

fn body_of(failure: &Failure) -> String {
    let mut out = Render::compact();
    failure.render_body(&mut out);
    String::from_utf8(out.finish()).unwrap()
}

fn assert_body(failure: &Failure, name: &str) {
    if let Some(body) = recorded(name) {
        assert_eq!(
            body_of(failure),
            String::from_utf8(value(&body).to_json()).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn pretty_json_is_laid_out_as_upstream_lays_it_out() {
    if let Some(body) = recorded("tasks-list-pretty") {
        let written = rendered(
            &value(&body),
            Options {
                pretty: true,
                ..Options::default()
            },
        );
        assert_eq!(written.trim_end(), body.trim_end());
        assert!(written.ends_with("}\n"));
    }
}

#[test]
fn yaml_is_laid_out_as_upstream_lays_it_out() {
    let yaml = || Options {
        format: Format::Yaml,
        ..Options::default()
    };
    for (name, json) in [
        ("tasks-list-yaml", None),
        ("cat-tasks-yaml", None),
        (
            "error-content-type-yaml",
            Some(
                r#"{"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},
                   "hits":{"total":{"value":12,"relation":"eq"},"max_score":null,"hits":[]}}"#,
            ),
        ),
    ] {
        let Some(body) = recorded(name) else { continue };
        let node = match json {
            Some(json) => value(json),
            None => glasswork_content::parse_yaml(body.as_bytes(), &Limits::DEFAULT).unwrap(),
        };
        assert_eq!(
            rendered(&node, yaml()).trim_end(),
            body.trim_end(),
            "{name}"
        );
    }
}

#[test]
fn malformed_bodies_are_refused_in_upstreams_words() {
    for (name, text) in [
        ("error-malformed-json", r#"{"query": {"match": "#),
        ("error-malformed-json-token", r#"{"query": nope}"#),
        ("error-doubled-key", r#"{"size": 1, "size": 2}"#),
    ] {
        assert_body(&parse(text.as_bytes(), &Limits::DEFAULT).unwrap_err(), name);
    }
    let broken_off = parse(br#"{"title": "x""#, &Limits::DEFAULT).unwrap_err();
    assert_body(
        &Failure::mapper_parsing("failed to parse").caused_by(broken_off),
        "error-malformed-json-doc",
    );
}

#[test]
fn plain_failures_look_as_upstream_shows_them() {
    assert_body(
        &Failure::index_not_found("nowhere"),
        "error-index-not-found",
    );
    assert_body(
        &Failure::illegal_argument(
            "[group_by] must be one of [nodes], [parents] or [none] but was [foo]",
        ),
        "tasks-list-group-invalid",
    );
    let unknown = Failure::parsing("unknown query [matsch] did you mean [match]?", at(1, 22));
    let cause = Failure::new(
        glasswork_content::Kind::NamedObjectNotFound,
        "[1:22] unknown field [matsch]",
    );
    assert_body(&unknown.caused_by(cause), "error-unknown-query");
    assert_body(
        &glasswork_content::text::parse_time("soon", "timeout").unwrap_err(),
        "tasks-list-timeout-invalid",
    );
    assert_body(
        &glasswork_content::text::parse_time("5", "timeout").unwrap_err(),
        "tasks-list-timeout-no-unit",
    );
}

fn at(line: u32, column: u32) -> glasswork_content::Position {
    glasswork_content::Position { line, column }
}

fn shard(index: Option<&str>, shard: i64, node: Option<&str>, reason: Failure) -> ShardFailure {
    ShardFailure {
        shard,
        index: index.map(str::to_owned),
        node: node.map(str::to_owned),
        reason,
    }
}

#[test]
fn failed_search_phases_look_as_upstream_shows_them() {
    let node = Some("SRpFgdD5TUeuF7-q8hC7BA");
    let cancelled = || Failure::task_cancelled("by user request");
    let both = vec![
        shard(Some("many"), 0, node, cancelled()),
        shard(Some("many"), 1, node, cancelled()),
    ];
    assert_body(
        &Failure::search_phase("query", "all shards failed", both),
        "search-cancelled",
    );

    let gone = Failure::new(
        glasswork_content::Kind::SearchContextMissing,
        "No search context found for id [131]",
    );
    let failure = Failure::search_phase(
        "query",
        "all shards failed",
        vec![shard(None, -1, None, gone)],
    );
    if let Some(body) = recorded("scroll-gone") {
        assert_eq!(
            body_of(&failure),
            String::from_utf8(value(&body).to_json()).unwrap()
        );
    }

    let Some(body) = recorded("search-from-size-too-far") else {
        return;
    };
    let reason = value(&body).get("error").and_then(|e| {
        e.get("caused_by")?
            .get("reason")?
            .to_text()
            .map(|t| t.into_owned())
    });
    let window = Failure::illegal_argument(reason.unwrap());
    assert_body(
        &Failure::search_phase(
            "query",
            "all shards failed",
            vec![shard(Some("books"), 0, node, window)],
        ),
        "search-from-size-too-far",
    );
}

#[test]
fn script_failures_look_as_upstream_shows_them() {
    let position = Meta::Object(vec![
        ("offset".into(), Meta::Long(16)),
        ("start".into(), Meta::Long(0)),
        ("end".into(), Meta::Long(17)),
    ]);
    let failure = Failure::new(glasswork_content::Kind::Script, "compile error")
        .with(
            "script_stack",
            Meta::Texts(vec![
                "ctx._source.x = ;".into(),
                "                ^---- HERE".into(),
            ]),
        )
        .with_text("script", "ctx._source.x = ;")
        .with_text("lang", "painless")
        .with("position", position)
        .caused_by(
            Failure::illegal_argument("invalid sequence of tokens near [';'].").caused_by(
                Failure::without_reason(glasswork_content::Kind::NoViableAlt),
            ),
        );
    assert_body(&failure, "update-by-query-bad-script");
}

#[test]
fn a_filter_path_gives_what_upstream_gives() {
    for (name, filter) in [
        ("search-filter-path", "took,hits.hits._id"),
        ("tasks-list-filter-path", "nodes.*.tasks.*.action"),
    ] {
        let Some(body) = recorded(name) else { continue };
        let mut node = value(&body);
        let Value::Object(object) = &mut node.value else {
            panic!("an object")
        };
        object.insert(
            "other",
            Node::from(Value::Array(vec![Value::Long(1).into()])),
        );
        object.insert("empty", Node::from(Value::Object(Default::default())));
        let filter = FilterPath::parse(filter);
        let written = rendered(
            &node,
            Options {
                filter,
                ..Options::default()
            },
        );
        assert_eq!(written.as_bytes(), value(&body).to_json(), "{name}");
    }
}
