//! `GET|POST /_search/scroll[/{scroll_id}]`: the next page of a search. `DELETE`: ends scrolls.

use std::sync::Arc;

use glasswork_content::{
    failure::Failure,
    json::{Node as Json, Value},
    text::parse_time,
};
use glasswork_node::{
    Node,
    actions::search::{ClearScroll, ClearScrollRequest, Scroll, ScrollRequest},
};
use glasswork_search::reduce::{ResponseOptions, SearchResponse};

use super::{fields, ids, keep_alive, unknown};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Handler, Method, Param, Route, flag, text, time},
};

const ID: &[Param] = &[text("scroll_id", "")];
const PAGE: &[Param] = &[time("scroll", ""), flag("rest_total_hits_as_int")];

pub(crate) const ROUTES: &[Route] = &[
    page(Method::Get, "/_search/scroll", &[ID, PAGE]),
    page(Method::Post, "/_search/scroll", &[ID, PAGE]),
    page(Method::Get, "/_search/scroll/{scroll_id}", &[PAGE]),
    page(Method::Post, "/_search/scroll/{scroll_id}", &[PAGE]),
    clears("/_search/scroll", &[ID]),
    clears("/_search/scroll/{scroll_id}", &[]),
];

const fn page(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    row(
        method,
        path,
        params,
        handler!(scroll),
        "indices:data/read/scroll",
    )
}

const fn clears(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    let action = "indices:data/read/scroll/clear";
    row(Method::Delete, path, params, handler!(clear), action)
}

const fn row(
    method: Method,
    path: &'static str,
    params: &'static [&'static [Param]],
    handler: Handler,
    action: &'static str,
) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler,
        action,
    }
}

async fn scroll(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let mut wanted = ScrollRequest {
        scroll_id: params.path("scroll_id").to_owned(),
        keep_alive: keep_alive(params.time("scroll")?),
    };
    let options = ResponseOptions {
        total_as_int: params.flag("rest_total_hits_as_int")?,
        ..ResponseOptions::default()
    };
    params.refuse_unknown()?;
    // What the body says goes before the address.
    if let Some(body) = request.body.tree()? {
        read(&body, &mut wanted)?;
    }
    let form = request.form.clone();
    let writer = Arc::clone(&node);
    let weight = SearchResponse::weight;
    node.run_weighed::<Scroll, _>(wanted, request.caller(), weight, move |answer, task| {
        let answer = answer?;
        form.long_reply(200, &writer, task, |out| {
            out.object();
            answer.render_fields(options, out, task)?;
            out.end_object();
            Ok(())
        })
    })
    .await
}

fn read(body: &Json, wanted: &mut ScrollRequest) -> Result<(), Failure> {
    for (key, node) in fields(body)? {
        match (key, &node.value) {
            ("scroll_id", Value::String(id)) => wanted.scroll_id = id.to_string(),
            ("scroll", Value::String(time)) => {
                wanted.keep_alive = keep_alive(Some(parse_time(time, "scroll")?));
            }
            _ => return Err(unknown(key, node)),
        }
    }
    Ok(())
}

async fn clear(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let given = request.params.path("scroll_id");
    let mut wanted: Vec<String> = given
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    request.params.refuse_unknown()?;
    if let Some(body) = request.body.tree()? {
        wanted = ids(&body, "scroll_id")?;
    }
    let wanted = match wanted.as_slice() {
        [only] if only == "_all" => ClearScrollRequest::All,
        _ => ClearScrollRequest::Ids(wanted),
    };
    let form = request.form.clone();
    node.run::<ClearScroll, _>(wanted, request.caller(), move |answer| {
        let answer = answer?;
        let status = if answer.freed == 0 { 404 } else { 200 };
        Ok(form.reply(status, |out| {
            out.object();
            out.field_bool("succeeded", answer.succeeded);
            out.field_long("num_freed", i64::from(answer.freed));
            out.end_object();
        }))
    })
    .await
}
