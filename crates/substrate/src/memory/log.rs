//! Logs in memory.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    Appended, Batch, Bounds, BoxFuture, Log, LogError, LogName, Logs, RecordNumber,
    log::MAX_RECORD_BYTES,
};

/// All logs of a world.
#[derive(Debug, Default)]
pub(super) struct Store {
    logs: Mutex<BTreeMap<LogName, Arc<Records>>>,
}

#[derive(Debug)]
struct Records {
    name: LogName,
    state: Mutex<State>,
    /// The end of the log, for those who tail it.
    end: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// Number of the record before the first in `records`.
    trimmed: u64,
    records: Vec<Bytes>,
    deleted: bool,
}

impl State {
    fn last(&self) -> u64 {
        self.trimmed + self.records.len() as u64
    }
}

pub(super) struct MemoryLogs {
    store: Arc<Store>,
}

impl MemoryLogs {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl Logs for MemoryLogs {
    fn open(&self, name: &LogName) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let name = name.clone();
        Box::pin(async move {
            let mut logs = self.store.logs.lock();
            let records = logs.entry(name.clone()).or_insert_with(|| {
                let (end, _) = watch::channel(0);
                Arc::new(Records {
                    name,
                    state: Mutex::default(),
                    end,
                })
            });
            Ok(Arc::new(MemoryLog {
                records: records.clone(),
            }) as Arc<dyn Log>)
        })
    }

    fn delete(&self, name: &LogName) -> BoxFuture<'_, Result<(), LogError>> {
        let name = name.clone();
        Box::pin(async move {
            let removed = self.store.logs.lock().remove(&name);
            if let Some(records) = removed {
                let mut state = records.state.lock();
                state.deleted = true;
                state.records = Vec::new();
                records.end.send_modify(|_| {});
            }
            Ok(())
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LogName>, LogError>> {
        Box::pin(async move { Ok(self.store.logs.lock().keys().cloned().collect()) })
    }
}

struct MemoryLog {
    records: Arc<Records>,
}

impl MemoryLog {
    fn deleted(&self) -> LogError {
        LogError::Deleted(self.records.name.to_string())
    }

    fn land(&self, expected_last: RecordNumber, record: Bytes) -> Appended {
        if record.is_empty() || record.len() > MAX_RECORD_BYTES {
            return Appended::Unavailable(format!(
                "a record has 1 to {MAX_RECORD_BYTES} bytes, this one {}",
                record.len()
            ));
        }
        let mut state = self.records.state.lock();
        if state.deleted {
            return Appended::Unavailable(self.deleted().to_string());
        }
        let last = RecordNumber(state.last());
        if last != expected_last {
            return Appended::Fenced(last);
        }
        state.records.push(record);
        self.records.end.send_replace(last.next().0);
        Appended::Done(last.next())
    }
}

impl Log for MemoryLog {
    fn append(&self, expected_last: RecordNumber, record: Bytes) -> BoxFuture<'_, Appended> {
        Box::pin(async move { self.land(expected_last, record) })
    }

    fn read(&self, from: RecordNumber, max_bytes: usize) -> BoxFuture<'_, Result<Batch, LogError>> {
        Box::pin(async move {
            let state = self.records.state.lock();
            if state.deleted {
                return Err(self.deleted());
            }
            if from.0 <= state.trimmed {
                return Err(LogError::Gap {
                    asked: from,
                    first: RecordNumber(state.trimmed + 1),
                });
            }
            let mut batch = Batch {
                records: Vec::new(),
                end: RecordNumber(state.last()),
            };
            let mut bytes = 0;
            let skip = usize::try_from(from.0 - state.trimmed - 1).unwrap_or(usize::MAX);
            for (number, record) in (from.0..).zip(state.records.iter().skip(skip)) {
                bytes += record.len();
                if bytes > max_bytes && !batch.records.is_empty() {
                    break;
                }
                batch.records.push((RecordNumber(number), record.clone()));
            }
            Ok(batch)
        })
    }

    fn bounds(&self) -> BoxFuture<'_, Result<Bounds, LogError>> {
        Box::pin(async move {
            let state = self.records.state.lock();
            if state.deleted {
                return Err(self.deleted());
            }
            Ok(Bounds {
                first: RecordNumber(state.trimmed + 1),
                last: RecordNumber(state.last()),
            })
        })
    }

    fn grown_past(&self, last: RecordNumber) -> BoxFuture<'_, Result<RecordNumber, LogError>> {
        Box::pin(async move {
            let mut end = self.records.end.subscribe();
            loop {
                if self.records.state.lock().deleted {
                    return Err(self.deleted());
                }
                let now = *end.borrow_and_update();
                if now > last.0 {
                    return Ok(RecordNumber(now));
                }
                if end.changed().await.is_err() {
                    return Err(self.deleted());
                }
            }
        })
    }

    fn trim(&self, through: RecordNumber) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async move {
            let mut state = self.records.state.lock();
            if state.deleted {
                return Err(self.deleted());
            }
            let through = through.0.min(state.last());
            if through > state.trimmed {
                let count = usize::try_from(through - state.trimmed).unwrap_or(usize::MAX);
                state.records.drain(..count);
                state.trimmed = through;
            }
            Ok(())
        })
    }
}
