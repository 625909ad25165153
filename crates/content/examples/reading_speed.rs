//! How fast bodies are read: this reader's skip and tree against `serde_json`. Run with `--release`.

use glasswork_content::{Limits, Reader, Token, parse};
use std::time::Instant;

fn main() {
    let document = r#"{"title":"The Hobbit, or There and Back Again","author":"J. R. R. Tolkien","year":1937,"subjects":["fantasy","adventure"],"rating":4.28,"seen":true,"note":"a \"quoted\" line\nand another"}"#;
    let body = format!("[{}]", vec![document; 1_000].join(","));
    let bytes = body.as_bytes();
    measure("reader, all tokens", bytes, |bytes| {
        let mut reader = Reader::new(bytes, &Limits::DEFAULT);
        while reader.next().expect("well formed") != Token::End {}
    });
    measure("reader, tree", bytes, |bytes| {
        drop(parse(bytes, &Limits::DEFAULT).expect("well formed"))
    });
    measure("serde_json, ignored", bytes, |bytes| {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).expect("well formed");
    });
    measure("serde_json, tree", bytes, |bytes| {
        drop(serde_json::from_slice::<serde_json::Value>(bytes).expect("well formed"));
    });
}

fn measure(what: &str, bytes: &[u8], run: impl Fn(&[u8])) {
    let best = (0..200)
        .map(|_| {
            let start = Instant::now();
            run(bytes);
            start.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!(
        "{what}: {:.0} MB/s",
        bytes.len() as f64 / best.as_secs_f64() / 1e6
    );
}
