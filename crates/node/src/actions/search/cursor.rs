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

use super::paging::ScanWish;

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
    /// How many pages were given.
    pub(crate) given: u64,
    /// Where the documents of the last of them lie: whoever lost its answer asks for it again.
    pub(crate) last: Vec<DocAddress>,
    /// A page failed in its middle: what the scanner had given for it came to nobody, so that no page can follow.
    pub(crate) broken: bool,
}

/// A page of a scan.
#[derive(Debug, Default)]
pub(crate) struct ScannedPage {
    pub(crate) documents: Vec<ShardDoc>,
    pub(crate) hits: Vec<Hit>,
    /// No other comes behind it.
    pub(crate) is_last: bool,
}

impl ScanPages {
    /// The page that is wished for: the next one, or the last one that was given once more.
    ///
    /// # Errors
    /// Why it had to stop; an index that can't be read. `search_context_missing_exception` for any other page, and after a
    /// page failed in its middle.
    pub(crate) fn page(
        &mut self,
        context: &Context,
        task: &Task,
        wish: ScanWish,
    ) -> Result<ScannedPage, Failure> {
        if wish.size == 0 {
            return Ok(ScannedPage::default());
        }
        let again = wish.page.checked_add(1) == Some(self.given) && self.last.len() <= wish.size;
        if !again {
            if wish.page != self.given {
                let (page, given) = (wish.page, self.given);
                let why = format!("page [{page}] of this scan can't be read, [{given}] were");
                return Err(Failure::new(Kind::SearchContextMissing, why));
            }
            let room = usize::try_from(self.source.size()).unwrap_or(usize::MAX);
            self.find(task, wish.size.min(room))?;
        }
        let hits = shard::fetch(context, &self.source, &self.last)?;
        Ok(ScannedPage {
            documents: self.last.iter().copied().map(unranked).collect(),
            hits,
            is_last: self.scanner.is_none(),
        })
    }

    /// Finds the next documents; fewer than `size` at the end.
    fn find(&mut self, task: &Task, size: usize) -> Result<(), Failure> {
        if std::mem::replace(&mut self.broken, true) {
            let why = "an earlier page of this scan failed in its middle";
            return Err(Failure::new(Kind::SearchContextMissing, why));
        }
        let found = match &mut self.scanner {
            None => Vec::new(),
            Some(scanner) => {
                let _stops = self.keeper.during(task);
                scanner.next_page(size)?
            }
        };
        if found.len() < size {
            self.scanner = None;
        }
        self.last = found;
        self.given += 1;
        self.broken = false;
        Ok(())
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
