//! What each handler does, told from its output.

mod detect;
mod edges;
mod flip;
mod hello;
mod invert;
mod knobs;
mod motion;
mod pixelate;
mod sizes;
mod watch;
