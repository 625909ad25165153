//! The endpoint tables of `docs/compatibility.md`, written from the rows.

use std::fmt::Write;

use super::{
    COMMON, Kind, Param, Route,
    table::{EXTENSIONS, TABLE},
};

/// Markdown: every endpoint with its method, path, parameters and action, and the parameters that all accept.
pub fn document() -> String {
    let mut text = String::new();
    rows(&mut text, TABLE);
    line(
        &mut text,
        "\nBeyond OpenSearch, and off with `compat.strict_params`:\n",
    );
    rows(&mut text, EXTENSIONS);
    let common: Vec<String> = COMMON.iter().map(described).collect();
    line(
        &mut text,
        &format!("\nEvery endpoint also accepts {}.", common.join(", ")),
    );
    text
}

fn rows(text: &mut String, table: &[&'static [Route]]) {
    let mut routes: Vec<&Route> = table.iter().flat_map(|family| family.iter()).collect();
    routes.sort_by_key(|route| (route.path, route.method.name()));
    line(
        text,
        "| Method | Path | Parameters | Action |\n|---|---|---|---|",
    );
    for route in routes {
        let params: Vec<String> = route.parameters().map(described).collect();
        line(
            text,
            &format!(
                "| {} | `{}` | {} | {} |",
                route.method.name(),
                route.path,
                params.join(", "),
                if route.action.is_empty() {
                    String::new()
                } else {
                    format!("`{}`", route.action)
                },
            ),
        );
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a String does not fail");
}

fn described(param: &Param) -> String {
    let kind = match param.kind {
        Kind::Flag => "flag".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::Size => "size".to_owned(),
        Kind::List => "list".to_owned(),
        Kind::Int => "int".to_owned(),
        Kind::Float => "float".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Choice(values) => values.join(" or "),
    };
    match (param.kind, param.default) {
        (Kind::Flag, "false") | (_, "") => format!("`{}` ({kind})", param.name),
        (_, default) => format!("`{}` ({kind}, {default})", param.name),
    }
}
