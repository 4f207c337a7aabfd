//! Plans: which there are, and each with what it is, what it assumes and lacks, its plots and its tables.
//!
//! What it deliberately does not do: compute, or know the kinds of plans: it shows the tables of an answer, whatever they are. Only
//! the answer above the fold is worded by the name of a table ([`headline`]), where that has one.
//!
//! Invariants
//! - planned or simulated stands first, above every figure.
//!
//! Where to start reading: [`list`], then [`page`].

use super::frame::{Made, Page, badge, e, engine_text, section, segment, table};
use crate::Problem;
use crate::plans::{Planned, language};
use servanda_model::Number;
use servanda_plan::answer::{Cell, Shown};
use servanda_plan::{Answer, Basis};
use servanda_report::wording;

/// Rows of a table that the page shows; the CSV has all.
const ROWS: usize = 100;
/// Lines of what is assumed that fit on a screen beside a table.
const MANY: usize = 12;

fn marking(page: &Page, plan: &Planned) -> String {
    let text = wording::marking(&page.seen.matter.agreement, &plan.marking);
    match text.is_empty() {
        true => page.e("everybody"),
        false => format!("<span class=\"marking\">{}</span>", e(&text)),
    }
}

/// All that whoever asks may see.
pub(crate) fn list(page: &Page, all: &[Planned]) -> Result<Made, Problem> {
    let w = page.words;
    let row = |plan: &Planned| {
        format!(
            "<tr><th scope=\"row\" class=\"what\"><a href=\"{}\">{}</a></th><td>{}</td><td>{}</td></tr>\n",
            page.link(&format!("/plans/{}", segment(&plan.id)), &[]),
            e(&plan.title),
            said(page, &plan.asks),
            marking(page, plan),
        )
    };
    let rows: String = all.iter().map(row).collect();
    let content = match rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-plans")),
        false => table(w.t("title-plans"), &[w.t("h-plan"), w.t("h-asks"), w.t("h-marking")], &rows),
    };
    let word = if all.is_empty() { page.e("none-planned") } else { e(&w.count("n-plans", all.len())) };
    Ok(Made {
        title: "title-plans",
        word,
        sentence: page.e("plans-sentence"),
        main: section(w.t("s-plans"), &content),
    })
}

/// Rows of a table of which a column says more than a bound.
fn above(table: &Shown, column: &str, bound: i64) -> usize {
    let Some(at) = table.columns.iter().position(|name| *name == column) else { return 0 };
    let over = |cell: &Cell| matches!(cell, Cell::Number(value, _) if *value > Number::from(bound));
    table.rows.iter().filter(|row| row.get(at).is_some_and(over)).count()
}

/// Rows of a table of which a column says so much or more.
fn at_least(table: &Shown, column: &str, bound: i64) -> usize {
    let Some(at) = table.columns.iter().position(|name| *name == column) else { return 0 };
    let is = |cell: &Cell| matches!(cell, Cell::Number(value, _) if *value >= Number::from(bound));
    table.rows.iter().filter(|row| row.get(at).is_some_and(is)).count()
}

/// Rows of a table of which a column is below zero.
fn below(table: &Shown, column: &str) -> usize {
    let Some(at) = table.columns.iter().position(|name| *name == column) else { return 0 };
    let under = |cell: &Cell| matches!(cell, Cell::Number(value, _) if *value < Number::zero());
    table.rows.iter().filter(|row| row.get(at).is_some_and(under)).count()
}

/// Rows of a table of which a column says this.
fn saying(table: &Shown, column: &str, words: &str) -> usize {
    let Some(at) = table.columns.iter().position(|name| *name == column) else { return 0 };
    table.rows.iter().filter(|row| matches!(row.get(at), Some(Cell::Text(text)) if text == words)).count()
}

/// The row with the greatest chance of reaching a threshold: percent, term and days ahead.
fn likeliest(table: &Shown, days: &str) -> Option<(String, String, String)> {
    let at = |column: &str| table.columns.iter().position(|name| *name == column);
    let (chance, term, days) = (at("chance_pct")?, at("term")?, at(days)?);
    let number = |row: &&Vec<Cell>| match &row[chance] {
        Cell::Number(value, _) => value.clone(),
        _ => Number::zero(),
    };
    let row = table.rows.iter().max_by(|a, b| number(a).cmp(&number(b)))?;
    Some((row[chance].plain(), row[term].plain(), row[days].plain()))
}

/// The answer in a sentence, by the first table that has one; of a comparison, by what differs.
fn headline(page: &Page, answer: &Answer) -> String {
    let named = |name: &str| answer.tables.iter().find(|table| table.name == name);
    if let (Some(table), "compare") = (named("chances"), answer.asked) {
        let all = table.rows.len().to_string();
        let (more, less) = (above(table, "change", 0).to_string(), below(table, "change").to_string());
        return e(&page.words.with("plan-chances", &[("n", &more), ("less", &less), ("all", &all)]));
    }
    if let Some(table) = named("overview") {
        let scenarios = table.rows.len().saturating_sub(1).to_string();
        return e(&page.words.with("plan-overview", &[("n", &scenarios)]));
    }
    let reach = |name: &str, days: &str| named(name).and_then(|table| likeliest(table, days));
    if let Some((pct, term, days)) = reach("terms", "next_days").or_else(|| reach("thresholds", "days")) {
        return e(&page.words.with("plan-reach", &[("pct", &pct), ("term", &term), ("days", &days)]));
    }
    let of = |table: &Shown| {
        let all = table.rows.len();
        let (key, n) = match table.name {
            "milestones" if answer.basis == Basis::Planned => {
                ("plan-milestones-planned", saying(table, "planned", "kept"))
            }
            "milestones" => ("plan-milestones", at_least(table, "kept_pct", 50)),
            "late" => ("plan-late", all),
            "fairness" => ("plan-fairness", above(table, "over", 0)),
            "shortages" if answer.basis == Basis::Simulated => {
                ("plan-shortages-drawn", at_least(table, "short_pct", 50))
            }
            "shortages" => ("plan-shortages", above(table, "months_short", 0)),
            _ => return None,
        };
        Some(page.words.with(key, &[("n", &n.to_string()), ("all", &all.to_string())]))
    };
    match answer.tables.iter().find_map(of) {
        Some(text) => e(&text),
        None => e(&page.words.count("n-tables", answer.tables.len())),
    }
}

/// Text of the planner, in the page's language; what its book does not have is marked like text of the engine.
fn said(page: &Page, text: &str) -> String {
    match language(page.words.0).said(text) {
        Some(said) => e(&said),
        // A file has a name, and no language.
        None if !text.contains(' ') => e(text),
        None => engine_text(page.words, text),
    }
}

fn lines(page: &Page, heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let all: String = lines.iter().map(|line| format!("<li>{}</li>", said(page, line))).collect();
    format!("<h3>{}</h3><ul>{all}</ul>", page.e(heading))
}

fn shown(page: &Page, plan: &Planned, table: &Shown) -> String {
    let w = page.words;
    let language = language(w.0);
    let title = language.say(&table.title);
    let file = |name: &str| format!("/plans/{}/{name}", segment(&plan.id));
    let plots = table.plots(language);
    let svgs: String = (1..=plots.len())
        .map(|n| {
            let plot = page.link(&file(&format!("{}-{n}.svg", table.name)), &[]);
            format!(" <a href=\"{plot}\">SVG {n}</a>")
        })
        .collect();
    let numeric = |i: usize| !table.rows.iter().any(|row| matches!(row.get(i), Some(Cell::Text(_))));
    let classes: Vec<&str> =
        (0..table.columns.len()).map(|i| if numeric(i) { " class=\"num\"" } else { "" }).collect();
    let heads: String = table
        .columns
        .iter()
        .zip(&classes)
        .map(|(name, class)| format!("<th scope=\"col\"{class}>{}</th>", e(&language.column(table, name))))
        .collect();
    let cell = |(column, (cell, class)): (usize, (&Cell, &&str))| match cell {
        Cell::Missing => format!("<td{class}>–</td>"),
        cell => format!("<td{class}>{}</td>", e(&language.cell(table, column, cell))),
    };
    let rows: String = table
        .rows
        .iter()
        .take(ROWS)
        .map(|row| {
            format!("<tr>{}</tr>\n", row.iter().zip(&classes).enumerate().map(cell).collect::<String>())
        })
        .collect();
    let rows = match table.rows.is_empty() {
        true => format!("<p class=\"empty\">{}</p>", page.e("no-rows")),
        false => format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table class=\"data\">\
             <caption class=\"unseen-text\">{0}</caption><thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>",
            e(&title)
        ),
    };
    let more = match table.rows.len().saturating_sub(ROWS) {
        0 => String::new(),
        n => format!("<p class=\"about\">{}</p>", e(&w.count("more-rows", n))),
    };
    let drawn = match plots.is_empty() {
        true => String::new(),
        false => format!(
            "<div class=\"plots scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n",
            e(&w.with("plots-of", &[("table", &title)])),
            plots.concat()
        ),
    };
    format!(
        "<section class=\"sheet\" id=\"{}\"><h2>{}</h2>\n{drawn}{rows}{more}\n\
         <p class=\"downloads\"><a href=\"{}\">CSV</a>{svgs}</p></section>\n",
        e(table.name),
        said(page, &table.title),
        e(&file(&format!("{}.csv", table.name))),
    )
}

/// One plan.
pub(crate) fn page(page: &Page, plan: &Planned, answer: &Answer) -> Result<Made, Problem> {
    let w = page.words;
    let (tone, key) = match answer.basis {
        Basis::Planned => ("open", "is-planned"),
        // The escalation watch draws nothing.
        Basis::Simulated if answer.seed.is_none() => ("reading", "is-counted"),
        Basis::Simulated => ("reading", "is-simulated"),
    };
    let seed = answer.seed.map_or(String::new(), |seed| {
        format!(" {}", e(&w.with("with-seed", &[("seed", &seed.to_string())])))
    });
    let about = format!(
        "<p><a href=\"{}\">{}</a> · <code>servanda plan {}</code> · {}</p>\n<p>{}{seed}</p>{}{}{}\
         <p class=\"about\">{}</p><p class=\"downloads\"><a href=\"{}\">JSON</a></p>",
        page.link("/plans", &[]),
        page.e("all-plans"),
        e(&plan.asks),
        marking(page, plan),
        badge(tone, &page.e(key)),
        lines(page, "plan-sources", &answer.sources),
        lines(page, "plan-assumed", &answer.assumptions),
        lines(page, "plan-gaps", &answer.gaps),
        page.e("plan-note"),
        e(&format!("/plans/{}/plan.json", segment(&plan.id))),
    );
    // Where much is assumed the table that matters most stands above it; what it is stands in the page's head.
    let above = usize::from(answer.assumptions.len() > MANY);
    let tables: Vec<String> = answer.tables.iter().map(|table| shown(page, plan, table)).collect();
    let (first, rest) = tables.split_at(above.min(tables.len()));
    let word = match answer.basis {
        Basis::Planned => page.e("word-planned"),
        Basis::Simulated => page.e("word-simulated"),
    };
    let sentence = format!("<b>{}</b> {}", e(&plan.title), headline(page, answer));
    Ok(Made {
        title: "title-plan",
        word,
        sentence,
        main: format!("{}{}{}", first.concat(), section(w.t("s-about-plan"), &about), rest.concat()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(columns: &[&'static str], rows: &[&[Cell]]) -> Shown {
        let rows = rows.iter().map(|row| row.to_vec()).collect();
        Shown { name: "t", title: String::new(), columns: columns.to_vec(), rows }
    }

    #[test]
    fn the_greatest_chance_is_told_with_its_term_and_days() {
        let chance = |term: &str, days, tenths| {
            [Cell::text(term), Cell::whole(days), Cell::of(Number::ratio(tenths, 10), 1)]
        };
        let rows = [chance("storm", 7, 2), chance("storm", 28, 105), chance("gust", 7, 99)];
        let rows: Vec<&[Cell]> = rows.iter().map(|row| row.as_slice()).collect();
        let table = shown(&["term", "next_days", "chance_pct"], &rows);
        assert_eq!(likeliest(&table, "next_days"), Some(("10.5".into(), "storm".into(), "28".into())));
        assert_eq!(likeliest(&table, "days"), None, "another table");
        assert_eq!(likeliest(&shown(&["term", "next_days", "chance_pct"], &[]), "next_days"), None);
    }

    #[test]
    fn a_milestone_of_deliveries_counts_where_the_plan_keeps_it() {
        let rows = [[Cell::text("kept")], [Cell::text("missed")], [Cell::Missing]];
        let rows: Vec<&[Cell]> = rows.iter().map(|row| row.as_slice()).collect();
        assert_eq!(saying(&shown(&["planned"], &rows), "planned", "kept"), 1);
        assert_eq!(saying(&shown(&["other"], &rows), "planned", "kept"), 0);
    }
}
