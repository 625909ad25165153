//! Segments: merges by policy and by force, what dies meanwhile, late fields, cancellation, full buffers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use glasswork_engine::{EngineError, FieldNumber, Shard, Upkeep, Work};
use glasswork_tasks::{Checkpoint, NoCheckpoint, Stop};
use parking_lot::Mutex;

use crate::{
    documents::write_one,
    harness::{Place, contents, delete, ids, index, index_with},
};

/// Does something at each checkpoint, and stops after some.
struct At<F> {
    count: AtomicUsize,
    act: F,
}

impl<F> At<F> {
    fn new(act: F) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            act,
        })
    }
}

impl<F: Fn(usize) -> Result<(), Stop> + Send + Sync> Checkpoint for At<F> {
    fn checkpoint(&self) -> Result<(), Stop> {
        (self.act)(self.count.fetch_add(1, Ordering::Relaxed))
    }
    fn charge(&self, _bytes: u64) -> Result<(), Stop> {
        Ok(())
    }
    fn release(&self, _bytes: u64) {}
}

async fn segments(shard: &Shard, count: usize, per_segment: usize) {
    for segment in 0..count {
        let writes = (0..per_segment)
            .map(|doc| {
                let source = format!(
                    r#"{{"title":"w{doc} common","tag":"t{}","n":{doc}}}"#,
                    doc % 7
                );
                index(&format!("{segment}-{doc}"), &source)
            })
            .collect();
        shard.write(writes).await.unwrap();
        shard.refresh().unwrap();
    }
}

#[tokio::test]
async fn the_policy_merges_small_segments_and_searches_see_the_same() {
    let place = Place::new().await;
    let shard = place.open().await;
    segments(&shard, 9, 20).await;
    write_one(&shard, delete("3-3")).await.unwrap();
    shard.refresh().unwrap();
    let before = contents(&shard.view());
    assert_eq!(shard.view().segments().len(), 9);
    assert!(shard.merge_by_policy(Arc::new(NoCheckpoint)).unwrap());
    let view = shard.view();
    assert_eq!(
        view.segments().len(),
        1,
        "shown at once: nothing was waiting"
    );
    assert_eq!(contents(&view), before);
    assert_eq!(view.deleted_count(), 0);
    let (title, ..) = view.field("title").unwrap();
    assert_eq!(view.field_stats(title).unwrap().doc_count, 179);
    let numbers: Vec<u64> = (0..179).map(|doc| view.segments()[0].seq_no(doc)).collect();
    assert!(
        numbers.is_sorted(),
        "documents stay in the order of their operations"
    );
    assert!(!shard.merge_by_policy(Arc::new(NoCheckpoint)).unwrap());
    shard.flush().await.unwrap();
    drop(shard);
    assert_eq!(contents(&place.open().await.view()), before);
}

#[tokio::test]
async fn what_is_deleted_or_replaced_during_a_merge_stays_so() {
    let place = Place::new().await;
    let shard = place.open().await;
    segments(&shard, 3, 50).await;
    write_one(&shard, delete("0-0")).await.unwrap();
    write_one(&shard, delete("1-49")).await.unwrap();
    shard.refresh().unwrap();
    let during = shard.clone();
    let runtime = tokio::runtime::Handle::current();
    let checkpoint = At::new(move |count| {
        if count == 3 {
            let group = vec![
                delete("1-7"),
                index("2-9", r#"{"n":99}"#),
                delete("0-1"),
                delete("2-9"),
            ];
            let results = runtime.block_on(during.write(group)).unwrap();
            assert!(results.iter().all(Result::is_ok));
        }
        if count == 5 {
            assert!(during.refresh().unwrap());
            assert_eq!(during.view().doc_count(), 145);
        }
        if count == 7 {
            let group = vec![delete("1-8"), index("2-10", r#"{"n":100}"#)];
            runtime.block_on(during.write(group)).unwrap();
        }
        Ok(())
    });
    let merging = shard.clone();
    let checkpoint_of_merge = checkpoint.clone();
    tokio::task::spawn_blocking(move || merging.merge(1, checkpoint_of_merge).unwrap())
        .await
        .unwrap();
    assert!(checkpoint.count.load(Ordering::Relaxed) > 8);
    assert_eq!(
        shard.view().doc_count(),
        145,
        "what waits for a refresh still does"
    );
    shard.refresh().unwrap();
    let left = ids(&shard.view());
    assert_eq!(left.len(), 144);
    for gone in ["0-0", "0-1", "1-49", "1-7", "1-8", "2-9"] {
        assert!(!left.contains(&gone.to_owned()), "{gone}");
        assert!(shard.get(gone).unwrap().is_none());
    }
    assert_eq!(shard.get("2-10").unwrap().unwrap().source, r#"{"n":100}"#);
    let before = contents(&shard.view());
    drop(shard);
    assert_eq!(contents(&place.open().await.view()), before);
}

#[tokio::test]
async fn a_forced_merge_ends_with_the_number_asked_for_and_without_deletes() {
    let place = Place::new().await;
    let shard = place.open().await;
    segments(&shard, 6, 10).await;
    write_one(&shard, index("buffered", "{}")).await.unwrap();
    shard.merge(3, Arc::new(NoCheckpoint)).unwrap();
    shard.refresh().unwrap();
    assert_eq!(shard.view().segments().len(), 3);
    assert_eq!(shard.view().doc_count(), 61);
    write_one(&shard, delete("0-0")).await.unwrap();
    shard.refresh().unwrap();
    assert_eq!(shard.view().deleted_count(), 1);
    assert!(shard.expunge_deletes(Arc::new(NoCheckpoint)).unwrap());
    assert_eq!(shard.view().deleted_count(), 0);
    shard.merge(1, Arc::new(NoCheckpoint)).unwrap();
    assert_eq!(shard.view().segments().len(), 1);
    assert_eq!(shard.view().doc_count(), 60);
    for id in ids(&shard.view()) {
        write_one(&shard, delete(&id)).await.unwrap();
    }
    shard.merge(1, Arc::new(NoCheckpoint)).unwrap();
    shard.refresh().unwrap();
    assert!(shard.view().segments().is_empty());
    assert_eq!(shard.stats().store_bytes, 0);
}

#[tokio::test]
async fn segments_from_before_a_text_field_merge_with_those_after() {
    let place = Place::new().await;
    let shard = place.open().await;
    for number in 0..10 {
        let id = format!("old-{number}");
        write_one(&shard, index_with(&id, r#"{"title":"a b c"}"#, 1))
            .await
            .unwrap();
    }
    shard.refresh().unwrap();
    for number in 0..10 {
        let id = format!("new-{number}");
        let source = r#"{"title":"a b","tag":"t","n":1,"body":"x y z w","late":1.5}"#;
        write_one(&shard, index_with(&id, source, 5)).await.unwrap();
    }
    write_one(&shard, delete("old-3")).await.unwrap();
    shard.refresh().unwrap();
    let before = contents(&shard.view());
    shard.merge(1, Arc::new(NoCheckpoint)).unwrap();
    let view = shard.view();
    assert_eq!(view.segments().len(), 1);
    assert_eq!(contents(&view), before);
    let stats = |name: &str| {
        let (number, ..) = view.field(name).unwrap();
        let stats = view.field_stats(number).unwrap();
        (stats.doc_count, stats.total_tokens)
    };
    assert_eq!(stats("title"), (19, 47));
    assert_eq!(stats("body"), (10, 40));
    assert_eq!(stats("late").0, 10);
    assert!(view.segments()[0].has_field(FieldNumber(4)));
}

#[tokio::test]
async fn a_cancelled_merge_stops_and_leaves_everything_as_it_was() {
    let place = Place::new().await;
    let shard = place.open().await;
    segments(&shard, 4, 300).await;
    shard.flush().await.unwrap();
    let before = contents(&shard.view());
    let files = || {
        let mut names: Vec<_> = std::fs::read_dir(place.config().dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let files_before = files();
    let memory_before = shard.stats().memory_segment_bytes;
    for after in [0, 1, 2, 5, 9, 14] {
        let checkpoint = At::new(move |count| {
            if count >= after {
                Err(Stop::Cancelled("enough".into()))
            } else {
                Ok(())
            }
        });
        let stopped = shard.merge(1, checkpoint);
        assert!(
            matches!(&stopped, Err(EngineError::Stopped(Stop::Cancelled(reason))) if &**reason == "enough"),
            "{stopped:?}"
        );
        assert_eq!(contents(&shard.view()), before);
        assert_eq!(files(), files_before);
        assert_eq!(shard.stats().memory_segment_bytes, memory_before);
    }
    shard.merge(1, Arc::new(NoCheckpoint)).unwrap();
    assert_eq!(contents(&shard.view()), before);
}

#[tokio::test]
async fn a_full_buffer_becomes_a_segment_that_searches_do_not_see_yet() {
    #[derive(Default)]
    struct Wanted(Mutex<Vec<Work>>);
    impl Upkeep for Wanted {
        fn wanted(&self, work: Work) {
            self.0.lock().push(work);
        }
    }
    let place = Place::new().await;
    let wanted = Arc::new(Wanted::default());
    for upkeep in [None, Some(wanted.clone() as Arc<dyn Upkeep>)] {
        let mut config = place.config();
        config.dir = place.dir.path().join(format!("{}", upkeep.is_some()));
        config.buffer_bytes = 1;
        config.upkeep = upkeep;
        let shard = Shard::open(config).await.unwrap();
        shard.refresh().unwrap();
        let before = shard.view().doc_count();
        for round in 0..6 {
            let id = format!("{before}-{round}");
            write_one(&shard, index(&id, "{}")).await.unwrap();
            write_one(&shard, index("same", "{}")).await.unwrap();
        }
        assert_eq!(shard.view().doc_count(), before);
        shard.finish_segments().unwrap();
        shard.refresh().unwrap();
        assert_eq!(shard.view().doc_count(), before.max(1) + 6);
    }
    assert!(wanted.0.lock().contains(&Work::Segments));
    assert!(wanted.0.lock().contains(&Work::Merge));
}

#[tokio::test]
async fn files_of_merged_segments_go_away_with_the_next_flush() {
    let place = Place::new().await;
    let shard = place.open().await;
    segments(&shard, 3, 10).await;
    shard.flush().await.unwrap();
    let count = || std::fs::read_dir(place.config().dir).unwrap().count();
    assert_eq!(count(), 3 * 6 + 1);
    shard.merge(1, Arc::new(NoCheckpoint)).unwrap();
    assert_eq!(count(), 3 * 6 + 1, "the manifest still names them");
    shard.flush().await.unwrap();
    assert_eq!(count(), 6 + 1);
    let stats = shard.stats();
    let on_disk: u64 = std::fs::read_dir(place.config().dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "manifest")
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert_eq!(stats.store_bytes, on_disk);
    assert_eq!(stats.memory_segment_bytes, 0);
}

#[tokio::test]
async fn a_scan_gives_the_documents_in_the_order_of_their_operations() {
    let place = Place::new().await;
    let shard = place.open().await;
    segments(&shard, 3, 40).await;
    for number in [5, 17, 30] {
        write_one(&shard, index(&format!("0-{number}"), "{}"))
            .await
            .unwrap();
        write_one(&shard, delete(&format!("1-{number}")))
            .await
            .unwrap();
    }
    shard.refresh().unwrap();
    let view = shard.view();
    let mut expected: Vec<u64> = contents(&view)
        .into_iter()
        .map(|(_, _, seq_no, _)| seq_no)
        .collect();
    expected.sort_unstable();
    let collect = |range| {
        let mut scan = view.scan(range, Arc::new(NoCheckpoint)).unwrap();
        let mut found = Vec::new();
        while let Some(one) = scan.next_document().unwrap() {
            assert_eq!(view.segments()[one.segment].seq_no(one.doc), one.seq_no);
            assert!(view.segments()[one.segment].is_alive(one.doc));
            found.push(one.seq_no);
        }
        found
    };
    assert_eq!(collect(0..=u64::MAX), expected);
    let part: Vec<u64> = expected
        .iter()
        .copied()
        .filter(|n| (40..=100).contains(n))
        .collect();
    assert_eq!(collect(40..=100), part);
    assert!(collect(5000..=6000).is_empty());
    let stopped = At::new(|_| Err(Stop::TimedOut));
    let mut scan = view.scan(0..=9, stopped).unwrap();
    assert_eq!(scan.next_document(), Err(Stop::TimedOut));
}
