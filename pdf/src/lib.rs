//! A report as PDF: tagged (PDF/UA-1), with its fonts in it, in the language of the document.
//!
//! What it deliberately does not do: decide what stands in a report; that is `servanda_report::document`.
//!
//! Invariants
//! - words of a record reach the layout as values of a JSON file, never as markup: nothing in them can run, link or include;
//! - the template reads two files, both made here; there is no other file, no package, no network and no clock;
//! - the same document gives the same bytes.
//!
//! Where to start reading: [`pdf`], then `src/report.typ`. Tests: `tests/pdf.rs`.

use servanda_report::document::{Cell, Checked};
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

const TEMPLATE: &str = include_str!("report.typ");

/// The PDF of a report.
///
/// # Errors
/// What the layout could not do, in its words.
pub fn pdf(report: &Checked) -> Result<Vec<u8>, String> {
    let desk = Desk::new(report)?;
    let document: PagedDocument = typst::compile(&desk).output.map_err(|wrong| said(&wrong))?;
    let standards = PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|wrong| wrong.message().to_string())?;
    let options = PdfOptions { standards, ..PdfOptions::default() };
    typst_pdf::pdf(&document, &options).map_err(|wrong| said(&wrong))
}

fn said(wrong: &[typst::diag::SourceDiagnostic]) -> String {
    let all: Vec<String> = wrong.iter().map(|w| w.message.to_string()).collect();
    format!("the report could not be laid out: {}", all.join("; "))
}

/// All that the layout can see.
struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    template: Source,
    data: (FileId, Bytes),
}

fn file(name: &str) -> Result<FileId, String> {
    let path = VirtualPath::new(name).map_err(|e| format!("`{name}`: {e:?}"))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl Desk {
    fn new(report: &Checked) -> Result<Self, String> {
        let fonts: Vec<Font> = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data))).collect();
        Ok(Desk {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            template: Source::new(file("report.typ")?, TEMPLATE.to_string()),
            data: (file("report.json")?, Bytes::from_string(values(report))),
        })
    }
}

/// What the template reads: the document, each table with its sums, each cell as what is shown and whether it is a number.
fn values(report: &Checked) -> String {
    let d = report.document();
    let sections: Vec<serde_json::Value> = d
        .sections
        .iter()
        .map(|s| {
            let tables: Vec<serde_json::Value> = s
                .tables
                .iter()
                .map(|t| {
                    // A row is as wide as its table: a cell too few would move all that follow it.
                    let cell = |c: &Cell| (c.shown().to_string(), matches!(c, Cell::Count { .. }));
                    let empty = std::iter::repeat((String::new(), false));
                    let rows: Vec<Vec<(String, bool)>> = t
                        .rows
                        .iter()
                        .map(|row| row.iter().map(cell).chain(empty.clone()).take(t.columns.len()).collect())
                        .collect();
                    let sums: Vec<String> = (0..t.columns.len())
                        .map(|i| match i {
                            0 => d.words.total.clone(),
                            i if t.summed.contains(&i) => t.sum(i).to_string(),
                            _ => String::new(),
                        })
                        .collect();
                    serde_json::json!({
                        "caption": t.caption, "columns": t.columns, "rows": rows,
                        "sums": if t.summed.is_empty() { None } else { Some(sums) },
                    })
                })
                .collect();
            serde_json::json!({"heading": s.heading, "text": s.text, "tables": tables, "picture": s.picture})
        })
        .collect();
    serde_json::json!({
        "lang": d.lang, "title": d.title, "exercise": d.exercise, "dated": d.dated, "head": d.head,
        "summary": d.summary, "sections": sections, "words": d.words,
        "headline": d.headline.iter().map(|f| (f.value, &f.label)).collect::<Vec<_>>(),
    })
    .to_string()
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data.0 { Ok(self.data.1.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
