//! The REST interface of a node: how requests come in and answers go out.
//!
//! [`server`] speaks HTTP within limits, [`Api`] finds the endpoint and turns its answer into HTTP, `handlers` are the
//! endpoints. Start reading at `handlers/mod.rs`, which says how an endpoint is added.

// The futures of nested actions are deep types.
#![recursion_limit = "256"]

pub mod auth;
mod body;
pub mod cat;
mod dispatch;
mod form;
mod handlers;
mod headers;
mod params;
mod refusal;
pub mod reply;
mod request;
pub mod routes;
pub mod server;
#[cfg(test)]
mod tests;

pub use body::{Line, Lines, MediaType, RequestBody};
pub use dispatch::Api;
pub use form::Form;
pub use headers::COMPATIBLE_VERSION;
pub use params::Params;
pub use reply::Reply;
pub use request::{Client, Request};
