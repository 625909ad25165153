//! The bodies of answers: whole, or told piece by piece.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{listing::Listing, watching::Watching};

/// The body of an answer of [`TasksApi`](super::TasksApi). A long list and a watch are made as the client reads them, so that a
/// slow client costs no memory.
pub struct ApiBody(Form);

enum Form {
    Whole(Option<Bytes>),
    List(Box<Listing>),
    Watch(Box<Watching>),
}

/// An answer that can't be told to its end: the connection has to be broken off, so that the client does not take it for
/// whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off: {0}")]
pub struct BrokenOff(pub(super) String);

impl ApiBody {
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self(Form::Whole(
            Some(bytes.into()).filter(|bytes: &Bytes| !bytes.is_empty()),
        ))
    }

    pub(super) fn empty() -> Self {
        Self(Form::Whole(None))
    }

    pub(super) fn list(list: Listing) -> Self {
        Self(Form::List(Box::new(list)))
    }

    pub(super) fn watch(watch: Watching) -> Self {
        Self(Form::Watch(Box::new(watch)))
    }
}

impl Body for ApiBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let piece = match &mut self.get_mut().0 {
            Form::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
            Form::List(list) => Poll::Ready(list.next()),
            Form::Watch(watch) => watch.poll(context),
        };
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Whole(bytes) => bytes.is_none(),
            Form::List(_) | Form::Watch(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Form::List(_) | Form::Watch(_) => SizeHint::default(),
        }
    }
}

impl std::fmt::Debug for ApiBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = match &self.0 {
            Form::Whole(_) => "whole",
            Form::List(_) => "list",
            Form::Watch(_) => "watch",
        };
        formatter.debug_tuple("ApiBody").field(&form).finish()
    }
}
