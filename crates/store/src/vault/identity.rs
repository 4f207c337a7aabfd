//! Who stands behind a pseudonym: what is kept of a person, read from a form, shown to two people, and wiped from memory.
//!
//! It keeps what is needed to reach a person without harming them, and nothing to find them by: there is no field for an address, for
//! the place of a telephone or for a body's features, and a form that has one is refused.
//!
//! Invariants
//! - no error says anything of a form but its line's number and words of this module;
//! - `Debug` shows nothing, and the texts are overwritten in memory when they are dropped;
//! - sealed identities have few lengths, so that a length tells nothing.

use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use servanda_model::Instant;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The fields of a form, and what each is kept for.
pub const FIELDS: [(&str, &str); 6] = [
    ("name", "to address the person, and to know them again"),
    ("contact", "the channel that the person chose, to ask them or to warn them"),
    ("language", "to speak so that the person understands"),
    ("safety", "what puts the person at risk, so that a contact does no harm"),
    ("consent", "what the person agreed to, when, and with whom"),
    ("retention", "the last day on which any of this may be kept, YYYY-MM-DD"),
];

/// What a form must not have, whatever it is for.
const NEVER: [&str; 16] = [
    "address",
    "home",
    "street",
    "house",
    "location",
    "position",
    "coordinates",
    "gps",
    "cell",
    "imei",
    "photo",
    "face",
    "fingerprint",
    "iris",
    "voice",
    "dna",
];

/// No field is longer, in bytes.
const LONGEST: usize = 2_000;
/// Sealed identities are filled up to a multiple of this.
const BLOCK: usize = 2_048;

/// What is kept of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    v: u64,
    /// What the person is called.
    pub name: String,
    /// The channel that the person chose.
    pub contact: String,
    /// What the person speaks.
    pub language: String,
    /// What puts the person at risk.
    pub safety: String,
    /// What the person agreed to.
    pub consent: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        for text in
            [&mut self.name, &mut self.contact, &mut self.language, &mut self.safety, &mut self.consent]
        {
            text.zeroize();
        }
    }
}

fn refused(line: usize, why: &str) -> Error {
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    Error::new(Kind::Refused, format!("line {line} of the form {why}; nothing was kept"))
        .help(format!("a form has the lines `FIELD: TEXT` for {}", names.join(", ")))
}

/// The end of a day, in UTC.
///
/// # Errors
/// [`Error::is_refused`] where the text is no day.
pub fn last_moment_of(day: &str) -> Result<Instant, Error> {
    let is_day = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_day.then(|| Instant::parse_utc(&format!("{day}T23:59:59.999Z"))).flatten().ok_or_else(|| {
        Error::new(Kind::Refused, "the retention is no day")
            .help("write it as YYYY-MM-DD, such as 2027-06-30")
    })
}

impl Identity {
    /// Reads a form: lines `FIELD: TEXT`. Gives the identity and the moment up to which it may be kept.
    ///
    /// # Errors
    /// [`Error::is_refused`] where a field is missing, twice, empty, too long, not known, or one that is never kept. The error
    /// repeats nothing of the form.
    pub fn from_form(form: &str) -> Result<(Identity, Instant), Error> {
        let mut values: [Option<Zeroizing<String>>; FIELDS.len()] = Default::default();
        for (at, line) in form.lines().enumerate() {
            let number = at + 1;
            if line.trim().is_empty() {
                continue;
            }
            let (field, text) = line.split_once(':').ok_or_else(|| refused(number, "has no `:`"))?;
            let (field, text) = (Zeroizing::new(field.trim().to_lowercase()), text.trim());
            let Some(place) = FIELDS.iter().position(|(name, _)| *name == field.as_str()) else {
                if let Some(never) = NEVER.iter().find(|never| field.contains(**never)) {
                    return Err(refused(number, &format!("has a field on `{never}`, which is never kept")));
                }
                return Err(refused(number, "has a field that is not known"));
            };
            let name = FIELDS[place].0;
            if text.is_empty() {
                return Err(refused(number, &format!("leaves `{name}` empty")));
            }
            if text.len() > LONGEST {
                return Err(refused(number, &format!("has more than {LONGEST} bytes of `{name}`")));
            }
            if text.chars().any(char::is_control) {
                return Err(refused(number, &format!("has a control character in `{name}`")));
            }
            if values[place].replace(Zeroizing::new(text.to_string())).is_some() {
                return Err(refused(number, &format!("has `{name}` a second time")));
            }
        }
        let mut take = |place: usize| {
            values[place].take().map(|text| text.to_string()).ok_or_else(|| {
                Error::new(Kind::Refused, format!("the form has no `{}`; nothing was kept", FIELDS[place].0))
                    .help(format!("it is needed {}", FIELDS[place].1))
            })
        };
        let identity = Identity {
            v: 1,
            name: take(0)?,
            contact: take(1)?,
            language: take(2)?,
            safety: take(3)?,
            consent: take(4)?,
        };
        let until = last_moment_of(&Zeroizing::new(take(5)?))?;
        Ok((identity, until))
    }

    /// The fields with their texts, in order, for the eyes of those who opened it.
    pub fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("name", &self.name),
            ("contact", &self.contact),
            ("language", &self.language),
            ("safety", &self.safety),
            ("consent", &self.consent),
        ]
    }

    /// Whether a text, such as the reason for an opening, tells who it is: a word of the name, or the contact.
    pub(crate) fn is_told_by(&self, text: &str) -> bool {
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.chars().count() >= 3)
                .map(str::to_lowercase)
                .collect()
        };
        let mut said = words(text);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let number = digits(&self.contact);
        let told = words(&self.name).iter().any(|word| said.contains(word))
            || (number.len() >= 6 && digits(text).contains(&number))
            || text.to_lowercase().contains(&self.contact.to_lowercase());
        said.zeroize();
        told
    }

    /// The bytes to be sealed, filled up.
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Room for all before anything is written: a buffer that grows leaves copies of itself behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 * BLOCK));
        serde_json::to_writer(&mut *bytes, self)
            .map_err(|_| Error::new(Kind::Refused, "the identity cannot be written"))?;
        let filled = bytes.len().div_ceil(BLOCK) * BLOCK;
        bytes.resize(filled, b' ');
        Ok(bytes)
    }

    /// Reads the bytes that were sealed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Identity, Error> {
        // What a parser says of them may repeat them.
        let unreadable = || Error::integrity("an identity of the vault cannot be read");
        let identity: Identity = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
        match identity.v {
            1 => Ok(identity),
            _ => Err(Error::new(Kind::Newer, "an identity of the vault is of a newer version")
                .help("use the version of the program that wrote it, or a newer one")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "name: Vesna Primer\ncontact: Signal +000 555 0199\nlanguage: uk\nsafety: lives near the line\n\
                        consent: to be asked again, given to patrol 3 on 2026-11-02\nretention: 2027-06-30\n";

    #[test]
    fn a_form_is_read_and_no_error_repeats_it() {
        let (identity, until) = Identity::from_form(FORM).unwrap();
        assert_eq!(
            (identity.name.as_str(), until.to_string().as_str()),
            ("Vesna Primer", "2027-06-30T23:59:59.999Z")
        );
        assert_eq!(Identity::from_bytes(&identity.to_bytes().unwrap()).unwrap(), identity);
        assert_eq!(format!("{identity:?}"), "Identity(…)");
        let without = |field: &str| {
            FORM.lines()
                .filter(|line| !line.starts_with(field))
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        };
        let more = |line: &str| format!("{FORM}{line}\n");
        for (form, words) in [
            (without("consent"), "the form has no `consent`"),
            (without("retention"), "the form has no `retention`"),
            (more("home address: Primer Street 7"), "line 7 of the form has a field on `address`"),
            (more("phone location: 48.1, 37.9"), "a field on `location`"),
            (more("Fingerprints: Primer"), "a field on `fingerprint`"),
            (more("Primer: x"), "line 7 of the form has a field that is not known"),
            (more("Primer"), "line 7 of the form has no `:`"),
            (more("name: Primer"), "has `name` a second time"),
            (format!("name:\n{}", without("name")), "line 1 of the form leaves `name` empty"),
            (format!("name: {}\n", "Primer".repeat(500)), "more than 2000 bytes of `name`"),
            (FORM.replace("2027-06-30", "Primer"), "the retention is no day"),
            (FORM.replace("2027-06-30", "2027-02-30"), "the retention is no day"),
        ] {
            let error = Identity::from_form(&form).unwrap_err();
            let shown = format!("{error} {} {error:?}", error.help_text().unwrap_or_default());
            assert!(error.is_refused() && shown.contains(words), "{words}: {shown}");
            assert!(!shown.contains("Primer") && !shown.contains("primer"), "{shown}");
        }
    }

    #[test]
    fn a_reason_that_names_the_person_is_noticed_and_lengths_tell_nothing() {
        let (identity, _) = Identity::from_form(FORM).unwrap();
        for (text, told) in [
            ("call back about the report", false),
            ("ask PRIMER again", true),
            ("vesna's report", true),
            ("via 0005550199", true),
            ("Signal +000 555 0199", true),
            ("on 2026-11-02", false),
        ] {
            assert_eq!(identity.is_told_by(text), told, "{text}");
        }
        let (short, _) = Identity::from_form(&FORM.replace("Vesna Primer", "V")).unwrap();
        assert_eq!(short.to_bytes().unwrap().len(), identity.to_bytes().unwrap().len());
    }
}
