//! What holds for all documents: the findings of parts, sent and merged in any grouping, are those of the whole.

use std::sync::Arc;

use glasswork_tasks::NoCheckpoint;
use proptest::prelude::*;

use super::{
    super::{Aggregations, PartialAggregations},
    fixture::{Fixture, answer, json},
};

const MAPPING: &str = r#"{"properties": {"k": {"type": "keyword"}, "n": {"type": "long"}, "x": {"type": "double"},
    "d": {"type": "date"}, "b": {"type": "boolean"}, "i": {"type": "ip"}}}"#;

const REQUEST: &str = r#"{
    "terms": {"terms": {"field": "k", "size": 4, "shard_size": 1000, "order": [{"s.max": "asc"}, {"_count": "desc"}]}, "aggs": {
        "s": {"stats": {"field": "n"}}, "deep": {"terms": {"field": "n", "shard_size": 1000}, "aggs": {
            "card": {"cardinality": {"field": "k"}}, "range": {"range": {"field": "n", "ranges": [{"to": 2}, {"from": 1}]}}}}}},
    "missing": {"terms": {"field": "k", "missing": "b", "min_doc_count": 0, "shard_size": 1000}},
    "histogram": {"histogram": {"field": "n", "interval": 3}, "aggs": {"c": {"value_count": {"field": "k"}}}},
    "months": {"date_histogram": {"field": "d", "calendar_interval": "month"}, "aggs": {"card": {"cardinality": {"field": "i"}}}},
    "bools": {"terms": {"field": "b"}, "aggs": {"none": {"missing": {"field": "k"}}}},
    "ips": {"terms": {"field": "i", "order": {"_key": "desc"}}},
    "filters": {"filters": {"filters": [{"term": {"k": "a"}}, {"range": {"n": {"gte": 4}}}], "other_bucket": true}, "aggs": {
        "e": {"extended_stats": {"field": "n"}}}},
    "card": {"cardinality": {"field": "n", "precision_threshold": 2}},
    "all": {"global": {}, "aggs": {"min": {"min": {"field": "d"}}}}
}"#;

fn document() -> impl Strategy<Value = String> {
    let keys = prop::collection::vec(
        prop::sample::select(vec!["a", "b", "c", "dd", "é", "zz"]),
        0..3,
    );
    let numbers = prop::collection::vec(-4_i64..12, 0..3);
    (keys, numbers, any::<bool>(), 0_u8..4, 1_u8..12).prop_map(|(keys, numbers, flag, ip, month)| {
        format!(
            r#"{{"k": {keys:?}, "n": {numbers:?}, "x": 1.5, "d": "2024-{month:02}-03T04:05:06Z", "b": {flag}, "i": "10.0.0.{ip}"}}"#
        )
    })
}

fn found(segments: &[Vec<String>], aggregations: &Aggregations) -> PartialAggregations {
    let partial = Fixture::new(MAPPING, segments)
        .find(None, aggregations, Arc::new(NoCheckpoint))
        .unwrap();
    let sent = postcard::to_stdvec(&partial).unwrap();
    let received: PartialAggregations = postcard::from_bytes(&sent).unwrap();
    assert_eq!(received, partial);
    received
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_merge_to_the_whole(documents in prop::collection::vec(document(), 1..40), cuts in (0_usize..40, 0_usize..40)) {
        let aggregations = Aggregations::parse(&json(REQUEST)).unwrap();
        let (first, second) = (cuts.0.min(cuts.1).min(documents.len()), cuts.0.max(cuts.1).min(documents.len()));
        let parts = [&documents[..first], &documents[first..second], &documents[second..]].map(<[String]>::to_vec);

        let whole = answer(&aggregations, vec![found(std::slice::from_ref(&documents), &aggregations)], 65_535).unwrap();
        let segments: Vec<Vec<String>> = parts.iter().filter(|part| !part.is_empty()).cloned().collect();
        prop_assert_eq!(&answer(&aggregations, vec![found(&segments, &aggregations)], 65_535).unwrap(), &whole);

        let shards: Vec<PartialAggregations> = parts.iter().map(|part| found(std::slice::from_ref(part), &aggregations)).collect();
        prop_assert_eq!(&answer(&aggregations, shards.clone(), 65_535).unwrap(), &whole);

        let [a, b, c] = shards.try_into().unwrap();
        let mut right = b;
        aggregations.merge(&mut right, c, &NoCheckpoint).unwrap();
        prop_assert_eq!(&answer(&aggregations, vec![a, right], 65_535).unwrap(), &whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn pages_of_composite_put_together_are_the_whole(documents in prop::collection::vec(document(), 1..25), size in 1_usize..7, cut in 0_usize..25) {
        let cut = cut.min(documents.len());
        let shards = [documents[..cut].to_vec(), documents[cut..].to_vec()];
        let shards = shards.map(|part| Fixture::new(MAPPING, &[part]));
        let page = |size: usize, after: Option<&glasswork_content::Node>| {
            let after = after.map_or(String::new(), |after| format!(r#", "after": {}"#, String::from_utf8(after.to_json()).unwrap()));
            let request = format!(
                r#"{{"c": {{"composite": {{"size": {size}, "sources": [{{"k": {{"terms": {{"field": "k", "order": "desc", "missing_bucket": true}}}}}},
                    {{"n": {{"histogram": {{"field": "n", "interval": 2}}}}}}, {{"i": {{"terms": {{"field": "i"}}}}}},
                    {{"b": {{"terms": {{"field": "b"}}}}}}]{after}}}, "aggs": {{"s": {{"sum": {{"field": "x"}}}}}}}}}}"#
            );
            let aggregations = Aggregations::parse(&json(&request)).unwrap();
            let found = shards.iter().map(|shard| shard.find(None, &aggregations, Arc::new(NoCheckpoint)).unwrap());
            json(&answer(&aggregations, found.collect(), 65_535).unwrap()).get("c").unwrap().clone()
        };
        let whole = page(10_000, None);
        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let found = page(size, after.as_ref());
            let buckets = found.get("buckets").unwrap().as_array().unwrap();
            pages.extend(buckets.iter().map(glasswork_content::Node::to_json));
            match found.get("after_key") {
                Some(key) => after = Some(key.clone()),
                None => break,
            }
        }
        let whole: Vec<Vec<u8>> = whole.get("buckets").unwrap().as_array().unwrap().iter().map(glasswork_content::Node::to_json).collect();
        prop_assert_eq!(pages, whole);
    }
}

#[test]
fn a_request_is_printed_with_its_defaults() {
    let aggregations = Aggregations::parse(&json(r#"{"s": {"terms": {"field": "k"}, "meta": {"a": 1}, "aggs": {"m": {"max": {"field": "n"}}}}}"#)).unwrap();
    let mut out = glasswork_content::Render::compact();
    aggregations.render(&mut out);
    assert_eq!(
        String::from_utf8(out.finish()).unwrap(),
        r#"{"s":{"meta":{"a":1},"terms":{"field":"k","size":10,"min_doc_count":1,"shard_min_doc_count":0,"show_term_doc_count_error":false,"order":[{"_count":"desc"},{"_key":"asc"}]},"aggregations":{"m":{"max":{"field":"n"}}}}}"#
    );
    let sent = postcard::to_stdvec(&aggregations).unwrap();
    assert_eq!(
        postcard::from_bytes::<Aggregations>(&sent).unwrap(),
        aggregations
    );
}

#[test]
fn shards_that_leave_buckets_out_say_how_wrong_counts_may_be() {
    let request = r#"{"s": {"terms": {"field": "k", "size": 1, "shard_size": 1, "show_term_doc_count_error": true}}}"#;
    let aggregations = Aggregations::parse(&json(request)).unwrap();
    let of = |keys: &[&str]| {
        vec![
            keys.iter()
                .map(|key| format!(r#"{{"k": "{key}"}}"#))
                .collect::<Vec<_>>(),
        ]
    };
    let shards = vec![
        found(&of(&["a", "a", "b"]), &aggregations),
        found(&of(&["b", "b", "a"]), &aggregations),
    ];
    assert_eq!(
        answer(&aggregations, shards, 65_535).unwrap(),
        r#"{"s":{"doc_count_error_upper_bound":4,"sum_other_doc_count":4,"buckets":[{"key":"a","doc_count":2,"doc_count_error_upper_bound":2}]}}"#
    );
}

#[test]
fn whole_and_floating_numbers_of_two_indices_meet() {
    let aggregations = Aggregations::parse(&json(r#"{"n": {"terms": {"field": "n"}}}"#)).unwrap();
    let of = |kind: &str, numbers: &[&str]| {
        let documents = numbers
            .iter()
            .map(|number| format!(r#"{{"n": {number}}}"#))
            .collect();
        let mapping = format!(r#"{{"properties": {{"n": {{"type": "{kind}"}}}}}}"#);
        Fixture::new(&mapping, &[documents])
            .find(None, &aggregations, Arc::new(NoCheckpoint))
            .unwrap()
    };
    let shards = vec![
        of("long", &["100", "10"]),
        of("double", &["100.0", "10.0", "14.6"]),
    ];
    assert_eq!(
        answer(&aggregations, shards, 65_535).unwrap(),
        r#"{"n":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":10.0,"doc_count":2},{"key":100.0,"doc_count":2},{"key":14.6,"doc_count":1}]}}"#
    );
    let mixed = vec![of("long", &["1"]), of("keyword", &["\"a\""])];
    assert!(answer(&aggregations, mixed, 65_535).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn findings_of_a_broken_peer_are_refused_or_shown_but_break_nothing(flips in prop::collection::vec((0_usize..4_000, any::<u8>()), 1..6)) {
        static FOUND: std::sync::LazyLock<(Aggregations, Vec<u8>)> = std::sync::LazyLock::new(|| {
            let aggregations = Aggregations::parse(&json(REQUEST)).unwrap();
            let documents = (0..12).map(|n| format!(r#"{{"k": ["a", "k{n}"], "n": [{n}, {}], "d": "2024-0{}-03", "b": true, "i": "10.0.0.{n}"}}"#, n * 3, n % 9 + 1));
            let sent = postcard::to_stdvec(&found(&[documents.collect()], &aggregations)).unwrap();
            (aggregations, sent)
        });
        let (aggregations, sent) = &*FOUND;
        let mut broken = sent.clone();
        for (place, byte) in flips {
            let place = place % broken.len();
            broken[place] ^= byte;
        }
        if let Ok(received) = postcard::from_bytes::<PartialAggregations>(&broken) {
            let good: PartialAggregations = postcard::from_bytes(sent).unwrap();
            // Whether it is an answer or a failure is not told: no panic is.
            drop(answer(aggregations, vec![good, received.clone()], 65_535));
            drop(answer(aggregations, vec![received], 65_535));
        }
    }
}
