//! Bounds on the work that a file causes.

/// Bounds on the work and memory that a file causes.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Size of a file, bytes.
    pub file_bytes: u64,
    /// Size of a GIF, WebP, PNG or JPEG file, bytes. It is read into memory.
    pub image_bytes: u64,
    /// Size of a picture, pixels.
    pub pixels: u64,
    /// Number of pictures of a video whose file has an index.
    pub frames: u32,
    /// Size of the index, bytes. It is read into memory.
    pub index_bytes: u64,
    /// Pixels that a seek decodes on the way to its target.
    pub seek_pixels: u64,
}

impl Default for Bounds {
    /// Allows two hours of 4K at 60 frames per second in 4 GiB, and keyframes every ten seconds at 1080p30.
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
