//! Tables of ceasefire violations as the OSCE Special Monitoring Mission annexed them to its reports: what of their cells is
//! computed.
//!
//! A row says what a patrol or a camera perceived at a distance: nobody is named who fired, and none is guessed from a
//! direction of fire. The mapping is data (`crates/evidence/data/osce.map.toml`). Its choices:
//!
//! - the place is computed from the position and the distance and direction in *Event location*; its radius covers the span of the
//!   distance, the sector of the wind's name and the doubt of the position (a named town: 3 km);
//! - a position that the gazetteer does not know is placed by what stands in its brackets (`17km N of Donetsk`);
//! - *No.* may be `about 10`, `at least 3`, `3-5`; a word such as *dozens* is refused;
//! - dates without a year take it from the day on which the report was issued, which has to be given;
//! - *means*, *observation*, *weapon* and what the description took it for are kept as details of the incident.
//!
//! # Source
//! OSCE SMM daily reports, "Table of ceasefire violations".

use super::table::{Derive, refuse};
use super::{Context, Refused};
use crate::bearing::Seen;
use crate::codes;
use crate::count;
use crate::gazetteer::{self, Extent};
use crate::mapping::Cells;
use jiff::civil::{Date, Time};
use servanda_model::{Place, Point};
use std::collections::BTreeMap;

pub(super) static DERIVE: Derive =
    Derive { needs: &["SMM position", "Event location", "Date, time"], columns, canonical };

/// How far from the middle of a named town a position in it may be.
const IN_TOWN_M: f64 = 3_000.0;

/// Headers as the reports of the years wrote them.
fn canonical(header: &str) -> String {
    let plain: String = header.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    match plain.as_str() {
        "smmposition" | "position" | "observerposition" => "SMM position",
        "eventlocation" | "location" => "Event location",
        "means" => "Means",
        "no" | "number" | "count" => "No.",
        "observation" => "Observation",
        "description" => "Description",
        "weapon" | "weapontype" => "Weapon",
        "datetime" | "date" | "dateandtime" => "Date, time",
        "id" | "ref" => "id",
        _ => header.trim(),
    }
    .to_string()
}

fn columns(row: &dyn Cells, context: &Context) -> Result<BTreeMap<String, String>, Refused> {
    let mut out = BTreeMap::new();
    let mut put = |key: &str, value: String| {
        out.insert(key.to_string(), value);
    };
    if let Some(cell) = row.cell("Date, time") {
        let (start, end) = moments(cell, context.issued)
            .map_err(|(code, reason, remedy)| refuse(code, "Date, time", cell, &reason, remedy))?;
        put("@start", start);
        put("@end", end);
    }
    if let Some(cell) = row.cell("No.").filter(|cell| !count::is_not_known(cell)) {
        let remedy = "write digits, with `about`, `at least` or as `3-5`; what was not counted is `N/K`";
        let count = count::parse(cell)
            .ok_or_else(|| refuse(codes::COUNT, "No.", cell, "this is no count", remedy))?;
        put("@count", count.number.to_string());
        put("@count-is", count.is.word().to_string());
    }
    let position = row.cell("SMM position").unwrap_or("");
    let (town, brackets) = match position.split_once('(') {
        Some((town, rest)) => (town.trim(), rest.trim_end_matches(')').trim()),
        None => (position.trim(), ""),
    };
    if town.to_lowercase().contains("camera") {
        put("@sensor", town.to_string());
    }
    if let Some(control) =
        brackets.split(',').map(str::trim).find(|part| part.to_lowercase().contains("control"))
    {
        put("@controlled-by", control.to_string());
    }
    if let Some(place) = place(town, brackets, row.cell("Event location").unwrap_or(""))? {
        put("@lat", place.0.lat.to_string());
        put("@lon", place.0.lon.to_string());
        put("@radius", place.1.to_string());
    }
    for (key, value) in seen_as(row.cell("Event location").unwrap_or("")) {
        put(key, value);
    }
    if let Some(cell) = row.cell("Means") {
        put("@means", means(cell));
    }
    if let Some(cell) = row.cell("Observation") {
        put("@subclass", kind(cell).to_string());
    }
    let text = row.cell("Description").unwrap_or("");
    if let Some(at) = text.to_lowercase().find("assessed as") {
        // The lower case of a text may be longer; then nothing is cut out.
        put("@remark", text.get(at..).unwrap_or(text).trim().to_string());
    }
    put("@weapon", row.cell("Weapon").filter(|w| !count::is_not_known(w)).unwrap_or("not known").to_string());
    let words = [row.cell("Observation").unwrap_or(""), row.cell("Description").unwrap_or("")];
    let title: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
    put("@title", title.join(": "));
    Ok(out)
}

/// Distance and direction as details.
fn seen_as(location: &str) -> Vec<(&'static str, String)> {
    let near = location.split(" of ").next().unwrap_or("").trim();
    if location.contains(" of ") || Seen::parse(near).is_none() {
        return Vec::new();
    }
    let split =
        near.rfind("km").map(|at| at + 2).or_else(|| near.rfind('m').map(|at| at + 1)).unwrap_or(near.len());
    let (distance, direction) = near.split_at(split);
    let mut out = vec![("@distance", distance.trim().to_string())];
    if !direction.trim().is_empty() {
        out.push(("@bearing", direction.trim().to_string()));
    }
    out
}

/// The point of a town, and how far off it may be.
fn of_name(name: &str) -> Option<Point> {
    let mut name = name.trim();
    // `SMM camera in Avdiivka`, `1km N edge of Shyrokyne` and the like: the town stands last.
    for word in [" in ", " at ", " near ", " of "] {
        if let Some((_, town)) = name.rsplit_once(word) {
            name = town.trim();
        }
    }
    match gazetteer::lookup(&format!("{name} city")).or_else(|| gazetteer::lookup(name))? {
        Extent::Point(at) => Some(at),
        Extent::Shape(_) => None,
    }
}

/// `17km N of Donetsk`: the point and its doubt.
fn from_town(text: &str) -> Option<(Point, f64)> {
    let (seen, town) = text.split_once(" of ")?;
    let town = town.split(['(', ',']).next()?;
    let Place::Point { at, radius_m } = Seen::parse(seen)?.place(of_name(town)?, IN_TOWN_M) else {
        return None;
    };
    Some((at, radius_m))
}

fn place(town: &str, brackets: &str, location: &str) -> Result<Option<(Point, f64)>, Refused> {
    if count::is_not_known(location) {
        return Ok(None);
    }
    if location.contains(" of ") {
        let remedy = "write a distance and a wind of a town of the gazetteer, such as `3km NE of Horlivka`";
        let found = from_town(location);
        return found.map(Some).ok_or_else(|| {
            refuse(codes::BEARING, "Event location", location, "the place is not understood", remedy)
        });
    }
    let remedy =
        "write a distance and a wind, such as `3-5km ESE` or `within 300m`; what is not known is `N/K`";
    let seen = Seen::parse(location).ok_or_else(|| {
        refuse(codes::BEARING, "Event location", location, "the place is not understood", remedy)
    })?;
    let by_brackets = brackets.split(',').find_map(from_town);
    let position = of_name(town).map(|at| (at, IN_TOWN_M)).or(by_brackets);
    let Some((position, doubt_m)) = position else {
        let reason = "the position is not known";
        let remedy = "name a town of the gazetteer, or add where it is: `(17km N of Donetsk)`";
        let value = if brackets.is_empty() { town.to_string() } else { format!("{town} ({brackets})") };
        return Err(refuse(codes::PLACE, "SMM position", &value, reason, remedy));
    };
    let Place::Point { at, radius_m } = seen.place(position, doubt_m) else { return Ok(None) };
    Ok(Some((at, radius_m)))
}

fn means(cell: &str) -> String {
    let lower = cell.to_lowercase();
    let words = [
        ("saw", "seen"),
        ("seen", "seen"),
        ("observed", "seen"),
        ("heard", "heard"),
        ("record", "recorded"),
        ("camera", "recorded"),
        ("image", "image"),
        ("told", "told"),
    ];
    let mut found: Vec<&str> =
        words.iter().filter(|(word, _)| lower.contains(word)).map(|(_, means)| *means).collect();
    found.dedup();
    if found.is_empty() { cell.to_string() } else { found.join(";") }
}

fn kind(cell: &str) -> &'static str {
    let lower = cell.to_lowercase();
    let words = [
        ("explosion", "explosion"),
        ("impact", "impact"),
        ("burst", "burst"),
        ("shot", "shot"),
        ("projectile", "projectile"),
        ("tracer", "projectile"),
        ("muzzle", "muzzle-flash"),
        ("flare", "flare"),
    ];
    words.iter().find(|(word, _)| lower.contains(word)).map_or("other", |(_, kind)| *kind)
}

type Wrong = (&'static str, String, &'static str);

/// Start and end in civil time: `26-Jan, 19:42:11`, `26/01/2021, 17:30-18:02`.
fn moments(cell: &str, issued: Option<Date>) -> Result<(String, String), Wrong> {
    let remedy = "write day and time as `26-Jan-2021, 19:42` or `26/01/2021, 17:30-18:02`";
    let unreadable = || (codes::DATE, "this is no day with its time".to_string(), remedy);
    let cell = cell.replace(['–', '—'], "-");
    let (day, times) = match cell.rsplit_once(',') {
        Some((day, times)) => (day.trim(), times.trim()),
        None => cell.split_once(' ').map(|(d, t)| (d.trim(), t.trim())).ok_or_else(unreadable)?,
    };
    let (first, last) = match times.split_once('-') {
        Some((first, last)) => (time(first).ok_or_else(unreadable)?, time(last).ok_or_else(unreadable)?),
        None => {
            let at = time(times).ok_or_else(unreadable)?;
            (at, at)
        }
    };
    let date = date(day, issued)?;
    let end = if last < first { date.tomorrow().map_err(|_| unreadable())? } else { date };
    let shown = |date: Date, time: Time| date.to_datetime(time).to_string();
    Ok((shown(date, first), shown(end, last)))
}

fn time(text: &str) -> Option<Time> {
    let mut parts = text.trim().split(':').map(|part| part.trim().parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

fn date(text: &str, issued: Option<Date>) -> Result<Date, Wrong> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let remedy = "write the day as `26-Jan`, `26-Jan-2021` or `26/01/2021`";
    let unreadable = || (codes::DATE, "this is no day".to_string(), remedy);
    let missing = || (codes::NO_SUCH_DATE, "there is no such day".to_string(), "check the day and the month");
    let parts: Vec<&str> =
        text.split(['-', '/', '.', ' ']).map(str::trim).filter(|p| !p.is_empty()).collect();
    let number = |part: &str| part.parse::<i16>().ok().filter(|n| *n > 0);
    let month = |part: &str| {
        let lower = part.to_lowercase();
        let named = MONTHS.iter().position(|m| lower.len() >= 3 && lower.starts_with(m));
        named.map(|m| m as i16 + 1).or_else(|| number(part))
    };
    let (day, month, year) = match parts.as_slice() {
        [year, mon, day] if year.len() == 4 && number(year).is_some() => {
            (number(day), month(mon), number(year))
        }
        [day, mon, year] if year.len() == 4 => (number(day), month(mon), number(year)),
        [day, mon] => (number(day), month(mon), None),
        _ => return Err(unreadable()),
    };
    let (Some(day), Some(month)) = (day, month) else { return Err(unreadable()) };
    let of = |year: i16| {
        let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
        Date::new(year, month, day).ok()
    };
    match (year, issued) {
        (Some(year), _) => of(year).ok_or_else(missing),
        // The year in which the day was last before the report.
        (None, Some(issued)) => {
            let this = of(issued.year()).filter(|date| *date <= issued);
            this.or_else(|| of(issued.year() - 1)).ok_or_else(missing)
        }
        (None, None) => Err((
            codes::DATE,
            "the day has no year".to_string(),
            "say on which day the report was issued, with `--issued 2021-01-27`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn days_take_their_year_from_the_report() {
        let issued = Some(day(2021, 1, 3));
        for (text, shown) in [
            ("2-Jan, 19:42:11", ("2021-01-02T19:42:11", "2021-01-02T19:42:11")),
            ("31-Dec, 23:50-00:10", ("2020-12-31T23:50:00", "2021-01-01T00:10:00")),
            ("26/01/2020, 17:30–18:02", ("2020-01-26T17:30:00", "2020-01-26T18:02:00")),
            ("2020-01-26 17:30", ("2020-01-26T17:30:00", "2020-01-26T17:30:00")),
            ("5 January 2020, 07:00", ("2020-01-05T07:00:00", "2020-01-05T07:00:00")),
        ] {
            let (start, end) = moments(text, issued).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!((start.as_str(), end.as_str()), shown, "{text}");
        }
        assert_eq!(moments("26-Jan, 19:42", None).unwrap_err().0, codes::DATE);
        assert_eq!(moments("31-Feb, 19:42", issued).unwrap_err().0, codes::NO_SUCH_DATE);
        for text in ["", "26-Jan", "26-Jan, soon", "26-Jan, 25:00", ", ,", "-,-"] {
            assert!(moments(text, issued).is_err(), "{text}");
        }
    }

    #[test]
    fn a_position_is_found_by_its_name_or_its_brackets() {
        let near = |found: Option<(Point, f64)>, lat: f64, lon: f64| {
            let (at, radius) = found.unwrap();
            assert!((at.lat - lat).abs() < 0.15 && (at.lon - lon).abs() < 0.2, "{at:?}");
            radius
        };
        near(
            place("SMM camera in Avdiivka", "government-controlled, 17km N of Donetsk", "3-5km ESE").unwrap(),
            48.12,
            37.8,
        );
        let radius = near(place("Nowhere village", "17km N of Donetsk", "within 300m").unwrap(), 48.17, 37.8);
        assert!(radius > 3_300.0, "{radius}");
        near(place("", "", "5km E of Horlivka (non-government-controlled)").unwrap(), 48.33, 38.11);
        assert_eq!(place("Avdiivka", "", "N/K").unwrap(), None);
        assert_eq!(place("Atlantis", "", "3km N").unwrap_err().code, codes::PLACE);
        assert_eq!(place("Avdiivka", "", "yonder").unwrap_err().code, codes::BEARING);
    }
}
