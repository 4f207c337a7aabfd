//! Zones of an agreement to shapes: files, regions, towns, and names that nobody knows.

use proptest::prelude::*;
use servanda_evidence::zones::places;
use servanda_model::agreement::{Extent, Zone, ZoneCase};
use servanda_model::place::Shape;
use servanda_model::record::Marking;
use servanda_model::{Agreement, Instant, Name, Place, Point, Record, When, Within};
use std::collections::BTreeMap;

fn zone(extent: Extent) -> Zone {
    let cases = vec![ZoneCase { guards: Vec::new(), extent, from: None, until: None }];
    Zone { phrase: String::new(), params: Vec::new(), cases, sides: None, marking: Marking::default() }
}

fn agreement(zones: &[(&str, Extent)]) -> Agreement {
    let zones = zones.iter().map(|(name, extent)| (Name::from(*name), zone(extent.clone()))).collect();
    Agreement { zones, ..Agreement::default() }
}

fn given(name: &str) -> Extent {
    Extent::Given(Name::from(name))
}

fn at(place: &str) -> Record {
    let mut record = Record::new("r1", "fire", When::exact(Instant(0)), Instant(0));
    record.place = Some(Place::Named(Name::from(place)));
    record
}

fn files(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(name, text)| (name.to_string(), text.as_bytes().to_vec())).collect()
}

#[test]
fn names_are_found_in_files_and_in_the_gazetteer_under_the_names_that_were_used() {
    let agreement = agreement(&[
        ("east", Extent::Union(vec![given("Donets'k oblast"), given("Luhansk")])),
        ("rest", Extent::Difference(Box::new(given("Ukraine")), Box::new(given("safe.geojson")))),
        ("line", given("line.geojson")),
    ]);
    let files = files(&[
        (
            "safe.geojson",
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[37,48],[39,48],[39,50],[37,50]]]}},{"type":"Feature","properties":null,"geometry":null}]}"#,
        ),
        (
            "line.geojson",
            r#"{"type":"MultiLineString","coordinates":[[[37,48],[38,49]],[[38.5,49.5],[39,50]]]}"#,
        ),
    ]);
    let (places, problems) = places(&agreement, &files, &[at("Kramatorsk"), at("line"), at("Colombia")]);
    assert_eq!(problems, []);
    let names: Vec<&str> = places.shapes.keys().map(Name::as_str).collect();
    assert_eq!(names, ["Colombia", "Donets'k oblast", "Luhansk", "Ukraine", "line.geojson", "safe.geojson"]);
    assert!(matches!(&places.shapes["line.geojson"], Shape::Line(parts) if parts.len() == 2));
    let safe = &places.shapes["safe.geojson"];
    assert_eq!(safe.contains(Point { lat: 49.0, lon: 38.0 }, 0.0), Within::Inside, "the ring is closed");
    let kramatorsk = places.points["Kramatorsk"];
    assert_eq!(places.shapes["Donets'k oblast"].contains(kramatorsk, 0.0), Within::Inside);
}

#[test]
fn what_cannot_be_found_says_for_which_zone_and_what_to_do() {
    for (name, text, feature, hint) in [
        ("Chernihov", "", None, "`Chernihiv`"),
        ("Kramatorsk", "", None, "within N km of point 48.7"),
        ("Mykolaivka", "", None, "`Mykolaivka, "),
        ("front.geojson", "", None, "beside the agreement"),
        (
            "a.geojson",
            "{\"type\":\"Polygon\",\"coordinates\":[[[48,137],[48,139],[50,139]]]}",
            None,
            "longitude first",
        ),
        ("a.geojson", "{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4]]]}", None, "three or more"),
        ("a.geojson", "{\"type\":\"Point\",\"coordinates\":[1,2]}", None, "within N km"),
        ("a.geojson", "{\"type\":\"FeatureCollection\",\"features\":[]}", None, "at least one"),
        ("a.geojson", "not json", None, "RFC 7946"),
        (
            "a.geojson",
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]},{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1],[2]]}}]}",
            Some(2),
            "[longitude, latitude]",
        ),
        (
            "a.geojson",
            "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]},{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4],[5,5]]]}]}",
            None,
            "two files",
        ),
    ] {
        let given_files = if text.is_empty() { BTreeMap::new() } else { files(&[(name, text)]) };
        let (places, problems) = places(&agreement(&[("z", given(name))]), &given_files, &[]);
        assert!(places.shapes.is_empty(), "{name}");
        let [problem] = problems.as_slice() else { panic!("{name}: {problems:?}") };
        assert_eq!(
            (problem.zones.as_slice(), problem.feature),
            (&[Name::from("z")][..], feature),
            "{problem}"
        );
        assert!(problem.remedy.contains(hint), "{problem}");
    }
    let (_, problems) =
        places(&agreement(&[]), &BTreeMap::new(), &[at("Nowhere-at-all"), at("Nowhere-at-all")]);
    assert_eq!((problems.len(), problems[0].records), (1, 2));
}

#[test]
fn a_shape_of_too_many_points_is_refused() {
    let points: Vec<String> = (0..200_001).map(|i| format!("[{},{}]", i % 90, (i / 90) % 80)).collect();
    let text = format!("{{\"type\":\"LineString\",\"coordinates\":[{}]}}", points.join(","));
    let (_, problems) =
        places(&agreement(&[("z", given("big.geojson"))]), &files(&[("big.geojson", &text)]), &[]);
    assert!(problems[0].reason.contains("200000"), "{}", problems[0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn no_zone_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = places(&agreement(&[("z", given("a.geojson"))]), &BTreeMap::from([("a.geojson".to_string(), bytes)]), &[]);
    }

    #[test]
    fn no_nearly_right_zone_file_panics(text in "(\\{\"type\":\"(Polygon|LineString|Feature|FeatureCollection)\",|\"coordinates\":|\"features\":|\"geometry\":|\\[|\\]|\\}|,|[0-9.-]{1,4}){0,30}") {
        let _ = places(&agreement(&[("z", given("a.geojson"))]), &files(&[("a.geojson", &text)]), &[]);
    }

}

proptest! {
    // A name that nobody knows is compared with six thousand others.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn no_name_panics(name in "\\PC{0,40}") {
        let _ = places(&agreement(&[("z", given(&name))]), &BTreeMap::new(), &[]);
    }
}
