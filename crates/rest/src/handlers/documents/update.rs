//! `POST /{index}/_update/{id}`: changes a document by a part of one or by a script.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::documents::{Operation, Update, UpdateDocument, UpdateRequest, WriteItem},
};

use super::{CONDITION, SOURCE, WRITE, condition, source_filter, write_options, written};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, int},
};

const HOW: &[Param] = &[int("retry_on_conflict", "0"), flag("require_alias")];

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Post,
    path: "/{index}/_update/{id}",
    params: &[WRITE, CONDITION, SOURCE, HOW],
    body: Body::Object,
    handler: handler!(update),
    action: "indices:data/write/update",
}];

async fn update(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let index = params.path("index").to_owned();
    let id = params.path("id").to_owned();
    let mut item = WriteItem::new(index, Some(id), Operation::Delete);
    let (routing, options) = write_options(params)?;
    item.routing = routing;
    let source = source_filter(params);
    let retries = params.int("retry_on_conflict")?.unwrap_or(0);
    let versioned = params.has("version") || params.has("version_type");
    condition(params, &mut item)?;
    item.require_alias = params.flag("require_alias")?;
    params.refuse_unknown()?;
    if versioned {
        return Err(Failure::validation([
            "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and \
             `if_primary_term` instead",
        ]));
    }
    let (mut update, seq_no, term) = Update::parse(&request.body.required_tree()?)?;
    update.retry_on_conflict = u32::try_from(retries)
        .map_err(|_| Failure::illegal_argument("retry_on_conflict must not be negative"))?;
    update.source = update.source.or(source);
    item.if_seq_no = seq_no.or(item.if_seq_no);
    item.if_primary_term = term.or(item.if_primary_term);
    item.operation = Operation::Update(Box::new(update));
    let form = request.form.clone();
    let action = UpdateRequest { item, options };
    node.run::<UpdateDocument, _>(action, request.caller(), move |answer| {
        written(&form, &answer?)
    })
    .await
}
