//! A store that cannot write: nothing is said to be durable that is not, and it goes on by itself.

use std::path::Path;
use std::process::Command;

use super::*;

/// A file system of 1 MiB; gone when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Mounts one, where this process may.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "none"])
            .arg(folder.path())
            .stderr(std::process::Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_left_behind_without_a_restart() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: this user may not mount a file system");
        return;
    };
    let store = Store::open(disk.path().join("haloward.db"), Limits::default()).unwrap();
    let first = store.accept(vec![new_event(0)]).await.unwrap()[0].id;
    let filler = disk.path().join("filler");
    // As much as there is, and then byte by byte.
    let mut size = 1 << 20;
    let mut filled = Vec::new();
    while size > 0 {
        filled.resize(filled.len() + size, 0_u8);
        if std::fs::write(&filler, &filled).is_err() {
            filled.truncate(filled.len() - size);
            size /= 2;
        }
    }
    let mut accepted = vec![first];
    let full = loop {
        // The log's last page may have some room left.
        match store.accept((0..50).map(new_event).collect()).await {
            Ok(more) => accepted.extend(more.into_iter().map(|accepted| accepted.id)),
            Err(error) => break error,
        }
    };
    assert!(full.is_passing() && matches!(full, StoreError::Unavailable { .. }), "{full:?}");
    assert_eq!(full.to_string(), "nothing can be stored now: database or disk is full");
    std::fs::remove_file(&filler).unwrap();
    accepted.extend(store.accept(vec![new_event(7)]).await.unwrap().into_iter().map(|accepted| accepted.id));
    let kept = store.read(|reader| reader.undecided(None, 10_000)).await.unwrap();
    let kept: Vec<EventId> = kept.iter().map(|entry| entry.id).collect();
    assert_eq!(kept, accepted, "all that was answered and nothing else");
}

#[tokio::test]
async fn a_locked_store_is_said_and_left_behind_without_a_restart() {
    let fixture = Fixture::new();
    let other = rusqlite::Connection::open(fixture.folder.path().join("haloward.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = fixture.store.accept(vec![new_event(0)]).await.unwrap_err();
    assert_eq!(locked.to_string(), "nothing can be stored now: database is locked");
    assert!(locked.is_passing());
    other.execute_batch("ROLLBACK").unwrap();
    fixture.store.accept(vec![new_event(1)]).await.unwrap();
    let kept = fixture.store.read(|reader| reader.undecided(None, 10)).await.unwrap();
    assert_eq!(kept.len(), 1);
}
