//! Clients written on aiortc, a WebRTC implementation that shares no code with the server's.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::child::Child;
use crate::paths;
use crate::server::secret_of;

/// Returns the folder of the clients.
fn folder() -> PathBuf {
    paths::root().join("tests/clients")
}

/// Returns the interpreter of a virtual environment with aiortc, which is created first if there is none. Returns None
/// where it cannot be created, after reporting that.
pub fn python() -> Option<PathBuf> {
    match environment() {
        Ok(python) => Some(python),
        Err(why) => {
            crate::lacking(&format!("no Python environment with aiortc: {why}"));
            None
        }
    }
}

pub(crate) fn environment() -> Result<PathBuf, String> {
    let build = paths::target();
    let (home, lock) = (build.join("venv"), build.join("venv.lock"));
    let python = home.join("bin/python");
    let requirements = folder().join("requirements.txt");
    let (wanted, stamp) = (std::fs::read_to_string(&requirements).unwrap(), home.join("installed"));
    // One test creates it while others wait. Closing the file unlocks it.
    let lock = File::create(lock).unwrap();
    lock.lock().unwrap();
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements))?;
    std::fs::write(stamp, wanted).unwrap();
    Ok(python)
}

pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(Output { status, .. }) if status.success() => Ok(()),
        Ok(Output { stderr, .. }) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// Returns FFmpeg with its muxer for WHIP, of PyPI.
pub fn ffmpeg(python: &Path) -> PathBuf {
    let script = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
    let found = Command::new(python).args(["-c", script]).env_remove("IMAGEIO_FFMPEG_EXE").output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim())
}

/// Returns Debian's own interpreter if it has GStreamer's `webrtcbin`. Returns None where it has not, after reporting that.
pub fn gstreamer() -> Option<PathBuf> {
    let python = PathBuf::from("/usr/bin/python3");
    let script = "import gi
gi.require_version('GstWebRTC', '1.0')
from gi.repository import Gst, GstWebRTC
Gst.init(None)
lacking = [name for name in ('webrtcbin', 'nicesrc', 'openh264enc', 'rtph264pay') if not Gst.ElementFactory.find(name)]
assert not lacking, lacking";
    match run(Command::new(&python).args(["-c", script])) {
        Ok(()) => Some(python),
        Err(why) => {
            let packages =
                "gir1.2-gst-plugins-bad-1.0, gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad, gstreamer1.0-nice";
            crate::lacking(&format!("no GStreamer for Python (python3-gi, {packages}): {why}"));
            None
        }
    }
}

/// Starts the client `script`. For a server among its arguments it gets the start-up secret.
pub fn start(python: &Path, script: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(python);
    command.arg(folder().join(script)).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(secret) = arguments.iter().find_map(|argument| secret_of(argument)) {
        command.env("FRAMEBOX_TOKEN", secret);
    }
    Child::start(script, &mut command)
}

/// Runs the client `script` to its end; returns the last line of its output, as JSON.
pub async fn report(python: &Path, script: &str, arguments: &[&str]) -> Value {
    let mut child = start(python, script, arguments);
    let status = child.ended().await;
    assert!(status.success(), "{script} {arguments:?} failed: {:#?} {:#?}", child.out(), child.err());
    let out = child.out();
    let last = out.last().unwrap_or_else(|| panic!("{script} reported nothing: {:#?}", child.err()));
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{script} reported {last:?}: {error}"))
}
