//! Labels: markings as the store writes them, so that equal markings are one label and are decided about once.
//!
//! It decides nothing: [`crate::policy`] does.
//!
//! Invariants
//! - equal markings have equal texts, and a text gives back its marking;
//! - a field that is not known is an error: what narrows a marking is never skipped.

use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Instant, Name};
use std::collections::BTreeSet;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Name>,
    level: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    releasable_to: Option<BTreeSet<Name>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    caveats: BTreeSet<Name>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    originators: BTreeSet<Name>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    releasers: BTreeSet<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review: Option<i64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
}

/// The text of a marking.
pub(crate) fn to_text(marking: &Marking) -> String {
    let label = Label {
        policy: marking.policy.clone(),
        level: marking.level.word().to_string(),
        releasable_to: marking.releasable_to.clone(),
        caveats: marking.caveats.clone(),
        originators: marking.originators.clone(),
        releasers: marking.releasers.clone(),
        review: marking.review.map(|at| at.0),
        reason: marking.reason.clone(),
    };
    // A struct of texts, numbers and lists has a form in JSON.
    serde_json::to_string(&label).unwrap_or_default()
}

/// The marking of a text.
pub(crate) fn from_text(text: &str) -> Result<Marking, Error> {
    let unreadable =
        |why: String| Error::new(Kind::Integrity, format!("the label `{text}` cannot be read: {why}"));
    let label: Label = serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
    let level = Tlp::parse(&label.level).ok_or_else(|| unreadable(format!("no level `{}`", label.level)))?;
    Ok(Marking {
        policy: label.policy,
        level,
        releasable_to: label.releasable_to,
        caveats: label.caveats,
        originators: label.originators,
        releasers: label.releasers,
        review: label.review.map(Instant),
        reason: label.reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_text_and_comes_back_whole() {
        let full = Marking {
            policy: Some("NATO".into()),
            level: Tlp::AmberStrict,
            releasable_to: Some(["Poland".into()].into()),
            caveats: ["medical".into()].into(),
            originators: ["Poland".into()].into(),
            releasers: ["JMC".into()].into(),
            review: Some(Instant(5)),
            reason: "names a \"patient\"".into(),
        };
        for marking in
            [Marking::default(), full, Marking { releasable_to: Some([].into()), ..Marking::default() }]
        {
            assert_eq!(from_text(&to_text(&marking)).unwrap(), marking);
        }
        assert_eq!(to_text(&Marking::default()), r#"{"level":"TLP:CLEAR"}"#);
        assert!(from_text(r#"{"level":"TLP:CLEAR","only":["x"]}"#).unwrap_err().is_integrity());
        assert!(from_text(r#"{"level":"TLP:PINK"}"#).unwrap_err().is_integrity());
    }
}
