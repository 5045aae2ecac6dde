//! Landlock (landlock(7)): what can be opened by its path.

use std::os::fd::AsFd;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// What the rules know of.
const VERSION: ABI = ABI::V7;

/// Gives up all access to files by their paths, to TCP ports, and to what lies outside by abstract sockets and signals, as
/// far as this kernel knows them. Returns whether anything of it is in force.
pub(crate) fn close() -> Result<bool, RulesetError> {
    Rules::new()?.apply()
}

/// Rules that give up everything but what they allow.
pub(crate) struct Rules(RulesetCreated);

impl Rules {
    pub(crate) fn new() -> Result<Self, RulesetError> {
        let ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(VERSION))?
            .handle_access(AccessNet::from_all(VERSION))?
            .scope(Scope::from_all(VERSION))?;
        Ok(Self(ruleset.create()?))
    }

    /// Allows to read a file, or the files of a folder and its folders. A path that does not exist is left out.
    pub(crate) fn read(self, path: &Path) -> Result<Self, RulesetError> {
        self.path(path, AccessFs::ReadFile | AccessFs::ReadDir)
    }

    /// Allows to execute a file.
    pub(crate) fn execute(self, path: &Path) -> Result<Self, RulesetError> {
        self.path(path, AccessFs::ReadFile | AccessFs::Execute)
    }

    /// Allows to drive a device.
    pub(crate) fn device(self, path: &Path) -> Result<Self, RulesetError> {
        self.path(path, AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev)
    }

    /// Allows to open the file of a descriptor again, to read it.
    pub(crate) fn reopen(self, file: impl AsFd) -> Result<Self, RulesetError> {
        Ok(Self(self.0.add_rule(PathBeneath::new(file, AccessFs::ReadFile))?))
    }

    fn path(self, path: &Path, access: BitFlags<AccessFs>) -> Result<Self, RulesetError> {
        let Ok(descriptor) = PathFd::new(path) else { return Ok(self) };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(VERSION) };
        Ok(Self(self.0.add_rule(PathBeneath::new(descriptor, access))?))
    }

    /// Returns whether anything of it is in force.
    pub(crate) fn apply(self) -> Result<bool, RulesetError> {
        Ok(self.0.restrict_self()?.ruleset != RulesetStatus::NotEnforced)
    }
}
