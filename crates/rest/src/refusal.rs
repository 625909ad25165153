//! Answers that are given before a handler has the request.

use glasswork_content::failure::{Failure, short};
use http::header;

use crate::{
    form::Form,
    reply::{self, Reply},
    routes::Method,
};

/// Why a request got no handler.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An error with its kind.
    Failure(Failure),
    /// An error in the short form, `{"error":"…","status":n}`.
    Short {
        /// The status of the answer.
        status: u16,
        /// The text.
        text: String,
    },
    /// No such path: the short form without a status.
    NoHandler {
        /// The method of the request.
        method: String,
        /// Its target.
        target: String,
    },
    /// The path has other methods.
    WrongMethod {
        /// The text.
        text: String,
        /// Those methods.
        allowed: Vec<Method>,
    },
    /// An answer that is ready.
    Reply(Reply),
}

impl Refusal {
    /// 405 for a method that a path does not have.
    pub(crate) fn wrong_method(target: &str, method: &str, allowed: Vec<Method>) -> Self {
        let text = short::wrong_method(method, target, &names(&allowed));
        Self::WrongMethod { text, allowed }
    }

    /// 405 for a path whose placeholders can't be decoded, which is how the reference takes it.
    pub(crate) fn undecodable(allowed: Vec<Method>) -> Self {
        let text = short::undecodable(&names(&allowed));
        Self::WrongMethod { text, allowed }
    }

    /// The answer to `OPTIONS`.
    pub(crate) fn options(allowed: &[Method]) -> Self {
        let reply = Reply::text(200, "");
        Self::Reply(if allowed.is_empty() {
            reply
        } else {
            reply.header(header::ALLOW, names(allowed).join(","))
        })
    }

    /// The answer, in the form that the client wants.
    pub(crate) fn reply(self, form: &Form) -> Reply {
        match self {
            Self::Failure(failure) => form.failure(&failure),
            Self::Reply(reply) => reply,
            Self::Short { status, text } => in_short(form, status, &text),
            Self::NoHandler { method, target } => form
                .unfiltered()
                .reply(400, |out| short::no_handler(out, &method, &target)),
            Self::WrongMethod { text, allowed } => {
                in_short(form, 405, &text).header(header::ALLOW, names(&allowed).join(","))
            }
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

fn in_short(form: &Form, status: u16, text: &str) -> Reply {
    form.unfiltered()
        .reply(status, |out| short::short(out, status, text))
}

fn names(methods: &[Method]) -> Vec<&'static str> {
    methods.iter().map(|method| method.name()).collect()
}

/// The answer for a client that has to say who it is, as OpenSearch's security gives it.
pub(crate) fn unauthorized() -> Refusal {
    Refusal::Reply(
        Reply::new(401, reply::TEXT, "Unauthorized".as_bytes()).header(
            header::WWW_AUTHENTICATE,
            "Basic realm=\"OpenSearch Security\"",
        ),
    )
}

/// The answer while more passwords wait to be proven than the node has time for.
pub(crate) fn too_many_logins() -> Refusal {
    Refusal::Short {
        status: 429,
        text: "too many passwords are being checked, try again".to_owned(),
    }
}
