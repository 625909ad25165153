//! What the engine costs: bulk documents a second, a refresh of one document, reads by id.
//!
//! `cargo bench -p glasswork-engine`; each figure is the best of its runs. `ENGINE_DOCS` sets the size of the bulk,
//! `ENGINE_PART` runs only `bulk` or `small`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use glasswork_content::Failure;
use glasswork_engine::{
    FieldKind, FieldNumber, FieldSpec, FieldValue, Interpreter, Operation, Shard, ShardConfig,
    Tokens, TypedDocument, Versioning, Write,
};
use glasswork_substrate::{
    LogName,
    files::{FilesSubstrate, RealDisk},
};
use glasswork_tasks::NoCheckpoint;

/// The node's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const WORDS: [&str; 24] = [
    "the", "river", "of", "a", "house", "and", "night", "in", "light", "garden", "war", "to",
    "daughter", "stone", "island", "history", "letters", "winter", "king", "sea", "song", "road",
    "memory", "glass",
];

/// Books: title, title.keyword, author, author.keyword, year, subjects, description, number and
/// date, which differ in each document.
struct Books;

impl Interpreter for Books {
    fn document(
        &self,
        _: &str,
        _: Option<&str>,
        _: &[u8],
        _: u64,
    ) -> Result<TypedDocument, Failure> {
        Ok(TypedDocument::new())
    }

    fn fields(&self, _: u64) -> Result<Arc<[FieldSpec]>, Failure> {
        let text = FieldKind::Text {
            norms: true,
            positions: true,
        };
        let fields = [
            ("title", text),
            ("title.keyword", FieldKind::Keyword),
            ("author", text),
            ("author.keyword", FieldKind::Keyword),
            ("year", FieldKind::I64),
            ("subjects", text),
            ("subjects.keyword", FieldKind::Keyword),
            ("description", text),
            ("number", FieldKind::I64),
            ("added", FieldKind::I64),
        ];
        Ok(fields
            .into_iter()
            .map(|(name, kind)| FieldSpec {
                name: name.into(),
                kind,
                indexed: true,
                fast: true,
            })
            .collect())
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    /// `words` words; small numbers of the vocabulary come more often.
    fn text(&mut self, words: u64) -> String {
        (0..words)
            .map(|_| match self.below(3) {
                0 => {
                    let rarity = 1 + self.below(15);
                    format!("w{}", self.below(1 << rarity))
                }
                _ => WORDS[self.below(24) as usize].to_owned(),
            })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn tokens(text: &str) -> FieldValue {
    let mut tokens = Tokens::with_capacity(text.len() * 2);
    for (position, word) in (0..).zip(text.split(' ')) {
        tokens.push(word, position);
    }
    FieldValue::Text(tokens)
}

fn book(dice: &mut Dice, id: u64, auto_id: bool) -> Write {
    let title = {
        let words = 2 + dice.below(6);
        dice.text(words)
    };
    let author = format!("author{} name{}", dice.below(2000), dice.below(500));
    let year = 1900 + dice.below(125);
    let subject = format!("subject{}", dice.below(200));
    let description = {
        let words = 35 + dice.below(20);
        dice.text(words)
    };
    let source = format!(
        r#"{{"title":"{title}","author":"{author}","year":{year},"subjects":["{subject}"],"description":"{description}"}}"#
    );
    let mut document = TypedDocument::with_capacity(10);
    document.push(FieldNumber(0), tokens(&title));
    document.push(FieldNumber(1), FieldValue::Keyword(title.into()));
    document.push(FieldNumber(2), tokens(&author));
    document.push(FieldNumber(3), FieldValue::Keyword(author.into()));
    document.push(FieldNumber(4), FieldValue::I64(year as i64));
    document.push(FieldNumber(5), tokens(&subject));
    document.push(FieldNumber(6), FieldValue::Keyword(subject.into()));
    document.push(FieldNumber(7), tokens(&description));
    document.push(FieldNumber(8), FieldValue::I64(id as i64));
    document.push(
        FieldNumber(9),
        FieldValue::I64(1_700_000_000_000 + 61_000 * id as i64),
    );
    Write {
        id: format!("book-{id:08}").into(),
        routing: None,
        operation: Operation::Index {
            source: Bytes::from(source),
            document,
            create_only: false,
            auto_id,
        },
        condition: None,
        versioning: Versioning::Internal,
        mapping_version: 1,
    }
}

struct Bench {
    _dir: tempfile::TempDir,
    files: FilesSubstrate,
    shards: u32,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let files = FilesSubstrate::open(dir.path(), Arc::new(RealDisk)).expect("opens");
        Self {
            _dir: dir,
            files,
            shards: 0,
        }
    }

    async fn shard(&mut self) -> Shard {
        self.shards += 1;
        let name = LogName::new("bench", self.shards).expect("a name");
        let log = self.files.logs.open(&name).await.expect("a log");
        let dir = self._dir.path().join(format!("shard-{}", self.shards));
        let config = ShardConfig::new(dir, log, Arc::new(Books));
        Shard::open(config).await.expect("opens")
    }
}

/// CPU seconds that this process has used, where the system tells (Linux).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |field| {
        fields
            .split(' ')
            .nth(field)
            .and_then(|f: &str| f.parse::<f64>().ok())
    };
    (ticks(12).unwrap_or(0.0) + ticks(13).unwrap_or(0.0)) / 100.0
}

/// Resident memory of this process in bytes, where the system tells (Linux).
fn resident() -> i64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<i64>().ok());
    pages.unwrap_or(0) * 4096
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut bench = Bench::new();
        let docs: u64 = std::env::var("ENGINE_DOCS")
            .ok()
            .and_then(|docs| docs.parse().ok())
            .unwrap_or(200_000);
        let part = std::env::var("ENGINE_PART").unwrap_or_default();
        if part != "small" {
            for auto_id in [true, false] {
                let shard = bulk(&mut bench, docs, auto_id).await;
                if part != "bulk" {
                    reads_and_updates(&shard, docs).await;
                }
                shard.delete().expect("deleted");
            }
        }
        if part != "bulk" {
            small(&mut bench).await;
            many(&mut bench).await;
        }
    });
}

/// Bulks of 5,000 documents by one client; making the documents is not counted.
async fn bulk(bench: &mut Bench, docs: u64, auto_id: bool) -> Shard {
    let shard = bench.shard().await;
    let mut dice = Dice(42);
    let mut spent = Duration::ZERO;
    let mut used = 0.0;
    let mut id = 0;
    while id < docs {
        let group: Vec<_> = (id..id + 5000)
            .map(|id| book(&mut dice, id, auto_id))
            .collect();
        id += 5000;
        let (begun, cpu_before) = (Instant::now(), cpu());
        let results = shard.write(group).await.expect("written");
        spent += begun.elapsed();
        used += cpu() - cpu_before;
        assert!(results.iter().all(Result::is_ok));
    }
    let begun = Instant::now();
    shard.refresh().expect("refreshed");
    let refresh = begun.elapsed();
    let begun = Instant::now();
    shard.flush().await.expect("flushed");
    let flush = begun.elapsed();
    let rate = docs as f64 / (spent + refresh).as_secs_f64();
    let stats = shard.stats();
    println!(
        "bulk {docs} auto_id={auto_id}: {rate:.0} docs/s durable and refreshed ({:.1} µs CPU a document); last refresh {refresh:.1?}, flush {flush:.1?}, {} segments, {} MB",
        used * 1e6 / docs as f64,
        stats.segments,
        stats.store_bytes >> 20
    );
    shard
}

async fn reads_and_updates(shard: &Shard, docs: u64) {
    let mut dice = Dice(77);
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..1000 {
            let id = format!("book-{:08}", dice.below(docs));
            assert!(shard.get(&id).expect("read").is_some());
        }
        best = best.min(begun.elapsed() / 1000);
    }
    println!("get of a random document: {best:.1?}");
    let mut writes = Vec::new();
    for _ in 0..20_000 {
        let id = dice.below(docs);
        writes.push(book(&mut dice, id, false));
    }
    let (begun, cpu_before) = (Instant::now(), cpu());
    for group in writes.chunks(5000) {
        shard.write(group.to_vec()).await.expect("written");
    }
    println!(
        "update of 20,000 existing documents: {:.0} docs/s ({:.1} µs CPU a document)",
        20_000.0 / begun.elapsed().as_secs_f64(),
        (cpu() - cpu_before) * 1e6 / 20_000.0
    );
    let begun = Instant::now();
    shard.merge(1, Arc::new(NoCheckpoint)).expect("merged");
    println!("merge into one segment: {:.1?}", begun.elapsed());
}

/// One document at a time.
async fn small(bench: &mut Bench) {
    let mut dice = Dice(7);
    let (mut create, mut write, mut refresh) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let mut refreshes = Vec::new();
    for round in 0..200 {
        let begun = Instant::now();
        let shard = bench.shard().await;
        create = create.min(begun.elapsed());
        let one = book(&mut dice, round, false);
        let begun = Instant::now();
        shard.write(vec![one]).await.expect("written");
        write = write.min(begun.elapsed());
        let begun = Instant::now();
        shard.refresh().expect("refreshed");
        refreshes.push(begun.elapsed());
        refresh = refresh.min(begun.elapsed());
        assert_eq!(shard.view().doc_count(), 1);
        shard.delete().expect("deleted");
    }
    refreshes.sort();
    println!(
        "a new shard: opened in {create:.1?}, first document durable in {write:.1?}, refreshed in {refresh:.1?} (median {:.1?})",
        refreshes[refreshes.len() / 2]
    );
}

/// A hundred shards with a document each.
async fn many(bench: &mut Bench) {
    let mut dice = Dice(9);
    let mut shards = Vec::new();
    let before = resident();
    for _ in 0..100 {
        shards.push(bench.shard().await);
    }
    let opened = resident();
    for (id, shard) in (0..).zip(&shards) {
        shard
            .write(vec![book(&mut dice, id, false)])
            .await
            .expect("written");
    }
    let written = resident();
    for shard in &shards {
        shard.refresh().expect("refreshed");
    }
    let refreshed = resident();
    let kilobytes = |bytes: i64| bytes / 100 / 1024;
    println!(
        "of 100 shards each: {} KB when opened, {} KB more with a document in its buffer, {} KB after the refresh",
        kilobytes(opened - before),
        kilobytes(written - opened),
        kilobytes(refreshed - before)
    );
}
