//! What a file may make the host do.

/// Bounds on what a file may make the host do.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The largest file, bytes.
    pub file_bytes: u64,
    /// The largest file of the kinds GIF, WebP, PNG and JPEG, bytes; it is read into memory.
    pub image_bytes: u64,
    /// The largest picture, pixels.
    pub pixels: u64,
    /// The most pictures of a video whose pictures are listed in the file.
    pub frames: u32,
    /// The largest such list, bytes; it is read into memory.
    pub index_bytes: u64,
    /// Pixels that are decoded at most on the way to the picture that a seek asks for.
    pub seek_pixels: u64,
}

impl Default for Bounds {
    /// Two hours of 4K at 60 frames a second in 4 GiB, and keyframes every ten seconds at 1080p30.
    fn default() -> Self {
        Self {
            file_bytes: 4 << 30,
            image_bytes: 32 << 20,
            pixels: 3840 * 2176,
            frames: 2 * 3600 * 60,
            index_bytes: 16 << 20,
            seek_pixels: 300 * 1920 * 1088,
        }
    }
}
