//! Where values go: a line of JSON for each frame.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use framebox_sandbox::{CallError, Descriptor, NamedValue, Value};
use serde_json::{Map, Value as Json, json};

use crate::Error;

/// Takes the values of each frame.
pub(super) struct Values {
    to: Option<Box<dyn Write>>,
    /// Whoever follows the run on a terminal sees them there.
    is_on_terminal: bool,
}

impl Values {
    /// Into `file` (`-`: to the standard output), or where nothing is said, to the standard output when the handler has
    /// values and nobody would see them among other things.
    pub(super) fn open(file: Option<&Path>, descriptor: &Descriptor, has_pictures: bool) -> Result<Self, Error> {
        let terminal = io::stdout().is_terminal();
        let to_stdout = match file {
            Some(file) => file.as_os_str() == "-",
            None => !(descriptor.outputs.is_empty() || has_pictures && terminal),
        };
        let to: Option<Box<dyn Write>> = match file {
            _ if to_stdout => Some(Box::new(BufWriter::new(io::stdout()))),
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|error| Error::write(path, error))?;
                Some(Box::new(BufWriter::new(file)))
            }
        };
        Ok(Self { to, is_on_terminal: to_stdout && terminal })
    }

    /// True: the lines are on a terminal, where a bar of progress would stand in their way.
    pub(super) fn is_on_terminal(&self) -> bool {
        self.is_on_terminal
    }

    /// What a frame gave, and the fuel that it took.
    pub(super) fn put(&mut self, sequence: u64, pts_us: i64, fuel: u64, values: &[NamedValue]) -> Result<(), Error> {
        let values: Map<_, _> = values.iter().map(|named| (named.id.clone(), json_of(&named.value))).collect();
        self.line(&json!({ "sequence": sequence, "pts_us": pts_us, "fuel": fuel, "values": values }))
    }

    /// A frame that gave nothing.
    pub(super) fn failed(&mut self, sequence: u64, pts_us: i64, failure: &CallError) -> Result<(), Error> {
        let failure = json!({ "code": failure.code(), "message": failure.to_string() });
        self.line(&json!({ "sequence": sequence, "pts_us": pts_us, "failure": failure }))
    }

    /// All that is still held back.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        written(self.to.as_mut().map_or(Ok(()), |to| to.flush()))
    }

    fn line(&mut self, line: &Json) -> Result<(), Error> {
        let Some(to) = &mut self.to else { return Ok(()) };
        let mut result = writeln!(to, "{line}");
        if self.is_on_terminal {
            result = result.and_then(|()| to.flush());
        }
        written(result)
    }
}

fn written(result: io::Result<()>) -> Result<(), Error> {
    result.map_err(|error| Error::Machine(format!("the values cannot be written: {error}")))
}

/// As the server sends it.
fn json_of(value: &Value) -> Json {
    match value {
        Value::Blob { media_type, data } => json!({ "media_type": media_type, "data": STANDARD.encode(data) }),
        value => value.to_json(),
    }
}
