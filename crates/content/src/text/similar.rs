//! Guessing what was meant by a name that does not exist.

/// Those of `candidates` that look like `unknown`, best first: more than half of the letters are where they should be
/// (Lucene's `LevenshteinDistance`), equal ones by name.
pub fn similar<'a>(unknown: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let unknown: Vec<char> = unknown.chars().take(512).collect();
    let mut scored: Vec<(f32, &str)> = candidates
        .into_iter()
        .map(|candidate| (likeness(&unknown, candidate), candidate))
        .filter(|(score, _)| *score > 0.5)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The end of an "unknown field" sentence: ` did you mean [size]?`, ` did you mean any of [from, form]?` or nothing.
pub fn did_you_mean<'a>(unknown: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match similar(unknown, candidates).as_slice() {
        [] => String::new(),
        [one] => format!(" did you mean [{one}]?"),
        several => format!(" did you mean any of [{}]?", several.join(", ")),
    }
}

/// 1 for the same word, 0 for one without a letter in common.
fn likeness(unknown: &[char], candidate: &str) -> f32 {
    let candidate: Vec<char> = candidate.chars().collect();
    let longer = unknown.len().max(candidate.len());
    if longer == 0 {
        return 1.0;
    }
    let mut row: Vec<usize> = (0..=candidate.len()).collect();
    for (i, left) in unknown.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in candidate.iter().enumerate() {
            let change = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    1.0 - row[candidate.len()] as f32 / longer as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        assert_eq!(
            did_you_mean("tems", ["terms", "range"]),
            " did you mean [terms]?"
        );
        assert_eq!(did_you_mean("nope", ["terms", "range"]), "");
    }

    #[test]
    fn several_near_names_come_best_first_and_then_by_name() {
        assert_eq!(
            did_you_mean("fram", ["from", "form", "fra"]),
            " did you mean any of [fra, from]?"
        );
    }
}
