//! The settings of the WebAssembly engine.

use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig, Strategy,
    VariableOperatorCost,
};

use super::settings::Settings;
use crate::state::resource_limiter::{CORE_INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};

/// Address space reserved for each linear memory, bytes: with all that a guest can address, accesses need no bounds checks.
const RESERVATION: u64 = 4 * 1024 * 1024 * 1024;
/// Stack of a guest, bytes.
const GUEST_STACK: usize = 512 * 1024;
/// Stack of a call, including host functions that the guest calls, bytes.
const CALL_STACK: usize = 2 * 1024 * 1024;

/// Returns the settings of an engine that runs instances.
pub(super) fn runtime(settings: &Settings) -> Config {
    let mut config = compiler();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
    config
}

/// Returns all settings that compiled code depends on.
pub(crate) fn compiler() -> Config {
    let mut config = Config::new();
    config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed);

    // Deadlines and fuel. Bulk operations cost fuel by their length.
    let variable = VariableOperatorCost { memory_grow_per_page: 16, ..VariableOperatorCost::new() };
    config.consume_fuel(true).operator_cost(OperatorCost { variable, ..OperatorCost::new() }).epoch_interruption(true);

    // Only the features that guests use: recent features are where sandbox escapes are found.
    config.wasm_component_model(true).wasm_simd(true).wasm_relaxed_simd(true).relaxed_simd_deterministic(true);
    config.wasm_bulk_memory(true).wasm_reference_types(true).wasm_multi_value(true).wasm_extended_const(true);
    // The adapters that pass strings between two modules of a component have the memories of both.
    config.wasm_multi_memory(true);
    config.wasm_threads(false).wasm_memory64(false).wasm_tail_call(false);
    config.wasm_gc(false).wasm_function_references(false).wasm_exceptions(false);
    config.concurrency_support(false);

    config.max_wasm_stack(GUEST_STACK).async_stack_size(CALL_STACK);
    config.memory_init_cow(true).memory_reservation(RESERVATION).parallel_compilation(true);
    config
}

fn pool(settings: &Settings) -> PoolingAllocationConfig {
    // One more, so that a component can be loaded while all other instances are in use.
    let instances = settings.instances.saturating_add(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .total_stacks(instances)
        .total_gc_heaps(instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(settings.memory)
        .pagemap_scan(Enabled::Auto);
    pool
}
