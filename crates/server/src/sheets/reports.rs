//! Reports, built when they are asked for, of what the audience of the one who asks may see: the same documents as `servanda report`.
//!
//! What it deliberately does not do: keep reports, number them anew, send them, or lay out a PDF (`servanda-pdf` does, within bounds).
//!
//! Invariants
//! - the view that a report is made of is the asker's own: it holds nothing else, so what it leaves out cannot show;
//! - a bulletin is made of what the public may see, 24 hours late, whoever asks;
//! - a headline that is not the sum of its table is not given.
//!
//! Where to start reading: [`list`], then [`page`] and [`file`].

use super::frame::{Made, Page, e, options, section};
use super::words::Lang;
use super::{Come, publics};
use crate::asked::{asked, moment};
use crate::kept::Document;
use crate::pdf::{self, Bounds, Wrong};
use crate::stand::Found;
use crate::{Problem, Served};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use servanda_model::time::DAY;
use servanda_model::{Instant, Record};
use servanda_report::View;
use servanda_report::document::{Asked, Checked, Feeds, Kind, Messages, csv, html};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What a report may be asked.
pub(crate) const ALLOWED: &[&str] = &["cut-off", "since", "incident", "format", "lang"];
const KINDS: [(Kind, &str); 5] = [
    (Kind::Daily, "kind-daily"),
    (Kind::Spot, "kind-spot"),
    (Kind::Bulletin, "kind-bulletin"),
    (Kind::Case, "kind-case"),
    (Kind::Audit, "kind-audit"),
];
const FORMS: [(&str, &str, &str); 5] = [
    ("html", "text/html; charset=utf-8", "HTML"),
    ("csv", "text/csv; charset=utf-8", "CSV"),
    ("geojson", "application/geo+json", "GeoJSON"),
    ("json", "application/json", "JSON"),
    (PDF, "application/pdf", "PDF"),
];
const PDF: &str = "pdf";
/// What the program that lays out a PDF may take and give: a report of 25 pages takes it a second.
const PDF_BOUNDS: Bounds = Bounds { time: Duration::from_secs(30), bytes: 64 << 20 };
/// PDFs that are laid out at a time; whoever comes meanwhile is asked to come again.
static PDFS: Semaphore = Semaphore::const_new(2);

/// The list of what can be built, each with its form.
pub(crate) fn list(page: &Page) -> Result<Made, Problem> {
    let calendar = &page.seen.matter.agreement.calendar;
    let day = calendar.date(page.at());
    let yesterday = day.yesterday().unwrap_or(day);
    let w = page.words;
    let mut main = String::new();
    for (kind, key) in KINDS {
        let cut = match kind {
            Kind::Bulletin => format!("{yesterday} 00:00"),
            _ => page.civil(page.at()),
        };
        let content =
            format!("<p>{}</p>\n{}", page.e(&format!("{key}-about")), form(page, kind, &cut, "", ""));
        main.push_str(&section(w.t(key), &content));
    }
    Ok(Made {
        title: "title-reports",
        word: e(&w.count("n-reports", KINDS.len())),
        sentence: page.e("reports-sentence"),
        main,
    })
}

/// What a report may be asked, beside its kind.
fn form(page: &Page, kind: Kind, cut_off: &str, since: &str, incident: &str) -> String {
    let input = |name: &str, label: &str, value: &str, needed: bool| {
        format!(
            "<label>{}<input name=\"{name}\" value=\"{}\" autocomplete=\"off\"{}></label>\n",
            page.e(label),
            e(value),
            if needed { " required" } else { "" }
        )
    };
    let wants_one = matches!(kind, Kind::Spot | Kind::Case);
    let incident =
        if wants_one { input("incident", "which-incident", incident, true) } else { String::new() };
    let since = if wants_one { String::new() } else { input("since", "since", since, false) };
    format!(
        "<form class=\"filters\" method=\"get\" action=\"/reports/{}\" aria-label=\"{}\">\n{incident}{}{since}\
         <label>{}<select name=\"lang\">{}</select></label>\n<div class=\"ends\"><button>{}</button></div>\n</form>\n",
        kind.word(),
        page.e(&format!("kind-{}", kind.word())),
        input("cut-off", "cut-off", cut_off, true),
        page.e("language"),
        options(Lang::ALL.map(|(_, code, called)| (code, called)), page.words.0.code()),
        page.e("build"),
    )
}

/// Everything that a report is built of, read from the address.
#[derive(Debug)]
pub(crate) struct Wanted {
    kind: Kind,
    /// The form of a file; none where it is to be read here.
    form: Option<usize>,
    lang: Lang,
    cut_off: Instant,
    from: Instant,
    incident: Option<String>,
}

impl Wanted {
    pub(crate) fn is_file(&self) -> bool {
        self.form.is_some()
    }

    pub(crate) fn cut_off(&self) -> Instant {
        self.cut_off
    }
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
    let form = given("format").map(|form| {
        FORMS.iter().position(|(of, ..)| *of == form).ok_or_else(|| {
            let known = FORMS.map(|(of, ..)| of).join("`, `");
            Problem::bad("no-such-form", format!("`format` is one of `{known}`"))
        })
    });
    let form = form.transpose()?;
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

/// What is asked for, and of what it is made.
pub(crate) async fn asked_for(
    come: &Come,
    own: Arc<Served>,
    kind: &str,
) -> Result<(Arc<Served>, Wanted), Problem> {
    let is_public = kind == Kind::Bulletin.word();
    let served = if is_public { publics(come, own).await? } else { own };
    let wanted = wanted(&served, come, kind)?;
    if is_public {
        let at = served.asked_by_default.at;
        let now = come.front.0.people.as_ref().map_or(at, |_| come.front.now());
        if wanted.cut_off + DAY > now.max(at) {
            let message = "a bulletin is made 24 hours after its cut-off: give an earlier `cut-off`";
            return Err(Problem::bad("too-early", message));
        }
    }
    Ok((served, wanted))
}

/// The report as a sheet: the same document as its HTML file, with what it can be saved as.
pub(crate) fn page(page: &Page, wanted: &Wanted) -> Result<Made, Problem> {
    let checked = document(&page.seen.view(), wanted)?;
    let report = checked.document();
    let has_pdf = pdf::program().is_some();
    let links: String = FORMS
        .iter()
        .filter(|(form, ..)| *form != PDF || has_pdf)
        .map(|(form, _, called)| format!("<a href=\"{}\">{called}</a> ", page.again(&[("format", form)])))
        .collect();
    let no_pdf = match has_pdf {
        true => String::new(),
        false => format!("<p class=\"about\">{}</p>\n", coded(&page.e("no-pdf"))),
    };
    let given = |name: &str| page.asks(name).to_string();
    let cut_off = if given("cut-off").is_empty() { page.civil(page.at()) } else { given("cut-off") };
    let asked = form(page, wanted.kind, &cut_off, &given("since"), &given("incident"));
    let figures: Vec<String> = report
        .headline
        .iter()
        .map(|figure| format!("<b>{}</b> {}", figure.value, e(&figure.label)))
        .collect();
    let main = format!(
        "<p><a href=\"{}\">{}</a></p>\n<p class=\"downloads\">{} {links}</p>\n{no_pdf}\
         <details class=\"ask-again\"><summary>{}</summary>\n{asked}</details>\n<article class=\"sheet report\">\n{}</article>\n",
        page.link("/reports", &[]),
        page.e("all-reports"),
        page.e("as-form"),
        page.e("other-report"),
        html::part(&checked, 2),
    );
    Ok(Made {
        title: "title-report",
        word: e(&report.title),
        sentence: match figures.is_empty() {
            true => page.e("report-below"),
            false => format!("{}.", figures.join(", ")),
        },
        main,
    })
}

/// Commands among escaped words, which stand between backquotes there.
fn coded(markup: &str) -> String {
    let parts = markup.split('`').enumerate();
    parts
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.to_string() })
        .collect()
}

/// A report as a file, for whoever asks.
pub(crate) async fn file(served: Arc<Served>, wanted: Wanted) -> Result<Response, Problem> {
    let question = servanda_model::Question {
        at: wanted.cut_off,
        known_at: wanted.cut_off,
        readings: served.asked_by_default.readings.clone(),
    };
    let board = served.board(&question).await?;
    let Some((form, mime, _)) = wanted.form.and_then(|form| FORMS.get(form)) else {
        return Err(Problem::bug(&"a file without its form"));
    };
    let what = format!("report {wanted:?}");
    let work = move |served: &Arc<Served>, found: &Found| {
        let turn = match *form == PDF {
            true => Some(
                PDFS.try_acquire().map_err(|_| busy("others have their PDF made; ask again in a moment"))?,
            ),
            false => None,
        };
        let matter = served.known.matter();
        let checked = document(&matter.view(&found.board), &wanted)?;
        let key = match wanted.kind {
            Kind::Daily => "events",
            Kind::Bulletin => "regions",
            Kind::Spot | Kind::Case => "record",
            Kind::Audit => "entries",
        };
        let bytes = match *form {
            "csv" => csv::csv(&checked, key).into_bytes(),
            "geojson" => checked.geojson().into_bytes(),
            "json" => checked.json().into_bytes(),
            PDF => pdf::pdf(&checked.json(), PDF_BOUNDS).map_err(|wrong| no_pdf(&wrong))?,
            _ => html::html(&checked).into_bytes(),
        };
        drop(turn);
        let date = matter.agreement.calendar.date(wanted.cut_off);
        Ok(Document::named(bytes, format!("{}-{date}-{}.{form}", wanted.kind.word(), wanted.lang.code())))
    };
    let made = served.kept(what, Found::of(board), Arc::new(work)).await?;
    let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, *mime)], made.bytes()).into_response();
    let name = made.name().unwrap_or_default();
    let saved =
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|e| Problem::bug(&e))?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, saved);
    response.extensions_mut().insert(made);
    Ok(response)
}

fn busy(why: &str) -> Problem {
    Problem::with(StatusCode::SERVICE_UNAVAILABLE, "not-now", why)
}

/// Why there is no PDF, for whoever asks; what the program said stands in the log of the server.
fn no_pdf(wrong: &Wrong) -> Problem {
    eprintln!("error: {wrong}");
    match wrong {
        Wrong::Missing => Problem::missing(
            "no-pdf",
            "no PDF is made on this server; save the report as HTML and print that",
        ),
        Wrong::TooMuch => busy("the PDF takes too long; save the report as HTML and print that"),
        Wrong::Broken(_) | Wrong::Refused(_) => {
            Problem::unable("the PDF cannot be made; the log of the server says more")
        }
    }
}

fn document(view: &View<'_>, wanted: &Wanted) -> Result<Checked, Problem> {
    let Wanted { kind, lang, cut_off, from, incident, .. } = wanted;
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
    let made = servanda_report::document::build::document(view, &asked);
    made.checked().map_err(|wrong| Problem::bug(&wrong))
}
