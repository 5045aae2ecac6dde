//! Reads the box `moov`: chooses the video track that is shown.

use framebox_picture::Orientation;
use mp4_atom::{Elst, ElstEntry, Matrix, Mdhd, Mvhd, Tkhd, Trex};

use super::super::bounds::Bounds;
use super::super::error::Error;
use super::super::file::File;
use super::boxes::{TopBoxes, all, find, is, leaf, required};
use super::entry::{self, Entry};
use super::tables::Tables;

/// A movie, and the track of it that is shown.
pub(super) struct Movie {
    /// Units of time per second of edits; 0 if unknown.
    pub(super) timescale: u32,
    /// The parts of the track that are shown; empty if all of it is.
    pub(super) edits: Vec<ElstEntry>,
    /// What samples in fragments are unless these say otherwise, for each track; none if there are no fragments.
    pub(super) defaults: Option<Vec<Trex>>,
    pub(super) track: Track,
    /// How the pictures are turned.
    pub(super) orientation: Orientation,
    /// What else is in the file and not shown.
    pub(super) dropped: Vec<&'static str>,
}

/// A video track.
pub(super) struct Track {
    /// Its number in fragments.
    pub(super) id: u32,
    /// Units of time per second.
    pub(super) timescale: u32,
    /// How its samples are coded. At least one kind can be read; a sample of another one is an error.
    pub(super) entries: Vec<Result<Entry, Error>>,
    /// The samples that are not in fragments.
    pub(super) tables: Option<Tables>,
}

impl Movie {
    pub(super) fn read(file: &File, bounds: &Bounds) -> Result<Self, Error> {
        let body = body(file, bounds)?;
        let header = find(&body, b"mvhd")?.map(leaf::<Mvhd>).transpose()?;
        let defaults = match find(&body, b"mvex")? {
            Some(extends) => Some(all(extends, b"trex").map(|body| leaf(body?)).collect::<Result<_, _>>()?),
            None => None,
        };
        let tracks = all(&body, b"trak").collect::<Result<Vec<_>, _>>()?;
        let (shown, track) = choose(&tracks)?;
        let edits = match find(tracks[shown], b"edts")? {
            Some(edits) => find(edits, b"elst")?.map(leaf::<Elst>).transpose()?.unwrap_or_default().entries,
            None => Vec::new(),
        };
        let [of_movie, of_track] = [header.as_ref().map(|header| &header.matrix), None].map(matrix);
        let of_track = head(tracks[shown]).map_or(of_track, |head| matrix(Some(&head.matrix)));
        let mut dropped = Vec::new();
        for (_, track) in tracks.iter().enumerate().filter(|(at, _)| *at != shown) {
            let what = match handler(track).as_ref() {
                Some(b"soun") => "audio",
                Some(b"vide") => "another video",
                Some(b"text" | b"sbtl" | b"subt" | b"subp" | b"clcp") => "subtitles",
                _ => continue,
            };
            if !dropped.contains(&what) {
                dropped.push(what);
            }
        }
        Ok(Self {
            timescale: header.map_or(0, |header| header.timescale),
            edits,
            defaults,
            track,
            orientation: Orientation::of_matrix(product(of_track, of_movie)),
            dropped,
        })
    }
}

impl Track {
    fn read(track: &[u8]) -> Result<Self, Error> {
        let media = required(track, b"mdia")?;
        let table = required(required(media, b"minf")?, b"stbl")?;
        let entries = entry::all(required(table, b"stsd")?)?;
        if let [Err(error), rest @ ..] = &entries[..]
            && rest.iter().all(Result::is_err)
        {
            return Err(error.clone());
        }
        Ok(Self {
            id: head(track).map_or(0, |head| head.track_id),
            timescale: leaf::<Mdhd>(required(media, b"mdhd")?)?.timescale,
            entries,
            tables: Tables::read(table)?,
        })
    }
}

/// Returns the first video track that is enabled and can be read, with its place among `tracks`. Where no video track is enabled, the mark
/// has no meaning.
fn choose(tracks: &[&[u8]]) -> Result<(usize, Track), Error> {
    let videos = || tracks.iter().enumerate().filter(|(_, track)| handler(track) == Some(*b"vide"));
    let enabled = |track: &[u8]| head(track).is_none_or(|head| head.enabled);
    let none = videos().all(|(_, track)| !enabled(track));
    let mut refusal = Error::Unsupported("the MP4 has no video track".into());
    let mut refused = false;
    for (at, track) in videos().filter(|(_, track)| none || enabled(track)) {
        match Track::read(track) {
            Ok(track) => return Ok((at, track)),
            // The first one is what the file is about.
            Err(error) if !refused => (refusal, refused) = (error, true),
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// Returns the body of the box `moov`.
fn body(file: &File, bounds: &Bounds) -> Result<Vec<u8>, Error> {
    for found in TopBoxes::of(file) {
        let found = found?;
        if is(found.kind, b"moov") {
            return found.body(file, bounds.index_bytes);
        }
    }
    // The index is often the last box, which a truncated file lacks.
    Err(Error::CutOff("its index (the box moov)"))
}

/// Returns the header of a track, if it has a valid one.
fn head(track: &[u8]) -> Option<Tkhd> {
    leaf(find(track, b"tkhd").ok()??).ok()
}

/// Returns the kind of a track.
fn handler(track: &[u8]) -> Option<[u8; 4]> {
    let handler = find(find(track, b"mdia").ok()??, b"hdlr").ok()??;
    handler.get(8..12)?.try_into().ok()
}

/// Returns the linear part of a matrix; that of the identity if there is none.
fn matrix(matrix: Option<&Matrix>) -> [i64; 4] {
    matrix.map_or([1, 0, 0, 1], |matrix| [matrix.a, matrix.b, matrix.c, matrix.d].map(i64::from))
}

/// Returns the linear map that applies `first` and then `second`.
fn product(first: [i64; 4], second: [i64; 4]) -> [i64; 4] {
    let [[a, b], [c, d]] = [[first[0], first[1]], [first[2], first[3]]];
    let sum = |x: i64, y: i64, at: usize| (x * second[at]).saturating_add(y * second[at + 2]);
    [sum(a, b, 0), sum(a, b, 1), sum(c, d, 0), sum(c, d, 1)]
}
