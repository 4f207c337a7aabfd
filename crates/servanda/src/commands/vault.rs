//! `servanda vault`: who stands behind a pseudonym, in a vault that two people open together.
//!
//! Words in and out; what is allowed is decided by the store. It prints an identity for `open` and nowhere else.

use super::Answer;
use super::signing_in::{holder, new_holder, person, person_or_keeper, rest};
use crate::failure::Failure;
use crate::session::Session;
use servanda_model::Name;
use servanda_store::policy::Viewer;
use servanda_store::vault::{
    Deed, FIELDS, Identity, Opener, Region, Vault, VaultOrder, Zeroizing, last_moment_of,
};
use servanda_store::{Standing, Store};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::IsTerminal;
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
    /// Make a region, held by two people or more; each types a passphrase of their own
    Init {
        /// The region's name, such as `east`
        #[arg(value_name = "REGION")]
        region: String,
        /// An account with the role officer; once for each holder, any two of whom open together
        #[arg(long = "holder", value_name = "NAME", required = true)]
        holders: Vec<String>,
    },
    /// Put an identity in, from a form on standard input, and print its pseudonym
    Add {
        /// The region
        #[arg(value_name = "REGION")]
        region: String,
        /// Add to the identity of this pseudonym
        #[arg(long, value_name = "ID")]
        to: Option<String>,
        /// Sign in with this account; its password comes before the form
        #[arg(long = "as", value_name = "NAME")]
        by: Option<String>,
    },
    /// Open an identity: two holders type their passphrases, and the log keeps that they did
    Open {
        /// The pseudonym
        #[arg(value_name = "ID")]
        id: String,
        /// The first holder
        #[arg(long = "as", value_name = "NAME")]
        one: String,
        /// The second holder
        #[arg(long = "and", value_name = "NAME")]
        other: String,
        /// Why; it is kept in the log
        #[arg(long, value_name = "WORDS")]
        why: String,
    },
    /// Show the regions, their holders and the pseudonyms in them
    List,
    /// Show the fields of a form and what each is kept for
    Fields,
    /// Let a region's identities be opened by nobody from now on; one person is enough
    Seal {
        /// The region
        #[arg(value_name = "REGION", required_unless_present = "all")]
        region: Option<String>,
        /// All regions
        #[arg(long, conflicts_with = "region")]
        all: bool,
        /// Why
        #[arg(long, value_name = "WORDS")]
        why: String,
        /// Sign in with this account; without it, the keeper of the folder seals
        #[arg(long = "as", value_name = "NAME")]
        by: Option<String>,
    },
    /// Order to unseal or to wipe; it takes another person to confirm it
    Propose(Box<Propose>),
    /// Confirm an order of another, which carries it out
    Confirm {
        /// The order
        #[arg(value_name = "ORDER")]
        order: String,
        /// Sign in with this account
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Take an order back that was not confirmed
    Withdraw {
        /// The order
        #[arg(value_name = "ORDER")]
        order: String,
        /// Sign in with this account
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Show all orders
    Orders,
    /// List what is past its last day; ends with 1 where something is
    Retention {
        /// As if it were the end of this day
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<String>,
    },
    /// Let holders in and take others out, by two who hold the region
    Holders {
        /// The region
        #[arg(value_name = "REGION")]
        region: String,
        /// The first holder
        #[arg(long = "as", value_name = "NAME")]
        one: String,
        /// The second holder
        #[arg(long = "and", value_name = "NAME")]
        other: String,
        /// A new holder, or one with a new passphrase
        #[arg(long, value_name = "NAME")]
        add: Vec<String>,
        /// One who is to hold it no more
        #[arg(long, value_name = "NAME")]
        remove: Vec<String>,
    },
    /// Compare the vault with the log
    Check,
    /// Copy the vault, sealed as it is; a backup of the workspace leaves it out
    Backup {
        /// Folder to copy into: empty, or not there
        #[arg(value_name = "DEST")]
        to: PathBuf,
    },
    /// Bring a copy of the vault back; what was wiped since is wiped again
    Restore {
        /// Folder that `servanda vault backup` has made
        #[arg(value_name = "SRC")]
        from: PathBuf,
    },
}

#[derive(clap::Args)]
struct Propose {
    /// What: `unseal` or `wipe`
    #[arg(value_name = "DEED", value_parser = ["unseal", "wipe"])]
    deed: String,
    /// The region
    #[arg(value_name = "REGION")]
    region: String,
    /// Wipe only this pseudonym; may be given several times
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Wipe only what is past its last day
    #[arg(long, conflicts_with = "only")]
    past_retention: bool,
    /// Why
    #[arg(long, value_name = "WORDS")]
    why: String,
    /// How long it may wait for another to confirm it
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    within_hours: u32,
    /// Sign in with this account
    #[arg(long = "as", value_name = "NAME")]
    by: String,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if let What::Fields = &arguments.what {
        let mut out = String::new();
        for (name, purpose) in FIELDS {
            let _ = writeln!(out, "{name:<10} {purpose}");
        }
        session.say(&out)?;
        return Ok(Answer::Yes);
    }
    let workspace = super::workspace(arguments.workspace.as_deref())?;
    let store = workspace.store();
    let vault = workspace.vault(&store)?;
    let now = session.now;
    match &arguments.what {
        What::Fields => {}
        What::Init { region, holders } => {
            let people: Vec<Opener> =
                holders.iter().map(|name| new_holder(session, name)).collect::<Result<_, _>>()?;
            let receipt = vault.init(region, &people, now, &Viewer::keeper())?;
            session.say(&format!(
                "made the region `{region}` in {}, by entry {} of the log\n  any two of {} open what is put in\n",
                vault.folder().display(),
                receipt.entry,
                holders.join(", ")
            ))?;
        }
        What::Add { region, to, by } => {
            let id = add(&vault, &store, session, region, to.as_deref(), by.as_deref())?;
            session.say(&format!("{id}\n"))?;
        }
        What::Open { id, one, other, why } => open(&vault, session, id, one, other, why)?,
        What::List => {
            let regions = vault.regions(now)?;
            session.say(&if regions.is_empty() {
                "there is no vault\n".to_string()
            } else {
                listed(&regions)
            })?;
        }
        What::Seal { region, all, why, by } => {
            let by = person_or_keeper(&store, session, by.as_deref())?;
            let regions: Vec<String> = match (region, all) {
                (Some(region), _) => vec![region.clone()],
                // Not through the vault's own list: it need not be there to be sealed.
                _ => vault.known_regions()?,
            };
            for region in regions {
                vault.seal(&region, why, now, &by)?;
                session.say(&format!(
                    "sealed `{region}`: nothing in it is opened until two people unseal it\n"
                ))?;
            }
        }
        What::Propose(propose) => {
            let by = person(&store, session, &propose.by)?;
            let deed = deed(&vault, session, propose)?;
            let order = vault.propose(deed, &propose.why, propose.within_hours, now, &by)?;
            session.say(&format!(
                "{}\n  {}, if another officer confirms it before {}: servanda vault confirm {} --as NAME\n",
                order.id,
                order.deed.words(),
                order.until,
                order.id
            ))?;
        }
        What::Confirm { order, by } => {
            let by = person(&store, session, by)?;
            let order = vault.confirm(&Name::from(order.as_str()), now, &by)?;
            session.say(&format!("carried out `{}`: {}\n", order.id, order.deed.words()))?;
            if !matches!(order.deed, Deed::Unseal { .. }) {
                session.note(
                    "note: copies of the vault that were made before still hold it, and a disk may keep what was overwritten: \
                     destroy the copies, and see docs/guides/witness-protection.md",
                );
            }
        }
        What::Withdraw { order, by } => {
            let by = person(&store, session, by)?;
            vault.withdraw(&Name::from(order.as_str()), now, &by)?;
            session.say(&format!("withdrew `{order}`\n"))?;
        }
        What::Orders => {
            let mut out = String::new();
            for order in vault.orders()? {
                let _ = writeln!(out, "{}  {}  {}", order.id, order.deed.words(), standing(&order, session));
            }
            session.say(if out.is_empty() { "there are no orders\n" } else { &out })?;
        }
        What::Retention { on } => {
            let at = on.as_deref().map_or(Ok(now), |day| last_moment_of(day).map(|end| end.next()))?;
            let mut out = String::new();
            for (region, people) in vault.past_retention(at)? {
                for person in people {
                    let _ = writeln!(out, "{region}  {}  was to be kept until {}", person.id, person.until);
                }
            }
            if out.is_empty() {
                session.say("nothing is past its last day\n")?;
                return Ok(Answer::Yes);
            }
            session.say(&out)?;
            session.note("help: two people wipe it: `servanda vault propose wipe REGION --past-retention --as NAME --why WORDS`");
            return Ok(Answer::No);
        }
        What::Holders { region, one, other, add, remove } => {
            let two = [holder(session, one)?, holder(session, other)?];
            let new: Vec<Opener> =
                add.iter().map(|name| new_holder(session, name)).collect::<Result<_, _>>()?;
            let receipt = vault.change_holders(region, [&two[0], &two[1]], &new, remove, now)?;
            session.say(&format!(
                "the holders of `{region}` stand so from entry {} of the log on\n",
                receipt.entry
            ))?;
        }
        What::Check => {
            let count = vault.check(now)?;
            session.say(&format!("vault and log agree: {count} sealed identities\n"))?;
        }
        What::Backup { to } => {
            let count = vault.backup(to, now)?;
            session.say(&format!(
                "copied {count} files of the vault to {}, sealed as they are\n  whoever wipes a region has to destroy this copy, \
                 too\n",
                to.display()
            ))?;
        }
        What::Restore { from } => {
            vault.restore(from, now)?;
            session.say(&format!(
                "brought the vault back to {}; what was wiped since is wiped again\n",
                vault.folder().display()
            ))?;
        }
    }
    Ok(Answer::Yes)
}

fn add(
    vault: &Vault<'_>,
    store: &Store,
    session: &Session,
    region: &str,
    to: Option<&str>,
    by: Option<&str>,
) -> Result<String, Failure> {
    let by = person_or_keeper(store, session, by)?;
    if std::io::stdin().is_terminal() {
        session.note("lines `FIELD: TEXT`, then Ctrl-D:");
        for (name, purpose) in FIELDS {
            session.note(&format!("  {name:<10} {purpose}"));
        }
    }
    let (identity, until) = Identity::from_form(&rest()?)?;
    Ok(vault.add(region, &identity, until, to, session.now, &by)?)
}

fn open(
    vault: &Vault<'_>,
    session: &Session,
    id: &str,
    one: &str,
    other: &str,
    why: &str,
) -> Result<(), Failure> {
    let two = [holder(session, one)?, holder(session, other)?];
    let opened = vault.open(id, [&two[0], &two[1]], why, session.now)?;
    let mut out = Zeroizing::new(String::with_capacity(16 << 10));
    for identity in &opened.identities {
        for (name, text) in identity.fields() {
            let _ = writeln!(out, "{name:<10} {text}");
        }
    }
    session.say(&out)?;
    session.note(&format!(
        "note: entry {} of the log says that {one} and {other} opened `{id}`",
        opened.receipt.entry
    ));
    if opened.reason_left_out {
        session.note(
            "note: the reason named the person, so the log says only that it did; give reasons without names",
        );
    }
    Ok(())
}

fn deed(vault: &Vault<'_>, session: &Session, propose: &Propose) -> Result<Deed, Failure> {
    let region = propose.region.clone();
    let some = propose.past_retention || !propose.only.is_empty();
    if propose.deed == "unseal" {
        return match some {
            true => {
                Err(Failure::new("a region is unsealed as a whole")
                    .help("leave --only and --past-retention out"))
            }
            false => Ok(Deed::Unseal { region }),
        };
    }
    if !some {
        return Ok(Deed::Wipe { region });
    }
    let mut ids: BTreeSet<String> = propose.only.iter().cloned().collect();
    if propose.past_retention {
        let past = vault.past_retention(session.now)?.remove(&region).unwrap_or_default();
        ids.extend(past.into_iter().map(|person| person.id));
        if ids.is_empty() {
            return Err(Failure::new(format!("nothing in `{region}` is past its last day"))
                .help("`servanda vault list` shows the days"));
        }
    }
    Ok(Deed::WipeSome { region, ids })
}

fn standing(order: &VaultOrder, session: &Session) -> String {
    match &order.standing {
        Standing::Proposed if session.now > order.until => {
            format!("proposed by {}, and not confirmed before {}: void", order.proposed_by, order.until)
        }
        Standing::Proposed => format!("proposed by {}, waits until {}", order.proposed_by, order.until),
        Standing::Confirmed { by } => format!("proposed by {}, confirmed by {by}", order.proposed_by),
        Standing::Withdrawn { by } => format!("proposed by {}, withdrawn by {by}", order.proposed_by),
    }
}

fn listed(regions: &[Region]) -> String {
    let mut out = String::new();
    for region in regions {
        let state = match (region.wiped, region.sealed) {
            (true, _) => "wiped",
            (_, true) => "sealed",
            _ => "open to two holders",
        };
        let holders: Vec<&str> = region.holders.iter().map(String::as_str).collect();
        let _ = writeln!(out, "{}  {state}; held by {}", region.name, holders.join(", "));
        for person in region.people.values() {
            let state = if person.wiped { "wiped".to_string() } else { format!("until {}", person.until) };
            let _ = writeln!(out, "  {}  {state}", person.id);
        }
    }
    out
}
