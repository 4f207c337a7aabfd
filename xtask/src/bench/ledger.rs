//! The whole check of a log: a million entries, or ten million with `--long`.

use super::table::Table;
use super::{Bench, figure};

const SEED: &str = "7";

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let (entries, shown) = if bench.long { ("10000000", "10 million") } else { ("1000000", "a million") };
    let folder = bench.folder.join("ledger");
    let place = folder.display().to_string();
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove {place}: {e}"))?;
    }
    bench.told(&["ledger", "make", &place, entries, SEED], None)?;
    let timed: Vec<Vec<u8>> = (0..bench.runs.min(3))
        .map(|_| bench.told(&["ledger", "verify", &place, SEED], None))
        .collect::<Result<_, _>>()?;
    let of = |name: &str| timed.iter().map(|text| figure(text, name)).collect::<Result<Vec<f64>, _>>();
    let seconds = of("verify")?.into_iter().map(|us| us / 1e6).collect();
    table.row(format!("a log of {shown} entries verified"), "60 s for 10 million", "s", seconds);
    table.row("bytes of its entries", "-", "MB", of("bytes")?.into_iter().map(|b| b / 1e6).collect());
    std::fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove {place}: {e}"))
}
