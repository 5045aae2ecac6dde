//! The three kinds of handler.

use crate::{About, Frame, Moment, Parameters, Result, Sight};

macro_rules! handler {
    ($(#[$meta:meta])* $name:ident, $(#[$inner:meta])* fn $call:ident($what:ident: $type:ident)) => {
        $(#[$meta])*
        pub trait $name: Default + 'static {
            /// Its parameters: what [`parameters!`](crate::parameters) declared, or `()`.
            type Settings: Parameters;

            /// What it is called, what it puts, at which size and rate it wants frames.
            fn about() -> About {
                About::default()
            }

            /// Looks at the parameters, once before the first frame and after each change: the place to compute what is
            /// not to be computed for each frame.
            ///
            /// # Errors
            /// Before the first frame an error ends the session; later the old values stand, and the person watching
            /// is told.
            fn configured(&mut self, settings: &Self::Settings) -> Result<(), String> {
                let _ = settings;
                Ok(())
            }

            $(#[$inner])*
            fn $call(&mut self, $what: &$type<Self::Settings>) -> Result;

            /// The session is over. Not called after a fault.
            fn closed(&mut self) {}
        }
    };
}

handler! {
    /// Makes something of each frame of the camera: send-receive.
    Transform,
    /// Called for each frame that is not skipped.
    ///
    /// # Errors
    /// The person watching sees the message, the next frame is tried; or the stream is over.
    fn process(frame: Frame)
}

handler! {
    /// Makes the video: receive.
    Generator,
    /// Makes the next frame of the stream; called at the stream's rate.
    ///
    /// # Errors
    /// The person watching sees the message, the next frame is tried; or the stream is over.
    fn next(frame: Moment)
}

handler! {
    /// Looks at the video and reports values: send.
    Observer,
    /// Called for each frame that is not skipped.
    ///
    /// # Errors
    /// The person watching sees the message, the next frame is tried; or the stream is over.
    fn observe(frame: Sight)
}
