//! Converts pictures directly into guest memory.
//!
//! wasmtime passes a list by copying it from host memory. Converting into a host buffer first would double the memory
//! traffic of every frame, so [`Pixels`] is a list that is converted while it is passed. The traits that this needs are
//! hidden in wasmtime's documentation: the lock file pins the exact version, and the tests of this crate read pixels
//! back.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use framebox_picture::sample::Sampler;
use framebox_picture::{Format, Picture, Rect, Size, convert};
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lower};
use wasmtime::{Result, ValRaw, bail};

use crate::state::stopwatch::{Speed, Stopwatch};

/// A `list<u8>` of pixels, converted when it is passed to the guest.
pub(crate) struct Pixels {
    pub(crate) picture: Arc<Picture>,
    /// Part of the picture, which lies within it.
    pub(crate) crop: Rect,
    /// Size of the result, which is valid.
    pub(crate) to: Size,
    pub(crate) format: Format,
    pub(crate) sampler: Arc<Mutex<Sampler>>,
    pub(crate) stopwatch: Stopwatch,
    /// Speed of this kind of work.
    pub(crate) speed: Speed,
}

impl Pixels {
    /// Converts into memory that the guest allocates. Returns the list's address and length.
    fn lower<T>(&self, context: &mut LowerContext<'_, T>) -> Result<(u32, u32)> {
        let bytes = self.format.bytes(self.to);
        let Ok(length) = u32::try_from(bytes) else { bail!("{} {:?} do not fit into memory", self.to, self.format) };
        let address = context.realloc(0, 0, 1, bytes)?;
        let target = context.as_slice_mut().get_mut(address..).and_then(|memory| memory.get_mut(..bytes));
        let Some(target) = target else { bail!("the guest allocated pixels outside its memory") };
        let begin = Instant::now();
        let done = self.stopwatch.time(|| self.convert(target));
        self.speed.observe(self.work(), begin.elapsed());
        if let Err(error) = done {
            bail!("{error}");
        }
        Ok((u32::try_from(address)?, length))
    }

    /// Returns the amount of work: pixels read plus pixels written.
    pub(crate) fn work(&self) -> u64 {
        self.crop.size().pixels().saturating_add(self.to.pixels())
    }

    /// Returns whether the picture is neither cropped nor scaled.
    pub(crate) fn is_whole(&self) -> bool {
        self.to == self.picture.size() && self.crop == Rect::whole(self.to)
    }

    fn convert(&self, target: &mut [u8]) -> std::result::Result<(), framebox_picture::Error> {
        let planes = self.picture.planes();
        if self.is_whole() {
            return convert::read(planes, self.format, target);
        }
        let mut sampler = self.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        sampler.sample(planes, self.crop, self.to, self.format, target)
    }
}

// SAFETY: the flat form, the memory layout and the checked type are those of `[u8]`: each item refers to the implementation
// for `[u8]`.
unsafe impl ComponentType for Pixels {
    type Lower = <[u8] as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <[u8] as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <[u8] as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: each function writes what the implementation for `[u8]` writes: the address and the length of a block that the
// guest allocated with alignment 1 and that `lower` has checked to lie within its memory. `dst` is fully initialised before
// `Ok` is returned.
unsafe impl Lower for Pixels {
    fn linear_lower_to_flat<T>(
        &self,
        context: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        let (address, length) = self.lower(context)?;
        dst.write([ValRaw::i64(i64::from(address)), ValRaw::i64(i64::from(length))]);
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        context: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let (address, length) = self.lower(context)?;
        *context.get(offset) = address.to_le_bytes();
        *context.get(offset + 4) = length.to_le_bytes();
        Ok(())
    }
}
