//! A server that listens, whatever it answers: on the loopback address, or where it is told to, with or without TLS.

use crate::tls::{Tls, TlsListener};
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

/// A server that listens and has not begun to answer.
pub struct Listening {
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    address: SocketAddr,
}

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Peer(pub IpAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Peer {
        Peer(stream.remote_addr().ip())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Peer {
        Peer(stream.remote_addr().ip())
    }
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
        Ok(Listening { listener, tls, router, address })
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
        let service = self.router.into_make_service_with_connect_info::<Peer>();
        match self.tls {
            None => axum::serve(self.listener, service).with_graceful_shutdown(shutdown).await,
            Some(tls) => {
                let listener = TlsListener::new(self.listener, &tls)?;
                axum::serve(listener, service).with_graceful_shutdown(shutdown).await
            }
        }
    }
}
