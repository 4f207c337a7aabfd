//! A server that listens on the loopback address, whatever it answers.

use axum::Router;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;

/// A server that listens and has not begun to answer.
pub struct Listening {
    listener: TcpListener,
    router: Router,
    address: SocketAddr,
}

impl Listening {
    /// Listens on the loopback address; port 0 takes any free one.
    ///
    /// # Errors
    /// Where the port is taken or may not be used.
    pub async fn on(port: u16, router: Router) -> std::io::Result<Listening> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let address = listener.local_addr()?;
        Ok(Listening { listener, router, address })
    }

    /// Where it is: `http://127.0.0.1:7400`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until `shutdown` is ready; requests under way are finished.
    ///
    /// # Errors
    /// Where the system takes the socket away.
    pub async fn answer(self, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        axum::serve(self.listener, self.router).with_graceful_shutdown(shutdown).await
    }
}
