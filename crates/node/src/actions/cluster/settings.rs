//! `cluster:admin/settings/update`: changing settings of the cluster while it runs; and how everybody reads them.
//!
//! Persistent and transient settings are kept together, told apart by a prefix of their names. Transient ones are
//! forgotten when the whole cluster starts anew.

use std::{borrow::Cow, sync::Arc, time::Duration};

use glasswork_content::{Node as Tree, failure::Failure, text::parse_time};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use super::setting_table::{self, CLUSTER_SETTINGS};
use crate::{
    Action, Node, Spec,
    actions::table,
    metadata::{Metadata, SettingValue, Settings, SettingsChange, parse_settings},
};

const PERSISTENT: &str = "persistent.";
const TRANSIENT: &str = "transient.";

/// Changes settings.
#[derive(Debug)]
pub struct UpdateClusterSettings;

/// What to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateClusterSettingsRequest {
    /// Settings that outlive a restart of the cluster.
    pub persistent: SettingsChange,
    /// Settings that don't, and win over the others.
    pub transient: SettingsChange,
}

/// What was changed: the settings that the request set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateClusterSettingsResponse {
    /// Those that outlive a restart of the cluster.
    pub persistent: Settings,
    /// Those that don't.
    pub transient: Settings,
}

impl UpdateClusterSettingsRequest {
    /// Reads the body `{"persistent":{…},"transient":{…}}`.
    ///
    /// # Errors
    /// 400 for other keys, and for settings that can't be read.
    pub fn parse(body: &Tree) -> Result<Self, Failure> {
        let mut request = Self::default();
        let object = body.as_object().ok_or_else(|| {
            Failure::content_parse(
                "[cluster_update_settings_request] an object is expected",
                body.at,
            )
        })?;
        for entry in object.entries() {
            match entry.key.as_str() {
                "persistent" => request.persistent = parse_settings(&entry.node, "")?,
                "transient" => request.transient = parse_settings(&entry.node, "")?,
                other => {
                    let reason =
                        format!("[cluster_update_settings_request] unknown field [{other}]");
                    return Err(Failure::content_parse(reason, entry.at));
                }
            }
        }
        Ok(request)
    }
}

impl Action for UpdateClusterSettings {
    const SPEC: &'static Spec = &table::UPDATE_CLUSTER_SETTINGS;
    type Request = UpdateClusterSettingsRequest;
    type Response = UpdateClusterSettingsResponse;

    fn validate(request: &UpdateClusterSettingsRequest) -> Result<(), Failure> {
        if request.persistent.is_empty() && request.transient.is_empty() {
            return Err(Failure::validation(["no settings to update"]));
        }
        Ok(())
    }

    async fn run(
        node: Arc<Node>,
        _: Task,
        request: UpdateClusterSettingsRequest,
    ) -> Result<UpdateClusterSettingsResponse, Failure> {
        for (scope, change) in [
            ("persistent", &request.persistent),
            ("transient", &request.transient),
        ] {
            for (name, value) in change {
                // A pattern takes back whatever fits it.
                if value.is_some() || !name.contains('*') {
                    setting_table::check(scope, name, value.as_ref())?;
                }
            }
        }
        let change = |settings: &Settings| {
            let mut next = settings.clone();
            apply(&mut next, PERSISTENT, &request.persistent);
            apply(&mut next, TRANSIENT, &request.transient);
            Ok((next != *settings).then_some(next))
        };
        node.metadata_store().change_settings(change).await?;
        Ok(UpdateClusterSettingsResponse {
            persistent: set_by(&request.persistent),
            transient: set_by(&request.transient),
        })
    }
}

fn apply(settings: &mut Settings, prefix: &str, change: &SettingsChange) {
    for (name, value) in change {
        if value.is_none() && name.contains('*') {
            let pattern = format!("{prefix}{name}");
            settings.retain(|known| !glasswork_search::mapping::wildcard(&pattern, known));
        } else {
            let one = SettingsChange::from([(format!("{prefix}{name}"), value.clone())]);
            settings.apply(&one);
        }
    }
}

fn set_by(change: &SettingsChange) -> Settings {
    let set = change
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    set.collect()
}

/// The settings of one scope, under their own names.
fn scope(kept: &Settings, prefix: &str) -> Settings {
    let inside = kept
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value.clone())));
    inside.collect()
}

impl Metadata {
    /// The settings of the cluster that outlive its restart.
    #[must_use]
    pub fn persistent_settings(&self) -> Settings {
        scope(self.cluster_settings(), PERSISTENT)
    }

    /// The settings of the cluster that don't outlive its restart.
    #[must_use]
    pub fn transient_settings(&self) -> Settings {
        scope(self.cluster_settings(), TRANSIENT)
    }

    fn set_by_request(&self, name: &str) -> Option<&SettingValue> {
        let kept = self.cluster_settings();
        let found = |prefix: &str| kept.get(&format!("{prefix}{name}"));
        found(TRANSIENT).or_else(|| found(PERSISTENT))
    }
}

impl Node {
    /// The text of a setting of the cluster as it counts now; empty when it has neither a value nor a default. Lists are
    /// joined by commas.
    #[must_use]
    pub fn setting(&self, name: &str) -> Cow<'static, str> {
        debug_assert!(
            setting_table::setting(name).is_some(),
            "[{name}] is no setting of the table"
        );
        match self.metadata().set_by_request(name) {
            Some(SettingValue::Text(text)) => return Cow::Owned(text.clone()),
            Some(SettingValue::List(texts)) => return Cow::Owned(texts.join(",")),
            None => {}
        }
        if let Some(text) = self.config().settings.get(name) {
            return Cow::Owned(text.clone());
        }
        Cow::Borrowed(setting_table::setting(name).map_or("", |setting| setting.default))
    }

    /// A setting that is `true` or `false`.
    #[must_use]
    pub fn flag_setting(&self, name: &str) -> bool {
        self.setting(name) == "true"
    }

    /// A setting that is a whole number. Values are checked when they are set; one of the configuration that is none counts
    /// as 0.
    #[must_use]
    pub fn whole_setting(&self, name: &str) -> i64 {
        self.setting(name).trim().parse().unwrap_or(0)
    }

    /// A setting that is a time; `None` when it is −1.
    #[must_use]
    pub fn time_setting(&self, name: &str) -> Option<Duration> {
        parse_time(&self.setting(name), name).ok()?.duration()
    }

    /// What counts where no request has set anything, by name: the node's configuration and the defaults of the table.
    #[must_use]
    pub fn default_settings(&self) -> Settings {
        let mut defaults = Settings::new();
        let shown = CLUSTER_SETTINGS
            .iter()
            .filter(|setting| !setting.name.ends_with('.'));
        for setting in shown {
            defaults.set(setting.name, setting.default);
        }
        for (name, value) in &self.config().attributes {
            defaults.set(format!("node.attr.{name}"), value);
        }
        // What protects the node is not told.
        let told = |name: &str| !name.contains("password");
        for (name, value) in &self.config().settings {
            if told(name) {
                defaults.set(name, value);
            }
        }
        for (name, value) in &self.config().attributes {
            defaults.set(format!("node.attr.{name}"), value);
        }
        let metadata = self.metadata();
        defaults.retain(|name| metadata.set_by_request(name).is_none());
        defaults
    }

    /// Forgets the transient settings: the cluster starts anew with this node.
    ///
    /// # Errors
    /// The metadata can't be changed.
    pub(crate) async fn forget_transient_settings(&self) -> Result<(), Failure> {
        let forget = |settings: &Settings| {
            let mut next = settings.clone();
            next.retain(|name| !name.starts_with(TRANSIENT));
            Ok((next != *settings).then_some(next))
        };
        self.metadata_store().change_settings(forget).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(settings: &mut Settings, prefix: &str, body: &str) {
        let body =
            glasswork_content::parse(body.as_bytes(), &glasswork_content::Limits::DEFAULT).unwrap();
        apply(settings, prefix, &parse_settings(&body, "").unwrap());
    }

    #[test]
    fn scopes_are_kept_apart_and_patterns_take_back() {
        let mut kept = Settings::new();
        changed(
            &mut kept,
            PERSISTENT,
            r#"{"search":{"max_buckets":5,"max_keep_alive":"1d"}}"#,
        );
        changed(&mut kept, TRANSIENT, r#"{"search.max_buckets":7}"#);
        assert_eq!(
            scope(&kept, PERSISTENT).text("search.max_buckets"),
            Some("5")
        );
        assert_eq!(
            scope(&kept, TRANSIENT).text("search.max_buckets"),
            Some("7")
        );
        changed(&mut kept, PERSISTENT, r#"{"search.*":null}"#);
        assert!(scope(&kept, PERSISTENT).is_empty());
        assert_eq!(
            scope(&kept, TRANSIENT).text("search.max_buckets"),
            Some("7")
        );
    }
}
