//! Runs a scenario: reads its agreement, records and expectations, asks the engine, compares.
//!
//! It never decides anything itself; where an expectation and a board differ it says both.

use crate::document::{Document, Scenario};
use crate::expect::{
    self, ActSays, Expectation, Expected, Kind, Says, TermSays, Time, Until, Who, is_or_repeats,
};
use crate::words::{show_time, suggest};
use crate::{World, is_agreed, rows};
use servanda_lang::diagnostic::{Diagnostic, Severity};
use servanda_lang::findings::Finding;
use servanda_model::agreement::Extent;
use servanda_model::grade::Truth;
use servanda_model::verdict::{Act, Bearer, Performance, TermState};
use servanda_model::{Agreement, Board, Grade, Name, Places, Question, Record, Verdict, When};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// With more records than these only the first question is asked again, and one way: it is no longer cheap.
const MANY: usize = 60;

/// Something that fails a scenario, or a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Another file than the scenario file, as the scenario file names it.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// What was expected, where something was.
    pub expected: Option<String>,
    /// What there is instead.
    pub actual: Vec<String>,
    /// What to do next.
    pub help: Option<String>,
}

impl Failure {
    pub(crate) fn new(line: u32, message: impl Into<String>) -> Failure {
        let message = message.into();
        Failure { file: None, line, message, expected: None, actual: Vec::new(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }
}

/// What became of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// Its name.
    pub scenario: String,
    /// Line of its heading.
    pub line: u32,
    /// How many expectations were compared.
    pub compared: usize,
    /// What failed; empty where it passed.
    pub failures: Vec<Failure>,
}

impl Outcome {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Runs every scenario of a file. What is wrong with the file as a whole comes first, as an outcome without a name.
///
/// `path` is the file's own, for the rule that a verdict under `tests/agreed` names its reason.
pub fn run(document: &Document, path: &str, world: &dyn World) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    if !document.problems.is_empty() {
        let failures = document.problems.clone();
        outcomes.push(Outcome { scenario: String::new(), line: 1, compared: 0, failures });
    }
    for scenario in &document.scenarios {
        let (mut compared, mut failures) = (0, Vec::new());
        match Prepared::new(document, scenario, world) {
            Err(wrong) => failures = wrong,
            Ok(mut prepared) => {
                failures.append(&mut prepared.failures);
                if is_agreed(path) {
                    failures.extend(prepared.expectations.iter().filter_map(without_reason));
                }
                for index in 0..prepared.expectations.len() {
                    compared += 1;
                    failures.extend(prepared.compare(index));
                }
                failures.extend(prepared.orders());
                failures.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
            }
        }
        outcomes.push(Outcome { scenario: scenario.name.clone(), line: scenario.line, compared, failures });
    }
    outcomes
}

/// The failures of an outcome as people read them; nothing where it passed.
pub fn show(path: &str, outcome: &Outcome) -> String {
    let mut out = String::new();
    for failure in &outcome.failures {
        let file = failure.file.as_deref().unwrap_or(path);
        let _ = write!(out, "{file}:{}: ", failure.line);
        if !outcome.scenario.is_empty() {
            let _ = write!(out, "{}: ", outcome.scenario);
        }
        let _ = writeln!(out, "{}", failure.message);
        if let Some(expected) = &failure.expected {
            let _ = writeln!(out, "    expected  {expected}");
        }
        for (i, actual) in failure.actual.iter().enumerate() {
            let _ = writeln!(out, "    {}  {actual}", if i == 0 { "actual  " } else { "        " });
        }
        if let Some(help) = &failure.help {
            let _ = writeln!(out, "    help      {help}");
        }
    }
    out
}

fn without_reason(expectation: &Expectation) -> Option<Failure> {
    let Kind::Verdict(expected) = &expectation.kind else { return None };
    let bare = expected.says != Says::None && expected.because.is_empty() && expected.records.is_empty();
    bare.then(|| {
        Failure::new(expectation.line.number, "an agreed verdict names its reason")
            .help("add `because CODE` or `records ID`: a right verdict for a wrong reason is a failed test")
    })
}

/// A scenario read against its agreement, ready to be asked.
pub(crate) struct Prepared<'a> {
    world: &'a dyn World,
    agreement: Agreement,
    places: Places,
    records: Vec<Record>,
    diagnostics: Vec<Diagnostic>,
    /// What the analyses find, where an expectation asks for it.
    findings: Vec<Finding>,
    /// Agreement text, for what a diagnostic points at.
    text: String,
    pub expectations: Vec<Expectation>,
    /// Lines that cannot be read, and errors of the text that nobody expected.
    pub failures: Vec<Failure>,
    boards: Vec<(Question, Board)>,
}

impl<'a> Prepared<'a> {
    /// # Errors
    /// What makes it pointless to go on: no agreement.
    pub fn new(
        document: &Document,
        scenario: &Scenario,
        world: &'a dyn World,
    ) -> Result<Prepared<'a>, Vec<Failure>> {
        let mut text = String::new();
        if let Some(reference) = &scenario.agreement {
            let refused = |why: String| {
                let message = format!("the agreement `{}` cannot be read: {why}", reference.text);
                vec![Failure::new(reference.number, message)]
            };
            let bytes = world.file(&reference.text).map_err(refused)?;
            text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8".into()))?;
        }
        let own = scenario.clauses.bytes().any(|b| !b.is_ascii_whitespace());
        if !own && scenario.agreement.is_none() {
            return Err(vec![Failure::new(scenario.line, "the scenario has no agreement").help(
                "add a line `Agreement: [name](path/to/name.pact.md)`, or clauses with `pact` fences",
            )]);
        }
        let border = if text.is_empty() || !own { text.len() } else { text.len() + 2 };
        if own {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(&scenario.clauses);
        }
        let (agreement, diagnostics) = world.check(&text);
        let (records, mut failures) = rows::records(&agreement, &scenario.records);
        let mut expectations = Vec::new();
        for fence in &scenario.expectations {
            let (read, wrong) = expect::read(&agreement, fence, &records);
            expectations.extend(read);
            failures.extend(wrong);
        }
        let expected: BTreeSet<&str> = expectations
            .iter()
            .filter_map(
                |e| if let Kind::Diagnostic { code, .. } = &e.kind { Some(code.as_str()) } else { None },
            )
            .collect();
        for diagnostic in &diagnostics {
            if diagnostic.severity == Severity::Error && !expected.contains(diagnostic.code) {
                failures.push(located(diagnostic, &text, border, document, scenario));
            }
        }
        let mut files = BTreeMap::new();
        for name in shape_files(&agreement) {
            let folder =
                scenario.agreement.as_ref().and_then(|a| a.text.rsplit_once('/')).map(|(folder, _)| folder);
            let path = folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
            if let Ok(bytes) = world.file(&path) {
                files.insert(name, bytes);
            }
        }
        for (name, content) in &scenario.zones {
            if !shape_files(&agreement).contains(&name.text) {
                failures.push(
                    Failure::new(
                        name.number,
                        format!("no zone of the agreement has the shape \"{}\"", name.text),
                    )
                    .help("give the fence the name that the zone uses"),
                );
            }
            files.insert(name.text.clone(), content.clone().into_bytes());
        }
        let (places, wrong) = world.places(&agreement, &files, &records);
        let unknown = rows::unknown_places(&agreement, &places, &records);
        let unknown =
            unknown.into_iter().filter(|(name, _)| !wrong.iter().any(|(other, _)| other == name)).collect();
        for (name, message) in wrong.iter().cloned().chain::<Vec<(Name, String)>>(unknown) {
            let line = scenario.records.iter().find(|row| row.text.contains(name.as_str()));
            failures.push(Failure::new(line.map_or(scenario.line, |l| l.number), message));
        }
        failures.dedup();
        let asked = expectations.iter().any(|e| matches!(e.kind, Kind::Finding { .. }));
        let findings = if asked { world.findings(&text) } else { Vec::new() };
        let boards = Vec::new();
        Ok(Prepared {
            world,
            agreement,
            places,
            records,
            diagnostics,
            findings,
            text,
            expectations,
            failures,
            boards,
        })
    }

    fn board(&mut self, question: &Question) -> &Board {
        if let Some(at) = self.boards.iter().position(|(asked, _)| asked == question) {
            return &self.boards[at].1;
        }
        let board = self.world.evaluate(&self.agreement, &self.places, &self.records, question);
        self.boards.push((question.clone(), board));
        &self.boards[self.boards.len() - 1].1
    }

    /// What differs from an expectation; nothing where it holds.
    pub fn compare(&mut self, index: usize) -> Option<Failure> {
        let expectation = self.expectations[index].clone();
        let wrong = |message: String, actual: Vec<String>| {
            let expected = Some(expectation.line.text[..expectation.end].trim().to_string());
            Some(Failure { expected, actual, ..Failure::new(expectation.line.number, message) })
        };
        match &expectation.kind {
            Kind::NoDiagnostics => {
                let found: Vec<String> =
                    self.diagnostics.iter().filter(|d| matters(d)).map(one_line).collect();
                if found.is_empty() { None } else { wrong("the agreement has diagnostics".into(), found) }
            }
            Kind::Diagnostic { code, at } => {
                let same: Vec<&Diagnostic> = self.diagnostics.iter().filter(|d| d.code == *code).collect();
                let at_text = |d: &&&Diagnostic| {
                    at.as_ref().is_none_or(|at| {
                        self.text
                            .get(d.span.clone())
                            .is_some_and(|t| on_one_line(t).contains(&on_one_line(at)))
                    })
                };
                if same.iter().any(|d| at_text(&d)) {
                    return None;
                }
                let found = if same.is_empty() { self.diagnostics.iter().collect() } else { same };
                let found = found.into_iter().map(|d| {
                    format!("{} at \"{}\"", one_line(d), self.text.get(d.span.clone()).unwrap_or_default())
                });
                let found: Vec<String> = found.collect();
                let message = match suggest(code, self.diagnostics.iter().map(|d| d.code)) {
                    _ if at.is_some() => format!("no diagnostic `{code}` points there"),
                    Some(near) => format!("there is no diagnostic `{code}`; did you mean `{near}`?"),
                    None => format!("there is no diagnostic `{code}`"),
                };
                wrong(message, if found.is_empty() { vec!["no diagnostics".into()] } else { found })
            }
            Kind::Finding { code, about, at, there } => {
                let same: Vec<&Finding> =
                    self.findings.iter().filter(|f| f.diagnostic.code == *code).collect();
                let meant = |f: &&Finding| {
                    about.as_ref().is_none_or(|name| f.about.as_ref() == Some(name))
                        && at.as_ref().is_none_or(|at| {
                            self.text
                                .get(f.diagnostic.span.clone())
                                .is_some_and(|t| on_one_line(t).contains(&on_one_line(at)))
                        })
                };
                let told = |f: &Finding| match &f.about {
                    Some(name) => format!("{code} about {name}: {}", f.diagnostic.message),
                    None => format!("{code}: {}", f.diagnostic.message),
                };
                match same.iter().copied().find(meant) {
                    Some(_) if *there => None,
                    None if !*there => None,
                    Some(found) => wrong(format!("`{code}` is found"), vec![told(found)]),
                    None if same.is_empty() => wrong(format!("`{code}` is not found"), Vec::new()),
                    None => {
                        wrong(format!("`{code}` is not found there"), same.into_iter().map(told).collect())
                    }
                }
            }
            _ => {
                let question = expectation.question.clone()?;
                let (question, chosen) = match &expectation.kind {
                    Kind::Verdict(e) => (under(&question, &e.under), e.under.clone()),
                    _ => (question, None),
                };
                if let (Some(choice), Kind::Verdict(expected)) = (chosen, &expectation.kind) {
                    let open = expectation.question.clone()?;
                    if let Some(differs) = self.elsewhere_differs(&open, expected, &choice) {
                        return wrong(differs.0, differs.1);
                    }
                }
                let calendar = self.agreement.calendar.clone();
                let agreement = self.agreement.clone();
                let board = self.board(&question);
                match &expectation.kind {
                    Kind::Term { term, says } => {
                        let states: Vec<&TermState> =
                            board.terms.iter().filter(|t| t.term == *term).collect();
                        if states.is_empty() {
                            return wrong(format!("the board does not have the term `{term}`"), Vec::new());
                        }
                        let mut actual: Vec<String> =
                            states.iter().map(|t| show_term(t, &calendar).join(" · ")).collect();
                        actual.dedup();
                        let holds = states.iter().all(|state| term_is(state, says));
                        if holds { None } else { wrong(format!("the term `{term}` differs"), actual) }
                    }
                    Kind::Act { power, by, nth, says, because } => {
                        let acts: Vec<&Act> = acts_of(board, power, by);
                        let act = match nth {
                            Some(k) => acts.get(k - 1),
                            None => acts.last(),
                        };
                        let actual: Vec<String> = acts.iter().map(|a| show_act(a, &calendar)).collect();
                        let holds = match (act, says) {
                            (None, ActSays::None) => true,
                            (None, _) | (Some(_), ActSays::None | ActSays::Anything) => false,
                            (Some(act), says) => {
                                act_is(act, says)
                                    && because.as_ref().is_none_or(|text| act.because.contains(text))
                            }
                        };
                        let actual = if actual.is_empty() { vec!["no such act".into()] } else { actual };
                        if holds { None } else { wrong(format!("the act under `{power}` differs"), actual) }
                    }
                    Kind::Verdict(expected) => {
                        let (found, of_norm) = found_of(&agreement, board, expected);
                        let lines = |verdicts: &[&Verdict]| -> Vec<String> {
                            verdicts.iter().map(|v| show_verdict(v, &calendar)).collect()
                        };
                        if expected.says == Says::None {
                            let message = "there is such an instance".to_string();
                            return if found.is_empty() { None } else { wrong(message, lines(&found)) };
                        }
                        if found.is_empty() {
                            let mut actual = lines(&of_norm);
                            if actual.is_empty() {
                                actual.push(format!("no instance of `{}`", expected.norm));
                            }
                            return wrong("there is no such instance".into(), actual);
                        }
                        let differing: Vec<(&Verdict, String)> =
                            found.iter().filter_map(|v| Some((*v, verdict_differs(v, expected)?))).collect();
                        let (_, why) = differing.first()?;
                        let actual: Vec<&Verdict> = differing.iter().map(|(v, _)| *v).collect();
                        wrong(why.clone(), lines(&actual))
                    }
                    Kind::Diagnostic { .. } | Kind::NoDiagnostics | Kind::Finding { .. } => None,
                }
            }
        }
    }

    /// Where nobody chose, a verdict says what it would be under each option; that must be what it is when somebody
    /// chooses.
    fn elsewhere_differs(
        &mut self,
        open: &Question,
        expected: &Expected,
        choice: &(Name, Name),
    ) -> Option<(String, Vec<String>)> {
        if open.readings.contains_key(&choice.0) {
            return None;
        }
        let agreement = self.agreement.clone();
        let told: Vec<(Bearer, Name, Performance, Grade)> = {
            let board = self.board(open);
            let (found, _) = found_of(&agreement, board, expected);
            let one = |v: &Verdict| {
                let only = v.reasons().elsewhere.iter().find(|e| e.readings == [choice.clone()])?;
                Some((v.bearer.clone(), v.instance.clone(), only.performance, only.grade))
            };
            found.into_iter().filter_map(one).collect()
        };
        let board = self.board(&under(open, &Some(choice.clone())));
        for (bearer, instance, performance, grade) in told {
            let chosen = board
                .verdicts
                .iter()
                .find(|v| v.norm == expected.norm && v.bearer == bearer && v.instance == instance);
            if let Some(v) = chosen
                && (v.performance, v.grade) != (performance, grade)
            {
                let told = format!("told where nobody chose: {} {grade}", performance.word());
                let is = format!("when chosen: {} {}", v.performance.word(), v.grade);
                let message =
                    format!("`{}` under {} = {} is told differently than it is", v.norm, choice.0, choice.1);
                return Some((message, vec![told, is]));
            }
        }
        None
    }

    /// The same question with the records in other orders, and without those that are not known yet, has the same answer.
    fn orders(&mut self) -> Option<Failure> {
        let mut failure = None;
        for (index, (question, board)) in self.boards.iter().enumerate() {
            let many = self.records.len() > MANY;
            if index > 0 && many {
                break;
            }
            let mut reversed = self.records.clone();
            reversed.reverse();
            let mut shuffled = self.records.clone();
            shuffle(&mut shuffled);
            let mut known = self.records.clone();
            known.retain(|record| record.recorded <= question.known_at);
            let ways = if many {
                shuffle(&mut known);
                vec![("shuffled, without those that were not recorded yet", known)]
            } else {
                vec![
                    ("read in reverse order", reversed),
                    ("shuffled", shuffled),
                    ("without those that were not recorded yet", known),
                ]
            };
            for (how, records) in ways {
                let other = self.world.evaluate(&self.agreement, &self.places, &records, question);
                if other != *board && failure.is_none() {
                    let line = self.expectations.first().map_or(1, |e| e.line.number);
                    let mut found =
                        Failure::new(line, format!("the answer is another one with the records {how}"));
                    found.actual = difference(board, &other, &self.agreement);
                    failure = Some(found.help("this is a mistake of the engine, not of the scenario"));
                }
            }
        }
        failure
    }

    /// What an expectation should say instead, as lines; `None` where it holds or is not one that can be written anew.
    pub fn rewritten(&mut self, index: usize) -> Option<Vec<String>> {
        self.compare(index)?;
        let expectation = self.expectations[index].clone();
        let question = expectation.question.clone()?;
        let calendar = self.agreement.calendar.clone();
        match &expectation.kind {
            Kind::Diagnostic { .. } | Kind::NoDiagnostics | Kind::Finding { .. } => None,
            Kind::Term { term, says } => {
                let board = self.board(&question);
                let state = board.terms.iter().find(|t| t.term == *term)?;
                if let TermSays::Now(_) = says {
                    return Some(vec![format!("term {term} now {}", truth_word(state.now))]);
                }
                Some(show_term(state, &calendar).into_iter().filter(|l| !l.contains(" now ")).collect())
            }
            Kind::Act { power, by, nth, because, .. } => {
                let board = self.board(&question);
                let acts = acts_of(board, power, by);
                let act = match nth {
                    Some(k) => acts.get(k - 1),
                    None => acts.last(),
                };
                let nth = nth.map_or_else(String::new, |k| format!("#{k}"));
                let says = act.map_or_else(|| "none".into(), |act| show_effect(act, &calendar));
                let why = match (because, act) {
                    (Some(text), Some(act)) if act.because.contains(text) => format!(" because \"{text}\""),
                    (Some(_), Some(act)) => format!(" because \"{}\"", act.because.replace('"', "'")),
                    _ => String::new(),
                };
                Some(vec![format!("act {power} by {by}{nth}: {says}{why}")])
            }
            Kind::Verdict(expected) => {
                let agreement = self.agreement.clone();
                let board = self.board(&under(&question, &expected.under));
                let (found, _) = found_of(&agreement, board, expected);
                let head = expectation.line.text[..expectation.end].split_once(':')?.0.trim().to_string();
                if found.is_empty() {
                    return Some(vec![format!("{head}: none")]);
                }
                let mut says: Vec<String> = found.iter().map(|v| say_again(v, expected, &calendar)).collect();
                let lines: Vec<String> = match expected.bearer {
                    Who::All => {
                        let nth = expected.nth.map_or_else(String::new, |k| format!("#{k}"));
                        let heads = found.iter().map(|v| format!("{} {}{nth}", v.norm, v.bearer));
                        let each: Vec<String> =
                            heads.zip(&says).map(|(head, says)| format!("{head}: {says}")).collect();
                        says.dedup();
                        if says.len() == 1 { vec![format!("{head}: {}", says[0])] } else { each }
                    }
                    _ => vec![format!("{head}: {}", says.remove(0))],
                };
                Some(lines)
            }
        }
    }
}

fn under(question: &Question, choice: &Option<(Name, Name)>) -> Question {
    let mut question = question.clone();
    question.readings.extend(choice.clone());
    question
}

fn matters(diagnostic: &Diagnostic) -> bool {
    matches!(diagnostic.severity, Severity::Error | Severity::Warning)
}

fn one_line(diagnostic: &Diagnostic) -> String {
    format!("{} {}: {}", diagnostic.severity.word(), diagnostic.code, diagnostic.message)
}

/// A diagnostic at its place: in the agreement's file, or in the scenario file.
fn located(d: &Diagnostic, text: &str, border: usize, document: &Document, scenario: &Scenario) -> Failure {
    let line_in = |text: &str, at: usize| {
        let before = &text.as_bytes()[..at.min(text.len())];
        u32::try_from(before.iter().filter(|b| **b == b'\n').count() + 1).unwrap_or(u32::MAX)
    };
    let mut failure = match &scenario.agreement {
        Some(reference) if d.span.start < border => Failure {
            file: Some(reference.text.clone()),
            ..Failure::new(line_in(text, d.span.start), one_line(d))
        },
        reference => {
            let offset = if reference.is_some() { border } else { 0 };
            Failure::new(line_in(&document.text, d.span.start.saturating_sub(offset)), one_line(d))
        }
    };
    failure.help = d.help.clone();
    failure
}

/// Names of GeoJSON files that the zones of an agreement use.
fn shape_files(agreement: &Agreement) -> BTreeSet<String> {
    fn collect(extent: &Extent, out: &mut BTreeSet<String>) {
        match extent {
            Extent::Given(name) if name.as_str().ends_with("json") => {
                out.insert(name.to_string());
            }
            Extent::Given(_) | Extent::Zone(_) | Extent::Strip { .. } | Extent::Disc { .. } => {}
            Extent::Union(all) => all.iter().for_each(|e| collect(e, out)),
            Extent::Difference(a, b) => [a, b].into_iter().for_each(|e| collect(e, out)),
        }
    }
    let mut out = BTreeSet::new();
    for case in agreement.zones.values().flat_map(|zone| &zone.cases) {
        collect(&case.extent, &mut out);
    }
    out
}

/// Fisher and Yates, with splitmix64 from a fixed seed.
fn shuffle(records: &mut [Record]) {
    let mut state = 0x5e7a_da5e_7a0d_a5e7_u64;
    for i in (1..records.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let below = i as u64 + 1;
        let j = ((z ^ (z >> 31)) % below) as usize;
        records.swap(i, j);
    }
}

/// The first verdict, term or act in which two boards differ.
fn difference(one: &Board, other: &Board, agreement: &Agreement) -> Vec<String> {
    let calendar = &agreement.calendar;
    for (a, b) in one.verdicts.iter().zip(&other.verdicts) {
        if a != b {
            let mut lines = vec![show_verdict(a, calendar), show_verdict(b, calendar)];
            if lines[0] == lines[1] {
                lines = vec![lines.remove(0), "the two differ in their reasons or episodes".into()];
            }
            return lines;
        }
    }
    if one.verdicts.len() != other.verdicts.len() {
        return vec![
            format!("{} instances", one.verdicts.len()),
            format!("{} instances", other.verdicts.len()),
        ];
    }
    for (a, b) in one.terms.iter().zip(&other.terms) {
        if a != b {
            return vec![show_term(a, calendar).join(" · "), show_term(b, calendar).join(" · ")];
        }
    }
    vec!["the acts under powers differ".into()]
}

/// The verdicts that an expectation speaks of, and all of its norm.
fn found_of<'b>(
    agreement: &Agreement,
    board: &'b Board,
    expected: &Expected,
) -> (Vec<&'b Verdict>, Vec<&'b Verdict>) {
    let of_norm: Vec<&Verdict> = board.verdicts.iter().filter(|v| v.norm == expected.norm).collect();
    let mut by_bearer: BTreeMap<&Bearer, Vec<&Verdict>> = BTreeMap::new();
    for &verdict in &of_norm {
        if bears(agreement, board, &verdict.bearer, &expected.bearer) {
            by_bearer.entry(&verdict.bearer).or_default().push(verdict);
        }
    }
    let mut found = Vec::new();
    for instances in by_bearer.values_mut() {
        instances.sort_by_key(|v| (v.triggered, v.due));
        match (expected.nth, &expected.bearer) {
            (Some(k), _) => found.extend(instances.get(k - 1)),
            // All bearers: every instance.
            (None, Who::All) => found.append(instances),
            (None, _) => found.extend(instances.last()),
        }
    }
    (found, of_norm)
}

fn bears(agreement: &Agreement, board: &Board, bearer: &Bearer, who: &Who) -> bool {
    let parties = |names: &BTreeSet<Name>| -> BTreeSet<Name> {
        names.iter().flat_map(|name| agreement.parties_of(name, board.question.at)).collect()
    };
    match (bearer, who) {
        (_, Who::All) => true,
        (Bearer::Unstated, Who::Unstated) | (Bearer::NotEstablished(_), Who::NotEstablished) => true,
        (Bearer::Party(name), Who::Named(names)) => names.len() == 1 && names.contains(name),
        (Bearer::Jointly(all), Who::Named(names)) => {
            let all: BTreeSet<Name> = all.iter().cloned().collect();
            all == *names || parties(&all) == parties(names)
        }
        _ => false,
    }
}

/// The first thing in which a verdict is not as expected.
fn verdict_differs(v: &Verdict, expected: &Expected) -> Option<String> {
    let reasons = v.reasons();
    match expected.says {
        Says::Is(performance) if performance != v.performance => return Some("another verdict".into()),
        Says::Anything => return Some("a verdict to be filled in; `--update` does it".into()),
        _ => {}
    }
    if expected.grade.is_some_and(|grade| grade != v.grade) {
        return Some("another grade".into());
    }
    if expected.late && v.performed_late.is_none() {
        return Some("not performed late".into());
    }
    let is = |time: Option<Time>, actual: Option<When>, test: fn(Time, When) -> bool| {
        time.is_none_or(|time| actual.is_some_and(|actual| test(time, actual)))
    };
    if !is(expected.late_at, v.performed_late, Time::starts) {
        return Some("performed late at another time".into());
    }
    if expected.standing.as_ref().is_some_and(|word| word != v.standing.word()) {
        return Some("another standing".into());
    }
    if !is(expected.due, v.due, Time::ends) {
        return Some("due at another time".into());
    }
    if !is(expected.triggered, v.triggered, Time::starts) {
        return Some("triggered at another time".into());
    }
    if let Some(code) =
        expected.because.iter().find(|c| !reasons.because.iter().any(|b| b.code.word() == c.as_str()))
    {
        return Some(format!("not because of `{code}`"));
    }
    let cites = |list: &[servanda_model::verdict::Cited], id: &Name| {
        list.iter().any(|cited| is_or_repeats(&cited.record, id.as_str()))
    };
    if let Some(id) = expected.records.iter().find(|id| !cites(&reasons.decided_by, id)) {
        return Some(format!("the record `{id}` does not decide it"));
    }
    if let Some(id) = expected.against.iter().find(|id| !cites(&reasons.against, id)) {
        return Some(format!("the record `{id}` does not stand against it"));
    }
    if let Some(id) =
        expected.without.iter().find(|id| cites(&reasons.decided_by, id) || cites(&reasons.against, id))
    {
        return Some(format!("the record `{id}` is among its reasons"));
    }
    if let Some(text) =
        expected.missing.iter().find(|t| !reasons.missing.iter().any(|m| m.contains(t.as_str())))
    {
        return Some(format!("\"{text}\" is not said to be missing"));
    }
    if expected.episodes.is_some_and(|n| n != v.episodes.len()) {
        return Some("another number of episodes".into());
    }
    if expected.from.is_some() || expected.to.is_some() {
        let fits = v.episodes.iter().any(|e| {
            is(expected.from, Some(e.from), Time::starts)
                && match expected.to {
                    None => true,
                    Some(Until::Open) => e.to.is_none(),
                    Some(Until::At(time)) => is(Some(time), e.to, Time::ends),
                }
        });
        if !fits {
            return Some("no episode from or to that time".into());
        }
    }
    None
}

/// All that a verdict says, in the form of an `expect` line.
pub(crate) fn show_verdict(v: &Verdict, calendar: &servanda_model::Calendar) -> String {
    let all = Expected {
        late: true,
        grade: Some(v.grade),
        standing: Some(String::new()),
        due: v.due.map(|when| Time { when, day: false }),
        triggered: v.triggered.map(|when| Time { when, day: false }),
        because: vec![Name::from("")],
        records: vec![Name::from("")],
        against: vec![Name::from("")],
        missing: vec![String::new()],
        episodes: Some(0),
        ..Expected::of(v.norm.clone(), Who::All, None)
    };
    let head = format!("{} {}: {}", v.norm, v.bearer, say_again(v, &all, calendar));
    match v.instance.as_str() {
        "-" => head,
        instance => format!("{head}  # instance {instance}"),
    }
}

/// What an expectation says, said of this verdict: the same things, as they are.
fn say_again(v: &Verdict, expected: &Expected, calendar: &servanda_model::Calendar) -> String {
    let reasons = v.reasons();
    // Where nothing was said yet, the essential is.
    let bare =
        matches!(expected.says, Says::Anything) || (expected.says == Says::None && expected.grade.is_none());
    let mut out = v.performance.word().to_string();
    let mut add = |text: String| {
        out.push(' ');
        out.push_str(&text);
    };
    if (expected.late || bare) && v.performed_late.is_some() {
        add("late".into());
        if let (Some(_), Some(when)) = (expected.late_at, v.performed_late) {
            add(format!("at {}", show_time(when, calendar)));
        }
    }
    if expected.grade.is_some() || bare {
        add(v.grade.to_string());
    }
    if expected.standing.is_some() {
        add(format!("standing {}", v.standing.word()));
    }
    if let (true, Some(when)) = (expected.due.is_some() || bare, v.due) {
        add(format!("due {}", show_time(when, calendar)));
    }
    if let (true, Some(when)) = (expected.triggered.is_some(), v.triggered) {
        add(format!("triggered {}", show_time(when, calendar)));
    }
    if let Some((reading, option)) = &expected.under {
        add(format!("under {reading} = {option}"));
    }
    if expected.episodes.is_some() && !v.episodes.is_empty() {
        add(format!("episodes {}", v.episodes.len()));
    }
    if let (true, Some(first)) = (expected.from.is_some() || expected.episodes.is_some(), v.episodes.first())
    {
        add(format!("from {}", show_time(first.from, calendar)));
    }
    if let (true, Some(first)) = (expected.to.is_some(), v.episodes.first()) {
        add(first.to.map_or_else(|| "to open".into(), |to| format!("to {}", show_time(to, calendar))));
    }
    if !expected.because.is_empty() || bare {
        let mut codes: Vec<String> = reasons.because.iter().map(|b| b.code.word()).collect();
        let mut seen = BTreeSet::new();
        codes.retain(|code| seen.insert(code.clone()));
        let kept: Vec<&String> =
            codes.iter().filter(|c| expected.because.iter().any(|e| e.as_str() == c.as_str())).collect();
        let all = bare || kept.is_empty() || kept.len() < expected.because.len();
        let said: Vec<String> = if all { codes } else { kept.into_iter().cloned().collect() };
        add(format!("because {}", said.join(", ")));
    }
    let ids = |list: &[servanda_model::verdict::Cited], asked: &[Name]| -> Vec<String> {
        let mut kept: Vec<String> = asked
            .iter()
            .filter(|id| list.iter().any(|c| is_or_repeats(&c.record, id.as_str())))
            .map(Name::to_string)
            .collect();
        if kept.is_empty() || kept.len() < asked.len() {
            kept = list.iter().take(12).map(|c| c.record.to_string()).collect();
        }
        kept
    };
    for (word, list, asked) in [
        ("records", &reasons.decided_by, &expected.records),
        ("against", &reasons.against, &expected.against),
    ] {
        if !asked.is_empty() && !list.is_empty() {
            add(format!("{word} {}", ids(list, asked).join(", ")));
        }
    }
    let cited = |id: &Name| {
        let all = reasons.decided_by.iter().chain(&reasons.against);
        all.into_iter().any(|c| is_or_repeats(&c.record, id.as_str()))
    };
    let without: Vec<&str> = expected.without.iter().filter(|id| !cited(id)).map(Name::as_str).collect();
    if !without.is_empty() {
        add(format!("without {}", without.join(", ")));
    }
    if !expected.missing.is_empty() && !reasons.missing.is_empty() {
        let kept: Vec<&String> = expected
            .missing
            .iter()
            .filter(|t| !t.is_empty() && reasons.missing.iter().any(|m| m.contains(*t)))
            .collect();
        let said = if kept.len() == expected.missing.len() { kept } else { reasons.missing.iter().collect() };
        let said: Vec<String> = said.iter().map(|t| format!("\"{}\"", t.replace('"', "'"))).collect();
        add(format!("missing {}", said.join(", ")));
    }
    out
}

fn truth_word(truth: Truth) -> &'static str {
    let index = match truth {
        Truth::True => 0,
        Truth::False => 1,
        Truth::Unknown => 2,
        Truth::Contested => 3,
    };
    expect::TRUTHS[index]
}

fn term_is(state: &TermState, says: &TermSays) -> bool {
    match says {
        TermSays::Begins(time, grade) => {
            state.episodes.iter().any(|e| time.starts(e.began) && grade.is_none_or(|grade| grade == e.grade))
        }
        TermSays::Ends(time) => state.episodes.iter().any(|e| e.ended.is_some_and(|ended| time.ends(ended))),
        TermSays::Found(time) => {
            state.episodes.iter().any(|e| e.found.is_some_and(|found| time.starts(found)))
        }
        TermSays::Never => state.episodes.is_empty(),
        TermSays::Now(word) => *word == truth_word(state.now),
        TermSays::Anything => false,
    }
}

/// A term in the form of `expect` lines.
fn show_term(state: &TermState, calendar: &servanda_model::Calendar) -> Vec<String> {
    let term = &state.term;
    let mut out = Vec::new();
    for episode in &state.episodes {
        out.push(format!("term {term} begins {} {}", show_time(episode.began, calendar), episode.grade));
        if let Some(ended) = episode.ended {
            out.push(format!("term {term} ends {}", show_time(ended, calendar)));
        }
        if let Some(found) = episode.found {
            out.push(format!("term {term} found {}", show_time(found, calendar)));
        }
    }
    if out.is_empty() {
        out.push(format!("term {term} never"));
    }
    out.push(format!("term {term} now {}", truth_word(state.now)));
    out
}

fn acts_of<'b>(board: &'b Board, power: &Name, by: &Name) -> Vec<&'b Act> {
    let mut acts: Vec<&Act> =
        board.acts.iter().filter(|a| a.power == *power && a.actor.as_ref() == Some(by)).collect();
    acts.sort_by_key(|act| act.when);
    acts
}

fn act_is(act: &Act, says: &ActSays) -> bool {
    match says {
        ActSays::Effective(time) => !act.purported && act.effect.is_some_and(|at| time.ends(When::exact(at))),
        ActSays::Purported => act.purported,
        ActSays::WithoutEffect => act.effect.is_none(),
        ActSays::None | ActSays::Anything => false,
    }
}

fn show_effect(act: &Act, calendar: &servanda_model::Calendar) -> String {
    match act.effect {
        _ if act.purported => "purported".into(),
        Some(at) => format!("effective {}", show_time(When::exact(at), calendar)),
        None => "without effect".into(),
    }
}

fn show_act(act: &Act, calendar: &servanda_model::Calendar) -> String {
    let actor = act.actor.as_ref().map_or("nobody known", Name::as_str);
    let effect = show_effect(act, calendar);
    format!("act {} by {actor}: {effect} because \"{}\"  # record {}", act.power, act.because, act.record)
}

/// A stretch of a text without its ends of lines, and without the signs of a quotation that begin the next.
fn on_one_line(text: &str) -> String {
    let lines = text.lines().enumerate().map(|(n, line)| {
        let line = line.trim();
        if n == 0 { line } else { line.strip_prefix('>').unwrap_or(line).trim_start() }
    });
    lines.collect::<Vec<_>>().join(" ")
}
