//! Messages that are longer than the bus carries, in parts: uploads before a request, downloads after an answer.

use bytes::{Bytes, BytesMut};
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::NodeId;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Bytes of a part: the bus carries 1 MiB with everything around it.
pub(crate) const PART: usize = 768 * 1024;

/// A transfer that nobody touches for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is on its way from or to this node.
pub(crate) struct Transfers {
    held: Mutex<Held>,
    /// Bytes that all transfers together may take.
    limit: usize,
}

#[derive(Default)]
struct Held {
    uploads: HashMap<(NodeId, u128), Upload>,
    downloads: HashMap<(NodeId, u128), Download>,
    bytes: usize,
}

struct Upload {
    bytes: BytesMut,
    length: usize,
    touched: Instant,
}

struct Download {
    bytes: Bytes,
    touched: Instant,
}

impl Transfers {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            held: Mutex::default(),
            limit,
        }
    }

    /// Takes a part of what `from` uploads. Parts come in order.
    pub(super) fn put(
        &self,
        from: NodeId,
        transfer: u128,
        offset: u64,
        length: u64,
        part: &[u8],
    ) -> Result<(), Failure> {
        let mut held = self.held.lock();
        held.give_up_old();
        let length = usize::try_from(length).map_err(|_| self.too_much(u64::MAX))?;
        let key = (from, transfer);
        if offset == 0 {
            if held.bytes.saturating_add(length) > self.limit {
                return Err(self.too_much(length as u64));
            }
            held.remove_upload(&key);
            held.bytes += length;
            held.uploads.insert(
                key.clone(),
                Upload {
                    bytes: BytesMut::new(),
                    length,
                    touched: Instant::now(),
                },
            );
        }
        let lost = || Failure::illegal_state("a part of a message is missing");
        let upload = held.uploads.get_mut(&key).ok_or_else(lost)?;
        if upload.bytes.len() as u64 != offset || upload.bytes.len() + part.len() > upload.length {
            held.remove_upload(&key);
            return Err(lost());
        }
        upload.bytes.extend_from_slice(part);
        upload.touched = Instant::now();
        Ok(())
    }

    /// What `from` has uploaded, complete.
    pub(super) fn take(&self, from: &NodeId, transfer: u128) -> Result<Bytes, Failure> {
        let upload = self.held.lock().remove_upload(&(from.clone(), transfer));
        match upload {
            Some(upload) if upload.bytes.len() == upload.length => Ok(upload.bytes.freeze()),
            _ => Err(Failure::illegal_state("a part of a message is missing")),
        }
    }

    /// Keeps an answer for `to` until it has fetched it.
    pub(super) fn keep(&self, to: NodeId, transfer: u128, bytes: Bytes) -> Result<(), Failure> {
        let mut held = self.held.lock();
        held.give_up_old();
        if held.bytes.saturating_add(bytes.len()) > self.limit {
            return Err(self.too_much(bytes.len() as u64));
        }
        held.bytes += bytes.len();
        held.downloads.insert(
            (to, transfer),
            Download {
                bytes,
                touched: Instant::now(),
            },
        );
        Ok(())
    }

    /// A part of an answer; with the last one it is forgotten.
    pub(super) fn get(&self, to: NodeId, transfer: u128, offset: u64) -> Result<Bytes, Failure> {
        let lost = || Failure::illegal_state("the answer is no longer held");
        let mut held = self.held.lock();
        let key = (to, transfer);
        let download = held.downloads.get_mut(&key).ok_or_else(lost)?;
        let start = usize::try_from(offset)
            .ok()
            .filter(|&start| start <= download.bytes.len())
            .ok_or_else(lost)?;
        let end = download.bytes.len().min(start + PART);
        let part = download.bytes.slice(start..end);
        download.touched = Instant::now();
        if end == download.bytes.len() {
            held.remove_download(&key);
        }
        Ok(part)
    }

    /// `node` left: nobody will fetch or finish what it has here.
    pub(crate) fn forget(&self, node: &NodeId) {
        let mut held = self.held.lock();
        held.give_up(|key, _| key.0 == *node);
    }

    fn too_much(&self, wanted: u64) -> Failure {
        let limit = self.limit as u64;
        let reason = format!(
            "[parent] Data too large, data for [<transport_request>] would be [{wanted}b], which is larger than the limit of [{limit}b]"
        );
        Failure::circuit_breaking(reason, wanted, limit, "TRANSIENT")
    }
}

impl Held {
    fn remove_upload(&mut self, key: &(NodeId, u128)) -> Option<Upload> {
        let upload = self.uploads.remove(key)?;
        self.bytes -= upload.length;
        Some(upload)
    }

    fn remove_download(&mut self, key: &(NodeId, u128)) {
        if let Some(download) = self.downloads.remove(key) {
            self.bytes -= download.bytes.len();
        }
    }

    fn give_up_old(&mut self) {
        self.give_up(|_, touched| touched.elapsed() > PATIENCE);
    }

    fn give_up(&mut self, gone: impl Fn(&(NodeId, u128), Instant) -> bool) {
        let uploads = self
            .uploads
            .iter()
            .filter(|(key, upload)| gone(key, upload.touched));
        for key in uploads.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_upload(&key);
        }
        let downloads = self
            .downloads
            .iter()
            .filter(|(key, download)| gone(key, download.touched));
        for key in downloads.map(|(key, _)| key.clone()).collect::<Vec<_>>() {
            self.remove_download(&key);
        }
    }
}

/// A number that no other transfer has.
pub(super) fn fresh() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    u128::from_ne_bytes(bytes)
}

/// The failure of a message that can't be written.
pub(super) fn unwritable(error: &postcard::Error) -> Failure {
    Failure::new(
        Kind::IllegalState,
        format!("a message can't be written: {error}"),
    )
}

/// The failure of a message that can't be read.
pub(super) fn unreadable(error: &postcard::Error) -> Failure {
    Failure::new(
        Kind::IllegalState,
        format!("a message of another node can't be read: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_whole_or_refused() {
        let transfers = Transfers::new(100);
        let put = |offset, part: &[u8]| transfers.put("a".into(), 1, offset, 10, part);
        put(0, b"01234").unwrap();
        assert!(transfers.take(&"b".into(), 1).is_err(), "another node's");
        put(5, b"56789").unwrap();
        assert_eq!(&*transfers.take(&"a".into(), 1).unwrap(), b"0123456789");
        put(0, b"01234").unwrap();
        assert!(put(6, b"6").is_err(), "a gap");
        put(0, b"01234").unwrap();
        assert!(put(5, b"567890").is_err(), "more than was announced");
        assert!(
            transfers.put("a".into(), 2, 0, 101, b"").is_err(),
            "more than is allowed"
        );
        assert_eq!(transfers.held.lock().bytes, 0);
    }

    #[test]
    fn a_download_is_forgotten_with_its_last_part() {
        let transfers = Transfers::new(10 * PART);
        transfers
            .keep("a".into(), 1, Bytes::from(vec![7; PART + 1]))
            .unwrap();
        assert_eq!(transfers.get("a".into(), 1, 0).unwrap().len(), PART);
        assert_eq!(transfers.get("a".into(), 1, PART as u64).unwrap().len(), 1);
        assert!(transfers.get("a".into(), 1, 0).is_err());
        transfers
            .keep("a".into(), 2, Bytes::from_static(b"x"))
            .unwrap();
        transfers.forget(&"a".into());
        assert_eq!(transfers.held.lock().bytes, 0);
    }
}
