//! `GET /_cat/count[/{index}]`: how many documents there are.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::search::{SearchAction, SearchRequest},
    metadata::ExpressionOptions,
};
use glasswork_search::request;

use super::health::now;
use crate::{
    cat::{self, Cell, Column, Show, Table},
    handler,
    handlers::indices::{EXPRESSION, INDEX, target},
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_cat/count", &[INDEX, EXPRESSION, cat::PARAMS]),
    row("/_cat/count/{index}", &[EXPRESSION, cat::PARAMS]),
];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(count),
        action: "indices:data/read/search",
    }
}

const COLUMNS: &[Column] = &[
    Column::new(
        "epoch",
        "t,time",
        "seconds since 1970-01-01 00:00:00, that the count was executed",
    ),
    Column::new(
        "timestamp",
        "ts,hms,hhmmss",
        "time that the count was executed",
    ),
    Column::new("count", "dc,docs.count,docsCount", "the document count"),
];

async fn count(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let indices = target(params, ExpressionOptions::OPEN)?;
    let show = Show::of(params)?;
    params.refuse_unknown()?;
    if show.wants_help() {
        return Ok(show.help(COLUMNS));
    }
    let mut wanted = request::SearchRequest::default();
    wanted.set_size(0)?;
    wanted.set_track_total_hits(i32::MAX)?;
    let form = request.form.clone();
    let action = SearchRequest::new(indices, wanted);
    node.run::<SearchAction, _>(action, request.caller(), move |answer| {
        let found = answer?.reduced.total.map_or(0, |total| total.value);
        let (seconds, time) = now();
        let mut table = Table::new(COLUMNS);
        table.push(vec![
            Cell::Long(seconds),
            Cell::text(time),
            Cell::Long(i64::try_from(found).unwrap_or(i64::MAX)),
        ])?;
        show.reply(&form, &table)
    })
    .await
}
