//! Which names an index or an alias may have.

use glasswork_content::{Failure, Kind};

/// The most bytes of a name.
const MAX_BYTES: usize = 255;

/// Checks the name of an index that is to be made.
///
/// # Errors
/// 400 `invalid_index_name_exception`: `Invalid index name [X], must be lowercase` and the like.
pub fn check_index_name(name: &str) -> Result<(), Failure> {
    let problem = if name.chars().any(char::is_uppercase) {
        Some("must be lowercase".to_owned())
    } else {
        problem(name)
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(Failure::new(
            Kind::InvalidIndexName,
            format!("Invalid index name [{name}], {problem}"),
        )
        .with_text("index", name)
        .with_text("index_uuid", "_na_")),
    }
}

/// Checks the name of an alias that is to be made.
///
/// # Errors
/// 400 `invalid_alias_name_exception`.
pub fn check_alias_name(name: &str) -> Result<(), Failure> {
    match problem(name) {
        None => Ok(()),
        Some(problem) => Err(Failure::new(
            Kind::InvalidAliasName,
            format!("Invalid alias name [{name}]: {problem}"),
        )),
    }
}

/// The first rule that the name breaks (`MetadataCreateIndexService.validateIndexOrAliasName`).
fn problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("cannot be empty".to_owned());
    }
    if name.contains([' ', '"', '*', '\\', '<', '|', ',', '>', '/', '?'])
        || name.contains(char::is_control)
    {
        return Some(
            "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]".to_owned(),
        );
    }
    if name.contains('#') {
        return Some("must not contain '#'".to_owned());
    }
    if name.contains(':') {
        return Some("must not contain ':'".to_owned());
    }
    if name.starts_with(['_', '-', '+']) {
        return Some("must not start with '_', '-', or '+'".to_owned());
    }
    if name.len() > MAX_BYTES {
        return Some(format!(
            "index name is too long, ({} > {MAX_BYTES})",
            name.len()
        ));
    }
    if name == "." || name == ".." {
        return Some("must not be '.' or '..'".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_in_the_words_of_the_reference() {
        for (name, problem) in [
            ("BOOKS", "must be lowercase"),
            ("_books", "must not start with '_', '-', or '+'"),
            (
                "a b",
                "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]",
            ),
            (
                "../x",
                "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]",
            ),
            ("a#b", "must not contain '#'"),
            ("a:b", "must not contain ':'"),
            ("..", "must not be '.' or '..'"),
            ("", "cannot be empty"),
        ] {
            let refused = check_index_name(name).unwrap_err();
            assert_eq!(
                refused.reason(),
                format!("Invalid index name [{name}], {problem}")
            );
        }
        let long = "x".repeat(300);
        assert!(
            check_index_name(&long)
                .unwrap_err()
                .reason()
                .ends_with("index name is too long, (300 > 255)")
        );
        assert!(check_index_name("books-2024.01").is_ok());
        assert!(check_index_name("bücher").is_ok());
        assert!(check_alias_name("Books").is_ok());
    }
}
