//! Names of places to shapes and points: Ukraine's 27 regions, its towns, the world's countries.
//!
//! It never guesses between two places of one name: where a name stands for several, the largest is taken only if it is at
//! least ten times as large as the next; else a person has to say which (`Mykolaivka, Donetsk`).
//!
//! A bare name of a region is the region, not its capital: `Donetsk` is the oblast, `Donetsk city` the town. `Kyiv` and
//! `Sevastopol` are the cities with special status, which are regions of their own; `Kyiv oblast` is the oblast.
//!
//! Ukraine's outline is that of its 27 regions, Crimea and Sevastopol among them. Other countries are coarse (1:110
//! million): good for a map and for whole countries, not for borders.
//!
//! Data and licences: `crates/evidence/data/NOTICE.md`.

use crate::geo;
use crate::spelling;
use servanda_model::place::Shape;
use servanda_model::{Name, Point};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const REGIONS: &str = include_str!("../data/ukraine-admin1.geojson");
const COUNTRIES: &str = include_str!("../data/world-110m.topo.json");
const TOWNS: &str = include_str!("../data/towns-ua.tsv");

/// What a name stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Extent {
    /// A region or a country.
    Shape(Shape),
    /// A town.
    Point(Point),
}

/// A region: name here, name in the Natural Earth file, GeoNames code, other names.
struct Region(&'static str, &'static str, &'static str, &'static [&'static str]);

/// The 27 units, under their names in English of today.
const UNITS: [Region; 27] = [
    Region(
        "Cherkasy",
        "Cherkasy",
        "01",
        &["Cherkassy", "Cherkaska", "Черкаси", "Черкаська", "Черкассы", "Черкасская"],
    ),
    Region(
        "Chernihiv",
        "Chernihiv",
        "02",
        &["Chernigov", "Chernihivska", "Чернігів", "Чернігівська", "Чернигов", "Черниговская"],
    ),
    Region(
        "Chernivtsi",
        "Chernivtsi",
        "03",
        &["Chernovtsy", "Chernivetska", "Чернівці", "Чернівецька", "Черновцы", "Черновицкая"],
    ),
    Region(
        "Dnipropetrovsk",
        "Dnipropetrovs'k",
        "04",
        &[
            "Dnepropetrovsk",
            "Dnipropetrovska",
            "Дніпропетровськ",
            "Дніпропетровська",
            "Днепропетровская",
            "Січеславська",
        ],
    ),
    Region(
        "Donetsk",
        "Donets'k",
        "05",
        &["Donetska", "Donetskaya", "Донецьк", "Донецька", "Донецк", "Донецкая"],
    ),
    Region(
        "Ivano-Frankivsk",
        "Ivano-Frankivs'k",
        "06",
        &[
            "Ivano-Frankovsk",
            "Ivano-Frankivska",
            "Івано-Франківськ",
            "Івано-Франківська",
            "Ивано-Франковск",
            "Ивано-Франковская",
        ],
    ),
    Region(
        "Kharkiv",
        "Kharkiv",
        "07",
        &["Kharkov", "Kharkivska", "Харків", "Харківська", "Харьков", "Харьковская"],
    ),
    Region("Kherson", "Kherson", "08", &["Khersonska", "Херсон", "Херсонська", "Херсонская"]),
    Region(
        "Khmelnytskyi",
        "Khmel'nyts'kyy",
        "09",
        &[
            "Khmelnytsky",
            "Khmelnitsky",
            "Khmelnitskiy",
            "Khmelnytska",
            "Хмельницький",
            "Хмельницька",
            "Хмельницкий",
            "Хмельницкая",
        ],
    ),
    Region(
        "Kirovohrad",
        "Kirovohrad",
        "10",
        &[
            "Kirovograd",
            "Kirovohradska",
            "Кіровоград",
            "Кіровоградська",
            "Кировоград",
            "Кировоградская",
            "Кропивницька",
        ],
    ),
    Region(
        "Crimea",
        "Crimea",
        "11",
        &[
            "Autonomous Republic of Crimea",
            "Republic of Crimea",
            "AR Crimea",
            "ARC",
            "Krym",
            "Qirim",
            "Крим",
            "Автономна Республіка Крим",
            "АР Крим",
            "Крым",
            "Автономная Республика Крым",
        ],
    ),
    Region(
        "Kyiv",
        "Kiev City",
        "12",
        &[
            "Kiev",
            "Kyiv city",
            "Kiev city",
            "City of Kyiv",
            "Kiev Special Republican city",
            "Київ",
            "м. Київ",
            "місто Київ",
            "Киев",
        ],
    ),
    Region(
        "Kyiv-oblast",
        "Kiev",
        "13",
        &[
            "Kyiv oblast",
            "Kyiv region",
            "Kiev oblast",
            "Kiev region",
            "Kyivska",
            "Kyivska oblast",
            "Київська",
            "Київська область",
            "Киевская",
            "Киевская область",
        ],
    ),
    Region(
        "Luhansk",
        "Luhans'k",
        "14",
        &["Lugansk", "Luhanska", "Луганськ", "Луганська", "Луганск", "Луганская"],
    ),
    Region("Lviv", "L'viv", "15", &["Lvov", "Lvivska", "Львів", "Львівська", "Львов", "Львовская"]),
    Region(
        "Mykolaiv",
        "Mykolayiv",
        "16",
        &[
            "Mykolayiv",
            "Nikolaev",
            "Nikolayev",
            "Mykolaivska",
            "Миколаїв",
            "Миколаївська",
            "Николаев",
            "Николаевская",
        ],
    ),
    Region("Odesa", "Odessa", "17", &["Odessa", "Odeska", "Одеса", "Одеська", "Одесса", "Одесская"]),
    Region("Poltava", "Poltava", "18", &["Poltavska", "Полтава", "Полтавська", "Полтавская"]),
    Region("Rivne", "Rivne", "19", &["Rovno", "Rivnenska", "Рівне", "Рівненська", "Ровно", "Ровенская"]),
    Region(
        "Sevastopol",
        "Sevastopol",
        "20",
        &[
            "Sevastopol city",
            "City of Sevastopol",
            "Sebastopol",
            "Севастополь",
            "м. Севастополь",
            "місто Севастополь",
        ],
    ),
    Region("Sumy", "Sumy", "21", &["Sumska", "Суми", "Сумська", "Сумы", "Сумская"]),
    Region(
        "Ternopil",
        "Ternopil'",
        "22",
        &["Ternopol", "Ternopilska", "Тернопіль", "Тернопільська", "Тернополь", "Тернопольская"],
    ),
    Region(
        "Vinnytsia",
        "Vinnytsya",
        "23",
        &["Vinnytsya", "Vinnitsa", "Vinnytska", "Вінниця", "Вінницька", "Винница", "Винницкая"],
    ),
    Region("Volyn", "Volyn", "24", &["Volhynia", "Volynska", "Волинь", "Волинська", "Волынь", "Волынская"]),
    Region(
        "Zakarpattia",
        "Transcarpathia",
        "25",
        &[
            "Transcarpathia",
            "Zakarpattya",
            "Zakarpatska",
            "Закарпаття",
            "Закарпатська",
            "Закарпатье",
            "Закарпатская",
        ],
    ),
    Region(
        "Zaporizhzhia",
        "Zaporizhzhya",
        "26",
        &[
            "Zaporizhzhya",
            "Zaporozhye",
            "Zaporizhia",
            "Zaporizka",
            "Запоріжжя",
            "Запорізька",
            "Запорожье",
            "Запорожская",
        ],
    ),
    Region(
        "Zhytomyr",
        "Zhytomyr",
        "27",
        &["Zhitomir", "Zhytomyrska", "Житомир", "Житомирська", "Житомирская"],
    ),
];

/// Words that may follow the name of an oblast.
const OBLAST: &[&str] = &["oblast", "region", "область", "обл"];
/// Units that are no oblasts: for them such a word means something else.
const NO_OBLAST: &[&str] = &["Crimea", "Kyiv", "Kyiv-oblast", "Sevastopol"];

/// Countries whose name in the file is shortened or that are known by another: name here, name in the file.
const COUNTRY_NAMES: &[(&str, &str)] = &[
    ("Bosnia and Herzegovina", "Bosnia and Herz."),
    ("Burma", "Myanmar"),
    ("Central African Republic", "Central African Rep."),
    ("Czech Republic", "Czechia"),
    ("Democratic Republic of the Congo", "Dem. Rep. Congo"),
    ("DR Congo (Zaire)", "Dem. Rep. Congo"),
    ("Dominican Republic", "Dominican Rep."),
    ("Equatorial Guinea", "Eq. Guinea"),
    ("Eswatini", "eSwatini"),
    ("Falkland Islands", "Falkland Is."),
    ("Great Britain", "United Kingdom"),
    ("Ivory Coast", "Côte d'Ivoire"),
    ("Northern Cyprus", "N. Cyprus"),
    ("Republic of Moldova", "Moldova"),
    ("Republic of the Congo", "Congo"),
    ("Russian Federation", "Russia"),
    ("Solomon Islands", "Solomon Is."),
    ("South Sudan", "S. Sudan"),
    ("Swaziland", "eSwatini"),
    ("Türkiye", "Turkey"),
    ("United States", "United States of America"),
    ("USA", "United States of America"),
    ("UK", "United Kingdom"),
    ("Western Sahara", "W. Sahara"),
    ("Yemen (North Yemen)", "Yemen"),
    ("Україна", "Ukraine"),
];

struct Town {
    name: &'static str,
    region: &'static str,
    at: Point,
    population: u32,
}

struct Gazetteer {
    /// Regions and countries by their name here.
    shapes: BTreeMap<&'static str, Shape>,
    /// Key to the name here, for regions and countries.
    areas: BTreeMap<String, &'static str>,
    towns: Vec<Town>,
    /// Key of a town's own name to towns.
    by_name: BTreeMap<String, Vec<usize>>,
    /// Key of another name of a town to towns.
    by_variant: BTreeMap<String, Vec<usize>>,
}

/// A name as it is compared: lower case, without apostrophes and soft signs, anything but letters and digits a blank.
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
    out.truncate(out.trim_end().len());
    out
}

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(|| {
    let mut shapes: BTreeMap<&'static str, Shape> = BTreeMap::new();
    let mut areas: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut from_file: BTreeMap<String, Shape> = geo::named_shapes(REGIONS, "name").into_iter().collect();
    let regions: Vec<(&Region, Shape)> =
        UNITS.iter().filter_map(|r| Some((r, from_file.remove(r.1)?))).collect();
    let ukraine = geo::dissolve(regions.iter().map(|(_, shape)| shape));
    for (Region(name, _, _, others), shape) in regions {
        shapes.insert(name, shape);
        for other in others.iter().chain([name]) {
            areas.insert(key(other), name);
            if !NO_OBLAST.contains(name) {
                for word in OBLAST {
                    areas.insert(key(&format!("{other} {word}")), name);
                }
            }
        }
    }
    for (name, shape) in geo::topology_areas(COUNTRIES, "countries") {
        // The file shortens some names (`S. Sudan`); those get their full one.
        let shortened = name.contains('.') || name.starts_with(char::is_lowercase);
        let proper = COUNTRY_NAMES.iter().find(|(_, short)| shortened && *short == name);
        // The names of countries are leaked once, so that they live as long as the table.
        let name: &'static str = Box::leak(name.into_boxed_str());
        let canonical = proper.map_or(name, |(long, _)| *long);
        areas.entry(key(canonical)).or_insert(canonical);
        areas.entry(key(name)).or_insert(canonical);
        for (other, _) in COUNTRY_NAMES.iter().filter(|(_, short)| *short == name) {
            areas.entry(key(other)).or_insert(canonical);
        }
        shapes.insert(canonical, if canonical == "Ukraine" { ukraine.clone() } else { shape });
    }
    let mut towns = Vec::new();
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_variant: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for line in TOWNS.lines() {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or("");
        let (name, variants, lat, lon, code, population) = (cell(), cell(), cell(), cell(), cell(), cell());
        let (Some(lat), Some(lon)) = (geo::decimal(lat), geo::decimal(lon)) else { continue };
        let region = UNITS.iter().find(|r| r.2 == code).map_or("", |r| r.0);
        by_name.entry(key(name)).or_default().push(towns.len());
        for variant in variants.split('|').filter(|v| !v.is_empty()) {
            by_variant.entry(key(variant)).or_default().push(towns.len());
        }
        towns.push(Town {
            name,
            region,
            at: Point { lat, lon },
            population: population.parse().unwrap_or(0),
        });
    }
    Gazetteer { shapes, areas, towns, by_name, by_variant }
});

/// A town's name with its region, where it needs one.
fn shown(gazetteer: &Gazetteer, town: &Town) -> String {
    let alone = gazetteer.by_name.get(&key(town.name)).is_some_and(|all| all.len() == 1);
    match (alone, gazetteer.areas.contains_key(&key(town.name))) {
        (_, true)
            if biggest(gazetteer, gazetteer.by_name.get(&key(town.name)).map_or(&[][..], Vec::as_slice))
                .is_some_and(|t| t.at == town.at) =>
        {
            format!("{} city", town.name)
        }
        (true, false) => town.name.to_string(),
        _ => format!("{}, {}", town.name, town.region),
    }
}

/// The town that is meant by a name that several have; `None` where none stands out.
fn biggest<'g>(gazetteer: &'g Gazetteer, all: &[usize]) -> Option<&'g Town> {
    let mut towns: Vec<&Town> = all.iter().map(|i| &gazetteer.towns[*i]).collect();
    towns.sort_by_key(|t| std::cmp::Reverse(t.population));
    match towns.as_slice() {
        [] => None,
        [one] => Some(one),
        [first, second, ..] => (first.population >= 10 * second.population.max(1)).then_some(first),
    }
}

/// Towns of a name, of their own first.
fn towns_named(gazetteer: &Gazetteer, name: &str) -> Vec<usize> {
    let mut asked = key(name);
    for prefix in ["city of ", "м ", "місто ", "г ", "город "] {
        if let Some(rest) = asked.strip_prefix(prefix) {
            asked = rest.to_string();
        }
    }
    let own = |asked: &str| gazetteer.by_name.get(asked).or_else(|| gazetteer.by_variant.get(asked)).cloned();
    if let Some(all) = own(&asked) {
        return all;
    }
    for suffix in [" city", " town", " village"] {
        if let Some(all) = asked.strip_suffix(suffix).and_then(own) {
            return all;
        }
    }
    Vec::new()
}

enum Found<'g> {
    Area(&'static str),
    Town(&'g Town),
}

fn find<'g>(gazetteer: &'g Gazetteer, name: &str) -> Option<Found<'g>> {
    if let Some(area) = gazetteer.areas.get(&key(name)) {
        return Some(Found::Area(area));
    }
    if let Some((town, region)) = name.rsplit_once(',') {
        let region = gazetteer.areas.get(&key(region))?;
        let mut there = towns_named(gazetteer, town);
        there.retain(|i| gazetteer.towns[*i].region == *region);
        return biggest(gazetteer, &there).map(Found::Town);
    }
    biggest(gazetteer, &towns_named(gazetteer, name)).map(Found::Town)
}

/// The shape or point of a name; `None` where it is not known or stands for several places alike.
///
/// # Example
/// ```
/// use servanda_evidence::gazetteer::{Extent, lookup};
/// assert!(matches!(lookup("Донецька область"), Some(Extent::Shape(_))));
/// assert!(matches!(lookup("Donetsk city"), Some(Extent::Point(_))));
/// assert_eq!(lookup("Nowhere"), None);
/// ```
pub fn lookup(name: &str) -> Option<Extent> {
    let gazetteer = &*GAZETTEER;
    match find(gazetteer, name)? {
        Found::Area(area) => gazetteer.shapes.get(area).cloned().map(Extent::Shape),
        Found::Town(town) => Some(Extent::Point(town.at)),
    }
}

/// The one name under which a place that has several is kept: `Donetsk` for `Донецька область`. It can be looked up.
pub fn canonical(name: &str) -> Option<Name> {
    let gazetteer = &*GAZETTEER;
    match find(gazetteer, name)? {
        Found::Area(area) => Some(Name::from(area)),
        Found::Town(town) => Some(Name::from(shown(gazetteer, town))),
    }
}

/// Up to five names that may have been meant: towns of that name with their regions, else what is spelt like it.
pub fn suggest(name: &str) -> Vec<String> {
    let gazetteer = &*GAZETTEER;
    let mut same = towns_named(gazetteer, name);
    same.sort_by_key(|i| std::cmp::Reverse(gazetteer.towns[*i].population));
    let mut out: Vec<String> = Vec::new();
    for town in same.into_iter().take(5).map(|i| &gazetteer.towns[i]) {
        let shown = format!("{}, {}", town.name, town.region);
        if !out.contains(&shown) {
            out.push(shown);
        }
    }
    if out.is_empty() {
        let known = gazetteer.shapes.keys().copied().chain(gazetteer.towns.iter().map(|t| t.name));
        out.extend(spelling::near(name, known).into_iter().map(String::from));
    }
    out
}

/// The names of Ukraine's 27 regions, in order.
pub fn regions() -> Vec<Name> {
    let mut all: Vec<Name> = UNITS.iter().map(|r| Name::from(r.0)).collect();
    all.sort();
    all
}

/// The names of all regions and countries, in order.
pub fn areas() -> Vec<Name> {
    GAZETTEER.shapes.keys().map(|name| Name::from(*name)).collect()
}
