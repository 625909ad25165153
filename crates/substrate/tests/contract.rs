//! Every implementation keeps the contract.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use glasswork_substrate::{
    BoxFuture,
    contract::{self, Handles, Restart},
    files::{FaultyDisk, FilesSubstrate, LogSizes, RealDisk},
    memory::{self, World},
};

fn small() -> LogSizes {
    LogSizes {
        segment_bytes: 50_000,
        step_bytes: 8192,
    }
}

#[tokio::test]
async fn files_on_the_real_disk_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let files = FilesSubstrate::open_sized(dir.path(), Arc::new(RealDisk), small()).unwrap();
    contract::logs(files.logs.clone()).await;
    contract::keys(files.kv.clone()).await;
    contract::watches(files.kv.clone()).await;
    contract::leases(files.kv.clone()).await;
    contract::alone(files.bus.clone()).await;
}

#[tokio::test]
async fn files_on_a_disk_in_memory_keep_the_contract() {
    let files = FilesSubstrate::open(Path::new("/data"), Arc::new(FaultyDisk::new())).unwrap();
    contract::logs(files.logs.clone()).await;
    contract::keys(files.kv.clone()).await;
    contract::watches(files.kv.clone()).await;
}

#[tokio::test(start_paused = true)]
async fn memory_keeps_the_contract() {
    let world = World::new(1);
    let (a, b) = (world.node("a"), world.node("b"));
    contract::logs(a.logs.clone()).await;
    contract::keys(a.kv.clone()).await;
    contract::watches(b.kv.clone()).await;
    contract::leases(b.kv.clone()).await;
    contract::alone(a.bus.clone()).await;
    contract::peers(a.bus.clone(), b.bus.clone(), || world.crash("b")).await;
    let c = world.node("c");
    contract::peers(a.bus, c.bus, || world.partition("a", "c")).await;
}

struct RealFolder {
    dir: tempfile::TempDir,
}

impl Restart for RealFolder {
    fn restart(&mut self) -> BoxFuture<'_, Handles> {
        Box::pin(async move {
            let files =
                FilesSubstrate::open_sized(self.dir.path(), Arc::new(RealDisk), small()).unwrap();
            Handles {
                logs: files.logs,
                kv: files.kv,
            }
        })
    }
}

#[tokio::test]
async fn files_go_on_after_a_restart() {
    contract::restarts(&mut RealFolder {
        dir: tempfile::tempdir().unwrap(),
    })
    .await;
}

struct OneWorld(World);

impl Restart for OneWorld {
    fn restart(&mut self) -> BoxFuture<'_, Handles> {
        let memory::Node { logs, kv, .. } = self.0.node("a");
        Box::pin(std::future::ready(Handles { logs, kv }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_world_goes_on_after_a_restart() {
    contract::restarts(&mut OneWorld(World::new(1))).await;
}
