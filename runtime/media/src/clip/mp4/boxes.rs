//! Reads the tables of the first video track from the file.

use mp4_atom::{Atom, Avcc, Buf, Co64, Ctts, Decode, FourCC, Header, Mdhd, Stco, Stsc, Stss, Stsz, Stts};

use super::super::bounds::Bounds;
use super::super::error::Error;
use super::super::file::File;

/// Boxes at the top level of a file that are read.
const MAX_BOXES: usize = 4096;
/// Size of a video's sample entry before the boxes in it (ISO/IEC 14496-12 §12.1.3), bytes.
const SAMPLE_ENTRY: usize = 78;

/// A video track.
pub(super) struct Track {
    /// Parameter sets.
    pub(super) parameters: Avcc,
    pub(super) tables: Tables,
}

/// The tables of sample positions and times, as they are in the file.
pub(super) struct Tables {
    /// Units of time per second.
    pub(super) timescale: u32,
    pub(super) durations: Stts,
    pub(super) offsets: Option<Ctts>,
    pub(super) keyframes: Option<Stss>,
    pub(super) sizes: Stsz,
    pub(super) chunks: Stsc,
    pub(super) chunk_offsets: Vec<u64>,
}

impl Track {
    pub(super) fn read(file: &File, bounds: &Bounds) -> Result<Self, Error> {
        let movie = movie(file, bounds)?;
        if find(&movie, b"mvex")?.is_some() {
            return Err(Error::Unsupported(
                "a fragmented MP4 cannot be read; convert it to one with a single index".into(),
            ));
        }
        for child in Children(&movie) {
            let (kind, track) = child?;
            if kind == FourCC::new(b"trak")
                && let Some(media) = find(track, b"mdia")?
                && find(media, b"hdlr")?.and_then(|handler| handler.get(8..12)) == Some(b"vide")
            {
                return Self::of(media);
            }
        }
        Err(Error::Unsupported("the MP4 has no video track".into()))
    }

    fn of(media: &[u8]) -> Result<Self, Error> {
        let timescale = leaf::<Mdhd>(required(media, b"mdhd")?)?.timescale;
        let table = required(required(media, b"minf")?, b"stbl")?;
        let chunk_offsets = match find(table, b"stco")? {
            Some(body) => leaf::<Stco>(body)?.entries.into_iter().map(u64::from).collect(),
            None => leaf::<Co64>(required(table, b"co64")?)?.entries,
        };
        Ok(Self {
            parameters: parameters(required(table, b"stsd")?)?,
            tables: Tables {
                timescale,
                durations: leaf(required(table, b"stts")?)?,
                offsets: find(table, b"ctts")?.map(leaf).transpose()?,
                keyframes: find(table, b"stss")?.map(leaf).transpose()?,
                sizes: leaf(required(table, b"stsz")?)?,
                chunks: leaf(required(table, b"stsc")?)?,
                chunk_offsets,
            },
        })
    }
}

/// Returns the body of the box `moov`.
fn movie(file: &File, bounds: &Bounds) -> Result<Vec<u8>, Error> {
    let mut at = 0;
    for _ in 0..MAX_BOXES {
        let mut head = [0; 16];
        let length = file.read_some(at, &mut head)?;
        if length == 0 {
            break;
        }
        let mut rest = &head[..length];
        let header = Header::decode(&mut rest).map_err(|_| damaged("a box has no header"))?;
        let begin = at + (length - rest.len()) as u64;
        let size = header.size.map_or(file.length().saturating_sub(begin), |size| size as u64);
        if header.kind == FourCC::new(b"moov") {
            if size > bounds.index_bytes {
                return Err(Error::TooMuch { what: "the size of its index in bytes", most: bounds.index_bytes });
            }
            let mut body = Vec::new();
            file.append(begin, size as usize, &mut body, "the end of its index")?;
            return Ok(body);
        }
        at = begin.checked_add(size).ok_or_else(|| damaged("a box is too long"))?;
    }
    // The index is often the last box, which a truncated file lacks.
    Err(Error::CutOff("its index (the box moov)"))
}

/// Returns the parameter sets in the first sample entry, if that is H.264.
fn parameters(descriptions: &[u8]) -> Result<Avcc, Error> {
    let entries = descriptions.get(8..).ok_or_else(|| damaged("its table of codecs is truncated"))?;
    let (kind, entry) = Children(entries).next().ok_or_else(|| damaged("it names no codec"))??;
    if ![FourCC::new(b"avc1"), FourCC::new(b"avc3")].contains(&kind) {
        let name = <[u8; 4]>::from(kind).escape_ascii().to_string();
        return Err(Error::Unsupported(format!("the video's codec is {name:?}; only H.264 (avc1) can be read")));
    }
    let inner = entry.get(SAMPLE_ENTRY..).ok_or_else(|| damaged("the entry of its codec is truncated"))?;
    leaf(required(inner, b"avcC")?)
}

/// Decodes a box that contains no other boxes.
fn leaf<T: Atom>(mut body: &[u8]) -> Result<T, Error> {
    T::decode_body(&mut body).map_err(|_| damaged(&format!("the table {} is invalid", T::KIND)))
}

/// Returns the body of the first box of this kind.
fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>, Error> {
    let found = Children(body).find(|child| child.as_ref().map_or(true, |(found, _)| *found == FourCC::new(kind)));
    found.map(|child| child.map(|(_, body)| body)).transpose()
}

/// Returns the body of the first box of this kind, or an error.
fn required<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8], Error> {
    find(body, kind)?.ok_or_else(|| damaged(&format!("the box {} is missing", FourCC::new(kind))))
}

/// Iterates over the boxes in a box: their kinds and bodies.
struct Children<'a>(&'a [u8]);

impl<'a> Iterator for Children<'a> {
    type Item = Result<(FourCC, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        // Some muxers end a box with four zeros.
        if self.0.len() < 8 {
            return None;
        }
        let mut rest = std::mem::take(&mut self.0);
        let header = match Header::decode(&mut rest) {
            Ok(header) => header,
            Err(_) => return Some(Err(damaged("a box has no header"))),
        };
        let size = header.size.unwrap_or(rest.remaining());
        let Some((body, rest)) = rest.split_at_checked(size) else {
            return Some(Err(damaged("a box is longer than the box that contains it")));
        };
        self.0 = rest;
        Some(Ok((header.kind, body)))
    }
}

fn damaged(what: &str) -> Error {
    Error::Broken(what.to_owned())
}
