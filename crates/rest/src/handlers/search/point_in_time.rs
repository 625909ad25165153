//! `POST /{index}/_search/point_in_time` keeps a view of indices for searches to come; `GET` and `DELETE
//! /_search/point_in_time/_all` list and end all of them, `DELETE /_search/point_in_time` ends some.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::search::{
        CreatePointInTime, CreatePointInTimeRequest, DeletePointInTime, DeletePointInTimeRequest,
        ListPointsInTime,
    },
    metadata::ExpressionOptions,
};

use super::{SHARDS, ids, keep_alive};
use crate::{
    handler,
    handlers::indices::{EXPRESSION, target},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag_or, time},
};

const CREATION: &[Param] = &[
    time("keep_alive", ""),
    flag_or("allow_partial_pit_creation", "true"),
];

pub(crate) const ROUTES: &[Route] = &[
    Route {
        method: Method::Post,
        path: "/{index}/_search/point_in_time",
        params: &[CREATION, SHARDS, EXPRESSION],
        body: Body::Ignored,
        handler: handler!(create),
        action: "indices:data/read/point_in_time/create",
    },
    Route {
        method: Method::Get,
        path: "/_search/point_in_time/_all",
        params: &[],
        body: Body::Ignored,
        handler: handler!(list),
        action: "indices:data/read/point_in_time/readall",
    },
    Route {
        method: Method::Delete,
        path: "/_search/point_in_time/_all",
        params: &[],
        body: Body::Ignored,
        handler: handler!(delete_all),
        action: "indices:data/read/point_in_time/delete",
    },
    Route {
        method: Method::Delete,
        path: "/_search/point_in_time",
        params: &[],
        body: Body::Object,
        handler: handler!(delete),
        action: "indices:data/read/point_in_time/delete",
    },
];

async fn create(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let wanted = CreatePointInTimeRequest {
        indices: target(params, ExpressionOptions::OPEN)?,
        routing: params.text("routing").map(str::to_owned),
        keep_alive: keep_alive(params.time("keep_alive")?),
        allow_partial: params.flag_or("allow_partial_pit_creation", true)?,
    };
    // There is one copy of each shard, so that a preference changes nothing.
    params.text("preference");
    params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<CreatePointInTime, _>(wanted, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| answer.render(out)))
    })
    .await
}

async fn list(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<ListPointsInTime, _>((), request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| {
            out.object();
            out.field_array("pits");
            for point in &answer {
                point.render(out);
            }
            out.end_array();
            out.end_object();
        }))
    })
    .await
}

async fn delete_all(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    ends(node, request, DeletePointInTimeRequest::All).await
}

async fn delete(node: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    let wanted = match request.body.tree()? {
        Some(body) => ids(&body, "pit_id")?,
        None => Vec::new(),
    };
    ends(node, request, DeletePointInTimeRequest::Ids(wanted)).await
}

async fn ends(
    node: Arc<Node>,
    request: Request,
    wanted: DeletePointInTimeRequest,
) -> Result<Reply, Failure> {
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<DeletePointInTime, _>(wanted, request.caller(), move |answer| {
        let answer = answer?;
        let all = answer.iter().all(|deleted| deleted.successful);
        Ok(form.reply(if all { 200 } else { 404 }, |out| {
            out.object();
            out.field_array("pits");
            for deleted in &answer {
                deleted.render(out);
            }
            out.end_array();
            out.end_object();
        }))
    })
    .await
}
