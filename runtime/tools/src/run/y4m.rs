//! Writes Y4M files (YUV4MPEG2), which hold uncompressed pictures.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use framebox_picture::{Picture, Size};

use super::rate::Rate;
use super::same_size::same_size;
use crate::Error;

/// A Y4M file while it is written.
pub(super) struct Y4m {
    path: PathBuf,
    file: BufWriter<File>,
    rate: Rate,
    size: Option<Size>,
}

impl Y4m {
    pub(super) fn create(path: PathBuf, rate: Rate) -> Result<Self, Error> {
        let file = File::create(&path).map_err(|error| Error::write(&path, error))?;
        Ok(Self { path, file: BufWriter::new(file), rate, size: None })
    }

    pub(super) fn picture(&mut self, picture: &Picture) -> Result<(), Error> {
        let is_first = self.size.is_none();
        same_size(&mut self.size, picture.size())?;
        self.write(picture, is_first).map_err(|error| Error::write(&self.path, error))
    }

    fn write(&mut self, picture: &Picture, is_first: bool) -> std::io::Result<()> {
        if is_first {
            let (Size { width, height }, Rate { frames, seconds }) = (picture.size(), self.rate);
            // `C420jpeg`: chroma samples are centred between four pixels, as in our pictures.
            let header = format!("W{width} H{height} F{frames}:{seconds} Ip A1:1 C420jpeg XCOLORRANGE=LIMITED");
            writeln!(self.file, "YUV4MPEG2 {header}")?;
        }
        self.file.write_all(b"FRAME\n")?;
        self.file.write_all(picture.bytes())
    }

    /// Completes the file; returns its path if it has pictures.
    pub(super) fn finish(mut self) -> Result<Option<PathBuf>, Error> {
        self.file.flush().map_err(|error| Error::write(&self.path, error))?;
        Ok(self.size.map(|_| self.path))
    }
}
