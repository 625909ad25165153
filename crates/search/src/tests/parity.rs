//! The same ten hits in the same order, with the same scores, as OpenSearch 3.8.0 gives for the 10,000 books.
//!
//! `tests/parity/books.json` holds what the real server answered: one shard, one segment, the documents in the order of
//! the file. The books themselves are read from the shared folder; without it there is nothing to compare.

use std::path::PathBuf;

use glasswork_content::{Limits, Node, parse};

use crate::fixture::Index;

const MAPPING: &str = include_str!("../../tests/parity/mapping.json");
const RECORDED: &str = include_str!("../../tests/parity/books.json");

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
    let recorded = parse(RECORDED.as_bytes(), &Limits::default()).unwrap();
    let mut wrong = Vec::new();
    for case in recorded.as_array().unwrap() {
        let body = String::from_utf8(case.get("body").unwrap().to_json()).unwrap();
        if let Err(difference) = compare(&index, &body, case) {
            wrong.push(format!("{body}\n    {difference}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        recorded.as_array().unwrap().len(),
        wrong.join("\n")
    );
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
    if ids != expected_ids {
        return Err(format!("hits {ids:?} instead of {expected_ids:?}"));
    }
    for (hit, expected) in found.iter().zip(expected) {
        let expected = expected.as_array().unwrap();
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
