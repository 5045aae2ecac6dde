//! What a component is, derived from its imports and exports.

use serde::{Deserialize, Serialize};

use super::error::LoadError;
use super::interface::{PACKAGE, VERSION};
use super::walk::Names;
use crate::kind::Kind;

/// Packages that a handler may import, with their compatible version: for 0.x, the first two numbers.
const OFFERED: [(&str, &str); 7] = [
    ("framebox:video/", "0.1"),
    ("wasi:cli/", "0.2"),
    ("wasi:clocks/", "0.2"),
    ("wasi:filesystem/", "0.2"),
    ("wasi:io/", "0.2"),
    ("wasi:random/", "0.2"),
    ("wasi:sockets/", "0.2"),
];
/// Names in an error message, at most.
const MAX_NAMES: usize = 20;

/// What a component is, derived from its imports and exports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outline {
    pub(crate) kind: Kind,
    /// Name of the export that has the function called for each frame.
    pub(crate) interface: String,
    pub(crate) imports: Vec<String>,
}

/// Derives the outline from names.
pub(super) fn outline(names: Names) -> Result<Outline, LoadError> {
    let missing: Vec<_> = names.imports.iter().filter(|import| !is_offered(import)).take(MAX_NAMES).cloned().collect();
    if !missing.is_empty() {
        return Err(LoadError::Imports(missing));
    }
    let mut worlds = Vec::new();
    let mut lifecycle = false;
    for export in &names.exports {
        let Some((interface, version)) = export.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) else {
            continue;
        };
        let kind = match interface {
            "lifecycle" => None,
            "transform" => Some(Kind::Transform),
            "generate" => Some(Kind::Generator),
            "observe" => Some(Kind::Observer),
            _ => continue,
        };
        if !is_compatible(version, VERSION) {
            return Err(LoadError::Version { found: export.clone() });
        }
        match kind {
            None => lifecycle = true,
            Some(kind) => worlds.push((kind, interface, export)),
        }
    }
    match worlds[..] {
        [] => Err(LoadError::NoWorld),
        [_] if !lifecycle => Err(LoadError::NoLifecycle),
        [(kind, _, export)] => Ok(Outline { kind, interface: export.clone(), imports: names.imports }),
        _ => Err(LoadError::SeveralWorlds(worlds.iter().map(|(_, interface, _)| (*interface).to_owned()).collect())),
    }
}

fn is_offered(import: &str) -> bool {
    let Some((interface, version)) = import.split_once('@') else { return false };
    OFFERED.iter().any(|(package, offered)| interface.starts_with(package) && is_compatible(version, offered))
}

/// Returns whether `version` is a patch version of `offered`, as 0.2.6 is of 0.2.
fn is_compatible(version: &str, offered: &str) -> bool {
    version.strip_prefix(offered).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline_of(imports: &[&str], exports: &[&str]) -> Result<Outline, LoadError> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        outline(Names { imports: owned(imports), exports: owned(exports) })
    }

    const LIFECYCLE: &str = "framebox:video/lifecycle@0.1.0";
    const TRANSFORM: &str = "framebox:video/transform@0.1.0";
    const OBSERVE: &str = "framebox:video/observe@0.1.2";

    #[test]
    fn the_kind_follows_from_the_exports_and_others_are_ignored() {
        let outline = outline_of(&["wasi:io/poll@0.2.6"], &["exports", OBSERVE, LIFECYCLE]).unwrap();
        assert_eq!((outline.kind, outline.interface.as_str()), (Kind::Observer, OBSERVE));
        assert_eq!(outline.imports, ["wasi:io/poll@0.2.6"]);
    }

    #[test]
    fn each_error_names_the_problem() {
        for (imports, exports, text) in [
            (&[][..], &[LIFECYCLE][..], "one of transform, generate and observe"),
            (&[], &[TRANSFORM], "does not export framebox:video/lifecycle"),
            (&[], &[LIFECYCLE, TRANSFORM, OBSERVE], "exports transform and observe"),
            (&[], &[LIFECYCLE, "framebox:video/transform@0.2.0"], "transform@0.2.0; this version"),
            (&[], &[LIFECYCLE, "framebox:video/transform@0.10.0"], "transform@0.10.0; this version"),
            (&["wasi:http/types@0.2.0", "wasi:cli/exit@0.2.0"], &[], "does not offer: wasi:http/types@0.2.0"),
            (&["wasi:io/poll@0.3.0"], &[], "wasi:io/poll@0.3.0"),
            (&["print"], &[], "does not offer: print"),
        ] {
            let error = outline_of(imports, exports).unwrap_err().to_string();
            assert!(error.contains(text), "{error:?} should say {text:?}");
        }
    }
}
