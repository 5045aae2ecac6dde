//! An offer, from its text to the answer.
//!
//! The RTP library sees a reduced offer, with one video section in one format, or two that each go one way, and at most one data
//! channel; everything else of the offer is declined in the answer, or inactive.

use framebox_media::Codec;

use super::answer::{self, Plan};
use super::bundle::Bundle;
use super::candidate;
use super::choice::{self, Choice};
use super::format::VideoFormat;
use super::section::{self, Section};
use super::write::{self, Transport};
use crate::{Direction, Error};

/// An offer that was read.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The description for the RTP library.
    pub reduced: String,
    /// The video that is exchanged.
    pub video: VideoFormat,
    /// Whether video comes and goes on sections of their own.
    pub is_split: bool,
    /// Number of the header extension by which the peer wants to be told of arrivals (transport-wide congestion control).
    pub transport_cc: Option<u8>,
    /// The offer's candidates that can be checked, without `candidate:`.
    pub candidates: Vec<String>,
    /// Its length, bytes.
    pub bytes: usize,
    /// Whether the peer sends no connectivity checks of its own (RFC 8445 section 2.5).
    pub ice_lite: bool,
    /// Names of the answer's sections that share a transport, the one first whose transport it is.
    bundle: Vec<String>,
    /// Attributes of the session that stand in the answer because they stand in the offer.
    mirrored: Vec<&'static str>,
    /// The role of this side in DTLS, where the offer says it.
    role: Option<&'static str>,
    /// How each section is answered.
    plans: Vec<Plan>,
}

impl Offer {
    /// Reads an offer for video that goes the given way, in any codec.
    ///
    /// # Errors
    /// [`Error::Offer`] when it does not describe a connection; [`Error::NoVideo`] and [`Error::NoCodec`] when it has no video
    /// that can be exchanged.
    pub fn read(offer: &str, direction: Direction) -> Result<Self, Error> {
        Self::read_with(offer, direction, &Codec::ALL)
    }

    /// Reads an offer for video that goes the given way, in the first of `codecs` that can be.
    ///
    /// # Errors
    /// See [`Self::read`].
    pub fn read_with(offer: &str, direction: Direction, codecs: &[Codec]) -> Result<Self, Error> {
        let (session, sections) = section::split(offer)?;
        let are_bundled = |one: usize, other: usize| {
            let bundle = sections[one].mid().ok().and_then(|mid| Bundle::of(&session, mid));
            bundle.is_some_and(|bundle| bundle.has(&sections[other]))
                && sections[one].value("mid") != sections[other].value("mid")
        };
        let Choice { video, returned, mut format } =
            choice::choose(&session, &sections, direction, codecs, are_bundled)?;
        let bundle = Bundle::of(&session, sections[video].mid()?);
        let is_channel =
            |index: usize| sections[index].is_channel() && !sections[index].is_declined() && are_bundled(video, index);
        let channel = (0..sections.len()).find(|index| is_channel(*index));
        let is_kept = |index: usize| index == video || Some(index) == returned || Some(index) == channel;
        let kept: Vec<usize> = (0..sections.len()).filter(|index| is_kept(*index)).collect();
        let tagged = bundle.as_ref().and_then(|bundle| bundle.tagged(&sections)).unwrap_or(video);

        let places = [&sections[video], &sections[tagged], &session];
        if !places.iter().any(|section| section.has("rtcp-mux")) {
            let words = "its video needs a second port for RTCP; both have to share one (a=rtcp-mux)";
            return Err(Error::Offer(words.to_owned()));
        }
        let transport = Transport::read(&sections[video], &sections[tagged], &session)?;
        let transport_cc = write::transport_cc(&sections[video]);
        // Without numbers there is nothing to report. With them, REMB is still the upper bound of what the peer sends.
        if transport_cc.is_none() {
            format.feedback.retain(|feedback| *feedback != "transport-cc");
        }

        let names = kept.iter().map(|index| name(&sections, *index)).collect::<Result<Vec<_>, _>>()?;
        let mut reduced = String::new();
        write::session(&mut reduced, &names, session.has("ice-lite"));
        let options = places.iter().find_map(|section| section.value("ice-options")).unwrap_or_default();
        let trickles = options.split([' ', ',']).any(|option| option == "trickle");
        let is_mixed = places.iter().any(|section| section.has("extmap-allow-mixed"));
        let mirrored = [trickles.then_some(answer::TRICKLE), is_mixed.then_some(answer::MIXED)];
        for (index, name) in kept.iter().zip(&names) {
            let section = &sections[*index];
            if Some(*index) == channel {
                write::channel(&mut reduced, section);
            } else {
                // As the peer sees it.
                let ways = match returned {
                    Some(returned) => (*index != returned, *index == returned),
                    None => (direction.receives(), direction.sends()),
                };
                write::video(&mut reduced, section, &format, ways);
            }
            transport.write(&mut reduced, name);
        }

        let candidates = [&session].into_iter().chain(&sections).flat_map(|section| section.values("candidate"));
        let candidates = candidates
            .filter_map(|candidate| candidate::usable(candidate).ok().flatten())
            .map(str::to_owned)
            .take(candidate::MAX_CANDIDATES)
            .collect();
        // The section that the peer's bundle rests on must not be declined: the others would lose their transport.
        let is_carrier = |index: usize| index == tagged && !is_kept(index) && sections[index].is_rtp();
        let plan = |(index, section)| match index {
            _ if is_kept(index) => Plan::accepted(section),
            _ if is_carrier(index) => Plan::inactive(section),
            _ => Plan::declined(section),
        };
        let plans = sections.iter().enumerate().map(plan).collect();
        let mut order: Vec<usize> = (0..sections.len()).filter(|index| is_kept(*index) || is_carrier(*index)).collect();
        order.sort_by_key(|index| *index != tagged);
        let bundled = order.iter().filter(|_| bundle.is_some()).filter_map(|index| sections[*index].value("mid"));
        Ok(Self {
            reduced,
            video: format,
            is_split: returned.is_some(),
            transport_cc,
            candidates,
            bytes: offer.len(),
            ice_lite: session.has("ice-lite"),
            bundle: bundled.map(str::to_owned).collect(),
            mirrored: mirrored.into_iter().flatten().collect(),
            role: transport.role(),
            plans,
        })
    }

    /// The answer to the offer, from the library's answer to the reduced one; `None` when the two do not fit together.
    pub fn answer(&self, reduced: &str) -> Option<String> {
        answer::join(&self.plans, reduced, &self.bundle, &self.mirrored, self.role)
    }
}

/// The name of a section for the library, which needs one; its own one, if it has one.
fn name(sections: &[Section], index: usize) -> Result<String, Error> {
    if let Some(mid) = sections[index].mid()? {
        return Ok(mid.to_owned());
    }
    let is_free = |name: &String| sections.iter().all(|section| section.value("mid") != Some(name));
    // There are more numbers than sections.
    Ok((0..=sections.len()).map(|number| number.to_string()).find(is_free).unwrap_or_default())
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
