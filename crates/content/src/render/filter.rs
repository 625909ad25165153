//! `filter_path`: which parts of an answer are wanted (`FilterPathBasedFilter`).

use std::sync::Arc;

/// How many paths and segments of a `filter_path` are looked at; more than this are refused by [`FilterPath::parse`].
const MAX_SEGMENTS: usize = 4_096;

/// A parsed `filter_path`: comma list of dotted paths; `*` stands for one level or a part of a name, `**` for any depth, a
/// leading `-` excludes. `\.` is a dot inside a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPath {
    text: String,
    includes: Arc<[Path]>,
    excludes: Arc<[Path]>,
}

type Path = Box<[Segment]>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**`
    AnyDepth,
    /// A name, `*` standing for any part of it.
    Name(Box<str>),
}

impl FilterPath {
    /// Parses the value of the parameter; `None` when it names nothing. Paths beyond 4,096 segments in all are left out.
    pub fn parse(text: &str) -> Option<FilterPath> {
        let mut includes = Vec::new();
        let mut excludes = Vec::new();
        let mut segments = 0;
        for path in text.split(',').map(str::trim) {
            let (list, path) = match path.strip_prefix('-') {
                Some(rest) => (&mut excludes, rest.trim()),
                None => (&mut includes, path),
            };
            if path.is_empty() {
                continue;
            }
            let path = parse_path(path);
            segments += path.len();
            if segments > MAX_SEGMENTS {
                break;
            }
            list.push(path);
        }
        if includes.is_empty() && excludes.is_empty() {
            return None;
        }
        Some(FilterPath {
            text: text.to_owned(),
            includes: includes.into(),
            excludes: excludes.into(),
        })
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is selected at the top.
    pub(super) fn root(&self) -> Selection {
        let all = |paths: &[Path]| {
            (0..paths.len())
                .map(|path| (path as u16, 0))
                .collect::<Vec<_>>()
        };
        Selection {
            include: if self.includes.is_empty() {
                Part::Whole
            } else {
                Part::Some(all(&self.includes).into())
            },
            exclude: if self.excludes.is_empty() {
                Part::Whole
            } else {
                Part::Some(all(&self.excludes).into())
            },
        }
    }

    /// What is selected below a name; `None` when nothing is.
    pub(super) fn below(&self, selection: &Selection, name: &str) -> Option<Selection> {
        let include = match &selection.include {
            Part::Whole => Part::Whole,
            Part::Some(places) => match step(&self.includes, places, name) {
                Step::Reached => Part::Whole,
                Step::Lost => return None,
                Step::OnTheWay(places) => Part::Some(places),
            },
        };
        let exclude = match &selection.exclude {
            Part::Whole => Part::Whole,
            Part::Some(places) => match step(&self.excludes, places, name) {
                Step::Reached => return None,
                Step::Lost => Part::Whole,
                Step::OnTheWay(places) => Part::Some(places),
            },
        };
        Some(Selection { include, exclude })
    }
}

fn parse_path(text: &str) -> Path {
    let mut segments = Vec::new();
    let mut name = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '.' => segments.push(segment(std::mem::take(&mut name))),
            '\\' => match letters.next() {
                Some('.') => name.push('.'),
                Some(other) => name.extend(['\\', other]),
                None => name.push('\\'),
            },
            other => name.push(other),
        }
    }
    segments.push(segment(name));
    segments.into()
}

fn segment(name: String) -> Segment {
    if name == "**" {
        Segment::AnyDepth
    } else {
        Segment::Name(name.into())
    }
}

/// What is selected at one place of the answer.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    include: Part,
    exclude: Part,
}

/// `Whole`: all that follows is (for includes) or stays (for excludes) in the answer.
#[derive(Clone, Debug)]
enum Part {
    Whole,
    /// Path and segment of each path that is on its way.
    Some(Arc<[(u16, u16)]>),
}

impl Selection {
    /// Whether everything from here on is in the answer, empty containers too.
    pub(super) fn is_whole(&self) -> bool {
        matches!((&self.include, &self.exclude), (Part::Whole, Part::Whole))
    }

    /// Whether a scalar at this place is in the answer.
    pub(super) fn takes_scalar(&self) -> bool {
        matches!(self.include, Part::Whole)
    }
}

enum Step {
    Reached,
    Lost,
    OnTheWay(Arc<[(u16, u16)]>),
}

fn step(paths: &[Path], places: &[(u16, u16)], name: &str) -> Step {
    let mut next = Vec::new();
    for &(path, at) in places {
        let segments = &paths[usize::from(path)];
        let segment = &segments[usize::from(at)];
        let passes = match segment {
            Segment::AnyDepth => true,
            Segment::Name(pattern) => glob(pattern.as_bytes(), name.as_bytes()),
        };
        if !passes {
            continue;
        }
        if usize::from(at) + 1 == segments.len() {
            return Step::Reached;
        }
        if *segment == Segment::AnyDepth {
            next.push((path, at));
        }
        next.push((path, at + 1));
    }
    if next.is_empty() {
        return Step::Lost;
    }
    next.sort_unstable();
    next.dedup();
    Step::OnTheWay(next.into())
}

/// Whether `*` in the pattern can stand for parts of the text so that they are equal. Linear backtracking: only the last
/// `*` is ever tried again.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after, from)) = retry {
            retry = Some((after, from + 1));
            (p, t) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("*a*b*", "xaxxbx", true),
            ("*ab", "aab", true),
            ("ab", "abc", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(
                glob(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
