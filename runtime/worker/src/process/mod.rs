//! The server's side of a worker process.
//!
//! | module | contents |
//! |---|---|
//! | `spawn` | [`Process`]: a process that is confined and waits for a session |
//! | `remote` | [`RemoteSession`]: steers the session of a process |
//! | `mirror` | what the server knows of that session without asking |
//! | `serve` | the task that reads what the process says and writes what it is told |
//! | `checks` | what a process says is bounded and checked |

mod checks;
mod mirror;
mod remote;
mod serve;
mod spawn;

pub(crate) use remote::{RemoteSession, probe};
pub(crate) use spawn::{Process, Program};
