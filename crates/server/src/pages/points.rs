//! All incidents that can be drawn, as columns of numbers: a tenth of the bytes of GeoJSON, and nothing to parse.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `SVP1` |
//! | 4 | length of the head, unsigned, a multiple of four with its blanks |
//! | head | JSON, `points/1`: question, `count`, `origin` (UTC), `kinds` and `statuses` with their words, `unplaced`, `columns` |
//! | 4 × count | longitudes in degrees, 32-bit floats |
//! | 4 × count | latitudes in degrees, 32-bit floats |
//! | 4 × count | seconds from `origin` to the earliest moment, unsigned |
//! | 4 × count | the number of the incident in `/api/incidents?row=N` for the same question, unsigned |
//! | 2 × count | radius of doubt in steps of 100 metres, rounded up, at most 65,535, unsigned |
//! | count | kind, by number; 255 for what has no number of its own |
//! | count | status, by number |
//!
//! All numbers are little-endian. Points are in order of time, so that a stretch of time is a stretch of each column.
//!
//! Invariants
//! - coordinates are those of the map: four digits, as they were reported, for this machine and not for the public.

use super::seen::Seen;
use crate::Problem;
use serde_json::json;
use servanda_evidence::incident::Status;
use servanda_model::Name;
use servanda_report::json::Header;
use servanda_report::map;
use std::collections::BTreeMap;

/// What a number of a kind says that has none of its own.
const OTHER: u8 = 255;

/// The document.
pub(crate) fn columns(seen: &Seen) -> Result<Vec<u8>, Problem> {
    let placed: Vec<_> =
        seen.items.iter().enumerate().filter_map(|(row, item)| Some((row, item, item.spot?))).collect();
    let mut kinds: BTreeMap<&Name, usize> = BTreeMap::new();
    for (_, item, _) in &placed {
        *kinds.entry(&seen.main(item).fact).or_default() += 1;
    }
    let mut often: Vec<(&Name, usize)> = kinds.into_iter().collect();
    often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let number: BTreeMap<&Name, u8> =
        often.iter().take(usize::from(OTHER)).enumerate().map(|(i, (fact, _))| (*fact, i as u8)).collect();
    let origin = placed.first().map_or(seen.board.question.at, |(_, item, _)| item.when.earliest);
    let mut head =
        serde_json::to_value(Header::of("points/1", &seen.view())).map_err(|e| Problem::bug(&e))?;
    head["count"] = json!(placed.len());
    head["origin"] = json!(origin.to_string());
    head["unplaced"] = json!(seen.items.len() - placed.len());
    head["kinds"] = often
        .iter()
        .take(usize::from(OTHER))
        .map(|(f, n)| json!({"kind": f.as_str(), "phrase": seen.phrase(f), "count": n}))
        .collect();
    head["statuses"] = Status::ALL.iter().map(|s| s.word()).collect();
    head["columns"] =
        json!(["lon:f32", "lat:f32", "seconds:u32", "row:u32", "radius_100m:u16", "kind:u8", "status:u8"]);
    let mut head = serde_json::to_vec(&head).map_err(|e| Problem::bug(&e))?;
    head.resize(head.len().next_multiple_of(4), b' ');
    let mut out = Vec::with_capacity(8 + head.len() + placed.len() * 20);
    out.extend(b"SVP1");
    out.extend((head.len() as u32).to_le_bytes());
    out.extend(head);
    let spots: Vec<[f64; 2]> = placed.iter().map(|(_, _, (point, _))| map::position(*point)).collect();
    out.extend(spots.iter().flat_map(|[lon, _]| (*lon as f32).to_le_bytes()));
    out.extend(spots.iter().flat_map(|[_, lat]| (*lat as f32).to_le_bytes()));
    let seconds = |at: servanda_model::Instant| u32::try_from((at - origin) / 1000).unwrap_or(u32::MAX);
    out.extend(placed.iter().flat_map(|(_, item, _)| seconds(item.when.earliest).to_le_bytes()));
    out.extend(placed.iter().flat_map(|(row, ..)| (*row as u32).to_le_bytes()));
    let steps = |metres: f64| (metres / 100.0).ceil().clamp(0.0, 65_535.0) as u16;
    out.extend(placed.iter().flat_map(|(_, _, (_, radius_m))| steps(*radius_m).to_le_bytes()));
    out.extend(placed.iter().map(|(_, item, _)| number.get(&seen.main(item).fact).copied().unwrap_or(OTHER)));
    let status = |status: Status| Status::ALL.iter().position(|s| *s == status).unwrap_or(0) as u8;
    out.extend(placed.iter().map(|(_, item, _)| status(item.status)));
    Ok(out)
}
