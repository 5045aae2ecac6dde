//! Records of the database. Their serialized form outlives the program: field names on the disk do not change.

use framebox_sandbox::{Component as Loaded, Descriptor, Digest, Kind};
use serde::{Deserialize, Serialize};

use crate::limits::Table;

/// What a component declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Whether it transforms, generates or observes.
    pub kind: Kind,
    /// What its `describe` returned.
    pub descriptor: Descriptor,
    /// The interfaces that it imports.
    pub imports: Vec<String>,
}

impl Metadata {
    /// Reads the metadata of a loaded component.
    pub fn of(component: &Loaded) -> Self {
        Self {
            kind: component.kind(),
            descriptor: component.descriptor().clone(),
            imports: component.imports().to_vec(),
        }
    }
}

/// A component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its size, bytes.
    pub bytes: u64,
    /// What it declares.
    #[serde(rename = "about")]
    pub metadata: Metadata,
    /// Its compiled code.
    pub code: Code,
}

/// Compiled code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The engine and the processor that it was compiled for.
    pub edition: String,
    /// Digest of the code itself.
    pub digest: Digest,
    /// Size of the code, bytes; 0 in records of older programs.
    #[serde(default)]
    pub bytes: u64,
}

impl Component {
    /// Disk that it takes with its compiled code, bytes.
    pub fn disk_bytes(&self) -> u64 {
        self.bytes.saturating_add(self.code.bytes)
    }
}

/// A version of a handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The component's digest.
    pub digest: Digest,
    /// When it was uploaded, milliseconds since 1970.
    pub uploaded_ms: u64,
    /// The limits that its upload requested.
    #[serde(default, rename = "limits")]
    pub requested_limits: Table,
    /// Key of the principal that uploaded it; `None` in records of older programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploaded_by: Option<String>,
}

/// A handler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Handler {
    /// The version that new sessions get.
    pub active: Option<u64>,
    /// The version that was active before.
    pub previous: Option<u64>,
    /// The version that a share of the new sessions gets.
    pub canary: Option<Canary>,
    /// Number of the last version; numbers are never given twice.
    pub last: u64,
}

/// A version that a share of the new sessions gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// Its number.
    pub version: u64,
    /// Share of the new sessions, 0 to 1.
    pub share: f64,
}
