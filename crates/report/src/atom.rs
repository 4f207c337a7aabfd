//! News as a feed (Atom, RFC 4287).
//!
//! What it deliberately does not do: decide what is news, read a clock, fetch an address.
//!
//! Invariants
//! - the identity of an entry is made of what it speaks of: a reader shows it once, and again only where it says something new;
//! - what people wrote is text in it, never markup, and no character that XML forbids;
//! - an exercise is called one in every title.
//!
//! Where to start reading: [`feed`].
//!
//! # Source
//! RFC 4287, The Atom Syndication Format.

use servanda_model::Instant;
use sha2::{Digest, Sha256};

/// A feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed<'a> {
    /// What it is about; its identity is made of it.
    pub of: &'a str,
    /// Its title.
    pub title: String,
    /// Where the page is that shows the same, as a whole address.
    pub page: String,
    /// The moment up to which it tells the news.
    pub updated: Instant,
    /// It is of an exercise.
    pub exercise: bool,
}

/// A piece of news.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it speaks of, in parts: the same parts are the same entry.
    pub of: Vec<String>,
    /// One line.
    pub title: String,
    /// A few sentences.
    pub text: String,
    /// A word by which readers sort: `board` or `incident`.
    pub category: &'static str,
    /// Where more of it is, as a whole address.
    pub page: String,
    /// When it last said something new.
    pub updated: Instant,
}

/// As in a page, without the two characters that XML has not.
fn escape(text: &str) -> String {
    crate::document::html::escape(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// An identity of its own for what these parts name.
fn identity(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // Its length first, so that no two lists of parts are one text.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    // RFC 9562, version 8: made of what we like.
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The feed, the newest entry first.
pub fn feed(feed: &Feed<'_>, entries: &[Entry]) -> String {
    let banner = if feed.exercise { "EXERCISE: " } else { "" };
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    out.push_str(&format!(
        "<id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n<link rel=\"alternate\" href=\"{}\"/>\n\
         <author><name>servanda</name></author>\n<generator>servanda</generator>\n",
        identity(&["feed", feed.of]),
        escape(&format!("{banner}{}", feed.title)),
        feed.updated,
        escape(&feed.page),
    ));
    let mut entries: Vec<&Entry> = entries.iter().collect();
    entries.sort_by(|a, b| (b.updated, &a.of).cmp(&(a.updated, &b.of)));
    for entry in entries {
        let mut parts = vec![feed.of];
        parts.extend(entry.of.iter().map(String::as_str));
        out.push_str(&format!(
            "<entry>\n<id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n<category term=\"{}\"/>\n\
             <link rel=\"alternate\" href=\"{}\"/>\n<content type=\"text\">{}</content>\n</entry>\n",
            identity(&parts),
            escape(&format!("{banner}{}", entry.title)),
            entry.updated,
            entry.category,
            escape(&entry.page),
            escape(&entry.text),
        ));
    }
    out.push_str("</feed>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(of: &str, title: &str, at: i64) -> Entry {
        Entry {
            of: vec![of.into()],
            title: title.into(),
            text: "a & b".into(),
            category: "incident",
            page: "https://h/incidents/x?a=1&b=2".into(),
            updated: Instant(at),
        }
    }

    #[test]
    fn text_stays_text_and_the_newest_is_first() {
        let about = Feed {
            of: "truce",
            title: "News of <truce>".into(),
            page: "https://h/".into(),
            updated: Instant(3_000),
            exercise: true,
        };
        let text = feed(
            &about,
            &[entry("a", "<script>alert(1)</script>", 1_000), entry("b", "\u{1}\u{ffff}]]>", 2_000)],
        );
        assert!(text.contains("<title>EXERCISE: News of &lt;truce&gt;</title>"), "{text}");
        assert!(text.contains("<title>EXERCISE: &lt;script&gt;alert(1)&lt;/script&gt;</title>"), "{text}");
        assert!(text.contains("\u{fffd}\u{fffd}]]&gt;") && text.contains("?a=1&amp;b=2"), "{text}");
        assert!(text.find("1970-01-01T00:00:02Z").unwrap() < text.find("1970-01-01T00:00:01Z").unwrap());
        assert!(text.contains("<updated>1970-01-01T00:00:03Z</updated>"), "{text}");
    }

    #[test]
    fn an_entry_is_known_again_by_what_it_speaks_of() {
        assert_eq!(identity(&["a", "b"]), identity(&["a", "b"]));
        assert_ne!(identity(&["a", "b"]), identity(&["ab", ""]));
        assert_ne!(identity(&["a", "b"]), identity(&["a", "b", ""]));
        let one = identity(&["x"]);
        assert!(one.starts_with("urn:uuid:") && one.len() == 45 && &one[23..24] == "8", "{one}");
    }
}
