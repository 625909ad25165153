//! The official client, unmodified, does what people do.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::Node;
use opensearch::{
    BulkOperation, BulkParts, DeleteParts, GetParts, IndexParts, OpenSearch, SearchParts,
    cluster::ClusterHealthParts,
    http::transport::Transport,
    indices::{IndicesCreateParts, IndicesDeleteParts, IndicesRefreshParts},
};
use serde_json::{Value, json};

#[tokio::test]
async fn the_official_client_indexes_searches_and_lists_tasks()
-> Result<(), Box<dyn std::error::Error>> {
    let node = Node::start();
    let client = OpenSearch::new(Transport::single_node(&node.url)?);
    let created = client
        .indices()
        .create(IndicesCreateParts::Index("books"))
        .body(json!({"mappings": {"properties": {"title": {"type": "text"}, "year": {"type": "integer"}}}}))
        .send()
        .await?;
    assert!(created.status_code().is_success());
    let indexed = client
        .index(IndexParts::IndexId("books", "1"))
        .body(json!({"title": "The Left Hand of Darkness", "year": 1969}))
        .send()
        .await?;
    assert_eq!(indexed.json::<Value>().await?["result"], "created");
    let books = [
        ("2", "The Dispossessed", 1974),
        ("3", "A Wizard of Earthsea", 1968),
    ];
    let operations: Vec<BulkOperation<Value>> = books
        .iter()
        .map(|(id, title, year)| {
            BulkOperation::index(json!({"title": title, "year": year}))
                .id(*id)
                .into()
        })
        .collect();
    let bulk = client
        .bulk(BulkParts::Index("books"))
        .body(operations)
        .send()
        .await?
        .json::<Value>()
        .await?;
    assert_eq!(bulk["errors"], false);
    client
        .indices()
        .refresh(IndicesRefreshParts::Index(&["books"]))
        .send()
        .await?;
    let found = client
        .search(SearchParts::Index(&["books"]))
        .body(json!({"query": {"bool": {"must": {"match": {"title": "the"}}, "filter": {"range": {"year": {"gte": 1970}}}}}}))
        .send()
        .await?
        .json::<Value>()
        .await?;
    assert_eq!(found["hits"]["hits"][0]["_id"], "2", "{found}");
    let got = client
        .get(GetParts::IndexId("books", "3"))
        .send()
        .await?
        .json::<Value>()
        .await?;
    assert_eq!(got["_source"]["title"], "A Wizard of Earthsea");
    let health = client
        .cluster()
        .health(ClusterHealthParts::None)
        .send()
        .await?
        .json::<Value>()
        .await?;
    assert_eq!(health["timed_out"], false);
    let tasks = client.tasks().list().send().await?.json::<Value>().await?;
    assert_eq!(tasks["nodes"].as_object().unwrap().len(), 1);
    let deleted = client
        .delete(DeleteParts::IndexId("books", "3"))
        .send()
        .await?
        .json::<Value>()
        .await?;
    assert_eq!(deleted["result"], "deleted");
    assert!(
        client
            .indices()
            .delete(IndicesDeleteParts::Index(&["books"]))
            .send()
            .await?
            .status_code()
            .is_success()
    );
    Ok(())
}
