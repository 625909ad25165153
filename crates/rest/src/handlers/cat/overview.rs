//! `GET /_cat`: the tables there are.

use std::{collections::BTreeSet, sync::Arc};

use glasswork_content::failure::Failure;
use glasswork_node::Node;

use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route, table::TABLE},
};

pub(crate) const ROUTES: &[Route] = &[Route {
    method: Method::Get,
    path: "/_cat",
    params: &[],
    body: Body::Ignored,
    handler: handler!(overview),
    action: "",
}];

async fn overview(_: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    request.params.refuse_unknown()?;
    let tables: BTreeSet<&str> = TABLE
        .iter()
        .flat_map(|routes| routes.iter())
        .map(|route| route.path)
        .filter(|path| path.starts_with("/_cat/"))
        .collect();
    let lines: String = tables.into_iter().map(|path| format!("{path}\n")).collect();
    Ok(Reply::text(200, format!("=^.^=\n{lines}")))
}
