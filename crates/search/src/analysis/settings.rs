//! Analyzers out of the `index.analysis` settings.
