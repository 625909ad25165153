//! `POST [/{index}]/_mget`: reads many documents.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::documents::{MultiGet, MultiGetDefaults, MultiGetRequest},
};

use super::{SOURCE, source_filter};
use crate::{
    handler,
    handlers::indices::INDEX,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, flag_or, list, text},
};

const HOW: &[Param] = &[
    flag_or("realtime", "true"),
    flag("refresh"),
    text("routing", ""),
    text("preference", ""),
    list("stored_fields"),
];

pub(crate) const ROUTES: &[Route] = &[
    row(Method::Get, "/_mget", &[INDEX, HOW, SOURCE]),
    row(Method::Post, "/_mget", &[INDEX, HOW, SOURCE]),
    row(Method::Get, "/{index}/_mget", &[HOW, SOURCE]),
    row(Method::Post, "/{index}/_mget", &[HOW, SOURCE]),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler: handler!(mget),
        action: "indices:data/read/mget",
    }
}

async fn mget(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let refresh = params.flag("refresh")?;
    // There is one copy of a shard to prefer.
    params.text("preference");
    let realtime = params.flag_or("realtime", true)?;
    let index = params.path("index").to_owned();
    let defaults = MultiGetDefaults {
        index: (!index.is_empty()).then_some(index),
        routing: params.text("routing").map(str::to_owned),
        source: source_filter(params),
        stored_fields: params.list("stored_fields"),
    };
    params.refuse_unknown()?;
    if request.body.is_empty() {
        return Err(Failure::parse(
            "request body or source parameter is required",
        ));
    }
    let mut action = MultiGetRequest::parse(&request.body.required_tree()?, &defaults)?;
    (action.realtime, action.refresh) = (realtime, refresh);
    for doc in &mut action.docs {
        (doc.realtime, doc.refresh) = (realtime, refresh);
    }
    let form = request.form.clone();
    node.run::<MultiGet, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        form.try_reply(200, |out| {
            out.object();
            out.field_array("docs");
            for doc in &answer.docs {
                doc.render(out)?;
            }
            out.end_array();
            out.end_object();
            Ok(())
        })
    })
    .await
}
