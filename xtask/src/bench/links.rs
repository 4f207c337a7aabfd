//! Which reports speak of one event: figures on held-out cities, the same for Splink and MELTT, and the time of 200,000 reports.

use super::table::Table;
use super::{Bench, figure, told};
use std::path::PathBuf;
use std::process::Command;

const DATA: &str = "../shared/data/linkage/maverick-kenya.csv";
const MAP: &str = "bench/maverick.map.toml";
/// The yardstick and what it runs on, from PyPI.
const PACKAGES: [&str; 4] = ["splink==5.0.0", "duckdb==2.0.1", "pandas==3.1.1", "numpy==2.4.6"];

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let timed: Vec<Vec<u8>> = (0..bench.runs.min(3))
        .map(|_| bench.told(&["links", "speed", "200000", "1"], None))
        .collect::<Result<_, _>>()?;
    let of = |name: &str| timed.iter().map(|text| figure(text, name)).collect::<Result<Vec<f64>, _>>();
    let seconds = of("propose")?.into_iter().map(|us| us / 1e6).collect();
    table.row("links among 200,000 seeded reports, one thread: CPU", "8 s", "s", seconds);
    table.row("pairs compared among them", "-", "pairs", of("compared")?);
    table.row("pair F1 on them, weights from Kenya", "-", "", of("f1")?);
    table.row("B³ on them, weights from Kenya", "-", "", of("b3")?);
    if !bench.root.join(DATA).exists() {
        eprintln!("LEFT OUT: {DATA} is not there, so links were not measured on real reports");
        table.row("pair F1, held-out cities", "0.66", "", vec![]);
        return Ok(());
    }
    let ours = bench.told(&["links", "measure", DATA, MAP], None)?;
    for (name, reach, key) in [
        ("pair F1, held-out cities", "0.66", "f1"),
        ("B³, held-out cities", "0.90", "b3"),
        ("pair F1, held-out cities, events of at most 5 reports", "-", "f1-up-to-5"),
        ("B³, held-out cities, events of at most 5 reports", "-", "b3-up-to-5"),
    ] {
        table.row(name, reach, "", vec![figure(&ours, key)?]);
    }
    let others = yardsticks(bench);
    if let Err(why) = &others {
        eprintln!("LEFT OUT: Splink and MELTT were not measured: {why}");
    }
    for (name, key) in
        [("same place and day", "same-place-and-day"), ("Splink", "splink"), ("MELTT", "meltt")]
    {
        for (what, figure_of) in [("pair F1", "f1"), ("B³", "b3")] {
            let found =
                others.as_ref().ok().and_then(|text| figure(text, &format!("{key}-{figure_of}")).ok());
            table.row(format!("{name}: {what}, the same cities"), "-", "", found.into_iter().collect());
        }
    }
    Ok(())
}

fn yardsticks(bench: &Bench) -> Result<Vec<u8>, String> {
    let folder = bench.folder.join("links-python");
    let python: PathBuf = folder.join("bin/python");
    if !python.exists() {
        told(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        told(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
    }
    let folds = bench.folder.join("links-folds.csv");
    let text = bench.told(&["links", "folds", DATA, MAP], None)?;
    std::fs::write(&folds, text).map_err(|e| format!("cannot write {}: {e}", folds.display()))?;
    told(Command::new(&python).arg("bench/links.py").arg(DATA).arg(&folds).current_dir(&bench.root))
}
