//! Short texts from a guest, looked at before they are copied.
//!
//! A text that says why a frame failed may be as long as the guest's memory allows, and wasmtime copies it before anybody
//! can look at it. What is copied and thrown away again costs time, and the allocator keeps the room for it. As in
//! [`super::pixels`], the traits that this takes are hidden in wasmtime's documentation.
#![allow(unsafe_code)]

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift};
use wasmtime::{Result, bail};

/// Longest text, bytes.
const MOST: u32 = 64 * 1024;

/// A `string` of at most 64 KiB; one that is longer is a trap.
#[derive(Debug)]
pub(crate) struct Words(pub(crate) String);

fn check(length: u32) -> Result<()> {
    match length <= MOST {
        true => Ok(()),
        false => bail!("a text of {length} bytes is longer than the {MOST} allowed"),
    }
}

// SAFETY: the flat form, the layout in memory and the type that is checked are those of `String`, whose implementation
// this refers to in each point.
unsafe impl ComponentType for Words {
    type Lower = <String as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <String as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <String as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: each function is that of `String`, called after a look at the length, which is the second of the two numbers
// that a string consists of in either form.
unsafe impl Lift for Words {
    fn linear_lift_from_flat(context: &mut LiftContext<'_>, ty: InterfaceType, src: &Self::Lower) -> Result<Self> {
        check(src[1].get_u32())?;
        String::linear_lift_from_flat(context, ty, src).map(Self)
    }

    fn linear_lift_from_memory(context: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> Result<Self> {
        let Some(length) = bytes.last_chunk::<4>() else { bail!("a string has two numbers") };
        check(u32::from_le_bytes(*length))?;
        String::linear_lift_from_memory(context, ty, bytes).map(Self)
    }
}
