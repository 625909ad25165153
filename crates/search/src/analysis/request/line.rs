//! The tokens of several texts in one row, with offsets as OpenSearch counts them.

use super::AnalyzedToken;
use glasswork_content::Failure;

/// The tokens of several texts in one row: places and offsets go on from text to text.
#[derive(Default)]
pub(super) struct Line {
    pub(super) tokens: Vec<AnalyzedToken>,
    places: u32,
    offset: u32,
}

impl Line {
    /// Appends the tokens of a text, whose offsets are still in bytes.
    pub(super) fn add(
        &mut self,
        text: &str,
        tokens: Vec<AnalyzedToken>,
        places: u32,
        gap: u32,
        budget: &mut usize,
    ) -> Result<(), Failure> {
        if self.tokens.len() + tokens.len() > *budget {
            return Err(Failure::illegal_state(format!(
                "The number of tokens produced by calling _analyze has exceeded the allowed maximum of [{budget}]. This limit can be set by \
                 changing the [index.analyze.max_token_count] index level setting."
            )));
        }
        let units = Units::of(text);
        for mut token in tokens {
            token.start_offset = self.offset + units.at(token.start_offset);
            token.end_offset = self.offset + units.at(token.end_offset);
            token.position += self.places;
            self.tokens.push(token);
        }
        self.offset += units.at(text.len() as u32) + 1;
        self.places += places + gap;
        Ok(())
    }
}

/// UTF-16 offsets of byte offsets.
struct Units {
    /// `(byte offset, UTF-16 offset)` behind each character outside ASCII.
    steps: Vec<(u32, u32)>,
}

impl Units {
    fn of(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut units = 0u32;
        for (at, c) in text.char_indices() {
            units += c.len_utf16() as u32;
            if !c.is_ascii() {
                steps.push(((at + c.len_utf8()) as u32, units));
            }
        }
        Self { steps }
    }

    fn at(&self, byte: u32) -> u32 {
        let index = self.steps.partition_point(|(at, _)| *at <= byte);
        match index.checked_sub(1) {
            Some(index) => self.steps[index].1 + (byte - self.steps[index].0),
            None => byte,
        }
    }
}
