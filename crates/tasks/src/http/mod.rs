//! The Tasks API of a service's own tasks over HTTP, on the wire of OpenSearch and Glasswork: with it `curl`, `glasswork
//! tasks`, `glasswork top` and the web console see and stop what runs in any Rust service.
//!
//! * [`TasksApi`] is a [tower](https://docs.rs/tower-service) service that answers `/_tasks…`: mount it in a router, or
//!   serve it alone.
//! * [`TaskLayer`] makes a task of every request of the service.
//!
//! Neither needs a runtime of its own, and neither depends on a web framework. Feature `http`.
//!
//! ```
//! use std::time::Duration;
//! use axum::{Router, routing::get};
//! use glasswork_tasks::{ActionSpec, Config, Registry, http::{TaskLayer, TasksApi}};
//!
//! let tasks = Registry::new(Config::new("shop-1"));
//! tasks.hand_in_numbers(1..1_000_000)?;
//! let request = tasks.declare(ActionSpec::cancellable("shop:request", Duration::from_secs(1)))?;
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "welcome" }))
//!     .layer(TaskLayer::new(&tasks, request))
//!     .nest_service("/ops", TasksApi::new(&tasks).cluster_name("shop"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `glasswork top --to http://shop-1:8080/ops` then shows the requests that run, and cancels them.
//!
//! Whoever reaches this interface sees all tasks and can stop them: put it behind what guards the rest of your
//! administration. It refuses what a browser says comes from a page of another site.

mod answer;
mod api;
mod body;
mod endpoints;
mod layer;
mod listing;
mod query;
mod routes;
mod serving;
mod timing;
mod watching;

pub use api::TasksApi;
pub use body::{ApiBody, BrokenOff};
pub use layer::{TaskBody, TaskLayer, TaskResponse, TaskService};
pub use serving::Limits;
