//! What is kept up to date against what is worked out from nothing, over many orders in which records come: late ones, corrections of what
//! is there and of what is still to come, withdrawals, disputes, and what lies ahead.

use servanda_model::place::Point;
use servanda_model::record::{Basis, Record, Says};
use servanda_model::{Agreement, Board, Instant, Name, Place, Places, Question, When};
use servanda_report::map::{self, Pieces};
use servanda_report::{Sorted, View};
use std::sync::Arc;

/// Numbers that look drawn and are the same every time.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % n
    }

    fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }
}

const HOUR: i64 = 3_600_000;

/// The record that comes as the so many-th, at that time: it may have happened before or be announced, and speak of any other.
fn record(drawn: &mut Drawn, number: i64, now: i64) -> Record {
    let happened = now + (drawn.below(40) - 34) * HOUR;
    let when = When { earliest: Instant(happened), latest: Instant(happened + drawn.below(3) * HOUR) };
    // Some are known only later than they came.
    let recorded = if drawn.one_in(9) { now + drawn.below(6) * HOUR } else { now };
    let mut record = Record::new(
        format!("r{number}"),
        ["fire", "flight"][drawn.below(2) as usize],
        when,
        Instant(recorded),
    );
    // What is spoken of may not have come yet.
    let other = |drawn: &mut Drawn| Some(Name::from(format!("r{}", drawn.below(number + 4))));
    match drawn.below(12) {
        0 | 1 => record.supersedes = other(drawn),
        2 => record.withdraws = other(drawn),
        3 => record.disputes = other(drawn),
        4 => record.says = Says::Denies,
        5 => record.basis = Basis::Planned,
        6 => record.fact = "coverage".into(),
        _ => {}
    }
    if !drawn.one_in(8) {
        let at = Point { lat: 48.0 + drawn.below(100) as f64 / 100.0, lon: 37.5 };
        record.place = Some(Place::Point { at, radius_m: 50.0 * drawn.below(4) as f64 });
    }
    record
}

fn bytes(view: &View<'_>) -> Vec<u8> {
    serde_json::to_vec(&map::map(view)).unwrap()
}

#[test]
fn what_grew_is_what_is_made_from_nothing_in_every_order() {
    let (agreement, places) = (Agreement::default(), Places::default());
    let (mut corrected, mut ahead, mut moved) = (0, 0, 0);
    for seed in 0..120 {
        let mut drawn = Drawn(seed);
        let mut records: Vec<Arc<Record>> = Vec::new();
        let mut board = Board {
            question: Question::at(Instant(0)),
            verdicts: Vec::new(),
            terms: Vec::new(),
            acts: Vec::new(),
        };
        let mut sorted = Sorted::of(&agreement, (&records).into(), &board.question);
        let mut pieces = Pieces::default();
        let mut now = 100 * HOUR;
        for _ in 0..1 + drawn.below(12) {
            // Nothing, one, a few, or more at once than are put in their places one by one.
            let come = [0, 1, drawn.below(9), 70 + drawn.below(60)][drawn.below(4) as usize];
            for _ in 0..come {
                records.push(Arc::new(record(&mut drawn, records.len() as i64, now)));
            }
            now += drawn.below(3) * HOUR;
            // Now and then it is asked of an earlier moment.
            let back = if drawn.one_in(7) { 5 * HOUR } else { 0 };
            board.question = Question::at(Instant(now - back));
            sorted = sorted.grown(&agreement, (&records).into(), &board.question);
            assert_eq!(sorted, Sorted::of(&agreement, (&records).into(), &board.question), "seed {seed}");
            let plain = View {
                agreement: &agreement,
                places: &places,
                records: (&records).into(),
                board: &board,
                sorted: None,
            };
            let kept = View { sorted: Some(&sorted), ..plain };
            assert_eq!(kept.known(), plain.known(), "seed {seed}");
            assert_eq!(kept.incidents(), plain.incidents(), "seed {seed}");
            let grown = serde_json::to_vec(&map::map_of(&kept, &mut pieces).unwrap()).unwrap();
            assert_eq!(grown, bytes(&plain), "seed {seed}");
            corrected += usize::from(plain.known().len() < records.len());
            ahead += usize::from(records.iter().any(|r| r.recorded > board.question.known_at));
            moved += usize::from(plain.incidents().len() > 70);
        }
    }
    // The orders held what they are for.
    assert!(corrected > 200 && ahead > 80 && moved > 80, "{corrected} {ahead} {moved}");
}

#[test]
fn of_other_records_or_another_question_nothing_is_taken_from_it() {
    let (agreement, places) = (Agreement::default(), Places::default());
    let mut drawn = Drawn(7);
    let mut records: Vec<Record> = (0..30).map(|n| record(&mut drawn, n, n * HOUR)).collect();
    let board = |at| Board {
        question: Question::at(Instant(at)),
        verdicts: Vec::new(),
        terms: Vec::new(),
        acts: Vec::new(),
    };
    let then = board(20 * HOUR);
    let sorted = Sorted::of(&agreement, (&records).into(), &then.question);
    let later = board(40 * HOUR);
    let ids = |records: &[Record], board: &Board, sorted| -> Vec<Name> {
        let view = View { agreement: &agreement, places: &places, records: records.into(), board, sorted };
        view.known().iter().map(|r| r.id.clone()).collect()
    };
    assert_eq!(ids(&records, &later, Some(&sorted)), ids(&records, &later, None));
    assert_ne!(ids(&records, &later, None), ids(&records, &then, None));
    records.truncate(12);
    assert_eq!(ids(&records, &then, Some(&sorted)), ids(&records, &then, None));
}
