//! Laws: no request makes the search panic, boolean algebra holds, pages and counts agree.

use std::sync::LazyLock;

use proptest::prelude::*;

use crate::fixture::{BOOKS, BOOKS_MAPPING, Index, request};

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(BOOKS_MAPPING, BOOKS, 5, &["3"]));

/// The same few values with and without postings: several in some documents, none in others.
static TWICE: LazyLock<Index> = LazyLock::new(|| {
    let documents: Vec<String> = (0..2_000_u64)
        .map(|n| {
            let value = n.wrapping_mul(2_654_435_761) % 97;
            let (a, b) = (value % 13, value % 90);
            let values = match n % 7 {
                0 => String::new(),
                1 => format!(r#", "p": [{a}, {b}], "c": [{a}, {b}]"#),
                _ => format!(r#", "p": {b}, "c": {b}"#),
            };
            format!(r#"{{"w": "w{}"{values}}}"#, n % 5)
        })
        .collect();
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let mapping = r#"{"properties": {"w": {"type": "keyword"}, "p": {"type": "integer"}, "c": {"type": "integer", "index": false}}}"#;
    Index::new(mapping, &documents, 900, &["3", "400", "1999"])
});

/// A query that is well formed.
fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(r#"{"match_all": {}}"#.to_owned()),
        Just(r#"{"match_none": {}}"#.to_owned()),
        prop::sample::select(vec![
            "war",
            "the",
            "sense",
            "of",
            "world",
            "nothing",
            "war peace",
            "the sea"
        ])
        .prop_map(|text| format!(r#"{{"match": {{"title": "{text}"}}}}"#)),
        prop::sample::select(vec!["Fiction", "Sea", "War", "None"])
            .prop_map(|value| format!(r#"{{"term": {{"subjects": "{value}"}}}}"#)),
        (1800..2000, 1800..2000).prop_map(|(from, to)| format!(
            r#"{{"range": {{"year": {{"gte": {from}, "lt": {to}}}}}}}"#
        )),
        prop::sample::select(vec!["the war of", "and peace", "time machine"]).prop_map(
            |text| format!(r#"{{"match_phrase": {{"title": {{"query": "{text}", "slop": 1}}}}}}"#)
        ),
        Just(r#"{"exists": {"field": "year"}}"#.to_owned()),
    ];
    leaf.prop_recursive(3, 20, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..3).prop_map(|queries| queries.join(","));
        prop_oneof![
            (list.clone(), list.clone(), list.clone(), list).prop_map(|(must, should, filter, must_not)| format!(
                r#"{{"bool": {{"must": [{must}], "should": [{should}], "filter": [{filter}], "must_not": [{must_not}]}}}}"#
            )),
            inner.clone().prop_map(|query| format!(r#"{{"constant_score": {{"filter": {query}}}}}"#)),
            (inner.clone(), inner).prop_map(|(left, right)| format!(r#"{{"dis_max": {{"queries": [{left}, {right}]}}}}"#)),
        ]
    })
}

fn found(query: &str) -> Vec<String> {
    let mut ids = INDEX.ids(&format!(
        r#"{{"query": {query}, "size": 100, "_source": false}}"#
    ));
    ids.sort();
    ids
}

/// JSON that looks a little like a search.
fn json() -> impl Strategy<Value = String> {
    let words = vec![
        "query",
        "match",
        "term",
        "terms",
        "bool",
        "must",
        "filter",
        "range",
        "gte",
        "title",
        "year",
        "value",
        "boost",
        "sort",
        "size",
        "query_string",
        "fields",
        "_source",
        "script",
        "ids",
        "values",
        "aggs",
        "search_after",
        "missing",
        "order",
        "minimum_should_match",
    ];
    let word = prop::sample::select(words);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f32>()
            .prop_filter("JSON has no such number", |value| value.is_finite())
            .prop_map(|value| format!("{value:?}")),
        "[a-z\\*\\?:\\+\\-\\(\\) ]{0,12}".prop_map(|text| format!("\"{text}\"")),
        word.clone().prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::btree_map(word.clone(), inner, 0..3).prop_map(|entries| {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("\"{key}\": {value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn boolean_algebra_holds(left in query(), right in query()) {
        let (a, b) = (found(&left), found(&right));
        let both = found(&format!(r#"{{"bool": {{"must": [{left}, {right}]}}}}"#));
        let either = found(&format!(r#"{{"bool": {{"should": [{left}, {right}]}}}}"#));
        let only = found(&format!(r#"{{"bool": {{"must": [{left}], "must_not": [{right}]}}}}"#));
        let not = found(&format!(r#"{{"bool": {{"must_not": [{left}]}}}}"#));
        let all = found(r#"{"match_all": {}}"#);
        prop_assert_eq!(&both, &a.iter().filter(|id| b.contains(id)).cloned().collect::<Vec<_>>());
        prop_assert_eq!(&either, &all.iter().filter(|id| a.contains(id) || b.contains(id)).cloned().collect::<Vec<_>>());
        prop_assert_eq!(&only, &a.iter().filter(|id| !b.contains(id)).cloned().collect::<Vec<_>>());
        prop_assert_eq!(&not, &all.iter().filter(|id| !a.contains(id)).cloned().collect::<Vec<_>>());
    }

    #[test]
    fn every_way_to_ask_finds_the_same(query in query()) {
        let ids = found(&query);
        prop_assert_eq!(INDEX.total(&format!(r#"{{"query": {query}, "size": 0}}"#)) as usize, ids.len());
        let mut sorted = INDEX.ids(&format!(r#"{{"query": {query}, "size": 100, "sort": ["year", "title.raw"]}}"#));
        sorted.sort();
        prop_assert_eq!(&sorted, &ids);
        let scores: Vec<f32> = INDEX.hits(&format!(r#"{{"query": {query}, "size": 100}}"#)).into_iter().filter_map(|(_, score)| score).collect();
        prop_assert!(scores.is_sorted_by(|left, right| left >= right), "{:?}", scores);
        let first: Vec<String> = INDEX.ids(&format!(r#"{{"query": {query}, "size": 2}}"#));
        let all: Vec<String> = INDEX.ids(&format!(r#"{{"query": {query}, "size": 100}}"#));
        prop_assert_eq!(&first[..], &all[..first.len()]);
    }

    #[test]
    fn a_range_finds_the_same_by_postings_and_by_the_column(from in -2..92, length in 0..92, word in 0..6) {
        let to = from + length;
        let ids = |field: &str, around: &str| {
            let range = format!(r#"{{"range": {{"{field}": {{"gte": {from}, "lte": {to}}}}}}}"#);
            TWICE.ids(&format!(r#"{{"query": {}, "size": 3000, "sort": ["_doc"]}}"#, around.replace('@', &range)))
        };
        for around in [
            "@".to_owned(),
            format!(r#"{{"bool": {{"filter": [@, {{"term": {{"w": "w{word}"}}}}]}}}}"#),
            format!(r#"{{"bool": {{"should": [@, {{"term": {{"w": "w{word}"}}}}]}}}}"#),
            r#"{"bool": {"must_not": [@]}}"#.to_owned(),
        ] {
            prop_assert_eq!(ids("p", &around), ids("c", &around));
        }
    }

    #[test]
    fn no_json_makes_a_search_panic(body in json()) {
        if request(&body).is_ok() {
            // Whether it is answered or refused is of no matter here.
            INDEX.search(&body).ok();
        }
        let as_query = format!(r#"{{"query": {body}}}"#);
        if request(&as_query).is_ok() {
            INDEX.search(&as_query).ok();
        }
    }

    #[test]
    fn no_query_string_makes_a_search_panic(text in "[a-z0-9:\\+\\-\\(\\)\\[\\]\\{\\}\"\\*\\?\\\\/~\\^<>=! ]{0,40}") {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        INDEX.search(&format!(r#"{{"query": {{"query_string": {{"query": "{text}"}}}}}}"#)).ok();
    }
}
