//! Requests that are tasks.

use axum::{Extension, Router, body::Body as AxumBody, routing};
use bytes::Bytes;
use futures_util::stream;
use glasswork_tasks::{
    ActionSpec, Config, Filter, HistoryFilter, Outcome, Registry, Start, Task, http::TaskLayer,
};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use std::{convert::Infallible, time::Duration};
use tower_layer::Layer;
use tower_service::Service;

use super::{registry, whole};

fn tracked(registry: &Registry) -> TaskLayer {
    let spec = ActionSpec::cancellable("request", Duration::from_secs(1));
    TaskLayer::new(registry, registry.declare(spec).unwrap())
}

fn outcomes(registry: &Registry) -> Vec<Outcome> {
    let filter = HistoryFilter {
        size: 10,
        ..HistoryFilter::default()
    };
    registry
        .history(&filter)
        .iter()
        .map(|ended| ended.outcome)
        .collect()
}

#[tokio::test]
async fn a_request_is_a_task_until_the_last_byte_of_its_answer() {
    let registry = registry();
    let handler = |Extension(task): Extension<Task>| async move {
        assert_eq!(task.headers().opaque_id(), Some("mine"));
        task.id().to_string()
    };
    let mut app: Router = Router::new()
        .route("/shop", routing::get(handler))
        .layer(tracked(&registry).describe(|start, _| start.user("ann")));
    let request = Request::get("/shop?secret=1").header("x-opaque-id", "mine");
    let request = request.body(AxumBody::empty()).unwrap();
    let response = app.call(request).await.unwrap();
    let listed = registry.list(&Filter::default()).tasks;
    assert_eq!(listed.len(), 1, "its body is not sent yet");
    assert_eq!(listed[0].user().as_deref(), Some("ann"));
    let view = glasswork_tasks::View::DETAILED;
    let description = listed[0].snapshot(&view).description.unwrap();
    assert_eq!(description.text, "GET /shop");
    assert_eq!(whole(response).await.2, "n1:1");
    assert_eq!(registry.live(), 0);
    assert_eq!(outcomes(&registry), [Outcome::Succeeded]);
}

#[tokio::test]
async fn a_client_that_goes_cancels_its_request_and_what_it_started() {
    let registry = registry();
    let (told, hears) = std::sync::mpsc::channel();
    let handler = move |Extension(task): Extension<Task>| async move {
        told.send(task).unwrap();
        std::future::pending::<String>().await
    };
    let mut app: Router = Router::new()
        .route("/", routing::get(handler))
        .layer(tracked(&registry));
    let request = Request::get("/").body(AxumBody::empty()).unwrap();
    let mut asked = Box::pin(app.call(request));
    let polled =
        std::future::poll_fn(|context| std::task::Poll::Ready(asked.as_mut().poll(context)));
    assert!(polled.await.is_pending());
    let task = hears.try_recv().unwrap();
    let child = registry
        .start(Start::new(task.action()).child_of(&task))
        .unwrap();
    drop(asked);
    assert!(task.is_cancelled() && child.task().is_cancelled());
    assert_eq!(
        &*task.cancellation().unwrap().reason.text,
        "client disconnected"
    );
    child.succeed();
    assert_eq!(registry.live(), 0);
}

/// Answers with a body of two pieces that never says that it is over, as some do.
async fn served<B>(
    registry: &Registry,
    method: &str,
    response: Response<B>,
) -> Response<impl Body<Data = Bytes, Error = Infallible>>
where
    B: Body<Data = Bytes, Error = Infallible>,
{
    struct Once<B>(Option<Response<B>>);
    impl<B> Service<Request<()>> for Once<B> {
        type Response = Response<B>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<B>, Infallible>>;
        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Infallible>> {
            std::task::Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: Request<()>) -> Self::Future {
            std::future::ready(Ok(self.0.take().unwrap()))
        }
    }
    let mut service = tracked(registry).layer(Once(Some(response)));
    let request = Request::builder().method(method).body(()).unwrap();
    service.call(request).await.unwrap()
}

#[tokio::test]
async fn an_answer_whose_body_nobody_reads_to_the_end_has_still_succeeded() {
    let pieces = || {
        let frames = ["ab", "cd"].map(|text| Ok(http_body::Frame::data(Bytes::from(text))));
        StreamBody::new(stream::iter(frames))
    };
    let registry = registry();
    // A server asks for no more than the length that was announced.
    let mut announced = Response::new(pieces());
    announced
        .headers_mut()
        .insert("content-length", "4".parse().unwrap());
    let mut response = served(&registry, "GET", announced).await;
    let mut body = std::pin::pin!(response.body_mut());
    for _ in 0..2 {
        body.frame().await.unwrap().unwrap();
    }
    assert_eq!(registry.live(), 0);
    // It sends no body of these at all.
    drop(served(&registry, "HEAD", Response::new(Full::from("ab"))).await);
    let mut none = Response::new(pieces());
    *none.status_mut() = StatusCode::NO_CONTENT;
    drop(served(&registry, "GET", none).await);
    drop(served(&registry, "GET", Response::new(Empty::new())).await);
    assert_eq!(outcomes(&registry), [Outcome::Succeeded; 4]);
    // One that was left in the middle was not told to its end; a 500 failed.
    drop(served(&registry, "GET", Response::new(pieces())).await);
    let mut failed = Response::new(Empty::new());
    *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    drop(served(&registry, "GET", failed).await);
    assert_eq!(
        outcomes(&registry)[..2],
        [Outcome::Failed, Outcome::Cancelled]
    );
}

#[tokio::test]
async fn a_request_that_can_be_no_task_is_refused() {
    let registry = Registry::new(Config::new("n1"));
    let response = served(&registry, "GET", Response::new(Full::from("x"))).await;
    assert_eq!(response.status(), 503);
}
