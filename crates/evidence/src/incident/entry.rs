//! Entering one incident by hand: answers in, a record out.
//!
//! Every answer is checked on its own, so that whoever asks can ask again at once; and all together before a record is made.
//! It asks nothing itself and remembers nothing. Nothing that was not answered is made up: what is left out is not known.
//!
//! Invariants
//! - an answer that [`checked`] accepts is accepted by [`record`];
//! - a time without a date is today's or, where that would lie ahead, yesterday's; it is shown with its date before it counts;
//! - the same answers with the same [`Desk`] give the same record.
//!
//! Where to start reading: [`QUESTIONS`], then [`record`].

use super::details::{self, DetailFault};
use super::{ABOUT, Kind, Status};
use crate::bearing::Seen;
use crate::gazetteer::{self, Extent};
use crate::moment::{self, Fault};
use crate::{count, geo, spelling};
use servanda_model::record::{Basis, ItemGrade, Marking, RoleValue, SourceGrade, Tlp};
use servanda_model::time::HOUR;
use servanda_model::{Agreement, Calendar, Instant, Name, Place, Point, Record, When};
use std::collections::{BTreeMap, BTreeSet};

/// One question of the form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Question {
    /// Its name, in flags and files.
    pub key: &'static str,
    /// As it is asked.
    pub ask: &'static str,
    /// Whether it is asked of everybody; the others only on wish.
    pub always: bool,
    /// Whether there is no record without an answer.
    pub needed: bool,
    /// An example or the possible words.
    pub hint: &'static str,
}

const fn question(
    key: &'static str,
    ask: &'static str,
    always: bool,
    needed: bool,
    hint: &'static str,
) -> Question {
    Question { key, ask, always, needed, hint }
}

/// The form, in the order in which it is asked.
pub const QUESTIONS: &[Question] = &[
    question(
        "what",
        "What happened?",
        true,
        true,
        "explosion, burst, shot, denial, …, or class and subclass",
    ),
    question("when", "When?", true, true, "now, 14:30, 14:30-15:10, about 14:30, 2026-05-03 14:30"),
    question("where", "Where?", true, false, "a town, 48.14 37.74 within 500m, or 3km NE of Avdiivka"),
    question("means", "How is it known?", true, true, "seen, heard, recorded, image, told"),
    question("source", "Who reports it?", true, true, "Patrol North 2"),
    question("count", "How many?", true, false, "3, about 10, at least 5"),
    question("people", "Anybody harmed?", true, false, "killed 1 male adult; injured about 3"),
    question("weapon", "Weapon?", false, false, "mortar, or not known"),
    question("calibre", "Calibre?", false, false, "120 mm, or not known"),
    question("direction-from", "From which direction?", false, false, "SE"),
    question("direction-to", "To which direction?", false, false, "NW"),
    question("observer", "Who perceived it?", false, false, "the observer, where it is not who reports"),
    question("observer-at", "Where was the observer or sensor?", false, false, "a town, or 48.10 37.70"),
    question("sensor", "Which sensor?", false, false, "camera Avdiivka"),
    question("controlled-by", "Who controlled the place?", false, false, "in the words of the report"),
    question("damage", "Damage?", false, false, "roof of a house"),
    question("infrastructure", "Infrastructure?", false, false, "water, power, school, …"),
    question("remark", "What was it taken for?", false, false, "assessed as live-fire training"),
    question("by", "Whom does the report name?", false, false, "a party; `A|B` for one of both"),
    question(
        "basis",
        "Observed, or claimed by one side about the other?",
        false,
        false,
        "observed, declared, claimed",
    ),
    question("fact", "Which fact of the agreement?", false, false, "fire"),
    question("clauses", "Which clauses may it concern?", false, false, "1.2; 3"),
    question("source-grade", "Grade of the source?", false, false, "A to F"),
    question("item-grade", "Grade of the report?", false, false, "1 to 6"),
    question("action", "What was done at once?", false, false, "hotline called"),
    question("told", "Who was told?", false, false, "JCCC duty officer, 14:50"),
    question("received", "When did the report come in?", false, false, "now, 14:45"),
    question(
        "incident",
        "Which incident does it belong to?",
        false,
        false,
        "its name, where it is on file already",
    ),
    question("marking", "Who may see it?", false, false, "CLEAR, GREEN, AMBER, AMBER+STRICT, RED"),
    question("title", "A line for people?", false, false, "made from the answers where there is none"),
];

/// What the form is filled in with besides answers.
#[derive(Clone, PartialEq, Debug)]
pub struct Desk {
    /// This moment.
    pub now: Instant,
    /// Zone of civil times.
    pub calendar: Calendar,
    /// Facts of the agreement; empty where none is at hand.
    pub facts: BTreeSet<Name>,
    /// Fact of what has none of its own name.
    pub fact: Option<Name>,
    /// Zones of the agreement; empty where none is at hand.
    pub zones: BTreeSet<Name>,
    /// Hashes of the attachments with their names.
    pub attachments: Vec<(String, String)>,
    /// Part of an exercise.
    pub exercise: bool,
}

/// Facts of what has none of its own name, the first that an agreement has.
const USUAL: [&str; 4] = ["fire", "ceasefire-violation", "shot", "incident"];

impl Desk {
    /// That of an agreement, without attachments. What has no fact of its own name gets the usual one, or the only one that there is.
    pub fn of(agreement: &Agreement, now: Instant) -> Desk {
        let facts: BTreeSet<Name> = agreement.facts.keys().cloned().collect();
        let only = || facts.first().filter(|_| facts.len() == 1).cloned();
        Desk {
            now,
            calendar: agreement.calendar.clone(),
            fact: USUAL.into_iter().map(Name::from).find(|fact| facts.contains(fact)).or_else(only),
            facts,
            zones: agreement.zones.keys().cloned().collect(),
            attachments: Vec::new(),
            exercise: agreement.exercise,
        }
    }
}

fn fault(reason: impl Into<String>, remedy: impl Into<String>) -> DetailFault {
    DetailFault { reason: reason.into(), remedy: remedy.into() }
}

fn shown(text: &str) -> String {
    let clean: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_string()
}

/// An answer as it will be recorded, for people to look at.
///
/// # Errors
/// What is wrong with it, and what can be answered.
pub fn checked(key: &str, text: &str, desk: &Desk) -> Result<String, DetailFault> {
    let text = text.trim();
    match key {
        "what" => class_of(text).map(|(class, subclass)| format!("{class}, {subclass}")),
        "when" => when(text, desk).map(|when| desk.calendar.show_when(when)),
        "received" => when(text, desk).map(|when| desk.calendar.show(when.latest)),
        "where" => place(text, desk).map(|place| show_place(&place)),
        "count" => match count::parse(text) {
            Some(count) => Ok(count.to_string()),
            None => Err(fault(
                format!("`{}` is no count", shown(text)),
                "write digits, with `about` or `at least`: `about 10`",
            )),
        },
        "fact" => fact(text, desk).map(|fact| fact.to_string()),
        "basis" => basis(text).map(|basis| basis.word().to_string()),
        "by" | "incident" => {
            names(text).map(|names| names.iter().map(Name::as_str).collect::<Vec<_>>().join("|"))
        }
        "source-grade" => match SourceGrade::parse(text) {
            Some(grade) => Ok(format!("{grade:?}")),
            None => {
                Err(fault(format!("`{}` is no grade of a source", shown(text)), "write a letter from A to F"))
            }
        },
        "item-grade" => match ItemGrade::parse(text) {
            Some(ItemGrade(grade)) => Ok(grade.to_string()),
            None => {
                Err(fault(format!("`{}` is no grade of a report", shown(text)), "write a digit from 1 to 6"))
            }
        },
        "marking" => match Tlp::parse(text) {
            Some(level) => Ok(level.word().to_string()),
            None => {
                let known = Tlp::ALL.map(Tlp::word);
                let all = format!("write one of {}", known.join(", "));
                Err(fault(format!("`{}` is no marking", shown(text)), spelling::remedy(text, known, &all)))
            }
        },
        "source" | "title" if text.is_empty() => Err(fault("the answer is empty", "write a name or a line")),
        "source" | "title" => Ok(shown_line(text)),
        _ if QUESTIONS.iter().any(|q| q.key == key) => details::checked(key, text),
        _ => {
            let known = QUESTIONS.iter().map(|q| q.key);
            let all = "`servanda record --questions` lists the form";
            Err(fault(
                format!("the form has no question `{}`", shown(key)),
                spelling::remedy(key, known, all),
            ))
        }
    }
}

fn shown_line(text: &str) -> String {
    text.chars()
        .take(500)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_string()
}

/// An answer as it is to be kept until later: what was said of today says then which day that was.
pub fn kept(key: &str, text: &str, desk: &Desk) -> String {
    match key {
        "when" | "received" => checked(key, text, desk).unwrap_or_else(|_| text.to_string()),
        _ => text.to_string(),
    }
}

/// Class and subclass of what was answered: both, or a subclass that only one class has.
fn class_of(text: &str) -> Result<(&'static str, &'static str), DetailFault> {
    let plain: Vec<String> =
        text.to_lowercase().replace(',', " ").split_whitespace().map(|word| word.replace('_', "-")).collect();
    let joined = plain.join("-");
    let classes = || details::CLASSES.iter();
    for (class, subclasses) in classes() {
        if joined == *class {
            return Ok((class, "other"));
        }
        let rest = joined.strip_prefix(class).and_then(|rest| rest.strip_prefix('-'));
        if let Some(found) = rest.and_then(|rest| subclasses.iter().find(|s| **s == rest)) {
            return Ok((class, found));
        }
    }
    // A subclass but `other` stands in one class only: a test of `details` says so.
    let with = classes().find_map(|(class, subs)| Some((*class, *subs.iter().find(|s| **s == joined)?)));
    with.ok_or_else(|| {
        let known = classes().flat_map(|(class, subs)| subs.iter().copied().chain([*class]));
        let all = "the classes stand in docs/reference/incident.md; what fits none is `other`";
        fault(format!("`{}` is no class of incident", shown(text)), spelling::remedy(&joined, known, all))
    })
}

/// About half past two: a quarter of an hour to either side.
const ABOUT_MS: i64 = HOUR / 4;

fn when(text: &str, desk: &Desk) -> Result<When, DetailFault> {
    let text = text.trim();
    let lower = text.to_lowercase();
    if lower == "now" {
        return Ok(When::exact(desk.now));
    }
    if let Some(rest) = ["about ", "around ", "~"].iter().find_map(|word| lower.strip_prefix(word)) {
        let middle = when(rest, desk)?;
        return Ok(When {
            earliest: middle.earliest + -ABOUT_MS,
            latest: (middle.latest + ABOUT_MS).min(desk.now),
        });
    }
    let unreadable = || {
        fault(
            format!("`{}` is no time", shown(text)),
            "write `now`, `14:30`, `14:30-15:10`, `about 14:30`, or with a date `2026-05-03 14:30`",
        )
    };
    // As it is shown.
    if let Some((first, last)) = text.split_once(" to ") {
        let (first, last) = (when(first, desk)?, when(last, desk)?);
        if last.latest < first.earliest {
            return Err(fault("the end lies before the start", "write the earlier one first"));
        }
        return Ok(When { earliest: first.earliest, latest: last.latest });
    }
    // `14:30-15:10`, with or without a date in front.
    let dash = text.char_indices().find(|(at, c)| *c == '-' && text[..*at].contains(':'));
    if let Some((at, _)) = dash.filter(|(at, _)| text[at + 1..].contains(':') && !text[..*at].contains('T')) {
        let (first, last) = (text[..at].trim(), text[at + 1..].trim());
        if last.contains(['-', '+']) {
            return Err(unreadable());
        }
        let start = when(first, desk)?;
        let date = desk.calendar.date(start.earliest);
        let mut end = civil(&format!("{date} {last}"), desk).ok_or_else(unreadable)?;
        if end.latest < start.earliest {
            let next = date.tomorrow().map_err(|_| unreadable())?;
            end = civil(&format!("{next} {last}"), desk).ok_or_else(unreadable)?;
        }
        return past(When { earliest: start.earliest, latest: end.latest }, desk);
    }
    if text.contains(':') && !text.contains('-') {
        let today = desk.calendar.date(desk.now);
        let at = civil(&format!("{today} {text}"), desk).ok_or_else(unreadable)?;
        if at.earliest <= desk.now {
            return Ok(at);
        }
        let yesterday = today.yesterday().map_err(|_| unreadable())?;
        return civil(&format!("{yesterday} {text}"), desk).ok_or_else(unreadable);
    }
    match moment::parse(text, None) {
        Ok(stamp) => past(stamp.when(&desk.calendar).ok_or_else(unreadable)?, desk),
        Err(Fault::DoesNotExist) => {
            Err(fault(format!("there is no `{}`", shown(text)), "check the day and the time"))
        }
        Err(Fault::NotADate) => Err(unreadable()),
    }
}

fn civil(text: &str, desk: &Desk) -> Option<When> {
    let padded = match text.rsplit_once(' ') {
        Some((date, time)) if time.len() == 4 && time.as_bytes()[1] == b':' => format!("{date} 0{time}"),
        _ => text.to_string(),
    };
    moment::parse(&padded, None).ok()?.when(&desk.calendar)
}

/// What has not happened yet cannot be reported. Of a day that is not over, what is left of it is cut off.
fn past(when: When, desk: &Desk) -> Result<When, DetailFault> {
    if when.earliest > desk.now {
        let reason = format!(
            "{} lies ahead; it is {}",
            desk.calendar.show(when.earliest),
            desk.calendar.show(desk.now)
        );
        return Err(fault(reason, "check the date, and the clock of this device"));
    }
    Ok(When { latest: when.latest.min(desk.now), ..when })
}

/// A zone of the agreement; `48.14, 37.74`, with a doubt behind `within` or `±`; `3km NE of Avdiivka`; a name of the gazetteer.
fn place(text: &str, desk: &Desk) -> Result<Place, DetailFault> {
    let text = text.trim();
    // A zone of the agreement; where no agreement is at hand, what is called one.
    let zone = text.strip_prefix("zone ").map_or(text, str::trim);
    let named = desk.zones.contains(zone) || (desk.zones.is_empty() && zone != text);
    if let Some(name) = crate::import::name_of(zone).filter(|name| named && name.as_str() == zone) {
        return Ok(Place::Named(name));
    }
    if text.is_empty() || text.len() > 300 {
        return Err(fault("the place is empty or too long", "name a town, or give two coordinates"));
    }
    let (body, doubt) = match ["within", "±", "+-"].iter().find_map(|word| text.split_once(word)) {
        Some((body, doubt)) if !body.trim().is_empty() => {
            let metres = crate::mapping::radius_m(doubt.trim());
            let remedy = "write `within 500m` or `within 2 km`";
            let wrong = || fault(format!("`{}` is no distance", shown(doubt)), remedy);
            (body.trim(), Some(metres.ok_or_else(wrong)?))
        }
        _ => (text, None),
    };
    let parts: Vec<&str> = body.split([' ', ',', ';']).filter(|p| !p.is_empty()).collect();
    if let [lat, lon] = parts.as_slice()
        && let (Some(lat), Some(lon)) = (geo::decimal(lat), geo::decimal(lon))
    {
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            let reason = format!("`{}` lies outside the globe", shown(body));
            return Err(fault(reason, "write latitude, then longitude, in degrees"));
        }
        return Ok(Place::Point { at: Point { lat, lon }, radius_m: doubt.unwrap_or(0.0) });
    }
    if let Some((seen, town)) = body.split_once(" of ")
        && let Some(seen) = Seen::parse(seen)
    {
        let point = match gazetteer::lookup(&format!("{} city", town.trim()))
            .or_else(|| gazetteer::lookup(town.trim()))
        {
            Some(Extent::Point(at)) => at,
            _ => return Err(unknown_place(town)),
        };
        return Ok(seen.place(point, doubt.unwrap_or(1_000.0)));
    }
    match gazetteer::canonical(body) {
        // One word stands as it is: the agreement may have a zone of that name.
        Some(name) if doubt.is_none() => {
            let stands = crate::import::name_of(body).filter(|word| word.as_str() == body);
            Ok(Place::Named(stands.unwrap_or(name)))
        }
        Some(_) => match gazetteer::lookup(body) {
            Some(Extent::Point(at)) => Ok(Place::Point { at, radius_m: doubt.unwrap_or(0.0) }),
            _ => Err(fault(format!("`{}` is an area", shown(body)), "leave the distance out")),
        },
        None => Err(unknown_place(body)),
    }
}

fn unknown_place(name: &str) -> DetailFault {
    let near = gazetteer::suggest(name);
    let all = "or give coordinates, such as `48.14 37.74 within 500m`";
    fault(
        format!("the place `{}` is not known", shown(name)),
        spelling::remedy(name, near.iter().map(String::as_str), all),
    )
}

/// A place for people.
pub fn show_place(place: &Place) -> String {
    match place {
        Place::Named(name) => name.to_string(),
        Place::Point { at, radius_m } if *radius_m > 0.0 => {
            format!("{:.5}, {:.5} within {}", at.lat, at.lon, show_distance(*radius_m))
        }
        Place::Point { at, .. } => format!("{:.5}, {:.5}", at.lat, at.lon),
    }
}

/// A distance for people: metres, or kilometres with a digit.
pub fn show_distance(metres: f64) -> String {
    if metres >= 10_000.0 {
        format!("{:.0} km", metres / 1000.0)
    } else if metres >= 1_000.0 {
        format!("{:.1} km", metres / 1000.0)
    } else {
        format!("{metres:.0} m")
    }
}

fn fact(text: &str, desk: &Desk) -> Result<Name, DetailFault> {
    let name = Name::from(text.trim());
    if text.trim().is_empty() || (!desk.facts.is_empty() && !desk.facts.contains(&name)) {
        let known: Vec<&str> = desk.facts.iter().map(Name::as_str).collect();
        let all = format!("the agreement has {}", known.join(", "));
        let reason = format!("the agreement has no fact `{}`", shown(text));
        return Err(fault(reason, spelling::remedy(text, known.iter().copied(), &all)));
    }
    Ok(name)
}

fn basis(text: &str) -> Result<Basis, DetailFault> {
    let known = Basis::ALL.map(Basis::word);
    let all = format!("write one of {}", known.join(", "));
    Basis::parse(&text.trim().to_lowercase())
        .ok_or_else(|| fault(format!("`{}` is no basis", shown(text)), spelling::remedy(text, known, &all)))
}

fn names(text: &str) -> Result<Vec<Name>, DetailFault> {
    let all: Option<Vec<Name>> = text.split('|').map(crate::import::name_of).collect();
    all.filter(|all| !all.is_empty())
        .ok_or_else(|| fault(format!("`{}` is no name", shown(text)), "a name has letters or digits"))
}

/// Everything that is wrong with the answers, by question; or the record.
///
/// # Errors
/// All faults at once: of answers, and of questions that need one and have none.
///
/// # Example
/// ```
/// use servanda_evidence::incident::entry::{Desk, record};
/// use servanda_model::{Calendar, Instant};
/// let desk = Desk {
///     now: Instant::parse_utc("2026-05-03T12:00Z").unwrap(), calendar: Calendar::utc(), facts: Default::default(),
///     fact: Some("fire".into()), zones: Default::default(), attachments: Vec::new(), exercise: true,
/// };
/// let answers = [("what", "explosion"), ("when", "11:30"), ("where", "Avdiivka"), ("means", "heard"), ("source", "Patrol 2"), ("count", "about 3")];
/// let answers = answers.map(|(k, v)| (k.to_string(), v.to_string())).into();
/// let made = record("node-1", &answers, &desk).unwrap();
/// assert_eq!(made.title, "explosion, about 3, Avdiivka");
/// ```
pub fn record(
    id: &str,
    answers: &BTreeMap<String, String>,
    desk: &Desk,
) -> Result<Record, Vec<(String, DetailFault)>> {
    let mut faults = Vec::new();
    let given = |key: &str| answers.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
    for question in QUESTIONS.iter().filter(|q| q.needed && given(q.key).is_none()) {
        let fault = fault("there is no answer, and without it there is no record", question.hint);
        faults.push((question.key.to_string(), fault));
    }
    for (key, text) in answers.iter().filter(|(_, text)| !text.trim().is_empty()) {
        if let Err(fault) = checked(key, text, desk) {
            faults.push((key.clone(), fault));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let one = |key: &str, fault: DetailFault| vec![(key.to_string(), fault)];
    let (class, subclass) = class_of(given("what").unwrap_or("")).map_err(|f| one("what", f))?;
    let when = when(given("when").unwrap_or(""), desk).map_err(|f| one("when", f))?;
    let fact = match given("fact") {
        Some(text) => fact(text, desk).map_err(|f| one("fact", f))?,
        None => {
            let own = [subclass, class].into_iter().map(Name::from).find(|name| desk.facts.contains(name));
            own.or_else(|| desk.fact.clone()).unwrap_or_else(|| Name::from(class))
        }
    };
    let mut record = Record::new(id, fact, when, desk.now);
    record.exercise = desk.exercise;
    record.source = given("source").map(shown_line).unwrap_or_default();
    if let Some(text) = given("where") {
        record.place = Some(place(text, desk).map_err(|f| one("where", f))?);
        record.extra.insert(format!("{}place-name", details::PREFIX), shown_line(text));
    }
    let put = |record: &mut Record, key: &str, value: &str| {
        details::put(record, key, value).map_err(|f| one(key, f))
    };
    put(&mut record, "class", class)?;
    put(&mut record, "subclass", subclass)?;
    record.roles.insert(Name::from("kind"), RoleValue::Name(Name::from(subclass)));
    if let Some(count) = given("count").and_then(count::parse) {
        put(&mut record, "count", &count.number.to_string())?;
        put(&mut record, "count-is", count.is.word())?;
        record.roles.insert(Name::from("quantity"), RoleValue::Number(count.number()));
    }
    for question in QUESTIONS {
        let is_detail = details::KEYS.iter().any(|(key, _)| *key == question.key) && question.key != "count";
        if let Some(text) = given(question.key).filter(|_| is_detail) {
            put(&mut record, question.key, text)?;
        }
    }
    if let Some(text) = given("by") {
        let mut all = names(text).map_err(|f| one("by", f))?;
        let value = if all.len() == 1 { RoleValue::Name(all.remove(0)) } else { RoleValue::OneOf(all) };
        record.roles.insert(Name::from("by"), value);
    }
    record.basis = given("basis").map(basis).transpose().map_err(|f| one("basis", f))?.unwrap_or_default();
    record.source_grade = given("source-grade").and_then(SourceGrade::parse);
    record.item_grade = given("item-grade").and_then(ItemGrade::parse);
    if let Some(text) = given("received") {
        record.received = Some(self::when(text, desk).map_err(|f| one("received", f))?.latest);
    }
    if let Some(text) = given("incident") {
        record.incident = names(text).map_err(|f| one("incident", f))?.into_iter().next();
    }
    if let Some(level) = given("marking").and_then(Tlp::parse) {
        record.marking = Marking { level, ..Marking::default() };
    }
    for (name, hash) in &desk.attachments {
        record.attachments.push(hash.clone());
        record.extra.insert(format!("attachment:{}", shown(name)), hash.clone());
    }
    record.title = given("title").map(shown_line).unwrap_or_else(|| title(&record, subclass, class));
    Ok(record)
}

fn title(record: &Record, subclass: &str, class: &str) -> String {
    let details = details::of(record);
    let mut parts = vec![if subclass == "other" { class.to_string() } else { subclass.to_string() }];
    if let Some(count) = details.get("count") {
        let how =
            details.get("count-is").copied().filter(|is| *is != "exact").unwrap_or("").replace('-', " ");
        parts.push(format!("{how} {count}").trim().to_string());
    }
    if let Some(place) = details.get("place-name") {
        parts.push((*place).to_string());
    }
    parts.join(", ")
}

/// What an entry about an incident says.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// What it is.
    pub kind: Kind,
    /// The incident.
    pub about: Name,
    /// Who says so.
    pub by: String,
    /// Its words.
    pub words: Option<String>,
    /// Its other parts, by role: `status`, `due`, `attributed-to`, `confidence`, `told`, `report`, `clause`, `source-grade`, `item-grade`.
    pub parts: BTreeMap<String, String>,
}

/// The record of an entry.
///
/// # Errors
/// What is missing or cannot be used.
pub fn entry(id: &str, said: &Said, desk: &Desk) -> Result<Record, DetailFault> {
    let mut record = Record::new(id, said.kind.fact(), When::exact(desk.now), desk.now);
    record.exercise = desk.exercise;
    record.source = shown_line(&said.by);
    if record.source.is_empty() {
        return Err(fault("it does not say who says so", "add `--by NAME`"));
    }
    record.roles.insert(Name::from(ABOUT), RoleValue::Name(said.about.clone()));
    let mut role = |key: &str, value: RoleValue| {
        record.roles.insert(Name::from(key), value);
    };
    let part = |key: &str| said.parts.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
    let words = said.words.as_deref().map(str::trim).filter(|w| !w.is_empty());
    if let Some(words) = words {
        if words.len() > details::LONGEST {
            return Err(fault(
                "the words are too long",
                "attach them as a document, and say in a line what it is",
            ));
        }
        role("words", RoleValue::Text(words.to_string()));
    }
    let needs =
        |key: &str, hint: &str| part(key).ok_or_else(|| fault(format!("it does not say `{key}`"), hint));
    let needs_words = || words.ok_or_else(|| fault("it has no words", "add `--words \"…\"`"));
    let name = |text: &str| names(text).map(|mut all| all.remove(0));
    match said.kind {
        Kind::Status => {
            let text = needs("status", "name a status")?;
            let known = Status::ALL.map(Status::word);
            let all = format!("write one of {}", known.join(", "));
            let status = Status::parse(text).ok_or_else(|| {
                fault(format!("`{}` is no status", shown(text)), spelling::remedy(text, known, &all))
            })?;
            role("status", RoleValue::Name(Name::from(status.word())));
        }
        Kind::Reply => {
            needs_words()?;
            if let Some(due) = part("due") {
                let stamp = moment::parse(due, None).ok().and_then(|stamp| stamp.when(&desk.calendar));
                let due = stamp.ok_or_else(|| {
                    fault(format!("`{}` is no time", shown(due)), "write `2026-05-05 18:00`")
                })?;
                role("due", RoleValue::Time(due));
            }
        }
        Kind::Dissent => {
            needs_words()?;
        }
        Kind::Assessment | Kind::Finding => {
            needs_words()?;
            if let Some(to) = part("attributed-to").filter(|to| !to.eq_ignore_ascii_case("not attributed")) {
                let mut all = names(to)?;
                role(
                    "attributed-to",
                    if all.len() == 1 { RoleValue::Name(all.remove(0)) } else { RoleValue::OneOf(all) },
                );
            }
            if let Some(confidence) = part("confidence") {
                let number = confidence.parse::<u8>().ok().filter(|n| *n <= 100);
                if number.is_none() && !["low", "moderate", "high"].contains(&confidence) {
                    return Err(fault(
                        format!("`{}` is no confidence", shown(confidence)),
                        "write low, moderate, high, or a number from 0 to 100",
                    ));
                }
                role("confidence", RoleValue::Text(confidence.to_string()));
            }
        }
        Kind::Action => {
            needs_words()?;
            if let Some(told) = part("told") {
                role("told", RoleValue::Text(shown_line(told)));
            }
        }
        Kind::Link => {
            role("report", RoleValue::Name(name(needs("report", "name the report")?)?));
            words.ok_or_else(|| fault("it does not say why", "add `--because \"…\"`"))?;
        }
        Kind::Clause => role("clause", RoleValue::Name(Name::from(needs("clause", "name the clause")?))),
        Kind::Grade => {}
    }
    match said.kind {
        Kind::Assessment => record.basis = Basis::Assessed,
        Kind::Finding => record.basis = Basis::Found,
        Kind::Reply => record.basis = Basis::Declared,
        Kind::Grade => {
            record.source_grade = part("source-grade").and_then(SourceGrade::parse);
            record.item_grade = part("item-grade").and_then(ItemGrade::parse);
            if record.source_grade.is_none() && record.item_grade.is_none() {
                return Err(fault(
                    "it gives no grade",
                    "add `--source-grade A` to `F` or `--item-grade 1` to `6`",
                ));
            }
        }
        _ => {}
    }
    record.title = match words {
        Some(words) => format!("{}: {}", said.kind.word(), shown(words)),
        None => said.kind.word().to_string(),
    };
    Ok(record)
}
