//! True incidents: calm and waves by oblast, incidents that draw others after them, and offensives.
//!
//! Each oblast is calm or in a wave, day by day; an incident is followed by others nearby within hours, half a follower in
//! the mean. Together this gives the bunched counts that monitors know, where a mean says little about a day.

use crate::chance::Chance;
use crate::ground::{TOWNS, oblasts};
use crate::truth::{Aggression, Incident, Kind, Truth};
use crate::{Settings, Span};
use servanda_model::Instant;
use servanda_model::time::{DAY, HOUR};
use std::collections::VecDeque;

/// Followers of an incident, in the mean.
const FOLLOWERS: f64 = 0.5;
/// Hours to a follower, in the mean.
const FOLLOWS_AFTER: f64 = 6.0;
/// A day's chance that a wave begins, and that it ends.
const BEGINS: f64 = 0.03;
const ENDS: f64 = 0.2;
/// How much more happens in a wave.
const WAVE: f64 = 6.0;

const RUSSIA: &str = "Russia";
const UKRAINE: &str = "Ukraine";

pub(crate) fn incidents(settings: &Settings, span: &Span, truth: &mut Truth) {
    let mut chance = Chance::of(settings.seed, 1);
    let mut found = Vec::new();
    let oblasts = oblasts();
    let weights: Vec<f64> =
        oblasts.iter().map(|(_, towns)| towns.iter().map(|t| TOWNS[*t].weight()).sum()).collect();
    let total: f64 = weights.iter().sum();
    let in_wave = BEGINS / (BEGINS + ENDS);
    let calm = settings.incidents_per_day * (1.0 - FOLLOWERS) / (1.0 + (WAVE - 1.0) * in_wave);
    for ((_, towns), weight) in oblasts.iter().zip(&weights) {
        let mut wave = chance.happens(in_wave);
        for day in 0..i64::from(settings.days) {
            wave = if wave { !chance.happens(ENDS) } else { chance.happens(BEGINS) };
            let rate = calm * weight / total * if wave { WAVE } else { 1.0 };
            for _ in 0..chance.count(rate) {
                let hour = hour_of_day(&mut chance);
                let at = span.day(day, hour);
                with_followers(&mut chance, towns, at, span, &mut found);
            }
        }
    }
    for index in 0..settings.offensives {
        offensive(settings, span, index, &mut found);
    }
    found.retain(|i| i.when < span.end);
    found.sort_by_key(|i| (i.when, i.town, i.persons));
    for (index, incident) in found.iter_mut().enumerate() {
        incident.number = u32::try_from(index + 1).unwrap_or(u32::MAX);
    }
    truth.aggressions = aggressions(&found);
    truth.incidents = found;
}

/// More by night than by day.
fn hour_of_day(chance: &mut Chance) -> f64 {
    let hour = chance.between(0.0, 24.0);
    if (8.0..20.0).contains(&hour) && chance.happens(0.5) { (hour + 12.0) % 24.0 } else { hour }
}

fn with_followers(chance: &mut Chance, towns: &[usize], at: Instant, span: &Span, found: &mut Vec<Incident>) {
    let weights: Vec<f64> = towns.iter().map(|t| TOWNS[*t].weight()).collect();
    let mut open = VecDeque::from([at]);
    // The mean is two; the limit only keeps a freak from running on.
    let mut left = 200;
    while let Some(at) = open.pop_front() {
        if at >= span.end || left == 0 {
            continue;
        }
        left -= 1;
        let town = towns[chance.weighted(&weights)];
        let kind = if chance.happens(0.93) { Kind::Strike } else { Kind::Incursion };
        let persons = match kind {
            Kind::Strike => 0,
            Kind::Incursion => chance.whole(5, 60) as u32,
        };
        let by = if chance.happens(0.9) { RUSSIA } else { UKRAINE };
        found.push(Incident { number: 0, when: to_minute(at), kind, by, town, persons, offensive: false });
        for _ in 0..chance.count(FOLLOWERS) {
            open.push_back(at + (chance.wait(FOLLOWS_AFTER) * HOUR as f64) as i64);
        }
    }
}

/// A hundred strikes and more within three days, and in some a large incursion.
fn offensive(settings: &Settings, span: &Span, index: u32, found: &mut Vec<Incident>) {
    let mut chance = Chance::of(settings.seed, 100 + u64::from(index));
    let part = f64::from(settings.days) / f64::from(settings.offensives);
    let day = (part * (f64::from(index) + chance.between(0.45, 0.85))) as i64;
    let start = span.day(day, chance.between(0.0, 6.0));
    let weights: Vec<f64> = TOWNS.iter().map(|t| t.weight()).collect();
    for _ in 0..chance.whole(200, 260) {
        // Three nights, the first by far the heaviest, each heavier at its beginning.
        let night = chance.weighted(&[6.0, 1.0, 1.0]) as i64;
        let at =
            start + night * DAY + (chance.between(0.0, 1.0) * chance.between(0.0, 7.0) * HOUR as f64) as i64;
        let town = chance.weighted(&weights);
        let by = RUSSIA;
        found.push(Incident {
            number: 0,
            when: to_minute(at),
            kind: Kind::Strike,
            by,
            town,
            persons: 0,
            offensive: true,
        });
    }
    if chance.happens(0.5) {
        let at = start + (chance.between(4.0, 30.0) * HOUR as f64) as i64;
        let town = chance.weighted(&weights[..9]);
        let persons = chance.whole(400, 1_800) as u32;
        let kind = Kind::Incursion;
        found.push(Incident {
            number: 0,
            when: to_minute(at),
            kind,
            by: RUSSIA,
            town,
            persons,
            offensive: true,
        });
    }
}

fn to_minute(at: Instant) -> Instant {
    Instant(at.0.div_euclid(60_000) * 60_000)
}

/// When a hundred strikes or a thousand persons by Russia lie in the trailing 72 hours `(t − 72 h, t]`.
fn aggressions(incidents: &[Incident]) -> Vec<Aggression> {
    let window = 72 * HOUR;
    let mut changes: Vec<(Instant, i64, i64)> = Vec::new();
    for i in incidents.iter().filter(|i| i.by == RUSSIA) {
        let (strikes, persons) = match i.kind {
            Kind::Strike => (1, 0),
            Kind::Incursion => (0, i64::from(i.persons)),
        };
        changes.push((i.when, strikes, persons));
        changes.push((i.when + window, -strikes, -persons));
    }
    changes.sort();
    let (mut strikes, mut persons) = (0, 0);
    let mut out: Vec<Aggression> = Vec::new();
    let mut at = 0;
    while at < changes.len() {
        let now = changes[at].0;
        while at < changes.len() && changes[at].0 == now {
            strikes += changes[at].1;
            persons += changes[at].2;
            at += 1;
        }
        let reached = strikes >= 100 || persons >= 1_000;
        match (out.last_mut().filter(|last| last.ended.is_none()), reached) {
            (Some(last), false) => last.ended = Some(now),
            (None, true) => out.push(Aggression { began: now, ended: None }),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strike(at: i64) -> Incident {
        let when = Instant(at);
        Incident { number: 0, when, kind: Kind::Strike, by: RUSSIA, town: 0, persons: 0, offensive: false }
    }

    #[test]
    fn the_hundredth_strike_begins_it_and_the_window_ends_it() {
        let strikes: Vec<Incident> = (0..100).map(|k| strike(k * 60_000)).collect();
        let found = aggressions(&strikes);
        let began = Instant(99 * 60_000);
        assert_eq!(found, [Aggression { began, ended: Some(Instant(72 * HOUR)) }]);
        assert_eq!(aggressions(&strikes[..99]), []);
        // Two strikes exactly 72 hours apart are in no window together.
        let mut apart = strikes[..99].to_vec();
        apart.push(strike(72 * HOUR));
        assert_eq!(aggressions(&apart), []);
    }
}
