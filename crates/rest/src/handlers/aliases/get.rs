//! `GET [/{index}]/_alias[/{name}]`, `HEAD …/{name}`: shows aliases.

use std::sync::Arc;

use glasswork_content::{failure::Failure, render::Render};
use glasswork_node::{
    Node,
    actions::indices::{GetAliases, GetAliasesRequest, GetAliasesResponse},
    metadata::{Expand, ExpressionOptions},
};

use crate::{
    handler,
    handlers::indices::{EXPRESSION, INDEX, target},
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, list},
};

const LOCAL: &[Param] = &[flag("local")];
const NAME: &[Param] = &[list("name")];

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Get, "/_alias", &[INDEX, EXPRESSION, NAME, LOCAL]),
    row(Method::Get, "/_aliases", &[INDEX, EXPRESSION, NAME, LOCAL]),
    row(Method::Get, "/_alias/{name}", &[INDEX, EXPRESSION, LOCAL]),
    row(Method::Head, "/_alias/{name}", &[INDEX, EXPRESSION, LOCAL]),
    row(Method::Get, "/{index}/_alias", &[EXPRESSION, NAME, LOCAL]),
    row(Method::Head, "/{index}/_alias", &[EXPRESSION, NAME, LOCAL]),
    row(Method::Get, "/{index}/_alias/{name}", &[EXPRESSION, LOCAL]),
    row(Method::Head, "/{index}/_alias/{name}", &[EXPRESSION, LOCAL]),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(get),
        action: "indices:admin/aliases/get",
    }
}

async fn get(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let target = target(
        params,
        ExpressionOptions {
            expand: Expand::ALL,
            ..ExpressionOptions::METADATA
        },
    )?;
    let names = names(params, "name");
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    params.refuse_unknown()?;
    let form = request.form.clone();
    let action = GetAliasesRequest { target, names };
    node.run::<GetAliases, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        let status = if answer.missing.is_empty() { 200 } else { 404 };
        Ok(form.reply(status, |out| render(out, &answer)))
    })
    .await
}

/// The names of aliases that are asked for; none when all are.
pub(crate) fn names(params: &mut Params, key: &'static str) -> Vec<String> {
    let names = params.list(key);
    match names.as_slice() {
        [all] if all == "_all" || all == "*" => Vec::new(),
        _ => names,
    }
}

/// A name that no index has does not fail the request: it is told before what was found.
fn render(out: &mut Render, answer: &GetAliasesResponse) {
    out.object();
    match answer.missing.as_slice() {
        [] => {}
        missing => {
            let noun = if missing.len() == 1 {
                "alias"
            } else {
                "aliases"
            };
            out.field_str("error", &format!("{noun} [{}] missing", missing.join(",")));
            out.field_long("status", 404);
        }
    }
    for (name, aliases) in &answer.indices {
        out.field_object(name);
        out.field_object("aliases");
        for (name, alias) in aliases {
            out.key(name);
            alias.render(out);
        }
        out.end_object();
        out.end_object();
    }
    out.end_object();
}
