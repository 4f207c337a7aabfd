//! Names of places: every region, its capital, its spellings; the maps that ship; the towns' file derived anew.

use servanda_evidence::gazetteer::{self, Extent, canonical, lookup, suggest};
use servanda_model::place::Shape;
use servanda_model::{Name, Point, Within};
use std::collections::BTreeSet;

fn shape(name: &str) -> Shape {
    match lookup(name) {
        Some(Extent::Shape(shape)) => shape,
        other => panic!("{name}: {}", if other.is_some() { "a town" } else { "not known" }),
    }
}

fn town(name: &str) -> Point {
    match lookup(name) {
        Some(Extent::Point(point)) => point,
        _ => panic!("{name} is no town; {:?}", suggest(name)),
    }
}

fn inside(point: Point, area: &str) -> bool {
    shape(area).contains(point, 0.0) == Within::Inside
}

/// Region, its seat as the gazetteer calls it.
const SEATS: [(&str, &str); 27] = [
    ("Cherkasy", "Cherkasy city"),
    ("Chernihiv", "Chernihiv city"),
    ("Chernivtsi", "Chernivtsi city"),
    ("Crimea", "Simferopol"),
    ("Dnipropetrovsk", "Dnipro"),
    ("Donetsk", "Donetsk city"),
    ("Ivano-Frankivsk", "Ivano-Frankivsk city"),
    ("Kharkiv", "Kharkiv city"),
    ("Kherson", "Kherson city"),
    ("Khmelnytskyi", "Khmelnytskyi city"),
    ("Kirovohrad", "Kropyvnytskyi"),
    ("Kyiv", "Kyiv, Kyiv"),
    // The seat of Kyiv oblast is Kyiv, which is a region of its own; its largest town stands for it.
    ("Kyiv-oblast", "Bila Tserkva"),
    ("Luhansk", "Luhansk, Luhansk"),
    ("Lviv", "Lviv, Lviv"),
    ("Mykolaiv", "Mykolaiv, Mykolaiv"),
    ("Odesa", "Odesa, Odesa"),
    ("Poltava", "Poltava, Poltava"),
    ("Rivne", "Rivne, Rivne"),
    ("Sevastopol", "Sevastopol, Sevastopol"),
    ("Sumy", "Sumy, Sumy"),
    ("Ternopil", "Ternopil, Ternopil"),
    ("Vinnytsia", "Vinnytsia, Vinnytsia"),
    ("Volyn", "Lutsk"),
    ("Zakarpattia", "Uzhhorod"),
    ("Zaporizhzhia", "Zaporizhzhia, Zaporizhzhia"),
    ("Zhytomyr", "Zhytomyr, Zhytomyr"),
];

#[test]
fn each_seat_lies_in_its_own_region_and_in_no_other_and_in_ukraine() {
    let listed: BTreeSet<String> = SEATS.iter().map(|(region, _)| region.to_string()).collect();
    assert_eq!(listed, gazetteer::regions().iter().map(|r| r.to_string()).collect());
    let ukraine = shape("Ukraine");
    for (region, seat) in SEATS {
        let at = town(seat);
        if region == "Kherson" {
            // GeoNames puts the town's point 113 m off the bank of the Dnipro as Natural Earth draws it.
            assert_eq!(shape(region).contains(at, 200.0), Within::Unknown);
            assert_eq!(ukraine.contains(at, 200.0), Within::Unknown);
            continue;
        }
        let found: Vec<&str> = SEATS.iter().map(|(r, _)| *r).filter(|r| inside(at, r)).collect();
        assert_eq!(found, [region], "{seat}");
        assert_eq!(ukraine.contains(at, 0.0), Within::Inside, "{seat}");
    }
}

#[test]
fn crimea_is_ukraine_on_every_map_that_ships() {
    for seat in ["Simferopol", "Sevastopol, Sevastopol", "Kerch"] {
        let at = town(seat);
        assert!(inside(at, "Ukraine"), "{seat}");
        assert!(!inside(at, "Russia"), "{seat}");
    }
    assert!(inside(town("Simferopol"), "Crimea"));
    assert!(inside(town("Sevastopol, Sevastopol"), "Sevastopol"));
    assert!(!inside(town("Sevastopol, Sevastopol"), "Crimea"));
}

#[test]
fn borders_between_regions_are_no_borders_of_the_country() {
    // On the border of Kherson and Mykolaiv, whose lines differ in their last digits in the source.
    let at = Point { lat: 47.4, lon: 33.2 };
    assert_eq!(shape("Ukraine").contains(at, 60_000.0), Within::Inside);
    let Shape::Area(polygons) = shape("Ukraine") else { panic!("no area") };
    assert!(polygons.len() <= 5, "{} parts", polygons.len());
}

#[test]
fn old_and_ukrainian_spellings_are_the_same_region() {
    for (name, region) in [
        ("Kiev", "Kyiv"),
        ("Київ", "Kyiv"),
        ("Kiev oblast", "Kyiv-oblast"),
        ("Kyiv region", "Kyiv-oblast"),
        ("Київська область", "Kyiv-oblast"),
        ("Donets'k", "Donetsk"),
        ("Donetsk oblast", "Donetsk"),
        ("донецька", "Donetsk"),
        ("Lugansk region", "Luhansk"),
        ("Запорожье", "Zaporizhzhia"),
        ("Zaporizhzhya", "Zaporizhzhia"),
        ("IVANO-FRANKIVS’K", "Ivano-Frankivsk"),
        ("Autonomous Republic of Crimea", "Crimea"),
        ("Севастополь", "Sevastopol"),
        ("Transcarpathia", "Zakarpattia"),
        ("Odessa", "Odesa"),
    ] {
        assert_eq!(canonical(name).expect(name).as_str(), region, "{name}");
    }
}

#[test]
fn countries_are_known_by_their_full_names() {
    for (name, at) in [
        ("Colombia", Point { lat: 4.6, lon: -74.1 }),
        ("Democratic Republic of the Congo", Point { lat: -4.3, lon: 15.5 }),
        ("Dem. Rep. Congo", Point { lat: -4.3, lon: 15.5 }),
        ("South Sudan", Point { lat: 7.0, lon: 30.0 }),
        ("Germany", Point { lat: 52.5, lon: 13.4 }),
    ] {
        assert!(inside(at, name), "{name}");
    }
    for (long, short) in
        [("South Sudan", "S. Sudan"), ("Russian Federation", "Russia"), ("USA", "United States of America")]
    {
        assert_eq!(canonical(long), canonical(short), "{long}");
    }
    assert_eq!(canonical("Dem. Rep. Congo").unwrap().as_str(), "Democratic Republic of the Congo");
    assert_eq!(canonical("eSwatini").unwrap().as_str(), "Eswatini");
    assert_eq!(gazetteer::areas().len(), 177 + 27);
}

#[test]
fn a_name_of_several_places_is_not_guessed() {
    assert_eq!(lookup("Mykolaivka"), None);
    let said = suggest("Mykolaivka");
    assert!(said.len() > 1 && said.iter().all(|s| s.starts_with("Mykolaivka, ")), "{said:?}");
    assert!(lookup(&said[0]).is_some() || lookup(&said[1]).is_some(), "{said:?}");
    assert!(suggest("Kramatosk").contains(&"Kramatorsk".to_string()));
    assert_eq!(suggest("Chernihov")[0], "Chernihiv");
    assert_eq!(lookup(""), None);
    assert_eq!(lookup(&"x".repeat(1_000_000)), None);
}

#[test]
fn what_is_canonical_can_be_looked_up_again() {
    for name in ["Donetsk city", "Авдіївка", "Kramatorsk", "Lviv, Lviv", "Bila Tserkva", "Simferopol"]
    {
        let canonical = canonical(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(lookup(canonical.as_str()), lookup(name), "{name} → {canonical}");
    }
    for (name, kept) in [
        ("Донецьк місто", None),
        ("м. Донецьк", Some("Donetsk city")),
        ("City of Kharkiv", Some("Kharkiv city")),
        ("Kramatorsk city", Some("Kramatorsk")),
    ] {
        assert_eq!(canonical(name).as_ref().map(Name::as_str), kept, "{name}");
    }
}

/// Letters of the two scripts that are kept.
fn cyrillic(c: char) -> bool {
    ('\u{400}'..='\u{52f}').contains(&c)
}

fn key(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().take(200) {
        match c {
            '\'' | '’' | 'ʼ' | '`' | 'ʹ' | '´' | '\u{300}'..='\u{305}' | '\u{307}'..='\u{36f}' => {}
            c if c.is_alphanumeric() || c == '\u{306}' => out.extend(c.to_lowercase()),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.trim_end().to_string()
}

#[test]
fn the_towns_are_derived_as_the_notice_says() {
    let path =
        format!("{}/../../../shared/data/places/geonames-cities500-ua.json", env!("CARGO_MANIFEST_DIR"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if std::env::var_os("SERVANDA_WITHOUT_SHARED_DATA").is_some() => {
            eprintln!("skipped: {path} is not there, and SERVANDA_WITHOUT_SHARED_DATA is set");
            return;
        }
        Err(error) => {
            panic!("{path}: {error}; set SERVANDA_WITHOUT_SHARED_DATA=1 to test without the real data")
        }
    };
    let mut places: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    places.sort_by_key(|p| p["geonameid"].as_i64());
    let mut derived = String::new();
    for place in &places {
        let name = place["name"].as_str().unwrap();
        let mut seen = BTreeSet::from([key(name)]);
        let (mut kept, mut latin) = (Vec::new(), 0);
        for other in place["alternatenames"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()) {
            let letters: Vec<char> = other.chars().filter(|c| c.is_alphabetic()).collect();
            if letters.is_empty() || other.contains(['|', '\t']) {
                continue;
            }
            let is_latin = letters.iter().all(char::is_ascii_alphabetic);
            let code = letters.len() > 1 && letters.iter().all(|c| c.is_uppercase());
            if !(letters.iter().all(|c| cyrillic(*c)) || is_latin && letters[0].is_uppercase() && !code) {
                continue;
            }
            let k = key(other);
            if k.chars().count() < 3 || seen.contains(&k) {
                continue;
            }
            if is_latin {
                latin += 1;
                if latin > 5 && place["population"].as_i64().unwrap() < 100_000 {
                    continue;
                }
            }
            seen.insert(k);
            kept.push(other);
        }
        derived += &format!(
            "{name}\t{}\t{}\t{}\t{}\t{}\n",
            kept.join("|"),
            place["latitude"],
            place["longitude"],
            place["admin1code"].as_str().unwrap(),
            place["population"]
        );
    }
    let shipped = include_str!("../data/towns-ua.tsv");
    assert!(shipped.len() < 600_000);
    for (line, (ours, theirs)) in shipped.lines().zip(derived.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", line + 1);
    }
    assert_eq!(shipped.lines().count(), derived.lines().count());
}
