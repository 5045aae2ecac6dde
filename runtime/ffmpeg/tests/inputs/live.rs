//! What is live: how late it comes, and that it comes back.

use std::fs::File;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use framebox_ffmpeg::{Event, Failure, Input, Options, Outcome, Supervised};
use framebox_media::nut::{Bounds, Data, Reader};
use framebox_picture::Pool;

use crate::rtsp::{Camera, INTERVAL, SIZE};
use crate::support::{bench, outcome};

/// How late pictures of a camera are, as they are read.
fn delays(camera: &Camera, output: &File, count: usize) -> Vec<Duration> {
    let mut reader = Reader::new(output, Bounds::up_to(1 << 22)).unwrap();
    assert_eq!(reader.track().size, SIZE);
    let (mut pool, mut times, mut delays) = (Pool::default(), Vec::new(), Vec::new());
    for _ in 0..count {
        let frame = reader.next(&mut pool).unwrap().unwrap();
        let Data::Picture(picture) = &frame.data else { panic!("{frame:?}") };
        let luma = picture.bytes()[picture.bytes().len() / 3];
        delays.push(camera.sent(luma).unwrap_or_else(|| panic!("no picture is as bright as {luma}")).elapsed());
        times.push(frame.time);
    }
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    delays
}

#[test]
fn pictures_of_a_camera_come_at_once() {
    let Some(bench) = bench() else { return };
    let camera = Camera::on("127.0.0.1:0", Some("YWRtaW46aHVudGVyMg=="));
    let input = Input::parse(&format!("rtsp://admin:hunter2@{}/live", camera.address), &[]).unwrap();
    let begin = Instant::now();
    let mut running = bench.ffmpeg.start(&input, &Options::live(1920, 1080)).unwrap();
    running.wait(Duration::from_secs(60)).unwrap();
    let first = begin.elapsed();
    let mut delays = delays(&camera, &running.output, 100);
    // The first ones were waiting for ffmpeg to know what they are.
    drop(delays.drain(..25));
    delays.sort();
    let at = |share: usize| delays[delays.len() * share / 100].as_millis();
    println!("first picture after {} ms; delay {} ms, p95 {} ms", first.as_millis(), at(50), at(95));
    drop(camera);
    assert!(matches!(outcome(&mut running.run), Outcome::Ended | Outcome::Failed(_)));
}

#[test]
fn wrong_credentials_are_said_to_be_wrong() {
    let Some(bench) = bench() else { return };
    let camera = Camera::on("127.0.0.1:0", Some("YWRtaW46aHVudGVyMg=="));
    let input = Input::parse(&format!("rtsp://admin:wrong@{}/live", camera.address), &[]).unwrap();
    assert_eq!(bench.failure(&input, &Options::live(1920, 1080)), (Failure::Unauthorized, 0));
}

/// Runs an input under supervision; what happens comes out of the receiver.
fn supervised(bench: &crate::support::Bench, input: Input) -> (tokio::runtime::Runtime, Supervised, Receiver<Event>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (sender, events) = sync_channel(100);
    let supervised = runtime.block_on(async {
        Supervised::start(bench.ffmpeg.clone(), input, Options::live(1920, 1080), move |event| {
            sender.send(event).unwrap()
        })
    });
    (runtime, supervised, events)
}

#[test]
fn a_camera_that_breaks_is_taken_up_again_when_it_returns() {
    let Some(bench) = bench() else { return };
    let camera = Camera::on("127.0.0.1:0", None);
    let address = camera.address;
    let (_runtime, supervised, events) =
        supervised(&bench, Input::parse(&format!("rtsp://{address}/live"), &[]).unwrap());
    let patience = Duration::from_secs(60);
    let Event::Started(output) = events.recv_timeout(patience).unwrap() else { panic!() };
    delays(&camera, &output, 5);
    drop(camera);
    let Event::Broke { .. } = events.recv_timeout(patience).unwrap() else { panic!() };
    // Until it is back, pauses grow.
    let mut pauses = Vec::new();
    while pauses.len() < 4 {
        let Event::Broke { failure, retry_in } = events.recv_timeout(patience).unwrap() else { panic!() };
        assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
        pauses.push(retry_in);
    }
    assert!(pauses.is_sorted() && pauses[3] <= Duration::from_millis(1500), "{pauses:?}");
    let camera = Camera::on(&address.to_string(), None);
    let begin = Instant::now();
    let output = loop {
        match events.recv_timeout(patience).unwrap() {
            Event::Started(output) => break output,
            Event::Broke { .. } => {}
            Event::Ended => panic!("it is not over"),
        }
    };
    println!("healed {} ms after its return", begin.elapsed().as_millis());
    delays(&camera, &output, 5);
    // Whoever has enough of it ends it.
    drop(supervised);
    thread::scope(|scope| scope.spawn(|| std::io::copy(&mut &output, &mut std::io::sink())).join().unwrap()).unwrap();
}

#[test]
fn a_file_comes_to_its_end_and_an_unread_run_is_begun_again() {
    let Some(bench) = bench() else { return };
    let clip = "-f lavfi -i color=white:size=96x64:rate=20 -frames:v 5 -c:v libx264 -preset ultrafast";
    let file = bench.make("clip.mp4", clip);
    let (_runtime, _supervised, events) = supervised(&bench, Input::File(file));
    let patience = Duration::from_secs(60);
    let Event::Started(output) = events.recv_timeout(patience).unwrap() else { panic!() };
    let mut reader = Reader::new(output, Bounds::up_to(1 << 20)).unwrap();
    let (mut pool, mut count, begin) = (Pool::default(), 0, Instant::now());
    while reader.next(&mut pool).unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 5);
    assert!(begin.elapsed() >= 2 * INTERVAL, "it comes as its times say");
    assert!(matches!(events.recv_timeout(patience), Ok(Event::Ended)));
    assert!(events.recv().is_err(), "nothing follows");
    let (_runtime, _supervised, events) = supervised(&bench, Input::parse("lavfi:testsrc2", &[]).unwrap());
    let Event::Started(output) = events.recv_timeout(patience).unwrap() else { panic!() };
    drop(output);
    let Event::Broke { failure: Failure::Unread, .. } = events.recv_timeout(patience).unwrap() else { panic!() };
}
