//! The Tasks API of a service as its clients see it: what it answers, what it refuses, and that it stays small.
#![cfg(not(loom))]
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod api;
mod layer;
mod watching;

use std::time::Duration;

use bytes::Bytes;
use glasswork_tasks::{
    ActionSpec, Config, Guard, Registry, Start,
    http::{ApiBody, TasksApi},
};
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use serde_json::Value;
use tower_service::Service;

/// Nothing of this takes long; a machine that is busy does.
const PATIENCE: Duration = Duration::from_secs(60);

fn registry() -> Registry {
    let registry = Registry::new(Config::new("n1"));
    registry.hand_in_numbers(1..1 << 20).unwrap();
    registry
}

fn start(registry: &Registry, action: &str) -> Guard {
    let spec = ActionSpec::cancellable(action, Duration::from_secs(1));
    let action = registry.declare(spec).unwrap();
    let start = Start::new(action).description(format!("does {}", registry.live()));
    registry.start(start).unwrap()
}

fn request(method: &str, target: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri(target);
    request.body(Empty::new()).unwrap()
}

async fn send(api: &TasksApi, request: Request<Empty<Bytes>>) -> Response<ApiBody> {
    let mut api = api.clone();
    api.call(request).await.unwrap()
}

async fn ask(api: &TasksApi, method: &str, target: &str) -> (u16, Value) {
    let (status, _, body) = whole(send(api, request(method, target)).await).await;
    let json = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    (status, json)
}

async fn whole<B: Body<Data = Bytes>>(response: Response<B>) -> (u16, HeaderMap, Bytes)
where
    B::Error: std::fmt::Debug,
{
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status.as_u16(), head.headers, body)
}

fn reason(answer: &Value) -> &str {
    answer["error"]["reason"].as_str().unwrap_or_default()
}

/// Requests that wait for the end of tasks.
fn waits(registry: &Registry) -> u64 {
    let action = registry.action("internal:tasks/wait");
    action.map_or(0, |action| registry.counts(action).live())
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("it never became so");
}
