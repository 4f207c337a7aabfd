//! `log`: the life of an entry from its source to a court, over files and over HTTP on this machine; and what is caught on the way.

use crate::terminal::{Ran, command, servanda};
use servanda_ledger::bundle;
use servanda_ledger::policy::Policy;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A log with two witnesses, a policy for both sides, and a source's key; nothing is in the log yet.
struct Ground {
    _folder: TempDir,
    root: PathBuf,
}

impl Ground {
    fn new() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        let ground = Ground { _folder: folder, root };
        let log = ground.runs("key ledger.example/truce --out log.key").out;
        ground.runs("init log --key log.key");
        ground.runs("key side-a.example --out source.key");
        let mut sides = Vec::new();
        for side in ["north", "south"] {
            let out = ground.runs(&format!("witness init {side} --name {side}.example")).out;
            let vkey = out.lines().last().unwrap().to_string();
            ground.runs(&format!("witness watch {side} {}", log.trim()));
            sides.push(format!("--side {side}={vkey}"));
        }
        let policy = ground.runs(&format!("policy both-sides --log {} {}", log.trim(), sides.join(" "))).out;
        fs::write(ground.root.join("policy"), policy).unwrap();
        ground
    }

    fn log(&self, line: &str) -> Ran {
        let words: Vec<&str> = ["log"].into_iter().chain(line.split(' ')).collect();
        servanda(&self.root, &words)
    }

    #[track_caller]
    fn runs(&self, line: &str) -> Ran {
        let ran = self.log(line);
        ran.ends_with(0);
        ran
    }

    /// Adds that many entries of one submitter.
    #[track_caller]
    fn add(&self, submitter: &str, count: usize) {
        let mut names = Vec::new();
        for i in 0..count {
            fs::write(self.root.join("payload.json"), format!("{{\"shots\":{i},\"by\":\"{submitter}\"}}"))
                .unwrap();
            let name = format!("{submitter}-{i}.json");
            self.runs(&format!("seal payload.json --key source.key --type application/json --out {name}"));
            names.push(name);
        }
        self.runs(&format!("add log --key log.key --as {submitter} --keep kept {}", names.join(" ")));
    }

    /// Has the newest checkpoint witnessed by both, over files.
    #[track_caller]
    fn witness(&self, old: u64) {
        self.runs("propose log --key log.key");
        self.runs(&format!("request log --old {old} --out request"));
        for side in ["north", "south"] {
            self.runs(&format!("witness answer {side} request --out {side}.line"));
        }
        self.runs("cosign log --key log.key --policy policy --lines north.line south.line");
    }
}

#[test]
fn the_life_of_an_entry() {
    let ground = Ground::new();
    ground.runs("policy show policy").says(&["at least 2 witnesses"]);
    ground.log("verify log --policy policy").ends_with(1).says(&["0 entries", "no checkpoint counts"]);
    ground.add("side-a", 2);
    ground.runs("propose log --key log.key");
    ground.runs("request log --out request");
    ground.runs("witness answer north request --out north.line");
    ground
        .log("cosign log --key log.key --policy policy --lines north.line")
        .ends_with(1)
        .says(&["not yet", "1 more of (`south-1`)"]);
    ground.runs("witness answer south request --out south.line");
    ground
        .runs("cosign log --key log.key --policy policy --lines south.line")
        .says(&["the checkpoint of size 2 counts: cosigned by north-1, south-1"]);
    ground.runs("checkpoint log --witnessed --out kept-by-a");
    ground.add("side-b", 300);
    ground.witness(2);
    ground.add("side-a", 1);
    ground.runs("verify log --policy policy --earlier kept-by-a --no-strangers").says(&[
        "303 entries",
        "2 submitters without a gap",
        "303 record",
        "the checkpoint of size 302 counts",
        "cosigned by south-1",
    ]);

    ground.runs("prove log 1 --out one.tlog-proof");
    ground.runs("check one.tlog-proof --policy policy --receipt kept/1.receipt").says(&[
        "entry 1 stands in ledger.example/truce, which has 302 entries",
        "number 2 of `side-a`",
        "it redeems the receipt",
    ]);
    ground
        .runs("check kept/1.receipt --policy policy")
        .says(&["the receipt is right", "number 2 of `side-a`"]);
    ground
        .log("check one.tlog-proof --policy policy --receipt kept/0.receipt")
        .ends_with(3)
        .complains(&["a receipt for another entry"]);
    let altered =
        fs::read_to_string(ground.root.join("one.tlog-proof")).unwrap().replace("index 1", "index 0");
    fs::write(ground.root.join("bad.tlog-proof"), altered).unwrap();
    ground.log("check bad.tlog-proof --policy policy").ends_with(3).complains(&["does not lead to the root"]);
    ground.runs("prove log 302 --out new.tlog-proof");
    ground.log("check new.tlog-proof --policy policy").ends_with(3).complains(&["lacks cosignatures"]);
    ground.log("prove log 303").ends_with(2).complains(&["none has number 303", "counted from 0"]);

    // The auditor's bundle, read by the library that the auditor's program links.
    ground
        .runs("bundle log --key log.key --policy policy --entries 0-1,17,301 --opened kept --withhold 17 --because safety \
               --earlier kept-by-a --by registrar --purpose request-7 --out bundle")
        .says(&["4 entries, 3 opened and 1 withheld"]);
    let policy = Policy::parse(&fs::read(ground.root.join("policy")).unwrap()).unwrap();
    let report = bundle::check(
        |path| match fs::read(ground.root.join("bundle").join(path)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            bytes => bytes.map(Some),
        },
        Some(&policy),
    )
    .unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.items.len(), &report.earlier), (4, &vec![2]));
    assert!(report.custody[0].contains("registrar"), "{:?}", report.custody);
    ground
        .log("bundle log --key log.key --policy policy --entries 302 --by a --purpose b --out late")
        .ends_with(2)
        .complains(&["not under the witnessed checkpoint"]);
    ground
        .log("bundle log --key log.key --policy policy --entries 3 --by a --purpose b --out late")
        .ends_with(2)
        .complains(&["--because"]);
    assert!(!ground.root.join("late").exists());

    // Somebody changes an entry on the disk.
    let path = ground.root.join("log/tile/entries/000");
    let whole = fs::read(&path).unwrap();
    let mut bad = whole.clone();
    bad[700] ^= 1;
    fs::write(&path, bad).unwrap();
    ground
        .log("verify log --policy policy")
        .ends_with(3)
        .complains(&["finding [entry] entry ", "is not what it claims to be"]);
    fs::write(&path, whole).unwrap();
    ground.runs("verify log --policy policy");
    // Somebody changes the newest tile: nothing more is done with the log.
    let path = ground.root.join("log/tile/1/000.p/1");
    fs::write(&path, [0; 32]).unwrap();
    ground.log("checkpoint log").ends_with(3).complains(&["do not give the root"]);
    ground.log("add log --key log.key --as x --keep kept side-a-0.json").ends_with(3);
}

#[test]
fn a_rewritten_log_is_caught_by_the_witness_and_by_a_kept_checkpoint() {
    let ground = Ground::new();
    ground.add("side-a", 3);
    ground.witness(0);
    ground.runs("checkpoint log --witnessed --out kept-by-b");
    // Whoever keeps the log makes it anew, with the same key, without the second entry.
    fs::rename(ground.root.join("log"), ground.root.join("honest")).unwrap();
    ground.runs("init log --key log.key");
    ground.runs("add log --key log.key --as side-a --keep again side-a-0.json side-a-2.json side-a-2.json");
    ground
        .log("verify log --policy policy --earlier kept-by-b")
        .ends_with(3)
        .complains(&["[past] earlier checkpoint 1", "forked"]);
    ground.runs("propose log --key log.key");
    ground.runs("request log --old 3 --out request");
    ground
        .log("witness answer south request")
        .ends_with(3)
        .complains(&["two trees of 3 have different roots"]);
    ground.runs("witness show south").says(&["3 entries seen", "1 requests kept as evidence"]);
    ground.runs("request log --old 0 --out request");
    ground.log("witness answer south request").ends_with(2).complains(&["has size 3", "--old 3"]);
}

/// A witness that answers until the test ends.
struct Serving(Child, u16);

impl Serving {
    fn witness(root: &Path, dir: &str) -> Serving {
        let mut command = command(root, &["log", "witness", "serve", dir, "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split_once("127.0.0.1:").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        Serving(child, port.unwrap_or_else(|| panic!("no port in {line:?}")))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn witnesses_are_asked_over_http_on_this_machine() {
    let ground = Ground::new();
    ground.add("side-a", 2);
    let (north, south) = (Serving::witness(&ground.root, "north"), Serving::witness(&ground.root, "south"));
    ground.log("witness show north").ends_with(2).complains(&["another program"]);
    let both = format!("cosign log --key log.key --policy policy --at {} --at {}", north.1, south.1);
    ground.runs(&both).says(&["the checkpoint of size 2 counts"]);
    // Grown, and asked again: the witness says what it has seen, and is asked from there.
    ground.add("side-a", 5);
    ground.runs("propose log --key log.key");
    ground.runs(&both).says(&["the checkpoint of size 7 counts"]);
    ground.runs("verify log --policy policy --newest-witnessed");
    // One witness is away: the other is asked all the same.
    drop(south);
    ground.add("side-a", 1);
    ground.runs("propose log --key log.key");
    ground.log(&both).ends_with(2).complains(&["does not answer", "witness serve"]);
    ground.log("cosign log --key log.key --policy policy").ends_with(1).says(&["1 more of (`south-1`)"]);
    ground
        .log("verify log --policy policy --newest-witnessed")
        .ends_with(3)
        .complains(&["[signature] checkpoint"]);
    ground.runs("verify log --policy policy").says(&["the checkpoint of size 7 counts"]);
}

#[test]
fn slips_are_named_with_what_to_do() {
    let ground = Ground::new();
    for (line, code, words) in [
        ("init log --key log.key", 2, &["is not empty"] as &[&str]),
        ("init other --key policy", 2, &["no private key", "servanda log key"]),
        ("key ledger.example/truce --out log.key", 2, &["is there already", "never written over"]),
        ("key with+plus --out x.key", 2, &["has a `+`"]),
        ("verify nowhere --policy policy", 2, &["is no folder"]),
        ("verify log --policy log.key", 2, &["line 1 of the policy", "both-sides"]),
        ("checkpoint nowhere", 2, &["cannot read", "servanda log init"]),
        ("checkpoint log --witnessed", 2, &["was witnessed yet"]),
        ("request log", 2, &["is before the witnesses", "servanda log propose"]),
        ("add log --key log.key --as a --keep kept policy", 2, &["no JSON", "servanda log seal"]),
        ("add log --key source.key --as a --keep kept policy", 2, &["the key is of `side-a.example`"]),
        ("witness watch north nonsense", 2, &["NAME+ID+BASE64"]),
        ("witness answer north policy", 2, &["no request to a witness"]),
        ("policy both-sides --log x --side a=b", 2, &["no public key"]),
        ("check policy --policy policy", 3, &["no proof"]),
        ("propose log --key nowhere.key", 2, &["cannot read"]),
    ] {
        ground.log(line).ends_with(code).complains(words);
    }
}

/// Runs `openssl`; a test that needs it says so where it is missing.
fn openssl(root: &Path, line: &str) -> bool {
    let mut words = Command::new("openssl");
    let ran = words.args(line.split(' ')).current_dir(root).stdin(Stdio::null()).output();
    match ran {
        Ok(ran) => {
            assert!(ran.status.success(), "openssl {line}\n{}", String::from_utf8_lossy(&ran.stderr));
            true
        }
        Err(e) => {
            eprintln!("SKIPPED: `openssl` cannot be run ({e}); anchoring was not tested");
            false
        }
    }
}

const AUTHORITY: &str = "\
[req]
distinguished_name = name
prompt = no
x509_extensions = stamps
[name]
CN = test authority
[stamps]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
ess_cert_id_chain = no
";

#[test]
fn a_checkpoint_is_anchored_in_time() {
    let ground = Ground::new();
    ground.add("side-a", 2);
    fs::write(ground.root.join("tsa.cnf"), AUTHORITY).unwrap();
    fs::write(ground.root.join("serial"), "01\n").unwrap();
    let made = "req -x509 -config tsa.cnf -newkey rsa:2048 -noenc -keyout tsa.key -out tsa.pem -days 2";
    if !openssl(&ground.root, made) {
        return;
    }
    openssl(
        &ground.root,
        "req -x509 -config tsa.cnf -newkey rsa:2048 -noenc -keyout other.key -out other.pem -days 2",
    );
    ground.runs("anchor request log --out stamp").says(&["stamp.checkpoint", "stamp.tsq"]);
    // The authority reads our request as we meant it.
    openssl(&ground.root, "ts -query -in stamp.tsq -text");
    openssl(&ground.root, "ts -reply -config tsa.cnf -queryfile stamp.tsq -out stamp.tsr");
    ground
        .runs("anchor check stamp --authority tsa.pem")
        .says(&["the checkpoint was there at 20", "signature holds"]);
    ground.log("anchor check stamp --unsigned").ends_with(1).says(&["was not checked"]);
    ground.log("anchor check stamp").ends_with(2).complains(&["--authority"]);
    // Another authority; another checkpoint; an answer to another request.
    ground
        .log("anchor check stamp --authority other.pem")
        .ends_with(3)
        .complains(&["signature does not hold"]);
    let write = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(ground.root.join(name)).unwrap();
        let good = bytes.clone();
        change(&mut bytes);
        fs::write(ground.root.join(name), bytes).unwrap();
        good
    };
    let good = write("stamp.checkpoint", &|bytes| bytes[30] ^= 1);
    ground.log("anchor check stamp --authority tsa.pem").ends_with(3).complains(&["something else"]);
    fs::write(ground.root.join("stamp.checkpoint"), &good).unwrap();
    ground.runs("anchor request log --out second");
    fs::copy(ground.root.join("stamp.tsr"), ground.root.join("second.tsr")).unwrap();
    ground.log("anchor check second --authority tsa.pem").ends_with(3).complains(&["another number"]);
    // Every byte of the answer but the certificate's padding is covered by something; a sample of them.
    let answer = fs::read(ground.root.join("stamp.tsr")).unwrap();
    for at in (0..answer.len()).step_by(97) {
        let mut bad = answer.clone();
        bad[at] ^= 1;
        fs::write(ground.root.join("stamp.tsr"), bad).unwrap();
        let ran = ground.log("anchor check stamp --authority tsa.pem");
        assert!(ran.code == 3, "byte {at}: {}\n{}", ran.out, ran.err);
    }
}
