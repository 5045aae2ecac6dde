//! An offer, from its text to the answer.
//!
//! The RTP library sees a reduced offer, with one video section in one format and at most one data channel; everything else
//! of the offer is declined in the answer.

use super::format::VideoFormat;
use super::section::{self, Section};
use super::{candidate, write};
use crate::{Direction, Error};

/// An offer that was read.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The description for the RTP library.
    pub reduced: String,
    /// The video that is exchanged.
    pub video: VideoFormat,
    /// The offer's candidates that can be checked, without `candidate:`.
    pub candidates: Vec<String>,
    /// Its length, bytes.
    pub bytes: usize,
    /// Whether the peer sends no connectivity checks of its own (RFC 8445 section 2.5).
    pub ice_lite: bool,
    /// Whether the offer lets its sections share a transport. Only then may the answer do so.
    bundles: bool,
    /// For each section of the offer the answer's section that declines it; `None` where the library's next one goes.
    declined: Vec<Option<String>>,
}

impl Offer {
    /// Reads an offer for video that goes the given way.
    ///
    /// # Errors
    /// [`Error::Offer`] when it does not describe a connection; [`Error::NoVideo`] and [`Error::NoCodec`] when it has no video
    /// that can be exchanged.
    pub fn read(offer: &str, direction: Direction) -> Result<Self, Error> {
        let (session, sections) = section::split(offer)?;
        let (video, format) = choose(&session, &sections, direction)?;
        let mid = sections[video].mid()?;
        let channel = sections.iter().position(|section| {
            section.kind == "application"
                && !section.is_declined()
                && section.formats == ["webrtc-datachannel"]
                && is_bundled(&session, section, mid)
        });
        let kept: Vec<usize> = (0..sections.len()).filter(|index| *index == video || Some(*index) == channel).collect();

        let mids = kept.iter().map(|index| sections[*index].mid()).collect::<Result<Vec<_>, _>>()?;
        let mut reduced = String::new();
        write::session(&mut reduced, &mids, session.has("ice-lite"));
        for index in &kept {
            let section = &sections[*index];
            if *index == video {
                write::video(&mut reduced, section, &format, direction);
            } else {
                write::channel(&mut reduced, section);
            }
            write::transport(&mut reduced, section, &sections[video], &session)?;
        }

        let candidates = [&session].into_iter().chain(&sections).flat_map(|section| section.values("candidate"));
        let candidates = candidates
            .filter_map(|candidate| candidate::usable(candidate).ok().flatten())
            .map(str::to_owned)
            .take(candidate::MAX_CANDIDATES)
            .collect();
        let declined = sections
            .iter()
            .enumerate()
            .map(|(index, section)| (!kept.contains(&index)).then(|| write::declined(section)))
            .collect();
        let bundles = is_bundled(&session, &sections[video], mid);
        let (bytes, ice_lite) = (offer.len(), session.has("ice-lite"));
        Ok(Self { reduced, video: format, candidates, bytes, ice_lite, bundles, declined })
    }

    /// The answer to the offer, from the library's answer to the reduced one; `None` when the two do not fit together.
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
        let mut accepted = parts.split_off(1).into_iter();
        let mut answer = parts.pop()?;
        for declined in &self.declined {
            match declined {
                Some(section) => answer.push_str(section),
                None => {
                    let section = accepted.next()?;
                    let port = section.split(' ').nth(1)?;
                    if port == "0" {
                        return None;
                    }
                    answer.push_str(&section);
                }
            }
        }
        accepted.next().is_none().then_some(answer)
    }
}

/// Chooses the first video section that can be exchanged, and its format.
fn choose(session: &Section, sections: &[Section], direction: Direction) -> Result<(usize, VideoFormat), Error> {
    let suits = |section: &Section| {
        let (sends, receives) = section.directions(session);
        (sends || !direction.receives()) && (receives || !direction.sends())
    };
    let video = sections.iter().enumerate().filter(|(_, section)| section.kind == "video" && !section.is_declined());
    let mut suiting = video.filter(|(_, section)| suits(section)).peekable();
    if suiting.peek().is_none() {
        return Err(Error::NoVideo(match direction {
            Direction::SendReceive => "sent and received (sendrecv), as this handler needs",
            Direction::SendOnly => "received by the client (recvonly or sendrecv), as this handler needs",
            Direction::ReceiveOnly => "sent by the client (sendonly or sendrecv), as this handler needs",
        }));
    }
    suiting.find_map(|(index, section)| Some((index, VideoFormat::choose(section)?))).ok_or(Error::NoCodec)
}

/// Returns whether a section may share the transport of the section `mid`.
fn is_bundled(session: &Section, section: &Section, mid: &str) -> bool {
    let Ok(own) = section.mid() else { return false };
    let has = |group: &str, wanted: &str| group.split_ascii_whitespace().any(|one| one == wanted);
    let mut groups = session.values("group").filter_map(|group| group.strip_prefix("BUNDLE "));
    groups.any(|group| has(group, mid) && has(group, own))
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
