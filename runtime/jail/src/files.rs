//! Landlock (landlock(7)): nothing can be opened by its path.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
};

/// Gives up all access to files by their paths, to TCP ports, and to what lies outside by abstract sockets and signals, as
/// far as this kernel knows them. Returns whether anything of it is in force.
pub(crate) fn close() -> Result<bool, RulesetError> {
    let abi = ABI::V7;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?;
    let status = ruleset.create()?.restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
