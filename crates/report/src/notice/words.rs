//! The words of notices, in English and in Ukrainian side by side. States are called as in the reports.
//!
//! Where to start reading: [`Lang::t`].

use super::Lang;
use crate::document::Messages;

const WORDS: &[(&str, &str, &str)] = &[
    ("exercise", "EXERCISE", "НАВЧАННЯ"),
    ("exercise-note", "This is an exercise.", "Це навчання."),
    ("restriction", "for those whom the sender names", "для тих, кого називає відправник"),
    ("jointly", "{names} jointly", "{names} разом"),
    ("one-of", "not established ({names})", "хтось із: {names}; хто саме, не встановлено"),
    ("unstated", "not stated", "у тексті не сказано, хто"),
    ("only-to", "only to {names}", "лише для: {names}"),
    ("borne-by", "borne by {who}", "зобов’язаний: {who}"),
    ("owed-to", "owed to {whom}", "перед ким: {whom}"),
    ("state", "). State: {value}.", "). Стан: {value}."),
    ("clause", " Clause: {value}.", " Стаття: {value}."),
    ("triggered", " Triggered: {value}.", " Привід настав: {value}."),
    ("due", " Due: {value}.", " Строк: {value}."),
    ("as-of", " As of {value},", " Станом на {value},"),
    ("known-at", " as known at {value}.", " за відомостями на {value}."),
    ("marking", "Marking", "Позначка"),
    (
        "draft",
        "DRAFT. A person reads, completes and sends it; nothing was sent.",
        "ЧЕРНЕТКА. Її читає, доповнює й надсилає людина; нічого не надіслано.",
    ),
    ("from", "From", "Від кого"),
    ("to", "To", "Кому"),
    ("under", "Under", "За угодою"),
    ("of-clause", "Clause", "Стаття"),
    ("sent", "Sent: [time and time zone, by which channel]", "Надіслано: [час і часовий пояс, яким каналом]"),
    ("received", "Received: [time and time zone, by whom]", "Отримано: [час і часовий пояс, ким]"),
    (
        "allegation",
        "The allegation: {line} (record {id}, {when}).",
        "Твердження: {line} (запис {id}, {when}).",
    ),
    ("record-says", "What the record says", "Що сказано в записах"),
    ("to-be-shown", "What has to be shown:", "Що треба довести:"),
    ("consultation-subject", "Request for consultations", "Запит на консультації"),
    (
        "consultation-body",
        "We ask for consultations on the matter below.\n\n[Which format, where, and when at the latest.]",
        "Просимо провести консультації щодо викладеного нижче.\n\n[У якому форматі, де й не пізніше ніж коли.]",
    ),
    ("notification-subject", "Notification", "Повідомлення"),
    (
        "notification-body",
        "We notify you of the following.\n\n[What was, is or will be done: when, where, how much, who can be asked.]",
        "Повідомляємо про таке.\n\n[Що зроблено, робиться чи буде зроблено: коли, де, скільки, кого можна запитати.]",
    ),
    ("reply-subject", "Reply to an allegation", "Відповідь на твердження"),
    (
        "reply-body",
        "We reply to the allegation below.\n\n[Accepted, denied, or accepted in part. What our own check found, and what evidence we give with it.]",
        "Відповідаємо на твердження нижче.\n\n[Визнаємо, заперечуємо або визнаємо частково. Що встановила наша перевірка і які докази ми до цього додаємо.]",
    ),
];

impl Lang {
    /// A text.
    pub(super) fn t(self, key: &str) -> &'static str {
        let found = WORDS.iter().find(|(of, ..)| *of == key);
        debug_assert!(found.is_some(), "no text `{key}`");
        found.map_or("", |(_, en, uk)| if self == Lang::En { en } else { uk })
    }

    /// A text with its gaps filled, once and from left to right.
    pub(super) fn with(self, key: &str, gaps: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.t(key);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(gaps.iter().find(|(gap, _)| *gap == name).map_or("", |(_, value)| value));
            rest = after;
        }
        out + rest
    }

    /// A word of the model.
    pub(super) fn word(self, kind: &str, word: &str) -> String {
        match (self, Messages::of("uk")) {
            (Lang::Uk, Some(messages)) => messages.word(kind, word),
            _ => word.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        let gaps = |text: &str| {
            text.split('{').skip(1).filter_map(|r| r.split('}').next()).map(String::from).collect::<Vec<_>>()
        };
        for (i, (key, en, uk)) in WORDS.iter().enumerate() {
            assert!(WORDS[..i].iter().all(|(other, ..)| other != key), "`{key}` stands twice");
            assert_eq!(gaps(en), gaps(uk), "`{key}`");
            assert!(uk.chars().any(|c| matches!(c, 'А'..='я' | 'і' | 'ї' | 'є')), "`{key}` is not Ukrainian");
            let brackets = |text: &str| text.matches('[').count();
            assert_eq!(brackets(en), brackets(uk), "`{key}` leaves other blanks");
        }
    }
}
