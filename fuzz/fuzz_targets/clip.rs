//! See `framebox_fuzz::clip`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::clip::run(data));
