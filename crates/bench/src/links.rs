//! Which reports speak of one event: figures on labelled reports, weights learned from them, and the time that 200,000
//! seeded reports take.

use crate::data::Chance;
use crate::measure::{cpu, of_process};
use servanda_evidence::corroborate::measure::{Figures, Labelled, deal};
use servanda_evidence::corroborate::{Incidents, Reports, Weights, fit, propose};
use servanda_evidence::{Context, Format, Mapping, import};
use servanda_model::record::RoleValue;
use servanda_model::time::HOUR;
use servanda_model::{Instant, Number, Place, Point, Record, When};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Folds in which cities are held out.
pub const FOLDS: u32 = 5;

/// The reports of a MAVERICK file, by the mapping beside this tool.
pub fn maverick(csv: &str, map: &str) -> Result<Vec<Record>, String> {
    let text = std::fs::read_to_string(map).map_err(|e| format!("cannot read {map}: {e}"))?;
    let bytes = std::fs::read(csv).map_err(|e| format!("cannot read {csv}: {e}"))?;
    let mapping = Mapping::parse(&text).map_err(|faults| format!("{map}: {faults:?}"))?;
    let now = Instant::parse_utc("2026-01-01T00:00:00Z").unwrap_or(Instant(0));
    let context = Context::new(now, "MAVERICK");
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

/// About `n` seeded reports, with the event of each: two years in a country of 300 towns, a quarter of all within ten waves
/// of three days, one to six reports an event, with doubts of time and place, wire copies and vague summaries.
pub fn world(n: u64, seed: u64) -> (Vec<Record>, Vec<u32>) {
    const DAY: i64 = 24 * HOUR;
    const KINDS: [&str; 8] = [
        "shelling",
        "sniper-fire",
        "drone-strike",
        "mine",
        "air-strike",
        "abduction",
        "clash",
        "rocket-fire",
    ];
    let mut chance = Chance::new(seed);
    let towns: Vec<Point> = (0..300)
        .map(|_| Point {
            lat: 46.0 + chance.below(5_000) as f64 / 1_000.0,
            lon: 28.0 + chance.below(11_000) as f64 / 1_000.0,
        })
        .collect();
    let (mut records, mut events) = (Vec::new(), Vec::new());
    let mut event = 0u32;
    while (records.len() as u64) < n {
        let wave = chance.below(4) == 0;
        // Few towns see most of it.
        let rank = (300.0 / (1.0 + chance.below(300) as f64)) as usize;
        let town = if wave { chance.below(12) as usize } else { (rank + chance.below(40) as usize) % 300 };
        let day = if wave {
            60 * (1 + chance.below(10) as i64) + chance.below(3) as i64
        } else {
            chance.below(730) as i64
        };
        let at = day * DAY + chance.below(24) as i64 * HOUR;
        let near = |chance: &mut Chance, of: f64, km: f64| {
            of + (chance.below(2_001) as f64 - 1_000.0) / 1_000.0 * km / 111.0
        };
        let spot = Point {
            lat: near(&mut chance, towns[town].lat, 6.0),
            lon: near(&mut chance, towns[town].lon, 6.0),
        };
        let (kind, by) = (chance.below(8) as usize, chance.below(2));
        let (dead, hurt) = (chance.below(40).saturating_sub(30), chance.below(30).saturating_sub(15));
        let (quarter, street) = (chance.below(9), chance.below(4_000));
        let words: Vec<u64> = (0..5)
            .map(|_| {
                let top = 1 + chance.below(20_000);
                chance.below(top)
            })
            .collect();
        let wire = chance.below(50);
        for report in 0..1 + [0, 0, 0, 1, 1, 2, 3, 5][chance.below(8) as usize] {
            let source = chance.below(60);
            let exact = chance.below(3) == 0;
            let (from, to) = match chance.below(40) {
                0 => (at - 3 * DAY, at + 4 * DAY),
                _ if exact => (at, at),
                _ => (day * DAY, (day + 1) * DAY - 1),
            };
            let radius =
                [300.0, 1_000.0, 1_000.0, 5_000.0, 5_000.0, 5_000.0, 25_000.0, 40_000.0, 1_000.0, 150_000.0]
                    [chance.below(10) as usize];
            let km = if radius < 2e4 { radius / 1_500.0 } else { 3.0 };
            let when = When { earliest: Instant(from), latest: Instant(to) };
            let id = format!("w{:07}", records.len());
            let mut record = Record::new(id.as_str(), "fire", when, Instant(to + DAY));
            record.source = format!("source {source}");
            let point = Point { lat: near(&mut chance, spot.lat, km), lon: near(&mut chance, spot.lon, km) };
            record.place = Some(Place::Point { at: point, radius_m: radius });
            record.roles.insert(
                "kind".into(),
                RoleValue::Name(KINDS[(kind + usize::from(chance.below(8) == 0)) % 8].into()),
            );
            let sides = || vec!["Red".into(), "Blue".into()];
            let actor = match chance.below(3) {
                0 => RoleValue::OneOf(sides()),
                _ => RoleValue::Name(["Red", "Blue"][by as usize].into()),
            };
            record.roles.insert("by".into(), actor);
            for (role, number) in [("dead", dead), ("injured", hurt)] {
                let number = (number + chance.below(5)).saturating_sub(2 * chance.below(2)).saturating_sub(2);
                if number > 0 {
                    record.roles.insert(
                        role.into(),
                        RoleValue::Number(Number::ratio(number as i64, 1).unwrap_or_else(Number::zero)),
                    );
                }
            }
            if radius < 2e4 {
                record.extra.insert("location".into(), format!("town{town} quarter{quarter}"));
            }
            record.title = if wire < 5 && report < 2 {
                format!(
                    "agency: {} in town{town} quarter{quarter} street{street} w{} w{} w{} says official",
                    KINDS[kind], words[0], words[1], words[2]
                )
            } else {
                let own = chance.below(20_000);
                format!(
                    "{} town{town} w{} w{own} w{}",
                    KINDS[kind],
                    words[chance.below(5) as usize],
                    words[chance.below(5) as usize]
                )
            };
            records.push(record);
            events.push(event);
        }
        event += 1;
    }
    (records, events)
}

/// CPU time to propose links among seeded reports with the shipped weights, and how good they are.
pub fn speed(n: u64, seed: u64) -> Vec<u8> {
    let (records, events) = world(n, seed);
    let before = cpu();
    let found = propose(&records, &BTreeMap::new(), &Incidents::default(), &Weights::shipped());
    let taken = cpu() - before;
    let number: BTreeMap<&str, usize> = records.iter().enumerate().map(|(n, r)| (r.id.as_str(), n)).collect();
    let mut clusters: Vec<u32> = (0..records.len() as u32).collect();
    for proposal in &found.proposals {
        let first = number[proposal.records[0].as_str()] as u32;
        for id in &proposal.records {
            clusters[number[id.as_str()]] = first;
        }
    }
    let figures = Figures::of(&clusters, &events);
    let mut out = format!(
        "propose {taken:.0}\nreports {}\ncompared {}\nproposals {}\ncut {}\nf1 {:.4}\nb3 {:.4}\n",
        found.reports,
        found.compared,
        found.proposals.len(),
        found.cut,
        figures.pair_f1(),
        figures.b_cubed()
    );
    out.push_str(&of_process());
    out.into_bytes()
}
