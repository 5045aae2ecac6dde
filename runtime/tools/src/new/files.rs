//! The files of a project: filled-in templates, and the files that its language shares with the examples.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::file::{File, copy};
use super::kind::Kind;
use super::language::Language;
use crate::project;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");

/// Template files that become parts of the README.
const README_PARTS: [&str; 2] = ["needs.md", "files.md"];

/// Returns all files of a project.
pub fn create(name: &str, lang: Language, kind: Kind) -> Vec<File> {
    let part = |part| template(Path::new(lang.folder()).join(part));
    let values = Values(vec![
        ("needs", part(README_PARTS[0]).trim_end().to_owned()),
        ("files", part(README_PARTS[1]).trim_end().to_owned()),
        ("run", kind.commands(name)),
        ("does", kind.purpose().to_owned()),
        ("language", lang.called().to_owned()),
        ("effect", lang.effect().to_owned()),
        ("wit", lang.wit().to_owned()),
        ("world", kind.world().to_owned()),
        ("KIND", kind.folder().to_uppercase()),
        ("name", name.to_owned()),
    ]);
    let mut files = Vec::new();
    for (path, to) in [("common/README.md", "README.md"), ("common/gitignore", ".gitignore")] {
        files.push(values.file(to.into(), template(path)));
    }
    files.push(values.file(project::FILE.into(), template("common/framebox.toml")));
    let of_language = Path::new(lang.folder());
    values.folder(of_language, of_language, &mut files);
    let of_kind = of_language.join(kind.folder());
    values.folder(&of_kind, &of_kind, &mut files);
    copy(&WIT, Path::new(lang.wit()), &mut files);
    lang.shared(&mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Returns the text of a template. The tests check that every template exists.
fn template(path: impl AsRef<Path>) -> &'static str {
    TEMPLATES.get_file(path).and_then(|file| file.contents_utf8()).unwrap_or_default()
}

/// The values of the placeholders in templates, by name.
struct Values(Vec<(&'static str, String)>);

impl Values {
    /// Fills in a template.
    fn file(&self, path: PathBuf, template: &str) -> File {
        let replace = |text: String, (key, value): &(&str, String)| text.replace(&format!("{{{{{key}}}}}"), value);
        File { path, content: Cow::Owned(self.0.iter().fold(template.to_owned(), replace).into_bytes()) }
    }

    /// Fills in the templates of a folder and of the folders in it, except those of a kind of handler.
    fn folder(&self, folder: &Path, root: &Path, files: &mut Vec<File>) {
        let Some(dir) = TEMPLATES.get_dir(folder) else { return };
        for file in dir.files() {
            let path = file.path().strip_prefix(root).unwrap_or(file.path());
            if !README_PARTS.iter().any(|part| path == Path::new(part)) {
                files.push(self.file(path.to_owned(), file.contents_utf8().unwrap_or_default()));
            }
        }
        let of_a_kind = |dir: &&Dir<'_>| {
            use clap::ValueEnum as _;
            Kind::value_variants().iter().any(|kind| dir.path().ends_with(kind.folder()))
        };
        dir.dirs().filter(|dir| !of_a_kind(dir)).for_each(|dir| self.folder(dir.path(), root, files));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use clap::ValueEnum as _;

    use super::*;
    use crate::project::Project;

    #[test]
    fn every_project_is_complete() {
        for lang in Language::value_variants() {
            for kind in Kind::value_variants() {
                let files = create("my-own_1", *lang, *kind);
                let mut paths = HashSet::new();
                for File { path, content } in &files {
                    let shown = format!("{lang:?} {kind:?} {}", path.display());
                    assert!(paths.insert(path.to_str().unwrap()), "{shown} appears twice");
                    assert!(path.is_relative(), "{shown}");
                    let text = String::from_utf8_lossy(content);
                    for key in ["needs", "files", "run", "does", "language", "effect", "wit", "world", "KIND", "name"] {
                        assert!(!text.contains(&format!("{{{{{key}}}}}")), "{shown}: {key} is not filled in");
                    }
                }
                for wanted in ["README.md", ".gitignore", "framebox.toml", "build.sh", "test.sh", lang.effect()] {
                    assert!(paths.contains(wanted), "{lang:?} {kind:?} has no {wanted}");
                }
                let readme = files.iter().find(|file| file.path == Path::new("README.md")).unwrap();
                let readme = String::from_utf8_lossy(&readme.content);
                for command in [
                    "sh build.sh",
                    "framebox check build/my-own_1.wasm",
                    "framebox run",
                    "framebox dev",
                    "framebox push",
                ] {
                    assert!(readme.contains(command), "{lang:?} {kind:?}: {command}");
                }
            }
        }
    }

    #[test]
    fn the_project_file_is_valid() {
        let folder = tempfile::tempdir().unwrap();
        let files = create("mine", Language::Python, Kind::Observer);
        crate::new::write::write(&folder.path().join("mine"), &files).unwrap();
        let project = Project::read(&folder.path().join("mine")).unwrap();
        assert_eq!((project.name.as_str(), project.command.as_str()), ("mine", "sh build.sh"));
        assert_eq!(project.component, Path::new("build/mine.wasm"));
    }
}
