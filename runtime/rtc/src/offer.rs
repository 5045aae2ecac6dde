//! What is taken of an offer. The RTP library gets to see a description written here, with one H.264 video section and at most
//! one data channel; everything else of the offer is declined in the answer.

use std::fmt::Write;

use super::{Direction, Error, candidate};

/// Longest offer, bytes.
const LONGEST: usize = 64 * 1024;
/// Sections of an offer at most.
const MOST_SECTIONS: usize = 64;
/// Feeds the sender's congestion control.
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Feedback that is understood here.
const FEEDBACK: [&str; 4] = ["nack", "nack pli", "ccm fir", "transport-cc"];

/// An offer, read.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The description for the RTP library.
    pub reduced: String,
    /// The video that is exchanged.
    pub video: Video,
    /// The offer's candidates that are of use.
    pub candidates: Vec<String>,
    /// The offer lets its sections share a transport. Only then may the answer say so.
    bundles: bool,
    /// A section of the answer for each of the offer: `None` where the library's next one goes.
    declined: Vec<Option<String>>,
}

/// H.264 as one side offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// Payload type of the pictures.
    pub payload_type: u8,
    /// Payload type of retransmissions.
    pub repair: Option<u8>,
    /// Format parameters as offered.
    pub format: String,
    /// Feedback that both know.
    pub feedback: Vec<&'static str>,
}

struct Section<'a> {
    kind: &'a str,
    port: &'a str,
    protocol: &'a str,
    formats: Vec<&'a str>,
    /// What stands behind `a=`.
    attributes: Vec<&'a str>,
}

impl<'a> Section<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
        Some(Self { kind, port, protocol, formats: words.collect(), attributes: Vec::new() })
    }

    /// The values of an attribute, `name:value`.
    fn values(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let value = move |attribute: &&'a str| attribute.strip_prefix(name)?.strip_prefix(':').map(str::trim);
        self.attributes.iter().filter_map(value)
    }

    fn value(&self, name: &'static str) -> Option<&'a str> {
        self.values(name).next()
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.contains(&name)
    }

    fn is_refused(&self) -> bool {
        self.port == "0" && !self.has("bundle-only")
    }

    /// Whether the peer sends and receives.
    fn directions(&self, session: &Section) -> (bool, bool) {
        for section in [self, session] {
            for attribute in &section.attributes {
                match *attribute {
                    "sendrecv" => return (true, true),
                    "sendonly" => return (true, false),
                    "recvonly" => return (false, true),
                    "inactive" => return (false, false),
                    _ => {}
                }
            }
        }
        (true, true)
    }

    /// The value of an attribute that stands for a payload type, `name:PT value`.
    fn of_type(&self, name: &'static str, payload_type: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(move |value| value.strip_prefix(payload_type)?.strip_prefix(' ').map(str::trim))
    }

    /// The H.264 that suits best, if any.
    fn h264(&self) -> Option<Video> {
        let is = |payload_type: &'a str, codec: &str| {
            self.of_type("rtpmap", payload_type).any(|coded| coded.eq_ignore_ascii_case(codec))
        };
        let offered = self.formats.iter().filter(|format| is(format, "H264/90000"));
        let best = offered.min_by_key(|format| rank(self.of_type("fmtp", format).next().unwrap_or("")))?;
        let repairs = |format: &&&'a str| {
            is(format, "rtx/90000")
                && self
                    .of_type("fmtp", format)
                    .any(|parameters| parameters.split(';').any(|one| one.trim().strip_prefix("apt=") == Some(*best)))
        };
        let payload_type = best.parse().ok().filter(|number| *number < 128)?;
        let repair =
            self.formats.iter().find(repairs).and_then(|format| format.parse().ok()).filter(|number| *number < 128);
        let said = |wanted: &&&str| {
            self.of_type("rtcp-fb", best).chain(self.of_type("rtcp-fb", "*")).any(|one| one == **wanted)
        };
        Some(Video {
            payload_type,
            repair,
            format: self.of_type("fmtp", best).next().unwrap_or("").to_owned(),
            feedback: FEEDBACK.iter().filter(said).copied().collect(),
        })
    }
}

/// How well an H.264 format suits; less is better. Fragmented units before whole ones, simple profiles before others.
fn rank(parameters: &str) -> (bool, u8) {
    let parameter = |name: &str| {
        parameters.split(';').find_map(|one| {
            let (key, value) = one.trim().split_once('=')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
        })
    };
    let whole = parameter("packetization-mode").is_none_or(|mode| mode != "1");
    let profile = match parameter("profile-level-id").as_deref() {
        Some(level) if level.starts_with("42e0") => 0,
        Some(level) if level.starts_with("42") => 1,
        None => 1,
        Some(level) if level.starts_with("4d") => 2,
        Some(_) => 3,
    };
    (whole, profile)
}

impl Offer {
    /// Reads an offer for video that goes the given way.
    ///
    /// # Errors
    /// [`Error::Offer`] when it is no description of a connection, [`Error::NoVideo`] and [`Error::NoH264`] when it is not for us.
    pub fn read(offer: &str, direction: Direction) -> Result<Self, Error> {
        let (session, sections) = split(offer)?;
        let video = choose(&session, &sections, direction)?;
        let format = sections[video].h264().ok_or(Error::NoH264)?;
        let mid = mid(&sections[video])?;
        let bundled = |section: &Section| {
            let mut groups = session.values("group").filter_map(|group| group.strip_prefix("BUNDLE "));
            let together = |mids: &str| {
                let has = |wanted: &str| mids.split_ascii_whitespace().any(|one| one == wanted);
                has(mid) && self::mid(section).is_ok_and(has)
            };
            groups.any(together)
        };
        let channel = sections.iter().position(|section| {
            section.kind == "application"
                && !section.is_refused()
                && section.formats == ["webrtc-datachannel"]
                && bundled(section)
        });

        let mut reduced = String::from("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");
        let mut mids = String::new();
        let kept: Vec<usize> = (0..sections.len()).filter(|index| *index == video || Some(*index) == channel).collect();
        for index in &kept {
            let _ = write!(mids, " {}", self::mid(&sections[*index])?);
        }
        let _ = write!(reduced, "a=group:BUNDLE{mids}\r\na=extmap-allow-mixed\r\na=msid-semantic:WMS *\r\n");
        if session.has("ice-lite") {
            reduced.push_str("a=ice-lite\r\n");
        }
        for index in &kept {
            let section = &sections[*index];
            if *index == video {
                write_video(&mut reduced, section, &format, direction);
            } else {
                write_channel(&mut reduced, section);
            }
            write_transport(&mut reduced, section, &sections[video], &session)?;
        }

        let candidates = [&session].into_iter().chain(&sections).flat_map(|section| section.values("candidate"));
        let candidates = candidates
            .filter_map(|one| candidate::usable(one).ok().flatten())
            .map(str::to_owned)
            .take(candidate::MOST)
            .collect();
        let declined = sections
            .iter()
            .enumerate()
            .map(|(index, section)| (!kept.contains(&index)).then(|| declined(section)))
            .collect();
        Ok(Self { reduced, video: format, candidates, bundles: bundled(&sections[video]), declined })
    }

    /// The answer to the offer, out of the library's answer to what it got to see. `None` when the two do not fit together.
    pub fn answer(&self, reduced: &str) -> Option<String> {
        let mut parts = reduced.split_inclusive('\n').fold(vec![String::new()], |mut parts, line| {
            if line.starts_with("m=") {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut().filter(|_| self.bundles || !line.starts_with("a=group:BUNDLE")) {
                part.push_str(line);
            }
            parts
        });
        let mut taken = parts.split_off(1).into_iter();
        let mut answer = parts.pop()?;
        for declined in &self.declined {
            match declined {
                Some(section) => answer.push_str(section),
                None => {
                    let section = taken.next()?;
                    let port = section.split(' ').nth(1)?;
                    if port == "0" {
                        return None;
                    }
                    answer.push_str(&section);
                }
            }
        }
        taken.next().is_none().then_some(answer)
    }
}

fn split(offer: &str) -> Result<(Section<'_>, Vec<Section<'_>>), Error> {
    let wrong = |what: &str| Error::Offer(what.to_owned());
    if offer.len() > LONGEST {
        return Err(wrong("it is too long"));
    }
    if !offer.trim_start().starts_with("v=0") {
        return Err(wrong("it is not SDP: it must begin with v=0"));
    }
    let mut session = Section { kind: "", port: "", protocol: "", formats: Vec::new(), attributes: Vec::new() };
    let mut sections: Vec<Section> = Vec::new();
    for line in offer.lines().map(str::trim) {
        if line.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(wrong("it has control characters"));
        }
        match line.split_once('=') {
            Some(("m", section)) => {
                sections.push(Section::read(section).ok_or_else(|| wrong("an m= line is not complete"))?)
            }
            Some(("a", attribute)) => sections.last_mut().unwrap_or(&mut session).attributes.push(attribute.trim()),
            _ => {}
        }
    }
    match sections.len() {
        0 => Err(wrong("it has no media section")),
        1..=MOST_SECTIONS => Ok((session, sections)),
        _ => Err(wrong("it has too many media sections")),
    }
}

/// The first video section that has what is needed.
fn choose(session: &Section, sections: &[Section], direction: Direction) -> Result<usize, Error> {
    let suits = |section: &Section| {
        let (sends, receives) = section.directions(session);
        (sends || !direction.receives()) && (receives || !direction.sends())
    };
    let video = || sections.iter().enumerate().filter(|(_, section)| section.kind == "video" && !section.is_refused());
    let suiting = || video().filter(|(_, section)| suits(section));
    if let Some((index, _)) = suiting().find(|(_, section)| section.h264().is_some()) {
        return Ok(index);
    }
    if suiting().next().is_some() {
        return Err(Error::NoH264);
    }
    Err(Error::NoVideo(match direction {
        Direction::SendReceive => "sent and received (sendrecv), as this handler needs",
        Direction::SendOnly => "received by the client (recvonly or sendrecv), as this handler needs",
        Direction::ReceiveOnly => "sent by the client (sendonly or sendrecv), as this handler needs",
    }))
}

fn mid<'a>(section: &Section<'a>) -> Result<&'a str, Error> {
    let is_token = |mid: &&str| {
        (1..=32).contains(&mid.len())
            && mid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.{}".contains(&byte))
    };
    let missing = || Error::Offer("a media section has no name (a=mid)".to_owned());
    section.value("mid").filter(is_token).ok_or_else(missing)
}

fn write_video(out: &mut String, section: &Section, video: &Video, direction: Direction) {
    let Video { payload_type, repair, format, feedback } = video;
    let _ = write!(out, "m=video 9 UDP/TLS/RTP/SAVPF {payload_type}");
    if let Some(repair) = repair {
        let _ = write!(out, " {repair}");
    }
    let _ = write!(out, "\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:{payload_type} H264/90000\r\n");
    if !format.is_empty() {
        let _ = write!(out, "a=fmtp:{payload_type} {format}\r\n");
    }
    for feedback in feedback {
        let _ = write!(out, "a=rtcp-fb:{payload_type} {feedback}\r\n");
    }
    if let Some(repair) = repair {
        let _ = write!(out, "a=rtpmap:{repair} rtx/90000\r\na=fmtp:{repair} apt={payload_type}\r\n");
    }
    for extension in section.values("extmap") {
        let mut words = extension.split_ascii_whitespace();
        let id = words.next().and_then(|id| id.split('/').next()).and_then(|id| id.parse::<u8>().ok());
        if let (Some(id @ 1..=14), Some(TRANSPORT_CC)) = (id, words.next()) {
            let _ = write!(out, "a=extmap:{id} {TRANSPORT_CC}\r\n");
            break;
        }
    }
    // As the peer sees it.
    out.push_str(match direction {
        Direction::SendReceive => "a=sendrecv\r\n",
        Direction::SendOnly => "a=recvonly\r\n",
        Direction::ReceiveOnly => "a=sendonly\r\n",
    });
    if !direction.receives() {
        return;
    }
    out.push_str("a=msid:remote video\r\n");
    let number = |text: &str| text.parse::<u32>().ok().filter(|ssrc| *ssrc != 0);
    let pair = section.values("ssrc-group").find_map(|group| {
        let mut words = group.strip_prefix("FID ")?.split_ascii_whitespace();
        Some((number(words.next()?)?, number(words.next()?)?))
    });
    let first = || section.values("ssrc").find_map(|ssrc| number(ssrc.split(' ').next()?));
    match pair {
        Some((ssrc, again)) if repair.is_some() && ssrc != again => {
            let _ = write!(
                out,
                "a=ssrc-group:FID {ssrc} {again}\r\na=ssrc:{ssrc} cname:remote\r\na=ssrc:{again} cname:remote\r\n"
            );
        }
        _ => {
            if let Some(ssrc) = pair.map(|(ssrc, _)| ssrc).or_else(first) {
                let _ = write!(out, "a=ssrc:{ssrc} cname:remote\r\n");
            }
        }
    }
}

fn write_channel(out: &mut String, section: &Section) {
    let number = |name, default: u32| section.value(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let (port, size) = (number("sctp-port", 5000), number("max-message-size", 65_536));
    let _ = write!(
        out,
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=sctp-port:{port}\r\na=max-message-size:{size}\r\n"
    );
}

/// Credentials of a section; bundled sections share those of the video.
fn write_transport(out: &mut String, section: &Section, video: &Section, session: &Section) -> Result<(), Error> {
    let find = |name: &'static str, allowed: &str, longest: usize| {
        let value = video.value(name).or_else(|| session.value(name)).or_else(|| section.value(name));
        value
            .filter(|value| (1..=longest).contains(&value.len()))
            .filter(|value| value.chars().all(|one| one.is_ascii_alphanumeric() || allowed.contains(one)))
            .ok_or_else(|| Error::Offer(format!("it has no valid a={name}")))
    };
    let fingerprint = find("fingerprint", "-: ", 256)?;
    let setup = find("setup", "", 16).unwrap_or("actpass");
    let (fragment, password) = (find("ice-ufrag", "+/-_", 256)?, find("ice-pwd", "+/-_", 256)?);
    let _ = write!(
        out,
        "a=mid:{}\r\na=ice-ufrag:{fragment}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n",
        mid(section)?
    );
    Ok(())
}

/// The answer's section for one that is not wanted.
fn declined(section: &Section) -> String {
    let Section { kind, protocol, formats, .. } = section;
    let format = formats.first().copied().unwrap_or("0");
    let mut out = format!("m={kind} 0 {protocol} {format}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
    if let Ok(mid) = mid(section) {
        let _ = write!(out, "a=mid:{mid}\r\n");
    }
    out
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
