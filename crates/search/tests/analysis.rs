//! What analyzers promise: the tokens of OpenSearch's built-in and configured analyzers, and `_analyze`.

#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{Limits, Node, parse};
use glasswork_search::analysis::request::{AnalyzeRequest, AnalyzeResponse};
use glasswork_search::analysis::{Analysis, AnalysisLimits};
use glasswork_search::mapping::Mapping;
use proptest::prelude::*;
use std::sync::Arc;

fn json(text: &str) -> Node {
    parse(text.as_bytes(), &Limits::DEFAULT).unwrap()
}

fn terms(analyzer: &str, text: &str) -> Vec<String> {
    Analysis::built_in().analyzer(analyzer).unwrap().terms(text)
}

/// The terms that a custom analyzer `x` of these settings makes.
fn configured(settings: &str, text: &str) -> Vec<String> {
    Analysis::from_settings(&json(settings))
        .unwrap()
        .analyzer("x")
        .unwrap()
        .terms(text)
}

fn refused(settings: &str) -> String {
    Analysis::from_settings(&json(settings))
        .unwrap_err()
        .reason()
        .to_owned()
}

const SENTENCE: &str = "The 2 QUICK Brown-Foxes jumped, e.g. x.y!";

#[test]
fn built_in_analyzers_make_the_recorded_tokens() {
    for (analyzer, expected) in [
        ("standard", "the|2|quick|brown|foxes|jumped|e.g|x.y"),
        ("simple", "the|quick|brown|foxes|jumped|e|g|x|y"),
        ("whitespace", "The|2|QUICK|Brown-Foxes|jumped,|e.g.|x.y!"),
        ("stop", "quick|brown|foxes|jumped|e|g|x|y"),
        ("keyword", "The 2 QUICK Brown-Foxes jumped, e.g. x.y!"),
        ("pattern", "the|2|quick|brown|foxes|jumped|e|g|x|y"),
        ("english", "2|quick|brown|fox|jump|e.g|x.y"),
        ("fingerprint", "2 brown e.g foxes jumped quick the x.y"),
    ] {
        assert_eq!(terms(analyzer, SENTENCE).join("|"), expected, "{analyzer}");
    }
}

#[test]
fn a_dropped_token_leaves_a_hole() {
    let english = Analysis::built_in().analyzer("english").unwrap();
    let mut seen = Vec::new();
    let places = english.analyze("The dog's of Wörth", &mut |token| {
        seen.push((
            token.text.to_owned(),
            token.position,
            token.start_offset,
            token.end_offset,
        ))
    });
    assert_eq!(
        seen,
        [("dog".to_owned(), 1, 4, 9), ("wörth".to_owned(), 3, 13, 19)]
    );
    assert_eq!(places, 4);
}

#[test]
fn custom_analyzers_are_put_together() {
    let with = |filter: &str| {
        format!(
            r#"{{"filter":{{"f":{filter}}},"analyzer":{{"x":{{"tokenizer":"standard","filter":["f"]}}}}}}"#
        )
    };
    for (filter, text, expected) in [
        (
            r#"{"type":"stop","stopwords":["foo","buzz"]}"#,
            "foo bar buzz",
            "bar",
        ),
        (
            r#"{"type":"stop","stopwords":"_english_","ignore_case":true}"#,
            "The end",
            "end",
        ),
        (
            r#"{"type":"stop","stopwords":"_none_"}"#,
            "the end",
            "the|end",
        ),
        (r#"{"type":"asciifolding"}"#, "Brontë", "Bronte"),
        (
            r#"{"type":"asciifolding","preserve_original":true}"#,
            "Brontë x",
            "Bronte|Brontë|x",
        ),
        (
            r#"{"type":"stemmer","language":"german"}"#,
            "automaten",
            "automat",
        ),
        (
            r#"{"type":"stemmer","name":"possessive_english"}"#,
            "dog's",
            "dog",
        ),
        (
            r#"{"type":"snowball","language":"English"}"#,
            "running skies",
            "run|sky",
        ),
        (r#"{"type":"truncate","length":3}"#, "abcdef ab", "abc|ab"),
        (
            r#"{"type":"length","min":2,"max":3}"#,
            "a ab abc abcd",
            "ab|abc",
        ),
        (
            r#"{"type":"ngram","min_gram":1,"max_gram":2}"#,
            "abc",
            "a|ab|b|bc|c",
        ),
        (
            r#"{"type":"edge_ngram","min_gram":1,"max_gram":3}"#,
            "abcd xy",
            "a|ab|abc|x|xy",
        ),
        (r#"{"type":"shingle"}"#, "a b c", "a|a b|b|b c|c"),
        (
            r#"{"type":"shingle","output_unigrams":false,"max_shingle_size":3,"min_shingle_size":2,"token_separator":"_"}"#,
            "a b c",
            "a_b|a_b_c|b_c",
        ),
        (r#"{"type":"unique"}"#, "a b a", "a|b"),
        (r#"{"type":"fingerprint","separator":"-"}"#, "b a b", "a-b"),
        (r#"{"type":"limit","max_token_count":"2"}"#, "a b c", "a|b"),
        (
            r#"{"type":"pattern_replace","pattern":"(\\d)","replacement":"<$1>"}"#,
            "a1b2",
            "a<1>b<2>",
        ),
        (
            r#"{"type":"elision","articles":["l","d"]}"#,
            "l'avion",
            "avion",
        ),
        (r#"{"type":"keep","keep_words":["a"]}"#, "a b a", "a|a"),
    ] {
        assert_eq!(
            configured(&with(filter), text).join("|"),
            expected,
            "{filter}"
        );
    }
    for (filter, text, expected) in [
        ("reverse", "abc", "cba"),
        ("uppercase", "straße", "STRAßE"),
        ("trim", "a", "a"),
        ("apostrophe", "Istanbul'da", "Istanbul"),
    ] {
        let settings = format!(
            r#"{{"analyzer":{{"x":{{"type":"custom","tokenizer":"whitespace","filter":"{filter}"}}}}}}"#
        );
        assert_eq!(configured(&settings, text).join("|"), expected, "{filter}");
    }
}

#[test]
fn tokenizers_cut_as_configured() {
    let with = |tokenizer: &str| {
        format!(r#"{{"tokenizer":{{"t":{tokenizer}}},"analyzer":{{"x":{{"tokenizer":"t"}}}}}}"#)
    };
    for (tokenizer, text, expected) in [
        (
            r#"{"type":"standard","max_token_length":3}"#,
            "abcdefg",
            "abc|def|g",
        ),
        (r#"{"type":"letter"}"#, "a1b c", "a|b|c"),
        (r#"{"type":"lowercase"}"#, "A1B", "a|b"),
        (
            r#"{"type":"ngram","min_gram":2,"max_gram":3,"token_chars":["letter"]}"#,
            "abc 12",
            "ab|abc|bc",
        ),
        (
            r#"{"type":"edge_ngram","min_gram":1,"max_gram":5,"token_chars":["letter","digit"]}"#,
            "2 Quick",
            "2|Q|Qu|Qui|Quic|Quick",
        ),
        (
            r#"{"type":"path_hierarchy"}"#,
            "/one/two/three",
            "/one|/one/two|/one/two/three",
        ),
        (
            r#"{"type":"path_hierarchy","delimiter":"-","replacement":"/","skip":1}"#,
            "a-b-c",
            "/b|/b/c",
        ),
        (
            r#"{"type":"path_hierarchy","reverse":true}"#,
            "a/b/c",
            "a/b/c|b/c|c",
        ),
        (r#"{"type":"pattern","pattern":","}"#, "a,b,,c", "a|b|c"),
        (
            r#"{"type":"pattern","pattern":"\"([^\"]*)\"","group":1}"#,
            r#""a" x "b""#,
            "a|b",
        ),
        (
            r#"{"type":"char_group","tokenize_on_chars":["whitespace","-"]}"#,
            "a-b c",
            "a|b|c",
        ),
    ] {
        assert_eq!(
            configured(&with(tokenizer), text).join("|"),
            expected,
            "{tokenizer}"
        );
    }
}

#[test]
fn character_filters_rewrite_and_offsets_point_to_the_original() {
    let settings = r#"{"char_filter":{"m":{"type":"mapping","mappings":[":) => happy","ph => f"]},"p":{"type":"pattern_replace","pattern":"(\\d+)-(?:\\d+)","replacement":"$1"}},
        "analyzer":{"x":{"tokenizer":"standard","char_filter":["html_strip","m","p"]}}}"#;
    assert_eq!(
        configured(settings, "<p>a &amp; phone :) 12-34</p>").join("|"),
        "a|fone|happy|12"
    );
    let analyzer = Analysis::from_settings(&json(settings))
        .unwrap()
        .analyzer("x")
        .unwrap();
    let text = "<b>phone</b> :) x";
    let mut seen = Vec::new();
    analyzer.analyze(text, &mut |token| {
        seen.push((
            token.text.to_owned(),
            &text[token.start_offset as usize..token.end_offset as usize],
        ))
    });
    assert_eq!(
        seen.iter()
            .map(|(token, _)| token.as_str())
            .collect::<Vec<_>>(),
        ["fone", "happy", "x"]
    );
    assert!(seen[0].1.starts_with("phone"));
    assert_eq!(seen[1].1, ":)");
    assert_eq!(seen[2].1, "x");
}

#[test]
fn what_is_not_known_is_refused() {
    for (settings, expected) in [
        (
            r#"{"analyzer":{"x":{"type":"nope"}}}"#,
            "Unknown analyzer type [nope] for [x]",
        ),
        (
            r#"{"analyzer":{"x":{}}}"#,
            "analyzer [x] must specify either an analyzer type, or a tokenizer",
        ),
        (
            r#"{"analyzer":{"x":{"type":"custom"}}}"#,
            "Custom Analyzer [x] must be configured with a tokenizer",
        ),
        (
            r#"{"analyzer":{"x":{"tokenizer":"nope"}}}"#,
            "Custom Analyzer [x] failed to find tokenizer under name [nope]",
        ),
        (
            r#"{"analyzer":{"x":{"tokenizer":"standard","filter":["nope"]}}}"#,
            "Custom Analyzer [x] failed to find filter under name [nope]",
        ),
        (
            r#"{"analyzer":{"x":{"tokenizer":"standard","char_filter":["nope"]}}}"#,
            "Custom Analyzer [x] failed to find char_filter under name [nope]",
        ),
        (
            r#"{"filter":{"s":{"type":"synonym_of_some_kind"}}}"#,
            "Unknown filter type [synonym_of_some_kind] for [s]",
        ),
        (
            r#"{"tokenizer":{"n":{"type":"ngram","min_gram":1,"max_gram":5}}}"#,
            "The difference between max_gram and min_gram in NGram Tokenizer must be less than or equal to: [1] but was [4]. This limit can be set by changing the [index.max_ngram_diff] index level setting.",
        ),
        (
            r#"{"normalizer":{"n":{"type":"custom","filter":["stop"]}}}"#,
            "Custom normalizer [n] may not use filter [stop]",
        ),
        (
            r#"{"normalizer":{"n":{"tokenizer":"standard"}}}"#,
            "Custom normalizer [n] cannot configure a tokenizer",
        ),
        (
            r#"{"filter":{"f":{"type":"truncate","lenght":3}}}"#,
            "unknown setting [lenght] of filter [f]",
        ),
    ] {
        let found = refused(settings);
        assert_eq!(found, expected, "{settings}");
    }
}

#[test]
fn normalizers_change_a_keyword_as_a_whole() {
    let analysis = Analysis::from_settings(&json(
        r#"{"char_filter":{"q":{"type":"mapping","mappings":["« => \"","» => \""]}},"normalizer":{"n":{"type":"custom","char_filter":["q"],"filter":["lowercase","asciifolding"]}}}"#,
    ))
    .unwrap();
    assert_eq!(
        analysis
            .normalizer("n")
            .unwrap()
            .normalize("«Brontë Sisters»"),
        "\"bronte sisters\""
    );
    assert_eq!(
        analysis.normalizer("lowercase").unwrap().normalize("plain"),
        "plain"
    );
}

fn analyze(body: &str, index: Option<&Mapping>) -> Result<AnalyzeResponse, String> {
    let request =
        AnalyzeRequest::parse(&json(body)).map_err(|failure| failure.reason().to_owned())?;
    request
        .validate(index.is_some())
        .map_err(|failure| failure.reason().to_owned())?;
    request
        .run(index, AnalysisLimits::default(), 10_000)
        .map_err(|failure| failure.reason().to_owned())
}

fn tokens(body: &str, index: Option<&Mapping>) -> Vec<(String, u32, u32, u32)> {
    match analyze(body, index).unwrap() {
        AnalyzeResponse::Tokens(tokens) => tokens
            .into_iter()
            .map(|token| {
                (
                    token.token,
                    token.start_offset,
                    token.end_offset,
                    token.position,
                )
            })
            .collect(),
        other => panic!("tokens expected, got {other:?}"),
    }
}

#[test]
fn analyze_answers_with_tokens_of_whatever_is_named() {
    let books = Mapping::parse(&json(r#"{"properties":{"d":{"type":"text","analyzer":"english"},"k":{"type":"keyword"},"n":{"type":"long"}}}"#), &Analysis::built_in()).unwrap();
    let first = |body: &str, index| {
        tokens(body, index)
            .into_iter()
            .map(|(token, ..)| token)
            .collect::<Vec<_>>()
            .join("|")
    };
    assert_eq!(first(r#"{"text":"Foo Bar"}"#, None), "foo|bar");
    assert_eq!(
        first(r#"{"field":"d","text":"hunting"}"#, Some(&books)),
        "hunt"
    );
    assert_eq!(first(r#"{"field":"k","text":"A b"}"#, Some(&books)), "A b");
    assert_eq!(
        first(r#"{"field":"unmapped","text":"A b"}"#, Some(&books)),
        "a|b"
    );
    assert_eq!(
        first(
            r#"{"tokenizer":"keyword","filter":["lowercase",{"type":"truncate","length":3}],"text":"ABCDE"}"#,
            None
        ),
        "abc"
    );
    assert_eq!(
        first(r#"{"filter":["lowercase"],"text":"ABC DE"}"#, None),
        "abc de"
    );
    assert_eq!(
        tokens(r#"{"text":["é b","c"]}"#, None),
        [
            ("é".into(), 0, 1, 0),
            ("b".into(), 2, 3, 1),
            ("c".into(), 4, 5, 102)
        ]
    );
    for (body, reason) in [
        (
            r#"{"analyzer":"nobody","text":"x"}"#,
            "failed to find global analyzer [nobody]",
        ),
        (
            r#"{"tokenizer":"nobody","text":"x"}"#,
            "failed to find global tokenizer under [nobody]",
        ),
        (
            r#"{"tokenizer":"standard","filter":["nobody"],"text":"x"}"#,
            "failed to find global filter under [nobody]",
        ),
        (
            r#"{"analyzer":"standard"}"#,
            "Validation Failed: 1: text is missing;",
        ),
        (
            r#"{"analyzer":"standard","tokenizer":"keyword","text":"x"}"#,
            "Validation Failed: 1: cannot define extra components on a named analyzer;",
        ),
        (
            r#"{"foo":1}"#,
            "[1:2] [analyze_request] unknown field [foo]",
        ),
    ] {
        assert_eq!(analyze(body, None).unwrap_err(), reason, "{body}");
    }
    assert_eq!(
        analyze(r#"{"analyzer":"nobody","text":"x"}"#, Some(&books)).unwrap_err(),
        "failed to find analyzer [nobody]"
    );
    assert_eq!(
        analyze(r#"{"field":"n","text":"x"}"#, Some(&books)).unwrap_err(),
        "Can't process field [n], Analysis requests are only supported on tokenized fields"
    );
    let long = format!(r#"{{"text":"{}"}}"#, "a ".repeat(10_001));
    assert!(analyze(&long, None).unwrap_err().starts_with("The number of tokens produced by calling _analyze has exceeded the allowed maximum of [10000]."));
}

#[test]
fn explain_shows_each_part() {
    let body = r#"{"text":"foo bar buzz","tokenizer":"standard","explain":true,"filter":[{"type":"stop","stopwords":["foo","buzz"]}]}"#;
    let AnalyzeResponse::Parts {
        tokenizer, filters, ..
    } = analyze(body, None).unwrap()
    else {
        panic!("parts expected")
    };
    assert_eq!(tokenizer.unwrap().tokens.len(), 3);
    assert_eq!(filters[0].name, "__anonymous__stop");
    assert_eq!(
        (
            filters[0].tokens[0].token.as_str(),
            filters[0].tokens[0].position
        ),
        ("bar", 1)
    );
    let AnalyzeResponse::Analyzer(stage) = analyze(
        r#"{"text":"This is","analyzer":"standard","explain":true}"#,
        None,
    )
    .unwrap() else {
        panic!("one expected")
    };
    assert_eq!((stage.name.as_str(), stage.tokens.len()), ("standard", 2));
}

/// Analyzers that between them use every kind of component.
fn everything() -> Arc<Analysis> {
    Analysis::from_settings(&json(
        r#"{"char_filter":{"m":{"type":"mapping","mappings":["a => bb","é =>"]},"p":{"type":"pattern_replace","pattern":"\\s+","replacement":" "}},
        "filter":{"sh":{"type":"shingle"},"ed":{"type":"edge_ngram","min_gram":1,"max_gram":3},"fo":{"type":"asciifolding","preserve_original":true},"pr":{"type":"pattern_replace","pattern":"b","replacement":""}},
        "tokenizer":{"ng":{"type":"ngram","min_gram":1,"max_gram":2},"pa":{"type":"path_hierarchy","reverse":true,"skip":1}},
        "analyzer":{"one":{"tokenizer":"standard","char_filter":["html_strip","m","p"],"filter":["lowercase","stop","sh","unique","porter_stem"]},
        "two":{"tokenizer":"ng","char_filter":["m"],"filter":["fo","ed","reverse","trim"]},"three":{"tokenizer":"pa","filter":["pr","fingerprint"]},"four":{"tokenizer":"whitespace","filter":["snowball","apostrophe","elision"]}}}"#,
    ))
    .unwrap()
}

proptest! {
    #[test]
    fn any_text_is_analysed_with_offsets_inside_it(text in "\\PC{0,40}|[a-é <>&;/#0-9'.]{0,60}") {
        let analysis = everything();
        for name in ["standard", "simple", "whitespace", "stop", "keyword", "pattern", "english", "fingerprint", "one", "two", "three", "four"] {
            let mut last = 0;
            analysis.analyzer(name).unwrap().analyze(&text, &mut |token| {
                assert!(token.position >= last, "{name}: positions never go back");
                last = token.position;
                assert!(token.start_offset <= token.end_offset && token.end_offset as usize <= text.len(), "{name}: {token:?}");
            });
        }
    }
}
