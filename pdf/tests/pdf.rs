//! A report as PDF: what a reader of the file finds in it, and what it must not find.

use lopdf::{Document as Pdf, Object};
use servanda_report::document::{Cell, Checked, Document, Figure, Section, Table, Words};

const HOSTILE: &str =
    "#panic(\"x\") *bold* $1/0$ @ref <b> =HYPERLINK(\"http://example.org\") #include \"/etc/passwd\" \\u{0}";

fn report(lang: &str, title: &str, rows: usize) -> Checked {
    let rows = (0..rows)
        .map(|n| {
            let count = Cell::Count { n: 2, shown: "2".into() };
            vec![Cell::Text(format!("Маріуполь {n}")), count, Cell::Text(HOSTILE.into())]
        })
        .collect::<Vec<_>>();
    let total = 2 * rows.len() as i64;
    let table = Table {
        key: "events".into(),
        caption: HOSTILE.into(),
        columns: vec!["Where".into(), "Events".into(), HOSTILE.into()],
        rows,
        summed: vec![1],
    };
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 50\"><circle cx=\"50\" cy=\"25\" r=\"10\" fill=\"#b3261e\"/></svg>";
    Document {
        schema: "report/1".into(),
        lang: lang.into(),
        kind: "daily".into(),
        title: title.into(),
        exercise: Some("EXERCISE EXERCISE".into()),
        dated: "2026-03-01".into(),
        head: vec![("Number".into(), "60/2026".into()), ("Marking".into(), HOSTILE.into())],
        summary: vec![HOSTILE.into()],
        headline: vec![Figure { label: "events".into(), value: total, tables: vec![("events".into(), 1)] }],
        sections: vec![
            Section {
                id: "a".into(),
                heading: "Порушення".into(),
                text: vec![HOSTILE.into()],
                tables: vec![table],
                picture: Some((svg.into(), "A map with a point".into())),
            },
            Section {
                id: "b".into(),
                heading: "Nothing".into(),
                text: vec![],
                tables: vec![],
                picture: None,
            },
        ],
        words: Words {
            summary: "Summary".into(),
            total: "Total".into(),
            contents: "Contents".into(),
            page: "Page".into(),
        },
        points: Vec::new(),
    }
    .checked()
    .expect("the headline is the sum")
}

fn set(report: &Checked) -> Vec<u8> {
    servanda_pdf::pdf(report).expect("it is laid out")
}

#[test]
fn it_is_tagged_titled_and_in_its_language() {
    let bytes = set(&report("uk", "Щоденний звіт", 3));
    let pdf = Pdf::load_mem(&bytes).unwrap();
    let catalog = pdf.catalog().unwrap();
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"uk");
    assert!(catalog.has(b"StructTreeRoot"));
    let mark = pdf.dereference(catalog.get(b"MarkInfo").unwrap()).unwrap().1.as_dict().unwrap();
    assert!(mark.get(b"Marked").unwrap().as_bool().unwrap());
    let named = |kind: &[u8]| {
        pdf.objects
            .values()
            .filter_map(|o| o.as_dict().ok())
            .filter(|d| d.get(b"S").and_then(Object::as_name).is_ok_and(|s| s == kind))
            .count()
    };
    assert_eq!(named(b"Table"), 1);
    assert_eq!(named(b"Figure"), 1, "the map is a figure with words for those who do not see it");
    assert!(named(b"TH") >= 3 && named(b"TD") >= 6);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("pdfuaid"), "it claims PDF/UA");
}

#[test]
fn words_of_a_record_are_words() {
    let bytes = set(&report("en", HOSTILE, 2));
    let pdf = Pdf::load_mem(&bytes).unwrap();
    for object in pdf.objects.values() {
        let dict = match object {
            Object::Dictionary(dict) => dict,
            Object::Stream(stream) => &stream.dict,
            _ => continue,
        };
        for name in [&b"JavaScript"[..], b"JS", b"Launch", b"URI", b"EmbeddedFile", b"AA", b"OpenAction"] {
            assert!(!dict.has(name), "{}", String::from_utf8_lossy(name));
            assert!(dict.get(b"S").and_then(Object::as_name).map_or(true, |s| s != name));
        }
    }
}

#[test]
fn a_long_table_goes_over_pages_and_loses_no_row() {
    let long = set(&report("en", "Long", 400));
    let pdf = Pdf::load_mem(&long).unwrap();
    assert!(pdf.get_pages().len() > 5, "{} pages", pdf.get_pages().len());
    let rows = pdf
        .objects
        .values()
        .filter_map(|o| o.as_dict().ok())
        .filter(|d| d.get(b"S").and_then(Object::as_name).is_ok_and(|s| s == b"TR"))
        .count();
    assert_eq!(rows, 402, "a heading, 400 rows and the sum");
}

/// Lines that the tags call rows, each with its number of cells.
fn cells_of_rows(bytes: &[u8]) -> Vec<usize> {
    let pdf = Pdf::load_mem(bytes).unwrap();
    let rows = pdf.objects.values().filter_map(|o| o.as_dict().ok());
    let rows = rows.filter(|d| d.get(b"S").and_then(Object::as_name).is_ok_and(|s| s == b"TR"));
    rows.map(|d| d.get(b"K").and_then(Object::as_array).map_or(1, Vec::len)).collect()
}

#[test]
fn a_row_with_a_cell_too_few_moves_no_other() {
    let mut document = report("en", "Short", 3).document().clone();
    document.sections[0].tables[0].rows[1].pop();
    assert_eq!(cells_of_rows(&set(&document.checked().unwrap())), [3; 5]);
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(set(&report("en", "Twice", 30)), set(&report("en", "Twice", 30)));
}
