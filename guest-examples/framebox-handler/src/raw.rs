//! The generated bindings of the interface, for everything that this crate does not wrap.

/// The part of all handlers: imports, and the exports `describe`, `init`, `configure` and `close`.
#[doc(hidden)]
#[allow(missing_docs, unsafe_code, clippy::all)]
pub mod base {
    wit_bindgen::generate!({
        world: "handler-base",
        path: "wit",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export",
    });
}

pub use base::framebox::video::{log, media, sources, types};

/// A world with one export. A component consists of the base and one of these. A world for both would declare the macro of
/// the base's exports again, and a crate can have it only once.
macro_rules! world {
    ($module:ident, $world:literal, $inline:literal) => {
        #[doc(hidden)]
        #[allow(missing_docs, unsafe_code, clippy::all)]
        pub mod $module {
            wit_bindgen::generate!({
                world: $world,
                path: "wit",
                inline: $inline,
                with: {
                    "framebox:video/media@0.1.0": crate::raw::media,
                    "framebox:video/types@0.1.0": crate::raw::types,
                },
                pub_export_macro: true,
                export_macro_name: "export",
            });
        }
    };
}

world!(
    transform,
    "framebox:handler/only-transform",
    "package framebox:handler; world only-transform { export framebox:video/transform@0.1.0; }"
);
world!(
    generate,
    "framebox:handler/only-generate",
    "package framebox:handler; world only-generate { export framebox:video/generate@0.1.0; }"
);
world!(
    observe,
    "framebox:handler/only-observe",
    "package framebox:handler; world only-observe { export framebox:video/observe@0.1.0; }"
);
