//! Indices: making, showing, changing and deleting them; refresh, flush and merge.
//!
//! Here is what their endpoints share: reading an index expression, and the time for the cluster manager.

pub(crate) mod analyze;
pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod flush;
pub(crate) mod force_merge;
pub(crate) mod get;
pub(crate) mod mapping;
pub(crate) mod open;
pub(crate) mod put_mapping;
pub(crate) mod put_settings;
pub(crate) mod refresh;
pub(crate) mod settings;

use glasswork_content::{failure::Failure, render::Render, text::iso_millis};
use glasswork_node::{
    actions::documents::ActiveShards,
    metadata::{Expand, ExpressionOptions, IndexExpression, Settings},
};

use crate::{
    headers::COMPATIBLE_VERSION,
    params::Params,
    reply::Reply,
    routes::{Param, flag, flag_or, list, text, time},
};

/// How an index expression is to be read.
pub(crate) const EXPRESSION: &[Param] = &[
    flag("ignore_unavailable"),
    flag_or("allow_no_indices", "true"),
    list("expand_wildcards"),
];

/// For rows without the placeholder: indices may be named in the query, as the reference allows.
pub(crate) const INDEX: &[Param] = &[list("index")];

/// How long to wait for the cluster manager and for every node to know.
pub(crate) const MANAGER: &[Param] = &[
    time("cluster_manager_timeout", "30s"),
    time("master_timeout", ""),
    time("timeout", "30s"),
];

/// How many copies of each shard are to be there.
pub(crate) const ACTIVE: &[Param] = &[text("wait_for_active_shards", "1")];

/// The indices of the path, read as [`EXPRESSION`] says and as the operation does by default.
///
/// # Errors
/// 400 for malformed options.
pub(crate) fn target(
    params: &mut Params,
    options: ExpressionOptions,
) -> Result<IndexExpression, Failure> {
    let options = reading(params, options)?;
    Ok(IndexExpression::parse(params.path("index"), options))
}

/// How indices are to be read: as [`EXPRESSION`] says and as the operation does by default.
///
/// # Errors
/// 400 for malformed options.
pub(crate) fn reading(
    params: &mut Params,
    mut options: ExpressionOptions,
) -> Result<ExpressionOptions, Failure> {
    options.ignore_unavailable =
        params.flag_or("ignore_unavailable", options.ignore_unavailable)?;
    options.allow_no_indices = params.flag_or("allow_no_indices", options.allow_no_indices)?;
    if let Some(expand) = params.text("expand_wildcards") {
        options.expand = Expand::parse(expand)?;
    }
    Ok(options)
}

/// The parameters of [`MANAGER`]. Changes are made at once or refused, so that none of the times is ever up; they are
/// checked nevertheless.
///
/// # Errors
/// 400 for malformed times, and for the old and the new name together.
pub(crate) fn manager_times(params: &mut Params) -> Result<Deprecated, Failure> {
    let old = params.has("master_timeout");
    if old && params.has("cluster_manager_timeout") {
        return Err(Failure::parse(
            "Please only use one of the request parameters [master_timeout, cluster_manager_timeout].",
        ));
    }
    for name in ["cluster_manager_timeout", "master_timeout", "timeout"] {
        params.time(name)?;
    }
    Ok(Deprecated(old))
}

/// Whether the old name of a parameter was used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deprecated(bool);

impl Deprecated {
    /// The answer with the warning that is due.
    pub(crate) fn warn(self, reply: Reply) -> Reply {
        if !self.0 {
            return reply;
        }
        reply.warning(
            "Parameter [master_timeout] is deprecated and will be removed in 3.0. To support inclusive language, please \
             use [cluster_manager_timeout] instead.",
        )
    }
}

/// `wait_for_active_shards`.
///
/// # Errors
/// 400 when it is neither a number nor `all`.
pub(crate) fn active_shards(params: &mut Params) -> Result<ActiveShards, Failure> {
    params
        .text("wait_for_active_shards")
        .map_or(Ok(ActiveShards::Default), ActiveShards::parse)
}

/// Writes settings: flat or nested, for people with the date and the version as texts.
pub(crate) fn render_settings(settings: &Settings, flat: bool, out: &mut Render) {
    let told;
    let settings = if out.human() {
        told = with_texts(settings);
        &told
    } else {
        settings
    };
    if flat {
        settings.render_flat(out);
    } else {
        settings.render(out);
    }
}

fn with_texts(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    let created = settings
        .text("index.creation_date")
        .and_then(|millis| millis.parse().ok());
    if let Some(millis) = created {
        settings.set("index.creation_date_string", iso_millis(millis));
    }
    if settings.text("index.version.created").is_some() {
        settings.set("index.version.created_string", COMPATIBLE_VERSION);
    }
    settings
}
