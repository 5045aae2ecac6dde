//! What each handler does, judged by its output.

mod background;
mod detect;
mod edges;
mod flip;
mod hello;
mod invert;
mod knobs;
mod motion;
mod pixelate;
mod plasma;
mod play;
mod play_fps;
mod posterize;
mod qr;
mod sizes;
mod slow_flip;
mod timestamp;
mod watch;
