//! Writes pictures as PNG files into a directory, with the number of the frame as the name.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::PathBuf;

use framebox_picture::{Format, Picture, convert};

use crate::Error;

/// A directory of PNG files.
pub(super) struct Stills {
    directory: PathBuf,
    rgb: Vec<u8>,
    written: bool,
}

impl Stills {
    pub(super) fn create(directory: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&directory).map_err(|error| Error::write(&directory, error))?;
        Ok(Self { directory, rgb: Vec::new(), written: false })
    }

    pub(super) fn picture(&mut self, sequence: u64, picture: &Picture) -> Result<(), Error> {
        let path = self.directory.join(format!("frame-{sequence:06}.png"));
        let size = picture.size();
        self.rgb.resize(Format::Rgb8.bytes(size), 0);
        convert::read(picture.planes(), Format::Rgb8, &mut self.rgb).map_err(|error| Error::write(&path, error))?;
        let file = File::create(&path).map_err(|error| Error::write(&path, error))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), size.width, size.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.rgb)?;
            writer.finish()
        });
        self.written = true;
        written.map_err(|error| Error::write(&path, error))
    }

    /// Returns the directory if it has pictures.
    pub(super) fn finish(self) -> Option<PathBuf> {
        self.written.then_some(self.directory)
    }
}
