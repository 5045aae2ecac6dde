//! See `framebox_fuzz::h264`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::h264::run(data));
