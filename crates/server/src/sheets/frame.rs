//! What every sheet stands in: head, moments, pages, languages; and the pieces that several sheets use.
//!
//! Invariants
//! - what is put into the markup is escaped here or by whoever calls [`e`]; a [`Made`] holds markup.
//!
//! Where to start reading: [`Page::html`].

use super::words::{Lang, Words};
use crate::Problem;
use crate::asked::Asked;
use crate::forms::Fields;
use crate::pages::seen::Seen;
use servanda_model::{Instant, Name, When};
pub(crate) use servanda_report::document::html::escape as e;
use servanda_report::{State, phrases, wording};
use servanda_store::Store;
use servanda_store::policy::{Role, Viewer};
use std::sync::Arc;

/// What a sheet is made of.
pub(crate) struct Page {
    pub words: Words,
    /// Its address.
    pub path: String,
    /// What was asked, as it was written.
    pub query: Vec<(String, String)>,
    pub seen: Arc<Seen>,
    pub asked: Asked,
    pub store: Option<Arc<Store>>,
    pub viewer: Option<Viewer>,
    /// Where somebody is signed in: what forms carry.
    pub form_token: Option<String>,
    /// So many notices wait on the account's own page.
    pub notices: usize,
    pub is_public: bool,
    /// Why a form was not taken.
    pub alert: String,
    /// That was said beside the form.
    pub told: std::cell::Cell<bool>,
    /// What was typed into it.
    pub typed: Fields,
    /// Its moments are those of its own form: it asks for no others, and does not go on by itself.
    pub stands: bool,
}

/// A sheet, but for its frame: markup.
pub(crate) struct Made {
    /// The question that it answers.
    pub title: &'static str,
    /// The answer in a word.
    pub word: String,
    /// And in a sentence.
    pub sentence: String,
    pub main: String,
}

const PAGES: [(&str, &str); 14] = [
    ("/", "nav-board"),
    ("/incidents", "nav-incidents"),
    ("/map", "nav-map"),
    ("/access", "nav-access"),
    ("/inspections", "nav-inspections"),
    ("/duties", "nav-duties"),
    ("/triggers", "nav-triggers"),
    ("/cases", "nav-cases"),
    ("/plans", "nav-plans"),
    ("/draft", "nav-draft"),
    ("/lab", "nav-lab"),
    ("/bulletin", "nav-bulletin"),
    ("/reports", "nav-reports"),
    ("/audit", "nav-audit"),
];

/// A part of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// An address with what it asks; empty values are left out.
fn address<'p>(path: &str, pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_string() } else { format!("{path}?{query}") }
}

/// Outlines of the signs of states, as `web/element.js` draws them.
fn outline(tone: &str) -> &'static str {
    match tone {
        "broken" => {
            r#"<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" class="full"/><path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" class="cut"/>"#
        }
        "kept" => {
            r#"<circle cx="8" cy="8" r="7" class="full"/><path d="M4.6 8.3l2.3 2.4 4.5-5" class="cut"/>"#
        }
        "missed" => {
            r#"<rect x="1.6" y="1.6" width="12.8" height="12.8" rx="2" class="line"/><path d="M4.8 8h6.4" class="line"/>"#
        }
        "reading" => {
            r#"<path d="M8 1.2L14.8 8 8 14.8 1.2 8z" class="line"/><path d="M8 1.2L14.8 8 8 14.8z" class="full"/>"#
        }
        "doubt" => r#"<path d="M8 1.6L15 14.4H1z" class="line"/><path d="M8 6v4M8 11.6v1" class="line"/>"#,
        "unseen" => {
            r#"<circle cx="8" cy="8" r="6.8" class="line"/><path d="M2.4 11.2l8.8-8.8M4 13.6l9.6-9.6M1.6 7.6l6-6M8.4 14.4l6-6" class="thin"/>"#
        }
        "waiting" => r#"<circle cx="8" cy="8" r="6.6" class="dots"/>"#,
        "open" => r#"<circle cx="8" cy="8" r="6.6" class="line"/>"#,
        _ => r#"<circle cx="8" cy="8" r="2.4" class="full"/>"#,
    }
}

/// A state: sign and word. `word` is markup.
pub(crate) fn badge(tone: &str, word: &str) -> String {
    format!(
        "<span class=\"badge tone-{tone}\"><svg viewBox=\"0 0 16 16\" class=\"shape\" aria-hidden=\"true\">{}</svg>\
         <span>{word}</span></span>",
        outline(tone)
    )
}

/// A section with a heading; its content is markup.
pub(crate) fn section(heading: &str, content: &str) -> String {
    format!("<section class=\"sheet\">\n<h2>{}</h2>\n{content}\n</section>\n", e(heading))
}

/// A table whose rows are markup.
pub(crate) fn table(caption: &str, heads: &[&str], rows: &str) -> String {
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", e(head))).collect();
    format!(
        "<table class=\"list\">\n<caption class=\"unseen-text\">{}</caption>\n<thead><tr>{heads}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n",
        e(caption)
    )
}

/// Choices of a list; of each its value and how it is called.
pub(crate) fn options<'o>(all: impl IntoIterator<Item = (&'o str, &'o str)>, chosen: &str) -> String {
    let one = |(value, called): (&str, &str)| {
        let selected = if value == chosen { " selected" } else { "" };
        format!("<option value=\"{}\"{selected}>{}</option>", e(value), e(called))
    };
    all.into_iter().map(one).collect()
}

/// Text of the engine: in Ukrainian where the book of phrases has it, else marked as what it is, English. What bears a Cyrillic letter is
/// somebody's own words.
pub(crate) fn engine_text(words: Words, text: &str) -> String {
    let is_own = || text.chars().any(|c| matches!(c, '\u{400}'..='\u{52f}'));
    match phrases::ukrainian(text).filter(|_| words.0 == Lang::Uk) {
        Some(said) => e(&said),
        None if words.0 == Lang::En || is_own() => e(text),
        None => format!("<span lang=\"en\">{}</span>", e(text)),
    }
}

impl Page {
    /// A text in the page's language, escaped.
    pub(crate) fn e(&self, key: &str) -> String {
        e(self.words.t(key))
    }

    /// The value of a parameter as it was written.
    pub(crate) fn asks(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// What was typed into a form that was not taken.
    pub(crate) fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }

    fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let keeps = |name: &str| matches!(name, "at" | "known" | "reading" | "lang");
        self.query.iter().filter(move |(name, _)| keeps(name)).map(|(name, value)| (&**name, &**value))
    }

    /// An address of another page at the same moments, escaped for an attribute.
    pub(crate) fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        e(&address(path, self.kept().chain(more.iter().copied())))
    }

    /// The same page with other parameters, escaped for an attribute.
    pub(crate) fn again(&self, change: &[(&str, &str)]) -> String {
        let others = self.query.iter().map(|(name, value)| (&**name, &**value));
        let others = others.filter(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        e(&address(&self.path, others.chain(change.iter().copied())))
    }

    /// The same for programs: without the language, which documents do not have.
    pub(crate) fn data(&self, path: &str, more: &[(&str, &str)]) -> String {
        let kept = self.kept().filter(|(name, _)| *name != "lang");
        e(&address(path, kept.chain(more.iter().copied())))
    }

    /// Hidden fields that keep the moments, for a form that asks.
    /// A field for a date or a time, with what was asked.
    pub(crate) fn date_field(&self, name: &str, label: &str) -> String {
        format!(
            "<label>{}<input name=\"{name}\" value=\"{}\" placeholder=\"2026-05-01\" autocomplete=\"off\"></label>\n",
            self.e(label),
            e(self.asks(name))
        )
    }

    pub(crate) fn hidden(&self, names: &[&str]) -> String {
        let kept = self.query.iter().filter(|(name, value)| names.contains(&&**name) && !value.is_empty());
        kept.map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", e(name), e(value))
        })
        .collect()
    }

    pub(crate) fn at(&self) -> Instant {
        self.seen.board.question.at
    }

    /// A moment in the agreement's zone.
    pub(crate) fn moment(&self, at: Instant) -> String {
        format!("<span class=\"num\">{}</span>", e(&self.civil(at)))
    }

    /// The same as text, to the full minute that it lies in; a day's last millisecond is its 24:00.
    pub(crate) fn civil(&self, at: Instant) -> String {
        const MINUTE: i64 = 60_000;
        let is_last = at.0.rem_euclid(MINUTE) == MINUTE - 1;
        let at = if is_last { at } else { Instant(at.0.div_euclid(MINUTE).saturating_mul(MINUTE)) };
        self.seen.matter.agreement.calendar.show(at)
    }

    /// A time with its doubt, in the agreement's zone.
    pub(crate) fn when(&self, when: When) -> String {
        let text = self.words.local(&self.seen.matter.agreement.calendar.show_when(when));
        format!("<span class=\"num\">{}</span>", e(&text))
    }

    /// A state of a verdict.
    pub(crate) fn state(&self, state: State) -> String {
        badge(state.tone.word(), &e(&self.words.word("state", state.word)))
    }

    /// A grade.
    pub(crate) fn grade(&self, word: &str) -> String {
        e(&self.words.word("grade", word))
    }

    /// The verdict card of a row.
    pub(crate) fn card(&self, verdict: &servanda_model::Verdict) -> String {
        let bearer = verdict.bearer.to_string();
        let row = [
            ("norm", verdict.norm.as_str()),
            ("bearer", bearer.as_str()),
            ("instance", verdict.instance.as_str()),
        ];
        self.link("/", &row)
    }

    /// Parties by name and phrase.
    pub(crate) fn phrases(&self, names: &[Name]) -> String {
        let agreement = &self.seen.matter.agreement;
        let all: Vec<&str> = names.iter().map(|name| agreement.phrase(name)).collect();
        match self.words.0 {
            Lang::En => wording::listed(&all, "and"),
            Lang::Uk => all.join(", "),
        }
    }

    /// A bearer; several who are bound together or one of whom it was.
    pub(crate) fn bearer(&self, bearer: &servanda_model::verdict::Bearer) -> String {
        use servanda_model::verdict::Bearer;
        match (self.words.0, bearer) {
            (Lang::En, bearer) => e(&wording::bearer(&self.seen.matter.agreement, bearer)),
            (Lang::Uk, Bearer::Party(name)) => e(self.seen.matter.agreement.phrase(name)),
            (Lang::Uk, Bearer::Jointly(names)) => {
                e(&self.words.with("jointly", &[("names", &self.phrases(names))]))
            }
            (Lang::Uk, Bearer::NotEstablished(names)) => {
                e(&self.words.with("one-of", &[("names", &self.phrases(names))]))
            }
            (Lang::Uk, Bearer::Unstated) => self.e("bearer-unstated"),
        }
    }

    /// Whether whoever asks is signed in and may.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.form_token.is_some() && self.viewer.as_ref().is_some_and(|viewer| viewer.may(role))
    }

    fn alert(&self) -> String {
        let why = engine_text(self.words, &self.alert);
        format!("<p class=\"problem\" role=\"alert\">{} {why}.</p>\n", self.e("not-taken"))
    }

    /// Why a form was not taken, beside that form.
    pub(crate) fn alert_of(&self, form: &str) -> String {
        match self.alert.is_empty() || self.typed("form") != form {
            true => String::new(),
            false => {
                self.told.set(true);
                self.alert()
            }
        }
    }

    fn moments(&self) -> String {
        let calendar = &self.seen.matter.agreement.calendar;
        let question = &self.seen.board.question;
        let hidden: Vec<&str> =
            self.query.iter().map(|(name, _)| &**name).filter(|n| !matches!(*n, "at" | "known")).collect();
        let value = |name: &str, at: Instant| match self.asks(name) {
            "" => String::new(),
            // As it was asked, to the millisecond.
            _ => calendar.show(at),
        };
        let field = |name: &str, label: &str, value: String, placeholder: String| {
            format!(
                "<div class=\"when\"><label for=\"{name}\">{}</label> <input id=\"{name}\" name=\"{name}\" value=\"{}\" \
                 placeholder=\"{}\" autocomplete=\"off\" spellcheck=\"false\" size=\"16\"></div>\n",
                self.e(label),
                e(&value),
                e(&placeholder)
            )
        };
        format!(
            "<form class=\"moment\" method=\"get\" action=\"{}\" aria-label=\"{}\">\n{}{}<span class=\"zone\">{}</span>{}\
             <button>{}</button> <a href=\"{}\">{}</a></form>\n",
            e(&self.path),
            self.e("moments"),
            field("at", "at", value("at", question.at), self.civil(question.at)),
            field("known", "known-at", value("known", question.known_at), self.civil(question.known_at)),
            e(calendar.zone_name()),
            self.hidden(&hidden),
            self.e("ask"),
            e(&address(&self.path, self.kept().filter(|(name, _)| *name == "lang"))),
            self.e("start-anew"),
        )
    }

    fn who(&self) -> String {
        match (&self.viewer, self.form_token.is_some()) {
            (Some(viewer), true) => {
                let party = viewer.party.as_ref().map(|party| format!(" ({party})")).unwrap_or_default();
                let report = match viewer.may(Role::Reporter) {
                    true => format!(
                        "<a href=\"{}\">{}</a> ",
                        e(&address("/entry", self.kept().filter(|(name, _)| *name == "lang"))),
                        self.e("to-entry")
                    ),
                    false => String::new(),
                };
                let notices = match self.notices {
                    0 => String::new(),
                    n => format!(
                        "<a class=\"notices-there\" href=\"/account#notices\">{}</a> ",
                        self.words.count("notices-there", n)
                    ),
                };
                format!("{report}{notices}<a href=\"/account\">{}{}</a>", e(&viewer.name), e(&party))
            }
            _ if self.is_public => format!("<a href=\"/sign-in\">{}</a>", self.e("sign-in")),
            _ => String::new(),
        }
    }

    /// The whole page.
    pub(crate) fn html(&self, made: &Made) -> String {
        let agreement = &self.seen.matter.agreement;
        let title = if agreement.title.is_empty() { &agreement.name } else { &agreement.title };
        let version = agreement.version.as_ref().map(|v| format!(" · {v}")).unwrap_or_default();
        let exercise = self.seen.view().is_exercise();
        let banner = match exercise {
            true => format!(
                "<aside class=\"exercise\" aria-label=\"{0}\">{0} <span>{1}</span></aside>\n",
                self.e("exercise"),
                self.e("exercise-more")
            ),
            false => String::new(),
        };
        let languages: String = Lang::ALL
            .iter()
            .map(|(lang, code, called)| match *lang == self.words.0 {
                true => format!("<b lang=\"{code}\">{called}</b> "),
                false => format!(
                    "<a href=\"{}\" lang=\"{code}\" hreflang=\"{code}\">{called}</a> ",
                    self.again(&[("lang", code)])
                ),
            })
            .collect();
        let root = format!("/{}", self.path.split('/').nth(1).unwrap_or_default());
        let nav: String = PAGES
            .iter()
            .map(|(path, key)| {
                let current = if *path == root { " aria-current=\"page\"" } else { "" };
                format!("<li><a href=\"{}\"{current}>{}</a></li> ", self.link(path, &[]), self.e(key))
            })
            .collect();
        // Where the form itself is not shown to whoever sent it.
        let alert = if self.alert.is_empty() || self.told.get() { String::new() } else { self.alert() };
        let body = format!(
            "{banner}<header class=\"top\">\n<div class=\"top-line\"><p class=\"agreement\">{}{}</p>\n\
             <div class=\"tools\"><span class=\"languages\" role=\"group\" aria-label=\"{}\">{languages}</span>\
             <span id=\"who\" class=\"who\">{}</span></div></div>\n\
             <nav aria-label=\"{}\"><ul class=\"nav\">{nav}</ul></nav>\n<h1>{}</h1>\n\
             <div id=\"answer\" class=\"answer\"><strong>{}</strong> <span>{}</span></div>\n</header>\n{}\
             <main id=\"main\" class=\"one-column\">\n{alert}{}</main>\n\
             <footer class=\"foot\"><p>{} <span id=\"whose\">{}</span></p><p class=\"source\">{}</p></footer>\n",
            e(title),
            e(&version),
            self.e("language"),
            self.who(),
            self.e("nav"),
            self.e(made.title),
            made.word,
            made.sentence,
            if self.stands { String::new() } else { self.moments() },
            made.main,
            self.e("caveat"),
            self.e(match (self.form_token.is_some(), self.is_public) {
                (true, _) => "whose-account",
                (_, true) => "whose-public",
                _ => "whose-keeper",
            }),
            self.words.with("source-line", &[("when", &self.moment(self.seen.board.question.known_at))]),
        );
        let exercise = if exercise { format!("{} · ", self.words.t("exercise")) } else { String::new() };
        let title = format!("{exercise}{} · {title}", self.words.t(made.title));
        let live = if self.asks("at").is_empty() && !self.stands { " data-live=\"yes\"" } else { "" };
        document(self.words, &title, live, &body)
    }
}

fn document(words: Words, title: &str, live: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/assets/page.css\">\n<link rel=\"stylesheet\" href=\"/assets/pages.css\">\n\
         <script type=\"module\" src=\"/assets/sheet.js\"></script>\n</head>\n\
         <body class=\"sheets\"{live} data-dark=\"{}\" data-light=\"{}\">\n<a class=\"skip\" href=\"#main\">{}</a>\n{body}{}</body>\n</html>\n",
        words.0.code(),
        e(title),
        e(words.t("dark")),
        e(words.t("light")),
        e(words.t("skip")),
        keys(words),
    )
}

/// The list of keys, which `web/sheet.js` opens.
fn keys(words: Words) -> String {
    let one = |(key, word): (&str, &str)| format!("<dt><kbd>{key}</kbd></dt><dd>{}</dd>", e(words.t(word)));
    let all: String = [("/", "key-filter"), ("d", "key-theme"), ("?", "key-keys")].map(one).concat();
    format!(
        "<dialog id=\"keys\" aria-labelledby=\"keys-title\"><h2 id=\"keys-title\">{}</h2><dl>{all}</dl>\
         <form method=\"dialog\"><button>{}</button></form></dialog>\n",
        e(words.t("keys")),
        e(words.t("close")),
    )
}

/// A page that says why there is no other.
pub(crate) fn refused(words: Words, path: &str, problem: &Problem) -> String {
    let why = engine_text(words, &problem.to_string());
    let lang = if words.0 == Lang::Uk { "?lang=uk" } else { "" };
    let body = format!(
        "<main id=\"main\" class=\"one-column\"><section class=\"sheet\"><h1>{}</h1>\n<p class=\"problem\" role=\"alert\">{why}.</p>\n\
         <p><a href=\"{}{lang}\">{}</a></p></section></main>\n",
        e(words.t("cannot")),
        e(path),
        e(words.t("start-anew")),
    );
    document(words, words.t("cannot"), "", &body)
}
