//! `indices:admin/settings/update`: changes settings of indices.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
    metadata::{self, SettingsChange},
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{Acknowledged, Target};

/// `PUT [/{index}]/_settings`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateSettingsRequest {
    /// Which indices.
    pub target: Target,
    /// The change, with the prefix `index.`: [`crate::metadata::parse_settings`] of the body (or of its `settings`).
    pub settings: SettingsChange,
    /// Settings that are set already stay as they are.
    pub preserve_existing: bool,
}

/// Changes settings.
#[derive(Debug)]
pub struct UpdateSettings;

impl Action for UpdateSettings {
    const SPEC: &'static Spec = &table::UPDATE_SETTINGS;
    type Request = UpdateSettingsRequest;
    type Response = Acknowledged;

    fn validate(request: &UpdateSettingsRequest) -> Result<(), Failure> {
        if request.settings.is_empty() {
            Err(Failure::validation(["no settings to update"]))
        } else {
            Ok(())
        }
    }

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: UpdateSettingsRequest,
    ) -> Result<Acknowledged, Failure> {
        let indices = node.metadata().resolve(&request.target)?;
        // All of them are tried before any is changed.
        for index in &indices {
            metadata::check_update(index, &request.settings)?;
        }
        for index in &indices {
            let store = node.metadata_store();
            store
                .update_settings(&index.uuid, &request.settings, request.preserve_existing)
                .await?;
        }
        node.follow_metadata().await;
        Ok(Acknowledged::DONE)
    }
}
