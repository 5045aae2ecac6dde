//! See `framebox_fuzz::vp8`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::vp8::run(data));
