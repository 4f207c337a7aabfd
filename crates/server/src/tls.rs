//! TLS, done by the server itself: a certificate and its key from two PEM files.
//!
//! What it deliberately does not do: fetch or renew certificates, ask clients for theirs, speak anything older than TLS 1.2.
//!
//! Invariants
//! - a handshake that does not come to an end is hung up on, and holds up nobody else;
//! - the number of handshakes under way is bounded.

use axum::serve::Listener;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto::ring};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A handshake takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many are under way at once.
const AT_ONCE: usize = 256;

/// A certificate with its key.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// From the texts of the two files, PEM.
    ///
    /// # Errors
    /// In words: where one of them is not PEM, or they do not belong together.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Tls, String> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|e| format!("the certificate cannot be read as PEM: {e}"))?;
        if chain.is_empty() {
            return Err("the certificate's file has no `BEGIN CERTIFICATE`".to_string());
        }
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|e| format!("the key cannot be read as PEM: {e}"))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| format!("certificate and key do not go together: {e}"))?;
        Ok(Tls(Arc::new(config)))
    }
}

/// Listens, and hands over connections whose handshake is done.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    pub(crate) fn new(
        listener: impl Listener<Io = TcpStream, Addr = SocketAddr>,
        tls: &Tls,
    ) -> std::io::Result<TlsListener> {
        let address = listener.local_addr()?;
        let (done, ready) = mpsc::channel(AT_ONCE);
        let acceptor = TlsAcceptor::from(tls.0.clone());
        tokio::spawn(async move {
            let under_way = Arc::new(Semaphore::new(AT_ONCE));
            let mut listener = listener;
            while let Ok(turn) = under_way.clone().acquire_owned().await {
                let (stream, peer) = tokio::select! {
                    accepted = listener.accept() => accepted,
                    // Nobody answers any more: the port is given back.
                    () = done.closed() => return,
                };
                let (acceptor, done) = (acceptor.clone(), done.clone());
                tokio::spawn(async move {
                    let _turn = turn;
                    // Who fails at the handshake is nobody's business but theirs.
                    if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
                        let _ = done.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(TlsListener { address, ready })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}
