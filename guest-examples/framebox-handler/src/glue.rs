//! Connects the exports of the interface with the traits. Only for the macros of this crate.

use std::cell::RefCell;

pub use crate::raw::base::exports::framebox::video::lifecycle::Guest as Lifecycle;
pub use crate::raw::types::{Descriptor, NamedValue, Stop};
use crate::{About, Parameters, control};

/// The handler of a session and its settings. An instance serves one session and is called by one thread.
pub struct Slot<H, S>(RefCell<Option<(H, S)>>);

impl<H: Default, S: Parameters> Slot<H, S> {
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// Starts a session.
    pub fn init(
        &self,
        given: Vec<NamedValue>,
        configured: impl Fn(&mut H, &S) -> Result<(), String>,
    ) -> Result<(), String> {
        let (mut handler, mut settings) = (H::default(), S::default());
        set(&mut settings, given)?;
        configured(&mut handler, &settings)?;
        *self.0.borrow_mut() = Some((handler, settings));
        Ok(())
    }

    /// Applies changed parameters, all of them or none.
    pub fn configure(
        &self,
        changed: Vec<NamedValue>,
        configured: impl Fn(&mut H, &S) -> Result<(), String>,
    ) -> Result<(), String> {
        self.with(|handler, settings| {
            let mut fresh = settings.clone();
            set(&mut fresh, changed)?;
            configured(handler, &fresh)?;
            *settings = fresh;
            Ok(())
        })?
    }

    /// Calls the handler.
    pub fn call(&self, call: impl FnOnce(&mut H, &S) -> Result<(), Stop>) -> Result<(), Stop> {
        self.with(|handler, settings| call(handler, settings))?
    }

    /// Ends the session.
    pub fn close(&self, closed: impl FnOnce(&mut H)) {
        if let Some((mut handler, _)) = self.0.take() {
            closed(&mut handler);
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut H, &mut S) -> T) -> Result<T, String> {
        match &mut *self.0.borrow_mut() {
            Some((handler, settings)) => Ok(work(handler, settings)),
            None => Err("called before init".into()),
        }
    }
}

impl<H: Default, S: Parameters> Default for Slot<H, S> {
    fn default() -> Self {
        Self::new()
    }
}

fn set<S: Parameters>(settings: &mut S, given: Vec<NamedValue>) -> Result<(), String> {
    given.into_iter().try_for_each(|NamedValue { id, value }| settings.set(&id, value))
}

pub fn describe<S: Parameters>(about: About, name: &str, description: &str) -> Descriptor {
    about.describe(name, description, S::list())
}

/// Whether `id` is the id of the field `name`.
pub fn is(id: &str, name: &str) -> bool {
    id == control::id(name)
}

pub fn wrong(id: &str) -> String {
    format!("the value of the parameter {id} has the wrong type or is not one of its options")
}

pub fn unknown(id: &str) -> String {
    format!("unknown parameter {id}")
}

/// Exports a handler: `export!(Mine)` a [`Transform`](crate::Transform), `export!(generator Mine)` a
/// [`Generator`](crate::Generator), `export!(observer Mine)` an [`Observer`](crate::Observer). Use it once in a component.
#[macro_export]
macro_rules! export {
    (generator $handler:ty) => {
        $crate::__export!($handler, Generator, generate, fn next(now_us: i64) => Tick.next);
    };
    (observer $handler:ty) => {
        $crate::__export!($handler, Observer, observe, fn consume(input: &$crate::raw::media::Frame) => ObservedFrame.observe);
    };
    ($handler:ty) => {
        $crate::__export!(
            $handler, Transform, transform, fn process(input: &$crate::raw::media::Frame) => Frame.process
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    (
        $handler:ty, $kind:ident, $interface:ident, fn $call:ident($what:ident: $type:ty) => $frame:ident.$method:ident
    ) => {
        const _: () = {
            use $crate::glue::{Descriptor, NamedValue, Slot, Stop};

            type Settings = <$handler as $crate::$kind>::Settings;

            // Exported in components only, so that tests run natively.
            #[allow(dead_code)]
            struct Glue;

            ::std::thread_local! {
                static SLOT: Slot<$handler, Settings> = const { Slot::new() };
            }

            impl $crate::glue::Lifecycle for Glue {
                fn describe() -> Descriptor {
                    let about = <$handler as $crate::$kind>::about();
                    $crate::glue::describe::<Settings>(about, env!("CARGO_PKG_NAME"), env!("CARGO_PKG_DESCRIPTION"))
                }

                fn init(settings: ::std::vec::Vec<NamedValue>) -> $crate::Result<(), ::std::string::String> {
                    SLOT.with(|slot| slot.init(settings, <$handler as $crate::$kind>::configured))
                }

                fn configure(changed: ::std::vec::Vec<NamedValue>) -> $crate::Result<(), ::std::string::String> {
                    SLOT.with(|slot| slot.configure(changed, <$handler as $crate::$kind>::configured))
                }

                fn close() {
                    SLOT.with(|slot| slot.close(<$handler as $crate::$kind>::closed));
                }
            }

            impl $crate::raw::$interface::exports::framebox::video::$interface::Guest for Glue {
                fn $call($what: $type, out: &$crate::raw::media::Output, budget: $crate::Budget) -> $crate::Result {
                    SLOT.with(|slot| {
                        slot.call(|handler, settings| {
                            let frame = $crate::$frame::new($what, out, budget, settings);
                            <$handler as $crate::$kind>::$method(handler, &frame)
                        })
                    })
                }
            }

            #[cfg(target_family = "wasm")]
    $crate::raw::base::export!(Glue with_types_in $crate::raw::base);
            #[cfg(target_family = "wasm")]
    $crate::raw::$interface::export!(Glue with_types_in $crate::raw::$interface);
        };
    };
}
