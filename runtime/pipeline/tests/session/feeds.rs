//! Pictures that do not come from a camera.

use std::fs::File;
use std::io::{PipeWriter, Write};
use std::os::fd::OwnedFd;

use framebox_pipeline::Feed;

use super::nut::Writer;
use super::*;

/// A pipe to a session, with its headers.
fn pipe(session: &Session, coding: &[u8; 4], size: Size) -> Writer<PipeWriter> {
    let (read, write) = std::io::pipe().unwrap();
    session.feed(Feed::Pipe(OwnedFd::from(read).into()));
    Writer::new(write, coding, size).unwrap()
}

fn gray(luma: u8) -> Picture {
    let mut picture = Picture::black(SIZE).unwrap();
    picture.planes_mut().0.fill(luma);
    picture
}

/// Writes pictures at 30 a second, each a little brighter, and returns how bright they are.
fn play(writer: &mut Writer<PipeWriter>, first: u64, count: u64) -> Vec<u8> {
    let begin = Instant::now();
    (0..count)
        .map(|at| {
            let luma = 40 + (at % 160) as u8;
            sleep((begin + Duration::from_millis(33) * at as u32).saturating_duration_since(Instant::now()));
            writer.picture(first + at * 3000, &gray(luma)).unwrap();
            luma
        })
        .collect()
}

/// Whether `lumas` are, in order, some of those that were sent, inverted.
fn are_inverted(lumas: &[u8], sent: &[u8]) -> bool {
    let mut sent = sent.iter();
    lumas.iter().all(|luma| sent.any(|sent| luma.abs_diff(251 - sent) <= 3))
}

#[test]
fn pictures_of_a_pipe_go_through_the_handler_in_order() {
    let (session, listener) = start(built_in("invert"));
    let mut writer = pipe(&session, b"I420", SIZE);
    let sent = play(&mut writer, 0, 60);
    drop(writer);
    listener.wait("the end of the pipe", |heard| heard.inputs.last() == Some(&None));
    let sent_to_the_end = |session: &Session| {
        let frames = session.stats().frames;
        (frames.received, frames.processed + frames.skipped.values().sum::<u64>()) == (60, 60)
    };
    listener.wait("the end of the last picture", |heard| heard.frames.len() > 10 && sent_to_the_end(&session));
    session.join();
    let heard = listener.0.lock().unwrap();
    assert!(are_inverted(&lumas(&heard.frames), &sent));
    let times: Vec<_> = heard.frames.iter().map(|frame| frame.rtp_timestamp).collect();
    let steps = times.windows(2).map(|two| two[1].wrapping_sub(two[0]));
    assert!(steps.clone().all(|step| step % 3000 == 0 && step > 0), "their own times: {times:?}");
    assert_eq!(heard.ended.as_deref(), Some("the session was ended"));
}

#[test]
fn coded_pictures_of_a_pipe_are_decoded() {
    let (session, listener) = start(built_in("invert"));
    let mut writer = pipe(&session, b"H264", SIZE);
    let mut camera = Camera::new();
    for at in 0..30 {
        let frame = camera.next();
        writer.frame(at * 3000, frame.keyframe, &frame.data).unwrap();
        sleep(Duration::from_millis(33));
    }
    listener.wait("pictures", |heard| heard.frames.len() > 10);
    session.join();
    let sent: Vec<_> = (0..30).map(|at| 40 + at).collect();
    assert!(are_inverted(&lumas(&listener.0.lock().unwrap().frames), &sent));
}

#[test]
fn a_feed_that_breaks_is_told_and_another_one_goes_on_in_time() {
    let (session, listener) = start(built_in("invert"));
    let mut writer = pipe(&session, b"I420", SIZE);
    play(&mut writer, 900_000, 10);
    writer.0.write_all(b"nonsense").unwrap();
    listener.wait("the break", |heard| heard.inputs.len() == 1);
    let reason = listener.0.lock().unwrap().inputs[0].clone().unwrap();
    assert!(reason.contains("damaged"), "{reason}");
    let before = listener.0.lock().unwrap().frames.len();
    // Its times begin anew, and those of the session go on.
    let mut writer = pipe(&session, b"I420", SIZE);
    play(&mut writer, 0, 20);
    listener.wait("pictures again", |heard| heard.frames.len() > before + 5);
    session.join();
    let heard = listener.0.lock().unwrap();
    let times: Vec<_> = heard.frames.iter().map(|frame| frame.rtp_timestamp).collect();
    let steps = times.windows(2).map(|two| two[1].wrapping_sub(two[0]) as i32);
    assert!(steps.clone().all(|step| (1..90_000 * 60).contains(&step)), "{times:?}");
}

#[test]
fn a_new_feed_takes_the_place_of_the_one_before_without_an_event() {
    let (session, listener) = start(built_in("invert"));
    let mut first = pipe(&session, b"I420", SIZE);
    play(&mut first, 0, 5);
    let mut second = pipe(&session, b"I420", SIZE);
    // The first one is read no more, and its writer is told.
    let until = Instant::now() + Duration::from_secs(60);
    while first.picture(0, &gray(90)).is_ok() {
        assert!(Instant::now() < until, "it is still read");
        sleep(Duration::from_millis(10));
    }
    let before = listener.0.lock().unwrap().frames.len();
    play(&mut second, 0, 20);
    listener.wait("its pictures", |heard| heard.frames.len() > before + 5);
    assert_eq!(listener.0.lock().unwrap().inputs, []);
    session.join();
    assert_eq!(listener.0.lock().unwrap().inputs, []);
}

#[test]
fn a_writer_that_floods_is_slowed_down_and_skipped() {
    let (session, listener) = start_within(case("naps"), Duration::from_secs(5));
    let mut writer = pipe(&session, b"I420", SIZE);
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < Duration::from_secs(2) {
        writer.picture(u64::from(count), &gray(50)).unwrap();
        count += 1;
    }
    drop(writer);
    listener.wait("the end", |heard| heard.inputs.len() == 1);
    let most = begin.elapsed().as_secs_f64() * 240.0 + 62.0;
    let stats = session.stats();
    assert!(f64::from(count) < most, "{count} pictures in {:?}", begin.elapsed());
    assert_eq!(stats.frames.received, u64::from(count));
    assert!(stats.frames.skipped.values().sum::<u64>() > u64::from(count) / 2);
    session.join();
}

#[test]
fn what_is_too_large_or_no_video_is_told() {
    let (session, listener) = start(built_in("invert"));
    let last = |listener: &Listener, count: usize| {
        listener.wait("the reason", |heard| heard.inputs.len() == count);
        listener.0.lock().unwrap().inputs[count - 1].clone().unwrap()
    };
    let _writer = pipe(&session, b"I420", Size::new(8000, 8000));
    assert!(last(&listener, 1).contains("pictures of 8000x8000 exceed"), "{}", last(&listener, 1));
    session.feed(Feed::Pipe(File::open("/dev/null").unwrap()));
    assert_eq!(last(&listener, 2), "there is no picture");
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    session.feed(Feed::File { file: File::open(text).unwrap(), looped: true });
    assert!(last(&listener, 3).contains("none of the kinds that can be read"));
    session.join();
}

#[test]
fn a_file_is_shown_as_its_times_say() {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/clips/clip.mp4");
    let open = || File::open(clip).unwrap();
    let (session, listener) = start(built_in("invert"));
    let begin = Instant::now();
    session.feed(Feed::File { file: open(), looped: false });
    listener.wait("its end", |heard| heard.inputs == [None]);
    let (took, received) = (begin.elapsed(), session.stats().frames.received);
    let length = framebox_media::clip::read(open(), &Default::default()).unwrap().info().duration.unwrap();
    assert!(took + Duration::from_millis(200) > length, "{took:?} for {length:?}");
    assert!(received > 10, "{received}");
    // A loop does not end.
    session.feed(Feed::File { file: open(), looped: true });
    let until = Instant::now() + length + length / 2;
    while Instant::now() < until {
        sleep(Duration::from_millis(20));
    }
    assert!(session.stats().frames.received > received * 2);
    session.end();
    listener.wait("the end", |heard| heard.ended.is_some());
    assert_eq!(listener.0.lock().unwrap().inputs, [None]);
}

#[test]
fn pictures_are_charged_to_their_session() {
    let listener = Arc::new(Listener::default());
    // Room for three pictures.
    let account = MemoryAccount::new(SIZE.pixels() as usize * 3 / 2 * 3 + 1000);
    let session =
        connect(Setup { account: account.clone(), ..setup(built_in("invert"), Duration::from_millis(400)) }, &listener);
    let mut writer = pipe(&session, b"I420", SIZE);
    play(&mut writer, 0, 20);
    drop(writer);
    listener.wait("the end", |heard| heard.inputs == [None]);
    assert_eq!(session.stats().frames.received, 20);
    session.join();
    assert!(account.peak() <= account.limit() && account.peak() >= SIZE.pixels() as usize * 3 / 2);
    assert_eq!(account.used(), 0);
}
