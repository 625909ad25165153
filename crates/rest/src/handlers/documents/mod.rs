//! Documents: writing, reading, changing them, one or many at a time.
//!
//! Here is what their endpoints share: the parameters of writes and of sources.

pub(crate) mod bulk;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod index;
pub(crate) mod mget;
pub(crate) mod source;
pub(crate) mod update;

use glasswork_content::{failure::Failure, text::TimeValue};
use glasswork_node::actions::documents::{
    ActiveShards, DocumentResponse, GetRequest, Refresh, SourceFilter, VersionType, WriteItem,
    WriteOptions,
};
use http::header;

use crate::{
    form::Form,
    params::Params,
    reply::Reply,
    routes::{Param, flag, flag_or, int, list, text, time},
};

/// What every write takes.
pub(super) const WRITE: &[Param] = &[
    text("refresh", "false"),
    text("routing", ""),
    time("timeout", "1m"),
    text("wait_for_active_shards", "1"),
];

/// What a write compares the present document with.
pub(super) const CONDITION: &[Param] = &[
    int("if_seq_no", ""),
    int("if_primary_term", ""),
    int("version", ""),
    text("version_type", "internal"),
];

/// What of a source to answer with.
pub(crate) const SOURCE: &[Param] = &[
    text("_source", ""),
    list("_source_includes"),
    list("_source_excludes"),
];

/// How a document is looked up.
pub(super) const READ: &[Param] = &[
    flag_or("realtime", "true"),
    flag("refresh"),
    text("routing", ""),
    text("preference", ""),
    list("stored_fields"),
    int("version", ""),
    text("version_type", "internal"),
];

/// Reads [`WRITE`]: the routing, and what all items of a request share.
///
/// # Errors
/// 400 for malformed values.
pub(super) fn write_options(
    params: &mut Params,
) -> Result<(Option<String>, WriteOptions), Failure> {
    let mut options = WriteOptions::default();
    let routing = params.text("routing").map(str::to_owned);
    if let Some(timeout) = params
        .time("timeout")?
        .as_ref()
        .and_then(TimeValue::duration)
    {
        options.timeout = timeout;
    }
    if let Some(refresh) = params.text("refresh") {
        options.refresh = Refresh::parse(refresh)?;
    }
    if let Some(active) = params.text("wait_for_active_shards") {
        options.wait_for_active_shards = ActiveShards::parse(active)?;
    }
    Ok((routing, options))
}

/// Reads [`CONDITION`] into a write.
///
/// # Errors
/// 400 for malformed values.
pub(super) fn condition(params: &mut Params, item: &mut WriteItem) -> Result<(), Failure> {
    item.version = params.long("version")?;
    if let Some(kind) = params.text("version_type") {
        item.version_type = VersionType::parse(kind)?;
    }
    item.if_seq_no = natural(
        params.long("if_seq_no")?,
        "sequence numbers must be non negative. got",
    )?;
    item.if_primary_term = natural(
        params.long("if_primary_term")?,
        "primary term must be non negative. got",
    )?;
    Ok(())
}

fn natural(number: Option<i64>, complaint: &str) -> Result<Option<u64>, Failure> {
    number
        .map(|number| {
            u64::try_from(number)
                .map_err(|_| Failure::illegal_argument(format!("{complaint} [{number}].")))
        })
        .transpose()
}

/// Reads [`SOURCE`]; `None` when none is given.
pub(super) fn source_filter(params: &mut Params) -> Option<SourceFilter> {
    let source = params.text("_source").map(str::to_owned);
    let includes = params.list("_source_includes");
    let excludes = params.list("_source_excludes");
    SourceFilter::of_parameters(source.as_deref(), &includes, &excludes)
}

/// Reads the path, [`READ`] and [`SOURCE`].
///
/// # Errors
/// 400 for malformed values.
pub(super) fn get_request(params: &mut Params) -> Result<GetRequest, Failure> {
    let index = params.path("index").to_owned();
    let mut get = GetRequest::new(index, params.path("id"));
    get.refresh = params.flag("refresh")?;
    get.routing = params.text("routing").map(str::to_owned);
    // There is one copy of a shard to prefer.
    params.text("preference");
    get.realtime = params.flag_or("realtime", true)?;
    get.version = params.long("version")?;
    if let Some(kind) = params.text("version_type") {
        get.version_type = VersionType::parse(kind)?;
    }
    let source = source_filter(params);
    get.store(params.list("stored_fields"), source);
    Ok(get)
}

/// Refuses `pipeline`: there are none.
///
/// # Errors
/// 400 when one is named.
pub(super) fn no_pipeline(params: &mut Params) -> Result<(), Failure> {
    match params.text("pipeline") {
        None | Some("_none") => Ok(()),
        Some(name) => Err(Failure::illegal_argument(format!(
            "pipeline with id [{name}] does not exist"
        ))),
    }
}

/// The answer to a write of one document; one that made a document says where it is.
pub(super) fn written(form: &Form, answer: &DocumentResponse) -> Result<Reply, Failure> {
    let status = answer.outcome.status();
    let reply = form.try_reply(status, |out| {
        out.object();
        answer.render_fields(out)?;
        out.end_object();
        Ok(())
    })?;
    if status != 201 {
        return Ok(reply);
    }
    let mut location = String::from("/");
    encode(&answer.index, &mut location);
    location.push_str("/_doc/");
    encode(&answer.id, &mut location);
    if let Some(routing) = &answer.routing {
        location.push_str("?routing=");
        encode(routing, &mut location);
    }
    Ok(reply.header(header::LOCATION, location))
}

/// Percent-encodes a part of a path as Java's `URLEncoder` does, with blanks as `%20`.
fn encode(part: &str, out: &mut String) {
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                out.push(char::from(byte))
            }
            _ => {
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_valid_header_whatever_the_id() {
        let mut location = String::new();
        encode("a b/ü%\n", &mut location);
        assert_eq!(location, "a%20b%2F%C3%BC%25%0A");
    }
}
