//! Which reports are compared, and how each comparison comes out.
//!
//! Not every report is compared with every other: near in time and place, or a rare word in both. What lies far apart in
//! both is no candidate, whatever it says. It weighs nothing: that is [`weights`](super::weights).
//!
//! Invariants
//! - a pair stands once, the smaller number first, in rising order;
//! - the work is bounded: a report is held beside at most [`MOST_LOOKED_AT`] others of its neighbourhood, nearest in time first.

use super::fields::{self, COUNT, Levels, step};
use super::reports::{Report, Reports, Words};
use servanda_model::place::distance_m;
use servanda_model::time::HOUR;
use std::collections::BTreeMap;
use std::ops::Range;

/// Two reports, the smaller number first.
pub type Pair = (u32, u32);

/// A report is held beside at most so many others of its neighbourhood.
pub const MOST_LOOKED_AT: usize = 2_000;
/// Candidates lie at most so far apart in time, in milliseconds.
const MOST_GAP: i64 = 2 * DAY;
/// So far apart are candidates whose places are known well, in metres.
const NEAR_M: f64 = 15_000.0;
/// A place with more doubt than this, or a time longer than [`LONG`], is looked for in the coarse grid.
const VAGUE_M: f64 = 45_000.0;
const LONG: i64 = 7 * DAY;
/// A word in at most so many reports brings its reports together.
const RARE: u32 = 20;
/// A word this rare, in natural logarithms of one in so many, tells something about a vague report.
const TELLING: f64 = 2.0;
/// Reports within this, in metres, and a day make the crowd around a report.
const CROWD_M: f64 = 10_000.0;
const DAY: i64 = 24 * HOUR;
/// Cells of the fine grid, in degrees of latitude: about 100 km, more than two places of the fine grid can lie apart.
const CELL: f64 = 0.9;

/// The candidates of a set of reports, and the crowd around each report.
#[derive(Debug)]
pub struct Candidates {
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// Reports whose neighbourhood was too full to be looked through.
    pub cut: usize,
    crowd: Vec<u32>,
}

/// Milliseconds between two stretches; below nought where they overlap, by how much.
fn gap(a: &Report, b: &Report) -> i64 {
    a.start.max(b.start).saturating_sub(a.end.min(b.end))
}

/// Metres between two reports, and their doubts together.
fn apart(a: &Report, b: &Report) -> Option<(f64, f64)> {
    match (a.named, b.named) {
        (Some(one), Some(other)) if one == other => Some((0.0, a.radius + b.radius)),
        _ => Some((distance_m(a.at?, b.at?), a.radius + b.radius)),
    }
}

impl Candidates {
    /// The candidates among reports.
    pub fn of(reports: &Reports) -> Candidates {
        let all = &reports.all;
        let mut found: Vec<Pair> = Vec::new();
        let mut cut = 0;
        fine(all, &mut found, &mut cut);
        coarse(reports, &mut found, &mut cut);
        for (words, range) in [(&reports.words, WORDS_OF), (&reports.places, PLACES_OF)] {
            by_rare_words(all, words, range, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        let mut crowd = vec![0; all.len()];
        for (a, b) in &found {
            let (one, other) = (&all[*a as usize], &all[*b as usize]);
            let far = |a: servanda_model::Point, b: servanda_model::Point| {
                (a.lat - b.lat).abs() * METRES_PER_DEGREE > CROWD_M
            };
            if gap(one, other) > DAY || one.at.zip(other.at).is_some_and(|(a, b)| far(a, b)) {
                continue;
            }
            if apart(one, other).is_some_and(|(metres, _)| metres <= CROWD_M) {
                crowd[*a as usize] += 1;
                crowd[*b as usize] += 1;
            }
        }
        Candidates { pairs: found, cut, crowd }
    }

    /// How the comparison of two reports comes out.
    pub fn levels(&self, reports: &Reports, (a, b): Pair) -> Levels {
        let (one, other) = (&reports.all[a as usize], &reports.all[b as usize]);
        let mut levels = [0; COUNT];
        let gap = gap(one, other);
        let between = (one.start - other.start).abs();
        // Two exact times of one event differ by how watches and reporters differ.
        let at_once = one.is_short() && other.is_short() && gap <= 2 * HOUR;
        levels[fields::TIME] = if gap < 0 || at_once || between == 0 {
            0
        } else {
            1 + step(gap as f64, &[DAY as f64 + 1.0, MOST_GAP as f64 + 1.0])
        };
        let hours = |n: i64| (n * HOUR) as f64;
        levels[fields::START] = step(between as f64, &[hours(3), hours(25) + 1.0, hours(49), hours(97)]);
        (levels[fields::DISTANCE], levels[fields::DOUBT]) = match apart(one, other) {
            None => (7, 6),
            Some((metres, doubt)) => (
                step(metres, &[50.0, 1_000.0, 3_000.0, 8_000.0, 15_000.0, 40_000.0]),
                step(metres / doubt, &[0.01, 0.3, 1.0, 2.0, 8.0]),
            ),
        };
        let stated = |range: &Range<u32>| !range.is_empty();
        levels[fields::ACTORS] = if !stated(&one.actors) || !stated(&other.actors) {
            0
        } else {
            match shared(&reports.actors, &one.actors, &other.actors).rarest {
                None => 1,
                Some(rarity) => 2 + step(rarity, &[1.5, 2.5, 4.0, 5.5]),
            }
        };
        let share = |words: &Words, a: &Range<u32>, b: &Range<u32>, sum: f64| {
            let both = shared(words, a, b).sum;
            if both <= 0.0 { 0.0 } else { both / (sum - both) }
        };
        if stated(&one.kinds) && stated(&other.kinds) {
            let share = share(&reports.kinds, &one.kinds, &other.kinds, one.weight[0] + other.weight[0]);
            levels[fields::KIND] = 1 + step(share, &[0.01, 0.4, 0.99]);
        }
        if stated(&one.places) && stated(&other.places) {
            let share = share(&reports.places, &one.places, &other.places, one.weight[1] + other.weight[1]);
            levels[fields::PLACE_WORDS] = 1 + step(share, &[0.01, 0.5, 0.99]);
        }
        if stated(&one.words) && stated(&other.words) {
            let both = shared(&reports.words, &one.words, &other.words);
            let share = both.sum / (one.weight[2] + other.weight[2] - both.sum).max(1e-9);
            levels[fields::WORDS] = 1 + step(share, &[0.001, 0.05, 0.1, 0.2, 0.5]);
            levels[fields::RAREST] = both.rarest.map_or(0, |rarity| 1 + step(rarity, &[3.0, 4.0, 5.0, 6.0]));
        }
        levels[fields::DEAD] = fields::numbers(one.dead, other.dead);
        levels[fields::HURT] = fields::numbers(one.hurt, other.hurt);
        levels[fields::SOURCE] = match (one.document == other.document, one.source == other.source) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        };
        let crowd = self.crowd[a as usize].max(self.crowd[b as usize]);
        levels[fields::CROWD] = step(f64::from(crowd), &[3.0, 6.0, 12.0, 25.0, 50.0]);
        levels[fields::CIRCUMSTANCES] = match reports.circumstances(a, b) {
            (0, _) => 0,
            (_, 0) => 1,
            (both, alike) => 2 + u8::from(both == alike),
        };
        levels
    }
}

/// Whether two reports come from one text that lists both: then it speaks of two events.
pub(super) fn is_one_list(levels: &Levels) -> bool {
    levels[fields::SOURCE] == 2
}

struct Shared {
    sum: f64,
    rarest: Option<f64>,
}

fn shared(words: &Words, a: &Range<u32>, b: &Range<u32>) -> Shared {
    let (a, b) = (words.of_report(a), words.of_report(b));
    let (mut i, mut j) = (0, 0);
    let mut out = Shared { sum: 0.0, rarest: None };
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                let rarity = words.rarity[a[i] as usize];
                out.sum += rarity.max(0.0);
                out.rarest = Some(out.rarest.map_or(rarity, |most| most.max(rarity)));
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    out
}

fn is_vague(report: &Report) -> bool {
    report.radius > VAGUE_M || report.end - report.start > LONG
}

/// What decides whether two reports are near, close together in memory: most pairs are looked at only this far.
#[derive(Clone, Copy)]
struct Spot {
    start: i64,
    end: i64,
    /// Not a number where no point is known.
    lat: f64,
    lon: f64,
    radius: f64,
    fact: u32,
    /// `u32::MAX` where no place is named.
    named: u32,
    number: u32,
}

/// Metres in a degree of latitude; a little less than there are.
const METRES_PER_DEGREE: f64 = 111_000.0;

impl Spot {
    fn of(number: usize, report: &Report) -> Spot {
        Spot {
            start: report.start,
            end: report.end,
            lat: report.at.map_or(f64::NAN, |at| at.lat),
            lon: report.at.map_or(f64::NAN, |at| at.lon),
            radius: report.radius,
            fact: report.fact,
            named: report.named.unwrap_or(u32::MAX),
            number: number as u32,
        }
    }

    /// Whether two reports are near enough to be compared.
    fn is_near(&self, other: &Spot) -> bool {
        if self.fact != other.fact
            || self.start.max(other.start).saturating_sub(self.end.min(other.end)) > MOST_GAP
        {
            return false;
        }
        if self.named == other.named && self.named != u32::MAX {
            return true;
        }
        let most = (self.radius + other.radius).max(NEAR_M);
        if (self.lat - other.lat).abs() * METRES_PER_DEGREE > most {
            return false;
        }
        let point = |s: &Spot| servanda_model::Point { lat: s.lat, lon: s.lon };
        distance_m(point(self), point(other)) <= most
    }
}

/// Rows of cells from south to north, and in each row cells that are about as wide as they are high.
fn cell(at: servanda_model::Point) -> (i32, i32, i32) {
    let row = ((at.lat + 90.0) / CELL).floor();
    let middle = (row + 0.5) * CELL - 90.0;
    let width = (CELL / libm::cos(middle.to_radians()).max(0.05)).min(90.0);
    let around = (360.0 / width).floor().max(1.0);
    let column = (((at.lon + 180.0) / 360.0) * around).floor();
    (row as i32, column as i32, around as i32)
}

/// Reports that know their time and place well: the cells around each, forwards in time.
fn fine(all: &[Report], found: &mut Vec<Pair>, cut: &mut usize) {
    let mut cells: BTreeMap<(i32, i32), Vec<Spot>> = BTreeMap::new();
    let mut order: Vec<Spot> = Vec::new();
    for (number, report) in all.iter().enumerate() {
        if let (Some(at), false) = (report.at, is_vague(report)) {
            let (row, column, _) = cell(at);
            cells.entry((row, column)).or_default().push(Spot::of(number, report));
            order.push(Spot::of(number, report));
        }
    }
    let by_start = |spot: &Spot| (spot.start, spot.number);
    for members in cells.values_mut() {
        members.sort_unstable_by_key(by_start);
    }
    order.sort_unstable_by_key(by_start);
    // Those around a report, those that begin after it: each pair is met once, from the earlier one.
    for spot in order {
        let Some(at) = all[spot.number as usize].at else { continue };
        let latest = spot.end.saturating_add(MOST_GAP);
        let mut looked = 0;
        let (row, _, _) = cell(at);
        for up in -1..=1 {
            let lat = (at.lat + f64::from(up) * CELL).clamp(-90.0, 90.0);
            let (there, column, around) = cell(servanda_model::Point { lat, lon: at.lon });
            if there != row + up {
                continue;
            }
            let mut columns = [column, (column + 1).rem_euclid(around), (column - 1).rem_euclid(around)];
            columns.sort_unstable();
            let mut before = None;
            for column in columns {
                if before.replace(column) == Some(column) {
                    continue;
                }
                let Some(members) = cells.get(&(there, column)) else { continue };
                let from = members.partition_point(|other| by_start(other) <= by_start(&spot));
                for other in &members[from..] {
                    if other.start > latest {
                        break;
                    }
                    looked += 1;
                    if looked > MOST_LOOKED_AT {
                        break;
                    }
                    if spot.is_near(other) {
                        found.push((spot.number.min(other.number), spot.number.max(other.number)));
                    }
                }
            }
        }
        *cut += usize::from(looked > MOST_LOOKED_AT);
    }
}

/// Vague reports against all: by weeks, and only where something beside the place speaks for it.
fn coarse(reports: &Reports, found: &mut Vec<Pair>, cut: &mut usize) {
    let all = &reports.all;
    const WEEK: i64 = 7 * DAY;
    /// A stretch longer than so many weeks is looked for in its first ones.
    const MOST_WEEKS: i64 = 60;
    let weeks = |report: &Report| {
        let first = report.start.div_euclid(WEEK);
        first..=(report.end.div_euclid(WEEK)).min(first + MOST_WEEKS)
    };
    // Telling words of each report as a pattern of bits: where two patterns share none, the reports share none.
    let signs: Vec<Signs> = all.iter().map(|report| signs(reports, report)).collect();
    let mut by_week: BTreeMap<i64, Vec<(Spot, Signs)>> = BTreeMap::new();
    let placed = |r: &Report| r.at.is_some() || r.named.is_some();
    for (number, report) in all.iter().enumerate().filter(|(_, r)| placed(r)) {
        for week in weeks(report) {
            by_week.entry(week).or_default().push((Spot::of(number, report), signs[number]));
        }
    }
    for members in by_week.values_mut() {
        members.sort_unstable_by_key(|(spot, _)| (spot.start, spot.number));
    }
    let mut near: Vec<Pair> = Vec::new();
    for (number, report) in all.iter().enumerate() {
        // A named place without a point is in no cell of the fine grid either.
        if !placed(report) || !(is_vague(report) || report.at.is_none()) {
            continue;
        }
        let (spot, own) = (Spot::of(number, report), signs[number]);
        near.clear();
        let mut looked = 0;
        let reached = weeks(report);
        for (_, members) in by_week.range(reached.start() - 1..=reached.end() + 1) {
            for (other, theirs) in members {
                looked += 1;
                if looked > 10 * MOST_LOOKED_AT {
                    break;
                }
                if own.iter().zip(theirs).all(|(a, b)| a & b == 0) {
                    continue;
                }
                let speaks = || something_speaks(reports, report, &all[other.number as usize]);
                if other.number != spot.number && spot.is_near(other) && speaks() {
                    near.push((spot.number.min(other.number), spot.number.max(other.number)));
                }
            }
        }
        near.sort_unstable();
        near.dedup();
        *cut += usize::from(looked > 10 * MOST_LOOKED_AT || near.len() > MOST_LOOKED_AT);
        // Nearest in the time of their beginning.
        near.sort_by_key(|(a, b)| (all[*a as usize].start - all[*b as usize].start).abs());
        found.extend(near.iter().take(MOST_LOOKED_AT));
    }
}

type Signs = [u64; 4];

fn signs(reports: &Reports, report: &Report) -> Signs {
    let mut signs = [0; 4];
    let three = [
        (&reports.words, &report.words),
        (&reports.places, &report.places),
        (&reports.actors, &report.actors),
    ];
    for (kind, (words, range)) in three.into_iter().enumerate() {
        for word in words.of_report(range).iter().filter(|w| words.rarity[**w as usize] >= TELLING) {
            let bit = (*word as usize).wrapping_mul(0x9e37_79b1).wrapping_add(kind * 0x85eb) >> 7;
            signs[bit / 64 % 4] |= 1 << (bit % 64);
        }
    }
    signs
}

/// Whether two reports share a word or a name that is not an everyday one.
fn something_speaks(reports: &Reports, a: &Report, b: &Report) -> bool {
    let rare = |words: &Words, a: &Range<u32>, b: &Range<u32>| {
        shared(words, a, b).rarest.is_some_and(|rarity| rarity >= TELLING)
    };
    rare(&reports.words, &a.words, &b.words)
        || rare(&reports.places, &a.places, &b.places)
        || rare(&reports.actors, &a.actors, &b.actors)
}

type OfReport = fn(&Report) -> &Range<u32>;
const WORDS_OF: OfReport = |report| &report.words;
const PLACES_OF: OfReport = |report| &report.places;

/// Reports that share a rare word: further apart than neighbours, and those without a place.
fn by_rare_words(all: &[Report], words: &Words, of: OfReport, found: &mut Vec<Pair>) {
    let mut having: Vec<(u32, u32)> = Vec::new();
    for (number, report) in all.iter().enumerate() {
        let rare = words.of_report(of(report)).iter().filter(|w| (2..=RARE).contains(&words.seen(**w)));
        having.extend(rare.map(|word| (*word, number as u32)));
    }
    having.sort_unstable();
    for same in having.chunk_by(|a, b| a.0 == b.0) {
        for (i, (_, a)) in same.iter().enumerate() {
            for (_, b) in &same[i + 1..] {
                let (one, other) = (&all[*a as usize], &all[*b as usize]);
                let near = || apart(one, other).is_none_or(|(metres, doubt)| metres <= 2.0 * doubt + NEAR_M);
                if one.fact == other.fact && gap(one, other) <= MOST_GAP && near() {
                    found.push((*a, *b));
                }
            }
        }
    }
}
