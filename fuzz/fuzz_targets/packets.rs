//! See `framebox_fuzz::packets`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| framebox_fuzz::packets::run(data));
