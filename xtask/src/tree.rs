//! The files of the repository, read once, so that every check is a pure function of them.
//!
//! A file is in the tree when git tracks it or would track it (not ignored). Without git, everything outside
//! `target`, `node_modules` and `.git` counts.
//!
//! Invariants:
//! - Paths are relative to the root and use `/`; iteration is in their order.
//! - A file above [`TEXT_LIMIT`], or one that is not UTF-8, has a size and no text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Larger files are never read: [`crate::tidy`] complains about them by their size alone.
const TEXT_LIMIT: u64 = 8_000_000;

pub struct File {
    pub bytes: u64,
    pub text: Option<String>,
}

#[derive(Default)]
pub struct Tree {
    files: BTreeMap<String, File>,
}

/// The root of the repository, from where Cargo found this package.
pub fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    match xtask.as_deref().and_then(Path::parent) {
        Some(root) => root.to_path_buf(),
        None => PathBuf::from("."),
    }
}

impl Tree {
    pub fn read(root: &Path) -> std::io::Result<Tree> {
        let paths = match tracked(root) {
            Some(paths) => paths,
            None => walked(root)?,
        };
        let mut tree = Tree::default();
        for path in paths {
            let on_disk = root.join(&path);
            // Deleted but still in the index: no part of the tree that will be committed.
            let Ok(metadata) = std::fs::symlink_metadata(&on_disk) else {
                continue;
            };
            if metadata.is_dir() {
                continue;
            }
            let text = if metadata.is_file() && metadata.len() <= TEXT_LIMIT {
                String::from_utf8(std::fs::read(&on_disk)?).ok()
            } else {
                None
            };
            tree.files.insert(path, File { bytes: metadata.len(), text });
        }
        Ok(tree)
    }

    /// A tree out of nothing but the given texts.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let files = files
            .iter()
            .map(|(path, text)| {
                (path.to_string(), File { bytes: text.len() as u64, text: Some(text.to_string()) })
            })
            .collect();
        Tree { files }
    }

    /// Adds a file of which only the size is known.
    #[cfg(test)]
    pub fn with_size(mut self, path: &str, bytes: u64) -> Tree {
        self.files.insert(path.to_string(), File { bytes, text: None });
        self
    }

    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The readable files whose name ends with `ending`.
    pub fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter_map(move |(path, file)| match &file.text {
            Some(text) if path.ends_with(ending) => Some((path, text.as_str())),
            _ => None,
        })
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.text.as_deref()
    }

    /// Whether `path` is a file, or a folder with a file in it.
    pub fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.contains_key(path) || self.has_folder(path)
    }

    pub fn has_folder(&self, path: &str) -> bool {
        let prefix = format!("{}/", path.trim_end_matches('/'));
        self.files.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    }
}

/// What git tracks or would track; nothing when git is not there or does not trust the folder.
fn tracked(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    if !output.status.success() || output.stdout.is_empty() {
        return None;
    }
    let listing = String::from_utf8(output.stdout).ok()?;
    Some(listing.split('\0').filter(|path| !path.is_empty()).map(str::to_string).collect())
}

fn walked(root: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_symlink() {
                continue;
            } else if path.is_dir() {
                if !matches!(name.as_str(), "target" | "node_modules" | ".git") {
                    open.push(path);
                }
            } else if let Ok(relative) = path.strip_prefix(root) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_through_its_files() {
        let tree = Tree::of(&[("docs/guides/start.md", ""), ("docs-old.md", "")]);
        assert!(tree.has("docs") && tree.has("docs/") && tree.has("docs/guides/start.md"));
        assert!(!tree.has("docs/gui") && !tree.has("doc"));
        assert!(!tree.has_folder("docs/guides/start.md"));
    }

    #[test]
    fn without_git_the_folder_itself_is_walked() {
        let here = walked(&root().join("xtask")).unwrap();
        assert!(here.contains(&"src/tree.rs".to_string()), "{here:?}");
    }
}
