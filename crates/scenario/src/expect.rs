//! Lines of `expect` fences → expectations, read against an agreement.
//!
//! Reading is strict: a word, norm, bearer, code or record that is not there is a failure with the nearest that is,
//! never an expectation that silently passes. Comparing is done by [`run`](crate::run).

use crate::Failure;
use crate::document::Line;
use crate::words::{Word, Words, Written, did_you_mean, time, time_or_stretch};
use servanda_model::verdict::{Code, Performance};
use servanda_model::{Agreement, Grade, Instant, Name, Question, Record, When};
use std::collections::{BTreeMap, BTreeSet};

/// One expectation and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Expectation {
    pub line: Line,
    /// Where in the line its words end; a remark may follow.
    pub end: usize,
    /// What is asked; `None` where the expectation is about the text alone.
    pub question: Option<Question>,
    pub kind: Kind,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Kind {
    Term {
        term: Name,
        says: TermSays,
    },
    Verdict(Box<Expected>),
    Act {
        power: Name,
        by: Name,
        nth: Option<usize>,
        says: ActSays,
        because: Option<String>,
    },
    Diagnostic {
        code: String,
        at: Option<String>,
    },
    NoDiagnostics,
    /// A finding about the text; `there` is false where it must not be.
    Finding {
        code: String,
        about: Option<Name>,
        at: Option<String>,
        there: bool,
    },
}

impl Kind {
    /// Whether it is about the text alone, and asks no moment.
    pub fn about_text(&self) -> bool {
        matches!(self, Kind::Diagnostic { .. } | Kind::NoDiagnostics | Kind::Finding { .. })
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum TermSays {
    Begins(Time, Option<Grade>),
    Ends(Time),
    Found(Time),
    Never,
    Now(&'static str),
    /// `?`: to be filled in.
    Anything,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ActSays {
    Effective(Time),
    Purported,
    WithoutEffect,
    None,
    /// `?`: to be filled in.
    Anything,
}

/// A time as expected. A day stands for the whole day as a doubt, and for its first or its last instant where the thing
/// expected starts or ends with it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Time {
    pub when: When,
    pub day: bool,
}

impl Time {
    /// Whether an actual time is this one, where a day stands for its first instant.
    pub fn starts(self, actual: When) -> bool {
        actual == self.when || (self.day && actual == When::exact(self.when.earliest))
    }

    /// Whether an actual time is this one, where a day stands for its last instant.
    pub fn ends(self, actual: When) -> bool {
        actual == self.when || (self.day && actual == When::exact(self.when.latest))
    }
}

/// An expected verdict. What is `None` or empty is not compared.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Expected {
    pub norm: Name,
    pub bearer: Who,
    pub nth: Option<usize>,
    pub says: Says,
    pub late: bool,
    pub grade: Option<Grade>,
    pub standing: Option<String>,
    pub due: Option<Time>,
    pub triggered: Option<Time>,
    pub under: Option<(Name, Name)>,
    pub because: Vec<Name>,
    pub records: Vec<Name>,
    pub against: Vec<Name>,
    pub without: Vec<Name>,
    pub missing: Vec<String>,
    pub episodes: Option<usize>,
    pub from: Option<Time>,
    pub to: Option<Until>,
    pub late_at: Option<Time>,
}

impl Expected {
    /// That there is no such instance, until more is said.
    pub fn of(norm: Name, bearer: Who, nth: Option<usize>) -> Expected {
        Expected {
            norm,
            bearer,
            nth,
            says: Says::None,
            late: false,
            grade: None,
            standing: None,
            due: None,
            triggered: None,
            under: None,
            because: Vec::new(),
            records: Vec::new(),
            against: Vec::new(),
            without: Vec::new(),
            missing: Vec::new(),
            episodes: None,
            from: None,
            to: None,
            late_at: None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Until {
    At(Time),
    /// It lasts.
    Open,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Who {
    /// `*`
    All,
    Unstated,
    NotEstablished,
    Named(BTreeSet<Name>),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Says {
    /// `none`: there is no such instance.
    None,
    /// `?`: to be filled in.
    Anything,
    Is(Performance),
}

const VERDICT_WORDS: [&str; 13] = [
    "late",
    "standing",
    "due",
    "triggered",
    "under",
    "because",
    "records",
    "against",
    "without",
    "missing",
    "episodes",
    "from",
    "to",
];
const STANDINGS: [&str; 10] = [
    "dormant",
    "waiting",
    "active",
    "suspended",
    "expired",
    "discharged",
    "excused",
    "waived",
    "terminated",
    "superseded",
];
/// What a term can come to, as scenarios write it.
pub(crate) const TRUTHS: [&str; 4] = ["true", "false", "unknown", "contested"];

/// The expectations of one fence, and the lines that cannot be read.
pub(crate) fn read(
    agreement: &Agreement,
    fence: &[Line],
    records: &[Record],
) -> (Vec<Expectation>, Vec<Failure>) {
    let (mut expectations, mut failures) = (Vec::new(), Vec::new());
    let mut reader = Reader { agreement, records, question: None, readings: BTreeMap::new() };
    for line in fence {
        let read = Words::of(&line.text).and_then(|mut words| {
            let end = words.end;
            let kind = if words.is_empty() { None } else { reader.line(&mut words)? };
            match words.next() {
                Some(left) => Err(format!("`{}` is left over at the end of the line", left.text)),
                None => Ok(kind.map(|kind| (kind, end))),
            }
        });
        match read {
            Ok(None) => {}
            Ok(Some((kind, end))) => {
                let about_text = kind.about_text();
                let question = (!about_text).then(|| reader.asked()).flatten();
                if question.is_none() && !about_text {
                    let failure = Failure::new(line.number, "no moment is asked about yet");
                    failures.push(failure.help("begin the fence with `at 2027-05-06T00:00`"));
                    continue;
                }
                expectations.push(Expectation { line: line.clone(), end, question, kind });
            }
            Err(message) => failures.push(Failure::new(line.number, message)),
        }
    }
    (expectations, failures)
}

/// The codes of reasons, by their words.
pub(crate) fn codes() -> Vec<(String, Code)> {
    Code::ALL.into_iter().map(|code| (code.word(), code)).collect()
}

struct Reader<'a> {
    agreement: &'a Agreement,
    records: &'a [Record],
    question: Option<(Instant, Instant)>,
    readings: BTreeMap<Name, Name>,
}

impl Reader<'_> {
    fn asked(&self) -> Option<Question> {
        self.question.map(|(at, known_at)| Question { at, known_at, readings: self.readings.clone() })
    }

    fn line(&mut self, words: &mut Words) -> Result<Option<Kind>, String> {
        if let Some(head) = words.split_after(':') {
            return self.judged(head, words).map(Some);
        }
        let first = words.need("an expectation")?;
        match first.text.as_str() {
            "at" => {
                let at = self.instant(words)?;
                self.question = Some((at, at));
                Ok(None)
            }
            "known" if words.take("at") => {
                let known_at = self.instant(words)?;
                let (at, _) = self.question.ok_or("`at` comes before `known at`")?;
                self.question = Some((at, known_at));
                Ok(None)
            }
            "reading" => {
                let (reading, option) = self.choice(words)?;
                self.readings.insert(reading, option);
                Ok(None)
            }
            "term" => self.term(words).map(Some),
            "diagnostic" => {
                let code = words.need("a code")?.text;
                let at = if words.take("at") { Some(words.need("the text")?.text) } else { None };
                Ok(Some(Kind::Diagnostic { code, at }))
            }
            "no" if words.take("diagnostics") => Ok(Some(Kind::NoDiagnostics)),
            "no" if words.take("finding") => self.finding(words, false).map(Some),
            "finding" => self.finding(words, true).map(Some),
            word => {
                let known = ["at", "known", "reading", "term", "act", "diagnostic", "finding"];
                let near = crate::words::suggest(word, known);
                Err(match near {
                    Some(near) => format!("`{word}` begins no expectation; did you mean `{near}`?"),
                    None => format!(
                        "`{word}` begins no expectation; a verdict is written `NORM BEARER: violated`"
                    ),
                })
            }
        }
    }

    fn finding(&self, words: &mut Words, there: bool) -> Result<Kind, String> {
        let code = words.need("a code")?.text;
        if !code.starts_with('A') || servanda_lang::diagnostic::explain(&code).is_none() {
            return Err(format!("there is no finding `{code}`; `servanda explain` lists the codes"));
        }
        let about =
            if words.take("about") { Some(Name::from(words.need("a name")?.text.as_str())) } else { None };
        let at = if words.take("at") { Some(words.need("the text")?.text) } else { None };
        Ok(Kind::Finding { code, about, at, there })
    }

    fn instant(&self, words: &mut Words) -> Result<Instant, String> {
        let word = words.need("a time")?;
        let written = time(&word.text, &self.agreement.calendar)?;
        if written.day {
            return Err(format!("`{0}` is a whole day; write `{0}T00:00` or `{0}T24:00`", word.text));
        }
        Ok(written.when.earliest)
    }

    fn time(&self, words: &mut Words) -> Result<Time, String> {
        let stretch = time_or_stretch(words, &self.agreement.calendar)?;
        Ok(match stretch {
            (Written { when, day }, None) => Time { when, day },
            (first, Some(second)) => {
                Time { when: When { earliest: first.when.earliest, latest: second.when.latest }, day: false }
            }
        })
    }

    /// `READING = OPTION`
    fn choice(&self, words: &mut Words) -> Result<(Name, Name), String> {
        let reading = words.need("a reading")?.text;
        let known: Vec<&str> = self.agreement.readings.keys().map(Name::as_str).collect();
        let found = self.agreement.readings.get(reading.as_str());
        let found = found.ok_or_else(|| {
            format!("the agreement has no reading `{reading}`{}", did_you_mean(&reading, known))
        })?;
        if !words.take("=") {
            return Err(format!("write `{reading} = OPTION`"));
        }
        let option = words.need("an option")?.text;
        let options: Vec<&str> = found.options.iter().map(|(name, _)| name.as_str()).collect();
        if !options.contains(&option.as_str()) {
            let near = did_you_mean(&option, options);
            return Err(format!("the reading `{reading}` has no option `{option}`{near}"));
        }
        Ok((Name::from(reading), Name::from(option)))
    }

    fn term(&self, words: &mut Words) -> Result<Kind, String> {
        let term = words.need("a term")?.text;
        let known: Vec<&str> = self.agreement.terms.keys().map(Name::as_str).collect();
        if !known.contains(&term.as_str()) {
            return Err(format!("the agreement has no term `{term}`{}", did_you_mean(&term, known)));
        }
        let word = words.need("what the term does")?;
        let says =
            match word.text.as_str() {
                "begins" => {
                    let time = self.time(words)?;
                    TermSays::Begins(time, self.grade(words))
                }
                "ends" => TermSays::Ends(self.time(words)?),
                "found" => TermSays::Found(self.time(words)?),
                "never" => TermSays::Never,
                "?" => TermSays::Anything,
                "now" => {
                    let word = words.need("true, false, unknown or contested")?;
                    let truth = TRUTHS.into_iter().find(|t| word.is(t));
                    TermSays::Now(truth.ok_or_else(|| {
                        format!("`{}`: a term is true, false, unknown or contested", word.text)
                    })?)
                }
                other => {
                    let near = did_you_mean(other, ["begins", "ends", "found", "never", "now"]);
                    return Err(format!("a term cannot be expected to `{other}`{near}"));
                }
            };
        Ok(Kind::Term { term: Name::from(term), says })
    }

    fn grade(&self, words: &mut Words) -> Option<Grade> {
        let grade = words.peek().and_then(|word| Grade::parse(&word.text));
        if grade.is_some() {
            words.next();
        }
        grade
    }

    /// `NORM BEARER[#K]: …` or `act POWER by PARTY[#K]: …`
    fn judged(&self, mut head: Words, words: &mut Words) -> Result<Kind, String> {
        // A norm may be called `act`.
        let mut after = head.clone();
        if after.take("act") && after.next().is_some() && after.take("by") {
            head.next();
            return self.act(head, words);
        }
        let norm = head.need("a norm")?.text;
        let known: Vec<&str> = self.agreement.norms.iter().map(|n| n.name.as_str()).collect();
        if !known.contains(&norm.as_str()) {
            return Err(format!("the agreement has no norm `{norm}`{}", did_you_mean(&norm, known)));
        }
        let word = head
            .next()
            .ok_or_else(|| format!("`{norm}`: a bearer is missing; `*` stands for all of them"))?;
        if let Some(left) = head.next() {
            return Err(format!("`{}` is left over before the colon", left.text));
        }
        let (bearer, nth) = self.bearer(&word)?;
        let mut expected = Expected::of(Name::from(norm), bearer, nth);
        let word = words.need("what became of the norm")?;
        expected.says = match word.text.as_str() {
            "none" => return Ok(Kind::Verdict(Box::new(expected))),
            "?" => Says::Anything,
            text => match Performance::parse(text) {
                Some(performance) => Says::Is(performance),
                None => {
                    let known = Performance::ALL.map(Performance::word).into_iter().chain(["none"]);
                    return Err(format!("`{text}` is no verdict{}", did_you_mean(text, known)));
                }
            },
        };
        while let Some(word) = words.next() {
            self.attribute(&word, words, &mut expected)?;
        }
        Ok(Kind::Verdict(Box::new(expected)))
    }

    fn attribute(&self, word: &Word, words: &mut Words, expected: &mut Expected) -> Result<(), String> {
        let text = word.text.as_str();
        let twice = |given: bool| if given { Err(format!("`{text}` is given twice")) } else { Ok(()) };
        if let Some(grade) = Grade::parse(text) {
            twice(expected.grade.is_some())?;
            expected.grade = Some(grade);
            return Ok(());
        }
        match text {
            "late" => {
                expected.late = true;
                if words.take("at") {
                    expected.late_at = Some(self.time(words)?);
                }
            }
            "standing" => {
                let word = words.need("a standing")?.text;
                if !STANDINGS.contains(&word.as_str()) {
                    return Err(format!("there is no standing `{word}`{}", did_you_mean(&word, STANDINGS)));
                }
                expected.standing = Some(word);
            }
            "due" => expected.due = Some(self.time(words)?),
            "triggered" => expected.triggered = Some(self.time(words)?),
            "under" => expected.under = Some(self.choice(words)?),
            "from" => expected.from = Some(self.time(words)?),
            "to" if words.take("open") => expected.to = Some(Until::Open),
            "to" => expected.to = Some(Until::At(self.time(words)?)),
            "episodes" => {
                let word = words.need("a number")?.text;
                expected.episodes =
                    Some(word.parse().map_err(|_| format!("`{word}` is no number of episodes"))?);
            }
            "because" => {
                let codes = codes();
                for word in words.list("a code")? {
                    if !codes.iter().any(|(code, _)| *code == word.text) {
                        let near = did_you_mean(&word.text, codes.iter().map(|(code, _)| code.as_str()));
                        return Err(format!("there is no reason `{}`{near}", word.text));
                    }
                    expected.because.push(Name::from(word.text));
                }
            }
            "records" => expected.records = self.record_ids(words)?,
            "against" => expected.against = self.record_ids(words)?,
            "without" => expected.without = self.record_ids(words)?,
            "missing" => expected.missing.extend(words.list("the text")?.into_iter().map(|word| word.text)),
            _ => {
                let known = VERDICT_WORDS.into_iter().chain(Grade::CHAIN.map(Grade::word));
                return Err(match crate::words::suggest(text, known) {
                    Some(near) => format!("`{text}` says nothing about a verdict; did you mean `{near}`?"),
                    None => format!(
                        "`{text}` says nothing about a verdict; there is {}",
                        VERDICT_WORDS.join(", ")
                    ),
                });
            }
        }
        Ok(())
    }

    /// Identities of records: one by one, or all repeats of a row by the row's.
    fn record_ids(&self, words: &mut Words) -> Result<Vec<Name>, String> {
        let mut out = Vec::new();
        for word in words.list("a record")? {
            if !self.records.iter().any(|r| is_or_repeats(&r.id, &word.text)) {
                let known = self.records.iter().map(|r| r.id.as_str());
                return Err(format!("there is no record `{}`{}", word.text, did_you_mean(&word.text, known)));
            }
            out.push(Name::from(word.text));
        }
        Ok(out)
    }

    fn bearer(&self, word: &Word) -> Result<(Who, Option<usize>), String> {
        let (name, nth) = match word.text.rsplit_once('#') {
            Some((name, k)) => {
                let k: usize = k.parse().ok().filter(|k| *k > 0).ok_or_else(|| {
                    format!("`#{k}` is no instance; they are counted from #1 in the order of their triggers")
                })?;
                (name, Some(k))
            }
            None => (word.text.as_str(), None),
        };
        let who = match name {
            "*" => Who::All,
            "unstated" => Who::Unstated,
            "not-established" => Who::NotEstablished,
            _ => {
                let mut names = BTreeSet::new();
                for part in name.split('+') {
                    names.insert(self.party(part)?);
                }
                Who::Named(names)
            }
        };
        Ok((who, nth))
    }

    fn party(&self, name: &str) -> Result<Name, String> {
        let a = self.agreement;
        let known: Vec<&str> =
            a.parties.keys().chain(a.groups.keys()).chain(a.bodies.keys()).map(Name::as_str).collect();
        if known.contains(&name) {
            return Ok(Name::from(name));
        }
        let special = ["unstated", "not-established", "*"];
        let near = did_you_mean(name, known.into_iter().chain(special));
        Err(format!("the agreement has no party, group or body `{name}`{near}"))
    }

    fn act(&self, mut head: Words, words: &mut Words) -> Result<Kind, String> {
        let power = head.need("a power")?.text;
        let known: Vec<&str> = self.agreement.powers.iter().map(|p| p.name.as_str()).collect();
        if !known.contains(&power.as_str()) {
            return Err(format!("the agreement has no power `{power}`{}", did_you_mean(&power, known)));
        }
        head.take("by");
        let word = head.need("a party")?;
        let (who, nth) = self.bearer(&word)?;
        let Who::Named(names) = who else {
            return Err(format!("`{}` cannot act under a power; name a party", word.text));
        };
        let by = names.into_iter().next().unwrap_or_else(|| Name::from(""));
        let word = words.need("what became of the act")?;
        let says = match word.text.as_str() {
            "effective" => ActSays::Effective(self.time(words)?),
            "purported" => ActSays::Purported,
            "without" if words.take("effect") => ActSays::WithoutEffect,
            "none" => ActSays::None,
            "?" => ActSays::Anything,
            text => {
                let near = did_you_mean(text, ["effective", "purported", "without effect", "none"]);
                return Err(format!("an act is not `{text}`{near}"));
            }
        };
        let because = if words.take("because") { Some(words.need("the reason")?.text) } else { None };
        Ok(Kind::Act { power: Name::from(power), by, nth, says, because })
    }
}

/// Whether a record's identity is this one, or that of a repeat of this row.
pub(crate) fn is_or_repeats(id: &Name, asked: &str) -> bool {
    id.as_str() == asked
        || id
            .as_str()
            .strip_prefix(asked)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|k| !k.is_empty() && k.bytes().all(|b| b.is_ascii_digit()))
}
