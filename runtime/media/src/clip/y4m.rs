//! YUV4MPEG2: a line of text, then uncompressed pictures, each behind a line of its own.

use std::time::Duration;

use framebox_picture::{Picture, Plane, Planes, Pool, Size};

use super::error::allowed;
use super::file::File;
use super::{Bounds, Clip, Error, Frame, Info};

const MAGIC: &[u8] = b"YUV4MPEG2";
/// What stands before a picture that says nothing of itself.
const FRAME: &[u8] = b"FRAME\n";
/// The longest line, bytes.
const LINE: usize = 1024;
/// The frame rate of a file that gives none.
const USUAL_FPS: (u64, u64) = (25, 1);

pub(super) struct Video {
    file: File,
    header: Header,
    /// Where the first picture's line begins.
    begin: u64,
    /// Where the next one does.
    at: u64,
    sequence: u64,
    /// Every picture so far stood where arithmetic expects it.
    even: bool,
    bytes: Vec<u8>,
    pool: Pool,
}

impl Video {
    pub(super) fn open(file: File, bounds: &Bounds) -> Result<Self, Error> {
        let (line, begin) = line(&file, 0, "the end of its first line")?;
        let header = Header::parse(&line)?;
        allowed(header.size, bounds.pixels)?;
        let mut video =
            Self { file, header, begin, at: begin, sequence: 0, even: true, bytes: Vec::new(), pool: Pool::default() };
        if video.next()?.is_none() {
            return Err(Error::Broken("it has no pictures".into()));
        }
        video.seek(Duration::ZERO)?;
        Ok(video)
    }

    /// Bytes from picture to picture.
    fn pitch(&self) -> u64 {
        FRAME.len() as u64 + self.header.bytes() as u64
    }

    /// Pictures, as far as arithmetic tells.
    fn count(&self) -> u64 {
        self.file.length().saturating_sub(self.begin) / self.pitch()
    }

    fn time(&self, sequence: u64) -> Duration {
        let (fps, per) = self.header.fps.unwrap_or(USUAL_FPS);
        let nanos = u128::from(sequence) * u128::from(per) * 1_000_000_000 / u128::from(fps);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Clip for Video {
    fn info(&self) -> Info {
        let fps = self.header.fps.map_or(0.0, |(fps, per)| fps as f32 / per as f32);
        let duration = self.even.then(|| self.time(self.count()));
        Info { size: self.header.size, fps, duration }
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        if self.at >= self.file.length() {
            return Ok(None);
        }
        let (line, begin) = line(&self.file, self.at, "the end of a picture's first line")?;
        if line != b"FRAME" && !line.starts_with(b"FRAME ") {
            return Err(Error::Broken("a picture does not begin where the one before it ends".into()));
        }
        self.bytes.clear();
        self.file.append(begin, self.header.bytes(), &mut self.bytes, "the end of a picture")?;
        let (header, bytes) = (&self.header, &self.bytes);
        let picture = self.pool.filled(|picture| header.draw(bytes, picture))?;
        let pts = self.time(self.sequence);
        self.even &= line == b"FRAME";
        self.at = begin + self.bytes.len() as u64;
        self.sequence += 1;
        Ok(Some(Frame { picture, pts }))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        if to.is_zero() {
            (self.at, self.sequence) = (self.begin, 0);
            return Ok(());
        }
        if !self.even {
            return Err(Error::NoSeek);
        }
        let (fps, per) = self.header.fps.unwrap_or(USUAL_FPS);
        // Times are rounded down to nanoseconds: a picture's own time finds it again.
        let number = (to.as_nanos() + 1).saturating_mul(u128::from(fps)) / (u128::from(per) * 1_000_000_000);
        let sequence = u64::try_from(number).unwrap_or(u64::MAX).min(self.count());
        let at = self.begin + sequence * self.pitch();
        if sequence < self.count() {
            let mut mark = [0; FRAME.len()];
            let length = self.file.read_some(at, &mut mark)?;
            if &mark[..length] != FRAME {
                return Err(Error::NoSeek);
            }
        }
        (self.at, self.sequence) = (at, sequence);
        Ok(())
    }
}

/// The line at `at`, and where the next begins.
fn line(file: &File, at: u64, what: &'static str) -> Result<(Vec<u8>, u64), Error> {
    let mut line = vec![0; LINE];
    let length = file.read_some(at, &mut line)?;
    match line[..length].iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            line.truncate(end);
            Ok((line, at + end as u64 + 1))
        }
        None if length < LINE => Err(Error::CutOff(what)),
        None => Err(Error::Broken("a line of text in it is too long".into())),
    }
}

/// How the chroma planes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chroma {
    /// Half as wide and high, rounded up.
    Quarter,
    /// Half as wide.
    Half,
    /// As large as the luma plane.
    Full,
    /// None.
    Mono,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    size: Size,
    /// Frames in how many seconds.
    fps: Option<(u64, u64)>,
    chroma: Chroma,
    /// Samples use all of 0–255.
    full_range: bool,
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self, Error> {
        let wrong = |what: &str| Error::Broken(format!("its first line has no {what} that makes sense"));
        let line = str::from_utf8(line).map_err(|_| wrong("text"))?;
        let (mut width, mut height, mut fps, mut chroma, mut full_range) = (None, None, None, Chroma::Quarter, false);
        for word in line.as_bytes()[MAGIC.len()..].split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
            let text = str::from_utf8(&word[1..]).unwrap_or("");
            match word[0] {
                b'W' => width = text.parse().ok(),
                b'H' => height = text.parse().ok(),
                b'F' => fps = Some(rate(text).ok_or_else(|| wrong("frame rate"))?),
                b'C' => chroma = Chroma::parse(text)?,
                b'X' if text == "COLORRANGE=FULL" => full_range = true,
                _ => {}
            }
        }
        let (Some(width), Some(height)) = (width, height) else { return Err(wrong("size")) };
        Ok(Self { size: Size::new(width, height), fps: fps.flatten(), chroma, full_range })
    }

    fn chroma_size(&self) -> Size {
        match self.chroma {
            Chroma::Quarter => self.size.chroma(),
            Chroma::Half => Size::new(self.size.chroma().width, self.size.height),
            Chroma::Full => self.size,
            Chroma::Mono => Size::new(0, 0),
        }
    }

    /// Bytes of a picture.
    fn bytes(&self) -> usize {
        (self.size.pixels() + 2 * self.chroma_size().pixels()) as usize
    }

    fn draw(&self, bytes: &[u8], picture: &mut Picture) -> Result<(), framebox_picture::Error> {
        let size = self.chroma_size();
        let (y, uv) = bytes.split_at(self.size.pixels() as usize);
        let (u, v) = uv.split_at(size.pixels() as usize);
        match self.chroma {
            Chroma::Quarter => {
                let plane = |data, size: Size| Plane { data, stride: size.width as usize };
                picture.copy_from(Planes {
                    size: self.size,
                    y: plane(y, self.size),
                    u: plane(u, size),
                    v: plane(v, size),
                })?;
            }
            _ => {
                picture.resize(self.size)?;
                let to = self.size.chroma();
                let (to_y, to_u, to_v) = picture.planes_mut();
                to_y.copy_from_slice(y);
                for (from, to_plane) in [(u, to_u), (v, to_v)] {
                    if from.is_empty() {
                        to_plane.fill(128);
                    } else {
                        shrink(from, size, to_plane, to);
                    }
                }
            }
        }
        if self.full_range {
            let (y, u, v) = picture.planes_mut();
            let scale =
                |from: u8, span: i32| ((i32::from(from) - 128) * span + if from < 128 { -127 } else { 127 }) / 255;
            y.iter_mut().for_each(|y| *y = ((u32::from(*y) * 219 + 127) / 255 + 16) as u8);
            u.iter_mut().chain(v).for_each(|c| *c = (128 + scale(*c, 224)) as u8);
        }
        Ok(())
    }
}

impl Chroma {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "420" | "420jpeg" | "420mpeg2" | "420paldv" => Ok(Self::Quarter),
            "422" => Ok(Self::Half),
            "444" => Ok(Self::Full),
            "mono" => Ok(Self::Mono),
            _ => Err(Error::Unsupported(
                "Y4M is read with 8-bit samples as 4:2:0, 4:2:2, 4:4:4 or mono only; this file has others".into(),
            )),
        }
    }
}

/// `frames:seconds` within reason; none when it says that it does not know.
fn rate(text: &str) -> Option<Option<(u64, u64)>> {
    let (fps, per) = text.split_once(':')?;
    let (fps, per) = (u64::from(fps.parse::<u32>().ok()?), u64::from(per.parse::<u32>().ok()?));
    match (fps, per) {
        (0, _) | (_, 0) => Some(None),
        _ if fps <= per.saturating_mul(1000) && per <= fps.saturating_mul(1000) => Some(Some((fps, per))),
        _ => None,
    }
}

/// The means of neighbours: of two columns, and of two rows where there are twice as many.
fn shrink(from: &[u8], size: Size, to: &mut [u8], to_size: Size) {
    let (width, to_width) = (size.width as usize, to_size.width as usize);
    let rows = from.chunks_exact(width).collect::<Vec<_>>();
    for (y, to) in to.chunks_exact_mut(to_width).enumerate() {
        let twice = size.height > to_size.height;
        let upper = rows[if twice { 2 * y } else { y }];
        let lower = if twice { rows[(2 * y + 1).min(rows.len() - 1)] } else { upper };
        for (x, to) in to.iter_mut().enumerate() {
            let (left, right) = if width > to_width { (2 * x, (2 * x + 1).min(width - 1)) } else { (x, x) };
            let sum = [upper[left], upper[right], lower[left], lower[right]].map(u32::from).iter().sum::<u32>();
            *to = ((sum + 2) / 4) as u8;
        }
    }
}
