//! Coverage of C++ that GCC has instrumented with `-fsanitize-coverage=trace-pc`, for `cargo xtask asan`.
//!
//! libFuzzer follows clang's counters only, but takes any bytes of the section `__libfuzzer_extra_counters` along. The linker puts
//! [`__wrap___sanitizer_cov_trace_pc`] in the place of the function that GCC calls at each edge (`--wrap`).
#![allow(unsafe_code)]

use std::arch::naked_asm;

const COUNT: usize = 1 << 16;

#[unsafe(link_section = "__libfuzzer_extra_counters")]
static mut COUNTERS: [u8; COUNT] = [0; COUNT];

/// Counts a place that was passed: by the last 16 bits of the return address. Counters that overflow, or are lost between threads,
/// cost the fuzzer a little, and nothing else.
///
/// # Safety
/// To be called as a C function without arguments, by what GCC has compiled.
// SAFETY: it changes only registers that a called function may change, and a byte of COUNTERS, whose index has 16 bits.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wrap___sanitizer_cov_trace_pc() {
    naked_asm!(
        "mov rax, [rsp]",
        "movzx eax, ax",
        "lea rcx, [rip + {counters}]",
        "add byte ptr [rcx + rax], 1",
        "ret",
        counters = sym COUNTERS,
    )
}
