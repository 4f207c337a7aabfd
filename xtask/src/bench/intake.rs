//! Signed detections at 200 a second over HTTP into a server that follows: how long a receipt takes, how far verdicts are behind.
//! With `--long` half a million, which is a day's burst and takes 42 minutes; else 60,000. Never less than the whole chain: the
//! binary that a user gets, a workspace of an example, keys, the log, the board.

use super::table::Table;
use super::{Bench, figure};

const RATE: &str = "200";
const SENSORS: &str = "16";

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let records = if bench.long { "500000" } else { "60000" };
    let (binary, folder) = (bench.release.join("servanda"), bench.folder.join("intake"));
    let (binary, folder) = (binary.to_string_lossy(), folder.to_string_lossy());
    let told =
        bench.told(&["intake", &binary, "examples/minsk-style", &folder, records, RATE, SENSORS], None)?;
    let whole = format!("{records} signed detections, {RATE} a second due, {SENSORS} sensors");
    let one = |name: &str| figure(&told, name).map(|n| vec![n]);
    table.row(format!("{whole}: reached a second"), RATE, "", one("rate")?);
    for (name, about, most) in [
        ("receipt-p50", "until the receipt, median", "-"),
        ("receipt-p99", "until the receipt, 99 of 100", "1000 ms"),
        ("receipt-max", "until the receipt, longest", "-"),
        ("behind-p50", "until the verdict, median", "-"),
        ("behind-p99", "until the verdict, 99 of 100", "-"),
        ("behind-max", "until the verdict, longest", "-"),
    ] {
        table.row(format!("{whole}: {about}"), most, "ms", one(name)?);
    }
    table.row(format!("{whole}: cores of the server"), "2", "", one("cores")?);
    table.row(format!("{whole}: CPU of the server, program"), "-", "s", one("user")?);
    table.row(format!("{whole}: CPU of the server, system for it"), "-", "s", one("system")?);
    table.row(
        format!("{whole}: cores that others had meanwhile, sensors among them"),
        "-",
        "",
        one("beside")?,
    );
    for (name, about) in [("disk-p50", "median"), ("disk-p99", "99 of 100"), ("disk-max", "longest")] {
        let what = format!("{whole}: until the disk has a small file of somebody else, {about}");
        table.row(what, "-", "ms", one(name)?);
    }
    table.row(format!("{whole}: greatest memory"), "-", "MB", one("peak")?);
    Ok(())
}
