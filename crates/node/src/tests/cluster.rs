//! Nodes to test with.

use super::actions::{Behaviour, Search, SearchRequest};
use crate::{
    Action, Caller, Config, CpuMeter, Node, Substrate,
    actions::tasks::{
        CancelTasks, GetTask, Got, ListTasks, TasksResponse, Which, cancel::Cancel, get::Get,
        list::List,
    },
};
use glasswork_content::failure::Failure;
use glasswork_substrate::memory::World;
use glasswork_tasks::{Filter, Headers, Heard, News, Pattern, Snapshot, Task, TaskId, View};
use std::{collections::BTreeMap, future::Future, path::PathBuf, sync::Arc, time::Duration};

/// Nodes `n1`, `n2`, … in one world.
pub(super) struct Cluster {
    pub(super) world: World,
    pub(super) nodes: Vec<Arc<Node>>,
}

impl Cluster {
    pub(super) async fn of(count: usize) -> Self {
        let mut cluster = Self {
            world: World::new(7),
            nodes: Vec::new(),
        };
        for number in 1..=count {
            let node = cluster.start(&format!("n{number}")).await;
            cluster.nodes.push(node);
        }
        cluster
    }

    pub(super) async fn start(&self, id: &str) -> Arc<Node> {
        start_on(&self.world, id, PathBuf::new()).await
    }

    /// Starts a search on node `at` over shards with these behaviours.
    pub(super) async fn begin(&self, at: usize, shards: &[(&str, Behaviour)]) -> Running {
        let request = SearchRequest::of(shards);
        let node = Arc::clone(&self.nodes[at]);
        let mut news = node.registry().subscribe();
        let caller = Caller {
            headers: Arc::new(Headers::new([("X-Opaque-Id", "s1")])),
            user: Some("ann".into()),
            ..Caller::default()
        };
        let client = tokio::spawn(async move {
            node.run::<Search, _>(request, caller, |answer| answer)
                .await
        });
        loop {
            if let Heard::Event(event) = soon(news.next()).await
                && event.news == News::Started
                && &*event.snapshot.action == "test:search"
            {
                return Running {
                    task: event.task.clone(),
                    client,
                };
            }
        }
    }

    /// The same, until those that last are there.
    pub(super) async fn search(&self, at: usize, shards: &[(&str, Behaviour)]) -> Running {
        let search = self.begin(at, shards).await;
        let id = search.task.id();
        for node in &self.nodes {
            let here = shards
                .iter()
                .filter(|(at, behaviour)| *at == node.id().as_str() && behaviour.lasts());
            let wanted = here.count();
            eventually(|| children(node, &id).len() >= wanted).await;
        }
        search
    }

    pub(super) async fn list(&self, at: usize, request: ListTasks) -> TasksResponse {
        run::<List>(&self.nodes[at], request).await.unwrap()
    }

    pub(super) async fn cancel(&self, at: usize, request: CancelTasks) -> TasksResponse {
        run::<Cancel>(&self.nodes[at], request).await.unwrap()
    }

    pub(super) async fn cancel_one(&self, at: usize, id: &TaskId) -> TasksResponse {
        self.cancel(
            at,
            CancelTasks {
                which: Which::One(Some(id.clone())),
                ..CancelTasks::default()
            },
        )
        .await
    }

    pub(super) async fn get(&self, at: usize, id: &TaskId) -> Result<Got, Failure> {
        let request = GetTask {
            id: Some(id.clone()),
            wait: false,
            timeout: None,
            view: View::DETAILED,
        };
        run::<Get>(&self.nodes[at], request).await
    }

    /// No task, ban or child is left anywhere.
    pub(super) async fn is_quiet(&self) {
        for node in &self.nodes {
            eventually(|| node.registry().bans().is_empty()).await;
            // Upkeep of the shards comes and goes by itself.
            eventually(|| node.registry().live() == 0).await;
        }
    }
}

/// Starts node `id` with its shards in the folder `data`.
pub(super) async fn start_on(world: &World, id: &str, data: PathBuf) -> Arc<Node> {
    start_with(world, id, data, BTreeMap::new()).await
}

/// The same, with settings of its own.
pub(super) async fn start_with(
    world: &World,
    id: &str,
    data: PathBuf,
    settings: BTreeMap<String, String>,
) -> Arc<Node> {
    let parts = world.node(id);
    let config = Config {
        id: id.into(),
        name: format!("node-{id}"),
        cluster_name: "test".to_owned(),
        transport_address: format!("10.0.0.{}:9300", &id[1..]),
        http_address: format!("10.0.0.{}:9200", &id[1..]),
        data,
        attributes: BTreeMap::new(),
        settings,
        meter: Arc::new(CpuMeter::default()),
        memory_limit: 1 << 30,
    };
    let substrate = Substrate {
        logs: parts.logs,
        kv: parts.kv,
        bus: parts.bus,
    };
    Node::start(config, substrate).await.unwrap()
}

/// A search under way.
pub(super) struct Running {
    pub(super) task: Task,
    pub(super) client: tokio::task::JoinHandle<Result<Vec<String>, Failure>>,
}

impl Running {
    /// What the client gets, in time.
    pub(super) async fn answer(self) -> Result<Vec<String>, Failure> {
        tokio::time::timeout(Duration::from_secs(20), self.client)
            .await
            .expect("the search hangs")
            .unwrap()
    }
}

pub(super) async fn run<A: Action>(
    node: &Arc<Node>,
    request: A::Request,
) -> Result<A::Response, Failure>
where
    A::Response: Send,
{
    node.run::<A, _>(request, Caller::default(), |answer| answer)
        .await
}

pub(super) fn actions(patterns: &[&str]) -> Filter {
    Filter {
        actions: patterns
            .iter()
            .map(|pattern| Pattern::new(*pattern))
            .collect(),
        ..Filter::default()
    }
}

/// Children of the task `parent` on `node`.
pub(super) fn children(node: &Node, parent: &TaskId) -> Vec<Task> {
    node.registry()
        .list(&Filter {
            parent: Some(parent.clone()),
            ..Filter::default()
        })
        .tasks
}

/// Every task of an answer.
pub(super) fn tasks(response: &TasksResponse) -> Vec<&Snapshot> {
    response.nodes.iter().flat_map(|node| &node.tasks).collect()
}

/// Waits until something is true.
pub(super) async fn eventually(mut is_so: impl FnMut() -> bool) {
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(tokio::time::Instant::now() < until, "it never came true");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Fails when `work` takes too long.
pub(super) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .expect("it hangs")
}
