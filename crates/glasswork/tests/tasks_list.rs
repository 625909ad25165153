//! `GET /_tasks`: acceptance cases A (list), B (filters) and C (grouping).

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{Node, id, keys};
use serde_json::{Value, json};

const LISTS: &str = "cluster:monitor/tasks/lists";

/// The one node's entry of a list grouped by nodes.
fn entry(list: &Value) -> &Value {
    let nodes = list["nodes"].as_object().unwrap();
    assert_eq!(nodes.len(), 1, "{list}");
    nodes.values().next().unwrap()
}

fn tasks(list: &Value) -> Vec<&Value> {
    entry(list)["tasks"].as_object().unwrap().values().collect()
}

fn count(node: &Node, query: &str) -> usize {
    let answer = node.get(&format!("/_tasks?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let list = answer.json();
    if list["nodes"] == json!({}) {
        0
    } else {
        tasks(&list).len()
    }
}

#[test]
fn an_idle_node_lists_the_list_and_its_part_with_exactly_the_fields() {
    let node = Node::start();
    let list = node.get("/_tasks").json();
    let tasks = tasks(&list);
    assert_eq!(tasks.len(), 2);
    let plain = [
        "node",
        "id",
        "type",
        "action",
        "start_time_in_millis",
        "running_time_in_nanos",
        "cancellable",
        "cancelled",
    ];
    let mut root = plain.to_vec();
    root.push("headers");
    let mut child = plain.to_vec();
    child.extend(["parent_task_id", "headers"]);
    assert_eq!(keys(tasks[0]), root);
    assert_eq!(keys(tasks[1]), child);
    assert_eq!(
        (&tasks[0]["action"], &tasks[0]["type"]),
        (&json!(LISTS), &json!("transport"))
    );
    assert_eq!(
        (&tasks[1]["action"], &tasks[1]["type"]),
        (&json!("cluster:monitor/tasks/lists[n]"), &json!("direct"))
    );
    assert_eq!(tasks[1]["parent_task_id"], id(tasks[0]));
    let names = [
        "name",
        "transport_address",
        "host",
        "ip",
        "roles",
        "attributes",
        "tasks",
    ];
    assert_eq!(keys(entry(&list)), names);
    assert_eq!(
        entry(&list)["roles"],
        json!(["cluster_manager", "data", "ingest", "remote_cluster_client"])
    );
    assert!(entry(&list)["ip"].as_str().unwrap().contains(':'));
}

#[test]
fn a_detailed_list_adds_description_and_resources_and_human_adds_texts_before_the_numbers() {
    let node = Node::start();
    let list = node.get("/_tasks?detailed").json();
    for task in tasks(&list) {
        assert_eq!(task["description"], "");
        assert_eq!(
            keys(&task["resource_stats"]),
            ["average", "total", "min", "max", "thread_info"]
        );
        assert!(task.get("status").is_none());
    }
    let list = node.get("/_tasks?detailed&human").json();
    for task in tasks(&list) {
        let keys = keys(task);
        let place = |key: &str| keys.iter().position(|found| *found == key).unwrap();
        assert_eq!(place("start_time") + 1, place("start_time_in_millis"));
        assert_eq!(place("running_time") + 1, place("running_time_in_nanos"));
    }
}

#[test]
fn numbers_grow_and_what_was_answered_is_no_longer_listed() {
    let node = Node::start();
    let mut last = 0;
    for _ in 0..20 {
        node.get("/_cluster/health");
        let list = node.get("/_tasks").json();
        let tasks = tasks(&list);
        assert_eq!(tasks.len(), 2, "{list}");
        for task in tasks {
            let number = task["id"].as_u64().unwrap();
            assert!(number > last);
            last = number;
        }
    }
}

#[test]
fn a_list_comes_as_yaml_as_pretty_json_and_filtered() {
    let node = Node::start();
    let yaml = node.get("/_tasks?format=yaml");
    assert_eq!(yaml.header("content-type"), Some("application/yaml"));
    assert!(yaml.text.starts_with("---\nnodes:\n"), "{}", yaml.text);
    let pretty = node.get("/_tasks?pretty").text;
    assert!(
        pretty.starts_with("{\n  \"nodes\" : {") && pretty.ends_with("}\n"),
        "{pretty}"
    );
    let filtered = node
        .get("/_tasks?filter_path=nodes.*.tasks.*.action")
        .json();
    assert_eq!(keys(entry(&filtered)), ["tasks"]);
    assert!(tasks(&filtered).iter().all(|task| keys(task) == ["action"]));
    let with_body = node.request(
        "GET",
        "/_tasks",
        &[("content-type", "application/json")],
        Some(r#"{"x":1}"#),
    );
    assert_eq!(with_body.status, 200);
}

#[test]
fn actions_are_matched_whole_and_only_a_star_is_a_wildcard() {
    let node = Node::start();
    assert_eq!(count(&node, "actions=*lists"), 1);
    assert_eq!(count(&node, "actions=*lists*"), 2);
    assert_eq!(count(&node, "actions=cluster:monitor/tasks/LISTS"), 0);
    assert_eq!(count(&node, "actions=cluster:monitor/tasks/list%3F"), 0);
    assert_eq!(count(&node, "actions=a*,cluster:monitor/tasks/lists"), 1);
    assert_eq!(count(&node, "actions="), 2);
}

#[test]
fn nodes_are_chosen_by_name_id_role_attribute_and_address() {
    let node = Node::with(&["--name", "node-1"]);
    let name = node.get("/_nodes").json()["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    for one in [
        "_local",
        "_all",
        "_cluster_manager",
        "_master",
        "data:true",
        "master:true",
        "node-*",
        "127.0.0.1",
        &name,
        "shard_indexing_pressure_enabled:tr*",
        "",
        "nope,_local",
        "_all,_all",
    ] {
        assert_eq!(count(&node, &format!("nodes={one}")), 2, "{one}");
    }
    for none in [
        "nope",
        "data:false",
        "_all,data:false",
        "coordinating_only:true",
        "node",
    ] {
        let list = node.get(&format!("/_tasks?nodes={none}"));
        assert_eq!(
            (list.status, list.text.as_str()),
            (200, r#"{"nodes":{}}"#),
            "{none}"
        );
    }
}

#[test]
fn children_are_found_by_their_direct_parent() {
    let node = Node::start();
    assert_eq!(count(&node, "parent_task_id=unset"), 2);
    assert_eq!(count(&node, "parent_task_id="), 2);
    assert_eq!(count(&node, "parent_task_id=-1"), 2);
    node.index("slow", 2, 4);
    let search = node.slow_search("/slow/_search", "s1");
    let root = node.await_task("s1", "indices:data/read/search");
    node.await_task("s1", "indices:data/read/search[phase/query]");
    let children = harness::eventually("both shards are searched", || {
        let list = node
            .get(&format!(
                "/_tasks?actions=*search*&parent_task_id={}",
                id(&root)
            ))
            .json();
        let found = list["nodes"].as_object().unwrap().values().next()?["tasks"]
            .as_object()
            .unwrap()
            .clone();
        (found.len() == 2).then_some(found)
    });
    assert!(
        children
            .values()
            .all(|task| task["action"] == "indices:data/read/search[phase/query]")
    );
    node.post(&format!("/_tasks/{}/_cancel", id(&root)), "");
    assert_eq!(search.join().unwrap().status, 500);
}

#[test]
fn a_list_is_grouped_by_parents_or_not_at_all() {
    let node = Node::start();
    let flat = node.get("/_tasks?group_by=none").json();
    assert_eq!(flat["tasks"].as_array().unwrap().len(), 2);
    let tree = node.get("/_tasks?group_by=parents").json();
    let (root_id, root) = tree["tasks"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(*root_id, id(root));
    let children = root["children"].as_array().unwrap();
    assert_eq!(children.len(), 1);
    assert_eq!(keys(root).last(), Some(&"children"));
    assert!(children[0].get("children").is_none());
    let orphans = node.get("/_tasks?group_by=parents&actions=*[n]").json();
    let orphan = orphans["tasks"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    assert!(orphan["parent_task_id"].is_string());
    assert_eq!(
        node.get("/_tasks?group_by=none&actions=nope").text,
        r#"{"tasks":[]}"#
    );
    assert_eq!(
        node.get("/_tasks?group_by=parents&actions=nope").text,
        r#"{"tasks":{}}"#
    );
    let wrong = node.get("/_tasks?group_by=foo");
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.json()["error"]["reason"],
        "[group_by] must be one of [nodes], [parents] or [none] but was [foo]"
    );
}

#[test]
fn a_slow_msearch_is_a_tree_of_three_levels() {
    let node = Node::start();
    node.index("slow", 2, 4);
    let body = format!("{{\"index\":\"slow\"}}\n{}\n", harness::SLOW);
    let msearch = node.in_background("POST", "/_msearch", "m1", &body);
    node.await_task("m1", "indices:data/read/search[phase/query]");
    let tree = node.get("/_tasks?group_by=parents&actions=*search*").json();
    let root = tree["tasks"].as_object().unwrap().values().next().unwrap();
    assert_eq!(root["action"], "indices:data/read/msearch");
    let search = &root["children"][0];
    assert_eq!(search["action"], "indices:data/read/search");
    assert_eq!(
        search["children"][0]["action"],
        "indices:data/read/search[phase/query]"
    );
    node.post(&format!("/_tasks/{}/_cancel", id(root)), "");
    let answer = msearch.join().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["responses"][0]["status"], 500);
}
