//! Which reports speak of one event: figures on labelled reports, weights learned from them, and the time that 200,000
//! seeded reports take.

use servanda_evidence::corroborate::measure::{Figures, Labelled, deal};
use servanda_evidence::corroborate::{Reports, fit};
use servanda_evidence::{Context, Format, Mapping, import};
use servanda_model::{Calendar, Instant, Record};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Folds in which cities are held out.
pub const FOLDS: u32 = 5;

/// The reports of a MAVERICK file, by the mapping beside this tool.
pub fn maverick(csv: &str, map: &str) -> Result<Vec<Record>, String> {
    let text = std::fs::read_to_string(map).map_err(|e| format!("cannot read {map}: {e}"))?;
    let bytes = std::fs::read(csv).map_err(|e| format!("cannot read {csv}: {e}"))?;
    let mapping = Mapping::parse(&text).map_err(|faults| format!("{map}: {faults:?}"))?;
    let context = Context {
        now: Instant::parse_utc("2026-01-01T00:00:00Z").unwrap_or(Instant(0)),
        dataset: "MAVERICK".into(),
        calendar: Calendar::utc(),
        exercise: false,
    };
    let import = import(Format::Csv, &bytes, Some(&mapping), &context)
        .map_err(|faults| format!("{csv}: {faults:?}"))?;
    for refused in &import.refused {
        eprintln!("refused: {}", refused.show());
    }
    Ok(import.records)
}

/// The city that a report is held out with.
fn city(record: &Record) -> &str {
    let of = |key: &str| record.extra.get(key).map(String::as_str).filter(|text| !text.is_empty());
    of("city").or(of("location")).unwrap_or("?")
}

/// Labels and folds for reports; `most`: only events of at most so many reports.
pub fn labelled(records: &[Record], reports: &Reports, most: Option<usize>) -> Labelled {
    let by_id: BTreeMap<_, _> = records.iter().map(|r| (&r.id, r)).collect();
    let of = |n: usize| by_id[reports.id(n as u32)];
    let events: Vec<&str> = (0..reports.len()).map(|n| of(n).extra["event_id"].as_str()).collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &events {
        *sizes.entry(event).or_default() += 1;
    }
    let numbers: BTreeMap<&str, u32> = sizes.keys().enumerate().map(|(i, e)| (*e, i as u32)).collect();
    let truth = events.iter().map(|e| most.is_none_or(|most| sizes[e] <= most).then(|| numbers[e])).collect();
    let cities: Vec<&str> = (0..reports.len()).map(|n| city(of(n))).collect();
    Labelled::new(reports, truth, deal(&cities, FOLDS))
}

/// Figures with every city held out once. With `folds`, who is held out with whom, for other programs.
pub fn measured(csv: &str, map: &str, folds: bool) -> Result<Vec<u8>, String> {
    let records = maverick(csv, map)?;
    let reports = Reports::of(&records, &BTreeMap::new());
    let mut out = String::new();
    if folds {
        let by_id: BTreeMap<_, _> = records.iter().map(|r| (&r.id, r)).collect();
        let cities: Vec<&str> = (0..reports.len()).map(|n| city(by_id[reports.id(n as u32)])).collect();
        for (n, fold) in deal(&cities, FOLDS).into_iter().enumerate() {
            let id = reports.id(n as u32).as_str();
            let _ = writeln!(out, "{},{fold}", id.strip_prefix("maverick-").unwrap_or(id));
        }
        return Ok(out.into_bytes());
    }
    for (name, most) in [("", None), ("-up-to-5", Some(5))] {
        let labelled = labelled(&records, &reports, most);
        let (pairs, reached, all) = labelled.reach();
        let _ = writeln!(out, "pairs{name} {pairs}\nreached{name} {reached}\ntrue{name} {all}");
        let held = labelled.held_out(fit::PENALTY);
        let mut sum = Figures::default();
        for (fold, held) in held.iter().enumerate() {
            sum = sum.and(held.figures);
            let _ = writeln!(
                out,
                "fold{name}-{fold}-f1 {:.4}\nfold{name}-{fold}-b3 {:.4}\nfold{name}-{fold}-threshold {:.2}\nfold{name}-{fold}-reports {}",
                held.figures.pair_f1(),
                held.figures.b_cubed(),
                held.weights.threshold,
                held.figures.reports
            );
        }
        let (p, r) = sum.pair_precision_recall();
        let _ = writeln!(
            out,
            "f1{name} {:.4}\nprecision{name} {p:.4}\nrecall{name} {r:.4}\nb3{name} {:.4}",
            sum.pair_f1(),
            sum.b_cubed()
        );
    }
    Ok(out.into_bytes())
}

/// Weights from all labels, with a threshold chosen by leaving cities out: what the program ships.
pub fn trained(csv: &str, map: &str) -> Result<Vec<u8>, String> {
    let records = maverick(csv, map)?;
    let reports = Reports::of(&records, &BTreeMap::new());
    let labelled = labelled(&records, &reports, None);
    let mut weights = labelled.train(|_| true, fit::PENALTY, "shipped-1");
    weights.provenance = vec![
        "Learned from MAVERICK, Kenya 1992 to 2022: reports that people linked to events (CRAN package eventreport, CC BY 4.0).".into(),
        format!("{} reports, {} compared pairs, {} of one event.", reports.len(), labelled.reach().0, labelled.reach().1),
        format!("Penalty {}; the threshold is the best when cities are left out, {FOLDS} folds.", fit::PENALTY),
        "Made by `servanda-bench links train`; figures by `cargo xtask bench --only links`.".into(),
    ];
    Ok(weights.rounded().text().into_bytes())
}
