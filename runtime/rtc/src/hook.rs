//! A link of the RTP library's chain, reduced to what our links do: look at what comes in, and write when it is time.

use std::collections::VecDeque;
use std::time::Instant;

use rtc::interceptor::{Interceptor, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// What a link does; all that it does not speak about passes by.
pub trait Hook: Send + Sync {
    /// A packet came: what goes on to the next link.
    fn read(&mut self, packet: TaggedPacket) -> Option<TaggedPacket>;

    /// Time went on: what is written because of it.
    fn tick(&mut self, _now: Instant) -> Vec<TaggedPacket> {
        Vec::new()
    }

    /// When [`tick`](Self::tick) is wanted next.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// A stream of the peer begins.
    fn begins(&mut self, _stream: &StreamInfo) {}

    /// A stream of the peer ended.
    fn ends(&mut self, _stream: &StreamInfo) {}
}

/// A [`Hook`] as a link of the chain.
pub struct Hooked<H> {
    hook: H,
    /// The chain takes them before it hands in more.
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl<H> Hooked<H> {
    /// A link that does what `hook` does.
    pub fn new(hook: H) -> Self {
        Self { hook, reads: VecDeque::new(), writes: VecDeque::new() }
    }
}

impl<H: Hook> Protocol<TaggedPacket, TaggedPacket, ()> for Hooked<H> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.reads.extend(self.hook.read(packet));
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.writes.extend(self.hook.tick(now));
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.hook.deadline()
    }
}

impl<H: Hook> Interceptor for Hooked<H> {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}

    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, stream: &StreamInfo) {
        self.hook.begins(stream);
    }

    fn unbind_remote_stream(&mut self, stream: &StreamInfo) {
        self.hook.ends(stream);
    }
}
