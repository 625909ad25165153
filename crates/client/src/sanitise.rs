//! Text from elsewhere, made safe to show on a terminal.
//!
//! A task's description, headers and node name are whatever somebody sent. Printed as they are, they could move the
//! cursor, recolour the screen, set the window's title or answer a question in the user's place (CWE-150). Here such
//! characters become visible escapes; nothing is dropped.

use std::{
    borrow::Cow,
    fmt::{self, Display, Write as _},
};

/// The text with everything that a terminal would obey instead of show written out: control characters (`\n`, `\t`,
/// `\r`, else `\x1b`), and characters that reorder or hide text (`\u{202e}`).
///
/// What comes out holds no such character, so doing it twice changes nothing. Safe text comes back unchanged, without a copy.
///
/// ```
/// use glasswork_client::sanitise;
/// assert_eq!(sanitise("a search"), "a search");
/// assert_eq!(sanitise("\u{1b}[2Jgone\n"), r"\x1b[2Jgone\n");
/// assert_eq!(sanitise("exe.\u{202e}gpj"), r"exe.\u{202e}gpj");
/// ```
#[must_use]
pub fn sanitise(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_unsafe) else {
        return Cow::Borrowed(text);
    };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for character in text[first..].chars() {
        push(&mut safe, character);
    }
    Cow::Owned(safe)
}

/// The first `characters` characters of the text made safe, with `…` where something was left out. The time it takes is
/// bounded by `characters`, however long the text is.
///
/// ```
/// assert_eq!(glasswork_client::excerpt("a long description", 6), "a long…");
/// ```
#[must_use]
pub fn excerpt(text: &str, characters: usize) -> String {
    let mut safe = String::new();
    let mut rest = text.chars();
    for character in rest.by_ref().take(characters) {
        push(&mut safe, character);
    }
    if rest.next().is_some() {
        safe.push('…');
    }
    safe
}

/// Shows a text safely wherever something is formatted.
pub(crate) struct Safe<'a>(pub(crate) &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&sanitise(self.0))
    }
}

fn push(safe: &mut String, character: char) {
    if !is_unsafe(character) {
        safe.push(character);
        return;
    }
    let code = u32::from(character);
    // Writing to a String can't fail.
    let _ = match character {
        '\n' => safe.write_str("\\n"),
        '\r' => safe.write_str("\\r"),
        '\t' => safe.write_str("\\t"),
        _ if code < 0x100 => write!(safe, "\\x{code:02x}"),
        _ => write!(safe, "\\u{{{code:x}}}"),
    };
}

/// Control characters; line and paragraph separators; what changes the direction of text; what has no width at all.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_comes_out_holds_nothing_that_a_terminal_obeys(text in any::<String>()) {
            let safe = sanitise(&text);
            prop_assert!(!safe.chars().any(is_unsafe));
            prop_assert_eq!(sanitise(&safe), safe.clone());
        }

        #[test]
        fn escapes_among_control_characters_are_all_caught(text in "[\u{0}-\u{ff}\u{2028}-\u{2030}\u{200b}-\u{2010}]{0,64}") {
            prop_assert!(!sanitise(&text).chars().any(is_unsafe));
        }

        #[test]
        fn safe_text_stays(text in "[ -~äöüß漢字🙂]{0,64}") {
            prop_assert_eq!(sanitise(&text), text.as_str());
        }

        #[test]
        fn an_excerpt_is_the_safe_text_of_its_characters(text in any::<String>(), length in 0_usize..20) {
            let short = excerpt(&text, length);
            let whole = sanitise(&text);
            prop_assert!(!short.chars().any(is_unsafe));
            let kept = short.strip_suffix('…').unwrap_or(&short);
            prop_assert!(whole.starts_with(kept));
            prop_assert_eq!(text.chars().count() <= length, short == whole);
        }
    }
}
