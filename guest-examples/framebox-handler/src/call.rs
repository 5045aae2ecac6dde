//! What a handler is given for a call: the camera's frame, the place for results, the settings.

use crate::image::Picture;
use crate::raw::media;
use crate::raw::types::{Budget, FrameInfo, PixelFormat, Rect, Size, Value};
use crate::{Color, I420, Image, Result, draw};

macro_rules! call {
    ($(#[$meta:meta])* $name:ident, $(#[$inner:meta])* $field:ident: $type:ty) => {
        $(#[$meta])*
        pub struct $name<'a, S> {
            $(#[$inner])*
            pub $field: $type,
            /// Where results go, as the interface has it.
            pub out: &'a media::Output,
            /// What this call may use.
            pub budget: Budget,
            /// The parameters.
            pub settings: &'a S,
        }

        impl<'a, S> $name<'a, S> {
            #[doc(hidden)]
            pub fn new($field: $type, out: &'a media::Output, budget: Budget, settings: &'a S) -> Self {
                Self { $field, out, budget, settings }
            }

            /// An additional output, stamped with the frame's time. The last value put for an id in one call wins.
            ///
            /// # Errors
            /// What the host says is wrong with it.
            pub fn put(&self, id: &str, value: impl Into<Value>) -> Result {
                Ok(self.out.put(id, &value.into())?)
            }
        }
    };
}

call! {
    /// A frame of the camera, of which a [`Transform`](crate::Transform) makes something.
    Frame,
    /// The camera's frame, as the interface has it.
    input: &'a media::Frame
}

call! {
    /// A moment, of which a [`Generator`](crate::Generator) makes a picture.
    Moment,
    /// The time since the stream began, µs.
    now_us: i64
}

call! {
    /// A frame of the camera, at which an [`Observer`](crate::Observer) looks.
    Sight,
    /// The camera's frame, as the interface has it.
    input: &'a media::Frame
}

macro_rules! looks {
    ($($name:ident),*) => {$(
        impl<S> $name<'_, S> {
            /// Its size, time and number.
            pub fn info(&self) -> FrameInfo {
                self.input.info()
            }

            /// Width and height, pixels.
            pub fn size(&self) -> Size {
                self.info().size
            }

            /// The whole picture in a format, rows without padding.
            pub fn pixels(&self, format: PixelFormat) -> Vec<u8> {
                self.input.pixels(format)
            }

            /// The whole picture as RGBA.
            pub fn image(&self) -> Image {
                Image::new(self.size(), self.pixels(PixelFormat::Rgba8))
            }

            /// The whole picture as the host holds it: nothing is converted.
            pub fn i420(&self) -> I420 {
                I420::new(self.size(), self.pixels(PixelFormat::I420))
            }

            /// A smaller copy of the whole picture, as RGBA: costs what its own size costs. The size is held to what the
            /// host allows: no side of 0.
            pub fn small(&self, size: Size) -> Image {
                let size = Size { width: size.width.max(1), height: size.height.max(1) };
                Image::new(size, self.input.sample(PixelFormat::Rgba8, None, Some(size)))
            }

            /// A smaller copy of the whole picture, one byte of light a pixel, 0 black to 255 white.
            pub fn gray(&self, size: Size) -> Vec<u8> {
                let size = Size { width: size.width.max(1), height: size.height.max(1) };
                self.input.sample(PixelFormat::Gray8, None, Some(size))
            }
        }
    )*};
}

looks!(Frame, Sight);

macro_rules! draws {
    ($($name:ident),*) => {$(
        impl<S> $name<'_, S> {
            /// The picture to be shown: an [`Image`] or an [`I420`].
            ///
            /// # Errors
            /// What the host says is wrong with it.
            pub fn show(&self, picture: &impl Picture) -> Result {
                Ok(self.out.pixels(picture.size(), picture.format(), picture.bytes())?)
            }

            /// Draws an image over the picture shown so far, by its alpha, with its corner at `x` and `y`, pixels. Colours
            /// are sharp where both are even.
            ///
            /// # Errors
            /// It does not lie within the picture, or none was shown so far.
            pub fn overlay(&self, x: u32, y: u32, image: &Image) -> Result {
                let Size { width, height } = image.size();
                Ok(self.out.patch(Rect { x, y, width, height }, PixelFormat::Rgba8, image.bytes())?)
            }

            /// Paints a rectangle of the picture shown so far.
            ///
            /// # Errors
            /// It does not lie within the picture, or none was shown so far.
            pub fn fill(&self, rect: Rect, color: Color) -> Result {
                let Color { red, green, blue } = color;
                let pixels = [red, green, blue].repeat(rect.width as usize * rect.height as usize);
                Ok(self.out.patch(rect, PixelFormat::Rgb8, &pixels)?)
            }

            /// Draws the edge of a rectangle, `thick` pixels wide, within it and over the picture shown so far.
            ///
            /// # Errors
            /// It does not lie within the picture, or none was shown so far.
            pub fn outline(&self, rect: Rect, color: Color, thick: u32) -> Result {
                draw::edge(rect, thick).into_iter().try_for_each(|side| self.fill(side, color))
            }
        }
    )*};
}

draws!(Frame, Moment);

impl<S> Frame<'_, S> {
    /// Shows the camera's frame as it came. Copies nothing.
    ///
    /// # Errors
    /// What the host says is wrong with it.
    pub fn pass(&self) -> Result {
        Ok(self.out.show(self.input)?)
    }
}
