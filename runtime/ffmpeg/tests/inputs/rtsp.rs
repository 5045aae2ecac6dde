//! A camera: a server of RTSP (RFC 2326) on this machine, which sends H.264 (RFC 6184) over the connection itself.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use framebox_media::h264::annexb;
use framebox_media::{Codec, encode};
use framebox_picture::{Picture, Size};

pub(crate) const SIZE: Size = Size::new(320, 240);
pub(crate) const INTERVAL: Duration = Duration::from_millis(40);
/// Pictures after which the brightness begins anew.
pub(crate) const ROUND: usize = 14;
/// Bytes of a packet's payload.
const PAYLOAD: usize = 1200;

/// A camera that is switched on. Dropping it switches it off: its connections break.
pub(crate) struct Camera {
    pub(crate) address: SocketAddr,
    /// When each picture was sent.
    sent: Arc<Mutex<Vec<Instant>>>,
    is_off: Arc<AtomicBool>,
}

impl Camera {
    /// Switches on a camera at this address; `credentials` are those of Basic authentication, if any are asked for.
    pub(crate) fn on(address: &str, credentials: Option<&'static str>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (sent, is_off) = (Arc::<Mutex<Vec<Instant>>>::default(), Arc::<AtomicBool>::default());
        let (times, off) = (sent.clone(), is_off.clone());
        thread::spawn(move || {
            listener.set_nonblocking(true).unwrap();
            while !off.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    pause(Duration::from_millis(5));
                    continue;
                };
                stream.set_nonblocking(false).unwrap();
                let (times, off) = (times.clone(), off.clone());
                // A client that leaves ends its own connection.
                thread::spawn(move || serve(stream, credentials, &times, &off));
            }
        });
        Self { address, sent, is_off }
    }

    /// When the newest picture of this brightness was sent.
    pub(crate) fn sent(&self, luma: u8) -> Option<Instant> {
        let sent = self.sent.lock().unwrap();
        (0..sent.len()).rev().take(ROUND).find(|at| brightness(*at).abs_diff(luma) < 6).map(|at| sent[at])
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.is_off.store(true, Ordering::Relaxed);
    }
}

fn brightness(at: usize) -> u8 {
    (24 + at % ROUND * 15) as u8
}

fn serve(
    stream: TcpStream,
    credentials: Option<&str>,
    times: &Mutex<Vec<Instant>>,
    off: &AtomicBool,
) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut stream = stream;
    while let Some(first) = lines.next().transpose()? {
        let mut head = Vec::new();
        while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
            head.push(line);
        }
        let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name));
        let sequence = header("CSeq: ").unwrap_or("0").to_owned();
        let allowed = credentials.is_none_or(|all| header("Authorization: Basic ") == Some(all));
        let method = first.split(' ').next().unwrap_or_default().to_owned();
        let mut answer =
            |status: &str, rest: &str| write!(stream, "RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{rest}\r\n");
        match method.as_str() {
            _ if !allowed => answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"camera\"\r\n")?,
            "OPTIONS" => answer("200 OK", "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n")?,
            "DESCRIBE" => {
                let sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
                           a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n";
                // With the end of the line that follows.
                let length = sdp.len() + 2;
                answer("200 OK", &format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}"))?;
            }
            "SETUP" => answer("200 OK", "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")?,
            "PLAY" => {
                answer("200 OK", "Session: 1\r\n")?;
                return play(&mut stream, times, off);
            }
            _ => answer("200 OK", "Session: 1\r\n")?,
        }
    }
    Ok(())
}

/// Sends pictures, each a little brighter than the one before, until the camera is switched off.
fn play(stream: &mut TcpStream, times: &Mutex<Vec<Instant>>, off: &AtomicBool) -> io::Result<()> {
    let mut encoder = Codec::H264.encoder(&encode::Settings::default()).unwrap();
    let (begin, mut sequence, first) = (Instant::now(), 0_u16, times.lock().unwrap().len());
    for at in first.. {
        if off.load(Ordering::Relaxed) {
            break;
        }
        let mut picture = Picture::black(SIZE).unwrap();
        picture.planes_mut().0.fill(brightness(at));
        let (mut coded, time) = (Vec::new(), INTERVAL * (at - first) as u32);
        encoder.encode(picture.planes(), time, (at - first) % 50 == 0, &mut coded).unwrap();
        pause((begin + time).saturating_duration_since(Instant::now()));
        times.lock().unwrap().push(Instant::now());
        let timestamp = (time.as_millis() * 90) as u32;
        let units: Vec<_> = annexb::units(&coded).collect();
        for (nth, unit) in units.iter().enumerate() {
            for (payload, is_last) in payloads(unit) {
                let marker = u8::from(is_last && nth + 1 == units.len()) << 7;
                let head = [0x80, marker | 96];
                let packet =
                    [&head[..], &sequence.to_be_bytes(), &timestamp.to_be_bytes(), &[0, 0, 0, 7], &payload].concat();
                let frame = [&[b'$', 0][..], &(packet.len() as u16).to_be_bytes(), &packet].concat();
                stream.write_all(&frame)?;
                sequence = sequence.wrapping_add(1);
            }
        }
    }
    Ok(())
}

/// The payloads of a unit, and which one is the last: itself, or fragments (FU-A).
fn payloads(unit: &[u8]) -> Vec<(Vec<u8>, bool)> {
    if unit.len() <= PAYLOAD {
        return vec![(unit.to_vec(), true)];
    }
    let parts: Vec<_> = unit[1..].chunks(PAYLOAD).collect();
    let last = parts.len() - 1;
    let fragment = |(nth, part): (usize, &&[u8])| {
        let (begins, ends) = (u8::from(nth == 0) << 7, u8::from(nth == last) << 6);
        ([&[unit[0] & 0xe0 | 28, begins | ends | unit[0] & 0x1f], *part].concat(), nth == last)
    };
    parts.iter().enumerate().map(fragment).collect()
}

#[expect(clippy::disallowed_methods, reason = "a camera keeps its own time")]
fn pause(time: Duration) {
    thread::sleep(time);
}
