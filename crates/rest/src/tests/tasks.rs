//! The Tasks API over a real socket, with many tasks and with several nodes.

use std::{collections::HashSet, net::SocketAddr, sync::Arc};

use glasswork_content::json::{Limits as JsonLimits, Node as Json, parse};
use glasswork_node::Node;
use glasswork_substrate::memory::World;
use glasswork_tasks::{Guard, Headers, Start};
use tokio::time::Instant;

use super::{
    client::{Client, PATIENCE},
    endpoints::member,
};
use crate::{
    Api,
    server::{Limits, Server},
};

pub(super) async fn serve(node: &Arc<Node>) -> Server {
    let limits = Limits::default();
    let api = Api::new(Arc::clone(node), None, limits.clone());
    Server::start(
        SocketAddr::from(([127, 0, 0, 1], 0)),
        None,
        limits,
        Arc::new(api),
    )
    .await
    .unwrap()
}

/// Tasks that run until they are dropped.
pub(super) fn tasks(node: &Node, count: usize) -> Vec<Guard> {
    let action = node.registry().action("cluster:monitor/main").unwrap();
    let headers = Arc::new(Headers::new([("X-Opaque-Id", "many")]));
    (0..count)
        .map(|_| {
            node.registry()
                .start(Start::new(action).headers(Arc::clone(&headers)))
                .unwrap()
        })
        .collect()
}

pub(super) fn json(text: &[u8]) -> Json {
    parse(text, &JsonLimits::DEFAULT).unwrap()
}

pub(super) fn id(task: &Json) -> String {
    format!(
        "{}:{}",
        task.get("node").unwrap().as_str().unwrap(),
        task.get("id").unwrap().as_i64().unwrap()
    )
}

/// Only the two tasks of the list itself are left.
async fn is_idle(client: &mut Client<tokio::net::TcpStream>) -> bool {
    let answer = json(&client.get("/_tasks?group_by=none").await.body);
    answer.get("tasks").unwrap().as_array().unwrap().len() == 2
}

#[tokio::test]
async fn a_long_list_is_told_in_pieces_and_every_task_once() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    let running = tasks(&node, 3500);

    let answer = client.get("/_tasks?group_by=none").await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    let flat = json(&answer.body);
    let flat = flat.get("tasks").unwrap().as_array().unwrap();
    let ids: Vec<i64> = flat
        .iter()
        .map(|task| task.get("id").unwrap().as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] < pair[1]));
    let listed: HashSet<String> = flat.iter().map(id).collect();
    assert!(
        running
            .iter()
            .all(|guard| listed.contains(&guard.task().id().to_string()))
    );
    assert_eq!(
        flat.len(),
        3502,
        "with the list itself and its part on the node"
    );

    let answer = client.get("/_tasks?detailed&pretty").await;
    let nodes = json(&answer.body);
    let nodes = nodes.get("nodes").unwrap();
    let entry = nodes.get("n1").unwrap();
    assert_eq!(entry.get("tasks").unwrap().as_object().unwrap().len(), 3502);
    assert_eq!(entry.get("name").unwrap().as_str(), Some("n1"));

    let answer = client
        .get("/_tasks?filter_path=nodes.*.tasks.*.action&actions=cluster:monitor/main")
        .await;
    assert_eq!(
        json(&answer.body)
            .get("nodes")
            .unwrap()
            .get("n1")
            .unwrap()
            .get("tasks")
            .unwrap()
            .as_object()
            .unwrap()
            .len(),
        3500
    );
    assert_eq!(
        client
            .get("/_tasks?format=yaml")
            .await
            .header("content-type"),
        Some("application/yaml")
    );

    drop(running);
    assert!(
        is_idle(&mut client).await,
        "the task of a list has ended when its last byte is there"
    );
}

#[tokio::test]
async fn a_long_list_goes_over_the_nodes() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    let mut client = Client::connect(server.address()).await;
    let running = (tasks(&one, 1200), tasks(&two, 2300));
    for (query, expected) in [("", [1200, 2300]), ("&nodes=n2", [0, 2300])] {
        let answer = client
            .get(&format!("/_tasks?actions=cluster:monitor/main{query}"))
            .await;
        let answer = json(&answer.body);
        let count = |node: &str| {
            let entry = answer.get("nodes").unwrap().get(node);
            entry.map_or(0, |entry| {
                entry.get("tasks").unwrap().as_object().unwrap().len()
            })
        };
        assert_eq!([count("n1"), count("n2")], expected, "{query}");
    }
    let answer = client
        .get("/_tasks?actions=cluster:monitor/main&group_by=none")
        .await;
    assert_eq!(
        json(&answer.body)
            .get("tasks")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        3500
    );
    drop(running);
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_list_that_it_was_told() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let running = tasks(&node, 20_000);
    let kept = running.len() as u64;
    let mut leaving = Client::connect(server.address()).await;
    leaving
        .send("GET /_tasks HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    leaving.head().await;
    drop(leaving);
    let deadline = Instant::now() + PATIENCE;
    while node.registry().live() > kept {
        assert!(
            Instant::now() < deadline,
            "{} tasks",
            node.registry().live() - kept
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_tree_is_told_with_its_children_and_a_table_too() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    let action = node.registry().action("cluster:monitor/main").unwrap();
    let parent = node.registry().start(Start::new(action)).unwrap();
    let child = node
        .registry()
        .start(Start::new(action).child_of(parent.task()))
        .unwrap();
    let grandchild = node
        .registry()
        .start(Start::new(action).child_of(child.task()))
        .unwrap();

    let answer = json(
        &client
            .get("/_tasks?group_by=parents&actions=cluster:monitor/main")
            .await
            .body,
    );
    let root = answer
        .get("tasks")
        .unwrap()
        .get(&parent.task().id().to_string())
        .unwrap();
    let children = root.get("children").unwrap().as_array().unwrap();
    let below = children[0].get("children").unwrap().as_array().unwrap();
    assert_eq!(id(&below[0]), grandchild.task().id().to_string());
    assert!(below[0].get("children").is_none(), "a leaf has none");

    let query = format!(
        "/_tasks?group_by=none&parent_task_id={}",
        parent.task().id()
    );
    let answer = json(&client.get(&query).await.body);
    assert_eq!(
        answer.get("tasks").unwrap().as_array().unwrap().len(),
        1,
        "direct children only"
    );

    let table = client
        .get("/_cat/tasks?h=id&actions=cluster:monitor/main")
        .await
        .text();
    let expected: String = [&parent, &child, &grandchild]
        .map(|guard| format!("{}\n", guard.task().number()))
        .concat();
    assert_eq!(table, expected);
}

#[tokio::test]
async fn old_parameters_are_taken_unless_the_node_is_strict() {
    let world = World::new(1);
    let lenient = serve(&member(&world, "n1").await).await;
    let strict = Node::start(
        glasswork_node::Config {
            settings: [("compat.strict_params".to_owned(), "true".to_owned())].into(),
            ..super::endpoints::config("n2")
        },
        super::endpoints::substrate(&world, "n2"),
    )
    .await
    .unwrap();
    let strict = serve(&strict).await;
    let mut clients = [
        Client::connect(lenient.address()).await,
        Client::connect(strict.address()).await,
    ];
    for target in [
        "GET /_tasks?master_timeout=1s",
        "GET /_tasks?cluster_manager_timeout=1s",
        "GET /_tasks?parent_task_id=-1",
        "POST /_tasks/_cancel?actions=none&timeout=1s",
        "POST /_tasks/_cancel?actions=none&detailed",
        "POST /_tasks/_cancel?actions=none&reason=why",
        "POST /_tasks/_cancel?actions=none&dry_run",
        "POST /_tasks/_cancel?actions=none&force",
        "POST /_tasks/_cancel?actions=none&user=ads",
        "POST /_tasks/_cancel?actions=none&extended",
        "GET /_tasks?x_opaque_id=a",
        "GET /_tasks?user=a",
        "GET /_tasks?cancelled",
        "GET /_tasks?cancellable",
        "GET /_tasks?overdue",
        "GET /_tasks?min_running_time=1s",
        "GET /_tasks?root_task_id=a:1",
        "GET /_tasks?internal",
        "GET /_tasks?sort=id",
        "GET /_tasks?size=1",
        "GET /_tasks?extended",
    ] {
        let mut statuses = Vec::new();
        for client in &mut clients {
            client
                .send(format!("{target} HTTP/1.1\r\nHost: x\r\n\r\n"))
                .await;
            statuses.push(client.answer().await.unwrap().status);
        }
        assert_eq!(statuses, [200, 400], "{target}");
    }
}

#[tokio::test]
async fn a_cancel_that_names_no_task_cancels_nothing() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    for path in ["unset", "x:-1", ""] {
        client
            .send(format!(
                "POST /_tasks/{path}/_cancel HTTP/1.1\r\nHost: x\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            answer
                .text()
                .contains("Validation Failed: 1: task id is required;"),
            "{}",
            answer.text()
        );
    }
    client
        .send("POST /_tasks/n1:1/_cancel?nodes=n1 HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let answer = client.answer().await.unwrap();
    assert!(
        answer
            .text()
            .contains("task id cannot be used together with node ids"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_list_can_be_paged_sorted_and_asked_why() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    let mut client = Client::connect(server.address()).await;
    let running = (tasks(&one, 5), tasks(&two, 5));
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let query = format!(
            "/_tasks?group_by=none&actions=cluster:monitor/main&x_opaque_id=ma*&size=3{after}"
        );
        let answer = json(&client.get(&query).await.body);
        let page = answer.get("tasks").unwrap().as_array().unwrap();
        assert!(page.len() <= 3);
        seen.extend(page.iter().map(id));
        let Some(next) = answer.get("next") else {
            break;
        };
        after = format!("&after={}", next.as_str().unwrap());
    }
    let expected: Vec<String> = running
        .0
        .iter()
        .chain(&running.1)
        .map(|guard| guard.task().id().to_string())
        .collect();
    assert_eq!(seen, expected);

    let query =
        "/_tasks?group_by=none&actions=cluster:monitor/main&sort=running_time:desc&size=1&extended";
    let answer = json(&client.get(query).await.body);
    let page = answer.get("tasks").unwrap().as_array().unwrap();
    let [oldest] = page else {
        panic!("a page of one has {}", page.len())
    };
    let extended = oldest.get("glasswork").unwrap();
    assert!(
        extended
            .get("cancel")
            .unwrap()
            .get("bound_in_millis")
            .is_some()
    );
    assert_eq!(extended.get("durable").unwrap().as_bool(), Some(false));

    for (query, reason) in [
        ("sort=colour&size=1", "[sort] must be one of"),
        ("sort=cpu", "[sort] needs a [size] of at most [10000]"),
        ("size=0", "[size] must be greater than 0"),
        (
            "after=x",
            "[after] must be the [next] of an earlier list but was [x]",
        ),
    ] {
        let answer = client.get(&format!("/_tasks?{query}")).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(reason), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_cancel_says_its_reason() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    let action = node.registry().action("indices:data/read/search").unwrap();
    let running = node.registry().start(Start::new(action)).unwrap();
    client.send("POST /_tasks/_cancel?actions=*search&reason=too%20slow&extended HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert!(
        answer.text().contains(r#""reason":"too slow""#),
        "{}",
        answer.text()
    );
    assert_eq!(
        &*running.task().cancellation().unwrap().reason.text,
        "too slow"
    );
    let long = "x".repeat(257);
    client
        .send(format!(
            "POST /_tasks/_cancel?reason={long} HTTP/1.1\r\nHost: x\r\n\r\n"
        ))
        .await;
    assert_eq!(client.answer().await.unwrap().status, 400);
}

#[tokio::test]
async fn a_tree_is_summed_up_over_the_nodes() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    let mut client = Client::connect(server.address()).await;
    let action = one.registry().action("cluster:monitor/main").unwrap();
    let root = one.registry().start(Start::new(action)).unwrap();
    // n1 → n2 → n2 → n1, as calls between nodes leave it.
    let beneath = |node: &Node, above: &Guard| {
        let start = Start::new(action).remote_child_of(above.task().id(), Some(root.task().id()));
        let stub = above.task().remote_child(node.id().clone()).unwrap();
        (node.registry().start(start).unwrap(), stub)
    };
    let (there, _stub) = beneath(&two, &root);
    let below = two
        .registry()
        .start(Start::new(action).child_of(there.task()))
        .unwrap();
    let (_back, _other_stub) = beneath(&one, &below);
    let _stranger = two.registry().start(Start::new(action)).unwrap();
    let tasks = |answer: &Json| {
        let tree = answer.get("glasswork").unwrap().get("tree").unwrap();
        tree.get("tasks").unwrap().as_i64().unwrap()
    };
    for (guard, expected) in [(&root, 4), (&there, 3), (&below, 2)] {
        let id = guard.task().id();
        let answer = json(&client.get(&format!("/_tasks/{id}?extended")).await.body);
        assert_eq!(tasks(answer.get("task").unwrap()), expected, "{id}");
    }
    for query in ["&size=10", ""] {
        let query = format!("/_tasks?group_by=none&actions=*main&extended&nodes=n1{query}");
        let answer = json(&client.get(&query).await.body);
        let listed = answer.get("tasks").unwrap().as_array().unwrap();
        assert_eq!(tasks(&listed[0]), 4, "{query}");
    }
}
