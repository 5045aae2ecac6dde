//! The queue of the compiler: round-robin among principals, bounded for each and in total.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Most components of one principal that wait.
const MOST_OF_ONE: usize = 8;
/// Most components that wait.
const MOST: usize = 128;

/// What is compiled for whom, and how that goes. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Job {
    principal: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// 0: it does not wait.
    place: AtomicU32,
    micros: AtomicU64,
}

impl Job {
    /// Creates a job of a principal; an empty text stands for the server itself.
    pub fn new(principal: &str) -> Self {
        Self { principal: principal.to_owned(), shared: Arc::default() }
    }

    /// Returns the place in the queue while it waits; 1 is next.
    pub fn place(&self) -> Option<u32> {
        Some(self.shared.place.load(Ordering::Relaxed)).filter(|place| *place > 0)
    }

    /// Returns how long the compiler worked for it, without the time that it waited.
    pub fn time(&self) -> Duration {
        Duration::from_micros(self.shared.micros.load(Ordering::Relaxed))
    }

    /// Adds time that the compiler worked for it.
    pub fn add_time(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.shared.micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn set_place(&self, place: u32) {
        self.shared.place.store(place, Ordering::Relaxed);
    }
}

/// Why a component may not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// As many of its principal wait as may.
    One(usize),
    /// As many wait as may.
    All(usize),
}

/// Items in the order in which they get their turns: each principal's in the order of their arrival, one of each principal
/// in turn.
#[derive(Debug)]
struct Line<T> {
    /// The principal at the front is next. None has no items.
    principals: VecDeque<(String, VecDeque<T>)>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { principals: VecDeque::new() }
    }
}

impl<T> Line<T> {
    fn push(&mut self, principal: &str, item: T) -> Result<(), Full> {
        if self.principals.iter().map(|(_, items)| items.len()).sum::<usize>() >= MOST {
            return Err(Full::All(MOST));
        }
        match self.principals.iter_mut().find(|(name, _)| name == principal) {
            Some((_, items)) if items.len() >= MOST_OF_ONE && !principal.is_empty() => {
                return Err(Full::One(MOST_OF_ONE));
            }
            Some((_, items)) => items.push_back(item),
            None => self.principals.push_back((principal.to_owned(), VecDeque::from([item]))),
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        let (principal, mut items) = self.principals.pop_front()?;
        let item = items.pop_front();
        if !items.is_empty() {
            self.principals.push_back((principal, items));
        }
        item
    }

    fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.principals.retain_mut(|(_, items)| {
            items.retain(&keep);
            !items.is_empty()
        });
    }

    /// Returns the items in the order of their turns.
    fn in_order(&self) -> impl Iterator<Item = &T> {
        let rounds = self.principals.iter().map(|(_, items)| items.len()).max().unwrap_or(0);
        (0..rounds).flat_map(|round| self.principals.iter().filter_map(move |(_, items)| items.get(round)))
    }
}

/// The queue of one compiler.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_busy: bool,
    line: Line<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    job: Job,
    turn: oneshot::Sender<Turn>,
}

/// The turn of one component. The next one's comes when it is dropped.
#[derive(Debug)]
pub struct Turn {
    /// `None` once it is passed on.
    queue: Option<Queue>,
}

impl Queue {
    /// Waits for the turn of `job`. Whoever drops the future leaves the queue.
    ///
    /// # Errors
    /// When there is no room to wait.
    pub async fn turn(&self, job: &Job) -> Result<Turn, Full> {
        let turn = {
            let mut state = self.state();
            if !state.is_busy {
                state.is_busy = true;
                return Ok(Turn { queue: Some(self.clone()) });
            }
            let (sender, turn) = oneshot::channel();
            state.line.retain(|waiting| !waiting.turn.is_closed());
            state.line.push(&job.principal, Waiting { job: job.clone(), turn: sender })?;
            state.show_places();
            turn
        };
        // The sender is dropped only with the queue, which this borrows.
        let turn = turn.await.map_err(|_| Full::All(MOST));
        job.set_place(0);
        turn
    }

    /// Gives the turn to the next one that still waits.
    fn next(&self) {
        let mut state = self.state();
        loop {
            let Some(Waiting { turn, .. }) = state.line.pop() else {
                state.is_busy = false;
                return;
            };
            state.show_places();
            match turn.send(Turn { queue: Some(self.clone()) }) {
                Ok(()) => return,
                // It left; dropping its turn here must not come back for the lock.
                Err(mut turn) => turn.queue = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn show_places(&self) {
        for (place, waiting) in (1..).zip(self.line.in_order()) {
            waiting.job.set_place(place);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.next();
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests start tasks")]
mod tests {
    use super::*;

    #[test]
    fn principals_take_turns_whoever_sent_more() {
        let mut line = Line::default();
        for item in ["a1", "a2", "a3", "b1", "c1", "a4", "b2"] {
            line.push(&item[..1], item).unwrap();
        }
        let expected = ["a1", "b1", "c1", "a2", "b2", "a3", "a4"];
        assert_eq!(line.in_order().copied().collect::<Vec<_>>(), expected);
        let mut order = Vec::new();
        while let Some(item) = line.pop() {
            order.push(item);
            // Who comes back at once waits for the others.
            if item == "a1" {
                line.push("d", "d1").unwrap();
            }
        }
        assert_eq!(order, ["a1", "b1", "c1", "a2", "d1", "b2", "a3", "a4"]);
    }

    #[test]
    fn the_line_is_bounded_for_each_principal_and_in_total() {
        let mut line = Line::default();
        let mut fill = |principal: &str| (0..1000).map_while(|n| line.push(principal, n).ok()).count();
        assert_eq!(fill("a"), MOST_OF_ONE);
        assert_eq!(fill("b"), MOST_OF_ONE, "another principal has room of its own");
        let rest: usize = (0..100).map(|n| fill(&format!("c{n}"))).sum();
        assert_eq!(rest + 2 * MOST_OF_ONE, MOST);
        assert_eq!(line.push("late", 0), Err(Full::All(MOST)));
        assert_eq!(line.in_order().count(), MOST);
    }

    #[tokio::test]
    async fn one_has_the_turn_the_others_see_their_places_and_who_leaves_makes_room() {
        let queue = Queue::default();
        let first = queue.turn(&Job::new("a")).await.unwrap();
        let jobs: Vec<_> = ["a", "a", "b"].iter().map(|name| Job::new(name)).collect();
        let wait = |job: &Job| {
            let (queue, job) = (queue.clone(), job.clone());
            tokio::spawn(async move { queue.turn(&job).await.unwrap() })
        };
        let mut waiting = Vec::new();
        for job in &jobs {
            waiting.push(wait(job));
            tokio::task::yield_now().await;
        }
        let places = || jobs.iter().map(Job::place).collect::<Vec<_>>();
        assert_eq!(places(), [Some(1), Some(3), Some(2)]);
        // The one at the front leaves: the turn passes it by.
        let left = waiting.remove(0);
        left.abort();
        assert!(left.await.is_err_and(|error| error.is_cancelled()));
        drop(first);
        let second = waiting.remove(1).await.unwrap();
        assert_eq!(places()[1..], [Some(1), None]);
        drop(second);
        drop(waiting.remove(0).await.unwrap());
        // Nobody waits: the turn is free at once.
        assert!(queue.turn(&Job::new("c")).await.is_ok());
    }
}
