//! The table of the node: what each row says is true.

use std::collections::HashSet;

use glasswork_node::actions;

use super::{client::Client, endpoints::serve};
use crate::routes::{
    Body, COMMON, Kind, Method, Param, Route,
    table::{EXTENSIONS, TABLE},
};

fn rows() -> impl Iterator<Item = &'static Route> {
    TABLE
        .iter()
        .chain(EXTENSIONS)
        .flat_map(|family| family.iter())
}

#[test]
fn rows_are_well_formed_and_name_actions_that_there_are() {
    let known: HashSet<&str> = actions::table::ALL
        .iter()
        .map(|served| served.spec.name)
        .collect();
    for row in rows() {
        assert!(
            row.path.starts_with('/') && (row.path == "/" || !row.path.ends_with('/')),
            "{row:?}"
        );
        let mut names: HashSet<&str> = COMMON.iter().map(|param| param.name).collect();
        let declared = row
            .parameters()
            .map(|param| param.name)
            .chain(row.placeholders());
        for name in declared {
            assert!(names.insert(name), "{row:?} declares {name} twice");
        }
        assert!(
            row.action.is_empty() || known.contains(row.action),
            "{row:?}: no action {}",
            row.action
        );
    }
}

/// A request for a row: placeholders stand for something that is not there.
async fn ask(
    client: &mut Client<tokio::net::TcpStream>,
    row: &Route,
    query: &str,
) -> (u16, String) {
    let path: Vec<&str> = row
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "n:1" } else { part })
        .collect();
    let path = path.join("/");
    // A watch never ends; one that goes on behind no event is refused after its parameters were read.
    client
        .send(format!(
            "{} {path}?{query} HTTP/1.1\r\nHost: x\r\nLast-Event-ID: none\r\n\r\n",
            row.method.name()
        ))
        .await;
    let answer = client
        .answer_to(row.method.name())
        .await
        .unwrap_or_else(|| panic!("{row:?}: no answer to {query}"));
    (answer.status, answer.text())
}

#[tokio::test]
async fn every_row_refuses_a_parameter_that_it_does_not_know() {
    let server = serve().await;
    let mut client = Client::connect(server.address()).await;
    for row in rows() {
        let (status, text) = ask(&mut client, row, "no_such_parameter=1").await;
        assert_eq!(status, 400, "{row:?}: {text}");
        // An endpoint that reads its body first refuses that the request has none; one that reads what its path names, that.
        let body_first = (row.body != Body::Ignored && text.contains("request body is required"))
            || text.contains("is a required parameter")
            || text.contains("unrecognized metric");
        assert!(
            row.method == Method::Head || body_first || text.contains("[no_such_parameter]"),
            "{row:?}: {text}"
        );
    }
}

#[tokio::test]
async fn every_row_reads_the_parameters_that_it_declares() {
    let server = serve().await;
    let mut client = Client::connect(server.address()).await;
    for row in rows() {
        for param in row.parameters() {
            let mut query = format!("{}={}", param.name, value(param));
            if param.name != "timeout" && row.parameters().any(|other| other.name == "timeout") {
                // What is waited for does not come.
                query.push_str("&timeout=1ms");
            }
            if param.name != "q" && row.parameters().any(|other| other.name == "q") {
                // What says how `q` is read is read with it only.
                query.push_str("&q=x");
            }
            let (_, text) = ask(&mut client, row, &query).await;
            assert!(!text.contains("unrecognized parameter"), "{row:?}: {text}");
        }
    }
}

fn value(param: &Param) -> &'static str {
    match param.kind {
        Kind::Flag => "true",
        Kind::Time => "1ms",
        Kind::Size => "1kb",
        Kind::Int | Kind::Float => "1",
        Kind::List | Kind::Text => "x",
        Kind::Choice(values) => values[0],
    }
}

#[test]
fn the_document_has_a_line_a_row() {
    let document = crate::routes::document();
    for row in rows() {
        assert!(
            document.contains(&format!("| {} | `{}` |", row.method.name(), row.path)),
            "{row:?}"
        );
    }
}

#[test]
fn the_compatibility_page_has_the_table_of_today() {
    const BEGIN: &str = "<!-- endpoints -->\n";
    const END: &str = "<!-- end -->";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{BEGIN}{}{END}{after}", crate::routes::document());
    if std::env::var_os("GLASSWORK_WRITE_DOCS").is_some() {
        std::fs::write(path, current).unwrap();
        return;
    }
    assert!(
        page == current,
        "docs/compatibility.md is not of today: GLASSWORK_WRITE_DOCS=1 cargo test -p glasswork-rest compatibility"
    );
}
