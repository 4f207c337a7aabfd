//! A server that listens, whatever it answers: on the loopback address, or where it is told to, with or without TLS.
//!
//! What it deliberately does not do: know a route, or who asks.
//!
//! Invariants
//! - the number of connections is bounded, and what one source has of them; who comes when it is full is told so and hung up on;
//! - who opens a connection and does not say what it wants within [`HEAD`] is hung up on, and so is who keeps one and asks nothing;
//! - told to stop, it takes nobody new and finishes what is under way.

use crate::Problem;
use crate::tls::{Tls, TlsListener};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::serve::{Listener, ListenerExt};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// How long it waits for the head of a request, on a connection that is new or kept.
pub const HEAD: Duration = Duration::from_secs(30);

/// How many connections are held at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// All together.
    pub connections: usize,
    /// Of one address; this machine's own, where a proxy may stand, has no bound but the first.
    pub of_one_source: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::of(1_024)
    }
}

impl Limits {
    /// Where the system allows so many open files: a part is left for the record, and one source gets half of the rest.
    pub fn of(files: usize) -> Limits {
        let connections = files.saturating_sub(200).clamp(50, 8_192);
        Limits { connections, of_one_source: connections / 2 }
    }
}

/// A server that listens and has not begun to answer.
pub struct Listening {
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    address: SocketAddr,
    limits: Limits,
}

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Peer(pub IpAddr);

/// Connections that are open.
#[derive(Default)]
struct Doors(Mutex<BTreeMap<IpAddr, usize>>);

/// A connection that is counted until it ends.
struct Held(Arc<Doors>, IpAddr);

impl Doors {
    fn hold(self: &Arc<Doors>, address: IpAddr, limits: Limits) -> Option<Held> {
        let address = address.to_canonical();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let own = open.get(&address).copied().unwrap_or(0);
        if all >= limits.connections || (own >= limits.of_one_source && !address.is_loopback()) {
            return None;
        }
        *open.entry(address).or_default() += 1;
        Some(Held(self.clone(), address))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.1)),
        }
    }
}

/// Says that there is no room, and hangs up.
async fn turn_away(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) {
    let problem = Problem::with(
        StatusCode::SERVICE_UNAVAILABLE,
        "too-many-connections",
        "too many connections are open; close some, or try again in ten seconds",
    );
    let body = problem.as_json();
    let said = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 10\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let talk = async {
        let _ = stream.write_all(said.as_bytes()).await;
        let _ = stream.shutdown().await;
        // What it sent is read, or the system would take the answer back with it.
        let mut rest = [0; 1024];
        for _ in 0..64 {
            if !stream.read(&mut rest).await.is_ok_and(|n| n > 0) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), talk).await;
}

async fn answer_all<L>(mut listener: L, router: Router, limits: Limits, shutdown: impl Future<Output = ()>)
where
    L: Listener<Addr = SocketAddr>,
{
    let doors = Arc::new(Doors::default());
    let stopping = GracefulShutdown::new();
    let router = TowerToHyperService::new(router);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let Some(held) = doors.hold(peer.ip(), limits) else {
            tokio::spawn(turn_away(stream));
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(Peer(peer.ip())));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let connection = stopping.watch(connection);
        tokio::spawn(async move {
            // Who breaks off is nobody's business but theirs.
            let _ = connection.await;
            drop(held);
        });
    }
    drop(listener);
    stopping.shutdown().await;
}

impl Listening {
    /// Listens on the loopback address; port 0 takes any free one.
    ///
    /// # Errors
    /// Where the port is taken or may not be used.
    pub async fn on(port: u16, router: Router) -> std::io::Result<Listening> {
        Listening::at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), None, router).await
    }

    /// Listens at an address; port 0 takes any free one.
    ///
    /// # Errors
    /// Where the port is taken or may not be used, or the address is none of this machine.
    pub async fn at(address: SocketAddr, tls: Option<Tls>, router: Router) -> std::io::Result<Listening> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Listening { listener, tls, router, address, limits: Limits::default() })
    }

    /// With other bounds.
    pub fn within(self, limits: Limits) -> Listening {
        Listening { limits, ..self }
    }

    /// Where it is: `http://127.0.0.1:7400`.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers until `shutdown` is ready; requests under way are finished.
    ///
    /// # Errors
    /// Where the system takes the socket away.
    pub async fn answer(self, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        // An answer is sent whole: with the system's delay a browser that keeps its connection waits 40 ms for the end of a short one.
        let listener = self.listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        match self.tls {
            None => answer_all(listener, self.router, self.limits, shutdown).await,
            Some(tls) => {
                let listener = TlsListener::new(listener, &tls)?;
                answer_all(listener, self.router, self.limits, shutdown).await;
            }
        }
        Ok(())
    }
}
