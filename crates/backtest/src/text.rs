//! A back-test for a terminal or a file.
//!
//! Invariants
//! - what the history is, its period, when its records counted as known, and what it lacks come before any figure;
//! - a column that says nothing for any row is left out;
//! - parties stand in the order of the text.

use crate::Backtest;
use crate::figures::{Load, NormFigures, Spread, TermFigures};
use crate::labels::{Outcome, Scored};
use crate::past::Past;
use crate::vary::{Found, Sweep};
use servanda_model::time::{DAY, HOUR};
use servanda_model::verdict::{Code, Performance};
use servanda_model::{Agreement, Instant, Name, Number, Period};
use servanda_report::text::{Style, clean, short, wrapped};
use servanda_report::{Tone, wording};
use std::collections::BTreeMap;

/// Rows of a table that is for reading; the rest is in JSON, Parquet and the page.
const ROWS: usize = 40;

/// What is said where a number of parties is shown.
pub const NO_RANKING: &str =
    "Counts are a sample of what happened, and of who was watched: no ranking of parties.";
/// How things are counted.
pub const COUNTING: &str = "Counting rule: an instance is one trigger for one bearer (and one period, where it recurs); records that \
     were ruled to speak of one event count once; the verdict counted is the one that stands at the end of the period; times to a verdict \
     are those of the first verdict that decided.";

/// A count with its thousands grouped.
pub fn grouped(n: usize) -> String {
    Number::from(i64::try_from(n).unwrap_or(i64::MAX)).grouped()
}

/// A length of time in its largest unit that fits: `3 h`, `12 d`, `2.5 d`; with its sign.
pub fn length(ms: i64) -> String {
    let (sign, ms) = if ms < 0 { ("−", -ms) } else { ("", ms) };
    let tenths = |unit: i64, word: &str| {
        let tenths = (ms + unit / 20) / (unit / 10);
        match tenths % 10 {
            _ if tenths >= 1000 => format!("{sign}{} {word}", grouped(tenths as usize / 10)),
            0 => format!("{sign}{} {word}", tenths / 10),
            part => format!("{sign}{}.{part} {word}", tenths / 10),
        }
    };
    match ms {
        ms if ms < 1000 => format!("{sign}0 s"),
        ms if ms < 120_000 => tenths(1000, "s"),
        ms if ms < 2 * HOUR => tenths(60_000, "min"),
        ms if ms < 2 * DAY => tenths(HOUR, "h"),
        _ => tenths(DAY, "d"),
    }
}

/// `median / longest`.
pub fn spread(spread: Option<Spread>) -> String {
    spread.map_or(String::new(), |s| format!("{} / {}", length(s.median), length(s.most)))
}

/// A day in the agreement's zone.
pub fn day(agreement: &Agreement, at: Instant) -> String {
    agreement.calendar.date(at).to_string()
}

/// A stretch in days.
pub fn days(agreement: &Agreement, period: Period) -> String {
    let (from, to) = (day(agreement, period.from), day(agreement, period.to));
    if from == to { from } else { format!("{from} to {to}") }
}

/// `fire (2,989), coverage (12)`, and how many more.
pub fn listed<T: AsRef<str>>(all: &[(T, usize)], most: usize) -> String {
    let mut out: Vec<String> =
        all.iter().take(most).map(|(what, n)| format!("{} ({})", what.as_ref(), grouped(*n))).collect();
    if all.len() > most {
        out.push(format!("and {} more", grouped(all.len() - most)));
    }
    out.join(", ")
}

/// Everything.
pub fn backtest(b: &Backtest<'_>, style: &Style) -> String {
    let mut out = heading(b, style);
    norms(&mut out, b, style);
    terms(&mut out, b.agreement, &b.replay.terms, style);
    undecided(&mut out, b, style);
    if let Some(scored) = &b.scored {
        labels(&mut out, b.agreement, scored, style);
    }
    load(&mut out, b, style);
    if let Some(sweep) = &b.sweep {
        variants(&mut out, b, sweep, style);
    }
    if let Some(compared) = &b.compared {
        against(&mut out, b, compared, style);
    }
    out.push_str(&format!("\n{}", faint(style, &wrapped(COUNTING, style.width, 0))));
    out.push_str(&faint(style, &wrapped(&format!("{NO_RANKING} {}", wording::CAVEAT), style.width, 0)));
    out
}

fn faint(style: &Style, lines: &str) -> String {
    lines.lines().map(|l| format!("{}\n", style.faint(l))).collect()
}

/// What the history is and how it was taken.
fn heading(b: &Backtest<'_>, style: &Style) -> String {
    let (agreement, past) = (b.agreement, b.past);
    let calendar = &agreement.calendar;
    let zone = calendar.zone_name();
    let name = if agreement.title.is_empty() { &agreement.name } else { &agreement.title };
    let mut facts: Vec<(&str, String)> = vec![
        ("Draft", clean(name)),
        (
            "Replayed",
            format!("{} to {} {zone}", calendar.show(past.period.from), calendar.show(past.period.to)),
        ),
        ("History", history(agreement, past)),
        ("Known", past.knowledge.words()),
    ];
    for (reading, option) in &b.replay.board.question.readings {
        facts.push(("Reading", format!("{reading} = {option}")));
    }
    let mut out = String::new();
    for (label, words) in facts {
        out.push_str(&format!("{label:<10}{}", wrapped(&clean(&words), style.width, 10).trim_start()));
    }
    for (i, limit) in past.about.limits().iter().enumerate() {
        let label = if i == 0 { "Limits" } else { "" };
        out.push_str(&format!("{label:<10}{}", wrapped(&clean(limit), style.width, 10).trim_start()));
    }
    if crate::json::is_exercise(b) {
        out.push_str(&format!("*** {} ***\n", exercise(b)));
    }
    out
}

/// What of it is an exercise: the text alone, or the records as well.
pub fn exercise(b: &Backtest<'_>) -> &'static str {
    match b.past.records.iter().any(|r| r.exercise) {
        true => "EXERCISE EXERCISE EXERCISE: none of this is real",
        false => "EXERCISE: the draft is an exercise text; the history is as its sources gave it",
    }
}

/// The history in a line.
pub fn history(agreement: &Agreement, past: &Past) -> String {
    let about = &past.about;
    let spoken = about.spoken_of.map_or(String::new(), |p| format!(", {}", days(agreement, p)));
    let sources = about.sources.iter().filter(|(s, _)| !s.is_empty()).cloned().collect::<Vec<_>>();
    let sources = if sources.is_empty() { String::new() } else { format!("; by {}", listed(&sources, 3)) };
    let facts: Vec<(&str, usize)> = about.facts.iter().map(|(f, n)| (f.as_str(), *n)).collect();
    format!("{} records{spoken}: {}{sources}", grouped(about.given), listed(&facts, 5))
}

/// A table: numbers to the right, words to the left; the last column takes what room is left.
struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// So many columns stand even where they say nothing.
    stand: usize,
}

impl Table {
    fn new(head: &[&'static str], stand: usize) -> Table {
        Table { head: head.to_vec(), rows: Vec::new(), stand }
    }

    fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn show(&self, out: &mut String, style: &Style) {
        let used: Vec<usize> = (0..self.head.len())
            .filter(|i| *i < self.stand || self.rows.iter().any(|r| !matches!(r[*i].as_str(), "" | "0")))
            .collect();
        let width = |i: usize| {
            let cells = self.rows.iter().map(|r| r[i].chars().count());
            cells.chain([self.head[i].chars().count()]).max().unwrap_or(0)
        };
        let rest: usize = used.iter().skip(1).map(|i| width(*i) + 2).sum();
        let first = width(used[0]).min(style.width.max(40).saturating_sub(rest + 2).max(12));
        let line = |cells: Vec<&str>| {
            let mut line = format!("  {:<first$}", short(cells[used[0]], first));
            for i in used.iter().skip(1) {
                let (text, width) = (cells[*i], width(*i));
                let number = self
                    .rows
                    .iter()
                    .all(|r| r[*i].is_empty() || r[*i].starts_with(|c: char| c.is_ascii_digit() || c == '−'));
                line.push_str(&if number {
                    format!("  {text:>width$}")
                } else {
                    format!("  {text:<width$}")
                });
            }
            line.trim_end().to_string()
        };
        out.push_str(&format!("{}\n", style.faint(&line(self.head.clone()))));
        for row in self.rows.iter().take(ROWS) {
            out.push_str(&format!("{}\n", line(row.iter().map(String::as_str).collect())));
        }
        if self.rows.len() > ROWS {
            out.push_str(&format!(
                "  and {} more; --format json, --parquet and --html have all\n",
                grouped(self.rows.len() - ROWS)
            ));
        }
    }
}

fn section(out: &mut String, style: &Style, title: &str) {
    out.push_str(&format!("\n{}\n", style.strong(title)));
}

/// The words over the counts of performances, in the order in which they are shown.
pub const COUNTED: [(Performance, &str); 6] = [
    (Performance::Satisfied, "kept"),
    (Performance::Violated, "broken"),
    (Performance::Missed, "missed"),
    (Performance::PendingEvidence, "undecided"),
    (Performance::DependsOnReading, "by reading"),
    (Performance::Pending, "open"),
];

fn norm_cells(agreement: &Agreement, f: &NormFigures) -> Vec<String> {
    let mut cells = vec![clean(f.norm.as_str()), grouped(f.triggers), grouped(f.instances)];
    cells.extend(COUNTED.iter().map(|(p, _)| grouped(f.count(*p))));
    cells.extend([grouped(f.episodes), grouped(f.revised)]);
    let _ = agreement;
    cells
}

fn norms(out: &mut String, b: &Backtest<'_>, style: &Style) {
    if b.replay.norms.is_empty() {
        return;
    }
    section(out, style, "What each norm would have said");
    let mut table = Table::new(
        &[
            "norm",
            "triggered",
            "instances",
            "kept",
            "broken",
            "missed",
            "undecided",
            "by reading",
            "open",
            "episodes",
            "revised",
        ],
        3,
    );
    b.replay.norms.iter().for_each(|f| table.row(norm_cells(b.agreement, f)));
    table.show(out, style);
    let mut table =
        Table::new(&["median / longest", "after the trigger", "after the deadline", "after the deed"], 1);
    for f in &b.replay.norms {
        if f.from_trigger.or(f.from_deadline).or(f.from_deed).is_some() {
            let cells = [spread(f.from_trigger), spread(f.from_deadline), spread(f.from_deed)];
            table.row([vec![clean(f.norm.as_str())], cells.to_vec()].concat());
        }
    }
    if !table.rows.is_empty() {
        section(out, style, "How long until a verdict was there");
        table.show(out, style);
    }
}

fn terms(out: &mut String, agreement: &Agreement, terms: &[TermFigures], style: &Style) {
    if terms.is_empty() {
        return;
    }
    section(out, style, "How often each term was met");
    let mut table = Table::new(&["term", "times", "for, in all", "first", "last"], 2);
    for t in terms {
        let readings = servanda_report::text::readings_words(&t.readings);
        let name = if readings.is_empty() { t.term.to_string() } else { format!("{} ({readings})", t.term) };
        let began = |e: Option<&crate::figures::TermEpisode>| {
            e.map_or("–".to_string(), |e| day(agreement, e.began.earliest))
        };
        let met = if t.episodes.is_empty() { String::new() } else { length(t.met) };
        table.row(vec![
            clean(&name),
            grouped(t.episodes.len()),
            met,
            began(t.episodes.first()),
            began(t.episodes.last()),
        ]);
    }
    table.show(out, style);
}

/// Why something stays undecided.
pub fn doubt(code: Code) -> &'static str {
    match code {
        Code::BelowStandard => "what is on record is below the standard of proof",
        Code::Contested => "sources contradict each other",
        Code::TimeInDoubt => "the time is not known well enough",
        Code::DoubtOfPlaceOrActor => "the place or the actor is in doubt",
        Code::NotWatched => "nobody watched",
        Code::NobodySees => "the text names nobody who sees it",
        Code::BearerNotEstablished => "who did it is not established",
        Code::LeftToJudgement => "it rests on words left to judgement",
        Code::DependsOnReading => "readings differ",
        _ => "what is known does not decide it",
    }
}

fn undecided(out: &mut String, b: &Backtest<'_>, style: &Style) {
    let all: Vec<&NormFigures> = b.replay.norms.iter().filter(|f| !f.undecided.is_empty()).collect();
    if all.is_empty() {
        return;
    }
    section(out, style, "What could not be decided, and why");
    for f in all {
        for u in &f.undecided {
            let line =
                format!("{}: {} × {} ({})", f.norm, grouped(u.instances), doubt(u.code), u.code.word());
            out.push_str(&wrapped(&clean(&line), style.width, 2));
            for (what, n) in u.missing.iter().take(3) {
                out.push_str(&wrapped(
                    &clean(&format!("missing, {} ×: {what}", grouped(*n))),
                    style.width,
                    6,
                ));
            }
        }
    }
}

fn labels(out: &mut String, agreement: &Agreement, scored: &Scored, style: &Style) {
    section(out, style, "Beside the labelled outcomes");
    if scored.tolerance > 0 {
        out.push_str(&format!("  An alarm may lie {} beside its label.\n", length(scored.tolerance)));
    }
    let mut table = Table::new(
        &["labelled", "outcome", "labels", "found", "misses", "alarms", "false", "outside the period"],
        3,
    );
    for s in &scored.scores {
        table.row(vec![
            clean(s.name.as_str()),
            s.outcome.word().to_string(),
            grouped(s.labels),
            grouped(s.hits),
            grouped(s.missed.len()),
            grouped(s.alarms),
            grouped(s.false_alarms.len()),
            grouped(s.outside),
        ]);
    }
    table.show(out, style);
    for s in &scored.scores {
        for (line, period) in s.missed.iter().take(5) {
            out.push_str(&format!("  missed: {} {} (line {line})\n", s.name, days(agreement, *period)));
        }
        for period in s.false_alarms.iter().take(5) {
            let what = if s.outcome == Outcome::Triggered { "" } else { s.outcome.word() };
            out.push_str(
                &format!("  false: {} {} {what}\n", s.name, days(agreement, *period)).replace(" \n", "\n"),
            );
        }
    }
}

/// What one bearer owed over all months.
pub struct Owed<'a> {
    /// Who, in words.
    pub bearer: String,
    /// By month.
    pub months: Vec<&'a Load>,
}

/// The load of each bearer, in the order of the text.
pub fn by_bearer<'a>(agreement: &Agreement, load: &'a [Load]) -> Vec<Owed<'a>> {
    let mut found: Vec<Owed<'a>> = Vec::new();
    for l in load {
        let bearer = wording::bearer(agreement, &l.bearer);
        match found.last_mut().filter(|o| o.bearer == bearer) {
            Some(owed) => owed.months.push(l),
            None => found.push(Owed { bearer, months: vec![l] }),
        }
    }
    found
}

fn load(out: &mut String, b: &Backtest<'_>, style: &Style) {
    let all = by_bearer(b.agreement, &b.replay.load);
    if all.is_empty() {
        return;
    }
    section(out, style, "What each party would have owed");
    let mut table = Table::new(
        &["party, in the text's order", "duties begun", "due", "most open in a month", "in", "lasting"],
        4,
    );
    for owed in &all {
        let sum = |f: fn(&Load) -> usize| owed.months.iter().map(|l| f(l)).sum::<usize>();
        let most = owed.months.iter().map(|l| l.open).max().unwrap_or(0);
        let when = owed.months.iter().find(|l| l.open == most && most > 0);
        table.row(vec![
            clean(&owed.bearer),
            grouped(sum(|l| l.begun)),
            grouped(sum(|l| l.due)),
            grouped(most),
            when.map_or("–".to_string(), |l| month(b.agreement, l.month)),
            grouped(owed.months.iter().map(|l| l.lasting).max().unwrap_or(0)),
        ]);
    }
    table.show(out, style);
}

/// `2015-02`.
pub fn month(agreement: &Agreement, at: Instant) -> String {
    day(agreement, at).chars().take(7).collect()
}

/// Norms and terms that some variant triggers, by how far variants differ in them.
pub fn shown_in_a_sweep(b: &Backtest<'_>, sweep: &Sweep) -> Vec<Name> {
    let counts: Vec<BTreeMap<Name, usize>> =
        sweep.variants.iter().map(|v| v.triggers(sweep.term_only.as_ref())).collect();
    let names = b.agreement.terms.keys().chain(b.agreement.norms.iter().map(|n| &n.name));
    let of = |name: &Name| counts.iter().filter_map(|c| c.get(name)).copied().collect::<Vec<usize>>();
    let varies = |name: &&Name| {
        let of = of(name);
        of.iter().any(|n| *n != of[0])
    };
    let some = |name: &&Name| of(name).iter().any(|n| *n > 0);
    let varying: Vec<Name> = names.clone().filter(varies).cloned().collect();
    if varying.is_empty() { names.filter(some).cloned().collect() } else { varying }
}

fn variants(out: &mut String, b: &Backtest<'_>, sweep: &Sweep, style: &Style) {
    section(out, style, &format!("Variants ({})", grouped(sweep.variants.len())));
    if let Some(term) = &sweep.term_only {
        let words = format!(
            "Counted in one pass: how often `{term}` would have been met. --verdicts replays the draft for each."
        );
        out.push_str(&wrapped(&words, style.width, 2));
    }
    let shown = shown_in_a_sweep(b, sweep);
    let changing = |v: &crate::vary::Variant| -> (Vec<usize>, Vec<usize>) {
        match &v.found {
            Found::Whole { norms, .. } => {
                let sum = |p: &dyn Fn(&NormFigures) -> usize| norms.iter().map(p).sum::<usize>();
                let one = vec![
                    sum(&|n| n.instances),
                    sum(&|n| n.count(Performance::Satisfied)),
                    sum(&|n| n.count(Performance::Violated)),
                    sum(&|n| n.not_decided()),
                ];
                (one, Vec::new())
            }
            Found::Triggers { .. } => (Vec::new(), Vec::new()),
        }
    };
    let mut head: Vec<String> = sweep.varied.iter().map(|v| v.knob.name.clone()).collect();
    head.extend(shown.iter().take(4).map(|n| format!("{n} ×")));
    let whole = sweep.term_only.is_none();
    if whole {
        head.extend(["instances", "kept", "broken", "undecided"].map(String::from));
    }
    let scored = sweep.variants.iter().any(|v| matches!(&v.found, Found::Whole { scored: Some(_), .. }));
    if scored {
        head.extend(["misses", "false"].map(String::from));
    }
    head.push(String::new());
    let mut rows: Vec<Vec<String>> = vec![head];
    for v in &sweep.variants {
        let mut row: Vec<String> =
            sweep.varied.iter().zip(&v.at).map(|(varied, i)| varied.values[*i].to_string()).collect();
        let counts = v.triggers(sweep.term_only.as_ref());
        row.extend(shown.iter().take(4).map(|n| grouped(counts.get(n).copied().unwrap_or(0))));
        row.extend(changing(v).0.into_iter().map(grouped));
        if let Found::Whole { scored: Some(s), .. } = &v.found {
            row.push(grouped(s.scores.iter().map(|s| s.missed.len()).sum()));
            row.push(grouped(s.scores.iter().map(|s| s.false_alarms.len()).sum()));
        }
        row.push(if v.is_draft { "the draft".into() } else { String::new() });
        rows.push(row);
    }
    let widths: Vec<usize> =
        (0..rows[0].len()).map(|i| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0)).collect();
    for (n, row) in rows.iter().take(ROWS + 1).enumerate() {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(c, w)| format!("{c:>w$}")).collect();
        let line = format!("  {}", cells.join("  ")).trim_end().to_string();
        out.push_str(&format!("{}\n", if n == 0 { style.faint(&line) } else { line }));
    }
    if rows.len() > ROWS + 1 {
        out.push_str(&format!(
            "  and {} more; --format json, --parquet and --html have all\n",
            grouped(rows.len() - ROWS - 1)
        ));
    }
}

fn against(out: &mut String, b: &Backtest<'_>, compared: &crate::against::Compared, style: &Style) {
    let title = if compared.title.is_empty() { &compared.name } else { &compared.title };
    section(out, style, &format!("Beside the other draft: {}", clean(title)));
    let mut table = Table::new(
        &["norm", "triggered", "there", "broken", "there", "undecided", "there", "differ", "from"],
        4,
    );
    for p in &compared.norms {
        let both = |f: &dyn Fn(&NormFigures) -> usize| {
            let one = |side: &Option<NormFigures>| side.as_ref().map_or("–".to_string(), |s| grouped(f(s)));
            [one(&p.here), one(&p.there)]
        };
        let mut cells = vec![clean(p.norm.as_str())];
        cells.extend(both(&|f| f.triggers));
        cells.extend(both(&|f| f.count(Performance::Violated)));
        cells.extend(both(&|f| f.not_decided()));
        let differ = p.differ + p.only_here + p.only_there;
        cells.push(if p.here.is_some() && p.there.is_some() { grouped(differ) } else { "–".into() });
        cells.push(p.from.map_or("–".into(), |at| day(b.agreement, at)));
        table.row(cells);
    }
    table.show(out, style);
    for p in &compared.norms {
        let name = style.strong(&clean(p.norm.as_str()));
        match (&p.here, &p.there) {
            (Some(_), None) => out.push_str(&format!("  {name}: only in the draft\n")),
            (None, Some(_)) => out.push_str(&format!("  {name}: only in the other\n")),
            _ if p.changed.is_empty() && p.examples.is_empty() && p.only_here + p.only_there == 0 => {}
            _ => {
                out.push_str(&format!("  {name}\n"));
                for c in &p.changed {
                    out.push_str(&wrapped(&clean(&format!("{} here:  {}", c.what, c.here)), style.width, 4));
                    out.push_str(&wrapped(&clean(&format!("{} there: {}", c.what, c.there)), style.width, 4));
                }
                if p.only_here + p.only_there > 0 {
                    let words = format!(
                        "{} instances only here, {} only there",
                        grouped(p.only_here),
                        grouped(p.only_there)
                    );
                    out.push_str(&wrapped(&words, style.width, 4));
                }
                for d in p.examples.iter().take(3) {
                    let word = |p: Option<Performance>| p.map_or("nothing", Performance::word);
                    let line = format!(
                        "{} from {}: {} here, {} there; in the end {} and {}",
                        wording::bearer(b.agreement, &d.bearer),
                        b.agreement.calendar.show(d.from),
                        word(d.here),
                        word(d.there),
                        word(d.here_at_end),
                        word(d.there_at_end)
                    );
                    out.push_str(&wrapped(&clean(&line), style.width, 4));
                }
            }
        }
    }
}

/// The tone of a performance, for signs and colours.
pub fn tone(performance: Performance) -> Tone {
    servanda_report::State::of_performance(performance).tone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_a_unit_that_fits() {
        for (ms, words) in [
            (0, "0 s"),
            (1, "0 s"),
            (1500, "1.5 s"),
            (119_999, "120 s"),
            (120_000, "2 min"),
            (2 * HOUR, "2 h"),
            (-90 * 60_000, "−90 min"),
            (2 * DAY + 12 * HOUR, "2.5 d"),
            (20_000 * DAY, "20,000 d"),
        ] {
            assert_eq!(length(ms), words, "{ms}");
        }
    }
}
