//! Board, verdict card and duty ledger for a terminal or a file.
//!
//! Invariants
//! - the first two lines are the moment spoken of and the moment it is known at, in the agreement's zone, by name;
//! - a state is a sign and a word; colour only repeats them;
//! - without colour no escape character is written, whatever stands in titles and names.
//!
//! Width is counted in characters, which is right for the scripts that agreements are written in here.

use crate::rows::main_step;
use crate::wording::{self, CAVEAT};
use crate::{Answer, Duty, Row, State, Tone, View, explained};
use servanda_model::agreement::Norm;
use servanda_model::explanation::{Change, Explanation};
use servanda_model::uses::Uses;
use servanda_model::verdict::{Cited, Standing, TermState};
use servanda_model::{Grade, Record, RecordId, Verdict, When};
use std::collections::{BTreeMap, BTreeSet};

/// How text is to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// With colour: only for a terminal.
    pub colour: bool,
    /// Columns; fewer than 40 are taken as 40.
    pub width: usize,
}

impl Style {
    /// Without colour, 100 columns: for a file or a pipe.
    pub const PLAIN: Style = Style { colour: false, width: 100 };

    fn width(&self) -> usize {
        self.width.max(40)
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Broken => "1;31",
            Tone::Missed => "33",
            Tone::Reading => "36",
            Tone::Doubt => "1;33",
            Tone::Unseen => "35",
            Tone::Waiting | Tone::Open => "34",
            Tone::Kept => "32",
            Tone::Idle => "2",
        };
        self.code(code, text)
    }

    /// Text that stands out.
    pub fn strong(&self, text: &str) -> String {
        self.code("1", text)
    }

    /// Text that stands back.
    pub fn faint(&self, text: &str) -> String {
        self.code("2", text)
    }

    fn code(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    fn state(&self, state: State) -> String {
        self.paint(state.tone, &format!("{} {}", state.tone.sign(), state.word))
    }
}

/// The two lines that every answer begins with, and the banner of an exercise.
pub fn heading(view: &View<'_>, style: &Style) -> String {
    let calendar = &view.agreement.calendar;
    let question = &view.board.question;
    let zone = calendar.zone_name();
    let mut out = format!(
        "At           {} {zone}\nAs known at  {} {zone}\n",
        calendar.show(question.at),
        calendar.show(question.known_at)
    );
    for (reading, option) in &question.readings {
        out.push_str(&format!("Reading      {reading} = {option}\n"));
    }
    if view.is_exercise() {
        let banner = "*** EXERCISE EXERCISE EXERCISE: none of this is real ***";
        out.push_str(&format!("{}\n", style.code("1;7", banner)));
    }
    out
}

/// The board.
pub fn board(view: &View<'_>, style: &Style) -> String {
    let mut out = heading(view, style);
    let answer = Answer::of(view);
    out.push('\n');
    let name = if view.agreement.title.is_empty() { &view.agreement.name } else { &view.agreement.title };
    out.push_str(&style.strong(&clean(name)));
    out.push('\n');
    out.push_str(&wrapped(&format!("Is it kept? {} {}", answer.word, answer.sentence), style.width(), 0));
    let rows = view.rows();
    let mut last = None;
    for row in &rows {
        if last != Some(row.name) {
            out.push('\n');
            let kind = wording::kind(row.shown().kind);
            let clause = row.norm.and_then(|n| n.clause).and_then(|c| view.agreement.clauses.get(c));
            let clause = clause.map(|c| format!(" · {}", c.heading)).unwrap_or_default();
            let phrase = wording::norm(row.norm, row.name);
            let phrase = if *phrase == *row.name.as_str() { String::new() } else { format!("{phrase} · ") };
            let about = clean(&format!("{phrase}{kind}{clause}"));
            out.push_str(&format!("{}  {}\n", style.strong(&clean(row.name.as_str())), style.faint(&about)));
            last = Some(row.name);
        }
        out.push_str(&board_row(view, row, &rows, style));
    }
    if !view.board.terms.is_empty() {
        out.push_str(&format!("\n{}\n", style.strong("Terms")));
        for term in &view.board.terms {
            out.push_str(&term_lines(view, term, style, 2));
        }
    }
    if !view.board.acts.is_empty() {
        out.push_str(&format!("\n{}\n", style.strong("Acts under powers")));
        for act in &view.board.acts {
            let who = act.actor.as_ref().map_or("somebody", |a| view.agreement.phrase(a));
            let effect = match (act.purported, act.effect) {
                (true, _) => "purported, without effect".to_string(),
                (false, Some(at)) => format!("effective from {}", view.agreement.calendar.show(at)),
                (false, None) => "no effect yet".to_string(),
            };
            let when = view.agreement.calendar.show_when(act.when);
            let line = format!("{when}  {who}: {}: {effect}: {}", act.power, act.because);
            out.push_str(&wrapped(&clean(&line), style.width(), 2));
        }
    }
    out.push_str(&format!("\n{}\n", style.faint(CAVEAT)));
    out
}

fn board_row(view: &View<'_>, row: &Row<'_>, rows: &[Row<'_>], style: &Style) -> String {
    let width = style.width();
    let bearers = rows.iter().map(|r| count(&wording::bearer(view.agreement, r.bearer)));
    let column = bearers.max().unwrap_or(0).clamp(8, width / 3);
    let shown = row.shown();
    let state = row.state();
    let bearer = short(&clean(&wording::bearer(view.agreement, row.bearer)), column);
    let word = format!("{} {}", state.tone.sign(), state.word);
    let due = due_words(view, row);
    let counts = if row.instances.len() > 1 { counted(row) } else { String::new() };
    let facts: Vec<&str> = [due.as_str(), counts.as_str()].into_iter().filter(|f| !f.is_empty()).collect();
    let mut out = format!(
        "  {bearer:<column$}  {}{}{}\n",
        style.paint(state.tone, &word),
        if facts.is_empty() {
            String::new()
        } else {
            " ".repeat(26_usize.saturating_sub(count(&word)).max(2))
        },
        facts.join(" · ")
    );
    let reason = clean(main_step(shown));
    if !reason.is_empty() {
        out.push_str(&format!("    {}\n", style.faint(&short(&reason, width.saturating_sub(4)))));
    }
    out
}

/// `103 satisfied, 1 violated, 1 pending`.
pub fn counted(row: &Row<'_>) -> String {
    let counts: Vec<String> = row.counts().into_iter().map(|(p, n)| format!("{n} {}", p.word())).collect();
    counts.join(", ")
}

fn due_words(view: &View<'_>, row: &Row<'_>) -> String {
    let calendar = &view.agreement.calendar;
    let now = view.board.question.at;
    match (row.next_due(), row.shown().due) {
        (Some(due), _) => format!("due {} ({})", calendar.show_when(due), wording::left(now, due)),
        (None, Some(due)) => {
            format!("{} {}", if due.latest < now { "was due" } else { "due" }, calendar.show_when(due))
        }
        (None, None) => String::new(),
    }
}

fn term_lines(view: &View<'_>, term: &TermState, style: &Style, indent: usize) -> String {
    let calendar = &view.agreement.calendar;
    let declared = view.agreement.terms.get(&term.term);
    let phrase = declared.map(|t| t.phrase.as_str()).filter(|p| !p.is_empty()).unwrap_or(term.term.as_str());
    let (tone, met) = crate::state::met(term.now);
    let now = style.paint(tone, met);
    let readings = readings_words(&term.readings);
    let pad = " ".repeat(indent);
    let mut out = format!(
        "{pad}{}{}: {now}",
        clean(phrase),
        if readings.is_empty() { String::new() } else { format!(" ({readings})") }
    );
    if let Some(episode) = term.episodes.last() {
        let ended = episode.ended.map(|e| format!(" to {}", calendar.show_when(e))).unwrap_or_default();
        let found = episode.found.map(|f| format!(", found {}", calendar.show_when(f))).unwrap_or_default();
        let times = if term.episodes.len() > 1 {
            format!("; {} times in all", term.episodes.len())
        } else {
            String::new()
        };
        let last = format!(
            "last from {}{ended} ({}{found}){times}",
            calendar.show_when(episode.began),
            episode.grade
        );
        out.push('\n');
        out.push_str(&wrapped(&clean(&last), style.width(), indent + 2));
    } else {
        out.push('\n');
    }
    for gauge in &term.gauges {
        let line = format!(
            "{}: {} beside {}",
            gauge.what,
            wording::number(&gauge.value),
            wording::number(&gauge.threshold)
        );
        out.push_str(&wrapped(&clean(&line), style.width(), indent + 2));
    }
    out
}

/// The verdict card (why is it so?). For several verdicts call it for each; the heading stands above the first alone
/// where `with_heading` says so.
pub fn card(view: &View<'_>, verdict: &Verdict, style: &Style, with_heading: bool) -> String {
    card_with(view, verdict, None, style, with_heading)
}

/// The verdict card with its explanation: what it rests on, what stands against it, what would change it.
pub fn card_explained(
    view: &View<'_>,
    verdict: &Verdict,
    why: &Explanation,
    style: &Style,
    with_heading: bool,
) -> String {
    card_with(view, verdict, Some(why), style, with_heading)
}

fn card_with(
    view: &View<'_>,
    verdict: &Verdict,
    why: Option<&Explanation>,
    style: &Style,
    with_heading: bool,
) -> String {
    let mut out = if with_heading { heading(view, style) } else { String::new() };
    let agreement = view.agreement;
    let calendar = &agreement.calendar;
    let zone = calendar.zone_name();
    let width = style.width();
    let reasons = verdict.reasons();
    let norm = agreement.norm(verdict.norm.as_str());
    let state = State::of(verdict);
    let records = view.by_id();

    out.push('\n');
    let name = clean(verdict.norm.as_str());
    let phrase = wording::norm(norm, &verdict.norm);
    let bearer = clean(&wording::bearer(agreement, &verdict.bearer));
    let called = if phrase == verdict.norm.as_str() { String::new() } else { format!(" {}", clean(phrase)) };
    out.push_str(&format!("{}{called} · {bearer}\n", style.strong(&name)));
    let grade = if verdict.grade == servanda_model::Grade::None {
        String::new()
    } else {
        format!(", {}", verdict.grade)
    };
    out.push_str(&format!("{}{grade}\n", style.state(state)));
    if let Some(words) = why.and_then(|why| explained::pending_on(view, verdict, why)) {
        out.push_str(&wrapped(&clean(&words), width, 2));
    }

    if let Some(clause) =
        reasons.clause.or(norm.and_then(|n| n.clause)).and_then(|c| agreement.clauses.get(c))
    {
        section(&mut out, style, "The words");
        out.push_str(&wrapped(&clean(&clause.heading), width, 2));
        for words in &reasons.words {
            out.push_str(&wrapped(&clean(&format!("“{words}”")), width, 4));
        }
    }
    section(&mut out, style, "The rule");
    out.push_str(&wrapped(&clean(&reasons.rule), width, 2));
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some(norm) = norm {
        facts.push(("binds", wording::force(agreement, &norm.force)));
        facts.push(("standard of proof", norm.standard.to_string()));
    }
    let owed: Vec<&str> = verdict.owed_to.iter().map(|n| agreement.phrase(n)).collect();
    if !owed.is_empty() {
        facts.push(("owed to", wording::listed(&owed, "and")));
    }
    if reasons.readings.is_empty() && !reasons.elsewhere.is_empty() {
        facts.push(("reading", "nobody has chosen; each is tried below".into()));
    } else if reasons.readings.is_empty() {
        facts.push(("reading", "none is in question".into()));
    } else {
        facts.push(("reading", readings_words(&reasons.readings)));
    }
    facts.push(("stands", standing_words(&verdict.standing)));
    let time = |label: &'static str, when: Option<When>, facts: &mut Vec<(&str, String)>| {
        if let Some(when) = when {
            facts.push((label, format!("{} {zone}", calendar.show_when(when))));
        }
    };
    time("triggered", verdict.triggered, &mut facts);
    if let Some(due) = verdict.due {
        let left = wording::left(view.board.question.at, due);
        facts.push(("due", format!("{} {zone} ({left})", calendar.show_when(due))));
    }
    time("fulfilled", verdict.fulfilled, &mut facts);
    time("broken from", verdict.breached, &mut facts);
    time("done late", verdict.performed_late, &mut facts);
    if *verdict.instance.as_str() != *"-" {
        facts.push(("instance", verdict.instance.to_string()));
    }
    let marking = wording::marking(agreement, &verdict.marking);
    if !marking.is_empty() {
        facts.push(("marking", marking));
    }
    table(&mut out, style, &facts);

    section(&mut out, style, "Because");
    for (i, step) in reasons.because.iter().enumerate() {
        let line = format!("{}. {} [{}]", i + 1, step.text, step.code.word());
        out.push_str(&wrapped(&clean(&line), width, 2));
    }
    if !reasons.judgement.is_empty() {
        let names: Vec<&str> = reasons.judgement.iter().map(|n| n.as_str()).collect();
        out.push_str(&wrapped(
            &clean(&format!("Left to judgement: {}", wording::listed(&names, "and"))),
            width,
            2,
        ));
    }
    if !verdict.episodes.is_empty() {
        section(&mut out, style, &format!("Episodes of breach ({})", verdict.episodes.len()));
        for episode in verdict.episodes.iter().take(EPISODES) {
            let to = episode.to.map_or("still".to_string(), |t| calendar.show_when(t));
            let from = calendar.show_when(episode.from);
            let until = if episode.to == Some(episode.from) { String::new() } else { format!(" to {to}") };
            let line = format!("{from}{until}: {} ({})", wording::number(&episode.size), episode.grade);
            out.push_str(&wrapped(&clean(&line), width, 2));
        }
        more(&mut out, verdict.episodes.len(), EPISODES);
    }
    match why {
        None => {
            cited(&mut out, view, style, "Decided by", &reasons.decided_by, &records);
            cited(&mut out, view, style, "Against it", &reasons.against, &records);
        }
        Some(why) => explanation(&mut out, view, verdict, why, style, &records),
    }
    if !reasons.missing.is_empty() && why.is_none_or(|why| why.would_change.is_empty()) {
        section(&mut out, style, "What is missing");
        for missing in &reasons.missing {
            out.push_str(&wrapped(&clean(&format!("- {missing}")), width, 2));
        }
    }
    if !reasons.coverage.is_empty() {
        section(&mut out, style, "Who was watching");
        for w in &reasons.coverage {
            let line = format!(
                "{}: {} of {} to {} watched, {}, {}",
                w.what,
                wording::percent(&w.share),
                calendar.show(w.period.from),
                calendar.show(w.period.to),
                match w.grade {
                    servanda_model::Grade::None => "not enough to rule anything out".to_string(),
                    grade => format!("enough for {grade}"),
                },
                match w.gaps.len() {
                    0 => "no gap".to_string(),
                    1 => "1 gap".to_string(),
                    n => format!("{n} gaps"),
                }
            );
            out.push_str(&wrapped(&clean(&line), width, 2));
            for gap in w.gaps.iter().take(5) {
                out.push_str(&format!(
                    "    not watched {} to {}\n",
                    calendar.show(gap.from),
                    calendar.show(gap.to)
                ));
            }
            more(&mut out, w.gaps.len(), 5);
        }
    }
    if !reasons.elsewhere.is_empty() {
        section(&mut out, style, "Under other readings");
        for other in &reasons.elsewhere {
            let state = State::of_performance(other.performance);
            let due = other.due.map(|d| format!(", due {}", calendar.show_when(d))).unwrap_or_default();
            let line = clean(&readings_words(&other.readings));
            out.push_str(&format!("  {line}: {} ({}){due}\n", style.state(state), other.grade));
        }
    }
    if let Some(norm) = norm {
        let terms = terms_of(view, norm);
        if !terms.is_empty() {
            section(&mut out, style, "Terms that it rests on");
            for term in terms {
                out.push_str(&term_lines(view, term, style, 2));
            }
        }
    }
    out.push_str(&format!("\n{}\n", style.faint(CAVEAT)));
    out
}

fn explanation(
    out: &mut String,
    view: &View<'_>,
    verdict: &Verdict,
    why: &Explanation,
    style: &Style,
    records: &BTreeMap<&str, &Record>,
) {
    let reasons = verdict.reasons();
    if why.rests_on.is_empty() {
        section(out, style, "Rests on");
        let words = "No record: it follows from the text and the time, and from what is not on record.";
        out.push_str(&wrapped(words, style.width(), 2));
    }
    cited(out, view, style, "Rests on", &why.rests_on, records);
    let mut told: BTreeSet<&RecordId> = why.rests_on.iter().map(|c| &c.record).collect();
    let opposing = why.against.iter().flat_map(|c| explained::records(&c.what));
    let against: BTreeSet<&RecordId> =
        opposing.chain(reasons.against.iter().map(|c| &c.record)).filter(|id| !told.contains(id)).collect();
    told.extend(&against);
    let also: Vec<Cited> = reasons.decided_by.iter().filter(|c| !told.contains(&c.record)).cloned().collect();
    cited(out, view, style, "Also looked at", &also, records);
    let grade = |id: &RecordId| {
        let known = reasons.against.iter().chain(&reasons.decided_by).find(|c| c.record == *id);
        known.map_or_else(|| records.get(id.as_str()).map_or(Grade::None, |r| r.grade()), |c| c.grade)
    };
    let against: Vec<Cited> =
        against.into_iter().map(|id| Cited { record: id.clone(), grade: grade(id) }).collect();
    cited(out, view, style, "Against it", &against, records);
    let changes = |out: &mut String, changes: &[Change]| {
        for change in changes.iter().take(CHANGES) {
            let line = format!(
                "- {} → {}",
                explained::words(view, &change.what),
                explained::leads_to(view, verdict, change)
            );
            out.push_str(&wrapped(&clean(&line), style.width(), 2));
        }
        more(out, changes.len(), CHANGES);
    };
    if !why.against.is_empty() && against.is_empty() {
        section(out, style, "Against it");
    }
    changes(out, &why.against);
    if !why.would_change.is_empty() {
        section(out, style, "Would change it");
        changes(out, &why.would_change);
    }
    if let Some(words) = explained::left_open(why) {
        out.push('\n');
        out.push_str(&wrapped(words, style.width(), 2));
    }
}

const CHANGES: usize = 12;
const EPISODES: usize = 20;
const RECORDS: usize = 20;

fn terms_of<'a>(view: &View<'a>, norm: &Norm) -> Vec<&'a TermState> {
    let uses = Uses::of_norm(view.agreement, norm);
    view.board.terms.iter().filter(|t| uses.terms.contains(&t.term)).collect()
}

fn cited(
    out: &mut String,
    view: &View<'_>,
    style: &Style,
    title: &str,
    cited: &[Cited],
    records: &BTreeMap<&str, &Record>,
) {
    if cited.is_empty() {
        return;
    }
    section(out, style, &format!("{title} ({})", cited.len()));
    // Records that say the same with the same weight are told once.
    let mut told: Vec<(String, String, Vec<&RecordId>)> = Vec::new();
    for c in cited {
        let Some(record) = records.get(c.record.as_str()) else {
            told.push((clean(c.record.as_str()), c.grade.to_string(), Vec::new()));
            continue;
        };
        let admiralty = wording::admiralty(record);
        let grade =
            if admiralty.is_empty() { c.grade.to_string() } else { format!("{} ({admiralty})", c.grade) };
        let mut when = view.agreement.calendar.show_when(record.when);
        if let Some(until) = record.until {
            when += &format!(" to {}", view.agreement.calendar.show(until));
        }
        let exercise = if record.exercise { "EXERCISE " } else { "" };
        let source = if record.source.is_empty() { "source not named" } else { &record.source };
        let line = clean(&format!("{when} · {exercise}{}", wording::record_line(view.agreement, record)));
        let about = clean(&format!("{grade} · {source} · {}", record.basis.word()));
        match told.last_mut() {
            Some(last) if last.0 == line && last.1 == about && !last.2.is_empty() => last.2.push(&c.record),
            _ => told.push((line, about, vec![&c.record])),
        }
    }
    let mut shown = 0;
    for (line, about, ids) in told.iter().take(RECORDS) {
        let (times, id) = match &ids[..] {
            [] => (String::new(), String::new()),
            [one] => (String::new(), format!(" · {one}")),
            [first, others @ ..] => {
                (format!("{} times: ", ids.len()), format!(" · {first} and {} more", others.len()))
            }
        };
        shown += ids.len().max(1);
        out.push_str(&wrapped(&format!("{times}{line}"), style.width(), 2));
        let about = format!("{about}{}", clean_tail(&id));
        out.push_str(&format!("    {}\n", style.faint(&short(&about, style.width() - 4))));
    }
    more(out, cited.len(), shown);
}

/// The duty ledger.
pub fn duties(view: &View<'_>, duties: &[Duty<'_>], style: &Style) -> String {
    let mut out = heading(view, style);
    let calendar = &view.agreement.calendar;
    let zone = calendar.zone_name();
    if duties.is_empty() {
        out.push_str("\nNo duty is open. Add --until or --party to ask differently, or look at the board.\n");
        return out;
    }
    for duty in duties {
        let v = duty.verdict;
        out.push('\n');
        let title = format!("{} owes", clean(&duty.bearer));
        let to =
            if duty.owed_to.is_empty() { String::new() } else { format!(" to {}", clean(&duty.owed_to)) };
        out.push_str(&format!(
            "{} {title} {}{to}\n",
            style.state(duty.state),
            style.strong(&clean(&duty.title))
        ));
        let mut facts: Vec<(&str, String)> = Vec::new();
        if let Some(clause) = duty.clause {
            facts.push(("clause", clause.to_string()));
        }
        if let Some(triggered) = v.triggered {
            facts.push(("triggered", format!("{} {zone}", calendar.show_when(triggered))));
        }
        match v.due {
            Some(due) => {
                let utc = wording::utc(due);
                let left = duty.time_left.as_deref().unwrap_or_default();
                facts.push(("due", format!("{} {zone} = {utc} ({left})", calendar.show_when(due))));
            }
            None => facts.push(("due", "no day is set".into())),
        }
        if let Some(what) = duty.open_precondition {
            facts.push(("waits for", what.to_string()));
        }
        for needed in &duty.evidence {
            facts.push(("evidence", needed.clone()));
        }
        let marking = wording::marking(view.agreement, &v.marking);
        if !marking.is_empty() {
            facts.push(("marking", marking));
        }
        table(&mut out, style, &facts);
        let reason = clean(main_step(v));
        out.push_str(&wrapped(&reason, style.width(), 2));
    }
    out.push_str(&format!("\n{}\n", style.faint(CAVEAT)));
    out
}

fn standing_words(standing: &Standing) -> String {
    match standing {
        Standing::Waiting(what) => format!("waiting: {what}"),
        Standing::Suspended(why) => format!("suspended: {why}"),
        other => other.word().to_string(),
    }
}

/// `level = floor, start = signed`.
pub fn readings_words(readings: &[(servanda_model::Name, servanda_model::Name)]) -> String {
    let words: Vec<String> = readings.iter().map(|(r, o)| format!("{r} = {o}")).collect();
    words.join(", ")
}

fn section(out: &mut String, style: &Style, title: &str) {
    out.push_str(&format!("\n{}\n", style.strong(title)));
}

fn more(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        out.push_str(&format!("  and {} more\n", all - shown));
    }
}

fn table(out: &mut String, style: &Style, facts: &[(&str, String)]) {
    let column = facts.iter().map(|(label, _)| count(label)).max().unwrap_or(0);
    for (label, text) in facts {
        let text = wrapped(&clean(text), style.width(), column + 4);
        out.push_str(&format!("  {label:<column$}  {}", text.trim_start()));
    }
}

fn count(text: &str) -> usize {
    text.chars().count()
}

/// One line, without control characters: what others wrote cannot move the cursor or colour the screen.
pub fn clean(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}

/// The same, with the blank that it begins with.
fn clean_tail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {}", clean(text)) }
}

/// Text cut to a width, with a sign that it was cut.
pub fn short(text: &str, width: usize) -> String {
    if count(text) <= width {
        return text.to_string();
    }
    let cut: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Lines of at most a width, each set in by `indent` blanks.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let room = width.saturating_sub(indent).max(20);
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && count(&line) + 1 + count(word) > room {
            out.push_str(&format!("{pad}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        out.push_str(&format!("{pad}{line}\n"));
    }
    out
}
