//! What the handler of a new project does.

use clap::ValueEnum;

/// A kind of handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// One frame in, one result out.
    Transform,
    /// Makes the video.
    Generator,
    /// Looks at the video, and reports values.
    Observer,
}

impl Kind {
    /// Folder of its templates.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Transform => "transform",
            Self::Generator => "generator",
            Self::Observer => "observer",
        }
    }

    /// The same with its article.
    pub(super) fn called(self) -> &'static str {
        match self {
            Self::Transform => "a transform",
            Self::Generator => "a generator",
            Self::Observer => "an observer",
        }
    }

    /// Its world in the WIT.
    pub(super) fn world(self) -> &'static str {
        match self {
            Self::Transform => "video-handler",
            Self::Generator => "video-generator",
            Self::Observer => "video-observer",
        }
    }

    /// What the template does, for the README.
    pub(super) fn does(self) -> &'static str {
        match self {
            Self::Transform => {
                "It makes a negative of what is brighter than its parameter `threshold`, and tells how\n\
                 much of the picture that is."
            }
            Self::Generator => {
                "It makes a video of its own: bands of colour that move with its parameter `speed`; and\n\
                 it tells how far they came."
            }
            Self::Observer => {
                "It looks at the video, shows none of its own, and tells how bright it is, as often as its\n\
                 parameter `interval` says."
            }
        }
    }

    /// How to try it from file to file, for the README.
    pub(super) fn run(self, name: &str) -> String {
        let component = format!("framebox run build/{name}.wasm");
        match self {
            Self::Transform => format!(
                "{component} pattern -o build/out.mp4 --set threshold=90\n\
                 {component} holiday.mp4 -o build/out.mp4      # or a video or picture of yours"
            ),
            Self::Generator => format!("{component} -o build/out.mp4 --set speed=200"),
            Self::Observer => format!(
                "{component} pattern --set interval=100\n\
                 {component} holiday.mp4                       # or a video or picture of yours"
            ),
        }
    }
}
