//! Bodies as tokens, with what differs from run to run left out: ids, times, and how JSON is laid out.

/// Contexts of searches are counted from the start of a node on.
const NO_CONTEXT: &str = "\"No search context found for id [";

/// The tokens of a body. Order of keys, doubled keys and the spelling of numbers stay.
pub(crate) fn tokens(body: &str, json: bool) -> Vec<String> {
    if !json {
        return body.split_whitespace().map(without_ids).collect();
    }
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            letter if letter.is_whitespace() => {
                rest = &rest[letter.len_utf8()..];
                continue;
            }
            _ => rest
                .find(|letter: char| ",]}: \n\t\r".contains(letter))
                .unwrap_or(rest.len())
                .max(first.len_utf8()),
        };
        tokens.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    // Some keys are as long as ids: they are looked at as they came.
    let asked = tokens.clone();
    for place in 0..tokens.len() {
        let key = place
            .checked_sub(2)
            .filter(|_| asked[place - 1] == ":")
            .map(|key| asked[key].trim_matches('"'));
        let replaced = match key {
            Some(key) if is_moment(key) && !"{[".contains(&tokens[place]) => "<moment>".to_owned(),
            // The number of a task.
            Some("id" | "task_id") if tokens[place].bytes().all(|byte| byte.is_ascii_digit()) => {
                "<n>".to_owned()
            }
            Some("transport_address" | "ip") => without_port(&tokens[place]),
            _ if tokens[place].starts_with(NO_CONTEXT) => format!("{NO_CONTEXT}<number>]\""),
            _ => without_ids(&tokens[place]),
        };
        tokens[place] = replaced;
    }
    tokens
}

/// Where two lists of tokens part, for people.
pub(crate) fn difference(expected: &[String], found: &[String]) -> Option<String> {
    let place = expected
        .iter()
        .zip(found)
        .take_while(|(a, b)| a == b)
        .count();
    if place == expected.len() && place == found.len() {
        return None;
    }
    let show =
        |tokens: &[String]| tokens[place.saturating_sub(4)..tokens.len().min(place + 6)].concat();
    Some(format!(
        "expected …{}… but found …{}…",
        show(expected),
        show(found)
    ))
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_moment(key: &str) -> bool {
    matches!(
        key,
        "took"
            | "creation_date"
            | "index.creation_date"
            | "creation_time"
            | "timestamp"
            | "start_time"
            | "start_time_in_millis"
            | "running_time"
            | "running_time_in_nanos"
            | "cancellation_time"
            | "cancellation_time_millis"
            | "cpu_time_in_nanos"
            | "memory_in_bytes"
            | "throttled"
            | "throttled_millis"
            | "throttled_until"
            | "throttled_until_millis"
            | "thread_executions"
            | "active_threads"
            | "_scroll_id"
            | "pit_id"
            | "build_hash"
            | "build_date"
    )
}

/// An address whose port is another one each time.
fn without_port(token: &str) -> String {
    match token.rsplit_once(':') {
        Some((host, _)) => format!("{host}:<port>\""),
        None => token.to_owned(),
    }
}

/// Runs of 20 and 22 letters of base64url are ids of documents, nodes and indices; `id:number` names a task.
fn without_ids(token: &str) -> String {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut out = String::with_capacity(token.len());
    let mut rest = token;
    while !rest.is_empty() {
        let run = rest.bytes().take_while(is_letter).count();
        if run == 0 {
            let letter = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..letter]);
            rest = &rest[letter..];
            continue;
        }
        let (word, behind) = rest.split_at(run);
        rest = behind;
        if run != 20 && run != 22 {
            out.push_str(word);
            continue;
        }
        out.push_str("<id>");
        let digits = rest.strip_prefix(':').map_or(0, |number| {
            number.bytes().take_while(u8::is_ascii_digit).count()
        });
        if digits > 0 {
            out.push_str(":<n>");
            rest = &rest[1 + digits..];
        }
    }
    out
}
