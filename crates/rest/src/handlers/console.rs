//! `GET /_console`: the web console, and the files that its page names.

use std::sync::Arc;

use glasswork_content::failure::{Failure, Kind};
use glasswork_node::Node;
use http::{HeaderName, HeaderValue, header};

use crate::{
    handler,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Route},
};

pub(crate) const ROUTES: &[Route] = &[
    row("/_console"),
    row("/_console/{version}/{file}"),
    row("/_console/{version}/{folder}/{file}"),
];

const fn row(path: &'static str) -> Route {
    Route {
        method: Method::Get,
        path,
        params: &[],
        body: Body::Ignored,
        handler: handler!(console),
        action: "",
    }
}

/// Sends a file. It starts no action: nothing of the node is read.
async fn console(_node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    for part in ["version", "folder", "file"] {
        if request.params.peek(part).is_some() {
            request.params.path(part);
        }
    }
    request.params.refuse_unknown()?;
    let known = request
        .headers
        .get(header::IF_NONE_MATCH)
        .map(HeaderValue::as_bytes)
        .map(String::from_utf8_lossy);
    let path = request.params.uri_path();
    let answer = glasswork_console::answer(path, request.form.takes_gzip(), known.as_deref());
    if answer.status == 404 {
        return Err(Failure::new(
            Kind::ResourceNotFound,
            format!("the console has no file [{path}]"),
        ));
    }
    let mut reply = Reply::new(answer.status, answer.content_type, answer.body)
        .header(header::CACHE_CONTROL, answer.cache_control);
    reply.gzip = answer.gzip;
    if let Some(etag) = answer.etag {
        reply = reply.header(header::ETAG, etag);
    }
    if let Some(location) = answer.location {
        reply = reply.header(header::LOCATION, location);
    }
    for (name, value) in glasswork_console::HEADERS {
        reply = reply.header(HeaderName::from_static(name), *value);
    }
    Ok(reply)
}
