//! A small web service whose work is visible: its requests are tasks, and so are the reports that it writes on its own.
//! `cargo run -p glasswork-tasks --features http --example service`, then `curl localhost:9300/primes/90000000 &`,
//! `curl -X POST localhost:9300/reports/monthly` and `glasswork top --to http://127.0.0.1:9300`.

use axum::{Extension, Router, extract::Path, http::StatusCode, routing};
use glasswork_tasks::http::{TaskLayer, TasksApi};
use glasswork_tasks::{ActionSpec, BLOCK, Checkpoint, Config, Guard, Registry, Start, Stop, Task};
use std::{error::Error, time::Duration};
use tokio::{net::TcpListener, task::spawn_blocking, time::sleep};

/// The service, with its Tasks API.
pub fn app() -> Result<Router, Box<dyn Error>> {
    let tasks = Registry::new(Config::new("example-1"));
    // A real service reserves blocks durably, so that numbers grow over restarts too.
    tasks.hand_in_numbers(1..BLOCK)?;
    let request = tasks.declare(ActionSpec::cancellable("request", Duration::from_secs(1)))?;
    let report = tasks.declare(ActionSpec::cancellable("report", Duration::from_secs(1)))?;
    let layer = TaskLayer::new(&tasks, request);
    let api = TasksApi::new(&tasks).cluster_name("example");
    let write = async move |Path(name): Path<String>| {
        let start = Start::new(report).description(format!("the {name} report"));
        let guard = tasks.start(start).map_err(|error| error.to_string())?;
        let id = guard.task().id().to_string();
        tokio::spawn(write_report(guard));
        Ok::<String, String>(id)
    };
    let routes = Router::new().route("/primes/{below}", routing::get(primes));
    let routes = routes.route("/reports/{name}", routing::post(write));
    Ok(routes.layer(layer).fallback_service(api))
}

/// Computes in its request: a cancel, and a client that hangs up, stop it at the next checkpoint.
async fn primes(Extension(task): Extension<Task>, Path(below): Path<u64>) -> (StatusCode, String) {
    task.count_in("numbers");
    task.expect(below);
    let count = move |found: u64, number: u64| {
        task.checkpoint()?;
        task.advance(1);
        let mut divisors = (2..).take_while(|by| by * by <= number);
        Ok::<u64, Stop>(found + u64::from(divisors.all(|by| !number.is_multiple_of(by))))
    };
    match spawn_blocking(move || (2..below).try_fold(0, count)).await {
        Ok(Ok(primes)) => (StatusCode::OK, primes.to_string()),
        Ok(Err(stop)) => (StatusCode::CONFLICT, stop.to_string()),
        Err(panic) => (StatusCode::INTERNAL_SERVER_ERROR, panic.to_string()),
    }
}

/// Outlives its request, and waits: a cancel wakes it.
async fn write_report(guard: Guard) {
    guard.task().count_in("pages");
    guard.task().expect(6000);
    for _page in 0..6000 {
        tokio::select! {
            () = sleep(Duration::from_millis(100)) => guard.task().advance(1),
            reason = guard.task().cancelled() => return guard.fail("cancelled", &*reason.text),
        }
    }
    guard.succeed();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:9300").await?;
    Ok(axum::serve(listener, app()?).await?)
}
