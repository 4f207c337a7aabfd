//! For auditors: the log's last checkpoint, who has cosigned it, a proof for each entry, and how to check all of it without this
//! server.
//!
//! How many entries the log has is told here, to auditors and the keeper, and nowhere else: it says how much there is, not what.
//!
//! Where to start reading: [`page`].

use super::frame::{Made, Page, e, section, table};
use crate::Problem;
use crate::front::Front;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use servanda_store::Store;
use servanda_store::log::Log;
use std::collections::BTreeMap;
use std::sync::Arc;

fn wrong(error: &servanda_store::Error) -> Problem {
    eprintln!("error: the log cannot be read: {error}");
    Problem::unable("the log cannot be read just now; the log of the server says more")
}

/// The lines of a note's signatures: the name of each signer.
fn signers(note: &str) -> Vec<String> {
    let lines = note.lines().filter_map(|line| line.strip_prefix("— "));
    lines.filter_map(|line| line.split(' ').next()).map(String::from).collect()
}

/// What is known of the log.
struct Stand {
    origin: String,
    size: u64,
    key: String,
    checkpoint: String,
    witnessed: Option<(String, u64)>,
}

fn stand(store: &Store) -> Result<Stand, Problem> {
    let log: Log = store.log().map_err(|error| wrong(&error))?;
    let witnessed = log.witnessed().map_err(|error| wrong(&error))?;
    Ok(Stand {
        origin: log.origin().to_string(),
        size: log.size(),
        key: log.key().to_string(),
        checkpoint: log.checkpoint().map_err(|error| wrong(&error))?,
        witnessed: witnessed.map(|(note, checkpoint)| (note.to_string(), checkpoint.size)),
    })
}

/// The page of the log.
pub(crate) fn page(page: &Page) -> Result<Made, Problem> {
    let w = page.words;
    let Some(store) = &page.store else {
        let main = section(w.t("s-checkpoint"), &format!("<p class=\"empty\">{}</p>", page.e("no-log")));
        return Ok(Made { title: "title-audit", word: page.e("no-log-word"), sentence: String::new(), main });
    };
    let Stand { origin, size, key, checkpoint, witnessed } = stand(store)?;
    let facts = format!(
        "<dl class=\"facts\"><dt>{}</dt><dd><code>{}</code></dd><dt>{}</dt><dd class=\"num\">{size}</dd>\
         <dt>{}</dt><dd><code class=\"hash\">{}</code></dd></dl>\n<pre class=\"note\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</pre>\n\
         <p class=\"downloads\"><a href=\"/audit/checkpoint\" download=\"checkpoint\">{}</a></p>",
        page.e("log-origin"),
        e(&origin),
        page.e("log-size"),
        page.e("log-key"),
        e(&key),
        page.e("s-checkpoint"),
        e(&checkpoint),
        page.e("save-checkpoint"),
    );
    let log_name = origin.as_str();
    let (named, of) = match &witnessed {
        Some((note, at)) => (signers(note), *at),
        None => (Vec::new(), 0),
    };
    let others: Vec<String> = named.into_iter().filter(|name| name != log_name).collect();
    let witnesses = match others.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-witness")),
        false => {
            let rows: String = others
                .iter()
                .map(|name| {
                    format!("<tr><th scope=\"row\">{}</th><td class=\"num\">{of}</td></tr>\n", e(name))
                })
                .collect();
            table(w.t("s-witnesses"), &[w.t("h-witness"), w.t("h-covers")], &rows)
        }
    };
    let last = size.saturating_sub(1);
    let proof = format!(
        "<p>{}</p>\n<form class=\"filters\" method=\"get\" action=\"/audit/proof\" aria-label=\"{}\">\
         <label>{}<input name=\"entry\" type=\"number\" min=\"0\" max=\"{last}\" value=\"{last}\" required></label>\
         <div class=\"ends\"><button>{}</button></div></form>\n",
        page.e("proof-about"),
        page.e("s-proof"),
        page.e("entry-number"),
        page.e("save-proof"),
    );
    let check = format!(
        "<ol><li>{}</li><li>{}</li><li>{}</li></ol><pre class=\"note\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">servanda log policy --help\n\
         servanda log check PROOF --policy POLICY\nservanda-auditor --help</pre>",
        page.e("check-keep"),
        page.e("check-proof"),
        page.e("check-bundle"),
        page.e("s-check"),
    );
    let main = [
        section(w.t("s-checkpoint"), &facts),
        section(w.t("s-witnesses"), &witnesses),
        section(w.t("s-proof"), &proof),
        section(w.t("s-check"), &check),
    ];
    let entries = w.count("log-entries", usize::try_from(size).unwrap_or(usize::MAX));
    let sentence = match others.len() {
        0 => page.e("witnessed-by-none"),
        n => e(&w.count("witnessed-by", n)),
    };
    Ok(Made { title: "title-audit", word: e(&entries), sentence, main: main.concat() })
}

fn store(front: &Front) -> Result<Arc<Store>, Problem> {
    let people = front.0.people.as_ref();
    people
        .map(|people| people.store.clone())
        .ok_or_else(|| Problem::missing("no-log", "there is no log here: serve a workspace"))
}

fn saved(name: &str, text: String) -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (head, text).into_response()
}

/// The last checkpoint, as it is signed.
pub(crate) async fn checkpoint(front: &Front) -> Result<Response, Problem> {
    let store = store(front)?;
    let read = move || store.log().and_then(|log| log.checkpoint()).map_err(|error| wrong(&error));
    let note = tokio::task::spawn_blocking(read).await.map_err(|e| Problem::bug(&e))??;
    Ok(saved("checkpoint", note))
}

/// A proof that an entry stands in the log.
pub(crate) async fn proof(front: &Front, query: &BTreeMap<String, String>) -> Result<Response, Problem> {
    let store = store(front)?;
    let entry = query.get("entry").and_then(|text| text.trim().parse::<u64>().ok());
    let entry = entry.ok_or_else(|| Problem::bad("bad-entry", "say which entry: `entry=NUMBER`, from 0"))?;
    let read = move || {
        let log = store.log().map_err(|error| wrong(&error))?;
        if entry >= log.size() {
            let message = "the log has no such entry; the first is number 0, the last stands at `/audit`";
            return Err(Problem::missing("no-such-entry", message));
        }
        log.proof(entry).map(|proof| proof.to_string()).map_err(|error| wrong(&error))
    };
    let proof = tokio::task::spawn_blocking(read).await.map_err(|e| Problem::bug(&e))??;
    Ok(saved(&format!("entry-{entry}.proof"), proof))
}
