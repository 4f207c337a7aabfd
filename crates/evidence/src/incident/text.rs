//! An incident in words, for a terminal: every field of the record, and what is not known said as such.

use super::entry::{show_distance, show_place};
use super::{Ground, Incident, Joined, Kind, Voice, details, name_in, text_in};
use servanda_model::record::{ItemGrade, RoleValue};
use servanda_model::{Calendar, Record, Within};
use std::fmt::Write;

/// One line: name, time, status, title.
pub fn line(incident: &Incident<'_>, calendar: &Calendar) -> String {
    let main = incident.main();
    let (status, _) = incident.status();
    let exercise = if incident.is_exercise() { "EXERCISE " } else { "" };
    let reports = match incident.reports.len() {
        1 => String::new(),
        n => format!(" ({n} reports)"),
    };
    format!(
        "{}  {}  {:<12}  {exercise}{}{reports}",
        incident.id,
        calendar.show_when(main.when),
        status.word(),
        title(main),
    )
}

/// What a record calls itself, else what it speaks of.
fn title(record: &Record) -> String {
    if record.title.is_empty() { format!("{} (no title)", record.fact) } else { plain(&record.title) }
}

/// Without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn grades(record: &Record) -> String {
    let source = record.source_grade.map_or("source not graded".to_string(), |g| format!("source {g:?}"));
    let item =
        record.item_grade.map_or("report not graded".to_string(), |ItemGrade(n)| format!("report {n}"));
    let stated = record.stated.map_or(String::new(), |g| format!("; stated as {}", g.word()));
    format!("{source}, {item}{stated}")
}

fn who(value: Option<&RoleValue>) -> Option<String> {
    match value? {
        RoleValue::Name(name) => Some(name.to_string()),
        RoleValue::OneOf(names) => {
            Some(format!("one of {}", names.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    }
}

/// The whole record.
pub fn text(incident: &Incident<'_>, ground: &Ground<'_>) -> String {
    let (main, calendar) = (incident.main(), ground.calendar);
    let details = details::of(main);
    let mut out = String::new();
    let exercise = if incident.is_exercise() { "EXERCISE, EXERCISE, EXERCISE\n" } else { "" };
    let _ = writeln!(out, "{exercise}{}, version {}: {}", incident.id, incident.version(), title(main));
    let mut field = |name: &str, value: String| {
        let mut lines = value.lines();
        let _ = writeln!(out, "  {name:<16} {}", plain(lines.next().unwrap_or("")));
        for more in lines {
            let _ = writeln!(out, "  {:<16} {}", "", plain(more));
        }
    };
    let detail = |key: &str| details.get(key).map(|v| v.replace(';', ", "));
    let unknown = || "not known".to_string();
    let class: Vec<String> = ["class", "subclass"].iter().filter_map(|key| detail(key)).collect();
    field(
        "class",
        if class.is_empty() { format!("none given; fact `{}`", main.fact) } else { class.join(", ") },
    );
    let (status, said) = incident.status();
    field(
        "status",
        match said {
            Some(record) => {
                format!("{}, by {}, {}", status.word(), record.source, calendar.show(record.recorded))
            }
            None => status.word().to_string(),
        },
    );
    let precision = match main.when.latest - main.when.earliest {
        0 => String::new(),
        ms if ms < 3_600_000 => format!(" (known to {} minutes)", ms / 60_000 + 1),
        ms if ms < 90_000_000 => format!(" (known to {} hours)", ms / 3_600_000 + 1),
        ms => format!(" (known to {} days)", ms / 86_400_000 + 1),
    };
    let until = main.until.map_or(String::new(), |until| format!(", until {}", calendar.show(until)));
    field("when", format!("{}{until}, {}{precision}", calendar.show_when(main.when), calendar.zone_name()));
    field("where", main.place.as_ref().map_or_else(unknown, show_place));
    for key in ["place-name", "controlled-by"] {
        if let Some(value) = detail(key) {
            field(key, value);
        }
    }
    let seen: Vec<String> = ["distance", "bearing"].iter().filter_map(|key| detail(key)).collect();
    if !seen.is_empty() {
        field("seen at", format!("{} from the observer", seen.join(" ")));
    }
    if let Some(place) = &main.place {
        for relation in ground.relations(place) {
            let how = match (relation.distance_m, relation.within) {
                (Some(metres), _) => format!("{} from {}", show_distance(metres), relation.zone),
                (None, Within::Inside) => format!("inside {}", relation.zone),
                (None, _) => format!("perhaps inside {}: its doubt crosses the border", relation.zone),
            };
            field("relation", how);
        }
    }
    for (key, otherwise) in [
        ("observer", None),
        ("sensor", None),
        ("observer-at", None),
        ("means", Some("not said")),
        ("weapon", Some("not known")),
        ("calibre", Some("not known")),
        ("direction-from", None),
        ("direction-to", None),
        ("people", Some("nobody reported harmed")),
        ("damage", None),
        ("infrastructure", None),
        ("remark", None),
    ] {
        if key == "weapon" {
            let count = detail("count").map(|n| {
                let is = details.get("count-is").copied().unwrap_or("exact");
                if is == "exact" { n } else { format!("{} {n}", is.replace('-', " ")) }
            });
            field("count", count.unwrap_or_else(|| "not counted".to_string()));
        }
        if let Some(value) = detail(key).or(otherwise.map(String::from)) {
            field(key, value);
        }
    }
    field("reported by", if main.source.is_empty() { unknown() } else { main.source.clone() });
    let received = main.received.map_or("not said".to_string(), |at| calendar.show(at));
    field("received", format!("{received}; on record since {}", calendar.show(main.recorded)));
    field("grades", grades(main));
    if let Some(record) = incident.regraded() {
        field(
            "graded anew",
            format!("{}, by {}, {}", grades(record), record.source, calendar.show(record.recorded)),
        );
    }
    let clauses = incident.clauses();
    field("clauses", if clauses.is_empty() { "none linked".to_string() } else { clauses.join(", ") });
    if let Some(named) = who(main.roles.get("by")) {
        field("names", format!("{named}, in the words of an {}", Voice::of(main).word()));
    }
    field(
        "attribution",
        match incident.attribution() {
            None => "not attributed".to_string(),
            Some(made) => {
                let to: Vec<&str> = made.to.iter().map(|n| n.as_str()).collect();
                let sure = made.confidence.map_or(String::new(), |c| format!(", confidence {c}"));
                format!("{}{sure}: {} by {}", to.join(" or "), made.kind.word(), made.record.source)
            }
        },
    );
    for key in ["action", "told"] {
        if let Some(value) = detail(key) {
            field(key, value);
        }
    }
    field("marking", main.marking.show());
    for hash in &main.attachments {
        let name = main.extra.iter().find(|(key, value)| *value == hash && key.starts_with("attachment:"));
        let name = name.map_or("", |(key, _)| &key["attachment:".len()..]);
        field("attachment", format!("{name} {hash}").trim().to_string());
    }
    let voices: Vec<String> =
        incident.voices().iter().map(|(voice, n)| format!("{n} {}", plural(*voice, *n))).collect();
    let _ = writeln!(out, "\nOn file: {}", voices.join(", "));
    for report in &incident.reports {
        let record = report.current();
        let corrected = match report.versions.len() {
            1 => String::new(),
            n => format!(
                ", corrected {}",
                if n == 2 { "once".to_string() } else { format!("{} times", n - 1) }
            ),
        };
        let joined = match &report.joined {
            None => String::new(),
            Some(Joined::ByItself) => "; it names this incident itself".to_string(),
            Some(Joined::ByRuling(ruling)) => {
                format!("; joined by {}: {}", ruling.source, plain(text_in(ruling, "words").unwrap_or("")))
            }
        };
        let gone =
            report.withdrawn.map_or(String::new(), |w| format!("; withdrawn {}", calendar.show(w.recorded)));
        let _ = writeln!(
            out,
            "  {:<12} {}  {}: {}{corrected}{joined}{gone}",
            Voice::of(record).word(),
            record.id,
            plain(&record.source),
            title(record),
        );
    }
    let late: Vec<_> = incident.replies();
    for entry in &incident.entries {
        let record = entry.record;
        let mut words = plain(text_in(record, "words").unwrap_or(""));
        if let Some(status) = name_in(record, "status") {
            words = format!("{status} {words}");
        }
        for key in ["report", "clause"] {
            if let Some(name) = name_in(record, key) {
                words = format!("{name} {words}");
            }
        }
        if let Some(to) = who(record.roles.get("attributed-to")) {
            words = format!("attributed to {to}; {words}");
        }
        if let Some(told) = text_in(record, "told") {
            words = format!("{words}; told: {}", plain(told));
        }
        if entry.kind == Kind::Grade {
            words = format!("{} {words}", grades(record));
        }
        let time = late
            .iter()
            .find(|(reply, ..)| reply.id == record.id)
            .and_then(|(_, due, late)| Some((due.as_ref()?, (*late)?)));
        let time = time.map_or(String::new(), |(due, late)| {
            format!(" ({}; due {})", if late { "late" } else { "on time" }, calendar.show(*due))
        });
        let gone =
            entry.withdrawn.map_or(String::new(), |w| format!("; withdrawn {}", calendar.show(w.recorded)));
        let _ = writeln!(
            out,
            "  {:<12} {}  {}{time}: {}{gone}",
            entry.kind.word(),
            calendar.show(record.recorded),
            plain(&record.source),
            words.trim(),
        );
    }
    out
}

fn plural(voice: Voice, n: usize) -> String {
    if n == 1 { voice.word().to_string() } else { format!("{}s", voice.word()) }
}
