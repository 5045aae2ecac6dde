//! Who caused that a frame failed.

use framebox_media::encode;
use framebox_picture::Size;
use framebox_sandbox::{CallError, Kind, Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who caused that a frame failed. Only what the handler caused is held against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The handler.
    Handler,
    /// The camera: its picture is larger than the handler may put, or has a size that cannot be encoded.
    Input,
    /// A limit of the host: it had no room for the instance or for a picture.
    Host,
}

impl Cause {
    /// Who caused `failure` of a handler of that `kind` with a picture of size `input`; none for a generator.
    pub(crate) fn of(failure: &CallError, kind: Kind, limits: &Limits, input: Option<Size>) -> Self {
        match input {
            _ if failure.is_of_host() => Self::Host,
            Some(size) if !is_usual(size, kind, limits) => Self::Input,
            _ => Self::Handler,
        }
    }
}

/// True for a picture that a handler can be expected to cope with: it could be put and encoded as it is.
pub(crate) fn is_usual(size: Size, kind: Kind, limits: &Limits) -> bool {
    size.pixels() <= limits.output_pixels && (kind == Kind::Observer || encode::is_possible(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_handlers_own_failures_are_held_against_it() {
        let limits = Limits { output_pixels: 1000 * 1000, ..Limits::default() };
        let (trap, refused) = (CallError::Trap("no".into()), CallError::Refused("full".into()));
        let memory = CallError::HostMemory { message: "full".into(), trapped: true };
        let (small, large, tiny) = (Size::new(640, 480), Size::new(1001, 1000), Size::new(14, 14));
        for (failure, kind, input, cause) in [
            (&trap, Kind::Transform, Some(small), Cause::Handler),
            (&trap, Kind::Generator, None, Cause::Handler),
            (&trap, Kind::Transform, Some(large), Cause::Input),
            (&trap, Kind::Observer, Some(large), Cause::Input),
            (&trap, Kind::Transform, Some(tiny), Cause::Input),
            (&trap, Kind::Observer, Some(tiny), Cause::Handler),
            (&refused, Kind::Transform, Some(small), Cause::Host),
            (&memory, Kind::Transform, Some(large), Cause::Host),
        ] {
            assert_eq!(Cause::of(failure, kind, &limits, input), cause, "{failure:?} {kind:?} {input:?}");
        }
    }
}
