//! Floods, over real sockets: too many connections, heads that never end, too many requests, bodies too large, nested or packed. Each is
//! answered with its status and in words, and everybody else is served meanwhile.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use servanda_server::{HEAD, Limits, Listening, Router, Standing, Tls};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server that answers until the test ends; where it is.
async fn listening(router: Router, tls: Option<Tls>, limits: Limits) -> SocketAddr {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listening = Listening::at(any, tls, router).await.unwrap().within(limits);
    let address = listening.url().rsplit_once('/').unwrap().1.parse().unwrap();
    tokio::spawn(listening.answer(std::future::pending()));
    address
}

const FEW: Limits = Limits { connections: 20, of_one_source: 5 };

/// All that comes back, within ten seconds.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes));
    let _ = read.await.expect("it hangs up");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn ask(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("{head}\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = stream.write_all(body).await;
    rest(stream).await
}

async fn is_well(address: SocketAddr) -> bool {
    ask(address, "GET /health HTTP/1.1", b"").await.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn too_many_connections_are_told_and_those_that_end_make_room() {
    let world = team::world(&team::clear());
    let address = listening(world.router.clone(), None, FEW).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    for _ in 0..5 {
        let said = ask(address, "GET /health HTTP/1.1", b"").await;
        assert!(said.starts_with("HTTP/1.1 503") && said.contains("\r\nretry-after: 10\r\n"), "{said}");
        assert!(said.contains("\"code\":\"too-many-connections\""), "{said}");
    }
    // Those who were there first are served on.
    let mut one = held.pop().unwrap();
    one.write_all(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(one).await.contains("HTTP/1.1 200"));
    for _ in 0..100 {
        if is_well(address).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a connection that ended made no room");
}

/// Time is set, not waited for.
#[tokio::test(start_paused = true)]
async fn who_does_not_say_what_it_wants_is_hung_up_on() {
    let world = team::world(&team::clear());
    let address = listening(world.router.clone(), None, FEW).await;
    for said in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let begun = tokio::time::Instant::now();
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(HEAD * 3, stream.read_to_end(&mut bytes)).await.expect("it hangs up");
        assert!(begun.elapsed() >= HEAD, "{said:?}");
        assert!(
            bytes.is_empty() || bytes.starts_with(b"HTTP/1.1 408"),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
    assert!(is_well(address).await);
}

#[tokio::test]
async fn a_source_that_asks_too_often_waits_and_others_are_served() {
    let proxies = [std::net::IpAddr::from(Ipv4Addr::LOCALHOST)].into();
    let standing = Standing { proxies, ..Standing::default() };
    let world = team::world_of(&team::clear(), &team::accounts(), standing);
    let address = listening(world.router.clone(), None, Limits::default()).await;
    let asked = |source: &'static str, path: &'static str| async move {
        ask(address, &format!("GET {path} HTTP/1.1\r\nx-forwarded-for: {source}"), b"").await
    };
    let mut refused = 0;
    for _ in 0..1_100 {
        let said = asked("192.0.2.9", "/api/me").await;
        if said.starts_with("HTTP/1.1 429") {
            assert!(said.contains("too-many-requests") && said.contains("\r\nretry-after: 1\r\n"), "{said}");
            refused += 1;
        } else {
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
        }
    }
    // The world's clock stands still, so that no request is given back.
    assert_eq!(refused, 100);
    assert!(asked("192.0.2.10", "/api/me").await.starts_with("HTTP/1.1 200"), "another source");
    assert!(
        asked("192.0.2.9", "/health").await.starts_with("HTTP/1.1 200"),
        "whether it is well is told everybody"
    );
    world.now.fetch_add(1_000, std::sync::atomic::Ordering::SeqCst);
    assert!(asked("192.0.2.9", "/api/me").await.starts_with("HTTP/1.1 200"), "a second later");
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_before_they_are_read() {
    let world = team::world(&team::clear());
    let address = listening(world.router.clone(), None, Limits::default()).await;
    // It says so itself: refused from the head alone.
    for (path, kind, length) in [
        ("/api/intake", "application/json", 1_u64 << 40),
        ("/api/intake", "application/x-ndjson", 1 << 40),
        ("/api/intake/attachment", "application/octet-stream", 1 << 40),
        ("/sign-in", "application/x-www-form-urlencoded", 1 << 40),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let said = rest(stream).await;
        assert!(said.starts_with("HTTP/1.1 413"), "{path}: {said}");
    }
    // It does not: refused as soon as it is too much.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/intake HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    let mut sent = 0;
    while sent < 200 && stream.write_all(&piece).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 60, "{sent} MB were taken");
    assert!(is_well(address).await);
}

#[tokio::test]
async fn deep_and_endless_json_is_answered() {
    let world = team::world(&team::clear());
    let address = listening(world.router.clone(), None, Limits::default()).await;
    let deep = "[".repeat(1_000_000);
    let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let objects = "{\"a\":".repeat(200_000);
    for body in [deep, closed, objects, format!("[{}]", "1,".repeat(5_000_000))] {
        let said =
            ask(address, "POST /api/intake HTTP/1.1\r\ncontent-type: application/json", body.as_bytes())
                .await;
        let status: u16 = said.split(' ').nth(1).unwrap().parse().unwrap();
        // A list is answered one by one, and each of them refused.
        let is_refused = (400..500).contains(&status) || (status == 200 && said.contains("refused"));
        assert!(is_refused, "{}", &said[..said.len().min(300)]);
    }
    assert!(is_well(address).await);
}

#[tokio::test]
async fn a_flood_of_half_handshakes_holds_up_nobody() {
    let tls = Tls::new(include_bytes!("tls/certificate.pem"), include_bytes!("tls/key.pem")).unwrap();
    let world = team::world(&team::clear());
    let address = listening(world.router.clone(), Some(tls), Limits::default()).await;
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The beginning of a hello, and nothing more.
        stream.write_all(&[0x16, 3, 1, 2, 0, 1]).await.unwrap();
        held.push(stream);
    }
    // Somebody who speaks TLS is served.
    let certificate = include_bytes!("tls/certificate.pem");
    let trust = trusting(certificate);
    let connector = tokio_rustls::TlsConnector::from(trust);
    let stream = TcpStream::connect(address).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream =
        tokio::time::timeout(Duration::from_secs(5), connector.connect(name, stream)).await.unwrap().unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    assert!(said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));
}

fn trusting(pem: &[u8]) -> std::sync::Arc<rustls::ClientConfig> {
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    std::sync::Arc::new(config)
}
