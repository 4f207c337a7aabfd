//! Text as an answer to each question of the incident form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use servanda_evidence::incident::entry::{Desk, QUESTIONS, checked};
use servanda_model::{Calendar, Instant};

fuzz_target!(|text: &str| {
    let desk = Desk {
        now: Instant(1_767_225_600_000),
        calendar: Calendar::utc(),
        facts: Default::default(),
        fact: None,
        zones: Default::default(),
        attachments: Vec::new(),
        exercise: false,
    };
    for question in QUESTIONS {
        let _ = checked(question.key, text, &desk);
    }
});
