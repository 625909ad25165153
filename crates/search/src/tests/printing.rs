//! Parsed requests printed again, as the descriptions of tasks show them, and sent to another node.

use crate::{fixture::request, request::SearchRequest};

#[test]
fn requests_are_printed_with_their_defaults() {
    for (body, printed) in [
        ("{}", "{}"),
        (
            r#"{"size": 1, "query": {"match_all": {}}}"#,
            r#"{"size":1,"query":{"match_all":{"boost":1.0}}}"#,
        ),
        (
            r#"{"query": {"match": {"title": "war"}}}"#,
            r#"{"query":{"match":{"title":{"query":"war","operator":"OR","prefix_length":0,"max_expansions":50,"fuzzy_transpositions":true,"lenient":false,"zero_terms_query":"NONE","auto_generate_synonyms_phrase_query":true,"boost":1.0}}}}"#,
        ),
        (
            r#"{"query": {"script": {"script": {"source": "true"}}}}"#,
            r#"{"query":{"script":{"script":{"source":"true","lang":"painless"},"boost":1.0}}}"#,
        ),
        (
            r#"{"sort": ["_doc"], "version": false, "query": {"term": {"year": 1}}, "seq_no_primary_term": false}"#,
            r#"{"query":{"term":{"year":{"value":1,"boost":1.0}}},"version":false,"seq_no_primary_term":false,"sort":[{"_doc":{"order":"asc"}}]}"#,
        ),
        (
            r#"{"query": {"range": {"year": {"gte": 1, "lt": 2.5, "boost": 2}}}, "timeout": "300ms"}"#,
            r#"{"timeout":"300ms","query":{"range":{"year":{"from":1,"to":2.5,"include_lower":true,"include_upper":false,"boost":2.0}}}}"#,
        ),
        (
            r#"{"query": {"bool": {"should": {"exists": {"field": "a"}}, "filter": [{"ids": {"values": ["1"]}}], "minimum_should_match": "50%"}}}"#,
            r#"{"query":{"bool":{"filter":[{"ids":{"values":["1"],"boost":1.0}}],"should":[{"exists":{"field":"a","boost":1.0}}],"adjust_pure_negative":true,"minimum_should_match":"50%","boost":1.0}}}"#,
        ),
        (
            r#"{"query": {"multi_match": {"query": "x", "fields": ["title^2", "description"]}}}"#,
            r#"{"query":{"multi_match":{"query":"x","fields":["description^1.0","title^2.0"],"type":"best_fields","operator":"OR","slop":0,"prefix_length":0,"max_expansions":50,"zero_terms_query":"NONE","auto_generate_synonyms_phrase_query":true,"fuzzy_transpositions":true,"boost":1.0}}}"#,
        ),
        (
            r#"{"query": {"query_string": {"query": "a b"}}}"#,
            r#"{"query":{"query_string":{"query":"a b","fields":[],"type":"best_fields","default_operator":"or","max_determinized_states":10000,"enable_position_increments":true,"fuzziness":"AUTO","fuzzy_prefix_length":0,"fuzzy_max_expansions":50,"phrase_slop":0,"escape":false,"auto_generate_synonyms_phrase_query":true,"fuzzy_transpositions":true,"boost":1.0}}}"#,
        ),
        (
            r#"{"_source": ["a"], "track_total_hits": true, "search_after": [1, "x"], "sort": [{"n": {"missing": "_first", "mode": "max"}}, "_score"]}"#,
            r#"{"_source":{"includes":["a"]},"sort":[{"n":{"order":"asc","missing":"_first","mode":"max"}},{"_score":{"order":"desc"}}],"track_total_hits":2147483647,"search_after":[1,"x"]}"#,
        ),
        (
            r#"{"query": {"match_phrase": {"t": {"query": "a b", "slop": 1}}}}"#,
            r#"{"query":{"match_phrase":{"t":{"query":"a b","slop":1,"zero_terms_query":"NONE","boost":1.0}}}}"#,
        ),
        (
            r#"{"query": {"dis_max": {"queries": [{"terms": {"a": ["x", 1]}}, {"prefix": {"a": "x"}}]}}}"#,
            r#"{"query":{"dis_max":{"tie_breaker":0.0,"queries":[{"terms":{"a":["x",1],"boost":1.0}},{"prefix":{"a":{"value":"x","boost":1.0}}}],"boost":1.0}}}"#,
        ),
    ] {
        assert_eq!(request(body).unwrap().to_json(), printed);
    }
}

#[test]
fn a_printed_request_reads_as_itself() {
    for body in [
        r#"{"query": {"match": {"title": {"query": "war", "operator": "and"}}}, "from": 3, "size": 2}"#,
        r#"{"query": {"bool": {"must": [{"range": {"year": {"gt": 3}}}], "must_not": {"wildcard": {"a": "b*"}}}}}"#,
        r#"{"query": {"boosting": {"positive": {"match_all": {}}, "negative": {"match_none": {}}, "negative_boost": 0.2}}}"#,
        r#"{"query": {"constant_score": {"filter": {"script": {"script": {"source": "params.x > 1", "params": {"x": 2}}}}}}}"#,
        r#"{"query": {"function_score": {"query": {"match": {"a": "b"}}, "functions": [{"filter": {"term": {"a": 1}}, "weight": 3}, {"gauss": {"d": {"origin": "now", "scale": "3d"}, "multi_value_mode": "max"}, "weight": 2}], "score_mode": "avg", "boost_mode": "sum", "max_boost": 7, "min_score": 1, "boost": 2}}}"#,
        r#"{"query": {"function_score": {"functions": [{"random_score": {"seed": 7, "field": "_seq_no"}}, {"field_value_factor": {"field": "n", "factor": 2, "missing": 1, "modifier": "ln1p"}}, {"script_score": {"script": {"source": "1", "params": {"a": 1}}}}]}}}"#,
        r#"{"query": {"script_score": {"query": {"match_all": {}}, "script": {"source": "1"}, "min_score": 2}}, "script_fields": {"a": {"script": "1", "ignore_failure": true}}}"#,
        r#"{"sort": [{"_script": {"type": "string", "script": {"source": "params.a", "params": {"a": "x"}}, "order": "desc", "mode": "max"}}, {"_script": {"type": "number", "script": "1"}}]}"#,
        r#"{"query": {"bool": {"must": [{"regexp": {"a": {"value": "x.*", "flags": "NONE", "case_insensitive": true}}}, {"match_bool_prefix": {"a": {"query": "b c", "operator": "and"}}}]}}}"#,
        r#"{"post_filter": {"term": {"a": true}}, "aggs": {"a": {"terms": {"field": "x"}, "aggs": {"b": {"avg": {"field": "y"}}}}}}"#,
    ] {
        let parsed = request(body).unwrap();
        assert_eq!(
            request(&parsed.to_json()).unwrap(),
            parsed,
            "{}",
            parsed.to_json()
        );
        let sent = postcard::to_allocvec(&parsed).unwrap();
        assert_eq!(
            postcard::from_bytes::<SearchRequest>(&sent).unwrap(),
            parsed
        );
    }
}
