//! The vault from the command line, and the end of a mission run from the freeze to the auditor, as an exercise.

use crate::terminal::{Ran, command, everything_below, servanda};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const FORM: &str = "name: Vesna Primer\ncontact: Signal +000 555 0199\nlanguage: uk\nsafety: watched by neighbours\n\
                    consent: to be asked again\nretention: 2099-06-30\n";
/// One more report, as the mapping of a new workspace reads it.
const MORE: &str = "report,what,start,end,party,number,lat,lon,grade,entered\n\
                    Z-1,shot,2025-03-06T10:00,,North,,0.50,0.50,probable,2025-03-06T18:00\n";
const SECRETS: [&str; 4] = ["vesna", "primer", "555 0199", "neighbours"];

/// Runs with lines typed in, for the workspace `w`.
fn typed(here: &Path, line: &[&str], text: &str) -> Ran {
    let mut child = command(here, &[line, &["--workspace", "w"]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses before it reads has closed its end.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let ran = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: ran.status.code().unwrap_or(-1), out: text(ran.stdout), err: text(ran.stderr) }
}

fn password(name: &str) -> String {
    format!("a password for {name}\n")
}

fn passphrase(name: &str) -> String {
    format!("a passphrase of {name} alone\n")
}

fn both(of: fn(&str) -> String) -> String {
    of("anna") + &of("ben")
}

/// A workspace `w` with officers and a region `east`; gives a pseudonym in it.
fn workspace(here: &Path) -> String {
    servanda(here, &["new", "w"]).ends_with(0);
    for name in ["anna", "ben"] {
        typed(here, &["account", "set", name, "--role", "officer", "--password-stdin"], &password(name))
            .ends_with(0);
    }
    let init = ["vault", "init", "east", "--holder", "anna", "--holder", "ben"];
    typed(here, &init, &both(passphrase)).ends_with(0).says(&["made the region `east`"]);
    add(here, "east")
}

fn add(here: &Path, region: &str) -> String {
    typed(here, &["vault", "add", region], FORM).ends_with(0).out.trim().to_string()
}

/// Every place below in which something of the identity stands.
fn told_below(folder: &Path) -> Vec<String> {
    let mut told = Vec::new();
    for name in everything_below(folder) {
        let bytes = fs::read(folder.join(&name)).unwrap_or_default().to_ascii_lowercase();
        let is_there = |secret: &&str| bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        told.extend(
            SECRETS.iter().filter(|secret| is_there(secret)).map(|secret| format!("{secret} in {name}")),
        );
    }
    told
}

/// The order's name, which stands first.
fn order(ran: &Ran) -> String {
    ran.out.split_whitespace().next().unwrap_or_default().to_string()
}

#[test]
fn two_people_open_one_seals_and_nothing_is_told_elsewhere() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let id = workspace(here);
    let open = ["vault", "open", &id, "--as", "anna", "--and", "ben", "--why", "call back"];
    typed(here, &open, &both(passphrase))
        .ends_with(0)
        .says(&["Vesna Primer", "Signal +000 555 0199"])
        .complains(&["says that anna and ben opened"]);
    let wrong = typed(here, &open, &(passphrase("anna") + &passphrase("eve")));
    wrong.ends_with(2).complains(&["these two do not open it", "which of them it was is not told"]);
    typed(here, &open, &passphrase("anna")).ends_with(2).complains(&["vault passphrase of ben is missing"]);
    let alone = ["vault", "open", &id, "--as", "anna", "--and", "anna", "--why", "x"];
    typed(here, &alone, &(passphrase("anna") + &passphrase("anna")))
        .ends_with(2)
        .complains(&["is one person"]);

    // A form that has too much is refused, and nothing of it is repeated.
    let more = FORM.replace("language: uk", "home address: Primer Street 7");
    let refused = typed(here, &["vault", "add", "east"], &more);
    refused.ends_with(2).complains(&["line 3 of the form has a field on `address`, which is never kept"]);
    assert!(!refused.err.contains("Primer"), "{}", refused.err);

    // Nothing else that this program can be asked says a word of it.
    let asked: [&[&str]; 8] = [
        &["vault", "list"],
        &["vault", "check"],
        &["vault", "orders"],
        &["status"],
        &["account", "list"],
        &["rebuild", "--check"],
        &["vault", "retention"],
        &["mission-end", "status"],
    ];
    for line in asked {
        let ran = typed(here, line, "");
        let all = (ran.out + &ran.err).to_lowercase();
        assert!(!SECRETS.iter().any(|secret| all.contains(secret)), "{line:?}: {all}");
    }
    typed(here, &["backup", "copy"], "").ends_with(0);
    typed(here, &["vault", "backup", "vault-copy"], "").ends_with(0).says(&["sealed as they are"]);
    assert_eq!(told_below(here), [""; 0]);
    assert!(!everything_below(&here.join("copy")).iter().any(|name| name.starts_with("vault")));

    typed(here, &["vault", "seal", "--all", "--why", "the office was searched"], "")
        .ends_with(0)
        .says(&["sealed `east`"]);
    typed(here, &open, &both(passphrase)).ends_with(2).complains(&["is sealed", "two people unseal it"]);
    let unseal = ["vault", "propose", "unseal", "east", "--why", "over", "--as", "anna"];
    let proposed = typed(here, &unseal, &password("anna"));
    let number = order(proposed.ends_with(0));
    let confirm = |by: &str| typed(here, &["vault", "confirm", &number, "--as", by], &password(by));
    confirm("anna").ends_with(2).complains(&["`anna` proposed the order"]);
    typed(here, &["vault", "confirm", &number, "--as", "ben"], "a wrong password\n").ends_with(2);
    confirm("ben").ends_with(0).says(&["carried out", "unseal the region `east`"]);
    typed(here, &open, &both(passphrase)).ends_with(0);
}

/// A log's key and the two sides' witnesses with a policy; they cosign when they are asked.
struct Sides<'a> {
    here: &'a Path,
}

impl Sides<'_> {
    fn run(&self, line: &[&str]) -> Ran {
        let ran = servanda(self.here, line);
        ran.ends_with(0);
        ran
    }

    fn new(here: &Path) -> Sides<'_> {
        let sides = Sides { here };
        let log = fs::read_to_string(here.join("w/log/vkey")).unwrap();
        let mut policy = vec!["log", "policy", "both-sides", "--log", log.trim()];
        let mut keys = Vec::new();
        for side in ["north", "south"] {
            let made =
                sides.run(&["log", "witness", "init", side, "--name", &format!("witness.{side}.example")]);
            keys.push(format!("{side}={}", made.out.lines().last().unwrap()));
            sides.run(&["log", "witness", "watch", side, log.trim()]);
        }
        for key in &keys {
            policy.extend(["--side", key]);
        }
        fs::write(here.join("policy"), sides.run(&policy).out).unwrap();
        sides
    }

    fn cosign(&self, old: &str) {
        let key = ["--key", "w/secret/log.key"];
        self.run(&[&["log", "propose", "w/log"], &key[..]].concat());
        self.run(&["log", "request", "w/log", "--old", old, "--out", "request"]);
        for side in ["north", "south"] {
            self.run(&["log", "witness", "answer", side, "request", "--out", &format!("{side}.line")]);
        }
        let cosign = ["log", "cosign", "w/log", "--policy", "policy", "--lines", "north.line", "south.line"];
        self.run(&[&cosign, &key[..]].concat()).says(&["counts"]);
    }
}

#[test]
fn a_mission_ends_in_an_exercise_from_the_freeze_to_the_auditor() {
    let here = tempfile::tempdir().unwrap();
    let here = here.path();
    let id = workspace(here);
    let west = ["vault", "init", "west", "--holder", "anna", "--holder", "ben"];
    typed(here, &west, &both(passphrase)).ends_with(0);
    add(here, "west");
    let old_vault = here.join("old-vault");
    typed(here, &["vault", "backup", "old-vault"], "").ends_with(0);
    let sides = Sides::new(here);
    let status = |code: i32, next: &str| {
        typed(here, &["mission-end", "status"], "").ends_with(code).says(&[next]);
    };
    let two =
        |line: &[&str]| typed(here, &[line, &["--as", "anna", "--and", "ben"]].concat(), &both(password));
    let close = ["mission-end", "close", "--to", "North=TLP:AMBER", "--to", "South=TLP:CLEAR", "--exercise"];
    let hand_over =
        ["mission-end", "hand-over", "--policy", "policy", "--out", "given", "--keys-with", "the depositary"];

    // No step can be left out.
    status(1, "mission-end freeze");
    two(&close).ends_with(2).complains(&["intake is open", "mission-end freeze"]);
    let freeze = ["mission-end", "freeze", "--why", "the mandate ends", "--as", "anna"];
    typed(here, &freeze, &password("anna")).ends_with(0).says(&["intake is closed"]);
    typed(here, &freeze, &password("anna")).ends_with(2).complains(&["closed already"]);
    let csv = here.join("more.csv");
    fs::write(&csv, MORE).unwrap();
    let more = ["import", "csv", "more.csv", "--into", "w", "--map", "reports"];
    servanda(here, &more).ends_with(2).complains(&["intake is closed: the mission ends"]);
    status(1, "vault seal REGION");
    two(&close).ends_with(2).complains(&["the region `east` of the vault is neither sealed nor wiped"]);

    // East is wiped by order of two, west stays sealed.
    let wipe = ["vault", "propose", "wipe", "east", "--why", "the mission ends", "--as", "anna"];
    let number = order(typed(here, &wipe, &password("anna")).ends_with(0));
    let confirm = |by: &str| typed(here, &["vault", "confirm", &number, "--as", by], &password(by));
    confirm("anna").ends_with(2);
    confirm("ben").ends_with(0).complains(&["copies of the vault that were made before still hold it"]);
    let open = ["vault", "open", &id, "--as", "anna", "--and", "ben", "--why", "x"];
    typed(here, &open, &both(passphrase)).ends_with(2).complains(&["was wiped"]);
    typed(here, &["vault", "seal", "west", "--why", "the mission ends"], "").ends_with(0);
    status(1, "mission-end close");
    typed(here, &hand_over, "").ends_with(2).complains(&["no checkpoint was cosigned yet"]);
    let one = [&close[..], &["--as", "anna", "--and", "anna"]].concat();
    typed(here, &one, &(password("anna") + &password("anna"))).ends_with(2).complains(&["it takes two"]);
    two(&close).ends_with(0).says(&["which has to be the last"]);
    status(1, "log propose");
    sides.cosign("0");
    status(0, "mission-end hand-over");

    let given = typed(here, &hand_over, "");
    given.ends_with(0).says(&[
        "servanda hand-over v1 EXERCISE",
        "cosigned by north-1",
        "cosigned by south-1",
        "handed to North as party-1, up to TLP:AMBER: the whole log; ",
        "handed to South as party-2, up to TLP:CLEAR: the whole log; ",
        "destroyed region east, entry ",
        "stays sealed region west, entry ",
        "any two of 2 holders of keys, entry ",
        "keys that are left are kept by the depositary",
    ]);
    assert!(!given.out.contains("anna") && !given.out.contains("ben\n"), "{}", given.out);
    for (side, folder) in [("north", "party-1"), ("south", "party-2")] {
        let (key, note) = (format!("{side}.key"), format!("given/{folder}/hand-over.note"));
        servanda(here, &["key", "new", &format!("{side}.example"), "--out", &key]).ends_with(0);
        servanda(here, &["mission-end", "sign", &note, "--key", &key]).ends_with(0);
        servanda(here, &["mission-end", "sign", &note, "--key", &key])
            .ends_with(2)
            .complains(&["signed it already"]);
    }

    // What each party holds is checked without the workspace.
    let check = |folder: &str| servanda(here, &["mission-end", "check", &format!("given/{folder}")]);
    let moved = here.join("gone");
    fs::rename(here.join("w"), &moved).unwrap();
    for (side, folder) in [("north", "party-1"), ("south", "party-2")] {
        check(folder).ends_with(0).says(&[
            "11 records open their entries",
            "0 are withheld",
            &format!("{side}.example"),
        ]);
        let log = format!("given/{folder}/log");
        sides.run(&["log", "verify", &log, "--policy", "policy", "--newest-witnessed"]);
        let auditor = Path::new(env!("CARGO_BIN_EXE_servanda")).with_file_name("servanda-auditor");
        if auditor.exists() {
            let ran =
                Command::new(&auditor).current_dir(here).args(["log", &log, "--policy", "policy"]).output();
            let ran = ran.unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        } else {
            println!("NOT RUN: `servanda-auditor` is not built; `cargo build --workspace` makes it");
        }
    }
    fs::rename(&moved, here.join("w")).unwrap();
    // A record that is altered, or left out, is found.
    let list = here.join("given/party-1/records.jsonl");
    let whole = fs::read_to_string(&list).unwrap();
    let without: String = whole.lines().skip(1).map(|line| format!("{line}\n")).collect();
    for changed in [without, whole.replacen("\"record\":{", "\"record\":{\"more\":1,", 1)] {
        assert_ne!(changed, whole);
        fs::write(&list, changed).unwrap();
        check("party-1").ends_with(3).complains(&["does not name this records.jsonl"]);
    }
    fs::write(&list, whole).unwrap();

    // Nothing of the identities is in what was handed over, nor anywhere else; what was wiped does not come back.
    assert_eq!(told_below(here), [""; 0]);
    fs::remove_dir_all(here.join("w/vault")).unwrap();
    assert!(old_vault.join("east/region.json").exists());
    typed(here, &["vault", "restore", "old-vault"], "").ends_with(0);
    assert!(!here.join("w/vault/east/region.json").exists());
    typed(here, &open, &both(passphrase)).ends_with(2).complains(&["was wiped"]);

    // What is entered after the closing has to be closed again.
    typed(here, &["vault", "seal", "west", "--why", "again"], "").ends_with(0);
    typed(here, &[&hand_over[..5], &["given-again", "--keys-with", "x"]].concat(), "")
        .ends_with(2)
        .complains(&["the cosigned checkpoint covers"]);
    two(&["mission-end", "resume", "--why", "it was an exercise"]).ends_with(0);
    servanda(here, &more).ends_with(0);
}
