//! "Did you mean": the text that refuses unknown names.

use std::cmp::Ordering;

/// `request [<path>] contains unrecognized <what>s: [<unknown>] -> did you mean [<known>]?, …`
pub(super) fn unrecognized(path: &str, what: &str, unknown: &[&str], known: &[&str]) -> String {
    let plural = if unknown.len() > 1 { "s" } else { "" };
    let mut text = format!("request [{path}] contains unrecognized {what}{plural}: ");
    for (at, name) in unknown.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&format!("[{name}]"));
        match &near(name, known)[..] {
            [] => {}
            [one] => text.push_str(&format!(" -> did you mean [{one}]?")),
            several => text.push_str(&format!(
                " -> did you mean any of [{}]?",
                several.join(", ")
            )),
        }
    }
    text
}

/// The known names that are more than half like `name`, the likest first, equals by name.
fn near<'k>(name: &str, known: &[&'k str]) -> Vec<&'k str> {
    let mut scored: Vec<(f32, &str)> = known
        .iter()
        .map(|candidate| (likeness(name, candidate), *candidate))
        .filter(|(score, _)| *score > 0.5)
        .collect();
    scored.sort_by(|a, b| {
        b.0.partial_cmp(&a.0)
            .unwrap_or(Ordering::Equal)
            .then(a.1.cmp(b.1))
    });
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// 1 − distance ÷ length of the longer (Lucene's `LevenshteinDistance`).
fn likeness(one: &str, other: &str) -> f32 {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let longer = one.len().max(other.len());
    // Far apart in length is far apart: a name of a megabyte is not worth a matrix.
    if longer == 0 || one.len().abs_diff(other.len()) * 2 >= longer {
        return if longer == 0 { 1.0 } else { 0.0 };
    }
    1.0 - distance(&one, &other) as f32 / longer as f32
}

fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, second) in other.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != second);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_hinted_and_unknown_ones_are_not() {
        assert_eq!(
            unrecognized(
                "/_tasks",
                "parameter",
                &["actoins", "detaled"],
                &["actions", "detailed", "nodes"]
            ),
            "request [/_tasks] contains unrecognized parameters: [actoins] -> did you mean [actions]?, \
             [detaled] -> did you mean [detailed]?"
        );
        assert_eq!(
            unrecognized("/_tasks", "parameter", &["foo"], &["format", "nodes"]),
            "request [/_tasks] contains unrecognized parameter: [foo]"
        );
    }

    #[test]
    fn several_hints_come_best_first_and_then_by_name() {
        assert_eq!(
            near("timeou", &["timers", "timeout", "times"]),
            ["timeout", "timers", "times"]
        );
    }

    #[test]
    fn exactly_half_alike_is_no_hint() {
        assert!(near("ab", &["ax"]).is_empty());
    }
}
