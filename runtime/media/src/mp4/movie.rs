//! The box that describes the track of a file.

use mp4_atom::{Dinf, Dref, DrefEntry, Hdlr, Mdhd, Mdia, Minf, Moov, Mvex, Mvhd, Stbl, Stsd, Tkhd, Trak, Url, Vmhd};

use super::track::Track;

/// Units of time a second: RTP's for video.
pub const TIMESCALE: u32 = 90_000;
/// The number of the track.
pub(super) const TRACK: u32 = 1;

/// Returns the box `moov` (ISO/IEC 14496-12 §8.2.1) of a file with `track`. `tables` say where its pictures are; those of a
/// file that is written in fragments are empty, and `fragments` is there. `duration` is in units of [`TIMESCALE`], `created`
/// in seconds since 1904; 0 stands for unknown.
pub fn movie(track: &Track, tables: Stbl, duration: u64, created: u64, fragments: Option<Mvex>) -> Moov {
    let (width, height) = (track.size().width as u16, track.size().height as u16);
    let stbl = Stbl { stsd: Stsd { codecs: vec![track.entry()] }, ..tables };
    let dref = Dref { entries: vec![DrefEntry::Url(Url::default())] };
    let minf = Minf { vmhd: Some(Vmhd::default()), dinf: Dinf { dref }, stbl, ..Minf::default() };
    let (creation_time, modification_time) = (created, created);
    let mdhd = Mdhd { creation_time, modification_time, timescale: TIMESCALE, duration, language: "und".into() };
    let hdlr = Hdlr { handler: b"vide".into(), name: "video".into() };
    let tkhd = Tkhd {
        creation_time,
        modification_time,
        track_id: TRACK,
        duration,
        enabled: true,
        in_movie: true,
        width: width.into(),
        height: height.into(),
        ..Tkhd::default()
    };
    let mvhd = Mvhd {
        creation_time,
        modification_time,
        timescale: TIMESCALE,
        duration,
        rate: 1.into(),
        next_track_id: TRACK + 1,
        ..Mvhd::default()
    };
    let trak = vec![Trak { tkhd, mdia: Mdia { mdhd, hdlr, minf }, ..Trak::default() }];
    Moov { mvhd, trak, mvex: fragments, ..Moov::default() }
}
