//! `PUT [/{index}]/_alias/{name}`: gives indices another name.

use std::sync::Arc;

use glasswork_content::{failure::Failure, json, text::split_list};
use glasswork_node::{
    Node,
    actions::indices::{AliasAction, UpdateAliases, UpdateAliasesRequest},
    metadata::Alias,
};

use crate::{
    handler,
    handlers::indices::{INDEX, MANAGER, manager_times},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, text},
};

const NAME: &[Param] = &[text("name", "")];

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Put, "/{index}/_alias/{name}", &[MANAGER]),
    row(Method::Post, "/{index}/_alias/{name}", &[MANAGER]),
    row(Method::Put, "/{index}/_aliases/{name}", &[MANAGER]),
    row(Method::Post, "/{index}/_aliases/{name}", &[MANAGER]),
    row(Method::Put, "/_alias/{name}", &[INDEX, MANAGER]),
    row(Method::Post, "/_alias/{name}", &[INDEX, MANAGER]),
    row(Method::Put, "/_aliases/{name}", &[INDEX, MANAGER]),
    row(Method::Post, "/_aliases/{name}", &[INDEX, MANAGER]),
    row(Method::Put, "/{index}/_alias", &[NAME, MANAGER]),
    row(Method::Put, "/{index}/_aliases", &[NAME, MANAGER]),
    row(Method::Put, "/_alias", &[INDEX, NAME, MANAGER]),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler: handler!(put),
        action: "indices:admin/aliases",
    }
}

/// The body may have `filter`, `routing`, `index_routing`, `search_routing`, `is_write_index`, `is_hidden`, and `index`
/// and `alias` in place of those of the path.
async fn put(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let mut indices = split_list(request.params.path("index"));
    let mut name = request.params.path("name").to_owned();
    let deprecated = manager_times(&mut request.params)?;
    request.params.refuse_unknown()?;
    let mut alias = Alias::default();
    if let Some(body) = request.body.tree()? {
        let Some(object) = body.as_object() else {
            return Err(Failure::illegal_argument("unknown content type"));
        };
        for entry in object.entries() {
            match entry.key.as_str() {
                "index" => indices = split_list(&text_of(entry)?),
                "alias" => name = text_of(entry)?,
                key if alias.read(key, &entry.node)? => {}
                key => {
                    return Err(Failure::illegal_argument(format!(
                        "Unknown field [{key}] in alias [{name}]"
                    )));
                }
            }
        }
    }
    if name.is_empty() {
        return Err(Failure::illegal_argument(
            "One of [alias] or [aliases] is required",
        ));
    }
    if indices.is_empty() {
        return Err(Failure::illegal_argument(
            "One of [index] or [indices] is required",
        ));
    }
    let add = AliasAction::Add {
        indices,
        aliases: vec![name],
        alias: Box::new(alias),
    };
    let form = request.form.clone();
    let action = UpdateAliasesRequest { actions: vec![add] };
    node.run::<UpdateAliases, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(deprecated.warn(form.reply(200, |out| answer.render(out))))
    })
    .await
}

fn text_of(entry: &json::Entry) -> Result<String, Failure> {
    entry.node.as_str().map(str::to_owned).ok_or_else(|| {
        Failure::illegal_argument(format!(
            "[{}] must be a text, found [{}]",
            entry.key,
            entry.node.token_name()
        ))
    })
}
