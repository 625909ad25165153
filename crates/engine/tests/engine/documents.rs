//! What a client sees of documents: writes, versions, conditions, realtime and refreshed reads.

use crate::harness::{Place, contents, create, delete, ids, index, versioned, when};
use glasswork_engine::{Conflict, Versioning, WriteFailure, WriteResult};

#[tokio::test]
async fn a_document_is_readable_at_once_and_searchable_after_a_refresh() {
    let place = Place::new().await;
    let shard = place.open().await;
    let written = shard
        .write(vec![index("1", r#"{"title":"a b", "n":1}"#)])
        .await
        .unwrap();
    let written = written[0].clone().unwrap();
    assert_eq!(
        (written.seq_no, written.version, written.primary_term),
        (0, 1, 1)
    );
    assert_eq!(written.result, WriteResult::Created);

    let found = shard.get("1").unwrap().unwrap();
    assert_eq!(&found.source[..], br#"{"title":"a b", "n":1}"#);
    assert_eq!((found.seq_no, found.version), (0, 1));
    assert!(shard.get_from_view("1").unwrap().is_none());
    assert_eq!(shard.view().doc_count(), 0);

    assert!(shard.refresh().unwrap());
    assert!(!shard.refresh().unwrap(), "nothing new");
    assert_eq!(shard.get_from_view("1").unwrap().unwrap(), found);
    assert_eq!(shard.get("1").unwrap().unwrap(), found);
    assert_eq!(shard.view().max_seq_no(), Some(0));
}
