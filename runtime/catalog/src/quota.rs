//! Quotas of the disk: what the versions that one principal uploaded take up, and how much that may be.
//!
//! It is computed from the versions that there are, so that it is right after a crash and after a deletion. A component
//! counts to everyone who uploaded it, though it is stored once.

use std::collections::{BTreeSet, HashMap};

use framebox_sandbox::Digest;

use super::index::Index;
use super::store::Component;

/// Bounds on what one principal's versions take up; `None`: unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Handlers.
    pub handlers: Option<u64>,
    /// Disk: components and their compiled code, bytes.
    pub bytes: Option<u64>,
}

/// What one principal's versions take up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Handlers.
    pub handlers: u64,
    /// Disk: components and their compiled code, each once, bytes.
    pub bytes: u64,
}

/// Why an upload exceeds a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// Too many handlers.
    #[error("you have {used} handlers of at most {most}: delete one, or ask for more")]
    Handlers {
        /// Handlers present.
        used: u64,
        /// The bound.
        most: u64,
    },
    /// Too much disk.
    #[error(
        "your versions take {used} bytes of at most {most}, compiled code included, and {asked} more do not fit: delete \
         versions, or ask for more"
    )]
    Bytes {
        /// Bytes in use.
        used: u64,
        /// Bytes of the upload.
        asked: u64,
        /// The bound.
        most: u64,
    },
}

impl Quota {
    /// Checks that `bytes` more fit beside what is `used`. `creates`: the principal has no handler of its name yet.
    ///
    /// # Errors
    /// Names the bound that would be exceeded.
    pub fn admit(&self, used: Usage, creates: bool, bytes: u64) -> Result<(), QuotaError> {
        if let Some(most) = self.handlers
            && creates
            && used.handlers >= most
        {
            return Err(QuotaError::Handlers { used: used.handlers, most });
        }
        if let Some(most) = self.bytes
            && bytes > 0
            && used.bytes.saturating_add(bytes) > most
        {
            return Err(QuotaError::Bytes { used: used.bytes, asked: bytes, most });
        }
        Ok(())
    }
}

/// The versions of one principal.
#[derive(Debug, Default)]
pub struct Uploaded<'a> {
    handlers: BTreeSet<&'a str>,
    components: BTreeSet<Digest>,
}

impl<'a> Uploaded<'a> {
    /// Collects the versions that `principal` uploaded, also those that a configured handler hides.
    pub fn by(principal: &str, index: &'a Index) -> Self {
        let shown = index.handlers.iter().flat_map(|(name, entry)| {
            let versions = entry.versions.values();
            versions.map(move |version| (name.as_str(), version.uploaded_by.as_deref(), version.digest))
        });
        let hidden =
            index.hidden.iter().map(|hidden| (hidden.name.as_str(), hidden.uploaded_by.as_deref(), hidden.digest));
        let mut uploaded = Self::default();
        for (name, by, digest) in shown.chain(hidden) {
            if by == Some(principal) {
                uploaded.handlers.insert(name);
                uploaded.components.insert(digest);
            }
        }
        uploaded
    }

    /// Reports whether a version of the handler `name` is among them.
    pub fn has_handler(&self, name: &str) -> bool {
        self.handlers.contains(name)
    }

    /// Reports whether a version with the component `digest` is among them.
    pub fn has_component(&self, digest: &Digest) -> bool {
        self.components.contains(digest)
    }

    /// Returns what they take up.
    pub fn usage(&self, components: &HashMap<Digest, Component>) -> Usage {
        let bytes = self.components.iter().filter_map(|digest| components.get(digest)).map(Component::disk_bytes);
        Usage { handlers: self.handlers.len() as u64, bytes: bytes.fold(0, u64::saturating_add) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_bounds_handlers_and_bytes() {
        let quota = Quota { handlers: Some(2), bytes: Some(100) };
        let used = |handlers, bytes| Usage { handlers, bytes };
        assert_eq!(quota.admit(used(1, 0), true, 100), Ok(()));
        assert_eq!(quota.admit(used(2, 0), true, 1), Err(QuotaError::Handlers { used: 2, most: 2 }));
        assert_eq!(quota.admit(used(2, 1), false, 99), Ok(()));
        let over = QuotaError::Bytes { used: 1, asked: 100, most: 100 };
        assert_eq!(quota.admit(used(2, 1), false, 100), Err(over));
        assert_eq!(quota.admit(used(2, 200), false, 0), Ok(()), "what takes nothing fits always");
        assert!(quota.admit(used(0, u64::MAX), true, u64::MAX).is_err());
        assert_eq!(Quota::default().admit(used(u64::MAX, u64::MAX), true, u64::MAX), Ok(()));
    }
}
