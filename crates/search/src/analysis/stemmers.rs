//! Stemmers by the names that OpenSearch gives them.

use frostem::Algorithm;

/// A way to cut a word to its stem.
#[derive(Clone, Copy)]
pub(crate) enum Stemmer {
    /// Porter's algorithm as Lucene's `PorterStemFilter` has it.
    Porter,
    /// An algorithm of the Snowball project.
    Snowball(frostem::Stemmer),
}

impl std::fmt::Debug for Stemmer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Porter => f.write_str("Porter"),
            Self::Snowball(stemmer) => write!(f, "Snowball({})", stemmer.algorithm().name()),
        }
    }
}

/// What the `stemmer` filter's `language` chooses.
pub(crate) enum Language {
    Stemmer(Stemmer),
    EnglishPossessive,
}

/// The stemmer for a `language` of the `stemmer` filter, `None` when there is none of that name here.
pub(crate) fn for_language(language: &str) -> Option<Language> {
    let stemmer = match language.to_lowercase().as_str() {
        "english" | "porter" => Stemmer::Porter,
        "possessive_english" | "possessiveenglish" => return Some(Language::EnglishPossessive),
        "porter2" => snowball(Algorithm::English),
        "lovins" => snowball(Algorithm::Lovins),
        "danish" => snowball(Algorithm::Danish),
        "dutch" => snowball(Algorithm::DutchPorter),
        "finnish" => snowball(Algorithm::Finnish),
        "french" => snowball(Algorithm::French),
        "german" | "german2" => snowball(Algorithm::German),
        "hungarian" => snowball(Algorithm::Hungarian),
        "italian" => snowball(Algorithm::Italian),
        "norwegian" => snowball(Algorithm::Norwegian),
        "portuguese" => snowball(Algorithm::Portuguese),
        "romanian" => snowball(Algorithm::Romanian),
        "russian" => snowball(Algorithm::Russian),
        "spanish" => snowball(Algorithm::Spanish),
        "swedish" => snowball(Algorithm::Swedish),
        "turkish" => snowball(Algorithm::Turkish),
        _ => return None,
    };
    Some(Language::Stemmer(stemmer))
}

/// The stemmer for a `language` of the `snowball` filter.
pub(crate) fn for_snowball(language: &str) -> Option<Stemmer> {
    Some(match language {
        "English" => snowball(Algorithm::English),
        "Porter" => snowball(Algorithm::Porter),
        "Lovins" => snowball(Algorithm::Lovins),
        "Danish" => snowball(Algorithm::Danish),
        "Dutch" => snowball(Algorithm::DutchPorter),
        "Finnish" => snowball(Algorithm::Finnish),
        "French" => snowball(Algorithm::French),
        "German" | "German2" => snowball(Algorithm::German),
        "Hungarian" => snowball(Algorithm::Hungarian),
        "Italian" => snowball(Algorithm::Italian),
        "Norwegian" => snowball(Algorithm::Norwegian),
        "Portuguese" => snowball(Algorithm::Portuguese),
        "Romanian" => snowball(Algorithm::Romanian),
        "Russian" => snowball(Algorithm::Russian),
        "Spanish" => snowball(Algorithm::Spanish),
        "Swedish" => snowball(Algorithm::Swedish),
        "Turkish" => snowball(Algorithm::Turkish),
        _ => return None,
    })
}

fn snowball(algorithm: Algorithm) -> Stemmer {
    Stemmer::Snowball(frostem::Stemmer::new(algorithm))
}
