//! A list whose tasks are taken one by one while the answer arrives, so that neither the answer nor the tasks are ever held whole.

use crate::{
    Client, Error, ListOptions, NodeFailure, NodeSummary, TaskFailure, TaskList,
    exchange::not_json, url::Target,
};
use bytes::{Buf, Bytes};
use flate2::read::GzDecoder;
use http::Method;
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use std::{
    fmt,
    io::{self, BufReader, Read},
};
use tokio::sync::mpsc;

/// Takes the tasks of a list one by one.
pub trait Collect: Send + 'static {
    /// As much of a task as is needed: [`Task`](crate::Task) or less.
    type Task: DeserializeOwned;

    /// Takes the next one.
    fn take(&mut self, task: Self::Task);
}

/// Bytes of an answer that is no JSON which are quoted.
const QUOTED: usize = 800;

impl Client {
    /// Lists what runs into what `fresh` makes, task by task as the answer arrives. What the list says beside its tasks comes as
    /// a list without any. What only Glasswork picks out by itself (see [`ListOptions::opaque_id`]) is not picked out here
    /// where the server is another.
    ///
    /// ```
    /// # use glasswork_client::{Client, Collect, ListOptions, Task, fake::{FakeServer, Reply}};
    /// # let server = FakeServer::start(|_| Reply::json(r#"{"nodes":{"n":{"name":"node-1","tasks":{"n:7":{"node":"n","id":7},"n:8":{"node":"n","id":8}}}}}"#));
    /// # let url = server.url();
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// #[derive(Default)]
    /// struct Count(usize);
    ///
    /// impl Collect for Count {
    ///     type Task = Task;
    ///
    ///     fn take(&mut self, _: Task) {
    ///         self.0 += 1;
    ///     }
    /// }
    ///
    /// let client = Client::builder(url).build()?;
    /// let (count, list) = client.list_into(&ListOptions::new(), Count::default).await?;
    /// println!("{} tasks on {} nodes", count.0, list.nodes.len());
    /// # assert_eq!((count.0, list.node_name("n")), (2, Some("node-1")));
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`Client::list`]. What was taken before an answer broke off is dropped.
    pub async fn list_into<C: Collect>(
        &self,
        options: &ListOptions,
        fresh: impl Fn() -> C,
    ) -> Result<(C, TaskList), Error> {
        let target = options.target();
        if let Some(more) = options.extensions(&target)
            && self.has_extensions().await?
        {
            match self.collect_list(&more, fresh()).await {
                Err(Error::Refused(refusal)) if refusal.is_unknown_parameter() => {
                    self.lacks_extensions();
                }
                answered => return answered,
            }
        }
        self.collect_list(&target, fresh()).await
    }

    async fn collect_list<C: Collect>(
        &self,
        target: &Target,
        collector: C,
    ) -> Result<(C, TaskList), Error> {
        let limit = self.inner.max_answer;
        let read = move |pieces, gzip| read(Pieces::new(pieces), gzip, limit, collector);
        match self.inner.stream(Method::GET, target, read).await? {
            Ok(read) => Ok(read),
            Err(broken) => Err(match broken {
                Broken::TooLarge => Error::TooLarge {
                    url: self.inner.url(),
                    limit,
                },
                Broken::Gzip => self.inner.bad_gzip(),
                Broken::Json(error, beginning) => {
                    not_json(self.inner.url(), 200, &error, &beginning)
                }
            }),
        }
    }
}

/// Why an answer could not be read.
enum Broken {
    TooLarge,
    Gzip,
    /// With the beginning of what was read.
    Json(serde_json::Error, Vec<u8>),
}

fn read<C: Collect>(
    pieces: Pieces,
    gzip: bool,
    limit: usize,
    mut collector: C,
) -> Result<(C, TaskList), Broken> {
    let source: Box<dyn Read> = match gzip {
        true => Box::new(GzDecoder::new(pieces)),
        false => Box::new(pieces),
    };
    let mut counted = Counted {
        source,
        read: 0,
        limit,
        beginning: Vec::new(),
    };
    let mut list = TaskList::default();
    let done = {
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(&mut counted));
        let answer = Answer {
            collector: &mut collector,
            list: &mut list,
        };
        answer.deserialize(&mut json).and_then(|()| json.end())
    };
    match done {
        Ok(()) => {
            list.answer_in_bytes = counted.read;
            Ok((collector, list))
        }
        Err(error) => Err(match error.io_error_kind() {
            Some(io::ErrorKind::FileTooLarge) => Broken::TooLarge,
            Some(_) => Broken::Gzip,
            None => Broken::Json(error, counted.beginning),
        }),
    }
}

/// The pieces of a body as they arrive. Blocks until the next one is there.
pub(crate) struct Pieces {
    coming: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Pieces {
    fn new(coming: mpsc::Receiver<Bytes>) -> Self {
        Self {
            coming,
            piece: Bytes::new(),
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.coming.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Counts what is read, up to a limit, and remembers how it began.
struct Counted {
    source: Box<dyn Read>,
    read: usize,
    limit: usize,
    beginning: Vec<u8>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.read += length;
        if self.read > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let room = QUOTED.saturating_sub(self.beginning.len());
        self.beginning
            .extend_from_slice(&buffer[..length.min(room)]);
        Ok(length)
    }
}

/// `{"nodes": {…}, "node_failures": […], "task_failures": […]}`.
struct Answer<'a, C> {
    collector: &'a mut C,
    list: &'a mut TaskList,
}

impl<'de, C: Collect> DeserializeSeed<'de> for Answer<'_, C> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, C: Collect> Visitor<'de> for Answer<'_, C> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of tasks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut there = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "nodes" => {
                    there = true;
                    map.next_value_seed(Nodes {
                        collector: &mut *self.collector,
                        list: &mut *self.list,
                    })?;
                }
                "node_failures" => {
                    self.list.node_failures = map.next_value::<Vec<NodeFailure>>()?;
                }
                "task_failures" => {
                    self.list.task_failures = map.next_value::<Vec<TaskFailure>>()?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match there {
            true => Ok(()),
            false => Err(serde::de::Error::missing_field("nodes")),
        }
    }
}

/// Nodes by id.
struct Nodes<'a, C> {
    collector: &'a mut C,
    list: &'a mut TaskList,
}

impl<'de, C: Collect> DeserializeSeed<'de> for Nodes<'_, C> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, C: Collect> Visitor<'de> for Nodes<'_, C> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of nodes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(id) = map.next_key::<String>()? {
            let summary = map.next_value_seed(Node {
                collector: &mut *self.collector,
            })?;
            self.list.nodes.insert(id, summary);
        }
        Ok(())
    }
}

/// A node with its tasks.
struct Node<'a, C> {
    collector: &'a mut C,
}

impl<'de, C: Collect> DeserializeSeed<'de> for Node<'_, C> {
    type Value = NodeSummary;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeSummary, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, C: Collect> Visitor<'de> for Node<'_, C> {
    type Value = NodeSummary;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a node")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeSummary, A::Error> {
        let mut summary = NodeSummary::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "tasks" => map.next_value_seed(Tasks {
                    collector: &mut *self.collector,
                })?,
                "name" => summary.name = map.next_value()?,
                "transport_address" => summary.transport_address = map.next_value()?,
                "host" => summary.host = map.next_value()?,
                "roles" => summary.roles = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(summary)
    }
}

/// Tasks; their keys repeat their ids.
struct Tasks<'a, C> {
    collector: &'a mut C,
}

impl<'de, C: Collect> DeserializeSeed<'de> for Tasks<'_, C> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, C: Collect> Visitor<'de> for Tasks<'_, C> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of tasks")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((_, task)) = map.next_entry::<IgnoredAny, C::Task>()? {
            self.collector.take(task);
        }
        Ok(())
    }
}
