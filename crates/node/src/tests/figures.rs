//! Figures of nodes, and among them the searches that outlive their cancel.

use super::{
    actions::Search,
    cluster::{eventually, run, soon, start_with},
};
use crate::{
    Late, LateSearches, Node,
    actions::{
        cluster::nodes_stats::{NodeFigures, NodesStats, NodesStatsRequest},
        search::{QueryPhase, SearchAction},
    },
};
use glasswork_substrate::memory::World;
use glasswork_tasks::Start;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

async fn node(world: &World, id: &str, settings: &[(&str, &str)]) -> Arc<Node> {
    let settings: BTreeMap<String, String> = settings
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    start_with(world, id, PathBuf::new(), settings).await
}

/// What `at` says of itself when it is asked through `through`.
async fn figures(through: &Arc<Node>, at: &str) -> NodeFigures {
    let request = NodesStatsRequest {
        nodes: vec![at.to_owned()],
        timeout: None,
    };
    let mut answer = soon(run::<NodesStats>(through, request)).await.unwrap();
    assert_eq!((answer.nodes.len(), answer.failures.len()), (1, 0));
    answer.nodes.remove(0)
}

fn late(searches: (u64, u64), shards: (u64, u64)) -> LateSearches {
    let of = |(current, total)| Late { current, total };
    LateSearches {
        searches: of(searches),
        shards: of(shards),
    }
}

const AT_ONCE: &[(&str, &str)] = &[
    ("task_cancellation.duration_millis", "0"),
    ("task_cancellation.interval_millis", "1"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_outlives_its_cancel_counts_once_in_all_and_now_while_it_runs() {
    let world = World::new(7);
    let asked = node(&world, "n1", &[]).await;
    let far = node(&world, "n2", AT_ONCE).await;
    let begin = |action| far.registry().start(Start::new(action)).unwrap();
    let search = begin(far.action::<SearchAction>());
    let part = Start::new(far.action::<QueryPhase>()).child_of(search.task());
    let part = far.registry().start(part).unwrap();
    let other = begin(far.action::<Search>());
    assert_eq!(figures(&asked, "n2").await.late, late((0, 0), (0, 0)));
    far.cancel(search.task(), "by user request");
    far.cancel(other.task(), "by user request");
    // Nobody asks, and still it is counted.
    eventually(|| far.late_seen() == late((1, 1), (1, 1))).await;
    for _ in 0..3 {
        assert_eq!(figures(&asked, "n2").await.late, late((1, 1), (1, 1)));
    }
    drop(part);
    assert_eq!(figures(&asked, "n2").await.late, late((1, 1), (0, 1)));
    drop((search, other));
    let second = begin(far.action::<SearchAction>());
    far.cancel(second.task(), "by user request");
    assert_eq!(figures(&asked, "n2").await.late, late((1, 2), (0, 1)));
    drop(second);
    assert_eq!(figures(&asked, "n2").await.late, late((0, 2), (0, 1)));
    eventually(|| far.registry().live() == 0 && asked.registry().live() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_ends_in_time_is_not_late_and_nothing_is_where_it_is_not_wanted() {
    let world = World::new(7);
    let patient = node(&world, "n1", &[]).await;
    let off = [AT_ONCE, &[("task_cancellation.enabled", "false")]].concat();
    let off = node(&world, "n2", &off).await;
    for node in [&patient, &off] {
        let action = node.action::<SearchAction>();
        let search = node.registry().start(Start::new(action)).unwrap();
        node.cancel(search.task(), "by user request");
        let told = figures(node, node.id().as_str()).await;
        assert_eq!(told.late, late((0, 0), (0, 0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_of_the_node_that_was_asked_and_a_silent_one_is_told() {
    let world = World::new(7);
    let first = node(&world, "n1", &[]).await;
    let second = node(&world, "n2", &[]).await;
    let task = second
        .registry()
        .start(Start::new(second.action::<Search>()))
        .unwrap();
    let job = second.pools().search.run(task.task(), |_| Ok(()));
    soon(job).await.unwrap();
    let search = |figures: &NodeFigures| {
        let found = figures.pools.iter().find(|(name, _)| name == "search");
        found.unwrap().1
    };
    // The job has answered a moment before it is over.
    eventually(|| second.pools().search.stats().completed == 1).await;
    let told = figures(&first, "n2").await;
    assert_eq!((search(&told).completed, search(&told).threads), (1, 1));
    assert!(search(&told).waited_nanos > 0);
    assert_eq!(told.info.id, *second.id());
    assert_eq!(search(&figures(&first, "n1").await).completed, 0);
    drop(task);

    world.freeze("n2");
    let request = NodesStatsRequest {
        nodes: Vec::new(),
        timeout: Some(Duration::from_millis(50)),
    };
    let answer = soon(run::<NodesStats>(&first, request)).await.unwrap();
    let told: Vec<_> = answer.nodes.iter().map(|node| &node.info.id).collect();
    assert_eq!(told, [first.id()]);
    assert_eq!(answer.failures.len(), 1);
    assert!(answer.failures[0].reason().contains("[n2]"));
    world.thaw("n2");
    eventually(|| first.registry().live() == 0 && second.registry().live() == 0).await;
}
