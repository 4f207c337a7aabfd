//! A PostgreSQL server of a test's own: in a scratch folder, on a Unix socket, as a user that is not root.
//!
//! Without a server on the machine a test says so and is skipped; where `CI` is set it fails, because there `.ci/run` installs one.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

pub struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    /// What it is told of its port and of TLS, where it listens there.
    tls: Option<String>,
}

/// The programs of the newest PostgreSQL on this machine.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = versions.flatten().map(|v| v.path().join("bin")).collect();
        versions.sort();
        places.extend(versions.into_iter().rev());
    }
    places.into_iter().find(|place| place.join("initdb").exists() && place.join("pg_ctl").exists())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

impl Server {
    /// Starts one; `None` where there is none to start.
    pub fn start() -> Option<Server> {
        let Some(programs) = programs() else {
            let words = "no PostgreSQL server on this machine (Debian: apt-get install postgresql)";
            assert!(std::env::var_os("CI").is_none(), "{words}");
            eprintln!("SKIPPED: {words}");
            return None;
        };
        let server = Server { folder: tempfile::tempdir().unwrap(), programs, tls: None };
        if is_root() {
            // The server refuses to run as root; its folder has to be another's.
            let given = Command::new("chown").arg("postgres").arg(server.folder.path()).status().unwrap();
            assert!(given.success(), "there is no user `postgres` to run the server as");
        }
        let data = server.data();
        server.run(
            "initdb",
            &["-D", &data, "-U", "servanda", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
        );
        server.up();
        Some(server)
    }

    /// Starts it anew on a port of the loopback address: with TLS, where there is a certificate with its key. Gives the port.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn on_a_port(&mut self, certificate: Option<(&str, &str)>) -> u16 {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.down();
        let ssl = match certificate {
            None => "off",
            Some((certificate, key)) => {
                for (name, text) in [("server.pem", certificate), ("server.key", key)] {
                    let path = self.folder.path().join("data").join(name);
                    std::fs::write(&path, text).unwrap();
                    let owned = Command::new("chmod").arg("600").arg(&path).status().unwrap();
                    assert!(owned.success());
                    if is_root() {
                        assert!(Command::new("chown").arg("postgres").arg(&path).status().unwrap().success());
                    }
                }
                "on"
            }
        };
        self.tls =
            Some(format!("-p {port} -c ssl={ssl} -c ssl_cert_file=server.pem -c ssl_key_file=server.key"));
        self.up();
        port
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(&program);
                command
            }
            false => Command::new(&program),
        };
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        // Not through a pipe: the server would hold its other end open.
        let said = self.folder.path().join("said");
        let file = std::fs::File::create(&said).unwrap();
        let done = command.stdout(file.try_clone().unwrap()).stderr(file).status().unwrap();
        let said = std::fs::read_to_string(&said).unwrap_or_default();
        assert!(done.success(), "{} {arguments:?}: {said}", program.display());
    }

    pub fn up(&self) {
        let sockets = self.folder.path().display().to_string();
        let options = match &self.tls {
            None => format!("-k {sockets} -c listen_addresses='' -c fsync=on"),
            Some(more) => format!("-k {sockets} -c listen_addresses=127.0.0.1 -c fsync=on {more}"),
        };
        let log = self.folder.path().join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-t", "60", "-l", &log, "-o", &options, "start"]);
    }

    /// Stops it at once, as a crash does.
    pub fn down(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
    }

    /// A new database; gives its address.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        self.address(name)
    }

    fn sockets(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn address(&self, name: &str) -> String {
        let folder: String = self.sockets().replace('/', "%2F");
        format!("postgres://servanda@{folder}/{name}")
    }

    /// The same, where it listens on a port: its socket has another name then.
    #[allow(dead_code, reason = "each test uses a part")]
    pub fn sql_on(&self, database: &str, port: u16, sql: &str) -> Result<(), String> {
        let mut client = postgres::Config::new();
        client.host_path(self.folder.path()).port(port).user("servanda").dbname(database);
        let mut client = client.connect(postgres::NoTls).map_err(|e| e.to_string())?;
        client
            .batch_execute(sql)
            .map_err(|e| e.as_db_error().map_or(e.to_string(), |e| e.message().to_string()))
    }

    /// Runs SQL as the owner of the database, as an insider could.
    pub fn sql(&self, database: &str, sql: &str) -> Result<(), String> {
        let mut client = postgres::Config::new();
        client
            .host_path(self.folder.path())
            .user("servanda")
            .dbname(database)
            .connect_timeout(Duration::from_secs(10));
        let mut client = client.connect(postgres::NoTls).unwrap();
        client
            .batch_execute(sql)
            .map_err(|e| e.as_db_error().map_or(e.to_string(), |e| e.message().to_string()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let program = self.programs.join("pg_ctl");
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        let _ = command
            .args(["-D", &self.data(), "-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}
