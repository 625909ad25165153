//! A full disk stops writes with a clear error, acknowledges none it can't keep, and hurts nothing that is there.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use harness::Node;
use std::{fs, path::Path, process::Command};

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
