//! Cases: an allegation, the parties' replies in their own words, dissent and findings side by side; and the form by which a party
//! replies.
//!
//! A case is an incident of which a report is an allegation, or about which a party replied, somebody disagreed, or a body found. It
//! is on no other file: everything here stands in the incident's record too.
//!
//! Invariants
//! - a reply is given back as it was written, with who wrote it and whether it came in time;
//! - only an account of a party that may enter reports replies, and only to what it may see; a reply bears the marking of the
//!   allegation, so whoever may see the one may see the other;
//! - nothing is ever deleted: a reply is another record.
//!
//! Where to start reading: [`page`], then [`reply`].

use super::frame::{Made, Page, badge, e, engine_text, options, section, segment, table};
use crate::forms::{Fields, given};
use crate::front::Front;
use crate::pages::seen::{Item, is_event};
use crate::signed_in::random_text;
use crate::{Problem, Served};
use axum::http::StatusCode;
use servanda_evidence::incident::entry::{self, Desk, Said};
use servanda_evidence::incident::{self, Entered, Incident, Kind, Status, Voice, details};
use servanda_evidence::record_json;
use servanda_model::record::RoleValue;
use servanda_model::{Instant, Name, Record};
use servanda_report::wording;
use servanda_store::policy::{Role, Viewer};
use servanda_store::{Intake, Store, StoredRecord, sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What the list may be asked.
pub(crate) const ALLOWED: &[&str] = &["state", "skip"];
const SHOWN: usize = 100;
const STATES: [(&str, &str, &str); 4] = [
    ("open", "waiting", "way-open"),
    ("replied", "open", "way-replied"),
    ("found", "kept", "way-found"),
    ("withdrawn", "idle", "way-withdrawn"),
];

fn records(page: &Page, item: &Item) -> Vec<Record> {
    item.records.iter().map(|number| (*page.seen.matter.records[*number as usize]).clone()).collect()
}

fn state(found: &Incident<'_>) -> (&'static str, &'static str, &'static str) {
    let has = |kind| found.standing(kind).next().is_some();
    let place = if found.status().0 == Status::Withdrawn {
        3
    } else if has(Kind::Finding) {
        2
    } else {
        usize::from(has(Kind::Reply))
    };
    STATES[place]
}

/// Whom an allegation names.
fn named(page: &Page, record: &Record) -> String {
    let by = record.roles.get("by").map(|value| wording::role(&page.seen.matter.agreement, value));
    by.map_or_else(|| page.e("names-nobody"), |text| e(&text))
}

/// The list, the oldest that nobody answered first.
pub(crate) fn list(page: &Page) -> Result<Made, Problem> {
    let asked = page.asked.rest.get("state").map(String::as_str).filter(|text| !text.is_empty());
    if let Some(other) = asked.filter(|text| !STATES.iter().any(|(word, ..)| word == text)) {
        let known = STATES.map(|(word, ..)| word).join("`, `");
        return Err(Problem::bad("no-such-state", format!("`{other}` is no state; there is `{known}`")));
    }
    let skip = match page.asked.rest.get("skip").map(|text| text.parse::<usize>()) {
        Some(Ok(skip)) => skip,
        Some(Err(_)) => return Err(Problem::bad("bad-skip", "`skip` is a number of lines")),
        None => 0,
    };
    let known_at = page.seen.board.question.known_at;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines: Vec<(usize, Instant, String)> = Vec::new();
    for item in &page.seen.cases {
        let own = records(page, item);
        let all = incident::incidents(&own, known_at);
        let Some(found) = all.iter().find(|one| one.id == item.id) else { continue };
        let (word, tone, key) = state(found);
        *counts.entry(word).or_default() += 1;
        if asked.is_some_and(|asked| asked != word) {
            continue;
        }
        let main = found.main();
        let replies = found.replies();
        let late = replies.iter().filter(|(_, _, late)| *late == Some(true)).count();
        let late = match late {
            0 => String::new(),
            n => format!("<div class=\"small\">{}</div>", e(&page.words.count("late-replies", n))),
        };
        let order = STATES.iter().position(|(of, ..)| *of == word).unwrap_or_default();
        let row = format!(
            "<tr><td>{}<div class=\"small\">{}</div></td><th scope=\"row\" class=\"what\"><a href=\"{}\">{}</a>\
             <div class=\"small\">{} · <code>{}</code></div></th><td>{}</td><td>{}{late}</td><td>{}</td></tr>\n",
            page.when(main.when),
            e(&page.words.with("age", &[("time", &page.words.between(item.first, page.at()))])),
            page.link(&format!("/cases/{}", segment(item.id.as_str())), &[]),
            engine_text(page.words, &wording::record_line(&page.seen.matter.agreement, main)),
            e(&main.source),
            e(item.id.as_str()),
            named(page, main),
            e(&page.words.count("replies", replies.len())),
            badge(tone, &page.e(key)),
        );
        lines.push((order, item.first, row));
    }
    lines.sort();
    let w = page.words;
    let count = lines.len();
    let rows: String = lines.into_iter().skip(skip).take(SHOWN).map(|(_, _, row)| row).collect();
    let heads = [w.t("h-when"), w.t("h-claim"), w.t("h-against"), w.t("h-replies"), w.t("h-state")];
    let list = match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-cases")),
        false => table(w.t("title-cases"), &heads, &rows),
    };
    let pager = match count.saturating_sub(skip + SHOWN) {
        0 => String::new(),
        n => format!(
            "<p class=\"pager\"><a href=\"{}\">{}</a></p>\n",
            page.again(&[("skip", &(skip + SHOWN).to_string())]),
            e(&w.count("more-cases", n))
        ),
    };
    let choices = STATES.map(|(word, _, key)| (word, w.t(key)));
    let form = format!(
        "<form class=\"filters\" method=\"get\" action=\"/cases\" role=\"search\" aria-label=\"{}\">{}\
         <label>{}<select name=\"state\">{}</select></label><div class=\"ends\"><button>{}</button></div></form>\n",
        page.e("filters"),
        page.hidden(&["at", "known", "reading", "lang"]),
        page.e("h-state"),
        options(std::iter::once(("", w.t("all"))).chain(choices), asked.unwrap_or_default()),
        page.e("apply"),
    );
    let open = counts.get("open").copied().unwrap_or_default();
    let word = if open == 0 { page.e("none-open") } else { e(&w.count("open-cases", open)) };
    let sentence = e(&w.count("of-cases", counts.values().sum()));
    Ok(Made {
        title: "title-cases",
        word,
        sentence,
        main: section(w.t("s-cases"), &format!("{form}{list}{pager}")),
    })
}

fn words(record: &Record) -> &str {
    match record.roles.get("words") {
        Some(RoleValue::Text(text)) => text,
        _ => "",
    }
}

fn said(page: &Page, entered: &Entered<'_>, late: Option<(Option<Instant>, Option<bool>)>) -> String {
    let record = entered.record;
    let time = match late {
        Some((Some(due), Some(late))) => {
            let key = if late { "was-late" } else { "was-in-time" };
            page.words.with(key, &[("when", &page.moment(due))])
        }
        Some(_) => page.e("no-time-set"),
        None => String::new(),
    };
    let (class, gone) = match entered.withdrawn {
        Some(_) => (" class=\"withdrawn\"", format!(" {}", badge("idle", &page.e("way-withdrawn")))),
        None => ("", String::new()),
    };
    format!(
        "<li{class}><b>{}</b> · {}{gone}<div class=\"about\">{time}</div><blockquote class=\"said\">{}</blockquote></li>\n",
        e(&record.source),
        page.moment(record.recorded),
        e(words(record)),
    )
}

fn column(page: &Page, found: &Incident<'_>, kinds: &[Kind], none: &str) -> String {
    let late: BTreeMap<&Name, (Option<Instant>, Option<bool>)> =
        found.replies().into_iter().map(|(record, due, late)| (&record.id, (due, late))).collect();
    let of_kind = found.entries.iter().filter(|entered| kinds.contains(&entered.kind));
    let all: String =
        of_kind.map(|entered| said(page, entered, late.get(&entered.record.id).copied())).collect();
    match all.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e(none)),
        false => format!("<ul class=\"steps\">{all}</ul>"),
    }
}

fn allegation(page: &Page, found: &Incident<'_>) -> String {
    let agreement = &page.seen.matter.agreement;
    let report = |report: &incident::Reported<'_>| {
        let record = report.current();
        let remark = details::of(record)
            .get("remark")
            .map(|text| format!("<blockquote class=\"said\">{}</blockquote>", e(text)));
        format!(
            "<li{}><b>{}</b> · {} · {}<div>{}</div>{}<div class=\"about\">{} {} · {} {} · <code>{}</code></div></li>\n",
            if report.withdrawn.is_some() { " class=\"withdrawn\"" } else { "" },
            page.e(&format!("voice-{}", Voice::of(record).word())),
            e(&record.source),
            page.when(record.when),
            engine_text(page.words, &wording::record_line(agreement, record)),
            remark.unwrap_or_default(),
            page.e("h-against"),
            named(page, record),
            page.e("h-recorded"),
            page.moment(record.recorded),
            e(record.id.as_str()),
        )
    };
    let all: String = found.reports.iter().map(report).collect();
    let clauses = found.clauses().join(", ");
    let clauses = match clauses.is_empty() {
        true => String::new(),
        false => format!("<p class=\"about\">{} {}</p>", page.e("h-clauses"), e(&clauses)),
    };
    format!("<ul class=\"steps\">{all}</ul>{clauses}")
}

fn reply_form(page: &Page, item: &Item) -> String {
    let party = page.viewer.as_ref().and_then(|viewer| viewer.party.as_ref());
    let (Some(party), Some(token)) = (party.filter(|_| page.may(Role::Reporter)), &page.form_token) else {
        return format!("<p class=\"about\">{}</p>", page.e("who-replies"));
    };
    let party = page.seen.matter.agreement.phrase(party);
    let marking = wording::marking(&page.seen.matter.agreement, &page.seen.main(item).marking);
    let marking = if marking.is_empty() { page.words.t("everybody").to_string() } else { marking };
    format!(
        "<h3>{}</h3>\n{}<form class=\"signing\" method=\"post\" action=\"{}\">\n\
         <input type=\"hidden\" name=\"token\" value=\"{}\"><input type=\"hidden\" name=\"form\" value=\"reply\">\n\
         <p><label>{}<textarea name=\"words\" rows=\"6\" maxlength=\"{}\" required>{}</textarea></label></p>\n\
         <p class=\"about\">{}</p>\n<p><button>{}</button></p>\n</form>\n",
        e(&page.words.with("reply-as", &[("party", party)])),
        page.alert_of("reply"),
        page.link(&format!("/cases/{}/reply", segment(item.id.as_str())), &[]),
        e(token),
        page.e("reply-words"),
        details::LONGEST,
        e(page.typed("words")),
        e(&page.words.with("reply-note", &[("who", &marking)])),
        page.e("put-on-file"),
    )
}

fn missing(id: &str) -> Problem {
    let message = format!("no case is called `{id}`, as known at this moment; all are at `/cases`");
    Problem::missing("no-such-case", message)
}

/// One case.
pub(crate) fn page(page: &Page, id: &str) -> Result<Made, Problem> {
    let item = page.seen.find_case(id).ok_or_else(|| missing(id))?;
    let own = records(page, item);
    let all = incident::incidents(&own, page.seen.board.question.known_at);
    let found = all.iter().find(|one| one.id == item.id).ok_or_else(|| missing(id))?;
    let (_, tone, key) = state(found);
    let w = page.words;
    let replies = format!("{}\n{}", column(page, found, &[Kind::Reply], "no-reply"), reply_form(page, item));
    let columns = format!(
        "<div class=\"columns\"><div>{}{}</div><div>{}{}</div></div>\n",
        section(w.t("s-allegation"), &allegation(page, found)),
        section(
            w.t("s-findings"),
            &column(page, found, &[Kind::Assessment, Kind::Finding, Kind::Action], "no-finding")
        ),
        section(w.t("s-replies"), &replies),
        section(w.t("s-dissent"), &column(page, found, &[Kind::Dissent], "no-dissent")),
    );
    let record = match is_event(&page.seen.matter.agreement, found.main()) {
        true => format!(
            " · <a href=\"{}\">{}</a>",
            page.link(&format!("/incidents/{}", segment(item.id.as_str())), &[]),
            page.e("whole-record")
        ),
        false => String::new(),
    };
    let main = format!(
        "<p><a href=\"{}\">{}</a>{record} · <a href=\"{}\">{}</a></p>\n{columns}",
        page.link("/cases", &[]),
        page.e("all-cases"),
        page.link("/reports/case", &[("incident", item.id.as_str())]),
        page.e("case-report"),
    );
    let title = wording::record_line(&page.seen.matter.agreement, found.main());
    let sentence = format!(
        "{} <code>{}</code> · {}",
        badge(tone, &page.e(key)),
        e(item.id.as_str()),
        e(&w.with("age", &[("time", &w.between(item.first, page.at()))]))
    );
    Ok(Made { title: "title-case", word: engine_text(w, &title), sentence, main })
}

pub(super) fn stored(record: &Record) -> StoredRecord {
    StoredRecord::of(record, record_json::to_json(record))
}

/// Enters one record that came by a form, under whoever sent it. It blocks.
pub(super) fn enter(store: &Store, form: &str, record: &Record, by: &Viewer) -> Result<(), Problem> {
    let stored = stored(record);
    let intake = Intake {
        file: form.to_string(),
        sha256: sha256(stored.json.as_bytes()),
        entered: record.recorded,
        read: 1,
        made: 1,
        refused: 0,
        quarantine: None,
    };
    let unable = |error: servanda_store::Error| {
        if error.is_denied() || error.is_refused() {
            return Problem::with(StatusCode::FORBIDDEN, "not-allowed-here", error.to_string());
        }
        eprintln!("error: what came by a form cannot be entered: {error}");
        Problem::unable("it cannot be entered just now; the log of the server says more")
    };
    for _ in 0..20 {
        let counts = store.view(&Viewer::keeper()).counts().map_err(unable)?;
        let seen = usize::try_from(counts.values().sum::<u64>()).unwrap_or(usize::MAX);
        match store.enter(&intake, std::slice::from_ref(&stored), seen, by, || Ok(())) {
            Ok(_) => return Ok(()),
            Err(error) if error.is_busy() => {}
            Err(error) => return Err(unable(error)),
        }
    }
    Err(Problem::unable("others write all the time; send it again"))
}

/// Waits a moment until what was entered shows to this audience, so that the page after the form has it. It shows anyway, once
/// the server has looked.
pub(crate) async fn until_shown(served: &Arc<Served>, id: &Name) {
    for _ in 0..30 {
        if served.follower.is_none()
            || (served.known.matter().records.iter().rev().take(1_000).any(|record| record.id == *id)
                && !served.behind.lacks(id))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// When something that comes now is recorded: after what this audience was told is complete.
pub(crate) fn recorded(front: &Front, served: &Served) -> Instant {
    let matter = served.known.matter();
    let after = match served.follower.is_some() {
        true => matter.complete_to.next(),
        // A case that stands still speaks of a moment of its own; what comes is not before what is there.
        false => matter.records.iter().map(|record| record.recorded).fold(Instant::MIN, Instant::max),
    };
    front.now().max(after)
}

/// Takes a party's reply. Where the case stands still at a moment of knowledge before it: since when it is known.
pub(crate) async fn reply(
    front: &Front,
    viewer: &Viewer,
    served: &Arc<Served>,
    id: &str,
    fields: &Fields,
) -> Result<Option<Instant>, Problem> {
    let Some(people) = &front.0.people else { return Err(Problem::bug(&"there are no accounts")) };
    let Some(party) = &viewer.party else {
        let message = "your account is of no party; a registrar can change that";
        return Err(Problem::with(StatusCode::FORBIDDEN, "of-no-party", message));
    };
    let mut asked = crate::asked::asked("", &served.agreement, &served.asked_by_default, &[])?;
    let seen = served.seen(&mut asked).await?;
    let item = seen.find_case(id).ok_or_else(|| missing(id))?;
    let main = seen.main(item);
    let now = recorded(front, served);
    let desk = Desk {
        now,
        calendar: served.agreement.calendar.clone(),
        facts: Default::default(),
        fact: None,
        zones: Default::default(),
        attachments: Vec::new(),
        exercise: served.agreement.exercise || main.exercise,
    };
    let said = Said {
        kind: Kind::Reply,
        about: item.id.clone(),
        by: format!("{} ({})", served.agreement.phrase(party), viewer.name),
        words: Some(given(fields, "words").replace("\r\n", "\n")),
        // Whoever replies does not say by when the reply was due.
        parts: BTreeMap::new(),
    };
    let id = Name::from(format!("reply-{}", &random_text()?[..16]));
    let mut record = entry::entry(id.as_str(), &said, &desk).map_err(|fault| {
        let message = format!("{}; {}", fault.reason, fault.remedy);
        Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "not-a-reply", message)
    })?;
    record.marking = main.marking.clone();
    record.received = Some(front.now());
    record.extra.insert("entered.account".into(), viewer.name.clone());
    let (store, by, marking, recorded) =
        (people.store.clone(), viewer.clone(), record.marking.clone(), record.recorded);
    let work = move || enter(&store, "reply by the page", &record, &by);
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))??;
    if served.follower.is_some() {
        until_shown(served, &id).await;
        return Ok(None);
    }
    front.0.audiences.begin_anew(&marking);
    Ok((recorded > seen.board.question.known_at).then_some(recorded))
}
