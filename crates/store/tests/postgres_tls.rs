//! PostgreSQL over a network, with TLS: a server of the test's own with a certificate of the test's own authority. What is believed,
//! what is refused and in which words, and that nothing ever goes in clear.

mod server;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Instant, Name};
use servanda_store::policy::Viewer;
use servanda_store::{Intake, SETTINGS, StoredRecord, Workspace};
use server::Server;
use tempfile::TempDir;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut of = CertificateParams::new(Vec::new()).unwrap();
    of.distinguished_name.push(DnType::CommonName, name);
    of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(of, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key, PEM, for a name; valid until that year.
fn certificate(by: &Authority, name: &str, until: i32) -> (String, String) {
    let mut of = CertificateParams::new(vec![name.to_string()]).unwrap();
    of.not_after = rcgen::date_time_ymd(until, 1, 1);
    of.not_before = rcgen::date_time_ymd(2015, 1, 1);
    let key = KeyPair::generate().unwrap();
    (of.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

/// A workspace whose database is there; `ca` lies in it as `ca.pem`.
fn workspace(url: &str, ca: &str) -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("agreement = \"a.pact.md\"\n[store]\nurl = \"{url}\"\n");
    let files: [(&str, &[u8]); 2] = [(SETTINGS, settings.as_bytes()), ("ca.pem", ca.as_bytes())];
    let made = Workspace::create(folder.path(), &files).unwrap();
    (folder, made)
}

/// Enters a record; says what is there afterwards.
fn enter(workspace: &Workspace) -> Result<usize, servanda_store::Error> {
    let store = workspace.store();
    let record = StoredRecord {
        id: Name::from("a"),
        fact: "fire".into(),
        earliest: Instant(1),
        recorded: Instant(2),
        source: "a".into(),
        marking: Marking::of(Tlp::Clear),
        supersedes: None,
        json: "{\"id\":\"a\"}".into(),
    };
    let intake = Intake {
        file: "a.csv".into(),
        sha256: servanda_store::sha256(b"a"),
        entered: Instant(1_000),
        read: 1,
        made: 1,
        refused: 0,
        quarantine: None,
    };
    store.enter(&intake, &[record], 0, &Viewer::keeper(), || Ok(()))?;
    Ok(store.view(&Viewer::keeper()).records()?.len())
}

#[test]
fn a_database_elsewhere_is_reached_with_tls_or_not_at_all() {
    let Some(mut server) = Server::start() else { return };
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    for name in ["fine", "plain"] {
        server.database(name);
    }
    let (pem, key) = certificate(&ours, "localhost", 2999);
    let port = server.on_a_port(Some((&pem, &key)));
    let address = |database: &str, host: &str, more: &str| {
        format!("postgres://servanda@{host}:{port}/{database}?{more}sslrootcert=ca.pem")
    };

    // With our authority, which is named by a path from the workspace's root.
    let (_folder, fine) = workspace(&address("fine", "localhost", ""), &ours.pem());
    assert_eq!(enter(&fine).unwrap(), 1);
    // The server itself says that it is encrypted.
    let sql = "DO $$ BEGIN IF (SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
               WHERE s.ssl AND a.application_name = 'servanda' AND a.datname = 'fine') = 0 THEN RAISE 'in clear'; END IF; END $$";
    let store = fine.store();
    assert_eq!(store.view(&Viewer::keeper()).records().unwrap().len(), 1);
    server.sql_on("postgres", port, sql).unwrap();

    let refused = |url: &str, ca: &str| {
        let (_folder, workspace) = workspace(url, ca);
        let error = enter(&workspace).unwrap_err();
        assert!(error.is_unreachable(), "{error}");
        let help = error.help_text().unwrap_or_default().to_string();
        format!("{error}; {help}")
    };
    // Another authority; the system's, which knows nothing of ours; another name.
    let said = refused(&address("fine", "localhost", ""), &theirs.pem());
    assert!(
        said.contains("`localhost` is not believed") && said.contains("unknown to the authorities in"),
        "{said}"
    );
    assert!(said.contains("`sslrootcert=FILE`"), "{said}");
    let said = refused(&address("fine", "127.0.0.1", "sslmode=require&"), &ours.pem());
    assert!(said.contains("`127.0.0.1` is not believed") && said.contains("is for `localhost`"), "{said}");

    // Expired.
    let (pem, key) = certificate(&ours, "localhost", 2020);
    let port = server.on_a_port(Some((&pem, &key)));
    let address = |more: &str| format!("postgres://servanda@localhost:{port}/plain?{more}sslrootcert=ca.pem");
    let said = refused(&address(""), &ours.pem());
    assert!(said.contains("has expired") && said.contains("renew"), "{said}");

    // It speaks none: nothing goes in clear, though it would take it.
    let port = server.on_a_port(None);
    let address = |more: &str| format!("postgres://servanda@localhost:{port}/plain{more}");
    let said = refused(&address("?sslrootcert=ca.pem"), &ours.pem());
    assert!(said.contains("`localhost` does not speak TLS") && said.contains("ssl = on"), "{said}");
    let said = refused(&address("?sslmode=verify-ca&sslrootcert=ca.pem"), &ours.pem());
    assert!(said.contains("does not speak TLS"), "{said}");
    // On this machine it may, where nothing else is asked for.
    let (_folder, near) = workspace(&address(""), &ours.pem());
    assert_eq!(enter(&near).unwrap(), 1);
    // A file that names nobody.
    let (_folder, none) = workspace(&address("?sslrootcert=ca.pem"), "nothing");
    let error = enter(&none).unwrap_err();
    assert!(error.is_settings() && error.to_string().contains("BEGIN CERTIFICATE"), "{error}");
}
