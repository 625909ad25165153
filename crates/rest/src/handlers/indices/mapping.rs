//! `GET [/{index}]/_mapping` and `…/_mapping/field/{fields}`: shows mappings.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{GetFieldMapping, GetFieldMappingRequest, GetMapping, GetMappingRequest},
    metadata::ExpressionOptions,
};

use super::{EXPRESSION, INDEX, manager_times, target};
use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Handler, Method, Param, Route, flag, time},
};

const TIMES: &[Param] = &[
    flag("local"),
    time("cluster_manager_timeout", "30s"),
    time("master_timeout", ""),
    time("timeout", "30s"),
];
const OF_FIELDS: &[Param] = &[flag("local")];

pub(crate) const ROUTES: &[Route] = &[
    row(
        "/_mapping",
        &[INDEX, EXPRESSION, TIMES],
        handler!(mappings),
        "indices:admin/mappings/get",
    ),
    row(
        "/_mappings",
        &[INDEX, EXPRESSION, TIMES],
        handler!(mappings),
        "indices:admin/mappings/get",
    ),
    row(
        "/{index}/_mapping",
        &[EXPRESSION, TIMES],
        handler!(mappings),
        "indices:admin/mappings/get",
    ),
    row(
        "/{index}/_mappings",
        &[EXPRESSION, TIMES],
        handler!(mappings),
        "indices:admin/mappings/get",
    ),
    row(
        "/_mapping/field/{fields}",
        &[INDEX, EXPRESSION, OF_FIELDS],
        handler!(fields),
        "indices:admin/mappings/fields/get",
    ),
    row(
        "/{index}/_mapping/field/{fields}",
        &[EXPRESSION, OF_FIELDS],
        handler!(fields),
        "indices:admin/mappings/fields/get",
    ),
];

const fn row(
    path: &'static str,
    params: &'static [&'static [Param]],
    handler: Handler,
    action: &'static str,
) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler,
        action,
    }
}

async fn mappings(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let target = target(&mut request.params, ExpressionOptions::METADATA)?;
    let deprecated = manager_times(&mut request.params)?;
    // Every node has all metadata: its own copy is the answer in any case.
    request.params.flag("local")?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    node.run::<GetMapping, _>(
        GetMappingRequest { target },
        request.caller(),
        move |answer| {
            let answer = answer?;
            Ok(deprecated.warn(form.reply(200, |out| {
                out.object();
                for (name, mapping) in &answer.indices {
                    out.field_object(name);
                    out.key("mappings");
                    out.node(mapping);
                    out.end_object();
                }
                out.end_object();
            })))
        },
    )
    .await
}

async fn fields(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let target = target(&mut request.params, ExpressionOptions::METADATA)?;
    let fields = request.params.list("fields");
    request.params.flag("local")?;
    request.params.refuse_unknown()?;
    let form = request.form.clone();
    let action = GetFieldMappingRequest { target, fields };
    node.run::<GetFieldMapping, _>(action, request.caller(), move |answer| {
        let answer = answer?;
        Ok(form.reply(200, |out| {
            out.object();
            for (name, fields) in &answer.indices {
                out.field_object(name);
                out.field_object("mappings");
                for (path, field) in fields {
                    out.key(path);
                    out.node(field);
                }
                out.end_object();
                out.end_object();
            }
            out.end_object();
        }))
    })
    .await
}
