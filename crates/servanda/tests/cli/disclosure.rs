//! What leaves a workspace: an auditor's bundle, releases, the access log, and the orders of two officers.

use crate::terminal::{command, servanda};
use servanda_ledger::bundle::{self, State};
use servanda_ledger::policy::Policy;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// A workspace with marked records, no exercise, whose log both sides have cosigned.
struct Ground {
    folder: TempDir,
    root: PathBuf,
}

impl Ground {
    fn new() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        servanda(folder.path(), &["new", "truce"]).ends_with(0);
        let root = folder.path().join("truce");
        let ground = Ground { folder, root };
        // A real agreement: of an exercise nothing is counted for the public.
        let pact = ground.root.join("river-truce.pact.md");
        let words = fs::read_to_string(&pact).unwrap();
        let real: Vec<&str> = words.lines().filter(|line| !line.starts_with("  exercise ")).collect();
        fs::write(&pact, real.join("\n") + "\n").unwrap();
        let mut lines = String::new();
        let mut add = |id: &str, lat: f64, marking: &str, title: &str| {
            lines.push_str(&format!(
                "{{\"v\":1,\"id\":\"{id}\",\"recorded\":\"2025-03-20T12:00:00Z\",\"fact\":\"fire\",\"roles\":{{\"by\":\"North\"}},\"when\":\"2025-03-20T10:00:00Z\",\
                 \"place\":{{\"lat\":{lat},\"lon\":0.5,\"radius_m\":100}},\"source\":\"SMM\",\"title\":\"{title}\",\"marking\":{marking}}}\n"
            ));
        };
        for n in 0..7 {
            add(&format!("C-{n}"), 0.5, "{\"level\":\"TLP:CLEAR\"}", "=1+1");
        }
        add("F-1", 5.0, "{\"level\":\"TLP:CLEAR\"}", "far");
        add("G-1", 0.5, "{\"level\":\"TLP:GREEN\"}", "green");
        add(
            "M-1",
            0.5,
            "{\"level\":\"TLP:AMBER\",\"caveats\":[\"medical\"],\"originators\":[\"South\"]}",
            "the name of a patient",
        );
        fs::write(ground.root.join("marked.jsonl"), lines).unwrap();
        servanda(&ground.root, &["import", "jsonl", "marked.jsonl"]).ends_with(0).says(&["10 records made"]);
        let password = "a long long password\n";
        for (name, more) in [
            ("anna", &["--party", "North", "--role", "reader", "--clearance", "TLP:GREEN"][..]),
            ("eve", &["--role", "auditor", "--clearance", "TLP:GREEN"][..]),
            ("one", &["--role", "officer"][..]),
            ("two", &["--role", "officer"][..]),
        ] {
            let line = [&["account", "set", name, "--password-stdin"][..], more].concat();
            ground.types(&line, password).ends_with(0);
        }
        let log = fs::read_to_string(ground.root.join("log/vkey")).unwrap();
        let mut policy =
            vec!["log".to_string(), "policy".into(), "both-sides".into(), "--log".into(), log.trim().into()];
        for side in ["north", "south"] {
            let name = format!("{side}.example");
            let made = servanda(ground.folder.path(), &["log", "witness", "init", side, "--name", &name]);
            let vkey = made.ends_with(0).out.lines().last().unwrap().to_string();
            servanda(ground.folder.path(), &["log", "witness", "watch", side, log.trim()]).ends_with(0);
            policy.extend(["--side".to_string(), format!("{side}={vkey}")]);
        }
        let words: Vec<&str> = policy.iter().map(String::as_str).collect();
        let policy = servanda(ground.folder.path(), &words);
        fs::write(ground.folder.path().join("policy"), &policy.ends_with(0).out).unwrap();
        ground.witness(0);
        ground
    }

    fn witness(&self, old: u64) {
        let here = self.folder.path();
        let run = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            servanda(here, &words).ends_with(0);
        };
        run("log propose truce/log --key truce/secret/log.key");
        run(&format!("log request truce/log --old {old} --out request"));
        run("log witness answer north request --out north.line");
        run("log witness answer south request --out south.line");
        run("log cosign truce/log --key truce/secret/log.key --policy policy --lines north.line south.line");
    }

    fn types(&self, line: &[&str], typed: &str) -> crate::terminal::Ran {
        let mut child = command(&self.root, line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let ran = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        crate::terminal::Ran {
            code: ran.status.code().unwrap_or(-1),
            out: text(ran.stdout),
            err: text(ran.stderr),
        }
    }

    fn check(&self, folder: &str) -> bundle::Report {
        let policy = Policy::parse(&fs::read(self.folder.path().join("policy")).unwrap()).unwrap();
        let read = |path: &str| match fs::read(self.folder.path().join(folder).join(path)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            bytes => bytes.map(Some),
        };
        bundle::check(read, Some(&policy)).unwrap()
    }
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn an_auditor_gets_what_it_may_see_and_the_rest_proven_present() {
    let ground = Ground::new();
    let root = &ground.root;
    servanda(
        root,
        &["bundle", "--for", "eve", "--policy", "../policy", "--purpose", "request 7", "-o", "../bundle"],
    )
    .ends_with(0)
    .says(&["20 records opened, 1 withheld", "servanda-auditor bundle"]);
    let report = ground.check("bundle");
    assert_eq!(report.findings, []);
    let withheld: Vec<&String> = report
        .items
        .iter()
        .filter_map(|item| match &item.state {
            State::Withheld(why) => Some(why),
            State::Opened { signed_by, .. } => {
                assert_eq!(signed_by.len(), 1, "entry {} is signed by the key of intake", item.index);
                None
            }
            State::Wrong => panic!("entry {}", item.index),
        })
        .collect();
    assert_eq!(withheld, ["TLP:AMBER, medical; by authority of South"]);
    assert!(report.keys.iter().all(|(_, registered)| *registered), "{:?}", report.keys);
    assert!(report.custody.iter().any(|line| line.contains("imported marked.jsonl")), "{:?}", report.custody);
    // Nothing of what is withheld stands in what is opened.
    for item in &report.items {
        if let State::Opened { payload, .. } = &item.state {
            assert!(!String::from_utf8_lossy(payload).contains("patient"), "entry {}", item.index);
        }
    }
    // A byte of any file that is another is found.
    let bundle = ground.folder.path().join("bundle");
    for file in crate::terminal::everything_below(&bundle) {
        let path = bundle.join(&file);
        let Ok(whole) = fs::read(&path) else { continue };
        let mut changed = whole.clone();
        let at = changed.len() / 2;
        changed[at] ^= 1;
        fs::write(&path, changed).unwrap();
        assert_ne!(ground.check("bundle").findings, [], "{file}");
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(ground.check("bundle").findings, []);

    // That it was made stands in the log, and in the next bundle.
    servanda(root, &["log", "access"]).ends_with(0).says(&["eve  1 records  bundle: request 7", "G-1"]);
    servanda(root, &["log", "access", "--record", "M-1"]).ends_with(0).says(&["nobody"]);
    let size = report.witnessed.as_ref().unwrap().checkpoint.size;
    ground.witness(size);
    let one = ["--select", "jsonl-marked-jsonl-G-1"];
    let ids = servanda(root, &["incidents", "--most", "99"]).out;
    let id = ids.lines().filter_map(|l| l.split(' ').find(|w| w.ends_with("G-1"))).next().unwrap_or(one[1]);
    servanda(
        root,
        &[
            "bundle",
            "--for",
            "eve",
            "--select",
            id,
            "--policy",
            "../policy",
            "--purpose",
            "again",
            "-o",
            "../second",
        ],
    )
    .ends_with(0)
    .says(&["1 records opened, 0 withheld"]);
    let report = ground.check("second");
    assert_eq!(report.findings, []);
    assert!(
        report.custody.iter().any(|l| l.contains("eve\tlooked at") && l.contains("request 7")),
        "{:?}",
        report.custody
    );

    // A reader gets its own, signed in, and not another's.
    let password = "a long long password\n";
    let own = [
        "bundle",
        "--for",
        "anna",
        "--as",
        "anna",
        "--policy",
        "../policy",
        "--purpose",
        "own",
        "-o",
        "../own",
    ];
    ground.types(&own, password).ends_with(0).says(&["20 records opened, 0 withheld"]);
    assert_eq!(ground.check("own").findings, []);
    let others =
        ["bundle", "--for", "eve", "--as", "anna", "--policy", "../policy", "--purpose", "x", "-o", "../no"];
    ground.types(&others, password).ends_with(2).complains(&["`anna` may not prepare", "releaser"]);
    servanda(root, &["bundle", "--for", "zoe", "--policy", "../policy", "--purpose", "x", "-o", "../no"])
        .ends_with(2)
        .complains(&["no account `zoe`", "account list"]);
    assert!(!ground.folder.path().join("no").exists());
    servanda(root, &["rebuild", "--check"]).ends_with(0);
}

#[test]
fn what_goes_out_says_what_it_withholds_and_no_small_number() {
    let ground = Ground::new();
    let (root, here) = (&ground.root, ground.folder.path());
    let release = |what: &[&str]| {
        let line = [&["release"][..], what, &["--purpose", "the weekly report"][..]].concat();
        let ran = servanda(root, &line);
        ran.ends_with(0);
        ran
    };
    release(&["redacted", "--for", "anna", "--format", "json", "-o", "../a.json"])
        .says(&["20 records shown, 1 withheld"]);
    let json: serde_json::Value = serde_json::from_str(&text(here, "a.json")).unwrap();
    let withheld: Vec<&serde_json::Value> =
        json["portions"].as_array().unwrap().iter().filter(|p| !p["withheld"].is_null()).collect();
    assert_eq!(withheld.len(), 1);
    assert_eq!(withheld[0]["withheld"]["category"], "TLP:AMBER, medical");
    assert_eq!(withheld[0]["withheld"]["authority"], "South");
    assert_eq!(withheld[0]["withheld"]["commitment"].as_str().unwrap().len(), 64);
    release(&["redacted", "--for", "public", "--format", "csv", "-o", "../p.csv"])
        .says(&["19 records shown, 2 withheld"]);
    let csv = text(here, "p.csv");
    assert!(csv.contains(",'=1+1,") && csv.contains("TLP:GREEN,the keeper of the record,"), "{csv}");
    release(&["redacted", "--for", "public", "--format", "geojson", "-o", "../p.geojson"]);
    let map: serde_json::Value = serde_json::from_str(&text(here, "p.geojson")).unwrap();
    assert_eq!(map["features"].as_array().unwrap().len(), 21);
    for name in ["a.json", "p.csv", "p.geojson"] {
        assert!(!text(here, name).contains("patient"), "{name}");
    }
    // Seven in one cell and one in another: the one is small, and the seven would give it away.
    let public = |more: &[&str]| {
        release(&[&["public", "--delay-hours", "0", "--format", "csv", "-o", "../x.csv"][..], more].concat());
        let numbers: Vec<String> = text(here, "x.csv")
            .lines()
            .skip(1)
            .map(|line| line.split(',').skip(4).collect::<Vec<_>>().join(","))
            .collect();
        numbers
    };
    assert_eq!(public(&[]), [",no", ",no"]);
    assert_eq!(public(&["--least", "1"]), ["7,yes", "1,yes"]);
    servanda(root, &["release", "list"])
        .ends_with(0)
        .says(&["for anna: the weekly report", "20 shown, 1 withheld"]);
    // Whom marked records were given to is noted; what is public is not.
    let access = servanda(root, &["log", "access"]);
    access.ends_with(0).says(&["anna  1 records  release: the weekly report"]);
    assert_eq!(access.out.matches("records").count(), 1, "{}", access.out);
    servanda(root, &["release", "public", "-o", "../y", "--purpose", "x", "--least", "0"]).ends_with(2);
    servanda(root, &["rebuild", "--check"]).ends_with(0);
}

#[test]
fn an_order_takes_two_officers() {
    let ground = Ground::new();
    let password = "a long long password\n";
    let root = &ground.root;
    servanda(root, &["order", "propose", "o1", "shell the bridge", "--as", "one"])
        .ends_with(2)
        .complains(&["nobody carries", "correct ID"]);
    ground.types(&["order", "propose", "o1", "correct X-1", "--as", "one"], password).ends_with(0);
    ground
        .types(&["order", "confirm", "o1", "--as", "one"], password)
        .ends_with(2)
        .complains(&["`one` proposed the order"]);
    ground.types(&["order", "confirm", "o1", "--as", "anna"], password).ends_with(2).complains(&["may not"]);
    ground.types(&["order", "confirm", "o1", "--as", "two"], password).ends_with(0).says(&["correct X-1"]);
    servanda(root, &["order", "list"])
        .ends_with(0)
        .says(&["o1  correct X-1  proposed by one, confirmed by two"]);
}
