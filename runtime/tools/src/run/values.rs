//! Writes the values of each frame as a line of JSON.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use framebox_sandbox::{CallError, Descriptor, OutputValue};
use serde_json::{Map, Value as Json, json};

use crate::Error;

/// The destination of the values, if there is one.
pub(super) struct Values {
    writer: Option<Box<dyn Write>>,
    /// Whether the lines are shown on a terminal and are therefore flushed at once.
    is_on_terminal: bool,
}

impl Values {
    /// Opens `file`, where `-` is standard output. Without `file`, the values go to standard output if the handler has outputs,
    /// unless that is a terminal and pictures are written.
    pub(super) fn open(file: Option<&Path>, descriptor: &Descriptor, has_pictures: bool) -> Result<Self, Error> {
        let terminal = io::stdout().is_terminal();
        let to_stdout = match file {
            Some(file) => file.as_os_str() == "-",
            None => !(descriptor.outputs.is_empty() || has_pictures && terminal),
        };
        let writer: Option<Box<dyn Write>> = match file {
            _ if to_stdout => Some(Box::new(BufWriter::new(io::stdout()))),
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|error| Error::write(path, error))?;
                Some(Box::new(BufWriter::new(file)))
            }
        };
        Ok(Self { writer, is_on_terminal: to_stdout && terminal })
    }

    /// Returns whether the lines are shown on a terminal, where a progress bar would interfere.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.is_on_terminal
    }

    /// Writes the values of a frame and the fuel that it used.
    pub(super) fn put(&mut self, sequence: u64, pts_us: i64, fuel: u64, values: &[OutputValue]) -> Result<(), Error> {
        let values: Map<_, _> = values.iter().map(|named| (named.id.clone(), named.json.parse())).collect();
        self.line(&json!({ "sequence": sequence, "pts_us": pts_us, "fuel": fuel, "values": values }))
    }

    /// Writes the error of a failed frame.
    pub(super) fn put_failure(&mut self, sequence: u64, pts_us: i64, error: &CallError) -> Result<(), Error> {
        let failure = json!({ "code": error.code(), "message": error.to_string() });
        self.line(&json!({ "sequence": sequence, "pts_us": pts_us, "failure": failure }))
    }

    /// Writes everything that is still buffered.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        checked(self.writer.as_mut().map_or(Ok(()), |writer| writer.flush()))
    }

    fn line(&mut self, line: &Json) -> Result<(), Error> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut result = writeln!(writer, "{line}");
        if self.is_on_terminal {
            result = result.and_then(|()| writer.flush());
        }
        checked(result)
    }
}

fn checked(result: io::Result<()>) -> Result<(), Error> {
    result.map_err(|error| Error::Machine(format!("cannot write the values: {error}")))
}
