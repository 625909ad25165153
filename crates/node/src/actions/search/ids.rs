//! The ids that clients carry for scrolls and points in time: opaque base64 that names node, session and context of each
//! shard. The layout is that of OpenSearch's stream format; every length in it is checked against what is left.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use glasswork_content::{Failure, Kind};
use glasswork_tasks::NodeId;

use super::contexts::ContextId;
use crate::actions::indices::ShardId;

/// Greatest number of shards that an id may name.
const MAX_SHARDS: usize = 10_000;
/// What OpenSearch's scroll ids begin with, since contexts carry their session.
const WITH_SESSIONS: &str = "include_context_uuid";

/// What ids of points in time begin with.
const POINT: &str = "point_in_time";

/// A context and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) node: NodeId,
    pub(crate) context: ContextId,
}

/// Which round trips a page takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trips {
    /// Finding, then reading.
    QueryThenFetch,
    /// A single shard does both at once.
    QueryAndFetch,
    /// Shard after shard, in the order of `_seq_no`.
    Scan(ScanPlace),
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanPlace {
    /// The first shard that may have more.
    pub(crate) at: usize,
    /// The number of the page that is to come from that shard.
    pub(crate) page: u64,
    /// How many documents there are in all.
    pub(crate) total: u64,
    /// How many a page has.
    pub(crate) size: usize,
    /// When the shards behind that one were last told that the scan goes on, in milliseconds since 1970.
    pub(crate) touched: u64,
    /// For how long they keep their contexts from then on, in milliseconds.
    pub(crate) kept: u64,
}

/// What a scroll id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScrollId {
    pub(crate) trips: Trips,
    pub(crate) shards: Vec<Place>,
}

impl ScrollId {
    /// The id as clients carry it.
    pub(crate) fn write(&self) -> String {
        let mut out = Writer::default();
        out.text(WITH_SESSIONS);
        out.text(match self.trips {
            Trips::QueryThenFetch => "queryThenFetch",
            Trips::QueryAndFetch => "queryAndFetch",
            Trips::Scan(_) => "scan",
        });
        out.places(&self.shards);
        if let Trips::Scan(place) = self.trips {
            out.number(place.at as u64);
            out.number(place.page);
            out.number(place.total);
            out.number(place.size as u64);
            out.number(place.touched);
            out.number(place.kept);
        }
        out.finish()
    }

    /// Reads an id.
    ///
    /// # Errors
    /// 400 `Cannot parse scroll id`, with what is wrong as its cause.
    pub(crate) fn read(id: &str) -> Result<Self, Failure> {
        let unreadable =
            |cause| Failure::illegal_argument("Cannot parse scroll id").caused_by(cause);
        Self::parse(id).map_err(unreadable)
    }

    fn parse(id: &str) -> Result<Self, Failure> {
        let bytes = decode(id)?;
        let mut from = Reader::new(&bytes);
        if from.text()? != WITH_SESSIONS {
            return Err(Failure::illegal_argument("Scroll id without sessions"));
        }
        let kind = from.text()?;
        let shards = from.places()?;
        let trips = match kind.as_str() {
            "queryThenFetch" => Trips::QueryThenFetch,
            "queryAndFetch" => Trips::QueryAndFetch,
            "scan" => Trips::Scan(ScanPlace {
                at: usize::try_from(from.number()?).unwrap_or(usize::MAX),
                page: from.number()?,
                total: from.number()?,
                size: usize::try_from(from.number()?).unwrap_or(usize::MAX),
                touched: from.number()?,
                kept: from.number()?,
            }),
            _ => return Err(Failure::illegal_argument("Unknown type of scroll")),
        };
        from.end()?;
        Ok(Self { trips, shards })
    }
}

/// A shard of a point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PointShard {
    pub(crate) shard: ShardId,
    pub(crate) place: Place,
}

/// What the id of a point in time says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PointId {
    pub(crate) shards: Vec<PointShard>,
}

impl PointId {
    /// The id as clients carry it.
    pub(crate) fn write(&self) -> String {
        let mut out = Writer::default();
        out.text(POINT);
        out.number(self.shards.len() as u64);
        for shard in &self.shards {
            out.text(&shard.shard.index);
            out.text(&shard.shard.uuid);
            out.number(u64::from(shard.shard.shard));
            out.place(&shard.place);
        }
        out.finish()
    }

    /// Reads an id.
    ///
    /// # Errors
    /// 400 `Cannot parse point in time id`, with what is wrong as its cause.
    pub(crate) fn read(id: &str) -> Result<Self, Failure> {
        let unreadable =
            |cause| Failure::illegal_argument("Cannot parse point in time id").caused_by(cause);
        Self::parse(id).map_err(unreadable)
    }

    fn parse(id: &str) -> Result<Self, Failure> {
        let bytes = decode(id)?;
        let mut from = Reader::new(&bytes);
        if from.text()? != POINT {
            return Err(Failure::illegal_argument("no id of a point in time"));
        }
        let mut shards = Vec::new();
        let mut known = hashbrown::HashSet::new();
        for _ in 0..from.count()? {
            let shard = ShardId {
                index: from.text()?,
                uuid: from.text()?,
                shard: u32::try_from(from.number()?)
                    .map_err(|_| Failure::illegal_argument("a shard's number is too large"))?,
            };
            let place = from.place()?;
            if !known.insert(place.context.clone()) {
                return Err(Failure::illegal_argument("a context is named twice"));
            }
            shards.push(PointShard { shard, place });
        }
        from.end()?;
        Ok(Self { shards })
    }
}

fn decode(id: &str) -> Result<Vec<u8>, Failure> {
    // Padding may be missing: ids travel through addresses.
    let padded = match id.len() % 4 {
        0 => id.to_owned(),
        rest => format!("{id}{}", "=".repeat(4 - rest)),
    };
    URL_SAFE
        .decode(padded)
        .map_err(|error| Failure::illegal_argument(error.to_string()))
}

/// Writes an id.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn places(&mut self, places: &[Place]) {
        self.number(places.len() as u64);
        for place in places {
            self.place(place);
        }
    }

    fn place(&mut self, place: &Place) {
        self.text(&place.context.session);
        self.0
            .extend_from_slice(&place.context.number.to_be_bytes());
        self.text(place.node.as_str());
    }

    fn finish(self) -> String {
        URL_SAFE.encode(self.0)
    }
}

/// Reads an id.
struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Failure> {
        let available = self.left.len();
        match usize::try_from(length) {
            Ok(length) if length <= available => {
                let (taken, left) = self.left.split_at(length);
                self.left = left;
                Ok(taken)
            }
            _ => Err(Failure::new(
                Kind::Eof,
                format!(
                    "attempting to read {length} bytes but only {available} bytes are available"
                ),
            )),
        }
    }

    fn number(&mut self) -> Result<u64, Failure> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Failure::illegal_argument("a number is too long"))
    }

    fn text(&mut self) -> Result<String, Failure> {
        let length = self.number()?;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec())
            .map_err(|_| Failure::illegal_argument("a text is not UTF-8"))
    }

    fn count(&mut self) -> Result<u64, Failure> {
        let count = self.number()?;
        if count > MAX_SHARDS as u64 {
            return Err(Failure::illegal_argument(format!(
                "more than [{MAX_SHARDS}] shards"
            )));
        }
        Ok(count)
    }

    /// No context may be named twice: each is asked once a page.
    fn places(&mut self) -> Result<Vec<Place>, Failure> {
        let count = self.count()?;
        let mut places = Vec::new();
        let mut known = hashbrown::HashSet::new();
        for _ in 0..count {
            let place = self.place()?;
            if !known.insert(place.context.clone()) {
                return Err(Failure::illegal_argument("a context is named twice"));
            }
            places.push(place);
        }
        Ok(places)
    }

    fn place(&mut self) -> Result<Place, Failure> {
        let session = self.text()?;
        let number: [u8; 8] = self.take(8)?.try_into().unwrap_or_default();
        let node = self.text()?;
        Ok(Place {
            node: NodeId::from(node.as_str()),
            context: ContextId {
                session,
                number: u64::from_be_bytes(number),
            },
        })
    }

    fn end(&self) -> Result<(), Failure> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(Failure::illegal_argument("Not all bytes were read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(trips: Trips, shards: usize) -> ScrollId {
        let shards = (0..shards as u64)
            .map(|number| Place {
                node: NodeId::from("SRpFgdD5TUeuF7-q8hC7BA"),
                context: ContextId {
                    session: "6idlC_8pRB6JeSWTUNaoEA".to_owned(),
                    number: number << 33,
                },
            })
            .collect();
        ScrollId { trips, shards }
    }

    fn complaint(id: &str) -> String {
        let failure = ScrollId::read(id).unwrap_err();
        assert_eq!(failure.reason(), "Cannot parse scroll id");
        failure.cause.unwrap().reason().to_owned()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let scan = Trips::Scan(ScanPlace {
            at: 3,
            page: 1 << 20,
            total: 1 << 40,
            size: 1_000,
            touched: 1 << 41,
            kept: 60_000,
        });
        for trips in [Trips::QueryAndFetch, Trips::QueryThenFetch, scan] {
            let id = id(trips, 300);
            assert_eq!(ScrollId::read(&id.write()).unwrap(), id);
            let unpadded = id.write().trim_end_matches('=').to_owned();
            assert_eq!(ScrollId::read(&unpadded).unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_reason() {
        assert_eq!(
            complaint("nonsense"),
            "attempting to read 257623198 bytes but only 2 bytes are available"
        );
        let mut twice = id(Trips::QueryThenFetch, 2);
        twice.shards[1] = twice.shards[0].clone();
        assert_eq!(complaint(&twice.write()), "a context is named twice");
        let many = id(Trips::QueryThenFetch, MAX_SHARDS + 1);
        assert_eq!(complaint(&many.write()), "more than [10000] shards");
        let mut longer = URL_SAFE
            .decode(id(Trips::QueryAndFetch, 1).write())
            .unwrap();
        longer.push(0);
        assert_eq!(
            complaint(&URL_SAFE.encode(longer)),
            "Not all bytes were read"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,40}") {
            // Whether they are taken matters less than that the answer comes.
            drop(PointId::read(&URL_SAFE.encode(&bytes)));
            drop(ScrollId::read(&URL_SAFE.encode(bytes)));
            drop(ScrollId::read(&text));
        }
    }
}
