//! The page: the back-test in one file that needs neither network nor script.
//!
//! Invariants
//! - nothing is fetched from anywhere, and nothing runs: a policy in the page says so too;
//! - beside every plot stands its table; no plot says something by colour alone;
//! - what others wrote is text, never markup;
//! - parties stand in the order of the text.

use crate::Backtest;
use crate::figures::{Instance, Load, NormFigures};
use crate::plot::{self, Held, Lane, Line, Lines, Months, escaped};
use crate::text::{self, COUNTED, COUNTING, NO_RANKING, day, days, grouped, length, month, spread};
use crate::vary::{Found, Sweep, Variant};
use servanda_model::verdict::Performance;
use servanda_model::{Instant, Name, Period};
use servanda_report::wording;
use std::fmt::Write;

/// Rows of a table at most; the rest is in JSON and Parquet.
const ROWS: usize = 600;
const STYLE: &str = include_str!("page.css");

/// The page.
pub fn page(b: &Backtest<'_>) -> String {
    let name = if b.agreement.title.is_empty() { &b.agreement.name } else { &b.agreement.title };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Back-test: {0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{PATTERNS}\
         <header>\n<p class=\"over\">Back-test of a draft</p>\n<h1>{0}: what would it have said?</h1>\n",
        escaped(name)
    );
    if crate::json::is_exercise(b) {
        let _ = writeln!(out, "<p class=\"exercise\">{}</p>", text::exercise(b));
    }
    let _ = writeln!(out, "<p class=\"answer\">{}</p>\n</header>\n<main>", escaped(&answer(b)));
    history(&mut out, b);
    norms(&mut out, b);
    timeline(&mut out, b);
    undecided(&mut out, b);
    labels(&mut out, b);
    sweep(&mut out, b);
    load(&mut out, b);
    against(&mut out, b);
    let _ = write!(
        out,
        "</main>\n<footer>\n<h2>How it is counted</h2>\n<p>{}</p>\n<p><strong>{}</strong></p>\n<p>{} Made by servanda.</p>\n</footer>\n</body>\n</html>\n",
        escaped(COUNTING),
        escaped(NO_RANKING),
        escaped(wording::CAVEAT)
    );
    out
}

/// Patterns for what is broken and what is undecided, so that colour is never alone.
const PATTERNS: &str = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" focusable=\"false\" style=\"position:absolute\"><defs>\
<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" class=\"p-broken\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"5\" class=\"p-line\"/></pattern>\
<pattern id=\"dots\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\"><rect width=\"5\" height=\"5\" class=\"p-doubt\"/><circle cx=\"2.5\" cy=\"2.5\" r=\"1.1\" class=\"p-dot\"/></pattern>\
</defs></svg>\n";

fn answer(b: &Backtest<'_>) -> String {
    let norms = &b.replay.norms;
    let sum = |p: Performance| norms.iter().map(|n| n.count(p)).sum::<usize>();
    let all: usize = norms.iter().map(|n| n.instances).sum();
    if norms.is_empty() && b.sweep.is_some() {
        return "Only the triggers of the variants were counted; no verdict was given.".to_string();
    }
    if all == 0 {
        return "Nothing would have been triggered in this history.".to_string();
    }
    let undecided: usize = norms.iter().map(NormFigures::not_decided).sum();
    format!(
        "{} would have bound somebody {} times: {} kept, {} broken, {} not decided, {} still open at the end.",
        if norms.len() == 1 { "Its one norm" } else { "Its norms" },
        grouped(all),
        grouped(sum(Performance::Satisfied)),
        grouped(sum(Performance::Violated) + sum(Performance::Missed)),
        grouped(undecided),
        grouped(sum(Performance::Pending))
    )
}

/// A section with a heading.
fn section(out: &mut String, id: &str, title: &str, inner: &str) {
    let _ = write!(
        out,
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n{inner}</section>\n",
        escaped(title)
    );
}

/// A table. Cells of numbers are set to the right.
fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let number = |i: usize| {
        rows.iter().any(|r| !r[i].is_empty())
            && rows.iter().all(|r| {
                r[i].is_empty() || r[i] == "–" || r[i].starts_with(|c: char| c.is_ascii_digit() || c == '−')
            })
    };
    let numbers: Vec<bool> = (0..head.len()).map(|i| i > 0 && number(i)).collect();
    let mut out = format!(
        "<p class=\"caption\" aria-hidden=\"true\">{0}</p><div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><table>\
         <caption class=\"heard\">{0}</caption><thead><tr>",
        escaped(caption)
    );
    for (cell, number) in head.iter().zip(&numbers) {
        let _ = write!(
            out,
            "<th scope=\"col\"{}>{}</th>",
            if *number { " class=\"n\"" } else { "" },
            escaped(cell)
        );
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows.iter().take(ROWS) {
        out.push_str("<tr>");
        for (i, (cell, number)) in row.iter().zip(&numbers).enumerate() {
            let _ = match (i, number) {
                (0, _) => write!(out, "<th scope=\"row\">{}</th>", escaped(cell)),
                (_, true) => write!(out, "<td class=\"n\">{}</td>", escaped(cell)),
                (_, false) => write!(out, "<td>{}</td>", escaped(cell)),
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
    if rows.len() > ROWS {
        let _ = writeln!(
            out,
            "<p class=\"more\">and {} more rows; JSON and Parquet have all.</p>",
            grouped(rows.len() - ROWS)
        );
    }
    out
}

fn folded(summary: &str, inner: &str) -> String {
    format!("<details><summary>{}</summary>\n{inner}</details>\n", escaped(summary))
}

fn history(out: &mut String, b: &Backtest<'_>) {
    let (agreement, past) = (b.agreement, b.past);
    let calendar = &agreement.calendar;
    let mut facts = vec![
        (
            "Replayed",
            format!(
                "{} to {} ({})",
                calendar.show(past.period.from),
                calendar.show(past.period.to),
                calendar.zone_name()
            ),
        ),
        ("History", text::history(agreement, past)),
        ("Known", past.knowledge.words()),
    ];
    for (reading, option) in &b.replay.board.question.readings {
        facts.push(("Reading", format!("{reading} = {option}")));
    }
    let mut inner = String::from("<dl>\n");
    for (label, words) in facts {
        let _ = writeln!(inner, "<dt>{label}</dt><dd>{}</dd>", escaped(&words));
    }
    inner.push_str("</dl>\n<h3>What limits these figures</h3>\n<ul class=\"limits\">\n");
    for limit in past.about.limits() {
        let _ = writeln!(inner, "<li>{}</li>", escaped(&limit));
    }
    inner.push_str(
        "<li>The figures are a sample: they count what was reported, not what happened.</li>\n</ul>\n",
    );
    section(out, "history", "What history is this?", &inner);
}

fn clause(b: &Backtest<'_>, norm: &Name) -> String {
    let clause =
        b.agreement.norm(norm.as_str()).and_then(|n| n.clause).and_then(|c| b.agreement.clauses.get(c));
    clause.map(|c| c.heading.clone()).unwrap_or_default()
}

fn norms(out: &mut String, b: &Backtest<'_>) {
    if b.replay.norms.is_empty() {
        return;
    }
    let used: Vec<(Performance, &str)> =
        COUNTED.into_iter().filter(|(p, _)| b.replay.norms.iter().any(|n| n.count(*p) > 0)).collect();
    let mut head = vec!["norm", "clause", "triggered", "instances"];
    head.extend(used.iter().map(|(_, word)| *word));
    head.extend(["episodes of breach", "verdicts revised"]);
    let rows: Vec<Vec<String>> = b
        .replay
        .norms
        .iter()
        .map(|f| {
            let mut row =
                vec![f.norm.to_string(), clause(b, &f.norm), grouped(f.triggers), grouped(f.instances)];
            row.extend(used.iter().map(|(p, _)| grouped(f.count(*p))));
            row.extend([grouped(f.episodes), grouped(f.revised)]);
            row
        })
        .collect();
    let mut inner = table("Per norm: triggers, instances and the verdict at the end", &head, &rows);
    let timed: Vec<Vec<String>> = b
        .replay
        .norms
        .iter()
        .filter(|f| f.from_trigger.or(f.from_deadline).or(f.from_deed).is_some())
        .map(|f| {
            vec![f.norm.to_string(), spread(f.from_trigger), spread(f.from_deadline), spread(f.from_deed)]
        })
        .collect();
    if !timed.is_empty() {
        inner.push_str(&table(
            "How long until a verdict was there (median / longest)",
            &[
                "norm",
                "after the trigger",
                "after the deadline (− is before)",
                "after the act or breach that decided",
            ],
            &timed,
        ));
    }
    section(out, "norms", "How often, how decided, how soon?", &inner);
}

const CLASSES: &[&str] = &["kept", "open", "doubt", "broken"];

fn class(performance: Performance) -> usize {
    match performance {
        Performance::Satisfied => 0,
        Performance::PendingEvidence | Performance::DependsOnReading => 2,
        Performance::Violated | Performance::Missed => 3,
        Performance::Pending | Performance::NotApplicable => 1,
    }
}

fn timeline(out: &mut String, b: &Backtest<'_>) {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let end = b.past.period.to;
    for t in b.replay.terms.iter().filter(|t| !t.episodes.is_empty()) {
        let readings = servanda_report::text::readings_words(&t.readings);
        let name = if readings.is_empty() { t.term.to_string() } else { format!("{} ({readings})", t.term) };
        let stretch =
            |e: &crate::figures::TermEpisode| Period { from: e.began.earliest, to: e.ended.unwrap_or(end) };
        for e in &t.episodes {
            rows.push(vec![
                name.clone(),
                "met".into(),
                b.agreement.calendar.show_when(e.began),
                e.ended.map_or("lasts".into(), |at| b.agreement.calendar.show(at)),
                String::new(),
            ]);
        }
        let holds = Held::Stretches(t.episodes.iter().map(|e| (stretch(e), "met")).collect());
        lanes.push(Lane { name, note: format!("met {} ×", grouped(t.episodes.len())), holds });
    }
    for norm in &b.agreement.norms {
        let own: Vec<&Instance> = b.replay.instances.iter().filter(|i| i.norm == norm.name).collect();
        if own.is_empty() {
            continue;
        }
        let lasting = own.iter().any(|i| i.due.is_none())
            || matches!(norm.when, servanda_model::agreement::Trigger::Always);
        let breaches: Vec<(Period, &'static str)> = own
            .iter()
            .flat_map(|i| i.breaches.iter())
            .map(|(from, to)| {
                (Period { from: from.earliest, to: to.unwrap_or(end).max(from.latest) }, "broken")
            })
            .collect();
        for i in own.iter().take(ROWS) {
            let show = |w: Option<servanda_model::When>| {
                w.map_or("–".to_string(), |w| b.agreement.calendar.show_when(w))
            };
            let state = servanda_report::State::of_performance(i.performance);
            rows.push(vec![
                norm.name.to_string(),
                format!("{} {} · {}", state.tone.sign(), state.word, wording::bearer(b.agreement, &i.bearer)),
                show(i.triggered),
                show(i.due),
                i.decided.map_or("–".into(), |at| b.agreement.calendar.show(at)),
            ]);
        }
        let (holds, note) = if lasting {
            let n = breaches.len();
            (Held::Stretches(breaches), format!("breaches: {}", grouped(n)))
        } else {
            let moments = own
                .iter()
                .filter_map(|i| Some((i.triggered.or(i.due)?.latest, class(i.performance))))
                .collect();
            (Held::Moments(moments, CLASSES), format!("instances: {}", grouped(own.len())))
        };
        lanes.push(Lane { name: norm.name.to_string(), note, holds });
    }
    if lanes.is_empty() {
        return;
    }
    let title = "Triggers and verdicts over time";
    let words = "A lane for each term that was met and each norm that was triggered. Terms: bars while they were met. Norms that ask for \
         something lasting: stretches of breach. Other norms: bars count the instances triggered in them, by the verdict at the end. \
         The table below has the same.";
    let mut inner = String::from(
        "<ul class=\"key\"><li><i class=\"k-met\"></i>term met</li><li><i class=\"k-kept\"></i>kept</li><li><i class=\"k-broken\"></i>broken (hatched)</li>\
         <li><i class=\"k-doubt\"></i>not decided (dotted)</li><li><i class=\"k-open\"></i>open (outline)</li></ul>\n",
    );
    inner.push_str(&plot::lanes("timeline", title, words, &b.agreement.calendar, b.past.period, &lanes));
    inner.push_str(&folded(
        &format!("Table: {} rows", grouped(rows.len())),
        &table(title, &["norm or term", "what", "from / triggered", "to / due", "verdict known"], &rows),
    ));
    section(out, "when", "When?", &inner);
}

fn undecided(out: &mut String, b: &Backtest<'_>) {
    let mut rows = Vec::new();
    for f in &b.replay.norms {
        for u in &f.undecided {
            let missing: Vec<String> =
                u.missing.iter().map(|(what, n)| format!("{what} ({} ×)", grouped(*n))).collect();
            rows.push(vec![
                f.norm.to_string(),
                grouped(u.instances),
                format!("{} ({})", text::doubt(u.code), u.code.word()),
                missing.join("; "),
            ]);
        }
    }
    if rows.is_empty() {
        return;
    }
    let inner = table("By norm and reason", &["norm", "instances", "why", "what was missing"], &rows);
    section(out, "undecided", "What could not be decided, and why?", &inner);
}

fn labels(out: &mut String, b: &Backtest<'_>) {
    let Some(scored) = &b.scored else { return };
    let rows: Vec<Vec<String>> = scored
        .scores
        .iter()
        .map(|s| {
            vec![
                s.name.to_string(),
                s.outcome.word().to_string(),
                grouped(s.labels),
                grouped(s.hits),
                grouped(s.missed.len()),
                grouped(s.alarms),
                grouped(s.false_alarms.len()),
                grouped(s.outside),
            ]
        })
        .collect();
    let head =
        ["labelled", "outcome", "labels", "found", "misses", "alarms", "false alarms", "outside the period"];
    let mut inner = format!(
        "<p>A false alarm touches no labelled stretch; a miss is a labelled stretch that no alarm touches. Tolerance: {}.</p>\n",
        escaped(&length(scored.tolerance))
    );
    inner.push_str(&table("False alarms and misses", &head, &rows));
    let mut each = Vec::new();
    for s in &scored.scores {
        each.extend(s.missed.iter().map(|(line, p)| {
            vec![
                s.name.to_string(),
                "missed".into(),
                days(b.agreement, *p),
                format!("line {line} of the labels"),
            ]
        }));
        each.extend(
            s.false_alarms.iter().map(|p| {
                vec![s.name.to_string(), "false alarm".into(), days(b.agreement, *p), String::new()]
            }),
        );
    }
    if !each.is_empty() {
        inner.push_str(&folded(
            "Each of them",
            &table("Misses and false alarms", &["labelled", "what", "when", "where"], &each),
        ));
    }
    section(out, "labels", "Beside what had really happened", &inner);
}

fn sweep(out: &mut String, b: &Backtest<'_>) {
    let Some(sweep) = &b.sweep else { return };
    let shown = text::shown_in_a_sweep(b, sweep);
    let mut inner = String::new();
    if let Some(term) = &sweep.term_only {
        let _ = writeln!(
            inner,
            "<p>Counted in one pass over the times of its events: how often <code>{}</code> would have been met.</p>",
            escaped(term.as_str())
        );
    }
    let triggers = |v: &Variant, name: &Name| {
        v.triggers(sweep.term_only.as_ref()).get(name).copied().unwrap_or(0) as f64
    };
    match &sweep.varied[..] {
        [one] => {
            let lines: Vec<Line> = shown
                .iter()
                .take(6)
                .map(|n| Line {
                    name: format!("{n}: times triggered or met"),
                    heights: sweep.variants.iter().map(|v| triggers(v, n)).collect(),
                })
                .collect();
            inner.push_str(&sweep_plot("sweep", &one.knob.name, sweep, 0, &lines, "number of triggers"));
            let outcome = |p: Performance, word: &str| Line {
                name: format!("{word} (all norms)"),
                heights: sweep.variants.iter().map(|v| counted(v, p) as f64).collect(),
            };
            if sweep.term_only.is_none() {
                let lines = [
                    outcome(Performance::Satisfied, "kept"),
                    outcome(Performance::Violated, "broken"),
                    outcome(Performance::PendingEvidence, "undecided"),
                ];
                if lines.iter().any(|l| l.heights.iter().any(|h| *h != l.heights[0])) {
                    inner.push_str(&sweep_plot(
                        "outcomes",
                        &one.knob.name,
                        sweep,
                        0,
                        &lines,
                        "verdicts at the end",
                    ));
                }
            }
            let errors = |f: &dyn Fn(&crate::labels::Score) -> usize, name: &str| Line {
                name: name.to_string(),
                heights: sweep
                    .variants
                    .iter()
                    .map(|v| match &v.found {
                        Found::Whole { scored: Some(s), .. } => s.scores.iter().map(f).sum::<usize>() as f64,
                        _ => 0.0,
                    })
                    .collect(),
            };
            if b.scored.is_some() {
                let lines = [
                    errors(&|s| s.missed.len(), "misses"),
                    errors(&|s| s.false_alarms.len(), "false alarms"),
                ];
                inner.push_str(&sweep_plot(
                    "errors",
                    &one.knob.name,
                    sweep,
                    0,
                    &lines,
                    "misses and false alarms",
                ));
            }
        }
        [one, two] => {
            if let Some(name) = shown.first() {
                let every = two.values.len().div_ceil(6).max(1);
                let lines: Vec<Line> = two
                    .values
                    .iter()
                    .enumerate()
                    .step_by(every)
                    .map(|(j, value)| Line {
                        name: format!("{name}, {} = {value}", two.knob.name),
                        heights: sweep
                            .variants
                            .iter()
                            .filter(|v| v.at[1] == j)
                            .map(|v| triggers(v, name))
                            .collect(),
                    })
                    .collect();
                inner.push_str(&sweep_plot("sweep", &one.knob.name, sweep, 0, &lines, "number of triggers"));
            }
        }
        _ => inner.push_str("<p>More than two things vary together: the table has all of it.</p>\n"),
    }
    let mut head: Vec<String> = sweep.varied.iter().map(|v| v.knob.name.clone()).collect();
    head.push("variant".into());
    head.extend(shown.iter().take(8).map(|n| format!("{n} ×")));
    let whole = sweep.term_only.is_none();
    if whole {
        head.extend(["kept", "broken", "undecided"].map(String::from));
    }
    if b.scored.is_some() {
        head.extend(["misses", "false alarms"].map(String::from));
    }
    let rows: Vec<Vec<String>> = sweep
        .variants
        .iter()
        .map(|v| {
            let mut row: Vec<String> =
                sweep.varied.iter().zip(&v.at).map(|(k, i)| k.values[*i].to_string()).collect();
            row.push(if v.is_draft { "the draft".into() } else { String::new() });
            row.extend(shown.iter().take(8).map(|n| grouped(triggers(v, n) as usize)));
            if whole {
                let all = [Performance::Satisfied, Performance::Violated, Performance::PendingEvidence];
                row.extend(all.map(|p| grouped(counted(v, p))));
            }
            if let Found::Whole { scored: Some(s), .. } = &v.found {
                row.push(grouped(s.scores.iter().map(|s| s.missed.len()).sum()));
                row.push(grouped(s.scores.iter().map(|s| s.false_alarms.len()).sum()));
            }
            row
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    inner.push_str(&table(&format!("Variants ({})", grouped(rows.len())), &head, &rows));
    section(out, "variants", "What if the wording were another?", &inner);
}

fn counted(v: &Variant, performance: Performance) -> usize {
    match &v.found {
        Found::Whole { norms, .. } => norms.iter().map(|n| n.count(performance)).sum(),
        Found::Triggers { .. } => 0,
    }
}

fn sweep_plot(id: &str, axis: &str, sweep: &Sweep, knob: usize, lines: &[Line], what: &str) -> String {
    if lines.is_empty() {
        return "<p>No variant triggers anything.</p>\n".to_string();
    }
    let varied = &sweep.varied[knob];
    let numbers: Option<Vec<f64>> = varied.values.iter().map(|v| v.on_an_axis()).collect();
    let places: Vec<(f64, String)> = match &numbers {
        Some(numbers) => varied
            .values
            .iter()
            .zip(numbers)
            .map(|(value, n)| (*n, value.to_string().replace(&format!(" {}", value.unit()), "")))
            .collect(),
        None => varied.values.iter().enumerate().map(|(i, v)| (i as f64, v.to_string())).collect(),
    };
    let unit = varied.values.first().map_or("", |v| v.unit());
    let axis = if unit.is_empty() { axis.to_string() } else { format!("{axis} ({unit})") };
    let draft = varied.values.iter().position(|v| varied.knob.stands.as_ref() == Some(v));
    let title = format!("{axis} against {what}");
    let words: Vec<String> = lines
        .iter()
        .take(6)
        .map(|l| {
            let (first, last) =
                (l.heights.first().copied().unwrap_or(0.0), l.heights.last().copied().unwrap_or(0.0));
            format!("{}: from {first} to {last}.", l.name)
        })
        .collect();
    let words = format!("{} The table below has every value.", words.join(" "));
    format!(
        "<h3>{}</h3>\n{}\n",
        escaped(&title),
        plot::lines(&Lines { id, title: &title, words: &words, axis: &axis, places: &places, lines, draft })
    )
}

/// Parties whose load is drawn.
const PARTIES: usize = 40;

fn load(out: &mut String, b: &Backtest<'_>) {
    let all = text::by_bearer(b.agreement, &b.replay.load);
    if all.is_empty() {
        return;
    }
    let mut inner =
        format!("<p><strong>{}</strong> Parties stand in the order of the text.</p>\n", escaped(NO_RANKING));
    let acting: Vec<Months> = all
        .iter()
        .filter(|o| o.months.iter().any(|l| l.open + l.begun > 0))
        .take(PARTIES)
        .map(|o| Months {
            name: o.bearer.clone(),
            bars: o.months.iter().map(|l| (l.month, l.open, l.begun)).collect(),
        })
        .collect();
    let title = "Duties open by party and month";
    if !acting.is_empty() {
        inner.push_str("<ul class=\"key\"><li><i class=\"k-load\"></i>open in the month</li><li><i class=\"k-begun\"></i>of these, begun in it</li></ul>\n");
        let words = "A row of bars for each party, all to one scale: duties to act that were open in the month, and of these those that \
             were triggered in it. The table below has the same.";
        inner.push_str(&plot::months("load", title, words, &b.agreement.calendar, b.past.period, &acting));
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .flat_map(|o| o.months.iter().map(move |l| (o, *l)))
        .map(|(o, l): (_, &Load)| {
            vec![
                o.bearer.clone(),
                month(b.agreement, l.month),
                grouped(l.begun),
                grouped(l.due),
                grouped(l.open),
                grouped(l.lasting),
            ]
        })
        .collect();
    let inner_table =
        table(title, &["party", "month", "begun", "due", "open", "lasting bans and duties"], &rows);
    inner.push_str(&folded(&format!("Table: {} rows", grouped(rows.len())), &inner_table));
    section(out, "load", "Who would have owed how much, and when?", &inner);
}

fn against(out: &mut String, b: &Backtest<'_>) {
    let Some(compared) = &b.compared else { return };
    let title = if compared.title.is_empty() { &compared.name } else { &compared.title };
    let one = |side: &Option<NormFigures>, f: &dyn Fn(&NormFigures) -> usize| {
        side.as_ref().map_or("–".to_string(), |s| grouped(f(s)))
    };
    let rows: Vec<Vec<String>> = compared
        .norms
        .iter()
        .map(|p| {
            let both = |f: &dyn Fn(&NormFigures) -> usize| [one(&p.here, f), one(&p.there, f)];
            let mut row = vec![p.norm.to_string()];
            row.extend(both(&|f| f.triggers));
            row.extend(both(&|f| f.count(Performance::Satisfied)));
            row.extend(both(&|f| f.count(Performance::Violated)));
            row.extend(both(&|f| f.not_decided()));
            row.push(grouped(p.differ + p.only_here + p.only_there));
            row.push(p.from.map_or("–".into(), |at: Instant| day(b.agreement, at)));
            row
        })
        .collect();
    let head = [
        "norm",
        "triggered",
        "… there",
        "kept",
        "… there",
        "broken",
        "… there",
        "undecided",
        "… there",
        "instances that differ",
        "from",
    ];
    let mut inner = format!(
        "<p>The other draft: <em>{}</em>. Figures of this draft stand first, of the other behind.</p>\n",
        escaped(title)
    );
    inner.push_str(&table("Norms side by side", &head, &rows));
    let mut changed = Vec::new();
    let mut differ = Vec::new();
    for p in &compared.norms {
        match (&p.here, &p.there) {
            (Some(_), None) => {
                changed.push(vec![p.norm.to_string(), "only here".into(), String::new(), String::new()])
            }
            (None, Some(_)) => {
                changed.push(vec![p.norm.to_string(), "only there".into(), String::new(), String::new()])
            }
            _ => {}
        }
        changed.extend(
            p.changed
                .iter()
                .map(|c| vec![p.norm.to_string(), c.what.clone(), c.here.clone(), c.there.clone()]),
        );
        let word = |p: Option<Performance>| p.map_or("nothing", Performance::word).to_string();
        differ.extend(p.examples.iter().map(|d| {
            vec![
                p.norm.to_string(),
                wording::bearer(b.agreement, &d.bearer),
                b.agreement.calendar.show(d.from),
                format!("{}; in the end {}", word(d.here), word(d.here_at_end)),
                format!("{}; in the end {}", word(d.there), word(d.there_at_end)),
            ]
        }));
    }
    if !changed.is_empty() {
        inner.push_str(&table(
            "What the texts say differently",
            &["norm", "what", "here", "there"],
            &changed,
        ));
    }
    if !differ.is_empty() {
        inner.push_str(&table(
            "Whose verdicts differ, and from when on (the first ten of each norm)",
            &["norm", "bearer", "from", "here", "there"],
            &differ,
        ));
    }
    section(out, "against", "What does the other draft say?", &inner);
}
