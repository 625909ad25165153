//! `indices:monitor/settings/get`: shows settings of indices.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::{Index, Settings, defaults_of},
};
use glasswork_content::Failure;
use glasswork_search::mapping::wildcard;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Target;

/// `GET [/{index}]/_settings[/{name}]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSettingsRequest {
    /// Which indices.
    pub target: Target,
    /// Only these settings, with wildcards; all when empty.
    pub names: Vec<String>,
    /// With the defaults of settings that are not set.
    pub include_defaults: bool,
}

/// Settings by index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSettingsResponse {
    /// Name, settings, and defaults if they were asked for.
    pub indices: Vec<(String, Settings, Option<Settings>)>,
}

/// Shows settings.
#[derive(Debug)]
pub struct GetSettings;

impl Action for GetSettings {
    const SPEC: &'static Spec = &table::GET_SETTINGS;
    type Request = GetSettingsRequest;
    type Response = GetSettingsResponse;

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: GetSettingsRequest,
    ) -> Result<GetSettingsResponse, Failure> {
        let wanted = |name: &str| {
            request.names.is_empty()
                || request
                    .names
                    .iter()
                    .any(|pattern| pattern == "_all" || wildcard(pattern, name))
        };
        let indices = node.metadata().resolve(&request.target)?;
        let show = |index: &Arc<Index>| {
            let mut settings = Settings::clone(&index.settings);
            let mut defaults = request.include_defaults.then(|| defaults_of(&settings));
            settings.retain(wanted);
            if let Some(defaults) = &mut defaults {
                defaults.retain(wanted);
            }
            (index.name.to_string(), settings, defaults)
        };
        Ok(GetSettingsResponse {
            indices: indices.iter().map(show).collect(),
        })
    }
}
