//! The change log and the variants as Parquet, for whoever goes on with other tools.
//!
//! Columns are plain: texts, whole numbers, instants in milliseconds of UTC. Nothing is compressed: a file of a back-test is
//! small, and every reader reads it.

use crate::Backtest;
use crate::vary::{Found, Sweep};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use servanda_model::verdict::Performance;
use servanda_model::{Instant, When};
use std::sync::Arc;

/// Rows in a group of a file.
const GROUP: usize = 100_000;

/// A column and its values; `None` where a row has none.
pub enum Column {
    /// Texts.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Milliseconds of UTC since 1970.
    Moment(Vec<Option<i64>>),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
    /// Degrees and metres.
    Measure(Vec<Option<f64>>),
}

/// The change log: a row for each thing that was said of an instance, from when to when it was said.
///
/// # Errors
/// Where the writer refuses what it is given, which would be our mistake.
pub fn log(b: &Backtest<'_>) -> Result<Vec<u8>, String> {
    let rows = &b.replay.log;
    let text = |f: &dyn Fn(&servanda_engine::incremental::history::Row) -> Option<String>| {
        Column::Text(rows.iter().map(f).collect())
    };
    let moment = |f: &dyn Fn(&servanda_engine::incremental::history::Row) -> Option<Instant>| {
        Column::Moment(rows.iter().map(|r| f(r).map(|at| at.0)).collect())
    };
    let earliest = |w: Option<When>| w.map(|w| w.earliest);
    let latest = |w: Option<When>| w.map(|w| w.latest);
    let columns = vec![
        ("norm", text(&|r| Some(r.verdict.norm.to_string()))),
        ("bearer", text(&|r| Some(r.verdict.bearer.to_string()))),
        ("instance", text(&|r| Some(r.verdict.instance.to_string()))),
        ("known_from", moment(&|r| Some(r.known_from))),
        ("known_to", moment(&|r| r.known_to)),
        ("gone", Column::Flag(rows.iter().map(|r| Some(r.gone)).collect())),
        ("performance", text(&|r| Some(r.verdict.performance.word().to_string()))),
        ("standing", text(&|r| Some(r.verdict.standing.word().to_string()))),
        ("grade", text(&|r| Some(r.verdict.grade.word().to_string()))),
        ("triggered_earliest", moment(&|r| earliest(r.verdict.triggered))),
        ("triggered_latest", moment(&|r| latest(r.verdict.triggered))),
        ("due_earliest", moment(&|r| earliest(r.verdict.due))),
        ("due_latest", moment(&|r| latest(r.verdict.due))),
        ("fulfilled", moment(&|r| latest(r.verdict.fulfilled))),
        ("breached", moment(&|r| latest(r.verdict.breached))),
        ("performed_late", moment(&|r| latest(r.verdict.performed_late))),
        ("episodes", Column::Whole(rows.iter().map(|r| Some(r.verdict.episodes.len() as i64)).collect())),
        ("codes", text(&|r| Some(joined(r.verdict.reasons().because.iter().map(|b| b.code.word()))))),
        ("missing", text(&|r| Some(r.verdict.reasons().missing.join("; ")).filter(|m| !m.is_empty()))),
        (
            "decided_by",
            text(&|r| Some(joined(r.verdict.reasons().decided_by.iter().map(|c| c.record.to_string())))),
        ),
        ("cause", text(&|r| Some(joined(r.cause.iter().map(|id| id.to_string()))))),
    ];
    written(columns)
}

/// The variants: a row for each variant and each norm and term of it.
///
/// # Errors
/// Where the writer refuses what it is given, which would be our mistake.
pub fn variants(sweep: &Sweep) -> Result<Vec<u8>, String> {
    let mut number = Vec::new();
    let mut is_draft = Vec::new();
    let mut settings: Vec<Vec<Option<String>>> = vec![Vec::new(); sweep.varied.len()];
    let (mut kind, mut name, mut triggers, mut instances) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut median, mut most) = (Vec::new(), Vec::new());
    let mut performances: Vec<(Performance, Vec<Option<i64>>)> =
        Performance::ALL.into_iter().map(|p| (p, Vec::new())).collect();
    for (i, variant) in sweep.variants.iter().enumerate() {
        let mut row =
            |what: &str, called: String, times: usize, norm: Option<&crate::figures::NormFigures>| {
                number.push(Some(i as i64));
                is_draft.push(Some(variant.is_draft));
                for ((column, varied), at) in settings.iter_mut().zip(&sweep.varied).zip(&variant.at) {
                    column.push(Some(varied.values[*at].to_string()));
                }
                kind.push(Some(what.to_string()));
                name.push(Some(called));
                triggers.push(Some(times as i64));
                instances.push(norm.map(|n| n.instances as i64));
                median.push(norm.and_then(|n| n.from_trigger).map(|s| s.median));
                most.push(norm.and_then(|n| n.from_trigger).map(|s| s.most));
                for (performance, column) in &mut performances {
                    column.push(norm.map(|n| n.count(*performance) as i64));
                }
            };
        match &variant.found {
            Found::Triggers { triggers, .. } => {
                let term = sweep.term_only.as_ref().map(|t| t.to_string()).unwrap_or_default();
                row("term", term, *triggers, None);
            }
            Found::Whole { norms, terms, .. } => {
                for n in norms {
                    row("norm", n.norm.to_string(), n.triggers, Some(n));
                }
                for t in terms {
                    let readings = servanda_report::text::readings_words(&t.readings);
                    let called = if readings.is_empty() {
                        t.term.to_string()
                    } else {
                        format!("{} ({readings})", t.term)
                    };
                    row("term", called, t.episodes.len(), None);
                }
            }
        }
    }
    let knobs: Vec<String> = sweep.varied.iter().map(|v| v.knob.name.clone()).collect();
    let mut columns = vec![("variant", Column::Whole(number)), ("is_draft", Column::Flag(is_draft))];
    columns.extend(knobs.iter().map(String::as_str).zip(settings.into_iter().map(Column::Text)));
    columns.extend([
        ("kind", Column::Text(kind)),
        ("name", Column::Text(name)),
        ("triggers", Column::Whole(triggers)),
        ("instances", Column::Whole(instances)),
        ("median_from_trigger_ms", Column::Whole(median)),
        ("most_from_trigger_ms", Column::Whole(most)),
    ]);
    columns.extend(performances.into_iter().map(|(p, column)| (p.word(), Column::Whole(column))));
    written(columns)
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// A file of these columns.
///
/// # Errors
/// Where the writer refuses what it is given, which would be our mistake.
pub fn written(columns: Vec<(&str, Column)>) -> Result<Vec<u8>, String> {
    let fields = columns.iter().map(|(name, column)| {
        let (physical, logical) = match column {
            Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Column::Whole(_) => (Physical::INT64, None),
            Column::Moment(_) => {
                let unit = TimeUnit::MILLIS;
                (Physical::INT64, Some(LogicalType::timestamp(true, unit)))
            }
            Column::Flag(_) => (Physical::BOOLEAN, None),
            Column::Measure(_) => (Physical::DOUBLE, None),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build();
        field.map(Arc::new).map_err(|e| e.to_string())
    });
    let fields = fields.collect::<Result<Vec<_>, String>>()?;
    let schema =
        Type::group_type_builder("servanda").with_fields(fields).build().map_err(|e| e.to_string())?;
    let about = WriterProperties::builder().set_created_by("servanda".to_string()).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(about))
        .map_err(|e| e.to_string())?;
    let length = columns.first().map_or(0, |(_, column)| column.length());
    let mut from = 0;
    while from < length {
        let to = (from + GROUP).min(length);
        let mut group = writer.next_row_group().map_err(|e| e.to_string())?;
        for (_, column) in &columns {
            let mut open = group.next_column().map_err(|e| e.to_string())?.ok_or("a column too many")?;
            let wrote = match column {
                Column::Text(values) => {
                    let (levels, some) = levelled(&values[from..to]);
                    let bytes: Vec<ByteArray> =
                        some.into_iter().map(|t| ByteArray::from(t.into_bytes())).collect();
                    open.typed::<ByteArrayType>().write_batch(&bytes, Some(&levels), None)
                }
                Column::Whole(values) | Column::Moment(values) => {
                    let (levels, some) = levelled(&values[from..to]);
                    open.typed::<Int64Type>().write_batch(&some, Some(&levels), None)
                }
                Column::Flag(values) => {
                    let (levels, some) = levelled(&values[from..to]);
                    open.typed::<BoolType>().write_batch(&some, Some(&levels), None)
                }
                Column::Measure(values) => {
                    let (levels, some) = levelled(&values[from..to]);
                    open.typed::<DoubleType>().write_batch(&some, Some(&levels), None)
                }
            };
            wrote.map_err(|e| e.to_string())?;
            open.close().map_err(|e| e.to_string())?;
        }
        group.close().map_err(|e| e.to_string())?;
        from = to;
    }
    writer.into_inner().map_err(|e| e.to_string())
}

impl Column {
    fn length(&self) -> usize {
        match self {
            Column::Text(v) => v.len(),
            Column::Whole(v) | Column::Moment(v) => v.len(),
            Column::Flag(v) => v.len(),
            Column::Measure(v) => v.len(),
        }
    }
}

/// For each row whether it has a value, and the values that there are.
fn levelled<T: Clone>(values: &[Option<T>]) -> (Vec<i16>, Vec<T>) {
    (values.iter().map(|v| i16::from(v.is_some())).collect(), values.iter().flatten().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn what_is_written_can_be_read() {
        let columns = vec![
            ("word", Column::Text(vec![Some("a".into()), None, Some("ї".into())])),
            ("n", Column::Whole(vec![None, Some(-3), Some(7)])),
            ("at", Column::Moment(vec![Some(0), Some(1), None])),
            ("flag", Column::Flag(vec![Some(true), Some(false), None])),
        ];
        let bytes = written(columns).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|r| r.unwrap()).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2].get_string(0).unwrap(), "ї");
        assert_eq!(rows[1].get_long(1).unwrap(), -3);
        assert!(rows[0].get_long(1).is_err(), "no value");
        assert_eq!(rows[0].get_timestamp_millis(2).unwrap(), 0);
        assert!(rows[0].get_bool(3).unwrap());
    }

    #[test]
    fn an_empty_table_is_a_file_all_the_same() {
        let bytes = written(vec![("word", Column::Text(Vec::new()))]).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
