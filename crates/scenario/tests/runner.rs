//! The runner against an engine small enough to be read here: whoever fires breaks `no-fire`, whoever replies has kept
//! `reply`. What matters is that wrong expectations fail, and say why.

use servanda_lang::diagnostic::Diagnostic;
use servanda_model::agreement::*;
use servanda_model::grade::Truth;
use servanda_model::record::{Phase, RoleValue, Says};
use servanda_model::verdict::*;
use servanda_model::{
    Agreement, Board, Calendar, Grade, Instant, Name, Number, Place, Places, Question, Record, Support, When,
};
use servanda_scenario::{Document, Outcome, World, parse, run, show, update};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Small {
    /// Files by path.
    files: BTreeMap<String, String>,
    /// The engine looks at the order of records.
    depends_on_order: bool,
    /// The engine looks at records that are not known yet.
    looks_ahead: bool,
    /// What it was given.
    records: RefCell<Vec<Record>>,
    texts: RefCell<Vec<String>>,
    files_given: RefCell<BTreeSet<String>>,
}

fn fact(kind: FactKind, roles: &[(&str, RoleType)]) -> Fact {
    Fact {
        kind,
        phrase: String::new(),
        says: String::new(),
        roles: roles.iter().map(|(name, kind)| (Name::from(*name), kind.clone())).collect(),
        evidence: Vec::new(),
        good_for: None,
        absence: Absence::Register,
        notice: false,
        unit: if kind == FactKind::Measure { Dimension::Counted("persons".into()) } else { Dimension::Plain },
        begins: Vec::new(),
        ends: Vec::new(),
    }
}

fn norm(name: &str, kind: NormKind, parts: Vec<Part>) -> Norm {
    Norm {
        name: name.into(),
        phrase: String::new(),
        kind,
        bearer: Who::EachOf(vec!["both".into()]),
        owed_to: Who::Unstated,
        when: Trigger::Always,
        only_if: None,
        needs: Vec::new(),
        parts,
        from: None,
        until: None,
        gap: None,
        except: Vec::new(),
        unless: None,
        seen_by: Vec::new(),
        force: Force::AsAgreement,
        standard: Grade::Probable,
        watched: Number::from(1),
        on_breach: Vec::new(),
        replaces: false,
        clause: None,
        per: Vec::new(),
        marking: Default::default(),
        readback: String::new(),
        line: 1,
    }
}

fn agreement(text: &str) -> Agreement {
    let mut a = Agreement { calendar: Calendar::of_zone("Europe/Kyiv").unwrap(), ..Agreement::default() };
    for party in ["Ukraine", "Poland", "Russia"] {
        a.parties.insert(party.into(), Party { phrase: String::new(), outside: false });
    }
    let member = |who: &str| Member { who: who.into(), from: None, until: None };
    let members = vec![member("Ukraine"), member("Poland")];
    a.groups.insert("both".into(), Group { phrase: String::new(), members: members.clone() });
    a.bodies.insert("commission".into(), Body { phrase: String::new(), members, decides: None });
    let kinds = ["heavy", "light"]
        .map(|n| (n.into(), ClassValue { phrase: String::new(), attributes: BTreeMap::new() }));
    a.classes.insert("kind".into(), Class { values: kinds.into() });
    let roles = [
        ("by", RoleType::Party),
        ("kind", RoleType::Class("kind".into())),
        ("at", RoleType::Place),
        ("count", RoleType::Number(Dimension::Counted("pieces".into()))),
        ("note", RoleType::Text),
    ];
    a.facts.insert("fire".into(), fact(FactKind::Event, &roles));
    a.facts.insert("reply".into(), fact(FactKind::Event, &[("by", RoleType::Party)]));
    a.facts.insert("strength".into(), fact(FactKind::Measure, &[("of", RoleType::Party)]));
    a.facts.insert("truce".into(), fact(FactKind::State, &[]));
    let zone = |file: &str| Zone {
        phrase: String::new(),
        params: Vec::new(),
        cases: vec![ZoneCase {
            guards: Vec::new(),
            extent: Extent::Given(file.into()),
            from: None,
            until: None,
        }],
        sides: None,
        marking: Default::default(),
    };
    a.zones.insert("line".into(), zone("line.geojson"));
    a.zones.insert("east".into(), zone("Kharkiv"));
    let term = Term {
        phrase: String::new(),
        means: None,
        found_by: None,
        standard: Grade::Probable,
        open: false,
        clause: None,
        per: Vec::new(),
        readback: String::new(),
    };
    a.terms.insert("war".into(), term);
    let options = ["wide", "narrow"].map(|name| (Name::from(name), Meaning::Compare(Comparator::AtLeast)));
    a.readings
        .insert("scope".into(), Reading { words: String::new(), options: options.into(), clause: None });
    a.norms.push(norm("no-fire", NormKind::Ban, Vec::new()));
    a.norms.push(norm("reply", NormKind::Duty, Vec::new()));
    a.powers.push(Power {
        name: "leave".into(),
        bearer: Who::EachOf(vec!["both".into()]),
        can: Change::End,
        on: Targets::All,
        act: FactPattern::any("reply"),
        effect_after: None,
        only_if: None,
        unless: None,
        silence: None,
        objection: None,
        addressee: None,
        clock_runs: false,
        clause: None,
        per: Vec::new(),
        readback: String::new(),
    });
    a.title = text.lines().find_map(|l| l.trim().strip_prefix("# ")).unwrap_or_default().to_string();
    a
}

impl World for Small {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        self.files
            .get(path)
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| format!("there is no file `{path}`"))
    }

    fn places(
        &self,
        _: &Agreement,
        files: &BTreeMap<String, Vec<u8>>,
        _: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        self.files_given.borrow_mut().extend(files.keys().cloned());
        let mut places = Places::default();
        places.points.insert("Lviv".into(), servanda_model::Point { lat: 49.8, lon: 24.0 });
        (places, Vec::new())
    }

    fn check(&self, text: &str) -> (Agreement, Vec<Diagnostic>) {
        self.texts.borrow_mut().push(text.to_string());
        let wrong = text.find("wrong").map(|at| Diagnostic::error("E0999", at..at + 5, "this is wrong"));
        let odd = text.find("odd").map(|at| Diagnostic::warning("W0998", at..at + 3, "this is odd"));
        (agreement(text), wrong.into_iter().chain(odd).collect())
    }

    fn evaluate(&self, a: &Agreement, _: &Places, records: &[Record], question: &Question) -> Board {
        *self.records.borrow_mut() = records.to_vec();
        let known = |r: &&Record| {
            (r.recorded <= question.known_at || self.looks_ahead) && r.when.latest <= question.at
        };
        let mut records: Vec<&Record> = records.iter().filter(known).collect();
        if !self.depends_on_order {
            records.sort_by_key(|r| (r.when, r.id.clone()));
        }
        let by = |r: &Record, party: &Name| r.roles.get("by") == Some(&RoleValue::Name(party.clone()));
        let mut verdicts = Vec::new();
        for (norm, kind, fact) in [("no-fire", NormKind::Ban, "fire"), ("reply", NormKind::Duty, "reply")] {
            for party in ["Poland", "Ukraine"].map(Name::from) {
                let of: Vec<&&Record> = records.iter().filter(|r| r.fact == fact && by(r, &party)).collect();
                let (performance, code) = match (kind, of.is_empty()) {
                    (NormKind::Ban, true) => (Performance::Pending, Code::PeriodOpen),
                    (NormKind::Ban, false) => (Performance::Violated, Code::Breach),
                    (_, true) => (Performance::Violated, Code::NotDone),
                    (_, false) => (Performance::Satisfied, Code::DoneInTime),
                };
                let wide = question.readings.get("scope").is_some_and(|o| *o == "wide");
                let performance = if wide { Performance::NotApplicable } else { performance };
                let cited = of.iter().map(|r| Cited { record: r.id.clone(), grade: r.grade() }).collect();
                let episode = |r: &&&Record| Episode {
                    from: r.when,
                    to: None,
                    size: Number::from(1),
                    grade: r.grade(),
                    records: vec![r.id.clone()],
                };
                let reasons = Reasons {
                    clause: None,
                    words: Vec::new(),
                    rule: String::new(),
                    readings: Vec::new(),
                    because: vec![Because { code, text: String::new() }],
                    decided_by: cited,
                    against: Vec::new(),
                    missing: vec!["a word of the commission".into()],
                    coverage: Vec::new(),
                    elsewhere: Vec::new(),
                    judgement: Vec::new(),
                };
                verdicts.push(Verdict::new(
                    Ruling {
                        norm: norm.into(),
                        kind,
                        bearer: Bearer::Party(party),
                        owed_to: Vec::new(),
                        instance: "-".into(),
                        triggered: None,
                        due: (fact == "reply")
                            .then(|| When::exact(a.calendar.end_of_day("2027-05-31".parse().unwrap()))),
                        standing: Standing::Active,
                        performance,
                        grade: of.first().map_or(Grade::Confirmed, |r| r.grade()),
                        fulfilled: None,
                        breached: None,
                        performed_late: None,
                        episodes: if fact == "fire" { of.iter().map(episode).collect() } else { Vec::new() },
                        marking: Default::default(),
                    },
                    reasons,
                ));
            }
        }
        let fires: Vec<&&Record> = records.iter().filter(|r| r.fact == "fire").collect();
        let episode = fires.first().map(|r| TermEpisode {
            anchor: r.id.clone(),
            began: r.when,
            ended: None,
            grade: r.grade(),
            found: None,
        });
        let term = TermState {
            term: "war".into(),
            readings: Vec::new(),
            now: if episode.is_some() { Truth::True } else { Truth::Unknown },
            support: Support::default(),
            episodes: episode.into_iter().collect(),
            gauges: Vec::new(),
        };
        let act = |r: &&Record| Act {
            power: "leave".into(),
            actor: match r.roles.get("by") {
                Some(RoleValue::Name(name)) => Some(name.clone()),
                _ => None,
            },
            record: r.id.clone(),
            when: r.when,
            effect: Some(a.calendar.end_of_day(a.calendar.date(r.when.earliest))),
            purported: false,
            because: "it may leave at any time".into(),
        };
        let acts = records.iter().filter(|r| r.fact == "reply").map(act).collect();
        Board { question: question.clone(), verdicts, terms: vec![term], acts }
    }
}

const HEAD: &str = "# Quiet\n\n```pact\nagreement quiet\n```\n\n## One\n\n";

fn file(records: &str, expect: &str) -> Document {
    parse(&format!("{HEAD}```records\n{records}\n```\n\n```expect\n{expect}\n```\n"))
}

fn one(records: &str, expect: &str) -> Outcome {
    run(&file(records, expect), "tests/scenarios/x.md", &Small::default()).pop().unwrap()
}

#[track_caller]
fn fails(records: &str, expect: &str, with: &str) {
    let outcome = one(records, expect);
    let shown = show("x.md", &outcome);
    assert!(shown.contains(with), "`{with}` is not in:\n{shown}");
}

#[track_caller]
fn passes(records: &str, expect: &str) {
    let outcome = one(records, expect);
    assert!(outcome.passed(), "{}", show("x.md", &outcome));
    assert!(outcome.compared > 0);
}

const ROWS: &str = "2027-05-01T02:00  fire by Poland at east   ; id shot, grade probable\n2027-05-02T10:00  reply by Ukraine";
const AT: &str = "at 2027-05-03T00:00\n";

#[test]
fn what_is_so_passes() {
    let all = "
        no-fire Poland: violated probable standing active because breach records shot episodes 1 from 2027-05-01T02:00 to open
        no-fire Ukraine: pending because period-open missing \"word of the commission\"
        reply Ukraine: satisfied due 2027-05-31 because done-in-time records r2
        reply Ukraine: satisfied due 2027-05-31T24:00   # the same
        reply Poland: violated because not-done
        no-fire Poland#1: violated
        no-fire Poland#2: none
        no-fire Poland: not-applicable under scope = wide
        term war begins 2027-05-01T02:00 probable
        term war now true
        act leave by Ukraine: effective 2027-05-02 because \"any time\"
        act leave by Poland: none
        no diagnostics";
    passes(ROWS, &format!("{AT}{all}"));
    passes(ROWS, "at 2027-05-01T00:00\nterm war never\nno-fire *: pending because period-open");
}

#[test]
fn what_is_not_so_fails_and_says_both() {
    let cases = [
        ("no-fire Poland: satisfied", "actual    no-fire Poland: violated probable"),
        ("no-fire Poland: violated confirmed", "another grade"),
        ("no-fire Poland: violated because not-kept", "not because of `not-kept`"),
        ("no-fire Poland: violated records r2", "the record `r2` does not decide it"),
        ("no-fire Poland: violated against shot", "does not stand against it"),
        ("no-fire Poland: violated late", "not performed late"),
        ("no-fire Poland: violated standing ended", "there is no standing `ended`"),
        ("no-fire Poland: violated standing waived", "another standing"),
        ("no-fire Poland: violated episodes 2", "another number of episodes"),
        ("no-fire Poland: violated from 2027-05-01T02:01", "no episode from or to that time"),
        ("no-fire Poland: violated to 2027-05-02", "no episode from or to that time"),
        ("no-fire Poland: violated due 2027-05-31", "due at another time"),
        ("no-fire Poland: violated missing \"nothing\"", "is not said to be missing"),
        ("reply Ukraine: satisfied due 2027-06-01T00:00", "due at another time"),
        ("no-fire Poland: none", "there is such an instance"),
        ("no-fire Poland#2: violated", "there is no such instance"),
        ("no-fire Russia: violated", "there is no such instance"),
        ("no-fire *: violated", "another verdict"),
        ("no-fire Poland: violated under scope = wide", "another verdict"),
        ("no-fire Poland: ?", "`--update` does it"),
        ("term war begins 2027-05-01T02:00 confirmed", "begins 2027-05-01T02:00 probable"),
        ("term war begins 2027-05-01", "the term `war` differs"),
        ("term war never", "the term `war` differs"),
        ("term war now false", "now true"),
        ("act leave by Ukraine: purported", "effective 2027-05-02T24:00"),
        ("act leave by Ukraine: effective 2027-05-03", "differs"),
        ("act leave by Ukraine: effective 2027-05-02 because \"never\"", "differs"),
        ("act leave by Poland: purported", "no such act"),
        ("diagnostic E0001", "no diagnostics"),
    ];
    for (line, with) in cases {
        fails(ROWS, &format!("{AT}{line}"), with);
    }
}

#[test]
fn what_is_not_there_is_an_error_with_the_nearest_that_is() {
    let cases = [
        ("no-fires Poland: violated", "did you mean `no-fire`?"),
        ("no-fire Polnad: violated", "did you mean `Poland`?"),
        ("no-fire Poland: violatde", "did you mean `violated`?"),
        ("no-fire Poland: violated because braech", "did you mean `breach`?"),
        ("no-fire Poland: violated because breach, period-opn", "did you mean `period-open`?"),
        ("no-fire Poland: violated becuase breach", "did you mean `because`?"),
        ("no-fire Poland: violated records shto", "did you mean `shot`?"),
        ("no-fire Poland: violated under scpoe = wide", "did you mean `scope`?"),
        ("no-fire Poland: violated under scope = wild", "there is wide, narrow"),
        ("reading scope = wild", "there is wide, narrow"),
        ("term wra never", "did you mean `war`?"),
        ("term war starts 2027-05-01", "cannot be expected to `starts`"),
        ("act leav by Poland: purported", "`leave`"),
        ("act leave by Poland: purportd", "did you mean `purported`?"),
        ("no-fire Poland violated", "a verdict is written `NORM BEARER: violated`"),
        ("no-fire: violated", "a bearer is missing"),
        ("no-fire Poland#0: violated", "counted from #1"),
        ("no-fire Poland: violated probable confirmed", "given twice"),
        ("no-fire Poland: violated due soon", "`soon` is not a date"),
        ("no-fire Poland: none because breach", "left over"),
        ("at 2027-05-03", "is a whole day"),
        ("trem war never", "did you mean `term`?"),
        ("no-fire Poland: violated missing \"x", "quotation mark"),
    ];
    for (line, with) in cases {
        fails(ROWS, &format!("{AT}no-fire Ukraine: pending\n{line}"), with);
    }
    fails(ROWS, "no-fire Poland: violated", "no moment is asked about");
}

#[test]
fn rows_become_records() {
    let rows = "\
2027-05-01            fire by Poland|Ukraine at 48.5,37.2~25km kind heavy count 3 pieces note \"a b\"  ; source \"SMM\", source-grade A
2027-05-01T10:00 .. 2027-05-01T12:00  fire by \"somebody else\"    ; item-grade 2, basis claimed, incident i1, sources 2, recorded +2 days
2027-05-01            no fire at Lviv
2027-05-01            strength of Ukraine value 14,000 persons    # a report of how things stand
2027-05-01 .. 2027-05-03  coverage at line by Poland value 95%
2027-05-01T08:00      truce begins
2027-05-04T08:00      finding of war by commission                ; sent 2027-05-04T09:00, received +1 hour, mark TLP:AMBER
2027-05-05T08:00      withdraw r1
2027-05-05T08:00      dispute r2 by Ukraine                       ; mark \"TLP:RED restricted to Ukraine, Poland\"
2027-05-06T08:00      fire by Poland                              ; id salvo, times 3, every 10 minutes, title \"salvo\", exercise
2027-05-07            reply by Poland                             ; supersedes r1, until 2027-05-09T24:00, grade possible
";
    let world = Small::default();
    let outcomes = run(
        &file(rows, "at 2027-05-30T00:00\nterm war now true\nno-fire Poland: violated records salvo"),
        "x.md",
        &world,
    );
    // The first question is asked with the records as they stand; look at what the engine had last, sorted.
    assert!(outcomes[0].passed(), "{}", show("x.md", &outcomes[0]));
    let mut records = world.records.borrow().clone();
    records.sort_by_key(|r| r.id.clone());
    let by_id = |id: &str| records.iter().find(|r| r.id == *id).unwrap_or_else(|| panic!("no {id}"));
    let c = Calendar::of_zone("Europe/Kyiv").unwrap();
    let at = |text: &str| servanda_lang::literal::instant(text, &c, false).unwrap();
    assert_eq!(records.len(), 13);
    let r1 = by_id("r1");
    assert_eq!(r1.when, c.day("2027-05-01".parse().unwrap()));
    assert_eq!(r1.recorded, r1.when.latest);
    assert_eq!(r1.roles["by"], RoleValue::OneOf(vec!["Poland".into(), "Ukraine".into()]));
    assert_eq!(r1.roles["count"], RoleValue::Number(Number::from(3)));
    assert_eq!(r1.roles["note"], RoleValue::Text("a b".into()));
    assert_eq!(r1.roles["kind"], RoleValue::Name("heavy".into()));
    assert!(matches!(r1.place, Some(Place::Point { radius_m, .. }) if radius_m == 25_000.0));
    assert_eq!((r1.source.as_str(), r1.stated, r1.grade()), ("SMM", None, Grade::Probable));
    let r2 = by_id("r2");
    assert_eq!(r2.when, When { earliest: at("2027-05-01T10:00"), latest: at("2027-05-01T12:00") });
    assert_eq!((r2.recorded, r2.sources, r2.grade()), (at("2027-05-03T12:00"), 2, Grade::Possible));
    assert_eq!(r2.roles["by"], RoleValue::Name("somebody else".into()));
    let r3 = by_id("r3");
    assert_eq!(
        (r3.says, r3.when, r3.until),
        (
            Says::Denies,
            When::exact(at("2027-05-01T00:00")),
            Some(c.end_of_day("2027-05-01".parse().unwrap()))
        )
    );
    let r4 = by_id("r4");
    assert_eq!(
        (r4.value.clone(), r4.when, r4.until),
        (Some(Number::from(14_000)), When::exact(at("2027-05-01T00:00")), None)
    );
    let r5 = by_id("r5");
    assert_eq!(r5.value.as_ref().unwrap().to_string(), "0.95");
    assert_eq!(r5.until, Some(c.end_of_day("2027-05-03".parse().unwrap())));
    assert_eq!(r5.recorded, r5.until.unwrap());
    assert_eq!(by_id("r6").phase, Phase::Begins);
    let r7 = by_id("r7");
    assert_eq!((r7.sent, r7.received), (Some(at("2027-05-04T09:00")), Some(at("2027-05-04T09:00"))));
    assert_eq!(r7.marking.level, servanda_model::record::Tlp::Amber);
    assert_eq!(by_id("r8").withdraws, Some("r1".into()));
    assert_eq!(by_id("r9").disputes, Some("r2".into()));
    assert_eq!(by_id("r9").marking.show(), "TLP:RED releasable to Poland, Ukraine");
    assert_eq!(by_id("salvo.3").when, When::exact(at("2027-05-06T08:20")));
    assert_eq!(by_id("salvo.3").recorded, at("2027-05-06T08:20"));
    assert!(by_id("salvo.1").exercise);
    assert_eq!(
        (by_id("r11").supersedes.clone(), by_id("r11").stated),
        (Some("r1".into()), Some(Grade::Possible))
    );
}

#[test]
fn rows_that_cannot_be_read_say_what_is_wrong() {
    let cases = [
        ("2027-05-01 fier by Poland", "did you mean `fire`?"),
        ("2027-02-30 fire by Poland", "`2027-02-30` does not exist"),
        ("2021-03-28T03:30 fire by Poland", "does not exist in Europe/Kyiv"),
        ("2021-10-31T03:30 fire by Poland", "happens twice in Europe/Kyiv"),
        ("2027-05-01 fire by Polnad", "did you mean `Poland`?"),
        ("2027-05-01 fire kind heavi", "did you mean `heavy`?"),
        ("2027-05-01 fire form Poland", "`fire` has no role `form`"),
        ("2027-05-01 fire by", "what fills `by` is missing"),
        ("2027-05-01 fire by Poland by Ukraine", "given twice"),
        ("2027-05-01 fire at 48.5,372", "372"),
        ("2027-05-01 strength of Ukraine", "needs its `value`"),
        ("2027-05-01 strength of Ukraine value 74,4", "74,4"),
        ("2027-05-01 coverage by Poland", "needs `at` and a zone"),
        ("2027-05-01 finding by commission", "needs `of`"),
        ("2027-05-01 finding of peace by commission", "no term `peace`"),
        ("2027-05-01 fire ; confidence high", "no attribute `confidence`"),
        ("2027-05-01 fire ; grade sure", "possible, probable, confirmed"),
        ("2027-05-01 fire ; source-grade G", "A to F"),
        ("2027-05-01 fire ; item-grade 7", "1 to 6"),
        ("2027-05-01 fire ; times 0", "from 1 up"),
        ("2027-05-01 fire ; basis guessed", "observed"),
        ("2027-05-01 fire ; mark secret", "no party or body `secret`"),
        ("2027-05-01 withdraw r9", "no record `r9`"),
        ("2027-05-01 fire ; id a\n2027-05-02 fire ; id a", "stands in line"),
        ("2027-05-02 .. 2027-05-01 fire", "before its beginning"),
        ("2027-05-01 fire at Atlantis", "no place or zone is called `Atlantis`"),
        ("2027-05-01 fire at lviv", "did you mean `Lviv`?"),
        ("2027-05-01 fire by Poland ; note \"x", "quotation mark"),
    ];
    for (row, with) in cases {
        fails(row, &format!("{AT}term war never"), with);
    }
}

#[test]
fn an_engine_that_depends_on_order_or_looks_ahead_is_found() {
    let rows = "2027-05-01T02:00 fire by Poland\n2027-05-01T03:00 fire by Poland ; grade probable";
    let document = file(rows, &format!("{AT}no-fire Poland: violated"));
    assert!(run(&document, "x.md", &Small::default())[0].passed());
    let wrong = Small { depends_on_order: true, ..Small::default() };
    let shown = show("x.md", &run(&document, "x.md", &wrong)[0]);
    assert!(shown.contains("read in reverse order") && shown.contains("mistake of the engine"), "{shown}");
    let late = file(
        "2027-05-01T02:00 fire by Poland ; recorded 2027-06-01T00:00",
        &format!("{AT}no-fire Poland: violated"),
    );
    let wrong = Small { looks_ahead: true, ..Small::default() };
    let shown = show("x.md", &run(&late, "x.md", &wrong)[0]);
    assert!(shown.contains("not recorded yet"), "{shown}");
}

#[test]
fn known_at_readings_and_a_new_fence_set_the_question() {
    let rows = "2027-05-01T02:00 fire by Poland ; recorded 2027-05-10T00:00";
    let text = "at 2027-05-03T00:00\nno-fire Poland: pending\nknown at 2027-05-10T00:00\nno-fire Poland: violated\n\
                reading scope = wide\nno-fire Poland: not-applicable\n```\n\n```expect\nat 2027-05-11T00:00\nno-fire Poland: violated";
    passes(rows, text);
    fails(rows, "known at 2027-05-10T00:00\nterm war never", "`at` comes before");
}

#[test]
fn errors_of_the_agreement_fail_unless_expected_and_keep_their_line() {
    let text = format!(
        "{HEAD}### A\n\n> Words.\n\n```pact\nban wrong odd\n```\n\n```expect\n{AT}term war never\n```\n"
    );
    let world = Small::default();
    let shown = show("x.md", &run(&parse(&text), "x.md", &world)[0]);
    let line = text.lines().position(|l| l.contains("wrong")).unwrap() + 1;
    assert!(shown.contains(&format!("x.md:{line}: One: error E0999: this is wrong")), "{shown}");
    assert!(!shown.contains("W0998"), "{shown}");
    let expect = |line: &str| parse(&text.replace("term war never", line));
    assert!(run(&expect("diagnostic E0999 at \"wrong\""), "x.md", &world)[0].passed());
    let shown = show("x.md", &run(&expect("diagnostic E0999 at \"right\""), "x.md", &world)[0]);
    assert!(shown.contains("no diagnostic `E0999` points there"), "{shown}");
    let shown = show("x.md", &run(&expect("no diagnostics"), "x.md", &world)[0]);
    assert!(shown.contains("W0998") && shown.contains("the agreement has diagnostics"), "{shown}");
}

#[test]
fn an_agreement_file_stands_before_the_file_s_own_clauses() {
    let text = "# S\n\nAgreement: [a](../a/a.pact.md)\n\n## One\n\n### B\n\n> Words.\n\n```pact\nban odd\n```\n\n\
                ```zones line.geojson\n{}\n```\n\n```expect\nat 2027-05-03T00:00\nterm war never\n```\n";
    let mut world = Small::default();
    let shown = show("t/x.md", &run(&parse(text), "t/x.md", &world)[0]);
    assert!(shown.contains("t/x.md:3: One: the agreement `../a/a.pact.md` cannot be read"), "{shown}");
    world.files.insert("../a/a.pact.md".into(), "# A\n\n```pact\nban wrong\n```\n".into());
    let shown = show("t/x.md", &run(&parse(text), "t/x.md", &world)[0]);
    assert!(shown.contains("../a/a.pact.md:4: One: error E0999"), "{shown}");
    world.files.insert("../a/a.pact.md".into(), "# A\n\n```pact\nban fine\n```\n".into());
    assert!(run(&parse(text), "t/x.md", &world)[0].passed());
    assert!(
        world.texts.borrow().last().unwrap().find("ban fine")
            < world.texts.borrow().last().unwrap().find("ban odd")
    );
    assert_eq!(world.files_given.borrow().iter().collect::<Vec<_>>(), ["line.geojson"]);
    world.files.insert("../a/line.geojson".into(), "{}".into());
    let without = text.replace("```zones line.geojson\n{}\n```\n", "");
    world.files_given.borrow_mut().clear();
    assert!(run(&parse(&without), "t/x.md", &world)[0].passed());
    assert_eq!(world.files_given.borrow().iter().collect::<Vec<_>>(), ["line.geojson"]);
    let unused = text.replace("zones line", "zones lime");
    assert!(!run(&parse(&unused), "t/x.md", &world)[0].passed());
}

#[test]
fn no_agreement_is_a_failure() {
    let text = "## One\n\n```expect\nat 2027-05-03T00:00\nterm war never\n```\n";
    assert!(show("x.md", &run(&parse(text), "x.md", &Small::default())[0]).contains("has no agreement"));
}

#[test]
fn agreed_verdicts_name_their_reason() {
    let document = file(ROWS, &format!("{AT}no-fire Poland: violated"));
    assert!(run(&document, "tests/scenarios/x.md", &Small::default())[0].passed());
    let shown = show("x.md", &run(&document, "tests/agreed/x.md", &Small::default())[0]);
    assert!(shown.contains("names its reason"), "{shown}");
    let document =
        file(ROWS, &format!("{AT}no-fire Poland: violated because breach\nno-fire Poland#2: none"));
    assert!(run(&document, "tests/agreed/x.md", &Small::default())[0].passed());
}

#[test]
fn update_rewrites_expectations_and_nothing_else() {
    let expect = format!(
        "{AT}  no-fire Poland: pending confirmed because period-open  # keep me\nreply Ukraine: satisfied\n\
         no-fire *: violated\nreply Poland: ?\nterm war never\nact leave by Ukraine: purported\nno-fir x: violated\n\
         no-fire Poland: satisfied due 2027-01-01 episodes 7 records r2\nterm war now false"
    );
    let mut document = file(ROWS, &expect);
    let text = document.text.clone();
    let updated = update(&document, "tests/scenarios/x.md", &Small::default()).unwrap();
    let wanted = text
        .replace(
            "  no-fire Poland: pending confirmed because period-open  #",
            "  no-fire Poland: violated probable because breach  #",
        )
        .replace("no-fire *: violated", "no-fire Poland: violated\nno-fire Ukraine: pending")
        .replace("reply Poland: ?", "reply Poland: violated confirmed due 2027-05-31T24:00 because not-done")
        .replace("term war never", "term war begins 2027-05-01T02:00 probable")
        .replace("term war now false", "term war now true")
        .replace("by Ukraine: purported", "by Ukraine: effective 2027-05-02T24:00")
        .replace(
            "no-fire Poland: satisfied due 2027-01-01 episodes 7 records r2",
            "no-fire Poland: violated episodes 1 from 2027-05-01T02:00 records shot",
        );
    assert_eq!(updated, wanted);
    document = parse(&updated);
    assert_eq!(update(&document, "x.md", &Small::default()).unwrap(), updated);
    let left = show("x.md", &run(&document, "x.md", &Small::default())[0]);
    assert_eq!(left.lines().count(), 1, "{left}");
    assert!(left.contains("no norm `no-fir`"), "{left}");
}

#[test]
fn update_keeps_carriage_returns_and_refuses_agreed_files() {
    let document = file(ROWS, &format!("{AT}no-fire *: violated"));
    let crlf = parse(&document.text.replace('\n', "\r\n"));
    let updated = update(&crlf, "x.md", &Small::default()).unwrap();
    assert!(updated.contains("no-fire Poland: violated\r\nno-fire Ukraine: pending\r\n"), "{updated}");
    assert!(!updated.replace("\r\n", "").contains(['\r', '\n']));
    for path in
        ["tests/agreed/x.md", "./tests/agreed/a/x.md", "tests/x/../agreed/x.md", "/a/TESTS/Agreed/x.md"]
    {
        assert!(update(&document, path, &Small::default()).is_err(), "{path}");
    }
}

#[test]
fn broken_files_never_panic() {
    let text = format!(
        "{HEAD}```records\n{ROWS}\n```\n\n```zones line.geojson\n{{}}\n```\n\n```expect\n{AT}no-fire Poland: violated probable \
         because breach records shot episodes 1 from 2027-05-01T02:00\nterm war begins 2027-05-01 .. 2027-05-02\n```\n"
    );
    let world = Small::default();
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        let mut damaged = vec![text[..at].to_string(), format!("{}{}", &text[..at], &text[at + 1..])];
        damaged.extend(
            ["\"", ",", ":", ";", "#", "..", "é", "\n"].map(|c| format!("{}{c}{}", &text[..at], &text[at..])),
        );
        for text in damaged {
            let document = parse(&text);
            for outcome in run(&document, "x.md", &world) {
                show("x.md", &outcome);
            }
            update(&document, "x.md", &world).unwrap();
        }
    }
    let _ = Instant::MIN;
}

/// The house's own language and engine, without files and places.
struct Plain;

impl World for Plain {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file `{path}`"))
    }

    fn places(
        &self,
        _: &Agreement,
        _: &BTreeMap<String, Vec<u8>>,
        _: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        (Places::default(), Vec::new())
    }
}

#[test]
fn findings_are_expected_and_their_absence() {
    let text = "# Truce\n\n### 1\n\n> A does not fire.\n\n```pact\nagreement truce\n  in force    2027-01-01\n  time zone   UTC\nparty A\nparty B\nevent fire\n  \
                says \"{by} fires\"\n  carries by: party\nban no-fire\n  bearer A\n  owed to B\n  must not do fire by bearer\n  \
                per \"A does not fire\"\n```\n\n## s\n\n```expect\nLINE\n```\n";
    let failures = |line: &str| {
        let outcomes = run(&parse(&text.replace("LINE", line)), "s.md", &Plain);
        let failures: Vec<String> =
            outcomes.iter().flat_map(|o| o.failures.iter().map(|f| f.message.clone())).collect();
        failures.join("; ")
    };
    for holds in
        ["finding A0701", "finding A0701 about no-fire", "finding A0701 at \"no-fire\"", "no finding A0710"]
    {
        assert_eq!(failures(holds), "", "{holds}");
    }
    assert_eq!(failures("no finding A0701 about no-fire"), "`A0701` is found");
    assert_eq!(failures("finding A0701 about fire"), "`A0701` is not found there");
    assert_eq!(failures("finding A0710"), "`A0710` is not found");
    assert!(failures("no finding A0799").contains("there is no finding `A0799`"));
}
