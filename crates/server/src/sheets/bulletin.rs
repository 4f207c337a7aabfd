//! What the public is told: numbers, late and coarse, and how the agreement stands at that time; and the way to complain.
//!
//! What it deliberately does not do: show anything that the public may not see, whoever asks; name anybody; promise an answer that the
//! agreement does not promise.
//!
//! Invariants
//! - numbers are those of the store's public table: 24 hours late, nothing under five;
//! - a complaint is a record marked TLP:AMBER, with a number that nobody can guess; its time to answer is what the engine computes
//!   from the agreement, or none is named.
//!
//! Where to start reading: [`page`], then [`complain`].

use super::cases::{enter, recorded};
use super::frame::{Made, Page, badge, e, engine_text, options, section, table};
use crate::forms::{Fields, given};
use crate::front::{Caller, Front};
use crate::known::Matter;
use crate::{Problem, Served};
use axum::http::StatusCode;
use servanda_model::agreement::{Agreement, Fact, NormKind, RoleType};
use servanda_model::record::{Marking, RoleValue, Tlp};
use servanda_model::{Grade, Instant, Name, Question, Record, When};
use servanda_report::State;
use servanda_store::policy::Viewer;
use servanda_store::{PublicRules, public_table, random_bytes};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines of the table at most, newest first.
const SHOWN: usize = 200;
/// Longest complaint and place, in bytes.
const LONGEST: usize = 4_000;
const LONGEST_PLACE: usize = 200;

/// The fact by which an agreement speaks of complaints, where it does: an event that is made to a party.
fn complaint_fact(agreement: &Agreement) -> Option<(&Name, &Fact)> {
    let is_one = |(name, fact): &(&Name, &Fact)| {
        name.as_str() == "complaint"
            && fact.roles.iter().any(|(role, kind)| *role == *"to" && *kind == RoleType::Party)
    };
    agreement.facts.iter().find(is_one)
}

/// What has to be done about complaints, in the agreement's words.
fn promises(page: &Page) -> String {
    let agreement = &page.seen.matter.agreement;
    let Some((name, _)) = complaint_fact(agreement) else {
        return format!("<p>{}</p>", page.e("no-complaint-duty"));
    };
    let bound = agreement.norms.iter().filter(|norm| {
        norm.kind == NormKind::Duty
            && matches!(&norm.when, servanda_model::agreement::Trigger::Each(pattern) if pattern.fact == *name)
    });
    let lines: String = bound
        .map(|norm| {
            let words: String = norm.per.iter().map(|text| format!("<q>{}</q> ", e(text))).collect();
            format!("<li><b>{}</b> {words}</li>", e(servanda_report::wording::norm(Some(norm), &norm.name)))
        })
        .collect();
    match lines.is_empty() {
        true => format!("<p>{}</p>", page.e("no-complaint-duty")),
        false => format!("<p>{}</p><ul>{lines}</ul>", page.e("complaint-duties")),
    }
}

fn parties(agreement: &Agreement) -> Vec<(&str, &str)> {
    agreement.parties.keys().map(|name| (name.as_str(), agreement.phrase(name))).collect()
}

fn form(page: &Page, token: &str) -> String {
    let agreement = &page.seen.matter.agreement;
    let to = match complaint_fact(agreement) {
        Some(_) => format!(
            "<p><label>{}<select name=\"to\">{}</select></label></p>\n",
            page.e("complaint-to"),
            options(parties(agreement), page.typed("to"))
        ),
        None => String::new(),
    };
    format!(
        "{}<form class=\"signing\" method=\"post\" action=\"{}\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\
         <input type=\"hidden\" name=\"form\" value=\"complaint\">\n{to}\
         <p><label>{}<textarea name=\"words\" rows=\"5\" maxlength=\"{LONGEST}\" required>{}</textarea></label></p>\n\
         <p><label>{}<input name=\"place\" value=\"{}\" maxlength=\"{LONGEST_PLACE}\" autocomplete=\"off\"></label></p>\n\
         <p class=\"about\">{}</p>\n<p><button>{}</button></p>\n</form>\n",
        page.alert_of("complaint"),
        page.link("/bulletin/complaint", &[]),
        e(token),
        page.e("complaint-words"),
        e(page.typed("words")),
        page.e("complaint-place"),
        e(page.typed("place")),
        page.e("complaint-note"),
        page.e("complain"),
    )
}

/// Where whoever has a number asks what became of it.
fn number_form(page: &Page, token: &str) -> String {
    format!(
        "{}<form class=\"filters\" method=\"post\" action=\"{}\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\
         <input type=\"hidden\" name=\"form\" value=\"number\">\n\
         <label>{}<input name=\"number\" value=\"{}\" maxlength=\"64\" autocomplete=\"off\" spellcheck=\"false\" required></label>\n\
         <div class=\"ends\"><button>{}</button></div>\n</form>\n",
        page.alert_of("number"),
        page.link("/bulletin/complaint/state", &[]),
        e(token),
        page.e("number-of-complaint"),
        e(page.typed("number")),
        page.e("ask-about-it"),
    )
}

/// The bulletin. `now` is there where complaints can be taken.
pub(crate) fn page(page: &Page, now: Option<Instant>, token: &str) -> Result<Made, Problem> {
    let seen = &page.seen;
    let agreement = &seen.matter.agreement;
    let calendar = &agreement.calendar;
    // The page speaks of the end of an edition already.
    let rules = PublicRules::default();
    let table_ = public_table(&*seen.matter.records, &rules, page.at() + rules.delay_ms);
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for row in seen.view().rows() {
        let state: State = row.state();
        *counts.entry(state.tone.word()).or_default() += 1;
    }
    let w = page.words;
    let tones: String = counts
        .iter()
        .map(|(tone, n)| badge(tone, &format!("<b>{n}</b> {}", page.e(&format!("tone-{tone}")))) + " ")
        .collect();
    let broken = counts.get("broken").copied().unwrap_or_default();
    let word = if broken == 0 { page.e("public-none-broken") } else { e(&w.count("public-broken", broken)) };
    let mut totals: Vec<_> = table_.totals.iter().collect();
    totals.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    let rows: String = totals
        .into_iter()
        .take(SHOWN)
        .map(|(from, fact, count)| {
            let places = table_.cells.iter().filter(|c| c.from == *from && c.fact == *fact && c.at.is_some()).count();
            format!(
                "<tr><td class=\"num\">{}</td><th scope=\"row\" class=\"what\">{}</th><td class=\"num\">{}</td><td>{}</td></tr>\n",
                e(&calendar.date(*from).to_string()),
                e(seen.phrase(fact)),
                count.map_or_else(|| page.e("under-five"), |n| n.to_string()),
                e(&w.count("cells", places)),
            )
        })
        .collect();
    let heads = [w.t("h-day"), w.t("h-what"), w.t("h-reported"), w.t("h-places")];
    let numbers = match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("public-nothing")),
        false => table(w.t("s-public-numbers"), &heads, &rows),
    };
    let watched: String = seen
        .watched
        .zones()
        .filter_map(|zone| {
            let share =
                seen.watched.share(zone.as_str(), table_.until + -servanda_model::time::DAY, table_.until)?;
            Some(format!(
                "<li>{}</li>",
                w.with(
                    "zone-watched-day",
                    &[
                        ("zone", &e(seen.zone_phrase(zone.as_str()))),
                        ("share", &e(&servanda_report::wording::percent(&share)))
                    ]
                )
            ))
        })
        .collect();
    let watched = match watched.is_empty() {
        true => format!("<p class=\"about\">{}</p>", page.e("public-nobody-watches")),
        false => format!("<ul>{watched}</ul>"),
    };
    let until = page.moment(table_.until);
    let complaint = match now {
        Some(_) => format!("{}{}", promises(page), form(page, token)),
        None => format!("{}<p class=\"about\">{}</p>", promises(page), page.e("no-complaints-here")),
    };
    let main = format!(
        "{}{}{}{}",
        section(w.t("s-public-states"), &format!("<p class=\"counts\">{tones}</p>{watched}")),
        section(
            w.t("s-public-numbers"),
            &format!("<p class=\"about\">{}</p>{numbers}", w.with("public-rules", &[("until", &until)]))
        ),
        section(w.t("s-complain"), &complaint),
        match now {
            Some(_) => section(w.t("s-complaint"), &number_form(page, token)),
            None => String::new(),
        },
    );
    let sentence = w.with("public-until", &[("until", &until)]);
    Ok(Made { title: "title-bulletin", word, sentence, main })
}

/// What a complainant is given.
pub(crate) struct Receipt {
    number: String,
    received: Instant,
    /// What is due, by whom and when, as the agreement has it.
    due: Vec<Due>,
}

/// A duty that a complaint begins: its norm, how that is called, whose it is, by when, and for what it waits.
pub(crate) struct Due {
    norm: Name,
    what: String,
    bearer: servanda_model::verdict::Bearer,
    due: Option<When>,
    waits: String,
}

/// The norm of it.
pub(super) fn due_of(due: &Due) -> &Name {
    &due.norm
}

/// What is due, as a list.
pub(super) fn due_list(page: &Page, due: &[Due]) -> String {
    let w = page.words;
    let due: String = due
        .iter()
        .map(|Due { what, bearer, due, waits, .. }| {
            let by = match due {
                Some(due) => w.with("answer-by", &[("when", &page.when(*due))]),
                None => w.with("answer-waits", &[("what", &engine_text(w, waits))]),
            };
            format!("<li><b>{}</b>: {}, {by}</li>", e(what), page.bearer(bearer))
        })
        .collect();
    match due.is_empty() {
        true => format!("<p>{}</p>", page.e("no-answer-time")),
        false => format!("<ul>{due}</ul>"),
    }
}

/// The page of a receipt.
pub(crate) fn receipt(page: &Page, receipt: &Receipt) -> Made {
    let w = page.words;
    let due = due_list(page, &receipt.due);
    let content = format!(
        "<p>{}</p>\n<p class=\"receipt\"><code>{}</code></p>\n<p>{}</p>\n{due}<p class=\"about\">{}</p>\n<p><a href=\"{}\">{}</a></p>",
        page.e("complaint-taken"),
        e(&receipt.number),
        w.with("complaint-received", &[("when", &page.moment(receipt.received))]),
        page.e("keep-the-number"),
        page.link("/bulletin", &[]),
        page.e("back-to-bulletin"),
    );
    Made {
        title: "title-bulletin",
        word: page.e("complaint-thanks"),
        sentence: String::new(),
        main: section(w.t("s-complain"), &content),
    }
}

/// A number that nobody guesses: 60 bits.
fn number() -> Result<String, Problem> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random_bytes::<12>().map_err(|e| Problem::bug(&e))?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

/// Whether a text can be such a number.
pub(super) fn is_number(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The name of the record of a complaint.
pub(super) fn of_number(number: &str) -> Name {
    Name::from(format!("complaint-{number}"))
}

/// What the agreement makes of a complaint: the duties whose instances begin with it.
pub(super) fn dues(matter: &Matter, served: &Served, record: &Record) -> Vec<Due> {
    let mut records: Vec<Arc<Record>> = (*matter.records).clone();
    records.push(Arc::new(record.clone()));
    let question =
        Question { readings: served.asked_by_default.readings.clone(), ..Question::at(record.recorded) };
    let board = (served.evaluate)(&matter.agreement, &matter.places, &records, &question);
    let begun = board
        .verdicts
        .iter()
        .filter(|v| v.kind == NormKind::Duty && v.instance.as_str().starts_with(record.id.as_str()));
    begun
        .map(|verdict| {
            let norm = matter.agreement.norm(verdict.norm.as_str());
            let waits = match &verdict.standing {
                servanda_model::verdict::Standing::Waiting(what)
                | servanda_model::verdict::Standing::Suspended(what) => what.clone(),
                _ => String::new(),
            };
            let running = verdict.due.filter(|_| waits.is_empty());
            Due {
                norm: verdict.norm.clone(),
                what: servanda_report::wording::norm(norm, &verdict.norm).to_string(),
                bearer: verdict.bearer.clone(),
                due: running,
                waits,
            }
        })
        .collect()
}

/// Takes a complaint.
pub(crate) async fn complain(
    front: &Front,
    caller: &Caller,
    served: &Arc<Served>,
    fields: &Fields,
) -> Result<Receipt, Problem> {
    let Some(people) = &front.0.people else {
        return Err(Problem::missing("no-workspace", "complaints are taken where a workspace is served"));
    };
    let refuse =
        |why: &'static str| Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "not-a-complaint", why));
    let words = given(fields, "words").trim().replace("\r\n", "\n");
    let place = given(fields, "place").trim().to_string();
    if words.is_empty() {
        return refuse("it has no words; say what happened");
    }
    if words.len() > LONGEST || place.len() > LONGEST_PLACE {
        return refuse("it is too long; say it more shortly");
    }
    // Counted for each address apart, and kept from filling the record.
    let counted = format!("a complaint from {:?}", caller.address);
    if front.0.tries.wait(&counted, caller.address, front.now()).is_some() {
        let message = "several complaints came from here just now; wait a quarter of an hour";
        return Err(Problem::with(StatusCode::TOO_MANY_REQUESTS, "too-often", message));
    }
    let number = number()?;
    let now = recorded(front, served);
    let id = of_number(&number);
    let agreement = &served.agreement;
    let mut record = Record::new(id.as_str(), "complaint", When::exact(now), now);
    if let Some((fact, shape)) = complaint_fact(agreement) {
        record.fact = fact.clone();
        let to = given(fields, "to");
        let Some((party, _)) = agreement.parties.get_key_value(to) else {
            return refuse("it does not say against which party it is; choose one of the list");
        };
        record.roles.insert("to".into(), RoleValue::Name(party.clone()));
        if shape.roles.iter().any(|(role, _)| *role == *"case") {
            record.roles.insert("case".into(), RoleValue::Text(number.clone()));
        }
    }
    front.0.tries.count(&counted, caller.address, front.now());
    record.title = format!("complaint {number}");
    record.source = "complaint form".into();
    // That it was made is plain: it was made here. What it says is not thereby established.
    record.stated = Some(Grade::Confirmed);
    record.received = Some(front.now());
    record.marking = Marking::of(Tlp::Amber);
    record.exercise = agreement.exercise;
    record.extra.insert("complaint.words".into(), words);
    if !place.is_empty() {
        record.extra.insert("complaint.place".into(), place);
    }
    let mut by = Viewer::public();
    by.name = "complaint form".into();
    let (store, served_, record_) = (people.store.clone(), served.clone(), record.clone());
    let work = move || {
        enter(&store, "complaint by the page", &record_, &by)?;
        Ok::<_, Problem>(dues(&served_.known.matter(), &served_, &record_))
    };
    let due = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))??;
    if served.follower.is_none() {
        front.0.audiences.begin_anew(&record.marking);
    }
    Ok(Receipt { number, received: now, due })
}
