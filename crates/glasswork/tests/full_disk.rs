//! A full disk stops writes with a clear error, acknowledges none it can't keep, and hurts nothing that is there.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::{
    Node, eventually,
    long::{count, reached},
};
use serde_json::json;
use std::{fs, io::Write, path::Path, process::Command};

/// A small disk of its own, where the system lets us have one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            Some(Self(folder))
        } else {
            println!("a_full_disk: skipped, no small disk can be mounted here");
            None
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[test]
fn a_full_disk_stops_writes_and_nothing_acknowledged_is_lost() {
    let Some(disk) = SmallDisk::new(48) else {
        return;
    };
    let ballast = disk.path().join("ballast");
    fs::write(&ballast, vec![1; 24 << 20]).unwrap();
    let data = disk.path().join("data");
    let node = Node::on(&data, &[]);
    let text = "x".repeat(20_000);
    let mut acknowledged = Vec::new();
    let mut refused = None;
    for number in 0..2000 {
        let answer = node.put(
            &format!("/full/_doc/{number}"),
            &format!("{{\"n\":{number},\"t\":\"{text}\"}}"),
        );
        match answer.status {
            201 => acknowledged.push(number),
            _ => {
                refused = Some((number, answer));
                break;
            }
        }
    }
    let (number, answer) = refused.expect("40 MB do not fit on this disk");
    assert!(answer.status >= 429, "{}", answer.text);
    let reason = answer.json()["error"]["reason"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!reason.is_empty());
    assert_eq!(node.get("/_tasks").status, 200, "the node lives");
    let found = node.get(&format!("/full/_doc/{}", acknowledged[0]));
    assert_eq!(found.status, 200, "what is there can be read");
    fs::remove_file(&ballast).unwrap();
    let again = node.put(&format!("/full/_doc/{number}"), r#"{"n":1}"#);
    assert_eq!(
        again.status, 201,
        "writes go on when there is room: {}",
        again.text
    );
    acknowledged.push(number);
    let node = node.crash_and_restart();
    for number in acknowledged {
        assert_eq!(
            node.get(&format!("/full/_doc/{number}")).status,
            200,
            "{number} was acknowledged and is gone"
        );
    }
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_reindex_is_told_in_its_result() {
    let Some(disk) = SmallDisk::new(96) else {
        return;
    };
    let node = Node::on(&disk.path().join("data"), &[]);
    let text = "x".repeat(20_000);
    node.filled("source", 1, 300, |n| json!({"n": n, "t": text}));
    let body = json!({"source": {"index": "source", "size": 10}, "dest": {"index": "target"}});
    let path = "/_reindex?wait_for_completion=false&requests_per_second=10";
    let task = node.start_task(path, &body, "full");
    node.first_batch(&task);
    let ballast = disk.path().join("ballast");
    fill_up(&ballast);
    node.post(
        &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"),
        "",
    );
    // What it writes is refused, and so is its result; it waits with that until there is room.
    eventually("it meets the full disk", || {
        let got = node.get(&format!("/_tasks/{task}?extended=true")).json();
        let waits = got["task"]["glasswork"]["wait"]["on"] == "result";
        (waits || got["completed"] == true).then_some(())
    });
    assert_eq!(node.get("/_tasks").status, 200, "the node lives");
    fs::remove_file(&ballast).unwrap();
    let ended = node.ended(&task);
    assert_eq!(node.stored_once(&task), ended);
    let created = match ended.get("response") {
        Some(response) => {
            assert_ne!(response["failures"], json!([]), "{ended}");
            assert!(reached(response) < count(response, "total"), "{ended}");
            count(response, "created")
        }
        None => {
            assert!(ended["error"]["type"].is_string(), "{ended}");
            count(&ended["task"]["status"], "created")
        }
    };
    let node = node.crash_and_restart();
    let found = node.documents("target").len() as u64;
    assert!(
        created <= found,
        "{created} were counted, {found} are there"
    );
    assert_eq!(node.documents("source").len(), 300);
    assert_eq!(node.stored_once(&task), ended);
    node.is_quiet();
}

/// Writes until nothing more fits.
fn fill_up(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [1 << 20, 4096, 512, 1] {
        let block = vec![1; size];
        while file.write_all(&block).is_ok() {}
    }
}
