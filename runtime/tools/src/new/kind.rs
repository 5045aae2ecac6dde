//! The kinds of handler, with their templates and README texts.

use clap::ValueEnum;

/// A kind of handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Changes each frame of the video.
    Transform,
    /// Makes a video of its own.
    Generator,
    /// Reads the video and reports values.
    Observer,
}

impl Kind {
    /// Returns the folder of the templates.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Transform => "transform",
            Self::Generator => "generator",
            Self::Observer => "observer",
        }
    }

    /// Returns the name with its article.
    pub(super) fn with_article(self) -> &'static str {
        match self {
            Self::Transform => "a transform",
            Self::Generator => "a generator",
            Self::Observer => "an observer",
        }
    }

    /// Returns the name of the WIT world.
    pub(super) fn world(self) -> &'static str {
        match self {
            Self::Transform => "video-handler",
            Self::Generator => "video-generator",
            Self::Observer => "video-observer",
        }
    }

    /// Describes what the template does, for the README.
    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::Transform => {
                "It inverts the pixels that are at least as bright as the parameter `threshold`, and reports\n\
                 their share of the picture."
            }
            Self::Generator => {
                "It makes a video of bands of colour that move at the speed of its parameter `speed`, and\n\
                 reports how far they have moved."
            }
            Self::Observer => {
                "It reads the video without changing it, and reports the brightness at the interval of its\n\
                 parameter `interval`."
            }
        }
    }

    /// Returns the commands that run the handler on files, for the README.
    pub(super) fn commands(self, name: &str) -> String {
        let component = format!("framebox run build/{name}.wasm");
        match self {
            Self::Transform => format!(
                "{component} pattern -o build/out.mp4 --set threshold=90\n\
                 {component} holiday.mp4 -o build/out.mp4      # or your own video or picture"
            ),
            Self::Generator => format!("{component} -o build/out.mp4 --set speed=200"),
            Self::Observer => format!(
                "{component} pattern --set interval=100\n\
                 {component} holiday.mp4                       # or your own video or picture"
            ),
        }
    }
}
