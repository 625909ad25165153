//! What is refused, with OpenSearch's words.

use glasswork_content::{Failure, Render};

use crate::fixture::{Index, request};

fn refused(body: &str) -> String {
    let failure: Failure = match request(body) {
        Err(failure) => failure,
        Ok(_) => panic!("accepted: {body}"),
    };
    let mut out = Render::compact();
    failure.render(&mut out);
    String::from_utf8(out.finish()).unwrap()
}

#[test]
fn bodies_are_refused_with_the_recorded_words() {
    for (body, expected) in [
        (
            r#"{"query": {"matsch": {"title": "x"}}}"#,
            r#"{"type":"parsing_exception","reason":"unknown query [matsch] did you mean [match]?","line":1,"col":22,"caused_by":{"type":"named_object_not_found_exception","reason":"[1:22] unknown field [matsch]"}}"#,
        ),
        (
            r#"{"query": {}}"#,
            r#"{"type":"illegal_argument_exception","reason":"query malformed, empty clause found at [1:12]"}"#,
        ),
        (
            r#"{"query": []}"#,
            r#"{"type":"parsing_exception","reason":"Unknown key for a START_ARRAY in [query].","line":1,"col":11}"#,
        ),
        (
            r#"{"qery": {}}"#,
            r#"{"type":"parsing_exception","reason":"Unknown key for a START_OBJECT in [qery].","line":1,"col":10}"#,
        ),
        (
            r#"{"query": {"match": {"a": "x", "b": "y"}}}"#,
            r#"{"type":"parsing_exception","reason":"[match] query doesn't support multiple fields, found [a] and [b]","line":1,"col":37}"#,
        ),
        (
            r#"{"size": -1}"#,
            r#"{"type":"illegal_argument_exception","reason":"[size] parameter cannot be negative, found [-1]"}"#,
        ),
        (
            r#"{"from": -1}"#,
            r#"{"type":"illegal_argument_exception","reason":"[from] parameter cannot be negative, found [-1]"}"#,
        ),
        (
            r#"{"_source": {"includes": ["t*", "year"], "excludes": ["year"]}}"#,
            r#"{"type":"illegal_argument_exception","reason":"The same entry [year] cannot be both included and excluded in _source."}"#,
        ),
        (
            r#"{"foo": 1}"#,
            r#"{"type":"parsing_exception","reason":"Unknown key for a VALUE_NUMBER in [foo].","line":1,"col":9}"#,
        ),
        (
            r#"{"highlight": {}}"#,
            r#"{"type":"parsing_exception","reason":"Unknown key for a START_OBJECT in [highlight].","line":1,"col":15}"#,
        ),
        (
            r#"{"explain": true}"#,
            r#"{"type":"parsing_exception","reason":"Unknown key for a VALUE_BOOLEAN in [explain].","line":1,"col":13}"#,
        ),
    ] {
        assert_eq!(refused(body), expected, "{body}");
    }
    for (body, expected) in [
        (
            r#"{"query": {"match": {"t": {"query": "x", "foo": 1}}}}"#,
            "[match] query does not support [foo]",
        ),
        (
            r#"{"query": {"match": {"t": {"query": "x", "fuzziness": 1}}}}"#,
            "[match] query does not support [fuzziness]",
        ),
        (
            r#"{"query": {"bool": {"nope": []}}}"#,
            "[1:21] [bool] unknown field [nope]",
        ),
        (
            r#"{"query": {"bool": {"must": [{"nope": {}}]}}}"#,
            "[bool] failed to parse field [must]",
        ),
        (
            r#"{"query": {"term": {"t": ["a"]}}}"#,
            "[term] query does not support array of values",
        ),
        (
            r#"{"query": {"term": {"t": null}}}"#,
            "field name is null or empty",
        ),
        (
            r#"{"query": {"terms": {"a": [1], "b": [2]}}}"#,
            "[terms] query does not support multiple fields",
        ),
        (
            r#"{"query": {"terms": {}}}"#,
            "[terms] query requires a field name, followed by array of terms or a document lookup specification",
        ),
        (
            r#"{"query": {"match": {}}}"#,
            "No text specified for text query",
        ),
        (
            r#"{"query": {"match": {"a": "x"}, "term": {"a": "x"}}}"#,
            "[match] malformed query, expected [END_OBJECT] but found [FIELD_NAME]",
        ),
        (
            r#"{"query": {"constant_score": {}}}"#,
            "[constant_score] requires a 'filter' element",
        ),
        (
            r#"{"query": {"multi_match": {"query": "x", "type": "cross_fields"}}}"#,
            "failed to parse [multi_match] query type [cross_fields]. unknown type.",
        ),
        (
            r#"{"query": {"exists": {}}}"#,
            "[exists] must be provided with a [field]",
        ),
        (
            r#"{"query": {"nested": {"path": "x", "query": {"match_all": {}}}}}"#,
            "unknown query [nested]",
        ),
        (
            r#"{"search_after": []}"#,
            "Values must contains at least one value.",
        ),
        (
            r#"{"sort": [{"year": "up"}]}"#,
            "No enum constant org.opensearch.search.sort.SortOrder.UP",
        ),
        (
            r#"{"sort": [{"year": {"mode": "odd"}}]}"#,
            "[1:29] [field_sort] failed to parse field [mode]",
        ),
        (
            r#"{"query": {"ids": {"odd": 1}}}"#,
            r#""reason":"[1:20] [ids] unknown field [odd]","line":1,"col":27,"caused_by":{"type":"x_content_parse_exception""#,
        ),
        (
            r#"{"query": {"match_all": {"odd": 1}}}"#,
            r#""reason":"[1:26] [match_all] unknown field [odd]","line":1,"col":33"#,
        ),
        (r#"{"query": {"exists": {}}}"#, r#""line":1,"col":23"#),
        (
            r#"{"query": {"script": {}}}"#,
            "script must be provided with a [script] filter",
        ),
        (r#"{"terminate_after": -1}"#, "terminateAfter must be > 0"),
    ] {
        assert!(
            refused(body).contains(expected),
            "{body}: {}",
            refused(body)
        );
    }
}

#[test]
fn shards_refuse_with_the_recorded_words() {
    let index = Index::books(5);
    let failed = |body: &str| {
        let mut out = Render::compact();
        index.search(body).expect_err(body).render(&mut out);
        String::from_utf8(out.finish()).unwrap()
    };
    assert_eq!(
        failed(r#"{"query": {"term": {"year": "old"}}}"#),
        r#"{"type":"query_shard_exception","reason":"failed to create query: For input string: \"old\"","index":"books","index_uuid":"u","caused_by":{"type":"number_format_exception","reason":"For input string: \"old\""}}"#
    );
    assert_eq!(
        failed(r#"{"sort": ["nothing"]}"#),
        r#"{"type":"query_shard_exception","reason":"No mapping found for [nothing] in order to sort on","index":"books","index_uuid":"u"}"#
    );
    assert!(failed(r#"{"sort": ["title"]}"#).starts_with(
        r#"{"type":"illegal_argument_exception","reason":"Text fields are not optimised"#
    ));
    assert!(
        failed(r#"{"from": 9999, "size": 10}"#)
            .contains("from + size must be less than or equal to: [10000] but was [10009]")
    );
    assert!(failed(r#"{"query": {"query_string": {"query": "title:(war"}}}"#).starts_with(r#"{"type":"query_shard_exception","reason":"Failed to parse query [title:(war]","index":"books","index_uuid":"u","caused_by":{"type":"parse_exception","reason":"Cannot parse 'title:(war': Encountered \"<EOF>\" at line 1, column 10."#));
    assert!(
        failed(r#"{"search_after": [1], "sort": ["year"], "from": 1}"#)
            .contains("`from` parameter must be set to 0 when `search_after` is used.")
    );
    assert!(failed(r#"{"search_after": [1]}"#).contains("Sort must contain at least one field."));
    assert!(
        failed(r#"{"search_after": [1, 2], "sort": ["year"]}"#)
            .contains("search_after has 2 value(s) but sort has 1.")
    );
    assert!(failed(r#"{"query": {"prefix": {"year": "1"}}}"#).contains("Can only use prefix queries on keyword and text fields - not on [year] which is of type [integer]"));
    let clauses = vec![r#"{"match_all": {}}"#; 1_025].join(",");
    let many = format!(r#"{{"query": {{"bool": {{"should": [{clauses}]}}}}}}"#);
    assert!(failed(&many).contains("failed to create query: maxClauseCount is set to 1024"));
    let values = vec!["1"; 65_537].join(",");
    assert!(
        failed(&format!(
            r#"{{"query": {{"terms": {{"year": [{values}]}}}}}}"#
        ))
        .contains("has exceeded the allowed maximum of [65536]")
    );
}

#[test]
fn a_broken_query_string_is_its_own_root_cause() {
    let failure = Index::books(12)
        .search(r#"{"query": {"query_string": {"query": "title:(war"}}}"#)
        .unwrap_err();
    let roots: Vec<&str> = failure
        .root_causes()
        .iter()
        .map(|root| root.kind.name())
        .collect();
    assert_eq!(roots, ["query_shard_exception"]);
}

#[test]
fn nesting_is_bounded() {
    let mut body = r#"{"match_all": {}}"#.to_owned();
    for _ in 0..19 {
        body = format!(r#"{{"bool": {{"must": {body}}}}}"#);
    }
    assert!(request(&format!(r#"{{"query": {body}}}"#)).is_ok());
    let body = format!(r#"{{"query": {{"bool": {{"must": {body}}}}}}}"#);
    assert!(refused(&body).contains("has exceeded the allowed maximum of [20]"));
}

#[test]
fn what_a_query_string_does_not_support_is_refused_even_where_it_is_lenient() {
    let index = Index::books(100);
    for (query, expected) in [
        (
            "title: /w[a-z]*/",
            "regular expressions are not supported in a query string, found [/w[a-z]*/]",
        ),
        (
            "waar~",
            "fuzzy words are not supported in a query string, found [waar~]",
        ),
    ] {
        let body = format!(r#"{{"query": {{"query_string": {{"query": "{query}"}}}}}}"#);
        let failure = index.search(&body).unwrap_err();
        assert_eq!(
            failure.reason.as_deref(),
            Some(&*format!("failed to create query: {expected}"))
        );
    }
    assert_eq!(
        refused(r#"{"query": {"query_string": {"query": "x", "fields": ["title", null]}}}"#),
        r#"{"type":"parsing_exception","reason":"[query_string] field name in [fields] cannot be null","line":1,"col":63}"#
    );
}
