//! The place of a scroll on one shard, and what it takes to read the next page from there.

use std::sync::Arc;

use glasswork_content::{Failure, Kind};
use glasswork_search::{
    Context,
    query::Query,
    request::{SearchRequest as Source, ShardSlice},
    scan::Scanner,
    shard::{self, DocAddress, Hit, Page, ShardDoc, ShardResult, TotalHits},
};
use glasswork_tasks::{Checkpoint, Memory, Stop, Task};
use parking_lot::Mutex;

/// The place of a scroll on one shard.
pub(crate) enum Cursor {
    /// Behind the last hit that was given out.
    Ranked(Box<Ranked>),
    /// In the order of `_seq_no`.
    Scan(Box<ScanPages>),
}

/// A scroll in the order of its request.
pub(crate) struct Ranked {
    /// What is searched for; without aggregations, which only the first page has.
    pub(crate) source: Arc<Source>,
    /// What the aliases let through.
    pub(crate) filter: Option<Query>,
    /// What `now` was for the first page, milliseconds since 1970.
    pub(crate) now: i64,
    /// What of the shard belongs to the slice that is searched.
    pub(crate) slice: Option<ShardSlice>,
    /// The last hit of this shard that was given out.
    pub(crate) last: Option<ShardDoc>,
    /// How many documents match.
    pub(crate) total: Option<TotalHits>,
    /// The highest score of all.
    pub(crate) max_score: Option<f32>,
}

impl Ranked {
    /// Finds what comes behind the last hit. Totals are those of the first page.
    ///
    /// # Errors
    /// Why it had to stop.
    pub(crate) fn next_page(&self, context: &Context) -> Result<ShardResult, Failure> {
        let page = Page::Later {
            behind: self.last.as_ref(),
        };
        let context = Context {
            slice: self.slice.clone(),
            ..context.clone()
        };
        let filter = self.filter.as_ref();
        let mut found = shard::query_page(&context, &self.source, filter, Some(page))?;
        found.total = self.total;
        found.max_score = self.max_score;
        Ok(found)
    }
}

/// A scan and its way to stop.
pub(crate) struct ScanPages {
    /// What hits show.
    pub(crate) source: Arc<Source>,
    /// What `now` was for the first page, milliseconds since 1970.
    pub(crate) now: i64,
    /// Gives the pages; gone after the last.
    pub(crate) scanner: Option<Scanner>,
    pub(crate) keeper: Arc<Keeper>,
    /// A page failed in its middle: what the scanner had given for it came to nobody, so that no page can follow.
    pub(crate) broken: bool,
}

impl ScanPages {
    /// The next documents, at most `size`; fewer at the end.
    ///
    /// # Errors
    /// Why it had to stop; an index that can't be read. After either, `search_context_missing_exception`.
    pub(crate) fn next_page(
        &mut self,
        context: &Context,
        task: &Task,
        size: usize,
    ) -> Result<(Vec<ShardDoc>, Vec<Hit>), Failure> {
        if std::mem::replace(&mut self.broken, true) {
            let why = "an earlier page of this scan failed in its middle";
            return Err(Failure::new(Kind::SearchContextMissing, why));
        }
        let page = self.read(context, task, size)?;
        self.broken = false;
        Ok(page)
    }

    fn read(
        &mut self,
        context: &Context,
        task: &Task,
        size: usize,
    ) -> Result<(Vec<ShardDoc>, Vec<Hit>), Failure> {
        let Some(scanner) = &mut self.scanner else {
            return Ok((Vec::new(), Vec::new()));
        };
        let page = {
            let _stops = self.keeper.during(task);
            scanner.next_page(size)?
        };
        if page.len() < size {
            self.scanner = None;
        }
        let hits = shard::fetch(context, &self.source, &page)?;
        Ok((page.into_iter().map(unranked).collect(), hits))
    }
}

fn unranked(address: DocAddress) -> ShardDoc {
    ShardDoc::at(address)
}

/// The checkpoint of what lives over several pages: memory is the node's, whether to stop says the page at work.
pub(crate) struct Keeper {
    memory: Arc<dyn Memory>,
    page: Mutex<Option<Task>>,
}

/// Binds a [`Keeper`] to a page.
pub(crate) struct During<'a>(&'a Keeper);

impl Drop for During<'_> {
    fn drop(&mut self) {
        *self.0.page.lock() = None;
    }
}

impl Keeper {
    pub(crate) fn new(memory: Arc<dyn Memory>) -> Self {
        Self {
            memory,
            page: Mutex::new(None),
        }
    }

    /// Asks `task` for as long as this lives.
    pub(crate) fn during(&self, task: &Task) -> During<'_> {
        *self.page.lock() = Some(task.clone());
        During(self)
    }
}

impl Checkpoint for Keeper {
    fn checkpoint(&self) -> Result<(), Stop> {
        match &*self.page.lock() {
            Some(task) => task.checkpoint(),
            None => Ok(()),
        }
    }

    fn charge(&self, bytes: u64) -> Result<(), Stop> {
        self.memory.reserve(bytes)
    }

    fn release(&self, bytes: u64) {
        self.memory.give_back(bytes);
    }
}
