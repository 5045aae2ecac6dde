//! libvpx with plain arguments: what `shim.c` declares, and owners of its encoders and decoders.
#![allow(unsafe_code, reason = "libvpx is C")]

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong};
use std::ptr::{NonNull, null, null_mut};

use framebox_picture::{Plane, Planes, Size};

use crate::Error;

/// The coarsest quantiser index (RFC 6386 §9.6).
pub(super) const MAX_QUANTIZER: u8 = 127;

/// `framebox_vp8_picture`.
#[repr(C)]
struct RawPicture {
    width: c_uint,
    height: c_uint,
    planes: [*const u8; 3],
    strides: [c_int; 3],
}

/// `framebox_vp8_encoder`.
#[repr(C)]
struct RawEncoder([u8; 0]);

/// `vpx_codec_ctx_t`.
#[repr(C)]
struct RawDecoder([u8; 0]);

unsafe extern "C" {
    fn framebox_vp8_error(error: c_int) -> *const c_char;
    fn framebox_vp8_encoder_open(width: c_uint, height: c_uint, kilobits: c_uint, out: *mut *mut RawEncoder) -> c_int;
    fn framebox_vp8_encoder_set_bitrate(encoder: *mut RawEncoder, kilobits: c_uint) -> c_int;
    fn framebox_vp8_encoder_encode(
        encoder: *mut RawEncoder,
        picture: *const RawPicture,
        ticks: i64,
        duration: c_ulong,
        keyframe: c_int,
        data: *mut *const u8,
        length: *mut usize,
        is_keyframe: *mut c_int,
        quantizer: *mut c_int,
    ) -> c_int;
    fn framebox_vp8_encoder_close(encoder: *mut RawEncoder);
    fn framebox_vp8_decoder_open(out: *mut *mut RawDecoder) -> c_int;
    fn framebox_vp8_decoder_decode(
        decoder: *mut RawDecoder,
        data: *const u8,
        length: c_uint,
        picture: *mut RawPicture,
    ) -> c_int;
    fn framebox_vp8_decoder_close(decoder: *mut RawDecoder);
}

/// An encoder of libvpx for pictures of one size.
pub(super) struct LibraryEncoder(NonNull<RawEncoder>);

// SAFETY: the encoder has no thread of its own (`g_threads` is 1) and nothing that belongs to one; it is used by one at a time.
unsafe impl Send for LibraryEncoder {}

impl LibraryEncoder {
    /// An encoder for pictures of `size`, kilobits per second.
    pub(super) fn open(size: Size, kilobits: u32) -> Result<Self, Error> {
        let mut encoder = null_mut();
        // SAFETY: the pointer that is written to outlives the call.
        let result = unsafe { framebox_vp8_encoder_open(size.width, size.height, kilobits, &raw mut encoder) };
        opened(result, encoder).map(Self)
    }

    /// Changes the bit rate, kilobits per second.
    pub(super) fn set_bitrate(&mut self, kilobits: u32) -> Result<(), Error> {
        // SAFETY: the encoder is open.
        checked(unsafe { framebox_vp8_encoder_set_bitrate(self.0.as_ptr(), kilobits) })
    }

    /// Appends a coded picture to `out`, and returns whether it is a keyframe, and its quantiser index, 0 to 127. `picture` has the encoder's size. `ticks` is its
    /// time, `duration` how long it is shown, µs.
    pub(super) fn encode(
        &mut self,
        picture: &Planes<'_>,
        size: Size,
        (ticks, duration): (i64, u32),
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<(bool, u8), Error> {
        for (plane, size) in [(picture.y, size), (picture.u, size.chroma()), (picture.v, size.chroma())] {
            assert!(fits(plane.data.len(), plane.stride, size), "a plane is smaller than its picture");
        }
        let strides = [picture.y.stride, picture.u.stride, picture.v.stride].map(|stride| stride as c_int);
        let planes = [picture.y.data.as_ptr(), picture.u.data.as_ptr(), picture.v.data.as_ptr()];
        let raw = RawPicture { width: size.width, height: size.height, planes, strides };
        let (mut data, mut length, mut is_keyframe, mut quantizer) = (null(), 0, 0, 0);
        // SAFETY: the encoder is open. It reads from planes that hold the picture's rows, as was checked, and only during the
        // call. The results outlive it.
        checked(unsafe {
            framebox_vp8_encoder_encode(
                self.0.as_ptr(),
                &raw const raw,
                ticks,
                c_ulong::from(duration),
                c_int::from(keyframe),
                &raw mut data,
                &raw mut length,
                &raw mut is_keyframe,
                &raw mut quantizer,
            )
        })?;
        if length > 0 {
            // SAFETY: libvpx returned this many bytes, and keeps them until it is called again.
            out.extend_from_slice(unsafe { std::slice::from_raw_parts(data, length) });
        }
        Ok((is_keyframe != 0, quantizer.clamp(0, i32::from(MAX_QUANTIZER)) as u8))
    }
}

impl Drop for LibraryEncoder {
    fn drop(&mut self) {
        // SAFETY: the encoder is open, and nothing uses it afterwards.
        unsafe { framebox_vp8_encoder_close(self.0.as_ptr()) }
    }
}

/// A decoder of libvpx, and its last picture.
pub(super) struct LibraryDecoder {
    decoder: NonNull<RawDecoder>,
    picture: Option<RawPicture>,
}

// SAFETY: the decoder has no thread of its own and nothing that belongs to one; the picture points into memory that it owns.
unsafe impl Send for LibraryDecoder {}

impl LibraryDecoder {
    /// A decoder for one stream.
    pub(super) fn open() -> Result<Self, Error> {
        let mut decoder = null_mut();
        // SAFETY: the pointer that is written to outlives the call.
        let result = unsafe { framebox_vp8_decoder_open(&raw mut decoder) };
        Ok(Self { decoder: opened(result, decoder)?, picture: None })
    }

    /// Forgets the last picture.
    pub(super) fn clear(&mut self) {
        self.picture = None;
    }

    /// Decodes a coded picture. Returns whether it is to be shown.
    pub(super) fn decode(&mut self, data: &[u8]) -> Result<bool, Error> {
        self.picture = None;
        let length = c_uint::try_from(data.len()).map_err(|_| Error::Damaged)?;
        let mut raw = RawPicture { width: 0, height: 0, planes: [null(); 3], strides: [0; 3] };
        // SAFETY: the decoder is open. The data are read during the call alone, and the result outlives it.
        checked(unsafe { framebox_vp8_decoder_decode(self.decoder.as_ptr(), data.as_ptr(), length, &raw mut raw) })?;
        let size = Size::new(raw.width, raw.height);
        if raw.planes.iter().any(|plane| plane.is_null()) || !size.is_valid() {
            return Ok(false);
        }
        let holds =
            |stride: c_int, size: Size| usize::try_from(stride).is_ok_and(|stride| stride >= size.width as usize);
        let [y, u, v] = raw.strides;
        if !holds(y, size) || !holds(u, size.chroma()) || !holds(v, size.chroma()) {
            return Err(Error::Damaged);
        }
        self.picture = Some(raw);
        Ok(true)
    }

    /// The picture of the last call, if it had one.
    pub(super) fn picture(&self) -> Option<Planes<'_>> {
        let picture = self.picture.as_ref()?;
        let size = Size::new(picture.width, picture.height);
        let plane = |index: usize, size: Size| {
            let stride = picture.strides[index] as usize;
            let length = stride * (size.height as usize - 1) + size.width as usize;
            // SAFETY: libvpx returned planes of this size and stride for the last data, and does not change them until it is
            // called again or closed, which the borrow of `self` excludes; `decode` forgets them before it calls libvpx.
            Plane { data: unsafe { std::slice::from_raw_parts(picture.planes[index], length) }, stride }
        };
        Some(Planes { size, y: plane(0, size), u: plane(1, size.chroma()), v: plane(2, size.chroma()) })
    }
}

impl Drop for LibraryDecoder {
    fn drop(&mut self) {
        // SAFETY: the decoder is open, and nothing uses it afterwards.
        unsafe { framebox_vp8_decoder_close(self.decoder.as_ptr()) }
    }
}

/// Returns whether `length` bytes with rows of `stride` bytes hold a plane of `size`.
fn fits(length: usize, stride: usize, size: Size) -> bool {
    let (width, height) = (size.width as usize, size.height as usize);
    (width..=c_int::MAX as usize).contains(&stride) && length >= stride * height.saturating_sub(1) + width
}

fn opened<T>(result: c_int, opened: *mut T) -> Result<NonNull<T>, Error> {
    checked(result)?;
    NonNull::new(opened).ok_or_else(|| Error::Codec("libvpx returned nothing".to_owned()))
}

fn checked(result: c_int) -> Result<(), Error> {
    if result == 0 {
        return Ok(());
    }
    // SAFETY: libvpx returns a text of its own for any number, and keeps it.
    let text = unsafe { CStr::from_ptr(framebox_vp8_error(result)) };
    Err(Error::Codec(format!("libvpx: {}", text.to_string_lossy())))
}
