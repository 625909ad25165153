//! The settings of the cluster: which there are, what they take, their defaults, and which may change while it runs.
//!
//! A value is looked for in this order: transient, persistent, the node's own configuration, the default of the table.

use glasswork_content::failure::{Failure, Kind};

use crate::metadata::{SettingValue, Takes};

/// A setting of the cluster or of a node.
#[derive(Debug)]
pub struct ClusterSetting {
    /// Its name; one that ends in a dot stands for all below it.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether requests may change it; otherwise only the configuration of a node sets it.
    pub dynamic: bool,
    /// Its default as it is shown; empty when there is none.
    pub default: &'static str,
}

const fn dynamic(name: &'static str, takes: Takes, default: &'static str) -> ClusterSetting {
    ClusterSetting {
        name,
        takes,
        dynamic: true,
        default,
    }
}

const fn fixed(name: &'static str, takes: Takes, default: &'static str) -> ClusterSetting {
    ClusterSetting {
        name,
        takes,
        dynamic: false,
        default,
    }
}

use Takes::{Any, Flag, Real, Size, Whole, Word};

const TIME: Takes = Takes::Time { never: false };
const TIME_OR_NEVER: Takes = Takes::Time { never: true };
const MAX: i64 = i32::MAX as i64;

/// Every setting of the cluster that this node knows, by name.
#[rustfmt::skip] // One line a setting.
pub const CLUSTER_SETTINGS: &[ClusterSetting] = &[
    dynamic("action.auto_create_index", Any, "true"),
    dynamic("action.destructive_requires_name", Flag, "false"),
    // Shards stay where they are placed, so that these have nothing to act on yet; clients set them before restarts.
    dynamic("cluster.routing.allocation.cluster_concurrent_rebalance", Whole(-1, MAX), "2"),
    dynamic("cluster.routing.allocation.disk.threshold_enabled", Flag, "true"),
    dynamic("cluster.routing.allocation.enable", Word(&["none", "primaries", "new_primaries", "all"]), "all"),
    dynamic("cluster.routing.allocation.node_concurrent_recoveries", Whole(0, MAX), "2"),
    dynamic("cluster.routing.rebalance.enable", Word(&["none", "primaries", "replicas", "all"]), "all"),
    dynamic("cluster.max_shards_per_node", Whole(1, MAX), "1000"),
    dynamic("cluster.task.consumers.top_n.frequency", TIME, "60s"),
    dynamic("cluster.task.consumers.top_n.size", Whole(1, 100), "10"),
    fixed("cluster.name", Any, "glasswork"),
    fixed("http.cors.enabled", Flag, "false"),
    fixed("http.max_content_length", Size, "100mb"),
    fixed("http.max_header_size", Size, "16kb"),
    fixed("http.max_initial_line_length", Size, "4kb"),
    fixed("http.compression", Flag, "true"),
    dynamic("indices.breaker.request.limit", Any, "60%"),
    dynamic("indices.breaker.total.limit", Any, "95%"),
    fixed("indices.query.bool.max_clause_count", Whole(1, MAX), "1024"),
    fixed("node.attr.", Any, ""),
    fixed("node.name", Any, ""),
    fixed("node.roles", Any, ""),
    fixed("path.data", Any, ""),
    dynamic("point_in_time.max_keep_alive", TIME, "24h"),
    // Queries are not told apart by what they cost: each can be cancelled, and is bounded in memory and time.
    dynamic("search.allow_expensive_queries", Word(&["true"]), "true"),
    dynamic("search.cancel_after_time_interval", TIME_OR_NEVER, "-1"),
    dynamic("search.default_allow_partial_results", Flag, "true"),
    dynamic("search.default_keep_alive", TIME, "5m"),
    dynamic("search.default_search_timeout", TIME_OR_NEVER, "-1"),
    dynamic("search.max_buckets", Whole(0, MAX), "65535"),
    dynamic("search.max_keep_alive", TIME, "1d"),
    dynamic("search.max_open_pit_context", Whole(0, MAX), "300"),
    dynamic("search.max_open_scroll_context", Whole(0, MAX), "500"),
    dynamic("search.phase_took_enabled", Flag, "false"),
    dynamic("search_backpressure.mode", Word(&["disabled", "monitor_only"]), "monitor_only"),
    fixed("search_backpressure.interval_millis", Whole(1, i64::MAX), "1000"),
    dynamic("search_backpressure.node_duress.cpu_threshold", Real(0.0, 1.0), "0.9"),
    dynamic("search_backpressure.node_duress.heap_threshold", Real(0.0, 1.0), "0.7"),
    dynamic("search_backpressure.node_duress.num_successive_breaches", Whole(1, MAX), "3"),
    dynamic("search_backpressure.search_shard_task.cancellation_burst", Real(1.0, f64::MAX), "10.0"),
    dynamic("search_backpressure.search_shard_task.cancellation_rate", Real(0.0, f64::MAX), "0.003"),
    dynamic("search_backpressure.search_shard_task.cancellation_ratio", Real(0.0, 1.0), "0.1"),
    dynamic("search_backpressure.search_shard_task.cpu_time_millis_threshold", Whole(0, i64::MAX), "15000"),
    dynamic("search_backpressure.search_shard_task.elapsed_time_millis_threshold", Whole(0, i64::MAX), "30000"),
    dynamic("search_backpressure.search_shard_task.heap_moving_average_window_size", Whole(0, MAX), "100"),
    dynamic("search_backpressure.search_shard_task.heap_percent_threshold", Real(0.0, 1.0), "0.005"),
    dynamic("search_backpressure.search_shard_task.heap_variance", Real(0.0, f64::MAX), "2.0"),
    dynamic("search_backpressure.search_shard_task.total_heap_percent_threshold", Real(0.0, 1.0), "0.05"),
    dynamic("search_backpressure.search_task.cancellation_burst", Real(1.0, f64::MAX), "5.0"),
    dynamic("search_backpressure.search_task.cancellation_rate", Real(0.0, f64::MAX), "0.003"),
    dynamic("search_backpressure.search_task.cancellation_ratio", Real(0.0, 1.0), "0.1"),
    dynamic("search_backpressure.search_task.cpu_time_millis_threshold", Whole(0, i64::MAX), "30000"),
    dynamic("search_backpressure.search_task.elapsed_time_millis_threshold", Whole(0, i64::MAX), "45000"),
    dynamic("search_backpressure.search_task.heap_moving_average_window_size", Whole(0, MAX), "10"),
    dynamic("search_backpressure.search_task.heap_percent_threshold", Real(0.0, 1.0), "0.02"),
    dynamic("search_backpressure.search_task.heap_variance", Real(0.0, f64::MAX), "2.0"),
    dynamic("search_backpressure.search_task.total_heap_percent_threshold", Real(0.0, 1.0), "0.05"),
    dynamic("tasks.results.max_count", Whole(1, MAX), "100000"),
    dynamic("tasks.results.retention", TIME_OR_NEVER, "7d"),
    dynamic("task_cancellation.duration_millis", Whole(0, i64::MAX), "10000"),
    dynamic("task_cancellation.enabled", Flag, "true"),
    fixed("task_cancellation.interval_millis", Whole(1, i64::MAX), "5000"),
    dynamic("task_resource_consumers.enabled", Flag, "false"),
    dynamic("task_resource_tracking.enabled", Flag, "true"),
    dynamic("tasks.history.max_bytes", Size, "64mb"),
    dynamic("tasks.history.retention", TIME, "1h"),
];

/// The setting of that name.
#[must_use]
pub fn setting(name: &str) -> Option<&'static ClusterSetting> {
    CLUSTER_SETTINGS.iter().find(|setting| {
        setting.name == name || (setting.name.ends_with('.') && name.starts_with(setting.name))
    })
}

/// Checks a change by a request; `scope` is `persistent` or `transient`.
///
/// # Errors
/// 400 `settings_exception` for an unknown setting or one that can't change, `illegal_argument_exception` for a value that
/// it doesn't take.
pub fn check(scope: &str, name: &str, value: Option<&SettingValue>) -> Result<(), Failure> {
    let refuse = |why: &str| {
        let reason = format!("{scope} setting [{name}], {why}");
        Err(Failure::new(Kind::Settings, reason))
    };
    let Some(setting) = setting(name) else {
        return refuse("not recognized");
    };
    if !setting.dynamic {
        return refuse("not dynamically updateable");
    }
    match value {
        None => Ok(()),
        Some(SettingValue::Text(text)) => setting.takes.check(name, text),
        Some(SettingValue::List(_)) if setting.takes == Any => Ok(()),
        Some(SettingValue::List(_)) => Err(Failure::illegal_argument(format!(
            "Found list type value for setting [{name}] but a single value is expected"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(name: &str, text: &str) -> String {
        let value = SettingValue::Text(text.to_owned());
        check("persistent", name, Some(&value)).map_or_else(
            |failure| failure.reason().to_owned(),
            |()| "taken".to_owned(),
        )
    }

    #[test]
    fn every_default_is_a_value_that_the_setting_takes() {
        for setting in CLUSTER_SETTINGS
            .iter()
            .filter(|setting| !setting.default.is_empty())
        {
            assert!(
                setting.takes.check(setting.name, setting.default).is_ok(),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn what_is_not_known_or_can_not_change_is_refused() {
        assert_eq!(
            reason("no.such", "1"),
            "persistent setting [no.such], not recognized"
        );
        assert_eq!(
            reason("cluster.name", "x"),
            "persistent setting [cluster.name], not dynamically updateable"
        );
        assert_eq!(reason("search.default_search_timeout", "30s"), "taken");
        assert_eq!(
            reason("search.max_buckets", "-1"),
            "Failed to parse value [-1] for setting [search.max_buckets] must be >= 0"
        );
    }
}
