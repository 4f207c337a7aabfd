//! The trigger sheet: has a threshold of the agreement been reached? The facts with their grades, the clocks, what is missing, what
//! follows; and what two officers decide on it.
//!
//! It starts nothing and sends nothing. A decision is words on record, signed by two accounts, each with its password; what its signers
//! were shown is kept with it.
//!
//! Invariants
//! - unknown is shown as unknown, with what would be needed;
//! - what stands against a trigger is shown beside what speaks for it;
//! - a decision bears at least the marking of the records of its sheet, so it shows nobody more than they may see.
//!
//! Where to start reading: [`page`], then [`decide`].

use super::frame::{Made, Page, badge, e, engine_text, options, section, segment, table};
use crate::forms::{Fields, comparing, given};
use crate::front::{Caller, Front};
use crate::pages::seen::is_event;
use crate::signed_in::random_text;
use crate::{Problem, Served};
use axum::http::StatusCode;
use serde_json::json;
use servanda_lang::readback;
use servanda_model::grade::Truth;
use servanda_model::record::{Marking, Says, Tlp};
use servanda_model::uses::Uses;
use servanda_model::verdict::TermState;
use servanda_model::{Agreement, Name, Record, Verdict};
use servanda_report::{State, wording};
use servanda_store::policy::{Role, Viewer};
use servanda_store::{Decision, LONGEST_WORDS, Proposal, SignedStep, Step, sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Records of a sheet at most, newest first.
const FACTS: usize = 60;
/// Norms that follow, at most.
const FOLLOWS: usize = 100;

fn truth(now: Truth) -> (&'static str, &'static str) {
    match now {
        Truth::True => ("broken", "truth-true"),
        Truth::False => ("idle", "truth-false"),
        Truth::Unknown => ("unseen", "truth-unknown"),
        Truth::Contested => ("doubt", "truth-contested"),
    }
}

fn states<'p>(page: &'p Page, term: &Name) -> Vec<&'p TermState> {
    page.seen.board.terms.iter().filter(|state| state.term == *term).collect()
}

/// The strongest answer under any reading, for the head.
fn strongest(states: &[&TermState]) -> Truth {
    let order = [Truth::True, Truth::Contested, Truth::Unknown];
    order.into_iter().find(|t| states.iter().any(|s| s.now == *t)).unwrap_or(Truth::False)
}

fn phrase<'a>(agreement: &'a Agreement, name: &'a Name) -> &'a str {
    let phrase = agreement.terms.get(name).map(|term| term.phrase.as_str());
    phrase.filter(|phrase| !phrase.is_empty()).unwrap_or(name.as_str())
}

/// Verdicts on norms that hang on a term, with the norm's place in the agreement.
fn follows<'p>(page: &'p Page, term: &Name) -> Vec<&'p Verdict> {
    let agreement = &page.seen.matter.agreement;
    let norms: BTreeSet<&Name> = agreement
        .norms
        .iter()
        .filter(|norm| Uses::of_norm(agreement, norm).terms.contains(term))
        .map(|norm| &norm.name)
        .collect();
    page.seen.board.verdicts.iter().filter(|verdict| norms.contains(&verdict.norm)).collect()
}

/// The records that speak of the term's facts, as known, newest first.
fn facts<'p>(page: &'p Page, term: &Name) -> Vec<&'p Record> {
    let uses = Uses::of_term(&page.seen.matter.agreement, term);
    let at = page.at();
    let speaks = |record: &&Record| {
        (uses.facts.contains(&record.fact)
            || record
                .roles
                .values()
                .any(|value| matches!(value, servanda_model::record::RoleValue::Name(name) if name == term)))
            && record.when.earliest <= at
            && record.withdraws.is_none()
    };
    let mut all: Vec<&Record> = page.seen.view().known().into_iter().filter(speaks).collect();
    all.sort_by(|a, b| (b.when.earliest, &b.id).cmp(&(a.when.earliest, &a.id)));
    all
}

fn gauges(page: &Page, state: &TermState) -> String {
    let one = |gauge: &servanda_model::verdict::Gauge| {
        let (value, threshold) = (wording::number(&gauge.value), wording::number(&gauge.threshold));
        let share = if gauge.threshold.to_f64() > 0.0 {
            gauge.value.to_f64() / gauge.threshold.to_f64()
        } else {
            0.0
        };
        let label = page.words.with("gauge", &[("value", &value), ("threshold", &threshold)]);
        format!(
            "<div class=\"gauge\"><b class=\"num\">{}</b> {}<meter min=\"0\" max=\"1\" value=\"{:.4}\" aria-label=\"{}\"></meter></div>\n",
            e(&label),
            engine_text(page.words, &gauge.what),
            share.clamp(0.0, 1.0),
            e(&label),
        )
    };
    state.gauges.iter().map(one).collect()
}

/// The list of all terms.
pub(crate) fn list(page: &Page) -> Result<Made, Problem> {
    let agreement = &page.seen.matter.agreement;
    let mut met = 0;
    let mut rows = String::new();
    for name in agreement.terms.keys() {
        let states = states(page, name);
        let now = strongest(&states);
        met += usize::from(now == Truth::True);
        let (tone, key) = truth(now);
        let begun = states.iter().flat_map(|s| &s.episodes).map(|episode| episode.began).max();
        let gauge: String = states.first().map(|state| gauges(page, state)).unwrap_or_default();
        rows.push_str(&format!(
            "<tr><th scope=\"row\" class=\"what\"><a href=\"{}\">{}</a></th><td>{}</td><td>{}</td><td>{gauge}</td></tr>\n",
            page.link(&format!("/triggers/{}", segment(name.as_str())), &[]),
            e(phrase(agreement, name)),
            badge(tone, &page.e(key)),
            begun.map_or(page.e("never"), |when| page.when(when)),
        ));
    }
    let w = page.words;
    let main = match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>\n", page.e("no-terms")),
        false => {
            let heads = [w.t("h-trigger"), w.t("h-now"), w.t("h-last-began"), w.t("h-threshold")];
            table(w.t("title-triggers"), &heads, &rows)
        }
    };
    let word = if met == 0 { page.e("none-met") } else { e(&w.count("met", met)) };
    let sentence = e(&w.count("of-terms", agreement.terms.len()));
    Ok(Made { title: "title-triggers", word, sentence, main: section(w.t("s-triggers"), &main) })
}

fn missing_term(term: &str) -> Problem {
    Problem::missing("no-such-term", format!("the agreement has no term `{term}`; all are at `/triggers`"))
}

fn clocks(page: &Page, states: &[&TermState], facts: &[&Record]) -> String {
    let mut rows = String::new();
    for state in states {
        let under: Vec<String> =
            state.readings.iter().map(|(reading, option)| format!("{reading} = {option}")).collect();
        let (tone, key) = truth(state.now);
        let last = state.episodes.iter().max_by_key(|episode| episode.began);
        let detected = last.and_then(|episode| {
            let of_it =
                facts.iter().filter(|f| f.when.latest >= episode.began.earliest && f.says == Says::Affirms);
            of_it.map(|fact| fact.recorded).min()
        });
        let none = || page.e("not-yet");
        rows.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td data-head=\"{}\">{}</td><td data-head=\"{}\">{}</td><td data-head=\"{}\">{}</td>\
             <td data-head=\"{}\">{}</td><td data-head=\"{}\">{}</td></tr>\n",
            if under.is_empty() { page.e("one-reading") } else { e(&under.join(", ")) },
            page.e("h-now"),
            badge(tone, &page.e(key)),
            page.e("h-occurred"),
            last.map_or_else(none, |episode| page.when(episode.began)),
            page.e("h-detected"),
            detected.map_or_else(none, |at| page.moment(at)),
            page.e("h-found"),
            last.and_then(|episode| episode.found).map_or_else(none, |when| page.when(when)),
            page.e("h-grade"),
            last.map_or_else(String::new, |episode| page.grade(episode.grade.word())),
        ));
    }
    let w = page.words;
    let heads = [
        w.t("h-reading"),
        w.t("h-now"),
        w.t("h-occurred"),
        w.t("h-detected"),
        w.t("h-found"),
        w.t("h-grade"),
    ];
    table(w.t("s-clocks"), &heads, &rows)
}

fn condition(page: &Page, name: &Name, term: &servanda_model::agreement::Term) -> String {
    let language = page.words.0.of_rules();
    let quotes: String =
        term.per.iter().map(|words| format!("<blockquote>{}</blockquote>", e(words))).collect();
    let clause = term.clause.and_then(|clause| page.seen.matter.agreement.clauses.get(clause));
    let found_by = term.found_by.as_ref().map(|body| {
        let body = e(page.seen.matter.agreement.phrase(body));
        format!("<p>{}</p>", page.words.with("found-by", &[("body", &body)]))
    });
    format!(
        "<figure class=\"quote\">{quotes}<figcaption>{}</figcaption></figure>\n<p>{}</p>\n{}<p class=\"about\">{}</p>",
        e(clause.map_or("", |clause| &clause.heading)),
        e(&readback::term_in(language, &page.seen.matter.agreement, name, term)),
        found_by.unwrap_or_default(),
        page.words.with("standard", &[("grade", &page.grade(term.standard.word()))]),
    )
}

fn evidence(page: &Page, facts: &[&Record]) -> String {
    if facts.is_empty() {
        return format!("<p class=\"empty\">{}</p>", page.e("no-facts"));
    }
    let agreement = &page.seen.matter.agreement;
    let row = |record: &&Record| {
        let id = record.incident.as_ref().unwrap_or(&record.id);
        let says = match record.says {
            Says::Affirms => String::new(),
            Says::Denies => format!(" {}", badge("doubt", &page.e("denies"))),
        };
        let line = engine_text(page.words, &wording::record_line(agreement, record));
        let line = match is_event(agreement, record) {
            true => {
                let to = page.link(&format!("/incidents/{}", segment(id.as_str())), &[]);
                format!("<a href=\"{to}\">{line}</a>")
            }
            false => line,
        };
        format!(
            "<tr><td>{}</td><th scope=\"row\" class=\"what\">{line}{says}</th><td>{}</td><td class=\"small\">{}</td>\
             <td class=\"small\">{}</td></tr>\n",
            page.when(record.when),
            page.grade(record.grade().word()),
            e(&record.source),
            page.moment(record.recorded),
        )
    };
    let rows: String = facts.iter().take(FACTS).map(row).collect();
    let w = page.words;
    let heads = [w.t("h-when"), w.t("h-what"), w.t("h-grade"), w.t("h-source"), w.t("h-recorded")];
    let more = match facts.len().saturating_sub(FACTS) {
        0 => String::new(),
        n => format!("<p class=\"about\">{}</p>", e(&w.count("older-facts", n))),
    };
    format!("{}{more}", table(w.t("s-facts"), &heads, &rows))
}

/// What is missing for an answer, and what was not watched.
fn missing(page: &Page, term: &Name, states: &[&TermState], follows: &[&Verdict]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for state in states.iter().filter(|state| state.now != Truth::True) {
        for gauge in state.gauges.iter().filter(|gauge| gauge.value < gauge.threshold) {
            let short = gauge.threshold.clone() - gauge.value.clone();
            let gaps = [("n", e(&wording::number(&short))), ("what", engine_text(page.words, &gauge.what))];
            lines.push(page.words.with("short-of", &[(gaps[0].0, &gaps[0].1), (gaps[1].0, &gaps[1].1)]));
        }
    }
    let mut told = BTreeSet::new();
    for text in follows.iter().flat_map(|verdict| &verdict.reasons().missing) {
        if told.insert(text) && told.len() <= 20 {
            lines.push(engine_text(page.words, text));
        }
    }
    let to = page.at();
    let from = to + -3 * servanda_model::time::DAY;
    for zone in &Uses::of_term(&page.seen.matter.agreement, term).zones {
        let called = e(page.seen.zone_phrase(zone.as_str()));
        lines.push(match page.seen.watched.share(zone.as_str(), from, to) {
            Some(share) => page
                .words
                .with("zone-watched", &[("zone", &called), ("share", &e(&wording::percent(&share)))]),
            None => page.words.with("zone-silent", &[("zone", &called)]),
        });
    }
    lines.dedup();
    match lines.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("nothing-missing")),
        false => {
            format!("<ul>{}</ul>", lines.iter().map(|line| format!("<li>{line}</li>")).collect::<String>())
        }
    }
}

fn consequences(page: &Page, follows: &[&Verdict]) -> String {
    let agreement = &page.seen.matter.agreement;
    if follows.is_empty() {
        return format!("<p class=\"empty\">{}</p>", page.e("nothing-follows"));
    }
    let row = |verdict: &&Verdict| {
        let norm = agreement.norm(verdict.norm.as_str());
        let clause = norm.and_then(|n| agreement.clauses.get(n.clause?));
        let force = norm.map(|n| wording::force(agreement, &n.force)).unwrap_or_default();
        let due = verdict.due.map(|due| {
            format!("{}<div class=\"small\">{}</div>", page.when(due), e(&page.words.left(page.at(), due)))
        });
        format!(
            "<tr><th scope=\"row\" class=\"what\"><a href=\"{}\">{}</a><div class=\"small\">{} · {}</div></th><td>{}</td>\
             <td>{}</td><td>{}</td></tr>\n",
            page.card(verdict),
            e(wording::norm(norm, &verdict.norm)),
            e(clause.map_or("", |clause| &clause.heading)),
            engine_text(page.words, &force),
            page.bearer(&verdict.bearer),
            page.state(State::of(verdict)),
            due.unwrap_or_default(),
        )
    };
    let rows: String = follows.iter().take(FOLLOWS).map(row).collect();
    let w = page.words;
    table(w.t("s-follows"), &[w.t("h-duty"), w.t("h-bearer"), w.t("h-state"), w.t("h-due")], &rows)
}

/// The marking that a decision on this sheet has at least: that of its records, all of which whoever signs may see.
fn least(facts: &[&Record]) -> Marking {
    facts.iter().take(FACTS).fold(Marking::default(), |all, record| all.join(&record.marking))
}

/// What the signers of a decision are shown, for the record.
fn shown(page: &Page, term: &Name, signer: &Viewer, marking: &Marking) -> String {
    let states = states(page, term);
    let (facts, mut follows) = (facts(page, term), follows(page, term));
    // What the agreement itself marks higher than the decision is not told by it.
    follows.retain(|verdict| signer.may_see(&verdict.marking) && verdict.marking.join(marking) == *marking);
    let question = &page.seen.board.question;
    let ids: Vec<&str> = facts.iter().map(|record| record.id.as_str()).collect();
    json!({
        "at": question.at.to_string(),
        "known_at": question.known_at.to_string(),
        "now": states.iter().map(|state| json!({
            "readings": state.readings.iter().map(|(r, o)| format!("{r}={o}")).collect::<Vec<_>>(),
            "is": truth(state.now).1.trim_start_matches("truth-"),
        })).collect::<Vec<_>>(),
        "records": ids.len(),
        "records_sha256": sha256(ids.join("\n").as_bytes()),
        "newest": ids.iter().take(FACTS).collect::<Vec<_>>(),
        "follows": follows.iter().take(FOLLOWS).map(|verdict| json!({
            "norm": verdict.norm.as_str(), "bearer": verdict.bearer.to_string(),
            "instance": verdict.instance.as_str(), "state": State::of(verdict).word,
        })).collect::<Vec<_>>(),
    })
    .to_string()
}

fn sign(page: &Page, action: &str, form: &str, content: &str, button: &str) -> String {
    let Some(token) = &page.form_token else { return String::new() };
    format!(
        "<form class=\"signing\" method=\"post\" action=\"{action}\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\
         <input type=\"hidden\" name=\"form\" value=\"{}\">\n{content}\
         <p><label>{}<input type=\"password\" name=\"password\" autocomplete=\"current-password\" maxlength=\"1024\" required></label></p>\n\
         <p><button>{button}</button></p>\n</form>\n",
        e(token),
        e(form),
        page.e("sign-with"),
    )
}

fn signed(page: &Page, key: &str, step: &SignedStep) -> String {
    let words = match step.words.is_empty() {
        true => String::new(),
        false => format!("<blockquote>{}</blockquote>", e(&step.words)),
    };
    format!("<li><b>{}</b> · {} · {}{words}</li>", page.e(key), e(&step.by), page.moment(step.at))
}

fn decision(page: &Page, action: &str, decision: &Decision) -> String {
    let mut steps = signed(page, "step-proposed", &decision.proposed);
    let dissent: String = decision.dissent.iter().map(|step| signed(page, "step-dissent", step)).collect();
    steps.push_str(&dissent);
    for (key, step) in [("step-confirmed", &decision.confirmed), ("step-taken-back", &decision.withdrawn)] {
        steps.push_str(&step.as_ref().map(|step| signed(page, key, step)).unwrap_or_default());
    }
    let (tone, key) = match (&decision.confirmed, &decision.withdrawn) {
        (_, Some(_)) => ("idle", "is-taken-back"),
        (Some(_), _) => ("kept", "is-signed-by-two"),
        _ => ("waiting", "waits-for-second"),
    };
    let shown: serde_json::Value = serde_json::from_str(&decision.shown).unwrap_or_default();
    let basis = page.words.with(
        "decision-basis",
        &[
            ("at", &e(shown["at"].as_str().unwrap_or_default())),
            ("known", &e(shown["known_at"].as_str().unwrap_or_default())),
            ("n", &e(&shown["records"].to_string())),
            (
                "hash",
                &format!(
                    "<code class=\"hash\">{}</code>",
                    e(shown["records_sha256"].as_str().unwrap_or_default())
                ),
            ),
        ],
    );
    let name = page.viewer.as_ref().map_or("", |viewer| &viewer.name);
    let mut forms = String::new();
    if page.may(Role::Officer) && decision.withdrawn.is_none() {
        let form = format!("decision {}", decision.id);
        forms.push_str(&page.alert_of(&form));
        let id = format!("<input type=\"hidden\" name=\"decision\" value=\"{}\">", e(decision.id.as_str()));
        let is_own = decision.proposed.by == name;
        let mut steps = Vec::new();
        if decision.confirmed.is_none() {
            steps.push(if is_own { ("withdraw", "withdraw-it") } else { ("confirm", "confirm-it") });
        }
        steps.push(("dissent", "dissent-it"));
        let choices: String = steps
            .iter()
            .enumerate()
            .map(|(i, (value, key))| {
                let checked = if i == 0 { " checked" } else { "" };
                format!(
                    "<label class=\"check\"><input type=\"radio\" name=\"step\" value=\"{value}\"{checked}> {}</label> ",
                    page.e(key)
                )
            })
            .collect();
        let typed = if page.typed("form") == form { page.typed("words") } else { "" };
        let content = format!(
            "{id}<fieldset class=\"kinds\"><legend>{}</legend>{choices}</fieldset>\n\
             <p><label>{}<textarea name=\"words\" rows=\"2\" maxlength=\"{LONGEST_WORDS}\">{}</textarea></label></p>\n",
            page.e("your-step"),
            page.e("own-words"),
            e(typed),
        );
        let signing = sign(page, action, &form, &content, &page.e("sign"));
        let open = if typed.is_empty() && page.typed("form") != form { "" } else { " open" };
        forms.push_str(&format!(
            "<details{open}><summary>{}</summary>{signing}</details>",
            page.e("sign-this")
        ));
    }
    let marking = wording::marking(&page.seen.matter.agreement, &decision.marking);
    format!(
        "<article class=\"decision\" id=\"{}\">\n<p>{} <span class=\"marking\">{}</span></p>\n<ol class=\"steps\">{steps}</ol>\n\
         <p class=\"about\">{basis}</p>\n{forms}</article>\n",
        e(decision.id.as_str()),
        badge(tone, &page.e(key)),
        e(&marking),
    )
}

fn decisions(page: &Page, term: &Name, action: &str) -> Result<String, Problem> {
    let (Some(store), Some(viewer)) = (&page.store, &page.viewer) else {
        return Ok(format!("<p class=\"empty\">{}</p>", page.e("no-accounts-no-decisions")));
    };
    let all = store.view(viewer).decisions().map_err(|error| {
        eprintln!("error: the decisions cannot be read: {error}");
        Problem::unable("the decisions cannot be read just now; the log of the server says more")
    })?;
    let own: Vec<&Decision> = all.iter().rev().filter(|decision| decision.about == *term).collect();
    let mut out = match own.is_empty() {
        true => format!("<p class=\"empty\">{}</p>\n", page.e("no-decision")),
        false => own.iter().map(|one| decision(page, action, one)).collect(),
    };
    if page.may(Role::Officer) {
        let typed = if page.typed("form") == "propose" { page.typed("words") } else { "" };
        let marking = if page.typed("form") == "propose" { page.typed("marking") } else { Tlp::Amber.word() };
        let levels = Tlp::ALL.map(|level| (level.word(), level.word()));
        let content = format!(
            "<input type=\"hidden\" name=\"step\" value=\"propose\">\
             <p><label>{}<textarea name=\"words\" rows=\"4\" maxlength=\"{LONGEST_WORDS}\" required>{}</textarea></label></p>\n\
             <p><label>{}<select name=\"marking\">{}</select></label></p>\n",
            page.e("what-is-decided"),
            e(typed),
            page.e("who-may-see"),
            options(levels, marking),
        );
        out.push_str(&format!(
            "<h3>{}</h3>\n{}<p class=\"about\">{}</p>\n{}",
            page.e("propose-one"),
            page.alert_of("propose"),
            page.e("propose-note"),
            sign(page, action, "propose", &content, &page.e("propose")),
        ));
    } else {
        out.push_str(&format!("<p class=\"about\">{}</p>", page.e("officers-sign")));
    }
    Ok(out)
}

/// The sheet of one term.
pub(crate) fn page(page: &Page, name: &str) -> Result<Made, Problem> {
    let agreement = &page.seen.matter.agreement;
    let (name, term) = agreement.terms.get_key_value(name).ok_or_else(|| missing_term(name))?;
    let states = states(page, name);
    let (facts, follows) = (facts(page, name), follows(page, name));
    let (_, key) = truth(strongest(&states));
    let action = page.link(&format!("/triggers/{}/decisions", segment(name.as_str())), &[]);
    let w = page.words;
    let gauge: String = states.iter().map(|state| gauges(page, state)).collect();
    let main = [
        section(w.t("s-condition"), &format!("{}\n{gauge}", condition(page, name, term))),
        section(w.t("s-clocks"), &clocks(page, &states, &facts)),
        section(w.t("s-missing"), &missing(page, name, &states, &follows)),
        section(w.t("s-facts"), &evidence(page, &facts)),
        section(
            w.t("s-follows"),
            &format!("{}<p class=\"about\">{}</p>", consequences(page, &follows), page.e("starts-nothing")),
        ),
        section(w.t("s-decisions"), &decisions(page, name, &action)?),
    ];
    let back = format!("<p><a href=\"{}\">{}</a></p>\n", page.link("/triggers", &[]), page.e("all-triggers"));
    Ok(Made {
        title: "title-trigger",
        word: format!("{}: {}", e(phrase(agreement, name)), page.e(key)),
        sentence: e(&w.count("facts-on-record", facts.len())),
        main: format!("{back}{}", main.concat()),
    })
}

fn wrong(error: &servanda_store::Error) -> Problem {
    let with_help = match error.help_text() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    };
    if error.is_denied() {
        Problem::with(StatusCode::FORBIDDEN, "not-allowed-here", with_help)
    } else if error.is_not_found() {
        Problem::missing("no-such-decision", with_help)
    } else if error.is_refused() || error.is_duplicate() {
        Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "refused", with_help)
    } else {
        eprintln!("error: a decision cannot be entered: {error}");
        Problem::unable("it cannot be entered just now; the log of the server says more")
    }
}

/// That whoever is signed in knows the password, within the bounds of signing in.
pub(super) async fn knows_password(front: &Front, caller: &Caller, password: &str) -> Result<(), Problem> {
    let people = front.0.people.as_ref();
    let (Some(people), Some(one)) = (people, &caller.signed_in) else {
        return Err(Problem::bug(&"nobody is signed in"));
    };
    if front.0.tries.wait(&one.name, caller.address, front.now()).is_some() {
        let message = "this was tried too often; wait some minutes, or ask a registrar";
        return Err(Problem::with(StatusCode::TOO_MANY_REQUESTS, "too-often", message));
    }
    front.0.tries.count(&one.name, caller.address, front.now());
    let (store, name, password) = (people.store.clone(), one.name.clone(), password.to_string());
    match comparing(front, move || store.sign_in(&name, &password)).await? {
        Ok(_) => {
            front.0.tries.forget(&one.name, caller.address);
            Ok(())
        }
        Err(error) if error.is_denied() => {
            Err(Problem::with(StatusCode::FORBIDDEN, "wrong-password", "the password is another one"))
        }
        Err(error) => Err(wrong(&error)),
    }
}

/// Takes a step of a decision.
pub(crate) async fn decide(
    front: &Front,
    caller: &Caller,
    served: &Arc<Served>,
    term: &str,
    fields: &Fields,
) -> Result<(), Problem> {
    let (Some(people), Some(viewer)) = (&front.0.people, caller.viewer.clone()) else {
        return Err(Problem::bug(&"nobody is signed in"));
    };
    let Some((term, _)) = served.agreement.terms.get_key_value(term) else { return Err(missing_term(term)) };
    let step = given(fields, "step");
    let (parsed, proposes) = (Step::parse(step), step == "propose");
    if parsed.is_none() && !proposes {
        return Err(Problem::bad("no-such-step", "`step` is `propose`, `confirm`, `dissent` or `withdraw`"));
    }
    knows_password(front, caller, given(fields, "password")).await?;
    let mut asked = crate::asked::asked("", &served.agreement, &served.asked_by_default, &[])?;
    let seen = served.seen(&mut asked).await?;
    let (store, term, now) = (people.store.clone(), term.clone(), front.now());
    let words = given(fields, "words").to_string();
    let (id, level) = (given(fields, "decision").to_string(), given(fields, "marking").to_string());
    let page = Page {
        words: super::Words(super::Lang::En),
        path: String::new(),
        query: Vec::new(),
        seen,
        asked,
        store: None,
        viewer: None,
        form_token: None,
        notices: 0,
        is_public: false,
        alert: String::new(),
        told: std::cell::Cell::new(false),
        typed: Fields::new(),
        stands: true,
    };
    let work = move || -> Result<Marking, Problem> {
        if let Some(step) = parsed {
            let id = Name::from(id.as_str());
            store.sign_decision(&id, step, &words, now, &viewer).map_err(|e| wrong(&e))?;
            let all = store.view(&viewer).decisions().map_err(|e| wrong(&e))?;
            let signed = all.into_iter().find(|decision| decision.id == id);
            return Ok(signed.map(|decision| decision.marking).unwrap_or_default());
        }
        let level = Tlp::parse(&level).ok_or_else(|| {
            let known = Tlp::ALL.map(Tlp::word).join("`, `");
            Problem::bad("no-such-marking", format!("`marking` is one of `{known}`"))
        })?;
        let marking = least(&facts(&page, &term)).join(&Marking::of(level));
        let id: Name = format!("decision-{}", &random_text()?[..16]).into();
        let shown = shown(&page, &term, &viewer, &marking);
        let proposal = Proposal { id: &id, about: &term, words: &words, shown: &shown, marking: &marking };
        store.propose_decision(&proposal, now, &viewer).map_err(|e| wrong(&e))?;
        Ok(marking)
    };
    let marking = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))??;
    front.0.audiences.tell(&marking);
    Ok(())
}
