//! The service: what it is told about its host, and how a request gets to its endpoint.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use glasswork_content::{
    failure::{Failure, Kind, short},
    origin, uri,
};
use http::{Method, Request, Response, header, request::Parts};
use tower_service::Service;

use super::{
    Limits,
    answer::{Answer, Form},
    body::ApiBody,
    endpoints,
    query::Query,
    routes::{self, Found},
    serving::Serving,
};
use crate::Registry;

/// The header that is given back, so that a client finds its answer again.
const X_OPAQUE_ID: &str = "x-opaque-id";

/// Answers the Tasks API of one registry: `GET /_tasks`, `/_tasks/{id}`, `/_tasks/_history`, `/_tasks/_watch`,
/// `/_tasks/{id}/_watch`, `POST /_tasks/_cancel`, `/_tasks/{id}/_cancel`, and `GET /`, by which clients know whom they
/// speak to. Parameters, answers and errors are those of a Glasswork node.
///
/// Cheap to clone; clones are the same. It reads no request body, and takes one of any type. What waits (`wait_for_completion`,
/// a watch) is an internal task of the registry itself, so that
/// [`Registry::cancel_everything`] at the end of the process ends it, too.
#[derive(Clone)]
pub struct TasksApi(Arc<Serving>);

impl TasksApi {
    /// The interface to the tasks of `registry`, whose node gives its name to cluster and node.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self(Arc::new(Serving::new(registry.clone())))
    }

    /// The name of what the service belongs to, as `glasswork top` shows it.
    #[must_use]
    pub fn cluster_name(self, name: impl Into<String>) -> Self {
        self.with(|serving| serving.cluster = name.into())
    }

    /// The name of this process among others of its kind.
    #[must_use]
    pub fn node_name(self, name: impl Into<String>) -> Self {
        self.with(|serving| serving.node.name = name.into())
    }

    /// Where it is reached: `host:port`. It is only shown.
    #[must_use]
    pub fn address(self, address: impl Into<String>) -> Self {
        self.with(|serving| serving.set_address(address.into()))
    }

    /// How much it does at a time.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.with(|serving| serving.limits = limits)
    }

    fn with(mut self, change: impl FnOnce(&mut Serving)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl<B> Service<Request<B>> for TasksApi {
    type Response = Response<ApiBody>;
    type Error = Infallible;
    type Future =
        Pin<Box<dyn Future<Output = Result<Response<ApiBody>, Infallible>> + Send + 'static>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The body is dropped unread.
        let (head, _) = request.into_parts();
        let serving = Arc::clone(&self.0);
        Box::pin(async move {
            let opaque_id = head.headers.get(X_OPAQUE_ID).cloned();
            let to_head = head.method == Method::HEAD;
            let mut response = answer(serving, head).await.into_response();
            if to_head {
                *response.body_mut() = ApiBody::empty();
            }
            if let Some(opaque_id) = opaque_id {
                response.headers_mut().insert(X_OPAQUE_ID, opaque_id);
            }
            Ok(response)
        })
    }
}

async fn answer(serving: Arc<Serving>, head: Parts) -> Answer {
    let mut form = Form::default();
    match handle(serving, &head, &mut form).await {
        Ok(answer) => answer,
        Err(failure) => form.failure(&failure),
    }
}

/// Sets the form as soon as it is known.
async fn handle(serving: Arc<Serving>, head: &Parts, form: &mut Form) -> Result<Answer, Failure> {
    let longest = serving.limits.target;
    let target = head
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str());
    if target.len() > longest {
        return Err(Failure::new(
            Kind::TooLongHttpLine,
            format!("An HTTP line is larger than {longest} bytes."),
        ));
    }
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    origin::check(head.method.as_str(), text)?;
    let pairs = uri::query_pairs(head.uri.query().unwrap_or(""))?;
    *form = Form::of(&pairs)?;
    let path = head.uri.path();
    match routes::find(head.method.as_str(), path) {
        Found::Endpoint(endpoint, id) => {
            let query = Query::new(path, pairs);
            endpoints::answer(serving, endpoint, id, query, form.clone(), &head.headers).await
        }
        found if head.method == Method::OPTIONS => {
            let allowed = found.allowed();
            let answer = Answer::text(200);
            Ok(match allowed {
                [] => answer,
                allowed => answer.header(header::ALLOW, allowed.join(",")),
            })
        }
        Found::OtherMethods(allowed) => {
            let text = short::wrong_method(head.method.as_str(), target, allowed);
            Ok(not_allowed(form, &text, allowed))
        }
        Found::Undecodable(allowed) => Ok(not_allowed(form, &short::undecodable(allowed), allowed)),
        Found::Nothing => Ok(form.unfiltered().answer(400, |out| {
            short::no_handler(out, head.method.as_str(), target);
        })),
    }
}

fn not_allowed(form: &Form, text: &str, allowed: &[&str]) -> Answer {
    let answer = form
        .unfiltered()
        .answer(405, |out| short::short(out, 405, text));
    answer.header(header::ALLOW, allowed.join(", "))
}
