//! The codes of refusals, each with its page in `docs/reference/codes/`.
//!
//! A code is never used for something else later.

macro_rules! codes {
    ($($name:ident $code:literal $what:literal;)*) => {
        $(#[doc = $what] pub const $name: &str = $code;)*

        /// Every code of this crate with its page, in order.
        pub const CODES: &[(&str, &str)] = &[
            $(($code, include_str!(concat!("../../../docs/reference/codes/", $code, ".md"))),)*
        ];
    };
}

codes! {
    EMPTY "E0101" "The file is empty or has no rows.";
    ENCODING "E0102" "The bytes are not in the stated encoding.";
    BINARY "E0103" "The file holds NUL bytes: it is no text.";
    TOO_LONG "E0104" "A row, a cell or the file is longer than anything sensible.";
    NO_COLUMN "E0105" "The mapping names a column that the file does not have.";
    TOO_MANY_REFUSED "E0106" "So many rows were refused that it must be the wrong file or mapping.";
    NOT_JSON "E0107" "The file or the line is not the JSON that was expected.";
    MAPPING "E0108" "The mapping cannot be used.";
    MAPPING_KEY "E0109" "The mapping has an unknown key or word.";
    RAGGED "E0110" "The row has more or fewer cells than the header.";
    NO_VALUE "E0111" "A cell that must be filled is empty.";
    NUMBER "E0112" "The cell is not a number.";
    DECIMAL_COMMA "E0113" "The number has a decimal comma, and the mapping does not say so.";
    COORDINATE "E0114" "The coordinate is out of range.";
    DATE "E0115" "The cell is not a date or time.";
    NO_SUCH_DATE "E0116" "There is no such day or time.";
    FUTURE "E0117" "The event lies after the moment at which it is said to be known.";
    BACKWARDS "E0118" "The end lies before the start.";
    DUPLICATE "E0119" "Two rows have the same identity.";
    NOT_IN_TABLE "E0120" "The mapping's table does not have the value.";
    WORD "E0121" "The word is not one of those that are possible here.";
    PLACE "E0122" "The place is not known.";
    RECORD_JSON "E0123" "The line is not a record in the project's own form.";
    ZONE_FILE "E0124" "The zone's file cannot be used.";
    ZONE_NAME "E0125" "The zone's name is not known.";
    NOT_XML "E0126" "The file is not the XML that was expected.";
    NOT_PARQUET "E0127" "The file is no Parquet file that can be read.";
    NO_ALERT "E0128" "The message is a test or an answer, and no alert.";
    COUNT "E0129" "The cell is not a count.";
    BEARING "E0130" "The cell is not a distance and a direction.";
    DETAIL "E0131" "The detail of an incident cannot be used.";
    OUTBOX "E0132" "The outbox or a submission from one cannot be used.";
}

/// The page of a code, in Markdown.
///
/// # Example
/// ```
/// assert!(servanda_evidence::codes::explain("E0105").is_some_and(|page| page.contains("column")));
/// ```
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, page)| *page)
}
