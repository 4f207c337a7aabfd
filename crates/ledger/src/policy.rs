//! Who must have signed a checkpoint before it counts: the log, and a quorum of witnesses, in groups.
//!
//! For an agreement between parties that distrust each other the quorum asks both sides: [`Policy::both_sides`]. That, and
//! not the tree, is what stops a log that shows each side a different past.
//!
//! What it deliberately does not do: ask a witness anything; URLs are kept as text.
//!
//! Invariants
//! - a witness counts in one place only: a name is a member of at most one group, a key stands in one line;
//! - a name is defined above where it is used, so nothing is circular.
//!
//! Where to start reading: [`Policy::verify`].
//!
//! # Source
//! C2SP tlog-policy. Stricter than it in one thing: a file that is not UTF-8 is refused.

use crate::checkpoint::Checkpoint;
use crate::error::{Error, shown};
use crate::note::{Algorithm, Note, VerifierKey};
use std::collections::{BTreeMap, BTreeSet};

/// The largest policy that is read, in bytes.
pub const LARGEST: usize = 1 << 18;

/// The most members that a group may have, and the most lines of a kind.
pub const MOST: usize = 256;

/// Logs, witnesses, and the rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    logs: Vec<(VerifierKey, Option<String>)>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<String>,
}

/// A witness of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witness {
    /// Its name within the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it answers, as written.
    pub url: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Group {
    name: String,
    least: usize,
    members: Vec<String>,
}

/// A checkpoint that counts, and who said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witnessed {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The log's key that signed it.
    pub log: VerifierKey,
    /// Names of the policy's witnesses that cosigned it, with the time each one wrote, in seconds since 1970.
    pub cosigned: BTreeMap<String, u64>,
}

impl Policy {
    /// The rule for two sides that distrust each other: at least one witness of each side named must have cosigned.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where a name may not be one or stands twice, or a key does not fit its place.
    pub fn both_sides(log: &VerifierKey, sides: &[(&str, Vec<VerifierKey>)]) -> Result<Policy, Error> {
        let mut text = format!("log {log}\n");
        for (side, keys) in sides {
            let mut names = Vec::new();
            for (number, key) in keys.iter().enumerate() {
                let name = format!("{side}-{}", number + 1);
                text.push_str(&format!("witness {name} {key}\n"));
                names.push(name);
            }
            text.push_str(&format!("group {side} any {}\n", names.join(" ")));
        }
        let names: Vec<&str> = sides.iter().map(|(side, _)| *side).collect();
        text.push_str(&format!("group every-side all {}\nquorum every-side\n", names.join(" ")));
        Policy::parse(text.as_bytes())
    }

    /// Reads a policy.
    ///
    /// # Errors
    /// [`Error::is_malformed`] with the line.
    pub fn parse(bytes: &[u8]) -> Result<Policy, Error> {
        if bytes.len() > LARGEST {
            return Err(Error::malformed("this policy is larger than 256 kilobytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("this policy is not UTF-8"))?;
        let mut policy = Policy { logs: Vec::new(), witnesses: Vec::new(), groups: Vec::new(), quorum: None };
        let mut free: BTreeSet<String> = BTreeSet::new();
        let mut known: BTreeSet<String> = BTreeSet::from(["none".to_string()]);
        let mut quorum_line = false;
        for (number, line) in text.split('\n').enumerate() {
            let wrong = |why: String| Error::malformed(format!("line {} of the policy: {why}", number + 1));
            if line.bytes().any(|b| (b < 0x20 && b != b'\t') || b == 0x7f) {
                return Err(wrong("it has a control character".to_string()));
            }
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["log", key, ref url @ ..] if url.len() <= 1 => {
                    let key = VerifierKey::parse(key).map_err(|e| wrong(e.to_string()))?;
                    if key.algorithm() != Algorithm::Note {
                        return Err(wrong("a log's key is of type 1".to_string()));
                    }
                    if policy.logs.iter().any(|(other, _)| other.bytes() == key.bytes()) {
                        return Err(wrong("this log stands in another line".to_string()));
                    }
                    policy.logs.push((key, url.first().map(|url| url.to_string())));
                }
                ["witness", name, key, ref url @ ..] if url.len() <= 1 => {
                    let key = VerifierKey::parse(key).map_err(|e| wrong(e.to_string()))?;
                    if key.algorithm() != Algorithm::Cosignature {
                        return Err(wrong("a witness's key is of type 4".to_string()));
                    }
                    if policy.witnesses.iter().any(|other| other.key.bytes() == key.bytes()) {
                        return Err(wrong("this witness stands in another line".to_string()));
                    }
                    if !known.insert(name.to_string()) {
                        return Err(wrong(format!("the name {} is taken", shown(name))));
                    }
                    free.insert(name.to_string());
                    let url = url.first().map(|url| url.to_string());
                    policy.witnesses.push(Witness { name: name.to_string(), key, url });
                }
                ["group", name, least, ref members @ ..] => {
                    if members.is_empty() || members.len() > MOST {
                        return Err(wrong("a group has between 1 and 256 members".to_string()));
                    }
                    let least = match least {
                        "any" => Some(1),
                        "all" => Some(members.len()),
                        number => crate::checkpoint::decimal(number).and_then(|n| usize::try_from(n).ok()),
                    };
                    let Some(least) = least.filter(|least| (1..=members.len()).contains(least)) else {
                        return Err(wrong(format!(
                            "a group asks `any`, `all`, or between 1 and {} of its members",
                            members.len()
                        )));
                    };
                    for member in members {
                        if !free.remove(*member) {
                            let why = match known.contains(*member) && *member != "none" {
                                true => "is a member of a group already",
                                false => "is defined in no line above",
                            };
                            return Err(wrong(format!("{} {why}", shown(member))));
                        }
                    }
                    if !known.insert(name.to_string()) {
                        return Err(wrong(format!("the name {} is taken", shown(name))));
                    }
                    free.insert(name.to_string());
                    let members = members.iter().map(|member| member.to_string()).collect();
                    policy.groups.push(Group { name: name.to_string(), least, members });
                }
                ["quorum", name] => {
                    if quorum_line {
                        return Err(wrong("there is another quorum".to_string()));
                    }
                    if !known.contains(name) {
                        return Err(wrong(format!("{} is defined in no line above", shown(name))));
                    }
                    quorum_line = true;
                    policy.quorum = (name != "none").then(|| name.to_string());
                }
                [first, ..] => {
                    return Err(wrong(format!(
                        "{} begins no line of a policy, or has too many or too few words; \
                         the lines are `log`, `witness`, `group` and `quorum`",
                        shown(first)
                    )));
                }
            }
            let longest = policy.logs.len().max(policy.witnesses.len()).max(policy.groups.len());
            if longest > MOST {
                return Err(wrong("there are more than 256 of this kind".to_string()));
            }
        }
        match quorum_line {
            true => Ok(policy),
            false => Err(Error::malformed(
                "this policy has no line `quorum`; write `quorum none` if no witness is asked",
            )),
        }
    }

    /// The logs that it knows.
    pub fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().map(|(key, _)| key)
    }

    /// The witnesses that it knows.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The least number of witnesses that can make a checkpoint count.
    pub fn least_witnesses(&self) -> usize {
        self.quorum.as_deref().map_or(0, |name| self.least(name))
    }

    fn least(&self, name: &str) -> usize {
        let Some(group) = self.groups.iter().find(|group| group.name == name) else { return 1 };
        let mut members: Vec<usize> = group.members.iter().map(|member| self.least(member)).collect();
        members.sort_unstable();
        members[..group.least].iter().sum()
    }

    /// Whether those witnesses, by their names here, are enough.
    pub fn is_met(&self, cosigned: &BTreeSet<&str>) -> bool {
        self.quorum.as_deref().is_none_or(|name| self.has(name, cosigned))
    }

    fn has(&self, name: &str, cosigned: &BTreeSet<&str>) -> bool {
        match self.groups.iter().find(|group| group.name == name) {
            None => cosigned.contains(name),
            Some(group) => {
                group.members.iter().filter(|member| self.has(member, cosigned)).count() >= group.least
            }
        }
    }

    /// What is still asked for, in words.
    fn missing(&self, name: &str, cosigned: &BTreeSet<&str>) -> String {
        match self.groups.iter().find(|group| group.name == name) {
            None => format!("`{name}`"),
            Some(group) => {
                let (have, lack): (Vec<&String>, Vec<&String>) =
                    group.members.iter().partition(|member| self.has(member, cosigned));
                let lack: Vec<String> = lack.into_iter().map(|m| self.missing(m, cosigned)).collect();
                format!("{} more of ({})", group.least - have.len(), lack.join(", "))
            }
        }
    }

    /// The checkpoint in a note, if the log and enough witnesses have signed it.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it holds none; [`Error::is_signature`] where no known log has signed it, or a signature of
    /// a known key does not fit; [`Error::is_policy`] where witnesses are missing.
    pub fn verify(&self, note: &Note) -> Result<Witnessed, Error> {
        let (checkpoint, log) = self.signed_by_log(note)?;
        let mut cosigned = BTreeMap::new();
        for witness in &self.witnesses {
            if let Some(signed) = note.verify([&witness.key])?.pop() {
                cosigned.insert(witness.name.clone(), signed.time_s.unwrap_or_default());
            }
        }
        let names: BTreeSet<&str> = cosigned.keys().map(String::as_str).collect();
        if !self.is_met(&names) {
            let missing = self.quorum.as_deref().map(|name| self.missing(name, &names)).unwrap_or_default();
            return Err(Error::policy(format!(
                "the checkpoint of size {} lacks cosignatures: {missing}",
                checkpoint.size
            )));
        }
        Ok(Witnessed { checkpoint, log, cosigned })
    }

    /// The checkpoint in a note that one of the logs has signed, whoever witnessed it.
    ///
    /// # Errors
    /// As [`Policy::verify`], but for the witnesses.
    pub fn signed_by_log(&self, note: &Note) -> Result<(Checkpoint, VerifierKey), Error> {
        let signed = note.verify(self.logs())?;
        let checkpoint = Checkpoint::parse(note.text())?;
        match signed.into_iter().find(|signed| signed.name == checkpoint.origin) {
            Some(signed) => Ok((checkpoint, signed.key)),
            None => Err(Error::signature(format!(
                "the checkpoint of {} is signed by no log of the policy",
                shown(&checkpoint.origin)
            ))),
        }
    }
}

impl std::fmt::Display for Policy {
    /// The policy as a file, without comments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let url = |url: &Option<String>| url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        for (key, at) in &self.logs {
            writeln!(f, "log {key}{}", url(at))?;
        }
        for witness in &self.witnesses {
            writeln!(f, "witness {} {}{}", witness.name, witness.key, url(&witness.url))?;
        }
        for group in &self.groups {
            writeln!(f, "group {} {} {}", group.name, group.least, group.members.join(" "))?;
        }
        writeln!(f, "quorum {}", self.quorum.as_deref().unwrap_or("none"))
    }
}
