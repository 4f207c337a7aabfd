//! The program as a whole: help, colour, pipes, `demo` and `serve`.

use crate::terminal::{command, everything_below, servanda};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

#[test]
fn help_names_every_command_and_slips_are_met() {
    let here = tempfile::tempdir().unwrap();
    let commands = [
        "demo", "new", "check", "fmt", "explain", "import", "status", "why", "duties", "test", "serve",
        "exercise", "account", "key", "erase", "backup", "restore", "rebuild",
    ];
    servanda(here.path(), &["--help"]).ends_with(0).says(&commands);
    for name in commands {
        servanda(here.path(), &[name, "--help"]).ends_with(0).says(&["Usage: servanda"]);
    }
    servanda(here.path(), &["statsu"]).ends_with(2).complains(&["status"]);
    servanda(here.path(), &[]).ends_with(2);
    servanda(here.path(), &["--version"]).ends_with(0).says(&["servanda 0."]);
}

#[test]
fn colour_is_for_terminals_and_whoever_asks() {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "truce"]).ends_with(0);
    let root = here.path().join("truce");
    assert!(!servanda(&root, &["status"]).out.contains('\x1b'));
    assert!(servanda(&root, &["status", "--color", "always"]).out.contains('\x1b'));
    assert!(!servanda(&root, &["--color", "never", "status"]).out.contains('\x1b'));
}

#[test]
fn a_reader_who_leaves_is_no_bug() {
    let here = tempfile::tempdir().unwrap();
    let mut child =
        command(here.path(), &["explain"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn the_demo_makes_its_folder_once_and_shows_why() {
    let here = tempfile::tempdir().unwrap();
    let ran = servanda(here.path(), &["demo", "--no-serve"]);
    ran.ends_with(0).says(&[
        "EXERCISE: made the workspace servanda-demo",
        "As known at",
        "*** EXERCISE",
        "violated",
    ]);
    let again = servanda(here.path(), &["demo", "--no-serve"]);
    again.ends_with(0).says(&["EXERCISE: using the workspace servanda-demo (seed 5)"]);
    let board = |text: &str| text[text.find("At  ").unwrap()..].to_string();
    assert_eq!(board(&ran.out), board(&again.out));
    servanda(here.path(), &["demo", "--no-serve", "--seed", "2"])
        .ends_with(2)
        .complains(&["seed 5", "help:"]);

    let root = here.path().join("servanda-demo");
    servanda(&root, &["check"]).ends_with(0);
    servanda(&root, &["test"]).ends_with(0).says(&["0 failed"]);
    servanda(&root, &["duties", "--party", "Germany"]).ends_with(0).says(&["*** EXERCISE"]);
    servanda(&root, &["why", "respond", "Germany"]).ends_with(0).says(&["*** EXERCISE", "Article 2"]);

    servanda(here.path(), &["new", "mine"]).ends_with(0);
    servanda(here.path(), &["demo", "--no-serve", "mine"]).ends_with(2).complains(&["not the demo's"]);
    std::fs::create_dir(here.path().join("full")).unwrap();
    std::fs::write(here.path().join("full/x"), "").unwrap();
    servanda(here.path(), &["demo", "--no-serve", "full"]).ends_with(2).complains(&["is not empty"]);
    assert_eq!(everything_below(&here.path().join("full")), ["x"]);
}

#[test]
fn the_page_is_served_on_this_machine_until_it_is_stopped() {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "truce"]).ends_with(0);
    let mut child =
        command(here.path(), &["serve", "truce", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("http://"))
        .expect("an address")
        .to_string();
    assert!(address.starts_with("127.0.0.1:"), "{line}");
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let port = address.rsplit(':').next().unwrap();
    servanda(here.path(), &["serve", "truce", "--port", port]).ends_with(2).complains(&[port, "--port"]);
    child.kill().unwrap();
    child.wait().unwrap();
    servanda(here.path(), &["serve", "gone"]).ends_with(2).complains(&["no workspace"]);
}
