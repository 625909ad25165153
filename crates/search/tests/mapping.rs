//! What a mapping promises: definitions as OpenSearch reads and shows them, documents as it types them, its refusals word
//! for word.

#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{Failure, Limits, Node, Options, Render, parse};
use glasswork_engine::{FieldValue, Interpreter, TypedDocument};
use glasswork_search::analysis::Analysis;
use glasswork_search::mapping::{
    DateContext, IndexLimits, Mapping, MappingVersions, Matches, RangeBound, documents,
};
use proptest::prelude::*;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;

fn json(text: &str) -> Node {
    parse(text.as_bytes(), &Limits::DEFAULT).unwrap()
}

fn mapping(text: &str) -> Mapping {
    try_mapping(text).unwrap()
}

fn try_mapping(text: &str) -> Result<Mapping, Failure> {
    let mapping = Mapping::parse(&json(text), &Analysis::built_in())?;
    mapping.check(&IndexLimits::default())?;
    Ok(mapping)
}

fn shown(mapping: &Mapping) -> String {
    let mut out = Render::new(Options::default());
    mapping.render(&mut out);
    String::from_utf8(out.finish()).unwrap()
}

fn typed(mapping: &Mapping, document: &str) -> Result<TypedDocument, Failure> {
    documents::parse(mapping, "1", document.as_bytes(), &IndexLimits::default())
        .map(|parsed| parsed.document)
}

/// The values of a document as `path=value`, texts as their tokens with positions.
fn values(mapping: &Mapping, document: &str) -> Vec<String> {
    let typed = typed(mapping, document).unwrap();
    let fields = mapping.fields();
    let mut all: Vec<String> = typed
        .values()
        .iter()
        .map(|(number, value)| {
            let shown = match value {
                FieldValue::Text(tokens) => tokens
                    .iter()
                    .map(|(token, position)| format!("{token}@{position}"))
                    .collect::<Vec<_>>()
                    .join(" "),
                FieldValue::Keyword(text) => text.to_string(),
                FieldValue::I64(number) => number.to_string(),
                FieldValue::U64(number) => number.to_string(),
                FieldValue::F64(number) => format!("{number:?}"),
                FieldValue::Bool(flag) => flag.to_string(),
                FieldValue::Ip(address) => format!("{address:x}"),
            };
            format!("{}={shown}", fields[number.0 as usize].name)
        })
        .collect();
    all.sort();
    all
}

fn chain(failure: &Failure) -> String {
    failure
        .chain()
        .map(|failure| format!("{}: {}", failure.kind.name(), failure.reason()))
        .collect::<Vec<_>>()
        .join(" <- ")
}

/// Request body and response body of a recorded exchange; `None` (with a word about it) when the recordings are not there.
fn golden(name: &str) -> Option<(String, String)> {
    let shared = std::env::var_os("GLASSWORK_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(shared.join("golden").join(name)) else {
        println!("skipped: {name} is not there");
        return None;
    };
    let (request, response) = text.split_once(">>>\n").unwrap();
    let body = |part: &str| {
        part.split_once("\n\n")
            .map(|(_, body)| body.trim().to_owned())
            .unwrap_or_default()
    };
    Some((body(request), body(response)))
}

#[test]
fn the_recorded_index_shows_the_recorded_mapping() {
    let (Some((create, _)), Some((_, shown_by_reference))) =
        (golden("index-create.http"), golden("index-mapping.http"))
    else {
        return;
    };
    let mapping = Mapping::parse(
        json(&create).get("mappings").unwrap(),
        &Analysis::built_in(),
    )
    .unwrap();
    let expected = json(&shown_by_reference);
    let expected = expected.get("books").unwrap().get("mappings").unwrap();
    assert_eq!(
        shown(&mapping),
        String::from_utf8(expected.to_json()).unwrap()
    );
    let (_, field) = golden("index-mapping-field.http").unwrap();
    let field = json(&field);
    let expected = field
        .get("books")
        .unwrap()
        .get("mappings")
        .unwrap()
        .get("title")
        .unwrap()
        .to_json();
    let mut out = Render::compact();
    assert!(mapping.render_field("title", &mut out));
    assert_eq!(out.finish(), expected);
}

#[test]
fn recorded_refusals_come_out_word_for_word() {
    let Some((create, _)) = golden("index-create.http") else {
        return;
    };
    let books = Mapping::parse(
        json(&create).get("mappings").unwrap(),
        &Analysis::built_in(),
    )
    .unwrap();
    let limits = IndexLimits::default();
    for name in ["mapping-put-conflict.http", "mapping-put-unknown-type.http"] {
        let (request, response) = golden(name).unwrap();
        let failure = Mapping::parse(&json(&request), &Analysis::built_in())
            .and_then(|update| books.merge(&update, &limits))
            .unwrap_err();
        same_error(&failure, &response, name);
    }
    for name in ["doc-bad-value.http", "doc-bad-date.http"] {
        let (request, response) = golden(name).unwrap();
        let failure = documents::parse(&books, "30", request.as_bytes(), &limits).unwrap_err();
        same_error(&failure, &response, name);
    }
    for name in ["error-malformed-json-doc.http", "error-doc-not-object.http"] {
        let (request, response) = golden(name).unwrap();
        let failure = documents::parse(&books, "1", request.as_bytes(), &limits).unwrap_err();
        same_error(&failure, &response, name);
    }
}

fn same_error(failure: &Failure, response: &str, name: &str) {
    let mut out = Render::compact();
    failure.render_body(&mut out);
    assert_eq!(
        String::from_utf8(out.finish()).unwrap(),
        String::from_utf8(json(response).to_json()).unwrap(),
        "{name}"
    );
}

#[test]
fn a_definition_is_shown_as_it_was_given_without_defaults() {
    for (given, expected) in [
        (r#"{}"#, r#"{}"#),
        (r#"{"properties":{}}"#, r#"{}"#),
        (
            r#"{"properties":{"b":{"type":"keyword","ignore_above":10},"a":{"type":"text","index":true,"norms":false}}}"#,
            r#"{"properties":{"a":{"type":"text","norms":false},"b":{"type":"keyword","ignore_above":10}}}"#,
        ),
        (
            r#"{"properties":{"a.b.c":{"type":"long"},"a":{"properties":{"d":{"type":"ip"}}}}}"#,
            r#"{"properties":{"a":{"properties":{"b":{"properties":{"c":{"type":"long"}}},"d":{"type":"ip"}}}}}"#,
        ),
        (
            r#"{"properties":{"o":{"type":"object"},"p":{"enabled":false}}}"#,
            r#"{"properties":{"o":{"type":"object"},"p":{"type":"object","enabled":false}}}"#,
        ),
        (
            r#"{"dynamic":"strict","_meta":{"v":1},"_routing":{"required":true},"_source":{"excludes":["x"]},"date_detection":false,"properties":{"n":{"type":"integer","coerce":true,"null_value":7}}}"#,
            r#"{"dynamic":"strict","_meta":{"v":1},"_routing":{"required":true},"_source":{"excludes":["x"]},"date_detection":false,"properties":{"n":{"type":"integer","coerce":true,"null_value":7}}}"#,
        ),
        (r#"{"dynamic":false}"#, r#"{"dynamic":"false"}"#),
        (
            r#"{"properties":{"d":{"type":"date","format":"strict_date_optional_time||epoch_millis"},"e":{"type":"date","format":"yyyy"}}}"#,
            r#"{"properties":{"d":{"type":"date"},"e":{"type":"date","format":"yyyy"}}}"#,
        ),
        (
            r#"{"properties":{"t":{"type":"text","search_analyzer":"simple","copy_to":"u","meta":{"z":"1","a":"2"}},"u":{"type":"text"},"al":{"type":"alias","path":"t"}}}"#,
            r#"{"properties":{"al":{"type":"alias","path":"t"},"t":{"type":"text","search_analyzer":"simple","meta":{"a":"2","z":"1"},"copy_to":["u"]},"u":{"type":"text"}}}"#,
        ),
        (
            r#"{"dynamic_templates":[{"s":{"match_mapping_type":"string","mapping":{"type":"keyword"}}}]}"#,
            r#"{"dynamic_templates":[{"s":{"match_mapping_type":"string","mapping":{"type":"keyword"}}}]}"#,
        ),
    ] {
        let first = mapping(given);
        assert_eq!(shown(&first), expected, "{given}");
        let kept = Mapping::from_bytes(&first.to_bytes(), &Analysis::built_in()).unwrap();
        assert_eq!(shown(&kept), expected, "kept {given}");
        assert_eq!(kept.fields(), first.fields());
        assert_eq!(first.is_empty(), expected == "{}");
    }
}

#[test]
fn malformed_definitions_are_refused_in_opensearchs_words() {
    for (given, expected) in [
        (
            r#"{"properties":{"x":{"type":"nope"}}}"#,
            "mapper_parsing_exception: No handler for type [nope] declared on field [x]",
        ),
        (
            r#"{"properties":{"x":{"type":"nested"}}}"#,
            "mapper_parsing_exception: No handler for type [nested] declared on field [x]",
        ),
        (
            r#"{"properties":{"x":{}}}"#,
            "mapper_parsing_exception: No type specified for field [x]",
        ),
        (
            r#"{"properties":{"x":"text"}}"#,
            "mapper_parsing_exception: Expected map for property [fields] on field [x] but got a class java.lang.String",
        ),
        (
            r#"{"properties":{"x":{"type":"text","foo":1}}}"#,
            "mapper_parsing_exception: unknown parameter [foo] on mapper [x] of type [text]",
        ),
        (
            r#"{"properties":{"x":{"type":"text","index":null}}}"#,
            "mapper_parsing_exception: [index] on mapper [x] of type [text] must not have a [null] value",
        ),
        (
            r#"{"properties":{"x":{"type":"keyword","index":"maybe"}}}"#,
            "illegal_argument_exception: Failed to parse value [maybe] as only [true] or [false] are allowed.",
        ),
        (
            r#"{"properties":{"x":{"type":"text","analyzer":"nobody"}}}"#,
            "mapper_parsing_exception: analyzer [nobody] has not been configured in mappings",
        ),
        (
            r#"{"properties":{"x":{"type":"keyword","normalizer":"nobody"}}}"#,
            "mapper_parsing_exception: normalizer [nobody] not found for field [x]",
        ),
        (
            r#"{"foo":{"a":[1,"b"]}}"#,
            "mapper_parsing_exception: Root mapping definition has unsupported parameters:  [foo : {a=[1, b]}]",
        ),
        (
            r#"{"properties":{"x":{"type":"object","foo":1}}}"#,
            "mapper_parsing_exception: Mapping definition for [x] has unsupported parameters:  [foo : 1]",
        ),
        (
            r#"{"_doc":{"properties":{}}}"#,
            "illegal_argument_exception: The mapping definition cannot be nested under a type",
        ),
        (
            r#"{"properties":{"":{"type":"text"}}}"#,
            "illegal_argument_exception: name cannot be empty string",
        ),
        (
            r#"{"properties":{"a":{"type":"alias","path":"b"}}}"#,
            "mapper_parsing_exception: Invalid [path] value [b] for field alias [a]: an alias must refer to an existing field in the mappings.",
        ),
        (
            r#"{"properties":{"a":{"type":"alias"}}}"#,
            "mapper_parsing_exception: The [path] property must be specified for field [a].",
        ),
        (
            r#"{"properties":{"x":{"type":"text","fields":{"y":{"type":"object"}}}}}"#,
            "mapper_parsing_exception: Type [object] cannot be used in multi field",
        ),
        (
            r#"{"properties":{"x":{"type":"text","fields":{"y":{}}}}}"#,
            "mapper_parsing_exception: no type specified for property [y]",
        ),
    ] {
        assert_eq!(chain(&try_mapping(given).unwrap_err()), expected, "{given}");
    }
    let invalid =
        try_mapping(r#"{"properties":{"x":{"type":"date","format":"yyyy-bb"}}}"#).unwrap_err();
    assert_eq!(
        invalid.reason(),
        "Invalid format: [yyyy-bb]: Unknown pattern letter: b"
    );
}

#[test]
fn an_update_adds_and_changes_what_may_change() {
    let limits = IndexLimits::default();
    let first = mapping(
        r#"{"properties":{"t":{"type":"text","fields":{"raw":{"type":"keyword"}}},"k":{"type":"keyword"},"o":{"properties":{"n":{"type":"long"}}}}}"#,
    );
    for (update, expected) in [
        (
            r#"{"properties":{"k":{"type":"keyword","ignore_above":5}}}"#,
            Ok(r#""k":{"type":"keyword","ignore_above":5}"#),
        ),
        (
            r#"{"properties":{"t":{"type":"text","fields":{"low":{"type":"text","analyzer":"simple"}}}}}"#,
            Ok(r#""fields":{"low":{"type":"text","analyzer":"simple"},"raw":{"type":"keyword"}}"#),
        ),
        (
            r#"{"properties":{"o":{"properties":{"m":{"type":"ip"}}}}}"#,
            Ok(r#""o":{"properties":{"m":{"type":"ip"},"n":{"type":"long"}}}"#),
        ),
        (
            r#"{"properties":{"k":{"type":"long"}}}"#,
            Err("mapper [k] cannot be changed from type [keyword] to [long]"),
        ),
        (
            r#"{"properties":{"o.n":{"type":"keyword"}}}"#,
            Err("mapper [o.n] cannot be changed from type [long] to [keyword]"),
        ),
        (
            r#"{"properties":{"o":{"type":"long"}}}"#,
            Err("can't merge a non object mapping [o] with an object mapping"),
        ),
        (
            r#"{"properties":{"k":{"properties":{}}}}"#,
            Err("mapper [k] cannot be changed from type [keyword] to [ObjectMapper]"),
        ),
        (
            r#"{"properties":{"t":{"type":"text","analyzer":"english","store":true}}}"#,
            Err(
                "Mapper for [t] conflicts with existing mapper:\n\tCannot update parameter [store] from [false] to [true]\n\tCannot update parameter [analyzer] from [default] to [english]",
            ),
        ),
        (
            r#"{"properties":{"t":{"type":"text","fields":{"raw":{"type":"ip"}}}}}"#,
            Err("mapper [t.raw] cannot be changed from type [keyword] to [ip]"),
        ),
    ] {
        let merged = first.merge(
            &Mapping::parse(&json(update), &Analysis::built_in()).unwrap(),
            &limits,
        );
        match (merged, expected) {
            (Ok(merged), Ok(part)) => assert!(
                shown(&merged).contains(part),
                "{update} gave {}",
                shown(&merged)
            ),
            (Err(failure), Err(reason)) => assert_eq!(failure.reason(), reason, "{update}"),
            (Ok(merged), Err(reason)) => panic!(
                "{update} should be refused with {reason}, gave {}",
                shown(&merged)
            ),
            (Err(failure), Ok(_)) => panic!("{update}: {failure}"),
        }
    }
}

#[test]
fn engine_fields_keep_their_numbers_for_ever() {
    let limits = IndexLimits::default();
    let mut present = mapping(r#"{"properties":{"m":{"type":"text"}}}"#);
    for name in ["z", "a", "m.raw", "b.c"] {
        let before = present.fields();
        let update = match name.split_once('.') {
            Some(("m", _)) => {
                r#"{"properties":{"m":{"type":"text","fields":{"raw":{"type":"keyword"}}}}}"#
                    .to_owned()
            }
            _ => format!(r#"{{"properties":{{"{name}":{{"type":"long"}}}}}}"#),
        };
        present = present
            .merge(
                &Mapping::parse(&json(&update), &Analysis::built_in()).unwrap(),
                &limits,
            )
            .unwrap();
        assert_eq!(present.fields()[..before.len()], before[..], "after {name}");
        let kept = Mapping::from_bytes(&present.to_bytes(), &Analysis::built_in()).unwrap();
        assert_eq!(kept.fields(), present.fields());
        for (number, spec) in present.fields().iter().enumerate() {
            let field = kept.field(&spec.name).unwrap();
            assert_eq!(field.number().unwrap().0 as usize, number);
            assert_eq!(
                kept.field_by_number(field.number().unwrap())
                    .unwrap()
                    .path(),
                spec.name
            );
        }
    }
    let names: Vec<String> = present
        .fields()
        .iter()
        .map(|spec| spec.name.clone())
        .collect();
    assert_eq!(names, ["m", "z", "a", "m.raw", "b.c"]);
}

#[test]
fn limits_are_kept() {
    let many: Vec<String> = (0..1001)
        .map(|number| format!(r#""f{number}":{{"type":"long"}}"#))
        .collect();
    let failure = try_mapping(&format!(r#"{{"properties":{{{}}}}}"#, many.join(","))).unwrap_err();
    assert_eq!(
        failure.reason(),
        "Limit of total fields [1000] has been exceeded"
    );
    let deep = format!(
        r#"{{"properties":{{"{}x":{{"type":"long"}}}}}}"#,
        "a.".repeat(25)
    );
    assert!(
        try_mapping(&deep)
            .unwrap_err()
            .reason()
            .starts_with("Limit of mapping depth [20] has been exceeded due to object field [a.a.")
    );
    let deeper = format!(
        r#"{{"properties":{{"{}x":{{"type":"long"}}}}}}"#,
        "a.".repeat(100_000)
    );
    assert!(try_mapping(&deeper).is_err());
    let brings_too_many: Vec<String> = (0..1001)
        .map(|number| format!(r#""f{number}":1"#))
        .collect();
    let failure = typed(
        &mapping("{}"),
        &format!("{{{}}}", brings_too_many.join(",")),
    )
    .unwrap_err();
    assert_eq!(
        failure.reason(),
        "Limit of total fields [1000] has been exceeded"
    );
}

/// What dynamic mapping makes of a document, on top of a mapping.
fn grown(given: &str, document: &str) -> Result<String, String> {
    let before = mapping(given);
    let limits = IndexLimits::default();
    let parsed = documents::parse(&before, "1", document.as_bytes(), &limits)
        .map_err(|failure| chain(&failure))?;
    let Some(additions) = parsed.additions else {
        return Ok("nothing".to_owned());
    };
    let merged = before
        .merge(&additions, &limits)
        .map_err(|failure| chain(&failure))?;
    let again = documents::parse(&merged, "1", document.as_bytes(), &limits)
        .map_err(|failure| chain(&failure))?;
    assert!(
        again.additions.is_none(),
        "a second reading of {document} adds nothing"
    );
    Ok(shown(&merged))
}

#[test]
fn dynamic_mapping_guesses_as_opensearch_guesses() {
    let text = r#"{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}}"#;
    for (document, expected) in [
        (r#"{"a":"x"}"#, format!(r#""a":{text}"#)),
        (r#"{"a":1}"#, r#""a":{"type":"long"}"#.into()),
        (r#"{"a":1.5}"#, r#""a":{"type":"float"}"#.into()),
        (r#"{"a":1e3}"#, r#""a":{"type":"float"}"#.into()),
        (r#"{"a":true}"#, r#""a":{"type":"boolean"}"#.into()),
        (r#"{"a":"true"}"#, format!(r#""a":{text}"#)),
        (r#"{"a":"2024-01-31"}"#, r#""a":{"type":"date"}"#.into()),
        (
            r#"{"a":"2024-01-31T10:00:00Z"}"#,
            r#""a":{"type":"date"}"#.into(),
        ),
        (r#"{"a":"2024"}"#, format!(r#""a":{text}"#)),
        (
            r#"{"a":"2024/01/31"}"#,
            r#""a":{"type":"date","format":"yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"}"#
                .into(),
        ),
        (
            r#"{"a":{"b":1}}"#,
            r#""a":{"properties":{"b":{"type":"long"}}}"#.into(),
        ),
        (
            r#"{"a.b":1}"#,
            r#""a":{"properties":{"b":{"type":"long"}}}"#.into(),
        ),
        (
            r#"{"a":[{"b":1},{"c":"x"}]}"#,
            format!(r#""a":{{"properties":{{"b":{{"type":"long"}},"c":{text}}}}}"#),
        ),
        (r#"{"a":[[1],[2,3]]}"#, r#""a":{"type":"long"}"#.into()),
        (r#"{"a":{}}"#, r#""a":{"type":"object"}"#.into()),
    ] {
        assert_eq!(
            grown("{}", document).unwrap(),
            format!(r#"{{"properties":{{{expected}}}}}"#),
            "{document}"
        );
    }
    for document in [
        r#"{}"#,
        r#"{"a":null}"#,
        r#"{"a":[]}"#,
        r#"{"a":[null,[]]}"#,
    ] {
        assert_eq!(grown("{}", document).unwrap(), "nothing", "{document}");
    }
}

#[test]
fn the_dynamic_setting_is_obeyed_at_every_level() {
    assert_eq!(
        grown(r#"{"dynamic":false}"#, r#"{"a":1,"b":{"c":[{"d":2}]}}"#).unwrap(),
        "nothing"
    );
    assert_eq!(
        grown(r#"{"dynamic":"strict"}"#, r#"{"b":1}"#).unwrap_err(),
        "strict_dynamic_mapping_exception: mapping set to strict, dynamic introduction of [b] within [_doc] is not allowed"
    );
    let nested = r#"{"properties":{"o":{"dynamic":"strict","properties":{"n":{"type":"long"}}}}}"#;
    assert_eq!(
        grown(nested, r#"{"o":{"m":1}}"#).unwrap_err(),
        "strict_dynamic_mapping_exception: mapping set to strict, dynamic introduction of [m] within [o] is not allowed"
    );
    assert!(
        grown(nested, r#"{"x":1,"o":{"n":1}}"#)
            .unwrap()
            .contains(r#""x":{"type":"long"}"#)
    );
    assert_eq!(
        grown(
            r#"{"properties":{"o":{"enabled":false}}}"#,
            r#"{"o":{"a":[1,{"b":2}]}}"#
        )
        .unwrap(),
        "nothing"
    );
    let templates = r#"{"dynamic":"strict_allow_templates","dynamic_templates":[{"n":{"match":"n_*","mapping":{"type":"long"}}}]}"#;
    assert!(
        grown(templates, r#"{"n_1":1}"#)
            .unwrap()
            .contains(r#""n_1":{"type":"long"}"#)
    );
    assert!(
        grown(templates, r#"{"m":1}"#)
            .unwrap_err()
            .contains("mapping set to strict_allow_templates")
    );
    let quiet = r#"{"dynamic":"false_allow_templates","dynamic_templates":[{"n":{"match":"n_*","mapping":{"type":"long"}}}]}"#;
    assert_eq!(grown(quiet, r#"{"m":1}"#).unwrap(), "nothing");
}

#[test]
fn dynamic_templates_choose_the_type() {
    let given = r#"{"dynamic_templates":[
        {"ids":{"match":"*_id","mapping":{"type":"keyword"}}},
        {"deep":{"path_match":"o.*","path_unmatch":"*.skip","mapping":{"type":"{dynamic_type}","store":true}}},
        {"words":{"match_mapping_type":"string","match_pattern":"regex","match":"^w\\d+$","mapping":{"type":"text","analyzer":"simple","fields":{"{name}_raw":{"type":"keyword"}}}}},
        {"whole":{"match_mapping_type":"long","mapping":{"type":"integer"}}}]}"#;
    for (document, expected) in [
        (r#"{"user_id":5}"#, r#""user_id":{"type":"keyword"}"#),
        (r#"{"n":5}"#, r#""n":{"type":"integer"}"#),
        (
            r#"{"w1":"x"}"#,
            r#""w1":{"type":"text","analyzer":"simple","fields":{"w1_raw":{"type":"keyword"}}}"#,
        ),
        (
            r#"{"o":{"a":"x","skip":"y"}}"#,
            r#""a":{"type":"text","store":true}"#,
        ),
    ] {
        assert!(
            grown(given, document).unwrap().contains(expected),
            "{document} gave {}",
            grown(given, document).unwrap()
        );
    }
    for (given, reason) in [
        (
            r#"{"dynamic_templates":[{"a":{"mapping":{}}}]}"#,
            "template must have match, path_match or match_mapping_type set {mapping={}}",
        ),
        (
            r#"{"dynamic_templates":[{"a":{"match":"x"}}]}"#,
            "template must have mapping set",
        ),
        (
            r#"{"dynamic_templates":[{"a":{"match":"x","foo":1,"mapping":{}}}]}"#,
            "Illegal dynamic template parameter: [foo]",
        ),
        (
            r#"{"dynamic_templates":[{"a":{"match_mapping_type":"x","mapping":{}}}]}"#,
            "No field type matched on [x], possible values are [object, string, long, double, boolean, date, binary]",
        ),
    ] {
        assert_eq!(try_mapping(given).unwrap_err().reason(), reason);
    }
}

#[test]
fn documents_are_typed_value_by_value() {
    let all = mapping(
        r#"{"properties":{"t":{"type":"text"},"k":{"type":"keyword","ignore_above":5,"null_value":"none"},"n":{"type":"integer","null_value":-1},
        "d":{"type":"date"},"b":{"type":"boolean"},"i":{"type":"ip"},"f":{"type":"float"},"o":{"properties":{"k":{"type":"keyword","copy_to":["all"]}}},
        "all":{"type":"text"},"low":{"type":"keyword","normalizer":"lowercase"},"bin":{"type":"binary"},"m":{"type":"text","fields":{"raw":{"type":"keyword"}}}}}"#,
    );
    for (document, expected) in [
        (r#"{"t":"Big Dogs"}"#, vec!["t=big@0 dogs@1"]),
        (r#"{"t":["a b","c"]}"#, vec!["t=a@0 b@1 c@102"]),
        (r#"{"t":5.50}"#, vec!["t=5.50@0"]),
        (
            r#"{"k":["abc",null,"toolong",true]}"#,
            vec!["k=abc", "k=none", "k=true"],
        ),
        (
            r#"{"n":[1,"2",3.9,null,""]}"#,
            vec!["n=-1", "n=-1", "n=1", "n=2", "n=3"],
        ),
        (
            r#"{"d":["2024-01-01",1704067200001,"2024"]}"#,
            vec!["d=1704067200000", "d=1704067200000", "d=1704067200001"],
        ),
        (
            r#"{"b":[true,"false",""]}"#,
            vec!["b=false", "b=false", "b=true"],
        ),
        (r#"{"i":["1.2.3.4","::1"]}"#, vec!["i=1", "i=ffff01020304"]),
        (r#"{"f":0.1}"#, vec!["f=0.10000000149011612"]),
        (
            r#"{"o":[{"k":"x"},{"k":"y"}]}"#,
            vec!["all=x@0 y@101", "o.k=x", "o.k=y"],
        ),
        (r#"{"o.k":"x"}"#, vec!["all=x@0", "o.k=x"]),
        (r#"{"low":"ABC"}"#, vec!["low=abc"]),
        (r#"{"bin":"aGk="}"#, vec![]),
        (r#"{"m":"A B"}"#, vec!["m.raw=A B", "m=a@0 b@1"]),
        (r#"{"o":null,"t":null,"d":[]}"#, vec![]),
    ] {
        assert_eq!(values(&all, document), expected, "{document}");
    }
}

#[test]
fn values_that_do_not_fit_are_refused_word_for_word() {
    let all = mapping(
        r#"{"properties":{"n":{"type":"integer"},"l":{"type":"long"},"b":{"type":"boolean"},"i":{"type":"ip"},"d":{"type":"date","format":"yyyy-MM-dd"},"t":{"type":"text"},
        "o":{"properties":{"x":{"type":"long"}}},"a":{"type":"alias","path":"n"},"f":{"type":"float"},"nc":{"type":"long","coerce":false},"dn":{"type":"date_nanos"}}}"#,
    );
    let lead = |field: &str, kind: &str, preview: &str| {
        format!(
            "mapper_parsing_exception: failed to parse field [{field}] of type [{kind}] in document with id '1'. Preview of field's value: '{preview}' <- "
        )
    };
    for (document, expected) in [
        (r#"{"n":"abc"}"#, lead("n", "integer", "abc") + r#"number_format_exception: For input string: "abc""#),
        (r#"{"b":"yes"}"#, lead("b", "boolean", "yes") + "illegal_argument_exception: Failed to parse value [yes] as only [true] or [false] are allowed."),
        (r#"{"i":"z"}"#, lead("i", "ip", "z") + "illegal_argument_exception: 'z' is not an IP string literal."),
        (
            r#"{"d":"nope"}"#,
            lead("d", "date", "nope")
                + "illegal_argument_exception: failed to parse date field [nope] with format [yyyy-MM-dd] <- date_time_parse_exception: Text 'nope' could not be parsed at index 0",
        ),
        (r#"{"t":{"a":"b"}}"#, lead("t", "text", "{a=b}") + "illegal_state_exception: Can't get text on a START_OBJECT at 1:6"),
        (r#"{"f":"NaN"}"#, lead("f", "float", "NaN") + "illegal_argument_exception: [float] supports only finite values, but got [NaN]"),
        (r#"{"nc":1.5}"#, lead("nc", "long", "1.5") + "illegal_argument_exception: 1.5 cannot be converted to Long without data loss"),
        (r#"{"l":"9223372036854775808"}"#, lead("l", "long", "9223372036854775808") + "illegal_argument_exception: Value [9223372036854775808] is out of range for a long"),
        (r#"{"dn":"1969-01-01"}"#, lead("dn", "date_nanos", "1969-01-01") + "illegal_argument_exception: date[1969-01-01T00:00:00.000Z] is before the epoch in 1970 and cannot be stored in nanosecond resolution"),
        (r#"{"o":5}"#, "mapper_parsing_exception: object mapping for [o] tried to parse field [o] as object, but found a concrete value".into()),
        (r#"{"n.x":5}"#, "mapper_parsing_exception: Could not dynamically add mapping for field [n.x]. Existing mapping for [n] must be of type object but found [integer].".into()),
        (r#"{"a":5}"#, "mapper_parsing_exception: failed to parse <- illegal_argument_exception: Cannot write to a field alias [a].".into()),
        (r#"{"":5}"#, "mapper_parsing_exception: failed to parse <- illegal_argument_exception: field name cannot be an empty string".into()),
        (r#"{"..":5}"#, "mapper_parsing_exception: failed to parse <- illegal_argument_exception: field name cannot contain only dots".into()),
        (r#"{".x":5}"#, "mapper_parsing_exception: failed to parse <- illegal_argument_exception: object field starting or ending with a [.] makes object resolution ambiguous: [.x]".into()),
        (r#"{"x":1,"x":{"y":1}}"#, "mapper_parsing_exception: failed to parse <- json_parse_exception: ".into()),
    ] {
        let found = chain(&typed(&all, document).unwrap_err());
        assert!(found.starts_with(&expected), "{document}\n    gave {found}\ninstead of {expected}");
    }
    let immense = typed(
        &mapping(r#"{"properties":{"k":{"type":"keyword"}}}"#),
        &format!(r#"{{"k":"{}"}}"#, "a".repeat(40_000)),
    )
    .unwrap_err();
    assert!(
        immense
            .reason()
            .starts_with("Document contains at least one immense term in field=\"k\""),
        "{immense}"
    );
}

#[test]
fn malformed_values_can_be_left_out() {
    let lenient = mapping(
        r#"{"properties":{"n":{"type":"integer","ignore_malformed":true},"k":{"type":"keyword"}}}"#,
    );
    assert_eq!(values(&lenient, r#"{"n":["x",1],"k":"a"}"#), ["k=a", "n=1"]);
    let limits = IndexLimits {
        ignore_malformed: true,
        ..IndexLimits::default()
    };
    let plain = mapping(r#"{"properties":{"n":{"type":"integer"}}}"#);
    let parsed = documents::parse(&plain, "1", br#"{"n":["x",{"a":1},2]}"#, &limits).unwrap();
    assert_eq!(parsed.document.values().len(), 1);
}

#[test]
fn terms_and_ranges_become_bounds() {
    use Bound::{Excluded, Included, Unbounded};
    let all = mapping(
        r#"{"properties":{"n":{"type":"integer"},"f":{"type":"float"},"b":{"type":"boolean"},"i":{"type":"ip"},"d":{"type":"date"},"k":{"type":"keyword","normalizer":"lowercase"}}}"#,
    );
    let now = 1_706_702_400_000; // 2024-01-31T12:00:00Z
    let term = |field: &str, value: &str| {
        all.field(field)
            .unwrap()
            .term(&json(value), &DateContext::at(now))
    };
    let long = |number: i64| FieldValue::I64(number);
    assert_eq!(term("n", "5").unwrap(), Matches::Value(long(5)));
    assert_eq!(term("n", r#""5""#).unwrap(), Matches::Value(long(5)));
    assert_eq!(term("n", "5.0").unwrap(), Matches::Value(long(5)));
    assert_eq!(term("n", "5.5").unwrap(), Matches::None);
    assert_eq!(
        chain(&term("n", r#""old""#).unwrap_err()),
        r#"number_format_exception: For input string: "old""#
    );
    assert_eq!(
        term("f", "0.1").unwrap(),
        Matches::Value(FieldValue::F64(f64::from(0.1f32)))
    );
    assert_eq!(
        term("b", r#""true""#).unwrap(),
        Matches::Value(FieldValue::Bool(true))
    );
    assert_eq!(
        term("b", r#""no""#).unwrap_err().reason(),
        "Can't parse boolean value [no], expected [true] or [false]"
    );
    assert_eq!(
        term("k", r#""ABC""#).unwrap(),
        Matches::Value(FieldValue::Keyword("abc".into()))
    );
    assert_eq!(
        term("i", r#""10.0.0.0/8""#).unwrap(),
        Matches::Range(
            Included(FieldValue::Ip(0xffff_0a00_0000)),
            Included(FieldValue::Ip(0xffff_0aff_ffff))
        )
    );
    // A term on a date is its whole unsaid part.
    assert_eq!(
        term("d", r#""2024-01-01""#).unwrap(),
        Matches::Range(
            Included(long(1_704_067_200_000)),
            Included(long(1_704_153_599_999))
        )
    );

    let range = |field: &str, lower: Option<(&str, bool)>, upper: Option<(&str, bool)>| {
        let (low, high) = (
            lower.map(|(text, _)| json(text)),
            upper.map(|(text, _)| json(text)),
        );
        let bound = |node: &'_ Option<Node>, given: Option<(&str, bool)>| {
            node.clone().zip(given.map(|(_, inclusive)| inclusive))
        };
        let (low, high) = (bound(&low, lower), bound(&high, upper));
        all.field(field).unwrap().range(
            low.as_ref().map(|(value, inclusive)| RangeBound {
                value,
                inclusive: *inclusive,
            }),
            high.as_ref().map(|(value, inclusive)| RangeBound {
                value,
                inclusive: *inclusive,
            }),
            &DateContext::at(now),
        )
    };
    assert_eq!(
        range("n", Some(("1.5", true)), Some(("4.5", false))).unwrap(),
        Matches::Range(Excluded(long(1)), Included(long(4)))
    );
    assert_eq!(
        range("n", Some(("-1.5", true)), Some(("-0.5", true))).unwrap(),
        Matches::Range(Included(long(-1)), Excluded(long(0)))
    );
    assert_eq!(
        range("n", None, Some(("7", true))).unwrap(),
        Matches::Range(Unbounded, Included(long(7)))
    );
    for (lower, upper, expected) in [
        (
            Some((r#""now/d""#, true)),
            None,
            (Included(long(1_706_659_200_000)), Unbounded),
        ),
        (
            Some((r#""now/d""#, false)),
            None,
            (Excluded(long(1_706_745_599_999)), Unbounded),
        ),
        (
            None,
            Some((r#""now/d""#, true)),
            (Unbounded, Included(long(1_706_745_599_999))),
        ),
        (
            None,
            Some((r#""now/d""#, false)),
            (Unbounded, Excluded(long(1_706_659_200_000))),
        ),
        (
            Some((r#""2024-01-31||+1M""#, true)),
            None,
            (Included(long(1_709_164_800_000)), Unbounded),
        ),
        (
            Some((r#""now-1h""#, true)),
            None,
            (Included(long(now - 3_600_000)), Unbounded),
        ),
        (
            Some(("1706702400000", true)),
            None,
            (Included(long(now)), Unbounded),
        ),
    ] {
        assert_eq!(
            range("d", lower, upper).unwrap(),
            Matches::Range(expected.0, expected.1),
            "{lower:?} {upper:?}"
        );
    }
    assert_eq!(
        chain(&range("d", Some((r#""nope""#, true)), None).unwrap_err()),
        "parse_exception: failed to parse date field [nope] with format [strict_date_optional_time||epoch_millis]: [failed to parse date field [nope] with \
         format [strict_date_optional_time||epoch_millis]] <- illegal_argument_exception: failed to parse date field [nope] with format \
         [strict_date_optional_time||epoch_millis] <- date_time_parse_exception: Failed to parse with all enclosed parsers"
    );
    for (maths, reason) in [
        (r#""now*1d""#, "operator not supported for date math [*1d]"),
        (r#""now+1""#, "truncated date math [+1]"),
        (r#""now+1q""#, "unit [q] not supported for date math [+1q]"),
        (
            r#""now/2d""#,
            "rounding `/` can only be used on single unit types [/2d]",
        ),
    ] {
        assert_eq!(
            range("d", Some((maths, true)), None).unwrap_err().reason(),
            reason
        );
    }
}

#[test]
fn values_are_shown_with_their_formats() {
    let all = mapping(
        r#"{"properties":{"d":{"type":"date"},"b":{"type":"boolean"},"n":{"type":"long"},"i":{"type":"ip"},"k":{"type":"keyword"}}}"#,
    );
    let format =
        |field: &str, format: Option<&str>| all.field(field).unwrap().value_format(format, None);
    let date = format("d", None).unwrap();
    assert_eq!(
        date.long_text(1_704_067_200_000).as_deref(),
        Some("2024-01-01T00:00:00.000Z")
    );
    assert_eq!(
        format("d", Some("yyyy"))
            .unwrap()
            .long_text(1_704_067_200_000)
            .as_deref(),
        Some("2024")
    );
    assert_eq!(
        format("b", None).unwrap().long_text(1).as_deref(),
        Some("true")
    );
    assert_eq!(format("n", None).unwrap().long_text(5), None);
    assert_eq!(
        format("n", Some("0.0"))
            .unwrap()
            .double_text(5.25)
            .as_deref(),
        Some("5.2")
    );
    assert_eq!(
        format("i", None)
            .unwrap()
            .text(&FieldValue::Ip(0xffff_0102_0304)),
        "1.2.3.4"
    );
    assert_eq!(
        format("k", Some("yyyy")).unwrap_err().reason(),
        "Field [k] of type [keyword] does not support custom formats"
    );
}

#[test]
fn fields_are_found_by_path_alias_and_pattern() {
    let all = mapping(
        r#"{"properties":{"a":{"properties":{"x":{"type":"long"},"y":{"type":"text","fields":{"raw":{"type":"keyword"}}}}},"al":{"type":"alias","path":"a.x"}}}"#,
    );
    assert_eq!(all.field("al").unwrap().path(), "a.x");
    assert_eq!(all.field("a.y.raw").unwrap().type_name(), "keyword");
    assert!(all.field("a").is_none() && all.is_object("a"));
    let found = |pattern: &str| {
        all.matching(pattern)
            .into_iter()
            .map(|(path, _)| path.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("a*"), ["a.x", "a.y", "a.y.raw", "al"]);
    assert_eq!(found("a.*w"), ["a.y.raw"]);
    assert_eq!(found("al"), ["al"]);
    assert!(found("zz*").is_empty());
}

#[test]
fn the_engine_reads_old_documents_with_the_newest_mapping() {
    let limits = IndexLimits::default();
    let versions = MappingVersions::new(
        1,
        Arc::new(mapping(r#"{"properties":{"a":{"type":"long"}}}"#)),
        limits.clone(),
    );
    assert_eq!(
        versions
            .document("1", None, br#"{"a":5}"#, 1)
            .unwrap()
            .values()
            .len(),
        1
    );
    assert!(versions.document("1", None, b"{}", 2).is_err());
    let newer = versions
        .newest()
        .mapping
        .merge(&mapping(r#"{"properties":{"b":{"type":"long"}}}"#), &limits)
        .unwrap();
    versions.publish(2, Arc::new(newer), limits);
    assert_eq!(versions.fields(1).unwrap().len(), 2);
    assert_eq!(
        versions
            .document("1", None, br#"{"a":5,"b":6}"#, 1)
            .unwrap()
            .values()
            .len(),
        2
    );
}

fn any_json() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[a-c]", "[a-b]\\.[c-d]", "[ -~]{0,6}"];
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f32>()
            .prop_filter("JSON has no NaN", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        "[ -~]{0,12}".prop_map(|text| String::from_utf8(
            Node::from(glasswork_content::Value::String(text)).to_json()
        )
        .unwrap()),
        "20[0-9]{2}-[01][0-9]-[0-3][0-9]".prop_map(|text| format!("\"{text}\"")),
    ];
    let value = scalar.prop_recursive(4, 24, 4, move |inner| {
        let quoted = name.clone().prop_map(|name| {
            String::from_utf8(Node::from(glasswork_content::Value::String(name)).to_json()).unwrap()
        });
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec((quoted, inner), 0..4).prop_map(|entries| format!(
                "{{{}}}",
                entries
                    .iter()
                    .map(|(name, value)| format!("{name}:{value}"))
                    .collect::<Vec<_>>()
                    .join(",")
            )),
        ]
    });
    prop::collection::vec(("[a-d]", value), 0..5).prop_map(|entries| {
        format!(
            "{{{}}}",
            entries
                .iter()
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect::<Vec<_>>()
                .join(",")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_document_is_typed_or_refused_and_read_alike_again(document in any_json()) {
        let limits = IndexLimits::default();
        let mut present = mapping(r#"{"properties":{"a":{"type":"text","copy_to":"all"},"c":{"type":"date"}}}"#);
        let Ok(parsed) = documents::parse(&present, "1", document.as_bytes(), &limits) else { return Ok(()) };
        if let Some(additions) = parsed.additions {
            present = present.merge(&additions, &limits).unwrap();
        }
        let first = documents::parse(&present, "1", document.as_bytes(), &limits).unwrap();
        prop_assert!(first.additions.is_none());
        let kept = Mapping::from_bytes(&present.to_bytes(), &Analysis::built_in()).unwrap();
        let again = documents::parse(&kept, "1", document.as_bytes(), &limits).unwrap();
        prop_assert_eq!(first.document, again.document);
        prop_assert_eq!(shown(&present), shown(&kept));
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut document = b"{\"a\":".to_vec();
        document.extend(bytes);
        // Only that it returns is of interest.
        let _outcome = documents::parse(&mapping("{}"), "1", &document, &IndexLimits::default());
    }

    #[test]
    fn any_definition_is_read_or_refused(definition in any_json()) {
        let body = json_or_empty(&format!(r#"{{"properties":{definition}}}"#));
        // Only that it returns is of interest.
        let _outcome = Mapping::parse(&body, &Analysis::built_in());
    }
}

fn json_or_empty(text: &str) -> Node {
    parse(text.as_bytes(), &Limits::DEFAULT).unwrap_or_else(|_| json("{}"))
}
