//! Events of tasks as server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use glasswork_content::{failure::Failure, render::Render};

use super::{TaskEvent, show};
use crate::News;

/// The content type.
pub const CONTENT_TYPE: &str = "text/event-stream";
/// What stands at the beginning, so that whoever is in between passes the head on.
pub const BEGIN: &[u8] = b": watching\n\n";
/// A comment that is sent when nothing else was for a while.
pub const HEARTBEAT: &[u8] = b":\n\n";

/// The header by which a client goes on where its connection broke off: the number of the last event it has; `None`
/// when it is absent or empty.
///
/// # Errors
/// 400 when it is no number.
pub fn last_event(header: Option<&[u8]>) -> Result<Option<u64>, Failure> {
    let text = String::from_utf8_lossy(header.unwrap_or_default());
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        Failure::illegal_argument(format!(
            "[Last-Event-ID] must be the [id] of an event but was [{text}]"
        ))
    })
}

/// Tells that events up to `sequence` are lost: how many, where that is known.
pub fn missed(piece: &mut Vec<u8>, sequence: u64, count: Option<u64>) {
    let count = count.map_or_else(|| "null".to_owned(), |count| count.to_string());
    let text = format!("event: missed\nid: {sequence}\ndata: {{\"count\":{count}}}\n\n");
    piece.extend_from_slice(text.as_bytes());
}

/// Tells an event, with what is known beyond the plain fields when `extended`.
///
/// # Errors
/// When the task can't be written; one without a status always can.
pub fn event(
    piece: &mut Vec<u8>,
    sequence: u64,
    event: &TaskEvent,
    extended: bool,
) -> Result<(), Failure> {
    let mut out = Render::compact();
    data(&mut out, event, extended)?;
    let head = format!("event: {}\nid: {sequence}\ndata: ", event.news.as_str());
    piece.extend_from_slice(head.as_bytes());
    // JSON has no line breaks but those within strings, which are escaped.
    piece.extend_from_slice(out.finish().trim_ascii_end());
    piece.extend_from_slice(b"\n\n");
    Ok(())
}

fn data(out: &mut Render, event: &TaskEvent, extended: bool) -> Result<(), Failure> {
    out.object();
    out.key("task");
    if extended {
        show::task(out, &event.task)?;
    } else {
        let mut plain = event.task.clone();
        plain.extended = None;
        show::task(out, &plain)?;
    }
    if let News::Ended(outcome) = event.news {
        out.field_str("outcome", outcome.as_str());
    }
    let extended = event.task.extended.as_ref();
    if let (News::Progress, Some(progress)) = (
        event.news,
        extended.and_then(|extended| extended.progress.as_ref()),
    ) {
        out.key("progress");
        show::progress(out, progress);
    }
    out.end_object();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_goes_on_behind_the_event_that_it_names() {
        assert_eq!(last_event(None).unwrap(), None);
        assert_eq!(last_event(Some(b"")).unwrap(), None);
        assert_eq!(last_event(Some(b"17")).unwrap(), Some(17));
        assert!(last_event(Some(b"x")).is_err());
    }
}
