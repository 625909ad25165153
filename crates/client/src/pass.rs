//! Requests that are passed on for somebody else, and answers that are passed back as they came.

use crate::{Client, Error, url::Target};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use tokio::time::timeout;

/// An answer as the server gave it, whatever its status; the body is not compressed.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Client {
    /// Asks for a target (`/path?query`, written as it is to be sent) in the name of `opaque_id`, without a body. Which
    /// targets are let through is the caller's to decide.
    ///
    /// # Errors
    /// When there is no answer: a status above 399 is none.
    pub async fn pass(
        &self,
        method: Method,
        target: &str,
        opaque_id: Option<HeaderValue>,
    ) -> Result<Passed, Error> {
        let inner = &self.inner;
        let mut request = inner.request(method, &Target::written(target))?;
        if let Some(id) = opaque_id {
            request.headers_mut().insert("x-opaque-id", id);
        }
        let answered = timeout(inner.answer_timeout, async {
            let (response, sender) = inner.connector.send(request).await?;
            let (head, body) = response.into_parts();
            let body = inner.collect(&head.headers, body).await?;
            inner.connector.keep(sender);
            Ok(Passed {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            })
        });
        answered.await.unwrap_or_else(|_| {
            Err(Error::TimedOut {
                url: inner.url(),
                after: inner.answer_timeout,
            })
        })
    }
}
