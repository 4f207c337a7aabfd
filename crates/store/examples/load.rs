//! How fast the store takes in: an import of many records at once, and submissions of many submitters at a steady rate.
//!
//! `cargo run --release -p servanda-store --example load -- FOLDER RECORDS SECONDS RATE [postgres://…]`
//!
//! FOLDER must not exist. It prints what was done, how long it took, and of the submissions the times to the receipt.

#![allow(clippy::disallowed_methods, reason = "it measures with a clock")]

use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use servanda_store::policy::Viewer;
use servanda_store::{Entry, Intake, SETTINGS, StoredRecord, Submission, Submitted, Workspace, digest};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant as Clock};

/// As long as a record of UCDP GED is.
fn record(id: &str) -> StoredRecord {
    let text = "words of a report that is about as long as those of the data sets. ".repeat(12);
    StoredRecord {
        id: Name::from(id),
        fact: "fire".into(),
        earliest: Instant(1),
        recorded: Instant(2),
        source: "SMM".into(),
        marking: Marking::default(),
        supersedes: None,
        json: format!("{{\"id\":\"{id}\",\"title\":\"{text}\"}}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(folder), Some(records), Some(seconds), Some(rate)) =
        (arguments.first(), number(1), number(2), number(3))
    else {
        eprintln!("usage: load FOLDER RECORDS SECONDS RATE [postgres://…]");
        std::process::exit(2);
    };
    std::fs::create_dir(folder).expect("FOLDER can be made");
    let url = arguments.get(4).map_or(String::new(), |url| format!("[store]\nurl = \"{url}\"\n"));
    let settings = format!("agreement = \"a.pact.md\"\n{url}");
    let workspace =
        Workspace::create(Path::new(folder), &[(SETTINGS, settings.as_bytes())]).expect("a workspace");
    let (store, keeper) = (workspace.store(), Viewer::keeper());

    let many: Vec<StoredRecord> = (0..records).map(|n| record(&format!("r{n}"))).collect();
    let intake = Intake {
        file: "many".into(),
        sha256: String::new(),
        entered: Instant(1_000),
        read: records,
        made: records,
        refused: 0,
        quarantine: None,
    };
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let begun = Clock::now();
        work();
        println!("{what}: {:.2} s", begun.elapsed().as_secs_f64());
    };
    timed(&format!("an import of {records} records"), &mut || {
        store.enter(&intake, &many, 0, &keeper, || Ok(())).expect("entered");
    });
    timed("reading all of them", &mut || {
        assert_eq!(store.view(&keeper).records().expect("read").len() as u64, records);
    });

    // Eight submitters, each at an eighth of the rate, by the clock: who is late does not wait for the next.
    let times: Mutex<Vec<Duration>> = Mutex::default();
    let begun = Clock::now();
    std::thread::scope(|scope| {
        for who in 0..8u64 {
            let (store, times) = (&store, &times);
            scope.spawn(move || {
                let mut previous: Option<String> = None;
                for number in 1..=seconds * rate / 8 {
                    let due = Duration::from_secs_f64(number as f64 * 8.0 / rate as f64);
                    std::thread::sleep(due.saturating_sub(begun.elapsed()));
                    let bytes = format!("{who} {number}");
                    let submission = Submission {
                        submitter: format!("key/{who}"),
                        by: Viewer::keeper(),
                        number,
                        previous: previous.as_deref().map(|bytes| digest(bytes.as_bytes())),
                        submitted: Submitted { bytes: bytes.clone(), made: None },
                        key: None,
                        entry: Entry::Record(record(&format!("s{who}-{number}"))),
                    };
                    let asked = Clock::now();
                    store.submit(submission, Instant(2_000)).expect("a receipt");
                    times.lock().expect("no panic").push(asked.elapsed());
                    previous = Some(bytes);
                }
            });
        }
    });
    let took = begun.elapsed().as_secs_f64();
    let mut times = times.into_inner().expect("no panic");
    times.sort();
    let at = |part: f64| {
        let place = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    println!(
        "{} submissions in {took:.1} s, {:.0} a second; to the receipt: median {:.0} ms, p99 {:.0} ms, longest {:.0} ms",
        times.len(),
        times.len() as f64 / took,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    timed("making the database again and comparing every row", &mut || {
        let compared = store.compare().expect("compared");
        assert_eq!(compared.different, 0, "{:?}", compared.differences);
    });
}
