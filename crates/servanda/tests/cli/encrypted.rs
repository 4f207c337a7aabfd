//! Delivery over HTTPS to our own server, with a certificate of the test's own authority; and files that follow their records.

use crate::terminal::{command, servanda};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut of = CertificateParams::new(Vec::new()).unwrap();
    of.distinguished_name.push(DnType::CommonName, name);
    of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(of, KeyPair::generate().unwrap()).unwrap()
}

/// Writes certificate and key for `localhost`, valid until that year.
fn certificate(here: &Path, by: &Authority, until: i32) {
    let mut of = CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    of.not_before = rcgen::date_time_ymd(2015, 1, 1);
    of.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    fs::write(here.join("server.pem"), of.signed_by(&key, by).unwrap().pem()).unwrap();
    fs::write(here.join("server.key"), key.serialize_pem()).unwrap();
}

/// A server, and its port.
struct Serving(Child, u16);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(here: &Path, is_encrypted: bool) -> Serving {
    serve_with(here, is_encrypted, &[])
}

fn serve_with(here: &Path, is_encrypted: bool, variables: &[(&str, &str)]) -> Serving {
    let mut line = command(here, &["serve", "w", "--port", "0", "--intake"]);
    line.envs(variables.iter().copied());
    if is_encrypted {
        line.env("SERVANDA_TLS_CERTIFICATE", here.join("server.pem"));
        line.env("SERVANDA_TLS_KEY", here.join("server.key"));
    }
    let mut child = line.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let url = first.split_whitespace().find(|w| w.starts_with("http")).unwrap();
    let port = url.rsplit_once(':').unwrap().1.trim_end_matches('/').parse().unwrap();
    Serving(child, port)
}

fn record(here: &Path, file: Option<(&str, &[u8])>) {
    let mut line =
        vec!["record", "--outbox", "node-1", "--set", "what=shot", "--set", "when=2026-05-03 14:30"];
    line.extend(["--set", "means=heard", "--set", "source=Patrol 2", "--yes"]);
    if !here.join("node-1").exists() {
        line.extend(["--submitter", "node-1", "--zone", "Europe/Kyiv", "--fact", "fire", "--exercise"]);
    }
    if let Some((name, bytes)) = file {
        fs::write(here.join(name), bytes).unwrap();
        line.extend(["--attach", name]);
    }
    servanda(here, &line).ends_with(0);
}

/// A workspace `w` that knows the outbox `node-1`, which has one record.
fn folder() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "w"]).ends_with(0);
    record(here.path(), None);
    servanda(here.path(), &["key", "register", "node-1", "node-1/node-1.pub", "--workspace", "w"])
        .ends_with(0);
    here
}

/// What the workspace has of an attachment of a record.
fn kept(here: &Path, record: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let workspace = servanda_store::Workspace::open(&here.join("w")).unwrap();
    let store = workspace.store();
    let view = store.view(&servanda_store::policy::Viewer::keeper());
    view.attachment(record, &servanda_store::sha256(bytes)).ok()
}

#[test]
fn an_outbox_is_delivered_over_https_to_whom_our_authority_vouches_for() {
    let here = folder();
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    fs::write(here.path().join("ours.pem"), ours.pem()).unwrap();
    fs::write(here.path().join("theirs.pem"), theirs.pem()).unwrap();
    certificate(here.path(), &ours, 2999);
    let sync = |host: &str, port: u16, more: &[&str]| {
        let url = format!("https://{host}:{port}");
        servanda(here.path(), &[&["sync", "node-1", "--to", &url], more].concat())
    };
    let serving = serve(here.path(), true);
    // Another authority; the system's, which does not know ours; another name.
    sync("localhost", serving.1, &["--ca", "theirs.pem"]).ends_with(2).complains(&[
        "`localhost` is not believed",
        "unknown to the authorities in `theirs.pem`",
        "--ca FILE",
        "nothing was sent",
    ]);
    let system = sync("localhost", serving.1, &[]);
    system.ends_with(2);
    assert!(
        system.err.contains("is not believed") || system.err.contains("trusts no authority"),
        "{}",
        system.err
    );
    sync("127.0.0.1", serving.1, &["--ca", "ours.pem"])
        .ends_with(2)
        .complains(&["its certificate is for `localhost`"]);
    sync("localhost", serving.1, &["--ca", "node-1/outbox.jsonl"])
        .ends_with(2)
        .complains(&["no file of certificates"]);
    // In clear to a server that is encrypted, and the other way round.
    let url = format!("http://localhost:{}", serving.1);
    servanda(here.path(), &["sync", "node-1", "--to", &url]).ends_with(2).complains(&["cannot deliver"]);
    servanda(here.path(), &["sync", "node-1", "--to", &url, "--ca", "ours.pem"])
        .ends_with(2)
        .complains(&["without encryption"]);
    assert!(
        !here.path().join("node-1/receipts.jsonl").exists(),
        "nobody was believed, so nobody got anything"
    );
    sync("localhost", serving.1, &["--ca", "ours.pem"]).ends_with(0).says(&["1 delivered"]);
    drop(serving);
    let plain = serve(here.path(), false);
    record(here.path(), None);
    sync("localhost", plain.1, &["--ca", "ours.pem"])
        .ends_with(2)
        .complains(&["does not speak TLS", "nothing was sent"]);
    drop(plain);
    certificate(here.path(), &ours, 2020);
    let old = serve(here.path(), true);
    sync("localhost", old.1, &["--ca", "ours.pem"]).ends_with(2).complains(&["has expired", "renew"]);
}

#[test]
fn files_follow_their_records_over_http_once_and_whole() {
    let here = folder();
    let photo: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let note = b"a note".to_vec();
    record(here.path(), Some(("crater.jpg", &photo)));
    record(here.path(), Some(("note.txt", &note)));
    record(here.path(), Some(("again.jpg", &photo)));
    let serving = serve(here.path(), false);
    let url = format!("http://127.0.0.1:{}", serving.1);
    let sync = || servanda(here.path(), &["sync", "node-1", "--to", &url]);
    // One of them is not at hand.
    let hidden = here.path().join("node-1/attachments").join(servanda_store::sha256(&note));
    fs::rename(&hidden, here.path().join("elsewhere")).unwrap();
    let first = sync();
    first.ends_with(0).says(&["4 delivered", "1 file delivered"]);
    assert!(first.err.contains("1 file is named, but not in the outbox's folder"), "{}", first.err);
    assert_eq!(kept(here.path(), "node-1/2", &photo).as_deref(), Some(&photo[..]));
    assert_eq!(kept(here.path(), "node-1/3", &note), None);
    // Found again: it follows. What was delivered does not go twice.
    fs::rename(here.path().join("elsewhere"), &hidden).unwrap();
    sync().ends_with(0).says(&["0 submissions wait", "1 file delivered"]);
    assert_eq!(kept(here.path(), "node-1/3", &note).as_deref(), Some(&note[..]));
    let again = sync();
    again.ends_with(0);
    assert!(!again.out.contains("file delivered"), "{}", again.out);
    // The answers are lost: all goes again, and nothing changes.
    let files = || {
        let mut all = crate::terminal::everything_below(&here.path().join("w/attachments"));
        all.sort();
        all
    };
    let before = files();
    fs::remove_file(here.path().join("node-1/receipts.jsonl")).unwrap();
    sync().ends_with(0).says(&["4 of them had arrived before", "2 files delivered"]);
    assert_eq!(files(), before);
    // A file that is not what was recorded does not leave.
    record(here.path(), Some(("late.txt", b"late")));
    let late = here.path().join("node-1/attachments").join(servanda_store::sha256(b"late"));
    fs::write(&late, b"lake").unwrap();
    sync().ends_with(2).complains(&["is not what was recorded"]);
    fs::write(&late, b"late").unwrap();
    sync().ends_with(0).says(&["1 file delivered"]);
}

/// ASVS 5.0: 5.4.3, for what comes out of an outbox: what a scanner refuses holds up nothing else, and where it cannot look nothing is taken.
#[cfg(unix)]
#[test]
fn v5_4_3_a_scanner_looks_into_files_of_outboxes() {
    let here = folder();
    fs::write(here.path().join("scan.sh"), "if grep -q MARK; then exit 1; fi; exit 0\n").unwrap();
    fs::write(here.path().join("broken.sh"), "cat >/dev/null; exit 9\n").unwrap();
    record(here.path(), Some(("bad.txt", b"with a MARK")));
    record(here.path(), Some(("good.txt", b"without")));
    let sync = |script: &str| {
        let script = format!("sh,{}", here.path().join(script).display());
        let serving = serve_with(here.path(), false, &[("SERVANDA_SCAN", &script)]);
        let url = format!("http://127.0.0.1:{}", serving.1);
        servanda(here.path(), &["sync", "node-1", "--to", &url])
    };
    sync("broken.sh").ends_with(2).complains(&["cannot look at files just now", "only its files wait"]);
    assert_eq!(kept(here.path(), "node-1/3", b"without"), None);
    let looked = sync("scan.sh");
    looked.ends_with(0).says(&["1 file delivered"]);
    assert!(looked.err.contains("refuses the file") && looked.err.contains("node-1/2"), "{}", looked.err);
    assert_eq!(kept(here.path(), "node-1/2", b"with a MARK"), None);
    assert_eq!(kept(here.path(), "node-1/3", b"without").as_deref(), Some(&b"without"[..]));
}

#[test]
fn a_file_is_taken_only_from_whoever_signed_for_it_and_recorded_it() {
    let here = folder();
    record(here.path(), Some(("note.txt", b"a note")));
    let hash = servanda_store::sha256(b"a note");
    let serving = serve(here.path(), false);
    let url = format!("http://127.0.0.1:{}", serving.1);
    servanda(here.path(), &["sync", "node-1", "--to", &url]).ends_with(0).says(&["1 file delivered"]);
    // A stranger who has the file, too, and tries whether it is known: told the same as for any other.
    let stranger = here.path().join("stranger");
    fs::create_dir(&stranger).unwrap();
    servanda(&stranger, &["new", "w"]).ends_with(0);
    let mut ours =
        vec!["record", "--outbox", "node-1", "--submitter", "node-1", "--zone", "UTC", "--fact", "fire"];
    ours.extend(["--set", "what=shot", "--set", "when=2026-05-03 14:30", "--set", "means=heard"]);
    ours.extend(["--set", "source=x", "--yes"]);
    servanda(&stranger, &ours).ends_with(0);
    let post = |statement: &str, body: &[u8]| -> (String, Value) {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", serving.1)).unwrap();
        let head = format!(
            "POST /api/intake/attachment HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/octet-stream\r\n\
             servanda-delivery: {statement}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut said = String::new();
        let _ = stream.read_to_string(&mut said);
        let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{said}"));
        (head.lines().next().unwrap().to_string(), serde_json::from_str(body).unwrap())
    };
    let signed = |folder: &Path, record: &str, hash: &str, length: u64| {
        let secret = fs::read_to_string(folder.join("node-1/secret.key")).unwrap();
        let key = servanda_ledger::note::SignerKey::parse(secret.trim()).unwrap();
        let delivery = servanda_evidence::outbox::Delivery {
            submitter: "node-1".into(),
            record: record.into(),
            hash: hash.into(),
            length,
        };
        let payload = servanda_evidence::outbox::delivery_payload(&delivery);
        let kind = servanda_evidence::outbox::PAYLOAD;
        let mut envelope = servanda_ledger::envelope::Envelope::new(kind, payload.as_bytes());
        envelope.sign(&key);
        envelope.to_json()
    };
    let fine = signed(here.path(), "node-1/2", &hash, 6);
    assert!(post(&fine, b"a note").0.contains("200"), "again is as the first time");
    let other = servanda_store::sha256(b"a nude");
    for (statement, body, words) in [
        ("{}".to_string(), b"a note", "envelope"),
        ("[".repeat(3_000), b"a note", "nested more than"),
        (signed(&stranger, "node-1/2", &hash, 6), b"a note", "signed by none of the known keys"),
        (signed(here.path(), "node-1/1", &hash, 6), b"a note", "no record `node-1/1`"),
        (signed(here.path(), "node-1/2", &other, 6), b"a nude", "no record `node-1/2`"),
        (signed(here.path(), "node-2/2", &hash, 6), b"a note", "no record `node-2/2`"),
        (fine.clone(), b"a nude", "is not the file that was signed for"),
    ] {
        let (status, said) = post(&statement, body);
        assert!(status.contains("422"), "{status} {said}");
        assert!(said["message"].as_str().unwrap().contains(words), "{words}: {said}");
    }
    drop(serving);
    assert_eq!(kept(here.path(), "node-1/2", b"a note").as_deref(), Some(&b"a note"[..]));
    // Larger than any server takes: said when it is recorded, not after two weeks.
    let large = fs::File::create(here.path().join("film.mp4")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    let mut line =
        vec!["record", "--outbox", "node-1", "--set", "what=shot", "--set", "when=2026-05-03 14:30"];
    line.extend(["--set", "means=heard", "--set", "source=Patrol 2", "--yes", "--attach", "film.mp4"]);
    servanda(here.path(), &line).ends_with(2).complains(&["longer than 64 MB"]);
}
