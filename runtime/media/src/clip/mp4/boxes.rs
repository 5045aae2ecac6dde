//! From the file to the tables of its first video track.

use mp4_atom::{Atom, Avcc, Buf, Co64, Ctts, Decode, FourCC, Header, Mdhd, Stco, Stsc, Stss, Stsz, Stts};

use super::super::file::File;
use super::{Bounds, Error};

/// Boxes at the top of a file that are looked at.
const MOST_BOXES: usize = 4096;
/// Bytes of a video's sample entry before the boxes in it (ISO/IEC 14496-12 §12.1.3).
const SAMPLE_ENTRY: usize = 78;

/// What is known of a video track.
pub(super) struct Track {
    /// Parameter sets.
    pub(super) parameters: Avcc,
    pub(super) tables: Tables,
}

/// Where the samples are and when they are shown, as it stands in the file.
pub(super) struct Tables {
    /// Units of time in a second.
    pub(super) timescale: u32,
    pub(super) durations: Stts,
    pub(super) offsets: Option<Ctts>,
    pub(super) keyframes: Option<Stss>,
    pub(super) sizes: Stsz,
    pub(super) chunks: Stsc,
    pub(super) places: Vec<u64>,
}

impl Track {
    pub(super) fn read(file: &File, bounds: &Bounds) -> Result<Self, Error> {
        let movie = movie(file, bounds)?;
        if find(&movie, b"mvex")?.is_some() {
            return Err(Error::Unsupported(
                "a fragmented MP4 cannot be read; rewrite it as one with a single index".into(),
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
        Err(Error::Unsupported("the MP4 has no video in it".into()))
    }

    fn of(media: &[u8]) -> Result<Self, Error> {
        let timescale = leaf::<Mdhd>(needed(media, b"mdhd")?)?.timescale;
        let table = needed(needed(media, b"minf")?, b"stbl")?;
        let places = match find(table, b"stco")? {
            Some(body) => leaf::<Stco>(body)?.entries.into_iter().map(u64::from).collect(),
            None => leaf::<Co64>(needed(table, b"co64")?)?.entries,
        };
        Ok(Self {
            parameters: parameters(needed(table, b"stsd")?)?,
            tables: Tables {
                timescale,
                durations: leaf(needed(table, b"stts")?)?,
                offsets: find(table, b"ctts")?.map(leaf).transpose()?,
                keyframes: find(table, b"stss")?.map(leaf).transpose()?,
                sizes: leaf(needed(table, b"stsz")?)?,
                chunks: leaf(needed(table, b"stsc")?)?,
                places,
            },
        })
    }
}

/// The body of the box `moov`.
fn movie(file: &File, bounds: &Bounds) -> Result<Vec<u8>, Error> {
    let mut at = 0;
    for _ in 0..MOST_BOXES {
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
                return Err(Error::TooMuch { what: "the bytes of its index", most: bounds.index_bytes });
            }
            let mut body = Vec::new();
            file.append(begin, size as usize, &mut body, "the end of its index")?;
            return Ok(body);
        }
        at = begin.checked_add(size).ok_or_else(|| damaged("a box is longer than any file"))?;
    }
    // The index is often the last box, which a file that was cut off lacks.
    Err(Error::CutOff("its index (the box moov)"))
}

/// The parameter sets in the first sample entry, if that is H.264.
fn parameters(descriptions: &[u8]) -> Result<Avcc, Error> {
    let entries = descriptions.get(8..).ok_or_else(|| damaged("its table of codecs is cut off"))?;
    let (kind, entry) = Children(entries).next().ok_or_else(|| damaged("it names no codec"))??;
    if ![FourCC::new(b"avc1"), FourCC::new(b"avc3")].contains(&kind) {
        let name = <[u8; 4]>::from(kind).escape_ascii().to_string();
        return Err(Error::Unsupported(format!("the video is coded as {name:?}; only H.264 (avc1) can be read")));
    }
    let inner = entry.get(SAMPLE_ENTRY..).ok_or_else(|| damaged("what it says of its codec is cut off"))?;
    leaf(needed(inner, b"avcC")?)
}

/// A box that contains no other boxes.
fn leaf<T: Atom>(mut body: &[u8]) -> Result<T, Error> {
    T::decode_body(&mut body).map_err(|_| damaged(&format!("the table {} makes no sense", T::KIND)))
}

/// The body of the first box of this kind.
fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>, Error> {
    let found = Children(body).find(|child| child.as_ref().map_or(true, |(found, _)| *found == FourCC::new(kind)));
    found.map(|child| child.map(|(_, body)| body)).transpose()
}

fn needed<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8], Error> {
    find(body, kind)?.ok_or_else(|| damaged(&format!("the box {} is missing", FourCC::new(kind))))
}

/// The boxes in a box: kind and body of each.
struct Children<'a>(&'a [u8]);

impl<'a> Iterator for Children<'a> {
    type Item = Result<(FourCC, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        // Some writers end a box with four zeros.
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
            return Some(Err(damaged("a box is longer than the one around it")));
        };
        self.0 = rest;
        Some(Ok((header.kind, body)))
    }
}

fn damaged(what: &str) -> Error {
    Error::Broken(what.to_owned())
}
