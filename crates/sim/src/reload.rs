//! Saved on the way, read again, and on with what came since: nothing may show that there was a stop.

use crate::compare::show_row;
use crate::world::Read;
use servanda_engine::incremental::history::History;
use servanda_engine::incremental::{Engine, Settings};
use servanda_model::{Agreement, Board, Instant, Places, Question, Record};

/// A board from an engine that takes every other record, goes as far as these lead, is saved and read again, and takes
/// the rest: so some come late after the stop, and some before it are known only after it.
pub fn reloaded_board(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
) -> Board {
    let settings = Settings { readings: question.readings.clone(), ..Settings::default() };
    let mut first = Engine::new(agreement, places, settings.clone());
    first.add(records.iter().step_by(2).cloned());
    first.advance(middle(records).unwrap_or(question.at));
    let bytes = first.snapshot();
    let mut second = Engine::restore(agreement, places, settings, &bytes).unwrap_or_else(|e| panic!("{e}"));
    second.add(records.iter().skip(1).step_by(2).cloned());
    second.board(question)
}

/// The moment by which half of the records were recorded.
fn middle(records: &[Record]) -> Option<Instant> {
    let mut recorded: Vec<Instant> = records.iter().map(|r| r.recorded).collect();
    recorded.sort();
    recorded.get(recorded.len() / 2).copied()
}

/// Whether engines that were saved and read again at several moments say, row by row, what one said that never
/// stopped; and whether what is saved is the same bytes, in whatever order and strides it came about.
///
/// # Errors
/// The first difference.
pub fn same(read: &Read, settings: &Settings, right: &History, end: Instant) -> Result<(), String> {
    let mut recorded: Vec<Instant> = read.records.iter().map(|r| r.recorded).collect();
    recorded.sort();
    recorded.dedup();
    let (Some(first), Some(half)) = (recorded.first(), recorded.get(recorded.len() / 2)) else {
        return Ok(());
    };
    for stop in [*first, *half, *half + 1] {
        let mut whole = Engine::new(&read.agreement, &read.places, settings.clone());
        whole.add(read.records.iter().cloned());
        whole.advance(stop);
        let bytes = whole.snapshot();
        let mut streamed = Engine::new(&read.agreement, &read.places, settings.clone());
        for (i, record) in read.records.iter().rev().enumerate() {
            streamed.add([record.clone()]);
            if i % 5 == 0 {
                streamed.advance(Instant(stop.0 / 2 + first.0 / 2));
            }
        }
        streamed.advance(stop);
        if streamed.snapshot() != bytes {
            return Err(format!("at {stop}: another order of arrival, other bytes"));
        }
        let restore = |bytes: &[u8]| {
            Engine::restore(&read.agreement, &read.places, settings.clone(), bytes).map_err(|e| e.to_string())
        };
        let mut again = restore(&bytes)?;
        if again.snapshot() != bytes {
            return Err(format!("at {stop}: read and saved again, other bytes"));
        }
        again.advance(end);
        compare(&again, right, stop)?;
        // Only what had come by then was saved; the rest is the log's tail.
        let (before, tail): (Vec<&Record>, Vec<&Record>) =
            read.records.iter().partition(|r| r.recorded <= stop);
        let mut early = Engine::new(&read.agreement, &read.places, settings.clone());
        early.add(before.into_iter().cloned());
        early.advance(stop);
        let mut late = restore(&early.snapshot())?;
        late.add(tail.into_iter().cloned());
        late.advance(end);
        compare(&late, right, stop)?;
    }
    Ok(())
}

fn compare(engine: &Engine<'_>, right: &History, stop: Instant) -> Result<(), String> {
    let (rows, right) = (engine.history().rows(), right.rows());
    match right.iter().zip(rows).find(|(a, b)| a != b) {
        Some((a, b)) => Err(format!("saved at {stop}: {} and without a stop {}", show_row(b), show_row(a))),
        None if rows.len() != right.len() => {
            Err(format!("saved at {stop}: {} rows, and without a stop {}", rows.len(), right.len()))
        }
        None => Ok(()),
    }
}
