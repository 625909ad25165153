//! What ran, and what a cancel would end: over a real socket, with one node and with two.

use std::collections::HashSet;

use glasswork_content::json::Node as Json;
use glasswork_node::Node;
use glasswork_substrate::memory::World;
use glasswork_tasks::{Guard, Start};
use tokio::net::TcpStream;

use super::{
    client::{Answer, Client},
    endpoints::member,
    tasks::{id, json, serve},
};

async fn post(client: &mut Client<TcpStream>, target: &str) -> Answer {
    client
        .send(format!("POST {target} HTTP/1.1\r\nHost: x\r\n\r\n"))
        .await;
    client.answer().await.unwrap()
}

fn search(node: &Node, user: &str) -> Guard {
    let action = node.registry().action("indices:data/read/search").unwrap();
    let start = Start::new(action)
        .user(user)
        .description("a search that takes long");
    node.registry().start(start).unwrap()
}

fn listed(answer: &Json) -> Vec<&Json> {
    let tasks = answer.get("tasks").unwrap().as_array().unwrap();
    tasks.iter().collect()
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).unwrap().as_str().unwrap()
}

#[tokio::test]
async fn what_ended_is_told_with_its_outcome_on_all_nodes_page_by_page() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    let mut client = Client::connect(server.address()).await;
    let mut expected = HashSet::new();
    for node in [&one, &two] {
        for _ in 0..4 {
            let guard = search(node, "ads");
            expected.insert(guard.task().id().to_string());
            guard.succeed();
        }
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!("/_tasks/_history?user=ads&size=3{after}");
        let answer = json(&client.get(&query).await.body);
        let page = listed(&answer);
        assert!(page.len() <= 3);
        seen.extend(page.iter().map(|ended| id(ended.get("task").unwrap())));
        let Some(next) = answer.get("next") else {
            break;
        };
        after = format!("&after={}", next.as_str().unwrap());
    }
    assert_eq!(seen.len(), 8, "each once: {seen:?}");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);

    search(&one, "bob").fail("index_not_found_exception", "no such index [x]");
    let cancelled = search(&two, "bob");
    let number = cancelled.task().number();
    two.registry().cancel(number, "too slow").unwrap();
    drop(cancelled);
    let answer = json(&client.get("/_tasks/_history?user=bob").await.body);
    let outcomes: HashSet<&str> = listed(&answer)
        .iter()
        .map(|ended| text(ended, "outcome"))
        .collect();
    assert_eq!(outcomes, HashSet::from(["failed", "cancelled"]));
    let answer = client
        .get("/_tasks/_history?outcome=failed&actions=*search")
        .await;
    let answer = json(&answer.body);
    let [failed] = listed(&answer)[..] else {
        panic!("one failed")
    };
    let error = failed.get("error").unwrap();
    assert_eq!(text(error, "type"), "index_not_found_exception");
    assert_eq!(text(error, "reason"), "no such index [x]");
    assert_eq!(
        text(failed.get("task").unwrap(), "description"),
        "a search that takes long"
    );
    let answer = json(&client.get("/_tasks/_history?cancelled&human").await.body);
    let [ended] = listed(&answer)[..] else {
        panic!("one was cancelled")
    };
    assert_eq!(text(ended.get("cancel").unwrap(), "reason"), "too slow");
    let since = ended.get("ended_in_millis").unwrap().as_i64().unwrap() + 3_600_000;
    let answer = client
        .get(&format!("/_tasks/_history?since={since}&outcome=failed"))
        .await;
    assert!(listed(&json(&answer.body)).is_empty());
}

#[tokio::test]
async fn the_past_below_a_task_is_told() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    let root = search(&node, "ads");
    let action = root.task().action();
    let child = node
        .registry()
        .start(Start::new(action).child_of(root.task()))
        .unwrap();
    let grandchild = node
        .registry()
        .start(Start::new(action).child_of(child.task()))
        .unwrap();
    search(&node, "ads").succeed();
    let root_id = root.task().id();
    let mut expected = Vec::new();
    for guard in [grandchild, child, root] {
        expected.push(guard.task().id().to_string());
        guard.succeed();
        let query = format!("/_tasks/_history?root_task_id={root_id}");
        let answer = json(&client.get(&query).await.body);
        let mut seen: Vec<String> = listed(&answer)
            .iter()
            .map(|ended| id(ended.get("task").unwrap()))
            .collect();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_question_about_the_past_that_makes_no_sense_is_refused() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    for query in [
        "size=0",
        "size=10001",
        "outcome=good",
        "since=yesterday",
        "after=x",
        "sort=id",
    ] {
        let answer = client.get(&format!("/_tasks/_history?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_preview_cancels_nothing_and_its_token_cancels_just_that() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    let mut client = Client::connect(server.address()).await;
    let (first, second) = (search(&one, "ads"), search(&two, "bob"));
    let action = first.task().action();
    let child = one
        .registry()
        .start(Start::new(action).child_of(first.task()))
        .unwrap();
    let answer = post(&mut client, "/_tasks/_cancel?actions=*search&dry_run").await;
    let shown = json(&answer.body);
    let preview = shown.get("preview").unwrap();
    assert_eq!(preview.get("tasks").unwrap().as_i64(), Some(3));
    let users = preview.get("users").unwrap().as_array().unwrap();
    let users: Vec<_> = users.iter().map(|user| user.as_str().unwrap()).collect();
    assert_eq!(users, ["ads", "bob"]);
    let on_one = shown.get("nodes").unwrap().get("n1").unwrap();
    let task = on_one
        .get("tasks")
        .unwrap()
        .get(&child.task().id().to_string())
        .unwrap();
    assert!(task.get("glasswork").is_some(), "shown in full");
    for guard in [&first, &second, &child] {
        assert!(!guard.task().is_cancelled());
    }

    let later = search(&one, "ads");
    let token = text(preview, "token");
    let answer = post(
        &mut client,
        &format!("/_tasks/{}/_cancel?token={token}", later.task().id()),
    )
    .await;
    assert!(
        answer.text().contains("was not in the preview"),
        "{}",
        answer.text()
    );
    let answer = post(
        &mut client,
        &format!("/_tasks/_cancel?token={token}&group_by=none"),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    for guard in [&first, &second, &child] {
        assert!(guard.task().is_cancelled());
    }
    assert!(!later.task().is_cancelled(), "it was not shown");

    let answer = post(&mut client, "/_tasks/_cancel?token=unknown").await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    let answer = post(
        &mut client,
        &format!("/_tasks/_cancel?token={token}&dry_run"),
    )
    .await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(!later.task().is_cancelled());
}

#[tokio::test]
async fn a_waiting_cancel_tells_how_long_it_took() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    let running = search(&node, "ads");
    let task = running.task().clone();
    tokio::spawn(async move {
        running.task().cancelled().await;
        drop(running);
    });
    let target = format!(
        "/_tasks/{}/_cancel?wait_for_completion&extended&timeout=10s&group_by=none",
        task.id()
    );
    let answer = post(&mut client, &target).await;
    let answer = json(&answer.body);
    let cancel = listed(&answer)[0].get("glasswork").unwrap();
    let cancel = cancel.get("cancel").unwrap();
    assert!(cancel.get("latency_in_millis").unwrap().as_i64().unwrap() < 10_000);

    let stays = search(&node, "ads");
    let target = format!(
        "/_tasks/{}/_cancel?wait_for_completion&timeout=50ms",
        stays.task().id()
    );
    let answer = post(&mut client, &target).await;
    assert!(
        answer
            .text()
            .contains("receive_timeout_transport_exception"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn the_banner_says_that_this_is_glasswork() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut client = Client::connect(server.address()).await;
    let answer = client.get("/").await;
    assert_eq!(
        answer.header("x-glasswork-version"),
        Some(env!("CARGO_PKG_VERSION"))
    );
}
