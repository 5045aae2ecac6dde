//! See `framebox_fuzz::nut`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::nut::run(data));
