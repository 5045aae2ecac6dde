//! What the threads of a session share about the running version of its handler.

use framebox_picture::Size;

use crate::budget::degradation::Level;
use crate::session::parameters::Parameters;

/// Belongs to one version: a swap replaces it whole.
#[derive(Debug)]
pub(crate) struct VersionState {
    pub(crate) parameters: Parameters,
    /// What is done about its costs.
    pub(crate) level: Level,
    /// The size of pictures that its descriptor asks for; none: any.
    wanted: Option<Size>,
}

impl VersionState {
    pub(crate) fn new(parameters: Parameters, wanted: Option<Size>) -> Self {
        Self { parameters, level: Level::NONE, wanted }
    }

    /// Size of the pictures that the handler gets of a camera with pictures of size `native`.
    pub(crate) fn size(&self, native: Size) -> Size {
        let percent = self.level.sides_percent;
        let side = |side: u32| ((side * percent / 100) & !1).max(2).min(side);
        match self.wanted {
            Some(size) => size,
            None if percent >= 100 => native,
            None => Size::new(side(native.width), side(native.height)),
        }
    }
}

#[cfg(test)]
mod tests {
    use framebox_sandbox::Descriptor;

    use super::*;

    fn parameters() -> Parameters {
        let (title, summary) = (String::new(), String::new());
        Parameters::new(&Descriptor { title, summary, parameters: vec![], outputs: vec![], size: None, fps: None })
    }

    #[test]
    fn the_size_is_the_handlers_or_the_degraded_or_the_cameras() {
        let camera = Size::new(322, 241);
        for (wanted, sides_percent, size) in [
            (None, 100, camera),
            (None, 75, Size::new(240, 180)),
            (None, 50, Size::new(160, 120)),
            (Some(Size::new(64, 48)), 50, Size::new(64, 48)),
        ] {
            let mut state = VersionState::new(parameters(), wanted);
            state.level.sides_percent = sides_percent;
            assert_eq!(state.size(camera), size);
        }
        let mut state = VersionState::new(parameters(), None);
        state.level.sides_percent = 25;
        assert_eq!(state.size(Size::new(1, 1)), Size::new(1, 1));
    }
}
