//! Notices: drafts that a person reads, changes and sends. An alert (CAP 1.2) for a duty that was triggered, and letters as Markdown.
//!
//! What it deliberately does not do: send anything, decide who is to be told, claim more than the verdict says. What is not known stays a
//! blank in brackets for the person to fill.
//!
//! Invariants
//! - what belongs to an exercise says so: `Exercise` as the alert's status, and the first line of a letter;
//! - an alert is never public by itself: its scope is `Restricted`, and it names the marking;
//! - the same verdict, sender and moment give the same bytes, and a later alert of the same duty names the same identifier with another
//!   moment;
//! - what people wrote is text in it, never markup.
//!
//! Where to start reading: [`cap`], [`letter`].
//!
//! # Source
//! OASIS Common Alerting Protocol 1.2, section 3.2.

mod words;

use crate::document::html::escape;
use crate::{Duty, View, phrases, wording};
use servanda_model::record::Record;
use servanda_model::verdict::{Bearer, Performance};
use servanda_model::{Grade, Instant, When};

/// The language of what the program words: `said`, headings, letters. What the agreement and the records say stays as it is, and so does
/// what the engine words and the book of phrases does not have ([`crate::phrases`]): that is English.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Ukrainian.
    Uk,
}

impl Lang {
    /// By its code: `en`, `uk`.
    pub fn parse(code: &str) -> Option<Lang> {
        match code {
            "en" => Some(Lang::En),
            "uk" => Some(Lang::Uk),
            _ => None,
        }
    }
}

/// Who alerts, and about where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert<'a> {
    /// The sender, as CAP wants it: one word that is its own in the world, such as `desk@mission.example.org`.
    pub sender: &'a str,
    /// When the person means to send it.
    pub sent: Instant,
    /// The area in words; none where the duty is of no place.
    pub area: Option<&'a str>,
    /// The language of the agreement's words, such as `en`.
    pub language: &'a str,
    /// The language of the program's.
    pub lang: Lang,
}

/// Why an alert cannot be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoAlert {
    /// The sender has blanks, commas or signs that the protocol forbids.
    Sender,
    /// The duty was not triggered, or is done: nobody has to be alerted.
    NotOwed,
}

/// CAP wants the zone as an offset, and `Z` is forbidden.
fn cap_time(at: Instant) -> String {
    // Whole seconds, and none that has not been reached.
    let text = Instant(at.0.div_euclid(1_000) * 1_000).to_string();
    text.strip_suffix('Z').map_or(text.clone(), |text| format!("{text}-00:00"))
}

/// Whether it is owed at this moment.
pub fn is_owed(duty: &Duty<'_>) -> bool {
    match duty.verdict.performance {
        Performance::Pending | Performance::PendingEvidence | Performance::Missed => true,
        Performance::Violated => duty.verdict.performed_late.is_none(),
        _ => false,
    }
}

fn certainty(grade: Grade) -> &'static str {
    match grade {
        Grade::Confirmed => "Observed",
        Grade::Probable => "Likely",
        Grade::None => "Unknown",
        Grade::Possible => "Possible",
    }
}

fn urgency(due: Option<When>, now: Instant) -> &'static str {
    match due {
        None => "Unknown",
        Some(due) if due.earliest.0 <= now.0 => "Immediate",
        Some(due) if due.earliest.0 - now.0 <= 3_600_000 => "Expected",
        Some(_) => "Future",
    }
}

/// What tells this duty from all others, as one word.
fn identifier(view: &View<'_>, duty: &Duty<'_>) -> String {
    let v = duty.verdict;
    let parts = [view.agreement.name.as_str(), v.norm.as_str(), &v.bearer.to_string(), v.instance.as_str()];
    let fine = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '-' };
    parts.map(|part| part.chars().map(fine).collect::<String>()).join(".")
}

/// An alert for a duty, as a CAP 1.2 message.
///
/// # Errors
/// Where the protocol or the verdict forbids it.
pub fn cap(view: &View<'_>, duty: &Duty<'_>, alert: &Alert<'_>) -> Result<String, NoAlert> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '<' | '&');
    if alert.sender.is_empty() || alert.sender.contains(forbidden) {
        return Err(NoAlert::Sender);
    }
    if !is_owed(duty) {
        return Err(NoAlert::NotOwed);
    }
    let (v, question) = (duty.verdict, &view.board.question);
    let exercise = view.is_exercise();
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n",
    );
    let mut line = |depth: usize, name: &str, text: &str| {
        out.push_str(&format!("{}<{name}>{}</{name}>\n", "  ".repeat(depth), escape(text)));
    };
    let lang = alert.lang;
    let marking = marking(view, &v.marking, lang);
    line(1, "identifier", &identifier(view, duty));
    line(1, "sender", alert.sender);
    line(1, "sent", &cap_time(alert.sent));
    line(1, "status", if exercise { "Exercise" } else { "Actual" });
    line(1, "msgType", "Alert");
    line(1, "scope", "Restricted");
    let restriction = if marking.is_empty() { lang.t("restriction").to_string() } else { marking };
    line(1, "restriction", &restriction);
    if exercise {
        line(1, "note", lang.t("exercise-note"));
    }
    out.push_str("  <info>\n");
    let mut line = |name: &str, text: &str| {
        out.push_str(&format!("    <{name}>{}</{name}>\n", escape(text)));
    };
    let banner = if exercise { format!("{}: ", lang.t("exercise")) } else { String::new() };
    line("language", alert.language);
    line("category", "Security");
    line("event", &duty.title);
    line("urgency", urgency(v.due, question.at));
    // How grave it is, is for people to say.
    line("severity", "Unknown");
    line("certainty", certainty(v.grade));
    if let Some(triggered) = v.triggered {
        line("onset", &cap_time(triggered.earliest));
    }
    if let Some(due) = v.due.filter(|due| due.earliest > question.at) {
        line("expires", &cap_time(due.earliest));
    }
    let (bearer, state) = (bearer(view, duty, lang), lang.word("state", duty.state.word));
    line("headline", &format!("{banner}{}, {bearer}: {state}", duty.title));
    line("description", &said(view, duty, lang));
    out.push_str(&format!(
        "    <parameter>\n      <valueName>servanda:knownAt</valueName>\n      <value>{}</value>\n    </parameter>\n",
        question.known_at
    ));
    if let Some(area) = alert.area {
        out.push_str(&format!("    <area>\n      <areaDesc>{}</areaDesc>\n    </area>\n", escape(area)));
    }
    out.push_str("  </info>\n</alert>\n");
    Ok(out)
}

/// Who bears a duty.
fn bearer(view: &View<'_>, duty: &Duty<'_>, lang: Lang) -> String {
    let named = |key: &str, names: &[servanda_model::Name]| {
        let all: Vec<&str> = names.iter().map(|name| view.agreement.phrase(name)).collect();
        lang.with(key, &[("names", &all.join(", "))])
    };
    match (lang, &duty.verdict.bearer) {
        (Lang::En, _) => duty.bearer.clone(),
        (Lang::Uk, Bearer::Party(name)) => view.agreement.phrase(name).to_string(),
        (Lang::Uk, Bearer::Jointly(names)) => named("jointly", names),
        (Lang::Uk, Bearer::NotEstablished(names)) => named("one-of", names),
        (Lang::Uk, Bearer::Unstated) => lang.t("unstated").to_string(),
    }
}

/// Who may see it.
fn marking(view: &View<'_>, marking: &servanda_model::record::Marking, lang: Lang) -> String {
    match (lang, &marking.releasable_to) {
        (Lang::Uk, Some(to)) => {
            let names: Vec<&str> = to.iter().map(|name| view.agreement.phrase(name)).collect();
            format!("{}, {}", marking.level.word(), lang.with("only-to", &[("names", &names.join(", "))]))
        }
        _ => wording::marking(view.agreement, marking),
    }
}

/// A time with its doubt.
fn time(view: &View<'_>, when: When, lang: Lang) -> String {
    let text = view.agreement.calendar.show_when(when);
    match lang {
        Lang::En => text,
        Lang::Uk => text.replace(" to ", " – "),
    }
}

/// What the verdict says, in sentences.
fn said(view: &View<'_>, duty: &Duty<'_>, lang: Lang) -> String {
    let (v, calendar) = (duty.verdict, &view.agreement.calendar);
    let mut out = format!("{} ({}", duty.title, lang.with("borne-by", &[("who", &bearer(view, duty, lang))]));
    if !duty.owed_to.is_empty() {
        let to: Vec<&str> = v.owed_to.iter().map(|name| view.agreement.phrase(name)).collect();
        let to = if lang == Lang::En { duty.owed_to.clone() } else { to.join(", ") };
        out.push_str(&format!(", {}", lang.with("owed-to", &[("whom", &to)])));
    }
    let mut say = |key: &str, value: &str| out.push_str(&lang.with(key, &[("value", value)]));
    say("state", &lang.word("state", duty.state.word));
    if let Some(clause) = duty.clause {
        say("clause", clause);
    }
    if let Some(triggered) = v.triggered {
        say("triggered", &time(view, triggered, lang));
    }
    if let Some(due) = v.due {
        say("due", &time(view, due, lang));
    }
    let question = &view.board.question;
    say("as-of", &calendar.show(question.at));
    say("known-at", &calendar.show(question.known_at));
    out
}

/// What kind of letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// To meet and speak about it.
    Consultation,
    /// That something is, was or will be done.
    Notification,
    /// To what somebody alleged.
    Reply,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Consultation, Kind::Notification, Kind::Reply];

    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Consultation => "consultation",
            Kind::Notification => "notification",
            Kind::Reply => "reply",
        }
    }
}

/// Who writes to whom.
#[derive(Clone, PartialEq, Debug)]
pub struct Letter<'a> {
    /// Which.
    pub kind: Kind,
    /// Who writes.
    pub from: &'a str,
    /// To whom.
    pub to: &'a str,
    /// The record that a reply is about.
    pub about: Option<&'a Record>,
    /// The language of what the program words.
    pub lang: Lang,
}

/// A text on one line, in which no sign of Markdown stands for anything.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A draft of a letter, as Markdown. What the program does not know stands in brackets.
pub fn letter(view: &View<'_>, duty: &Duty<'_>, letter: &Letter<'_>) -> String {
    let agreement = view.agreement;
    let title = if agreement.title.is_empty() { agreement.name.as_str() } else { &agreement.title };
    let lang = letter.lang;
    let of_kind = |part: &str| lang.t(&format!("{}-{part}", letter.kind.word()));
    let mut out = String::new();
    if view.is_exercise() {
        out.push_str(&format!("**{0} {0} {0}**\n\n", lang.t("exercise")));
    }
    let field = |key: &str, value: &str| format!("{}: {}\n", lang.t(key), plain(value));
    let marking = marking(view, &duty.verdict.marking, lang);
    if !marking.is_empty() {
        out.push_str(&format!("{}\n", field("marking", &marking)));
    }
    out.push_str(&format!("# {}\n\n{}\n\n", of_kind("subject"), lang.t("draft")));
    out.push_str(&format!("- {}- {}", field("from", letter.from), field("to", letter.to)));
    out.push_str(&format!("- {}", field("under", title)));
    if let Some(clause) = duty.clause {
        out.push_str(&format!("- {}", field("of-clause", clause)));
    }
    out.push_str(&format!("- {}\n- {}\n\n", lang.t("sent"), lang.t("received")));
    if let Some(record) = letter.about {
        let gaps = [
            ("line", plain(&wording::record_line(agreement, record))),
            ("id", plain(record.id.as_str())),
            ("when", plain(&time(view, record.when, lang))),
        ];
        let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
        out.push_str(&format!("{}\n\n", lang.with("allegation", &gaps)));
    }
    out.push_str(&format!(
        "{}\n\n## {}\n\n{}\n",
        of_kind("body"),
        lang.t("record-says"),
        plain(&said(view, duty, lang))
    ));
    if !duty.evidence.is_empty() {
        out.push_str(&format!("\n{}\n\n", lang.t("to-be-shown")));
        for one in &duty.evidence {
            let said = if lang == Lang::Uk { phrases::ukrainian(one) } else { None };
            out.push_str(&format!("- {}\n", plain(said.as_deref().unwrap_or(one))));
        }
    }
    out
}
