//! Makes sessions, and keeps processes ready for them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use framebox_sandbox::{CallError, Component, Limits, MemoryAccount, NoLog};
use serde::{Deserialize, Serialize};
use tokio_util::task::TaskTracker;

use crate::child::Options;
use crate::process::{self, Process, Program};
use crate::running::{RunningSession, Setup};
use crate::sources::{self, Grants};

/// Where sessions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// On threads of the server. The sandbox is the only wall.
    Thread,
    /// Each in a process of its own, without files, network and the server's memory.
    Process,
}

/// How worker processes are started.
#[derive(Clone, Debug)]
pub struct Processes {
    /// The `framebox` program; `None`: the running one.
    pub program: Option<PathBuf>,
    /// Processes that are kept ready: so many sessions can begin at once without waiting for a process.
    pub ready: usize,
    /// Linear memory of an instance, at most, bytes.
    pub guest_memory: usize,
}

/// A handler that is to be run on pictures of the host's own.
pub struct Probe {
    /// The handler.
    pub component: Component,
    /// What it may use.
    pub limits: Limits,
    /// What is held for it.
    pub account: MemoryAccount,
    /// The files that it may read.
    pub grants: Arc<dyn Grants>,
}

/// Memory of a process beside the linear memories of two instances, bytes: codecs, pictures, values, code.
const BESIDE: u64 = 1 << 30;

/// Makes sessions. Clones share everything.
#[derive(Clone)]
pub struct Workers(Arc<Inner>);

struct Inner {
    /// None: sessions run on threads.
    processes: Option<Pool>,
    tasks: TaskTracker,
}

struct Pool {
    program: Program,
    most: usize,
    ready: Mutex<VecDeque<Process>>,
    /// Processes that are being started for the pool.
    starting: Mutex<usize>,
}

impl Workers {
    /// Sessions run on threads of this process.
    pub fn threads() -> Self {
        Self(Arc::new(Inner { processes: None, tasks: TaskTracker::new() }))
    }

    /// Sessions run in processes; the first one is started now, the others follow.
    ///
    /// # Errors
    /// Why this system does not start or confine a process.
    pub async fn processes(settings: Processes) -> std::io::Result<Self> {
        // The running program, even if its file was replaced.
        let path = settings.program.unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
        let memory = (settings.guest_memory as u64).saturating_mul(2).saturating_add(BESIDE);
        let program = Program { path, options: Options::new(memory, settings.guest_memory) };
        let first = program.start().await?;
        let pool =
            Pool { program, most: settings.ready.max(1), ready: Mutex::new([first].into()), starting: Mutex::new(0) };
        let workers = Self(Arc::new(Inner { processes: Some(pool), tasks: TaskTracker::new() }));
        workers.refill();
        Ok(workers)
    }

    /// Returns where sessions run.
    pub fn isolation(&self) -> Isolation {
        if self.0.processes.is_some() { Isolation::Process } else { Isolation::Thread }
    }

    /// A session, to be [started](RunningSession::start) when its peer is connected.
    pub fn session(&self, setup: Setup) -> RunningSession {
        RunningSession::new(self.clone(), setup)
    }

    /// Runs a handler on pictures of the host's own (see [`Component::probe`]), where sessions run. Returns its failure, if
    /// any: a host that has no room for it, or fails itself, has shown nothing.
    pub async fn probe(&self, probe: Probe) -> Option<CallError> {
        match self.take().await {
            Some(Ok(process)) => match process::probe(process, probe, self.tasks()).await {
                Ok(failure) => failure,
                Err(error) => {
                    tracing::warn!(error, "a handler could not be probed");
                    None
                }
            },
            Some(Err(error)) => {
                tracing::error!(%error, "no worker process could be started for a probe");
                None
            }
            None => {
                let Probe { component, limits, account, grants } = probe;
                let (log, sources) = (Arc::new(NoLog), sources::local(grants));
                let setup = framebox_sandbox::Setup { limits, parameters: Vec::new(), log, sources, account };
                tokio::task::spawn_blocking(move || component.probe(setup).err()).await.unwrap_or(None)
            }
        }
    }

    /// Does something beside sessions, such as a probe; [`Workers::close`] waits for it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(work);
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Takes a process that is ready, or starts one. None: sessions run on threads.
    pub(crate) async fn take(&self) -> Option<std::io::Result<Process>> {
        let pool = self.0.processes.as_ref()?;
        let ready = {
            let mut ready = lock(&pool.ready);
            std::iter::from_fn(|| ready.pop_front()).find_map(Process::alive)
        };
        self.refill();
        Some(match ready {
            Some(process) => Ok(process),
            None => pool.program.start().await,
        })
    }

    /// Starts processes until enough are ready.
    fn refill(&self) {
        let Some(pool) = &self.0.processes else { return };
        loop {
            {
                let mut starting = lock(&pool.starting);
                if lock(&pool.ready).len() + *starting >= pool.most {
                    return;
                }
                *starting += 1;
            }
            let workers = self.clone();
            self.0.tasks.spawn(async move {
                let Some(pool) = &workers.0.processes else { return };
                let started = pool.program.start().await;
                *lock(&pool.starting) -= 1;
                match started {
                    Ok(process) => lock(&pool.ready).push_back(process),
                    Err(error) => tracing::error!(%error, "a worker process could not be started"),
                }
            });
        }
    }

    /// Waits until every process of a session is gone, and ends those that are ready.
    pub async fn close(&self) {
        if let Some(pool) = &self.0.processes {
            lock(&pool.ready).clear();
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if let Some(pool) = &self.0.processes {
            lock(&pool.ready).clear();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
