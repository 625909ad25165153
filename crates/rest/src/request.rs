//! What a handler gets: parameters, the form of the answer, the body, and who asks.

use std::sync::Arc;

use http::HeaderMap;

use crate::{body::RequestBody, form::Form, headers::Copied, params::Params};

/// One request, authenticated and read.
#[derive(Debug)]
pub struct Request {
    /// The parameters of path and query.
    pub params: Params,
    /// How the answer is wanted. Cheap to clone into the closure that renders it.
    pub form: Form,
    /// The body. `source` of the query has taken its place when there was none.
    pub body: RequestBody,
    /// Who asks.
    pub client: Client,
    /// The headers as they came.
    pub headers: HeaderMap,
}

/// Who asks, and what its tasks carry.
#[derive(Debug, Clone)]
pub struct Client {
    /// The user that was authenticated; `None` when security is off.
    pub user: Option<Arc<str>>,
    /// `X-Opaque-Id` and `X-Request-Id`: what every task of this request carries.
    pub copied: Arc<Copied>,
    /// The number of its connection.
    pub connection: u64,
}
