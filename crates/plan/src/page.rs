//! An answer as one page: what it is, what it assumes and lacks, its plots and its tables, whole in one file.
//!
//! It shows what the answer's tables hold and computes nothing. It loads nothing and runs nothing. Coordinates are whole tenths,
//! so the same answer gives the same bytes; a line has a dash beside its colour, bars differ in more than colour, and every plot says in words (in
//! English, marked so) what it shows.
//!
//! Invariants
//! - every text of the answer is escaped;
//! - planned or simulated stands first.

use crate::answer::{Cell, Shown};
use crate::{Answer, Language, Month};
use servanda_report::document::html::escape;
use std::collections::BTreeSet;
use std::fmt::Write;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 90.0;
const TOP: f64 = 26.0;
const HEIGHT: f64 = 200.0;
/// Rows of a table on the page; CSV and JSON have all.
const ROWS: usize = 400;
/// Lines of what is assumed that fit on a screen beside a table.
const MANY: usize = 12;

/// A text of the planner in a language, escaped; marked as English where the book does not have it, and it is no name of a file.
fn said(language: Language, text: &str) -> String {
    match language.said(text) {
        Some(said) => escape(&said),
        None if text.contains(' ') && text.is_ascii() => {
            format!("<span lang=\"en\">{}</span>", escape(text))
        }
        None => escape(text),
    }
}

impl Answer {
    /// As a page, in a language.
    pub fn page(&self, language: Language) -> String {
        let basis = language.say(self.basis.word());
        let mut out = format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{}: {}</title><style>\n{}</style></head><body>\n<h1>{}</h1>\n<p \
             class=\"basis\">{}: {}</p>\n",
            language.code(),
            language.say(self.asked),
            basis,
            include_str!("page.css"),
            language.say(&format!("Plan: {}", self.asked)),
            basis.to_uppercase(),
            said(language, &self.of_chance())
        );
        // Where much is assumed the table that matters most stands above it.
        let above = usize::from(self.assumptions.len() > MANY);
        let shown = |out: &mut String, table: &Shown| {
            let _ = writeln!(out, "<h2>{}</h2>", said(language, &table.title));
            plots(out, Drawing { table, language });
            rows(out, table, language);
        };
        self.tables.iter().take(above).for_each(|table| shown(&mut out, table));
        for (head, lines) in
            [("Sources", &self.sources), ("Assumed", &self.assumptions), ("Gaps", &self.gaps)]
        {
            if !lines.is_empty() {
                let _ = write!(out, "<h2>{}</h2>\n<ul>", language.say(head));
                for line in lines {
                    let _ = write!(out, "<li>{}</li>", said(language, line));
                }
                out.push_str("</ul>\n");
            }
        }
        self.tables.iter().skip(above).for_each(|table| shown(&mut out, table));
        out + "</body></html>\n"
    }
}

/// A table whose plots are drawn, in a language.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    table: &'a Shown,
    language: Language,
}

impl Drawing<'_> {
    /// A cell of the column with this number, as it is shown.
    fn cell(self, row: &[Cell], column: usize) -> String {
        row.get(column).map_or_else(String::new, |cell| self.language.cell(self.table, column, cell))
    }
}

/// The plots of a table, those that its kind has.
fn plots(out: &mut String, drawn: Drawing) {
    match drawn.table.name {
        "curve" => lines(out, drawn, 1, "pledged", "reached", None),
        "bands" => lines(out, drawn, 1, "p50", "p50", Some(("p10", "p90"))),
        "real-bands" => lines(out, drawn, 1, "p50", "p50", Some(("low_80", "high_80"))),
        "hangs-on" => bars(out, drawn, &["milestone", "category", "parameter"], "swing"),
        "months" => lines(out, drawn, 1, "operating", "fit", None),
        "weeks" => lines(out, drawn, 1, "incidents", "incidents", None),
        "strength" => lines(out, drawn, 1, "there", "agreed", None),
        "fairness" => bars(out, drawn, &["partner"], "over"),
        "chances" => {
            beside(
                out,
                drawn,
                &[("milestone", "")],
                &[("scenario", "")],
                &compared("base_pct", "pct"),
                Some(100.0),
                "",
            );
            beside(
                out,
                drawn,
                &[],
                &[("norm", ""), ("bearer", "")],
                &ASKED,
                Some(100.0),
                "percent of futures",
            );
        }
        "partners" => {
            let bars = compared("base_cost", "cost");
            beside(
                out,
                drawn,
                &[("of", ""), ("unit", ""), ("scenario", "")],
                &[("partner", "")],
                &bars,
                None,
                "",
            );
        }
        "serving" => lines(out, drawn, 1, "p50", "base_p50", Some(("p10", "p90"))),
        "load" => lines(out, drawn, 1, "needed", "there", Some(("p10", "p90"))),
        "displaced" => lines(out, drawn, 1, "displaced", "displaced", Some(("p10", "p90"))),
        "jobs-and-rents" => lines(out, drawn, 1, "rent", "rent", Some(("rent_p10", "rent_p90"))),
        "answers" => lines(out, drawn, 1, "received", "can_answer", None),
        "by-reading" => {
            let by = [("norm", ""), ("bearer", "")];
            beside(out, drawn, &by, &[("reading", "")], &UNDER, Some(100.0), "percent of futures");
        }
        "terms" => {
            let of = [("term", ""), ("reading", ""), ("counts", ""), ("in_days", " days")];
            beside(out, drawn, &[], &of, &DISTANCE, None, "incidents of all regions");
            let of = [("term", ""), ("reading", ""), ("counts", ""), ("next_days", " days")];
            beside(out, drawn, &[], &of, &CHANCE, Some(100.0), "of 100 percent");
        }
        "thresholds" => {
            let by = [("term", ""), ("days", " days")];
            beside(out, drawn, &by, &[("region", "")], &DISTANCE, None, "incidents of a region");
            beside(out, drawn, &by, &[("region", "")], &CHANCE, Some(100.0), "of 100 percent");
        }
        "terms-calibration" => {
            calibrated(out, drawn, &[("term", ""), ("reading", ""), ("counts", ""), ("next_days", " days")]);
        }
        "calibration" => calibrated(out, drawn, &[("term", ""), ("days", " days")]),
        // Of deliveries: those of forces have no pieces.
        "milestones" => beside(out, drawn, &[], &[("milestone", "")], &PROMISED, None, "pieces that operate"),
        "stages" => beside(out, drawn, &[("item", "")], &[("partner", "")], &LEDGER, None, "pieces"),
        "late" => {
            beside(out, drawn, &[("item", "")], &[("partner", ""), ("pledge", "")], &LATE, None, "pieces")
        }
        "starves" => spans(out, drawn),
        _ => {}
    }
}

/// A bar of a row: its column, what it is in words, and how it is drawn.
type Bar = (&'static str, &'static str, Drawn);

/// How a bar is drawn; a plot says it in words, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Drawn {
    Filled,
    Hollow,
    Dashed,
}

impl Drawn {
    fn class(self) -> &'static str {
        match self {
            Drawn::Filled => "bar",
            Drawn::Hollow => "less",
            Drawn::Dashed => "third",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Drawn::Filled => "filled",
            Drawn::Hollow => "hollow",
            Drawn::Dashed => "dashed",
        }
    }
}

fn compared(base: &'static str, other: &'static str) -> [Bar; 2] {
    [(base, "base", Drawn::Hollow), (other, "scenario", Drawn::Filled)]
}

const ASKED: [Bar; 3] = [
    ("all_kept_pct", "kept", Drawn::Filled),
    ("depends_pct", "hangs on a reading", Drawn::Dashed),
    ("broken_pct", "broken", Drawn::Hollow),
];
const UNDER: [Bar; 2] = [("all_kept_pct", "kept", Drawn::Filled), ("broken_pct", "broken", Drawn::Hollow)];
const DISTANCE: [Bar; 2] =
    [("threshold", "threshold", Drawn::Hollow), ("last", "in the last days", Drawn::Filled)];
const CHANCE: [Bar; 1] = [("chance_pct", "chance of reaching it in the next days", Drawn::Filled)];
const PROMISED: [Bar; 2] =
    [("at_least", "promised", Drawn::Hollow), ("there", "in the plan when it is due", Drawn::Filled)];
const LEDGER: [Bar; 3] = [
    ("pledged", "pledged", Drawn::Hollow),
    ("received", "received by the ledger", Drawn::Filled),
    ("planned", "still to arrive by the plan", Drawn::Dashed),
];
const LATE: [Bar; 2] =
    [("open", "late and open", Drawn::Hollow), ("would_feed", "of these a crew waits for", Drawn::Filled)];

/// Colours and lines of a plot that stands alone.
const ALONE: &str = "svg{background:#fff}text{font:12px sans-serif;fill:#1b1b1b}.axis{stroke:#c8c8c8}\
    .a{stroke:#0b5394;fill:none;stroke-width:2}.b{stroke:#a8500a;fill:none;stroke-width:2;stroke-dasharray:6 3}\
    .band{fill:#0b539433}.bar{fill:#0b5394}.less{fill:none;stroke:#a8500a;stroke-width:1.5}\
    .third{fill:none;stroke:#0b5394;stroke-width:1.5;stroke-dasharray:4 2}";

impl Shown {
    /// Its plots, each an element `svg` for a page that has the style; none where there is nothing to plot.
    pub fn plots(&self, language: Language) -> Vec<String> {
        let mut out = String::new();
        plots(&mut out, Drawing { table: self, language });
        out.split_inclusive("</svg>\n").filter(|plot| !plot.trim().is_empty()).map(String::from).collect()
    }

    /// One of them as a file of its own, with what it is said to be: `basis` is written beneath its title.
    pub fn plot_alone(&self, number: usize, basis: &str, language: Language) -> Option<String> {
        let plot = self.plots(language).into_iter().nth(number)?;
        let (head, rest) = plot.split_once('>')?;
        let (title, body) = rest.split_once("</title>")?;
        let head = head.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
        Some(format!("{head}>{title}</title><desc>{}</desc><style>{ALONE}</style>{body}", escape(basis)))
    }
}

fn index(table: &Shown, column: &str) -> Option<usize> {
    table.columns.iter().position(|c| *c == column)
}

fn value(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(value, _) => Some(value.to_f64()).filter(|v| v.is_finite()),
        _ => None,
    }
}

/// Begins a plot; its words stand from `left` on, or where they are many, from the edge.
fn begin(out: &mut String, language: Language, height: f64, words: &str, left: f64) {
    // So many letters fit beside the axis.
    const FIT: usize = 104;
    let words = &language.say(words);
    let left = if words.chars().count() > FIT { 0.0 } else { left };
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH:.0} {height:.0}\" lang=\"{1}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title><text x=\"{left:.0}\" \
         y=\"14\">{0}</text>",
        escape(words),
        language.code()
    );
}

/// One plot for each value of the column `by`: two lines by month, with a band where one is asked for. The first column is the
/// month.
fn lines(out: &mut String, drawn: Drawing, by: usize, first: &str, second: &str, band: Option<(&str, &str)>) {
    let Drawing { table, language } = drawn;
    let groups: BTreeSet<String> = table.rows.iter().map(|row| row[by].plain()).collect();
    for group in groups {
        let of: Vec<&Vec<Cell>> = table.rows.iter().filter(|row| row[by].plain() == group).collect();
        let series = |column: &str| -> Option<Vec<f64>> {
            let at = index(table, column)?;
            of.iter().map(|row| value(&row[at])).collect()
        };
        let (Some(a), Some(b)) = (series(first), series(second)) else { continue };
        let shipped = band.is_some_and(|(low, _)| low == "low_80");
        let band = band.and_then(|(low, high)| Some((series(low)?, series(high)?)));
        let all = a.iter().chain(&b).chain(band.iter().flat_map(|(low, high)| low.iter().chain(high)));
        let most = all.fold(0.0_f64, |most, v| most.max(*v));
        if of.len() < 2 || most <= 0.0 {
            continue;
        }
        let x = |i: usize| LEFT + (WIDTH - LEFT - 10.0) * i as f64 / (of.len() - 1) as f64;
        let y = |v: f64| TOP + HEIGHT * (1.0 - v / most);
        let path = |values: &mut dyn Iterator<Item = (usize, f64)>| {
            values.map(|(i, v)| format!("{:.1},{:.1}", x(i), y(v))).collect::<Vec<_>>().join(" ")
        };
        let group = of.first().map_or(String::new(), |row| drawn.cell(row, by));
        let [a_head, b_head] = [first, second].map(|column| language.column(table, column));
        let words = match &band {
            Some(_) if second.starts_with("base_") => {
                format!("{group}: median (solid), middle 80 percent of futures as a band; base (dashed)")
            }
            Some(_) if first != second => format!(
                "{group}: {a_head} (solid) with the middle 80 percent of futures as a band, and {b_head} (dashed)"
            ),
            Some(_) if shipped => {
                format!("{group}: the plan's median, and the wider 80 percent that is shipped as a band")
            }
            Some(_) if first == "p50" => {
                format!("{group}: median, and the middle 80 percent of futures as a band")
            }
            Some(_) => format!("{group}: {a_head}, and the middle 80 percent of futures as a band"),
            None if first == second => format!("{group}: {a_head}"),
            None => format!("{group}: {a_head} (solid) and {b_head} (dashed)"),
        };
        begin(out, language, TOP + HEIGHT + 24.0, &words, LEFT);
        for part in [0.0, 0.5, 1.0] {
            let at = y(most * part);
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{LEFT:.1}\" y1=\"{at:.1}\" x2=\"{WIDTH:.1}\" y2=\"{at:.1}\"/><text x=\"0\" \
                 y=\"{:.1}\">{:.0}</text>",
                at + 4.0,
                most * part
            );
        }
        if let Some((low, high)) = &band {
            let up = path(&mut low.iter().copied().enumerate());
            let down = path(&mut high.iter().copied().enumerate().rev());
            let _ = write!(out, "<polygon class=\"band\" points=\"{up} {down}\"/>");
        }
        let _ =
            write!(out, "<polyline class=\"a\" points=\"{}\"/>", path(&mut a.iter().copied().enumerate()));
        if first != second {
            let _ = write!(
                out,
                "<polyline class=\"b\" points=\"{}\"/>",
                path(&mut b.iter().copied().enumerate())
            );
        }
        for (i, anchor) in [(0, "start"), (of.len() - 1, "end")] {
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                x(i),
                TOP + HEIGHT + 18.0,
                escape(&of[i][0].plain())
            );
        }
        out.push_str("</svg>\n");
    }
}

/// A bar for each row, to the right where its value is above zero, hollow and to the left where it is below.
fn bars(out: &mut String, drawn: Drawing, names: &[&str], column: &str) {
    let Drawing { table, language } = drawn;
    let Some(at) = index(table, column) else { return };
    let names: Vec<usize> = names.iter().filter_map(|name| index(table, name)).collect();
    let shown: Vec<(String, f64, String)> = table
        .rows
        .iter()
        .filter_map(|row| {
            let name: Vec<String> = names.iter().map(|i| drawn.cell(row, *i)).collect();
            value(&row[at]).map(|v| (name.join(", "), v, drawn.cell(row, at)))
        })
        .take(ROWS)
        .collect();
    let most = shown.iter().fold(0.0_f64, |most, (_, v, _)| most.max(v.abs()));
    if most <= 0.0 {
        return;
    }
    let (middle, half) = (WIDTH * 0.7, WIDTH * 0.2);
    let words = format!("{}: filled above zero, hollow below", language.column(table, column));
    begin(out, language, TOP + 20.0 * shown.len() as f64 + 6.0, &words, 0.0);
    for (i, (name, v, words)) in shown.iter().enumerate() {
        let top = TOP + 20.0 * i as f64;
        let width = half * v.abs() / most;
        let (left, class) = if *v < 0.0 { (middle - width, "less") } else { (middle, "bar") };
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{0:.1}\">{1}</text><rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"13\"/><text x=\"{2:.1}\" y=\"{0:.1}\">{words}</text>",
            top + 11.0,
            escape(name),
            middle + half + 8.0
        );
    }
    out.push_str("</svg>\n");
}

/// What a row is called: the columns that the table has, each with what follows it.
fn called(drawn: Drawing, row: &[Cell], columns: &[(&str, &str)]) -> String {
    let words = columns.iter().filter_map(|(column, after)| {
        let at = index(drawn.table, column)?;
        let plain = row.get(at).map(Cell::plain).filter(|plain| !plain.is_empty())?;
        // A number is told with its unit; a name alone is nobody's to translate.
        Some(match after.is_empty() {
            true => drawn.cell(row, at),
            false => drawn.language.say(&format!("{plain}{after}")),
        })
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Rows with the same value in the columns `by`, in the order of the table.
fn groups<'a>(drawn: Drawing<'a>, by: &[(&str, &str)]) -> Vec<(String, Vec<&'a Vec<Cell>>)> {
    let mut groups: Vec<(String, Vec<&Vec<Cell>>)> = Vec::new();
    for row in &drawn.table.rows {
        let name = called(drawn, row, by);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((name, vec![row])),
        }
    }
    groups
}

/// One plot for each value of the columns `by`; in it the bars of each row, one below the other, and a row that says the same as one above it once.
/// `all` is the whole that a bar is a part of; without it the longest bar is. `of` is what is counted.
fn beside(
    out: &mut String,
    drawn: Drawing,
    by: &[(&str, &str)],
    label: &[(&str, &str)],
    bars: &[Bar],
    all: Option<f64>,
    of: &str,
) {
    let at: Option<Vec<usize>> = bars.iter().map(|(column, ..)| index(drawn.table, column)).collect();
    let Some(at) = at else { return };
    let (left, width, high) = (WIDTH * 0.4, WIDTH * 0.48, 13.0 * bars.len() as f64 + 8.0);
    for (name, rows) in groups(drawn, by) {
        let mut shown: Vec<(String, Vec<&Cell>)> = Vec::new();
        for row in rows.into_iter().take(ROWS) {
            let one = (called(drawn, row, label), at.iter().map(|i| &row[*i]).collect());
            if !shown.contains(&one) {
                shown.push(one);
            }
        }
        let longest = shown.iter().flat_map(|(_, cells)| cells.iter().filter_map(|cell| value(cell)));
        let longest = longest.fold(0.0_f64, f64::max);
        let most = all.unwrap_or(longest);
        if most <= 0.0 || shown.iter().all(|(_, cells)| cells.iter().all(|cell| value(cell).is_none())) {
            continue;
        }
        let of = match (name.is_empty(), of.is_empty()) {
            (_, true) => name,
            (true, false) => drawn.language.say(of),
            (false, false) => format!("{name}, {}", drawn.language.say(of)),
        };
        let words = bars.iter().map(|(_, words, way)| match bars.len() {
            1 => (*words).to_string(),
            _ => format!("{words} ({})", way.word()),
        });
        let words = format!("{of}: {}", words.collect::<Vec<_>>().join(", "));
        begin(out, drawn.language, TOP + high * shown.len() as f64 + 6.0, &words, 0.0);
        for (i, (name, cells)) in shown.iter().enumerate() {
            let top = TOP + high * i as f64;
            let _ = write!(
                out,
                "<text x=\"0\" y=\"{:.1}\">{}</text>",
                top + 6.5 * bars.len() as f64 + 4.0,
                escape(&shortened(name))
            );
            for (n, (((.., way), column), cell)) in bars.iter().zip(&at).zip(cells).enumerate() {
                let (class, at) = (way.class(), top + 13.0 * n as f64);
                let Some(v) = value(cell) else {
                    let _ = write!(out, "<text x=\"{left:.1}\" y=\"{:.1}\">–</text>", at + 10.0);
                    continue;
                };
                let long = width * v.clamp(0.0, most) / most;
                let _ = write!(
                    out,
                    "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{at:.1}\" width=\"{long:.1}\" height=\"10\"/><text x=\"{:.1}\" \
                     y=\"{:.1}\">{}</text>",
                    left + long + 6.0,
                    at + 10.0,
                    escape(&drawn.language.cell(drawn.table, *column, cell))
                );
            }
        }
        out.push_str("</svg>\n");
    }
}

/// One plot for each value of the columns `by`: chances that were given against how often it came. On the dashed line it came as often as was said.
fn calibrated(out: &mut String, drawn: Drawing, by: &[(&str, &str)]) {
    let Drawing { table, language } = drawn;
    let columns = ["mean_chance_pct", "came_pct", "forecasts"].map(|column| index(table, column));
    let [Some(given), Some(came), Some(forecasts)] = columns else { return };
    let side = HEIGHT + 40.0;
    let at = |percent: f64| side * percent.clamp(0.0, 100.0) / 100.0;
    for (name, rows) in groups(drawn, by) {
        let points: Vec<(f64, f64, String)> = rows
            .iter()
            .filter_map(|row| Some((value(&row[given])?, value(&row[came])?, row[forecasts].plain())))
            .collect();
        if points.is_empty() {
            continue;
        }
        let words =
            format!("{name}: percent given (to the right), percent that came (upwards); dashed: as given");
        begin(out, language, TOP + side + 26.0, &words, 0.0);
        for part in [0.0, 50.0, 100.0] {
            let (x, y) = (LEFT + at(part), TOP + side - at(part));
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{LEFT:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{part:.0}</text><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{part:.0}</text>",
                LEFT + side,
                LEFT - 8.0,
                y + 4.0,
                TOP + side + 18.0
            );
        }
        let _ = write!(
            out,
            "<polyline class=\"b\" points=\"{LEFT:.1},{:.1} {:.1},{TOP:.1}\"/>",
            TOP + side,
            LEFT + side
        );
        for (i, (given, came, forecasts)) in points.iter().enumerate() {
            let (x, y) = (LEFT + at(*given), TOP + side - at(*came));
            let words = format!("{given:.1} given, {came:.1} came: {forecasts} forecasts");
            let _ = write!(
                out,
                "<circle class=\"bar\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT + side + 40.0,
                TOP + 16.0 + 20.0 * i as f64,
                escape(&language.say(&words))
            );
        }
        out.push_str("</svg>\n");
    }
}

/// From which month until which something is short, a bar for each row, on the months from the first of them to the last.
fn spans(out: &mut String, drawn: Drawing) {
    let Drawing { table, language } = drawn;
    let [Some(from), Some(until), Some(worst), Some(still)] =
        ["from", "until", "at_worst", "stands_still"].map(|column| index(table, column))
    else {
        return;
    };
    let shown: Vec<(String, Month, Month, String)> = table
        .rows
        .iter()
        .filter_map(|row| {
            let (from, until) = (Month::parse(&row[from].plain())?, Month::parse(&row[until].plain())?);
            let words = format!("{} {}", drawn.cell(row, worst), drawn.cell(row, still));
            Some((called(drawn, row, &[("item", ""), ("starves_of", "")]), from, until, words))
        })
        .take(ROWS)
        .collect();
    let months =
        shown.iter().map(|(_, from, ..)| *from).min().zip(shown.iter().map(|(_, _, to, _)| *to).max());
    let Some((first, last)) = months else { return };
    let (left, width) = (WIDTH * 0.36, WIDTH * 0.38);
    let all = (last.since(first) + 1).max(1) as f64;
    let bottom = TOP + 20.0 * shown.len() as f64 + 6.0;
    begin(out, language, bottom + 20.0, "where the plan starves, and what stands still at worst", 0.0);
    for (i, (name, from, until, words)) in shown.iter().enumerate() {
        let top = TOP + 20.0 * i as f64;
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{0:.1}\">{1}</text><rect class=\"bar\" x=\"{2:.1}\" y=\"{top:.1}\" width=\"{3:.1}\" height=\"13\"/><text \
             x=\"{4:.1}\" y=\"{0:.1}\">{5}</text>",
            top + 11.0,
            escape(&shortened(name)),
            left + width * from.since(first) as f64 / all,
            width * (until.since(*from) + 1) as f64 / all,
            left + width + 8.0,
            escape(words)
        );
    }
    let _ = writeln!(
        out,
        "<line class=\"axis\" x1=\"{left:.1}\" y1=\"{bottom:.1}\" x2=\"{0:.1}\" y2=\"{bottom:.1}\"/><text x=\"{left:.1}\" y=\"{1:.1}\">{first}</text><text \
         x=\"{0:.1}\" y=\"{1:.1}\" text-anchor=\"end\">{last}</text></svg>",
        left + width,
        bottom + 16.0
    );
}

/// A label that fits beside its bar.
fn shortened(label: &str) -> String {
    const LONG: usize = 46;
    match label.chars().count() > LONG {
        true => label.chars().take(LONG - 1).chain(['…']).collect(),
        false => label.to_string(),
    }
}

fn rows(out: &mut String, table: &Shown, language: Language) {
    if table.rows.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", language.say("None."));
        return;
    }
    let right = |i: usize| {
        if table.rows.iter().any(|row| matches!(row[i], Cell::Text(_))) { "" } else { " class=\"n\"" }
    };
    let _ = write!(
        out,
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\"><table><thead><tr>",
        escape(&language.say(&table.title))
    );
    for (i, column) in table.columns.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}>{}</th>", right(i), escape(&language.column(table, column)));
    }
    out.push_str("</tr></thead><tbody>\n");
    let classes: Vec<&str> = (0..table.columns.len()).map(right).collect();
    for row in table.rows.iter().take(ROWS) {
        out.push_str("<tr>");
        for (i, (cell, class)) in row.iter().zip(&classes).enumerate() {
            let words = match cell {
                Cell::Missing => "–".to_string(),
                cell => escape(&language.cell(table, i, cell)),
            };
            let _ = write!(out, "<td{class}>{words}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    if table.rows.len() > ROWS {
        let more = format!("… and {} more rows, in CSV and JSON.", table.rows.len() - ROWS);
        let _ = writeln!(out, "<p>{}</p>", language.say(&more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Basis;
    use servanda_model::Number;

    fn answer() -> Answer {
        let row = |month: &str, a: i64, b: i64| {
            vec![Cell::text(month), Cell::text("<b>"), Cell::whole(a), Cell::whole(b), Cell::Missing]
        };
        let bar = |name: &str, n| vec![Cell::text(name), Cell::Number(Number::from(n), 1)];
        Answer {
            asked: "support",
            basis: Basis::Simulated,
            seed: Some(3),
            sources: vec!["a \"source\" & <script>".into()],
            assumptions: vec![],
            gaps: vec!["none known".into()],
            tables: vec![
                Shown {
                    name: "curve",
                    title: "curve".into(),
                    columns: vec!["month", "unit", "pledged", "reached", "open"],
                    rows: vec![row("2026-01", 10, 0), row("2026-02", 20, 5)],
                },
                Shown {
                    name: "fairness",
                    title: "fairness".into(),
                    columns: vec!["partner", "over"],
                    rows: vec![bar("A", 4), bar("B", -2)],
                },
            ],
        }
    }

    #[test]
    fn the_page_says_what_it_is_and_escapes_every_text() {
        let page = answer().page(Language::English);
        assert!(page.contains("SIMULATED: ") && page.contains("seed 3") && page.contains("none known"));
        assert!(
            page.contains("a &quot;source&quot; &amp; &lt;script&gt;") && page.contains("<td>&lt;b&gt;</td>")
        );
        assert!(!page.contains("<b>") && !page.contains("<script") && !page.contains("http"));
        assert!(page.contains("<td class=\"n\">–</td>"));
        assert_eq!(page, answer().page(Language::English));
    }

    #[test]
    fn a_ukrainian_page_says_all_of_it_and_leaves_names() {
        let mut answer = answer();
        answer.gaps.push("the tracker is silent".into());
        answer.sources.push("plans/force.toml".into());
        let page = answer.page(Language::Ukrainian);
        for words in [
            "<html lang=\"uk\">",
            "<h1>План: облік допомоги</h1>",
            "ЗМОДЕЛЬОВАНО: розіграно",
            "<h2>Чого бракує або що не сходиться</h2>",
            "<th scope=\"col\">місяць</th>",
            "&lt;b&gt;: обіцяно (суцільна) і досягнуто (штрихова)</title>",
            "понад правило: заповнені — більше нуля",
            // What is not in the book is marked, and a file's name is nobody's language.
            "<span lang=\"en\">the tracker is silent</span>",
            "<li>plans/force.toml</li>",
        ] {
            assert!(page.contains(words), "{words} in {page}");
        }
    }

    #[test]
    fn lines_and_bars_lie_where_the_figures_say() {
        let page = answer().page(Language::English);
        // 10 and 20 of at most 20: the middle and the top; 0 and 5: the bottom and a quarter.
        assert!(page.contains("class=\"a\" points=\"90.0,126.0 750.0,26.0\""), "{page}");
        assert!(page.contains("class=\"b\" points=\"90.0,226.0 750.0,176.0\""), "{page}");
        assert!(page.contains("class=\"bar\" x=\"532.0\" y=\"26.0\" width=\"152.0\""), "{page}");
        assert!(page.contains("class=\"less\" x=\"456.0\" y=\"46.0\" width=\"76.0\""), "{page}");
    }

    #[test]
    fn a_plot_alone_is_the_same_plot_with_its_style_and_basis() {
        let answer = answer();
        let plots = answer.tables[0].plots(Language::English);
        assert_eq!(plots.len(), 1);
        assert!(answer.page(Language::English).contains(&plots[0]));
        let alone = answer.tables[0].plot_alone(0, "simulated: seed 3 & more", Language::English).unwrap();
        assert!(alone.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="), "{alone}");
        assert!(
            alone.contains("<desc>simulated: seed 3 &amp; more</desc><style>") && alone.ends_with("</svg>\n")
        );
        assert!(alone.contains("points=\"90.0,126.0 750.0,26.0\"") && !alone.contains("<b>"));
        assert_eq!(answer.tables[0].plot_alone(1, "", Language::English), None);
    }

    #[test]
    fn nothing_to_plot_is_no_plot() {
        let mut answer = answer();
        answer.tables[0].rows.truncate(1);
        answer.tables[1].rows.clear();
        let page = answer.page(Language::English);
        assert!(!page.contains("<svg") && page.contains("<p>None.</p>"));
    }

    fn shown(name: &'static str, columns: &[&'static str], rows: &[&[&str]]) -> Shown {
        let cell = |text: &&str| match (text.is_empty(), Number::parse(text)) {
            (true, _) => Cell::Missing,
            (false, Some(number)) => Cell::Number(number, 1),
            (false, None) => Cell::text(*text),
        };
        let rows = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        Shown { name, title: name.into(), columns: columns.to_vec(), rows }
    }

    #[test]
    fn what_was_promised_stands_above_what_came_and_what_is_to_come() {
        let columns = ["item", "partner", "pledged", "received", "planned"];
        let plots = shown(
            "stages",
            &columns,
            &[
                &["guns", "A", "10", "4", "5"],
                &["guns", "<B>", "20", "", "0"],
                &["tanks", "A", "3", "3", "0"],
            ],
        )
        .plots(Language::English);
        assert_eq!(plots.len(), 2, "one for each item");
        assert!(plots[0].contains("guns, pieces: pledged (hollow), received by the ledger (filled), still to arrive by the plan (dashed)"));
        // Twenty are the longest: 364.8 wide. Ten are half of it, four a fifth, five a quarter.
        for (class, top, width) in [
            ("less", "26.0", "182.4"),
            ("bar", "39.0", "73.0"),
            ("third", "52.0", "91.2"),
            ("less", "73.0", "364.8"),
        ] {
            let bar = format!("class=\"{class}\" x=\"304.0\" y=\"{top}\" width=\"{width}\"");
            assert!(plots[0].contains(&bar), "{bar}: {}", plots[0]);
        }
        assert!(
            plots[0].contains("&lt;B&gt;") && plots[0].contains(">–</text>"),
            "what is missing is a dash"
        );
        assert!(plots[0].contains("viewBox=\"0 0 760 126\" lang=\"en\""), "{}", plots[0]);
        // The ledger's own table of that name has no plan beside it.
        assert!(
            shown("stages", &["item", "partner", "pledged"], &[&["guns", "A", "10"]])
                .plots(Language::English)
                .is_empty()
        );
    }

    #[test]
    fn a_distance_is_drawn_once_and_a_chance_is_of_a_hundred() {
        let columns =
            ["term", "reading", "counts", "in_days", "threshold", "last", "next_days", "chance_pct"];
        let plots = shown(
            "terms",
            &columns,
            &[
                &["storm", "", "strike", "3", "100", "25", "7", "0"],
                &["storm", "", "strike", "3", "100", "25", "28", "50"],
            ],
        )
        .plots(Language::English);
        assert_eq!(plots.len(), 2);
        assert_eq!(plots[0].matches("<rect").count(), 2, "both rows have the same distance: {}", plots[0]);
        assert!(
            plots[0].contains("storm, strike, 3.0 days") && plots[0].contains("width=\"91.2\""),
            "{}",
            plots[0]
        );
        assert!(plots[1].contains("class=\"bar\" x=\"304.0\" y=\"47.0\" width=\"182.4\""), "{}", plots[1]);
        let none = shown("thresholds", &["term", "region", "threshold", "days", "last", "chance_pct"], &[]);
        assert!(none.plots(Language::English).is_empty());
    }

    #[test]
    fn a_chance_that_came_as_often_as_was_said_lies_on_the_dashed_line() {
        let columns = ["term", "days", "chance_pct", "forecasts", "mean_chance_pct", "came_pct"];
        let plots = shown(
            "calibration",
            &columns,
            &[
                &["storm", "7", "0 to 10", "40", "0", "0"],
                &["storm", "7", "50 to 60", "10", "50", "100"],
                &["storm", "28", "20 to 30", "9", "25", "25"],
            ],
        )
        .plots(Language::English);
        assert_eq!(plots.len(), 2);
        // The line goes from the left below (90, 266) to the right above (330, 26).
        assert!(plots[0].contains("points=\"90.0,266.0 330.0,26.0\""), "{}", plots[0]);
        assert!(
            plots[0].contains("cx=\"90.0\" cy=\"266.0\"") && plots[0].contains("cx=\"210.0\" cy=\"26.0\""),
            "{}",
            plots[0]
        );
        assert!(
            plots[1].contains("cx=\"150.0\" cy=\"206.0\"")
                && plots[1].contains("25.0 given, 25.0 came: 9.0 forecasts")
        );
    }

    #[test]
    fn a_plan_starves_from_a_month_until_a_month() {
        let columns = ["item", "starves_of", "from", "until", "months", "at_worst", "stands_still"];
        let plots = shown(
            "starves",
            &columns,
            &[
                &["guns", "deliveries", "2027-01", "2027-03", "3", "4", "crews"],
                &["guns", "training places", "2027-04", "2027-04", "1", "2", "pieces"],
            ],
        )
        .plots(Language::English);
        // Four months are 288.8 wide: three of them from the left, and the last.
        assert!(plots[0].contains("x=\"273.6\" y=\"26.0\" width=\"216.6\""), "{}", plots[0]);
        assert!(plots[0].contains("x=\"490.2\" y=\"46.0\" width=\"72.2\""), "{}", plots[0]);
        assert!(
            plots[0].contains("4.0 crews")
                && plots[0].contains(">2027-01<")
                && plots[0].contains(">2027-04<")
        );
    }

    #[test]
    fn the_tables_of_watch_and_deliveries_have_the_columns_that_their_plots_need() {
        // A column that is renamed would take its plot away without a word.
        let plan = crate::deliveries::Plan::read(
            "d",
            "from = \"2027-01\"\nmonths = 12\n[[item]]\nname = \"guns\"\nfit = 4\ncrew = 5\ntrained = 60\nrecruits = 0\nplaces = 0\n\
             training-months = 1\nworkshop = 0\nrepair-months = 1\nwear = 0.0\nlosses = 0.0\n[[delivery]]\nitem = \"guns\"\npartner = \"A\"\n\
             month = \"2027-06\"\nquantity = 5\n[[milestone]]\nname = \"m\"\nitem = \"guns\"\nat-least = 6\nby = \"2027-12\"\n",
        )
        .unwrap();
        let ledger = crate::support::Ledger::read(
            "l",
            "id,partner,item,stage,date,due,quantity,unit,source\np1,A,guns,pledged,2026-01,2026-10-31,10,pieces,x\n",
        )
        .unwrap();
        let answer = crate::deliveries::answer(&plan, vec![]);
        let answer =
            crate::deliveries::beside(answer, &plan, &ledger, "2027-02-15".parse().unwrap()).unwrap();
        for name in ["milestones", "starves", "late", "stages", "months"] {
            let table = answer.tables.iter().find(|table| table.name == name).unwrap();
            assert!(!table.plots(Language::English).is_empty(), "{name}");
        }
        let rows: String = (0..1200)
            .filter(|day| day % 3 == 0)
            .map(|day| {
                let date = jiff::civil::date(2018, 1, 1) + jiff::Span::new().days(day);
                format!("{date},North\n")
            })
            .collect();
        let counts = crate::watch::Counts::read("i", &format!("date,region\n{rows}")).unwrap();
        let term = crate::watch::Agreed {
            term: "t".into(),
            reading: String::new(),
            fact: "f".into(),
            incidents: 2,
            days: 3,
            words: String::new(),
        };
        let asked = [crate::watch::Threshold::read("t=3/7").unwrap()];
        let answer = crate::watch::answer_of(&counts, &asked, &[term], vec![]).unwrap();
        for name in ["terms", "terms-calibration", "thresholds", "calibration", "weeks"] {
            let table = answer.tables.iter().find(|table| table.name == name).unwrap();
            assert!(!table.plots(Language::English).is_empty(), "{name}");
        }
    }
}
