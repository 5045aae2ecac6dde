//! See `framebox_fuzz::offer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::offer::run(data));
