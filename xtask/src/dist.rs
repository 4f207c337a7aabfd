//! `cargo xtask dist [--no-build] [--pdf] [--out DIR] [--as VERSION] [--by "NAME <MAIL>"]`: the Debian package, and with it the licence texts of all that is linked.
//! `cargo xtask dist --try OLD.deb NEW.deb`: what the older package left is served by the newer one (`dist/tried.rs`).
//!
//! It builds the binaries that a user gets, lays them out with what stands in `dist/`, and hands the folder to `dpkg-deb`. What it
//! deliberately does not do: publish anything, or fetch anything that Cargo has not fetched.
//!
//! Invariants
//! - the same commit and the same binaries give the same bytes: every time in the package is that of the commit;
//! - of every crate that is linked, name, version and licence stand in the package, and the text wherever the crate has one.
//!
//! Start at [`run`].

mod tried;

use crate::tree;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Binaries: name, what Cargo is told, and whether the package is made without it.
const BINARIES: [(&str, bool); 3] =
    [("servanda", false), ("servanda-auditor", false), ("servanda-pdf", true)];

/// What is laid where, with its mode.
const FILES: [(&str, &str, u32); 5] = [
    ("dist/servanda.service", "lib/systemd/system/servanda.service", 0o644),
    ("dist/serve.toml", "etc/servanda/serve.toml", 0o644),
    ("dist/credentials.conf", "usr/share/doc/servanda/examples/credentials.conf", 0o644),
    ("dist/tls.conf", "usr/share/doc/servanda/examples/tls.conf", 0o644),
    ("NOTICE.md", "usr/share/doc/servanda/NOTICE.md", 0o644),
];

/// Scripts of the package.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

pub fn run(arguments: &[String]) -> ExitCode {
    if let [option, old, new] = arguments
        && option == "--try"
    {
        return match tried::tried(Path::new(old), Path::new(new)) {
            Ok(lines) => {
                println!("{}", lines.join("\n"));
                ExitCode::from(crate::FINE)
            }
            Err(message) => {
                eprintln!("{message}");
                ExitCode::from(crate::NO)
            }
        };
    }
    match made(arguments) {
        Ok(package) => {
            println!("{}", package.display());
            ExitCode::from(crate::FINE)
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(crate::COULD_NOT_RUN)
        }
    }
}

fn made(arguments: &[String]) -> Result<PathBuf, String> {
    let root = tree::root();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let mut by = None;
    let (mut build, mut pdf, mut out, mut called) = (true, false, target.join("dist"), None);
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        match option.as_str() {
            "--no-build" => build = false,
            "--pdf" => pdf = true,
            "--as" => called = Some(rest.next().cloned().ok_or("`--as` takes a version")?),
            "--by" => by = Some(rest.next().cloned().ok_or("`--by` takes a name with an address")?),
            "--out" => out = rest.next().map(PathBuf::from).ok_or("`--out` takes a folder")?,
            _ => {
                let told = crate::unknown_option(
                    arguments,
                    &["--no-build", "--pdf", "--out", "--as", "--by", "--try"],
                );
                return Err(told.unwrap_or_default());
            }
        }
    }
    let by = by.or_else(of_environment).unwrap_or_else(|| {
        eprintln!("note: nobody stands behind this package who can be written to; give `--by`, or set DEBFULLNAME and DEBEMAIL");
        "the servanda project <servanda@localhost>".to_string()
    });
    if build {
        let cargo = |folder: &Path, arguments: &[&str]| {
            let mut command = Command::new("cargo");
            command.arg("build").args(["--release", "--locked"]).args(arguments).current_dir(folder);
            said(&mut command).map(drop)
        };
        cargo(&root, &["-p", "servanda", "-p", "servanda-auditor"])?;
        if pdf {
            cargo(&root.join("pdf"), &["--target-dir", &target.join("pdf").to_string_lossy()])?;
        }
    }
    let epoch = said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&root))?;
    let epoch = epoch.trim().to_string();
    let version = called.map_or_else(|| version(&root), Ok)?;
    let architecture = said(Command::new("dpkg").arg("--print-architecture"))?.trim().to_string();
    let folder = out.join("package");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| format!("cannot empty {}: {e}", folder.display()))?;
    }
    let lay = |to: &str, bytes: &[u8], mode: u32| -> Result<(), String> {
        let path = folder.join(to);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(&folder))?;
            fs::write(&path, bytes)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        };
        write().map_err(|e| format!("cannot write {}: {e}", path.display()))
    };
    let read = |path: &Path| fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()));
    let mut libc = String::new();
    for (name, optional) in BINARIES {
        let place = match optional {
            false => target.join("release").join(name),
            true => target.join("pdf/release").join(name),
        };
        if optional && !pdf {
            continue;
        }
        let bytes = read(&place)?;
        libc = libc.max(newest_libc(&bytes));
        lay(&format!("usr/bin/{name}"), &bytes, 0o755)?;
        // What a debugger would want stays with whoever builds.
        let stripped = folder.join("usr/bin").join(name);
        said(Command::new("strip").args(["--strip-unneeded", "--remove-section=.comment"]).arg(stripped))?;
        let page = read(&root.join("dist").join(format!("{name}.1")))?;
        lay(&format!("usr/share/man/man1/{name}.1"), &page, 0o644)?;
    }
    for (from, to, mode) in FILES {
        lay(to, &read(&root.join(from))?, mode)?;
    }
    let mut packages = vec![(root.clone(), vec!["servanda", "servanda-auditor"])];
    if pdf {
        packages.push((root.join("pdf"), vec!["servanda-pdf"]));
    }
    let (list, texts) = licences(&packages)?;
    lay(
        "usr/share/doc/servanda/copyright",
        copyright(&list, &read(&root.join("LICENSE"))?).as_bytes(),
        0o644,
    )?;
    lay("usr/share/doc/servanda/licences.txt", texts.as_bytes(), 0o644)?;
    let bill = crate::dependencies::bill(&version, &rfc3339(&epoch)?, &list)?;
    lay("usr/share/doc/servanda/bill.cdx.json", bill.as_bytes(), 0o644)?;
    let changes = format!(
        "servanda ({version}) unstable; urgency=medium\n\n  * See CHANGELOG.md of the source.\n\n -- {by}  {}\n",
        said(Command::new("date").args(["-u", "-R", "-d", &format!("@{epoch}")]))?.trim()
    );
    lay("usr/share/doc/servanda/changelog", changes.as_bytes(), 0o644)?;
    for packed in ["usr/share/doc/servanda/changelog", "usr/share/doc/servanda/licences.txt"] {
        said(Command::new("gzip").args(["-9nf"]).arg(folder.join(packed)))?;
    }
    for (name, optional) in BINARIES {
        if !optional || pdf {
            said(
                Command::new("gzip").args(["-9nf"]).arg(folder.join(format!("usr/share/man/man1/{name}.1"))),
            )?;
        }
    }
    for script in SCRIPTS {
        lay(&format!("DEBIAN/{script}"), &read(&root.join("dist").join(script))?, 0o755)?;
    }
    lay("DEBIAN/conffiles", b"/etc/servanda/serve.toml\n", 0o644)?;
    let (bytes, sums) = contents(&folder)?;
    lay("DEBIAN/md5sums", sums.as_bytes(), 0o644)?;
    let control = format!(
        "Package: servanda\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {by}\n\
         Installed-Size: {}\nDepends: adduser, libc6 (>= {libc}), libgcc-s1\nRecommends: ca-certificates\nSuggests: openssl\nSection: utils\n\
         Priority: optional\nDescription: says what was kept of an agreement and what was broken\n servanda turns the text of a security agreement into \
         something that can be\n checked, watches what happens against it, tells each party what it owes and by\n when, and says how it is known. \
         The package has the program, the service for a\n team, and the auditor's checker.\n",
        bytes.div_ceil(1024)
    );
    lay("DEBIAN/control", control.as_bytes(), 0o644)?;
    let dated = format!("find {} -exec touch -h -d @{epoch} {{}} +", quoted(&folder));
    said(Command::new("sh").args(["-c", &dated]))?;
    said(
        Command::new("sh").args(["-c", &format!("find {} -type d -exec chmod 755 {{}} +", quoted(&folder))]),
    )?;
    let package = out.join(format!("servanda_{version}_{architecture}.deb"));
    // Half a package never has its name.
    let draft = package.with_extension("deb.draft");
    said(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zxz", "--build"])
            .arg(&folder)
            .arg(&draft)
            .env("SOURCE_DATE_EPOCH", &epoch),
    )?;
    fs::rename(&draft, &package).map_err(|e| format!("cannot write {}: {e}", package.display()))?;
    Ok(package)
}

/// The bill of materials of what a user gets, as it would stand in a package of this commit.
pub fn bill() -> Result<String, String> {
    let root = tree::root();
    let epoch = said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&root))?;
    let linked = linked(&[
        (root.clone(), vec!["servanda", "servanda-auditor"]),
        (root.join("pdf"), vec!["servanda-pdf"]),
    ])?;
    crate::dependencies::bill(&version(&root)?, &rfc3339(epoch.trim())?, &linked)
}

/// A moment in seconds as RFC 3339.
fn rfc3339(epoch: &str) -> Result<String, String> {
    let said = said(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ", "-d", &format!("@{epoch}")]))?;
    Ok(said.trim().to_string())
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

/// Who builds packages, as Debian's tools are told.
fn of_environment() -> Option<String> {
    let (name, mail) = (std::env::var("DEBFULLNAME").ok()?, std::env::var("DEBEMAIL").ok()?);
    Some(format!("{name} <{mail}>"))
}

/// What a command prints.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// The version of the workspace.
fn version(root: &Path) -> Result<String, String> {
    let text = fs::read_to_string(root.join("Cargo.toml")).map_err(|e| e.to_string())?;
    let table: toml::Table = text.parse().map_err(|e| format!("Cargo.toml: {e}"))?;
    let found = table.get("workspace").and_then(|t| t.get("package")?.get("version")?.as_str());
    found.map(String::from).ok_or_else(|| "Cargo.toml names no version".into())
}

/// The newest version of the C library that a binary asks for, `2.34`.
fn newest_libc(bytes: &[u8]) -> String {
    let marker = b"GLIBC_2.";
    let minor = |at: usize| {
        let digits = bytes[at + marker.len()..].iter().take_while(|b| b.is_ascii_digit());
        digits.take(3).fold(0_u32, |n, b| n * 10 + u32::from(b - b'0'))
    };
    let all = bytes.windows(marker.len()).enumerate().filter(|(_, w)| w == marker).map(|(at, _)| minor(at));
    format!("2.{}", all.max().unwrap_or(0))
}

/// Bytes of all files, and their sums as `md5sums` has them.
fn contents(folder: &Path) -> Result<(u64, String), String> {
    let mut files = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(place) = open.pop() {
        for entry in fs::read_dir(&place).map_err(|e| e.to_string())?.flatten() {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path => drop(files.insert(path)),
            }
        }
    }
    let (mut bytes, mut sums) = (0, String::new());
    for file in files.iter().filter(|file| !file.starts_with(folder.join("DEBIAN"))) {
        bytes += fs::metadata(file).map_err(|e| e.to_string())?.len();
        let sum = said(Command::new("md5sum").arg(file))?;
        let name = file.strip_prefix(folder).map_err(|e| e.to_string())?;
        sums.push_str(&format!("{}  {}\n", sum.split(' ').next().unwrap_or_default(), name.display()));
    }
    Ok((bytes, sums))
}

/// Crates that are linked, with their licences, by name and version.
type Linked = BTreeMap<(String, String), String>;

/// All crates that are linked.
fn linked(packages: &[(PathBuf, Vec<&str>)]) -> Result<Linked, String> {
    let mut list = Linked::new();
    for (folder, names) in packages {
        let mut command = Command::new("cargo");
        command.args(["tree", "--locked", "--offline", "-e", "normal", "--prefix", "none", "-f", "{p}|{l}"]);
        for name in names {
            command.args(["-p", name]);
        }
        for line in said(command.current_dir(folder))?.lines() {
            let Some((package, licence)) = line.split_once('|') else { continue };
            let mut words = package.split(' ');
            let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
            if !name.starts_with("servanda") {
                let licence = licence.trim_end_matches(" (*)").to_string();
                list.insert((name.into(), version.trim_start_matches('v').into()), licence);
            }
        }
    }
    Ok(list)
}

/// The same, and one text with all licence texts, each once, with the crates that it is for.
fn licences(packages: &[(PathBuf, Vec<&str>)]) -> Result<(Linked, String), String> {
    let list = linked(packages)?;
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))
        .ok_or("neither `CARGO_HOME` nor `HOME` is set")?;
    let sources: Vec<PathBuf> = fs::read_dir(home.join("registry/src"))
        .map_err(|e| format!("cannot read the sources of the crates: {e}"))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut without = BTreeSet::new();
    for ((name, version), licence) in &list {
        let called = format!("{name} {version}");
        let place = sources.iter().map(|s| s.join(format!("{name}-{version}"))).find(|p| p.is_dir());
        let place = place.ok_or_else(|| format!("the source of {called} is not there; run `cargo fetch`"))?;
        let mut found = false;
        let mut files: Vec<PathBuf> =
            fs::read_dir(place).map_err(|e| e.to_string())?.flatten().map(|e| e.path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.is_file()) {
            let file_name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            let is_text = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE"];
            if is_text.iter().any(|start| file_name.starts_with(start)) {
                let bytes = fs::read(file).map_err(|e| e.to_string())?;
                let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_string();
                texts.entry(text).or_default().insert(called.clone());
                found = true;
            }
        }
        if !found {
            without.insert(format!("{called} ({licence})"));
        }
    }
    let mut out = String::from("Licences of the crates that are linked into these programs.\n");
    if !without.is_empty() {
        let all = without.into_iter().collect::<Vec<_>>().join(", ");
        out.push_str(&format!("\nWithout a text of their own, under the licence that they name: {all}.\n"));
    }
    let mut ordered: Vec<(BTreeSet<String>, String)> = texts.into_iter().map(|(t, c)| (c, t)).collect();
    ordered.sort();
    for (crates, text) in ordered {
        let crates = crates.into_iter().collect::<Vec<_>>().join(", ");
        out.push_str(&format!("\n{}\n{crates}\n\n{text}\n", "=".repeat(80)));
    }
    Ok((list, out))
}

/// The file `copyright` of the package.
fn copyright(list: &Linked, licence: &[u8]) -> String {
    let mut out = String::from(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: servanda\n\n\
         Files: *\nCopyright: 2026 the servanda project\nLicense: Apache-2.0\nComment: Crates that are linked, with the licences that they name; the texts \
         stand in\n licences.txt.gz.\n",
    );
    for ((name, version), licence) in list {
        out.push_str(&format!(" {name} {version}: {licence}\n"));
    }
    let first = String::from_utf8_lossy(licence);
    let is_apache = first.contains("Apache License");
    let text = if is_apache {
        " On Debian systems the text is in /usr/share/common-licenses/Apache-2.0."
    } else {
        ""
    };
    out.push_str(&format!("\nLicense: Apache-2.0\n{text}\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_library_that_is_asked_for_counts() {
        assert_eq!(newest_libc(b"xGLIBC_2.17\0GLIBC_2.34\0GLIBC_2.4\0GLIBCXX_3.4"), "2.34");
        assert_eq!(newest_libc(b""), "2.0");
    }

    #[test]
    fn a_path_is_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("a 'b")), "'a '\\''b'");
    }

    #[test]
    fn every_binary_has_a_page_and_every_file_is_there() {
        let root = tree::root();
        for (name, _) in BINARIES {
            assert!(root.join("dist").join(format!("{name}.1")).exists(), "{name}");
        }
        for (from, ..) in FILES {
            assert!(root.join(from).exists(), "{from}");
        }
        for script in SCRIPTS {
            assert!(
                fs::read_to_string(root.join("dist").join(script))
                    .unwrap()
                    .starts_with("#!/bin/sh\nset -e\n")
            );
        }
    }

    /// Asks systemd itself, where it is there.
    #[test]
    fn systemd_takes_the_unit_and_finds_it_closed() {
        if Command::new("systemd-analyze").arg("--version").output().is_err() {
            eprintln!("SKIPPED: `systemd-analyze` is not there; the unit was not looked at");
            return;
        }
        let folder = std::env::temp_dir().join(format!("servanda-unit-{}", std::process::id()));
        let beside = folder.join("servanda.service.d");
        fs::create_dir_all(&beside).unwrap();
        // The program itself is not installed here.
        let read = |name: &str| fs::read_to_string(tree::root().join("dist").join(name)).unwrap();
        let unit = folder.join("servanda.service");
        fs::write(&unit, read("servanda.service").replace("/usr/bin/servanda ", "/bin/true ")).unwrap();
        let analyze = |arguments: &[&str]| {
            let output = Command::new("systemd-analyze")
                .args(arguments)
                .arg(&unit)
                .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.display()))
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{arguments:?}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        };
        analyze(&["verify", "--man=no"]);
        // Out of 10, in tenths: how much a service that was broken into could reach.
        analyze(&["security", "--offline=yes", "--no-pager", "--threshold=15"]);
        for name in ["tls.conf", "credentials.conf"] {
            fs::write(beside.join(name), read(name)).unwrap();
        }
        analyze(&["verify", "--man=no"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
