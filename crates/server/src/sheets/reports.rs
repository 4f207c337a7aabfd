//! Reports, built when they are asked for, of what the audience of the one who asks may see: the same documents as `servanda report`.
//!
//! What it deliberately does not do: keep reports, number them anew, or send them.
//!
//! Invariants
//! - the view that a report is made of is the asker's own: it holds nothing else, so what it leaves out cannot show;
//! - a bulletin is made of what the public may see, 24 hours late, whoever asks;
//! - a headline that is not the sum of its table is not given.
//!
//! Where to start reading: [`list`], then [`build`].

use super::frame::{Made, Page, e, options, section};
use super::words::Lang;
use super::{Come, publics};
use crate::asked::{asked, moment};
use crate::kept::Document;
use crate::{Problem, Served};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use servanda_model::time::DAY;
use servanda_model::{Instant, Record};
use servanda_report::View;
use servanda_report::document::{Asked, Feeds, Kind, Messages, csv, html};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a report may be asked.
const ALLOWED: &[&str] = &["cut-off", "since", "incident", "format", "lang"];
const KINDS: [(Kind, &str); 5] = [
    (Kind::Daily, "kind-daily"),
    (Kind::Spot, "kind-spot"),
    (Kind::Bulletin, "kind-bulletin"),
    (Kind::Case, "kind-case"),
    (Kind::Audit, "kind-audit"),
];
const FORMS: [(&str, &str, &str); 4] = [
    ("html", "text/html; charset=utf-8", "HTML"),
    ("csv", "text/csv; charset=utf-8", "CSV"),
    ("geojson", "application/geo+json", "GeoJSON"),
    ("json", "application/json", "JSON"),
];

/// The list of what can be built, each with its form.
pub(crate) fn list(page: &Page) -> Result<Made, Problem> {
    let calendar = &page.seen.matter.agreement.calendar;
    let day = calendar.date(page.at());
    let yesterday = day.yesterday().unwrap_or(day);
    let w = page.words;
    let forms = FORMS.map(|(form, _, called)| (form, called));
    let languages = Lang::ALL.map(|(_, code, called)| (code, called));
    let mut main = String::new();
    for (kind, key) in KINDS {
        let wants_one = matches!(kind, Kind::Spot | Kind::Case);
        let input = |name: &str, label: &str, value: &str, needed: bool| {
            format!(
                "<label>{}<input name=\"{name}\" value=\"{}\" autocomplete=\"off\"{}></label>\n",
                page.e(label),
                e(value),
                if needed { " required" } else { "" }
            )
        };
        let incident = match wants_one {
            true => input("incident", "which-incident", "", true),
            false => String::new(),
        };
        let cut_off = if kind == Kind::Bulletin { yesterday } else { day };
        let since = match wants_one {
            true => String::new(),
            false => input("since", "since", "", false),
        };
        let cut = match kind {
            Kind::Bulletin => format!("{cut_off} 00:00"),
            _ => page.civil(page.at()),
        };
        let content = format!(
            "<p>{}</p>\n<form class=\"filters\" method=\"get\" action=\"/reports/{}\" aria-label=\"{}\">\n{incident}{}{since}\
             <label>{}<select name=\"format\">{}</select></label>\n<label>{}<select name=\"lang\">{}</select></label>\n\
             <div class=\"ends\"><button>{}</button></div>\n</form>\n",
            page.e(&format!("{key}-about")),
            kind.word(),
            page.e(key),
            input("cut-off", "cut-off", &cut, true),
            page.e("as-form"),
            options(forms, "html"),
            page.e("language"),
            options(languages, w.0.code()),
            page.e("build"),
        );
        main.push_str(&section(w.t(key), &content));
    }
    Ok(Made {
        title: "title-reports",
        word: e(&w.count("n-reports", KINDS.len())),
        sentence: page.e("reports-sentence"),
        main,
    })
}

/// Everything that a report is built of, read from the address.
#[derive(Debug)]
struct Wanted {
    kind: Kind,
    form: usize,
    lang: Lang,
    cut_off: Instant,
    from: Instant,
    incident: Option<String>,
}

fn wanted(served: &Served, come: &Come, kind: &str) -> Result<Wanted, Problem> {
    let Some((kind, _)) = KINDS.into_iter().find(|(of, _)| of.word() == kind) else {
        let known = KINDS.map(|(of, _)| of.word()).join("`, `");
        return Err(Problem::missing(
            "no-such-report",
            format!("there is no such report; there is `{known}`"),
        ));
    };
    let asked = asked(&come.query, &served.agreement, &served.asked_by_default, ALLOWED)?;
    let given = |name: &str| asked.rest.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let calendar = &served.agreement.calendar;
    let edge = |name: &str| given(name).map(|text| moment(&civil(text), calendar)).transpose();
    let cut_off = edge("cut-off")?.unwrap_or(asked.question.at);
    let from = edge("since")?.unwrap_or(cut_off + -DAY);
    if from >= cut_off {
        return Err(Problem::bad("empty-time", "`since` must lie before `cut-off`"));
    }
    let form = given("format").unwrap_or("html");
    let Some(form) = FORMS.iter().position(|(of, ..)| *of == form) else {
        let known = FORMS.map(|(of, ..)| of).join("`, `");
        return Err(Problem::bad("no-such-form", format!("`format` is one of `{known}`")));
    };
    let incident = given("incident").map(String::from);
    if matches!(kind, Kind::Spot | Kind::Case) && incident.is_none() {
        let message = "a spot report and a case are about one event: name it with `incident`";
        return Err(Problem::bad("incident-wanted", message));
    }
    Ok(Wanted { kind, form, lang: come.lang, cut_off, from, incident })
}

/// As a person writes it: `2026-05-01 12:00`; at 24:00 a date is meant.
fn civil(text: &str) -> String {
    match text.split_once(' ') {
        Some((date, "24:00")) => date.to_string(),
        Some((date, time)) => format!("{date}T{time}"),
        None => text.to_string(),
    }
}

/// Builds a report for whoever asks.
pub(crate) async fn build(come: &Come, own: Arc<Served>, kind: &str) -> Result<Response, Problem> {
    let is_public = kind == Kind::Bulletin.word();
    let served = if is_public { publics(come, own).await? } else { own };
    let wanted = wanted(&served, come, kind)?;
    let default = &served.asked_by_default;
    if is_public {
        let now = come.front.0.people.as_ref().map_or(default.at, |_| come.front.now());
        if wanted.cut_off + DAY > now.max(default.at) {
            let message = "a bulletin is made 24 hours after its cut-off: give an earlier `cut-off`";
            return Err(Problem::bad("too-early", message));
        }
    }
    let question = servanda_model::Question {
        at: wanted.cut_off,
        known_at: wanted.cut_off,
        readings: default.readings.clone(),
    };
    let board = served.board(&question).await?;
    let (_, mime, _) = FORMS[wanted.form];
    let what = format!("report {wanted:?}");
    let work = move |served: &Arc<Served>| {
        let matter = served.known.matter();
        document(&matter.view(&board), &wanted).map(|(name, bytes)| Document::named(bytes, name))
    };
    let made = served.kept(what, &question, work).await?;
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, mime)], made.bytes()).into_response();
    let name = made.name().unwrap_or_default();
    let saved =
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|e| Problem::bug(&e))?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, saved);
    response.extensions_mut().insert(made);
    Ok(response)
}

fn document(view: &View<'_>, wanted: &Wanted) -> Result<(String, Vec<u8>), Problem> {
    let Wanted { kind, form, lang, cut_off, from, incident } = wanted;
    if let Some(id) = incident {
        let is_it =
            |r: &Record| r.id == *id.as_str() || r.incident.as_ref().is_some_and(|i| *i == *id.as_str());
        if !view.known().into_iter().any(is_it) {
            let message =
                format!("no record or incident `{id}` is known at the cut-off; they are at `/incidents`");
            return Err(Problem::missing("no-such-incident", message));
        }
    }
    let messages =
        Messages::of(lang.code()).ok_or_else(|| Problem::bug(&"a language without its messages"))?;
    let (feeds, withheld) = (Feeds::ordinary(), BTreeSet::new());
    let calendar = &view.agreement.calendar;
    let date = calendar.date(*cut_off);
    let asked = Asked {
        kind: *kind,
        number: format!("{}/{}", date.day_of_year(), date.year()),
        from: *from,
        issued: if *kind == Kind::Bulletin { *cut_off + DAY } else { *cut_off },
        calendar,
        messages: &messages,
        feeds: &feeds,
        withheld: &withheld,
        incident: incident.as_deref(),
    };
    let checked = servanda_report::document::build::document(view, &asked)
        .checked()
        .map_err(|wrong| Problem::bug(&wrong))?;
    let key = match kind {
        Kind::Daily => "events",
        Kind::Bulletin => "regions",
        Kind::Spot | Kind::Case => "record",
        Kind::Audit => "entries",
    };
    let bytes = match FORMS[*form].0 {
        "csv" => csv::csv(&checked, key).into_bytes(),
        "geojson" => checked.geojson().into_bytes(),
        "json" => checked.json().into_bytes(),
        _ => html::html(&checked).into_bytes(),
    };
    Ok((format!("{}-{date}-{}.{}", kind.word(), lang.code(), FORMS[*form].0), bytes))
}
