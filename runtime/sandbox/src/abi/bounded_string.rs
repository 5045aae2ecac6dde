//! Strings from a guest whose length is checked before they are copied.
//!
//! The reason for which a frame failed may be as long as the guest's memory, and wasmtime copies it before the host can
//! look at it. Copying a huge text only to discard it takes time, and the allocator keeps the memory. As in
//! [`crate::host::pixels`], the traits that this needs are hidden in wasmtime's documentation.
#![allow(unsafe_code)]

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift};
use wasmtime::{Result, bail};

/// Longest string, bytes.
const MAX_BYTES: u32 = 64 * 1024;

/// A `string` of at most 64 KiB. A longer one traps.
#[derive(Debug)]
pub(crate) struct BoundedString(pub(crate) String);

fn check(length: u32) -> Result<()> {
    match length <= MAX_BYTES {
        true => Ok(()),
        false => bail!("a text of {length} bytes is longer than the {MAX_BYTES} allowed"),
    }
}

// SAFETY: the flat form, the memory layout and the checked type are those of `String`: each item refers to the
// implementation for `String`.
unsafe impl ComponentType for BoundedString {
    type Lower = <String as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <String as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <String as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: each function calls the one of `String` after it has checked the length, which is the second of the two numbers
// that represent a string in both forms.
unsafe impl Lift for BoundedString {
    fn linear_lift_from_flat(context: &mut LiftContext<'_>, ty: InterfaceType, src: &Self::Lower) -> Result<Self> {
        check(src[1].get_u32())?;
        String::linear_lift_from_flat(context, ty, src).map(Self)
    }

    fn linear_lift_from_memory(context: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        let Some(length) = bytes.last_chunk::<4>() else { bail!("a string consists of two numbers") };
        check(u32::from_le_bytes(*length))?;
        String::linear_lift_from_memory(context, ty, bytes).map(Self)
    }
}
