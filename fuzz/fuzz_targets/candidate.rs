//! See `framebox_fuzz::candidate`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::candidate::run(data));
