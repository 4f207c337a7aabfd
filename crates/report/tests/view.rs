//! What a view lets through: knowledge by its moment, the worst instance of a row, what a zone looks like.

mod hand_built;

use hand_built::{at, hand_built};
use servanda_model::verdict::Performance;
use servanda_report::text::Style;
use servanda_report::{Owed, State, Tone, json, map, text, timeline};
use std::collections::BTreeSet;

#[test]
fn what_was_recorded_later_shows_nowhere() {
    let mut built = hand_built();
    let shown = |view: &servanda_report::View<'_>| {
        let all =
            [json::text(&json::records(view)), json::text(&map::map(view)), text::board(view, &Style::PLAIN)];
        all.join("").contains("Known only afterwards")
    };
    assert!(!shown(&built.view()));
    built.board.question.known_at = at("2027-01-01T00:00:00Z");
    assert!(shown(&built.view()));
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects() {
    let mut built = hand_built();
    let before = built.view().incidents().len();
    let mut correction = built.records[7].clone();
    correction.id = "f7-again".into();
    correction.supersedes = Some(built.records[7].id.clone());
    built.records.push(correction);
    let ids: Vec<String> = built.view().incidents().iter().map(|r| r.id.to_string()).collect();
    assert_eq!(ids.len(), before);
    assert!(ids.contains(&"f7-again".to_string()) && !ids.contains(&"f7".to_string()));
}

#[test]
fn an_exercise_is_seen_from_its_records_alone() {
    let mut built = hand_built();
    built.agreement.exercise = false;
    assert!(built.view().is_exercise());
    built.records.iter_mut().for_each(|r| r.exercise = false);
    assert!(!built.view().is_exercise());
    assert!(!text::board(&built.view(), &Style::PLAIN).contains("EXERCISE"));
}

#[test]
fn a_row_is_shown_by_its_worst_instance_and_its_next_due_time() {
    let built = hand_built();
    let view = built.view();
    let rows = view.rows();
    let weekly = rows.iter().find(|r| *r.name == *"weekly-report").unwrap();
    assert_eq!(weekly.shown().instance, *"-/5");
    assert_eq!(
        weekly.counts(),
        [(Performance::Violated, 1), (Performance::Pending, 1), (Performance::Satisfied, 12)]
    );
    assert_eq!(weekly.next_due().unwrap().latest.to_string(), "2026-06-07T20:59:59.999Z");
}

#[test]
fn each_tone_has_a_sign_and_a_word_of_its_own() {
    let signs: BTreeSet<char> = Tone::ALL.iter().map(|t| t.sign()).collect();
    let words: BTreeSet<&str> = Tone::ALL.iter().map(|t| t.word()).collect();
    assert_eq!((signs.len(), words.len()), (Tone::ALL.len(), Tone::ALL.len()));
}

#[test]
fn a_word_never_contradicts_the_performance() {
    for v in &hand_built().board.verdicts {
        let state = State::of(v);
        match v.performance {
            Performance::Satisfied => assert_eq!(state.tone, Tone::Kept),
            Performance::Violated => assert_eq!(state.tone, Tone::Broken),
            _ => assert!(!matches!(state.tone, Tone::Kept | Tone::Broken), "{state:?}"),
        }
    }
}

#[test]
fn what_is_not_there_is_said_with_what_there_is() {
    let built = hand_built();
    let view = built.view();
    let said = |norm, bearer, instance| view.find(norm, bearer, instance).unwrap_err().to_string();
    assert!(said("consul", None, None).starts_with("there is no norm `consul`; there is `consult`"));
    assert!(
        said("consult", Some("Atlantis"), None).contains("no bearer `Atlantis`; there is `United-States`")
    );
    assert!(said("consult", Some("Germany"), Some("x")).contains("no instance `x`; there is `f44`"));
    // A bearer by the name that people use.
    assert_eq!(view.find("consult", Some("United States"), None).unwrap().len(), 1);
    assert_eq!(view.find("no-fire", None, None).unwrap().len(), 3);
}

#[test]
fn the_ledger_by_party_and_day() {
    let built = hand_built();
    let view = built.view();
    let count = |party: Option<&str>, until: Option<&str>, all| {
        view.duties(&Owed { party: party.map(Into::into), until: until.map(at), all }).len()
    };
    assert_eq!(count(Some("Germany"), None, false), 1);
    assert_eq!(count(Some("Germany"), None, true), 2);
    assert_eq!(count(None, Some("2026-06-01T00:00:00Z"), false), 3);
    assert_eq!(count(Some("Atlantis"), None, true), 0);
}

#[test]
fn text_without_colour_has_no_escape_whatever_a_record_says() {
    let built = hand_built();
    let view = built.view();
    let card = view.find("no-fire", Some("Russia"), None).unwrap()[0];
    for width in [1, 40, 200] {
        let plain = Style { colour: false, width };
        let all = text::board(&view, &plain) + &text::card(&view, card, &plain, true);
        assert!(!all.chars().any(|c| c.is_control() && c != '\n'));
        let coloured = text::card(&view, card, &Style { colour: true, width }, true);
        assert!(coloured.contains("\u{1b}[1;31m✗ violated\u{1b}[0m"));
        assert!(!coloured.contains("\u{1b}[31m that tries"));
    }
}

#[test]
fn lines_keep_to_the_width() {
    let built = hand_built();
    let view = built.view();
    let style = Style { colour: false, width: 72 };
    for v in &built.board.verdicts {
        for line in text::card(&view, v, &style, true).lines() {
            assert!(line.chars().count() <= 72, "{line}");
        }
    }
}

#[test]
fn a_strip_is_drawn_on_both_sides_and_its_share_watched_is_said() {
    let built = hand_built();
    let document = serde_json::to_value(map::map(&built.view())).unwrap();
    let zone = |name: &str| {
        let features = document["features"].as_array().unwrap();
        features.iter().find(|f| f["id"] == name).unwrap_or_else(|| panic!("{name} is drawn")).clone()
    };
    let belt = zone("security-belt");
    let points: Vec<&serde_json::Value> = belt["geometry"]["coordinates"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|polygon| polygon[0].as_array().unwrap())
        .collect();
    let east = points.iter().map(|p| p[0].as_f64().unwrap()).fold(f64::MIN, f64::max);
    // 30 km east of 38.0° at 49.5° north is 38.41°.
    assert!((38.38..38.45).contains(&east), "{east}");
    assert!(belt["properties"]["watched"].as_str().unwrap().ends_with('%'));
    assert_eq!(zone("contact-line")["geometry"]["type"], "MultiLineString");
    assert!(zone("western-oblasts")["properties"]["watched"].is_null(), "nobody reports it");
}

#[test]
fn bars_hold_every_incident_once() {
    let built = hand_built();
    let view = built.view();
    let document = serde_json::to_value(timeline::timeline(&view)).unwrap();
    let bars = document["bars"].as_array().unwrap();
    let sum: u64 = bars.iter().map(|b| b["count"].as_u64().unwrap()).sum();
    assert_eq!(sum as usize, view.incidents().len());
    assert!(bars.iter().any(|b| b["watched"].as_f64().is_some_and(|w| w < 0.1)), "the gap of week 6 is seen");
    let curve = &document["curves"][0];
    assert_eq!((curve["threshold"].as_f64(), curve["value"].as_f64()), (Some(100.0), Some(3.0)));
    let top =
        curve["points"].as_array().unwrap().iter().map(|p| p["value"].as_f64().unwrap()).fold(0.0, f64::max);
    assert!(top > 5.0);
}

#[test]
fn an_empty_board_is_worded_too() {
    let mut built = hand_built();
    built.board.verdicts.clear();
    built.board.terms.clear();
    built.board.acts.clear();
    built.records.clear();
    let view = built.view();
    assert!(text::board(&view, &Style::PLAIN).contains("has no obligation to judge"));
    assert!(text::duties(&view, &view.duties(&Owed::default()), &Style::PLAIN).contains("No duty is open"));
    let bars = serde_json::to_value(timeline::timeline(&view)).unwrap()["bars"].as_array().unwrap().len();
    assert_eq!(bars, 0);
}
