//! Who waits for the answer to which change of parameters.

use std::collections::VecDeque;

use framebox_pipeline::Notice;
use framebox_pipeline::session::parameters::Applied;
use tokio::sync::oneshot;

/// Answers that may be outstanding; of more, the oldest are given up.
const MOST: usize = 128;

/// What came of a change: from which frame it holds, or why the handler did not take it.
pub type Answer = Result<Applied, Notice>;

/// Who asked.
#[derive(Debug)]
pub enum Asker {
    /// A message of the data channel that had this number.
    Channel(u64),
    /// A request over HTTP.
    Http(oneshot::Sender<Answer>),
}

/// Numbers requests, since each of those who ask has numbers of its own.
#[derive(Debug, Default)]
pub struct Answers {
    count: u64,
    waiting: VecDeque<(u64, Asker)>,
}

impl Answers {
    /// Remembers who asked; returns the number to ask with.
    pub fn expect(&mut self, asker: Asker) -> u64 {
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
        }
        self.count += 1;
        self.waiting.push_back((self.count, asker));
        self.count
    }

    /// Who asked with `number`; none when it was given up.
    pub fn take(&mut self, number: u64) -> Option<Asker> {
        let index = self.waiting.iter().position(|(of, _)| *of == number)?;
        self.waiting.remove(index).map(|(_, asker)| asker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_answered_once_and_the_oldest_are_given_up() {
        let mut answers = Answers::default();
        let numbers: Vec<_> = (0..MOST as u64 + 2).map(|n| answers.expect(Asker::Channel(n * 10))).collect();
        assert!(answers.take(numbers[1]).is_none());
        assert!(matches!(answers.take(numbers[2]), Some(Asker::Channel(20))));
        assert!(answers.take(numbers[2]).is_none());
        assert!(answers.take(9999).is_none());
    }
}
