//! How answers are laid out and filtered.
#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{FilterPath, Format, Limits, Options, Render, parse};

fn with(options: Options, json: &str) -> String {
    let mut out = Render::new(options);
    out.node(&parse(json.as_bytes(), &Limits::DEFAULT).unwrap());
    String::from_utf8(out.finish()).unwrap()
}

fn filtered(filter: &str, json: &str) -> String {
    with(
        Options {
            filter: FilterPath::parse(filter),
            ..Options::default()
        },
        json,
    )
}

#[test]
fn filter_path_keeps_what_it_names() {
    let doc = r#"{"took":1,"hits":{"total":{"value":2},"hits":[{"_id":"1","_source":{"a":1,"b":{}}},{"_id":"2"}]},"e":{},"l":[1,[]]}"#;
    for (filter, expected) in [
        ("took", r#"{"took":1}"#),
        ("nothing", "{}"),
        (
            "hits.hits._id",
            r#"{"hits":{"hits":[{"_id":"1"},{"_id":"2"}]}}"#,
        ),
        (
            "hits.hits._source",
            r#"{"hits":{"hits":[{"_source":{"a":1,"b":{}}}]}}"#,
        ),
        (
            "hits.hits._source.*",
            r#"{"hits":{"hits":[{"_source":{"a":1,"b":{}}}]}}"#,
        ),
        ("h*.t*", r#"{"hits":{"total":{"value":2}}}"#),
        ("**.value", r#"{"hits":{"total":{"value":2}}}"#),
        (
            "*.*.value,took",
            r#"{"took":1,"hits":{"total":{"value":2}}}"#,
        ),
        ("e,l", r#"{"e":{},"l":[1,[]]}"#),
        ("-hits", r#"{"took":1,"e":{},"l":[1,[]]}"#),
        (
            "-hits.hits,-l,-e",
            r#"{"took":1,"hits":{"total":{"value":2}}}"#,
        ),
        (
            "hits,-hits.hits._source,-**.value",
            r#"{"hits":{"hits":[{"_id":"1"},{"_id":"2"}]}}"#,
        ),
        ("took.deeper", "{}"),
        (" took , ,", r#"{"took":1}"#),
    ] {
        assert_eq!(filtered(filter, doc), expected, "{filter}");
    }
    assert_eq!(
        filtered(r"a\.b", r#"{"a.b":1,"a":{"b":2}}"#),
        r#"{"a.b":1}"#
    );
    assert_eq!(
        filtered("a", r#"[{"a":1,"b":2},{"b":3},4]"#),
        r#"[{"a":1}]"#
    );
    assert_eq!(filtered("-a", r#"[{"a":1},4]"#), "[4]");
    assert!(FilterPath::parse("").is_none());
    assert!(FilterPath::parse(" , ").is_none());
}

#[test]
fn a_hostile_filter_costs_little() {
    let filter = "**.".repeat(2_000) + "x";
    let deep = "{\"a\":".repeat(90) + "1" + &"}".repeat(90);
    assert_eq!(filtered(&filter, &deep), "{}");
    let many = vec!["**.a.**.b"; 1_000].join(",");
    assert_eq!(filtered(&many, &deep), "{}");
}

#[test]
fn raw_values_are_copied_or_laid_out_anew() {
    let raw = r#"{ "a" : 1.50, "b":[ ] }"#;
    let write = |options: Options| {
        let mut out = Render::new(options);
        out.object();
        out.field_long("num", 1);
        out.key("_source");
        out.raw(raw.as_bytes()).unwrap();
        out.end_object();
        String::from_utf8(out.finish()).unwrap()
    };
    assert_eq!(
        write(Options::default()),
        format!(r#"{{"num":1,"_source":{raw}}}"#)
    );
    assert_eq!(
        write(Options {
            pretty: true,
            ..Options::default()
        }),
        "{\n  \"num\" : 1,\n  \"_source\" : {\n    \"a\" : 1.50,\n    \"b\" : [ ]\n  }\n}\n"
    );
    assert_eq!(
        write(Options {
            filter: FilterPath::parse("_source.a"),
            ..Options::default()
        }),
        r#"{"_source":{"a":1.50}}"#
    );
    assert_eq!(
        write(Options {
            format: Format::Yaml,
            ..Options::default()
        }),
        "---\nnum: 1\n_source:\n  a: 1.50\n  b: []\n"
    );
    let mut out = Render::new(Options {
        pretty: true,
        ..Options::default()
    });
    assert!(out.raw(b"{").is_err());
}

#[test]
fn yaml_nests_lists_and_maps_as_upstream_does() {
    let yaml = |json| {
        with(
            Options {
                format: Format::Yaml,
                ..Options::default()
            },
            json,
        )
    };
    assert_eq!(yaml("{}"), "--- {}\n");
    assert_eq!(yaml("[]"), "--- []\n");
    assert_eq!(yaml("\"x\""), "--- \"x\"\n");
    assert_eq!(
        yaml("[[1,[2,3]],{\"a\":[{\"b\":1,\"c\":{}}]}]"),
        "---\n- - 1\n  - - 2\n    - 3\n- a:\n  - b: 1\n    c: {}\n"
    );
    assert_eq!(
        yaml(r##"{"true":1,"a: b":2,"":3,"#x":4,"it's: x":5}"##),
        "---\n\"true\": 1\n'a: b': 2\n\"\": 3\n'#x': 4\n'it''s: x': 5\n"
    );
    assert_eq!(
        yaml(r#"{"a":"q\"\\\n\u0001ü"}"#),
        "---\na: \"q\\\"\\\\\\n\\x01ü\"\n"
    );
}

#[test]
fn long_yaml_strings_are_broken_and_read_back_whole() {
    let text = "word ".repeat(60) + &"ä".repeat(200) + " end";
    let json = format!("{{\"a\":{{\"b\":\"{text}\"}}}}");
    let written = with(
        Options {
            format: Format::Yaml,
            ..Options::default()
        },
        &json,
    );
    assert!(written.lines().count() > 4);
    let node = glasswork_content::parse_yaml(written.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(
        node.get("a").unwrap().get("b").unwrap().as_str(),
        Some(text.as_str())
    );
}

#[test]
fn numbers_that_json_cannot_say_become_strings() {
    let mut out = Render::compact();
    out.array();
    out.double(f64::NAN);
    out.float(f32::INFINITY);
    out.double(1.0);
    out.float(0.1);
    out.unsigned(u64::MAX);
    out.end_array();
    assert_eq!(
        out.finish(),
        br#"["NaN","Infinity",1.0,0.1,18446744073709551615]"#
    );
}

#[test]
fn bytes_can_be_taken_while_writing() {
    for format in [Format::Json, Format::Yaml] {
        let write = |chunked: bool| {
            let mut out = Render::new(Options {
                format,
                ..Options::default()
            });
            let mut bytes = Vec::new();
            out.object();
            out.field_array("items");
            for n in 0..100 {
                out.object();
                out.field_long("n", n);
                out.field_str("text", &"long ".repeat(20));
                out.end_object();
                if chunked {
                    bytes.extend(out.take());
                }
            }
            out.end_array();
            out.end_object();
            bytes.extend(out.finish());
            bytes
        };
        assert_eq!(write(true), write(false));
    }
}
