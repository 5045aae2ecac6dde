//! Video and picture files, opened to be read picture by picture.
//!
//! **A file is believed in nothing: what it makes the host do stays within [`Bounds`], and its errors name no path.**
//!
//! | module | what it reads |
//! |---|---|
//! | `mp4` | MP4 and QuickTime with H.264 |
//! | `y4m` | YUV4MPEG2, uncompressed |
//! | `animation` | animated GIF, WebP and PNG |
//! | `still` | PNG, JPEG, GIF and WebP |
//! | `looped` | [`Looping`]: any of them, over and over |

mod animation;
mod bounds;
mod error;
mod file;
mod looping;
mod mp4;
mod reel;
mod rgba;
mod still;
mod y4m;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use framebox_picture::{Picture, Size};
use image::ImageFormat;

pub use bounds::Bounds;
pub use error::Error;
pub use looping::Looping;

use file::File;

/// An opened video or picture file.
pub trait Clip: Send {
    /// What is known of it.
    fn info(&self) -> Info;

    /// The next picture in the order of presentation; none at the end.
    ///
    /// # Errors
    /// What is wrong with the file. The same error comes again until a seek succeeds.
    fn next(&mut self) -> Result<Option<Frame>, Error>;

    /// Goes to a time: the picture that is shown then comes next. After the end, none does.
    ///
    /// # Errors
    /// [`Error::NoSeek`] where the container does not allow it, [`Error::TooFar`] where too much would have to be decoded.
    /// Going to the beginning is always allowed.
    fn seek(&mut self, to: Duration) -> Result<(), Error>;
}

/// What is known of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// Size of its pictures; those of a video that changes its size come in theirs.
    pub size: Size,
    /// Frames a second, on average; 0 when not known.
    pub fps: f32,
    /// From the first picture to the end of the last; none when not known.
    pub duration: Option<Duration>,
}

/// One picture of a clip.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its pixels.
    pub picture: Arc<Picture>,
    /// When it is shown, counted from the first picture.
    pub pts: Duration,
}

/// Opens a file; its kind is told by its content. The first picture is decoded, so that a file that cannot be decoded is
/// told at once.
///
/// # Errors
/// It cannot be read, is of no kind that is known here, is damaged, or asks for more than `bounds` allow.
pub fn open(path: &Path, bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
    let file = File::open(path, bounds)?;
    let mut head = [0; 16];
    let length = file.read_some(0, &mut head)?;
    match &head[..length] {
        [b'Y', b'U', b'V', b'4', b'M', b'P', b'E', b'G', b'2', ..] => Ok(Box::new(y4m::Video::open(file, bounds)?)),
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Ok(Box::new(mp4::Video::open(file, bounds)?)),
        [0x89, b'P', b'N', b'G', ..] => image(file, bounds, ImageFormat::Png),
        [b'G', b'I', b'F', b'8', ..] => image(file, bounds, ImageFormat::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => image(file, bounds, ImageFormat::WebP),
        [0xff, 0xd8, 0xff, ..] => image(file, bounds, ImageFormat::Jpeg),
        [] => Err(Error::Broken("it is empty".into())),
        _ => Err(Error::Unknown),
    }
}

/// A file that the crate `image` reads: an animation when it has more than one picture.
fn image(file: File, bounds: &Bounds, format: ImageFormat) -> Result<Box<dyn Clip>, Error> {
    if file.length() > bounds.image_bytes {
        return Err(Error::TooMuch { what: "the bytes of an image", most: bounds.image_bytes });
    }
    let mut bytes = Vec::new();
    file.append(0, file.length() as usize, &mut bytes, "its end")?;
    let image = rgba::Image { bytes: bytes.into(), format, pixels: bounds.pixels };
    if image.is_animated()? {
        animation::Animation::open(image, bounds)
    } else {
        Ok(Box::new(still::Still::open(image)?))
    }
}
