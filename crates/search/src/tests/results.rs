//! What answers look like: paging, sorting, counting, sources, fields.

use std::sync::Arc;

use glasswork_content::{Kind, Limits, parse};
use glasswork_tasks::NoCheckpoint;

use crate::{
    fixture::{BOOKS, BOOKS_MAPPING, Index, request},
    shard::{self, Page},
};

#[test]
fn an_answer_is_laid_out_as_recorded() {
    let index = Index::books(100);
    assert_eq!(
        index.search(r#"{"query": {"match_all": {}}, "sort": [{"rating": "desc"}, {"title.raw": "asc"}], "size": 3, "_source": ["title", "year"]}"#).unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":12,"relation":"eq"},"max_score":null,"hits":[{"_index":"books","_id":"1","_score":null,"_source":{"year":1813,"title":"Pride and Prejudice"},"sort":[4.26,"Pride and Prejudice"]},{"_index":"books","_id":"12","_score":null,"_source":{"year":1990,"title":"Good Omens"},"sort":[4.25,"Good Omens"]},{"_index":"books","_id":"10","_score":null,"_source":{"year":1869,"title":"War and Peace"},"sort":[4.12,"War and Peace"]}]}}"#
    );
    assert_eq!(
        index.search(r#"{"size": 0}"#).unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":12,"relation":"eq"},"max_score":null,"hits":[]}}"#
    );
    assert_eq!(
        index
            .search(r#"{"sort": [{"added": "desc"}], "size": 2, "_source": false}"#)
            .unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":12,"relation":"eq"},"max_score":null,"hits":[{"_index":"books","_id":"12","_score":null,"sort":[1705053600000]},{"_index":"books","_id":"11","_score":null,"sort":[1704967200000]}]}}"#
    );
    assert_eq!(
        index
            .search(r#"{"track_total_hits": false, "size": 1, "_source": false}"#)
            .unwrap(),
        r#"{"timed_out":false,"hits":{"max_score":1.0,"hits":[{"_index":"books","_id":"1","_score":1.0}]}}"#
    );
    assert_eq!(
        index
            .search(r#"{"track_total_hits": 5, "size": 1, "_source": false}"#)
            .unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":5,"relation":"gte"},"max_score":1.0,"hits":[{"_index":"books","_id":"1","_score":1.0}]}}"#
    );
    assert_eq!(
        index
            .search(r#"{"terminate_after": 2, "size": 1, "_source": false}"#)
            .unwrap(),
        r#"{"timed_out":false,"terminated_early":true,"hits":{"total":{"value":2,"relation":"eq"},"max_score":1.0,"hits":[{"_index":"books","_id":"1","_score":1.0}]}}"#
    );
    assert_eq!(
        index
            .search(r#"{"min_score": 5, "query": {"match": {"title": "war"}}}"#)
            .unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":0,"relation":"eq"},"max_score":null,"hits":[]}}"#
    );
    assert_eq!(
        index
            .search(
                r#"{"version": true, "seq_no_primary_term": true, "size": 1, "_source": false}"#
            )
            .unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":12,"relation":"eq"},"max_score":1.0,"hits":[{"_index":"books","_id":"1","_version":1,"_seq_no":0,"_primary_term":1,"_score":1.0}]}}"#
    );
    assert_eq!(
        index.search(r#"{"fields": ["title", {"field": "added", "format": "yyyy"}], "docvalue_fields": ["year"], "_source": false, "size": 1}"#).unwrap(),
        r#"{"timed_out":false,"hits":{"total":{"value":12,"relation":"eq"},"max_score":1.0,"hits":[{"_index":"books","_id":"1","_score":1.0,"fields":{"year":[1813],"added":["2024"],"title":["Pride and Prejudice"]}}]}}"#
    );
}

#[test]
fn sources_come_back_byte_for_byte() {
    let index = Index::books(5);
    let answer = index
        .search(r#"{"query": {"ids": {"values": ["5"]}}}"#)
        .unwrap();
    assert!(
        answer.contains(&format!(r#""_source":{}"#, BOOKS[4])),
        "{answer}"
    );
}

#[test]
fn pages_follow_each_other_without_gaps() {
    let index = Index::books(5);
    let all = index.ids(r#"{"sort": ["year"], "size": 12}"#);
    assert_eq!(
        all,
        [
            "2", "1", "6", "3", "11", "10", "4", "5", "9", "7", "8", "12"
        ]
    );
    let mut paged = Vec::new();
    for from in (0..12).step_by(5) {
        paged.extend(index.ids(&format!(
            r#"{{"sort": ["year"], "from": {from}, "size": 5}}"#
        )));
    }
    assert_eq!(paged, all);
}

#[test]
fn search_after_continues_where_the_last_page_ended() {
    for per_segment in [100, 3] {
        let index = Index::books(per_segment);
        assert_eq!(
            index.ids(r#"{"size": 2, "sort": [{"year": "asc"}, {"title.raw": "asc"}], "search_after": [1851, "Moby-Dick; or, The Whale"]}"#),
            ["11", "10"]
        );
        assert_eq!(
            index.ids(r#"{"size": 3, "sort": [{"title.raw": "desc"}], "search_after": ["S"]}"#),
            ["1", "11", "3"]
        );
        assert_eq!(
            index.ids(
                r#"{"size": 3, "sort": [{"rating": "asc"}, "_doc"], "search_after": [3.82, 5]}"#
            )[0],
            "8"
        );
        assert_eq!(index.ids(r#"{"size": 2, "sort": [{"added": "asc"}], "search_after": ["2024-01-10T10:00:00Z"]}"#), ["11", "12"]);
    }
}

#[test]
fn documents_without_a_value_go_where_they_are_told() {
    let mapping = r#"{"dynamic": false, "properties": {"n": {"type": "long"}, "k": {"type": "keyword"}, "d": {"type": "double"}}}"#;
    let documents = [
        r#"{"n": 3, "k": "c", "d": 1.5}"#,
        r#"{"x": 1}"#,
        r#"{"n": [1, 9], "k": ["a", "z"], "d": [0.5, 2.5]}"#,
        r#"{"n": 5, "k": "e"}"#,
    ];
    for per_segment in [10, 1] {
        let index = Index::new(mapping, &documents, per_segment, &[]);
        let order = |sort: &str| index.ids(&format!(r#"{{"sort": {sort}}}"#)).join("");
        assert_eq!(order(r#"["n"]"#), "3142");
        assert_eq!(order(r#"[{"n": "desc"}]"#), "3412");
        assert_eq!(order(r#"[{"n": {"missing": "_first"}}]"#), "2314");
        assert_eq!(
            order(r#"[{"n": {"order": "desc", "missing": "_first"}}]"#),
            "2341"
        );
        assert_eq!(order(r#"[{"n": {"missing": 4}}]"#), "3124");
        assert_eq!(order(r#"[{"n": {"mode": "max"}}]"#), "1432");
        assert_eq!(order(r#"[{"n": {"mode": "avg"}}, "_doc"]"#), "1342");
        assert_eq!(order(r#"["k"]"#), "3142");
        assert_eq!(order(r#"[{"k": "desc"}]"#), "3412");
        assert_eq!(order(r#"[{"k": {"missing": "_first"}}]"#), "2314");
        assert_eq!(order(r#"[{"k": {"missing": "d"}}]"#), "3124");
        assert_eq!(order(r#"["d", "_doc"]"#), "3124");
        assert_eq!(
            order(r#"[{"zzz": {"unmapped_type": "long"}}, {"_doc": "desc"}]"#),
            "4321"
        );
        let answer = index
            .search(r#"{"sort": ["n", "k"], "_source": false}"#)
            .unwrap();
        assert!(
            answer.contains(r#""_id":"2","_score":null,"sort":[9223372036854775807,null]"#),
            "{answer}"
        );
    }
}

#[test]
fn scores_can_be_sort_keys() {
    let index = Index::books(5);
    let answer = index.search(r#"{"query": {"match": {"title": "war"}}, "sort": ["_score", {"year": "desc"}], "_source": false}"#).unwrap();
    assert!(
        answer.contains(r#""max_score":1."#) || answer.contains(r#""max_score":0."#),
        "{answer}"
    );
    assert_eq!(
        index.ids(r#"{"query": {"match": {"title": "war"}}, "sort": [{"_score": "asc"}]}"#),
        ["8", "10"]
    );
    let tracked = index
        .hits(r#"{"query": {"match": {"title": "war"}}, "sort": ["year"], "track_scores": true}"#);
    assert!(
        tracked.iter().all(|(_, score)| score.is_some()),
        "{tracked:?}"
    );
}

#[test]
fn counting_stops_at_the_limit() {
    let documents: Vec<String> = (0..3_000)
        .map(|n| format!(r#"{{"n": {n}, "t": "w{}"}}"#, n % 3))
        .collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let index = Index::new(
        r#"{"properties": {"n": {"type": "integer"}, "t": {"type": "text"}}}"#,
        &documents,
        1_000,
        &["5"],
    );
    for query in [
        r#"{"match_all": {}}"#,
        r#"{"match": {"t": "w1"}}"#,
        r#"{"match": {"t": "w1 w2"}}"#,
        r#"{"range": {"n": {"gte": 10}}}"#,
    ] {
        for sort in ["", r#", "sort": ["n"]"#] {
            let answer = index
                .search(&format!(
                    r#"{{"query": {query}, "track_total_hits": 100{sort}}}"#
                ))
                .unwrap();
            assert!(
                answer.contains(r#""total":{"value":100,"relation":"gte"}"#),
                "{query} {answer}"
            );
        }
        let exact = index.total(&format!(
            r#"{{"query": {query}, "track_total_hits": true, "size": 0}}"#
        ));
        let scanned = index.total(&format!(r#"{{"query": {query}, "track_total_hits": true, "aggs": {{"m": {{"max": {{"field": "n"}}}}}}}}"#));
        assert_eq!(exact, scanned, "{query}");
    }
    assert_eq!(index.total(r#"{"track_total_hits": true}"#), 2_999.0);
    assert_eq!(
        index.ids(r#"{"sort": [{"n": "desc"}], "size": 2}"#),
        ["3000", "2999"]
    );
    assert_eq!(
        index.ids(r#"{"sort": [{"n": "asc"}], "from": 4, "size": 2}"#),
        ["6", "7"]
    );
}

#[test]
fn a_post_filter_leaves_aggregations_alone() {
    let index = Index::books(5);
    let answer = index
        .search(r#"{"size": 0, "query": {"term": {"subjects": "Science"}}, "post_filter": {"range": {"year": {"gte": 1890}}}, "aggs": {"n": {"value_count": {"field": "year"}}}}"#)
        .unwrap();
    assert!(
        answer.contains(r#""total":{"value":2,"relation":"eq"}"#),
        "{answer}"
    );
    assert!(
        answer.contains(r#""aggregations":{"n":{"value":5}}"#),
        "{answer}"
    );
}

#[test]
fn aggregations_see_what_the_query_matches() {
    let index = Index::new(BOOKS_MAPPING, BOOKS, 4, &["12"]);
    for query in [
        r#"{"match_all": {}}"#,
        r#"{"range": {"year": {"gte": 0}}}"#,
        r#"{"exists": {"field": "title"}}"#,
    ] {
        let answer = index.search(&format!(r#"{{"size": 0, "query": {query}, "aggs": {{"y": {{"max": {{"field": "year"}}}}}}}}"#)).unwrap();
        assert!(
            answer.ends_with(r#""aggregations":{"y":{"value":1898.0}}}"#),
            "{answer}"
        );
    }
    let nothing = index.search(r#"{"size": 0, "query": {"match_none": {}}, "aggs": {"y": {"max": {"field": "year"}}}}"#).unwrap();
    assert!(
        nothing.ends_with(r#""aggregations":{"y":{"value":null}}}"#),
        "{nothing}"
    );
}

#[test]
fn a_mapping_decides_what_of_a_source_is_kept() {
    let without = Index::new(
        r#"{"_source": {"excludes": ["draft"]}, "properties": {"title": {"type": "text"}, "draft": {"type": "text"}}}"#,
        &[r#"{"title": "Emma", "draft": "secret"}"#],
        1,
        &[],
    );
    let answer = without.search(r#"{"fields": ["title", "draft"]}"#).unwrap();
    assert!(
        answer.contains(r#""_source":{"title":"Emma"},"fields":{"title":["Emma"]}"#),
        "{answer}"
    );

    let none = Index::new(
        r#"{"_source": {"enabled": false}, "properties": {"title": {"type": "text"}}}"#,
        &[r#"{"title": "Emma"}"#],
        1,
        &[],
    );
    let answer = none.search(r#"{"_source": ["title"]}"#).unwrap();
    assert!(!answer.contains("_source"), "{answer}");
    let failure = none.search(r#"{"fields": ["title"]}"#).unwrap_err();
    assert_eq!(
        failure.reason.as_deref(),
        Some(
            "Unable to retrieve the requested [fields] since _source is disabled in the mappings for index [books]"
        )
    );
}

#[test]
fn the_index_of_a_document_is_a_value_like_others() {
    let index = Index::books(5);
    let found = index
        .search(
            r#"{"size": 0, "query": {"prefix": {"_index": "boo"}}, "aggs": {"i": {"terms": {"field": "_index"},
                "aggs": {"year": {"max": {"field": "year"}}}}}}"#,
        )
        .unwrap();
    assert!(
        found.contains(r#""buckets":[{"key":"books","doc_count":12,"year":{"value":1990.0}}]"#),
        "{found}"
    );
    assert!(
        index
            .ids(r#"{"query": {"prefix": {"_index": "x"}}}"#)
            .is_empty()
    );
    assert!(
        index
            .search(r#"{"aggs": {"i": {"terms": {"field": "_id"}}}}"#)
            .is_err()
    );
    assert!(
        index
            .search(r#"{"query": {"prefix": {"_id": "1"}}}"#)
            .is_err()
    );
}

#[test]
fn sums_of_doubles_add_the_smallest_first() {
    let index = Index::new(
        r#"{"properties": {"rating": {"type": "double"}}}"#,
        &[r#"{"rating": [450359962737049.7, 5.8, -1.9, -2.0]}"#],
        1,
        &[],
    );
    for (mode, expected) in [
        ("avg", "1.1258999068426289E14"),
        ("sum", "4.5035996273705156E14"),
    ] {
        let body = format!(r#"{{"sort": [{{"rating": {{"mode": "{mode}"}}}}]}}"#);
        let answer = index.search(&body).unwrap();
        assert!(
            answer.contains(&format!(r#""sort":[{expected}]"#)),
            "{answer}"
        );
    }
}

#[test]
fn a_failing_script_field_fails_the_search_unless_that_is_ignored() {
    let index = Index::books(5);
    let body = |ignore: bool| {
        format!(
            r#"{{"query": {{"ids": {{"values": ["1", "3"]}}}}, "sort": ["year"], "script_fields": {{
                "half": {{"script": "doc['year'].value / 2.0"}},
                "bad": {{"script": "doc['subjects'].value == 'Fiction' ? [1, 'a'][5] : 1", "ignore_failure": {ignore}}}}}}}"#
        )
    };
    let failure = index.search(&body(false)).unwrap_err();
    assert_eq!(failure.kind, Kind::Script, "{failure:?}");
    let answer = index.search(&body(true)).unwrap();
    assert!(
        answer.contains(r#""_id":"1","_score":null,"fields":{"half":[906.5]},"sort":[1813]"#),
        "{answer}"
    );
    assert!(!answer.contains("_source"), "{answer}");
}

#[test]
fn hits_sorted_by_texts_that_scripts_compute_come_in_order_from_all_segments() {
    let body = r#"{"size": 20, "sort": [{"_script": {"type": "string", "order": "desc", "script": "doc['title.raw'].value"}}]}"#;
    let whole = Index::books(12).ids(body);
    assert_eq!(whole.first().map(String::as_str), Some("10"));
    for per_segment in [1, 5] {
        assert_eq!(Index::books(per_segment).ids(body), whole);
    }
    let mut paged = Vec::new();
    let mut after = String::new();
    let index = Index::books(4);
    loop {
        let answer = index
            .search(&format!(
                r#"{{"size": 5, "sort": [{{"_script": {{"type": "string", "order": "desc", "script": "doc['title.raw'].value"}}}}]{after}}}"#
            ))
            .unwrap();
        let answer = parse(answer.as_bytes(), &Limits::default()).unwrap();
        let hits = answer
            .get("hits")
            .and_then(|hits| hits.get("hits"))
            .unwrap();
        let hits = hits.as_array().unwrap();
        let Some(last) = hits.last() else { break };
        paged.extend(
            hits.iter()
                .map(|hit| hit.get("_id").unwrap().as_str().unwrap().to_owned()),
        );
        let sort = String::from_utf8(last.get("sort").unwrap().to_json()).unwrap();
        after = format!(r#", "search_after": {sort}"#);
    }
    assert_eq!(paged, whole);
}

#[test]
fn pages_of_a_scroll_sorted_by_scripts_follow_each_other() {
    for sort in [
        r#"{"type": "string", "script": "doc['subjects'].value"}"#,
        r#"{"type": "number", "script": "_score * (doc['year'].value / 50)"}"#,
    ] {
        let body = format!(
            r#"{{"size": 5, "query": {{"match_all": {{"boost": 2}}}}, "sort": [{{"_script": {sort}}}]}}"#
        );
        let index = Index::books(4);
        let whole = index.ids(&body.replace(r#""size": 5"#, r#""size": 20"#));
        let request = request(&body).unwrap();
        let (mut paged, mut last) = (Vec::new(), None);
        loop {
            let context = index.context(Arc::new(NoCheckpoint));
            let page = match &last {
                None => Page::First,
                Some(last) => Page::Later { behind: Some(last) },
            };
            let found = shard::query_page(&context, &request, None, Some(page)).unwrap();
            let addresses: Vec<_> = found.top.iter().map(|hit| hit.address).collect();
            let hits = shard::fetch(&context, &request, &addresses).unwrap();
            paged.extend(hits.into_iter().map(|hit| hit.id.to_string()));
            let Some(end) = found.top.last() else { break };
            last = Some(end.clone());
        }
        assert_eq!(paged, whole, "{body}");
    }
}
