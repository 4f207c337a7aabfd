use servanda_engine::explain::Explainer;
use servanda_evidence::{Context, Format, Mapping, import};
use servanda_model::*;
use std::path::Path;
#[test]
fn prof() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bytes =
        std::fs::read(root.join("../shared/data/incidents/ucdp-ged-22.1-ukraine-2014-2021.csv")).unwrap();
    let map = Mapping::parse(
        &std::fs::read_to_string(root.join("examples/backtest-ukraine/ucdp.map.toml")).unwrap(),
    )
    .unwrap();
    let time = |t: &str| servanda_model::Instant::parse_utc(t).unwrap();
    let context = Context {
        calendar: Calendar::of_zone("Europe/Kyiv").unwrap(),
        ..Context::new(time("2026-11-01T00:00:00Z"), "ucdp")
    };
    let records = import(Format::Ucdp, &bytes, Some(&map), &context).unwrap().records;
    let agreement = servanda_lang::check(
        &std::fs::read_to_string(root.join("examples/backtest-ukraine/truce.pact.md")).unwrap(),
    )
    .agreement;
    let (places, _) = servanda_evidence::zones::places(&agreement, &Default::default(), &records);
    let question =
        Question { known_at: time("2026-11-01T00:00:00Z"), ..Question::at(time("2018-09-20T21:00:00Z")) };
    let board = servanda_engine::evaluate(&agreement, &places, &records, &question);
    let ex = Explainer::new(&agreement, &places, &records, &question);
    let norm = std::env::var("NORM").unwrap();
    let vs: Vec<_> = board.verdicts.iter().filter(|v| v.norm == *norm.as_str()).collect();
    for v in &vs {
        ex.explain(v);
    }
    let n = std::env::var("N").unwrap().parse().unwrap();
    let b = std::time::Instant::now();
    for _ in 0..n {
        for v in &vs {
            let b = std::time::Instant::now();
            let w = ex.explain(v);
            if n == 1 {
                println!(
                    "{:?} {} {} rests {} against {} change {} capped {:?} trig {:?}",
                    b.elapsed(),
                    v.bearer,
                    v.instance,
                    w.rests_on.len(),
                    w.against.len(),
                    w.would_change.len(),
                    (w.may_rest_on_less, w.more_may_change),
                    v.triggered.map(|t| (t.earliest.to_string(), t.latest.to_string()))
                );
            }
        }
    }
    println!("{} verdicts {:?}", vs.len(), b.elapsed());
}
