//! What the documents say is so: the worked example gives what its table says, and every piece of a mapping is one.

use servanda_evidence::{Context, Format, Mapping, import, record_json};
use servanda_model::record::RoleValue;
use servanda_model::{Calendar, Instant, Name, Place};

/// The fenced blocks of a language in a document of the repository.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let path = format!("{}/../../docs/{document}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match &mut open {
            None if line == format!("```{language}") => open = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    blocks
}

#[test]
fn the_worked_example_gives_what_its_table_says() {
    let table = blocks("guides/import.md", "csv").remove(0);
    let maps = blocks("guides/import.md", "toml");
    let mapping = Mapping::parse(&maps[0]).unwrap();
    let context = Context::new(Instant::parse_utc("2026-01-01T00:00Z").unwrap(), "field.csv");
    let got = import(Format::Csv, table.as_bytes(), Some(&mapping), &context).unwrap();
    let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
    let radius = |p: &Option<Place>| match p {
        Some(Place::Point { radius_m, .. }) => *radius_m,
        _ => -1.0,
    };
    let rows: Vec<(&str, String, f64, String)> = got
        .records
        .iter()
        .map(|r| (r.id.as_str(), kyiv.show_when(r.when), radius(&r.place), kyiv.show(r.recorded)))
        .collect();
    let row = |id, day: &str, radius, known: &str| (id, day.to_string(), radius, format!("{known} 24:00"));
    assert_eq!(
        rows,
        [
            row("field-csv-1", "2025-05-03", 500.0, "2025-05-03"),
            row("field-csv-2", "2025-05-04", 10_000.0, "2025-05-05"),
            row("field-csv-4", "2025-05-06", -1.0, "2025-05-06"),
            row("field-csv-5", "2025-05-07", 500.0, "2025-05-07"),
        ]
    );
    let unknown = RoleValue::OneOf(vec![Name::from("Red"), Name::from("Blue")]);
    assert_eq!(got.records[1].roles[&Name::from("by")], unknown);
    assert!(got.records.iter().all(|r| r.fact == *"fire"));
    assert_eq!(
        got.refused.iter().map(|r| (r.line, r.code)).collect::<Vec<_>>(),
        [(4, "E0116"), (7, "E0114")]
    );
    Mapping::parse(&maps[1]).unwrap();
}

#[test]
fn every_piece_of_a_mapping_in_the_reference_is_one() {
    let pieces = blocks("reference/mapping.md", "toml");
    assert!(pieces.len() >= 6);
    for piece in pieces {
        let fact = if piece.contains("fact ") { "" } else { "fact = \"fire\"\n" };
        let when = if piece.contains("[when]") { "" } else { "[when]\nstart = { column = \"d\" }\n" };
        let whole = format!("{fact}{piece}{when}");
        Mapping::parse(&whole).unwrap_or_else(|faults| panic!("{piece}\n{faults:?}"));
    }
    for line in blocks("reference/mapping.md", "json") {
        record_json::from_json(&line).unwrap_or_else(|fault| panic!("{line}: {fault}"));
    }
}

#[test]
fn every_code_has_a_page_of_the_same_form() {
    let codes = servanda_evidence::codes::CODES;
    assert!(codes.is_sorted_by(|a, b| a.0 < b.0));
    for (code, page) in codes {
        assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        for part in ["\n## Example\n", "\n## What to do\n"] {
            assert!(page.contains(part), "{code} has no{part}");
        }
        assert!(page.lines().all(|l| l.chars().count() <= 130), "{code}");
    }
    assert_eq!(servanda_evidence::codes::explain("e0105"), servanda_evidence::codes::explain("E0105"));
    assert_eq!(servanda_evidence::codes::explain("E9999"), None);
}
