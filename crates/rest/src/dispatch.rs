//! From a request's head to its answer: limits, who asks, headers, route, form, body, handler, and back to HTTP.

use std::{panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt;
use glasswork_content::{
    failure::{Failure, Kind},
    origin, uri,
};
use glasswork_node::{Connections, Node};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts};

use crate::{
    auth::Gate,
    body::{self, MediaType, RequestBody, content_type},
    form::Form,
    headers::{self, Echoed},
    params::Params,
    refusal::Refusal,
    reply::{self, Reply},
    request::{Client, Request},
    routes::{self, Found, Method, Placeholders, Route, Router},
    server::{
        Connection, Dispatch, Download, Exchange, HangUp, Limits, Upload, UploadError, Whole,
    },
};

/// The REST interface of a node.
pub struct Api {
    node: Arc<Node>,
    router: Router,
    gate: Option<Gate>,
    limits: Limits,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Api")
            .field("guarded", &self.gate.is_some())
            .finish_non_exhaustive()
    }
}

impl Dispatch for Api {
    fn connections(&self) -> &Arc<Connections> {
        self.node.connections()
    }

    fn dispatch(
        self: Arc<Self>,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Download>, HangUp>> + Send>> {
        Box::pin(async move {
            if !is_known(&exchange.head.method) {
                return Err(HangUp);
            }
            let to_head = exchange.head.method == http::Method::HEAD;
            let echoed = Echoed::of(&exchange.head.headers);
            let reply = AssertUnwindSafe(self.answer(exchange)).catch_unwind().await;
            let reply = reply.unwrap_or_else(|panic| {
                let text = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
                tracing::error!(panic = text.unwrap_or("no text"), "an endpoint panicked");
                Form::default().failure(&Failure::illegal_state("the endpoint failed"))
            });
            Ok(respond(reply, to_head, echoed))
        })
    }
}

/// A compressed body up to this size is unpacked where it was read, in bytes; a longer one on a thread of its own.
const UNPACKED_AT_ONCE: usize = 64 << 10;

impl Api {
    /// The interface to `node`; behind `gate` when there is one.
    pub fn new(node: Arc<Node>, gate: Option<Gate>, limits: Limits) -> Self {
        let strict = crate::handlers::tasks::is_strict(&node);
        let mut api = Self::with_table(node, gate, limits, routes::table::TABLE);
        if !strict {
            api.router = api.router.with_extensions(routes::table::EXTENSIONS);
        }
        api
    }

    pub(crate) fn with_table(
        node: Arc<Node>,
        gate: Option<Gate>,
        limits: Limits,
        table: &[&'static [Route]],
    ) -> Self {
        Self {
            node,
            router: Router::new(table),
            gate,
            limits,
        }
    }

    async fn answer(&self, exchange: Exchange) -> Reply {
        let Exchange {
            mut head,
            mut upload,
            connection,
        } = exchange;
        let expects = head.headers.contains_key(header::EXPECT);
        let mut form = Form::default();
        let reply = match self
            .handle(&mut head, &mut upload, &connection, &mut form)
            .await
        {
            Ok(reply) => reply,
            Err(refusal) => refusal.reply(&form),
        };
        // A client that asks before it sends its body is not told to send one that nobody wants.
        if !expects {
            upload.discard();
        }
        reply
    }

    /// Sets the form as soon as it is known. The request takes the headers with it.
    async fn handle(
        &self,
        head: &mut Parts,
        upload: &mut Upload,
        connection: &Connection,
        form: &mut Form,
    ) -> Result<Reply, Refusal> {
        self.check_size(head)?;
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        origin::check(head.method.as_str(), header)?;
        upload
            .check_announced(self.limits.content_length)
            .map_err(not_read)?;
        let user = match &self.gate {
            Some(gate) => Some(gate.admit(&head.headers).await?),
            None => None,
        };
        let query = uri::query_pairs(head.uri.query().unwrap_or(""))?;
        let declared = declared_type(&head.headers);
        content_type::check(declared.as_deref())?;
        let unread = !upload.is_empty();
        let own = declared.as_deref().filter(|_| unread);
        *form = Form::of(&query, &head.headers, own.and_then(MediaType::from_accept))?;
        let carried = headers::carried(&head.headers, &self.limits)?;

        let (route, placeholders) = self.route(head)?;
        let (media, whole) = if unread {
            let media =
                || MediaType::of_body(declared.as_deref(), route.body == routes::Body::Lines);
            if declared.is_none() {
                // A chunked body that turns out to be empty needs no type.
                let whole = self.read(&head.headers, upload).await?;
                (
                    if whole.bytes.is_empty() {
                        MediaType::Json
                    } else {
                        media()?
                    },
                    Some(whole),
                )
            } else {
                (media()?, Some(self.read(&head.headers, upload).await?))
            }
        } else {
            (MediaType::Json, None)
        };
        let params = Params::new(
            route,
            uri::without_authority(head.uri.path()),
            placeholders,
            query,
        );
        let body = match whole {
            Some(whole) if !whole.bytes.is_empty() => {
                RequestBody::new(whole.bytes, media, Some(whole.held))
            }
            _ => from_query(&params, route)?,
        };
        let client = Client {
            user,
            carried: Arc::new(carried.headers),
            deadline: carried.deadline,
            connection: Arc::clone(&connection.label),
        };
        let request = Request {
            params,
            form: form.clone(),
            body,
            client,
            headers: std::mem::take(&mut head.headers),
        };
        Ok((route.handler)(Arc::clone(&self.node), request).await?)
    }

    fn check_size(&self, head: &Parts) -> Result<(), Refusal> {
        let line = head.method.as_str().len() + target_length(&head.uri) + " HTTP/1.1 ".len();
        if line > self.limits.initial_line {
            let text = format!(
                "An HTTP line is larger than {} bytes.",
                self.limits.initial_line
            );
            return Err(Failure::new(Kind::TooLongHttpLine, text).into());
        }
        let size: usize = head
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if size > self.limits.header_size {
            let text = format!(
                "HTTP header is larger than {} bytes.",
                self.limits.header_size
            );
            return Err(Failure::new(Kind::TooLongHttpHeader, text).into());
        }
        Ok(())
    }

    fn route(&self, head: &Parts) -> Result<(&'static Route, Placeholders), Refusal> {
        let path = uri::without_authority(head.uri.path());
        let target = || match head.uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let options = head.method == http::Method::OPTIONS;
        match self.router.find(Method::of(&head.method), path) {
            Found::Route(route, placeholders) => Ok((route, placeholders)),
            Found::OtherMethods(allowed) if options => Err(Refusal::options(&allowed)),
            Found::Nothing if options => Err(Refusal::options(&[])),
            Found::OtherMethods(allowed) => Err(Refusal::wrong_method(
                &target(),
                head.method.as_str(),
                allowed,
            )),
            Found::Undecodable(allowed) => Err(Refusal::undecodable(allowed)),
            Found::Nothing => Err(Refusal::NoHandler {
                method: head.method.as_str().to_owned(),
                target: target(),
            }),
        }
    }

    async fn read(&self, headers: &HeaderMap, upload: &mut Upload) -> Result<Whole, Refusal> {
        let limit = self.limits.content_length;
        let encoding = headers
            .get(header::CONTENT_ENCODING)
            .map(HeaderValue::as_bytes);
        let packed = match encoding {
            None | Some(b"" | b"identity") => false,
            Some(name)
                if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") =>
            {
                true
            }
            Some(other) => {
                let text = format!(
                    "Content-Encoding [{}] is not supported",
                    String::from_utf8_lossy(other)
                );
                return Err(Refusal::Short { status: 415, text });
            }
        };
        let whole = upload.read(limit).await.map_err(not_read)?;
        if !packed {
            return Ok(whole);
        }
        if whole.bytes.len() <= UNPACKED_AT_ONCE {
            return body::inflate(whole, limit).map_err(not_read);
        }
        match tokio::task::spawn_blocking(move || body::inflate(whole, limit)).await {
            Ok(unpacked) => unpacked.map_err(not_read),
            Err(error) => {
                Err(Failure::illegal_state(format!("the body was not unpacked: {error}")).into())
            }
        }
    }
}

/// The `Content-Type` header; a blank one is none.
fn declared_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    (!text.trim().is_empty()).then(|| text.into_owned())
}

/// Whether a method is one of HTTP's. The reference hangs up on others.
fn is_known(method: &http::Method) -> bool {
    use http::Method as M;
    [
        M::GET,
        M::POST,
        M::PUT,
        M::DELETE,
        M::HEAD,
        M::PATCH,
        M::OPTIONS,
        M::TRACE,
        M::CONNECT,
    ]
    .contains(method)
}

fn target_length(uri: &http::Uri) -> usize {
    uri.path_and_query()
        .map_or(0, |target| target.as_str().len())
}

/// The body that stands in the query.
fn from_query(params: &Params, route: &Route) -> Result<RequestBody, Refusal> {
    let Some(source) = params.peek("source") else {
        return Ok(RequestBody::new(Bytes::new(), MediaType::Json, None));
    };
    let Some(declared) = params.peek("source_content_type") else {
        return Err(Failure::illegal_state(
            "source and source_content_type parameters are required",
        )
        .into());
    };
    let media =
        MediaType::of_body(Some(declared), route.body == routes::Body::Lines).map_err(|_| {
            Failure::illegal_state(format!(
                "Unknown value for source_content_type [{declared}]"
            ))
        })?;
    Ok(RequestBody::new(
        Bytes::copy_from_slice(source.as_bytes()),
        media,
        None,
    ))
}

fn not_read(error: UploadError) -> Refusal {
    let text = error.to_string();
    match error {
        UploadError::TooLong(_) => Refusal::Reply(Reply::new(413, "", Bytes::new())),
        UploadError::TooMany { wanted, limit } => {
            Failure::circuit_breaking(text, wanted as u64, limit as u64, "TRANSIENT").into()
        }
        UploadError::TooSlow => Refusal::Short { status: 408, text },
        UploadError::Broken(_) => Refusal::Short { status: 400, text },
    }
}

impl From<content_type::Refused> for Refusal {
    fn from(refused: content_type::Refused) -> Self {
        match refused {
            content_type::Refused::NotSupported(text) => Self::Short { status: 406, text },
            content_type::Refused::Malformed(failure) => Self::Failure(failure),
        }
    }
}

impl From<headers::Refused> for Refusal {
    fn from(refused: headers::Refused) -> Self {
        match refused {
            headers::Refused::Short(text) => Self::Short { status: 400, text },
            headers::Refused::Failure(failure) => Self::Failure(failure),
        }
    }
}

/// Makes an HTTP answer.
fn respond(reply: Reply, to_head: bool, echoed: Echoed) -> Response<Download> {
    let length = match &reply.body {
        reply::Body::Whole(bytes) => Some(bytes.len()),
        reply::Body::Parts(parts) => Some(parts.iter().map(Bytes::len).sum()),
        reply::Body::Pieces(_) => None,
    };
    let download = match reply.body {
        _ if to_head => Download::Whole(Bytes::new()),
        reply::Body::Whole(bytes) => Download::Whole(bytes),
        reply::Body::Parts(parts) => Download::Parts(parts.into()),
        reply::Body::Pieces(pieces) => Download::Pieces(pieces),
    };
    let mut response = Response::new(download);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let out = response.headers_mut();
    echoed.put(out);
    out.insert(headers::X_OPENSEARCH_VERSION, headers::VERSION_VALUE);
    if !reply.content_type.is_empty() {
        out.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(reply.content_type),
        );
    }
    if reply.gzip {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(length) = length {
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    for (name, value) in reply.headers {
        match HeaderValue::try_from(value) {
            Ok(value) => {
                out.insert(name, value);
            }
            Err(error) => tracing::error!(%name, %error, "a header of an answer is left out"),
        }
    }
    for text in &reply.warnings {
        // The text was reduced to what a header takes.
        if let Ok(value) = HeaderValue::try_from(headers::warning(text)) {
            out.append(header::WARNING, value);
        }
    }
    response
}
