//! Addresses: what is allowed, what is refused, and what is said of it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use framebox_ffmpeg::{Failure, Input, Options};

use crate::support::bench;

/// A server of HTTP on this machine, which notes the paths that it is asked for.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a path is answered with.
#[derive(Clone)]
enum Answer {
    File(Vec<u8>),
    To(String),
    Status(&'static str),
    /// The connection stays open.
    Silence,
    /// Bytes without end.
    Flood,
}

impl Server {
    /// Ends with the test program.
    fn start(answers: impl IntoIterator<Item = (&'static str, Answer)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (answers, notes): (HashMap<_, _>, _) = (answers.into_iter().collect(), asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, notes) = (answers.clone(), notes.clone());
                thread::spawn(move || answer(stream.unwrap(), &answers, &notes));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, answers: &HashMap<&str, Answer>, notes: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    notes.lock().unwrap().push(path.clone());
    let head = |status: &str, rest: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{rest}\r\n");
    // Who is gone again gets no answer.
    let _ = match answers
        .get(path.split('?').next().unwrap_or_default())
        .cloned()
        .unwrap_or(Answer::Status("404 Not Found"))
    {
        Answer::File(bytes) => stream.write_all(&[head("200 OK", "").as_bytes(), &bytes].concat()),
        Answer::To(address) => stream.write_all(head("302 Found", &format!("Location: {address}\r\n")).as_bytes()),
        Answer::Status(status) => stream.write_all(head(status, "").as_bytes()),
        Answer::Silence => {
            // Until the client closes.
            drop(lines.next());
            Ok(())
        }
        Answer::Flood => {
            let head = stream.write_all(head("200 OK", "").as_bytes());
            while stream.write_all(&[0x47; 1 << 16]).is_ok() {}
            head
        }
    };
}

fn options() -> Options {
    Options { silence: Duration::from_secs(30), ..Options::on_demand(640, 480) }
}

const CLIP: &str = "-f lavfi -i color=white:size=96x64:rate=20 -frames:v 5 -c:v libx264 -preset ultrafast -f mpegts";

#[test]
fn an_address_is_read_and_redirects_stay_among_what_is_granted() {
    let Some(bench) = bench() else { return };
    let clip = std::fs::read(bench.make("clip.ts", CLIP)).unwrap();
    let other = Server::start([("/clip.ts", Answer::File(clip.clone()))]);
    let to_other = format!("http://{}/clip.ts", other.address);
    let named = format!("http://localhost:{}/clip.ts", other.address.port());
    let server = Server::start([
        ("/clip.ts", Answer::File(clip)),
        ("/moved.ts", Answer::To("/clip.ts".into())),
        ("/elsewhere.ts", Answer::To(to_other)),
        ("/named.ts", Answer::To(named)),
    ]);
    let input = |path: &str, private: &[&str]| {
        let private: Vec<_> = private.iter().map(|&range| range.to_owned()).collect();
        Input::parse(&format!("http://{}{path}", server.address), &private).unwrap()
    };
    // The address that was written down is granted, with its port.
    for path in ["/clip.ts", "/moved.ts"] {
        assert_eq!(bench.pictures(&input(path, &[]), &options()).frames.len(), 5, "{path}");
    }
    for path in ["/elsewhere.ts", "/named.ts"] {
        assert_eq!(bench.failure(&input(path, &[]), &options()), (Failure::Refused, 0), "{path}");
        assert_eq!(other.asked(), [] as [&str; 0], "{path}");
    }
    for path in ["/elsewhere.ts", "/named.ts"] {
        assert_eq!(bench.pictures(&input(path, &["127.0.0.1/32"]), &options()).frames.len(), 5, "{path}");
    }
    assert_eq!(other.asked().len(), 2);
}

#[test]
fn a_name_that_stands_for_a_private_address_is_refused_unless_granted() {
    let Some(bench) = bench() else { return };
    let clip = std::fs::read(bench.make("clip.ts", CLIP)).unwrap();
    let server = Server::start([("/clip.ts", Answer::File(clip))]);
    let address = format!("http://localhost:{}/clip.ts", server.address.port());
    assert_eq!(bench.failure(&Input::parse(&address, &[]).unwrap(), &options()), (Failure::Refused, 0));
    assert_eq!(server.asked(), [] as [&str; 0]);
    let granted = Input::parse(&address, &["127.0.0.0/8".to_owned()]).unwrap();
    assert_eq!(bench.pictures(&granted, &options()).frames.len(), 5);
}

#[test]
fn a_playlist_is_read_and_leads_to_no_private_address() {
    let Some(bench) = bench() else { return };
    let clip = std::fs::read(bench.make("clip.ts", CLIP)).unwrap();
    let other = Server::start([("/clip.ts", Answer::File(clip.clone()))]);
    let list = |piece: &str| {
        let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.25,\n{piece}\n#EXT-X-ENDLIST\n");
        Answer::File(text.into_bytes())
    };
    let server = Server::start([
        ("/clip.ts", Answer::File(clip)),
        ("/own.m3u8", list("clip.ts")),
        ("/other.m3u8", list(&format!("http://{}/clip.ts", other.address))),
        ("/file.m3u8", list("file:///etc/passwd.ts")),
    ]);
    let input = |path: &str| Input::parse(&format!("http://{}{path}", server.address), &[]).unwrap();
    assert_eq!(bench.pictures(&input("/own.m3u8"), &options()).frames.len(), 5);
    assert_eq!(bench.failure(&input("/other.m3u8"), &options()), (Failure::Refused, 0));
    assert_eq!(other.asked(), [] as [&str; 0]);
    let (_, pictures) = bench.failure(&input("/file.m3u8"), &options());
    assert_eq!(pictures, 0);
}

#[test]
fn what_goes_wrong_has_a_name_and_gives_no_address_away() {
    let Some(bench) = bench() else { return };
    let server = Server::start([
        ("/private/key-4711", Answer::Status("401 Unauthorized")),
        ("/forbidden", Answer::Status("403 Forbidden")),
        ("/broken", Answer::Status("500 Internal Server Error")),
    ]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let at = |address: SocketAddr, path: &str| format!("http://admin:hunter2@{address}{path}?token=tok-0815");
    for (address, expected) in [
        (at(server.address, "/private/key-4711"), "it asks for other credentials"),
        (at(server.address, "/forbidden"), "it asks for other credentials"),
        (at(server.address, "/missing"), "it was not found"),
        (at(server.address, "/broken"), ""),
        (at(closed, "/"), "it cannot be reached"),
        ("rtsp://admin:hunter2@no-such-host.invalid/key-4711".into(), "it was not found"),
    ] {
        let (failure, pictures) = bench.failure(&Input::parse(&address, &[]).unwrap(), &options());
        let text = failure.to_string();
        assert!(text.starts_with(expected) && pictures == 0, "{address}: {text}");
        for secret in ["admin", "hunter2", "key-4711", "tok-0815", "127.0.0.1", "no-such-host", "://"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn an_address_that_says_nothing_is_given_up() {
    let Some(bench) = bench() else { return };
    let server = Server::start([("/silence", Answer::Silence)]);
    let input = Input::parse(&format!("http://{}/silence", server.address), &[]).unwrap();
    let options = Options { silence: Duration::from_secs(2), ..options() };
    let (failure, _) = bench.failure(&input, &options);
    assert_eq!(failure, Failure::Silent(Duration::from_secs(2)));
    assert_eq!(failure.to_string(), "nothing came from it for 2 s");
}

#[test]
fn a_flood_of_what_is_no_video_is_given_up() {
    let Some(bench) = bench() else { return };
    let server = Server::start([("/flood.ts", Answer::Flood)]);
    let input = Input::parse(&format!("http://{}/flood.ts", server.address), &[]).unwrap();
    let (failure, pictures) = bench.failure(&input, &Options { silence: Duration::from_secs(4), ..options() });
    assert!(matches!(failure, Failure::Silent(_) | Failure::Unreadable(_)) && pictures == 0, "{failure:?}");
}

#[test]
fn what_is_live_and_interlaced_is_known_as_such() {
    let Some(bench) = bench() else { return };
    let fields = "-f lavfi -i testsrc2=size=96x64:rate=50 -vf interlace=scan=tff -frames:v 10 -c:v mpeg2video \
                  -flags +ildct+ilme -top 1 -f mpegts";
    let clip = std::fs::read(bench.make("fields.ts", fields)).unwrap();
    let server = Server::start([("/live", Answer::File(clip))]);
    let input = Input::parse(&format!("http://{}/live", server.address), &[]).unwrap();
    assert_eq!(bench.failure(&input, &Options::live(640, 480)), (Failure::Interlaced, 0));
    let options = Options { deinterlace: true, ..Options::live(640, 480) };
    assert!(bench.pictures(&input, &options).frames.len() > 5);
}
