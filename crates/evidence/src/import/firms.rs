//! NASA FIRMS: what of the cells of its active-fire tables is computed.
//!
//! A row is a detection by a satellite: something hot, somewhere in a pixel. It is never called more than that: what was hot
//! (a field, a factory, a fire after an impact) no row says, and nobody is named.
//!
//! The mapping is data (`crates/evidence/data/firms.map.toml`). Its choices: the place is the middle of the pixel with half
//! its diagonal as the radius (`scan` × `track` in kilometres); `acq_date` and `acq_time` are UTC; the identity is made of
//! satellite, moment and place, since the file has none; the newest file of a feed withdraws nothing.
//!
//! # Source
//! NASA FIRMS, "VIIRS I-Band 375 m Active Fire Data" and "MODIS Active Fire Data": attribute tables.

use super::table::{Derive, as_it_stands, refuse};
use super::{Context, Refused};
use crate::codes;
use crate::geo;
use crate::mapping::Cells;
use std::collections::BTreeMap;

pub(super) static DERIVE: Derive = Derive {
    needs: &["latitude", "longitude", "acq_date", "acq_time", "satellite"],
    columns,
    canonical: as_it_stands,
};

fn columns(row: &dyn Cells, _: &Context) -> Result<BTreeMap<String, String>, Refused> {
    let mut out = BTreeMap::new();
    let cell = |name: &str| row.cell(name).unwrap_or("");
    if let (Some(date), Some(time)) = (row.cell("acq_date"), row.cell("acq_time")) {
        // `136` is 01:36: spreadsheets take the leading zero away.
        let digits: String = time.chars().filter(|c| *c != ':').collect();
        let minutes = digits.parse::<u32>().ok().filter(|_| digits.len() <= 4);
        let Some((hour, minute)) = minutes.map(|n| (n / 100, n % 100)).filter(|(h, m)| *h < 24 && *m < 60)
        else {
            let remedy = "write hours and minutes of UTC in four digits, such as `0136`";
            return Err(refuse(codes::DATE, "acq_time", time, "this is no time", remedy));
        };
        out.insert("@acquired".to_string(), format!("{date}T{hour:02}:{minute:02}Z"));
        let id = format!(
            "{}-{date}-{hour:02}{minute:02}-{}-{}",
            cell("satellite"),
            cell("latitude").replace('-', "s"),
            cell("longitude").replace('-', "w")
        );
        out.insert("@id".to_string(), id.replace([' ', '.'], "_"));
    }
    let size = |name: &str| geo::decimal(cell(name)).filter(|km| (0.0..=100.0).contains(km) && *km > 0.0);
    // Without its size a pixel is taken as wide as the widest of either instrument.
    let (scan, track) = match (size("scan"), size("track")) {
        (Some(scan), Some(track)) => (scan, track),
        _ => (4.8, 2.0),
    };
    let radius = (scan * scan + track * track).sqrt() * 500.0;
    out.insert("@radius".to_string(), format!("{}", radius.ceil()));
    let instrument = if cell("instrument").is_empty() { "satellite" } else { cell("instrument") };
    let craft = match cell("satellite") {
        "N" => "Suomi-NPP",
        "N20" | "1" => "NOAA-20",
        "N21" | "2" => "NOAA-21",
        "T" => "Terra",
        "A" => "Aqua",
        other => other,
    };
    out.insert("@sensor".to_string(), format!("{instrument} {craft}"));
    Ok(out)
}
