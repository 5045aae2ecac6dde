//! `framebox run`
