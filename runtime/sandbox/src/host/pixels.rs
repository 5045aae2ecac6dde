//! Pixels on their way into guest memory: converted straight into the place where the guest wants them.
//!
//! wasmtime passes a list by copying it out of host memory. A conversion into a host buffer first would double the
//! memory traffic of every frame, so the value returned here is a list that is made while it is passed. The traits
//! that this takes are hidden in wasmtime's documentation: the exact version is pinned by the lock file, and the tests
//! of this crate read pixels back.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use framebox_picture::sample::Sampler;
use framebox_picture::{Format, Picture, Rect, Size, convert};
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lower};
use wasmtime::{Result, ValRaw, bail};

use crate::stopwatch::{Pace, Stopwatch};

/// A `list<u8>` with a part of a picture, made when it is passed to the guest.
pub(crate) struct Pixels {
    pub(crate) picture: Arc<Picture>,
    /// Within the picture.
    pub(crate) crop: Rect,
    /// A valid size.
    pub(crate) to: Size,
    pub(crate) format: Format,
    pub(crate) sampler: Arc<Mutex<Sampler>>,
    pub(crate) stopwatch: Stopwatch,
    /// Of this kind of work.
    pub(crate) pace: Pace,
}

impl Pixels {
    /// Makes the list in memory that the guest allocates for it; its address and length.
    fn pass<T>(&self, context: &mut LowerContext<'_, T>) -> Result<(u32, u32)> {
        let bytes = self.format.bytes(self.to);
        let Ok(length) = u32::try_from(bytes) else { bail!("{} {:?} do not fit into memory", self.to, self.format) };
        let address = context.realloc(0, 0, 1, bytes)?;
        let target = context.as_slice_mut().get_mut(address..).and_then(|memory| memory.get_mut(..bytes));
        let Some(target) = target else { bail!("the guest allocated pixels outside of its memory") };
        let begin = Instant::now();
        let done = self.stopwatch.time(|| self.convert(target));
        self.pace.saw(self.work(), begin.elapsed());
        if let Err(error) = done {
            bail!("{error}");
        }
        Ok((u32::try_from(address)?, length))
    }

    /// Pixels that are read and made.
    pub(crate) fn work(&self) -> u64 {
        self.crop.size().pixels().saturating_add(self.to.pixels())
    }

    /// True when nothing is cropped or scaled.
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

// SAFETY: the flat form, the layout in memory and the type that is checked are those of `[u8]`, whose implementation
// this refers to in each point.
unsafe impl ComponentType for Pixels {
    type Lower = <[u8] as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <[u8] as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <[u8] as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: each function writes what the implementation for `[u8]` writes: the address and the length of a block that
// the guest allocated with alignment 1 and that `pass` has checked to lie within its memory. `dst` is initialised whole
// before `Ok` is returned.
unsafe impl Lower for Pixels {
    fn linear_lower_to_flat<T>(
        &self,
        context: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        let (address, length) = self.pass(context)?;
        dst.write([ValRaw::i64(i64::from(address)), ValRaw::i64(i64::from(length))]);
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        context: &mut LowerContext<'_, T>,
        _ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let (address, length) = self.pass(context)?;
        *context.get(offset) = address.to_le_bytes();
        *context.get(offset + 4) = length.to_le_bytes();
        Ok(())
    }
}
