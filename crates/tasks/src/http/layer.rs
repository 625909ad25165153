//! A layer that makes a task of every request.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use glasswork_content::render::Render;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Action, Guard, Headers, Registry, Start, X_OPAQUE_ID, wire};

/// Bytes of an `X-Opaque-Id` that a task carries; the rest of a longer one is left out.
const LONGEST_OPAQUE_ID: usize = 1024;

type Change = dyn Fn(Start, &Parts) -> Start + Send + Sync;

/// Makes every request of a service a task:
///
/// * its description is method and path (no query: that may hold secrets), and it carries the request's `X-Opaque-Id`, so
///   that a caller finds its own work again;
/// * the handler finds its [`Task`](crate::Task) among the request's extensions (axum: `Extension<Task>`), to ask for checkpoints, tell
///   its progress and start children;
/// * it ends when the last byte of the answer is handed over, as failed when the status is 5xx. What it started as children and
///   left behind is cancelled then: work that outlives its request is a task without a parent;
/// * it is cancelled (`client disconnected`) when the client goes before that.
///
/// A handler that never waits and never asks a checkpoint can't be stopped by anybody.
///
/// ```
/// # use std::time::Duration;
/// use axum::{Extension, Router, http::StatusCode, routing::get};
/// use glasswork_tasks::{ActionSpec, Checkpoint, Config, Registry, Task, http::TaskLayer};
///
/// async fn sum(Extension(task): Extension<Task>) -> Result<String, (StatusCode, String)> {
///     let mut sum = 0_u64;
///     for number in 0..1000 {
///         task.checkpoint().map_err(|stop| (StatusCode::GONE, stop.to_string()))?;
///         sum += number;
///     }
///     Ok(sum.to_string())
/// }
///
/// # let tasks = Registry::new(Config::new("n"));
/// let action = tasks.declare(ActionSpec::cancellable("shop:request", Duration::from_millis(100)))?;
/// let layer = TaskLayer::new(&tasks, action).describe(|start, head| match head.headers.get("x-user") {
///     Some(user) => start.user(String::from_utf8_lossy(user.as_bytes())),
///     None => start,
/// });
/// let app: Router = Router::new().route("/sum", get(sum)).layer(layer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TaskLayer {
    registry: Registry,
    action: Action,
    change: Option<Arc<Change>>,
}

impl TaskLayer {
    /// Makes tasks of `action` in `registry`.
    #[must_use]
    pub fn new(registry: &Registry, action: Action) -> Self {
        Self {
            registry: registry.clone(),
            action,
            change: None,
        }
    }

    /// Says more of each task: whose it is, how long it may take. Runs for every request, so it should be quick.
    #[must_use]
    pub fn describe(
        mut self,
        more: impl Fn(Start, &Parts) -> Start + Send + Sync + 'static,
    ) -> Self {
        self.change = Some(Arc::new(more));
        self
    }

    fn start(&self, head: &Parts) -> Start {
        let line = format!("{} {}", head.method, head.uri.path());
        let mut start = Start::new(self.action).description(line);
        if let Some(opaque_id) = opaque_id(&head.headers) {
            start = start.headers(Arc::new(Headers::new([(X_OPAQUE_ID, opaque_id)])));
        }
        match &self.change {
            Some(change) => change(start, head),
            None => start,
        }
    }
}

fn opaque_id(headers: &HeaderMap) -> Option<String> {
    let bytes = headers.get(X_OPAQUE_ID)?.as_bytes();
    let kept = &bytes[..bytes.len().min(LONGEST_OPAQUE_ID)];
    Some(String::from_utf8_lossy(kept).into_owned())
}

impl<S> Layer<S> for TaskLayer {
    type Service = TaskService<S>;

    fn layer(&self, inner: S) -> TaskService<S> {
        TaskService {
            inner,
            layer: self.clone(),
        }
    }
}

/// What [`TaskLayer`] makes of a service.
#[derive(Clone)]
pub struct TaskService<S> {
    inner: S,
    layer: TaskLayer,
}

impl<S, B, R> Service<Request<B>> for TaskService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body<Data = Bytes>,
{
    type Response = Response<TaskBody<R>>;
    type Error = S::Error;
    type Future = TaskResponse<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let to_head = head.method == Method::HEAD;
        let start = self.layer.start(&head);
        match self.layer.registry.start(start) {
            Ok(guard) => {
                head.extensions.insert(guard.task().clone());
                let inner = self.inner.call(Request::from_parts(head, body));
                TaskResponse(Some(State::Running {
                    inner: Box::pin(inner),
                    ending: Ending::new(self.layer.registry.clone(), guard),
                    to_head,
                }))
            }
            // Without a number left there is no task, and without a task no work.
            Err(error) => {
                let failure = wire::of_start(&error);
                let mut out = Render::compact();
                failure.render_body(&mut out);
                TaskResponse(Some(State::Refused {
                    status: failure.status(),
                    body: out.finish(),
                }))
            }
        }
    }
}

/// The end of a request's task, on whatever path.
struct Ending {
    registry: Registry,
    guard: Option<Guard>,
}

impl Ending {
    fn new(registry: Registry, guard: Guard) -> Self {
        Self {
            registry,
            guard: Some(guard),
        }
    }

    /// The answer is complete.
    fn end(&mut self, status: StatusCode) {
        let Some(guard) = self.guard.take() else {
            return;
        };
        if status.is_server_error() {
            guard.fail("http_status", status.to_string());
        } else {
            guard.succeed();
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // A panic is told as such by the guard.
        if let Some(guard) = &self.guard
            && !std::thread::panicking()
        {
            // An action that can't be cancelled is left to end by itself.
            drop(
                self.registry
                    .cancel(guard.task().number(), "client disconnected"),
            );
        }
    }
}

/// The future of a request that is a task.
pub struct TaskResponse<F>(Option<State<F>>);

enum State<F> {
    Running {
        inner: Pin<Box<F>>,
        ending: Ending,
        to_head: bool,
    },
    Refused {
        status: u16,
        body: Vec<u8>,
    },
}

impl<F, R, E> Future for TaskResponse<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes>,
{
    type Output = Result<Response<TaskBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(State::Running { inner, .. }) = &mut this.0 {
            let answered = ready!(inner.as_mut().poll(context));
            let Some(State::Running {
                mut ending,
                to_head,
                ..
            }) = this.0.take()
            else {
                unreachable!("it was just polled");
            };
            let response = match answered {
                Ok(response) => response,
                Err(error) => {
                    ending.end(StatusCode::INTERNAL_SERVER_ERROR);
                    return Poll::Ready(Err(error));
                }
            };
            let status = response.status();
            let left = length(response.headers());
            let response = response.map(|body| {
                let unsent = to_head || left == Some(0) || NO_BODY.contains(&status);
                if unsent || is_over(&body) {
                    ending.end(status);
                }
                TaskBody(Form::Inner {
                    inner: Box::pin(body),
                    left,
                    status,
                    ending,
                })
            });
            return Poll::Ready(Ok(response));
        }
        match this.0.take() {
            Some(State::Refused { status, body }) => {
                let mut response = Response::new(TaskBody(Form::Refused(Some(body.into()))));
                *response.status_mut() =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json; charset=UTF-8"),
                );
                Poll::Ready(Ok(response))
            }
            _ => panic!("polled after it was ready"),
        }
    }
}

/// The body of the answer of a request that is a task: with its last byte the task ends.
pub struct TaskBody<R>(Form<R>);

enum Form<R> {
    Inner {
        inner: Pin<Box<R>>,
        /// Bytes until the announced length is reached; a server sends and asks for no more.
        left: Option<u64>,
        status: StatusCode,
        ending: Ending,
    },
    Refused(Option<Bytes>),
}

impl<R: Body<Data = Bytes>> Body for TaskBody<R> {
    type Data = Bytes;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, R::Error>>> {
        match &mut self.get_mut().0 {
            Form::Refused(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Form::Inner {
                inner,
                left,
                status,
                ending,
            } => {
                let frame = ready!(inner.as_mut().poll_frame(context));
                if let (Some(left), Some(Ok(frame))) = (&mut *left, &frame) {
                    let sent = frame.data_ref().map_or(0, |data| data.len() as u64);
                    *left = left.saturating_sub(sent);
                }
                match &frame {
                    Some(Ok(_)) if !is_over(&**inner) && *left != Some(0) => {}
                    Some(Err(_)) => ending.end(StatusCode::INTERNAL_SERVER_ERROR),
                    // Whoever has the whole answer no longer sees the task.
                    Some(Ok(_)) | None => ending.end(*status),
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Refused(bytes) => bytes.is_none(),
            Form::Inner { inner, .. } => inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Refused(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Form::Inner { inner, .. } => inner.size_hint(),
        }
    }
}

/// Answers of which no body is sent.
const NO_BODY: [StatusCode; 3] = [
    StatusCode::NO_CONTENT,
    StatusCode::RESET_CONTENT,
    StatusCode::NOT_MODIFIED,
];

/// Whether nothing follows: a server does not ask again then.
fn is_over(body: &impl Body) -> bool {
    body.is_end_stream() || body.size_hint().exact() == Some(0)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}
