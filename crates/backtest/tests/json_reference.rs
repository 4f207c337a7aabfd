//! `docs/reference/backtest.md` against what is produced: every field is documented and of the kind that the page gives, and
//! every documented field is produced.

use serde_json::Value;
use servanda_backtest::{
    Backtest, Knowledge, Past, against, html, json, labels, parquet_rows, replay, text, vary,
};
use servanda_model::record::{ItemGrade, RoleValue};
use servanda_model::{Agreement, Instant, Places, Record, When};
use std::collections::{BTreeMap, BTreeSet};

fn draft(threshold: &str, hours: &str) -> Agreement {
    let text = format!(
        "# Draft\n\n> They stop, and meet soon.\n\n```pact\nagreement a\n  time zone UTC\n  in force 2024-01-01\n\nparty A\nparty B\n\
         body board\n  members A, B\n\nevent strike\n  says \"{{by}} strikes\"\n  carries by: party, at: place\n\n\
         event meeting\n  says \"a meeting\"\n\nevent parley\n  says \"a parley\"\n\nterm wave\n  means count of strike in any 48 hours >= {threshold}\n\n\
         duty meet\n  bearer A\n  owed to B\n  when wave begins\n  must do meeting\n  within {hours} hours\n  seen by board\n  \
         per \"They stop, and meet soon\"\n\nban stop\n  bearer each of A, B\n  owed to every other of A, B\n  must not do strike by bearer\n  seen by board\n  \
         standard confirmed\n  per \"They stop\"\n\nduty calm\n  bearer B\n  owed to A\n  when meeting\n  must do parley\n  within 1 hours\n  \
         per \"They stop\"\n```\n"
    );
    let checked = servanda_lang::check(&text);
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    checked.agreement
}

fn records() -> Vec<Record> {
    let start = Instant::parse_utc("2024-02-01T00:00:00Z").unwrap().0;
    let mut records = Vec::new();
    for i in 0..24i64 {
        let at = Instant(start + (i / 4) * 10 * 86_400_000 + (i % 4) * 3_600_000);
        let mut r = Record::new(format!("s{i}"), "strike", When::exact(at), at);
        r.roles.insert("by".into(), RoleValue::OneOf(vec!["A".into(), "B".into()]));
        r.item_grade = Some(ItemGrade(2));
        r.source = "UCDP GED".into();
        records.push(r);
    }
    let at = Instant(start + 5 * 3_600_000);
    records
        .push(Record { item_grade: Some(ItemGrade(1)), ..Record::new("m", "meeting", When::exact(at), at) });
    records
}

type Page = BTreeMap<String, BTreeMap<String, String>>;

fn page() -> Page {
    let (mut page, mut shape) = (Page::new(), String::new());
    for line in include_str!("../../../docs/reference/backtest.md").lines() {
        if let Some(title) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            shape = title.trim_matches('`').to_string();
        } else if line.starts_with("| `") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let fields = page.entry(shape.clone()).or_default();
            assert!(
                fields.insert(cells[0].trim_matches('`').to_string(), cells[1].to_string()).is_none(),
                "{line}"
            );
        }
    }
    page
}

fn compared(
    page: &Page,
    kind: &str,
    value: &Value,
    at: &str,
    seen: &mut BTreeSet<(String, String)>,
    wrong: &mut Vec<String>,
) {
    if let Some(kind) = kind.strip_suffix(" or null") {
        if !value.is_null() {
            compared(page, kind, value, at, seen, wrong);
        }
        return;
    }
    let each = match (kind.strip_prefix("list of "), kind.strip_prefix("map of ")) {
        (Some(kind), _) => value.as_array().map(|all| (kind, all.iter().collect::<Vec<_>>())),
        (_, Some(kind)) => value.as_object().map(|all| (kind, all.values().collect())),
        _ => None,
    };
    if let Some((kind, all)) = each {
        all.into_iter().for_each(|v| compared(page, kind, v, at, seen, wrong));
        return;
    }
    let right = match kind {
        "text" => value.is_string(),
        "number" => value.is_number(),
        "flag" => value.is_boolean(),
        shape => {
            let (Some(fields), Some(object)) = (page.get(shape), value.as_object()) else {
                wrong.push(format!("{at}: no `{shape}`"));
                return;
            };
            for field in fields.keys().filter(|f| !object.contains_key(*f)) {
                wrong.push(format!("{at} has no `{field}`"));
            }
            for (field, value) in object {
                match fields.get(field) {
                    Some(kind) => {
                        seen.insert((shape.to_string(), field.clone()));
                        compared(page, kind, value, &format!("{at}.{field}"), seen, wrong);
                    }
                    // The header is described in json.md.
                    None if shape == "backtest/1"
                        && ["servanda", "agreement", "question", "exercise", "note"]
                            .contains(&field.as_str()) => {}
                    None => wrong.push(format!("{at} has `{field}`, which is not documented")),
                }
            }
            return;
        }
    };
    if !right {
        wrong.push(format!("{at} is not a {kind}: {value}"));
    }
}

#[test]
fn the_page_and_the_document_agree_and_the_same_bytes_come_out_twice() {
    let (one, other) = (draft("4", "24"), draft("3", "48"));
    let places = Places::default();
    let past = Past::of(
        &one,
        &records(),
        Knowledge::AsItHappened(3_600_000),
        None,
        None,
        vec!["<b>a note</b>".into()],
    )
    .unwrap();
    let none = BTreeMap::new();
    let text_of_labels = "name,from,to\nwave,2024-02-01,2024-02-03\nwave,2024-06-01,2024-06-02\nwave,2024-02-25,2024-02-26\nstop,2024-02-01,2024-02-02\n";
    let labels = labels::parse(text_of_labels, &one).unwrap();
    let made = || {
        let replayed = replay(&one, &places, &past, &none);
        let scored = labels::score(&replayed, &past, &labels, 0);
        let varied = vary::varied(&one, &["wave.count=2..4".into()]).unwrap();
        let sweep = |verdicts| {
            vary::sweep(&one, &places, &past, &none, varied.clone(), verdicts, false, |_, _| {}).unwrap()
        };
        let compared = against::compare((&one, &replayed), (&other, replay(&other, &places, &past, &none)));
        let whole = sweep(Some((&labels[..], 0)));
        let quick = sweep(None);
        let found = |sweep, replay, scored, compared| Backtest {
            agreement: &one,
            places: &places,
            past: &past,
            replay,
            scored,
            sweep: Some(sweep),
            compared,
        };
        [found(whole, replayed.clone(), Some(scored), Some(compared)), found(quick, replayed, None, None)]
    };
    let (page, mut seen, mut wrong) = (page(), BTreeSet::new(), Vec::new());
    let all = made();
    assert_eq!(all[1].sweep.as_ref().unwrap().term_only.as_ref().map(|t| t.as_str()), Some("wave"));
    for found in &all {
        let document: Value = serde_json::to_value(json::backtest(found)).unwrap();
        assert_eq!(document["servanda"], "backtest/1");
        compared(&page, "backtest/1", &document, "backtest", &mut seen, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let documented = page.iter().flat_map(|(s, fields)| fields.keys().map(move |f| (s.clone(), f.clone())));
    let said: Vec<_> = all[0].replay.norms.iter().map(|n| (n.norm.to_string(), &n.performances)).collect();
    let unseen: Vec<String> =
        documented.filter(|f| !seen.contains(f)).map(|(s, f)| format!("{s}.{f}")).collect();
    assert!(unseen.is_empty(), "documented and never produced: {}; {said:?}", unseen.join(", "));

    for (a, b) in made().iter().zip(&all) {
        assert_eq!(html::page(a), html::page(b));
        assert_eq!(parquet_rows::log(a).unwrap(), parquet_rows::log(b).unwrap());
        let style = servanda_report::text::Style::PLAIN;
        assert_eq!(text::backtest(a, &style), text::backtest(b, &style));
    }
    let html = html::page(&all[0]);
    assert!(html.contains("&lt;b&gt;a note&lt;/b&gt;") && !html.contains("<b>a note"), "a note is text");
    assert!(
        !html.contains("<script") && !html.contains("http:") && !html.contains("https:"),
        "nothing is fetched or run"
    );
    for said in ["lethal events only", "sample", "no ranking of parties", "Counting rule"] {
        assert!(html.contains(said), "{said}");
        assert!(
            said == "sample" || text::backtest(&all[0], &servanda_report::text::Style::PLAIN).contains(said),
            "{said}"
        );
    }
}
