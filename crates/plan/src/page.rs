//! An answer as one page: what it is, what it assumes and lacks, its plots and its tables, whole in one file.
//!
//! It shows what the answer's tables hold and computes nothing. It loads nothing and runs nothing. Coordinates are whole tenths,
//! so the same answer gives the same bytes; a line has a dash beside its colour, and every plot says in words what it shows.
//!
//! Invariants
//! - every text of the answer is escaped;
//! - planned or simulated stands first.

use crate::answer::{Cell, Shown};
use crate::{Answer, Language};
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
            plots(out, table, language);
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

/// The plots of a table, those that its kind has.
fn plots(out: &mut String, table: &Shown, language: Language) {
    match table.name {
        "curve" => lines(out, table, language, 1, "pledged", "reached", None),
        "bands" => lines(out, table, language, 1, "p50", "p50", Some(("p10", "p90"))),
        "real-bands" => lines(out, table, language, 1, "p50", "p50", Some(("low_80", "high_80"))),
        "hangs-on" => bars(out, table, language, &["milestone", "category", "parameter"], "swing"),
        "months" => lines(out, table, language, 1, "operating", "fit", None),
        "weeks" => lines(out, table, language, 1, "incidents", "incidents", None),
        "strength" => lines(out, table, language, 1, "there", "agreed", None),
        "fairness" => bars(out, table, language, &["partner"], "over"),
        "chances" => {
            pairs(out, table, language, &["milestone"], "scenario", ["base_pct", "pct"], Some(100.0))
        }
        "partners" => {
            pairs(out, table, language, &["of", "unit", "scenario"], "partner", ["base_cost", "cost"], None)
        }
        "serving" => lines(out, table, language, 1, "p50", "base_p50", Some(("p10", "p90"))),
        "load" => lines(out, table, language, 1, "needed", "there", Some(("p10", "p90"))),
        "displaced" => lines(out, table, language, 1, "displaced", "displaced", Some(("p10", "p90"))),
        "jobs-and-rents" => lines(out, table, language, 1, "rent", "rent", Some(("rent_p10", "rent_p90"))),
        "answers" => lines(out, table, language, 1, "received", "can_answer", None),
        _ => {}
    }
}

/// Colours and lines of a plot that stands alone.
const ALONE: &str = "svg{background:#fff}text{font:12px sans-serif;fill:#1b1b1b}.axis{stroke:#c8c8c8}\
    .a{stroke:#0b5394;fill:none;stroke-width:2}.b{stroke:#a8500a;fill:none;stroke-width:2;stroke-dasharray:6 3}\
    .band{fill:#0b539433}.bar{fill:#0b5394}.less{fill:none;stroke:#a8500a;stroke-width:1.5}";

impl Shown {
    /// Its plots, each an element `svg` for a page that has the style; none where there is nothing to plot.
    pub fn plots(&self, language: Language) -> Vec<String> {
        let mut out = String::new();
        plots(&mut out, self, language);
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

fn begin(out: &mut String, height: f64, words: &str) {
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title><text x=\"{LEFT:.0}\" \
         y=\"14\">{0}</text>",
        escape(words)
    );
}

/// One plot for each value of the column `by`: two lines by month, with a band where one is asked for. The first column is the
/// month.
fn lines(
    out: &mut String,
    table: &Shown,
    language: Language,
    by: usize,
    first: &str,
    second: &str,
    band: Option<(&str, &str)>,
) {
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
        let group = of.first().map_or(String::new(), |row| language.cell(table, by, &row[by]));
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
        let words = language.say(&words);
        begin(out, TOP + HEIGHT + 24.0, &words);
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
fn bars(out: &mut String, table: &Shown, language: Language, names: &[&str], column: &str) {
    let Some(at) = index(table, column) else { return };
    let names: Vec<usize> = names.iter().filter_map(|name| index(table, name)).collect();
    let shown: Vec<(String, f64, String)> = table
        .rows
        .iter()
        .filter_map(|row| {
            let name: Vec<String> = names.iter().map(|i| language.cell(table, *i, &row[*i])).collect();
            value(&row[at]).map(|v| (name.join(", "), v, language.cell(table, at, &row[at])))
        })
        .take(ROWS)
        .collect();
    let most = shown.iter().fold(0.0_f64, |most, (_, v, _)| most.max(v.abs()));
    if most <= 0.0 {
        return;
    }
    let (middle, half) = (WIDTH * 0.7, WIDTH * 0.2);
    let words = format!("{}: filled above zero, hollow below", language.column(table, column));
    begin(out, TOP + 20.0 * shown.len() as f64 + 6.0, &language.say(&words));
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

/// One plot for each value of the columns `by`; in it two bars for each row, hollow for the base and filled for the other. `all` is the whole
/// that a bar is a part of; without it the longest bar is.
fn pairs(
    out: &mut String,
    table: &Shown,
    language: Language,
    by: &[&str],
    label: &str,
    columns: [&str; 2],
    all: Option<f64>,
) {
    let (Some(label), [Some(base), Some(other)]) = (index(table, label), columns.map(|c| index(table, c)))
    else {
        return;
    };
    let by: Vec<usize> = by.iter().filter_map(|name| index(table, name)).collect();
    let group = |row: &Vec<Cell>| {
        by.iter().map(|i| language.cell(table, *i, &row[*i])).collect::<Vec<_>>().join(", ")
    };
    let mut groups: Vec<String> = Vec::new();
    for row in &table.rows {
        let name = group(row);
        if !groups.contains(&name) {
            groups.push(name);
        }
    }
    let (left, width) = (WIDTH * 0.4, WIDTH * 0.48);
    for name in groups {
        let of: Vec<&Vec<Cell>> = table.rows.iter().filter(|row| group(row) == name).take(ROWS).collect();
        let longest = of
            .iter()
            .flat_map(|row| [value(&row[base]), value(&row[other])])
            .flatten()
            .fold(0.0_f64, f64::max);
        let most = all.unwrap_or(longest);
        if most <= 0.0 {
            continue;
        }
        let words = language.say(&format!("{name}: base (hollow), scenario (filled)"));
        begin(out, TOP + 34.0 * of.len() as f64 + 6.0, &words);
        for (i, row) in of.iter().enumerate() {
            let top = TOP + 34.0 * i as f64;
            let _ = write!(
                out,
                "<text x=\"0\" y=\"{:.1}\">{}</text>",
                top + 17.0,
                escape(&shortened(&language.cell(table, label, &row[label])))
            );
            for (column, at, class) in [(base, top, "less"), (other, top + 13.0, "bar")] {
                let Some(v) = value(&row[column]) else {
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
                    language.cell(table, column, &row[column])
                );
            }
        }
        out.push_str("</svg>\n");
    }
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
}
