//! What every implementation of the traits must pass: checks written once, run against each of them.
//!
//! Each function panics with what was broken. They take handles of a substrate that works (no faults on), and use names and
//! keys of their own, so that they can run one after the other on the same one.

mod bus;
mod kv;
mod log;

use std::sync::Arc;

pub use bus::{alone, peers};
pub use kv::{keys, leases, watches};
pub use log::logs;

use crate::{BoxFuture, Kv, Logs};

/// Handles of one substrate.
#[derive(Clone)]
pub struct Handles {
    /// Its logs.
    pub logs: Arc<dyn Logs>,
    /// Its keys and values.
    pub kv: Arc<dyn Kv>,
}

/// A substrate that can be stopped and started again on the same state.
pub trait Restart {
    /// Starts it (after a stop, if it runs) and gives new handles. Handles given before are dropped by then.
    fn restart(&mut self) -> BoxFuture<'_, Handles>;
}

/// Everything acknowledged is there after a restart, and numbers, revisions and fences go on.
pub async fn restarts(substrate: &mut dyn Restart) {
    let name = log::name("restart");
    let last = {
        let handles = substrate.restart().await;
        let log = handles.logs.open(&name).await.expect("a log opens");
        let last = log::fill(&*log, 50).await;
        handles
            .kv
            .put("contract/restart", "kept".into())
            .await
            .expect("a put");
        handles
            .kv
            .put("contract/gone", "x".into())
            .await
            .expect("a put");
        handles.kv.delete("contract/gone").await.expect("a delete");
        last
    };
    for _ in 0..2 {
        let handles = substrate.restart().await;
        let log = handles.logs.open(&name).await.expect("a log opens again");
        let bounds = log.bounds().await.expect("bounds");
        assert_eq!(bounds.last, last, "the log ends where it ended");
        let batch = log.read(bounds.first, usize::MAX).await.expect("a read");
        assert_eq!(batch.records.len() as u64, last.0, "all records are there");
        for (number, record) in &batch.records {
            assert_eq!(
                *record,
                log::record(*number),
                "record {number} reads back as written"
            );
        }
        let entry = handles
            .kv
            .get("contract/restart")
            .await
            .expect("a get")
            .expect("kept");
        assert_eq!(entry.value, "kept");
        assert_eq!(handles.kv.get("contract/gone").await.expect("a get"), None);
    }
    let handles = substrate.restart().await;
    let log = handles.logs.open(&name).await.expect("a log opens again");
    log.trim(last).await.expect("a trim");
    drop((log, handles));
    let handles = substrate.restart().await;
    let log = handles.logs.open(&name).await.expect("a log opens again");
    assert_eq!(
        log.bounds().await.expect("bounds").last,
        last,
        "numbers go on through trims"
    );
    let appended = log.append(last, log::record(last.next())).await;
    assert_eq!(
        appended,
        crate::Appended::Done(last.next()),
        "the fence goes on"
    );
}
