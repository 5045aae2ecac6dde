//! The bit rate that the network carries.

mod controller;

pub use controller::Controller;
