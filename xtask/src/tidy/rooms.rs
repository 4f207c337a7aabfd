//! The table of rooms in ARCHITECTURE.md is the truth about who may use whom, because Cargo is held to it.
//!
//! The table is the one whose head has the columns `crate` and `may use`. Only the crates of this repository count,
//! and only what a crate ships with: dev-dependencies are free. `–` means none. A list of names is exact. `all` and
//! `all libraries` are permissions, of which a crate may use less.

use super::Finding;
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = "ARCHITECTURE.md";

/// What the table says one crate may use.
enum MayUse {
    Exactly(BTreeSet<String>),
    AllLibraries,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let finding = |path: &str, line: usize, reason: String, remedy: &str| Finding {
        path: path.to_string(),
        line,
        rule: "rooms",
        reason,
        remedy: remedy.to_string(),
    };
    let Some(rows) = tree.text(TABLE).and_then(table) else {
        let reason = "there is no table with the columns `crate` and `may use`".to_string();
        return vec![finding(TABLE, 0, reason, "write it: one row for every crate")];
    };
    let crates = manifests(tree);
    let mut findings = Vec::new();
    for (name, (line, _)) in &rows {
        if !crates.contains_key(name) {
            let reason = format!("the table names `{name}`, and no such crate is there");
            findings.push(finding(
                TABLE,
                *line,
                reason,
                "take the row out, or mark the crate as not built elsewhere",
            ));
        }
    }
    for (name, manifest) in &crates {
        let uses = match &manifest.uses {
            Ok(uses) => uses,
            Err(error) => {
                findings.push(finding(&manifest.path, 0, error.clone(), "repair the manifest"));
                continue;
            }
        };
        let Some((line, may)) = rows.get(name) else {
            let reason = format!("`{name}` has no row in the table of {TABLE}");
            findings.push(finding(&manifest.path, 0, reason, "add its row: role, may use, never"));
            continue;
        };
        let allowed = match may {
            MayUse::Exactly(names) => names.clone(),
            MayUse::AllLibraries => libraries(&crates),
        };
        for used in uses.difference(&allowed) {
            let reason = format!("`{name}` uses `{used}`, which the table of {TABLE} does not grant");
            findings.push(finding(
                &manifest.path,
                0,
                reason,
                "do without it, or change the table and say why there",
            ));
        }
        if let MayUse::Exactly(names) = may {
            for granted in names.difference(uses) {
                let reason = format!("the table grants `{granted}` to `{name}`, which does not use it");
                findings.push(finding(TABLE, *line, reason, "take it out of the table"));
            }
        }
    }
    findings
}

struct Manifest {
    path: String,
    uses: Result<BTreeSet<String>, String>,
}

/// Every library: all crates but the binary and the house tasks.
fn libraries(crates: &BTreeMap<String, Manifest>) -> BTreeSet<String> {
    crates.keys().filter(|name| !matches!(name.as_str(), "servanda" | "xtask")).cloned().collect()
}

/// Crate name (as in the table) to line and grant.
fn table(text: &str) -> Option<BTreeMap<String, (usize, MayUse)>> {
    let mut lines = text.lines().enumerate();
    let head = lines.by_ref().map(|(_, line)| cells(line)).find(|cells| {
        cells.first().is_some_and(|first| first == "crate") && cells.iter().any(|cell| cell == "may use")
    })?;
    let column = head.iter().position(|cell| cell == "may use")?;
    let mut rows = BTreeMap::new();
    for (index, line) in lines {
        let cells = cells(line);
        let (Some(first), Some(may)) = (cells.first(), cells.get(column)) else {
            break;
        };
        if first.starts_with("--") || first.starts_with(":-") {
            continue;
        }
        let name = first.split_whitespace().next().unwrap_or_default().trim_matches('`').to_string();
        rows.insert(name, (index + 1, grant(may)));
    }
    Some(rows)
}

fn grant(cell: &str) -> MayUse {
    match cell {
        "all" | "all libraries" => MayUse::AllLibraries,
        "–" | "-" | "" => MayUse::Exactly(BTreeSet::new()),
        names => {
            MayUse::Exactly(names.split(',').map(|name| name.trim().trim_matches('`').to_string()).collect())
        }
    }
}

fn cells(line: &str) -> Vec<String> {
    match line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) {
        Some(inside) => inside.split('|').map(|cell| cell.trim().to_string()).collect(),
        None => Vec::new(),
    }
}

fn manifests(tree: &Tree) -> BTreeMap<String, Manifest> {
    let mut found = BTreeMap::new();
    for (path, text) in tree.texts("/Cargo.toml") {
        let name = match path.strip_suffix("/Cargo.toml") {
            Some("xtask") => "xtask",
            Some(folder) => match folder.strip_prefix("crates/") {
                Some(name) if !name.contains('/') => name,
                _ => continue,
            },
            None => continue,
        };
        found.insert(name.to_string(), Manifest { path: path.to_string(), uses: uses(name, text) });
    }
    found
}

/// The crates of this repository that a manifest depends on, by their names in the table.
fn uses(name: &str, manifest: &str) -> Result<BTreeSet<String>, String> {
    let manifest: toml::Table = toml::from_str(manifest).map_err(|error| format!("not readable: {error}"))?;
    let package =
        manifest.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str());
    if package.and_then(room) != Some(name) && package != Some(name) {
        let package = package.unwrap_or("without a name");
        return Err(format!("the package is `{package}`, and its folder is `{name}`"));
    }
    let mut tables = vec![&manifest];
    let targets = manifest.get("target").and_then(|targets| targets.as_table());
    tables.extend(
        targets.into_iter().flat_map(|targets| targets.values()).filter_map(|target| target.as_table()),
    );
    let mut uses = BTreeSet::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies"] {
            let Some(section) = table.get(section).and_then(|section| section.as_table()) else {
                continue;
            };
            for (key, value) in section {
                let real = value.get("package").and_then(|package| package.as_str()).unwrap_or(key);
                uses.extend(room(real).map(str::to_string));
            }
        }
    }
    Ok(uses)
}

/// `servanda-lang` is the room `lang`; other packages are none of ours.
fn room(package: &str) -> Option<&str> {
    if package == "servanda" { Some(package) } else { package.strip_prefix("servanda-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "| crate | role | may use | never |\n|---|---|---|---|\n";

    fn reasons(table: &str, lang: &str) -> Vec<String> {
        let architecture = format!("# Map\n\n{HEAD}{table}\nMore prose.\n\n| other | table |\n");
        let lang = format!("[package]\nname = \"servanda-lang\"\n{lang}");
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", &architecture),
            ("crates/model/Cargo.toml", "[package]\nname = \"servanda-model\"\n"),
            ("crates/lang/Cargo.toml", &lang),
        ]);
        check(&tree).into_iter().map(|finding| finding.reason).collect()
    }

    #[test]
    fn a_table_that_says_what_cargo_does_is_fine() {
        let rows = "| `model` | nouns | – | – |\n| `lang` | text | model | IO |\n";
        let manifest = "[dependencies]\nservanda-model.workspace = true\nrowan = \"1\"\n\
                        [dev-dependencies]\nservanda-engine.workspace = true\n";
        assert_eq!(reasons(rows, manifest), [""; 0]);
        let rows = "| `model` | nouns | – | – |\n| `lang` (bin) | text | all libraries | IO |\n";
        assert_eq!(reasons(rows, manifest), [""; 0]);
    }

    #[test]
    fn a_use_that_the_table_does_not_grant_is_found_in_every_section() {
        let rows = "| `model` | nouns | – | – |\n| `lang` | text | – | IO |\n";
        for manifest in [
            "[dependencies]\nservanda-model.workspace = true\n",
            "[build-dependencies]\nservanda-model = { path = \"../model\" }\n",
            "[target.'cfg(unix)'.dependencies]\nnouns = { package = \"servanda-model\", path = \"../model\" }\n",
        ] {
            assert_eq!(
                reasons(rows, manifest),
                ["`lang` uses `model`, which the table of ARCHITECTURE.md does not grant"]
            );
        }
    }

    #[test]
    fn a_grant_that_nobody_uses_is_found() {
        let rows = "| `model` | nouns | – | – |\n| `lang` | text | model | IO |\n";
        assert_eq!(reasons(rows, ""), ["the table grants `model` to `lang`, which does not use it"]);
    }

    #[test]
    fn rows_and_crates_are_the_same() {
        assert_eq!(
            reasons("| `lang` | text | – | – |\n| `ledger` | log | – | – |\n", ""),
            [
                "the table names `ledger`, and no such crate is there",
                "`model` has no row in the table of ARCHITECTURE.md"
            ]
        );
    }

    #[test]
    fn without_the_table_nothing_can_be_checked() {
        assert_eq!(check(&Tree::of(&[("ARCHITECTURE.md", "# Map\n")])).len(), 1);
    }
}
