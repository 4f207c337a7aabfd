//! `cargo xtask dist [--no-build] [--pdf] [--highs] [--out DIR] [--as VERSION] [--by "NAME <MAIL>"]`: the Debian package, and with it the licence texts of all that is linked.
//! `cargo xtask dist --try OLD.deb NEW.deb`: what the older package left is served by the newer one (`dist/tried.rs`).
//!
//! It builds the binaries that a user gets, lays them out with what stands in `dist/`, and hands the folder to `dpkg-deb`. What it
//! deliberately does not do: publish anything, or fetch anything that Cargo has not fetched.
//!
//! Invariants
//! - the same commit and the same binaries give the same bytes: every time in the package is that of the commit;
//! - of every crate that is linked, name, version and licence stand in the package, and the texts wherever the crate has some, those of what it brings along too;
//! - a shared library that a program needs is named in `Depends`, and one that nobody knows stops the packing;
//! - a program outside of the workspace is in the package where it is asked for and not otherwise, and the description says which are.
//!
//! Start at [`run`].

mod tried;

use crate::tree;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Programs that every package has.
const BINARIES: [&str; 2] = ["servanda", "servanda-auditor"];

/// A program that stands outside of the workspace, in a folder with a target folder of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Extra {
    name: &'static str,
    folder: &'static str,
    option: &'static str,
    /// What it does, for the description of the package.
    does: &'static str,
}

/// All of them.
const EXTRAS: [Extra; 2] = [
    Extra { name: "servanda-pdf", folder: "pdf", option: "--pdf", does: "sets reports as PDF" },
    Extra {
        name: "servanda-highs",
        folder: "solver",
        option: "--highs",
        does: "solves large plans of rotations",
    },
];

/// Shared libraries that a program may need, and the Debian package that has each. The program's own C library and C++ library are asked for
/// with a version ([`newest_libc`], [`newest_cxx`]).
const LIBRARIES: [(&str, &str); 6] = [
    ("libc.so.", "libc6"),
    ("libm.so.", "libc6"),
    ("ld-linux", "libc6"),
    ("libgcc_s.so.", "libgcc-s1"),
    ("libstdc++.so.", "libstdc++6"),
    ("libz.so.", "zlib1g"),
];

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
    let (mut build, mut out, mut called) = (true, target.join("dist"), None);
    let mut extras: BTreeSet<&str> = BTreeSet::new();
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        match option.as_str() {
            "--no-build" => build = false,
            extra if EXTRAS.iter().any(|of| of.option == extra) => drop(extras.insert(extra)),
            "--as" => called = Some(rest.next().cloned().ok_or("`--as` takes a version")?),
            "--by" => by = Some(rest.next().cloned().ok_or("`--by` takes a name with an address")?),
            "--out" => out = rest.next().map(PathBuf::from).ok_or("`--out` takes a folder")?,
            _ => {
                let told = crate::unknown_option(
                    arguments,
                    &["--no-build", "--pdf", "--highs", "--out", "--as", "--by", "--try"],
                );
                return Err(told.unwrap_or_default());
            }
        }
    }
    let by = by.or_else(of_environment).unwrap_or_else(|| {
        eprintln!("note: nobody stands behind this package who can be written to; give `--by`, or set DEBFULLNAME and DEBEMAIL");
        "the servanda project <servanda@localhost>".to_string()
    });
    let extras: Vec<Extra> = EXTRAS.into_iter().filter(|of| extras.contains(of.option)).collect();
    if build {
        let cargo = |folder: &Path, arguments: &[&str]| {
            let mut command = Command::new("cargo");
            command.arg("build").args(["--release", "--locked"]).args(arguments).current_dir(folder);
            said(&mut command).map(drop)
        };
        cargo(&root, &["-p", "servanda", "-p", "servanda-auditor"])?;
        for of in &extras {
            let place = target.join(of.folder);
            cargo(&root.join(of.folder), &["--target-dir", &place.to_string_lossy()])?;
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
    let programs = BINARIES.into_iter().map(|name| (name, target.join("release").join(name)));
    let programs: Vec<(&str, PathBuf)> = programs
        .chain(extras.iter().map(|of| (of.name, target.join(of.folder).join("release").join(of.name))))
        .collect();
    let (mut libc, mut cxx, mut needed) = ((0, 0), 0, BTreeSet::new());
    for (name, place) in &programs {
        let how = if build { "" } else { "; without `--no-build` it is built" };
        let bytes = read(place).map_err(|error| format!("{error}{how}"))?;
        libc = libc.max(newest_libc(&bytes));
        cxx = cxx.max(newest_cxx(&bytes));
        needed.extend(libraries(name, &said(Command::new("readelf").arg("-d").arg(place))?)?);
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
    let mut packages = vec![(root.clone(), BINARIES.to_vec())];
    packages.extend(extras.iter().map(|of| (root.join(of.folder), vec![of.name])));
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
    for (name, _) in &programs {
        said(Command::new("gzip").args(["-9nf"]).arg(folder.join(format!("usr/share/man/man1/{name}.1"))))?;
    }
    for script in SCRIPTS {
        lay(&format!("DEBIAN/{script}"), &read(&root.join("dist").join(script))?, 0o755)?;
    }
    lay("DEBIAN/conffiles", b"/etc/servanda/serve.toml\n", 0o644)?;
    let (bytes, sums) = contents(&folder)?;
    lay("DEBIAN/md5sums", sums.as_bytes(), 0o644)?;
    let control = format!(
        "Package: servanda\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {by}\n\
         Installed-Size: {}\nDepends: {}\nRecommends: ca-certificates\nSuggests: openssl\nSection: utils\n\
         Priority: optional\nDescription: says what was kept of an agreement and what was broken\n servanda turns the text of a security agreement into \
         something that can be\n checked, watches what happens against it, tells each party what it owes and by\n when, and says how it is known. \
         The package has the program, the service for a\n team, and the auditor's checker.\n{}",
        bytes.div_ceil(1024),
        depends(&needed, libc, cxx),
        described(&extras)
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

/// The bill of materials of what a user gets, with all programs, as it would stand in a package of this commit.
pub fn bill() -> Result<String, String> {
    let root = tree::root();
    let epoch = said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&root))?;
    let mut packages = vec![(root.clone(), BINARIES.to_vec())];
    packages.extend(EXTRAS.iter().map(|of| (root.join(of.folder), vec![of.name])));
    let linked = linked(&packages)?;
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

/// Numbers behind each place of a marker in a binary: `34` and `2` and `5` of `GLIBC_2.34`, `GLIBC_2.2.5`.
fn versions(bytes: &[u8], marker: &[u8]) -> Vec<(u32, u32)> {
    let number = |at: usize| {
        let digits: Vec<u8> = bytes[at..].iter().copied().take_while(u8::is_ascii_digit).take(3).collect();
        (digits.iter().fold(0_u32, |n, b| n * 10 + u32::from(b - b'0')), at + digits.len())
    };
    let all = bytes.windows(marker.len()).enumerate().filter(|(_, window)| *window == marker);
    all.map(|(at, _)| {
        let (first, end) = number(at + marker.len());
        let second = if bytes.get(end) == Some(&b'.') { number(end + 1).0 } else { 0 };
        (first, second)
    })
    .collect()
}

/// The newest version of the C library that a binary asks for: 34 and 0 of `2.34`.
fn newest_libc(bytes: &[u8]) -> (u32, u32) {
    versions(bytes, b"GLIBC_2.").into_iter().max().unwrap_or_default()
}

/// The newest version of the C++ library that a binary asks for: 30 of `GLIBCXX_3.4.30`; 0 where it asks for none.
fn newest_cxx(bytes: &[u8]) -> u32 {
    versions(bytes, b"GLIBCXX_3.4.").into_iter().map(|(minor, _)| minor).max().unwrap_or_default()
}

/// The version of Debian's `libstdc++6` in which a version of the C++ library stands first, rounded up to a release of the compiler.
///
/// # Source
/// The ABI policy of the GNU C++ library, its table of `GLIBCXX` versions.
fn libstdcxx(minor: u32) -> &'static str {
    match minor {
        ..=21 => "5.2",
        22 => "6",
        23..=24 => "7.2",
        25 => "8",
        26..=28 => "9.3",
        29 => "11",
        30 => "12",
        31..=32 => "13.2",
        33 => "14",
        _ => "15",
    }
}

/// The Debian packages of the shared libraries that `readelf -d` names.
///
/// # Errors
/// Where a library is needed that nobody has thought of.
fn libraries(program: &str, told: &str) -> Result<BTreeSet<&'static str>, String> {
    let names = told
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split_once('[')?.1.split_once(']').map(|(name, _)| name));
    names
        .map(|name| {
            let known = LIBRARIES.iter().find(|(start, _)| name.starts_with(start));
            known.map(|(_, package)| *package).ok_or_else(|| {
                format!(
                    "`{program}` needs the shared library `{name}`, and no Debian package is known for it; add it to `LIBRARIES` in `xtask/src/dist.rs`"
                )
            })
        })
        .collect()
}

/// What the package depends on.
fn depends(needed: &BTreeSet<&'static str>, libc: (u32, u32), cxx: u32) -> String {
    let libc = match libc {
        (minor, 0) => format!("2.{minor}"),
        (minor, patch) => format!("2.{minor}.{patch}"),
    };
    let mut all = vec!["adduser".to_string(), format!("libc6 (>= {libc})")];
    for package in needed.iter().filter(|package| **package != "libc6") {
        all.push(match *package {
            "libstdc++6" => format!("libstdc++6 (>= {})", libstdcxx(cxx)),
            package => package.to_string(),
        });
    }
    all.join(", ")
}

/// Which of the programs outside of the workspace are in the package, a line each.
fn described(extras: &[Extra]) -> String {
    let line = |of: &Extra| {
        let word = if extras.contains(of) { "with" } else { "without" };
        format!(" It comes {word} {}, which {}.\n", of.name, of.does)
    };
    [" .\n".to_string()].into_iter().chain(EXTRAS.iter().map(line)).collect()
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
        let found = licence_texts(&place)?;
        for text in &found {
            texts.entry(text.clone()).or_default().insert(called.clone());
        }
        if found.is_empty() {
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

/// The licence texts of a crate, in order of their places: its own, and those of foreign code that it brings along in its folders.
fn licence_texts(crate_folder: &Path) -> Result<BTreeSet<String>, String> {
    const STARTS: [&str; 7] =
        ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE", "THIRD_PARTY"];
    /// Foreign code lies no deeper: `HiGHS/extern/pdqsort`.
    const DEEP: usize = 3;
    let mut found = BTreeSet::new();
    let mut open = vec![(crate_folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))? {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.is_dir() {
                if depth < DEEP {
                    open.push((path, depth + 1));
                }
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
            // Beneath, a source file may have such a name.
            let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
            let is_source = extension.is_some_and(|e| {
                matches!(
                    e.as_str(),
                    "rs" | "c" | "h" | "cc" | "cpp" | "hpp" | "py" | "js" | "toml" | "yml" | "json" | "html"
                )
            });
            if is_source || !STARTS.iter().any(|start| name.starts_with(start)) {
                continue;
            }
            let bytes = fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
            found.insert(String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_string());
        }
    }
    Ok(found)
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
        let bytes =
            b"xGLIBC_2.17\0GLIBC_2.34\0GLIBC_2.4\0GLIBCXX_3.4\0GLIBCXX_3.4.9\0GLIBCXX_3.4.30\0GLIBC_2.2.5";
        assert_eq!((newest_libc(bytes), newest_cxx(bytes)), ((34, 0), 30));
        assert_eq!(newest_libc(b"GLIBC_2.2\0GLIBC_2.2.5\0"), (2, 5));
        assert_eq!((newest_libc(b""), newest_cxx(b"GLIBCXX_3.4\0")), ((0, 0), 0));
    }

    #[test]
    fn what_a_program_needs_is_depended_on_and_a_stranger_stops_it() {
        let line = |name: &str| format!(" 0x01 (NEEDED)             Shared library: [{name}]\n");
        let told = ["libgcc_s.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"].map(line).concat();
        let plain = libraries("a", &told).unwrap();
        assert_eq!(depends(&plain, (34, 0), 0), "adduser, libc6 (>= 2.34), libgcc-s1");
        let cxx =
            libraries("a", &(told.clone() + &line("libstdc++.so.6") + " 0x02 (SONAME) [libx.so]\n")).unwrap();
        assert_eq!(depends(&cxx, (2, 5), 30), "adduser, libc6 (>= 2.2.5), libgcc-s1, libstdc++6 (>= 12)");
        let stranger = libraries("servanda-highs", &(told + &line("libgomp.so.1"))).unwrap_err();
        assert!(stranger.contains("`servanda-highs` needs the shared library `libgomp.so.1`"), "{stranger}");
    }

    #[test]
    fn the_description_says_what_is_in_the_package_and_what_is_not() {
        assert_eq!(
            described(&[EXTRAS[1]]),
            " .\n It comes without servanda-pdf, which sets reports as PDF.\n It comes with servanda-highs, which solves large plans of rotations.\n"
        );
    }

    #[test]
    fn licences_of_foreign_code_within_a_crate_are_found_and_sources_are_not() {
        let folder = std::env::temp_dir().join(format!("servanda-licences-{}", std::process::id()));
        let put = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("LICENSE-MIT", "mine\r\n");
        put("Big/extern/sort/license.txt", "theirs");
        put("src/license.rs", "fn main() {}");
        put("a/b/c/d/LICENSE", "too deep");
        let found = licence_texts(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, BTreeSet::from(["mine".to_string(), "theirs".to_string()]));
    }

    #[test]
    fn a_path_is_one_word_for_the_shell() {
        assert_eq!(quoted(Path::new("a 'b")), "'a '\\''b'");
    }

    #[test]
    fn every_binary_has_a_page_and_every_file_is_there() {
        let root = tree::root();
        for name in BINARIES.into_iter().chain(EXTRAS.map(|of| of.name)) {
            assert!(root.join("dist").join(format!("{name}.1")).exists(), "{name}");
        }
        for (from, ..) in FILES {
            assert!(root.join(from).exists(), "{from}");
        }
        for of in EXTRAS {
            let manifest = fs::read_to_string(root.join(of.folder).join("Cargo.toml")).unwrap();
            assert!(manifest.contains(&format!("name = \"{}\"", of.name)), "{}", of.name);
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
