//! The same ten hits in the same order, with the same scores, as OpenSearch 3.8.0 gives for the 10,000 books.
//!
//! `tests/parity/books.json` and `scores.json` (scripts and `function_score`) hold what the real server answered: one shard,
//! one segment, the documents in the order of the file. `twelve.json` holds whole hits of the twelve books of the fixture. The books themselves are read from the shared folder; without it there is nothing to compare.

use std::path::PathBuf;

use glasswork_content::{Failure, Limits, Node, Object, Render, Value, parse};

use crate::fixture::Index;

const MAPPING: &str = include_str!("../../tests/parity/mapping.json");
const RECORDED: [&str; 2] = [
    include_str!("../../tests/parity/books.json"),
    include_str!("../../tests/parity/scores.json"),
];
const REFUSALS: &str = include_str!("../../tests/parity/refusals.json");
const TWELVE: &str = include_str!("../../tests/parity/twelve.json");

/// How far scores may differ.
const TOLERANCE: f64 = 1e-4;

fn books() -> Option<String> {
    let shared = std::env::var_os("GLASSWORK_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    std::fs::read_to_string(shared.join("data/books-10k.ndjson")).ok()
}

fn number(node: Option<&Node>) -> Option<f64> {
    node.and_then(Node::as_f64)
}

#[test]
fn hits_and_scores_are_those_of_the_real_server() {
    let Some(books) = books() else {
        println!("skipped: the 10,000 books are not there");
        return;
    };
    let documents: Vec<&str> = books.lines().filter(|line| !line.is_empty()).collect();
    let index = Index::new(MAPPING, &documents, documents.len(), &[]);
    let recorded: Vec<Node> = RECORDED
        .iter()
        .flat_map(|recorded| cases(recorded))
        .collect();
    let mut wrong = Vec::new();
    for case in &recorded {
        let body = String::from_utf8(case.get("body").unwrap().to_json()).unwrap();
        if let Err(difference) = compare(&index, &body, case) {
            wrong.push(format!("{body}\n    {difference}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        recorded.len(),
        wrong.join("\n")
    );
}

fn cases(recorded: &str) -> Vec<Node> {
    let recorded = parse(recorded.as_bytes(), &Limits::default()).unwrap();
    recorded.as_array().unwrap().to_vec()
}

#[test]
fn scripts_over_dates_and_texts_give_what_the_real_server_gives() {
    let index = Index::books(12);
    for case in cases(TWELVE) {
        let body = String::from_utf8(case.get("body").unwrap().to_json()).unwrap();
        let answer = index.search(&body).unwrap();
        let answer = parse(answer.as_bytes(), &Limits::default()).unwrap();
        let (found, expected) = (answer.get("hits").unwrap(), case.get("hits").unwrap());
        let hits = |hits: &Node| hits.get("hits").and_then(Node::as_array).unwrap().to_vec();
        let (found, expected) = (hits(found), hits(expected));
        assert_eq!(found.len(), expected.len(), "{body}");
        for (found, expected) in found.iter().zip(&expected) {
            for key in ["_id", "fields", "sort", "_source"] {
                let json = |hit: &Node| {
                    hit.get(key)
                        .map(|node| String::from_utf8(node.to_json()).unwrap())
                };
                assert_eq!(json(found), json(expected), "{key} of {body}");
            }
            match (number(found.get("_score")), number(expected.get("_score"))) {
                (Some(found), Some(expected)) => {
                    assert!(
                        (found - expected).abs() <= TOLERANCE,
                        "{found} instead of {expected}: {body}"
                    );
                }
                (found, expected) => assert_eq!(found, expected, "{body}"),
            }
        }
    }
}

/// What a failure says: types, reasons and places of it and its causes.
fn said(failure: &Failure) -> String {
    let mut out = Render::compact();
    failure.render(&mut out);
    let failure = parse(&out.finish(), &Limits::default()).unwrap();
    String::from_utf8(essence(&failure).to_json()).unwrap()
}

fn essence(failure: &Node) -> Node {
    let mut kept = Object::new();
    for key in ["type", "reason", "line", "col", "position"] {
        if let Some(value) = failure.get(key) {
            kept.insert(key, value.clone());
        }
    }
    if let Some(cause) = failure.get("caused_by") {
        kept.insert("caused_by", essence(cause));
    }
    Node::from(Value::Object(kept))
}

#[test]
fn scripts_and_functions_are_refused_with_the_words_of_the_real_server() {
    let index = Index::books(12);
    let mut wrong = Vec::new();
    for case in cases(REFUSALS) {
        // the recorded places count from the spaces that the body was sent with
        let body = spaced(case.get("body").unwrap());
        let expected = String::from_utf8(case.get("error").unwrap().to_json()).unwrap();
        let found = match index.search(&body) {
            Ok(_) => "accepted".to_owned(),
            Err(failure) => said(&failure),
        };
        if found != expected {
            wrong.push(format!("{body}\n    {found}\n    {expected}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// JSON with a space behind `:` and `,`, as the recorded bodies were sent.
fn spaced(node: &Node) -> String {
    let join = |parts: Vec<String>| parts.join(", ");
    match &node.value {
        Value::Object(object) => {
            let entry = |(key, node): (&str, &Node)| format!("\"{key}\": {}", spaced(node));
            format!("{{{}}}", join(object.iter().map(entry).collect()))
        }
        Value::Array(nodes) => format!("[{}]", join(nodes.iter().map(spaced).collect())),
        _ => String::from_utf8(node.to_json()).unwrap(),
    }
}

fn compare(index: &Index, body: &str, case: &Node) -> Result<(), String> {
    let answer = index.search(body).map_err(|failure| failure.to_string())?;
    let answer = parse(answer.as_bytes(), &Limits::default()).unwrap();
    let hits = answer.get("hits").unwrap();
    let total = hits.get("total").unwrap();
    for (name, found, expected) in [
        ("total", total.get("value"), case.get("total")),
        ("relation", total.get("relation"), case.get("relation")),
    ] {
        if found.map(Node::to_json) != expected.map(Node::to_json) {
            return Err(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    let found = hits.get("hits").and_then(Node::as_array).unwrap();
    let expected = case.get("hits").and_then(Node::as_array).unwrap();
    let id = |hit: &Node| {
        hit.get("_id")
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let ids: Vec<String> = found.iter().map(id).collect();
    let expected_ids: Vec<&str> = expected
        .iter()
        .map(|hit| hit.as_array().unwrap()[0].as_str().unwrap())
        .collect();
    // Hits with the same recorded score may stand the other way round: sums of floats end in another digit.
    let tied = |left: usize, right: usize| {
        let score = |place: usize| expected[place].as_array().unwrap()[1].as_f64();
        score(left).is_some() && score(left) == score(right)
    };
    let place = |id: &String| expected_ids.iter().position(|expected| expected == id);
    let same = ids.len() == expected_ids.len()
        && ids
            .iter()
            .enumerate()
            .all(|(here, id)| place(id).is_some_and(|there| here == there || tied(here, there)));
    if !same {
        return Err(format!("hits {ids:?} instead of {expected_ids:?}"));
    }
    for hit in found {
        let Some(expected) = place(&id(hit)).and_then(|place| expected[place].as_array()) else {
            continue;
        };
        let (score, expected_score) = (number(hit.get("_score")), expected[1].as_f64());
        let near = match (score, expected_score) {
            (Some(score), Some(expected)) => (score - expected).abs() <= TOLERANCE,
            (score, expected) => score == expected,
        };
        if !near {
            return Err(format!(
                "score of {} is {score:?} instead of {expected_score:?}",
                id(hit)
            ));
        }
        if let (Some(sort), Some(expected)) = (hit.get("sort"), expected.get(2)) {
            let (sort, expected) = (sort.as_array().unwrap(), expected.as_array().unwrap());
            let same = sort.len() == expected.len()
                && sort.iter().zip(expected).all(|(found, expected)| {
                    match (found.as_f64(), expected.as_f64()) {
                        (Some(found), Some(expected)) => (found - expected).abs() <= TOLERANCE,
                        _ => found.to_json() == expected.to_json(),
                    }
                });
            if !same {
                return Err(format!("sort values of {} differ", id(hit)));
            }
        }
    }
    let (max, expected) = (number(hits.get("max_score")), number(case.get("max_score")));
    match (max, expected) {
        (Some(max), Some(expected)) if (max - expected).abs() <= TOLERANCE => Ok(()),
        (None, None) => Ok(()),
        _ => Err(format!("max_score {max:?} instead of {expected:?}")),
    }
}
