//! A server with a few endpoints that show what a handler is given.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use glasswork_content::failure::Failure;
use glasswork_node::{Config, CpuMeter, Node, Substrate};
use glasswork_substrate::memory::World;
use tokio::sync::mpsc;

use crate::{
    Api,
    auth::Gate,
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, list, text, time},
    server::{BrokenOff, Identity, Limits, Server},
};

const fn row(
    method: Method,
    path: &'static str,
    body: Body,
    params: &'static [&'static [Param]],
    handler: crate::routes::Handler,
) -> Route {
    Route {
        method,
        path,
        params,
        body,
        handler,
        action: "",
    }
}

static ROWS: [Route; 9] = [
    row(Method::Get, "/panic", Body::Ignored, &[], handler!(panics)),
    row(Method::Get, "/", Body::Ignored, &[], handler!(banner)),
    row(Method::Head, "/", Body::Ignored, &[], handler!(banner)),
    row(
        Method::Get,
        "/echo",
        Body::Object,
        &[&[
            flag("flag"),
            time("timeout", ""),
            list("names"),
            text("q", ""),
        ]],
        handler!(echo),
    ),
    row(
        Method::Post,
        "/echo",
        Body::Object,
        &[&[
            flag("flag"),
            time("timeout", ""),
            list("names"),
            text("q", ""),
        ]],
        handler!(echo),
    ),
    row(Method::Post, "/lines", Body::Lines, &[], handler!(lines)),
    row(Method::Get, "/long", Body::Ignored, &[], handler!(long)),
    row(
        Method::Get,
        "/pieces",
        Body::Ignored,
        &[&[flag("broken")]],
        handler!(pieces),
    ),
    row(
        Method::Get,
        "/forever",
        Body::Ignored,
        &[],
        handler!(forever),
    ),
];

async fn banner(_: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    request.params.refuse_unknown()?;
    Ok(request.form.pretty().reply(200, |out| {
        out.object();
        out.field_str("name", "node-0");
        out.end_object();
    }))
}

/// Says what it was given.
async fn echo(_: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let on = request.params.flag("flag")?;
    request.params.time("timeout")?;
    let names = request.params.list("names");
    request.params.refuse_unknown()?;
    let body = request.body.tree()?;
    Ok(request.form.reply(200, |out| {
        out.object();
        out.field_bool("flag", on);
        out.field_strings("names", &names);
        out.field_object("headers");
        for (name, value) in request.client.carried.iter() {
            out.field_str(name, value);
        }
        out.end_object();
        if let Some(user) = &request.client.user {
            out.field_str("user", user);
        }
        if let Some(body) = &body {
            out.key("body");
            out.node(body);
        }
        out.end_object();
    }))
}

async fn lines(_: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    request.body.require()?;
    Ok(Reply::text(200, request.body.lines().count().to_string()))
}

async fn long(_: Arc<Node>, request: Request) -> Result<Reply, Failure> {
    Ok(request.form.reply(200, |out| {
        out.array();
        for number in 0..1000 {
            out.long(number);
        }
        out.end_array();
    }))
}

async fn pieces(_: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    let broken = request.params.flag("broken")?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for piece in ["[1,", "2,", "3]"] {
            if sender
                .send(Ok(Bytes::from_static(piece.as_bytes())))
                .await
                .is_err()
            {
                return;
            }
        }
        if broken {
            drop(
                sender
                    .send(Err(BrokenOff("a node was lost".to_owned())))
                    .await,
            );
        }
    });
    Ok(Reply::pieces(200, request.form.content_type(), receiver))
}

async fn forever(_: Arc<Node>, _: Request) -> Result<Reply, Failure> {
    std::future::pending().await
}

async fn panics(_: Arc<Node>, _: Request) -> Result<Reply, Failure> {
    panic!("on purpose")
}

/// A node over memory.
pub(super) async fn node() -> Arc<Node> {
    member(&World::new(1), "n1").await
}

/// A node of a world in memory; its name is its id.
pub(super) async fn member(world: &World, id: &str) -> Arc<Node> {
    Node::start(config(id), substrate(world, id)).await.unwrap()
}

pub(super) fn substrate(world: &World, id: &str) -> Substrate {
    let memory = world.node(id);
    Substrate {
        logs: memory.logs,
        kv: memory.kv,
        bus: memory.bus,
    }
}

pub(super) fn config(id: &str) -> Config {
    Config {
        id: id.into(),
        name: id.to_owned(),
        cluster_name: "glasswork".to_owned(),
        transport_address: "127.0.0.1:9300".to_owned(),
        http_address: "127.0.0.1:9200".to_owned(),
        data: std::env::temp_dir(),
        attributes: BTreeMap::new(),
        settings: BTreeMap::new(),
        meter: Arc::new(CpuMeter::default()),
        memory_limit: 1 << 30,
    }
}

/// Limits that a test reaches quickly.
pub(super) fn tight() -> Limits {
    Limits {
        content_length: 100_000,
        head: Duration::from_millis(300),
        body: Duration::from_millis(300),
        write: Duration::from_millis(500),
        idle: Duration::from_millis(1500),
        ..Limits::default()
    }
}

pub(super) async fn start(
    limits: Limits,
    gate: Option<Gate>,
    identity: Option<Identity>,
) -> Server {
    let api = Api::with_table(node().await, gate, limits.clone(), &[&ROWS]);
    Server::start(
        SocketAddr::from(([127, 0, 0, 1], 0)),
        identity,
        limits,
        Arc::new(api),
    )
    .await
    .unwrap()
}

/// A server that is open to everyone, with tight limits.
pub(super) async fn open() -> Server {
    start(tight(), None, None).await
}

/// A server with the table of the node.
pub(super) async fn serve() -> Server {
    let limits = Limits::default();
    let api = Api::new(node().await, None, limits.clone());
    Server::start(
        SocketAddr::from(([127, 0, 0, 1], 0)),
        None,
        limits,
        Arc::new(api),
    )
    .await
    .unwrap()
}
