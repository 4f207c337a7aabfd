//! Files of reports: photos, sheets and recordings that a browser sends after its report, and that whoever may see the report saves.
//!
//! What it deliberately does not do: show a file in a page, look into one further than its first bytes, or take out what a camera
//! wrote into it (the file is evidence as it is).
//!
//! | address | gives, or takes |
//! |---|---|
//! | `POST /entry/file?record=ID&hash=HASH` | the bytes of a file that a report of this account's names |
//! | `GET /api/incidents/ID/attachments/HASH` | the bytes, to be saved |
//!
//! Invariants
//! - a file comes after the report that names it, of the account that entered that report, and fits the hash in it;
//! - a file of a browser is of a kind of [`KINDS`], by the ending of its name and by its first bytes: no page, no drawing with scripts,
//!   no program is taken;
//! - where the operator named a scanner, it has nothing against the file ([`crate::Scanner`]);
//! - whatever its kind, it goes out as bytes to be saved, that no browser shows, guesses at or runs;
//! - it goes out with a record that the asker may see at the moment that they ask about, and in the same words not at all: whether a
//!   file is there is not told to whoever may not see what names it.
//!
//! Where to start reading: [`take`], then [`give`]. Tests: `tests/attached.rs`; in a browser `tests/browser/offline-entry.mjs`.

use crate::front::{About, Front, Seen, Who};
use crate::intake::{FILES, Packed, Pieces};
use crate::{Problem, asked, entry, forms};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use servanda_evidence::record_json;
use servanda_model::{Name, Record};
use servanda_store::policy::Viewer;
use servanda_store::{Holder, Store};
use std::sync::Arc;

/// Largest file of a browser, in bytes: it lies in a telephone's memory while it is sealed.
pub(crate) const LARGEST: usize = 25 << 20;
/// Most files of a report.
pub(crate) const MOST: usize = 10;

/// A kind of file that a browser may send: endings of its name, and how its bytes begin (from which byte on, and any of which).
pub(crate) struct FileKind {
    pub endings: &'static [&'static str],
    pub at: usize,
    pub begins: &'static [&'static [u8]],
}

/// Photos, films, sound, and PDF.
pub(crate) static KINDS: [FileKind; 10] = [
    FileKind { endings: &["jpg", "jpeg"], at: 0, begins: &[b"\xff\xd8\xff"] },
    FileKind { endings: &["png"], at: 0, begins: &[b"\x89PNG\r\n\x1a\n"] },
    FileKind { endings: &["gif"], at: 0, begins: &[b"GIF87a", b"GIF89a"] },
    FileKind { endings: &["webp"], at: 8, begins: &[b"WEBP"] },
    FileKind { endings: &["tif", "tiff"], at: 0, begins: &[b"II*\0", b"MM\0*"] },
    FileKind {
        endings: &["heic", "heif", "avif", "mp4", "m4v", "m4a", "mov", "3gp"],
        at: 4,
        begins: &[b"ftyp"],
    },
    FileKind { endings: &["ogg", "oga", "ogv"], at: 0, begins: &[b"OggS"] },
    FileKind { endings: &["wav"], at: 8, begins: &[b"WAVE"] },
    FileKind { endings: &["mp3"], at: 0, begins: &[b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"] },
    FileKind { endings: &["pdf"], at: 0, begins: &[b"%PDF-"] },
];

fn kind_of(name: &str) -> Option<&'static FileKind> {
    let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
    KINDS.iter().find(|kind| kind.endings.contains(&ending.as_str()))
}

/// Whether a file of that name may be taken at all.
pub(crate) fn has_known_ending(name: &str) -> bool {
    kind_of(name).is_some()
}

/// All endings, for people.
pub(crate) fn endings() -> String {
    KINDS.iter().flat_map(|kind| kind.endings).copied().collect::<Vec<_>>().join(", ")
}

/// What the page checks before it takes a file, so that nobody waits for a refusal.
pub(crate) fn bounds() -> Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let kinds: Vec<Value> = KINDS
        .iter()
        .map(|kind| {
            let begins: Vec<String> = kind.begins.iter().map(|begin| hex(begin)).collect();
            json!({"endings": kind.endings, "at": kind.at, "begins": begins})
        })
        .collect();
    json!({"most": MOST, "largest": LARGEST, "kinds": kinds})
}

/// The name under which a record names a file, where it has one.
pub(crate) fn name_in<'r>(record: &'r Record, hash: &str) -> Option<&'r str> {
    let named = record.extra.iter().find(|(key, held)| *held == hash && key.starts_with("attachment:"));
    named.map(|(key, _)| &key["attachment:".len()..])
}

/// Takes a file of a report of this account's.
pub(crate) async fn take(
    State(front): State<Front>,
    Who(caller): Who,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let people = forms::people(&front)?;
    let viewer = caller.viewer.clone().ok_or_else(|| Problem::bug(&"nobody is signed in"))?;
    let (parts, body) = request.into_parts();
    // Nothing that a form of a page can send.
    if forms::kind_of(&parts.headers) != "application/octet-stream" {
        let message = "send it as `application/octet-stream`";
        return Err(Problem::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown-type", message));
    }
    entry::of_this_sign_in(&caller, &parts.headers)?;
    let too_long = || {
        let message =
            format!("a file has at most {} MB; make it smaller, or send a part of it", LARGEST >> 20);
        Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-long", message)
    };
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    if length.is_some_and(|length| !length.parse::<usize>().is_ok_and(|length| length <= LARGEST)) {
        return Err(too_long());
    }
    let store = people.store.clone();
    let query: forms::Fields =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let expected = forms::given(&query, "hash").to_string();
    let (id, hash) = (forms::given(&query, "record").to_string(), expected.clone());
    let own = format!("{}+", viewer.name);
    let named = tokio::task::spawn_blocking(move || named(&store, &id, &own, &hash)).await;
    let (submitter, name) = named.map_err(|e| Problem::bug(&e))??;
    let Ok(_turn) = FILES.try_acquire() else {
        let message = "too many files are coming in; send it again in a minute";
        return Err(Problem::with(StatusCode::SERVICE_UNAVAILABLE, "not-now", message).retry(60));
    };
    let bytes = Pieces::of(body, Packed::No, LARGEST).whole().await?;
    if servanda_store::sha256(&bytes) != expected {
        let message = "what came is not the file that the report names; nothing was kept, send it again";
        return Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "not-its-hash", message));
    }
    let fits = kind_of(&name).is_some_and(|kind| {
        kind.begins.iter().any(|begin| bytes.get(kind.at..).is_some_and(|rest| rest.starts_with(begin)))
    });
    if !fits {
        let message = format!(
            "`{name}` is not what its ending says; photos, films, sound and PDF are taken: {}",
            endings()
        );
        return Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "unknown-kind", message));
    }
    let size = bytes.len();
    let (store, scanner) = (people.store.clone(), front.0.standing.scan.clone());
    let kept = tokio::task::spawn_blocking(move || {
        scanner.map_or(Ok(()), |scanner| scanner.look(&bytes))?;
        let hash = store.attach(&bytes).map_err(|e| unable(&e))?;
        store.hold(Holder::Submitter(&submitter), &hash).map_err(|e| unable(&e))
    });
    kept.await.map_err(|e| Problem::bug(&e))??;
    let document = json!({"servanda": "attached/1", "status": "accepted", "hash": expected, "size": size});
    Ok(([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response())
}

/// Who submitted the report that names a file, and the file's name in it; in the same words where there is none and where it is not theirs.
fn named(store: &Store, id: &str, own: &str, hash: &str) -> Result<(String, String), Problem> {
    let none = || {
        let message = "no report of this account names this file; deliver the report first, an erased one takes no file";
        Problem::missing("no-such-report", message)
    };
    let submitter = id.rsplit_once('/').map(|(submitter, _)| submitter).filter(|one| one.starts_with(own));
    let submitter = submitter.ok_or_else(none)?;
    let keeper = Viewer::keeper();
    let record = match store.view(&keeper).record(id) {
        Ok(stored) => record_json::from_json(&stored.json).map_err(|e| Problem::bug(&e.reason))?,
        Err(error) if error.is_not_found() => return Err(none()),
        Err(error) => return Err(unable(&error)),
    };
    if !record.attachments.iter().any(|named| named == hash) {
        return Err(none());
    }
    Ok((submitter.to_string(), name_in(&record, hash).unwrap_or_default().to_string()))
}

fn unable(error: &servanda_store::Error) -> Problem {
    eprintln!("error: a file of a report cannot be kept or read: {error}");
    Problem::unable("the file cannot be kept or read just now; the log of the server says more")
}

/// Signs that are taken out of a name: what a path is made of, and what would let it look like another name.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | ';' | '%')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The header that has a browser save a file under a name, which is plain in one place and whole in another.
fn to_save(name: &str) -> HeaderValue {
    let clean: String = name.chars().filter(|c| !misleads(*c)).take(100).collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let clean = if clean.is_empty() { "file" } else { clean };
    let plain: String = clean.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let whole: String = clean
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// Gives a file of an incident, to be saved.
pub(crate) async fn give(
    State(front): State<Front>,
    Seen(served): Seen,
    Who(caller): Who,
    Path((id, hash)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let mut asked =
        asked::asked(&query.unwrap_or_default(), &served.agreement, &served.asked_by_default, &[])?;
    let seen = served.seen(&mut asked).await?;
    let none = || {
        let message = "no file of that hash is on file with this incident, or it has not come yet";
        Problem::missing("no-such-file", message)
    };
    let item = seen.find(&id).ok_or_else(none)?;
    let naming: Vec<(Name, Option<String>)> = item
        .records
        .iter()
        .map(|r| &seen.matter.records[*r as usize])
        .filter(|record| record.attachments.contains(&hash))
        .map(|record| (record.id.clone(), name_in(record, &hash).map(String::from)))
        .collect();
    let store: Arc<Store> = front.0.people.as_ref().map(|people| people.store.clone()).ok_or_else(none)?;
    let viewer = caller.viewer.ok_or_else(|| Problem::bug(&"nobody was let through"))?;
    let found = tokio::task::spawn_blocking(move || {
        let view = store.view(&viewer);
        for (record, name) in naming {
            match view.attachment(record.as_str(), &hash) {
                Ok(bytes) => return Ok(Some((record, name, hash, bytes))),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(unable(&error)),
            }
        }
        Ok(None)
    });
    let found = found.await.map_err(|e| Problem::bug(&e))??;
    let (record, name, hash, bytes) = found.ok_or_else(none)?;
    let name = name.unwrap_or_else(|| hash.chars().take(16).collect());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, to_save(&name));
    let nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(nothing));
    let mut response = (headers, bytes).into_response();
    response.extensions_mut().insert(About([record.to_string()].into()));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASVS 5.0: 5.4.1 and 5.4.2 (names of files that are served are made safe, and encoded for the header).
    #[test]
    fn v5_4_1_and_v5_4_2_a_name_leads_nowhere_and_ends_no_header() {
        for (name, plain, whole) in [
            ("crater.jpg", "crater.jpg", "crater.jpg"),
            ("../../etc/passwd", "etcpasswd", "etcpasswd"),
            ("a\"; filename=\"b.exe", "a filename=b.exe", "a%20filename%3Db.exe"),
            ("x\r\nset-cookie: a=b.jpg", "xset-cookie a=b.jpg", "xset-cookie%20a%3Db.jpg"),
            ("photo\u{202e}gpj.exe", "photogpj.exe", "photogpj.exe"),
            ("вирва №2.jpg", "_____ _2.jpg", "%D0%B2%D0%B8%D1%80%D0%B2%D0%B0%20%E2%84%962.jpg"),
            ("C:\\x\\y.png", "Cxy.png", "Cxy.png"),
            ("...", "file", "file"),
            ("", "file", "file"),
        ] {
            let said = to_save(name);
            let said = said.to_str().unwrap();
            assert_eq!(
                said,
                format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"),
                "{name:?}"
            );
        }
    }

    #[test]
    fn what_can_hold_a_script_has_no_known_ending() {
        for name in
            ["a.html", "a.svg", "a.xml", "a.js", "a.exe", "a.jpg.html", "a", "", "a.", ".jpg.svg", "a.pdf "]
        {
            assert!(!has_known_ending(name), "{name}");
        }
        assert!(has_known_ending("A.JPG") && has_known_ending("вирва.pdf"));
    }
}
