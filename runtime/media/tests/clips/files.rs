//! Paths and files that cannot be read.

use std::path::Path;
use std::process::Command;

use framebox_media::clip::{self, Bounds, Error};

use crate::support::{file, refusal};

fn error(path: &Path) -> Error {
    clip::open(path, &Bounds::default()).map(|clip| clip.info()).unwrap_err()
}

#[test]
fn only_regular_files_are_opened_and_errors_contain_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [folder.path(), &pipe, Path::new("/dev/zero"), Path::new("/dev/null")] {
        assert_eq!(error(path), Error::NotAFile, "{}", path.display());
    }
    let missing = error(&folder.path().join("missing.mp4")).to_string();
    assert_eq!(missing, "the file cannot be read: entity not found");
}

#[test]
fn files_of_unknown_types_are_refused() {
    assert_eq!(refusal(b"", &Bounds::default()).to_string(), "the file is damaged: it is empty");
    for bytes in [&b"MZ\x90\x00"[..], b"#!/bin/sh\n", b"RIFF....AVI LIST", &[0x1a, 0x45, 0xdf, 0xa3], &[0; 5000]] {
        assert_eq!(refusal(bytes, &Bounds::default()), Error::Unknown);
    }
}

#[test]
fn huge_sparse_files_are_refused() {
    let file = file(b"YUV4MPEG2 W4 H4 F25:1\n");
    file.as_file().set_len(1 << 40).unwrap();
    assert!(matches!(error(file.path()), Error::TooMuch { .. }));
}
