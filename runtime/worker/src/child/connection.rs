//! The socket to the server, blocking.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use framebox_pipeline::stream::Coded;
use sendfd::RecvWithFd;
use serde::Serialize;

use crate::protocol::{Incoming, Outgoing, ToWorker, parse};

/// Bytes that are read at once.
const READ: usize = 16 << 10;
/// Descriptors that may travel beside one message.
const FILES: usize = 4;

/// Writes messages; clones share the socket. When the server is gone nothing is written any more: the reader ends then.
#[derive(Clone)]
pub(super) struct Sender(Arc<Mutex<UnixStream>>);

impl Sender {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self(Arc::new(Mutex::new(socket)))
    }

    pub(super) fn message(&self, message: &impl Serialize) {
        self.send(&Outgoing::message(message, Vec::new()));
    }

    pub(super) fn coded(&self, coded: &Coded) {
        self.send(&Outgoing::coded(coded));
    }

    pub(super) fn image(&self, number: u64, file: Vec<u8>) {
        self.send(&Outgoing::image(number, file.into()));
    }

    fn send(&self, outgoing: &Outgoing) {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slices = [IoSlice::new(&outgoing.head), IoSlice::new(&outgoing.data)];
        let mut slices = &mut slices[..];
        while !slices.is_empty() {
            match socket.write_vectored(slices) {
                Ok(0) => return,
                Ok(written) => IoSlice::advance_slices(&mut slices, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

/// Reads messages and what travels beside them.
pub(super) struct Receiver {
    socket: UnixStream,
    buffer: BytesMut,
    files: VecDeque<File>,
}

impl Receiver {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket, buffer: BytesMut::new(), files: VecDeque::new() }
    }

    /// Waits for the next message; none when the server has closed the socket.
    pub(super) fn next(&mut self) -> io::Result<Option<Incoming<ToWorker>>> {
        loop {
            if let Some(incoming) = parse(&mut self.buffer).map_err(io::Error::other)? {
                return Ok(Some(incoming));
            }
            if self.read()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Takes the file that travelled beside the last message.
    pub(super) fn file(&mut self) -> io::Result<File> {
        self.files.pop_front().ok_or_else(|| io::Error::other("a message without its file"))
    }

    fn read(&mut self) -> io::Result<usize> {
        let begin = self.buffer.len();
        self.buffer.resize(begin + READ, 0);
        let mut files = [-1; FILES];
        let received = loop {
            match self.socket.recv_with_fd(&mut self.buffer[begin..], &mut files) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received,
            }
        };
        let (read, beside) = *received.as_ref().unwrap_or(&(0, 0));
        // SAFETY: the kernel has just opened these descriptors for this process, and nobody else knows them.
        self.files.extend(files.into_iter().take(beside).map(|file| unsafe { File::from_raw_fd(file) }));
        self.buffer.truncate(begin + read);
        received.map(|(read, _)| read)
    }
}
