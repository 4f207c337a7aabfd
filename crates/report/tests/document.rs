//! Reports as documents: sums, languages, payloads.

mod hand_built;

use hand_built::hand_built;
use servanda_model::record::Marking;
use servanda_model::time::DAY;
use servanda_model::{Calendar, Instant};
use servanda_report::document::build::{Asked, Kind, document};
use servanda_report::document::{Cell, Document, Feeds, Messages, csv, html};
use std::collections::BTreeSet;

fn of(kind: Kind, lang: &str, title: &str) -> Document {
    let mut built = hand_built();
    for r in built.records.iter_mut().filter(|_| !title.is_empty()) {
        r.title = title.to_string();
        r.source = title.to_string();
    }
    let cut_off = built.board.question.at;
    let (messages, calendar) = (Messages::of(lang).unwrap(), Calendar::of_zone("Europe/Kyiv").unwrap());
    let (feeds, withheld): (Feeds, BTreeSet<Marking>) = (
        Feeds::parse("[sections]\nviolations = [{ fact = \"fire\" }]").unwrap(),
        BTreeSet::from([Marking::of(servanda_model::record::Tlp::Red)]),
    );
    let asked = Asked {
        kind,
        number: "1/2027".into(),
        from: Instant(cut_off.0 - 30 * DAY),
        issued: cut_off + DAY,
        calendar: &calendar,
        messages: &messages,
        feeds: &feeds,
        withheld: &withheld,
        incident: None,
    };
    document(&built.view(), &asked)
}

#[test]
fn a_headline_is_the_sum_of_its_table_or_there_is_no_report() {
    let document = of(Kind::Daily, "en", "");
    assert!(document.headline[0].value > 0, "the test has something to count");
    assert!(document.clone().checked().is_ok());
    for (i, figure) in document.headline.iter().enumerate() {
        let mut wrong = document.clone();
        wrong.headline[i].value += 1;
        let said = wrong.checked().unwrap_err().to_string();
        assert!(said.contains(&figure.value.to_string()), "{said}");
        assert!(said.contains(&(figure.value + 1).to_string()), "{said}");
    }
    for key in ["regions", "events"] {
        let mut wrong = document.clone();
        let table = wrong.sections.iter_mut().flat_map(|s| &mut s.tables).find(|t| t.key == key).unwrap();
        let row =
            table.rows.iter().position(|r| r.iter().any(|c| matches!(c, Cell::Count { n, .. } if *n > 0)));
        table.rows.remove(row.unwrap());
        assert_eq!(wrong.checked().unwrap_err().table, key);
    }
    let mut wrong = document;
    wrong.sections.remove(0);
    assert_eq!(wrong.checked().unwrap_err().sum, None);
}

#[test]
fn a_report_names_zones_in_the_words_of_the_agreement() {
    for lang in ["en", "uk"] {
        let document = of(Kind::Daily, lang, "");
        let json = document.checked().unwrap().json();
        assert!(json.contains("Security belt"), "the test has a zone that is named");
        for name in ["security-belt", "contact-line", "western-oblasts"] {
            assert!(!json.contains(name), "{name} in {json}");
        }
    }
}

#[test]
fn no_section_vanishes_and_both_languages_have_the_same() {
    let ids = |d: &Document| d.sections.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
    let (en, uk) = (of(Kind::Daily, "en", ""), of(Kind::Daily, "uk", ""));
    assert_eq!(ids(&en), ids(&uk));
    assert_eq!(
        ids(&en),
        [
            "violations",
            "casualties",
            "withdrawal",
            "local-ceasefires",
            "infrastructure",
            "civilians",
            "access",
            "interference",
            "joint-body",
            "clauses",
            "corrections",
            "withheld",
            "annex-events",
            "annex-map",
            "annex-rules",
            "sources"
        ]
    );
    for d in [&en, &uk] {
        for s in &d.sections {
            let said = !s.text.is_empty() || !s.tables.is_empty() || s.picture.is_some();
            assert!(said, "{} is empty", s.id);
        }
        assert!(d.summary.len() <= 10);
    }
    assert!(en.sections[2].text[0].contains("Nothing reported"));
    assert!(uk.sections[2].text[0].contains("Повідомлень немає"));
    assert!(en.sections.iter().any(|s| s.id == "withheld" && s.text[0].contains("TLP:RED")));
}

#[test]
fn payloads_stay_text_in_every_form() {
    for payload in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "=HYPERLINK(\"x\")"] {
        let checked = of(Kind::Daily, "en", payload).checked().unwrap();
        let page = html::html(&checked);
        assert!(!page.contains("<script") && !page.contains("<img"), "{payload}");
        let table = csv::csv(&checked, "events");
        assert!(table.lines().count() > 1, "the table has events");
        let cells = table.split(['\n', ',']).map(|c| c.trim_start_matches('"'));
        assert!(cells.into_iter().all(|c| !c.starts_with(['=', '+', '@'])), "{table}");
    }
    let payload = of(Kind::Daily, "en", "<script>x").checked().unwrap();
    assert!(html::html(&payload).contains("&lt;script&gt;x"), "it is shown as it was written");
}

#[test]
fn the_public_gets_no_record_no_title_and_no_exact_place() {
    let checked = of(Kind::Bulletin, "en", "a-secret-title").checked().unwrap();
    for text in [html::html(&checked), checked.json(), checked.geojson(), csv::csv(&checked, "regions")] {
        assert!(!text.contains("a-secret-title"));
    }
    assert!(checked.document().points.iter().all(|p| p.record.is_empty() && p.radius_m >= 5000.0));
}

#[test]
fn plurals_and_numbers() {
    let (en, uk) = (Messages::of("en").unwrap(), Messages::of("uk").unwrap());
    assert_eq!(
        [1, 2, 5, 11, 21, 112].map(|n| uk.count("violation", n)),
        ["1 порушення", "2 порушення", "5 порушень", "11 порушень", "21 порушення", "112 порушень"]
    );
    assert_eq!([1, 2].map(|n| en.count("explosion", n)), ["1 explosion", "2 explosions"]);
    assert_eq!([en.number(12_800), uk.number(-12_800)], ["12,800", "−12\u{a0}800"]);
    assert_eq!([en.tenths(15), uk.tenths(15)], ["1.5", "1,5"]);
}

#[test]
fn languages_are_whole_or_refused() {
    let uk = include_str!("../data/uk.toml");
    assert!(Messages::parse(uk).is_ok(), "{:?}", Messages::parse(uk));
    let less: String =
        uk.lines().filter(|l| !l.starts_with("casualties ")).map(|l| format!("{l}\n")).collect();
    assert!(Messages::parse(&less).unwrap_err().contains("casualties"));
    assert!(Messages::parse(&format!("{uk}\nother = \"x\"")).is_err());
    assert!(Feeds::parse("[sections]\nweather = []").unwrap_err().contains("weather"));
}

#[test]
fn the_same_bytes_each_time() {
    let once = || html::html(&of(Kind::Audit, "uk", "").checked().unwrap());
    assert_eq!(once(), once());
}
