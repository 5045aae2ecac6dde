//! The argument of a call: the input, the destination of results, the budget, the parameters.

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
            /// The destination of results.
            pub out: &'a media::Output,
            /// The budget of this call.
            pub budget: Budget,
            /// The parameters.
            pub settings: &'a S,
        }

        impl<'a, S> $name<'a, S> {
            #[doc(hidden)]
            pub fn new($field: $type, out: &'a media::Output, budget: Budget, settings: &'a S) -> Self {
                Self { $field, out, budget, settings }
            }

            /// Sets an additional output, with the time of the frame. The last value for an id in a call wins.
            ///
            /// # Errors
            /// The host rejects the value; the error says why.
            pub fn put(&self, id: &str, value: impl Into<Value>) -> Result {
                Ok(self.out.put(id, &value.into())?)
            }
        }
    };
}

call! {
    /// A frame of the camera, for a [`Transform`](crate::Transform).
    Frame,
    /// The frame of the interface.
    input: &'a media::Frame
}

call! {
    /// A tick of the stream's frame clock, for which a [`Generator`](crate::Generator) generates a picture.
    Tick,
    /// The time since the start of the stream, µs.
    now_us: i64
}

call! {
    /// A frame of the camera, for an [`Observer`](crate::Observer).
    ObservedFrame,
    /// The frame of the interface.
    input: &'a media::Frame
}

macro_rules! input {
    ($($name:ident),*) => {$(
        impl<S> $name<'_, S> {
            /// Returns its size, time and number.
            pub fn info(&self) -> FrameInfo {
                self.input.info()
            }

            /// Returns width and height, pixels.
            pub fn size(&self) -> Size {
                self.info().size
            }

            /// Returns the whole picture in a format, rows without padding.
            pub fn pixels(&self, format: PixelFormat) -> Vec<u8> {
                self.input.pixels(format)
            }

            /// Returns the whole picture as RGBA.
            pub fn image(&self) -> Image {
                Image::new(self.size(), self.pixels(PixelFormat::Rgba8))
            }

            /// Returns the whole picture in the format of the host: nothing is converted.
            pub fn i420(&self) -> I420 {
                I420::new(self.size(), self.pixels(PixelFormat::I420))
            }

            /// Returns a scaled copy of the whole picture as RGBA; its cost depends on `size` only. A side of 0 is
            /// raised to 1.
            pub fn small(&self, size: Size) -> Image {
                let size = Size { width: size.width.max(1), height: size.height.max(1) };
                Image::new(size, self.input.sample(PixelFormat::Rgba8, None, Some(size)))
            }

            /// Returns a scaled copy of the whole picture in gray, one byte a pixel, 0 black to 255 white.
            pub fn gray(&self, size: Size) -> Vec<u8> {
                let size = Size { width: size.width.max(1), height: size.height.max(1) };
                self.input.sample(PixelFormat::Gray8, None, Some(size))
            }
        }
    )*};
}

input!(Frame, ObservedFrame);

macro_rules! output {
    ($($name:ident),*) => {$(
        impl<S> $name<'_, S> {
            /// Shows a picture: an [`Image`] or an [`I420`].
            ///
            /// # Errors
            /// The host rejects the picture; the error says why.
            pub fn show(&self, picture: &impl Picture) -> Result {
                Ok(self.out.pixels(picture.size(), picture.format(), picture.bytes())?)
            }

            /// Blends an image over the picture shown before, with its top left corner at `x` and `y`, pixels. Colours are
            /// sharp if both are even.
            ///
            /// # Errors
            /// It exceeds the picture, or no picture was shown before.
            pub fn overlay(&self, x: u32, y: u32, image: &Image) -> Result {
                let Size { width, height } = image.size();
                Ok(self.out.patch(Rect { x, y, width, height }, PixelFormat::Rgba8, image.bytes())?)
            }

            /// Fills a rectangle of the picture shown before.
            ///
            /// # Errors
            /// It exceeds the picture, or no picture was shown before.
            pub fn fill(&self, rect: Rect, color: Color) -> Result {
                let Color { red, green, blue } = color;
                let pixels = [red, green, blue].repeat(rect.width as usize * rect.height as usize);
                Ok(self.out.patch(rect, PixelFormat::Rgb8, &pixels)?)
            }

            /// Draws the edge of a rectangle, `thick` pixels wide and inside it, over the picture shown before.
            ///
            /// # Errors
            /// It exceeds the picture, or no picture was shown before.
            pub fn outline(&self, rect: Rect, color: Color, thick: u32) -> Result {
                draw::edge(rect, thick).into_iter().try_for_each(|side| self.fill(side, color))
            }
        }
    )*};
}

output!(Frame, Tick);

impl<S> Frame<'_, S> {
    /// Shows the input unchanged. Copies nothing.
    ///
    /// # Errors
    /// The host rejects the picture; the error says why.
    pub fn pass(&self) -> Result {
        Ok(self.out.show(self.input)?)
    }
}
