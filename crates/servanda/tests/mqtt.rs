//! `servanda listen mqtt` against a real broker, Mosquitto, on the loopback: nothing lost, nothing twice, whoever goes away.
//!
//! `.ci/run` installs the broker (Debian package `mosquitto`). Where it is missing, the tests say so and are skipped; in CI they fail.

use rumqttc::{Client, Event, Incoming, MqttOptions, QoS};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn broker_program() -> Option<PathBuf> {
    let found = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .map(PathBuf::from)
        .find(|p| p.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "mosquitto is not installed; .ci/run installs it");
        eprintln!(
            "SKIPPED: mosquitto is not installed (Debian: apt-get install mosquitto); the MQTT channel was not tested"
        );
    }
    found
}

/// A broker that keeps what it has in a folder.
struct Broker {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    running: Option<Child>,
}

impl Broker {
    fn new(program: PathBuf, folder: &Path) -> Broker {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = folder.join("broker");
        std::fs::create_dir_all(&folder).unwrap();
        let user = if running_as_root() { "user root\n" } else { "" };
        let settings = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {}/\nautosave_interval 1\n\
             autosave_on_changes true\nmax_queued_messages 0\n{user}",
            folder.display()
        );
        std::fs::write(folder.join("mosquitto.conf"), settings).unwrap();
        let mut broker = Broker { program, folder, port, running: None };
        broker.start();
        broker
    }

    /// The same, but that it speaks nothing but TLS at another port, which is given.
    fn encrypted(program: PathBuf, folder: &Path) -> (Broker, u16) {
        let mut broker = Broker::new(program, folder);
        broker.stop();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = broker.folder.join("mosquitto.conf");
        let settings = std::fs::read_to_string(&place).unwrap();
        let file = |name: &str| broker.folder.join(name).display().to_string();
        let more = format!(
            "listener {port} 127.0.0.1\ncertfile {}\nkeyfile {}\n",
            file("server.pem"),
            file("server.key")
        );
        std::fs::write(&place, settings + &more).unwrap();
        (broker, port)
    }

    fn start(&mut self) {
        let child = Command::new(&self.program)
            .arg("-c")
            .arg(self.folder.join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.running = Some(child);
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the broker does not answer");
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            // It writes down what it has when it is asked to end.
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }

    fn publish(&self, messages: impl Iterator<Item = (String, String)>) {
        let mut options = MqttOptions::new(format!("test-{}", std::process::id()), "127.0.0.1", self.port);
        options.set_keep_alive(Duration::from_secs(20));
        let (client, mut connection) = Client::new(options, 10_000);
        let mut sent = 0;
        for (topic, payload) in messages {
            client.publish(topic, QoS::AtLeastOnce, false, payload).unwrap();
            sent += 1;
        }
        for event in connection.iter() {
            if let Event::Incoming(Incoming::PubAck(_)) = event.unwrap() {
                sent -= 1;
                if sent == 0 {
                    let _ = client.disconnect();
                    return;
                }
            }
        }
    }

    fn listen(&self, here: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_servanda"));
        command.current_dir(here).args([
            "listen",
            "mqtt",
            "--into",
            "w",
            "--broker",
            &format!("127.0.0.1:{}", self.port),
        ]);
        command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
    }
}

fn running_as_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

fn said(command: &mut Command) -> (i32, String, String) {
    let ran = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (ran.status.code().unwrap_or(-1), text(ran.stdout), text(ran.stderr))
}

fn workspace() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let (code, _, err) =
        said(Command::new(env!("CARGO_BIN_EXE_servanda")).current_dir(here.path()).args(["new", "w"]));
    assert_eq!(code, 0, "{err}");
    here
}

/// Identities of the observations that are on record.
fn recorded(here: &Path) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_servanda"));
    command.current_dir(here).args(["incidents", "--workspace", "w", "--most", "1000000"]);
    let (code, out, err) = said(&mut command);
    assert_eq!(code, 0, "{err}");
    out.lines().filter(|l| l.starts_with("st-")).map(|l| l.split(' ').next().unwrap().to_string()).collect()
}

fn observation(n: usize) -> (String, String) {
    let (minute, second) = (n / 60 % 60, n % 60);
    (
        format!("v1.1/Datastreams({})/Observations", n % 3),
        format!(
            "{{\"@iot.id\":{n},\"phenomenonTime\":\"2026-05-03T{:02}:{minute:02}:{second:02}Z\",\"result\":{n}}}",
            n / 3600
        ),
    )
}

#[test]
fn what_the_broker_hands_on_becomes_records_once() {
    let Some(program) = broker_program() else { return };
    let here = workspace();
    let broker = Broker::new(program, here.path());
    // Known to the broker before anything is sent: then it keeps what comes while nobody listens.
    let (code, _, err) = said(&mut broker.listen(here.path(), &["--for", "1"]));
    assert_eq!(code, 0, "{err}");
    broker.publish((0..300).map(observation));
    // The same again, and two that are none.
    broker.publish((0..20).map(observation));
    broker.publish(
        [("v1.1/Datastreams(1)/Observations".to_string(), "{{{".to_string()), observation(300)].into_iter(),
    );
    broker.publish(
        [(
            "v1.1/Datastreams(1)/Observations".to_string(),
            "{\"result\":1,\"phenomenonTime\":\"soon\"}".to_string(),
        )]
        .into_iter(),
    );
    let (code, out, err) = said(&mut broker.listen(here.path(), &["--count", "323", "--for", "60"]));
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("323 messages: 301 records made, 2 refused"), "{out}\n{err}");
    assert!(err.contains("quarantine/"), "{err}");
    let found = recorded(here.path());
    assert_eq!(found.len(), 301);
    assert!(found.contains(&"st-1-1".to_string()), "the datastream stands in the topic: {found:?}");
    // Nothing is left to be handed on.
    let (_, out, _) = said(&mut broker.listen(here.path(), &["--for", "1"]));
    assert!(out.starts_with("0 messages"), "{out}");
}

#[test]
fn a_listener_that_is_killed_loses_nothing() {
    let Some(program) = broker_program() else { return };
    let here = workspace();
    let broker = Broker::new(program, here.path());
    said(&mut broker.listen(here.path(), &["--for", "1"]));
    broker.publish((0..600).map(observation));
    for round in 0..6u64 {
        let mut child =
            broker.listen(here.path(), &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(150 + 90 * round));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let before = recorded(here.path()).len();
    let (code, _, err) = said(&mut broker.listen(here.path(), &["--for", "12"]));
    assert_eq!(code, 0, "{err}");
    let found = recorded(here.path());
    assert_eq!(found.len(), 600, "{before} were there after six kills");
}

#[test]
fn a_broker_that_goes_away_and_comes_back_is_waited_for() {
    let Some(program) = broker_program() else { return };
    let here = workspace();
    let mut broker = Broker::new(program, here.path());
    let mut child = broker.listen(here.path(), &["--count", "40", "--for", "60"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(800));
    broker.publish((0..20).map(observation));
    std::thread::sleep(Duration::from_millis(800));
    broker.stop();
    std::thread::sleep(Duration::from_millis(800));
    broker.start();
    std::thread::sleep(Duration::from_millis(1500));
    broker.publish((20..40).map(observation));
    let ran = child.wait_with_output_within();
    assert!(ran.contains("the broker does not answer") && ran.contains("answers again"), "{ran}");
    assert_eq!(recorded(here.path()).len(), 40);
    let (code, _, err) = said(&mut broker.listen(here.path(), &["--topic", "a(+)/b", "--for", "2"]));
    assert!(code == 2 && err.contains("whole level"), "{err}");
}

type Authority = rcgen::CertifiedIssuer<'static, rcgen::KeyPair>;

fn authority(name: &str) -> Authority {
    let mut of = rcgen::CertificateParams::new(Vec::new()).unwrap();
    of.distinguished_name.push(rcgen::DnType::CommonName, name);
    of.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    rcgen::CertifiedIssuer::self_signed(of, rcgen::KeyPair::generate().unwrap()).unwrap()
}

fn certificate(folder: &Path, by: &Authority, until: i32) {
    let mut of = rcgen::CertificateParams::new(vec!["localhost".to_string()]).unwrap();
    of.not_before = rcgen::date_time_ymd(2015, 1, 1);
    of.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::write(folder.join("server.pem"), of.signed_by(&key, by).unwrap().pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

#[test]
fn a_broker_with_tls_is_believed_where_our_authority_vouches_for_it() {
    let Some(program) = broker_program() else { return };
    let here = workspace();
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    std::fs::write(here.path().join("ours.pem"), ours.pem()).unwrap();
    std::fs::write(here.path().join("theirs.pem"), theirs.pem()).unwrap();
    let (mut broker, port) = Broker::encrypted(program, here.path());
    certificate(&broker.folder, &ours, 2999);
    broker.start();
    let listen = |address: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_servanda"));
        command
            .current_dir(here.path())
            .args(["listen", "mqtt", "--into", "w", "--broker", address])
            .args(more);
        said(command.stdin(Stdio::null()))
    };
    let secure = format!("mqtts://localhost:{port}");
    // Known to the broker, so that it keeps what comes.
    let (code, _, err) = listen(&secure, &["--ca", "ours.pem", "--for", "2"]);
    assert_eq!(code, 0, "{err}");
    broker.publish((0..50).map(observation));
    let (code, out, err) = listen(&secure, &["--ca", "ours.pem", "--count", "50", "--for", "60"]);
    assert!(code == 0 && out.starts_with("50 messages: 50 records made"), "{out}{err}");
    assert_eq!(recorded(here.path()).len(), 50);

    // Who is not believed is not waited for, and gets nothing.
    for (address, ca, words) in [
        (
            secure.clone(),
            "theirs.pem",
            "`localhost` is not believed: its certificate comes from an authority that is unknown",
        ),
        (format!("mqtts://127.0.0.1:{port}"), "ours.pem", "its certificate is for `localhost`"),
        (format!("mqtts://localhost:{}", broker.port), "ours.pem", "does not speak TLS"),
        (format!("localhost:{port}"), "ours.pem", "without encryption"),
        ("ftp://localhost".to_string(), "ours.pem", "no address of a broker"),
    ] {
        let (code, out, err) = listen(&address, &["--ca", ca, "--for", "20"]);
        // A port without TLS may also hang up, which is what a broker does that is away.
        let hung_up = words.contains("not speak") && err.contains("does not answer");
        assert!(hung_up || (code == 2 && err.contains(words)), "{address}: {code} {out}{err}");
    }
    let (code, _, err) = listen("broker.invalid:1883", &["--for", "2"]);
    assert!(
        code == 2 && err.contains("another machine") && err.contains("mqtts://broker.invalid:8883"),
        "{err}"
    );
    let (code, _, err) = listen("broker.invalid:1883", &["--in-clear", "--for", "1"]);
    assert!(code == 0 && err.contains("does not answer"), "{err}");

    // Its certificate ran out.
    broker.stop();
    certificate(&broker.folder, &ours, 2020);
    broker.start();
    let (code, _, err) = listen(&secure, &["--ca", "ours.pem", "--for", "20"]);
    assert!(code == 2 && err.contains("has expired") && err.contains("renew"), "{err}");
}

trait Within {
    fn wait_with_output_within(&mut self) -> String;
}

impl Within for Child {
    /// What it said on standard error, once it has ended by itself.
    fn wait_with_output_within(&mut self) -> String {
        use std::io::Read;
        let mut text = String::new();
        self.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        self.wait().unwrap();
        text
    }
}
