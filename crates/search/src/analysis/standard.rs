//! The standard tokenizer: words by UAX #29, as Lucene's `StandardTokenizer` keeps them.
//!
//! Lucene's grammar differs from plain word boundaries in three things: what holds neither a letter, a digit, an ideograph nor an emoji is
//! dropped; a run of South-East-Asian letters is one token; and a token longer than the limit is cut. ASCII text, by far the
//! most common, takes a path of its own over bytes.

use super::tokenizers::Raw;
use unicode_segmentation::UnicodeSegmentation;

const ALPHANUM: &str = "<ALPHANUM>";
const NUM: &str = "<NUM>";
const SOUTHEAST_ASIAN: &str = "<SOUTHEAST_ASIAN>";
const IDEOGRAPHIC: &str = "<IDEOGRAPHIC>";
const HIRAGANA: &str = "<HIRAGANA>";
const KATAKANA: &str = "<KATAKANA>";
const HANGUL: &str = "<HANGUL>";
const EMOJI: &str = "<EMOJI>";

/// Hands each word of `text` to `sink`; words longer than `max` UTF-16 units are cut.
pub(crate) fn each(text: &str, max: usize, sink: &mut impl FnMut(Raw<'_>)) {
    if text.is_ascii() {
        ascii(text, max, sink);
    } else {
        unicode(text, max, sink);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Letter,
    Digit,
    /// `_`: joins anything.
    Underscore,
    /// `:` stands between letters.
    MidLetter,
    /// `.` and `'` stand between letters or between digits.
    MidBoth,
    /// `,` and `;` stand between digits.
    MidNumber,
}

const CLASSES: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut at = 0;
    while at < 128 {
        classes[at] = match at as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Underscore,
            b':' => Class::MidLetter,
            b'.' | b'\'' => Class::MidBoth,
            b',' | b';' => Class::MidNumber,
            _ => Class::Other,
        };
        at += 1;
    }
    classes
};

fn class(bytes: &[u8], at: usize) -> Class {
    bytes
        .get(at)
        .map_or(Class::Other, |byte| CLASSES[usize::from(*byte & 0x7f)])
}

fn ascii(text: &str, max: usize, sink: &mut impl FnMut(Raw<'_>)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !matches!(
            class(bytes, at),
            Class::Letter | Class::Digit | Class::Underscore
        ) {
            at += 1;
            continue;
        }
        let start = at;
        let (mut letters, mut digits) = (false, false);
        loop {
            match class(bytes, at) {
                Class::Letter => letters = true,
                Class::Digit => digits = true,
                Class::Underscore => {}
                middle => {
                    if !joins(bytes, at, middle) {
                        break;
                    }
                }
            }
            at += 1;
        }
        if letters || digits {
            let kind = if letters { ALPHANUM } else { NUM };
            cut(text, start, at, max, kind, sink);
        }
    }
}

/// Whether the middle character at `at` holds together what stands on both sides of it.
fn joins(bytes: &[u8], at: usize, middle: Class) -> bool {
    let sides = (class(bytes, at - 1), class(bytes, at + 1));
    match middle {
        Class::MidLetter => sides == (Class::Letter, Class::Letter),
        Class::MidNumber => sides == (Class::Digit, Class::Digit),
        Class::MidBoth => {
            sides == (Class::Letter, Class::Letter) || sides == (Class::Digit, Class::Digit)
        }
        _ => false,
    }
}

fn unicode(text: &str, max: usize, sink: &mut impl FnMut(Raw<'_>)) {
    // A run of South-East-Asian letters, which Unicode cuts letter by letter and Lucene keeps whole.
    let mut run: Option<(usize, usize)> = None;
    for (start, piece) in text.split_word_bound_indices() {
        let end = start + piece.len();
        let kind = kind_of(piece);
        if kind == Some(SOUTHEAST_ASIAN) {
            run = match run {
                Some((from, to)) if to == start => Some((from, end)),
                other => {
                    if let Some((from, to)) = other {
                        cut(text, from, to, max, SOUTHEAST_ASIAN, sink);
                    }
                    Some((start, end))
                }
            };
            continue;
        }
        if let Some((from, to)) = run.take() {
            cut(text, from, to, max, SOUTHEAST_ASIAN, sink);
        }
        if let Some(kind) = kind {
            cut(text, start, end, max, kind, sink);
        }
    }
    if let Some((from, to)) = run {
        cut(text, from, to, max, SOUTHEAST_ASIAN, sink);
    }
}

/// The type of a piece between two word boundaries, or `None` when it is no word.
fn kind_of(piece: &str) -> Option<&'static str> {
    let first = piece.chars().find(|c| *c != '_')?;
    if is_southeast_asian(first) {
        return Some(SOUTHEAST_ASIAN);
    }
    if is_ideographic(first) {
        return Some(IDEOGRAPHIC);
    }
    if matches!(first, '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' | '\u{1b001}'..='\u{1b11f}')
    {
        return Some(HIRAGANA);
    }
    if is_emoji(first, piece) {
        return Some(EMOJI);
    }
    if piece
        .chars()
        .all(|c| is_katakana(c) || c == '_' || is_mark(c))
        && piece.chars().any(is_katakana)
    {
        return Some(KATAKANA);
    }
    if piece.chars().any(char::is_alphabetic) {
        let hangul = piece.chars().all(|c| is_hangul(c) || is_mark(c));
        return Some(if hangul { HANGUL } else { ALPHANUM });
    }
    // Only decimal digits count as a number here: Unicode's `No` and `Nl` (½, ①) are no words.
    piece.chars().any(is_decimal_digit).then_some(NUM)
}

fn is_decimal_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    // Nd blocks are runs of ten; what is numeric and no letter, fraction or enclosed number is one of them.
    c.is_numeric()
        && !matches!(u32::from(c), 0xb2..=0xbe | 0x9f4..=0x9f9 | 0xb72..=0xb77 | 0xbf0..=0xbf2 | 0xc78..=0xc7e | 0xd58..=0xd5e | 0xd70..=0xd78
            | 0xf2a..=0xf33 | 0x1369..=0x137c | 0x16ee..=0x16f0 | 0x17f0..=0x17f9 | 0x2070..=0x2189 | 0x2460..=0x249b | 0x24ea..=0x24ff
            | 0x2776..=0x2793 | 0x2cfd | 0x3007 | 0x3021..=0x3029 | 0x3038..=0x303a | 0x3192..=0x3195 | 0x3220..=0x3229 | 0x3248..=0x324f
            | 0x3251..=0x325f | 0x3280..=0x3289 | 0x32b1..=0x32bf)
}

/// Line-break class SA: Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Tai Viet, Ahom.
fn is_southeast_asian(c: char) -> bool {
    matches!(u32::from(c), 0xe01..=0xe3a | 0xe40..=0xe4e | 0xe81..=0xebd | 0xec0..=0xecd | 0xedc..=0xedf | 0x1000..=0x103f | 0x1050..=0x108f
        | 0x109a..=0x109f | 0x1780..=0x17d3 | 0x17d7 | 0x17dc..=0x17dd | 0x1950..=0x1974 | 0x1980..=0x19c9 | 0x19de..=0x19df | 0x1a20..=0x1a7c
        | 0x1aa0..=0x1aad | 0xa9e0..=0xa9ef | 0xa9fa..=0xa9fe | 0xaa60..=0xaac2 | 0xaadb..=0xaadf | 0x11700..=0x1172b | 0x1173a..=0x1173f)
}

fn is_ideographic(c: char) -> bool {
    matches!(u32::from(c), 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3038..=0x303b | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfad9
        | 0x17000..=0x18cff | 0x1b170..=0x1b2fb | 0x20000..=0x323af)
}

fn is_katakana(c: char) -> bool {
    matches!(u32::from(c), 0x3031..=0x3035 | 0x309b..=0x309c | 0x30a0..=0x30fa | 0x30fc..=0x30ff | 0x31f0..=0x31ff | 0x32d0..=0x32fe
        | 0x3300..=0x3357 | 0xff66..=0xff9d | 0x1b000 | 0x1b164..=0x1b167)
}

fn is_hangul(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x11ff | 0x302e..=0x302f | 0x3131..=0x318e | 0x3200..=0x321e | 0x3260..=0x327e | 0xa960..=0xa97c
        | 0xac00..=0xd7a3 | 0xd7b0..=0xd7fb | 0xffa0..=0xffdc)
}

/// Combining marks, joiners and variation selectors, which a word carries along.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36f | 0x200c..=0x200d | 0x3099..=0x309a | 0xfe00..=0xfe0f | 0xff9e..=0xff9f | 0xe0100..=0xe01ef)
}

fn is_emoji(first: char, piece: &str) -> bool {
    match u32::from(first) {
        // Flags are pairs of regional indicators.
        0x1f1e6..=0x1f1ff => true,
        0x1f000..=0x1faff => {
            !matches!(u32::from(first), 0x1f100..=0x1f12f | 0x1f130..=0x1f16f | 0x1f780..=0x1f7df | 0x1f800..=0x1f8ff)
        }
        // Keycaps: a digit, # or * with U+20E3.
        0x23 | 0x2a | 0x30..=0x39 => piece.ends_with('\u{20e3}'),
        // Unicode's Extended_Pictographic, which Lucene's grammar takes for a word even where it is shown as text: ™, ★.
        0xa9
        | 0xae
        | 0x203c
        | 0x2049
        | 0x2122
        | 0x2139
        | 0x2194..=0x2199
        | 0x21a9..=0x21aa
        | 0x231a..=0x231b
        | 0x2328
        | 0x2388
        | 0x23cf
        | 0x23e9..=0x23f3
        | 0x23f8..=0x23fa
        | 0x24c2
        | 0x25aa..=0x25ab
        | 0x25b6
        | 0x25c0
        | 0x25fb..=0x25fe
        | 0x2600..=0x2605
        | 0x2607..=0x2612
        | 0x2614..=0x2685
        | 0x2690..=0x2705
        | 0x2708..=0x2712
        | 0x2714
        | 0x2716
        | 0x271d
        | 0x2721
        | 0x2728
        | 0x2733..=0x2734
        | 0x2744
        | 0x2747
        | 0x274c
        | 0x274e
        | 0x2753..=0x2755
        | 0x2757
        | 0x2763..=0x2767
        | 0x2795..=0x2797
        | 0x27a1
        | 0x27b0
        | 0x27bf
        | 0x2934..=0x2935
        | 0x2b05..=0x2b07
        | 0x2b1b..=0x2b1c
        | 0x2b50
        | 0x2b55
        | 0x3030
        | 0x303d
        | 0x3297
        | 0x3299 => true,
        _ => false,
    }
}

/// Hands `text[start..end]` on, in pieces of at most `max` UTF-16 units.
fn cut(
    text: &str,
    start: usize,
    end: usize,
    max: usize,
    kind: &'static str,
    sink: &mut impl FnMut(Raw<'_>),
) {
    // Bytes are never fewer than UTF-16 units.
    if end - start <= max {
        sink(Raw {
            text: &text[start..end],
            start,
            end,
            kind,
        });
        return;
    }
    let mut from = start;
    let mut units = 0;
    for (at, c) in text[start..end].char_indices() {
        if units > 0 && units + c.len_utf16() > max {
            sink(Raw {
                text: &text[from..start + at],
                start: from,
                end: start + at,
                kind,
            });
            from = start + at;
            units = 0;
        }
        units += c.len_utf16();
    }
    sink(Raw {
        text: &text[from..end],
        start: from,
        end,
        kind,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<(String, &'static str)> {
        let mut words = Vec::new();
        each(text, 255, &mut |raw| {
            words.push((raw.text.to_owned(), raw.kind))
        });
        words
    }

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn the_reference_sentence_is_cut_as_lucene_cuts_it() {
        assert_eq!(
            texts("The 2 QUICK Brown-Foxes jumped, e.g. x.y!"),
            [
                "The", "2", "QUICK", "Brown", "Foxes", "jumped", "e.g", "x.y"
            ]
        );
    }

    #[test]
    fn numbers_are_told_from_words() {
        assert_eq!(
            words("3.14 a1 1,000 _ 7_"),
            [
                ("3.14".to_owned(), NUM),
                ("a1".to_owned(), ALPHANUM),
                ("1,000".to_owned(), NUM),
                ("7_".to_owned(), NUM),
            ]
        );
    }

    #[test]
    fn other_scripts_keep_lucenes_types() {
        assert_eq!(
            words("日本 カタカナ ひら 한국어 ไทยดี 👍 🇩🇪 naïve"),
            [
                ("日".to_owned(), IDEOGRAPHIC),
                ("本".to_owned(), IDEOGRAPHIC),
                ("カタカナ".to_owned(), KATAKANA),
                ("ひ".to_owned(), HIRAGANA),
                ("ら".to_owned(), HIRAGANA),
                ("한국어".to_owned(), HANGUL),
                ("ไทยดี".to_owned(), SOUTHEAST_ASIAN),
                ("👍".to_owned(), EMOJI),
                ("🇩🇪".to_owned(), EMOJI),
                ("naïve".to_owned(), ALPHANUM),
            ]
        );
    }

    #[test]
    fn a_word_over_the_limit_is_cut() {
        let lengths: Vec<usize> = texts(&"a".repeat(600)).iter().map(String::len).collect();
        assert_eq!(lengths, [255, 255, 90]);
    }

    proptest! {
        #[test]
        fn the_ascii_path_cuts_as_the_unicode_path_does(text in "[a-cA-C0-2_.,:;' \\-]{0,40}") {
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            ascii(&text, 255, &mut |raw| fast.push((raw.start, raw.end, raw.kind)));
            unicode(&text, 255, &mut |raw| slow.push((raw.start, raw.end, raw.kind)));
            prop_assert_eq!(fast, slow);
        }
    }
}
