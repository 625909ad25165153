//! Logs in memory.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Caller, Fate};
use crate::{
    Appended, Batch, Bounds, BoxFuture, Log, LogError, LogName, Logs, RecordNumber,
    log::MAX_RECORD_BYTES,
};

/// All logs of a world.
#[derive(Default)]
pub(super) struct Store {
    logs: Mutex<BTreeMap<LogName, Arc<Records>>>,
}

struct Records {
    name: LogName,
    state: Mutex<State>,
    /// The end of the log, for those who tail it.
    end: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    /// Number of the record before the first in `records`.
    trimmed: u64,
    records: Vec<Bytes>,
    /// A record under way whose writer was told `Unknown`, and how many calls it lets pass before it lands.
    late: Option<(RecordNumber, Bytes, u8)>,
    deleted: bool,
}

impl State {
    fn last(&self) -> u64 {
        self.trimmed + self.records.len() as u64
    }
}

impl Records {
    /// The state for one call, after what is under way had its chance to land.
    fn call<T>(&self, call: impl FnOnce(&mut State) -> T) -> Result<T, LogError> {
        let mut state = self.state.lock();
        if state.deleted {
            return Err(LogError::Deleted(self.name.to_string()));
        }
        match state.late.take() {
            Some((expected, record, 0)) => {
                self.land(&mut state, expected, record);
            }
            Some((expected, record, calls)) => state.late = Some((expected, record, calls - 1)),
            None => {}
        }
        Ok(call(&mut state))
    }

    fn land(&self, state: &mut State, expected: RecordNumber, record: Bytes) -> Appended {
        let last = RecordNumber(state.last());
        if last != expected {
            return Appended::Fenced(last);
        }
        state.records.push(record);
        self.end.send_replace(last.next().0);
        Appended::Done(last.next())
    }
}

pub(super) struct MemoryLogs {
    caller: Caller,
}

impl MemoryLogs {
    pub(super) fn new(caller: Caller) -> Self {
        Self { caller }
    }
}

impl Logs for MemoryLogs {
    fn open(&self, name: &LogName) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let name = name.clone();
        Box::pin(async move {
            self.caller
                .reach_store()
                .await
                .map_err(LogError::Unavailable)?;
            let mut logs = self.caller.world.logs.logs.lock();
            let records = logs.entry(name.clone()).or_insert_with(|| {
                let (end, _) = watch::channel(0);
                Arc::new(Records {
                    name,
                    state: Mutex::default(),
                    end,
                })
            });
            let log = MemoryLog {
                caller: self.caller.clone(),
                records: records.clone(),
            };
            Ok(Arc::new(log) as Arc<dyn Log>)
        })
    }

    fn delete(&self, name: &LogName) -> BoxFuture<'_, Result<(), LogError>> {
        let name = name.clone();
        Box::pin(async move {
            self.caller
                .reach_store()
                .await
                .map_err(LogError::Unavailable)?;
            let removed = self.caller.world.logs.logs.lock().remove(&name);
            if let Some(records) = removed {
                let mut state = records.state.lock();
                *state = State {
                    deleted: true,
                    ..State::default()
                };
                records.end.send_modify(|_| {});
            }
            Ok(())
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LogName>, LogError>> {
        Box::pin(async move {
            self.caller
                .reach_store()
                .await
                .map_err(LogError::Unavailable)?;
            Ok(self.caller.world.logs.logs.lock().keys().cloned().collect())
        })
    }
}

struct MemoryLog {
    caller: Caller,
    records: Arc<Records>,
}

impl MemoryLog {
    async fn call<T>(&self, call: impl FnOnce(&mut State) -> T) -> Result<T, LogError> {
        self.caller
            .reach_store()
            .await
            .map_err(LogError::Unavailable)?;
        self.records.call(call)
    }
}

impl Log for MemoryLog {
    fn append(&self, expected_last: RecordNumber, record: Bytes) -> BoxFuture<'_, Appended> {
        Box::pin(async move {
            if record.is_empty() || record.len() > MAX_RECORD_BYTES {
                let bytes = record.len();
                return Appended::Unavailable(format!(
                    "a record has 1 to {MAX_RECORD_BYTES} bytes, this one {bytes}"
                ));
            }
            if let Err(why) = self.caller.reach_store().await {
                return Appended::Unavailable(why);
            }
            let fate = self.caller.fate();
            let answer = self.records.call(|state| match fate {
                Fate::Lands => self.records.land(state, expected_last, record),
                Fate::UnknownLanded => {
                    self.records.land(state, expected_last, record);
                    Appended::Unknown
                }
                Fate::UnknownLandsLate => {
                    state.late = Some((expected_last, record, 1));
                    Appended::Unknown
                }
                Fate::UnknownLost => Appended::Unknown,
                Fate::Unavailable => Appended::Unavailable("no leader".to_owned()),
            });
            answer.unwrap_or_else(|gone| Appended::Unavailable(gone.to_string()))
        })
    }

    fn read(&self, from: RecordNumber, max_bytes: usize) -> BoxFuture<'_, Result<Batch, LogError>> {
        Box::pin(async move {
            self.call(|state| {
                if from.0 <= state.trimmed {
                    let first = RecordNumber(state.trimmed + 1);
                    return Err(LogError::Gap { asked: from, first });
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
            .await?
        })
    }

    fn bounds(&self) -> BoxFuture<'_, Result<Bounds, LogError>> {
        Box::pin(async move {
            let stale = self.caller.stale();
            self.call(|state| {
                let behind = u64::from(stale && !state.records.is_empty());
                Bounds {
                    first: RecordNumber(state.trimmed + 1),
                    last: RecordNumber(state.last() - behind),
                }
            })
            .await
        })
    }

    fn grown_past(&self, last: RecordNumber) -> BoxFuture<'_, Result<RecordNumber, LogError>> {
        Box::pin(async move {
            let mut end = self.records.end.subscribe();
            loop {
                self.call(|_| ()).await?;
                let now = *end.borrow_and_update();
                if now > last.0 {
                    return Ok(RecordNumber(now));
                }
                if end.changed().await.is_err() {
                    return Err(LogError::Deleted(self.records.name.to_string()));
                }
            }
        })
    }

    fn trim(&self, through: RecordNumber) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async move {
            self.call(|state| {
                let through = through.0.min(state.last());
                if through > state.trimmed {
                    let count = usize::try_from(through - state.trimmed).unwrap_or(usize::MAX);
                    state.records.drain(..count);
                    state.trimmed = through;
                }
            })
            .await
        })
    }
}
