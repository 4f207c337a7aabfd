//! Thresholds of one counting term, counted in one pass over the times of its events.
//!
//! A term that says "at least n of these events, of at least m kinds, in any span" needs no replay for each n, m and span:
//! the engine's columnar sweep counts the episodes of all of them over one sorted column. That is exact only where nothing
//! is in doubt; where anything is, this says so by giving nothing, and the draft is replayed.
//!
//! Invariants
//! - it answers what replays answer, or nothing.

use super::{Found, Setting, Sweep, Variant, Varied, combinations, is_draft};
use crate::past::Past;
use servanda_engine::columns;
use servanda_model::agreement::*;
use servanda_model::record::{Basis, RoleValue, Says};
use servanda_model::{Agreement, Grade, Instant, Name, Place, Record, RecordId, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A counting term, taken apart.
struct Counting<'a> {
    term: &'a Name,
    pattern: &'a FactPattern,
    standard: Grade,
    count: i64,
    window: i64,
    kinds: Option<(&'a Name, i64)>,
}

/// The sweep, where the knobs are all of one counting term over events without doubt.
pub fn sweep(agreement: &Agreement, past: &Past, varied: &[Varied]) -> Option<Sweep> {
    let (owner, _) = varied.first()?.knob.name.rsplit_once('.')?;
    let counting = counting(agreement, owner)?;
    let allowed = ["count", "distinct", "count-window", "distinct-window"];
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, v) in varied.iter().enumerate() {
        let (whose, label) = v.knob.name.rsplit_once('.')?;
        if whose != owner || !allowed.contains(&label) {
            return None;
        }
        place.insert(label, i);
    }
    // Two windows of one rule vary together or not at all.
    if counting.kinds.is_some()
        && (place.contains_key("count-window") || place.contains_key("distinct-window"))
    {
        return None;
    }
    let whole = |s: &Setting| match s {
        Setting::Number(n) => n.to_i64().filter(|n| (1..=i64::from(u32::MAX)).contains(n)),
        Setting::Span(Span::Exact(ms)) => Some(*ms).filter(|ms| *ms > 0),
        _ => None,
    };
    let asked = |label: &str, stands: i64| match place.get(label) {
        None => Some(vec![stands]),
        Some(i) => varied[*i].values.iter().map(whole).collect::<Option<Vec<i64>>>(),
    };
    let counts = asked("count", counting.count)?;
    let windows = asked("count-window", counting.window)?;
    let kinds = match counting.kinds {
        Some((_, n)) => asked("distinct", n)?,
        None => Vec::new(),
    };
    let (times, keys) = column(agreement, past, &counting)?;
    let kinds_asked: Vec<u32> = kinds.iter().map(|n| u32::try_from(*n).ok()).collect::<Option<_>>()?;
    let (least, most) = (*counts.iter().min()?, *counts.iter().max()?);
    // The kernel counts a stretch of thresholds; a sparse list is asked for one by one.
    let dense = (most - least + 1) as usize <= counts.len() * 2;
    let mut found: BTreeMap<(i64, i64, i64), (usize, Option<Instant>)> = BTreeMap::new();
    let stretches: Vec<(i64, i64)> =
        if dense { vec![(least, most)] } else { counts.iter().map(|n| (*n, *n)).collect() };
    for (from, to) in stretches {
        let range = u32::try_from(from).ok()?..=u32::try_from(to).ok()?;
        for v in columns::sweep(&times, keys.as_deref(), &windows, range, &kinds_asked) {
            let key = (i64::from(v.count), i64::from(v.distinct), v.window);
            found.insert(key, (v.triggers as usize, v.first.map(Instant)));
        }
    }
    let variants = combinations(varied)
        .into_iter()
        .map(|at| {
            let value = |label: &str, stands: i64| match place.get(label) {
                None => Some(stands),
                Some(i) => whole(&varied[*i].values[at[*i]]),
            };
            let kinds = match counting.kinds {
                Some((_, n)) => value("distinct", n)?,
                None => 0,
            };
            let key = (value("count", counting.count)?, kinds, value("count-window", counting.window)?);
            let (triggers, first) = *found.get(&key)?;
            let found = Found::Triggers { triggers, first };
            Some(Variant { is_draft: is_draft(varied, &at), at, found })
        })
        .collect::<Option<Vec<Variant>>>()?;
    Some(Sweep { varied: varied.to_vec(), term_only: Some(counting.term.clone()), variants })
}

/// `count of F in any span >= n`, alone or with `distinct R of F in any span >= m`.
fn counting<'a>(agreement: &'a Agreement, term: &str) -> Option<Counting<'a>> {
    let (name, term) = agreement.terms.get_key_value(term)?;
    let exact = |a: &'a Aggregate| match a.window {
        Window::InAny(Span::Exact(ms)) => Some(ms),
        _ => None,
    };
    fn at_least(cond: &Cond) -> Option<(&Aggregate, i64)> {
        match cond {
            Cond::Compare(Value::Aggregate(a), Op::Ge, Value::Number(n, _)) => Some((a, n.to_i64()?)),
            _ => None,
        }
    }
    let (of, kinds) = match term.means.as_ref().filter(|_| !term.open)? {
        Cond::And(both) => match &both[..] {
            [a, b] => (a, Some(b)),
            _ => return None,
        },
        one => (one, None),
    };
    let (count, n) = at_least(of).filter(|(a, _)| a.what == Agg::Count)?;
    let window = exact(count)?;
    let kinds = match kinds {
        None => None,
        Some(cond) => {
            let (distinct, m) = at_least(cond).filter(|(a, _)| a.what == Agg::Distinct)?;
            if distinct.of != count.of || exact(distinct)? != window {
                return None;
            }
            Some((distinct.role.as_ref()?, m))
        }
    };
    let standard = term.standard;
    Some(Counting { term: name, pattern: &count.of, standard, count: n, window, kinds })
}

/// The times of the term's events, ascending, and the kind of each; `None` where anything about them is in doubt.
#[allow(clippy::type_complexity, reason = "a column and the column beside it")]
fn column(
    agreement: &Agreement,
    past: &Past,
    counting: &Counting<'_>,
) -> Option<(Vec<i64>, Option<Vec<u32>>)> {
    let fact = agreement.facts.get(&counting.pattern.fact)?;
    if fact.notice
        || !matches!(fact.kind, FactKind::Event | FactKind::State)
        || counting.pattern.filter.is_some()
    {
        return None;
    }
    let known: Vec<&Record> = past.records.iter().filter(|r| r.recorded <= past.period.to).collect();
    let gone: BTreeSet<&RecordId> =
        known.iter().flat_map(|r| [&r.supersedes, &r.withdraws]).flatten().collect();
    let mut events: Vec<(i64, String)> = Vec::new();
    for r in known.into_iter().filter(|r| !gone.contains(&r.id) && r.withdraws.is_none()) {
        if r.disputes.is_some() {
            return None;
        }
        let other = r.fact != counting.pattern.fact || r.says != Says::Affirms;
        if other || matches!(r.basis, Basis::Planned | Basis::Simulated) || r.when.earliest > past.period.to {
            continue;
        }
        if !r.when.is_exact() || r.incident.is_some() || r.when.earliest < past.period.from {
            return None;
        }
        let enough = fact.evidence.is_empty()
            || fact.evidence.iter().any(|rule| {
                rule.grade.is_none_or(|least| r.source_grade.is_some_and(|g| g <= least))
                    && r.sources >= rule.sources
                    && rule.from.as_ref().is_none_or(|from| *from == r.source)
            });
        let grade = if enough { r.grade() } else { r.grade().min(Grade::Possible) };
        if grade < counting.standard || !fits(agreement, counting.pattern, r)? {
            continue;
        }
        let kind = match counting.kinds {
            None => String::new(),
            Some((role, _)) => match (r.roles.get(role), &r.place) {
                (Some(RoleValue::Name(name)), _) => name.to_string(),
                (None, Some(Place::Named(name))) if *role == *"at" => name.to_string(),
                _ => return None,
            },
        };
        events.push((r.when.earliest.0, kind));
    }
    events.sort();
    let times = events.iter().map(|(t, _)| *t).collect();
    let keys = counting.kinds.map(|_| {
        let kinds: BTreeSet<&str> = events.iter().map(|(_, k)| k.as_str()).collect();
        let number: BTreeMap<&str, u32> = kinds.into_iter().zip(0..).collect();
        events.iter().map(|(_, k)| number[k.as_str()]).collect()
    });
    Some((times, keys))
}

/// Whether a record surely fits; `None` where the pattern asks for more than equal names and texts.
fn fits(agreement: &Agreement, pattern: &FactPattern, record: &Record) -> Option<bool> {
    for (role, wanted) in &pattern.roles {
        if *role == *"at" {
            return None;
        }
        let same = match (record.roles.get(role), wanted) {
            (Some(RoleValue::Name(is)), Value::Name(wanted)) => {
                let all = agreement.parties_of(wanted, record.when.earliest);
                is == wanted || agreement.parties_of(is, record.when.earliest).is_subset(&all)
            }
            (Some(RoleValue::Text(is)), Value::Text(wanted)) => is == wanted,
            (Some(RoleValue::OneOf(_)), _) | (None, _) => return None,
            _ => return None,
        };
        if !same {
            return Some(false);
        }
    }
    Some(true)
}
