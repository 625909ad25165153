//! `GET|POST [/{index}]/_search`: finds documents.

use std::sync::Arc;

use glasswork_content::{failure::Failure, text::parse_flag};
use glasswork_node::{
    Node,
    actions::search::{SearchAction, SearchRequest},
    metadata::ExpressionOptions,
};
use glasswork_search::{
    reduce::{ResponseOptions, SearchResponse},
    request::{self, FieldAndFormat, SortKey},
};

use super::{HOW, QUERY, SHAPE, SHARDS, how, keep_alive, query, shards, source, total_as_int};
use crate::{
    handler,
    handlers::{
        documents::SOURCE,
        indices::{EXPRESSION, INDEX, target},
    },
    params::Params,
    reply::Reply,
    request::Request,
    routes::{Body, Method, Param, Route, flag, flag_or, int, list, text, time},
};

/// What the body may say too.
pub(crate) const REQUEST: &[Param] = &[
    int("from", "0"),
    int("size", "10"),
    list("sort"),
    list("docvalue_fields"),
    text("track_total_hits", "10000"),
    flag("track_scores"),
    flag("explain"),
    flag("version"),
    flag("seq_no_primary_term"),
    time("timeout", ""),
    int("terminate_after", "0"),
];

/// What only the address says.
const ONLY_HERE: &[Param] = &[
    flag("request_cache"),
    int("batched_reduce_size", "512"),
    flag_or("allow_partial_search_results", "true"),
    flag("phase_took"),
    flag("ignore_throttled"),
    time("scroll", ""),
];

pub(crate) const ROUTES: &[Route] = &[
    row(
        Method::Get,
        "/_search",
        &[
            INDEX, QUERY, REQUEST, SOURCE, SHARDS, HOW, ONLY_HERE, SHAPE, EXPRESSION,
        ],
    ),
    row(
        Method::Post,
        "/_search",
        &[
            INDEX, QUERY, REQUEST, SOURCE, SHARDS, HOW, ONLY_HERE, SHAPE, EXPRESSION,
        ],
    ),
    row(
        Method::Get,
        "/{index}/_search",
        &[
            QUERY, REQUEST, SOURCE, SHARDS, HOW, ONLY_HERE, SHAPE, EXPRESSION,
        ],
    ),
    row(
        Method::Post,
        "/{index}/_search",
        &[
            QUERY, REQUEST, SOURCE, SHARDS, HOW, ONLY_HERE, SHAPE, EXPRESSION,
        ],
    ),
];

const fn row(method: Method, path: &'static str, params: &'static [&'static [Param]]) -> Route {
    Route {
        method,
        path,
        params,
        body: Body::Object,
        handler: handler!(search),
        action: "indices:data/read/search",
    }
}

async fn search(node: Arc<Node>, mut request: Request) -> Result<Reply, Failure> {
    // The reference reads the body before the parameters, so that its complaints come first.
    let mut wanted = match request.body.tree()? {
        Some(body) => request::SearchRequest::parse(&body)?,
        None => request::SearchRequest::default(),
    };
    let params = &mut request.params;
    params.hint_only_given(&[
        "allow_partial_search_results",
        "explain",
        "from",
        "max_concurrent_shard_requests",
        "phase_took",
        "pre_filter_shard_size",
        "seq_no_primary_term",
        "size",
        "terminate_after",
        "timeout",
        "track_scores",
        "track_total_hits",
        "version",
    ]);
    let request_cache = params.flag("request_cache")?;
    // Shards are not joined in batches.
    if params
        .int("batched_reduce_size")?
        .is_some_and(|size| size < 2)
    {
        return Err(Failure::illegal_argument("batchedReduceSize must be >= 2"));
    }
    query(params, &mut wanted)?;
    parameters(params, &mut wanted, request::SearchRequest::set_size)?;
    let indices = target(params, ExpressionOptions::OPEN)?;
    // Throttled indices don't exist here.
    params.flag("ignore_throttled")?;
    let mut options = ResponseOptions {
        typed_keys: params.flag("typed_keys")?,
        ..ResponseOptions::default()
    };
    if params.flag("rest_total_hits_as_int")? {
        options.total_as_int = true;
        total_as_int(&mut wanted)?;
    }
    let mut search = SearchRequest::new(indices, wanted);
    shards(params, &mut search);
    how(params, &mut search)?;
    search.allow_partial_results = params
        .flag_if_given("allow_partial_search_results")?
        .unwrap_or_else(|| node.flag_setting("search.default_allow_partial_results"));
    search.phase_took = params
        .flag_if_given("phase_took")?
        .unwrap_or_else(|| node.flag_setting("search.phase_took_enabled"));
    search.request_cache = request_cache;
    search.scroll = keep_alive(params.time("scroll")?);
    params.refuse_unknown()?;
    let form = request.form.clone();
    let writer = Arc::clone(&node);
    let weight = SearchResponse::weight;
    node.run_weighed::<SearchAction, _>(search, request.caller(), weight, move |answer, task| {
        let answer = answer?;
        form.long_reply(200, &writer, task, |out| {
            out.object();
            answer.render_fields(options, out, task)?;
            out.end_object();
            Ok(())
        })
    })
    .await
}

/// Reads [`REQUEST`] into the request; what is given takes the place of what the body says. `set_size` is what `size` means to
/// the endpoint.
///
/// # Errors
/// 400 for malformed values.
pub(crate) fn parameters(
    params: &mut Params,
    wanted: &mut request::SearchRequest,
    set_size: impl FnOnce(&mut request::SearchRequest, i32) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let Some(from) = params.int("from")? {
        wanted.set_from(from)?;
    }
    if let Some(size) = params.int("size")? {
        set_size(wanted, size)?;
    }
    if params.flag("explain")? {
        return Err(Failure::illegal_argument("[explain] is not supported"));
    }
    if let Some(version) = params.flag_if_given("version")? {
        wanted.version = Some(version);
    }
    if let Some(seq_no) = params.flag_if_given("seq_no_primary_term")? {
        wanted.seq_no_primary_term = Some(seq_no);
    }
    if let Some(timeout) = params.time("timeout")? {
        wanted.timeout = Some(timeout);
    }
    if let Some(documents) = params.int("terminate_after")? {
        wanted.set_terminate_after(documents)?;
    }
    for field in params.list("docvalue_fields") {
        wanted.docvalue_fields.push(FieldAndFormat {
            field,
            format: None,
        });
    }
    if let Some(filter) = source(params)? {
        wanted.source = Some(filter);
    }
    if params.flag("track_scores")? {
        wanted.track_scores = true;
    }
    if let Some(text) = params.text("track_total_hits") {
        match parse_flag(text) {
            Ok(exactly) => {
                wanted.set_track_total_hits(if exactly == Some(false) { -1 } else { i32::MAX })?
            }
            Err(_) => {
                if let Some(limit) = params.int("track_total_hits")? {
                    wanted.set_track_total_hits(limit)?;
                }
            }
        }
    }
    for key in params.list("sort") {
        wanted.sort.push(SortKey::parse_parameter(&key)?);
    }
    Ok(())
}
