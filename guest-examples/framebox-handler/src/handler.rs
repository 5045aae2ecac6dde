//! The three kinds of handler.

use crate::{About, Frame, ObservedFrame, Parameters, Result, Tick};

macro_rules! handler {
    ($(#[$meta:meta])* $name:ident, $(#[$inner:meta])* fn $call:ident($what:ident: $type:ident)) => {
        $(#[$meta])*
        pub trait $name: Default + 'static {
            /// The parameters: a struct declared by [`parameters!`](crate::parameters), or `()`.
            type Settings: Parameters;

            /// Describes the handler: title, outputs, preferred size and frame rate.
            fn about() -> About {
                About::default()
            }

            /// Called before the first frame and after each change of the parameters: compute here what need not be
            /// computed for each frame.
            ///
            /// # Errors
            /// Before the first frame an error ends the session. Later the previous values remain, and viewers see the
            /// message.
            fn configured(&mut self, settings: &Self::Settings) -> Result<(), String> {
                let _ = settings;
                Ok(())
            }

            $(#[$inner])*
            fn $call(&mut self, $what: &$type<Self::Settings>) -> Result;

            /// Called when the session ends, except after a failure.
            fn closed(&mut self) {}
        }
    };
}

handler! {
    /// Processes each frame of the camera: video in, video out.
    Transform,
    /// Called for each frame that is not skipped.
    ///
    /// # Errors
    /// [`Stop::Failed`](crate::Stop::Failed) fails this frame and shows the message to viewers;
    /// [`Stop::Finished`](crate::Stop::Finished) ends the stream.
    fn process(frame: Frame)
}

handler! {
    /// Generates video: no input, video out.
    Generator,
    /// Generates the next frame; called at the stream's frame rate.
    ///
    /// # Errors
    /// [`Stop::Failed`](crate::Stop::Failed) fails this frame and shows the message to viewers;
    /// [`Stop::Finished`](crate::Stop::Finished) ends the stream.
    fn next(frame: Tick)
}

handler! {
    /// Analyses video and reports values: video in, no output video.
    Observer,
    /// Called for each frame that is not skipped.
    ///
    /// # Errors
    /// [`Stop::Failed`](crate::Stop::Failed) fails this frame and shows the message to viewers;
    /// [`Stop::Finished`](crate::Stop::Finished) ends the stream.
    fn observe(frame: ObservedFrame)
}
