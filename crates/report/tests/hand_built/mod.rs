//! A board built by hand, with one row of nearly every kind, for tests and for looking at the page without an engine.
//!
//! Names of states stand for parties of an exercise; nothing here happened.

use servanda_model::agreement::*;
use servanda_model::explanation::{Change, Deed, Explanation, Watch, What};
use servanda_model::grade::{Support, Truth};
use servanda_model::place::{Point, Shape};
use servanda_model::record::*;
use servanda_model::time::{DAY, HOUR, Period, Span};
use servanda_model::verdict::*;
use servanda_model::{Board, Calendar, Grade, Instant, Name, Number, Place, Places, Question, Verdict, When};
use std::collections::BTreeMap;

/// All that a view needs.
pub struct HandBuilt {
    pub agreement: Agreement,
    pub places: Places,
    pub records: Vec<Record>,
    pub board: Board,
}

impl HandBuilt {
    pub fn view(&self) -> servanda_report::View<'_> {
        servanda_report::View {
            agreement: &self.agreement,
            places: &self.places,
            records: (&self.records).into(),
            board: &self.board,
            sorted: None,
        }
    }
}

pub fn at(text: &str) -> Instant {
    Instant::parse_utc(text).unwrap()
}

fn exact(text: &str) -> When {
    When::exact(at(text))
}

fn name(text: &str) -> Name {
    Name::from(text)
}

fn norm(
    name_: &str,
    phrase: &str,
    kind: NormKind,
    clause: usize,
    per: &str,
    readback: &str,
    fact: &str,
) -> Norm {
    Norm {
        name: name(name_),
        phrase: phrase.into(),
        kind,
        bearer: Who::Unstated,
        owed_to: Who::Unstated,
        when: Trigger::Always,
        only_if: None,
        needs: Vec::new(),
        parts: vec![Part {
            verb: Verb::Do,
            cond: Cond::Fact(FactPattern::any(fact)),
            deadline: Deadline::None,
        }],
        from: None,
        until: None,
        gap: None,
        except: Vec::new(),
        unless: None,
        seen_by: vec![name("commission")],
        force: Force::AsAgreement,
        standard: Grade::Probable,
        watched: Number::from(1),
        on_breach: Vec::new(),
        replaces: false,
        clause: Some(clause),
        per: vec![per.into()],
        marking: Marking::default(),
        readback: readback.into(),
        line: 10,
    }
}

fn fact(kind: FactKind, phrase: &str, says: &str, roles: &[(&str, RoleType)]) -> Fact {
    Fact {
        kind,
        phrase: phrase.into(),
        says: says.into(),
        roles: roles.iter().map(|(n, t)| (name(n), t.clone())).collect(),
        evidence: Vec::new(),
        good_for: None,
        absence: Absence::Register,
        notice: false,
        unit: Dimension::Plain,
        begins: Vec::new(),
        ends: Vec::new(),
    }
}

pub fn agreement() -> Agreement {
    let clause = |id: &str, heading: &str, words: &str, line| Clause {
        id: name(id),
        heading: heading.into(),
        words: words.into(),
        line,
    };
    let party = |phrase: &str, outside| Party { phrase: phrase.into(), outside };
    let member = |who: &str| Member { who: name(who), from: None, until: None };
    let zone = |phrase: &str, extent: Extent| Zone {
        phrase: phrase.into(),
        params: Vec::new(),
        cases: vec![ZoneCase { guards: Vec::new(), extent, from: None, until: None }],
        sides: None,
        marking: Marking::default(),
    };
    let line = || ZoneRef { zone: name("contact-line"), args: Vec::new() };
    let mut norms = vec![
        norm(
            "no-fire",
            "Ceasefire",
            NormKind::Ban,
            0,
            "an immediate and complete cessation of fire",
            "Neither side fires in the security belt, from 1 March 2026 on.",
            "fire",
        ),
        norm(
            "consult",
            "Consultation",
            NormKind::Duty,
            1,
            "each guarantor consults with Ukraine within 24 hours",
            "Each guarantor consults with Ukraine within 24 hours of the beginning of large-scale aggression.",
            "consultation",
        ),
        norm(
            "weekly-report",
            "Weekly report",
            NormKind::Duty,
            2,
            "reports to the Commission every week",
            "United States reports to the Joint Security Commission in each week from 2026-03-01.",
            "report",
        ),
        norm(
            "watch-line",
            "Watch on the line",
            NormKind::Duty,
            2,
            "watches the line of contact",
            "United States keeps at least 95 per cent of the contact line watched.",
            "report",
        ),
        norm(
            "force-level/2026-12-31",
            "Strength at the end of 2026",
            NormKind::Duty,
            3,
            "with yearly milestones",
            "Ukraine ensures a strength of 700,000 persons on 2026-12-31, as the reading `level` says.",
            "force-strength",
        ),
        norm(
            "equipment/155-mm-howitzer",
            "72 howitzers, 155 mm",
            NormKind::Duty,
            3,
            "deliver the artillery, air-defence and cyber packages",
            "Germany delivers 72 pieces of \"155 mm howitzer\" to Ukraine by the end of 2026-05-31.",
            "delivery",
        ),
        norm(
            "open-compounds",
            "Access for monitors",
            NormKind::Right,
            2,
            "monitors have safe access everywhere",
            "No party denies access to a monitor.",
            "access-denied",
        ),
        norm(
            "explain",
            "Reasons",
            NormKind::Remedy,
            1,
            "states its reasons to the Commission within 12 hours",
            "Who has not consulted in time states its reasons to the Joint Security Commission within 12 hours.",
            "reasons-stated",
        ),
    ];
    norms[1].when = Trigger::Begins(Cond::Term(name("large-scale-aggression")));
    norms[4].parts[0].cond = Cond::CompareBy(
        Value::Measure(Box::new(FactPattern::any("force-strength"))),
        name("level"),
        Value::Number(Number::from(700_000), Dimension::Counted(name("person"))),
    );
    norms[5].force = Force::SubjectTo(name("appropriation"));
    let mut fire = fact(
        FactKind::Event,
        "Fire",
        "{by} fires at {at}",
        &[("by", RoleType::Party), ("at", RoleType::Place)],
    );
    fire.evidence = vec![
        EvidenceRule { sources: 2, grade: Some(SourceGrade::B), from: None },
        EvidenceRule { sources: 1, grade: None, from: Some("MNF".into()) },
    ];
    fire.absence = Absence::Coverage;
    Agreement {
        name: "hand-built".into(),
        title: "Framework on security guarantees (exercise text)".into(),
        status: Status::Binding,
        signed: Some(jiff::civil::date(2026, 2, 1)),
        calendar: Calendar::of_zone("Europe/Kyiv").unwrap(),
        version: Some("draft 3".into()),
        standard: Grade::Probable,
        watched: Number::from(1),
        exercise: true,
        clauses: vec![
            clause(
                "article-1-ceasefire",
                "Article 1. Ceasefire",
                "The sides observe an immediate and complete cessation of fire in the security belt.",
                20,
            ),
            clause(
                "article-2-collective-response",
                "Article 2. Collective response",
                "When large-scale aggression has begun, each guarantor consults with Ukraine within 24 hours.",
                60,
            ),
            clause(
                "article-3-monitoring",
                "Article 3. Monitoring",
                "The United States watches the line of contact and reports to the Commission every week.",
                90,
            ),
            clause(
                "article-4-strength-and-equipment",
                "Article 4. Strength and equipment",
                "Ukraine brings its armed forces to the level of 800,000, with yearly milestones.",
                130,
            ),
        ],
        parties: BTreeMap::from([
            (name("Ukraine"), party("Ukraine", false)),
            (name("Russia"), party("Russia", true)),
            (name("United-States"), party("United States", false)),
            (name("Germany"), party("Germany", false)),
            (name("France"), party("France", false)),
            (name("Poland"), party("Poland", false)),
        ]),
        groups: BTreeMap::from([(
            name("guarantors"),
            Group {
                phrase: "the guarantors".into(),
                members: ["United-States", "Germany", "France", "Poland"].map(member).to_vec(),
            },
        )]),
        bodies: BTreeMap::from([(
            name("commission"),
            Body {
                phrase: "Joint Security Commission".into(),
                members: vec![member("Ukraine")],
                decides: None,
            },
        )]),
        zones: BTreeMap::from([
            (
                name("contact-line"),
                Zone {
                    sides: Some((name("Ukraine"), name("Russia"))),
                    ..zone("Line of contact", Extent::Given(name("line.geojson")))
                },
            ),
            (
                name("security-belt"),
                zone(
                    "Security belt",
                    Extent::Strip {
                        line: line(),
                        within: Box::new(Value::Number(Number::from(30_000), Dimension::Length)),
                        side: None,
                    },
                ),
            ),
            (name("western-oblasts"), zone("Western oblasts", Extent::Given(name("west.geojson")))),
        ]),
        facts: BTreeMap::from([
            (name("fire"), fire),
            (
                name("armed-attack"),
                fact(
                    FactKind::Event,
                    "Armed attack",
                    "{by} attacks at {at}",
                    &[("by", RoleType::Party), ("at", RoleType::Place)],
                ),
            ),
            (
                name("consultation"),
                fact(
                    FactKind::Event,
                    "Consultation",
                    "{by} consults with {with}",
                    &[("by", RoleType::Party), ("with", RoleType::Party)],
                ),
            ),
            (
                name("report"),
                fact(
                    FactKind::Event,
                    "Report",
                    "{by} reports to {to}",
                    &[("by", RoleType::Party), ("to", RoleType::Body)],
                ),
            ),
            (
                name("force-strength"),
                fact(
                    FactKind::Measure,
                    "Strength",
                    "strength of the armed forces of {of}",
                    &[("of", RoleType::Party)],
                ),
            ),
            (
                name("delivery"),
                fact(
                    FactKind::Event,
                    "Delivery",
                    "{from} delivers {quantity} {item} to {to}",
                    &[("from", RoleType::Party)],
                ),
            ),
            (
                name("access-denied"),
                fact(
                    FactKind::Event,
                    "Access denied",
                    "{by} denies access at {at}",
                    &[("by", RoleType::Party)],
                ),
            ),
            (
                name("reasons-stated"),
                fact(
                    FactKind::Event,
                    "Reasons stated",
                    "{by} states its reasons",
                    &[("by", RoleType::Party)],
                ),
            ),
        ]),
        terms: BTreeMap::from([(
            name("large-scale-aggression"),
            Term {
                phrase: "Large-scale aggression".into(),
                means: Some(Cond::Compare(
                    Value::Aggregate(Box::new(Aggregate {
                        what: Agg::Count,
                        role: None,
                        of: FactPattern::any("armed-attack"),
                        window: Window::InAny(Span::Exact(72 * HOUR)),
                    })),
                    Op::Ge,
                    Value::Number(Number::from(100), Dimension::Plain),
                )),
                found_by: Some(name("commission")),
                standard: Grade::Probable,
                open: false,
                clause: Some(1),
                per: vec!["large-scale aggression".into()],
                readback: "A hundred or more armed attacks in any 72 hours.".into(),
            },
        )]),
        readings: BTreeMap::from([(
            name("level"),
            Reading {
                words: "to the level of 800,000".into(),
                options: vec![
                    (name("floor"), Meaning::Compare(Comparator::AtLeast)),
                    (name("cap"), Meaning::Compare(Comparator::AtMost)),
                    (name("band"), Meaning::Compare(Comparator::Within(Number::ratio(2, 100).unwrap()))),
                ],
                clause: Some(3),
            },
        )]),
        norms,
        ..Agreement::default()
    }
}

/// A contact line that follows no real one, and a square in the west.
pub fn places() -> Places {
    let p = |lat, lon| Point { lat, lon };
    let line = vec![
        p(50.1, 37.9),
        p(49.5, 38.0),
        p(49.0, 37.9),
        p(48.5, 37.6),
        p(48.0, 37.4),
        p(47.7, 36.6),
        p(47.4, 35.6),
        p(47.2, 34.9),
    ];
    let west = vec![
        p(48.6, 22.6),
        p(50.4, 23.6),
        p(51.4, 24.0),
        p(51.3, 26.0),
        p(49.6, 26.2),
        p(48.4, 25.0),
        p(48.0, 23.6),
        p(48.6, 22.6),
    ];
    Places {
        shapes: BTreeMap::from([
            (name("line.geojson"), Shape::Line(vec![line])),
            (name("west.geojson"), Shape::Area(vec![vec![west]])),
        ]),
        points: BTreeMap::from([(name("Kramatorsk"), p(48.7389, 37.5848))]),
    }
}

/// A short fixed sequence of numbers between 0 and 1: enough to scatter points.
fn scatter(i: u64, salt: u64) -> f64 {
    let mut x =
        i.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(salt.wrapping_mul(1_442_695_040_888_963_407));
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    (x % 10_000) as f64 / 10_000.0
}

pub fn records() -> Vec<Record> {
    let mut all = Vec::new();
    let start = at("2026-03-01T00:00:00Z");
    let Some(Shape::Line(parts)) = places().shapes.get("line.geojson").cloned() else { return all };
    let line = &parts[0];
    let near = |i: u64| {
        let s = scatter(i, 3) * (line.len() - 1) as f64;
        let k = (s as usize).min(line.len() - 2);
        let f = s - k as f64;
        Point {
            lat: line[k].lat + (line[k + 1].lat - line[k].lat) * f + (scatter(i, 5) - 0.5) * 0.35,
            lon: line[k].lon + (line[k + 1].lon - line[k].lon) * f + (scatter(i, 7) - 0.5) * 0.5,
        }
    };
    for i in 0..260_u64 {
        // Two waves on a low swell.
        let day = match i % 10 {
            0..=3 => 20.0 + 8.0 * scatter(i, 11),
            4..=6 => 58.0 + 5.0 * scatter(i, 11),
            _ => 88.0 * scatter(i, 11),
        };
        let when = start + (day * 1440.0) as i64 * 60_000;
        let doubt = if i % 9 == 0 { DAY } else { 0 };
        let attack = i % 3 == 0;
        let mut r = Record::new(
            format!("f{i}"),
            if attack { "armed-attack" } else { "fire" },
            When { earliest: when, latest: when + doubt },
            when + 4 * HOUR + doubt,
        );
        let by = if i % 4 == 0 {
            RoleValue::OneOf(vec![name("Russia"), name("Ukraine")])
        } else {
            RoleValue::Name(name(if i % 7 == 0 { "Ukraine" } else { "Russia" }))
        };
        r.roles.insert(name("by"), by);
        r.place = Some(Place::Point {
            at: near(i),
            radius_m: [500.0, 2_000.0, 10_000.0, 25_000.0][(i % 4) as usize],
        });
        r.source = ["MNF-U patrol", "sensor 14", "Joint hotline", "open sources"][(i % 4) as usize].into();
        r.source_grade =
            Some([SourceGrade::A, SourceGrade::B, SourceGrade::C, SourceGrade::F][(i % 4) as usize]);
        r.item_grade = Some(ItemGrade([1, 2, 3, 3][(i % 4) as usize]));
        r.exercise = true;
        all.push(r);
    }
    for week in 0..13_i64 {
        let from = start + week * 7 * DAY;
        let mut r = Record::new(
            format!("c{week}"),
            COVERAGE,
            When { earliest: from, latest: from + 7 * DAY },
            from + 7 * DAY,
        );
        r.until = Some(from + if week == 5 || week == 9 { 3 * DAY } else { 7 * DAY });
        r.place = Some(Place::Named(name("security-belt")));
        r.value = Number::ratio([96, 97, 91, 70, 94, 95, 88, 97, 96, 60, 92, 95, 97][week as usize], 100);
        r.source = "MNF-U sensor net".into();
        r.stated = Some(Grade::Confirmed);
        r.exercise = true;
        all.push(r);
    }
    let mut consulted =
        Record::new("k1", "consultation", exact("2026-04-29T09:30:00Z"), at("2026-04-29T12:00:00Z"));
    consulted.roles = BTreeMap::from([
        (name("by"), RoleValue::Name(name("Germany"))),
        (name("with"), RoleValue::Name(name("Ukraine"))),
    ]);
    consulted.source = "Commission register".into();
    consulted.stated = Some(Grade::Confirmed);
    consulted.exercise = true;
    let mut late = consulted.clone();
    (late.id, late.when, late.recorded) =
        (name("k2"), exact("2026-04-30T20:00:00Z"), at("2026-04-30T21:00:00Z"));
    late.roles.insert(name("by"), RoleValue::Name(name("Poland")));
    let mut hostile = Record::new("x1", "fire", exact("2026-05-20T10:00:00Z"), at("2026-05-20T11:00:00Z"));
    hostile.title = "<img src=x onerror=alert(1)> & \"quoted\"; a, title\u{1b}[31m that tries".into();
    hostile.place = Some(Place::Named(name("Kramatorsk")));
    hostile.source = "<b>bold</b> source".into();
    hostile.exercise = true;
    let mut late_known = hostile.clone();
    (late_known.id, late_known.title, late_known.recorded) =
        (name("x2"), "Known only afterwards".into(), at("2027-01-01T00:00:00Z"));
    all.extend([consulted, late, hostile, late_known]);
    all
}

struct Draft(Ruling, Reasons);

fn draft(
    agreement: &Agreement,
    norm: &str,
    bearer: Bearer,
    performance: Performance,
    code: Code,
    text: &str,
) -> Draft {
    let norm = agreement.norm(norm).unwrap();
    Draft(
        Ruling {
            norm: norm.name.clone(),
            kind: norm.kind,
            owed_to: vec![name(if bearer == Bearer::Party(name("Ukraine")) {
                "guarantors"
            } else {
                "Ukraine"
            })],
            bearer,
            instance: name("-"),
            triggered: None,
            due: None,
            standing: Standing::Active,
            performance,
            grade: Grade::Probable,
            fulfilled: None,
            breached: None,
            performed_late: None,
            episodes: Vec::new(),
            marking: norm.marking.clone(),
        },
        Reasons {
            clause: norm.clause,
            words: norm.per.clone(),
            rule: norm.readback.clone(),
            readings: Vec::new(),
            because: vec![Because { code, text: text.into() }],
            decided_by: Vec::new(),
            against: Vec::new(),
            missing: Vec::new(),
            coverage: Vec::new(),
            elsewhere: Vec::new(),
            judgement: Vec::new(),
        },
    )
}

impl Draft {
    fn with(mut self, change: impl FnOnce(&mut Ruling, &mut Reasons)) -> Draft {
        change(&mut self.0, &mut self.1);
        self
    }

    fn done(self) -> Verdict {
        Verdict::new(self.0, self.1)
    }
}

/// The board for a question: the same verdicts whatever is asked.
pub fn board(agreement: &Agreement, question: &Question) -> Board {
    let party = |n: &str| Bearer::Party(name(n));
    let cite = |id: &str, grade| Cited { record: name(id), grade };
    let trigger = exact("2026-04-28T18:00:00Z");
    let due = When::exact(trigger.earliest + 24 * HOUR);
    let mut verdicts = Vec::new();
    verdicts.push(
        draft(
            agreement,
            "no-fire",
            party("Ukraine"),
            Performance::PendingEvidence,
            Code::NotWatched,
            "Nobody watched the security belt for 8 days; 94 % were watched, 100 % are needed.",
        )
        .with(|_, r| {
            r.coverage.push(Watched {
                what: "Security belt".into(),
                period: Period { from: at("2026-03-01T00:00:00Z"), to: question.at },
                share: Number::ratio(9415, 10_000).unwrap(),
                grade: Grade::None,
                gaps: vec![
                    Period { from: at("2026-04-08T00:00:00Z"), to: at("2026-04-12T00:00:00Z") },
                    Period { from: at("2026-05-06T00:00:00Z"), to: at("2026-05-10T00:00:00Z") },
                ],
            });
            r.missing.push("reports on the security belt from 2026-04-08 to 2026-04-12".into());
        })
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "no-fire",
            party("Russia"),
            Performance::Violated,
            Code::Breach,
            "Fired in the security belt in 31 stretches; the last began on 2026-05-27 04:10.",
        )
        .with(|v, r| {
            v.breached = Some(exact("2026-03-03T05:00:00Z"));
            v.grade = Grade::Confirmed;
            v.episodes = (0..31)
                .map(|i| Episode {
                    from: When::exact(at("2026-03-03T05:00:00Z") + i * 66 * HOUR),
                    to: Some(When::exact(at("2026-03-03T05:00:00Z") + i * 66 * HOUR)),
                    size: Number::from(1 + i % 4),
                    grade: Grade::Confirmed,
                    records: vec![name(&format!("f{i}"))],
                })
                .collect();
            r.decided_by = (0..31).map(|i| cite(&format!("f{}", i * 4 + 1), Grade::Probable)).collect();
            r.against = vec![cite("x1", Grade::Possible)];
            r.missing.push("a finding of the Joint Security Commission".into());
        })
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "no-fire",
            Bearer::NotEstablished(vec![name("Russia"), name("Ukraine")]),
            Performance::Violated,
            Code::BearerNotEstablished,
            "65 times somebody fired in the security belt; who it was is not established.",
        )
        .with(|v, r| {
            v.breached = Some(exact("2026-03-02T01:00:00Z"));
            r.decided_by = (0..20).map(|i| cite(&format!("f{}", i * 4), Grade::Confirmed)).collect();
        })
        .done(),
    );
    for (who, performance, code, text) in [
        (
            "United-States",
            Performance::Violated,
            Code::NotDone,
            "No consultation was entered by 2026-04-29 21:00.",
        ),
        (
            "Germany",
            Performance::Satisfied,
            Code::DoneInTime,
            "Consulted with Ukraine on 2026-04-29 12:30, 8 hours 30 minutes before the time ran out.",
        ),
        (
            "France",
            Performance::PendingEvidence,
            Code::Contested,
            "One source says that it consulted in time, another that it did not.",
        ),
        (
            "Poland",
            Performance::Violated,
            Code::DoneLate,
            "Consulted with Ukraine on 2026-04-30 23:00, 26 hours late.",
        ),
    ] {
        verdicts.push(
            draft(agreement, "consult", party(who), performance, code, text)
                .with(|v, r| {
                    v.instance = name("f44");
                    v.triggered = Some(trigger);
                    v.due = Some(due);
                    r.because.insert(
                        0,
                        Because {
                            code: Code::Triggered,
                            text: "Large-scale aggression began on 2026-04-28 21:00.".into(),
                        },
                    );
                    match who {
                        "Germany" => {
                            v.fulfilled = Some(exact("2026-04-29T09:30:00Z"));
                            r.decided_by.push(cite("k1", Grade::Confirmed));
                        }
                        "Poland" => {
                            v.breached = Some(due);
                            v.performed_late = Some(exact("2026-04-30T20:00:00Z"));
                            r.decided_by.push(cite("k2", Grade::Confirmed));
                        }
                        "France" => {
                            r.decided_by.push(cite("gone", Grade::Probable));
                            r.against.push(cite("x1", Grade::Probable));
                        }
                        _ => {
                            v.breached = Some(due);
                            r.coverage.push(Watched {
                                what: "register of the Joint Security Commission".into(),
                                period: Period { from: trigger.earliest, to: due.latest },
                                share: Number::from(1),
                                grade: Grade::Confirmed,
                                gaps: Vec::new(),
                            });
                        }
                    }
                })
                .done(),
        );
    }
    for week in 1..=14_i64 {
        let due = agreement.calendar.deadline_after(at("2026-03-01T12:00:00Z"), Span::Days(week * 7));
        let (performance, code, text) = match week {
            5 => (Performance::Violated, Code::NotDone, "No report was entered for the week to 2026-04-05."),
            14 => (Performance::Pending, Code::DeadlineAhead, "The week is not over."),
            _ => (Performance::Satisfied, Code::DoneInTime, "Reported in time."),
        };
        verdicts.push(
            draft(agreement, "weekly-report", party("United-States"), performance, code, text)
                .with(|v, _| {
                    v.instance = name(&format!("-/{week}"));
                    v.due = Some(When::exact(due));
                    v.breached = (week == 5).then_some(When::exact(due));
                })
                .done(),
        );
    }
    verdicts.push(
        draft(
            agreement,
            "watch-line",
            party("United-States"),
            Performance::Pending,
            Code::PeriodOpen,
            "Watched at 95 per cent or more so far, with allowed gaps of 9 days.",
        )
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "force-level/2026-12-31",
            party("Ukraine"),
            Performance::DependsOnReading,
            Code::DependsOnReading,
            "With 705,000 persons the floor is kept and the cap is not.",
        )
        .with(|v, r| {
            v.due = Some(exact("2026-12-31T21:59:59.999Z"));
            r.judgement.push(name("level"));
            let other = |option: &str, performance| Elsewhere {
                readings: vec![(name("level"), name(option))],
                performance,
                grade: Grade::Probable,
                due: Some(exact("2026-12-31T21:59:59.999Z")),
            };
            r.elsewhere = vec![
                other("floor", Performance::Satisfied),
                other("cap", Performance::Violated),
                other("band", Performance::Satisfied),
            ];
        })
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "equipment/155-mm-howitzer",
            party("Germany"),
            Performance::Pending,
            Code::Awaiting,
            "Waits for the appropriation.",
        )
        .with(|v, r| {
            v.standing = Standing::Waiting("appropriation by Germany".into());
            v.due = Some(exact("2026-06-14T20:59:59.999Z"));
            v.marking = Marking {
                releasable_to: Some([name("Ukraine"), name("Germany")].into_iter().collect()),
                ..Marking::of(Tlp::Amber)
            };
            r.missing.push("a record of the appropriation".into());
        })
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "open-compounds",
            party("Russia"),
            Performance::Missed,
            Code::SoftMissed,
            "Access was denied on 2026-05-02; reasons are on record.",
        )
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "open-compounds",
            party("Ukraine"),
            Performance::Satisfied,
            Code::RightNotObstructed,
            "No denial of access is on record.",
        )
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "explain",
            party("United-States"),
            Performance::Pending,
            Code::DeadlineAhead,
            "The time for stating reasons runs.",
        )
        .with(|v, r| {
            v.instance = name("f44");
            v.triggered = Some(due);
            v.due = Some(When { earliest: at("2026-06-02T06:00:00Z"), latest: at("2026-06-02T09:00:00Z") });
            r.because.insert(
                0,
                Because { code: Code::BreachOf, text: "Breach of `consult` on 2026-04-29 21:00.".into() },
            );
        })
        .done(),
    );
    verdicts.push(
        draft(
            agreement,
            "explain",
            party("Poland"),
            Performance::NotApplicable,
            Code::Waived,
            "Waived by Ukraine on 2026-05-02.",
        )
        .with(|v, _| v.standing = Standing::Ended(Ended::Waived))
        .done(),
    );
    Board {
        question: question.clone(),
        verdicts,
        terms: vec![TermState {
            term: name("large-scale-aggression"),
            readings: Vec::new(),
            now: Truth::False,
            support: Support::fails(Grade::Probable),
            episodes: vec![TermEpisode {
                anchor: name("f44"),
                began: trigger,
                ended: Some(exact("2026-05-03T02:00:00Z")),
                grade: Grade::Probable,
                found: Some(exact("2026-04-29T06:00:00Z")),
            }],
            gauges: vec![Gauge {
                what: "armed attacks in 72 hours".into(),
                value: Number::from(3),
                threshold: Number::from(100),
            }],
        }],
        acts: vec![Act {
            power: name("waive-reasons"),
            actor: Some(name("Ukraine")),
            record: name("k2"),
            when: exact("2026-05-02T08:00:00Z"),
            effect: Some(at("2026-05-02T08:00:00Z")),
            purported: false,
            because: "Ukraine is owed the duty.".into(),
        }],
    }
}

/// The question of the demonstration.
pub fn question() -> Question {
    Question::at(at("2026-06-01T09:00:00Z"))
}

pub fn hand_built() -> HandBuilt {
    let agreement = agreement();
    let board = board(&agreement, &question());
    HandBuilt { places: places(), records: records(), board, agreement }
}

/// One of every kind of thing that can be supposed.
#[allow(dead_code, reason = "each test uses what it is about")]
pub fn explanation(v: &Verdict) -> Explanation {
    let period = Period { from: Instant(0), to: Instant(3_599_999) };
    let watch = Watch { zone: "security-belt".into(), over: period };
    let deed = Deed {
        fact: "consultation".into(),
        says: Says::Affirms,
        by: vec!["Poland".into()],
        of: None,
        times: 1,
        until: Some(Instant(0)),
        over: Some(period),
    };
    let whats = [
        What::Watched(vec![watch]),
        What::Confirmed(vec!["r1".into(), "r2".into()]),
        What::Dropped("r1".into()),
        What::Actor("r1".into(), "Poland".into()),
        What::Place("r1".into()),
        What::Moment("r1".into(), Instant(0)),
        What::Deeds(vec![deed.clone(), Deed { of: Some("aggression".into()), ..deed }]),
    ];
    let change = |what: What| Change {
        what,
        performance: Performance::Violated,
        standing: v.standing.clone(),
        due: Some(When::exact(Instant(0))),
    };
    let cited = vec![Cited { record: "r1".into(), grade: Grade::Probable }];
    let all: Vec<Change> = whats.into_iter().map(change).collect();
    Explanation {
        rests_on: cited,
        against: all.clone(),
        would_change: all,
        elsewhere: Vec::new(),
        may_rest_on_less: false,
        more_may_change: true,
    }
}
