//! What the JSON and YAML readers accept, refuse, and in which words.
#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::json::{parse_bool, parse_double};
use glasswork_content::{Failure, Limits, Node, Position, Reader, Token, Value, parse, parse_yaml};

fn refused(text: impl AsRef<[u8]>) -> Failure {
    parse(text.as_ref(), &Limits::DEFAULT).unwrap_err()
}

/// The first line of the reason, without the location.
fn words(failure: &Failure) -> &str {
    failure.reason().split("\n at ").next().unwrap()
}

#[test]
fn every_malformed_text_is_refused_in_jacksons_words() {
    let values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
    let start = "(start marker at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); byte offset: #UNKNOWN])";
    let parse_error = "json_parse_exception";
    let end = "unexpected_end_of_input_exception";
    for (text, kind, reason, offset) in [
        ("{", end, format!("Unexpected end-of-input: expected close marker for Object {start}"), 1),
        ("[1", end, format!("Unexpected end-of-input: expected close marker for Array {start}"), 2),
        ("[1,", parse_error, "Unexpected end-of-input within/between Array entries".into(), 3),
        ("{\"a\"", end, "Unexpected end-of-input within/between Object entries".into(), 4),
        ("{\"a\":1,}", parse_error, "Unexpected character ('}' (code 125)): was expecting double-quote to start property name".into(), 7),
        ("{a:1}", parse_error, "Unexpected character ('a' (code 97)): was expecting double-quote to start property name".into(), 1),
        ("{\"a\" 1}", parse_error, "Unexpected character ('1' (code 49)): was expecting a colon to separate property name and value".into(), 5),
        ("{\"a\":1 \"b\":2}", parse_error, "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries".into(), 7),
        ("[1 2]", parse_error, "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries".into(), 3),
        ("[1,]", parse_error, "Unexpected character (']' (code 93)): expected a value".into(), 3),
        ("[,1]", parse_error, "Unexpected character (',' (code 44)): expected a value".into(), 1),
        ("[+1]", parse_error, format!("Unexpected character ('+' (code 43)): expected a valid value {values}"), 1),
        ("[→]", parse_error, format!("Unexpected character ('→' (code 8594 / 0x2192)): expected a valid value {values}"), 1),
        ("[tru]", parse_error, format!("Unrecognized token 'tru': was expecting {values}"), 1),
        ("[nullx]", parse_error, format!("Unrecognized token 'nullx': was expecting {values}"), 1),
        ("[01]", parse_error, "Invalid numeric value: Leading zeroes not allowed".into(), 1),
        ("[-]", parse_error, "Unexpected character (']' (code 93)) in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value".into(), 2),
        ("[1.]", parse_error, "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit".into(), 3),
        ("[1e]", parse_error, "Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit".into(), 3),
        ("12x", parse_error, "Unexpected character ('x' (code 120)): Expected space separating root-level values".into(), 2),
        ("\"a", end, "Unexpected end-of-input in VALUE_STRING".into(), 2),
        ("{\"a", end, "Unexpected end-of-input in property name".into(), 3),
        ("\"a\nb\"", parse_error, "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in string value".into(), 2),
        ("\"\\x\"", parse_error, "Unrecognized character escape 'x' (code 120)".into(), 2),
        ("\"\\u12g4\"", parse_error, "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence".into(), 5),
        ("[1}", parse_error, "Unexpected close marker '}': expected ']' (for Array starting at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); byte offset: #UNKNOWN])".into(), 2),
        ("\u{1}", parse_error, "Illegal character ((CTRL-CHAR, code 1)): only regular white space (\\r, \\n, \\t) is allowed between tokens".into(), 0),
        ("/x", parse_error, "Unexpected character ('x' (code 120)): was expecting either '*' or '/' for a comment".into(), 1),
        ("/* x", end, "Unexpected end-of-input in a comment".into(), 4),
    ] {
        let failure = refused(text);
        assert_eq!(words(&failure), words(&Failure::parse(reason.clone())), "{text}");
        assert!(failure.reason().ends_with(&format!("byte offset: #{offset}]")), "{text}: {}", failure.reason());
        assert_eq!(failure.kind.name(), kind, "{text}");
        assert_eq!(failure.status(), 400);
        assert_eq!(failure.cause.as_ref().unwrap().reason, failure.reason);
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused_where_they_stand() {
    for (bytes, reason) in [
        (&b"[\"a\xFF\"]"[..], "Invalid UTF-8 start byte 0xff"),
        (b"\xC3\x28", "Invalid UTF-8 middle byte 0x28"),
        (b"[1, \xE2\x82", "Unexpected end-of-input in VALUE_STRING"),
        (b"\xC0\x80", "Invalid UTF-8 start byte 0xc0"),
    ] {
        assert_eq!(words(&refused(bytes)), reason);
    }
    // what comes before is read
    let mut reader = Reader::new(b"{\"a\":1,\"b\xFF\":2}", &Limits::DEFAULT);
    assert_eq!(reader.next().unwrap(), Token::BeginObject);
    assert_eq!(reader.next().unwrap(), Token::Key("a".into()));
    assert!(matches!(reader.next().unwrap(), Token::Number(number) if number.as_i64() == Some(1)));
    assert_eq!(
        words(&reader.next().unwrap_err()),
        "Invalid UTF-8 start byte 0xff"
    );
}

#[test]
fn limits_hold() {
    let depth = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(parse(depth(100).as_bytes(), &Limits::DEFAULT).is_ok());
    let failure = refused(depth(101));
    assert!(
        failure
            .reason()
            .starts_with("Document nesting depth (101) exceeds the maximum allowed (100")
    );
    assert!(
        refused("[".repeat(1 << 20))
            .reason()
            .starts_with("Document nesting depth (101)")
    );
    assert!(
        parse(
            b"[1,2]",
            &Limits {
                nodes: 2,
                ..Limits::DEFAULT
            }
        )
        .is_err()
    );
    assert!(
        parse(
            b"[1,2]",
            &Limits {
                nodes: 3,
                ..Limits::DEFAULT
            }
        )
        .is_ok()
    );
    let small = Limits {
        bytes: 4,
        tokens: 3,
        nodes: 3,
        string_bytes: 2,
        number_length: 2,
        depth: 2,
    };
    for text in ["[1,2,3]", "\"abc\"", "123", "    1", "[ [1]]"] {
        assert!(parse(text.as_bytes(), &small).is_err(), "{text}");
    }
    assert!(
        parse(
            b"[1]",
            &Limits {
                tokens: 4,
                ..small.clone()
            }
        )
        .is_ok()
    );
}

#[test]
fn names_that_come_twice_are_refused_in_small_and_in_large_objects() {
    assert_eq!(
        words(&refused(r#"{"a":{"b":1,"\u0062":2}}"#)),
        "Duplicate Object property \"b\""
    );
    let names: Vec<String> = (0..1000).map(|n| format!("\"n{n}\":{{\"a\":1}}")).collect();
    let object = format!("{{{}}}", names.join(","));
    assert!(parse(object.as_bytes(), &Limits::DEFAULT).is_ok());
    let doubled = format!("{{{},\"n500\":1}}", names.join(","));
    assert_eq!(
        words(&refused(doubled)),
        "Duplicate Object property \"n500\""
    );
    assert!(parse(br#"[{"a":1},{"a":1}]"#, &Limits::DEFAULT).is_ok());
}

#[test]
fn what_upstream_accepts_beyond_json_is_accepted() {
    let text = "\u{feff}// first\n{/* in */\"a\" : [1, // one\r\n 2] /**/ }";
    assert_eq!(
        parse(text.as_bytes(), &Limits::DEFAULT).unwrap().to_json(),
        br#"{"a":[1,2]}"#
    );
    let mut reader = Reader::new(b"1 {} \"x\"", &Limits::DEFAULT);
    let mut tokens = Vec::new();
    while let token = reader.next().unwrap()
        && token != Token::End
    {
        tokens.push(token.name());
    }
    assert_eq!(
        tokens,
        ["VALUE_NUMBER", "START_OBJECT", "END_OBJECT", "VALUE_STRING"]
    );
    assert_eq!(reader.next().unwrap(), Token::End);
}

#[test]
fn a_body_must_be_one_value() {
    assert_eq!(refused("").reason(), "request body is required");
    let failure = refused("{}\n {}");
    assert_eq!(
        failure.reason(),
        "Unexpected token [START_OBJECT] found after the main object."
    );
    assert_eq!(
        failure.meta("line"),
        Some(&glasswork_content::Meta::Long(2))
    );
    assert_eq!(failure.meta("col"), Some(&glasswork_content::Meta::Long(2)));
}

#[test]
fn strings_are_unescaped() {
    let text = r#"["\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00", "\ud83d", "\udc00x", "plain €"]"#;
    let node = parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
    let strings: Vec<_> = node
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node.as_str().unwrap())
        .collect();
    assert_eq!(
        strings,
        [
            "\"\\/\u{8}\u{c}\n\r\tä😀",
            "\u{fffd}",
            "\u{fffd}x",
            "plain €"
        ]
    );
}

#[test]
fn numbers_keep_their_worth() {
    let text = "[0,-7,9223372036854775807,9223372036854775808,18446744073709551616,1.5,1e3,-0.0]";
    let node = parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
    let values: Vec<_> = node
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node.value.clone())
        .collect();
    assert_eq!(
        values,
        [
            Value::Long(0),
            Value::Long(-7),
            Value::Long(i64::MAX),
            Value::Unsigned(1 << 63),
            Value::Big("18446744073709551616".into()),
            Value::Double(1.5),
            Value::Double(1000.0),
            Value::Double(-0.0),
        ]
    );
    assert_eq!(
        String::from_utf8(node.to_json()).unwrap(),
        "[0,-7,9223372036854775807,9223372036854775808,18446744073709551616,1.5,1000.0,-0.0]"
    );
}

#[test]
fn positions_are_those_that_upstream_reports() {
    let node = parse(
        br#"{"query": {"match": {"a": "x", "b": "y"}}}"#,
        &Limits::DEFAULT,
    )
    .unwrap();
    let fields = node.get("query").unwrap().get("match").unwrap();
    assert_eq!(
        fields.at,
        Position {
            line: 1,
            column: 21
        }
    );
    assert_eq!(
        fields.get("b").unwrap().at,
        Position {
            line: 1,
            column: 37
        }
    );
    let node = parse(b"{\r\n \"a\":\n\n[1,\r 2]}", &Limits::DEFAULT).unwrap();
    let entry = &node.as_object().unwrap().entries()[0];
    assert_eq!(entry.at, Position { line: 2, column: 2 });
    assert_eq!(entry.node.at, Position { line: 4, column: 1 });
    assert_eq!(
        entry.node.as_array().unwrap()[1].at,
        Position { line: 5, column: 2 }
    );
}

#[test]
fn a_raw_value_is_given_as_it_is_written() {
    let text = br#"{"skip": [1, {"x": "}"}], "doc" : { "a" :1.50 } , "n": 7}"#;
    let mut reader = Reader::new(text, &Limits::DEFAULT);
    reader.next().unwrap();
    assert_eq!(reader.next().unwrap(), Token::Key("skip".into()));
    reader.skip_value().unwrap();
    assert_eq!(reader.next().unwrap(), Token::Key("doc".into()));
    assert_eq!(reader.raw_value().unwrap(), br#"{ "a" :1.50 }"#);
    assert_eq!(reader.next().unwrap(), Token::Key("n".into()));
    assert_eq!(reader.raw_value().unwrap(), b"7");
    assert_eq!(reader.depth(), 1);
    assert_eq!(reader.next().unwrap(), Token::EndObject);
}

#[test]
fn values_are_converted_as_leniently_as_upstream_does() {
    let node = |text: &str| parse(text.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(node("\"12\"").to_i64(), Ok(12));
    assert_eq!(node("\"1.9\"").to_i64(), Ok(1));
    assert_eq!(node("1.9").to_i64(), Ok(1));
    assert_eq!(
        node("\"abc\"").to_i64().unwrap_err().reason(),
        "For input string: \"abc\""
    );
    assert_eq!(
        node("9223372036854775808").to_i64().unwrap_err().status(),
        400
    );
    assert_eq!(
        node("3000000000").to_i32().unwrap_err().reason(),
        "Value [3000000000] is out of range for an integer"
    );
    assert_eq!(node("\"1e2\"").to_f64(), Ok(100.0));
    assert_eq!(node("\"true\"").to_bool(), Ok(true));
    assert!(node("1").to_bool().is_err());
    assert!(node("[]").to_i64().is_err());
    assert_eq!(node("1.0").to_text().unwrap(), "1.0");
    assert_eq!(
        parse_bool("maybe").unwrap_err().reason(),
        "Failed to parse value [maybe] as only [true] or [false] are allowed."
    );
    assert!(parse_double("inf").is_err());
    assert!(parse_double("nan").is_err());
    assert_eq!(parse_double("Infinity"), Ok(f64::INFINITY));
}

#[test]
fn yaml_is_read_as_the_json_that_says_the_same() {
    let text = "---\nquery:\n  match: {title: \"x y\"}\nsize: 0\nlist:\n- 1\n- true\n- null\n- 1.5\n- yes\n";
    let node = parse_yaml(text.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(
        String::from_utf8(node.to_json()).unwrap(),
        r#"{"query":{"match":{"title":"x y"}},"size":0,"list":[1,true,null,1.5,"yes"]}"#
    );
    assert_eq!(
        node.get("size").unwrap().at,
        Position { line: 4, column: 7 }
    );
}

#[test]
fn yaml_that_could_grow_or_nest_without_bound_is_refused() {
    let mut bomb = String::from("a0: &a0 [x]\n");
    for n in 1..20 {
        bomb.push_str(&format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1));
    }
    let deep = "[".repeat(5_000);
    let deep_block: String = (0..500).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    for text in [
        bomb.as_str(),
        "a: &x 1\nb: 2",
        "a: *x",
        &deep,
        &deep_block,
        "a: 1\na: 2",
        "a: 1\n---\nb: 2",
        "a: [",
        "a: 'x",
    ] {
        let failure = parse_yaml(text.as_bytes(), &Limits::DEFAULT).unwrap_err();
        assert_eq!(failure.status(), 400);
    }
    assert!(parse_yaml(b"a: \xff", &Limits::DEFAULT).is_err());
}

#[test]
fn a_tree_crosses_the_bus() {
    let node = parse(br#"{"a":[1,2.5,null,{"b":"c"}]}"#, &Limits::DEFAULT).unwrap();
    let bytes = postcard::to_stdvec(&node).unwrap();
    let again: Node = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(again.to_json(), node.to_json());
}
