//! Text to tokens: analyzers, what they are made of, and the registry of an index.
//!
//! An [`Analyzer`] is a chain: character filters rewrite the text, one tokenizer cuts it, token filters change, drop or
//! multiply the tokens. [`Analysis`] holds the analyzers and normalizers that an index knows: the built-in ones and those
//! of its `index.analysis` settings. The tokens equal those of OpenSearch 3.8 (Lucene 10).
//!
//! Indexing is the hot path: a chain of filters that turn one token into at most one token runs without an allocation per
//! token ([`chain`]); only the others collect their tokens first.

mod chain;
mod char_filters;
mod components;
mod filters;
mod fold;
mod html;
mod patterns;
mod porter;
mod registry;
pub mod request;
mod settings;
mod standard;
mod stemmers;
mod stop_words;
mod tokenizers;

pub use chain::{Analyzer, Normalizer, Token};
pub use registry::{Analysis, AnalysisLimits};
