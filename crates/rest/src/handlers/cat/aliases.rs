//! `GET /_cat/aliases[/{alias}]`: the aliases, a line for each index that one points to.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{
    Node,
    actions::indices::{GetAliases, GetAliasesRequest},
    metadata::{Alias, Expand, ExpressionOptions, IndexExpression},
};

use crate::{
    cat::{self, Cell, Column, Show, Table},
    handler,
    handlers::{
        aliases::get::names,
        indices::{EXPRESSION, reading},
    },
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, list},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_cat/aliases", &[ALIAS, EXPRESSION, LOCAL, cat::PARAMS]),
    row("/_cat/aliases/{alias}", &[EXPRESSION, LOCAL, cat::PARAMS]),
];

const ALIAS: &[Param] = &[list("alias")];
const LOCAL: &[Param] = &[flag("local")];

const fn row(path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method: Method::Get,
        path,
        params,
        body: Body::Ignored,
        handler: handler!(aliases),
        action: "indices:admin/aliases/get",
    }
}

const COLUMNS: &[Column] = &[
    Column::new("alias", "a", "alias name"),
    Column::new("index", "i,idx", "index alias points to"),
    Column::new("filter", "f,fi", "filter"),
    Column::new("routing.index", "ri,routingIndex", "index routing"),
    Column::new("routing.search", "rs,routingSearch", "search routing"),
    Column::new("is_write_index", "w,isWriteIndex", "write index"),
];

async fn aliases(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let params = &mut request.params;
    let options = ExpressionOptions {
        expand: Expand::ALL,
        ..ExpressionOptions::METADATA
    };
    let target = IndexExpression::all(reading(params, options)?);
    let names = names(params, "alias");
    // Every node has all metadata: its own copy is the answer in any case.
    params.flag("local")?;
    let show = Show::of(params)?;
    params.refuse_unknown()?;
    if show.wants_help() {
        return Ok(show.help(COLUMNS));
    }
    let form = request.form.clone();
    let action = GetAliasesRequest { target, names };
    node.run::<GetAliases, _>(action, request.caller(), move |answer| {
        let mut table = Table::new(COLUMNS);
        for (index, aliases) in &answer?.indices {
            for (name, alias) in aliases {
                table.push(line(index, name, alias))?;
            }
        }
        show.reply(&form, &table)
    })
    .await
}

fn line(index: &str, name: &str, alias: &Alias) -> Vec<Cell> {
    vec![
        Cell::text(name.to_owned()),
        Cell::text(index.to_owned()),
        Cell::or_dash(alias.filter.as_ref().map(|_| "*")),
        Cell::or_dash(alias.index_routing.clone()),
        Cell::or_dash(alias.search_routing.clone()),
        Cell::or_dash(
            alias
                .is_write_index
                .map(|flag| if flag { "true" } else { "false" }),
        ),
    ]
}
