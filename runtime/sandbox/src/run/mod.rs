//! Instantiates components and calls them within budgets.

mod block_on;
mod describe;
mod execute;
mod exports;
mod instance;
mod instantiate_error;
mod linked;
mod new_state;

pub(crate) use describe::describe;
pub use instance::Instance;
pub(crate) use linked::Linked;
pub(crate) use new_state::new_state;
