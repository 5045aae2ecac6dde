//! FFmpeg as a reader.

use std::io::Write;
use std::process::Command;

use framebox_picture::Size;
use tempfile::NamedTempFile;

use crate::support::{Camera, codecs, file};

/// Runs a program of FFmpeg on a file; returns what it says. None where there is none.
fn run(program: &str, arguments: &[&str], file: &[u8]) -> Option<String> {
    let mut on_disk = NamedTempFile::with_suffix(".mp4").unwrap();
    on_disk.write_all(file).unwrap();
    let path = on_disk.path().to_str().unwrap();
    let arguments = arguments.iter().map(|argument| if *argument == "FILE" { path } else { argument });
    let Ok(output) = Command::new(program).args(["-v", "error"]).args(arguments).output() else {
        framebox_test_support::lacking("no FFmpeg");
        return None;
    };
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn probe(entries: &str, file: &[u8]) -> Option<String> {
    let arguments = ["-show_entries", entries, "-count_frames", "-of", "default=nw=1", "FILE"];
    run("ffprobe", &arguments, file)
}

#[test]
fn ffmpeg_reads_size_times_and_colour() {
    for codec in codecs() {
        let mut camera = Camera::new(codec);
        let file = file(&camera.frames(75, 30));
        let entries =
            "stream=codec_name,width,height,color_space,color_range,nb_read_frames:format=duration,start_time";
        let Some(told) = probe(entries, &file) else { return };
        let name = format!("codec_name={codec:?}").to_lowercase();
        for line in [
            &name,
            "width=160",
            "height=120",
            "color_range=tv",
            "color_space=smpte170m",
            "nb_read_frames=75",
            "start_time=0.000000",
            "duration=2.500000",
        ] {
            assert!(told.lines().any(|told| told == line), "{line} of {codec:?} in\n{told}");
        }
    }
}

#[test]
fn ffmpeg_decodes_every_picture_also_after_a_change_of_size() {
    for codec in codecs() {
        let mut camera = Camera::new(codec);
        let mut frames = camera.frames(40, 20);
        for size in [Size::new(320, 240), Size::new(160, 120), Size::new(120, 160)] {
            camera.resize(size);
            frames.extend(camera.frames(20, 20));
        }
        let file = file(&frames);
        let Some(told) = probe("stream=nb_read_frames", &file) else { return };
        assert_eq!(told.trim(), "nb_read_frames=100", "{codec:?}");
        let frames = probe("frame=width,height,pts,key_frame", &file).unwrap();
        let count = |what: &str| frames.lines().filter(|line| *line == what).count();
        let counts = ["width=320", "width=160", "width=120", "key_frame=1"].map(count);
        assert_eq!(counts, [20, 60, 20, 5], "{codec:?}");
        let pts: Vec<u64> = frames.lines().filter_map(|line| line.strip_prefix("pts=")?.parse().ok()).collect();
        assert_eq!(pts, (0..100).map(|number| number * 3000).collect::<Vec<_>>(), "{codec:?}");
    }
}

#[test]
fn ffmpeg_plays_what_a_killed_writer_leaves() {
    let mut camera = Camera::new(framebox_media::Codec::H264);
    let whole = file(&camera.frames(90, 1000));
    let mut cut = std::io::Cursor::new(&whole[..whole.len() - 7]);
    let length = framebox_media::mp4::whole_length(&mut cut).unwrap();
    let Some(told) = probe("stream=nb_read_frames", &whole[..length as usize]) else { return };
    assert_eq!(told.trim(), "nb_read_frames=60");
}
