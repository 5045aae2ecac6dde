//! The interface that handlers are built against.

/// Name of the package that handlers export interfaces of.
pub(super) const PACKAGE: &str = "framebox:video/";
/// Compatible version of the package.
pub(super) const VERSION: &str = "0.1";
