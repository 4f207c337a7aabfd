//! All texts of the sheets, in English and in Ukrainian side by side, so that no text has one language only.
//!
//! A text with gaps has them as `{name}`; one that counts has its forms parted by `|`: one and more in English; one, few and many in
//! Ukrainian. Where to start reading: [`Words`].

use super::{texts, texts_inspections, texts_plans};
use serde::Deserialize;
use servanda_lang::Language;
use servanda_model::time::{DAY, HOUR};
use servanda_model::{Instant, When};
use servanda_report::document::Messages;

/// The tables of texts.
static ALL: [&[(&str, &str, &str)]; 3] = [texts::TEXTS, texts_inspections::TEXTS, texts_plans::TEXTS];

/// A language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lang {
    #[default]
    En,
    Uk,
}

impl Lang {
    pub(crate) const ALL: [(Lang, &'static str, &'static str); 2] =
        [(Lang::En, "en", "English"), (Lang::Uk, "uk", "Українська")];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Uk => "uk",
        }
    }

    /// The language in which rules are said back.
    pub(crate) fn of_rules(self) -> Language {
        match self {
            Lang::En => Language::English,
            Lang::Uk => Language::Ukrainian,
        }
    }

    fn parse(text: &str) -> Option<Lang> {
        let two = text.trim().get(..2)?.to_ascii_lowercase();
        Lang::ALL.iter().find(|(_, code, _)| *code == two).map(|(lang, ..)| *lang)
    }

    /// What the address asks for, else the first that the browser prefers and that is there.
    pub(crate) fn of(asked: Option<&str>, preferred: Option<&str>) -> Lang {
        let of_browser = preferred.into_iter().flat_map(|all| all.split(','));
        asked.into_iter().chain(of_browser).find_map(Lang::parse).unwrap_or(Lang::En)
    }
}

/// The texts in a language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub Lang);

impl Words {
    fn raw(self, key: &str) -> &'static str {
        let found = ALL.into_iter().flatten().find(|(of, ..)| *of == key);
        debug_assert!(found.is_some(), "no text `{key}`");
        found.map_or("", |(_, en, uk)| match self.0 {
            Lang::En => en,
            Lang::Uk => uk,
        })
    }

    /// A text as it is.
    pub(crate) fn t(self, key: &str) -> &'static str {
        self.raw(key)
    }

    /// A text with its gaps filled, once.
    pub(crate) fn with(self, key: &str, gaps: &[(&str, &str)]) -> String {
        fill(self.raw(key), gaps)
    }

    /// A text that counts: `{n}` is the number.
    pub(crate) fn count(self, key: &str, n: usize) -> String {
        let forms: Vec<&str> = self.raw(key).split('|').collect();
        let form = match self.0 {
            Lang::En => usize::from(n != 1),
            Lang::Uk => match (n % 10, n % 100) {
                (1, rest) if rest != 11 => 0,
                (2..=4, rest) if !(12..=14).contains(&rest) => 1,
                _ => 2,
            },
        };
        let text = forms.get(form).or(forms.last()).copied().unwrap_or_default();
        fill(text, &[("n", &n.to_string())])
    }

    /// A word of the model (a state, a grade), as the reports say it.
    pub(crate) fn word(self, kind: &str, word: &str) -> String {
        match (self.0, Messages::of(self.0.code())) {
            (Lang::Uk, Some(messages)) => messages.word(kind, word),
            _ => word.to_string(),
        }
    }

    /// Times come worded; between two of them Ukrainian writes a dash.
    pub(crate) fn local(self, text: &str) -> String {
        match self.0 {
            Lang::En => text.to_string(),
            Lang::Uk => text.replace(" to ", " – "),
        }
    }

    /// How much time lies between two moments, in the two largest units.
    pub(crate) fn between(self, from: Instant, to: Instant) -> String {
        let minutes = (to - from).unsigned_abs().div_ceil(60_000);
        let (day, hour) = (DAY.unsigned_abs() / 60_000, HOUR.unsigned_abs() / 60_000);
        let (days, hours, minutes) = (minutes / day, minutes % day / hour, minutes % hour);
        let unit = |key: &str, n: u64| self.count(key, usize::try_from(n).unwrap_or(usize::MAX));
        match (days, hours, minutes) {
            (0, 0, m) => unit("n-minutes", m),
            (0, h, 0) => unit("n-hours", h),
            (0, h, m) => format!("{} {}", unit("n-hours", h), unit("n-minutes", m)),
            (d, h, _) if h == 0 || d >= 60 => unit("n-days", d),
            (d, h, _) => format!("{} {}", unit("n-days", d), unit("n-hours", h)),
        }
    }

    /// How long it is until something is due, or since.
    pub(crate) fn left(self, now: Instant, due: When) -> String {
        if due.latest < now {
            self.with("ago", &[("time", &self.between(due.latest, now))])
        } else if due.earliest < now {
            self.t("perhaps-passed").to_string()
        } else {
            self.with("in", &[("time", &self.between(now, due.earliest))])
        }
    }
}

fn fill(text: &str, gaps: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(gaps.iter().find(|(gap, _)| *gap == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn gaps(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    #[test]
    fn both_languages_say_the_same_things_each_in_its_own_words() {
        let mut keys = BTreeSet::new();
        for (key, en, uk) in ALL.into_iter().flatten() {
            assert!(keys.insert(key), "`{key}` stands twice");
            assert!(!en.is_empty() && !uk.is_empty(), "`{key}` is empty");
            assert_eq!(gaps(en), gaps(uk), "`{key}` has other gaps");
            assert!(uk.chars().any(|c| matches!(c, 'А'..='я' | 'і' | 'ї' | 'є')), "`{key}` is not Ukrainian");
            let forms = (en.split('|').count(), uk.split('|').count());
            assert!(matches!(forms, (1, 1) | (2, 3)), "`{key}` has {forms:?} forms");
        }
    }

    #[test]
    fn every_text_that_a_sheet_asks_for_is_there_and_no_other() {
        let mut asked = String::new();
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sheets")).unwrap() {
            let path = file.unwrap().path();
            let is_table = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("texts"));
            if !is_table {
                asked.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
        for (key, ..) in ALL.into_iter().flatten() {
            let is_made = ["status-", "kind-", "way-", "truth-", "tone-", "voice-", "step-", "per-"]
                .iter()
                .any(|begin| key.starts_with(begin));
            assert!(is_made || asked.contains(&format!("\"{key}\"")), "nothing asks for `{key}`");
        }
        for call in [".t(\"", ".with(\"", ".count(\"", ".e(\""] {
            for rest in asked.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(ALL.into_iter().flatten().any(|(of, ..)| *of == key), "there is no text `{key}`");
            }
        }
    }

    #[test]
    fn counts_take_their_forms_and_times_their_units() {
        let (en, uk) = (Words(Lang::En), Words(Lang::Uk));
        let days = |n| (en.count("n-days", n), uk.count("n-days", n));
        assert_eq!(days(1), ("1 day".into(), "1 день".into()));
        assert_eq!(days(2), ("2 days".into(), "2 дні".into()));
        assert_eq!(days(11).1, "11 днів");
        assert_eq!(days(21).1, "21 день");
        assert_eq!(en.between(Instant(0), Instant(26 * HOUR)), "1 day 2 hours");
        assert_eq!(uk.left(Instant(0), When::exact(Instant(HOUR))), "через 1 годину");
        assert_eq!(en.left(Instant(2 * HOUR), When::exact(Instant(HOUR))), "1 hour ago");
        assert_eq!(Lang::of(None, Some("de, uk-UA;q=0.9, en")), Lang::Uk);
        assert_eq!(Lang::of(Some("en"), Some("uk")), Lang::En);
        assert_eq!(Lang::of(Some("é"), None), Lang::En);
    }
}
