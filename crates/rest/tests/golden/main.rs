//! Answers recorded from the reference, asked again of a node: same status, same headers that matter, same body up to
//! numbers and times.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

mod compare;
mod recording;
mod server;

use std::path::PathBuf;

use recording::Recording;
use server::Reference;

/// The folder with recorded answers beside the checkout; says so when it is missing.
fn recordings() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("GLASSWORK_SHARED")
        .map_or(beside, PathBuf::from)
        .join("golden");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped, there is no folder ../shared/golden");
    None
}

async fn replay(names: &[&str]) {
    let Some(folder) = recordings() else { return };
    let reference = Reference::start().await;
    let mut differences = Vec::new();
    for name in names {
        let recording = Recording::read(&folder.join(format!("{name}.http")));
        let answer = reference.ask(&recording.request, recording.is_head()).await;
        if let Err(difference) = compare::answers(&recording.answer, &answer) {
            differences.push(format!("{name}: {difference}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[tokio::test]
async fn http_is_spoken_as_recorded() {
    replay(&[
        "http-1-0",
        "http-content-too-long",
        "http-double-slash",
        "http-lower-method",
        "http-unknown-method",
        "root",
        "root-head",
        "error-unknown-parameter",
        "error-unknown-parameters",
    ])
    .await;
}

#[tokio::test]
async fn lists_of_tasks_are_as_recorded() {
    replay(&[
        "tasks-list",
        "tasks-list-accept-yaml",
        "tasks-list-actions-none-match",
        "tasks-list-actions-two",
        "tasks-list-actions-wildcard",
        "tasks-list-bool-invalid",
        "tasks-list-delete",
        "tasks-list-detailed",
        "tasks-list-detailed-true",
        "tasks-list-error-trace",
        "tasks-list-filter-path",
        "tasks-list-group-invalid",
        "tasks-list-group-nodes",
        "tasks-list-group-none",
        "tasks-list-group-parents",
        "tasks-list-head",
        "tasks-list-human",
        "tasks-list-nodes-id",
        "tasks-list-nodes-local",
        "tasks-list-nodes-name",
        "tasks-list-nodes-old-name",
        "tasks-list-nodes-unknown",
        "tasks-list-opaque-id",
        "tasks-list-options",
        "tasks-list-parent",
        "tasks-list-parent-malformed",
        "tasks-list-post",
        "tasks-list-pretty",
        "tasks-list-put",
        "tasks-list-timeout-invalid",
        "tasks-list-timeout-no-unit",
        "tasks-list-traceparent",
        "tasks-list-unknown-parameter",
        "tasks-list-unknown-parameter-near",
        "tasks-list-wait",
        "tasks-list-yaml",
    ])
    .await;
}

#[tokio::test]
async fn single_tasks_are_as_recorded() {
    replay(&[
        "task-get-empty-number",
        "task-get-malformed",
        "task-get-malformed-number",
        "task-get-minus-one",
        "task-get-negative",
        "task-get-unknown",
        "task-get-unknown-node",
        "task-get-unknown-node-wait",
        "task-get-unknown-parameter",
        "task-get-wrong-method",
    ])
    .await;
}

#[tokio::test]
async fn cancels_are_as_recorded() {
    replay(&[
        "cancel-actions-none-match",
        "cancel-all-nothing",
        "cancel-finished",
        "cancel-get",
        "cancel-get-one",
        "cancel-group-none",
        "cancel-group-parents",
        "cancel-malformed",
        "cancel-nodes-unknown",
        "cancel-parent-none",
        "cancel-unknown",
        "cancel-unknown-node",
        "cancel-unknown-parameter",
    ])
    .await;
}

#[tokio::test]
async fn tables_of_tasks_are_as_recorded() {
    replay(&[
        "cat-tasks",
        "cat-tasks-accept-json",
        "cat-tasks-actions",
        "cat-tasks-detailed",
        "cat-tasks-h",
        "cat-tasks-h-all",
        "cat-tasks-h-short",
        "cat-tasks-h-unknown",
        "cat-tasks-help",
        "cat-tasks-json",
        "cat-tasks-json-detailed",
        "cat-tasks-nodes",
        "cat-tasks-s",
        "cat-tasks-s-unknown",
        "cat-tasks-time",
        "cat-tasks-unknown-parameter",
        "cat-tasks-v",
        "cat-tasks-yaml",
    ])
    .await;
}

#[tokio::test]
async fn the_cluster_is_told_as_recorded() {
    replay(&[
        "cluster-pending-tasks",
        "cluster-settings",
        "cluster-settings-put",
        "cluster-settings-put-null",
        "cluster-settings-put-unknown",
        "cluster-state-nodes",
        "nodes-local-http",
        "nodes-unknown",
    ])
    .await;
}

#[tokio::test]
async fn the_health_of_an_index_is_as_recorded() {
    replay(&[
        "index-create",
        "cluster-health-index",
        "cluster-health-indices",
    ])
    .await;
}

#[tokio::test]
async fn texts_are_analysed_as_recorded() {
    replay(&[
        "index-create",
        "analyze",
        "analyze-english",
        "analyze-field",
        "analyze-unknown",
    ])
    .await;
}

#[tokio::test]
async fn tables_of_the_cluster_are_as_recorded() {
    replay(&[
        "index-create",
        "cat-count",
        "cat-indices-bytes",
        "cat-indices-missing",
        "cat-nodes",
    ])
    .await;
}
