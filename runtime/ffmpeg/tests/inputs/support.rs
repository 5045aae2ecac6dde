//! Inputs, and what comes out of them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use framebox_ffmpeg::{Failure, Ffmpeg, Input, Options, Outcome, Run};
use framebox_media::nut::{Bounds, Data, Frame, Reader, Track};
use framebox_picture::{Picture, Pool};
use tempfile::TempDir;

/// Makes inputs and reads them, one test at a time: what is measured here is not how many decoders a machine carries.
pub(crate) struct Bench {
    pub(crate) ffmpeg: Ffmpeg,
    pub(crate) folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

/// None where there is no ffmpeg: then the test is skipped, and says so.
pub(crate) fn bench() -> Option<Bench> {
    #[expect(clippy::disallowed_methods, reason = "the machine's programs are looked for")]
    let path = std::env::var_os("PATH");
    let ffmpeg = match Ffmpeg::find(None, path.as_deref()) {
        Ok(ffmpeg) => ffmpeg.started_by(env!("CARGO_BIN_EXE_framebox-ffmpeg-child").into()),
        Err(error) => {
            println!("skipped: {error}");
            return None;
        }
    };
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Some(Bench { ffmpeg, folder: tempfile::tempdir().unwrap(), _turn: turn })
}

impl Bench {
    /// Makes a file: `arguments` are those of ffmpeg, without the file.
    pub(crate) fn make(&self, name: &str, arguments: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        let mut command = Command::new(self.ffmpeg.path());
        command.args(["-nostdin", "-loglevel", "error", "-y"]).args(words(arguments)).arg(&file);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        file
    }

    /// Reads a file to its end.
    pub(crate) fn read(&self, file: &Path) -> Pictures {
        self.pictures(&Input::Open(File::open(file).unwrap().into()), &Options::on_demand(1920, 1080))
    }

    /// Reads all pictures.
    pub(crate) fn pictures(&self, input: &Input, options: &Options) -> Pictures {
        let mut running = self.ffmpeg.start(input, options).unwrap();
        let reader = Reader::new(&running.output, Bounds::up_to(1 << 26));
        let mut reader = reader.unwrap_or_else(|error| panic!("{error}: {:?}", outcome(&mut running.run)));
        let (mut frames, mut pool) = (Vec::new(), Pool::default());
        while let Some(frame) = reader.next(&mut pool).unwrap() {
            frames.push(frame);
        }
        let track = reader.track();
        assert_eq!(outcome(&mut running.run), Outcome::Ended);
        Pictures { track, frames }
    }

    /// Reads until nothing comes any more; returns why, and how many pictures there were.
    pub(crate) fn failure(&self, input: &Input, options: &Options) -> (Failure, usize) {
        let mut running = self.ffmpeg.start(input, options).unwrap();
        let (mut count, mut pool) = (0, Pool::default());
        if let Ok(mut reader) = Reader::new(&running.output, Bounds::up_to(1 << 26)) {
            while let Ok(Some(_)) = reader.next(&mut pool) {
                count += 1;
            }
        }
        match outcome(&mut running.run) {
            Outcome::Failed(failure) => (failure, count),
            other => panic!("{other:?} after {count} pictures"),
        }
    }
}

/// What came out.
pub(crate) struct Pictures {
    pub(crate) track: Track,
    pub(crate) frames: Vec<Frame>,
}

impl Pictures {
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.track.size.width, self.track.size.height)
    }

    pub(crate) fn picture(&self, at: usize) -> &Picture {
        match &self.frames[at].data {
            Data::Picture(picture) => picture,
            other => panic!("{other:?}"),
        }
    }

    /// The colour at this part of a picture's width and height, as Y, U, V.
    pub(crate) fn colour(&self, at: usize, x: f64, y: f64) -> [u8; 3] {
        let picture = self.picture(at);
        let (planes, size) = (picture.planes(), picture.size());
        let (column, row) = ((f64::from(size.width) * x) as usize, (f64::from(size.height) * y) as usize);
        let chroma = |plane: framebox_picture::Plane<'_>| plane.data[row / 2 * plane.stride + column / 2];
        [planes.y.data[row * planes.y.stride + column], chroma(planes.u), chroma(planes.v)]
    }

    /// Times of the pictures since the first one, ms.
    pub(crate) fn times(&self) -> Vec<i64> {
        self.frames.iter().map(|frame| (frame.time - self.frames[0].time) / 1_000_000).collect()
    }
}

pub(crate) fn outcome(run: &mut Run) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(run.outcome())
}

/// Splits at spaces.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}
