//! Sources as handlers see them: which ones they may open, and what is fetched from an address.
#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use framebox_ffmpeg::Failure;
use framebox_picture::Size;
use framebox_sandbox::Sources;
use framebox_server::config::Source;
use framebox_server::sources::{Limits, SourceRegistry};
use futures_util::{StreamExt, stream};

const CLIP: &[u8] = include_bytes!("../../media/clips/clip.mp4");
/// Three pictures of four by four, 25 a second.
const VIDEO: &str = "YUV4MPEG2 W4 H4 F25:1\nFRAME\n000000000000000011112222FRAME\n000000000000000011112222FRAME\n000000000000000011112222";

fn registry(sources: &[(&str, Source)]) -> SourceRegistry {
    patient(sources, Duration::from_millis(400))
}

/// Creates a registry whose fetches end when nothing comes for `silence`.
fn patient(sources: &[(&str, Source)], silence: Duration) -> SourceRegistry {
    let sources = sources.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect::<BTreeMap<_, _>>();
    let limits = Limits {
        folder: std::env::temp_dir(),
        bytes: 1 << 20,
        time: 5 * silence,
        silence,
        redirects: 3,
        pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(40),
    };
    SourceRegistry::new(&sources, &limits, Err(Failure::NotInstalled)).unwrap()
}

/// What `handler` may open, read in this process.
fn granted(registry: &SourceRegistry, handler: &str) -> Arc<dyn Sources> {
    framebox_worker::sources::local(registry.granted(handler))
}

fn of(file: impl Into<PathBuf>, handlers: &[&str]) -> Source {
    Source {
        file: Some(file.into()),
        handlers: handlers.iter().map(|name| (*name).to_owned()).collect(),
        ..Source::default()
    }
}

fn at(server: SocketAddr, path: &str) -> Source {
    Source {
        url: Some(format!("http://{server}/{path}?key=secret")),
        handlers: vec!["play".into()],
        ..Source::default()
    }
}

fn refusal(registry: &SourceRegistry, handler: &str, source: &str) -> String {
    granted(registry, handler).open(source).map(|source| source.info()).unwrap_err()
}

#[test]
fn the_built_in_clip_is_granted_to_the_handlers_that_play() {
    let registry = registry(&[]);
    for handler in ["play", "play-fps"] {
        let mut clip = granted(&registry, handler).open("clip").unwrap();
        let info = clip.info();
        assert_eq!((info.size, info.fps, info.duration_us, info.live), (Size::new(640, 360), 30.0, None, false));
        let times = (0..400).map(|_| clip.next().unwrap().unwrap().pts_us).collect::<Vec<_>>();
        assert!(times.iter().zip(0i64..).all(|(time, at)| time.abs_diff(at * 1_000_000 / 30) <= 1), "{times:?}");
        clip.seek(times[200]).unwrap();
        assert_eq!(clip.next().unwrap().unwrap().pts_us, times[200], "a picture's own time finds it");
        assert_eq!(clip.seek(-1).unwrap_err(), "a source begins at 0; give a time that is not negative");
    }
    let error = refusal(&registry, "invert", "clip");
    assert_eq!(error, "no source \"clip\" was granted to this handler, nor any other");
}

#[test]
fn a_source_is_granted_only_to_the_handlers_that_the_operator_names() {
    let folder = tempfile::tempdir().unwrap();
    let (video, broken) = (folder.path().join("video"), folder.path().join("broken"));
    std::fs::write(&video, VIDEO).unwrap();
    std::fs::write(&broken, &CLIP[..5000]).unwrap();
    let registry = registry(&[
        ("mine", of(&video, &["mine", "play"])),
        ("broken", of(&broken, &["mine"])),
        ("missing", of(folder.path().join("missing"), &["mine"])),
    ]);
    let mut source = granted(&registry, "mine").open("mine").unwrap();
    assert_eq!(source.info().duration_us, Some(120_000));
    let times = std::iter::from_fn(|| source.next().unwrap()).map(|shot| shot.pts_us).collect::<Vec<_>>();
    assert_eq!(times, [0, 40_000, 80_000]);
    assert!(granted(&registry, "play").open("mine").is_ok() && granted(&registry, "play").open("clip").is_ok());
    for (handler, source, text) in [
        ("invert", "mine", "no source \"mine\" was granted to this handler, nor any other"),
        ("play", "broken", "no source \"broken\" was granted to this handler; granted are: clip, mine"),
        ("mine", "missing", "the source missing cannot be opened: the file cannot be read: entity not found"),
        ("mine", "../mine", "no source \"../mine\" was granted to this handler; granted are: broken, mine, missing"),
    ] {
        assert_eq!(refusal(&registry, handler, source), text);
    }
    let error = refusal(&registry, "mine", "broken");
    assert!(error.starts_with("the source broken cannot be opened: the file is ") && !error.contains('/'), "{error}");
}

#[test]
fn the_configuration_may_replace_the_clip() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("video");
    std::fs::write(&video, VIDEO).unwrap();
    let registry = registry(&[("clip", Source { looped: true, ..of(&video, &["mine"]) })]);
    let mut source = granted(&registry, "mine").open("clip").unwrap();
    let times = (0..5).map(|_| source.next().unwrap().unwrap().pts_us).collect::<Vec<_>>();
    assert_eq!(times, [0, 40_000, 80_000, 120_000, 160_000]);
    refusal(&registry, "play", "clip");
}

#[test]
fn open_sources_are_bounded_and_released() {
    let registry = registry(&[]);
    let granted = granted(&registry, "play");
    let mut open = vec![];
    let error = loop {
        match granted.open("clip") {
            Ok(source) => open.push(source),
            Err(error) => break error,
        }
        assert!(open.len() < 1000, "there is a bound");
    };
    assert_eq!(error, "too many sources are open on this server; try again later");
    open.pop();
    assert!(granted.open("clip").is_ok());
}

/// Starts a server that counts its requests and answers by `answer`.
async fn serve(answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    let router =
        Router::new().route("/{*path}", get(move || std::future::ready(answer(count.fetch_add(1, Ordering::SeqCst)))));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, asked)
}

async fn until(what: &str, mut met: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !met() {
        assert!(begin.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_fetched_once_in_the_background_and_retried_until_it_succeeds() {
    let (server, asked) = serve(|time| match time {
        0 => StatusCode::NOT_FOUND.into_response(),
        1 => StatusCode::NO_CONTENT.into_response(),
        2 => Redirect::temporary("/elsewhere").into_response(),
        _ => CLIP.into_response(),
    })
    .await;
    let registry = registry(&[("far", at(server, "clip.mp4"))]);
    let granted = granted(&registry, "play");
    until("it is there", || granted.open("far").is_ok()).await;
    // A busy machine may be silent for long enough to end an attempt.
    let attempts = asked.load(Ordering::SeqCst);
    assert!(attempts >= 4, "{attempts}");
    let mut source = granted.open("far").unwrap();
    assert_eq!(source.next().unwrap().unwrap().picture.size(), Size::new(640, 360));
    assert_eq!(asked.load(Ordering::SeqCst), attempts, "what is there is not fetched again");
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_does_not_wait_for_what_is_being_fetched() {
    let (server, asked) =
        serve(|_| Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()).into_response()).await;
    let registry = patient(&[("far", at(server, "clip.mp4"))], Duration::from_secs(60));
    until("it is asked for", || asked.load(Ordering::SeqCst) == 1).await;
    let begin = Instant::now();
    assert_eq!(refusal(&registry, "play", "far"), "the source far is being fetched; try again later");
    assert!(begin.elapsed() < Duration::from_secs(30), "it waited for {:?}", begin.elapsed());
}

/// Expects attempt after attempt to fail, and the handler to see no reason.
async fn never_comes(answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static) {
    let (server, asked) = serve(answer).await;
    let registry = registry(&[("far", at(server, "clip.mp4"))]);
    // More than one attempt, even if it follows every redirect.
    until("several attempts", || asked.load(Ordering::SeqCst) > 8).await;
    assert_eq!(refusal(&registry, "play", "far"), "the source far is being fetched; try again later");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_error_is_not_a_source() {
    never_comes(|_| (StatusCode::NOT_FOUND, CLIP).into_response()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_in_a_circle_end() {
    never_comes(|time| Redirect::temporary(&format!("/{time}")).into_response()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_cut_off() {
    let chunk = Bytes::from(vec![0; 64 << 10]);
    never_comes(move |_| {
        let chunk = chunk.clone();
        Body::from_stream(stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()))).into_response()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_announces_too_much_is_refused() {
    never_comes(|_| vec![0; (1 << 20) + 1].into_response()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stalls_is_abandoned() {
    never_comes(|_| {
        let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(&CLIP[..1000])) });
        Body::from_stream(first.chain(stream::pending())).into_response()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_file_that_is_not_a_video_is_reported() {
    let (server, _) = serve(|_| "<html>".into_response()).await;
    let registry = registry(&[("far", at(server, "clip.mp4"))]);
    let kinds = "it is none of the kinds that can be read: MP4 with H.264, Y4M, GIF, WebP, PNG, JPEG";
    let text = format!("the source far cannot be opened: {kinds}; {}", Failure::NotInstalled);
    until("it is told", || granted(&registry, "play").open("far").is_err_and(|error| error == text)).await;
}

#[test]
fn an_address_needs_a_runtime() {
    let source = Source { url: Some("http://127.0.0.1:1/".into()), handlers: vec!["play".into()], ..Source::default() };
    let sources = BTreeMap::from([("far".to_owned(), source)]);
    assert!(SourceRegistry::new(&sources, &Limits::default(), Err(Failure::NotInstalled)).is_err());
}
