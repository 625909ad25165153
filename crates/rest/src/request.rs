//! What a handler gets: parameters, the form of the answer, the body, and who asks.

use std::{sync::Arc, time::Duration};

use glasswork_node::Caller;
use glasswork_tasks::Headers;
use http::HeaderMap;

use crate::{body::RequestBody, form::Form, params::Params};

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
    /// `X-Opaque-Id`, `X-Request-Id` and `X-Task-Deadline`: what every task of this request carries.
    pub carried: Arc<Headers>,
    /// `X-Task-Deadline`: how long it and everything below it may take.
    pub deadline: Option<Duration>,
    /// Its connection, for people: address and number.
    pub connection: Arc<str>,
}

impl Request {
    /// Who asks, as the door wants to know it.
    pub fn caller(&self) -> Caller {
        Caller {
            headers: Arc::clone(&self.client.carried),
            user: self.client.user.clone(),
            connection: Some(Arc::clone(&self.client.connection)),
            deadline: self.client.deadline,
        }
    }
}
