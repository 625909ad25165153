//! `PUT /{index}/_doc/{id}`, `POST /{index}/_doc`, `PUT /{index}/_create/{id}`: puts a document.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::documents::{IndexDocument, IndexRequest, Operation, WriteItem},
};

use super::{CONDITION, WRITE, condition, no_pipeline, write_options, written};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Handler, Method, Param, Route, choice, flag, text},
};

const PIPELINE: &[Param] = &[text("pipeline", "")];
const KIND: &[Param] = &[
    choice("op_type", &["index", "create"], "index"),
    flag("require_alias"),
];
const OF_CREATE: &[Param] = &[flag("require_alias")];

pub(crate) const ROUTES: &[Route] = &[
    row(
        Method::Put,
        "/{index}/_doc/{id}",
        &[WRITE, CONDITION, PIPELINE, KIND],
        handler!(index),
    ),
    row(
        Method::Post,
        "/{index}/_doc/{id}",
        &[WRITE, CONDITION, PIPELINE, KIND],
        handler!(index),
    ),
    row(
        Method::Post,
        "/{index}/_doc",
        &[WRITE, CONDITION, PIPELINE, KIND],
        handler!(index_anew),
    ),
    row(
        Method::Put,
        "/{index}/_create/{id}",
        &[WRITE, CONDITION, PIPELINE, OF_CREATE],
        handler!(create),
    ),
    row(
        Method::Post,
        "/{index}/_create/{id}",
        &[WRITE, CONDITION, PIPELINE, OF_CREATE],
        handler!(create),
    ),
];

const fn row(
    method: Method,
    path: &'static str,
    params: &'static [&'static [Param]],
    handler: Handler,
) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler,
        action: "indices:data/write/index",
    }
}

/// With the id of the path, in place of what is there.
async fn index(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let create = op_type(&mut request)?.unwrap_or(false);
    let id = Some(request.params.path("id").to_owned());
    put(node, request, id, create).await
}

/// With an id of the node's.
async fn index_anew(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let create = op_type(&mut request)?.unwrap_or(true);
    put(node, request, None, create).await
}

/// Only where nothing is.
async fn create(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let id = Some(request.params.path("id").to_owned());
    put(node, request, id, true).await
}

/// Whether `op_type` asks for a document that is not there.
fn op_type(request: &mut Request) -> Result<Option<bool>, Failure> {
    match request.params.text("op_type") {
        None => Ok(None),
        Some("create") => Ok(Some(true)),
        Some("index") => Ok(Some(false)),
        Some(other) => Err(Failure::illegal_argument(format!(
            "opType must be 'create' or 'index', found: [{other}]"
        ))),
    }
}

async fn put(
    node: Arc<Node>,
    mut request: Request,
    id: Option<String>,
    create: bool,
) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let index = params.path("index").to_owned();
    let mut item = WriteItem::new(index, id, Operation::Delete);
    no_pipeline(params)?;
    let (routing, options) = write_options(params)?;
    item.routing = routing;
    condition(params, &mut item)?;
    item.require_alias = params.flag("require_alias")?;
    params.refuse_unknown()?;
    request.body.require()?;
    let source = request.body.json()?;
    item.operation = if create {
        Operation::Create(source)
    } else {
        Operation::Index(source)
    };
    let form = request.form.clone();
    let action = IndexRequest { item, options };
    node.run::<IndexDocument, _>(action, request.caller(), move |answer| {
        written(&form, &answer?)
    })
    .await
}
