//! The recorded answers, from the twelve books they were recorded with, on one segment and on three.

use glasswork_content::Kind;

use super::fixture::Fixture;

const MAPPING: &str = r#"{"properties": {
    "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}}, "authors": {"type": "keyword"},
    "year": {"type": "integer"}, "subjects": {"type": "keyword"}, "rating": {"type": "float"},
    "added": {"type": "date"}, "lent": {"type": "boolean"}, "from": {"type": "ip"}}}"#;

const BOOKS: [(&str, &str, i32, &str, f64); 12] = [
    (
        "Pride and Prejudice",
        r#"["Jane Austen"]"#,
        1813,
        r#"["Fiction", "Love"]"#,
        4.26,
    ),
    (
        "Sense and Sensibility",
        r#"["Jane Austen"]"#,
        1811,
        r#"["Fiction", "Love"]"#,
        4.07,
    ),
    (
        "Moby-Dick; or, The Whale",
        r#"["Herman Melville"]"#,
        1851,
        r#"["Fiction", "Sea"]"#,
        3.52,
    ),
    (
        "Twenty Thousand Leagues Under the Sea",
        r#"["Jules Verne"]"#,
        1870,
        r#"["Fiction", "Sea", "Science"]"#,
        3.88,
    ),
    (
        "Around the World in Eighty Days",
        r#"["Jules Verne"]"#,
        1872,
        r#"["Fiction", "Travel"]"#,
        3.94,
    ),
    (
        "Frankenstein",
        r#"["Mary Shelley"]"#,
        1818,
        r#"["Fiction", "Science", "Horror"]"#,
        3.82,
    ),
    (
        "Dracula",
        r#"["Bram Stoker"]"#,
        1897,
        r#"["Fiction", "Horror"]"#,
        4.0,
    ),
    (
        "The War of the Worlds",
        r#"["H. G. Wells"]"#,
        1898,
        r#"["Fiction", "Science", "War"]"#,
        3.82,
    ),
    (
        "The Time Machine",
        r#"["H. G. Wells"]"#,
        1895,
        r#"["Fiction", "Science"]"#,
        3.89,
    ),
    (
        "War and Peace",
        r#"["Leo Tolstoy"]"#,
        1869,
        r#"["Fiction", "War"]"#,
        4.12,
    ),
    (
        "On the Origin of Species",
        r#"["Charles Darwin"]"#,
        1859,
        r#"["Science"]"#,
        3.99,
    ),
    (
        "Good Omens",
        r#"["Terry Pratchett", "Neil Gaiman"]"#,
        1990,
        r#"["Fiction", "Humour"]"#,
        4.25,
    ),
];

fn documents() -> Vec<String> {
    (1..)
        .zip(BOOKS)
        .map(|(day, (title, authors, year, subjects, rating))| {
            let (lent, ip) = (day % 3 == 0, day % 2);
            format!(
                r#"{{"title": "{title}", "authors": {authors}, "year": {year}, "subjects": {subjects}, "rating": {rating},
                    "added": "2024-01-{day:02}T10:00:00Z", "lent": {lent}, "from": "10.0.0.{ip}"}}"#
            )
        })
        .collect()
}

fn books() -> [Fixture; 2] {
    let documents = documents();
    let three = [
        documents[..5].to_vec(),
        documents[5..6].to_vec(),
        documents[6..].to_vec(),
    ];
    [
        Fixture::new(MAPPING, std::slice::from_ref(&documents)),
        Fixture::new(MAPPING, &three),
    ]
}

fn check(query: Option<&str>, cases: &[(&str, &str)]) {
    for fixture in books() {
        for (request, expected) in cases {
            assert_eq!(
                &fixture.answer(query, request).unwrap(),
                expected,
                "{request}"
            );
        }
    }
}

#[test]
fn terms_answer_as_recorded() {
    check(
        None,
        &[
            (
                r#"{"s": {"terms": {"field": "subjects"}}}"#,
                r#"{"s":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"Fiction","doc_count":11},{"key":"Science","doc_count":5},{"key":"Horror","doc_count":2},{"key":"Love","doc_count":2},{"key":"Sea","doc_count":2},{"key":"War","doc_count":2},{"key":"Humour","doc_count":1},{"key":"Travel","doc_count":1}]}}"#,
            ),
            (
                r#"{"s": {"terms": {"field": "subjects", "size": 2}}}"#,
                r#"{"s":{"doc_count_error_upper_bound":0,"sum_other_doc_count":10,"buckets":[{"key":"Fiction","doc_count":11},{"key":"Science","doc_count":5}]}}"#,
            ),
            (
                r#"{"y": {"terms": {"field": "year", "size": 2, "order": {"_key": "asc"}}}}"#,
                r#"{"y":{"doc_count_error_upper_bound":0,"sum_other_doc_count":10,"buckets":[{"key":1811,"doc_count":1},{"key":1813,"doc_count":1}]}}"#,
            ),
            (
                r#"{"s": {"terms": {"field": "subjects", "order": {"r": "desc"}}, "aggs": {"r": {"avg": {"field": "rating"}}}}}"#,
                r#"{"s":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"Humour","doc_count":1,"r":{"value":4.25}},{"key":"Love","doc_count":2,"r":{"value":4.1650002002716064}},{"key":"War","doc_count":2,"r":{"value":3.96999990940094}},{"key":"Fiction","doc_count":11,"r":{"value":3.960909128189087}},{"key":"Travel","doc_count":1,"r":{"value":3.940000057220459}},{"key":"Horror","doc_count":2,"r":{"value":3.909999966621399}},{"key":"Science","doc_count":5,"r":{"value":3.8800000190734862}},{"key":"Sea","doc_count":2,"r":{"value":3.700000047683716}}]}}"#,
            ),
            (
                r#"{"t": {"terms": {"field": "nothing"}}}"#,
                r#"{"t":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[]}}"#,
            ),
        ],
    );
}

#[test]
fn terms_of_booleans_dates_and_addresses_are_spelled() {
    check(
        None,
        &[
            (
                r#"{"l": {"terms": {"field": "lent"}}}"#,
                r#"{"l":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":0,"key_as_string":"false","doc_count":8},{"key":1,"key_as_string":"true","doc_count":4}]}}"#,
            ),
            (
                r#"{"d": {"terms": {"field": "added", "size": 1, "format": "yyyy-MM-dd"}}}"#,
                r#"{"d":{"doc_count_error_upper_bound":0,"sum_other_doc_count":11,"buckets":[{"key":1704103200000,"key_as_string":"2024-01-01","doc_count":1}]}}"#,
            ),
            (
                r#"{"f": {"terms": {"field": "from", "include": ["10.0.0.1"]}}}"#,
                r#"{"f":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"10.0.0.1","doc_count":6}]}}"#,
            ),
        ],
    );
}

#[test]
fn terms_are_chosen_and_missing_values_are_stood_in_for() {
    check(
        None,
        &[
            (
                r#"{"s": {"terms": {"field": "subjects", "include": "S.*|War", "exclude": ["Sea"]}}}"#,
                r#"{"s":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"Science","doc_count":5},{"key":"War","doc_count":2}]}}"#,
            ),
            (
                r#"{"t": {"terms": {"field": "nothing", "missing": "N/A"}}}"#,
                r#"{"t":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"N/A","doc_count":12}]}}"#,
            ),
            (
                r#"{"t": {"terms": {"field": "nothing", "value_type": "long", "missing": 3}}}"#,
                r#"{"t":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":3,"doc_count":12}]}}"#,
            ),
        ],
    );
    check(
        Some(r#"{"terms": {"subjects": ["Love", "Sea"]}}"#),
        &[(
            r#"{"s": {"terms": {"field": "subjects", "min_doc_count": 0, "size": 5}, "aggs": {"m": {"max": {"field": "year"}}}}}"#,
            r#"{"s":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"Fiction","doc_count":4,"m":{"value":1870.0}},{"key":"Love","doc_count":2,"m":{"value":1813.0}},{"key":"Sea","doc_count":2,"m":{"value":1870.0}},{"key":"Science","doc_count":1,"m":{"value":1870.0}},{"key":"Horror","doc_count":0,"m":{"value":null}}]}}"#,
        )],
    );
}

#[test]
fn metrics_answer_as_recorded() {
    check(
        None,
        &[
            (
                r#"{"min": {"min": {"field": "year"}}, "max": {"max": {"field": "year"}}, "avg": {"avg": {"field": "year"}},
                "sum": {"sum": {"field": "year"}}, "value_count": {"value_count": {"field": "year"}},
                "cardinality": {"cardinality": {"field": "year"}}}"#,
                r#"{"min":{"value":1811.0},"avg":{"value":1870.25},"max":{"value":1990.0},"sum":{"value":22443.0},"value_count":{"value":12},"cardinality":{"value":12}}"#,
            ),
            (
                r#"{"a": {"stats": {"field": "rating"}}, "b": {"extended_stats": {"field": "rating"}}}"#,
                r#"{"a":{"count":12,"min":3.5199999809265137,"max":4.260000228881836,"avg":3.9633333683013916,"sum":47.5600004196167},"b":{"count":12,"min":3.5199999809265137,"max":4.260000228881836,"avg":3.9633333683013916,"sum":47.5600004196167,"sum_of_squares":188.95480348129286,"variance":0.03822223514981715,"variance_population":0.03822223514981715,"variance_sampling":0.04169698379980053,"std_deviation":0.19550507704358255,"std_deviation_population":0.19550507704358255,"std_deviation_sampling":0.2041983932351098,"std_deviation_bounds":{"upper":4.3543435223885565,"lower":3.5723232142142267,"upper_population":4.3543435223885565,"lower_population":3.5723232142142267,"upper_sampling":4.371730154771611,"lower_sampling":3.5549365818311722}}}"#,
            ),
            (
                r#"{"a": {"percentiles": {"field": "year"}}, "b": {"percentile_ranks": {"field": "year", "values": [1850]}}}"#,
                r#"{"a":{"values":{"1.0":1811.0,"5.0":1811.0,"25.0":1851.0,"50.0":1870.0,"75.0":1897.0,"95.0":1990.0,"99.0":1990.0}},"b":{"values":{"1850.0":25.0}}}"#,
            ),
            (
                r#"{"m": {"max": {"field": "added"}, "meta": {"a": [1, "b"]}}, "c": {"cardinality": {"field": "subjects"}}, "v": {"value_count": {"field": "subjects"}}}"#,
                r#"{"c":{"value":8},"v":{"value":26},"m":{"meta":{"a":[1,"b"]},"value":1.7050536E12,"value_as_string":"2024-01-12T10:00:00.000Z"}}"#,
            ),
            (
                r#"{"m": {"sum": {"field": "nothing", "missing": 2}}}"#,
                r#"{"m":{"value":24.0}}"#,
            ),
        ],
    );
    check(
        Some(r#"{"match_none": {}}"#),
        &[(
            r#"{"a": {"avg": {"field": "year"}}, "m": {"max": {"field": "year"}}, "s": {"stats": {"field": "year"}}}"#,
            r#"{"a":{"value":null},"s":{"count":0,"min":null,"max":null,"avg":null,"sum":0.0},"m":{"value":null}}"#,
        )],
    );
}

#[test]
fn histograms_answer_as_recorded() {
    check(
        None,
        &[
            (
                r#"{"h": {"histogram": {"field": "year", "interval": 50}}}"#,
                r#"{"h":{"buckets":[{"key":1800.0,"doc_count":3},{"key":1850.0,"doc_count":8},{"key":1900.0,"doc_count":0},{"key":1950.0,"doc_count":1}]}}"#,
            ),
            (
                r#"{"h": {"histogram": {"field": "year", "interval": 50, "min_doc_count": 1}, "aggs": {"r": {"avg": {"field": "rating"}}}}}"#,
                r#"{"h":{"buckets":[{"key":1800.0,"doc_count":3,"r":{"value":4.050000111262004}},{"key":1850.0,"doc_count":8,"r":{"value":3.895000010728836}},{"key":1950.0,"doc_count":1,"r":{"value":4.25}}]}}"#,
            ),
            (
                r#"{"h": {"date_histogram": {"field": "added", "calendar_interval": "week"}}}"#,
                r#"{"h":{"buckets":[{"key_as_string":"2024-01-01T00:00:00.000Z","key":1704067200000,"doc_count":7},{"key_as_string":"2024-01-08T00:00:00.000Z","key":1704672000000,"doc_count":5}]}}"#,
            ),
            (
                r#"{"h": {"date_histogram": {"field": "added", "fixed_interval": "5d", "time_zone": "+02:00", "format": "yyyy-MM-dd"}}}"#,
                r#"{"h":{"buckets":[{"key_as_string":"2023-12-29","key":1703800800000,"doc_count":2},{"key_as_string":"2024-01-03","key":1704232800000,"doc_count":5},{"key_as_string":"2024-01-08","key":1704664800000,"doc_count":5}]}}"#,
            ),
            (
                r#"{"h": {"histogram": {"field": "year", "interval": 100, "keyed": true, "extended_bounds": {"max": 2050}, "hard_bounds": {"min": 1850}}}}"#,
                r#"{"h":{"buckets":{"1900.0":{"key":1900.0,"doc_count":1},"2000.0":{"key":2000.0,"doc_count":0}}}}"#,
            ),
            (
                r#"{"h": {"date_histogram": {"field": "added", "calendar_interval": "month", "extended_bounds": {"min": "2023-12-05"}}}}"#,
                r#"{"h":{"buckets":[{"key_as_string":"2023-12-01T00:00:00.000Z","key":1701388800000,"doc_count":0},{"key_as_string":"2024-01-01T00:00:00.000Z","key":1704067200000,"doc_count":12}]}}"#,
            ),
        ],
    );
}

#[test]
fn ranges_and_filters_answer_as_recorded() {
    check(
        None,
        &[
            (
                r#"{"r": {"range": {"field": "year", "ranges": [{"to": 1850}, {"from": 1850, "to": 1900, "key": "late"}, {"from": 1900}]}}}"#,
                r#"{"r":{"buckets":[{"key":"*-1850.0","to":1850.0,"doc_count":3},{"key":"late","from":1850.0,"to":1900.0,"doc_count":8},{"key":"1900.0-*","from":1900.0,"doc_count":1}]}}"#,
            ),
            (
                r#"{"r": {"date_range": {"field": "added", "ranges": [{"from": "2024-01-06"}, {"to": "2024-01-06"}]}}}"#,
                r#"{"r":{"buckets":[{"key":"*-2024-01-06T00:00:00.000Z","to":1.7044992E12,"to_as_string":"2024-01-06T00:00:00.000Z","doc_count":5},{"key":"2024-01-06T00:00:00.000Z-*","from":1.7044992E12,"from_as_string":"2024-01-06T00:00:00.000Z","doc_count":7}]}}"#,
            ),
            (
                r#"{"f": {"filter": {"term": {"subjects": "Sea"}}}, "g": {"filters": {"filters": {"war": {"term": {"subjects": "War"}}, "sea": {"term": {"subjects": "Sea"}}}}}}"#,
                r#"{"f":{"doc_count":2},"g":{"buckets":{"sea":{"doc_count":2},"war":{"doc_count":2}}}}"#,
            ),
            (
                r#"{"g": {"filters": {"other_bucket": true, "filters": [{"term": {"subjects": "War"}}]}, "aggs": {"f": {"filter": {"term": {"subjects": "Science"}}, "aggs": {"m": {"min": {"field": "year"}}}}}}}"#,
                r#"{"g":{"buckets":[{"doc_count":2,"f":{"doc_count":1,"m":{"value":1898.0}}},{"doc_count":10,"f":{"doc_count":4,"m":{"value":1818.0}}}]}}"#,
            ),
        ],
    );
    check(
        Some(r#"{"term": {"subjects": "Sea"}}"#),
        &[(
            r#"{"m": {"missing": {"field": "rating"}}, "g": {"global": {}, "aggs": {"n": {"value_count": {"field": "year"}}}}}"#,
            r#"{"g":{"doc_count":12,"n":{"value":12}},"m":{"doc_count":0}}"#,
        )],
    );
}

#[test]
fn composite_answers_as_recorded_and_goes_on_behind_a_key() {
    check(
        None,
        &[
            (
                r#"{"c": {"composite": {"size": 3, "sources": [{"s": {"terms": {"field": "subjects"}}}]}}}"#,
                r#"{"c":{"after_key":{"s":"Humour"},"buckets":[{"key":{"s":"Fiction"},"doc_count":11},{"key":{"s":"Horror"},"doc_count":2},{"key":{"s":"Humour"},"doc_count":1}]}}"#,
            ),
            (
                r#"{"c": {"composite": {"size": 2, "sources": [{"l": {"terms": {"field": "lent", "order": "desc"}}},
                {"m": {"date_histogram": {"field": "added", "calendar_interval": "week", "format": "yyyy-MM-dd"}}}],
                "after": {"l": true, "m": "2024-01-08"}}, "aggs": {"m": {"max": {"field": "year"}}}}}"#,
                r#"{"c":{"after_key":{"l":false,"m":"2024-01-08"},"buckets":[{"key":{"l":false,"m":"2024-01-01"},"doc_count":5,"m":{"value":1897.0}},{"key":{"l":false,"m":"2024-01-08"},"doc_count":3,"m":{"value":1898.0}}]}}"#,
            ),
            (
                r#"{"c": {"composite": {"sources": [{"n": {"terms": {"field": "nothing"}}}]}}}"#,
                r#"{"c":{"buckets":[]}}"#,
            ),
        ],
    );
}

#[test]
fn what_is_wrong_is_said_as_recorded() {
    let [books, _] = books();
    let fail = |request: &str| books.answer(None, request).unwrap_err();

    let text = fail(r#"{"t": {"terms": {"field": "title"}}}"#);
    assert_eq!(text.kind, Kind::IllegalArgument);
    assert!(
        text.reason()
            .starts_with("Text fields are not optimised for operations"),
        "{text}"
    );

    let unknown = fail(r#"{"t": {"tems": {"field": "title"}}}"#);
    assert_eq!(
        unknown.reason(),
        "Unknown aggregation type [tems] did you mean [terms]?"
    );
    assert_eq!(
        unknown.cause.unwrap().reason(),
        "[1:16] unknown field [tems]"
    );

    for (request, reason) in [
        (
            r#"{"t": {"avg": {"field": "subjects"}}}"#,
            "Field [subjects] of type [keyword] is not supported for aggregation [avg]",
        ),
        (
            r#"{"t": {"terms": {"size": 1}}}"#,
            "Required one of fields [field, script], but none were specified. ",
        ),
        (
            r#"{"t": {"terms": {"field": "year", "sise": 1}}}"#,
            "[1:35] [terms] unknown field [sise] did you mean [size]?",
        ),
        (
            r#"{"t": {"terms": {"field": "year", "size": 0}}}"#,
            "[1:43] [terms] failed to parse field [size]",
        ),
        (r#"{"t": {"filters": {}}}"#, "[filters] cannot be empty."),
        (
            r#"{"t": {"date_histogram": {"field": "added"}}}"#,
            "Invalid interval specified, must be non-null and non-empty",
        ),
        (
            r#"{"t": {"avg": {"field": "year"}, "aggs": {"x": {"avg": {"field": "year"}}}}}"#,
            "Aggregator [t] of type [avg] cannot accept sub-aggregations",
        ),
        (
            r#"{"f": {"terms": {"field": "from", "exclude": "10.*"}}}"#,
            "Aggregation [f] cannot support regular expression style include/exclude settings as they can only be applied to string fields. Use an array of values for include/exclude clauses",
        ),
    ] {
        assert_eq!(fail(request).reason(), reason, "{request}");
    }
}
