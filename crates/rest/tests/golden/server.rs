//! A node that goes by the name and id of the one that was recorded.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use glasswork_node::{Config, CpuMeter, Node, Substrate};
use glasswork_rest::{
    Api,
    server::{Limits, Server},
};
use glasswork_substrate::memory::World;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::recording::Answer;

/// The id of the node that was recorded.
pub(crate) const NODE: &str = "SRpFgdD5TUeuF7-q8hC7BA";

/// The node with its interface.
pub(crate) struct Reference {
    server: Server,
}

impl Reference {
    pub(crate) async fn start() -> Self {
        let memory = World::new(1).node(NODE);
        let config = Config {
            id: NODE.into(),
            name: "node-0".to_owned(),
            cluster_name: "glasswork-reference".to_owned(),
            transport_address: "127.0.0.1:9321".to_owned(),
            http_address: "127.0.0.1:9221".to_owned(),
            data: std::env::temp_dir(),
            attributes: BTreeMap::from([(
                "shard_indexing_pressure_enabled".to_owned(),
                "true".to_owned(),
            )]),
            settings: BTreeMap::new(),
            meter: Arc::new(CpuMeter::default()),
            memory_limit: 1 << 30,
        };
        let substrate = Substrate {
            logs: memory.logs,
            kv: memory.kv,
            bus: memory.bus,
        };
        let node = Node::start(config, substrate).await.unwrap();
        let limits = Limits::default();
        let api = Arc::new(Api::new(node, None, limits.clone()));
        let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), None, limits, api)
            .await
            .unwrap();
        Self { server }
    }

    /// Sends the bytes and reads until the answer is whole or the connection is closed.
    pub(crate) async fn ask(&self, request: &[u8], to_head: bool) -> Answer {
        let mut socket = TcpStream::connect(self.server.address()).await.unwrap();
        socket.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        let reading = async {
            loop {
                let mut piece = [0; 8192];
                let read = socket.read(&mut piece).await.unwrap_or(0);
                bytes.extend_from_slice(&piece[..read]);
                if read == 0 || is_whole(&bytes, to_head) {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(20), reading)
            .await
            .expect("an answer");
        Answer::parse(&String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
    }
}

fn is_whole(bytes: &[u8], to_head: bool) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse::<usize>().unwrap());
    to_head || bytes.len() >= end + 4 + length
}
