//! See `framebox_fuzz::rtp`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::rtp::run(data));
