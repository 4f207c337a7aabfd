//! What people type who are not the keeper of the folder: passwords, passphrases, forms. Unseen at a terminal, one a line else.
//!
//! It keeps nothing of it longer than the command runs, and repeats nothing of it.

use crate::failure::Failure;
use crate::session::Session;
use servanda_store::Store;
use servanda_store::policy::Viewer;
use servanda_store::vault::{Opener, Zeroizing};
use std::io::{BufRead, IsTerminal, Read};

/// Nothing longer is read.
const LONGEST: u64 = 64 << 10;

/// Reads one line that nobody may see: at a terminal without showing it, else the next line of standard input.
pub fn secret(session: &Session, what: &str) -> Result<Zeroizing<String>, Failure> {
    let failed = |e: std::io::Error| Failure::new(format!("cannot read {what}: {e}"));
    if std::io::stdin().is_terminal() {
        session.prompt(&format!("{what}: "));
        return rpassword::read_password().map(Zeroizing::new).map_err(failed);
    }
    let mut line = Zeroizing::new(String::with_capacity(2048));
    let read = std::io::stdin().lock().take(LONGEST).read_line(&mut line).map_err(failed)?;
    if read == 0 {
        return Err(Failure::new(format!("{what} is missing"))
            .help("type it when asked, or give it on standard input, each on a line of its own"));
    }
    let kept = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(kept);
    Ok(line)
}

/// The rest of standard input: a form.
pub fn rest() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|_| Failure::new("the form cannot be read").help("write it in UTF-8"))?;
    Ok(text)
}

/// Whoever signs in with an account.
pub fn person(store: &Store, session: &Session, name: &str) -> Result<Viewer, Failure> {
    let password = secret(session, &format!("password of {name}"))?;
    Ok(store.sign_in(name, &password)?)
}

/// Whoever signs in where a name is given, else the keeper of the folder.
pub fn person_or_keeper(store: &Store, session: &Session, name: Option<&str>) -> Result<Viewer, Failure> {
    name.map_or_else(|| Ok(Viewer::keeper()), |name| person(store, session, name))
}

/// A holder of the vault, with the passphrase.
pub fn holder(session: &Session, name: &str) -> Result<Opener, Failure> {
    let passphrase = secret(session, &format!("vault passphrase of {name}"))?;
    Ok(Opener::new(name, &passphrase))
}

/// A new holder, asked twice at a terminal.
pub fn new_holder(session: &Session, name: &str) -> Result<Opener, Failure> {
    let passphrase = secret(session, &format!("new vault passphrase of {name}"))?;
    if std::io::stdin().is_terminal() && *secret(session, "once more")? != *passphrase {
        return Err(Failure::new("the two are not the same").help("begin again"));
    }
    Ok(Opener::new(name, &passphrase))
}
