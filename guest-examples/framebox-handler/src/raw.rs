//! The interface as its generated bindings: what the rest of this crate is made of, and a way to everything that the
//! rest does not wrap. A handler may also be written on this alone: see [`video_handler`] and its siblings.

#[allow(missing_docs, unsafe_code, clippy::all)]
mod base {
    wit_bindgen::generate!({ world: "handler-base", path: "wit", pub_export_macro: true, export_macro_name: "base" });
}

pub use base::framebox::video::{log, media, sources, types};

macro_rules! world {
    ($module:ident, $world:literal, $interface:ident, $what:literal) => {
        #[doc = $what]
        #[allow(missing_docs, unsafe_code, clippy::all)]
        pub mod $module {
            wit_bindgen::generate!({
                world: $world,
                path: "wit",
                with: {
                    "framebox:video/log@0.1.0": crate::raw::log,
                    "framebox:video/media@0.1.0": crate::raw::media,
                    "framebox:video/sources@0.1.0": crate::raw::sources,
                    "framebox:video/types@0.1.0": crate::raw::types,
                },
                pub_export_macro: true,
                export_macro_name: "export",
            });
            pub use exports::framebox::video::{$interface, lifecycle};
        }
    };
}

world!(video_handler, "video-handler", transform, "The world of handlers that make something of each frame.");
world!(video_generator, "video-generator", generate, "The world of handlers that make the video.");
world!(video_observer, "video-observer", observe, "The world of handlers that look at the video and report.");
