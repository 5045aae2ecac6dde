//! The kinds of handlers.

use clap::ValueEnum;

/// A kind of handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// One frame in, one result out.
    Transform,
    /// No input, video out.
    Generator,
    /// Video in, values out.
    Observer,
}

impl Kind {
    /// Returns the folder of its templates.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Transform => "transform",
            Self::Generator => "generator",
            Self::Observer => "observer",
        }
    }

    /// Returns its name with an article.
    pub(super) fn with_article(self) -> &'static str {
        match self {
            Self::Transform => "a transform",
            Self::Generator => "a generator",
            Self::Observer => "an observer",
        }
    }

    /// Returns its world in the WIT.
    pub(super) fn world(self) -> &'static str {
        match self {
            Self::Transform => "video-handler",
            Self::Generator => "video-generator",
            Self::Observer => "video-observer",
        }
    }

    /// Describes the template, for the README.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Transform => {
                "It inverts the pixels that are brighter than its parameter `threshold`, and reports their\n\
                 share of the picture."
            }
            Self::Generator => {
                "It generates bands of colour that move with its parameter `speed`, and reports how far\n\
                 they have moved."
            }
            Self::Observer => {
                "It reports the brightness of the video, at the interval of its parameter `interval`, and\n\
                 sends no video back."
            }
        }
    }

    /// Returns commands to try it on files, for the README.
    pub(super) fn run(self, name: &str) -> String {
        let component = format!("framebox run build/{name}.wasm");
        match self {
            Self::Transform => format!(
                "{component} pattern -o build/out.mp4 --set threshold=90\n\
                 {component} holiday.mp4 -o build/out.mp4      # or a video or picture of your own"
            ),
            Self::Generator => format!("{component} -o build/out.mp4 --set speed=200"),
            Self::Observer => format!(
                "{component} pattern --set interval=100\n\
                 {component} holiday.mp4                       # or a video or picture of your own"
            ),
        }
    }
}
