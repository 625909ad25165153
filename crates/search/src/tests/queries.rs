//! Which documents each kind of query finds, on one segment and on several, with and without deletes.

use crate::fixture::{BOOKS, BOOKS_MAPPING, Index};

/// Query and the ids it finds, in any order.
const CASES: &[(&str, &[u32])] = &[
    (
        r#"{"match_all": {}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (r#"{"match_none": {}}"#, &[]),
    (r#"{"match": {"title": "war"}}"#, &[8, 10]),
    (
        r#"{"match": {"title": {"query": "war peace", "operator": "and"}}}"#,
        &[10],
    ),
    (r#"{"match": {"title": "WAR sense"}}"#, &[2, 8, 10]),
    (
        r#"{"match": {"title": {"query": "the war of time", "minimum_should_match": "3"}}}"#,
        &[8],
    ),
    (
        r#"{"match": {"title": {"query": "!!", "zero_terms_query": "all"}}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (r#"{"match": {"title": "!!"}}"#, &[]),
    (r#"{"match": {"year": 1851}}"#, &[3]),
    (
        r#"{"match": {"year": {"query": "old", "lenient": true}}}"#,
        &[],
    ),
    (r#"{"match": {"nothing": "x"}}"#, &[]),
    (r#"{"match_phrase": {"title": "time machine"}}"#, &[9]),
    (r#"{"match_phrase": {"title": "machine time"}}"#, &[]),
    (
        r#"{"match_phrase": {"title": {"query": "machine time", "slop": 2}}}"#,
        &[9],
    ),
    (
        r#"{"match_phrase": {"title": {"query": "war worlds", "slop": 1}}}"#,
        &[],
    ),
    (
        r#"{"match_phrase": {"title": {"query": "war worlds", "slop": 2}}}"#,
        &[8],
    ),
    (r#"{"match_phrase": {"subjects": "Sea"}}"#, &[3, 4]),
    (
        r#"{"match_phrase_prefix": {"title": "the war of the wo"}}"#,
        &[8],
    ),
    (r#"{"match_phrase_prefix": {"title": "se"}}"#, &[2, 4]),
    (
        r#"{"multi_match": {"query": "war sea", "fields": ["title", "subjects"]}}"#,
        &[4, 8, 10],
    ),
    (
        r#"{"multi_match": {"query": "War", "fields": ["t*", "subjects"], "type": "most_fields"}}"#,
        &[8, 10],
    ),
    (r#"{"term": {"authors": "Jules Verne"}}"#, &[4, 5]),
    (
        r#"{"term": {"authors": {"value": "jules verne", "case_insensitive": true}}}"#,
        &[4, 5],
    ),
    (r#"{"term": {"title": "war"}}"#, &[8, 10]),
    (r#"{"term": {"title": "War"}}"#, &[]),
    (r#"{"term": {"rating": 4.26}}"#, &[1]),
    (r#"{"term": {"_id": "7"}}"#, &[7]),
    (
        r#"{"term": {"_index": "books"}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (
        r#"{"terms": {"subjects": ["Sea", "Horror", "Nothing"]}}"#,
        &[3, 4, 6, 7],
    ),
    (r#"{"terms": {"year": [1851, "1990", 1.5]}}"#, &[3, 12]),
    (r#"{"terms": {"year": []}}"#, &[]),
    (r#"{"range": {"year": {"gte": 1890, "lt": 1898}}}"#, &[7, 9]),
    (r#"{"range": {"rating": {"gt": 4.12}}}"#, &[1, 12]),
    (
        r#"{"range": {"added": {"gte": "2024-01-01||+9d", "format": "yyyy-MM-dd"}}}"#,
        &[10, 11, 12],
    ),
    (r#"{"range": {"added": {"lt": "now-8d/d"}}}"#, &[1]),
    (
        r#"{"range": {"subjects": {"gte": "Sea", "lte": "Travel"}}}"#,
        &[3, 4, 5],
    ),
    (
        r#"{"range": {"title": {"gte": "war", "lt": "warp"}}}"#,
        &[8, 10],
    ),
    (
        r#"{"range": {"year": {}}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (
        r#"{"exists": {"field": "title"}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (r#"{"exists": {"field": "description"}}"#, &[]),
    (r#"{"exists": {"field": "nothing"}}"#, &[]),
    (r#"{"ids": {"values": ["3", 5, "99"]}}"#, &[3, 5]),
    (r#"{"prefix": {"title": "w"}}"#, &[3, 5, 8, 10]),
    (
        r#"{"prefix": {"authors": {"value": "j", "case_insensitive": true}}}"#,
        &[1, 2, 4, 5],
    ),
    (r#"{"wildcard": {"title.raw": "*W?r*"}}"#, &[5, 8, 10]),
    (
        r#"{"wildcard": {"title": {"value": "W?R", "case_insensitive": true}}}"#,
        &[8, 10],
    ),
    (
        r#"{"bool": {"must": [{"term": {"subjects": "War"}}], "must_not": [{"match": {"title": "peace"}}]}}"#,
        &[8],
    ),
    (
        r#"{"bool": {"filter": {"term": {"subjects": "Science"}}, "should": [{"term": {"year": 1898}}], "minimum_should_match": 1}}"#,
        &[8],
    ),
    (
        r#"{"bool": {"filter": {"term": {"subjects": "Science"}}, "should": [{"term": {"year": 1898}}]}}"#,
        &[4, 6, 8, 9, 11],
    ),
    (
        r#"{"bool": {"must_not": [{"exists": {"field": "year"}}]}}"#,
        &[],
    ),
    (
        r#"{"bool": {"must_not": [{"term": {"subjects": "Fiction"}}]}}"#,
        &[11],
    ),
    (r#"{"bool": {}}"#, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    (
        r#"{"bool": {"should": [{"match_none": {}}], "minimum_should_match": 0}}"#,
        &[],
    ),
    (
        r#"{"bool": {"should": [{"term": {"year": 1898}}, {"term": {"year": 1895}}, {"term": {"subjects": "War"}}], "minimum_should_match": 2}}"#,
        &[8],
    ),
    (
        r#"{"constant_score": {"filter": {"term": {"subjects": "War"}}, "boost": 3}}"#,
        &[8, 10],
    ),
    (
        r#"{"dis_max": {"queries": [{"match": {"title": "war"}}, {"term": {"year": 1990}}], "tie_breaker": 0.3}}"#,
        &[8, 10, 12],
    ),
    (
        r#"{"boosting": {"positive": {"match": {"title": "war"}}, "negative": {"term": {"year": 1898}}, "negative_boost": 0.1}}"#,
        &[8, 10],
    ),
    (
        r#"{"query_string": {"query": "title:(war OR sea) AND year:>1860"}}"#,
        &[4, 8, 10],
    ),
    (
        r#"{"query_string": {"query": "war -peace", "default_field": "title"}}"#,
        &[8],
    ),
    (
        r#"{"query_string": {"query": "war AND NOT peace", "fields": ["title"]}}"#,
        &[8],
    ),
    (
        r#"{"query_string": {"query": "+the war", "default_field": "title", "default_operator": "and"}}"#,
        &[8],
    ),
    (
        r#"{"query_string": {"query": "\"time machine\" OR whal*", "default_field": "title"}}"#,
        &[3, 9],
    ),
    (
        r#"{"query_string": {"query": "year:[1890 TO 1898}"}}"#,
        &[7, 9],
    ),
    (
        r#"{"query_string": {"query": "_exists_:authors AND subjects:Sea"}}"#,
        &[3, 4],
    ),
    (
        r#"{"query_string": {"query": "*:*"}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (
        r#"{"query_string": {"query": "*"}}"#,
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ),
    (r#"{"query_string": {"query": "1851"}}"#, &[3]),
    (
        r#"{"query_string": {"query": "authors:\"Leo Tolstoy\"^2"}}"#,
        &[10],
    ),
    (r#"{"query_string": {"query": "title:w?rlds"}}"#, &[8]),
    (
        r#"{"query_string": {"query": "NOT subjects:Fiction"}}"#,
        &[11],
    ),
];

fn body(query: &str) -> String {
    format!(r#"{{"query": {query}, "size": 100, "_source": false}}"#)
}

fn sorted(mut ids: Vec<String>) -> Vec<u32> {
    let mut numbers: Vec<u32> = ids.drain(..).map(|id| id.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn each_query_finds_its_documents_in_any_layout_of_segments() {
    for per_segment in [100, 5, 1] {
        let index = Index::books(per_segment);
        for (query, expected) in CASES {
            assert_eq!(
                sorted(index.ids(&body(query))),
                *expected,
                "{query} in segments of {per_segment}"
            );
        }
    }
}

#[test]
fn deleted_documents_are_never_found() {
    let index = Index::new(BOOKS_MAPPING, BOOKS, 5, &["4", "8", "10"]);
    for (query, expected) in CASES {
        let expected: Vec<u32> = expected
            .iter()
            .copied()
            .filter(|id| ![4, 8, 10].contains(id))
            .collect();
        let body = body(query);
        assert_eq!(sorted(index.ids(&body)), expected, "{query}");
        assert_eq!(index.total(&body) as usize, expected.len(), "{query}");
        let count = format!(r#"{{"query": {query}, "size": 0}}"#);
        assert_eq!(
            index.total(&count) as usize,
            expected.len(),
            "counting {query}"
        );
    }
}

#[test]
fn scores_are_those_of_bm25_without_the_constant_factor() {
    let index = Index::books(100);
    // N = 12, n = 2, average length 44/12; idf · freq/(freq + k1(1 − b + b·dl/avgdl)).
    let hits = index.hits(r#"{"query": {"match": {"title": "war"}}}"#);
    let lengths = [3, 3, 5, 6, 6, 1, 1, 5, 3, 3, 5, 2];
    let average = lengths.iter().sum::<i32>() as f32 / 12.0;
    let idf = (1.0f32 + (12.0 - 2.0 + 0.5) / 2.5).ln();
    let score = |length: f32| idf / (1.0 + 1.2 * (0.25 + 0.75 * length / average));
    for ((id, found), (expected_id, length)) in hits.iter().zip([("10", 3.0), ("8", 5.0)]) {
        assert_eq!(id, expected_id);
        assert!(
            (found.unwrap() - score(length)).abs() < 1e-5,
            "{found:?} {}",
            score(length)
        );
    }
    for query in [
        r#"{"term": {"subjects": "War"}}"#,
        r#"{"range": {"year": {"gte": 1}}}"#,
        r#"{"prefix": {"title": "w"}}"#,
    ] {
        assert!(
            index
                .hits(&body(query))
                .iter()
                .all(|(_, score)| *score == Some(1.0)),
            "{query}"
        );
    }
    let filtered =
        index.hits(r#"{"query": {"bool": {"filter": [{"term": {"subjects": "War"}}]}}}"#);
    assert!(filtered.iter().all(|(_, score)| *score == Some(0.0)));
    let both = index.hits(
        r#"{"query": {"bool": {"must": [{"match_all": {}}, {"term": {"subjects": "War"}}]}}}"#,
    );
    assert!(
        both.iter().all(|(_, score)| *score == Some(2.0)),
        "{both:?}"
    );
}

#[test]
fn a_sloppy_phrase_counts_by_its_distance() {
    let index = Index::new(
        r#"{"properties": {"t": {"type": "text"}}}"#,
        &[
            r#"{"t": "rings lord"}"#,
            r#"{"t": "lord of rings"}"#,
            r#"{"t": "a b a"}"#,
            r#"{"t": "a a"}"#,
            r#"{"t": "a"}"#,
        ],
        100,
        &[],
    );
    assert_eq!(
        index.ids(r#"{"query": {"match_phrase": {"t": {"query": "lord rings", "slop": 1}}}}"#),
        ["2"]
    );
    assert_eq!(
        index
            .ids(r#"{"query": {"match_phrase": {"t": {"query": "lord rings", "slop": 2}}}}"#)
            .len(),
        2
    );
    // The same word twice needs two places.
    assert_eq!(
        index.ids(r#"{"query": {"match_phrase": {"t": "a a"}}}"#),
        ["4"]
    );
    assert_eq!(
        index
            .ids(r#"{"query": {"match_phrase": {"t": {"query": "a a", "slop": 1}}}}"#)
            .len(),
        2
    );
}

#[test]
fn named_queries_are_told_in_the_hits() {
    let index = Index::books(5);
    let answer = index
        .search(r#"{"query": {"bool": {"should": [{"term": {"year": {"value": 1898, "_name": "late"}}}, {"match": {"title": {"query": "war", "_name": "war"}}}]}}, "_source": false}"#)
        .unwrap();
    assert!(
        answer.contains(r#""matched_queries":["war","late"]"#)
            || answer.contains(r#""matched_queries":["late","war"]"#),
        "{answer}"
    );
}
