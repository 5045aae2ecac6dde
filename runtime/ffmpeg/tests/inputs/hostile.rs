//! Inputs that are damaged, lie, or want more than they are given.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use framebox_ffmpeg::{Failure, Ffmpeg, Input, Options, Outcome};

use crate::support::{bench, outcome};

const CLIP: &str = "-f lavfi -i color=white:size=96x64:rate=20 -frames:v 5 -c:v libx264 -preset ultrafast";

#[test]
fn what_is_no_video_fails_in_words_that_name_no_file() {
    let Some(bench) = bench() else { return };
    let clip = std::fs::read(bench.make("clip.mp4", CLIP)).unwrap();
    let noise: Vec<u8> = (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (what, bytes) in [
        ("nothing", &[][..]),
        ("noise", &noise),
        ("text", b"no video at all\n"),
        ("half a clip", &clip[..clip.len() / 2]),
    ] {
        let file = bench.folder.path().join("secret name");
        std::fs::write(&file, bytes).unwrap();
        let (failure, pictures) = bench.failure(&Input::File(file), &Options::on_demand(640, 480));
        assert!(matches!(failure, Failure::Unreadable(_)) && pictures == 0, "{what}: {failure:?}");
        let text = failure.to_string();
        assert!(!text.contains("secret") && !text.contains("/proc") && !text.contains("0x"), "{what}: {text}");
    }
    let missing = bench.folder.path().join("secret missing");
    let (failure, _) = bench.failure(&Input::File(missing), &Options::on_demand(640, 480));
    assert_eq!(failure.to_string(), "it was not found");
    let (failure, _) = bench.failure(&Input::File("/dev/zero".into()), &Options::on_demand(640, 480));
    assert!(matches!(failure, Failure::Unreadable(_)), "{failure:?}");
}

#[test]
fn a_file_that_names_others_reaches_none_of_them() {
    let Some(bench) = bench() else { return };
    let secret = bench.make("secret.mp4", CLIP);
    let ts = bench.make("secret.ts", CLIP);
    let (secret, ts) = (secret.display(), ts.display());
    for (what, text) in [
        ("a list", format!("ffconcat version 1.0\nfile '{secret}'\n")),
        ("a list of protocols", format!("ffconcat version 1.0\nfile 'file:{secret}'\n")),
        ("a playlist", format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{ts}\n#EXT-X-ENDLIST\n")),
        ("a playlist of addresses", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n".into()),
        ("a session", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n".into()),
    ] {
        let file = bench.folder.path().join("input");
        std::fs::write(&file, text).unwrap();
        let (failure, pictures) = bench.failure(&Input::File(file), &Options::on_demand(640, 480));
        assert_eq!(pictures, 0, "{what}: {failure:?}");
        assert!(!failure.to_string().contains("secret"), "{what}: {failure}");
    }
}

#[test]
fn a_test_picture_opens_no_file() {
    let Some(bench) = bench() else { return };
    let secret = bench.make("secret.mp4", CLIP);
    let graph = format!("lavfi:movie={}", secret.display());
    let (failure, pictures) = bench.failure(&Input::parse(&graph, &[]).unwrap(), &Options::on_demand(640, 480));
    assert_eq!(pictures, 0, "{failure:?}");
    let pictures = bench
        .pictures(&Input::parse("lavfi:testsrc2=size=64x48:duration=0.2", &[]).unwrap(), &Options::on_demand(640, 480));
    assert_eq!((pictures.size(), pictures.frames.len()), ((64, 48), 5));
}

#[test]
fn a_file_that_lies_about_its_size_comes_as_it_is_or_not_at_all() {
    let Some(bench) = bench() else { return };
    let mut clip = std::fs::read(bench.make("clip.mp4", CLIP)).unwrap();
    // The sample description: 96×64 is said to be 16384×16384.
    let at = clip.windows(4).position(|four| four == [0, 96, 0, 64]).unwrap();
    clip[at..at + 4].copy_from_slice(&[0x40, 0, 0x40, 0]);
    let file = bench.folder.path().join("lies.mp4");
    std::fs::write(&file, clip).unwrap();
    let pictures = bench.read(&file);
    assert_eq!((pictures.size(), pictures.frames.len()), ((96, 64), 5));
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let Some(mut bench) = bench() else { return };
    let huge = bench
        .make("huge.mp4", "-f lavfi -i color=white:size=7680x4320:rate=1 -frames:v 2 -c:v libx264 -preset ultrafast");
    let pictures = bench.read(&huge);
    assert_eq!((pictures.size(), pictures.frames.len()), ((1920, 1080), 2));
    bench.ffmpeg = bench.ffmpeg.clone().with_memory(96 << 20);
    let (failure, pictures) = bench.failure(&Input::File(huge), &Options::on_demand(640, 480));
    assert_eq!((failure, pictures), (Failure::Memory, 0));
}

#[test]
fn what_ends_at_once_is_said_to_have_no_picture() {
    let Some(bench) = bench() else { return };
    let input = Input::parse("lavfi:testsrc2=duration=0", &[]).unwrap();
    assert_eq!(bench.failure(&input, &Options::on_demand(640, 480)), (Failure::Empty, 0));
    let file = bench.folder.path().join("text");
    std::fs::write(&file, "no video").unwrap();
    let mut running = bench.ffmpeg.start(&Input::File(file), &Options::on_demand(640, 480)).unwrap();
    assert!(matches!(running.wait(Duration::from_secs(60)), Err(Failure::Unreadable(_))));
}

#[test]
fn a_run_that_is_dropped_ends_and_so_does_one_that_nobody_reads() {
    let Some(bench) = bench() else { return };
    let input = Input::parse("lavfi:testsrc2=size=640x480", &[]).unwrap();
    let running = bench.ffmpeg.start(&input, &Options::on_demand(640, 480)).unwrap();
    let mut output = running.output;
    output.read_exact(&mut [0; 1000]).unwrap();
    drop(running.run);
    // What was written before can still be read.
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    let mut running = bench.ffmpeg.start(&input, &Options::on_demand(640, 480)).unwrap();
    running.wait(Duration::from_secs(60)).unwrap();
    drop(running.output);
    assert_eq!(outcome(&mut running.run), Outcome::Stopped);
}

#[test]
fn a_reader_that_takes_its_time_is_waited_for() {
    let Some(bench) = bench() else { return };
    let input = Input::parse("lavfi:testsrc2=size=640x480", &[]).unwrap();
    let options = Options { silence: Duration::from_millis(500), ..Options::on_demand(640, 480) };
    let mut running = bench.ffmpeg.start(&input, &options).unwrap();
    running.wait(Duration::from_secs(60)).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the reader takes its time")]
    std::thread::sleep(Duration::from_secs(3));
    let mut byte = [0; 1 << 16];
    for _ in 0..100 {
        running.output.read_exact(&mut byte).unwrap();
    }
}

#[test]
fn an_ffmpeg_that_cannot_be_run_is_named_for_the_operator() {
    let Some(bench) = bench() else { return };
    let script = bench.folder.path().join("ffmpeg");
    std::fs::write(&script, "#!/bin/sh\nexec ffmpeg \"$@\"\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ffmpeg =
        Ffmpeg::find(Some(&script), None).unwrap().started_by(env!("CARGO_BIN_EXE_framebox-ffmpeg-child").into());
    let clip = bench.make("clip.mp4", CLIP);
    let input = Input::Open(File::open(clip).unwrap().into());
    let mut running = ffmpeg.start(&input, &Options::on_demand(640, 480)).unwrap();
    let Outcome::Failed(Failure::Jail(text)) = outcome(&mut running.run) else { panic!() };
    assert!(text.contains("[ffmpeg] path"), "{text}");
}
