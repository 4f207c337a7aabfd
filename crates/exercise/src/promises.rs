//! What the parties do about their promises: ratification, consultation and measures, the force in the west, deliveries,
//! strength, reports, complaints. Some of it late, some in part, some not at all; the truth says which.
//!
//! Names of norms and facts are those of `examples/berlin-framework`.

use crate::chance::Chance;
use crate::ground::TOWNS;
use crate::truth::{Duty, Kind, Truth};
use crate::{Settings, Span};
use servanda_model::record::{Basis, COVERAGE, FINDING, ItemGrade, Marking, RoleValue, SourceGrade, Tlp};
use servanda_model::time::{DAY, HOUR};
use servanda_model::{Instant, Name, Number, Place, Record, Span as Length, When};

const GUARANTORS: [&str; 5] = ["United-States", "France", "Germany", "Poland", "United-Kingdom"];
const EUROPEANS: [&str; 4] = ["France", "Germany", "Poland", "United-Kingdom"];
const COMMISSION: &str = "commission";
const SECRETARIAT: &str = "secretariat of the commission";

/// A name in a role.
pub(crate) fn named(name: &str) -> RoleValue {
    RoleValue::Name(name.into())
}

pub(crate) fn promises(settings: &Settings, span: &Span, truth: &mut Truth, drafts: &mut Vec<Record>) {
    let mut acts = Acts { settings, span, truth, drafts, serial: 0 };
    acts.ratifications();
    acts.response();
    acts.presence();
    acts.monitors();
    acts.strength();
    acts.deliveries();
    acts.watch();
    acts.weekly_reports();
    acts.flash_reports();
    acts.consultations();
    acts.communities();
    acts.review();
    acts.rumours();
}

struct Acts<'a> {
    settings: &'a Settings,
    span: &'a Span,
    truth: &'a mut Truth,
    drafts: &'a mut Vec<Record>,
    serial: u32,
}

impl Acts<'_> {
    fn chance(&self, subject: u64) -> Chance {
        Chance::of(self.settings.seed, subject)
    }

    fn days(&self) -> i64 {
        i64::from(self.settings.days)
    }

    /// Enters a record of the secretariat, unless it would lie beyond the end. Gives its identity.
    fn enter(&mut self, fact: &str, at: Instant, title: String, fill: impl FnOnce(&mut Record)) -> Name {
        self.serial += 1;
        let id = Name::from(format!("act-{:06}", self.serial));
        let mut record = Record::new(id.clone(), fact, When::exact(at), at + 2 * HOUR);
        record.source = SECRETARIAT.into();
        record.source_grade = Some(SourceGrade::B);
        record.item_grade = Some(ItemGrade(1));
        record.title = format!("EXERCISE {title}");
        record.exercise = true;
        fill(&mut record);
        if record.when.earliest < self.span.end {
            self.drafts.push(record);
        }
        id
    }

    /// An act by a party.
    fn act(&mut self, fact: &str, by: &str, at: Instant, roles: &[(&str, RoleValue)]) -> Name {
        let title = format!("{by}: {}", fact.replace('-', " "));
        self.enter(fact, at, title, |record| {
            record.roles.insert("by".into(), named(by));
            record.roles.extend(roles.iter().map(|(role, value)| (Name::from(*role), value.clone())));
        })
    }

    /// What became of a duty, where its deadline lies within the world.
    fn duty(
        &mut self,
        norm: &str,
        bearer: &str,
        about: &str,
        due: Instant,
        done: Option<Instant>,
        records: Vec<Name>,
    ) {
        if due >= self.span.end {
            return;
        }
        let done = done.filter(|at| *at < self.span.end);
        let kept = done.is_some_and(|at| at <= due);
        let about = about.to_string();
        self.truth.duties.push(Duty {
            norm: norm.into(),
            bearer: bearer.into(),
            about,
            due,
            kept,
            at: done,
            records: if done.is_some() { records } else { Vec::new() },
        });
    }

    /// For promises to keep something up: broken at a moment, or kept to the end.
    fn kept(&mut self, norm: &str, bearer: &str, about: &str, broken: Option<Instant>) {
        let broken = broken.filter(|at| *at < self.span.end);
        self.truth.duties.push(Duty {
            norm: norm.into(),
            bearer: bearer.into(),
            about: about.to_string(),
            due: self.span.end,
            kept: broken.is_none(),
            at: broken,
            records: Vec::new(),
        });
    }

    fn later(&self, at: Instant, length: Length) -> Instant {
        self.span.calendar.deadline_after(at, length)
    }

    fn ratifications(&mut self) {
        let mut chance = self.chance(10);
        for (index, party) in GUARANTORS.iter().enumerate() {
            let day = -48 + index as i64 * 3 + chance.whole(0, 2);
            self.act("ratification", party, self.span.day(day, chance.whole(9, 17) as f64), &[]);
        }
    }

    /// Article 2, for each true aggression; at most twelve, so that a large world is not all letters.
    fn response(&mut self) {
        let mut chance = self.chance(11);
        let aggressions: Vec<_> = self.truth.aggressions.iter().take(12).copied().collect();
        for aggression in aggressions {
            let began = aggression.began;
            let about = format!("aggression of {}", self.span.calendar.date(began));
            let after = |hours: f64| Instant(((began.0 + (hours * HOUR as f64) as i64) / 60_000) * 60_000);
            for party in GUARANTORS {
                let with = [("with", named("Ukraine"))];
                let talk = chance.happens(0.93).then(|| after(chance.delay(12.0, 1.6)));
                let records = talk.map(|at| self.act("consultation", party, at, &with)).into_iter().collect();
                self.duty("consult", party, &about, after(24.0), talk, records);
                let shared = chance.happens(0.85).then(|| after(chance.delay(3.0, 1.8)));
                let records =
                    shared.map(|at| self.act("information-shared", party, at, &with)).into_iter().collect();
                self.duty("share-information", party, &about, after(6.0), shared, records);
                let mut kinds = ["supply", "intelligence", "sanctions", "force"];
                chance.shuffle(&mut kinds[..3]);
                let (mut records, mut second) = (Vec::new(), None);
                for (index, kind) in
                    kinds.into_iter().take(chance.weighted(&[0.0, 1.0, 7.0, 2.0])).enumerate()
                {
                    let at = after(chance.delay(if index == 0 { 20.0 } else { 44.0 }, 1.4));
                    records.push((at, self.act("response-measure", party, at, &[("kind", named(kind))])));
                }
                records.sort();
                if let Some((at, _)) = records.get(1) {
                    second = Some(*at);
                }
                let due = after(72.0);
                let names = records.iter().map(|(_, id)| id.clone()).collect();
                self.duty("respond", party, &about, due, second, names);
                if second.is_none_or(|at| at > due) {
                    let stated =
                        chance.happens(0.7).then(|| due + (chance.delay(9.0, 1.5) * HOUR as f64) as i64);
                    let to = [("to", named(COMMISSION))];
                    let records =
                        stated.map(|at| self.act("reasons-stated", party, at, &to)).into_iter().collect();
                    self.duty("explain-and-step-up", party, &about, due + 12 * HOUR, stated, records);
                }
            }
            // Somebody asks for a finding; the commission finds within a day or so.
            let asked = after(chance.between(2.0, 10.0));
            let by = *chance.pick(&GUARANTORS);
            self.act("finding-request", by, asked, &[]);
            let found = asked + (chance.delay(16.0, 1.4) * HOUR as f64) as i64;
            self.enter(FINDING, found, "finding of large-scale aggression".into(), |record| {
                record.roles.insert("of".into(), named("large-scale-aggression"));
                record.roles.insert("by".into(), named(COMMISSION));
                record.basis = Basis::Found;
            });
            for party in GUARANTORS {
                let told =
                    chance.happens(0.9).then(|| found + (chance.delay(30.0, 1.4) * HOUR as f64) as i64);
                let to = [("to", named(COMMISSION))];
                let records =
                    told.map(|at| self.act("response-report", party, at, &to)).into_iter().collect();
                self.duty("report-response", party, &about, found + 48 * HOUR, told, records);
            }
        }
    }

    /// The European force: contingents reported month by month, rotations with notice, reliefs with a gap.
    fn presence(&mut self) {
        let mut chance = self.chance(12);
        let places = ["Lviv", "Ternopil", "Volyn", "Ivano-Frankivsk"];
        let strengths = [4_600, 5_200, 3_400, 3_200];
        // One short gap in the first year, one that is too long in the second.
        let short = (chance.whole(150, 220), chance.whole(6, 11));
        let long = (chance.whole(470, 560), chance.whole(17, 24));
        for ((party, place), strength) in EUROPEANS.iter().zip(places).zip(strengths) {
            let mut days: Vec<i64> = (58..self.days()).step_by(30).collect();
            let relieved = *party == "France";
            if relieved {
                days.extend([short.0, short.0 + short.1, long.0, long.0 + long.1]);
                days.sort_unstable();
                days.dedup();
            }
            for day in days {
                let gone = relieved
                    && [short, long].iter().any(|(from, length)| (*from..from + length).contains(&day));
                let now = if gone { strength * 2 / 5 } else { strength + chance.whole(-60, 120) };
                self.troops(party, "rotation", place, now, self.span.day(day, 0.0));
            }
            // Two rotations a year, notified 14 days before and more; one is notified too late.
            for (number, day) in (60..self.days()).step_by(182).enumerate() {
                let day = day + chance.whole(0, 20);
                let reference =
                    format!("{}-{}", party.chars().take(2).collect::<String>().to_uppercase(), number + 1);
                let before = if *party == "Poland" && number == 1 { 9 } else { chance.whole(18, 40) };
                let (at, notified) = (self.span.day(day, 9.0), self.span.day(day - before, 11.0));
                let note = ("reference", RoleValue::Text(reference.clone()));
                let id =
                    self.act("rotation-notice", party, notified, &[("to", named("Ukraine")), note.clone()]);
                if let Some(record) = self.drafts.last_mut().filter(|record| record.id == id) {
                    record.sent = Some(notified);
                    record.received = Some(notified + 20 * 60_000);
                }
                let persons = ("persons", RoleValue::Number(Number::from(strength / 2)));
                self.act("rotation", party, at, &[note, persons]);
                if let Some(record) = self.drafts.last_mut().filter(|record| record.fact == "rotation") {
                    record.place = Some(Place::Named(place.into()));
                }
                let due = self.span.calendar.deadline_before(at, Length::Days(14));
                self.duty("rotation-notified", party, &reference, due, Some(notified), vec![id]);
            }
        }
        // Fourteen days in any twelve months are allowed: the first gap counts where it lies within a year of the second.
        let used = if long.0 + long.1 - short.0 <= 365 { short.1 } else { 0 };
        let broken = self.span.day(long.0 + 14 - used, 0.0);
        self.kept("european-presence", "europeans", "at least 15,000", Some(broken));
    }

    fn troops(&mut self, party: &str, role: &str, place: &str, persons: i64, at: Instant) -> Name {
        self.enter("troops-present", at, format!("troops of {party} ({role}), {place}"), |record| {
            record.roles.insert("of".into(), named(party));
            record.roles.insert("role".into(), RoleValue::Text(role.into()));
            record.place = Some(Place::Named(place.into()));
            record.value = Some(Number::from(persons));
            record.basis = Basis::Declared;
            let to = GUARANTORS.iter().chain(&["Ukraine"]).map(|name| Name::from(*name)).collect();
            record.marking = Marking { releasable_to: Some(to), ..Marking::of(Tlp::Amber) };
        })
    }

    /// Embassy guards and monitors of the United States; once more monitors than allowed.
    fn monitors(&mut self) {
        let mut chance = self.chance(13);
        let above = chance.whole(300, 420);
        let mut broken = None;
        for day in (1..self.days()).step_by(30) {
            let at = self.span.day(day, 12.0);
            self.troops("United-States", "embassy guard", "Kyiv", chance.whole(55, 70), at);
            let many = (above..above + 60).contains(&day);
            let monitors = if many { chance.whole(205, 240) } else { chance.whole(150, 198) };
            self.troops("United-States", "monitor", "Kharkiv", monitors, at);
            if many && broken.is_none() {
                broken = Some(at);
            }
        }
        self.kept("no-us-troops", "United-States", "monitors up to 200", broken);
    }

    /// Declared by Ukraine and assessed by others, month by month.
    fn strength(&mut self) {
        let mut chance = self.chance(14);
        let milestones = [(305, 700_000), (670, 740_000)];
        let mut truly = 688_000.0;
        for month in 0..self.days() / 30 {
            truly += chance.between(500.0, 4_200.0);
            let at = self.span.day(month * 30 + 2, 12.0);
            for (source, basis, grade, error) in [
                ("Ukraine", Basis::Declared, SourceGrade::B, 0.002),
                (SECRETARIAT, Basis::Assessed, SourceGrade::B, 0.01),
            ] {
                let told = truly * (1.0 + error * chance.normal());
                self.enter(
                    "force-strength",
                    at,
                    format!("strength of the forces of Ukraine ({source})"),
                    |record| {
                        record.roles.insert("of".into(), named("Ukraine"));
                        record.value = Some(Number::from((told / 100.0).round() as i64 * 100));
                        record.source = source.into();
                        record.source_grade = Some(grade);
                        record.item_grade = Some(ItemGrade(2));
                        record.basis = basis;
                    },
                );
            }
            for (day, target) in milestones {
                if (month * 30 + 2..month * 30 + 32).contains(&day) && day < self.days() {
                    let due =
                        self.span.calendar.end_of_day(self.span.calendar.date(self.span.day(day, 12.0)));
                    let is = truly.round() as i64;
                    let date = self.span.calendar.date(due);
                    // Under each reading of "to the level of": all three are true at once.
                    let readings = [
                        ("floor", is >= target),
                        ("ceiling", is <= target),
                        ("band", (is - target).abs() * 50 <= target),
                    ];
                    for (reading, kept) in readings {
                        let about = format!("{reading}: {is} of {target}");
                        let done = kept.then_some(due);
                        self.duty(&format!("force-level/{date}"), "Ukraine", &about, due, done, Vec::new());
                    }
                }
            }
        }
    }

    /// Annex B: each row early, in time, late or in part, at least one of each.
    fn deliveries(&mut self) {
        let mut chance = self.chance(15);
        let rows: [(&str, &str, &str, i64, i64); 7] = [
            ("artillery-package", "155 mm howitzer", "Germany", 72, 305),
            ("artillery-package", "155 mm shell", "France", 200_000, 395),
            ("artillery-package", "counter-battery radar", "Poland", 12, 305),
            ("air-defence-package", "air-defence battery", "United-States", 6, 486),
            ("air-defence-package", "short-range air-defence system", "Poland", 24, 305),
            ("cyber-package", "cyber defence range", "United-Kingdom", 1, 213),
            ("cyber-package", "network sensor", "United-States", 400, 305),
        ];
        let mut ways = ["early", "in time", "in time", "late", "in part", "late", "early"];
        chance.shuffle(&mut ways);
        for ((package, item, from, pieces, day), way) in rows.into_iter().zip(ways) {
            let due = self.span.calendar.end_of_day(self.span.calendar.date(self.span.day(day, 12.0)));
            let promised = if way == "in part" { (pieces * 2 / 3).min(pieces - 1) } else { pieces };
            let last = day
                + match way {
                    "early" => -chance.whole(60, 120),
                    "late" => chance.whole(5, 40),
                    _ => -chance.whole(1, 20),
                };
            let parts = if promised < 3 { 1 } else { chance.whole(2, 4) };
            let mut records = Vec::new();
            for part in 0..parts {
                let quantity = promised * (part + 1) / parts - promised * part / parts;
                if quantity == 0 {
                    continue;
                }
                let at = self.span.day(last - (parts - 1 - part) * chance.whole(15, 25), 14.0);
                let title = format!("delivery of {quantity} {item} by {from}");
                records.push(self.enter("delivery", at, title, |record| {
                    record.roles.insert("item".into(), RoleValue::Text(item.into()));
                    record.roles.insert("quantity".into(), RoleValue::Number(Number::from(quantity)));
                    record.roles.insert("from".into(), named(from));
                    record.roles.insert("to".into(), named("Ukraine"));
                }));
            }
            let done = (promised == pieces).then(|| self.span.day(last, 14.0));
            self.duty(package, from, item, due, done, records);
        }
    }

    /// The line is watched day by day; once the sensors fail for longer than the two days in three months.
    fn watch(&mut self) {
        let mut chance = self.chance(16);
        let short = chance.whole(40, 120);
        let long = (chance.whole(250, 330), chance.whole(4, 7));
        for day in 0..self.days() {
            let failed = day == short || (long.0..long.0 + long.1).contains(&day);
            let share = if failed { chance.whole(70, 90) } else { chance.whole(960, 995) };
            let share = Number::ratio(share, if failed { 100 } else { 1_000 }).unwrap_or_default();
            let (from, to) = (self.span.day(day, 0.0), self.span.day(day + 1, 0.0) + -1);
            self.enter(COVERAGE, from, "watch on the line of contact".into(), |record| {
                record.roles.insert("by".into(), named("United-States"));
                record.place = Some(Place::Named("contact-line".into()));
                record.until = Some(to);
                record.value = Some(share);
                record.recorded = to + 1 + 3 * HOUR;
                record.source = "United-States".into();
                record.source_grade = Some(SourceGrade::A);
                record.item_grade = Some(ItemGrade(2));
            });
        }
        self.kept(
            "watch-line",
            "United-States",
            "95 percent of the line",
            Some(self.span.day(long.0 + 2, 0.0)),
        );
    }

    /// One report a week; one comes in the next week, one not at all.
    fn weekly_reports(&mut self) {
        let mut chance = self.chance(17);
        let weeks = self.days() / 7;
        let late = chance.whole(2, (weeks / 2).max(2));
        let missing = chance.whole((weeks / 2).max(3), (weeks - 1).max(4));
        for week in 0..weeks {
            let due = self.later(self.span.ceasefire, Length::Days(7 * (week + 1)));
            let roles = [("to", named(COMMISSION)), ("kind", named("weekly"))];
            let at = if week == late {
                Some(due + 1 + (chance.between(4.0, 40.0) * HOUR as f64) as i64)
            } else {
                (week != missing)
                    .then(|| self.span.day(week * 7 + chance.whole(3, 5), chance.whole(9, 18) as f64))
            };
            let records = at.map(|at| self.act("report", "United-States", at, &roles)).into_iter().collect();
            self.duty("weekly-report", "United-States", &format!("week {}", week + 1), due, at, records);
        }
    }

    /// Now and then an incident is ruled a serious violation, and is to be reported within twelve hours.
    fn flash_reports(&mut self) {
        let mut chance = self.chance(18);
        let serious: Vec<_> = self
            .truth
            .incidents
            .iter()
            .filter(|i| i.kind == Kind::Incursion && !i.offensive)
            .map(|i| (i.when, i.by, i.town))
            .collect();
        let mut last = self.span.ceasefire;
        for (when, by, town) in serious {
            if when - last < 20 * DAY {
                continue;
            }
            last = when;
            let title = format!("serious violation by {by}, {}", TOWNS[town].name);
            self.enter("serious-violation", when, title, |record| {
                record.roles.insert("by".into(), named(by));
                record.place = Some(TOWNS[town].place(5_000.0));
                record.recorded = when + 3 * HOUR;
            });
            let told = chance.happens(0.92).then(|| when + (chance.delay(7.0, 1.5) * HOUR as f64) as i64);
            let roles = [("to", named(COMMISSION)), ("kind", named("flash"))];
            let records =
                told.map(|at| self.act("report", "United-States", at, &roles)).into_iter().collect();
            let about = format!("{}, {}", TOWNS[town].name, self.span.calendar.date(when));
            self.duty("flash-report", "United-States", &about, when + 12 * HOUR, told, records);
        }
    }

    /// Requests for consultation, three a year; one is answered late.
    fn consultations(&mut self) {
        let mut chance = self.chance(19);
        for (number, day) in (45..self.days()).step_by(120).enumerate() {
            let at = self.span.day(day + chance.whole(0, 40), chance.whole(9, 17) as f64);
            let by = *chance.pick(&["Ukraine", "Poland", "France", "Germany"]);
            let id = self.act("consultation-request", by, at, &[]);
            let received = at + chance.whole(10, 240) * 60_000;
            if let Some(record) = self.drafts.last_mut().filter(|record| record.id == id) {
                record.sent = Some(at);
                record.received = Some(received);
                record.recorded = record.recorded.max(received);
            }
            let held = received + if number == 2 { 61 * HOUR } else { chance.whole(12, 44) * HOUR };
            let held_by = self.act("consultation-held", COMMISSION, held, &[]);
            let about = format!("request of {by}");
            self.duty(
                "hold-consultation",
                COMMISSION,
                &about,
                received + 48 * HOUR,
                Some(held),
                vec![held_by],
            );
        }
    }

    /// Host communities: the Protocol, housing, complaints.
    fn communities(&mut self) {
        let mut chance = self.chance(20);
        for (party, day) in [("Germany", 60), ("France", 75), ("United-Kingdom", 110)] {
            let at = self.span.day(day + chance.whole(0, 10), 12.0);
            self.act("protocol-ratification", party, at, &[]);
        }
        for (day, persons) in [(180, 700), (270, 1_250), (300, 1_660), (480, 1_700), (640, 1_720)] {
            let at = self.span.day(day + chance.whole(0, 4), 12.0);
            self.enter("housing-provided", at, "housing for displaced people, Lviv".into(), |record| {
                record.place = Some(Place::Named("Lviv".into()));
                record.value = Some(Number::from(persons));
            });
        }
        let places = [
            ("Germany", "Ternopil"),
            ("France", "Lviv"),
            ("United-Kingdom", "Ivano-Frankivsk"),
            ("Poland", "Volyn"),
        ];
        let mut day = 130;
        let mut number = 0;
        while day < self.days() {
            number += 1;
            let (party, place) = *chance.pick(&places);
            let case = RoleValue::Text(format!("{}/{number}", 2026 + (day + 59) / 365));
            let about = format!("case {number}");
            let at = self.span.day(day, chance.whole(9, 16) as f64);
            let received = at + chance.whole(1, 3) * DAY;
            let title = format!("complaint of a host community, {place}");
            self.enter("complaint", at, title, |record| {
                record.roles.insert("to".into(), named(party));
                record.roles.insert("case".into(), case.clone());
                record.place = Some(Place::Named(place.into()));
                record.sent = Some(at);
                record.received = Some(received);
                record.recorded = received;
            });
            let noted = received + chance.whole(1, 5) * DAY;
            let answered = received + chance.whole(8, 34) * DAY;
            let case = [("case", case)];
            let receipt = self.act("complaint-acknowledged", party, noted, &case);
            let answer = self.act("complaint-answer", party, answered, &case);
            // Poland never ratified the Protocol: nothing is owed.
            if party != "Poland" {
                let due = self.later(received, Length::WorkingDays(3));
                self.duty("acknowledge-complaint", party, &about, due, Some(noted), vec![receipt]);
                let due = self.later(received, Length::Days(30));
                self.duty("answer-complaint", party, &about, due, Some(answered), vec![answer]);
            }
            day += chance.whole(12, 40);
        }
    }

    /// The yearly review: the first in time, the second late.
    fn review(&mut self) {
        let mut chance = self.chance(21);
        for year in 1..=self.days() / 365 {
            let due = self.later(self.span.ceasefire, Length::Months(12 * year));
            let at = if year % 2 == 1 {
                due + -chance.whole(5, 40) * DAY
            } else {
                due + chance.whole(3, 20) * DAY
            };
            let id = self.enter("sustainability-review", at, "sustainability review".into(), |record| {
                record.roles.insert("to".into(), named(COMMISSION));
            });
            self.duty("yearly-review", "Ukraine+europeans", &format!("year {year}"), due, Some(at), vec![id]);
        }
    }

    /// A notice of withdrawal that never was: the press has it, and takes it back.
    fn rumours(&mut self) {
        let mut chance = self.chance(22);
        let at = self.span.day(chance.whole(self.days() / 4, self.days() / 2), 18.0);
        let by = *chance.pick(&GUARANTORS);
        let title = format!("{by} is said to give notice of withdrawal");
        let id = self.enter("withdrawal-notice", at, title, |record| {
            record.roles.insert("by".into(), named(by));
            record.source = "press".into();
            record.source_grade = Some(SourceGrade::D);
            record.item_grade = Some(ItemGrade(4));
            record.basis = Basis::Claimed;
        });
        self.enter(
            "withdrawal-notice",
            at + 30 * HOUR,
            "the report of a withdrawal is taken back".into(),
            |record| {
                record.withdraws = Some(id);
                record.source = "press".into();
                record.source_grade = Some(SourceGrade::D);
            },
        );
    }
}
