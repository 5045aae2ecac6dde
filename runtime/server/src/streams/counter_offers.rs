//! Offers of this side to viewers whose own offers it cannot answer (draft-ietf-wish-whep section 4.3). `now` is an argument.
//!
//! Bounded in number and time. Nothing of a connection is there before one is answered.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use framebox_rtc::Offered;

use crate::sessions::owner::Owner;

/// How long an offer holds unless the response says otherwise (draft-ietf-wish-whep section 4.3.2).
const VALID: Duration = Duration::from_secs(30);
/// Most offers at once; the oldest one gives way.
const MAX: usize = 256;
/// Most offers to one client.
const MAX_OF_CLIENT: usize = 16;

/// The offers that are not answered yet, by the id of the connection that they may become.
#[derive(Default)]
pub struct CounterOffers(HashMap<String, CounterOffer>);

/// One of them.
pub struct CounterOffer {
    /// The stream's name.
    pub stream: String,
    /// Whom it was made to.
    pub owner: Owner,
    /// The offer.
    pub offered: Offered,
    /// When it was made.
    pub since: Instant,
}

impl CounterOffers {
    /// Keeps an offer until it is answered or no longer holds.
    pub fn keep(&mut self, now: Instant, id: String, offer: CounterOffer) {
        self.0.retain(|_, kept| now < kept.since + VALID);
        let key = offer.owner.key();
        let oldest = |offers: &HashMap<String, CounterOffer>, is: &dyn Fn(&CounterOffer) -> bool| {
            offers.iter().filter(|(_, kept)| is(kept)).min_by_key(|(_, kept)| kept.since).map(|(id, _)| id.clone())
        };
        let of_client = |kept: &CounterOffer| kept.owner.key() == key;
        let leaves = if self.0.values().filter(|kept| of_client(kept)).count() >= MAX_OF_CLIENT {
            oldest(&self.0, &of_client)
        } else if self.0.len() >= MAX {
            oldest(&self.0, &|_| true)
        } else {
            None
        };
        if let Some(id) = leaves {
            self.0.remove(&id);
        }
        self.0.insert(id, offer);
    }

    /// The offer of this id, if it holds.
    pub fn get(&self, now: Instant, id: &str) -> Option<&CounterOffer> {
        self.0.get(id).filter(|kept| now < kept.since + VALID)
    }

    /// Takes it out.
    pub fn take(&mut self, now: Instant, id: &str) -> Option<CounterOffer> {
        self.0.remove(id).filter(|kept| now < kept.since + VALID)
    }
}

#[cfg(test)]
mod tests {
    use framebox_auth::PrincipalKey;
    use framebox_rtc::Settings;

    use super::*;

    fn offer(client: &str, since: Instant) -> CounterOffer {
        let settings = Settings { addresses: vec![[127, 0, 0, 1].into()], ..Settings::default() };
        let offered = framebox_rtc::transport(settings).offer().unwrap();
        let (owner, _) = Owner::new(PrincipalKey::Token(client.to_owned())).unwrap();
        CounterOffer { stream: "wall".to_owned(), owner, offered, since }
    }

    #[tokio::test]
    async fn offers_hold_for_half_a_minute_and_are_few_for_each_client() {
        let (start, mut offers) = (Instant::now(), CounterOffers::default());
        let second = Duration::from_secs(1);
        offers.keep(start, "other".to_owned(), offer("other", start));
        for number in 0..=MAX_OF_CLIENT {
            let at = start + second * number as u32;
            offers.keep(at, number.to_string(), offer("one", at));
        }
        let now = start + second * MAX_OF_CLIENT as u32;
        assert!(offers.get(now, "0").is_none(), "the client's oldest one gives way");
        assert!(offers.get(now, "1").is_some() && offers.get(now, "other").is_some());
        assert!(offers.get(start + VALID, "other").is_none(), "it holds no longer");
        assert!(offers.take(now, "2").is_some() && offers.take(now, "2").is_none());
    }
}
