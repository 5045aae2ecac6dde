//! Recordings of real frames in a real folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_auth::PrincipalKey;
use framebox_media::{Codec, EncodedFrame, Encoder, encode, mp4};
use framebox_picture::{MemoryAccount, Picture, Size};
use framebox_pipeline::Upstream;
use tempfile::TempDir;

use super::job::Job;
use super::queue::Side;
use super::recorder::Shared;
use super::recordings::ActivePlace;
use super::*;

/// A rendition or a camera of 30 pictures a second.
struct Camera {
    encoder: Box<dyn Encoder>,
    begin: Instant,
    number: u32,
}

impl Camera {
    fn new() -> Self {
        let encoder = Codec::H264.encoder(&encode::Settings::default()).unwrap();
        Self { encoder, begin: Instant::now(), number: 0 }
    }

    fn frame(&mut self, keyframe: bool) -> EncodedFrame {
        let number = self.number;
        self.number += 1;
        let mut picture = Picture::black(Size::new(64, 48)).unwrap();
        picture.planes_mut().0.fill(number as u8);
        let pts = Duration::from_micros(u64::from(number) * 33_333);
        let mut data = Vec::new();
        let keyframe = self.encoder.encode(picture.planes(), pts, keyframe, &mut data).unwrap().keyframe;
        let (rtp_timestamp, captured) = (number * 3000, self.begin + pts);
        EncodedFrame { codec: Codec::H264, data: Bytes::from(data), keyframe, rtp_timestamp, captured }
    }
}

/// Counts wishes for keyframes.
#[derive(Default)]
struct Wishes(AtomicU32);

impl Upstream for Wishes {
    fn request_keyframe(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Disk {
    folder: TempDir,
    recordings: Arc<Recordings>,
    place: Place,
}

impl Disk {
    fn new(limits: Limits) -> Self {
        let folder = TempDir::new().unwrap();
        let recordings = Arc::new(Recordings::new(folder.path().join("recordings"), limits).unwrap());
        Self { folder, recordings, place: place("door") }
    }

    fn job(&self) -> (Job, Arc<Shared>) {
        let shared = Arc::new(Shared::new(&MemoryAccount::unlimited()));
        let active = ActivePlace::new(&self.recordings, &self.place).unwrap();
        (Job::new(active, shared.clone()).unwrap(), shared)
    }

    fn files(&self) -> Vec<PathBuf> {
        files(&self.folder.path().join("recordings/door"))
    }

    /// Seconds of each file, the oldest first.
    fn seconds(&self) -> Vec<f64> {
        let mut list = self.recordings.list(&self.place).unwrap();
        list.reverse();
        list.iter().map(|file| (file.duration.unwrap().as_secs_f64() * 10.0).round() / 10.0).collect()
    }
}

fn limits() -> Limits {
    Limits { free_bytes: 0, ..Limits::default() }
}

fn place(stream: &str) -> Place {
    Place::new(stream, &PrincipalKey::Operator, None).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn whole(path: &Path) -> bool {
    let mut file = fs::File::open(path).unwrap();
    mp4::whole_length(&mut file).unwrap() == file.metadata().unwrap().len()
}

/// Writes what waits.
fn work(job: &mut Job, frames: usize) {
    for _ in 0..frames {
        assert!(job.step().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_recorded_into_private_files() {
    let disk = Disk::new(limits());
    let account = MemoryAccount::new(1 << 20);
    let recorder = Recorder::start(&disk.recordings, &disk.place, true, &account).unwrap();
    assert!(matches!(Recorder::start(&disk.recordings, &disk.place, true, &account), Err(Error::Active)));
    let wishes = Arc::<Wishes>::default();
    recorder.published_by(Some(wishes.clone()));
    assert_eq!(wishes.0.load(Ordering::Relaxed), 1, "a keyframe begins it");
    assert_eq!(recorder.status().state, State::Waiting);
    let (mut camera, mut rendition) = (Camera::new(), Camera::new());
    let (before, after) = (recorder.before().unwrap(), recorder.viewer());
    after.frame(EncodedFrame { keyframe: false, ..rendition.frame(false) });
    for number in 0..60 {
        before.frame(camera.frame(number == 0));
        after.frame(rendition.frame(number == 0));
    }
    recorder.stop().await;
    after.frame(rendition.frame(true));
    let status = recorder.status();
    assert_eq!((status.state, status.files, status.dropped, status.problem), (State::Ended, 2, 0, None));
    let list = disk.recordings.list(&disk.place).unwrap();
    let [first, second] = &list[..] else { panic!("{list:?}") };
    assert!(first.name.before && !second.name.before && first.name.begin == second.name.begin);
    assert_eq!(disk.seconds(), [2.0, 2.0]);
    assert_eq!(status.bytes, first.bytes + second.bytes);
    for path in disk.files() {
        assert!(whole(&path));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
    assert_eq!(account.used(), 0);
    let opened = disk.recordings.open(&disk.place, second.name).unwrap().unwrap();
    assert_eq!((opened.bytes, opened.active), (second.bytes, false));
    assert!(disk.recordings.delete(&disk.place, second.name).unwrap());
    assert!(!disk.recordings.delete(&disk.place, second.name).unwrap());
    assert!(disk.recordings.open(&disk.place, second.name).unwrap().is_none());
    Recorder::start(&disk.recordings, &disk.place, false, &account).unwrap();
}

#[test]
fn a_file_is_closed_at_a_keyframe_that_is_asked_for_when_it_is_large_enough() {
    let disk = Disk::new(Limits { file_time: Duration::from_secs(1), ..limits() });
    let (mut job, shared) = disk.job();
    let (mut camera, mut rendition) = (Camera::new(), Camera::new());
    for number in 0..130 {
        // The keyframes of a pair come when they come.
        shared.queue.push(Side::After, rendition.frame([0, 20, 50, 100].contains(&number)));
        shared.queue.push(Side::Before, camera.frame([0, 20, 60, 110].contains(&number)));
        work(&mut job, 2);
    }
    drop(job);
    let names: Vec<_> =
        disk.files().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    for pair in names.chunks(2) {
        assert_eq!(pair[0].split("Z.").next(), pair[1].split("Z.").next(), "{names:?}");
        assert!(pair[0].ends_with("Z.before.mp4") && pair[1].ends_with("Z.mp4"));
    }
    // The last ones were not finished.
    assert_eq!(disk.seconds()[..4], [1.7, 2.0, 1.7, 1.7]);
}

#[test]
fn a_file_without_a_keyframe_to_end_at_ends_nevertheless() {
    let disk = Disk::new(Limits { file_bytes: 2000, ..limits() });
    let (mut job, shared) = disk.job();
    let wishes = Arc::<Wishes>::default();
    shared.set_upstream(Some(wishes.clone()));
    let mut camera = Camera::new();
    shared.queue.push(Side::Before, camera.frame(true));
    for _ in 0..600 {
        shared.queue.push(Side::Before, camera.frame(false));
    }
    work(&mut job, 601);
    assert!(fs::metadata(&disk.files()[0]).unwrap().len() > 4000);
    // It looks after the file, and asks, within a second.
    work(&mut job, 1);
    assert!(wishes.0.load(Ordering::Relaxed) > 0);
    shared.queue.push(Side::Before, camera.frame(false));
    work(&mut job, 1);
    assert_eq!(disk.files().len(), 1);
    assert!(whole(&disk.files()[0]) && disk.seconds()[0] >= 20.0);
    shared.queue.push(Side::Before, camera.frame(true));
    work(&mut job, 1);
    assert_eq!(disk.files().len(), 2);
}

#[test]
fn a_disk_that_is_too_slow_costs_frames_and_nothing_else() {
    let disk = Disk::new(limits());
    let (mut job, shared) = disk.job();
    let wishes = Arc::<Wishes>::default();
    shared.set_upstream(Some(wishes.clone()));
    let mut camera = Camera::new();
    // Nobody writes meanwhile.
    for number in 0..3000 {
        shared.queue.push(Side::Before, camera.frame(number % 100 == 0));
    }
    let dropped = shared.queue.dropped();
    assert!(dropped >= 3000 - 1024 && shared.queue.is_broken(Side::Before));
    work(&mut job, 3000 - dropped as usize);
    shared.queue.push(Side::Before, camera.frame(false));
    work(&mut job, 1);
    assert_eq!(wishes.0.load(Ordering::Relaxed), 1, "the rest needs a keyframe");
    shared.queue.push(Side::Before, camera.frame(true));
    shared.queue.push(Side::Before, camera.frame(false));
    shared.queue.end();
    job.run();
    assert_eq!(disk.seconds(), [100.1], "the gap is kept");
    assert!(whole(&disk.files()[0]));
}

#[test]
fn what_a_killed_server_leaves_is_repaired_at_the_next_start() {
    let disk = Disk::new(limits());
    let (mut job, shared) = disk.job();
    let mut camera = Camera::new();
    for number in 0..75 {
        shared.queue.push(Side::After, camera.frame(number == 0));
    }
    work(&mut job, 75);
    let path = disk.files().remove(0);
    assert!(whole(&path), "it plays as it is");
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\0\0\x10\0moof").unwrap();
    let door = &path.parent().unwrap().to_owned();
    fs::write(door.join("2000-01-01T00-00-00.000Z.before.mp4"), b"\0\0").unwrap();
    fs::write(door.join("notes.txt"), b"not ours").unwrap();
    let again = Recordings::new(disk.folder.path().join("recordings"), limits()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
    assert_eq!(files(door), [path, door.join("notes.txt")], "a file without pictures is gone");
    let list = again.list(&disk.place).unwrap();
    assert!(list.len() == 1 && !list[0].active && list[0].duration == Some(Duration::from_secs(2)), "{list:?}");
    drop(job);
}

#[test]
fn the_oldest_files_go_when_there_is_too_much() {
    let disk = Disk::new(Limits { total_bytes: 25_000, ..limits() });
    let door = disk.recordings.folder_of(&disk.place);
    let hall = disk.recordings.folder_of(&place("hall"));
    for folder in [&door, &hall] {
        fs::create_dir_all(folder).unwrap();
        for day in 1..=4 {
            fs::write(folder.join(format!("2026-01-0{day}T00-00-00.000Z.mp4")), vec![0; 10_000]).unwrap();
        }
    }
    let (mut job, shared) = disk.job();
    assert_eq!(disk.files().len(), 2, "room is made before it begins");
    assert_eq!(files(&hall).len(), 4, "every stream has its own room");
    shared.queue.push(Side::After, Camera::new().frame(true));
    work(&mut job, 1);
    let name = disk.recordings.list(&disk.place).unwrap()[0].name;
    let refused = disk.recordings.delete(&disk.place, name).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ResourceBusy);
    let list = disk.recordings.list(&disk.place).unwrap();
    assert!(list[0].active && !list[1].active && list[1].name.to_string().starts_with("2026-01-04"), "{list:?}");
}

#[test]
fn recording_does_not_begin_when_too_little_would_be_left_free() {
    let disk = Disk::new(Limits { free_bytes: u64::MAX, ..Limits::default() });
    let refused = Recorder::start(&disk.recordings, &disk.place, false, &MemoryAccount::unlimited());
    let Err(Error::Full(text)) = refused else { panic!("it began") };
    assert!(text.contains("recording.min_free_mib"), "{text}");
    assert!(disk.files().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_fails_recording_stops_and_what_was_written_stays() {
    let disk = Disk::new(Limits { file_time: Duration::from_millis(500), ..limits() });
    let recorder = Recorder::start(&disk.recordings, &disk.place, false, &MemoryAccount::unlimited()).unwrap();
    let viewer = recorder.viewer();
    let mut camera = Camera::new();
    for number in 0..30 {
        viewer.frame(camera.frame(number == 0));
    }
    while recorder.status().state != State::Recording {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The next file cannot be made.
    let (door, moved) = (disk.recordings.folder_of(&disk.place), disk.folder.path().join("moved"));
    fs::rename(&door, &moved).unwrap();
    viewer.frame(camera.frame(true));
    recorder.over().await;
    let status = recorder.status();
    assert_eq!(status.state, State::Ended);
    assert!(status.problem.unwrap().starts_with("recording stopped: the disk does not take more"));
    let kept = files(&moved);
    assert!(kept.len() == 1 && whole(&kept[0]));
}
