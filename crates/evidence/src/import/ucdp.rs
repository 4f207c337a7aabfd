//! UCDP GED: what its codes mean here.
//!
//! The mapping itself is data (`crates/evidence/data/ucdp.map.toml`) and can be overridden key by key in a map file that
//! begins with `base = "ucdp"`. This module holds the choices that the mapping makes, so that they have one place:
//!
//! - `type_of_violence` 1 and 2 name the two sides of a conflict, never who fired: the role `by` is one of both. Type 3 is
//!   one-sided violence, which UCDP defines as the use of armed force *by* side A: `by` is side A.
//! - `date_prec` 1 is a day. From 2 on the event lies in the stretch `date_start` … `date_end`; where both are the same day,
//!   the stretch is what the code says: all days within 5 of it (2), its week (3), its month (4), its year (5).
//! - `where_prec` 1 is a place taken as 5 km, 2 is 25 km, 3 (district) 50 km, 4 (province) the province where the
//!   gazetteer knows it, else 150 km, 5 (a line or vague area) 150 km, 6 the country, 7 (sea or air) 100 km. The codebook
//!   gives 25 km for code 2 only; the others are our choice, on the wide side.
//! - `event_clarity` 1 is item grade 2 (probable), 2 is item grade 3 (possible). UCDP codes from reports of others:
//!   nothing is confirmed, the basis is *assessed*.
//! - `source_date` is when the sources were published. The record counts as known from the end of the earliest such day
//!   that is not before the event's last day, else from the end of the event's last day. UCDP publishes a year later: this
//!   is an assumption for replays ("when could it have been known"), and every such record keeps `source_date`.
//!
//! # Source
//! UCDP GED Codebook, Uppsala Conflict Data Program; the codes `type_of_violence`, `date_prec`, `where_prec`,
//! `event_clarity`. Tests on two of its files: `crates/evidence/tests/ucdp.rs`.

use crate::Mapping;

/// The embedded mapping, for a fact of the user's choice.
pub fn mapping(fact: &str) -> Mapping {
    Mapping::ucdp().with_fact(fact)
}
