//! Notices: an alert has the elements of CAP 1.2 in their order and number, with the values that the standard has; both languages say the
//! same.
//!
//! # Source
//! OASIS Common Alerting Protocol 1.2, section 3.2 (data dictionary) and 3.4 (XML schema), written down by hand.

mod hand_built;

use hand_built::hand_built;
use servanda_model::verdict::Performance;
use servanda_report::notice::{Alert, Kind, Lang, Letter, cap, is_owed, letter};
use servanda_report::{Owed, View};

/// What may stand in an element, in this order: name, least, most.
type Rules = &'static [(&'static str, usize, usize)];
const MANY: usize = usize::MAX;

const ALERT: Rules = &[
    ("identifier", 1, 1),
    ("sender", 1, 1),
    ("sent", 1, 1),
    ("status", 1, 1),
    ("msgType", 1, 1),
    ("source", 0, 1),
    ("scope", 1, 1),
    ("restriction", 0, 1),
    ("addresses", 0, 1),
    ("code", 0, MANY),
    ("note", 0, 1),
    ("references", 0, 1),
    ("incidents", 0, 1),
    ("info", 0, MANY),
];
const INFO: Rules = &[
    ("language", 0, 1),
    ("category", 1, MANY),
    ("event", 1, 1),
    ("responseType", 0, MANY),
    ("urgency", 1, 1),
    ("severity", 1, 1),
    ("certainty", 1, 1),
    ("audience", 0, 1),
    ("eventCode", 0, MANY),
    ("effective", 0, 1),
    ("onset", 0, 1),
    ("expires", 0, 1),
    ("senderName", 0, 1),
    ("headline", 0, 1),
    ("description", 0, 1),
    ("instruction", 0, 1),
    ("web", 0, 1),
    ("contact", 0, 1),
    ("parameter", 0, MANY),
    ("resource", 0, MANY),
    ("area", 0, MANY),
];
const PARAMETER: Rules = &[("valueName", 1, 1), ("value", 1, 1)];
const AREA: Rules = &[
    ("areaDesc", 1, 1),
    ("polygon", 0, MANY),
    ("circle", 0, MANY),
    ("geocode", 0, MANY),
    ("altitude", 0, 1),
    ("ceiling", 0, 1),
];

/// Values that an element may have.
const VALUES: &[(&str, &[&str])] = &[
    ("status", &["Actual", "Exercise", "System", "Test", "Draft"]),
    ("msgType", &["Alert", "Update", "Cancel", "Ack", "Error"]),
    ("scope", &["Public", "Restricted", "Private"]),
    (
        "category",
        &[
            "Geo",
            "Met",
            "Safety",
            "Security",
            "Rescue",
            "Fire",
            "Health",
            "Env",
            "Transport",
            "Infra",
            "CBRNE",
            "Other",
        ],
    ),
    ("urgency", &["Immediate", "Expected", "Future", "Past", "Unknown"]),
    ("severity", &["Extreme", "Severe", "Moderate", "Minor", "Unknown"]),
    ("certainty", &["Observed", "Likely", "Possible", "Unlikely", "Unknown"]),
];

fn rules(of: &str) -> Option<Rules> {
    Some(match of {
        "alert" => ALERT,
        "info" => INFO,
        "parameter" => PARAMETER,
        "area" => AREA,
        _ => return None,
    })
}

/// An element with what stands in it.
#[derive(Debug)]
struct Element {
    name: String,
    text: String,
    inner: Vec<Element>,
}

/// Reads one element, without attributes but the name space of the first.
fn element(text: &str) -> Result<(Element, &str), String> {
    let rest = text.trim_start().strip_prefix('<').ok_or("no element")?;
    let (head, mut rest) = rest.split_once('>').ok_or("an element without end")?;
    let name = match head.split_once(' ') {
        Some((name, "xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"")) if name == "alert" => name,
        Some(_) => return Err(format!("`{head}` has attributes")),
        None => head,
    };
    let mut made = Element { name: name.into(), text: String::new(), inner: Vec::new() };
    loop {
        let (text, _) = rest.split_once('<').ok_or("text without end")?;
        made.text.push_str(text.trim());
        rest = &rest[text.len()..];
        if let Some(after) = rest.strip_prefix(&format!("</{name}>")) {
            return Ok((made, after));
        }
        let (inner, after) = element(rest)?;
        made.inner.push(inner);
        rest = after;
    }
}

/// Checks an element against its rules.
fn check(of: &Element) -> Result<(), String> {
    let Some(rules) = rules(&of.name) else {
        if !of.inner.is_empty() || of.text.is_empty() {
            return Err(format!("`{}` holds no text", of.name));
        }
        let values = VALUES.iter().find(|(name, _)| *name == of.name);
        if values.is_some_and(|(_, values)| !values.contains(&of.text.as_str())) {
            return Err(format!("`{}` is no {}", of.text, of.name));
        }
        if matches!(of.name.as_str(), "sent" | "effective" | "onset" | "expires") {
            let shape: String = of.text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            if !matches!(shape.as_str(), "0000-00-00T00:00:00-00:00" | "0000-00-00T00:00:00+00:00") {
                return Err(format!("`{}` is no time of CAP", of.text));
            }
        }
        if matches!(of.name.as_str(), "identifier" | "sender") && of.text.contains([' ', ',', '<', '&']) {
            return Err(format!("`{}` is no {}", of.text, of.name));
        }
        return Ok(());
    };
    if !of.text.is_empty() {
        return Err(format!("text in `{}`", of.name));
    }
    let mut at = 0;
    for (name, least, most) in rules {
        let count = of.inner[at..].iter().take_while(|inner| inner.name == *name).count();
        if count < *least || count > *most {
            return Err(format!("{count} of `{name}` in `{}`", of.name));
        }
        at += count;
    }
    match of.inner.get(at) {
        Some(inner) => Err(format!("`{}` cannot stand there in `{}`", inner.name, of.name)),
        None => of.inner.iter().try_for_each(check),
    }
}

fn checked(text: &str) -> Result<Element, String> {
    let rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").ok_or("no head")?;
    let (root, after) = element(rest)?;
    if root.name != "alert" || !after.trim().is_empty() {
        return Err("not one alert".into());
    }
    check(&root)?;
    let has = |name: &str| root.inner.iter().any(|inner| inner.name == name);
    let scope = root.inner.iter().find(|inner| inner.name == "scope").map_or("", |scope| &scope.text);
    if scope == "Restricted" && !has("restriction") || scope == "Private" && !has("addresses") {
        return Err(format!("the scope `{scope}` does not say for whom"));
    }
    Ok(root)
}

fn alerts(view: &View<'_>, lang: Lang, area: Option<&str>) -> Vec<String> {
    let duties = view.duties(&Owed { all: true, ..Owed::default() });
    let owed = duties.iter().filter(|duty| is_owed(duty));
    let alert = Alert {
        sender: "desk@mission.example.org",
        sent: view.board.question.at,
        area,
        language: "en",
        lang,
    };
    owed.map(|duty| cap(view, duty, &alert).unwrap()).collect()
}

#[test]
fn an_alert_has_the_elements_of_the_standard_in_their_order() {
    let built = hand_built();
    let view = built.view();
    let mut count = 0;
    for lang in [Lang::En, Lang::Uk] {
        for area in [None, Some("the river <zone> & its banks")] {
            for text in alerts(&view, lang, area) {
                let root = checked(&text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"));
                let info = root.inner.last().unwrap();
                assert_eq!(info.name, "info");
                assert_eq!(info.inner.iter().any(|inner| inner.name == "area"), area.is_some());
                count += 1;
            }
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn the_check_of_alerts_can_fail() {
    let built = hand_built();
    let text = alerts(&built.view(), Lang::En, None).remove(0);
    assert!(checked(&text).is_ok());
    for (from, to) in [
        ("<scope>Restricted</scope>", "<scope>Secret</scope>"),
        ("<severity>Unknown</severity>\n", ""),
        ("<msgType>Alert</msgType>", "<msgType>Alert</msgType><sent>2026-01-01T00:00:00-00:00</sent>"),
        ("-00:00</sent>", "Z</sent>"),
        ("<category>Security</category>", "<area><areaDesc>x</areaDesc></area><category>Security</category>"),
        ("</alert>", "</alert><alert/>"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(checked(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
    let start = text.find("<restriction>").unwrap();
    let end = text.find("</restriction>").unwrap() + "</restriction>".len();
    assert!(checked(&format!("{}{}", &text[..start], &text[end..])).is_err());
}

#[test]
fn a_notice_in_ukrainian_says_the_same_and_leaves_the_same_blanks() {
    let built = hand_built();
    let view = built.view();
    let duties = view.duties(&Owed { all: true, ..Owed::default() });
    let about = Some(&built.records[0]);
    for duty in &duties {
        for kind in Kind::ALL {
            let one = |lang| letter(&view, duty, &Letter { kind, from: "A", to: "B", about, lang });
            let (en, uk) = (one(Lang::En), one(Lang::Uk));
            assert_eq!(en.lines().count(), uk.lines().count(), "{en}\n{uk}");
            assert_eq!(en.matches(" [").count(), uk.matches(" [").count());
            assert!(
                uk.contains(duty.title.replace('_', "\\_").as_str()) || duty.title.contains(['*', '[', '#']),
                "{uk}"
            );
            for english in ["DRAFT", "State:", "Clause:", "We ", "Under:", " to ", "EXERCISE"] {
                let words = uk.lines().filter(|line| !line.starts_with("- ") || line.contains("State"));
                assert!(
                    !words.clone().any(|line| line.contains(english) && !line.contains(duty.title.as_str())),
                    "{english}: {uk}"
                );
            }
        }
    }
    // A state is called as in the reports.
    let broken = duties.iter().find(|duty| duty.verdict.performance == Performance::Violated);
    if let Some(duty) = broken {
        let text = letter(
            &view,
            duty,
            &Letter { kind: Kind::Notification, from: "A", to: "B", about: None, lang: Lang::Uk },
        );
        assert!(text.contains("Стан: порушено"), "{text}");
    }
}
