//! The text that refuses unknown names.

use super::did_you_mean;

/// `request [<path>] contains unrecognized <what>s: [<unknown>] -> did you mean [<known>]?, …`
#[must_use]
pub fn unrecognized(path: &str, what: &str, unknown: &[&str], known: &[&str]) -> String {
    let plural = if unknown.len() > 1 { "s" } else { "" };
    let named: Vec<String> = unknown
        .iter()
        .map(
            |name| match did_you_mean(name, known.iter().copied()).as_str() {
                "" => format!("[{name}]"),
                hint => format!("[{name}] ->{hint}"),
            },
        )
        .collect();
    format!(
        "request [{path}] contains unrecognized {what}{plural}: {}",
        named.join(", ")
    )
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
}
