//! How the processes find each other: where they are, that they work on the same thing, and which of them is missing.
//!
//! Timely's own way is to try again for ever and to say so on standard output. So the connections are made here, with a
//! limit of time, and handed to it.
//!
//! Invariants
//! - a process listens at the address that the hosts file names for it, and nowhere else;
//! - public addresses are refused, and so is "all addresses";
//! - who does not answer in time is named, with the last thing that was heard from there.

use crate::{Failure, Note};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

const GREETING: &str = "servanda-cluster/1";
/// How long a single step of a greeting may take.
const STEP: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// Where the processes are, and which one this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    addresses: Vec<SocketAddr>,
    process: usize,
}

impl Hosts {
    /// One process alone.
    pub fn alone() -> Hosts {
        Hosts { addresses: vec![SocketAddr::from(([127, 0, 0, 1], 0))], process: 0 }
    }

    /// Reads a hosts file: a line `HOST:PORT` for each process, the first for process 0; blank lines and those that begin
    /// with `#` are passed over.
    ///
    /// # Errors
    /// Where a line is no address, an address is public or stands twice, or there are not as many as processes.
    pub fn parse(text: &str, processes: usize, process: usize) -> Result<Hosts, Failure> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let addresses = lines.map(address).collect::<Result<Vec<SocketAddr>, Failure>>()?;
        if addresses.len() != processes {
            let (lines, are) = (addresses.len(), if addresses.len() == 1 { "line" } else { "lines" });
            return Err(Failure::new(format!(
                "the hosts file has {lines} {are}, and there are {processes} processes"
            ))
            .help("write one line HOST:PORT for each process, in the same order everywhere"));
        }
        if process >= processes {
            return Err(Failure::new(format!("there is no process {process} of {processes}"))
                .help("the first process is 0"));
        }
        for (i, address) in addresses.iter().enumerate() {
            if addresses[..i].contains(address) {
                return Err(Failure::new(format!("`{address}` stands twice in the hosts file"))
                    .help("give each process a port of its own"));
            }
        }
        Ok(Hosts { addresses, process })
    }

    /// Which process this is.
    pub fn process(&self) -> usize {
        self.process
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.addresses.len()
    }

    /// A process as a person finds it.
    pub fn show(&self, process: usize) -> String {
        format!("process {process} at {}", self.addresses[process])
    }
}

fn address(line: &str) -> Result<SocketAddr, Failure> {
    let found = line.to_socket_addrs().map_err(|e| {
        Failure::new(format!("`{line}` in the hosts file is no address: {e}")).help("write HOST:PORT")
    })?;
    let found: Vec<SocketAddr> = found.collect();
    if let Some(open) = found.iter().find(|a| !is_private(a.ip())) {
        return Err(Failure::new(format!("`{line}` in the hosts file is not a private address ({})", open.ip())).help(
            "the processes speak in the clear and ask nobody who they are: use 127.0.0.1, or addresses of a private network or a VPN",
        ));
    }
    found.first().copied().ok_or_else(|| Failure::new(format!("`{line}` in the hosts file has no address")))
}

/// Loopback, or an address that is not routed on the open internet.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            // 100.64.0.0/10 is what many VPNs give out.
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The loss of another process, as Timely's threads tell it: by a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostPeer {
    /// Which process.
    pub process: usize,
}

impl LostPeer {
    /// What the panic of a thread of this name says, where it is about a lost process.
    pub fn of(thread: &str, panic: &str) -> Option<LostPeer> {
        let process = thread.strip_prefix("timely:recv-").or(thread.strip_prefix("timely:send-"))?;
        let process = process.parse().ok()?;
        panic.starts_with("timely communication error:").then_some(LostPeer { process })
    }
}

/// Connections to all other processes, by number; none to itself.
pub fn meet(
    hosts: &Hosts,
    workers: usize,
    what: &[u8; 32],
    patience: Duration,
    note: &Note,
) -> Result<Vec<Option<TcpStream>>, Failure> {
    let me = hosts.process;
    let own = hosts.addresses[me];
    let listener = TcpListener::bind(own)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|e| Failure::new(format!("cannot listen at {own}: {e}")).help(
            "the line of this process in the hosts file has to be an address of this machine, with a port that is free",
        ))?;
    let card = Card { process: me, processes: hosts.count(), workers, what: hex(what) };
    let mut found: Vec<Option<TcpStream>> = hosts.addresses.iter().map(|_| None).collect();
    let mut heard: Vec<Option<String>> = vec![None; hosts.count()];
    #[allow(clippy::disallowed_methods, reason = "how long to wait for others is no verdict")]
    let begun = Instant::now();
    let mut told = false;
    loop {
        for peer in 0..me {
            if found[peer].is_none() {
                match call(hosts.addresses[peer], &card) {
                    Ok(stream) => found[peer] = Some(stream),
                    Err(Called::NotYet(why)) => heard[peer] = Some(why),
                    Err(Called::Refused(why)) => {
                        return Err(Failure::new(format!("{} refuses: {why}", hosts.show(peer))).help(
                            "start all processes with the same version, agreement, readings and numbers",
                        ));
                    }
                }
            }
        }
        loop {
            match listener.accept() {
                Ok((stream, from)) => match answer(stream, &card) {
                    // Who comes a second time was started again.
                    Ok((peer, stream)) => found[peer] = Some(stream),
                    Err((Some(peer), why)) if peer < hosts.count() => heard[peer] = Some(why),
                    Err((_, why)) => note(&format!("warning: somebody at {from} was turned away: {why}")),
                },
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(Failure::new(format!("cannot listen at {own}: {e}"))),
            }
        }
        let missing: Vec<usize> = (0..hosts.count()).filter(|i| *i != me && found[*i].is_none()).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        if begun.elapsed() >= patience {
            let missing: Vec<String> = missing
                .iter()
                .map(|i| match &heard[*i] {
                    Some(why) => format!("{} does not answer ({why})", hosts.show(*i)),
                    None => format!("{} has not come", hosts.show(*i)),
                })
                .collect();
            return Err(Failure::new(format!("after {} s: {}", patience.as_secs(), missing.join("; ")))
                .help("start every process, and look whether a firewall lies between them"));
        }
        if !told && begun.elapsed() > Duration::from_secs(2) {
            told = true;
            let missing: Vec<String> = missing.iter().map(|i| hosts.show(*i)).collect();
            note(&format!("waiting for {}", missing.join(", ")));
        }
        std::thread::sleep(PAUSE);
    }
}

/// What a process says of itself.
struct Card {
    process: usize,
    processes: usize,
    workers: usize,
    what: String,
}

enum Called {
    NotYet(String),
    Refused(String),
}

impl Card {
    fn line(&self) -> String {
        let Card { process, processes, workers, what } = self;
        format!("{GREETING} {} {process} {processes} {workers} {what}\n", env!("CARGO_PKG_VERSION"))
    }

    /// Which process a line is from, and what does not fit.
    fn compare(&self, line: &str) -> (Option<usize>, Result<(), String>) {
        let words: Vec<&str> = line.split(' ').collect();
        let [GREETING, version, process, processes, workers, what] = words[..] else {
            return (None, Err("it is no process of a cluster".to_string()));
        };
        let process = process.parse().ok();
        let own = env!("CARGO_PKG_VERSION");
        let fits = if version != own {
            Err(format!("servanda {version} against {own}"))
        } else if *processes != self.processes.to_string() || *workers != self.workers.to_string() {
            Err(format!(
                "{processes} processes with {workers} workers each against {} with {}",
                self.processes, self.workers
            ))
        } else if what != self.what {
            Err("it has another agreement, or other readings".to_string())
        } else {
            Ok(())
        };
        (process, fits)
    }
}

fn call(address: SocketAddr, card: &Card) -> Result<TcpStream, Called> {
    let not_yet = |e: std::io::Error| Called::NotYet(e.to_string());
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).map_err(not_yet)?;
    timed(&stream, Some(STEP)).map_err(not_yet)?;
    stream.write_all(card.line().as_bytes()).map_err(not_yet)?;
    let said = line(&mut stream).map_err(not_yet)?;
    match said.split_once(' ') {
        _ if said == "welcome" => {
            timed(&stream, None).map_err(not_yet)?;
            Ok(stream)
        }
        Some(("no:", why)) => Err(Called::Refused(why.to_string())),
        _ => Err(Called::NotYet("something else than servanda answers there".to_string())),
    }
}

/// Hears a caller; gives who it is with the connection, or why it was turned away.
fn answer(mut stream: TcpStream, card: &Card) -> Result<(usize, TcpStream), (Option<usize>, String)> {
    let lost = |e: std::io::Error| (None, e.to_string());
    stream.set_nonblocking(false).and_then(|()| timed(&stream, Some(STEP))).map_err(lost)?;
    let said = line(&mut stream).map_err(lost)?;
    let (peer, fits) = card.compare(&said);
    let peer = match (peer, fits) {
        (Some(peer), Ok(())) if peer > card.process && peer < card.processes => peer,
        (peer, Err(why)) => {
            let _ = stream.write_all(format!("no: {why}\n").as_bytes());
            return Err((peer, why));
        }
        (peer, Ok(())) => {
            let why = "its number is not expected here; does every process have its own?".to_string();
            let _ = stream.write_all(format!("no: {why}\n").as_bytes());
            return Err((peer.filter(|_| false), why));
        }
    };
    stream
        .write_all(b"welcome\n")
        .and_then(|()| timed(&stream, None))
        .map_err(|e| (Some(peer), e.to_string()))?;
    Ok((peer, stream))
}

fn timed(stream: &TcpStream, step: Option<Duration>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(step)?;
    stream.set_write_timeout(step)
}

/// One line, and not a byte beyond it: what follows is Timely's.
fn line(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut said = Vec::new();
    let mut byte = [0];
    while said.len() < 300 {
        stream.read_exact(&mut byte)?;
        if byte[0] == b'\n' {
            return Ok(String::from_utf8_lossy(&said).into_owned());
        }
        said.push(byte[0]);
    }
    Ok(String::new())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_addresses_are_taken() {
        for good in [
            "127.0.0.1:7000",
            "10.1.2.3:7000",
            "192.168.0.9:1",
            "100.64.0.1:7000",
            "[::1]:7000",
            "[fd00::1]:7000",
        ] {
            assert!(Hosts::parse(good, 1, 0).is_ok(), "{good}");
        }
        for open in ["8.8.8.8:7000", "0.0.0.0:7000", "[2001:db8::1]:7000", "100.128.0.1:7000", "nonsense"] {
            assert!(Hosts::parse(open, 1, 0).is_err(), "{open}");
        }
    }

    #[test]
    fn a_hosts_file_names_each_process_once() {
        let text = "# two\n127.0.0.1:7000\n\n127.0.0.1:7001\n";
        let hosts = Hosts::parse(text, 2, 1).expect("hosts");
        assert_eq!((hosts.count(), hosts.process()), (2, 1));
        assert!(Hosts::parse(text, 3, 0).is_err());
        assert!(Hosts::parse(text, 2, 2).is_err());
        assert!(Hosts::parse("127.0.0.1:7000\n127.0.0.1:7000", 2, 0).is_err());
    }

    #[test]
    fn only_the_loss_of_a_process_is_one() {
        let of = |thread, panic| LostPeer::of(thread, panic).map(|lost| lost.process);
        assert_eq!(of("timely:recv-3", "timely communication error: reading data: socket closed"), Some(3));
        assert_eq!(of("timely:work-3", "timely communication error: reading data"), None);
        assert_eq!(of("timely:send-1", "index out of bounds"), None);
    }
}
