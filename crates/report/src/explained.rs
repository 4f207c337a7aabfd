//! What an explanation supposes, in words: shared by the card in a terminal and the documents.

use crate::{State, View, wording};
use servanda_model::agreement::FactKind;
use servanda_model::explanation::{Change, Deed, Explanation, Watch, What};
use servanda_model::record::{FINDING, Says};
use servanda_model::verdict::Performance;
use servanda_model::{Grade, Name, Period, RecordId, Verdict};

/// Names and stretches that one line spells out at most.
const SPELT: usize = 6;

/// What is supposed: `coverage of `contact-line` between … and …`, `a `consultation` by Poland up to …`.
pub fn words(view: &View<'_>, what: &What) -> String {
    let calendar = &view.agreement.calendar;
    match what {
        What::Watched(watches) => watched(view, watches),
        What::Confirmed(ids) => match &ids[..] {
            [one] => format!("`{one}` confirmed ({})", now(view, one)),
            all => format!("all of these confirmed: {}", spelt(all)),
        },
        What::Dropped(id) => {
            let record = view.record(id);
            match (record.and_then(|r| r.disputes.as_ref()), record.map(|r| r.says)) {
                (Some(of), _) => format!("the dispute `{id}` of `{of}` dropped"),
                (None, Some(Says::Denies)) => format!("the denial `{id}` dropped"),
                _ => format!("`{id}` dropped"),
            }
        }
        What::Actor(id, name) => format!("`{id}` shown to be by {}", view.agreement.phrase(name)),
        What::Place(id) => format!("the place of `{id}` known without its doubt"),
        What::Moment(id, at) => {
            format!("`{id}` shown to have happened at {} {}", calendar.show(*at), calendar.zone_name())
        }
        What::Deeds(deeds) => {
            let all: Vec<String> = deeds.iter().map(|d| deed(view, d)).collect();
            wording::listed(&all, "and")
        }
    }
}

/// What a change leads to: `violated`, and what else would be other than it is.
pub fn leads_to(view: &View<'_>, verdict: &Verdict, change: &Change) -> String {
    let mut words = State::of_performance(change.performance).word.to_string();
    if change.standing.word() != verdict.standing.word() {
        words += &format!(", {}", change.standing.word());
    }
    if let Some(due) = change.due.filter(|_| change.due != verdict.due) {
        words += &format!(", due {}", view.agreement.calendar.show_when(due));
    }
    words
}

/// One word for what is supposed.
pub fn kind(what: &What) -> &'static str {
    match what {
        What::Watched(_) => "coverage",
        What::Confirmed(_) => "confirmed",
        What::Dropped(_) => "dropped",
        What::Actor(..) => "actor",
        What::Place(_) => "place",
        What::Moment(..) => "moment",
        What::Deeds(_) => "deed",
    }
}

/// What the search left open, if anything.
pub fn left_open(why: &Explanation) -> Option<&'static str> {
    Some(match (why.may_rest_on_less, why.more_may_change) {
        (false, false) => return None,
        (true, false) => "There is too much on record to try it all: it may rest on less.",
        (false, true) => {
            "There is too much on record to try each of it: more may change it than stands here."
        }
        (true, true) => {
            "There is too much on record to try it all: it may rest on less, and more may change it."
        }
    })
}

/// Records on record that a supposition speaks of.
pub fn records(what: &What) -> &[RecordId] {
    match what {
        What::Confirmed(ids) => ids,
        What::Dropped(id) | What::Actor(id, _) | What::Place(id) | What::Moment(id, _) => {
            std::slice::from_ref(id)
        }
        What::Watched(_) | What::Deeds(_) => &[],
    }
}

/// How good a record is now.
fn now(view: &View<'_>, id: &RecordId) -> String {
    match view.record(id).map(|r| r.grade()) {
        None => "not at hand".into(),
        Some(Grade::None) => "doubted now".into(),
        Some(Grade::Confirmed) => "short of its rule on evidence now".into(),
        Some(grade) => format!("{grade} now"),
    }
}

fn spelt(ids: &[Name]) -> String {
    let some: Vec<String> = ids.iter().take(SPELT).map(|id| format!("`{id}`")).collect();
    match ids.len() {
        n if n > SPELT => format!("{} and {} more", some.join(", "), n - SPELT),
        _ => wording::listed(&some, "and"),
    }
}

fn watched(view: &View<'_>, watches: &[Watch]) -> String {
    let calendar = &view.agreement.calendar;
    let mut zones: Vec<(&Name, Vec<String>)> = Vec::new();
    for w in watches {
        let stretch = between(view, w.over);
        match zones.last_mut() {
            Some((zone, stretches)) if **zone == w.zone => stretches.push(stretch),
            _ => zones.push((&w.zone, vec![stretch])),
        }
    }
    let one = |(zone, stretches): &(&Name, Vec<String>)| {
        let more = match stretches.len() {
            n if n > SPELT => format!(", and {} more stretches", n - SPELT),
            _ => String::new(),
        };
        let some: Vec<&String> = stretches.iter().take(SPELT).collect();
        let last = if more.is_empty() { wording::listed(&some, "and") } else { wording::listed(&some, ",") };
        let declared = view.agreement.zones.get(*zone).map(|z| z.phrase.as_str());
        let phrase = declared.filter(|p| !p.is_empty()).unwrap_or(zone.as_str());
        let called =
            if phrase == zone.as_str() { format!("`{zone}`") } else { format!("{phrase} (`{zone}`)") };
        format!("coverage of {called} {last}{more} {}", calendar.zone_name())
    };
    wording::listed(&zones.iter().map(one).collect::<Vec<_>>(), "and")
}

fn deed(view: &View<'_>, deed: &Deed) -> String {
    let fact = view.agreement.facts.get(&deed.fact);
    let name = &deed.fact;
    let kind = fact.map_or(FactKind::Event, |f| f.kind);
    let article = if name.as_str().starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let mut words = match (&deed.of, deed.says, deed.times) {
        (Some(term), ..) if *name.as_str() == *FINDING => format!("a finding of `{term}`"),
        (_, Says::Denies, _) if kind == FactKind::State => format!("a report that `{name}` did not hold"),
        (_, Says::Denies, _) => format!("a report that there was no `{name}`"),
        (_, _, 1) => match kind {
            FactKind::Event => format!("{article} `{name}`"),
            FactKind::State => format!("a report that `{name}` holds"),
            FactKind::Object => format!("a report of `{name}`"),
            FactKind::Measure => format!("a report of `{name}` that meets it"),
        },
        (_, _, n) => format!("{n} more of `{name}`"),
    };
    if !deed.by.is_empty() {
        let by: Vec<&str> = deed.by.iter().map(|n| view.agreement.phrase(n)).collect();
        words += &format!(" by {}", wording::listed(&by, "and"));
    }
    let calendar = &view.agreement.calendar;
    match (deed.over, deed.until) {
        (Some(over), _) => words += &format!(" {} {}", between(view, over), calendar.zone_name()),
        (None, Some(until)) => words += &format!(" up to {} {}", calendar.show(until), calendar.zone_name()),
        (None, None) => {}
    }
    words
}

/// A stretch of time; the day is named once where it begins and ends on one.
fn between(view: &View<'_>, over: Period) -> String {
    let calendar = &view.agreement.calendar;
    let (from, to) = (calendar.show(over.from), calendar.show(over.to));
    let day = from.split_once(' ').map(|(day, _)| day);
    let same_day = to.split_once(' ').filter(|(of, _)| Some(*of) == day).map(|(_, time)| time);
    format!("between {from} and {}", same_day.unwrap_or(&to))
}

/// For a verdict that waits for evidence: for which, and what it would then be. Coverage comes first, then what is there
/// and has to be settled, then what somebody would have to report.
pub fn pending_on(view: &View<'_>, verdict: &Verdict, why: &Explanation) -> Option<String> {
    if verdict.performance != Performance::PendingEvidence {
        return None;
    }
    let rank = |c: &&Change| match c.what {
        What::Watched(_) => 0,
        What::Deeds(_) => 2,
        _ => 1,
    };
    let first = why.would_change.iter().min_by_key(rank)?;
    let (what, then) = (words(view, &first.what), leads_to(view, verdict, first));
    Some(format!("pending on evidence: {what}; it would then count as {then}"))
}
