//! Failures of scripts in OpenSearch's shape: `script_exception` with `script_stack`, `script`, `lang`, `position`.

use glasswork_content::{Failure, Kind, Meta};

/// What is wrong and where, before it is dressed for the user.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// Byte of the source.
    pub at: usize,
    /// The cause that the user reads.
    pub cause: Box<Failure>,
}

impl Fault {
    #[cold]
    pub(crate) fn new(at: usize, cause: Failure) -> Self {
        Self {
            at,
            cause: Box::new(cause),
        }
    }

    /// A mistake in the script (`illegal_argument_exception`).
    #[cold]
    pub(crate) fn illegal(at: usize, reason: impl Into<String>) -> Self {
        Self::new(at, Failure::illegal_argument(reason))
    }

    /// Something that cannot be converted (`class_cast_exception`).
    #[cold]
    pub(crate) fn cast(at: usize, reason: impl Into<String>) -> Self {
        Self::new(at, Failure::new(Kind::ClassCast, reason))
    }

    /// A construct of Painless that is outside of the subset.
    #[cold]
    pub(crate) fn unsupported(at: usize, construct: &str) -> Self {
        Self::illegal(
            at,
            format!(
                "{construct} is not supported: see docs/scripting.md for the language of scripts"
            ),
        )
    }

    /// As a compile error: the excerpt goes 25 characters to both sides of the place.
    pub(crate) fn compile_error(self, source: &str) -> Failure {
        const AROUND: usize = 25;
        let units = Units::new(source);
        let offset = units.of_byte(self.at);
        let start = offset.saturating_sub(AROUND);
        let end = (offset + AROUND).min(units.len());
        let mut excerpt = units.text(start, end);
        let mut pointer = String::new();
        if start > 0 {
            excerpt.insert_str(0, "... ");
            pointer.push_str("    ");
        }
        if end < units.len() {
            excerpt.push_str(" ...");
        }
        self.dressed(
            "compile error",
            source,
            excerpt,
            pointer,
            [offset, start, end],
        )
    }

    /// As a runtime error: the excerpt is the statement around the place. `statements` are the bytes at which statements
    /// begin, ascending.
    pub(crate) fn runtime_error(self, source: &str, statements: &[u32]) -> Failure {
        let next = statements.partition_point(|&start| start as usize <= self.at);
        let start = next
            .checked_sub(1)
            .map_or(0, |index| statements[index] as usize);
        let end = statements
            .get(next)
            .map_or(source.len(), |&start| start as usize);
        let units = Units::new(source);
        let places = [
            units.of_byte(self.at),
            units.of_byte(start),
            units.of_byte(end),
        ];
        let excerpt = units.text(places[1], places[2]);
        self.dressed("runtime error", source, excerpt, String::new(), places)
    }

    fn dressed(
        self,
        reason: &str,
        source: &str,
        excerpt: String,
        mut pointer: String,
        [offset, start, end]: [usize; 3],
    ) -> Failure {
        pointer.extend(std::iter::repeat_n(' ', offset - start));
        pointer.push_str("^---- HERE");
        let long = |place: usize| Meta::Long(i64::try_from(place).unwrap_or(i64::MAX));
        Failure::new(Kind::Script, reason)
            .with("script_stack", Meta::Texts(vec![excerpt, pointer]))
            .with_text("script", source)
            .with_text("lang", "painless")
            .with(
                "position",
                Meta::Object(vec![
                    ("offset".into(), long(offset)),
                    ("start".into(), long(start)),
                    ("end".into(), long(end)),
                ]),
            )
            .caused_by(*self.cause)
    }
}

/// Places on the wire count UTF-16 units, as Java does.
struct Units<'a> {
    source: &'a str,
}

impl<'a> Units<'a> {
    fn new(source: &'a str) -> Self {
        Self { source }
    }

    fn len(&self) -> usize {
        self.of_byte(self.source.len())
    }

    fn of_byte(&self, byte: usize) -> usize {
        let before = self.source.char_indices().take_while(|&(at, _)| at < byte);
        before.map(|(_, letter)| letter.len_utf16()).sum()
    }

    fn text(&self, start: usize, end: usize) -> String {
        let mut at = 0;
        let mut text = String::new();
        for letter in self.source.chars() {
            if at >= start && at < end {
                text.push(letter);
            }
            at += letter.len_utf16();
        }
        text
    }
}
