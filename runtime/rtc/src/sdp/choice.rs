//! Which sections of an offer are used.

use framebox_media::Codec;

use super::format::VideoFormat;
use super::section::Section;
use crate::error::NoCodec;
use crate::{Direction, Error};

/// The video sections of an offer that are used, and their format.
pub struct Choice {
    /// The section on which the peer sends, if this side receives; the one on which it receives otherwise.
    pub video: usize,
    /// The section on which the peer receives, where it is another one.
    pub returned: Option<usize>,
    /// The format, which is the same in both.
    pub format: VideoFormat,
}

/// Chooses the first video section that can be exchanged in one of `codecs`, or two of one transport that each go one way.
///
/// # Errors
/// [`Error::NoVideo`] and [`Error::NoCodec`] when there is none.
pub fn choose(
    session: &Section,
    sections: &[Section],
    direction: Direction,
    codecs: &[Codec],
    are_bundled: impl Fn(usize, usize) -> bool,
) -> Result<Choice, Error> {
    let is_video = |section: &Section| section.kind.eq_ignore_ascii_case("video") && !section.is_declined();
    let videos = || sections.iter().enumerate().filter(|(_, section)| is_video(section));
    let suits = |section: &Section| {
        let (sends, receives) = section.directions(session);
        (sends || !direction.receives()) && (receives || !direction.sends())
    };
    let mut suiting = videos().filter(|(_, section)| suits(section)).peekable();
    let is_there = suiting.peek().is_some();
    if let Some((video, format)) =
        suiting.find_map(|(index, section)| Some((index, VideoFormat::choose(section, codecs)?)))
    {
        return Ok(Choice { video, returned: None, format });
    }
    let (mut has_pair, mut pair) = (false, None);
    if direction == Direction::SendReceive {
        let sending = videos().filter(|(_, section)| section.directions(session).0);
        let receiving = || videos().filter(|(_, section)| section.directions(session).1);
        for (video, returned) in sending.flat_map(|(index, _)| receiving().map(move |(other, _)| (index, other))) {
            if video == returned || !are_bundled(video, returned) {
                continue;
            }
            has_pair = true;
            let format =
                VideoFormat::choose(&sections[video], codecs).filter(|format| format.is_in(&sections[returned]));
            pair = pair.or(format.map(|format| Choice { video, returned: Some(returned), format }));
        }
    }
    match pair {
        Some(pair) => Ok(pair),
        None if is_there || has_pair => {
            let offered = videos().flat_map(|(_, section)| section.encoding_names());
            Err(Error::NoCodec(NoCodec::new(offered, codecs)))
        }
        None => Err(Error::NoVideo(match direction {
            Direction::SendReceive => "sent and received (sendrecv), as this handler needs",
            Direction::SendOnly => "received by the client (recvonly or sendrecv), as this handler needs",
            Direction::ReceiveOnly => "sent by the client (sendonly or sendrecv), as this handler needs",
        })),
    }
}
