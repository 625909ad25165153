//! The form in which a client wants its answer: JSON or YAML, pretty, for humans, filtered, compressed.
//!
//! A handler takes the form from its request and hands it, inside the closure that renders the answer, to the door:
//! rendering and compression then count for the task.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use glasswork_content::{
    failure::Failure,
    render::{FilterPath, Format, Options, Render},
    text::parse_flag,
};
use glasswork_node::{HeldMemory, Node, of_stop};
use glasswork_tasks::Checkpoint;
use http::{HeaderMap, header};

use crate::{
    body::MediaType,
    reply::{self, Reply},
};

/// How an answer is written.
#[derive(Debug, Clone, Default)]
pub struct Form {
    format: Format,
    /// Whether the client asked for a format at all: a cat table is text otherwise.
    asked: bool,
    pretty: bool,
    human: bool,
    error_trace: bool,
    filter: Option<FilterPath>,
    gzip: bool,
}

/// A shorter body is not worth compressing, in bytes.
const WORTH_COMPRESSING: usize = 1024;
/// Bytes compressed between two checkpoints: about a millisecond.
const COMPRESSED_AT_ONCE: usize = 64 << 10;

impl Form {
    /// The form for a request: `format`, else `Accept`, else the type of its own body, else JSON.
    ///
    /// # Errors
    /// 400 for a malformed flag, and for a format that is known and not written (CBOR, SMILE).
    pub(crate) fn of(
        query: &[(String, String)],
        headers: &HeaderMap,
        body: Option<MediaType>,
    ) -> Result<Self, Failure> {
        let given = |name: &str| {
            query
                .iter()
                .rev()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        let flag = |name: &str| {
            given(name).map_or(Ok(false), |value| Ok(parse_flag(value)?.unwrap_or(false)))
        };
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        let wanted = match given("format") {
            Some(format) => MediaType::from_format(format),
            None => accept.and_then(MediaType::from_accept),
        };
        let format = match wanted.or(body.filter(|media| media.is_written())) {
            None | Some(MediaType::Json | MediaType::Lines) => Format::Json,
            Some(MediaType::Yaml) => Format::Yaml,
            Some(other @ (MediaType::Cbor | MediaType::Smile)) => return Err(other.not_written()),
        };
        Ok(Self {
            format,
            asked: wanted.is_some(),
            pretty: flag("pretty")?,
            human: flag("human")?,
            error_trace: flag("error_trace")?,
            filter: given("filter_path").and_then(FilterPath::parse),
            gzip: accepts_gzip(headers),
        })
    }

    /// As this one, pretty in any case (the banner at `/`).
    #[must_use]
    pub fn pretty(&self) -> Self {
        Self {
            pretty: true,
            ..self.clone()
        }
    }

    /// As this one, without `filter_path`.
    pub(crate) fn unfiltered(&self) -> Self {
        Self {
            filter: None,
            ..self.clone()
        }
    }

    /// Whether durations, sizes and dates are wanted as text too.
    pub fn human(&self) -> bool {
        self.human
    }

    /// Whether the client asked for JSON or YAML where the endpoint would answer text.
    pub fn structured(&self) -> bool {
        self.asked
    }

    /// Whether the client takes compressed answers.
    pub fn takes_gzip(&self) -> bool {
        self.gzip
    }

    /// What [`Render`] needs to know.
    pub fn options(&self) -> Options {
        Options {
            format: self.format,
            pretty: self.pretty,
            human: self.human,
            error_trace: self.error_trace,
            filter: self.filter.clone(),
        }
    }

    /// The content type of what [`Render`] writes.
    pub fn content_type(&self) -> &'static str {
        match self.format {
            Format::Json => reply::JSON,
            Format::Yaml => reply::YAML,
        }
    }

    /// An answer with `status` and what `write` renders.
    pub fn reply(&self, status: u16, write: impl FnOnce(&mut Render)) -> Reply {
        let mut render = Render::new(self.options());
        write(&mut render);
        self.compress(Reply::new(status, self.content_type(), render.finish()))
    }

    /// As [`Form::reply`] with a rendering that can fail.
    ///
    /// # Errors
    /// What `write` gives back.
    pub fn try_reply(
        &self,
        status: u16,
        write: impl FnOnce(&mut Render) -> Result<(), Failure>,
    ) -> Result<Reply, Failure> {
        let mut render = Render::new(self.options());
        write(&mut render)?;
        Ok(self.compress(Reply::new(status, self.content_type(), render.finish())))
    }

    /// As [`Form::try_reply`] for an answer that may be long: written and compressed in parts, with a checkpoint now
    /// and then (`write` has to pass it too), and reserved with `node` until it has left.
    ///
    /// # Errors
    /// What `write` gives back; the checkpoint's reason to stop; more memory than there is.
    pub fn long_reply(
        &self,
        status: u16,
        node: &Node,
        checkpoint: &dyn Checkpoint,
        write: impl FnOnce(&mut Render) -> Result<(), Failure>,
    ) -> Result<Reply, Failure> {
        let mut render = Render::new(self.options());
        write(&mut render)?;
        let mut parts = render.finish_parts();
        if parts.len() == 1 {
            let whole = Reply::new(status, self.content_type(), parts.remove(0));
            return Ok(self.compress(whole));
        }
        if self.gzip {
            parts = packed(parts, checkpoint)?;
        }
        let mut sent = Vec::with_capacity(parts.len());
        for part in parts {
            let held = node.hold(part.len() as u64)?;
            sent.push(Bytes::from_owner(Part { part, _held: held }));
        }
        Ok(Reply {
            body: reply::Body::Parts(sent),
            gzip: self.gzip,
            ..Reply::new(status, self.content_type(), Bytes::new())
        })
    }

    /// `{"acknowledged":true}`.
    pub fn acknowledged(&self) -> Reply {
        self.reply(200, |out| {
            out.object();
            out.field_bool("acknowledged", true);
            out.end_object();
        })
    }

    /// The answer for a failure. `filter_path` does not apply to it.
    pub fn failure(&self, failure: &Failure) -> Reply {
        let mut render = Render::new(Options {
            filter: None,
            ..self.options()
        });
        failure.render_body(&mut render);
        self.compress(Reply::new(
            failure.status(),
            self.content_type(),
            render.finish(),
        ))
    }

    /// Compresses a whole body when the client takes that and it is worth it.
    pub fn compress(&self, mut reply: Reply) -> Reply {
        if !self.gzip {
            return reply;
        }
        if let reply::Body::Whole(bytes) = &reply.body
            && bytes.len() >= WORTH_COMPRESSING
            && !reply.gzip
        {
            let mut encoder =
                GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(3));
            // Writing into memory does not fail; if it did, the plain body is as good.
            if let Ok(packed) = encoder.write_all(bytes).and_then(|()| encoder.finish()) {
                reply.body = reply::Body::Whole(Bytes::from(packed));
                reply.gzip = true;
            }
        }
        reply
    }
}

/// A part of an answer on its way out, with its memory.
struct Part {
    part: Vec<u8>,
    _held: HeldMemory,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.part
    }
}

/// The parts of a body compressed to one; each is freed when it is done.
fn packed(parts: Vec<Vec<u8>>, checkpoint: &dyn Checkpoint) -> Result<Vec<Vec<u8>>, Failure> {
    let failed =
        |error: std::io::Error| Failure::illegal_state(format!("compressing failed: {error}"));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(3));
    for part in parts {
        for piece in part.chunks(COMPRESSED_AT_ONCE) {
            checkpoint.checkpoint().map_err(|stop| of_stop(&stop))?;
            encoder.write_all(piece).map_err(failed)?;
        }
    }
    Ok(vec![encoder.finish().map_err(failed)?])
}

/// Whether `Accept-Encoding` allows gzip (RFC 9110 §12.5.3: `q=0` forbids).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or("");
            let refused = parts.any(|part| {
                part.strip_prefix("q=")
                    .is_some_and(|quality| quality.parse::<f32>().is_ok_and(|q| q <= 0.0))
            });
            (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_used_only_when_the_client_takes_it() {
        for (accept, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("deflate, br", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), expected, "{accept}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
