//! Frames.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use framebox_picture::{Format, Picture, Pool};

use super::error::Error;
use super::header::{Code, Coding, Main, Stream, Track, flag};
use super::input::{Input, Numbers};

/// What a stream begins with.
const FILE: &[u8] = b"nut/multimedia container\0";
/// What packets that are no frames begin with; all of them begin with `N`.
const MAIN: u64 = 0x4e4d_7a56_1f5f_04ad;
const STREAM: u64 = 0x4e53_1140_5bf2_f9db;
const SYNCPOINT: u64 = 0x4e4b_e4ad_eeca_4569;
/// Length of a checksum, bytes. The pipe damages nothing: they are not looked at.
const CHECKSUM: u64 = 4;
/// Packets longer than this have a checksum of their beginning, too.
const LONG: u64 = 4096;
/// Longest header that is looked at, bytes, and longest packet that is skipped.
const HEADER: u64 = 64 << 10;
const SKIPPED: u64 = 1 << 20;
/// Most packets in a row that are no frames.
const PACKETS: usize = 64;
/// Largest time, units of time: those that are computed from it fit.
const TIME: i64 = 1 << 56;
/// Nanoseconds a second.
const SECOND: i128 = 1_000_000_000;

/// Bounds on what a stream causes.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Size of a picture, pixels.
    pub pixels: u64,
    /// Size of a coded picture, bytes.
    pub coded_bytes: usize,
}

impl Bounds {
    /// Allows coded pictures of 8 MiB.
    pub fn up_to(pixels: u64) -> Self {
        Self { pixels, coded_bytes: 8 << 20 }
    }
}

/// A frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Presentation time, ns. It may begin anywhere, also below 0, and jump.
    pub time: i64,
    /// Whether it can be decoded without any earlier one.
    pub keyframe: bool,
    /// What it shows.
    pub data: Data,
}

/// What a frame shows.
#[derive(Clone, Debug)]
pub enum Data {
    /// A picture, of the size of the track.
    Picture(Arc<Picture>),
    /// A picture for which the pool's session has no memory: it was read over.
    NoRoom,
    /// A coded picture (an access unit).
    Coded(Bytes),
}

/// Reads the frames of a stream.
pub struct Reader<R> {
    input: Input<R>,
    main: Main,
    stream: Stream,
    bounds: Bounds,
    /// Time of the frame before, units of time.
    last: i64,
    /// Nothing follows.
    is_over: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the headers. Blocks until they are there.
    ///
    /// # Errors
    /// When they are wrong, or ask for more than `bounds` allow.
    pub fn new(reader: R, bounds: Bounds) -> Result<Self, Error> {
        let mut input = Input::new(reader);
        let mut file = [0; FILE.len()];
        match input.next()? {
            None => return Err(Error::Empty),
            Some(first) => file[0] = first,
        }
        input.fill(&mut file[1..])?;
        if file != FILE {
            return Err(Error::Unsupported("it is not NUT"));
        }
        let (mut main, mut found) = (None, None);
        for _ in 0..PACKETS {
            if input.byte()? != b'N' {
                return Err(Error::Broken("a frame comes before the headers"));
            }
            let code = startcode(&mut input)?;
            match (code, &main) {
                (MAIN, None) => main = Some(Main::read(&packet(&mut input)?)?),
                (STREAM, Some(main)) => {
                    found = Some(Stream::read(&packet(&mut input)?, main)?);
                    break;
                }
                _ => skip(&mut input)?,
            }
        }
        let (Some(main), Some(stream)) = (main, found) else { return Err(Error::Broken("its headers are missing")) };
        let size = stream.track.size;
        if size.pixels() > bounds.pixels {
            return Err(Error::TooLarge { size, most: bounds.pixels });
        }
        Ok(Self { input, main, stream, bounds, last: 0, is_over: false })
    }

    /// Returns its only track.
    pub fn track(&self) -> Track {
        self.stream.track
    }

    /// Returns what it reads from.
    pub fn reader(&self) -> &R {
        self.input.reader()
    }

    /// Whether bytes of the next frame were read already.
    pub fn has_begun_next(&self) -> bool {
        self.input.ahead() > 0
    }

    /// Returns the next frame, or none at the end. Pictures are read into `pool`. Blocks until the frame is there.
    ///
    /// # Errors
    /// When the stream breaks off, or is wrong. Nothing follows then.
    pub fn next(&mut self, pool: &mut Pool) -> Result<Option<Frame>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let next = self.frame(pool);
        self.is_over = !matches!(next, Ok(Some(_)));
        next
    }

    fn frame(&mut self, pool: &mut Pool) -> Result<Option<Frame>, Error> {
        for _ in 0..PACKETS {
            let Some(byte) = self.input.next()? else { return Ok(None) };
            if byte != b'N' {
                let code = *self.main.code(byte).ok_or(Error::Broken("a frame code stands for nothing"))?;
                match self.read(code, pool)? {
                    Some(frame) => return Ok(Some(frame)),
                    None => continue,
                }
            }
            match startcode(&mut self.input)? {
                SYNCPOINT => self.synchronize()?,
                // Headers are repeated as they were.
                _ => skip(&mut self.input)?,
            }
        }
        Err(Error::Broken("no frame follows"))
    }

    /// Times are counted from here on anew.
    fn synchronize(&mut self) -> Result<(), Error> {
        let packet = packet(&mut self.input)?;
        let time = Numbers::new(&packet).number()?;
        let units = self.main.units.len() as u64;
        let unit = usize::try_from(time % units).unwrap_or_default();
        let (from, to) = (self.main.units[unit], self.main.units[self.stream.unit]);
        let time = i128::from(time / units) * i128::from(from.0) * i128::from(to.1);
        self.last = in_range(time.div_euclid(i128::from(from.1) * i128::from(to.0)))?;
        Ok(())
    }

    /// Reads a frame after its code; none where it has no data.
    fn read(&mut self, code: Code, pool: &mut Pool) -> Result<Option<Frame>, Error> {
        let Code { mut flags, mut stream, times, mut size, step, mut reserved, mut header } = code;
        let input = &mut self.input;
        if flags & flag::CODED != 0 {
            flags ^= input.number()?;
        }
        if flags & flag::STREAM != 0 {
            stream = input.number()?;
        }
        if stream != 0 {
            return Err(Error::Broken("a frame of another track"));
        }
        let coded_time = if flags & flag::CODED_TIME != 0 { Some(input.number()?) } else { None };
        if flags & flag::SIZE != 0 {
            let more = input.number()?.checked_mul(times).and_then(|more| size.checked_add(more));
            size = more.ok_or(Error::Broken("a frame is too large"))?;
        }
        if flags & flag::MATCH_TIME != 0 {
            input.number()?;
        }
        if flags & flag::HEADER != 0 {
            header = input.number()?;
        }
        if flags & flag::RESERVED != 0 {
            reserved = input.number()?;
        }
        if reserved > PACKETS as u64 {
            return Err(Error::Broken("a frame has too much before its data"));
        }
        for _ in 0..reserved {
            input.number()?;
        }
        if flags & flag::CHECKSUM != 0 {
            input.skip(CHECKSUM)?;
        }
        if flags & flag::SIDE_DATA != 0 {
            return Err(Error::Unsupported("a frame has side data"));
        }
        let time = self.time(coded_time, step)?;
        let keyframe = flags & flag::KEY != 0;
        if size == 0 {
            return Ok(None);
        }
        let data = self.data(size, header, pool)?;
        Ok(Some(Frame { time, keyframe, data }))
    }

    /// The time of a frame, ns.
    fn time(&mut self, coded: Option<u64>, step: i64) -> Result<i64, Error> {
        let shift = self.stream.shift;
        let time = match coded {
            None => i128::from(self.last) + i128::from(step),
            // The lower bits, of the time that is nearest to the one before.
            Some(coded) if coded < 1 << shift => {
                let mask = (1_i128 << shift) - 1;
                let base = i128::from(self.last) - mask / 2;
                ((i128::from(coded) - base) & mask) + base
            }
            Some(coded) => i128::from(coded) - (1 << shift),
        };
        self.last = in_range(time)?;
        let (numerator, denominator) = self.main.units[self.stream.unit];
        let time = i128::from(self.last) * i128::from(numerator) * SECOND / i128::from(denominator);
        i64::try_from(time).map_err(|_| Error::Broken("a time is out of range"))
    }

    fn data(&mut self, size: u64, header: u64, pool: &mut Pool) -> Result<Data, Error> {
        let Track { coding, size: picture } = self.stream.track;
        match coding {
            Coding::Pictures => {
                if size != Format::I420.bytes(picture) as u64 {
                    return Err(Error::Broken("a picture has another size than the first one"));
                }
                let mut read = Ok(());
                let input = &mut self.input;
                let filled = pool.filled(|to| {
                    to.resize(picture)?;
                    read = input.fill(to.bytes_mut());
                    Ok(())
                });
                read?;
                match filled {
                    Ok(picture) => Ok(Data::Picture(picture)),
                    Err(_) => self.input.skip(size).map(|()| Data::NoRoom),
                }
            }
            Coding::H264 => {
                // The beginning of small frames is left out.
                let header = usize::try_from(if size > LONG { 0 } else { header }).unwrap_or(usize::MAX);
                let elided = self.main.elided.get(header).ok_or(Error::Broken("a header is missing"))?;
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                if size > self.bounds.coded_bytes || size < elided.len() {
                    return Err(Error::Broken("a frame is too large"));
                }
                let mut bytes = elided.clone();
                // What was not announced truthfully takes no more memory than what has come of it.
                while bytes.len() < size {
                    let at = bytes.len();
                    bytes.resize(size.min(at + HEADER as usize), 0);
                    self.input.fill(&mut bytes[at..])?;
                }
                Ok(Data::Coded(bytes.into()))
            }
        }
    }
}

fn in_range(time: i128) -> Result<i64, Error> {
    let time = i64::try_from(time).ok().filter(|time| time.abs() <= TIME);
    time.ok_or(Error::Broken("a time is out of range"))
}

/// Reads a startcode, whose first byte was read.
fn startcode<R: Read>(input: &mut Input<R>) -> Result<u64, Error> {
    let mut code = [b'N', 0, 0, 0, 0, 0, 0, 0];
    input.fill(&mut code[1..])?;
    Ok(u64::from_be_bytes(code))
}

/// Reads how long a packet is, with the checksum at its end.
fn length<R: Read>(input: &mut Input<R>, most: u64) -> Result<u64, Error> {
    let length = input.number()?;
    if length > LONG {
        input.skip(CHECKSUM)?;
    }
    if (CHECKSUM..=most).contains(&length) {
        Ok(length)
    } else {
        Err(Error::Broken("a packet has no length or is too long"))
    }
}

/// Reads a packet, without its checksum.
fn packet<R: Read>(input: &mut Input<R>) -> Result<Vec<u8>, Error> {
    let mut packet = vec![0; length(input, HEADER)? as usize];
    input.fill(&mut packet)?;
    packet.truncate(packet.len() - CHECKSUM as usize);
    Ok(packet)
}

fn skip<R: Read>(input: &mut Input<R>) -> Result<(), Error> {
    let length = length(input, SKIPPED)?;
    input.skip(length)
}
