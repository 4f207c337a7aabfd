//! A long agreement over a long history, for the general engine: clauses of every kind, written with a seed, and what the
//! first evaluation and single records take.
//!
//! | clause, of ten | says |
//! |---|---|
//! | 0 | no party attacks with one kind so often within 24 hours |
//! | 1 | when a zone sees so many attacks by three parties within 48 hours, each party consults within 72 hours |
//! | 2 | each party reports its attacks with one kind in one zone within hours; else |
//! | 3 | a remedy: it accounts for it within 12 hours and pays within 10 days |
//! | 4 | large activities are notified in advance |
//! | 5 | no attack with one kind in one zone |
//! | 6 | no party keeps more persons under arms than so many |
//! | 7 | no heavy weapon stays in a zone |
//! | 8 | the commission answers requests from one zone within hours or days |
//! | 9 | no party hurts more than so many persons in one zone within 30 days; or: a return every so many months |
//!
//! Never: text that anybody signed. Thresholds grow with the number of records, so that what is broken stays rare where
//! it is rare in life; bans of acts (5) are broken by every such act.
//!
//! Start at [`measured`].

use crate::data::Chance;
use crate::measure::{cpu, of_process};
use servanda_engine::incremental::{Engine, Settings};
use servanda_engine::reference;
use servanda_model::record::{COVERAGE, RoleValue};
use servanda_model::time::{DAY, HOUR};
use servanda_model::verdict::Performance;
use servanda_model::{Board, Instant, Name, Number, Place, Places, Point, Question, Record, Verdict, When};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant as Clock;

const ZONES: u64 = 24;
/// Towns in a zone, where things happen.
const TOWNS: u64 = 10;
const KINDS: [&str; 6] = ["shell", "rocket", "drone", "mine", "sniper", "raid"];
/// Days between two waves, and days that one lasts; a wave is in one zone.
const WAVE: (i64, i64) = (30, 5);
/// Single records that are timed, of each sort.
const SINGLE: usize = 500;
/// Of a thousand things that happen, how many are what; the rest are attacks.
const REQUESTS: u64 = 60;
const WEAPONS: u64 = 70;
const STRENGTHS: u64 = 30;
const ACTIVITIES: u64 = 12;
const CONSULTATIONS: u64 = 60;

/// How large it all is.
#[derive(Clone, Copy)]
pub struct Size {
    pub clauses: u64,
    pub parties: u64,
    pub years: u64,
    pub records: u64,
    pub seed: u64,
}

impl Size {
    fn days(self) -> u64 {
        self.years * 365
    }

    /// Attacks in a thousand days, about.
    fn attacks(self) -> u64 {
        self.records * 1000 / self.days().max(1) / 2
    }

    fn begins(self) -> Instant {
        Instant::parse_utc("2015-01-01T00:00:00Z").unwrap_or(Instant(0))
    }

    fn ends(self) -> Instant {
        self.begins() + self.days() as i64 * DAY
    }
}

fn party(n: u64) -> String {
    format!("P{:02}", n + 1)
}

fn zone(n: u64) -> String {
    format!("Z{:02}", n % ZONES + 1)
}

/// The zone and kind of the n-th clause that speaks of both: no pair twice among the first 144.
fn pair(n: u64) -> (u64, usize) {
    (n % ZONES, ((n / ZONES + n) % KINDS.len() as u64) as usize)
}

/// The agreement as text.
pub fn text(size: Size) -> String {
    let parties: Vec<String> = (0..size.parties).map(party).collect();
    let mut out = String::from(
        "# A long agreement (exercise text)\n\n```pact\nagreement long\n  status      binding\n  \
         in force    2015-01-01\n  time zone   Europe/Kyiv\n  counting    event day excluded\n  \
         months      round down\n  notices count when sent\n  watched     at least 90 percent\n\n\
         body commission\n\n",
    );
    parties.iter().for_each(|p| out.push_str(&format!("party {p}\n")));
    let _ = write!(out, "group parties\n  members     {}\n\nclass arm\n", parties.join(", "));
    KINDS.iter().for_each(|k| out.push_str(&format!("  value       {k} \"{k}\"\n")));
    for n in 0..ZONES {
        let Point { lat, lon } = middle(n);
        let _ = write!(out, "\nzone {}\n  shape       within 20 km of point {lat} {lon}\n", zone(n));
    }
    for (kind, says, carries) in [
        (
            "event attack",
            "{by} attacks at {at}",
            "by: party, at: place, arm: arm, persons: number persons, on: text",
        ),
        ("event report", "{by} reports {on}", "by: party, on: text"),
        ("event consultation", "{by} consults", "by: party"),
        ("event account", "{by} accounts for it", "by: party"),
        ("event payment", "{by} pays", "by: party"),
        ("event activity", "{by} starts {title}", "by: party, title: text, troops: number persons, arm: arm"),
        ("event notification", "{by} notifies {title}", "by: party, title: text\n  is          notice"),
        ("event request", "{by} asks {on}", "by: party, at: place, on: text\n  absence     register"),
        ("event answer", "{by} answers {on}", "by: body, on: text"),
        ("event return-made", "{by} makes a return", "by: party"),
        (
            "measure strength",
            "strength of {of}",
            "of: party\n  unit        persons\n  good for    12 months\n  absence     register",
        ),
        (
            "object weapon",
            "heavy weapon of {owner}",
            "owner: party, arm: arm, at: place\n  good for    7 days",
        ),
    ] {
        let _ = write!(out, "\n{kind}\n  says        \"{says}\"\n  carries     {carries}\n");
    }
    out.push_str("```\n");
    for n in 0..size.clauses {
        let (words, rules) = clause(size, n);
        let _ = write!(out, "\n## Clause {}\n\n> {words}\n\n```pact\n{rules}```\n", n + 1);
    }
    out
}

/// The words of a clause and the rules that carry them out.
fn clause(size: Size, n: u64) -> (String, String) {
    let (nth, attacks) = (n / 10, size.attacks());
    let norm = |kind: &str, name: &str, bearer: &str, fields: &str, per: &str| {
        format!(
            "{kind} {name}-{n}\n  bearer      {bearer}\n  owed to     commission\n{fields}  seen by     commission\n  \
             per         \"{per}\"\n"
        )
    };
    let each = "each of parties";
    let (z, k) = pair(nth);
    let (zone, arm) = (zone(z), KINDS[k]);
    match n % 10 {
        0 => {
            let least = 3 * attacks / 1000 / size.parties / KINDS.len() as u64 + 4 + nth % 7;
            let per = format!("{least} attacks or more with {arm} within any 24 hours");
            let must = format!(
                "  must not    keep count of attack by bearer where (arm = {arm}) in any 24 hours >= {least}\n"
            );
            (format!("No party makes {per}."), norm("ban", "rate", each, &must, &per))
        }
        1 => {
            let least = 2 * 2 * attacks / 1000 / ZONES + 8 + nth % 5;
            let per = format!("{least} attacks by three parties in {zone} within 48 hours");
            let term = format!(
                "term wave-{n}\n  means       (count of attack at {zone} in any 48 hours >= {least}) and (distinct by of \
                 attack at {zone} in any 48 hours >= 3)\n  per         \"{per}\"\n\n"
            );
            let fields = format!(
                "  when        wave-{n} begins\n  must        do consultation by bearer\n  within      72 hours\n"
            );
            (
                format!("After {per} each party consults within 72 hours."),
                term + &norm("duty", "consult", each, &fields, "each party consults within 72 hours"),
            )
        }
        2 => {
            let hours = [24, 36, 48, 72][(nth % 4) as usize];
            let per = format!("reports each attack with {arm} in {zone} within {hours} hours");
            let remedy = match n + 1 < size.clauses {
                true => format!("  on breach   remedy answer-for-{}\n", n + 1),
                false => String::new(),
            };
            let fields = format!(
                "  when        attack by bearer at {zone} where (arm = {arm})\n  must        do report by bearer on on \
                 of trigger\n  within      {hours} hours\n{remedy}"
            );
            (format!("Each party {per}."), norm("duty", "report-on", each, &fields, &per))
        }
        3 => {
            let fields = "  must        do account by bearer\n  within      12 hours of breach\n  must        do \
                          payment by bearer\n  within      10 days of breach\n  effect      adds to the breached duty\n";
            let per = "accounts for it within 12 hours and pays within 10 days";
            (
                format!("Who does not report {per}."),
                norm("remedy", "answer-for", "breaching party", fields, per),
            )
        }
        4 => {
            let (troops, days) = (6000 + nth % 10 * 600, [14, 21, 42][(nth % 3) as usize]);
            let per =
                format!("notifies activities with {arm} and {troops} persons or more {days} days before");
            let fields = format!(
                "  of          activity by bearer where (arm = {arm} and troops >= {troops} persons)\n  must        do \
                 notification by bearer where (title = title of trigger)\n  no later than {days} days before\n"
            );
            (format!("Each party {per}."), norm("notify", "ahead", each, &fields, &per))
        }
        5 => {
            let (z, k) = pair(nth + 72);
            let (zone, arm) = (self::zone(z), KINDS[k]);
            let per = format!("attacks with {arm} in {zone}");
            let must = format!("  must not    do attack by bearer at {zone} where (arm = {arm})\n");
            (format!("No party {per}."), norm("ban", "spared", each, &must, &per))
        }
        6 => {
            let most = 9_000 + nth * 150;
            let per = format!("more than {most} persons");
            let must = format!("  must not    keep strength of bearer > {most} persons\n");
            (format!("No party keeps {per} under arms."), norm("ban", "ceiling", each, &must, &per))
        }
        7 => {
            let per = format!("no heavy weapon of {arm} in {zone}");
            let must = format!(
                "  must        keep no weapon where (owner = bearer and arm = {arm} and at inside {zone})\n"
            );
            (format!("Each party keeps {per}."), norm("duty", "clear", each, &must, &per))
        }
        8 => {
            let within = ["24 hours", "72 hours", "5 days", "10 working days"][(nth % 4) as usize];
            let per = format!("answers each request from {zone} within {within}");
            let fields = format!(
                "  when        request at {zone}\n  must        do answer by commission on on of trigger\n  within      {within}\n"
            );
            let rule = norm("duty", "reply", "commission", &fields, &per);
            (format!("The commission {per}."), rule.replace("owed to     commission", "owed to     parties"))
        }
        _ if nth % 2 == 0 => {
            // A party's attacks in a zone within thirty days, six persons each.
            let mean = 30 * attacks / 1000 / size.parties / ZONES * 6;
            let most = 3 * mean + 60 + nth % 7 * 5;
            let per = format!("hurts more than {most} persons in {zone} within any 30 days");
            let must = format!(
                "  must not    keep sum persons of attack by bearer at {zone} in any 30 days > {most}\n"
            );
            (format!("No party {per}."), norm("ban", "harm", each, &must, &per))
        }
        _ => {
            let months = 3 + nth % 4;
            let per = format!("makes a return every {months} months");
            let fields = format!(
                "  must        do return-made by bearer\n  every       {months} months from in-force\n"
            );
            (format!("Each party {per}."), norm("duty", "return", each, &fields, &per))
        }
    }
}

fn middle(zone: u64) -> Point {
    Point { lat: 47.0 + (zone / 6) as f64 / 2.0, lon: 30.0 + (zone % 6) as f64 }
}

fn town(zone: u64, town: u64) -> Place {
    let Point { lat, lon } = middle(zone);
    // All well within the twenty kilometres.
    let at = Point { lat: lat + (town % 5) as f64 / 40.0 - 0.05, lon: lon + (town / 5) as f64 / 10.0 - 0.05 };
    Place::Point { at, radius_m: 500.0 }
}

fn number(n: u64) -> Number {
    Number::from(n as i64)
}

/// Records as they come in, at least `more` beyond those of the size: 3 % up to three days late, 1 % withdrawn within ten
/// days, all graded.
fn records(size: Size, more: usize) -> Vec<Record> {
    let wanted = size.records as usize + more;
    let mut drawn = Drawn { chance: Chance::new(size.seed), size, all: Vec::new() };
    // Without knowing how many follow from one thing, their distance is found by trying a small part.
    let mut trial = Drawn { chance: Chance::new(size.seed ^ 1), size, all: Vec::new() };
    let (begins, ends) = (size.begins(), size.ends());
    for n in 0..20_000 {
        trial.thing(begins + (ends.0 - begins.0) / 20_000 * n);
    }
    let follow = trial.all.len() as f64 / 20_000.0;
    drawn.regular(begins, ends);
    let things = size.records.saturating_sub(drawn.all.len() as u64).max(1) as f64 / follow;
    drawn.regular(ends, ends + 400 * DAY);
    let step = ((ends.0 - begins.0) as f64 / things) as i64;
    let mut at = begins;
    while drawn.known_by(at, wanted, ends) {
        drawn.thing(at);
        at = at + 1 + drawn.chance.below(2 * step.max(1) as u64) as i64;
    }
    let mut all = drawn.all;
    all.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    all.truncate(wanted);
    all
}

/// Records that are drawn.
struct Drawn {
    chance: Chance,
    size: Size,
    all: Vec<Record>,
}

impl Drawn {
    /// Whether more has to happen before so many records are surely known.
    fn known_by(&self, at: Instant, wanted: usize, ends: Instant) -> bool {
        // What comes in later than it happened must not be cut off before the end.
        at < ends + 60 * DAY || self.all.len() < wanted + wanted / 20 + 1000
    }

    /// One record; some come late, some are taken back. Returns what its identity is.
    fn push(
        &mut self,
        fact: &str,
        at: Instant,
        roles: &[(&str, RoleValue)],
        place: Option<Place>,
    ) -> &mut Record {
        let soon = (1 + self.chance.below(1800) as i64) * 1000;
        let late = if self.chance.below(100) < 3 { self.chance.below(3 * DAY as u64) as i64 } else { 0 };
        let n = self.all.len();
        let mut record = Record::new(format!("r{n:08}").as_str(), fact, When::exact(at), at + soon + late);
        record.roles = roles.iter().map(|(role, value)| (Name::from(*role), value.clone())).collect();
        record.place = place;
        record.source = format!("source {}", self.chance.below(40));
        record.stated = Some(servanda_model::Grade::Confirmed);
        if self.chance.below(100) == 0 {
            let back = record.recorded + 1000 * (1 + self.chance.below(10 * 24 * 3600)) as i64;
            let mut withdrawal = Record::new(format!("w{n:08}").as_str(), fact, When::exact(back), back);
            withdrawal.withdraws = Some(record.id.clone());
            self.all.push(withdrawal);
        }
        self.all.push(record);
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    fn by(&mut self) -> (u64, RoleValue) {
        let n = self.chance.below(self.size.parties);
        (n, RoleValue::Name(party(n).as_str().into()))
    }

    /// What comes regularly: coverage each month, returns each quarter (one in a hundred is forgotten).
    fn regular(&mut self, from: Instant, until: Instant) {
        let (mut at, mut month) = (from, 0);
        while at < until {
            let next = at + 30 * DAY;
            for z in 0..ZONES {
                let share = Number::ratio(85 + self.chance.below(16) as i64, 100);
                let here = Some(Place::Named(zone(z).as_str().into()));
                let by = [("by", RoleValue::Name("commission".into()))];
                let record = self.push(COVERAGE, at, &by, here);
                record.until = Some(next);
                record.value = share;
                record.recorded = next + HOUR;
            }
            for p in 0..self.size.parties {
                if month % 3 == 2 && self.chance.below(100) > 0 {
                    let day = at + self.chance.below(20) as i64 * DAY;
                    self.push("return-made", day, &[("by", RoleValue::Name(party(p).as_str().into()))], None);
                }
            }
            (at, month) = (next, month + 1);
        }
    }

    /// One thing that happens, and what follows from it.
    fn thing(&mut self, at: Instant) {
        let text = |text: String| RoleValue::Text(text);
        let case = format!("c{}", self.all.len());
        let (p, by) = self.by();
        let kind = self.chance.below(KINDS.len() as u64) as usize;
        let arm = RoleValue::Name(KINDS[kind].into());
        let z = self.chance.below(ZONES);
        let spot = town(z, self.chance.below(TOWNS));
        let mut what = self.chance.below(1000);
        let mut among = |share: u64| {
            let is = what < share;
            what = what.saturating_sub(share) + if is { 1000 } else { 0 };
            is
        };
        if among(REQUESTS) {
            self.push("request", at, &[("by", by), ("on", text(case.clone()))], Some(spot));
            // Mostly within a day, some within ten, some never.
            let after = match self.chance.below(100) {
                0..2 => return,
                2..6 => self.chance.below(10 * 24) as i64 * HOUR,
                _ => self.chance.below(24 * 60) as i64 * HOUR / 60,
            };
            let commission = RoleValue::Name("commission".into());
            self.push("answer", at + after, &[("by", commission), ("on", text(case))], None);
        } else if among(WEAPONS) {
            self.push("weapon", at, &[("owner", by), ("arm", arm)], Some(spot));
        } else if among(STRENGTHS) {
            let record = self.push("strength", at, &[("of", by)], None);
            record.value = Some(number(8_000 + (p * 7919 + at.0 as u64 / 7_776_000_000 * 131) % 3_000));
        } else if among(ACTIVITIES) {
            let troops = RoleValue::Number(number(1_000 + self.chance.below(11_000)));
            let ahead = at + -(40 + self.chance.below(20) as i64) * DAY;
            let roles = [("by", by.clone()), ("title", text(case.clone())), ("troops", troops), ("arm", arm)];
            self.push("activity", at, &roles, None);
            if self.chance.below(20) > 0 && ahead >= self.size.begins() {
                let record = self.push("notification", ahead, &[("by", by), ("title", text(case))], None);
                record.sent = Some(ahead);
            }
        } else if among(CONSULTATIONS) {
            self.push("consultation", at, &[("by", by)], None);
        } else {
            // In a wave half of it is in one zone.
            let (wave, day) = ((at.0 / DAY) / WAVE.0, (at.0 / DAY) % WAVE.0);
            let hot = day < WAVE.1 && self.chance.below(2) == 0;
            let z = if hot { wave as u64 * 7 % ZONES } else { z };
            let spot = town(z, self.chance.below(TOWNS));
            let persons = RoleValue::Number(number(self.chance.below(13)));
            let roles = [("by", by.clone()), ("arm", arm), ("persons", persons), ("on", text(case.clone()))];
            self.push("attack", at, &roles, Some(spot));
            if (0..self.size.clauses / 10).any(|n| pair(n) == (z, kind)) {
                let after = match self.chance.below(100) {
                    0..2 => 0,
                    2..4 => 24 * HOUR + self.chance.below(72) as i64 * HOUR,
                    _ => 1 + self.chance.below(24 * 60) as i64 * HOUR / 60,
                };
                if after > 0 {
                    self.push("report", at + after, &[("by", by.clone()), ("on", text(case))], None);
                } else if self.chance.below(3) > 0 {
                    let breach = at + 48 * HOUR;
                    self.push("account", breach + HOUR, &[("by", by.clone())], None);
                    self.push("payment", breach + 3 * DAY, &[("by", by)], None);
                }
            }
        }
    }
}

/// A number that any difference between two boards changes.
fn digest(board: &Board) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut line = String::new();
    for verdict in &board.verdicts {
        line.clear();
        let _ = write!(line, "{verdict:?}");
        hash = line.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
    hash
}

/// What a board says, in numbers.
fn told(board: &Board, out: &mut String) {
    let of = |wanted: Performance| board.verdicts.iter().filter(|v| v.performance == wanted).count();
    let episodes: usize = board.verdicts.iter().map(|v: &Verdict| v.episodes.len()).sum();
    let _ = write!(
        out,
        "verdicts {}\nviolated {}\nsatisfied {}\nepisodes {episodes}\nterms {}\ndigest {:x}\n",
        board.verdicts.len(),
        of(Performance::Violated),
        of(Performance::Satisfied),
        board.terms.len(),
        digest(board)
    );
}

/// Figures of one process: `board`, the first evaluation as `servanda status` does it; `live`, an engine that stays up to
/// date and learns all records at one moment, as after an import, then single records; `walk`, the same where each record
/// was learnt when it came, so that the clock goes through the whole history; `reference`, the board of the semantics, for
/// small sizes. `live` says what was known in the end of what came then: its board is that of the others.
///
/// # Units
/// Microseconds of CPU time; `…-wall` microseconds by the clock. Of single records `…-p50`, `…-p99` and `…-max` are by the
/// clock, the same with `-cpu` behind it CPU time.
///
/// # Errors
/// No such thing to measure; the generated text has an error.
pub fn measured(what: &str, size: Size) -> Result<Vec<u8>, String> {
    if size.parties == 0 || size.years == 0 {
        return Err("parties and years begin with 1".into());
    }
    let text = text(size);
    if what == "text" {
        return Ok(text.into_bytes());
    }
    let checked = servanda_lang::check(&text);
    let wrong = checked.diagnostics.iter().find(|d| d.severity == servanda_lang::diagnostic::Severity::Error);
    if let Some(error) = wrong {
        return Err(format!("the generated agreement has an error: {}", error.message));
    }
    let (agreement, places) = (checked.agreement, Places::default());
    let mut all = records(size, 2 * SINGLE + 1);
    let further = all.split_off(size.records as usize);
    let last = all.last().map_or(size.begins(), |r| r.recorded);
    let question = Question::at(last);
    let mut out = format!("norms {}\nrecords {}\n", agreement.norms.len(), all.len());
    let _ = write!(out, "days {}\nmade {:.0}\n", (last.0 - size.begins().0) / DAY, cpu());
    let (before, clock) = (cpu(), Clock::now());
    match what {
        "reference" => told(&reference::evaluate(&agreement, &places, &all, &question), &mut out),
        "board" => {
            let mut engine = Engine::new(&agreement, &places, Settings::default());
            engine.add(all);
            let board = engine.board(&question);
            let _ = writeln!(out, "board {:.0}", cpu() - before);
            let _ = writeln!(out, "board-wall {:.0}", clock.elapsed().as_secs_f64() * 1e6);
            out.push_str(&of_process());
            told(&board, &mut out);
        }
        "walk" | "live" => {
            if what == "live" {
                // As after an import: all of it is learnt at one moment.
                all.iter_mut().for_each(|record| record.recorded = last);
            }
            let mut engine = Engine::new(&agreement, &places, Settings::default());
            engine.add(all);
            walk(&mut engine, size, last);
            let _ = writeln!(out, "{what} {:.0}", cpu() - before);
            let _ = writeln!(out, "{what}-wall {:.0}", clock.elapsed().as_secs_f64() * 1e6);
            let _ = writeln!(out, "rows {}", engine.history().rows().len());
            out.push_str(&of_process());
            told(&engine.board(&question), &mut out);
            let mut further = further.into_iter();
            // None of them stands before the moment reached.
            single("in-order", &mut engine, further.by_ref().take(SINGLE), 0, &mut out);
            single("day-late", &mut engine, further.by_ref().take(SINGLE), DAY, &mut out);
        }
        _ => {
            return Err(format!(
                "`{what}` cannot be measured; there are text, board, live, walk and reference"
            ));
        }
    }
    Ok(out.into_bytes())
}

/// The whole history, year by year so that it can be seen how far it came.
fn walk(engine: &mut Engine<'_>, size: Size, last: Instant) {
    let (before, clock) = (cpu(), Clock::now());
    for year in 1..=size.years as i64 {
        engine.advance(last.min(size.begins() + year * 365 * DAY));
        let peak = of_process().lines().last().unwrap_or_default().to_string();
        eprintln!(
            "year {year}: {:.1} s CPU, {:.1} s, {peak} kB, {} rows",
            (cpu() - before) / 1e6,
            clock.elapsed().as_secs_f64(),
            engine.history().rows().len()
        );
    }
    engine.advance(last);
}

/// One record after another, each known at once and happened `earlier` before.
fn single(
    name: &str,
    engine: &mut Engine<'_>,
    records: impl Iterator<Item = Record>,
    earlier: i64,
    out: &mut String,
) {
    let (mut times, mut cpus, mut changed, before) = (Vec::new(), Vec::new(), 0, cpu());
    let mut by_fact: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for mut record in records {
        let back = |at: Instant| at + -earlier;
        record.when = When { earliest: back(record.when.earliest), latest: back(record.when.latest) };
        record.until = record.until.map(back);
        record.sent = record.sent.map(back);
        record.recorded = record.recorded.max(engine.frontier() + 1);
        let at = record.recorded;
        let back = if record.withdraws.is_some() { " withdrawn" } else { "" };
        let kind = format!("{}{back}", record.fact);
        let (clock, own) = (Clock::now(), cpu());
        engine.add([record]);
        changed += engine.advance(at).len();
        times.push(clock.elapsed().as_secs_f64() * 1e6);
        cpus.push(cpu() - own);
        by_fact.entry(kind).or_default().extend(cpus.last());
    }
    for (kind, of) in by_fact {
        let most = of.iter().copied().fold(0.0, f64::max);
        let mean = of.iter().sum::<f64>() / of.len() as f64;
        eprintln!("{name}, {} × {kind}: mean {mean:.0} µs CPU, most {most:.0}", of.len());
    }
    let mean = (cpu() - before) / times.len().max(1) as f64;
    let mut told = String::new();
    for (suffix, mut of) in [("", times), ("-cpu", cpus)] {
        of.sort_by(f64::total_cmp);
        for (what, share) in [("p50", 0.5), ("p99", 0.99), ("max", 0.9999)] {
            let at = of.get((of.len() as f64 * share) as usize).copied().unwrap_or_default();
            let _ = writeln!(told, "{name}-{what}{suffix} {at:.0}");
        }
    }
    let _ = write!(told, "{name}-mean-cpu {mean:.0}\n{name}-changed {changed}\n");
    eprint!("{told}");
    out.push_str(&told);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { clauses: 40, parties: 4, years: 1, records: 2_000, seed: 3 };

    #[test]
    fn what_is_generated_has_no_error_and_every_clause() {
        let size = Size { clauses: 600, parties: 40, years: 10, records: 1_000_000, seed: 1 };
        let checked = servanda_lang::check(&text(size));
        let errors: Vec<_> = checked
            .diagnostics
            .iter()
            .filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(checked.agreement.norms.len(), 600);
    }

    #[test]
    fn the_same_seed_gives_the_same_records_in_the_order_in_which_they_come() {
        let all = records(SMALL, 10);
        assert_eq!(all.len(), 2_010);
        assert_eq!(all, records(SMALL, 10));
        assert!(all.is_sorted_by_key(|r| r.recorded));
        assert!(all.iter().any(|r| r.withdraws.is_some()));
        assert_ne!(all, records(Size { seed: 4, ..SMALL }, 10));
    }

    #[test]
    fn the_walk_the_board_and_the_semantics_say_the_same() {
        let agreement = servanda_lang::check(&text(SMALL)).agreement;
        let (places, all) = (Places::default(), records(SMALL, 0));
        let question = Question::at(all[all.len() - 1].recorded);
        let right = reference::evaluate(&agreement, &places, &all, &question);
        let mut engine = Engine::new(&agreement, &places, Settings::default());
        engine.add(all);
        assert_eq!(engine.board(&question), right);
        engine.advance(question.at);
        assert_eq!(engine.board(&question), right);
        for wanted in [Performance::Violated, Performance::Satisfied, Performance::Pending] {
            assert!(right.verdicts.iter().any(|v| v.performance == wanted), "{wanted:?}");
        }
    }
}
