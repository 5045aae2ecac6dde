//! `framebox bench`
