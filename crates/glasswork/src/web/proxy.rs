//! Sends the console's files and passes what its page asks on to the server.

use super::guard::{self, Refused};
use bytes::Bytes;
use glasswork_client::{Client, Error, Passed};
use glasswork_node::Connections;
use glasswork_rest::server::{Dispatch, Download, Exchange, HangUp};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};
use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
};
use tokio::sync::Semaphore;

/// Requests to the server at a time; further ones wait.
const BESIDE: usize = 16;

/// The console for one server.
pub(super) struct Proxy {
    client: Client,
    token: String,
    port: OnceLock<u16>,
    turns: Semaphore,
    connections: Arc<Connections>,
}

/// What is kept of the server's headers. No cookie, no wish for a password and no policy of its own gets through.
const KEPT: [&str; 2] = ["x-glasswork-version", "retry-after"];

impl Proxy {
    pub(super) fn new(client: Client, token: String) -> Self {
        Self {
            client,
            token,
            port: OnceLock::new(),
            turns: Semaphore::new(BESIDE),
            connections: Arc::default(),
        }
    }

    /// Says where it listens, once that is known. Until then nothing is answered.
    pub(super) fn listens_on(&self, port: u16) {
        self.port.get_or_init(|| port);
    }

    async fn answer(
        &self,
        method: &Method,
        path: &str,
        target: &str,
        headers: &HeaderMap,
    ) -> Response<Download> {
        let port = self.port.get().copied().unwrap_or_default();
        if let Err(refused) = guard::check_host(headers, port) {
            return refusal(&refused);
        }
        if path == glasswork_console::PATH || path.starts_with("/_console/") {
            return file(method, path, headers);
        }
        let checked = guard::check_page(headers, &self.token)
            .and_then(|()| guard::check_target(method, path));
        if let Err(refused) = checked {
            return refusal(&refused);
        }
        let opaque_id = headers.get("x-opaque-id").cloned();
        let Ok(_turn) = self.turns.acquire().await else {
            return error(503, "closed", "the console is ending");
        };
        match self.client.pass(method.clone(), target, opaque_id).await {
            Ok(passed) => pass_back(passed),
            Err(failed) => {
                let status = if matches!(failed, Error::TimedOut { .. }) {
                    504
                } else {
                    502
                };
                error(status, "unreachable", &failed.to_string())
            }
        }
    }
}

impl Dispatch for Proxy {
    fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    fn dispatch(
        self: Arc<Self>,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Download>, HangUp>> + Send>> {
        Box::pin(async move {
            let Exchange { head, upload, .. } = exchange;
            // The console sends no body; one that comes is read over.
            upload.discard();
            let target = head
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str());
            Ok(self
                .answer(&head.method, head.uri.path(), target, &head.headers)
                .await)
        })
    }
}

fn file(method: &Method, path: &str, headers: &HeaderMap) -> Response<Download> {
    if method != Method::GET {
        return refusal(&Refused::Target);
    }
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    // Over loopback, compressing saves nothing.
    let answer = glasswork_console::answer(path, false, known);
    let mut response = whole(answer.status, answer.content_type, answer.body);
    let out = response.headers_mut();
    for (name, value) in glasswork_console::HEADERS {
        out.insert(*name, HeaderValue::from_static(value));
    }
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(answer.cache_control),
    );
    if let Some(location) = answer.location {
        out.insert(header::LOCATION, HeaderValue::from_static(location));
    }
    if let Some(etag) = answer
        .etag
        .and_then(|etag| HeaderValue::try_from(etag).ok())
    {
        out.insert(header::ETAG, etag);
    }
    response
}

fn pass_back(passed: Passed) -> Response<Download> {
    let json = passed
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    // Whatever a server or something before it sends, here it is never a page.
    let kind = if json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let mut response = whole(passed.status, kind, passed.body);
    for name in KEPT {
        if let Some(value) = passed.headers.get(name) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value.clone());
        }
    }
    response
}

fn refusal(refused: &Refused) -> Response<Download> {
    error(refused.status(), "refused", &refused.to_string())
}

fn error(status: u16, kind: &str, reason: &str) -> Response<Download> {
    let body = serde_json::json!({"error": {"type": kind, "reason": reason}, "status": status})
        .to_string();
    whole(status, "application/json", body.into())
}

fn whole(status: u16, kind: &'static str, body: Bytes) -> Response<Download> {
    let length = body.len();
    let mut response = Response::new(Download::Whole(body));
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    let out = response.headers_mut();
    if !kind.is_empty() {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if status != 304 {
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    out.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'"),
    );
    response
}
