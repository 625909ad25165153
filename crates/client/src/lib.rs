//! An async client of the Tasks API: see what runs in an OpenSearch cluster, stop it, slow it down.
//!
//! It speaks to OpenSearch 1, 2 and 3, to what sits behind a proxy with a path prefix, and to Glasswork, of which it
//! shows more. What it doesn't know in an answer is kept, never an error. Every answer is bounded in size and time.
//!
//! ```
//! use glasswork_client::{Client, ListOptions};
//! # use glasswork_client::fake::{FakeServer, Reply};
//! # let server = FakeServer::start(|request| match request.path.as_str() {
//! #     "/_tasks" => Reply::json(r#"{"nodes":{"n":{"name":"node-1","tasks":{"n:7":{"node":"n","id":7,"type":"transport",
//! #         "action":"indices:data/read/search","description":"indices[books]","start_time_in_millis":1795508826104,
//! #         "running_time_in_nanos":41000000000,"cancellable":true,"headers":{"X-Opaque-Id":"dash-77"}}}}}}"#),
//! #     _ => Reply::status(404),
//! # });
//! # let url = server.url();
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let client = Client::builder(url).build()?;
//! let list = client.list(&ListOptions::new().actions(["*search*"]).detailed()).await?;
//! for task in &list.tasks {
//!     println!("{} {} for {:?}", task.id(), task.action, task.running_time());
//! }
//! # assert_eq!(list.tasks[0].opaque_id(), Some("dash-77"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! Texts of tasks come from whoever started them: show them through [`sanitise`](fn@sanitise). The [`Display`](std::fmt::Display) of
//! [`Error`] is one line and safe to print.

mod builder;
mod cancel;
mod client;
mod cluster;
mod collect;
mod connection;
mod error;
mod exchange;
#[cfg(feature = "fake")]
pub mod fake;
mod get;
mod history;
mod list;
mod pass;
mod pattern;
mod preview;
mod progress;
mod sanitise;
mod server;
mod task;
mod task_id;
mod throttle;
mod tls;
mod url;

pub use builder::{Builder, ConfigError};
pub use cancel::CancelOptions;
pub use client::Client;
pub use cluster::{Health, NodeInfo};
pub use collect::Collect;
pub use error::{ConnectError, Error, Refusal};
pub use get::{TaskAnswer, Waited};
pub use history::{EndedTask, HistoryOptions};
pub use list::{ListOptions, NodeFailure, NodeSummary, TaskFailure, TaskList};
pub use pass::Passed;
pub use pattern::matches as matches_pattern;
pub use preview::CancelPreview;
pub use progress::{ByQueryStatus, Progress, Retries, SliceStatus};
pub use sanitise::{excerpt, sanitise};
pub use server::{Server, Version};
pub use task::{
    CancelState, Checkpoint, CpuAndMemory, Eta, Extended, ResourceStats, Resources, Task,
    ThreadInfo, TreeTotals, Wait, WorkDone,
};
pub use task_id::{MalformedTaskId, TaskId};
pub use throttle::Rate;
