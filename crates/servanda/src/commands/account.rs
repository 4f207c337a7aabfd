//! `servanda account`: who may sign in, for which party, and what they may see and do.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use servanda_model::Name;
use servanda_model::record::Tlp;
use servanda_store::Account;
use servanda_store::policy::{Role, TLP, Viewer};
use std::io::BufRead;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make an account, or say anew what stands of it
    Set(Set),
    /// Let an account sign in no more
    Close {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Show all accounts
    List,
    /// Show the passkeys of all accounts, or of one
    Passkeys {
        /// The account's name
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Let a passkey sign nobody in any more
    RevokePasskey {
        /// By which it is listed
        #[arg(value_name = "ID", allow_hyphen_values = true)]
        id: String,
    },
    /// Show who signs in to which account by an institution
    Identities,
    /// Let somebody whom an institution knows sign in to an account
    Bind {
        /// The account's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        identity: Known,
    },
    /// Let that person sign in by the institution no more
    Unbind {
        #[command(flatten)]
        identity: Known,
    },
    /// Show the feeds of all accounts, or of one: what a calendar or feed reader reads with a token
    Feeds {
        /// The account's name
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
    /// Make a feed for an account; its address is told once
    MakeFeed {
        /// The account's name
        #[arg(value_name = "NAME")]
        name: String,
        /// What it is for
        #[arg(long = "for", value_name = "TEXT")]
        purpose: String,
    },
    /// Let the address of a feed open nothing any more
    RevokeFeed {
        /// By which it is listed
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Whom an institution knows.
#[derive(clap::Args)]
struct Known {
    /// The institution, as it names itself: `issuer` of `[serve.oidc]`
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// What it knows the person by; the page after a sign-in that found no account shows it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    subject: String,
}

#[derive(clap::Args)]
struct Set {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// The party that it belongs to, as the agreement names it
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    /// The body that it belongs to
    #[arg(long, value_name = "BODY")]
    body: Option<String>,
    /// What it may do: reader, reporter, analyst, releaser, registrar, officer, auditor
    #[arg(long, value_name = "ROLE")]
    role: Vec<String>,
    /// Up to which level it is cleared, such as `TLP:AMBER`, or of another policy `NATO=AMBER`
    #[arg(long, value_name = "LEVEL")]
    clearance: Vec<String>,
    /// A caveat that it holds
    #[arg(long, value_name = "CAVEAT")]
    caveat: Vec<String>,
    /// Make an invitation, told once: with it its owner chooses a password within seven days, and nobody else knows that
    #[arg(long)]
    invite: bool,
    /// Read its password from standard input, one line, for a program or where nobody is there to invite; without it, an account keeps
    /// the one it has
    #[arg(long, conflicts_with = "invite")]
    password_stdin: bool,
}

/// What is told of an invitation, once.
fn invitation(name: &str, code: &str) -> String {
    format!(
        "invitation of `{name}`, shown once, good for seven days and one use; hand it over in person or by a channel of its own\n\
         code     {code}\naddress  /invitation#{name}:{code}  (behind the address of the server)\n"
    )
}

fn clearance(given: &str) -> Result<(Name, Tlp), Failure> {
    let (policy, level) = given.split_once('=').unwrap_or((TLP, given));
    let level = Tlp::parse(level).ok_or_else(|| {
        Failure::new(format!("`{given}` is no level")).help(format!(
            "the levels are {}; of another policy than TLP, write `POLICY=LEVEL`",
            Tlp::ALL.map(Tlp::word).join(", ")
        ))
    })?;
    Ok((Name::from(policy), level))
}

fn role(word: &str) -> Result<Role, Failure> {
    Role::parse(word).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        Failure::new(format!("there is no role `{word}`")).help(format!("the roles are {}", known.join(", ")))
    })
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    let keeper = Viewer::keeper();
    match &arguments.what {
        What::Set(set) => {
            let old = store.accounts()?.remove(&set.name);
            let mut account = old.unwrap_or_else(|| Account::new(&set.name));
            account.party = set.party.as_deref().map(Name::from);
            account.body = set.body.as_deref().map(Name::from);
            account.roles = set.role.iter().map(|word| role(word)).collect::<Result<_, _>>()?;
            account.clearances =
                set.clearance.iter().map(|given| clearance(given)).collect::<Result<_, _>>()?;
            account.caveats = set.caveat.iter().map(|caveat| Name::from(caveat.as_str())).collect();
            account.closed = false;
            if set.password_stdin {
                let mut line = String::new();
                std::io::stdin()
                    .lock()
                    .read_line(&mut line)
                    .map_err(|e| Failure::new(format!("cannot read the password: {e}")))?;
                account.set_password(line.trim_end_matches(['\r', '\n']))?;
            }
            let code = set.invite.then(|| account.invite(session.now)).transpose()?;
            let receipt = store.put_account(&account, session.now, &keeper)?;
            session.say(&format!("`{}` stands so from entry {} of the log on\n", set.name, receipt.entry))?;
            if let Some(code) = code {
                session.say(&invitation(&set.name, &code))?;
            }
        }
        What::Close { name } => {
            let mut account = store.accounts()?.remove(name).ok_or_else(|| {
                Failure::new(format!("there is no account `{name}`"))
                    .help("`servanda account list` shows all")
            })?;
            account.closed = true;
            store.put_account(&account, session.now, &keeper)?;
            session.say(&format!("`{name}` can sign in no more\n"))?;
        }
        What::Passkeys { name } => {
            let mut out = String::new();
            for one in store.passkeys()?.iter().filter(|one| name.as_ref().is_none_or(|n| *n == one.owner)) {
                let state = if one.revoked { "  revoked" } else { "" };
                out.push_str(&format!(
                    "{}  {}  {}  for {}  made {}{state}\n",
                    one.id, one.owner, one.name, one.host, one.made
                ));
            }
            session.say(if out.is_empty() { "there are no passkeys\n" } else { &out })?;
        }
        What::RevokePasskey { id } => {
            store.revoke_passkey(id, session.now, &keeper)?;
            session.say(&format!("the passkey {id} signs nobody in any more\n"))?;
        }
        What::Identities => {
            let mut out = String::new();
            for one in store.identities()? {
                out.push_str(&format!(
                    "{}  {}  of {}  since {}\n",
                    one.account, one.subject, one.issuer, one.made
                ));
            }
            session.say(if out.is_empty() { "nobody signs in by an institution\n" } else { &out })?;
        }
        What::Bind { name, identity: Known { issuer, subject } } => {
            store.bind_identity(name, issuer, subject, session.now, &keeper)?;
            session.say(&format!("`{subject}` of `{issuer}` signs in to `{name}` from now on\n"))?;
        }
        What::Unbind { identity: Known { issuer, subject } } => {
            store.unbind_identity(issuer, subject, session.now, &keeper)?;
            session.say(&format!("`{subject}` of `{issuer}` signs in no more\n"))?;
        }
        What::Feeds { name } => {
            let mut out = String::new();
            for feed in store.feeds()?.iter().filter(|feed| name.as_ref().is_none_or(|n| *n == feed.owner)) {
                let state = if feed.revoked { "  revoked" } else { "" };
                out.push_str(&format!(
                    "{}  {}  {}  made {}{state}\n",
                    feed.id, feed.owner, feed.name, feed.made
                ));
            }
            session.say(if out.is_empty() { "there are no feeds\n" } else { &out })?;
        }
        What::MakeFeed { name, purpose } => {
            let (feed, token) = store.make_feed(name, purpose, session.now)?;
            session.say(&format!(
                "feed {} of `{name}`; these are shown once, behind the address of the server:\n\
                 /feeds/{token}/duties.ics\n/feeds/{token}/changes.atom\n",
                feed.id
            ))?;
        }
        What::RevokeFeed { id } => {
            let feed = store.revoke_feed(id, session.now, &keeper)?;
            session.say(&format!("the feed {id} of `{}` opens nothing any more\n", feed.owner))?;
        }
        What::List => {
            let mut out = String::new();
            for account in store.accounts()?.into_values() {
                let mut words: Vec<String> = Vec::new();
                words.extend(account.party.iter().map(|party| format!("of {party}")));
                words.extend(account.body.iter().map(|body| format!("in {body}")));
                words.extend(account.roles.iter().map(|role| role.word().to_string()));
                words.extend(account.clearances.iter().map(|(policy, level)| match policy.as_str() {
                    TLP => level.word().to_string(),
                    policy => format!("{policy}={}", level.word()),
                }));
                words.extend(account.caveats.iter().map(|caveat| format!("holds {caveat}")));
                if account.closed {
                    words.push("closed".to_string());
                }
                words.extend(account.is_invited(session.now).map(|until| format!("invited until {until}")));
                out.push_str(&format!("{}  {}\n", account.name, words.join(", ")));
            }
            session.say(if out.is_empty() { "there are no accounts\n" } else { &out })?;
        }
    }
    Ok(Answer::Yes)
}
