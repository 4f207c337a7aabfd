//! Choices of readings: every combination that a question leaves open, and the verdicts under several made one.
//!
//! Where nobody chose, a norm is judged under each combination of the options that it uses. Where the answers agree, the
//! answer stands and lists them; where they differ, "depends on the reading" is the answer.
//!
//! # Source
//! `docs/reference/language.md`, "Readings".

use servanda_model::agreement::{Agreement, Norm};
use servanda_model::verdict::*;
use servanda_model::{Grade, Name, Question, Verdict};
use std::collections::BTreeSet;

/// Options of readings, one per reading.
pub type Choice = Vec<(Name, Name)>;

/// Every combination of the options of readings that nobody chose; one, empty, where there are none.
pub fn combinations(
    agreement: &Agreement,
    used: &BTreeSet<Name>,
    question: &Question,
) -> Vec<Vec<(Name, Name)>> {
    let mut all: Vec<Vec<(Name, Name)>> = vec![Vec::new()];
    for reading in used.iter().filter(|r| !question.readings.contains_key(*r)) {
        let Some(options) = agreement.readings.get(reading).map(|r| &r.options) else { continue };
        let with = |choice: &Vec<(Name, Name)>| {
            let choice = choice.clone();
            options
                .iter()
                .map(move |(option, _)| [&choice[..], &[(reading.clone(), option.clone())]].concat())
        };
        let next: Vec<_> = all.iter().flat_map(with).take(64).collect();
        if !next.is_empty() {
            all = next;
        }
    }
    all
}

/// The verdicts of a norm under several choices of readings, made one.
pub fn merged(norm: &Norm, mut results: Vec<(Choice, Vec<Verdict>)>) -> Vec<Verdict> {
    if results.len() == 1 {
        return results.pop().map(|(_, verdicts)| verdicts).unwrap_or_default();
    }
    let mut keys: Vec<(Bearer, Name)> = Vec::new();
    for v in results.iter().flat_map(|(_, verdicts)| verdicts) {
        let key = (v.bearer.clone(), v.instance.clone());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let real = |k: &(Bearer, Name)| {
        results
            .iter()
            .flat_map(|(_, v)| v)
            .any(|v| (&v.bearer, &v.instance) == (&k.0, &k.1) && v.standing != Standing::Dormant)
    };
    let lone: Vec<_> =
        keys.iter().filter(|k| real(k) || !keys.iter().any(|o| o.0 == k.0 && real(o))).cloned().collect();
    lone.into_iter()
        .filter_map(|(bearer, instance)| {
            let each: Vec<(&Choice, Option<&Verdict>)> = results
                .iter()
                .map(|(choice, verdicts)| {
                    (choice, verdicts.iter().find(|v| v.bearer == bearer && v.instance == instance))
                })
                .collect();
            let first = each.iter().find_map(|(_, v)| *v)?;
            let elsewhere: Vec<Elsewhere> = each
                .iter()
                .map(|(choice, v)| Elsewhere {
                    readings: (*choice).clone(),
                    performance: v.map_or(Performance::NotApplicable, |v| v.performance),
                    grade: v.map_or(Grade::Confirmed, |v| v.grade),
                    due: v.and_then(|v| v.due),
                })
                .collect();
            if elsewhere.iter().all(|e| e.performance == first.performance) {
                let mut verdict = first.clone();
                verdict.grade = elsewhere.iter().map(|e| e.grade).min().unwrap_or(first.grade);
                return Some(verdict.with_elsewhere(elsewhere));
            }
            let mut reasons = first.reasons().clone();
            let words: Vec<String> = elsewhere
                .iter()
                .map(|e| {
                    let choice: Vec<String> = e.readings.iter().map(|(r, o)| format!("{r} = {o}")).collect();
                    format!("{} under {}", e.performance.word(), choice.join(", "))
                })
                .collect();
            reasons.because = vec![Because { code: Code::DependsOnReading, text: words.join("; ") }];
            reasons.readings = Vec::new();
            for (_, v) in &each {
                reasons.decided_by.extend(v.iter().flat_map(|v| v.reasons().decided_by.clone()));
                reasons.against.extend(v.iter().flat_map(|v| v.reasons().against.clone()));
            }
            reasons.decided_by.sort();
            reasons.decided_by.dedup();
            reasons.against.sort();
            reasons.against.dedup();
            reasons.elsewhere = elsewhere;
            let marking =
                each.iter().flat_map(|(_, v)| *v).fold(norm.marking.clone(), |m, v| m.join(&v.marking));
            let ruling = Ruling {
                norm: norm.name.clone(),
                kind: norm.kind,
                bearer: bearer.clone(),
                owed_to: first.owed_to.clone(),
                instance: instance.clone(),
                triggered: first.triggered,
                due: None,
                standing: first.standing.clone(),
                performance: Performance::DependsOnReading,
                grade: reasons.elsewhere.iter().map(|e| e.grade).min().unwrap_or_default(),
                fulfilled: None,
                breached: None,
                performed_late: None,
                episodes: Vec::new(),
                marking,
            };
            Some(Verdict::new(ruling, reasons))
        })
        .collect()
}
