//! A report as one HTML file: no script, nothing fetched, light and dark, fit for print.
//!
//! Invariants
//! - every text is escaped; the only markup that comes from the document is the map's SVG, made by [`super::picture`];
//! - tables have a caption and scopes, headings do not skip a level, the language is named.
//!
//! Where to start reading: [`html`]. Tests: `tests/document.rs` of this crate.

use super::{Cell, Checked, Document, Section, Table};

const STYLE: &str = include_str!("../../data/report.css");

/// The page.
pub fn html(checked: &Checked) -> String {
    let d = checked.document();
    let mut out = String::new();
    out.push_str(&format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(&d.lang),
        escape(&d.title)
    ));
    exercise(d, &mut out);
    out.push_str("<main>\n");
    body(d, 1, &mut out);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// The same without the page around it, to stand in another whose headings reach down to `level - 1`. Its classes are those of
/// `data/report.css`.
pub fn part(checked: &Checked, level: u8) -> String {
    let d = checked.document();
    let mut out = String::new();
    exercise(d, &mut out);
    body(d, level, &mut out);
    out
}

fn exercise(d: &Document, out: &mut String) {
    if let Some(exercise) = &d.exercise {
        out.push_str(&format!("<p class=\"exercise\" role=\"note\">{}</p>\n", escape(exercise)));
    }
}

fn body(d: &Document, level: u8, out: &mut String) {
    out.push_str(&format!("<header>\n<h{level}>{}</h{level}>\n<dl>\n", escape(&d.title)));
    for (name, value) in &d.head {
        out.push_str(&format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value)));
    }
    out.push_str("</dl>\n</header>\n");
    head(d, level + 1, out);
    for s in &d.sections {
        section(d, s, level + 1, out);
    }
}

fn head(d: &Document, level: u8, out: &mut String) {
    out.push_str(&format!(
        "<section aria-labelledby=\"summary\">\n<h{level} id=\"summary\">{}</h{level}>\n",
        escape(&d.words.summary)
    ));
    if !d.headline.is_empty() {
        out.push_str("<ul class=\"figures\">\n");
        for f in &d.headline {
            out.push_str(&format!("<li><strong>{}</strong> {}</li>\n", f.value, escape(&f.label)));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<ul>\n");
    for line in &d.summary {
        out.push_str(&format!("<li>{}</li>\n", escape(line)));
    }
    out.push_str("</ul>\n</section>\n");
    out.push_str(&format!(
        "<nav aria-label=\"{0}\">\n<h{level}>{0}</h{level}>\n<ol>\n",
        escape(&d.words.contents)
    ));
    for s in &d.sections {
        out.push_str(&format!("<li><a href=\"#s-{}\">{}</a></li>\n", escape(&s.id), escape(&s.heading)));
    }
    out.push_str("</ol>\n</nav>\n");
}

fn section(d: &Document, s: &Section, level: u8, out: &mut String) {
    out.push_str(&format!(
        "<section aria-labelledby=\"s-{0}\">\n<h{level} id=\"s-{0}\">{1}</h{level}>\n",
        escape(&s.id),
        escape(&s.heading)
    ));
    for text in &s.text {
        out.push_str(&format!("<p>{}</p>\n", escape(text)));
    }
    for t in &s.tables {
        table(d, t, out);
    }
    if let Some((svg, alternative)) = &s.picture {
        out.push_str(&format!(
            "<figure>\n{svg}\n<figcaption>{}</figcaption>\n</figure>\n",
            escape(alternative)
        ));
    }
    out.push_str("</section>\n");
}

fn table(d: &Document, t: &Table, out: &mut String) {
    out.push_str(&format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>",
        escape(&t.caption)
    ));
    for c in &t.columns {
        out.push_str(&format!("<th scope=\"col\">{}</th>", escape(c)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &t.rows {
        out.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let class = if matches!(cell, Cell::Count { .. }) { " class=\"n\"" } else { "" };
            let shown = escape(cell.shown());
            out.push_str(&match i {
                0 => format!("<th scope=\"row\"{class}>{shown}</th>"),
                _ => format!("<td{class}>{shown}</td>"),
            });
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n");
    if !t.summed.is_empty() {
        out.push_str(&format!("<tfoot><tr><th scope=\"row\">{}</th>", escape(&d.words.total)));
        for i in 1..t.columns.len() {
            out.push_str(&if t.summed.contains(&i) {
                format!("<td class=\"n\">{}</td>", t.sum(i))
            } else {
                "<td></td>".to_string()
            });
        }
        out.push_str("</tr></tfoot>\n");
    }
    out.push_str("</table>\n</div>\n");
}

/// Text as text, in content and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
