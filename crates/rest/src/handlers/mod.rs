//! The endpoints, a file each; a folder where a family has many.
//!
//! # Adding an endpoint
//! One file here with its rows and its handler, one `mod` line below, and one line in `routes/table.rs`:
//!
//! ```ignore
//! //! `GET /{index}/_count`: how many documents match.
//!
//! /// The rows of this file.
//! pub(crate) const ROUTES: &[Route] = &[
//!     Route {
//!         method: Method::Get,
//!         path: "/{index}/_count",
//!         params: &[&[list("routing"), text("q", "")], indices::OPTIONS],
//!         body: Body::Object,
//!         handler: handler!(count),
//!         action: "indices:data/read/search",
//!     },
//! ];
//!
//! async fn count(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
//!     // 1. Read every parameter, by type. Reading consumes; what is declared and not read is refused below.
//!     let routing = request.params.list("routing");
//!     // 2. Refuse the rest.
//!     request.params.refuse_unknown()?;
//!     // 3. Read the body into the action's typed request.
//!     let body = request.body.tree()?;
//!     // 4. Start the action. The closure runs inside the task: what it renders counts for the task.
//!     let form = request.form.clone();
//!     node.run::<Count, _>(action, request.caller(), move |answer| {
//!         let count = answer?;
//!         Ok(form.reply(200, |out| render(out, &count)))
//!     })
//!     .await
//! }
//! ```
//!
//! * A failure is returned, never rendered here: the dispatcher gives it status, body and headers.
//! * Names of parameters are declared in the row; reading an undeclared one panics in debug builds.
//! * The order of checks is the order of the code: parameters in the order they are read, then unknown ones, then the
//!   body, then what the action itself refuses.
//! * `HEAD` is a row of its own; the body of its answer is dropped on the way out, its length is told.
//! * Parameters that several endpoints share are a `pub(crate) const …: &[Param]` in the family's file.
//! * A cat table goes through [`crate::cat`].

pub(crate) mod aliases;
pub(crate) mod by_query;
pub(crate) mod cat;
pub(crate) mod cluster;
pub(crate) mod console;
pub(crate) mod documents;
pub(crate) mod indices;
pub(crate) mod metrics;
pub(crate) mod nodes;
pub(crate) mod root;
pub(crate) mod search;
pub(crate) mod tasks;
