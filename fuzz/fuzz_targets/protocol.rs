//! See `framebox_fuzz::protocol`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::protocol::run(data));
