//! `servanda listen mqtt`: observations of sensors, as a broker hands them on, become records of a workspace.
//!
//! A message is acknowledged only after what it says is stored. So a broker that keeps messages (a session that is not clean,
//! quality of service 1) hands on again whatever was not, and nothing is lost; what comes twice is known by its identity.

use super::Answer;
use crate::clock;
use crate::failure::Failure;
use crate::input;
use crate::intake::Intake;
use crate::reach::{self, Reach};
use crate::session::Session;
use crate::source;
use rumqttc::{Client, Event, Incoming, MqttOptions, Publish, QoS, TlsConfiguration, Transport};
use serde_json::{Value, json};
use servanda_evidence::{Format, Mapping};
use servanda_store::Workspace;
use servanda_trust::Trust;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// So many are entered at once, at most.
const TOGETHER: usize = 500;
/// It waits so long for more before it enters what came.
const QUIET: Duration = Duration::from_millis(25);
/// Longest message in bytes.
const LONGEST: usize = 1 << 20;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    channel: Channel,
}

#[derive(clap::Subcommand)]
enum Channel {
    /// Messages of an MQTT broker: SensorThings observations
    Mqtt(Mqtt),
}

#[derive(clap::Args)]
struct Mqtt {
    /// Where the broker is: HOST:PORT, or mqtts://HOST:PORT for one that speaks TLS
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1883")]
    broker: String,
    #[command(flatten)]
    reach: Reach,
    /// Topics; may be given several times
    #[arg(long, value_name = "TOPIC", default_value = "v1.1/+/Observations")]
    topic: Vec<String>,
    /// Mapping: which datastream means which fact (a file, or the name of one in the workspace's maps/)
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Fact of the agreement that observations speak of, in place of the mapping's
    #[arg(long, value_name = "NAME")]
    fact: Option<String>,
    /// Name of the source [default: the broker's]
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Name at the broker, which keeps messages under it; the same each time
    #[arg(long, value_name = "NAME", default_value = "servanda")]
    client: String,
    /// User at the broker
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// File with the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Stop after so many messages
    #[arg(long, value_name = "N")]
    count: Option<usize>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let Channel::Mqtt(mqtt) = &arguments.channel;
    mqtt.run(session)
}

impl Mqtt {
    /// The broker's host and port, and whom it has to be vouched for by; `None`: it is spoken to in clear.
    fn place(&self) -> Result<(&str, u16, Option<Trust>), Failure> {
        let (scheme, rest) = self.broker.split_once("://").unwrap_or(("mqtt", &self.broker));
        let is_encrypted = match scheme {
            "mqtts" => true,
            "mqtt" => false,
            _ => {
                return Err(Failure::new(format!("`{}` is no address of a broker", self.broker))
                    .help("write for example mqtts://broker.example.org:8883"));
            }
        };
        let rest = rest.trim_end_matches('/');
        let usual = if is_encrypted { "8883" } else { "1883" };
        // An address in brackets has colons of its own.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (rest, usual),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port: u16 = port.parse().map_err(|_| {
            Failure::new(format!("`{}` is no address of a broker", self.broker))
                .help("write for example 127.0.0.1:1883")
        })?;
        if is_encrypted {
            return Ok((bare, port, Some(self.reach.trust()?)));
        }
        self.reach.in_clear(bare, &format!("mqtts://{host}:8883"))?;
        Ok((bare, port, None))
    }

    fn options(&self, host: &str, port: u16, trust: Option<&Trust>) -> Result<MqttOptions, Failure> {
        if self.client.trim().is_empty() {
            return Err(
                Failure::new("the name at the broker is empty").help("leave --client out, or give one")
            );
        }
        let mut options = MqttOptions::new(&self.client, host, port);
        options.set_clean_session(false).set_manual_acks(true).set_keep_alive(Duration::from_secs(20));
        options.set_max_packet_size(LONGEST, LONGEST);
        if let Some(trust) = trust {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(trust.config())));
        }
        if let (Some(user), Some(file)) = (&self.user, &self.password_file) {
            options.set_credentials(user, input::text(file)?.trim());
        }
        Ok(options)
    }

    fn mapping(&self, workspace: &Workspace) -> Result<Mapping, Failure> {
        let mapping = match &self.map {
            None => Mapping::embedded("sensorthings").unwrap_or_default(),
            Some(named) => source::mapping(&source::mapping_place(workspace, named))?,
        };
        Ok(match &self.fact {
            Some(fact) => mapping.with_fact(fact),
            None => mapping,
        })
    }

    fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let workspace = super::workspace(self.into.as_deref())?;
        let (host, port, trust) = self.place()?;
        let mapping = self.mapping(&workspace)?;
        let dataset = self.dataset.clone().unwrap_or_else(|| format!("mqtt {}", self.broker));
        let mut intake = Intake::open(workspace)?;
        let (client, mut connection) = Client::new(self.options(host, port, trust.as_ref())?, TOGETHER * 2);
        let (events, came) = mpsc::channel();
        // The connection is driven on a thread of its own: waiting for more messages must not hold up its heartbeat.
        let ending = Arc::new(AtomicBool::new(false));
        let ends_soon = ending.clone();
        std::thread::spawn(move || {
            loop {
                let event = connection.recv();
                let failed = matches!(event, Ok(Err(_)));
                let gone = event.is_err() || (failed && ends_soon.load(Ordering::Acquire));
                if events.send(event.map_err(|_| ())).is_err() || gone {
                    return;
                }
                if failed {
                    std::thread::sleep(Duration::from_millis(500));
                }
            }
        });
        let begun = clock::running();
        let ends = self.seconds.map(|s| begun + Duration::from_secs(s));
        let mut told = Told::default();
        let mut waiting: Vec<Publish> = Vec::new();
        session.note(&format!("listening to {} of {} until Ctrl-C", self.topic.join(", "), self.broker));
        loop {
            let patience = if waiting.is_empty() { Duration::from_millis(200) } else { QUIET };
            let quiet = match came.recv_timeout(patience) {
                Ok(Ok(Ok(Event::Incoming(Incoming::Publish(message))))) => {
                    waiting.push(message);
                    false
                }
                Ok(Ok(Ok(Event::Incoming(Incoming::ConnAck(_))))) => {
                    told.answered = true;
                    for topic in &self.topic {
                        client.subscribe(topic, QoS::AtLeastOnce).map_err(|e| {
                            Failure::new(format!("the topic `{topic}` cannot be asked for: {e}")).help(
                                "a `+` stands for one whole level, a `#` for all that follow, at the end",
                            )
                        })?;
                    }
                    if told.away.take().is_some() {
                        session.note("the broker answers again");
                    }
                    false
                }
                Ok(Ok(Ok(_))) => false,
                Ok(Ok(Err(error))) => {
                    let refused = trust.as_ref().and_then(|trust| reach::refused(trust, host, &error));
                    if let Some(refused) = refused {
                        // Who was believed before may have a new certificate soon; who never was is not waited for.
                        if !told.answered {
                            return Err(reach::failure(refused));
                        }
                        if told.away.is_none() {
                            session.note(&format!("{}; it is tried again until it is", refused.message));
                        }
                        told.away.get_or_insert_with(clock::running);
                    } else if told.away.is_none() {
                        session.note(&format!(
                            "the broker does not answer ({error}); it is tried again until it does"
                        ));
                        told.away = Some(clock::running());
                    }
                    false
                }
                Ok(Err(())) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new("the connection to the broker ended").help("run this again"));
                }
                Err(RecvTimeoutError::Timeout) => true,
            };
            let enough = self.count.is_some_and(|n| told.messages + waiting.len() >= n);
            let over = ends.is_some_and(|end| clock::running() >= end);
            if !waiting.is_empty() && (quiet || enough || over || waiting.len() >= TOGETHER) {
                let now = clock::now();
                // At least once may be twice, one right after the other.
                let mut seen = BTreeSet::new();
                let mut lines: Vec<String> =
                    waiting.iter().map(|m| observation(&m.topic, &m.payload)).collect();
                lines.retain(|line| seen.insert(line.clone()));
                let document = lines.join("\n");
                match intake.document(Format::SensorThings, &mapping, &dataset, document.as_bytes(), now) {
                    Ok(made) => {
                        told.made += made.made;
                        told.refused += made.refused.len();
                        told.messages += waiting.len();
                        if let (Some(first), Some(place)) = (made.refused.first(), &made.quarantine) {
                            let (n, first) = (made.refused.len(), first.show());
                            session.note(&format!("{n} refused, see {place}; the first: {first}"));
                        }
                        for message in waiting.drain(..) {
                            client
                                .ack(&message)
                                .map_err(|e| Failure::new(format!("the broker cannot be told: {e}")))?;
                        }
                    }
                    // Not acknowledged: the broker hands it on again when the store is back.
                    Err(failure) => {
                        session.note(&format!("{}; it is tried again", failure.message()));
                        std::thread::sleep(Duration::from_secs(1));
                    }
                }
            }
            if self.count.is_some_and(|n| told.messages >= n) || over {
                break;
            }
        }
        // What was acknowledged still has to leave this machine, and the farewell goes behind it: when the connection has ended,
        // it has. What does not get through is handed on again, and known.
        ending.store(true, Ordering::Release);
        let _ = client.disconnect();
        let patience = clock::running() + Duration::from_secs(10);
        while clock::running() < patience {
            match came.recv_timeout(Duration::from_millis(50)) {
                Ok(Ok(Err(_)) | Err(())) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Ok(Ok(_))) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
        session.say(&format!(
            "{} messages: {} records made, {} refused, the rest known already\n",
            told.messages, told.made, told.refused
        ))?;
        Ok(Answer::Yes)
    }
}

#[derive(Default)]
struct Told {
    messages: usize,
    made: usize,
    refused: usize,
    /// The broker answered once.
    answered: bool,
    away: Option<std::time::Instant>,
}

/// An observation on one line. Which datastream it is of stands in the topic, where the message does not say it.
fn observation(topic: &str, payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else {
        // Refused below, with its reason; on one line, so that it holds up no other.
        return json!({"not an observation": text.chars().take(200).collect::<String>()}).to_string();
    };
    let named = ["Datastream", "MultiDatastream"].iter().any(|name| value.get(name).is_some());
    if let Some(members) = value.as_object_mut().filter(|_| !named) {
        let id = topic.split('/').find_map(|part| part.strip_prefix("Datastreams(")?.strip_suffix(')'));
        let stream = id.unwrap_or(topic).trim_matches('\'');
        let id = stream.parse::<u64>().map_or_else(|_| json!(stream), |n| json!(n));
        members.insert("Datastream".to_string(), json!({"@iot.id": id}));
    }
    value.to_string()
}
