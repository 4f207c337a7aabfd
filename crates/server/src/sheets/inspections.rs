//! Inspections and the access register: who was let in, who was kept out, for how long, and which breach that opened.
//!
//! What it deliberately does not do: find anything out. The rows, sums and quotas are those of [`crate::pages::inspections`]; this
//! words them.
//!
//! Where to start reading: [`page`].

use super::frame::{Made, Page, badge, e, engine_text, options, section, segment, table};
use crate::Problem;
use crate::pages::inspections::{Inspection, Quota, Register, Step, Sum, Taken, by, is_breach, register};
use servanda_evidence::incident::details;
use servanda_model::record::RoleValue;
use servanda_model::verdict::Bearer;
use servanda_model::{Name, Number};
use servanda_report::{State, wording};
use std::collections::BTreeSet;

/// What it may be asked.
pub(crate) const ALLOWED: &[&str] = &["party", "zone", "from", "to", "skip"];
/// Rows of one list.
const SHOWN: usize = 100;

/// Sign and text of a step.
fn sign(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Asked => ("waiting", "step-asked"),
        Step::Notice => ("waiting", "step-notice"),
        Step::Granted => ("open", "step-granted"),
        Step::Conditional => ("reading", "step-conditional"),
        Step::Delayed => ("missed", "step-delayed"),
        Step::Denied => ("broken", "step-denied"),
        Step::Hindered => ("doubt", "step-hindered"),
        Step::CarriedOut => ("kept", "step-carried-out"),
        Step::Outcome => ("kept", "step-outcome"),
    }
}

fn stepped(page: &Page, step: Step) -> String {
    let (tone, key) = sign(step);
    badge(tone, &page.e(key))
}

/// The record behind something.
fn record_link(page: &Page, taken: &Taken<'_>, words: &str) -> String {
    let id = taken.record.incident.as_ref().unwrap_or(&taken.record.id);
    format!("<a href=\"{}\">{words}</a>", page.link(&format!("/incidents/{}", segment(id.as_str())), &[]))
}

/// A table of numbers: it keeps its head where the page is narrow, and is moved sideways.
fn grid(page: &Page, name: &str, heads: &[&str], rows: &str) -> String {
    let heads: String = heads.iter().map(|key| format!("<th scope=\"col\">{}</th>", page.e(key))).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table class=\"data\">\
         <caption class=\"unseen-text\">{0}</caption><thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>\n",
        page.e(name)
    )
}

fn role(page: &Page, value: Option<&RoleValue>) -> String {
    value.map_or_else(|| page.e("not-named"), |value| e(&wording::role(&page.seen.matter.agreement, value)))
}

/// The verdicts that records decide: breaches first.
fn verdicts(page: &Page, numbers: impl IntoIterator<Item = usize>, none: &str) -> String {
    let agreement = &page.seen.matter.agreement;
    let mut all: Vec<usize> = numbers.into_iter().collect();
    all.sort_by_key(|number| (!is_breach(&page.seen.board.verdicts[*number]), *number));
    all.dedup();
    let one = |number: usize| {
        let verdict = &page.seen.board.verdicts[number];
        let phrase = wording::norm(agreement.norm(verdict.norm.as_str()), &verdict.norm);
        format!(
            "<li>{} <a href=\"{}\">{}</a></li>",
            page.state(State::of(verdict)),
            page.card(verdict),
            e(phrase)
        )
    };
    match all.is_empty() {
        true => format!("<span class=\"small\">{}</span>", page.e(none)),
        false => format!("<ul class=\"plain\">{}</ul>", all.into_iter().map(one).collect::<String>()),
    }
}

fn form(page: &Page, all: &Register<'_>) -> String {
    let parties = all.parties.iter().map(|(name, phrase)| (name.as_str(), phrase.as_str()));
    let zones = all.zones.iter().map(|(name, phrase)| (name.as_str(), phrase.as_str()));
    let any = || std::iter::once(("", page.words.t("all")));
    format!(
        "<form class=\"filters\" method=\"get\" action=\"/inspections\" role=\"search\" aria-label=\"{}\">\n{}\
         <label>{}<select name=\"party\">{}</select></label>\n<label>{}<select name=\"zone\">{}</select></label>\n{}{}\
         <div class=\"ends\"><button>{}</button> <a href=\"{}\">{}</a></div>\n</form>\n",
        page.e("filters"),
        page.hidden(&["at", "known", "reading", "lang"]),
        page.e("party"),
        options(any().chain(parties), page.asks("party")),
        page.e("h-zone"),
        options(any().chain(zones), page.asks("zone")),
        page.date_field("from", "time-from"),
        page.date_field("to", "time-to"),
        page.e("apply"),
        page.link("/inspections", &[]),
        page.e("clear-filters"),
    )
}

fn step_line(page: &Page, taken: &Taken<'_>) -> String {
    let record = taken.record;
    let found = details::of(record);
    let agreement = &page.seen.matter.agreement;
    let reason = ["reason", "grounds"].iter().find_map(|name| record.roles.get(*name));
    let reason = reason.map(|value| wording::role(agreement, value));
    let reason = reason.or_else(|| found.get("remark").map(|text| text.to_string()));
    let reason = reason.map_or(String::new(), |text| format!("<div class=\"small\">{}</div>", e(&text)));
    let title = engine_text(page.words, &wording::record_line(agreement, record));
    format!(
        "<li>{} {} {}{reason}</li>",
        stepped(page, taken.step),
        page.when(record.when),
        record_link(page, taken, &title),
    )
}

fn inspection(page: &Page, one: &Inspection<'_>) -> String {
    let steps: String = one.steps.iter().map(|taken| step_line(page, taken)).collect();
    let lead = match one.lead() {
        Some((told, begun)) if begun >= told => {
            e(&page.words.with("lead", &[("time", &page.words.between(told, begun))]))
        }
        Some(_) => page.e("lead-none"),
        None => page.e("lead-unknown"),
    };
    let zones: BTreeSet<&str> =
        one.steps.iter().flat_map(|t| &t.zones).map(|z| page.seen.zone_phrase(z)).collect();
    let zones = match zones.is_empty() {
        true => String::new(),
        false => {
            let all: Vec<&str> = zones.into_iter().collect();
            format!("<div class=\"small\">{}</div>", e(&all.join(", ")))
        }
    };
    format!(
        "<tr><td>{}<div class=\"small\">{lead}</div></td><th scope=\"row\" class=\"what\">{} → {}{zones}</th>\
         <td><ul class=\"plain\">{steps}</ul></td><td>{}</td></tr>\n",
        stepped(page, one.state()),
        role(page, one.inspects()),
        role(page, one.is_inspected()),
        verdicts(page, one.verdicts(), "decides-nothing"),
    )
}

fn restriction(page: &Page, taken: &Taken<'_>) -> String {
    let record = taken.record;
    let agreement = &page.seen.matter.agreement;
    let lasted = match taken.hours() {
        Some(hours) => page.words.with("n-hours-long", &[("n", &format!("{hours}"))]),
        None => page.words.t("no-end").to_string(),
    };
    let found = details::of(record);
    let place = found.get("place-name").map(|n| n.to_string());
    let place = place.or_else(|| record.place.as_ref().map(wording::place)).unwrap_or_default();
    let zones: Vec<&str> = taken.zones.iter().map(|zone| page.seen.zone_phrase(zone)).collect();
    let marking = wording::marking(agreement, &record.marking);
    let marking = match marking.is_empty() {
        true => String::new(),
        false => format!("<div class=\"small marking\">{}</div>", e(&marking)),
    };
    let title = engine_text(page.words, &wording::record_line(agreement, record));
    format!(
        "<tr><td>{}<div class=\"small\">{}</div></td><th scope=\"row\" class=\"what\">{} {}<div class=\"small\">{} · {}</div>{marking}</th>\
         <td>{}</td><td class=\"small\">{}</td><td>{}</td></tr>\n",
        page.when(record.when),
        e(&lasted),
        stepped(page, taken.step),
        record_link(page, taken, &title),
        e(&record.source),
        page.grade(record.grade().word()),
        by(agreement, record).map_or_else(|| page.e("not-named"), |(_, words)| e(&words)),
        e(&[place.as_str()]
            .into_iter()
            .filter(|p| !p.is_empty())
            .chain(zones)
            .collect::<Vec<_>>()
            .join(" · ")),
        verdicts(page, taken.verdicts.iter().copied(), "opens-no-breach"),
    )
}

/// A count that leads to its rows.
fn opens(page: &Page, n: usize, party: &str, zone: &str) -> String {
    if n == 0 {
        return "0".to_string();
    }
    // A line of several possible parties, or of none, has no filter of its own: its rows are those of the zone.
    let party = if party.contains('|') { "" } else { party };
    format!("<a href=\"{}#register\">{n}</a>", page.again(&[("party", party), ("zone", zone), ("skip", "")]))
}

fn sums(page: &Page, all: &Register<'_>) -> String {
    let span = all.span();
    let sums = all.sums(&page.seen);
    let row = |((party, zone), (words, sum)): (&(String, String), &(String, Sum))| {
        let watched = match span
            .filter(|_| !zone.is_empty())
            .and_then(|(from, to)| page.seen.watched.share(zone, from, to))
        {
            Some(share) => e(&wording::percent(&share)),
            None => badge("unseen", &page.e("no-coverage-of")),
        };
        let open = match sum.open {
            0 => String::new(),
            n => format!("<div class=\"small\">{}</div>", e(&page.words.count("without-end", n))),
        };
        let cell = |n: usize| format!("<td class=\"num\">{}</td>", opens(page, n, party, zone));
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td>{}{}{}{}{}<td class=\"num\">{}{open}</td>{}<td>{watched}</td></tr>\n",
            if words.is_empty() { page.e("not-named") } else { e(words) },
            if zone.is_empty() { page.e("in-no-zone") } else { e(page.seen.zone_phrase(zone)) },
            cell(sum.denied),
            cell(sum.delayed),
            cell(sum.conditional),
            cell(sum.hindered),
            cell(sum.all()),
            (sum.hours * 10.0).round() / 10.0,
            cell(sum.breaches),
        )
    };
    let rows: String = sums.iter().map(row).collect();
    const HEADS: [&str; 10] = [
        "party",
        "h-zone",
        "step-denied",
        "step-delayed",
        "step-conditional",
        "step-hindered",
        "h-all",
        "h-hours",
        "h-breaches",
        "h-watched",
    ];
    match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-restrictions")),
        false => {
            format!("{}<p class=\"about\">{}</p>", grid(page, "s-sums", &HEADS, &rows), page.e("sums-note"))
        }
    }
}

fn number(n: &Number) -> String {
    wording::number(n)
}

fn quota(page: &Page, quota: &Quota<'_>) -> String {
    let agreement = &page.seen.matter.agreement;
    let bearer = match &quota.verdict.bearer {
        Bearer::Party(name) => e(agreement.phrase(name)),
        other => page.bearer(other),
    };
    let side = match quota.is_active {
        Some(true) => page.e("side-active"),
        Some(false) => page.e("side-passive"),
        None => page.e("side-untied"),
    };
    let period = match quota.period {
        Some((from, to, word)) => format!(
            "{}<div class=\"small\">{} – {}</div>",
            page.e(&format!("per-{word}")),
            page.moment(from),
            page.moment(to)
        ),
        None => page.e("per-all"),
    };
    let phrase = wording::norm(agreement.norm(quota.verdict.norm.as_str()), &quota.verdict.norm);
    let (used, left) = match &quota.used {
        Some(used) => {
            let records: String = used
                .iter()
                .map(|record| {
                    let name = record.incident.as_ref().unwrap_or(&record.id);
                    format!(
                        "<li><a href=\"{}\">{}</a></li>",
                        page.link(&format!("/incidents/{}", segment(name.as_str())), &[]),
                        page.when(record.when)
                    )
                })
                .collect();
            let n = used.len();
            let open = match n {
                0 => "0".to_string(),
                n => format!("<details><summary class=\"num\">{n}</summary><ul>{records}</ul></details>"),
            };
            let left = quota.most.clone() - Number::from(n as i64);
            let left = if left < Number::zero() {
                badge("broken", &e(&page.words.with("over-by", &[("n", &number(&(Number::zero() - left)))])))
            } else {
                e(&number(&left))
            };
            (open, left)
        }
        None => (page.e("used-unknown"), "–".to_string()),
    };
    format!(
        "<tr><th scope=\"row\" class=\"what\">{bearer}<div class=\"small\">{side}</div></th><td>{period}</td><td class=\"num\">{}</td>\
         <td>{used}</td><td class=\"num\">{left}</td><td>{} <a href=\"{}\">{}</a></td></tr>\n",
        e(&number(&quota.most)),
        page.state(State::of(quota.verdict)),
        page.card(quota.verdict),
        e(phrase),
    )
}

fn quotas(page: &Page, all: &Register<'_>) -> String {
    const HEADS: [&str; 6] = ["party", "h-period", "h-most", "h-used", "h-left", "h-state"];
    let rows: String = all.quotas.iter().map(|one| quota(page, one)).collect();
    match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-quota")),
        false => format!(
            "{}<p class=\"about\">{}</p>",
            grid(page, "s-quotas", &HEADS, &rows),
            page.e("quota-note")
        ),
    }
}

/// How much was watched in the time of the counts, in a sentence.
fn coverage(page: &Page, all: &Register<'_>) -> String {
    let Some((from, to)) = all.span() else { return String::new() };
    let zone = page.asks("zone");
    let zones: Vec<&Name> =
        page.seen.watched.zones().filter(|name| zone.is_empty() || name.as_str() == zone).collect();
    let all: Vec<String> = zones
        .into_iter()
        .filter_map(|name| {
            let share = page.seen.watched.share(name.as_str(), from, to)?;
            Some(format!("{} {}", e(page.seen.zone_phrase(name.as_str())), e(&wording::percent(&share))))
        })
        .collect();
    match all.is_empty() {
        true => format!(
            "<p class=\"about\">{} {}</p>\n",
            badge("unseen", &page.e("no-coverage-of")),
            page.e("coverage-none")
        ),
        false => format!(
            "<p class=\"about\"><b>{}</b> {}</p>\n",
            page.e("h-watched"),
            page.words.with("coverage-was", &[("zones", &all.join(", "))])
        ),
    }
}

pub(crate) fn page(page: &Page) -> Result<Made, Problem> {
    let all = register(&page.seen, &page.asked)?;
    let skip =
        match page.asked.rest.get("skip").filter(|text| !text.is_empty()).map(|text| text.parse::<usize>()) {
            Some(Ok(skip)) => skip,
            Some(Err(_)) => return Err(Problem::bad("bad-skip", "`skip` is a number of lines")),
            None => 0,
        };
    let w = page.words;
    let of = |step: Step| all.inspections.iter().filter(|one| one.last(step).is_some()).count();
    let breaches: BTreeSet<usize> = all
        .inspections
        .iter()
        .flat_map(|one| one.verdicts())
        .chain(all.restrictions.iter().flat_map(|taken| taken.verdicts.iter().copied()))
        .filter(|number| is_breach(&page.seen.board.verdicts[*number]))
        .collect();
    let denied = all.restrictions.iter().filter(|taken| taken.step == Step::Denied).count();
    let word = match denied {
        0 => page.e("none-denied"),
        n => e(&w.count("denials", n)),
    };
    let sentence = format!(
        "{} {}",
        e(&w.with(
            "inspections-sentence",
            &[
                ("asked", &all.inspections.len().to_string()),
                ("done", &of(Step::CarriedOut).to_string()),
                ("restrictions", &all.restrictions.len().to_string()),
            ]
        )),
        e(&w.count("opened-breaches", breaches.len())),
    );
    let rows: String = all.inspections.iter().take(SHOWN).map(|one| inspection(page, one)).collect();
    let list = match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-inspections")),
        false => table(
            w.t("s-inspections"),
            &[w.t("h-state"), w.t("h-who-whom"), w.t("h-steps"), w.t("h-verdicts")],
            &rows,
        ),
    };
    let more = match all.inspections.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!("<p class=\"about\">{}</p>", e(&w.count("more-inspections", n))),
    };
    let rows: String =
        all.restrictions.iter().skip(skip).take(SHOWN).map(|taken| restriction(page, taken)).collect();
    let register = match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-restrictions")),
        false => table(
            w.t("s-restrictions"),
            &[w.t("h-when"), w.t("h-what"), w.t("h-by-whom"), w.t("h-where"), w.t("h-verdicts")],
            &rows,
        ),
    };
    let pager = match all.restrictions.len().saturating_sub(skip + SHOWN) {
        0 => String::new(),
        n => format!(
            "<p class=\"pager\"><a href=\"{}#register\">{}</a></p>\n",
            page.again(&[("skip", &(skip + SHOWN).to_string())]),
            e(&w.count("more-restrictions", n))
        ),
    };
    let filters: Vec<(&str, &str)> =
        ["party", "zone", "from", "to"].into_iter().map(|name| (name, page.asks(name))).collect();
    let main = format!(
        "{}{}{}{}<div id=\"register\">{}</div>\n\
         <p class=\"downloads\"><a href=\"{}\">CSV</a> <a href=\"{}\">JSON</a> <a href=\"{}\">{}</a></p>\n",
        section(w.t("s-inspections"), &format!("{}{}{list}{more}", form(page, &all), coverage(page, &all))),
        section(w.t("s-quotas"), &quotas(page, &all)),
        section(w.t("s-sums"), &sums(page, &all)),
        format_args!("<p class=\"about\">{}</p>\n", page.e("denial-note")),
        section(w.t("s-restrictions"), &format!("{register}{pager}")),
        page.data("/api/inspections.csv", &filters),
        page.data("/api/inspections", &filters),
        page.link("/access", &[]),
        page.e("to-coverage"),
    );
    Ok(Made { title: "title-inspections", word, sentence, main })
}
