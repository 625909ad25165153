//! Failures of scripts against recorded answers of the real server.

#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{Failure, Limits as JsonLimits, Node, Render, parse};
use glasswork_script::{Context, Halt, Limits, Machine, NoDocument, compile};
use std::path::PathBuf;

/// The body of a recorded answer; `None` (with a line on stderr) where the recordings are not at hand.
fn recorded(name: &str) -> Option<Node> {
    let shared = std::env::var_os("GLASSWORK_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("golden").join(format!("{name}.http"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not at hand", path.display());
        return None;
    };
    let (_, answer) = text.split_once("\n>>>\n")?;
    let (_, body) = answer.split_once("\n\n")?;
    Some(parse(body.as_bytes(), &JsonLimits::DEFAULT).unwrap())
}

fn told(failure: &Failure) -> String {
    let mut out = Render::compact();
    failure.render(&mut out);
    String::from_utf8(out.finish()).unwrap()
}

fn compile_failure(source: &str, context: Context) -> Failure {
    compile(source, context, &Limits::DEFAULT).unwrap_err()
}

fn runtime_failure(source: &str, context: Context) -> Failure {
    let script = compile(source, context, &Limits::DEFAULT).unwrap();
    let empty = parse(b"{}", &JsonLimits::DEFAULT).unwrap();
    let mut machine = Machine::new(&script, &empty, &Limits::DEFAULT);
    match machine.update(&empty, &mut NoDocument) {
        Err(Halt::Failed(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}

fn expected(body: &Node, path: &[&str]) -> String {
    let mut node = body;
    for name in path {
        node = match node.as_array() {
            Some(elements) => &elements[0],
            None => node.get(name).unwrap(),
        };
    }
    String::from_utf8(node.to_json()).unwrap()
}

#[test]
fn a_script_that_does_not_compile_fails_as_upstream_shows_it() {
    if let Some(body) = recorded("error-script-compile") {
        assert_eq!(
            told(&compile_failure("doc[", Context::Filter)),
            expected(&body, &["error", "caused_by"])
        );
    }
    if let Some(body) = recorded("update-by-query-bad-script") {
        let mut failure = told(&compile_failure("ctx._source.x = ;", Context::Update));
        failure.insert_str(1, "\"root_cause\":[],");
        let error = expected(&body, &["error"]);
        let from = error.find("],\"type\"").unwrap();
        assert_eq!(failure, format!("{{\"root_cause\":[{}", &error[from..]));
    }
}

#[test]
fn a_script_that_throws_fails_as_upstream_shows_it() {
    if let Some(body) = recorded("task-get-failed") {
        let failure = runtime_failure("throw new IllegalArgumentException('no')", Context::Update);
        assert_eq!(told(&failure), expected(&body, &["error"]));
    }
}

#[test]
fn a_field_that_is_not_mapped_fails_as_upstream_shows_it() {
    let Some(body) = recorded("error-script-runtime") else {
        return;
    };
    let failure = runtime_failure("doc['nothing'].value > 1", Context::Filter);
    let recorded = body.get("error").unwrap().get("caused_by").unwrap();
    for key in ["type", "reason", "script", "lang", "position", "caused_by"] {
        let ours = parse(told(&failure).as_bytes(), &JsonLimits::DEFAULT).unwrap();
        assert_eq!(
            ours.get(key).unwrap().to_json(),
            recorded.get(key).unwrap().to_json(),
            "{key}"
        );
    }
    // upstream's stack begins with frames of its own classes
    let frames = recorded.get("script_stack").unwrap().as_array().unwrap();
    let ours = failure.meta("script_stack").cloned();
    let last: Vec<String> = frames[frames.len() - 2..]
        .iter()
        .map(|frame| frame.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ours, Some(glasswork_content::Meta::Texts(last)));
}
