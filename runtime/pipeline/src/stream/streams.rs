//! A processed video.

use std::sync::Arc;

use framebox_picture::{MemoryAccount, Picture};

use super::attachment::Attachment;
use super::audience::Audience;
use super::encoders::{Encoders, Order, Output, RenditionId};
use super::needs::Needs;
use super::rendition::Receivers;
use super::renditions::Renditions;
use super::report::Report;
use super::settings::Settings;
use super::shown::Shown;
use super::viewer::Viewer;
use crate::session::stats::RenditionStats;

/// A processed video: a session's results, encoded once for each rendition.
#[derive(Debug)]
pub struct Stream {
    /// None of an observer's stream, which has no pictures.
    renditions: Option<Arc<Renditions>>,
    /// None where the viewers are elsewhere.
    audience: Option<Audience>,
}

impl Stream {
    /// A stream without pictures.
    pub(crate) fn without_pictures() -> Self {
        Self { renditions: None, audience: None }
    }

    /// A stream whose viewers are attached to it. Frames that are kept for them are charged to `account`.
    pub(crate) fn new(settings: Settings, account: &MemoryAccount, report: Arc<dyn Report>) -> Self {
        let mut renditions = None;
        let audience = Audience::new(settings.clone(), account, |output| {
            let made = Arc::new(Renditions::new(settings, Receivers { report, output }));
            renditions.insert(made).clone()
        });
        Self { renditions, audience: Some(audience) }
    }

    /// A stream whose viewers are elsewhere: `output` takes what is encoded for them, and their [orders](Self::order) come from
    /// there.
    pub(crate) fn of_elsewhere(settings: Settings, report: Arc<dyn Report>, output: Arc<dyn Output>) -> Self {
        Self { renditions: Some(Arc::new(Renditions::new(settings, Receivers { report, output }))), audience: None }
    }

    /// Attaches a viewer. None when the stream has no pictures.
    pub fn attach(&self, needs: Needs, viewer: Arc<dyn Viewer>) -> Option<Attachment> {
        self.audience.as_ref().map(|audience| audience.attach(needs, viewer))
    }

    /// Does what viewers that are elsewhere order.
    pub fn order(&self, rendition: RenditionId, order: Order) {
        if let Some(renditions) = &self.renditions {
            renditions.order(rendition, order);
        }
    }

    /// The highest bit rate of a rendition, bits a second.
    pub fn bitrate(&self) -> Option<u32> {
        self.audience.as_ref().map(Audience::bitrate)
    }

    /// The renditions at this moment. None are known where the viewers are elsewhere.
    pub fn renditions(&self) -> Vec<RenditionStats> {
        self.audience.as_ref().map_or_else(Vec::new, Audience::renditions)
    }

    /// The last picture, whether anybody watches or not.
    pub fn last_picture(&self) -> Option<Arc<Picture>> {
        self.renditions.as_ref().and_then(|renditions| renditions.last())
    }

    /// True while there is room for a picture.
    pub(crate) fn has_room(&self) -> bool {
        self.renditions.as_ref().is_none_or(|renditions| renditions.has_room())
    }

    /// Gives a picture to the renditions. False when none of them takes it: nothing is reported of it then.
    pub(crate) fn show(&self, picture: &Shown) -> bool {
        self.renditions.as_ref().is_some_and(|renditions| renditions.show(picture))
    }

    /// Encodes what waits and ends the renditions. Blocks until that is done.
    pub(crate) fn close(&self) {
        if let Some(renditions) = &self.renditions {
            renditions.close();
        }
    }
}

#[cfg(test)]
mod tests;
