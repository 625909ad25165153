//! `indices:data/read/point_in_time/create`: keeps the views of the shards of some indices.

use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::{StreamExt, future::join_all, stream};
use glasswork_content::{
    Failure, Render, ShardFailure, failure::group_shard_failures, text::duration_text,
};
use glasswork_search::{reduce::ShardCounts, request};
use glasswork_tasks::{NodeId, Task};
use serde::{Deserialize, Serialize};

use super::{
    check_point_keep_alive,
    context::{CreateContext, NewContext, PointUpdate, UpdateContext},
    delete::FreePointInTime,
};
use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{
        indices::ShardId,
        search::{
            SearchRequest,
            contexts::{About, ContextId},
            ids::{Place, PointId, PointShard},
            targets,
        },
        table,
    },
    metadata::IndexExpression,
};

/// Shards asked at the same time.
const AT_A_TIME: usize = 64;

/// `POST /{index}/_search/point_in_time`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreatePointInTimeRequest {
    /// Of which indices.
    pub indices: IndexExpression,
    /// Only the shards of these routing values, a comma list.
    pub routing: Option<String>,
    /// For how long it is kept without use; has to be given.
    pub keep_alive: Option<Duration>,
    /// Whether a point in time without some shards is better than none.
    pub allow_partial: bool,
}

/// `{"pit_id":"…","_shards":{…},"creation_time":1795509605663}`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatePointInTimeResponse {
    /// What searches name.
    pub id: String,
    /// How the shards fared.
    pub shards: ShardCounts,
    /// When it was made, milliseconds since 1970.
    pub created: i64,
}

impl CreatePointInTimeResponse {
    /// Writes the whole body.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_str("pit_id", &self.id);
        self.shards.render(out);
        out.field_long("creation_time", self.created);
        out.end_object();
    }
}

/// Keeps views.
#[derive(Debug)]
pub struct CreatePointInTime;

impl Action for CreatePointInTime {
    const SPEC: &'static Spec = &table::CREATE_POINT_IN_TIME;
    type Request = CreatePointInTimeRequest;
    type Response = CreatePointInTimeResponse;

    fn validate(request: &CreatePointInTimeRequest) -> Result<(), Failure> {
        match request.keep_alive {
            Some(_) => Ok(()),
            None => Err(Failure::validation(["keep alive not specified"])),
        }
    }

    fn describe(request: &CreatePointInTimeRequest) -> Description {
        let indices = request.indices.names.join(",");
        let keep_alive = request
            .keep_alive
            .map_or_else(|| "null".to_owned(), |time| duration_text(time.as_nanos()));
        let partial = request.allow_partial;
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(
                out,
                "indices[{indices}], pointintime[{keep_alive}], allowPartialPitCreation[{partial}], "
            )
        }))
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: CreatePointInTimeRequest,
    ) -> Result<CreatePointInTimeResponse, Failure> {
        let keep_alive = request.keep_alive.unwrap_or_default();
        check_point_keep_alive(&node, keep_alive)?;
        let mut creation = Creation {
            node,
            task,
            shards: Vec::new(),
            failures: Vec::new(),
        };
        let total = creation.keep_views(&request).await?;
        let outcome = creation.tell(keep_alive).await;
        let (id, created) = match outcome {
            Ok(about) => about,
            Err(failure) => {
                creation.free().await;
                return Err(failure);
            }
        };
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(CreatePointInTimeResponse {
            id,
            shards: ShardCounts {
                total: count(total),
                successful: count(creation.shards.len()),
                skipped: 0,
                failed: count(creation.failures.len()),
                failures: group_shard_failures(creation.failures),
            },
            created,
        })
    }
}

/// A point in time that is being made.
struct Creation {
    node: Arc<Node>,
    task: Task,
    shards: Vec<PointShard>,
    failures: Vec<ShardFailure>,
}

impl Creation {
    /// Has every shard keep its view; tells how many were asked.
    async fn keep_views(&mut self, request: &CreatePointInTimeRequest) -> Result<usize, Failure> {
        let search = SearchRequest {
            routing: request.routing.clone(),
            ..SearchRequest::new(request.indices.clone(), request::SearchRequest::default())
        };
        let parts = targets::shards(&self.node, &search, &search.source, 0)?;
        let total = parts.len();
        let (node, task) = (&self.node, &self.task);
        let asking = stream::iter(parts)
            .map(|part| async move {
                let shard = part.query.shard;
                let wanted = NewContext {
                    shard: shard.clone(),
                    filter: part.query.filter,
                };
                let answer = node.call::<CreateContext>(task, &part.at, wanted).await;
                (part.at, shard, answer)
            })
            .buffered(AT_A_TIME);
        let answers: Vec<(NodeId, ShardId, Result<ContextId, Failure>)> = asking.collect().await;
        for (node, shard, answer) in answers {
            match answer {
                Ok(context) => {
                    let place = Place { node, context };
                    self.shards.push(PointShard { shard, place });
                }
                Err(reason) => self.failures.push(ShardFailure {
                    shard: i64::from(shard.shard),
                    index: Some(shard.index),
                    node: Some(node.to_string()),
                    reason,
                }),
            }
        }
        let none = self.shards.is_empty() && total > 0;
        if none || (!self.failures.is_empty() && !request.allow_partial) {
            self.free().await;
            let reason = if none {
                "all shards failed"
            } else {
                "Partial shards failure"
            };
            let failures = std::mem::take(&mut self.failures);
            return Err(Failure::search_phase("create_pit", reason, failures));
        }
        Ok(total)
    }

    /// Tells every context the id of the point in time. One that can't be told would be lost to lists and would end too
    /// soon: then there is no point in time.
    async fn tell(&self, keep_alive: Duration) -> Result<(String, i64), Failure> {
        let id = PointId {
            shards: self.shards.clone(),
        };
        let id = id.write();
        let created = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            });
        let telling = stream::iter(self.shards.clone())
            .map(|shard| {
                let update = PointUpdate {
                    context: shard.place.context,
                    about: About {
                        created,
                        id: id.clone(),
                    },
                    keep_alive,
                };
                let at = shard.place.node;
                async move {
                    self.node
                        .call::<UpdateContext>(&self.task, &at, update)
                        .await
                }
            })
            .buffer_unordered(AT_A_TIME);
        let told: Vec<Result<(), Failure>> = telling.collect().await;
        for answer in told {
            answer?;
        }
        Ok((id, created))
    }

    /// Gives up what was kept.
    async fn free(&mut self) {
        let shards = std::mem::take(&mut self.shards);
        let freeing = shards.into_iter().map(|shard| {
            let (node, task) = (&self.node, &self.task);
            async move {
                let contexts = vec![shard.place.context];
                if let Err(failure) = node
                    .call_closing::<FreePointInTime>(task, &shard.place.node, contexts)
                    .await
                {
                    tracing::debug!(%failure, "a context of a point in time is left to expire");
                }
            }
        });
        join_all(freeing).await;
    }
}
