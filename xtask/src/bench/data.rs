//! The data and the questions of the measurements, all from a fixed seed.

use serde_json::{Map, Value, json};
use std::{fs, path::Path};

/// The books, and how often each is loaded.
pub(crate) struct Books {
    books: Vec<Map<String, Value>>,
}

/// Documents a bulk request.
pub(crate) const BATCH: usize = 1000;
/// How often each book is loaded.
pub(crate) const TIMES: usize = 20;

impl Books {
    pub(crate) fn read(shared: &Path) -> Result<Self, String> {
        let path = shared.join("data/books-10k.ndjson");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let books: Result<Vec<_>, _> = text.lines().map(serde_json::from_str).collect();
        Ok(Self {
            books: books.map_err(|error| error.to_string())?,
        })
    }

    /// Bulk bodies of all books once, with their own ids.
    pub(crate) fn once(&self) -> Vec<Vec<u8>> {
        let documents = self
            .books
            .iter()
            .map(|book| (book["id"].to_string(), Value::Object(book.clone())));
        bodies(documents.collect())
    }

    /// Bulk bodies of all books [`TIMES`] times with new ids, a running `number` and a date `added`.
    pub(crate) fn many(&self) -> Vec<Vec<u8>> {
        let mut documents = Vec::with_capacity(self.books.len() * TIMES);
        for number in 0..self.books.len() * TIMES {
            let mut book = self.books[number % self.books.len()].clone();
            book.insert("number".into(), json!(number));
            book.insert("added".into(), json!(date(number as u64)));
            documents.push((number.to_string(), Value::Object(book)));
        }
        bodies(documents)
    }

    fn pick<'a>(&'a self, random: &mut Random, field: &str) -> &'a Value {
        loop {
            let book = &self.books[random.below(self.books.len())];
            if let Some(value) = book.get(field).filter(|value| !value.is_null()) {
                return value;
            }
        }
    }

    /// Two neighbouring plain words of some title.
    fn words(&self, random: &mut Random) -> (String, String) {
        loop {
            let title = self.pick(random, "title").as_str().unwrap_or_default();
            let words: Vec<_> = title
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.len() > 1 && word.chars().all(char::is_alphabetic))
                .collect();
            if words.len() >= 2 {
                let first = random.below(words.len() - 1);
                return (words[first].to_lowercase(), words[first + 1].to_lowercase());
            }
        }
    }
}

fn bodies(documents: Vec<(String, Value)>) -> Vec<Vec<u8>> {
    let line =
        |(id, book): &(String, Value)| format!("{}\n{book}\n", json!({"index": {"_id": id}}));
    documents
        .chunks(BATCH)
        .map(|batch| batch.iter().map(line).collect::<String>().into_bytes())
        .collect()
}

/// A day of 2020 to 2024.
fn date(number: u64) -> String {
    let day = number.wrapping_mul(7919) % (5 * 336);
    format!(
        "{}-{:02}-{:02}",
        2020 + day / 336,
        day / 28 % 12 + 1,
        day % 28 + 1
    )
}

/// The kinds of search that are measured.
pub(crate) const SEARCHES: [&str; 9] = [
    "match title, 2 words",
    "bool: match, term, range",
    "match_phrase title",
    "match_all, terms languages",
    "match, terms languages",
    "range year, 10 years",
    "range date, 7 days",
    "match_all, sort by ratings",
    "match, sort by rating, year",
];

/// `count` bodies of the search kind with this place in [`SEARCHES`].
pub(crate) fn searches(books: &Books, kind: usize, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(7 + kind as u64);
    (0..count)
        .map(|_| search(books, kind, &mut random).to_string().into_bytes())
        .collect()
}

fn search(books: &Books, kind: usize, random: &mut Random) -> Value {
    let (one, two) = books.words(random);
    let both = format!("{one} {two}");
    let language = books.pick(random, "language").clone();
    let year = 1900 + random.below(110);
    let languages = json!({"languages": {"terms": {"field": "language.keyword"}}});
    match kind {
        0 => json!({"query": {"match": {"title": both}}}),
        1 => json!({"query": {"bool": {"must": [{"match": {"title": both}}],
            "filter": [{"term": {"language.keyword": language}}, {"range": {"rating": {"gte": 3.5 + random.below(10) as f64 / 10.0}}}]}}}),
        2 => json!({"query": {"match_phrase": {"title": both}}}),
        3 => json!({"size": 10, "query": {"match_all": {}}, "aggs": languages}),
        4 => json!({"query": {"match": {"title": both}}, "aggs": languages}),
        5 => json!({"query": {"range": {"year": {"gte": year, "lt": year + 10}}}}),
        6 => {
            let (from, month) = (1 + random.below(20), 1 + random.below(12));
            let of = |day: usize| format!("{}-{month:02}-{day:02}", 2020 + month % 5);
            json!({"query": {"range": {"added": {"gte": of(from), "lt": of(from + 7)}}}})
        }
        7 => json!({"query": {"match_all": {}}, "sort": [{"ratings": "desc"}]}),
        _ => {
            json!({"query": {"match": {"title": one}}, "sort": [{"rating": "desc"}, {"year": "asc"}]})
        }
    }
}

/// Random numbers by SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `end` - 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
