//! Letters without their accents: the table of Lucene's `ASCIIFoldingFilter`, which Tantivy carries.

use tantivy::tokenizer::{AsciiFoldingFilter, RawTokenizer, TextAnalyzer};

/// `text` with every letter, digit and sign that has an ASCII form replaced by it (`ß` → `ss`).
pub(crate) fn fold(text: &str) -> String {
    let mut folding = TextAnalyzer::builder(RawTokenizer::default())
        .filter(AsciiFoldingFilter)
        .build();
    let mut stream = folding.token_stream(text);
    if stream.advance() {
        stream.token().text.clone()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn accents_go_and_ligatures_open() {
        assert_eq!(fold("Brontë straße Œuvre"), "Bronte strasse OEuvre");
        assert_eq!(fold("日本"), "日本");
    }
}
