//! What analyses the texts of a request.

use super::line::Line;
use super::{AnalyzeResponse, AnalyzedToken, Stage};
use crate::analysis::chain::{Analyzer, Normalizer, OwnedToken, emit};
use crate::analysis::char_filters::Rewritten;
use crate::analysis::filters::Filter;
use glasswork_content::Failure;
use std::sync::Arc;

/// What analyses the texts.
pub(super) enum Chosen {
    Analyzer(Arc<Analyzer>),
    Normalizer(Arc<Normalizer>),
    /// A normalizer of the request's own parts.
    Composed(Normalizer),
}

impl Chosen {
    pub(super) fn tokens(
        &self,
        texts: &[String],
        budget: &mut usize,
    ) -> Result<Vec<AnalyzedToken>, Failure> {
        let mut line = Line::default();
        for text in texts {
            match self {
                Self::Analyzer(analyzer) => {
                    let mut tokens = Vec::new();
                    let places = analyzer.analyze(text, &mut |token| {
                        if tokens.len() <= *budget {
                            tokens.push(AnalyzedToken {
                                token: token.text.to_owned(),
                                start_offset: token.start_offset,
                                end_offset: token.end_offset,
                                kind: token.kind.to_owned(),
                                position: token.position,
                                position_length: token.position_length,
                                keyword: None,
                            });
                        }
                    });
                    line.add(text, tokens, places, analyzer.position_gap, budget)?;
                }
                Self::Normalizer(normalizer) => {
                    line.add(text, vec![whole(normalizer, text)], 1, 100, budget)?
                }
                Self::Composed(normalizer) => {
                    line.add(text, vec![whole(normalizer, text)], 1, 0, budget)?
                }
            }
        }
        Ok(line.tokens)
    }

    pub(super) fn explain(
        &self,
        texts: &[String],
        budget: &mut usize,
    ) -> Result<AnalyzeResponse, Failure> {
        let analyzer = match self {
            Self::Analyzer(analyzer) if analyzer.custom => analyzer,
            Self::Analyzer(analyzer) => {
                return Ok(AnalyzeResponse::Analyzer(Stage {
                    name: analyzer.name.clone(),
                    tokens: self.tokens(texts, budget)?,
                }));
            }
            Self::Normalizer(normalizer) => {
                return Ok(AnalyzeResponse::Analyzer(Stage {
                    name: normalizer.name.clone(),
                    tokens: self.tokens(texts, budget)?,
                }));
            }
            Self::Composed(normalizer) => return explain_normalizer(normalizer, texts, budget),
        };
        let mut char_filters: Vec<(String, Vec<String>)> = analyzer
            .char_filters
            .iter()
            .map(|(name, _)| (name.clone(), Vec::new()))
            .collect();
        let mut lines: Vec<Line> = (0..=analyzer.filters.len())
            .map(|_| Line::default())
            .collect();
        for text in texts {
            let explained = analyzer.explain(text);
            for ((_, seen), text) in char_filters.iter_mut().zip(explained.texts) {
                seen.push(text);
            }
            for (index, (line, stage)) in lines.iter_mut().zip(&explained.stages).enumerate() {
                let marks = analyzer.filters[..index].iter().any(|(_, filter)| {
                    matches!(filter, Filter::Stem(_) | Filter::KeywordMarker { .. })
                });
                let (tokens, places) = analyzed(stage, marks);
                line.add(text, tokens, places, analyzer.position_gap, budget)?;
            }
        }
        let names = std::iter::once(&analyzer.tokenizer.0)
            .chain(analyzer.filters.iter().map(|(name, _)| name));
        let mut stages = names.zip(lines).map(|(name, line)| Stage {
            name: name.clone(),
            tokens: line.tokens,
        });
        let tokenizer = stages.next();
        Ok(AnalyzeResponse::Parts {
            char_filters,
            tokenizer,
            filters: stages.collect(),
        })
    }
}

fn explain_normalizer(
    normalizer: &Normalizer,
    texts: &[String],
    budget: &mut usize,
) -> Result<AnalyzeResponse, Failure> {
    let mut char_filters: Vec<(String, Vec<String>)> = normalizer
        .char_filters
        .iter()
        .map(|(name, _)| (name.clone(), Vec::new()))
        .collect();
    let mut lines: Vec<Line> = (0..=normalizer.filters.len())
        .map(|_| Line::default())
        .collect();
    for text in texts {
        let mut current = text.clone();
        for ((_, filter), (_, seen)) in normalizer.char_filters.iter().zip(&mut char_filters) {
            current = filter
                .apply(Rewritten::unchanged(&current))
                .text
                .into_owned();
            seen.push(current.clone());
        }
        let end = text.len() as u32;
        let mut tokens = vec![OwnedToken {
            text: current,
            start: 0,
            end,
            increment: 1,
            length: 1,
            kind: "word",
            keyword: false,
        }];
        for (index, line) in lines.iter_mut().enumerate() {
            if let Some((_, filter)) = index.checked_sub(1).map(|index| &normalizer.filters[index])
            {
                tokens = filter.apply_all(tokens);
            }
            let (shown, places) = analyzed(&tokens, false);
            line.add(text, shown, places, 0, budget)?;
        }
    }
    let names =
        std::iter::once("keyword").chain(normalizer.filters.iter().map(|(name, _)| name.as_str()));
    let mut stages = names.zip(lines).map(|(name, line)| Stage {
        name: name.to_owned(),
        tokens: line.tokens,
    });
    let tokenizer = stages.next();
    Ok(AnalyzeResponse::Parts {
        char_filters,
        tokenizer,
        filters: stages.collect(),
    })
}

fn whole(normalizer: &Normalizer, text: &str) -> AnalyzedToken {
    AnalyzedToken {
        token: normalizer.normalize(text).into_owned(),
        start_offset: 0,
        end_offset: text.len() as u32,
        kind: "word".to_owned(),
        position: 0,
        position_length: 1,
        keyword: None,
    }
}

fn analyzed(stage: &[OwnedToken], marks: bool) -> (Vec<AnalyzedToken>, u32) {
    let mut tokens = Vec::with_capacity(stage.len());
    let places = emit(stage, &mut |token| {
        tokens.push(AnalyzedToken {
            token: token.text.to_owned(),
            start_offset: token.start_offset,
            end_offset: token.end_offset,
            kind: token.kind.to_owned(),
            position: token.position,
            position_length: token.position_length,
            keyword: None,
        });
    });
    if marks {
        for (token, owned) in tokens.iter_mut().zip(stage) {
            token.keyword = Some(owned.keyword);
        }
    }
    (tokens, places)
}
