//! Each format against the examples of its specification, its round trip, and what it refuses.

use servanda_ledger::anchor::{self, Stamp};
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::envelope::{Envelope, STATEMENT, pae, statement};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS, commitment};
use servanda_ledger::note::{Algorithm, Note, SignerKey, VerifierKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::proof::Proof;
use servanda_ledger::receipt::Receipt;
use servanda_ledger::tile::{Layer, Tile};
use servanda_ledger::tree;
use servanda_ledger::witness::Request;

fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
    SignerKey::new(name, algorithm, &[seed; 32]).unwrap()
}

/// The example of C2SP signed-note, and the one of Go's package `note`.
#[test]
fn notes_of_others_verify() {
    let note = "This is an example message.\n\n— example.com/foo \
                Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let parsed = Note::parse(note.as_bytes()).unwrap();
    parsed.verify_by(&VerifierKey::parse(vkey).unwrap()).unwrap();
    assert_eq!(parsed.to_string(), note);
    assert_eq!(parsed.text(), "This is an example message.\n");

    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let signer = SignerKey::parse(secret).unwrap();
    assert_eq!(signer.secret_text(), secret);
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(signer.public().to_string(), vkey);
    let mut note = Note::new(text).unwrap();
    note.sign(&signer, 0);
    let line = "— PeterNeumann \
                x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert_eq!(note.to_string(), format!("{text}\n{line}"));
    let other = note.to_string().replace("don't know", "do know");
    assert!(Note::parse(other.as_bytes()).unwrap().verify_by(signer.public()).unwrap_err().is_signature());
}

#[test]
fn keys_that_are_none_are_refused() {
    let good = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    for bad in [
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        &good.replace("530d903a", "530d903b"),
        &good.replace("530d903a", "530D903A"),
        &good.replace("example", "ex ample"),
        &good.replace('k', "l"),
        &good[..good.len() - 4],
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
    ] {
        assert!(VerifierKey::parse(bad).unwrap_err().is_malformed(), "{bad}");
    }
    // Points under which anybody can sign: the identity, and others of small order; and what is no point.
    let mut identity = [0; 32];
    identity[0] = 1;
    for weak in [identity, [0; 32], [0xff; 32]] {
        assert!(VerifierKey::new("a", Algorithm::Note, &weak).is_err());
    }
    assert_eq!(
        format!("{:?}", key("a", Algorithm::Note, 9)).matches('+').count(),
        1,
        "only the name and number"
    );
}

#[test]
fn what_is_no_note_is_refused() {
    let signature = "— a AAAAAAA=\n";
    for bad in [
        "",
        "text\n",
        "text\n\n",
        "text\n\nno signature\n",
        &format!("text\n\n{}", signature.trim_end()),
        &format!("text\n{signature}"),
        &format!("te\txt\n\n{signature}"),
        &format!("te\rxt\n\n{signature}"),
        &format!("text\n\n{}", signature.replace('—', "-")),
        "text\n\n— a AAAA\n",
        "text\n\n— a AAAAAAA\n",
        "text\n\n— a AAAAAAB=\n",
        "text\n\n— a+b AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
    ] {
        assert!(Note::parse(bad.as_bytes()).unwrap_err().is_malformed(), "{bad:?}");
    }
    assert!(Note::parse(format!("text\n\n{}", signature.repeat(257)).as_bytes()).is_err());
    let sixteen: String = (0..16).map(|i| signature.replace(" a ", &format!(" a{i} "))).collect();
    assert_eq!(Note::parse(format!("text\n\n{sixteen}").as_bytes()).unwrap().signatures().len(), 16);
    // The text may hold blank lines; the last one separates.
    assert_eq!(Note::parse(format!("a\n\nb\n\n{signature}").as_bytes()).unwrap().text(), "a\n\nb\n");
    // Signed twice by one key: which of the two?
    let signer = key("a", Algorithm::Note, 1);
    let mut note = Note::new("text\n").unwrap();
    note.sign(&signer, 0);
    let line = note.signatures()[0].line();
    let twice = Note::parse(format!("{note}{line}").as_bytes()).unwrap();
    assert!(twice.verify_by(signer.public()).unwrap_err().is_signature());
}

/// The example of C2SP tlog-checkpoint, as a text; its key is not published.
#[test]
fn checkpoints_have_one_writing() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.text(), text);
    for bad in [
        "",
        "origin\n5\n",
        &text.replace("20852163", "020852163"),
        &text.replace("20852163", "+20852163"),
        &text.replace("20852163", "-1"),
        &text.replace("20852163", "18446744073709551616"),
        &text.replace("20852163", "0"),
        &text.replace("q2I=", "q2J="),
        &text.replace("q2I=", "q2I"),
        &text.replace("example", "exa mple"),
        &format!("{text}\nmore\n"),
        text.trim_end(),
    ] {
        assert!(Checkpoint::parse(bad).unwrap_err().is_malformed(), "{bad:?}");
    }
    assert_eq!(Checkpoint::parse(&format!("{text}extension\n")).unwrap().extensions, ["extension"]);
    let log = key("example.com/log", Algorithm::Note, 1);
    assert!(Checkpoint::new("example.com/other", 0, tree::EMPTY).sign(&log).is_err());
    // Signed by the key of one log under the name of another.
    let mut note = Note::new(Checkpoint::new("example.com/other", 0, tree::EMPTY).text()).unwrap();
    note.sign(&log, 0);
    assert!(Checkpoint::signed_by(&note, log.public()).is_err());
}

#[test]
fn a_cosignature_is_over_time_and_text() {
    let witness = key("witness.example.com/w1", Algorithm::Cosignature, 2);
    let mut note = Note::new(Checkpoint::new("example.com/log", 1, [3; 32]).text()).unwrap();
    note.sign(&witness, 1_679_315_147);
    let signed = note.verify_by(witness.public()).unwrap();
    assert_eq!(signed.time_s, Some(1_679_315_147));
    let bytes = &note.signatures()[0].bytes;
    assert_eq!((bytes.len(), &bytes[..8]), (72, 1_679_315_147_u64.to_be_bytes().as_slice()));
    // Another time, and a time beyond 2^63.
    for at in [0, 7] {
        let mut other = note.signatures()[0].clone();
        other.bytes[at] ^= 0x80;
        let mut altered = note.clone();
        altered.add(other);
        assert!(altered.verify_by(witness.public()).unwrap_err().is_signature());
    }
    assert!(witness.public().to_string().contains("+B"), "type 4: {}", witness.public());
}

#[test]
fn tiles_have_the_paths_of_the_specification() {
    for (tile, path) in [
        (Tile::whole(Layer::Hashes(0), 1_234_067), "tile/0/x001/x234/067"),
        (Tile { layer: Layer::Hashes(1), index: 0, width: 17 }, "tile/1/000.p/17"),
        (Tile::whole(Layer::Entries, 999), "tile/entries/999"),
        (Tile::whole(Layer::Entries, 1000), "tile/entries/x001/000"),
        (Tile { layer: Layer::Hashes(0), index: 273, width: 112 }, "tile/0/273.p/112"),
    ] {
        assert_eq!(tile.path(), path);
        assert_eq!(Tile::from_path(path).unwrap(), tile);
    }
    for bad in [
        "tile/0/1",
        "tile/0/0001",
        "tile/00/000",
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/08",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/data/000",
        "tile/entries/xx01/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/../000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/",
        "tile/0/+01",
    ] {
        assert!(Tile::from_path(bad).is_err(), "{bad}");
    }
    // The example of 70,000 entries, and the one of 256.
    let paths = |size| Tile::partial(size).iter().map(Tile::path).collect::<Vec<_>>();
    let expected = ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"];
    assert_eq!(paths(70_000), expected);
    assert_eq!(paths(256), ["tile/1/000.p/1"]);
    assert_eq!(paths(0), [""; 0]);
    assert_eq!(paths(u64::MAX).len(), 9);
}

#[test]
fn leaves_have_one_writing_and_hide_their_payload() {
    let leaf = Leaf {
        kind: "record".into(),
        received_ms: -5,
        submitter: "Сторона А".into(),
        number: 2,
        previous: [1; 32],
        commitment: commitment(&[2; 32], b"sealed"),
    };
    let bytes = leaf.to_bytes().unwrap();
    assert_eq!(Leaf::from_bytes(&bytes).unwrap(), leaf);
    for length in 0..bytes.len() {
        assert!(Leaf::from_bytes(&bytes[..length]).is_err());
    }
    assert!(Leaf::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    let newer = Leaf::from_bytes(&[&[2], &bytes[1..]].concat()).unwrap_err();
    assert!(newer.to_string().contains("version 2"), "{newer}");
    let refused = |change: &dyn Fn(&mut Leaf)| {
        let mut leaf = leaf.clone();
        change(&mut leaf);
        leaf.to_bytes().is_err()
    };
    assert!(refused(&|leaf| leaf.kind = String::new()) && refused(&|leaf| leaf.kind = "Record".into()));
    assert!(refused(&|leaf| leaf.kind = "a".repeat(33)) && refused(&|leaf| leaf.submitter = String::new()));
    assert!(refused(&|leaf| leaf.submitter = "a\nb".into()));
    assert!(refused(&|leaf| leaf.submitter = "a".repeat(256)));
    assert!(refused(&|leaf| leaf.number = 0) && refused(&|leaf| leaf.number = 1));
    assert!(refused(&|leaf| leaf.previous = NO_PREVIOUS));
    let longest = Leaf { kind: "a".repeat(32), submitter: "b".repeat(255), ..leaf.clone() };
    assert_eq!(longest.to_bytes().unwrap().len(), 370, "as its documentation says");
    // The commitment depends on each bit of both.
    let hash = commitment(&[2; 32], b"sealed");
    assert_ne!(hash, commitment(&[3; 32], b"sealed"));
    assert_ne!(hash, commitment(&[2; 32], b"sealee"));
    // What is guessed is not found: neither the plain hash of what was sealed nor one with another salt stands in the leaf.
    for guess in [tree::sha256(b"sealed"), tree::leaf_hash(b"sealed"), commitment(&[0; 32], b"sealed")] {
        assert!(!bytes.windows(32).any(|window| window == guess));
    }
}

#[test]
fn receipts_are_signed_by_the_log_and_by_nobody_else() {
    let log = key("example.com/log", Algorithm::Note, 1);
    let leaf = Leaf {
        kind: "record".into(),
        received_ms: 1_800_000_000_123,
        submitter: "side a".into(),
        number: 1,
        previous: NO_PREVIOUS,
        commitment: [4; 32],
    };
    let receipt = Receipt::of("example.com/log", &leaf).unwrap();
    let signed = receipt.sign(&log).unwrap();
    assert_eq!(Receipt::verify(signed.as_bytes(), log.public()).unwrap(), receipt);
    assert_eq!(receipt.leaf, tree::leaf_hash(&leaf.to_bytes().unwrap()));
    let forger = key("example.com/log", Algorithm::Note, 2);
    assert!(Receipt::verify(signed.as_bytes(), forger.public()).unwrap_err().is_signature());
    for (from, to) in [("number 1", "number 2"), ("side a", "side b"), ("received 18", "received 17")] {
        let altered = signed.replace(from, to);
        assert_ne!(altered, signed);
        assert!(Receipt::verify(altered.as_bytes(), log.public()).unwrap_err().is_signature());
    }
    // A receipt is no checkpoint, and a checkpoint no receipt.
    let note = Note::parse(signed.as_bytes()).unwrap();
    assert!(Checkpoint::signed_by(&note, log.public()).unwrap_err().is_malformed());
    let checkpoint = Checkpoint::new("example.com/log", 0, tree::EMPTY).sign(&log).unwrap().to_string();
    assert!(Receipt::verify(checkpoint.as_bytes(), log.public()).unwrap_err().is_malformed());
}

/// The vector of the DSSE protocol.
#[test]
fn envelopes_sign_the_payload_with_its_type() {
    let vector = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), vector);
    let (one, two) = (key("a.example", Algorithm::Note, 1), key("b.example", Algorithm::Note, 2));
    let subjects = [("photo \"1\"", [0xab; 32])];
    let text = statement(&subjects, "https://example.org/t", "{\"shots\": 3}").unwrap();
    let mut envelope = Envelope::new(STATEMENT, text.as_bytes());
    envelope.sign(&one);
    envelope.sign(&two);
    let json = envelope.to_json();
    let read = Envelope::parse(json.as_bytes()).unwrap();
    assert_eq!(read, envelope);
    let both = [one.public(), two.public()];
    let (payload, signed) = read.verify(&both).unwrap();
    assert_eq!((payload, signed.len()), (text.as_bytes(), 2));
    assert_eq!(read.verify(&[two.public()]).unwrap().1.len(), 1);
    let third = key("c.example", Algorithm::Note, 3);
    assert!(read.verify(&[third.public()]).unwrap_err().is_signature());
    let forger = key("a.example", Algorithm::Note, 3);
    assert!(read.verify(&[forger.public()]).unwrap_err().is_signature());
    // Another type over the same payload.
    let typed = json.replace("in-toto+json", "in-toto+jsox");
    assert!(Envelope::parse(typed.as_bytes()).unwrap().verify(&both).unwrap_err().is_signature());
    // Spaces, order, further members and base64 for addresses are allowed; names twice, depth and rubbish are not.
    let loose = r#" { "x": [1e3, -0.5, null, "\u00e9\ud83d\ude00"], "signatures": [ {"sig": "_-8=", "keyid": "k"} ],
                      "payload": "", "payloadType": "t" } "#;
    assert_eq!(Envelope::parse(loose.as_bytes()).unwrap().key_ids().collect::<Vec<_>>(), ["k"]);
    for bad in [
        "",
        "{}",
        "[]",
        r#"{"payloadType":"t","payload":"","signatures":[]}"#,
        r#"{"payloadType":"t","payloadType":"t","payload":"","signatures":[{"sig":""}]}"#,
        r#"{"payloadType":"t","payload":"!","signatures":[{"sig":""}]}"#,
        r#"{"payloadType":1,"payload":"","signatures":[{"sig":""}]}"#,
        r#"{"payloadType":"t","payload":"","signatures":[{"sig":""}]} x"#,
        r#"{"payloadType":"\ud800","payload":"","signatures":[{"sig":""}]}"#,
        r#"{"payloadType":"t","payload":"","signatures":[{"sig":""}],"n":01}"#,
        &format!("{{\"x\":{}", "[".repeat(100_000)),
    ] {
        assert!(Envelope::parse(bad.as_bytes()).unwrap_err().is_malformed(), "{bad:.80}");
    }
    assert!(statement(&[], "t", "{").is_err());
}

#[test]
fn a_policy_asks_for_both_sides() {
    let log = key("example.com/log", Algorithm::Note, 1);
    let witness = |name: &str, seed| key(name, Algorithm::Cosignature, seed);
    let (x1, x2, x3, y1) = (witness("x1", 2), witness("x2", 3), witness("x3", 4), witness("y1", 5));
    let text = format!(
        "# the example of the specification\nlog {} https://example.com/\n\n witness\tX1  {} \nwitness X2 {}\n\
         witness X3 {}\ngroup X-witnesses 2 X1 X2 X3\nwitness Y1 {}\ngroup Y-witnesses any Y1\n\
         group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        log.public(),
        x1.public(),
        x2.public(),
        x3.public(),
        y1.public()
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(policy.least_witnesses(), 3);
    assert_eq!(Policy::parse(policy.to_string().as_bytes()).unwrap(), policy);
    let note = |by: &[&SignerKey]| {
        let mut note = Checkpoint::new("example.com/log", 1, [3; 32]).sign(&log).unwrap();
        by.iter().for_each(|key| note.sign(key, 7));
        note
    };
    assert_eq!(policy.verify(&note(&[&x1, &x3, &y1])).unwrap().cosigned.len(), 3);
    for by in [&[&x1, &x2, &x3] as &[&SignerKey], &[&x1, &y1], &[&y1], &[]] {
        let error = policy.verify(&note(by)).unwrap_err();
        assert!(error.is_policy(), "{error}");
    }
    let error = policy.verify(&note(&[&x1, &y1])).unwrap_err().to_string();
    assert!(error.contains("1 more of (`X2`, `X3`)"), "{error}");
    // A stranger's signature counts for nothing, a forged one of a known witness against the whole.
    assert!(policy.verify(&note(&[&witness("x2", 9), &x1, &y1])).unwrap_err().is_policy());
    let mut forged = note(&[&x1, &x3, &y1]);
    let mut line = forged.signatures()[1].clone();
    line.bytes[20] ^= 1;
    forged.add(line);
    assert!(policy.verify(&forged).unwrap_err().is_signature());
    let mut unsigned = Note::new(note(&[]).text()).unwrap();
    unsigned.sign(&x1, 7);
    assert!(policy.verify(&unsigned).unwrap_err().is_signature());

    let (l, w) = (log.public().to_string(), x1.public().to_string());
    for (bad, line) in [
        (format!("log {l}\n"), "no line `quorum`"),
        (format!("log {l}\nlog {l}\nquorum none\n"), "line 2"),
        (format!("witness a {w}\nwitness b {w}\nquorum a\n"), "line 2"),
        (format!("witness none {w}\nquorum none\n"), "line 1"),
        (format!("witness a {l}\nquorum a\n"), "line 1"),
        (format!("log {w}\nquorum none\n"), "line 1"),
        ("quorum a\nquorum a\n".to_string(), "line 1"),
        ("quorum none\nquorum none\n".to_string(), "line 2"),
        (format!("witness a {w}\ngroup g 2 a\nquorum g\n"), "line 2"),
        (format!("witness a {w}\ngroup g 0 a\nquorum g\n"), "line 2"),
        (format!("witness a {w}\ngroup g 01 a\nquorum g\n"), "line 2"),
        (format!("witness a {w}\ngroup g any a a\nquorum g\n"), "line 2"),
        (format!("witness a {w}\ngroup g any a\ngroup h any a\nquorum g\n"), "line 3"),
        (format!("witness a {w}\ngroup g any none\nquorum g\n"), "line 2"),
        ("group g any g\nquorum g\n".to_string(), "line 1"),
        ("group g any\nquorum g\n".to_string(), "line 1"),
        ("quorum none\r\n".to_string(), "line 1"),
        ("frob\nquorum none\n".to_string(), "line 1"),
    ] {
        let error = Policy::parse(bad.as_bytes()).unwrap_err();
        assert!(error.is_malformed() && error.to_string().contains(line), "{bad}: {error}");
    }
    assert_eq!(Policy::parse(b"quorum none").unwrap().least_witnesses(), 0);
    // A key on both sides is no witness of either.
    let both = [("a", vec![x1.public().clone()]), ("b", vec![x1.public().clone()])];
    assert!(Policy::both_sides(log.public(), &both).unwrap_err().is_malformed());
}

#[test]
fn proofs_and_requests_are_files() {
    let log = key("example.com/log", Algorithm::Note, 1);
    let (a, b) = (tree::leaf_hash(b"a"), tree::leaf_hash(b"b"));
    let note = Checkpoint::new("example.com/log", 2, tree::node_hash(&a, &b)).sign(&log).unwrap();
    let proof = Proof { extra: Some(b"b".to_vec()), index: 1, path: vec![a], checkpoint: note.clone() };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra Yg==\nindex 1\n"), "{text}");
    assert_eq!(Proof::parse(text.as_bytes()).unwrap(), proof);
    let policy = Policy::parse(format!("log {}\nquorum none\n", log.public()).as_bytes()).unwrap();
    proof.verify(b"b", &policy).unwrap();
    assert!(proof.verify(b"a", &policy).unwrap_err().is_proof());
    let bare = Proof { extra: None, ..proof.clone() };
    assert_eq!(Proof::parse(bare.to_string().as_bytes()).unwrap(), bare);
    for (from, to) in [
        ("@v1", "@v2"),
        ("index 1", "index 01"),
        ("index 1", "index"),
        ("extra Yg==", "extra Yg"),
        ("\n\n", "\n"),
    ] {
        assert!(Proof::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} as {to}");
    }
    let request = Request { old: 1, proof: vec![b], checkpoint: note };
    assert_eq!(Request::parse(request.to_string().as_bytes()).unwrap(), request);
    let line = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let many = format!("old 1\n{}\nexample", line.repeat(64));
    assert!(Request::parse(many.as_bytes()).unwrap_err().to_string().contains("63"));
}

#[test]
fn a_time_stamp_request_is_der() {
    let request = anchor::request(&[0xaa; 32], 0x80);
    // SEQUENCE { 1, SEQUENCE { SEQUENCE { sha256, NULL }, OCTET STRING }, 128, TRUE }
    assert_eq!(request[..5], [0x30, 0x3d, 0x02, 0x01, 0x01]);
    assert_eq!(request[request.len() - 7..], [0x02, 0x02, 0x00, 0x80, 0x01, 0x01, 0xff]);
    assert!(Stamp::read(&request).unwrap_err().is_malformed());
    // A refusal: PKIStatusInfo with status 2.
    let refused = Stamp::read(&[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02]).unwrap_err();
    assert!(refused.to_string().contains("refused"), "{refused}");
}
