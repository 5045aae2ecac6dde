//! See `framebox_fuzz::values`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::values::run(data));
