//! Notices: drafts that say what the record says, and when they were sent and received. Nothing leaves by itself.

use crate::terminal::servanda;
use std::fs;

fn folder() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "w"]).ends_with(0);
    here
}

#[test]
fn an_alert_for_a_duty_is_cap_that_is_read_back_as_of_an_exercise() {
    let here = folder();
    let cap = |more: &[&str]| {
        servanda(
            here.path(),
            &[&["notice", "cap", "explain-fire", "North", "--workspace", "w"], more].concat(),
        )
    };
    // A day before it is due.
    let when = ["--at", "2025-03-06T10:00", "--sender", "desk@mission.example.org"];
    let made = cap(&[&when[..], &["--area", "the river <zone>", "--out", "alert.xml"]].concat());
    made.ends_with(0).says(&["is a draft: nothing was sent"]);
    let text = fs::read_to_string(here.path().join("alert.xml")).unwrap();
    for words in [
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">",
        "<status>Exercise</status>",
        "<scope>Restricted</scope>",
        "<urgency>Future</urgency>",
        "<severity>Unknown</severity>",
        "<expires>2025-03-07T10:00:00-00:00</expires>",
        "<areaDesc>the river &lt;zone&gt;</areaDesc>",
        "EXERCISE: ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let sent = text.split("<sent>").nth(1).unwrap().split('<').next().unwrap();
    assert!(sent.ends_with("-00:00") && !sent.contains('Z') && !sent.contains('.'), "{sent}");
    // The program's own reader takes it for what it is.
    servanda(here.path(), &["import", "cap", "alert.xml", "--into", "w"]).ends_with(0).says(&["1 record"]);
    let read =
        servanda(here.path(), &["incidents", "--workspace", "w", "--format", "json", "--most", "1000"]);
    read.ends_with(0);
    let all: serde_json::Value = serde_json::from_str(&read.out).unwrap();
    let found =
        all["incidents"].as_array().unwrap().iter().find(|i| i["id"].as_str().unwrap().starts_with("cap-"));
    assert_eq!(found.unwrap()["exercise"], true, "{found:?}");

    // Over time it becomes urgent, and when it was done late there is nothing to alert.
    let late = cap(&["--at", "2025-03-07T10:30", "--sender", "x"]);
    late.ends_with(0).says(&["<urgency>Immediate</urgency>"]);
    assert!(!late.out.contains("<expires>"), "{}", late.out);
    cap(&["--at", "2025-04-01", "--sender", "x"]).ends_with(2).complains(&["nobody is to be alerted"]);
    cap(&["--at", "2025-03-06T10:00", "--sender", "a b"]).ends_with(2).complains(&["cannot be the sender"]);
    servanda(here.path(), &["notice", "cap", "no-fire", "--workspace", "w", "--sender", "x"])
        .ends_with(2)
        .complains(&["is no duty"]);
    servanda(here.path(), &["notice", "cap", "declare-guns", "--workspace", "w", "--sender", "x"])
        .ends_with(2)
        .complains(&["borne by several", "name the bearer"]);
}

#[test]
fn letters_are_drafts_and_when_they_went_and_came_is_in_the_log() {
    let here = folder();
    let draft = |kind: &str, more: &[&str]| {
        let line = [
            "notice",
            "draft",
            kind,
            "explain-fire",
            "North",
            "--workspace",
            "w",
            "--at",
            "2025-03-06T10:00",
        ];
        let ends = ["--from", "the Monitoring *Mission*", "--to", "North"];
        servanda(here.path(), &[&line[..], &ends, more].concat())
    };
    for (kind, words) in [("consultation", "Request for consultations"), ("notification", "Notification")] {
        let made = draft(kind, &[]);
        made.ends_with(0).says(&[
            words,
            "DRAFT",
            "**EXERCISE",
            "letter of explanation",
            "2025-03-07",
            "- Sent: [",
        ]);
        assert!(made.out.contains("the Monitoring \\*Mission\\*"), "{}", made.out);
    }
    draft("threat", &[]).ends_with(2).complains(&["there is no letter `threat`"]);
    draft("reply", &[]).ends_with(2).complains(&["--about RECORD"]);
    draft("reply", &["--about", "nothing"]).ends_with(2).complains(&["there is no record `nothing`"]);
    let incidents = servanda(here.path(), &["incidents", "--workspace", "w", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&incidents.out).unwrap();
    let id = all["incidents"][0]["id"].as_str().unwrap();
    draft("reply", &["--about", id, "--out", "reply.md"]).ends_with(0);
    let text = fs::read_to_string(here.path().join("reply.md")).unwrap();
    assert!(text.contains("The allegation: ") && text.contains("[Accepted, denied"), "{text}");

    servanda(here.path(), &["notice", "list", "--workspace", "w"]).ends_with(0).says(&["no notice was kept"]);
    let keep = |what: &str, at: &str| {
        servanda(
            here.path(),
            &[
                "notice",
                what,
                "reply.md",
                "--with",
                "North",
                "--at",
                at,
                "--by",
                "liaison officer",
                "--workspace",
                "w",
            ],
        )
    };
    let hash = servanda_store::sha256(text.as_bytes());
    keep("sent", "2025-03-06T12:00").ends_with(0).says(&["of the log", &hash]);
    keep("received", "2025-03-06T13:30").ends_with(0).says(&["was received, from North"]);
    keep("sent", "2999-01-01T12:00").ends_with(2).complains(&["still to come"]);
    servanda(here.path(), &["notice", "list", "--workspace", "w"]).ends_with(0).says(&[
        "sent to North, by liaison officer: reply.md",
        "received from North",
        "2025-03-06 12:00",
        &hash[..12],
    ]);
    // It is an entry like any other: the database made again of the log has it.
    servanda(here.path(), &["rebuild", "w"]);
    servanda(here.path(), &["notice", "list", "--workspace", "w"])
        .ends_with(0)
        .says(&["received from North"]);
}
