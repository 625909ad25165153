//! Fuzz bodies: each takes bytes from outside and must neither panic nor break its law. The tests run them over a small
//! corpus and over random bytes; a fuzzer can call them for hours.

use crate::json::{Limits, Reader, Token};
use crate::render::{FilterPath, Format, Options, Render};
use crate::text::{parse_size, parse_time};
use crate::{parse, parse_yaml};

const LIMITS: Limits = Limits {
    depth: 100,
    bytes: 1 << 20,
    tokens: 100_000,
    nodes: 100_000,
    string_bytes: 1 << 20,
    number_length: 1_000,
};

/// What parses is written and parses again to the same value; skipping and reading agree on where a value ends.
pub fn json(bytes: &[u8]) {
    let Ok(node) = parse(bytes, &LIMITS) else {
        return;
    };
    let written = node.to_json();
    let again = parse(&written, &LIMITS).expect("what was written can be read");
    assert_eq!(written, again.to_json());
    let mut skipping = Reader::new(bytes, &LIMITS);
    skipping
        .skip_value()
        .expect("what was parsed can be skipped");
    assert!(matches!(skipping.next(), Ok(Token::End)));
    layouts(&node);
}

/// What YAML says can be written as JSON and reads back as the same.
pub fn yaml(bytes: &[u8]) {
    if let Ok(node) = parse_yaml(bytes, &LIMITS) {
        let written = node.to_json();
        parse(
            &written,
            &Limits {
                depth: 1_000,
                ..LIMITS
            },
        )
        .expect("what was written can be read");
    }
}

/// The first line is a `filter_path`, the rest JSON: filtering twice is the same as filtering once.
pub fn filter(bytes: &[u8]) {
    let end = bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(bytes.len());
    let path = String::from_utf8_lossy(&bytes[..end]);
    let Some(filter) = FilterPath::parse(&path) else {
        return;
    };
    let Ok(node) = parse(bytes.get(end + 1..).unwrap_or_default(), &LIMITS) else {
        return;
    };
    let write = |node| {
        let mut out = Render::new(Options {
            filter: Some(filter.clone()),
            ..Options::default()
        });
        out.node(node);
        out.finish()
    };
    let once = write(&node);
    if once.is_empty() {
        return;
    }
    let filtered = parse(&once, &LIMITS).expect("a filtered answer is JSON");
    assert_eq!(once, write(&filtered));
}

/// Time values and sizes of any text.
pub fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(time) = parse_time(&text, "fuzz") {
        assert_eq!(
            parse_time(&time.setting_text(), "fuzz").map(|again| again.amount),
            Ok(time.amount)
        );
    }
    if let Ok(size) = parse_size(&text, "fuzz") {
        assert!(size >= -1 || text.contains(['.', 'e', 'E']));
    }
}

fn layouts(node: &crate::Node) {
    let mut pretty = Render::new(Options {
        pretty: true,
        ..Options::default()
    });
    pretty.node(node);
    let laid_out = parse(&pretty.finish(), &LIMITS).expect("pretty JSON is JSON");
    assert_eq!(laid_out.to_json(), node.to_json());
    let mut yaml = Render::new(Options {
        format: Format::Yaml,
        ..Options::default()
    });
    yaml.node(node);
    yaml.finish();
}
