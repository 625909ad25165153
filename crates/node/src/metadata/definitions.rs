//! The settings of an index: which there are, what they take, and which may change while it is open.

use glasswork_content::{
    Failure, Kind,
    json::{parse_bool, parse_double},
    text::{parse_size, parse_time},
};

use super::{SettingValue, Settings};

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Takes {
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// A number from the first to the second.
    Real(f64, f64),
    /// A time value; −1 too if flagged.
    Time {
        /// −1 is allowed and means never.
        never: bool,
    },
    /// A size in bytes.
    Size,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `false`, or a range of replicas as `0-1` or `0-all`.
    Expansion,
    /// Any text or list.
    Any,
}

/// When a setting may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// At any time.
    Dynamic,
    /// While the index is closed.
    Closed,
    /// Never.
    Final,
    /// Set by the node, not by requests.
    Private,
}

/// A setting.
#[derive(Debug)]
pub struct Definition {
    /// Its name; one that ends in a dot stands for all below it.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// When it may change.
    pub changes: Changes,
    /// Its default as it is shown; empty when there is none.
    pub default: &'static str,
}

const fn row(
    name: &'static str,
    takes: Takes,
    changes: Changes,
    default: &'static str,
) -> Definition {
    Definition {
        name,
        takes,
        changes,
        default,
    }
}

const MAX: i64 = i32::MAX as i64;
const TIME: Takes = Takes::Time { never: false };
const TIME_OR_NEVER: Takes = Takes::Time { never: true };

use Changes::{Closed, Dynamic, Final, Private};
use Takes::{Any, Expansion, Flag, Real, Size, Whole, Word};

/// Every setting of an index that this node knows.
pub const INDEX_SETTINGS: &[Definition] = &[
    row("index.analysis.", Any, Closed, ""),
    row(
        "index.analyze.max_token_count",
        Whole(1, MAX),
        Dynamic,
        "10000",
    ),
    row("index.auto_expand_replicas", Expansion, Dynamic, "false"),
    row("index.blocks.metadata", Flag, Dynamic, "false"),
    row("index.blocks.read", Flag, Dynamic, "false"),
    row("index.blocks.read_only", Flag, Dynamic, "false"),
    row(
        "index.blocks.read_only_allow_delete",
        Flag,
        Dynamic,
        "false",
    ),
    row("index.blocks.write", Flag, Dynamic, "false"),
    row(
        "index.codec",
        Word(&["default", "lz4", "best_compression", "zlib"]),
        Closed,
        "default",
    ),
    row("index.creation_date", Whole(0, i64::MAX), Private, ""),
    row("index.default_pipeline", Word(&["_none"]), Dynamic, "_none"),
    row("index.final_pipeline", Word(&["_none"]), Dynamic, "_none"),
    row("index.gc_deletes", TIME, Dynamic, "60s"),
    row("index.hidden", Flag, Dynamic, "false"),
    row(
        "index.highlight.max_analyzed_offset",
        Whole(1, MAX),
        Dynamic,
        "1000000",
    ),
    row("index.mapping.coerce", Flag, Closed, "false"),
    row("index.mapping.depth.limit", Whole(1, MAX), Dynamic, "20"),
    row(
        "index.mapping.field_name_length.limit",
        Whole(1, i64::MAX),
        Dynamic,
        "9223372036854775807",
    ),
    row("index.mapping.ignore_malformed", Flag, Closed, "false"),
    row(
        "index.mapping.nested_fields.limit",
        Whole(0, MAX),
        Dynamic,
        "50",
    ),
    row(
        "index.mapping.nested_objects.limit",
        Whole(0, MAX),
        Dynamic,
        "10000",
    ),
    row(
        "index.mapping.total_fields.limit",
        Whole(0, MAX),
        Dynamic,
        "1000",
    ),
    row(
        "index.max_docvalue_fields_search",
        Whole(0, MAX),
        Dynamic,
        "100",
    ),
    row(
        "index.max_inner_result_window",
        Whole(1, MAX),
        Dynamic,
        "100",
    ),
    row("index.max_ngram_diff", Whole(0, MAX), Dynamic, "1"),
    row(
        "index.max_refresh_listeners",
        Whole(0, MAX),
        Dynamic,
        "1000",
    ),
    row("index.max_regex_length", Whole(1, MAX), Dynamic, "1000"),
    row("index.max_rescore_window", Whole(1, MAX), Dynamic, "10000"),
    row("index.max_result_window", Whole(1, MAX), Dynamic, "10000"),
    row("index.max_script_fields", Whole(0, MAX), Dynamic, "32"),
    row("index.max_shingle_diff", Whole(0, MAX), Dynamic, "3"),
    row("index.max_slices_per_pit", Whole(1, MAX), Dynamic, "1024"),
    row(
        "index.max_slices_per_scroll",
        Whole(1, MAX),
        Dynamic,
        "1024",
    ),
    row("index.max_terms_count", Whole(1, MAX), Dynamic, "65536"),
    row("index.number_of_replicas", Whole(0, MAX), Dynamic, "1"),
    row("index.number_of_routing_shards", Whole(1, MAX), Final, ""),
    row("index.number_of_shards", Whole(1, 1024), Final, "1"),
    row("index.priority", Whole(0, MAX), Dynamic, "1"),
    row("index.provided_name", Any, Private, ""),
    row(
        "index.query.bool.max_clause_count",
        Whole(1, MAX),
        Dynamic,
        "1024",
    ),
    row("index.query.default_field", Any, Dynamic, "*"),
    row("index.query.max_nested_depth", Whole(1, MAX), Dynamic, "20"),
    row("index.query_string.lenient", Flag, Closed, "false"),
    row("index.refresh_interval", TIME_OR_NEVER, Dynamic, "1s"),
    row(
        "index.replication.type",
        Word(&["DOCUMENT"]),
        Final,
        "DOCUMENT",
    ),
    row("index.requests.cache.enable", Flag, Dynamic, "true"),
    row("index.routing_partition_size", Whole(1, MAX), Final, "1"),
    row("index.search.idle.after", TIME, Dynamic, "30s"),
    row(
        "index.shard.check_on_startup",
        Word(&["false", "true", "checksum"]),
        Closed,
        "false",
    ),
    row("index.soft_deletes.enabled", Word(&["true"]), Final, "true"),
    row(
        "index.soft_deletes.retention_lease.period",
        TIME,
        Dynamic,
        "12h",
    ),
    row(
        "index.translog.durability",
        Word(&["request", "REQUEST"]),
        Dynamic,
        "REQUEST",
    ),
    row(
        "index.translog.flush_threshold_size",
        Size,
        Dynamic,
        "512mb",
    ),
    row("index.translog.sync_interval", TIME, Dynamic, "5s"),
    row(
        "index.unassigned.node_left.delayed_timeout",
        TIME,
        Dynamic,
        "1m",
    ),
    row("index.uuid", Any, Private, ""),
    row("index.version.created", Any, Private, ""),
    row("index.warmer.enabled", Flag, Dynamic, "true"),
    row("index.write.wait_for_active_shards", Any, Dynamic, "1"),
    row(
        "index.merge.policy.expunge_deletes_allowed",
        Real(0.0, 100.0),
        Dynamic,
        "10.0",
    ),
];

/// The definition of a setting.
#[must_use]
pub(super) fn definition(name: &str) -> Option<&'static Definition> {
    INDEX_SETTINGS.iter().find(|definition| {
        definition.name == name
            || (definition.name.ends_with('.') && name.starts_with(definition.name))
    })
}

/// 400 `settings_exception` of a setting that is none.
#[must_use]
pub(super) fn unknown(name: &str) -> Failure {
    Failure::new(
        Kind::Settings,
        format!(
            "unknown setting [{name}] please check that any required plugins are installed, or check the breaking changes documentation for removed settings"
        ),
    )
}

/// Checks the value of a setting that a request sets.
///
/// # Errors
/// 400 `settings_exception` for an unknown one, `illegal_argument_exception` for a value that it doesn't take.
pub(super) fn check(name: &str, value: &SettingValue) -> Result<&'static Definition, Failure> {
    let definition = definition(name).ok_or_else(|| unknown(name))?;
    if definition.changes == Private {
        let why = format!("private index setting [{name}] can not be set explicitly");
        return Err(Failure::illegal_argument(why));
    }
    match value {
        SettingValue::Text(text) => definition.takes.check(name, text)?,
        SettingValue::List(_) if definition.takes == Any => {}
        SettingValue::List(_) => {
            return Err(Failure::illegal_argument(format!(
                "Found list type value for setting [{name}] but a single value is expected"
            )));
        }
    }
    Ok(definition)
}

impl Takes {
    pub(crate) fn check(self, name: &str, text: &str) -> Result<(), Failure> {
        let parse_failed = |why: &str| {
            Failure::illegal_argument(format!(
                "Failed to parse value [{text}] for setting [{name}]{why}"
            ))
        };
        match self {
            Any => {}
            Flag => {
                parse_bool(text)?;
            }
            Whole(least, most) => {
                let number: i64 = text
                    .trim()
                    .parse()
                    .map_err(|_| parse_failed("").caused_by(Failure::number_format(text)))?;
                if number < least {
                    return Err(parse_failed(&format!(" must be >= {least}")));
                }
                if number > most {
                    return Err(parse_failed(&format!(" must be <= {most}")));
                }
            }
            Real(least, most) => {
                let number =
                    parse_double(text).map_err(|cause| parse_failed("").caused_by(cause))?;
                if !(least..=most).contains(&number) {
                    return Err(parse_failed(&format!(" must be >= {least} and <= {most}")));
                }
            }
            Takes::Time { never } => {
                let time = parse_time(text, name)?;
                if time.duration().is_none() && !never {
                    let why = format!(
                        "failed to parse value [{text}] for setting [{name}], must be >= [0ms]"
                    );
                    return Err(Failure::illegal_argument(why));
                }
            }
            Size => drop(parse_size(text, name)?),
            Word(words) => {
                if !words.contains(&text) {
                    let why = format!(
                        "unknown value for [{name}] must be one of [{}] but was: {text}",
                        words.join(", ")
                    );
                    return Err(Failure::illegal_argument(why));
                }
            }
            Expansion => {
                let is_range = text.split_once('-').is_some_and(|(least, most)| {
                    least.parse::<u32>().is_ok() && (most == "all" || most.parse::<u32>().is_ok())
                });
                if text != "false" && !is_range {
                    let why = format!("failed to parse [{name}] from value: [{text}] at index -1");
                    return Err(Failure::illegal_argument(why));
                }
            }
        }
        Ok(())
    }
}

/// The defaults of settings that are not set.
#[must_use]
pub fn defaults_of(settings: &Settings) -> Settings {
    let shown = |definition: &&Definition| {
        !definition.default.is_empty() && settings.get(definition.name).is_none()
    };
    let mut defaults = Settings::new();
    for definition in INDEX_SETTINGS.iter().filter(shown) {
        defaults.set(definition.name, definition.default);
    }
    defaults
}
