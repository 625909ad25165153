//! `cluster:monitor/health`: whether every shard has its copies, and waiting until they have.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use glasswork_content::failure::Failure;
use glasswork_tasks::{On, Task};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};

use crate::{
    Action, Node, Spec,
    actions::table,
    metadata::{Index, IndexExpression},
};

/// The action.
#[derive(Debug)]
pub struct Health;

/// How long a change of the cluster may go unnoticed while a request waits for one, should nobody tell of it.
const GLANCE: Duration = Duration::from_secs(1);

/// Which indices, and what to wait for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HealthRequest {
    /// The indices; no name is all.
    pub indices: IndexExpression,
    /// How long to wait at most.
    pub timeout: Duration,
    /// `wait_for_status`: at least this good.
    pub status: Option<Status>,
    /// `wait_for_nodes`: so many nodes.
    pub nodes: Option<NodeCount>,
    /// `wait_for_active_shards`: so many active shards.
    pub active_shards: Option<ShardCount>,
}

/// How well the shards are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Every copy is there.
    Green,
    /// Every primary is there.
    Yellow,
    /// A primary is missing.
    Red,
}

impl Status {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }

    /// Reads it, in any case of letters.
    ///
    /// # Errors
    /// 400 `unknown cluster health status [x]`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        [Self::Green, Self::Yellow, Self::Red]
            .into_iter()
            .find(|status| status.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                Failure::illegal_argument(format!("unknown cluster health status [{text}]"))
            })
    }
}

/// `wait_for_nodes`: `3`, `>=2`, `ge(2)`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeCount {
    /// Exactly.
    Exactly(usize),
    /// Or more.
    AtLeast(usize),
    /// Or fewer.
    AtMost(usize),
    /// More.
    MoreThan(usize),
    /// Fewer.
    LessThan(usize),
}

impl NodeCount {
    /// Reads it.
    ///
    /// # Errors
    /// 400 `number_format_exception` when the number is none.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        type Make = fn(usize) -> NodeCount;
        const SIGNS: [(&str, &str, Make); 8] = [
            (">=", "", NodeCount::AtLeast),
            ("<=", "", NodeCount::AtMost),
            (">", "", NodeCount::MoreThan),
            ("<", "", NodeCount::LessThan),
            ("ge(", ")", NodeCount::AtLeast),
            ("le(", ")", NodeCount::AtMost),
            ("gt(", ")", NodeCount::MoreThan),
            ("lt(", ")", NodeCount::LessThan),
        ];
        let (number, make): (&str, Make) = SIGNS
            .into_iter()
            .find_map(|(before, after, make)| {
                Some((text.strip_prefix(before)?.strip_suffix(after)?, make))
            })
            .unwrap_or((text, NodeCount::Exactly));
        number
            .parse()
            .map(make)
            .map_err(|_| Failure::number_format(number))
    }

    fn fits(self, nodes: usize) -> bool {
        match self {
            Self::Exactly(wanted) => nodes == wanted,
            Self::AtLeast(wanted) => nodes >= wanted,
            Self::AtMost(wanted) => nodes <= wanted,
            Self::MoreThan(wanted) => nodes > wanted,
            Self::LessThan(wanted) => nodes < wanted,
        }
    }
}

/// `wait_for_active_shards`: a number, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShardCount {
    /// Every copy.
    All,
    /// So many or more.
    AtLeast(usize),
}

impl ShardCount {
    /// Reads it.
    ///
    /// # Errors
    /// 400 when it is neither `all` nor a number that is not negative.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        if text == "all" {
            return Ok(Self::All);
        }
        match text.parse::<i32>() {
            Ok(number) => usize::try_from(number)
                .map(Self::AtLeast)
                .map_err(|_| Failure::illegal_argument("shard count cannot be a negative value")),
            Err(_) => Err(Failure::illegal_argument(format!(
                "cannot parse ActiveShardCount[{text}]"
            ))
            .caused_by(Failure::number_format(text))),
        }
    }
}

/// How the cluster is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthResponse {
    /// The cluster's name.
    pub cluster_name: String,
    /// The worst of the indices.
    pub status: Status,
    /// What was waited for did not come in time: status 408.
    pub timed_out: bool,
    /// Its nodes.
    pub nodes: usize,
    /// Those of them that keep shards.
    pub data_nodes: usize,
    /// Whether some node may decide.
    pub has_manager: bool,
    /// The indices, by name.
    pub indices: BTreeMap<String, IndexHealth>,
}

/// How an index is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexHealth {
    /// The worst of its shards.
    pub status: Status,
    /// Replicas that each shard should have.
    pub replicas: u32,
    /// Its shards, by number.
    pub shards: Vec<ShardHealth>,
}

/// How a shard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardHealth {
    /// Whether its primary is there.
    pub primary_active: bool,
    /// Copies that are there.
    pub active: u32,
    /// Copies that are not.
    pub unassigned: u32,
}

impl ShardHealth {
    /// How well it is kept.
    #[must_use]
    pub fn status(self) -> Status {
        match (self.primary_active, self.unassigned) {
            (false, _) => Status::Red,
            (true, 0) => Status::Green,
            (true, _) => Status::Yellow,
        }
    }
}

impl IndexHealth {
    /// How `index` is, when only these nodes are there.
    #[must_use]
    pub fn of(index: &Index, is_member: impl Fn(&str) -> bool) -> Self {
        let replicas = index.options.number_of_replicas;
        let shards: Vec<ShardHealth> = index
            .shards
            .iter()
            .map(|place| {
                let primary_active = is_member(&place.primary);
                let active = u32::from(primary_active);
                ShardHealth {
                    primary_active,
                    active,
                    unassigned: 1 + replicas - active,
                }
            })
            .collect();
        let status = shards.iter().map(|shard| shard.status()).max();
        Self {
            status: status.unwrap_or(Status::Green),
            replicas,
            shards,
        }
    }

    /// Primaries that are there.
    #[must_use]
    pub fn active_primaries(&self) -> usize {
        let active = |shard: &&ShardHealth| shard.primary_active;
        self.shards.iter().filter(active).count()
    }

    /// Copies that are there.
    #[must_use]
    pub fn active(&self) -> u32 {
        self.shards.iter().map(|shard| shard.active).sum()
    }

    /// Copies that are not.
    #[must_use]
    pub fn unassigned(&self) -> u32 {
        self.shards.iter().map(|shard| shard.unassigned).sum()
    }
}

impl HealthResponse {
    /// Primaries that are there.
    #[must_use]
    pub fn active_primaries(&self) -> usize {
        self.indices
            .values()
            .map(IndexHealth::active_primaries)
            .sum()
    }

    /// Copies that are there.
    #[must_use]
    pub fn active(&self) -> u32 {
        self.indices.values().map(IndexHealth::active).sum()
    }

    /// Copies that are not.
    #[must_use]
    pub fn unassigned(&self) -> u32 {
        self.indices.values().map(IndexHealth::unassigned).sum()
    }

    /// Copies that are there of a hundred that should be.
    #[must_use]
    pub fn active_percent(&self) -> f64 {
        let (active, all) = (self.active(), self.active() + self.unassigned());
        if all == 0 {
            return 100.0;
        }
        f64::from(active) * 100.0 / f64::from(all)
    }

    /// Whether what a request waits for is there.
    fn satisfies(&self, request: &HealthRequest) -> bool {
        request.status.is_none_or(|wanted| self.status <= wanted)
            && request.nodes.is_none_or(|wanted| wanted.fits(self.nodes))
            && match request.active_shards {
                None => true,
                Some(ShardCount::All) => self.unassigned() == 0,
                Some(ShardCount::AtLeast(wanted)) => self.active() as usize >= wanted,
            }
    }
}

impl Action for Health {
    const SPEC: &'static Spec = &table::HEALTH;
    type Request = HealthRequest;
    type Response = HealthResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: HealthRequest,
    ) -> Result<HealthResponse, Failure> {
        let until = Instant::now() + request.timeout;
        let mut members = node.substrate().bus.watch_members();
        let mut metadata = node.metadata_store().changes();
        loop {
            let (health, all_known) = now(&node, &request.indices)?;
            if all_known && health.satisfies(&request) {
                return Ok(health);
            }
            if Instant::now() >= until {
                let timed_out = true;
                return Ok(HealthResponse {
                    timed_out,
                    ..health
                });
            }
            let waiting = task.waiting(On::Other("cluster".into()));
            let change = async {
                tokio::select! {
                    Some(_) = members.changed() => {}
                    Ok(()) = metadata.changed() => {}
                    () = tokio::time::sleep(GLANCE) => {}
                }
            };
            // Whether there was a change or the time is over, the state is looked at once more.
            let _in_time = timeout_at(until, change).await;
            drop(waiting);
        }
    }
}

/// How the cluster is now, and whether every index that was named is there.
fn now(node: &Node, indices: &IndexExpression) -> Result<(HealthResponse, bool), Failure> {
    let members = node.members();
    let is_member = |id: &str| members.iter().any(|member| member.id.as_str() == id);
    let metadata = node.metadata();
    let mut found = BTreeMap::new();
    let all_known = match metadata.resolve(indices) {
        Ok(resolved) => {
            for index in resolved {
                found.insert(index.name.to_string(), IndexHealth::of(&index, is_member));
            }
            true
        }
        Err(failure) if failure.status() == 404 => false,
        Err(failure) => return Err(failure),
    };
    let worst = found.values().map(|index: &IndexHealth| index.status).max();
    let status = match worst {
        _ if !all_known => Status::Red,
        worst => worst.unwrap_or(Status::Green),
    };
    let response = HealthResponse {
        cluster_name: node.config().cluster_name.clone(),
        status,
        timed_out: false,
        nodes: members.len(),
        data_nodes: members
            .iter()
            .filter(|member| member.has_role("data"))
            .count(),
        has_manager: node.manager().is_some(),
        indices: found,
    };
    Ok((response, all_known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_nodes_are_read_in_both_spellings() {
        for (text, expected) in [
            ("3", NodeCount::Exactly(3)),
            (">=3", NodeCount::AtLeast(3)),
            ("<=3", NodeCount::AtMost(3)),
            (">3", NodeCount::MoreThan(3)),
            ("<3", NodeCount::LessThan(3)),
            ("ge(3)", NodeCount::AtLeast(3)),
            ("lt(3)", NodeCount::LessThan(3)),
        ] {
            assert_eq!(NodeCount::parse(text).unwrap(), expected, "{text}");
        }
        assert!(NodeCount::parse("many").is_err());
        assert!(NodeCount::AtLeast(2).fits(2) && !NodeCount::MoreThan(2).fits(2));
    }

    #[test]
    fn counts_of_shards_are_read() {
        assert_eq!(ShardCount::parse("all").unwrap(), ShardCount::All);
        assert_eq!(ShardCount::parse("2").unwrap(), ShardCount::AtLeast(2));
        assert!(ShardCount::parse("-1").is_err() && ShardCount::parse("x").is_err());
    }

    #[test]
    fn a_shard_is_red_without_its_primary_and_yellow_without_a_replica() {
        let shard = |primary_active, active, unassigned| {
            let health = ShardHealth {
                primary_active,
                active,
                unassigned,
            };
            health.status()
        };
        assert_eq!(shard(true, 1, 0), Status::Green);
        assert_eq!(shard(true, 1, 1), Status::Yellow);
        assert_eq!(shard(false, 0, 1), Status::Red);
    }
}
