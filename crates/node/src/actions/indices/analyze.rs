//! `indices:admin/analyze`: the tokens of a text.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_search::analysis::{
    AnalysisLimits,
    request::{AnalyzeRequest as Question, AnalyzeResponse},
};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{Action, Node, Spec, actions::table, metadata::Index};

/// The action.
#[derive(Debug)]
pub struct Analyze;

/// What is analysed, and by the analyzers of which index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AnalyzeRequest {
    /// An index or an alias of one; the analyzers that every index knows without.
    pub index: Option<String>,
    /// What is asked.
    pub question: Question,
}

impl Action for Analyze {
    const SPEC: &'static Spec = &table::ANALYZE;
    type Request = AnalyzeRequest;
    type Response = AnalyzeResponse;

    fn validate(request: &AnalyzeRequest) -> Result<(), Failure> {
        request.question.validate(request.index.is_some())
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: AnalyzeRequest,
    ) -> Result<AnalyzeResponse, Failure> {
        let at = match &request.index {
            None => node.id().clone(),
            Some(name) => {
                let index = node.metadata().single(name)?.index;
                let place = index.shards.first();
                place.map_or_else(|| node.id().clone(), |place| place.primary.as_str().into())
            }
        };
        node.call::<AnalyzeShard>(&task, &at, request).await
    }
}

/// `indices:admin/analyze[s]`: the part that does it, where the index is.
#[derive(Debug)]
pub(crate) struct AnalyzeShard;

impl Action for AnalyzeShard {
    const SPEC: &'static Spec = &table::ANALYZE_SHARD;
    type Request = AnalyzeRequest;
    type Response = AnalyzeResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: AnalyzeRequest,
    ) -> Result<AnalyzeResponse, Failure> {
        let index = match &request.index {
            None => None,
            Some(name) => Some(node.metadata().single(name)?.index),
        };
        let work = move |_: &Task| {
            let (limits, max_tokens) = index.as_deref().map_or_else(Default::default, limits_of);
            let mapping = index.as_ref().map(|index| &*index.mapping);
            request.question.run(mapping, limits, max_tokens.0)
        };
        node.pools().management.run(&task, work).await
    }
}

/// `index.analyze.max_token_count`
struct MaxTokens(usize);

impl Default for MaxTokens {
    fn default() -> Self {
        Self(10_000)
    }
}

fn limits_of(index: &Index) -> (AnalysisLimits, MaxTokens) {
    let setting = |name: &str| index.settings.text(name);
    let max_tokens = setting("index.analyze.max_token_count").and_then(|text| text.parse().ok());
    let max_tokens = max_tokens.map_or_else(MaxTokens::default, MaxTokens);
    (AnalysisLimits::from_settings(setting), max_tokens)
}
