//! The viewers of a stream, and what is decided about them. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame};
use framebox_picture::{MemoryAccount, Size};

use super::running::Running;
use super::seat::{Seat, Verdict, ViewerId};
use crate::session::stats::RenditionStats;
use crate::stream::encoders::{Ask, Coded, Encoders, Format, Order, RenditionId};
use crate::stream::layers;
use crate::stream::needs::Needs;
use crate::stream::settings::Settings;

/// Up to so many viewers everything is decided at once; of more, from time to time.
const FEW: usize = 4;
const LOOK: Duration = Duration::from_millis(100);

/// A frame that is to be handed to a viewer.
pub(super) struct Delivery<V> {
    pub(super) id: ViewerId,
    pub(super) viewer: V,
    pub(super) frame: EncodedFrame,
}

/// The viewers of a stream and its renditions.
pub(super) struct Crowd<V> {
    settings: Settings,
    account: MemoryAccount,
    /// In the order of their ids.
    seats: Vec<Seat<V>>,
    renditions: Vec<Running>,
    next_viewer: u64,
    next_rendition: u32,
    /// Size of the last result, before any rendition made it smaller.
    original: Option<Size>,
    looked: Option<Instant>,
}

/// Whose frames are coded the same way. Layers are decided among them.
type Kind = (Codec, Option<u32>);

fn kind(needs: &Needs) -> Kind {
    (needs.codec, needs.max_unit_bytes)
}

impl<V: Clone> Crowd<V> {
    pub(super) fn new(settings: Settings, account: MemoryAccount) -> Self {
        Self {
            settings,
            account,
            seats: Vec::new(),
            renditions: Vec::new(),
            next_viewer: 0,
            next_rendition: 0,
            original: None,
            looked: None,
        }
    }

    /// Attaches a viewer. Returns what it is sent at once, if something is there.
    pub(super) fn attach(
        &mut self,
        now: Instant,
        needs: Needs,
        viewer: V,
        encoders: &dyn Encoders,
    ) -> (ViewerId, Option<Delivery<V>>) {
        let id = ViewerId(self.next_viewer);
        self.next_viewer += 1;
        let at = self.rendition(kind(&needs), 0);
        self.seats.push(Seat::new(id, viewer, needs, at));
        let fresh = self.update(now, encoders);
        let seat = self.seats.last_mut().filter(|seat| seat.id == id);
        let delivery = seat.and_then(|seat| {
            let running = self.renditions.iter().find(|running| running.id == seat.at)?;
            let first = running.first(now);
            if first.as_ref().is_some_and(|first| first.is_complete) {
                seat.resume();
            } else if !fresh.contains(&running.id) {
                encoders.order(running.id, Order::Keyframe);
            }
            seat.send(now, first?.frame)
        });
        (id, delivery)
    }

    /// Detaches a viewer.
    pub(super) fn detach(&mut self, now: Instant, id: ViewerId, encoders: &dyn Encoders) -> Option<Seat<V>> {
        let index = self.index(id)?;
        let seat = self.seats.remove(index);
        self.update(now, encoders);
        Some(seat)
    }

    /// A picture was encoded. Returns whom it is sent to.
    pub(super) fn coded(&mut self, now: Instant, coded: Coded, encoders: &dyn Encoders) -> Vec<Delivery<V>> {
        let id = coded.rendition;
        let Some(running) = self.renditions.iter_mut().find(|running| running.id == id) else { return Vec::new() };
        if running.format.codec != coded.frame.codec {
            return Vec::new();
        }
        running.coded(now, &coded, &self.account);
        self.original = Some(coded.original);
        let shared = self.is_shared(id);
        let mut changed = false;
        let send = |seat: &mut Seat<V>| {
            let verdict = seat.decide(now, &coded, shared);
            changed |= verdict == Verdict::Changed;
            if verdict == Verdict::Not { None } else { seat.send(now, coded.frame.clone()) }
        };
        let deliveries = self.seats.iter_mut().filter_map(send).collect();
        if changed || self.is_due(now) {
            self.update(now, encoders);
        }
        for index in 0..self.seats.len() {
            if self.seats[index].wishes {
                self.wish(now, index, encoders);
            }
        }
        deliveries
    }

    /// Viewers were called. Leaves in the list what came for them meanwhile.
    pub(super) fn delivered(&mut self, deliveries: &mut Vec<Delivery<V>>) {
        deliveries.retain_mut(|delivery| {
            let next = self.index(delivery.id).and_then(|index| self.seats[index].next());
            next.map(|frame| delivery.frame = frame).is_some()
        });
    }

    /// A viewer needs a keyframe.
    pub(super) fn request_keyframe(&mut self, now: Instant, id: ViewerId, encoders: &dyn Encoders) {
        if let Some(index) = self.index(id) {
            self.wish(now, index, encoders);
        }
    }

    /// The path to a viewer carries so much, bits a second.
    pub(super) fn set_bitrate(&mut self, now: Instant, id: ViewerId, bits_per_second: u32, encoders: &dyn Encoders) {
        let Some(index) = self.index(id) else { return };
        self.seats[index].path.set_rate(now, bits_per_second);
        if self.seats.len() <= FEW || self.is_due(now) {
            self.update(now, encoders);
        }
    }

    /// Whether the path to a viewer takes nothing more at this moment.
    pub(super) fn set_blocked(&mut self, now: Instant, id: ViewerId, blocked: bool, encoders: &dyn Encoders) {
        let Some(index) = self.index(id) else { return };
        let seat = &mut self.seats[index];
        seat.set_blocked(now, blocked);
        let wishes = !blocked && (seat.awaits_keyframe || seat.wishes);
        self.ask(encoders);
        if wishes {
            self.wish(now, index, encoders);
        }
    }

    /// The highest bit rate of a rendition, bits a second.
    pub(super) fn bitrate(&self) -> Option<u32> {
        self.renditions.iter().filter_map(|running| Some(running.ask?.bitrate)).max()
    }

    pub(super) fn stats(&self) -> Vec<RenditionStats> {
        let of = |running: &Running| {
            let viewers = self.seats.iter().filter(|seat| seat.at == running.id).count();
            let bitrate = running.ask.map_or(0, |ask| ask.bitrate);
            RenditionStats::new(running.format.codec, running.size, bitrate, viewers)
        };
        self.renditions.iter().map(of).collect()
    }

    /// Passes a viewer's wish for a keyframe on, if it may have one.
    fn wish(&mut self, now: Instant, index: usize, encoders: &dyn Encoders) {
        let target = self.seats[index].target();
        let shared = self.is_shared(target);
        let seat = &mut self.seats[index];
        // Who can be sent nothing would only wish again.
        let may = !shared || !seat.is_blocked() && seat.allowance.take(now);
        seat.wishes = !may;
        if may {
            encoders.order(target, Order::Keyframe);
        }
    }

    fn is_shared(&self, id: RenditionId) -> bool {
        self.seats.iter().filter(|seat| seat.uses(id)).nth(1).is_some()
    }

    fn is_due(&self, now: Instant) -> bool {
        self.looked.is_none_or(|looked| now >= looked + LOOK)
    }

    fn index(&self, id: ViewerId) -> Option<usize> {
        self.seats.binary_search_by_key(&id, |seat| seat.id).ok()
    }

    /// Decides who gets which rendition, and what these are asked for. Returns those that were begun.
    fn update(&mut self, now: Instant, encoders: &dyn Encoders) -> Vec<RenditionId> {
        self.looked = Some(now);
        let mut kinds: Vec<Kind> = Vec::new();
        for seat in &self.seats {
            if !kinds.contains(&kind(&seat.needs)) {
                kinds.push(kind(&seat.needs));
            }
        }
        let mut wishes = Vec::new();
        for kind in kinds {
            self.assign(now, kind, &mut wishes);
        }
        let fresh = self.renditions.iter().filter(|running| running.ask.is_none());
        let fresh: Vec<_> = fresh.map(|running| running.id).collect();
        self.ask(encoders);
        for rendition in wishes.into_iter().filter(|id| !fresh.contains(id)) {
            encoders.order(rendition, Order::Keyframe);
        }
        fresh
    }

    /// Decides the layer of each viewer of a kind. Renditions that they need a keyframe of are added to `wishes`.
    fn assign(&mut self, now: Instant, of: Kind, wishes: &mut Vec<RenditionId>) {
        let members = || self.seats.iter().filter(|seat| kind(&seat.needs) == of);
        let Settings { bitrate, max_bitrate, .. } = self.settings;
        let reference = layers::reference(bitrate, max_bitrate, members().map(|seat| &seat.path));
        let is_only = members().filter(|seat| seat.path.rate().is_some()).nth(1).is_none();
        // The largest picture that any of them takes.
        let most = |seat: &Seat<V>| seat.needs.max_pixels.unwrap_or(u64::MAX);
        let full = self.original.map(|size| size.pixels().min(members().map(most).max().unwrap_or(u64::MAX)));
        for index in 0..self.seats.len() {
            let seat = &mut self.seats[index];
            if kind(&seat.needs) != of {
                continue;
            }
            let of_pixels = full.map_or(0, |full| layers::of_pixels(most(seat), full));
            let layer = seat.path.decide(now, reference, is_only).max(of_pixels);
            let target = self.rendition(of, layer);
            if self.seats[index].change(target) && !wishes.contains(&target) {
                wishes.push(target);
            }
        }
    }

    /// The rendition of a layer; it is begun when it is [asked](Self::ask) for something.
    fn rendition(&mut self, (codec, max_unit_bytes): Kind, layer: usize) -> RenditionId {
        let format = Format { codec, max_unit_bytes, layer };
        if let Some(running) = self.renditions.iter().find(|running| running.format == format) {
            return running.id;
        }
        let id = RenditionId(self.next_rendition);
        self.next_rendition += 1;
        self.renditions.push(Running::new(id, format));
        id
    }

    /// Begins the renditions that are needed, asks them for what their viewers can receive, and stops the others.
    fn ask(&mut self, encoders: &dyn Encoders) {
        let Self { seats, renditions, settings, .. } = self;
        renditions.retain_mut(|running| {
            let id = running.id;
            let users = || seats.iter().filter(|seat| seat.uses(id));
            if users().next().is_none() {
                if running.ask.is_some() {
                    encoders.order(id, Order::Stop);
                }
                return false;
            }
            let ask = Ask {
                bitrate: bitrate(running, seats, settings),
                max_pixels: users().filter_map(|seat| seat.needs.max_pixels).min(),
                blocked: users().all(|seat| seat.is_blocked()),
                shared: users().nth(1).is_some(),
            };
            match running.ask.replace(ask) {
                None => encoders.order(id, Order::Start(running.format, ask)),
                Some(before) if before != ask => encoders.order(id, Order::Change(ask)),
                Some(_) => {}
            }
            true
        });
    }
}

/// The bit rate that the viewers of a rendition can receive, without those who leave it.
fn bitrate<V: Clone>(running: &Running, seats: &[Seat<V>], settings: &Settings) -> u32 {
    let format = running.format;
    let members = seats.iter().filter(|seat| kind(&seat.needs) == (format.codec, format.max_unit_bytes));
    let reference = layers::reference(settings.bitrate, settings.max_bitrate, members.map(|seat| &seat.path));
    let mut stay = seats.iter().filter(|seat| seat.target() == running.id).map(|seat| &seat.path).peekable();
    match running.ask {
        Some(ask) if stay.peek().is_none() => ask.bitrate,
        _ => layers::bitrate(format.layer, reference, (settings.bitrate, settings.max_bitrate), stay),
    }
}
