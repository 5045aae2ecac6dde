//! YUV4MPEG2: a header line, then uncompressed pictures, each with a header line of its own.

use std::time::Duration;

use framebox_picture::sample::Sampler;
use framebox_picture::{Aspect, Coded, Colour, Format, Picture, Plane, Planes, Pool, Range, Size};

use super::bounds::Bounds;
use super::error::{Error, allowed};
use super::file::File;
use super::interface::{Clip, Frame, Info};

const MAGIC: &[u8] = b"YUV4MPEG2";
/// Header of a picture without parameters.
const FRAME: &[u8] = b"FRAME\n";
/// Maximum length of a header line, bytes.
const MAX_LINE: usize = 1024;
/// Frame rate of a file that does not specify it.
const DEFAULT_FPS: (u64, u64) = (25, 1);

pub(super) struct Video {
    file: File,
    header: Header,
    /// Size at which pictures are shown.
    size: Size,
    /// Offset of the first picture's header.
    begin: u64,
    /// Offset of the next picture's header.
    at: u64,
    sequence: u64,
    /// Whether all pictures so far are at equal distances.
    equidistant: bool,
    bytes: Vec<u8>,
    /// The picture with its chroma subsampled, where it is not in the file.
    subsampled: Picture,
    sampler: Sampler,
    pool: Pool,
}

impl Video {
    pub(super) fn open(file: File, bounds: &Bounds) -> Result<Self, Error> {
        let (line, begin) = read_line(&file, 0, "the end of its header")?;
        let header = Header::parse(&line)?;
        allowed(header.size, bounds.pixels)?;
        let mut video = Self {
            file,
            size: header.aspect.map_or(header.size, |aspect| aspect.square(header.size, bounds.pixels)),
            header,
            begin,
            at: begin,
            sequence: 0,
            equidistant: true,
            bytes: Vec::new(),
            subsampled: Picture::black(Size::new(2, 2))?,
            sampler: Sampler::default(),
            pool: Pool::default(),
        };
        if video.next()?.is_none() {
            return Err(Error::Broken("it has no pictures".into()));
        }
        video.seek(Duration::ZERO)?;
        Ok(video)
    }

    /// Returns the distance between pictures, bytes.
    fn distance(&self) -> u64 {
        FRAME.len() as u64 + self.header.bytes() as u64
    }

    /// Returns the number of pictures, if all are at equal distances.
    fn count(&self) -> u64 {
        self.file.length().saturating_sub(self.begin) / self.distance()
    }

    /// Returns the presentation time of a picture.
    fn time(&self, sequence: u64) -> Duration {
        let (fps, per) = self.header.fps.unwrap_or(DEFAULT_FPS);
        let nanos = u128::from(sequence) * u128::from(per) * 1_000_000_000 / u128::from(fps);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Clip for Video {
    fn info(&self) -> Info {
        let fps = self.header.fps.map_or(0.0, |(fps, per)| fps as f32 / per as f32);
        let duration = self.equidistant.then(|| self.time(self.count()));
        Info { size: self.size, fps, duration, dropped: Vec::new() }
    }

    fn memory(&self) -> usize {
        let pictures = Pool::KEPT.saturating_mul(Format::I420.bytes(self.size));
        self.header.bytes().saturating_add(pictures).saturating_add(self.subsampled.bytes().len())
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        if self.at >= self.file.length() {
            return Ok(None);
        }
        let (line, begin) = read_line(&self.file, self.at, "the end of a picture's header")?;
        if line != b"FRAME" && !line.starts_with(b"FRAME ") {
            return Err(Error::Broken("a picture does not begin where the one before it ends".into()));
        }
        self.bytes.clear();
        self.file.append(begin, self.header.bytes(), &mut self.bytes, "the end of a picture")?;
        let planes = self.header.planes(&self.bytes, &mut self.subsampled)?;
        let range = if self.header.full_range { Range::Full } else { Range::Limited };
        let colour = Colour { range, ..Colour::default() };
        let coded = Coded { colour, size: self.size, ..planes.into() };
        let picture = self.pool.filled(|picture| self.sampler.draw(coded, self.size, picture))?;
        let pts = self.time(self.sequence);
        self.equidistant &= line == b"FRAME";
        self.at = begin + self.bytes.len() as u64;
        self.sequence += 1;
        Ok(Some(Frame { picture, pts }))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        if to.is_zero() {
            (self.at, self.sequence) = (self.begin, 0);
            return Ok(());
        }
        if !self.equidistant {
            return Err(Error::NoSeek);
        }
        let (fps, per) = self.header.fps.unwrap_or(DEFAULT_FPS);
        // Times are rounded down to nanoseconds: seeking to a picture's own time has to find it.
        let number = (to.as_nanos() + 1).saturating_mul(u128::from(fps)) / (u128::from(per) * 1_000_000_000);
        let sequence = u64::try_from(number).unwrap_or(u64::MAX).min(self.count());
        let at = self.begin + sequence * self.distance();
        if sequence < self.count() {
            let mut header = [0; FRAME.len()];
            let length = self.file.read_some(at, &mut header)?;
            if &header[..length] != FRAME {
                return Err(Error::NoSeek);
            }
        }
        (self.at, self.sequence) = (at, sequence);
        Ok(())
    }
}

/// Returns the line at `at` and the offset after it.
fn read_line(file: &File, at: u64, what: &'static str) -> Result<(Vec<u8>, u64), Error> {
    let mut line = vec![0; MAX_LINE];
    let length = file.read_some(at, &mut line)?;
    match line[..length].iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            line.truncate(end);
            Ok((line, at + end as u64 + 1))
        }
        None if length < MAX_LINE => Err(Error::CutOff(what)),
        None => Err(Error::Broken("a header line is too long".into())),
    }
}

/// The subsampling of the chroma planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chroma {
    /// 4:2:0: half the width and height, rounded up.
    Yuv420,
    /// 4:2:2: half the width, rounded up.
    Yuv422,
    /// 4:4:4: full size.
    Yuv444,
    /// No chroma planes.
    Mono,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    size: Size,
    /// Numerator and denominator of the frame rate.
    fps: Option<(u64, u64)>,
    chroma: Chroma,
    /// Width of a pixel to its height, if it is known.
    aspect: Option<Aspect>,
    /// Whether samples use the full range 0–255.
    full_range: bool,
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self, Error> {
        let invalid = |what: &str| Error::Broken(format!("its header has no valid {what}"));
        let line = str::from_utf8(line).map_err(|_| invalid("text"))?;
        let (mut width, mut height, mut fps, mut aspect) = (None, None, None, None);
        let (mut chroma, mut full_range) = (Chroma::Yuv420, false);
        for word in line.as_bytes()[MAGIC.len()..].split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
            let text = str::from_utf8(&word[1..]).unwrap_or("");
            match word[0] {
                b'W' => width = text.parse().ok(),
                b'H' => height = text.parse().ok(),
                b'F' => fps = Some(parse_rate(text).ok_or_else(|| invalid("frame rate"))?),
                b'A' => aspect = parse_aspect(text),
                b'C' => chroma = Chroma::parse(text)?,
                b'X' if text == "COLORRANGE=FULL" => full_range = true,
                _ => {}
            }
        }
        let (Some(width), Some(height)) = (width, height) else { return Err(invalid("size")) };
        Ok(Self { size: Size::new(width, height), fps: fps.flatten(), chroma, aspect, full_range })
    }

    fn chroma_size(&self) -> Size {
        match self.chroma {
            Chroma::Yuv420 => self.size.chroma(),
            Chroma::Yuv422 => Size::new(self.size.chroma().width, self.size.height),
            Chroma::Yuv444 => self.size,
            Chroma::Mono => Size::new(0, 0),
        }
    }

    /// Returns the size of a picture, bytes.
    fn bytes(&self) -> usize {
        (self.size.pixels() + 2 * self.chroma_size().pixels()) as usize
    }

    /// Returns the planes of a picture. Chroma that is not subsampled in the file is subsampled into `picture`.
    fn planes<'a>(&self, bytes: &'a [u8], picture: &'a mut Picture) -> Result<Planes<'a>, framebox_picture::Error> {
        let size = self.chroma_size();
        let (y, uv) = bytes.split_at(self.size.pixels() as usize);
        let (u, v) = uv.split_at(size.pixels() as usize);
        let plane = |data, size: Size| Plane { data, stride: size.width as usize };
        let y = plane(y, self.size);
        if self.chroma == Chroma::Yuv420 {
            return Ok(Planes { size: self.size, y, u: plane(u, size), v: plane(v, size) });
        }
        picture.resize(self.size)?;
        let to = self.size.chroma();
        let (_, to_u, to_v) = picture.planes_mut();
        for (from, to_plane) in [(u, to_u), (v, to_v)] {
            if from.is_empty() {
                to_plane.fill(128);
            } else {
                subsample(from, size, to_plane, to);
            }
        }
        Ok(Planes { y, ..picture.planes() })
    }
}

impl Chroma {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "420" | "420jpeg" | "420mpeg2" | "420paldv" => Ok(Self::Yuv420),
            "422" => Ok(Self::Yuv422),
            "444" => Ok(Self::Yuv444),
            "mono" => Ok(Self::Mono),
            _ => Err(Error::Unsupported(
                "only Y4M with 8-bit samples in 4:2:0, 4:2:2, 4:4:4 or mono can be read; convert the file to one of these".into(),
            )),
        }
    }
}

/// Parses an aspect `width:height`; none if it is unknown or invalid.
fn parse_aspect(text: &str) -> Option<Aspect> {
    let (width, height) = text.split_once(':')?;
    Aspect::new(width.parse().ok()?, height.parse().ok()?)
}

/// Parses a frame rate `numerator:denominator`. Returns `Some(None)` if it is given as unknown, and none if it is invalid.
fn parse_rate(text: &str) -> Option<Option<(u64, u64)>> {
    let (fps, per) = text.split_once(':')?;
    let (fps, per) = (u64::from(fps.parse::<u32>().ok()?), u64::from(per.parse::<u32>().ok()?));
    match (fps, per) {
        (0, _) | (_, 0) => Some(None),
        _ if fps <= per.saturating_mul(1000) && per <= fps.saturating_mul(1000) => Some(Some((fps, per))),
        _ => None,
    }
}

/// Subsamples a chroma plane by averaging: two columns, and two rows if there are twice as many.
fn subsample(from: &[u8], size: Size, to: &mut [u8], to_size: Size) {
    let (width, to_width) = (size.width as usize, to_size.width as usize);
    let rows = from.chunks_exact(width).collect::<Vec<_>>();
    for (y, to) in to.chunks_exact_mut(to_width).enumerate() {
        let halved = size.height > to_size.height;
        let upper = rows[if halved { 2 * y } else { y }];
        let lower = if halved { rows[(2 * y + 1).min(rows.len() - 1)] } else { upper };
        for (x, to) in to.iter_mut().enumerate() {
            let (left, right) = if width > to_width { (2 * x, (2 * x + 1).min(width - 1)) } else { (x, x) };
            let sum = [upper[left], upper[right], lower[left], lower[right]].map(u32::from).iter().sum::<u32>();
            *to = ((sum + 2) / 4) as u8;
        }
    }
}
