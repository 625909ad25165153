//! Routes: which handler answers which method and path, with which parameters.
//!
//! Every endpoint file in `handlers/` declares its rows beside its handler; [`table::TABLE`] has one line an endpoint
//! file. From the rows come the dispatch, 405 with `Allow`, `OPTIONS`, the parameters that are refused, and the
//! endpoint tables of `docs/compatibility.md`.

mod document;
mod router;
pub(crate) mod table;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use glasswork_content::failure::Failure;
use glasswork_node::Node;

pub use document::document;
pub(crate) use router::{Found, Placeholders, Router};

use crate::{reply::Reply, request::Request};

/// What a handler gives back.
pub type Answer = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send>>;

/// An endpoint's function. A row names an `async fn(Arc<Node>, Request) -> Result<Reply, Failure>` through
/// [`handler!`](crate::handler).
pub type Handler = fn(Arc<Node>, Request) -> Answer;

/// Turns the name of an `async fn(Arc<Node>, Request) -> Result<Reply, Failure>` into a [`Handler`].
#[macro_export]
macro_rules! handler {
    ($function:path) => {
        |node, request| Box::pin($function(node, request))
    };
}

/// One row of the table: a method and a path with its handler.
pub struct Route {
    /// The method. A `GET` row does not answer `HEAD`.
    pub method: Method,
    /// The path: literal parts and placeholders (`/{index}/_doc/{id}`). A placeholder is one part.
    pub path: &'static str,
    /// The parameters it accepts in the query, in groups so that endpoints can share some. Placeholders and the
    /// parameters that every endpoint accepts ([`COMMON`]) are not named.
    pub params: &'static [&'static [Param]],
    /// What it does with a body.
    pub body: Body,
    /// The function.
    pub handler: Handler,
    /// The action it starts, as the task list shows it. Empty when it starts none.
    pub action: &'static str,
}

impl Route {
    /// The declared parameters, without the common ones.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Param> {
        self.params.iter().flat_map(|group| group.iter())
    }

    /// Whether `name` is a parameter or a placeholder of this route.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.parameters().any(|param| param.name == name)
            || COMMON.iter().any(|param| param.name == name)
            || self.placeholders().any(|placeholder| placeholder == name)
    }

    /// The names between braces, in order.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| {
            part.strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
        })
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.name(), self.path)
    }
}

/// What a route does with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// It has no use for one: read, checked for its content type and dropped.
    Ignored,
    /// JSON or YAML.
    Object,
    /// A sequence of JSON values, each on a line: `application/x-ndjson` is accepted too, YAML is not.
    Lines,
}

/// A parameter in the query.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The value it has when it is not given, as a user would write it. Empty: none.
    pub default: &'static str,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true`, `false`, or nothing for true.
    Flag,
    /// A number with a unit: `30s`.
    Time,
    /// A number of bytes with a unit: `10mb`.
    Size,
    /// Values with commas between them.
    List,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// Declares a flag that is false unless given.
pub const fn flag(name: &'static str) -> Param {
    param(name, Kind::Flag, "false")
}

/// Declares a flag with another default.
pub const fn flag_or(name: &'static str, default: &'static str) -> Param {
    param(name, Kind::Flag, default)
}

/// Declares a time; `default` as a user would write it, empty for none.
pub const fn time(name: &'static str, default: &'static str) -> Param {
    param(name, Kind::Time, default)
}

/// Declares a list that is empty unless given.
pub const fn list(name: &'static str) -> Param {
    param(name, Kind::List, "")
}

/// Declares a whole number.
pub const fn int(name: &'static str, default: &'static str) -> Param {
    param(name, Kind::Int, default)
}

/// Declares a number.
pub const fn float(name: &'static str, default: &'static str) -> Param {
    param(name, Kind::Float, default)
}

/// Declares a text.
pub const fn text(name: &'static str, default: &'static str) -> Param {
    param(name, Kind::Text, default)
}

/// Declares a choice.
pub const fn choice(
    name: &'static str,
    values: &'static [&'static str],
    default: &'static str,
) -> Param {
    param(name, Kind::Choice(values), default)
}

/// Declares a parameter of any kind.
pub const fn param(name: &'static str, kind: Kind, default: &'static str) -> Param {
    Param {
        name,
        kind,
        default,
    }
}

/// What every endpoint accepts.
pub const COMMON: &[Param] = &[
    flag("pretty"),
    flag("human"),
    flag("error_trace"),
    list("filter_path"),
    choice("format", &["json", "yaml"], ""),
    text("source", ""),
    text("source_content_type", ""),
];

/// A request method that some route has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Change or create at a known place.
    Put,
    /// As `Get`, without the body.
    Head,
    /// Do something.
    Post,
    /// Read.
    Get,
    /// Remove.
    Delete,
    /// Change a part.
    Patch,
}

impl Method {
    /// The method of a request; `None` for one that no row has.
    pub(crate) fn of(method: &http::Method) -> Option<Self> {
        [
            Self::Put,
            Self::Head,
            Self::Post,
            Self::Get,
            Self::Delete,
            Self::Patch,
        ]
        .into_iter()
        .find(|known| known.name() == method.as_str())
    }

    /// As it stands in a request line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Put => "PUT",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Get => "GET",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
        }
    }
}
