//! Cuts a file of JSON lines into bulk bodies.

use super::LoadError;
use serde_json::{Map, Value};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// A bulk body is sent when it has this many bytes, however few documents it holds.
const MAX_BODY: usize = 8 << 20;
/// A longer line is no document.
const MAX_LINE: u64 = 64 << 20;

/// One bulk body and where it ends.
pub(crate) struct Batch {
    pub(crate) body: Vec<u8>,
    /// Bytes of the file up to the end of the batch.
    pub(crate) end: u64,
    /// Lines of the file up to the end of the batch.
    pub(crate) lines: u64,
}

/// The batches of a file.
pub(crate) struct Batches<R> {
    reader: BufReader<R>,
    offset: u64,
    lines: u64,
    first_line: u64,
    size: usize,
}

impl<R: Read + Seek> Batches<R> {
    /// Goes on behind `offset` bytes and `lines` lines, `size` documents a batch.
    pub(crate) fn after(
        mut reader: BufReader<R>,
        offset: u64,
        lines: u64,
        size: usize,
    ) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            reader,
            offset,
            lines,
            first_line: lines,
            size,
        })
    }

    /// Lines of the file up to here.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Lines read since the start of this run.
    pub(crate) fn read(&self) -> u64 {
        self.lines - self.first_line
    }

    /// The next batch, or nothing at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Batch>, LoadError> {
        let mut body = Vec::new();
        let mut line = Vec::new();
        let mut documents = 0;
        while documents < self.size && body.len() < MAX_BODY {
            line.clear();
            let number = self.lines + 1;
            let failed = |error: io::Error| LoadError::Line {
                line: number,
                error: error.to_string(),
            };
            let read = self
                .reader
                .by_ref()
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .map_err(failed)?;
            if read == 0 {
                break;
            }
            if line.last() != Some(&b'\n') && read as u64 == MAX_LINE {
                return Err(LoadError::Line {
                    line: number,
                    error: format!("it is longer than {MAX_LINE} bytes"),
                });
            }
            self.offset += read as u64;
            self.lines = number;
            let document = line.trim_ascii();
            if !document.is_empty() {
                write_action(&mut body, document, number)?;
                body.extend_from_slice(document);
                body.push(b'\n');
                documents += 1;
            }
        }
        Ok((documents > 0).then_some(Batch {
            body,
            end: self.offset,
            lines: self.lines,
        }))
    }
}

/// Writes `{"index":{"_id":…}}` for a document.
fn write_action(body: &mut Vec<u8>, document: &[u8], line: u64) -> Result<(), LoadError> {
    let fields: Map<String, Value> =
        serde_json::from_slice(document).map_err(|error| LoadError::Line {
            line,
            error: error.to_string(),
        })?;
    let id = match fields.get("id") {
        Some(Value::String(id)) if !id.is_empty() => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => line.to_string(),
    };
    let action = serde_json::json!({"index": {"_id": id}});
    body.extend_from_slice(action.to_string().as_bytes());
    body.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn batches(text: &str, offset: u64, lines: u64) -> Vec<(String, u64, u64)> {
        let mut batches = Batches::after(
            BufReader::new(Cursor::new(text.as_bytes().to_vec())),
            offset,
            lines,
            2,
        )
        .unwrap();
        let mut all = Vec::new();
        while let Some(batch) = batches.next().unwrap() {
            all.push((
                String::from_utf8(batch.body).unwrap(),
                batch.end,
                batch.lines,
            ));
        }
        all
    }

    #[test]
    fn a_documents_id_is_its_id_field_or_its_line() {
        let all = batches("{\"id\":\"a\"}\n{\"id\":7}\n\n{\"x\":1}\n", 0, 0);
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[0].0,
            "{\"index\":{\"_id\":\"a\"}}\n{\"id\":\"a\"}\n{\"index\":{\"_id\":\"7\"}}\n{\"id\":7}\n"
        );
        assert_eq!(all[1].0, "{\"index\":{\"_id\":\"4\"}}\n{\"x\":1}\n");
    }

    #[test]
    fn a_load_goes_on_behind_what_is_durable() {
        let text = "{\"x\":1}\n{\"x\":2}\n{\"x\":3}\n";
        let all = batches(text, 16, 2);
        assert_eq!(
            all,
            [("{\"index\":{\"_id\":\"3\"}}\n{\"x\":3}\n".to_owned(), 24, 3)]
        );
    }

    #[test]
    fn a_line_that_is_no_object_is_named() {
        let mut batches = Batches::after(
            BufReader::new(Cursor::new(b"{\"x\":1}\n[1]\n".to_vec())),
            0,
            0,
            10,
        )
        .unwrap();
        assert!(matches!(
            batches.next(),
            Err(LoadError::Line { line: 2, .. })
        ));
    }
}
