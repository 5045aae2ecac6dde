//! The types at the boundary between guest and host, as the WIT interface defines them.

pub(crate) mod bindings;
pub(crate) mod bounded_string;
pub(crate) mod convert;
pub(crate) mod resources;
