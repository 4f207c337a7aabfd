//! `cargo xtask dependencies [--bill | --advisories [DIR]]`: what is linked, as a list that scanners read, and whether any of it is known to be vulnerable.
//!
//! - without an option: every crate of our lock files, with its version and the lock files that have it;
//! - `--bill`: a bill of materials of what a user gets (CycloneDX 1.5), as the Debian package has it;
//! - `--advisories DIR`: every crate of our lock files against a copy of the RustSec advisory database (`git clone
//!   https://github.com/RustSec/advisory-db`); without DIR the one that `SERVANDA_ADVISORIES` names. It ends with 1 where one is listed that
//!   `SECURITY.md` does not say something about.
//!
//! What it deliberately does not do: fetch the database (the machine that builds may have no internet), or say how old is too old: it says of
//! which day the newest advisory is.
//!
//! Invariants
//! - an advisory that cannot be read is an error, not one less;
//! - what is only informational (unmaintained, unsound) is told, and fails nothing.
//!
//! Start at [`run`].

use crate::tree::{self, Tree};
use semver::{Version, VersionReq};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where advisories are talked about that are listed and do not touch us.
const TALKED_ABOUT: &str = "SECURITY.md";

/// A crate of a registry: name and version.
pub type Crate = (String, String);

pub fn run(arguments: &[String]) -> ExitCode {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => read().map(|locked| (list(&locked), true)),
        ["--bill"] => crate::dist::bill().map(|bill| (bill, true)),
        ["--advisories"] => match std::env::var_os("SERVANDA_ADVISORIES") {
            Some(folder) => looked(Path::new(&folder)),
            None => Err("name the folder of the advisory database, or set SERVANDA_ADVISORIES".to_string()),
        },
        ["--advisories", folder] => looked(Path::new(folder)),
        _ => Err("it takes `--bill`, or `--advisories` with a folder, or nothing".to_string()),
    };
    match done {
        Ok((text, fine)) => {
            print!("{text}");
            ExitCode::from(if fine { crate::FINE } else { crate::NO })
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(crate::COULD_NOT_RUN)
        }
    }
}

/// What a lock file says of a crate.
#[derive(Default, Debug)]
pub struct Locked {
    /// SHA-256 of the crate's file, as the registry has it.
    pub checksum: Option<String>,
    /// The lock files that have it.
    pub files: BTreeSet<String>,
}

/// All crates of registries in all lock files of the tree.
pub fn locked(tree: &Tree) -> Result<BTreeMap<Crate, Locked>, String> {
    let mut all: BTreeMap<Crate, Locked> = BTreeMap::new();
    for (path, text) in tree.texts("Cargo.lock") {
        let lock: toml::Table = text.parse().map_err(|e| format!("{path}: {e}"))?;
        for package in lock.get("package").and_then(|all| all.as_array()).into_iter().flatten() {
            let word = |key: &str| package.get(key).and_then(|value| value.as_str()).map(String::from);
            // Ours have no source.
            let (Some(name), Some(version), Some(_)) = (word("name"), word("version"), word("source")) else {
                continue;
            };
            let one = all.entry((name, version)).or_default();
            one.checksum = word("checksum").or(one.checksum.take());
            one.files.insert(path.to_string());
        }
    }
    Ok(all)
}

fn read() -> Result<BTreeMap<Crate, Locked>, String> {
    locked(&Tree::read(&tree::root()).map_err(|e| format!("the repository could not be read: {e}"))?)
}

fn list(locked: &BTreeMap<Crate, Locked>) -> String {
    let line = |((name, version), one): (&Crate, &Locked)| {
        let files: Vec<&str> = one.files.iter().map(String::as_str).collect();
        format!("{name} {version}  {}\n", files.join(" "))
    };
    locked.iter().map(line).collect()
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The bill of materials of a version, from what is linked with its licence; `at` is RFC 3339.
///
/// # Source
/// CycloneDX 1.5, JSON; Package URL, type `cargo`.
pub fn bill(version: &str, at: &str, linked: &BTreeMap<Crate, String>) -> Result<String, String> {
    let locked = read()?;
    let component = |((name, version), licence): (&Crate, &String)| {
        let address = quoted(&format!("pkg:cargo/{name}@{version}"));
        let key = (name.clone(), version.clone());
        let checksum = locked.get(&key).and_then(|one| one.checksum.as_deref());
        let hashes = checksum
            .map(|hash| format!(", \"hashes\": [{{\"alg\": \"SHA-256\", \"content\": {}}}]", quoted(hash)));
        // An older way to write a choice.
        let licence = licence.replace('/', " OR ");
        let licences = match licence.trim() {
            "" => String::new(),
            said => format!(", \"licenses\": [{{\"expression\": {}}}]", quoted(said)),
        };
        format!(
            "  {{\"type\": \"library\", \"bom-ref\": {address}, \"name\": {}, \"version\": {}, \"purl\": {address}{}{licences}}}",
            quoted(name),
            quoted(version),
            hashes.unwrap_or_default()
        )
    };
    let all: Vec<String> = linked.iter().map(component).collect();
    Ok(format!(
        "{{\n \"bomFormat\": \"CycloneDX\",\n \"specVersion\": \"1.5\",\n \"version\": 1,\n \"metadata\": {{\"timestamp\": {}, \"component\": \
         {{\"type\": \"application\", \"bom-ref\": \"servanda\", \"name\": \"servanda\", \"version\": {}}}}},\n \"components\": [\n{}\n ]\n}}\n",
        quoted(at),
        quoted(version),
        all.join(",\n")
    ))
}

/// What an advisory says.
#[derive(Debug)]
struct Advisory {
    id: String,
    package: String,
    date: String,
    severity: String,
    informational: Option<String>,
    withdrawn: bool,
    fine: Vec<VersionReq>,
    /// As it is written, for people.
    patched: Vec<String>,
}

/// Reads the head of an advisory, in Markdown with TOML in front.
fn advisory(text: &str) -> Result<Advisory, String> {
    let head = text
        .split("```toml")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .ok_or("there is no head in it")?;
    let head: toml::Table = head.parse().map_err(|e| format!("{e}"))?;
    let said = head.get("advisory").and_then(|said| said.as_table()).ok_or("it has no `[advisory]`")?;
    let word = |key: &str| said.get(key).and_then(|value| value.as_str()).map(String::from);
    let needed = |key: &str| word(key).ok_or(format!("it has no `{key}`"));
    let versions = |key: &str| -> Vec<String> {
        let all = head.get("versions").and_then(|versions| versions.get(key)?.as_array());
        all.into_iter().flatten().filter_map(|one| one.as_str()).map(String::from).collect()
    };
    let patched = versions("patched");
    let fine = patched.iter().cloned().chain(versions("unaffected"));
    let fine = fine.map(|one| VersionReq::parse(&one).map_err(|e| format!("`{one}`: {e}")));
    Ok(Advisory {
        id: needed("id")?,
        package: needed("package")?,
        date: needed("date")?,
        severity: word("cvss").unwrap_or_else(|| "no severity given".to_string()),
        informational: word("informational"),
        withdrawn: said.contains_key("withdrawn"),
        fine: fine.collect::<Result<_, _>>()?,
        patched,
    })
}

impl Advisory {
    fn touches(&self, version: &Version) -> bool {
        !self.withdrawn && !self.fine.iter().any(|one| one.matches(version))
    }
}

/// All advisories of a copy of the database.
fn advisories(folder: &Path) -> Result<Vec<Advisory>, String> {
    let listed = |folder: &Path| -> Result<Vec<PathBuf>, String> {
        let entries =
            std::fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
        let mut all: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        all.sort();
        Ok(all)
    };
    let mut all = Vec::new();
    for package in listed(&folder.join("crates"))?.iter().filter(|path| path.is_dir()) {
        for file in
            listed(package)?.iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        {
            let text =
                std::fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
            all.push(advisory(&text).map_err(|e| format!("{}: {e}", file.display()))?);
        }
    }
    match all.is_empty() {
        true => Err(format!("{} has no advisories: name a copy of the database", folder.display())),
        false => Ok(all),
    }
}

fn looked(folder: &Path) -> Result<(String, bool), String> {
    let (all, locked) = (advisories(folder)?, read()?);
    let talked_about = std::fs::read_to_string(tree::root().join(TALKED_ABOUT)).unwrap_or_default();
    compared(&all, &locked, &talked_about)
}

/// What is said of each crate that an advisory touches, and whether all is fine.
fn compared(
    all: &[Advisory],
    locked: &BTreeMap<Crate, Locked>,
    talked_about: &str,
) -> Result<(String, bool), String> {
    let (mut out, mut open) = (String::new(), 0);
    for ((name, version), one) in locked {
        let parsed = Version::parse(version).map_err(|e| format!("{name} {version}: {e}"))?;
        for found in all.iter().filter(|found| found.package == *name && found.touches(&parsed)) {
            let known = talked_about.contains(&found.id);
            let what = match (&found.informational, known) {
                (Some(what), _) => format!("note, {what}"),
                (None, true) => format!("listed, and talked about in {TALKED_ABOUT}"),
                (None, false) => {
                    open += 1;
                    "VULNERABLE".to_string()
                }
            };
            let patched =
                if found.patched.is_empty() { "none".to_string() } else { found.patched.join(" or ") };
            let files: Vec<&str> = one.files.iter().map(String::as_str).collect();
            out.push_str(&format!(
                "{what}: {name} {version} ({}): {} of {}, {}; repaired in {patched}\n",
                files.join(", "),
                found.id,
                found.date,
                found.severity
            ));
        }
    }
    let newest = all.iter().map(|one| one.date.as_str()).max().unwrap_or_default();
    out.push_str(&format!(
        "{} crates against {} advisories, the newest of {newest}: {open} vulnerable\n",
        locked.len(),
        all.len()
    ));
    Ok((out, open == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"tokio\"\n\
                        version = \"1.7.0\"\nsource = \"registry+https://example.org/index\"\nchecksum = \"aa\"\n";

    fn text(more: &str) -> String {
        format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2021-0072\"\npackage = \"tokio\"\ndate = \"2021-07-07\"\n{more}\n[versions]\n\
             patched = [\">= 1.5.1, < 1.6.0\", \">= 1.8.1\"]\nunaffected = [\"< 0.3.0\"]\n```\n\n# Words\n"
        )
    }

    fn said(text: &str, talked_about: &str) -> (String, bool) {
        let tree = Tree::of(&[("Cargo.lock", LOCK)]);
        compared(&[advisory(text).unwrap()], &locked(&tree).unwrap(), talked_about).unwrap()
    }

    /// ASVS 5.0: 15.2.1 (components with known vulnerabilities are found).
    #[test]
    fn v15_2_1_a_crate_that_is_listed_as_vulnerable_is_found() {
        let (told, fine) = said(&text(""), "");
        assert!(
            !fine
                && told.starts_with("VULNERABLE: tokio 1.7.0 (Cargo.lock): RUSTSEC-2021-0072 of 2021-07-07"),
            "{told}"
        );
        assert!(
            told.ends_with("1 crates against 1 advisories, the newest of 2021-07-07: 1 vulnerable\n"),
            "{told}"
        );
        assert!(said(&text(""), "| RUSTSEC-2021-0072 | why |").1, "it was talked about");
        assert!(said(&text("withdrawn = \"2022-01-01\""), "").1);
        let (told, fine) = said(&text("informational = \"unmaintained\""), "");
        assert!(fine && told.starts_with("note, unmaintained"), "{told}");
        let touched = |version: &str| advisory(&text("")).unwrap().touches(&Version::parse(version).unwrap());
        for (version, is_touched) in [
            ("0.2.9", false),
            ("0.3.0", true),
            ("1.5.1", false),
            ("1.6.0", true),
            ("1.8.1", false),
            ("2.0.0", false),
        ] {
            assert_eq!(touched(version), is_touched, "{version}");
        }
    }

    #[test]
    fn an_advisory_that_cannot_be_read_is_an_error() {
        for wrong in [
            "",
            "```toml\n[advisory]\n```",
            "```toml\n[versions\n```",
            &text("").replace(">= 1.8.1", "about 1.8"),
        ] {
            assert!(advisory(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_bill_names_each_crate_with_its_hash_and_licence() {
        let linked = [(("serde".to_string(), "1.0.0".to_string()), "MIT/Apache-2.0".to_string())].into();
        let bill = bill("0.1.0", "2026-01-01T00:00:00Z", &linked).unwrap();
        for part in [
            "\"bomFormat\": \"CycloneDX\"",
            "\"purl\": \"pkg:cargo/serde@1.0.0\"",
            "\"expression\": \"MIT OR Apache-2.0\"",
        ] {
            assert!(bill.contains(part), "{part} is not in {bill}");
        }
        assert_eq!(quoted("a\"\\\n"), "\"a\\\"\\\\\\u000a\"");
    }
}
