//! What travels between nodes.

use super::{
    Cluster,
    actions::{Behaviour, Echo, Search, SearchRequest},
    cluster::{run, soon},
};
use crate::Caller;
use glasswork_tasks::Headers;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_user_travel_with_a_request() {
    let cluster = Cluster::of(2).await;
    let caller = Caller {
        headers: Arc::new(Headers::new([("X-Opaque-Id", "a"), ("X-Request-Id", "b")])),
        user: Some("ann".into()),
        ..Caller::default()
    };
    let request = SearchRequest::of(&[("n1", Behaviour::Answers), ("n2", Behaviour::Answers)]);
    let answer = cluster.nodes[0]
        .run::<Search, _>(request, caller, |answer| answer)
        .await
        .unwrap();
    assert_eq!(
        answer,
        [
            "n1 Some(\"a\") Some(\"ann\")",
            "n2 Some(\"a\") Some(\"ann\")"
        ]
    );
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_any_length_arrive_whole() {
    let cluster = Cluster::of(2).await;
    for length in [0, 1, 768 * 1024, 768 * 1024 + 1, 5_000_000] {
        let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let request = (Some("n2".into()), bytes.clone());
        assert_eq!(
            soon(run::<Echo>(&cluster.nodes[0], request)).await.unwrap(),
            bytes
        );
    }
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_nonsense_is_refused() {
    let cluster = Cluster::of(2).await;
    let bus = &cluster.nodes[0].substrate().bus;
    for (action, payload) in [
        ("test:echo", &b""[..]),
        ("test:echo", &[0, 0, 0, 9, 1]),
        ("test:echo", &[0xff; 64]),
        ("internal:transport/get", &[0xff; 64]),
        ("internal:transport/put", &[0; 64]),
        ("no:such:action", &[0, 0, 0, 1, 1]),
    ] {
        let payload = bytes::Bytes::copy_from_slice(payload);
        let reply = bus
            .request("n2", action, payload, std::time::Duration::from_secs(5))
            .await
            .unwrap();
        assert!(!reply.is_empty(), "{action} is answered, with a failure");
    }
    cluster.is_quiet().await;
}
