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
const TOWNS_FILE: &str = include_str!("../data/towns-ua.tsv");

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

struct Towns {
    all: Vec<Town>,
    /// Key of a town's own name to towns.
    by_name: BTreeMap<String, Vec<usize>>,
    /// Key of another name of a town to towns.
    by_variant: BTreeMap<String, Vec<usize>>,
}

struct Countries {
    /// Key to the name here.
    names: BTreeMap<String, String>,
    /// Shapes by the name here.
    shapes: BTreeMap<String, Shape>,
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

// Four tables, each made when it is first asked: whoever names an oblast does not wait for the towns.

/// Key to the region's name here.
static REGION_NAMES: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    for Region(name, _, _, others) in &UNITS {
        for other in others.iter().chain([name]) {
            names.insert(key(other), *name);
            if !NO_OBLAST.contains(name) {
                names.extend(OBLAST.iter().map(|word| (key(&format!("{other} {word}")), *name)));
            }
        }
    }
    names
});

static REGION_SHAPES: LazyLock<BTreeMap<&'static str, Shape>> = LazyLock::new(|| {
    let mut from_file: BTreeMap<String, Shape> = geo::named_shapes(REGIONS, "name").into_iter().collect();
    UNITS.iter().filter_map(|region| Some((region.0, from_file.remove(region.1)?))).collect()
});

static UKRAINE: LazyLock<Shape> = LazyLock::new(|| geo::dissolve(REGION_SHAPES.values()));

static WORLD: LazyLock<Countries> = LazyLock::new(|| {
    let (mut names, mut shapes) = (BTreeMap::new(), BTreeMap::new());
    for (name, shape) in geo::topology_areas(COUNTRIES, "countries") {
        // The file shortens some names (`S. Sudan`); those get their full one.
        let shortened = name.contains('.') || name.starts_with(char::is_lowercase);
        let proper = COUNTRY_NAMES.iter().find(|(_, short)| shortened && *short == name);
        let canonical = proper.map_or(name.clone(), |(long, _)| long.to_string());
        let others = COUNTRY_NAMES.iter().filter(|(_, short)| *short == name).map(|(other, _)| *other);
        for other in others.chain([name.as_str(), canonical.as_str()]) {
            names.insert(key(other), canonical.clone());
        }
        shapes.insert(canonical, shape);
    }
    Countries { names, shapes }
});

static TOWNS: LazyLock<Towns> = LazyLock::new(|| {
    let mut all = Vec::new();
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_variant: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for line in TOWNS_FILE.lines() {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or("");
        let (name, variants, lat, lon, code, population) = (cell(), cell(), cell(), cell(), cell(), cell());
        let (Some(lat), Some(lon)) = (geo::decimal(lat), geo::decimal(lon)) else { continue };
        let region = UNITS.iter().find(|r| r.2 == code).map_or("", |r| r.0);
        by_name.entry(key(name)).or_default().push(all.len());
        for variant in variants.split('|').filter(|v| !v.is_empty()) {
            by_variant.entry(key(variant)).or_default().push(all.len());
        }
        all.push(Town { name, region, at: Point { lat, lon }, population: population.parse().unwrap_or(0) });
    }
    Towns { all, by_name, by_variant }
});

/// A name under which this very town is found again.
fn shown(town: &Town) -> String {
    let is_this = |name: &str| matches!(find(name), Some(Found::Town(found)) if std::ptr::eq(found, town));
    let with_region = format!("{}, {}", town.name, town.region);
    [town.name.to_string(), format!("{} city", town.name)]
        .into_iter()
        .find(|n| is_this(n))
        .unwrap_or(with_region)
}

/// The town that is meant by a name that several have; `None` where none stands out.
fn biggest(all: &[usize]) -> Option<&'static Town> {
    let mut towns: Vec<&'static Town> = all.iter().map(|i| &TOWNS.all[*i]).collect();
    towns.sort_by_key(|t| std::cmp::Reverse(t.population));
    match towns.as_slice() {
        [] => None,
        [one] => Some(one),
        [first, second, ..] => (first.population >= 10 * second.population.max(1)).then_some(first),
    }
}

/// Towns of a name, of their own first.
fn towns_named(name: &str) -> Vec<usize> {
    let mut asked = key(name);
    for prefix in ["city of ", "м ", "місто ", "г ", "город "] {
        if let Some(rest) = asked.strip_prefix(prefix) {
            asked = rest.to_string();
        }
    }
    let own = |asked: &str| TOWNS.by_name.get(asked).or_else(|| TOWNS.by_variant.get(asked)).cloned();
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

enum Found {
    Region(&'static str),
    Country(&'static str),
    Town(&'static Town),
}

fn find(name: &str) -> Option<Found> {
    let asked = key(name);
    if let Some(region) = REGION_NAMES.get(&asked) {
        return Some(Found::Region(region));
    }
    if let Some(country) = WORLD.names.get(&asked) {
        return Some(Found::Country(country));
    }
    if let Some((town, region)) = name.rsplit_once(',') {
        let region = REGION_NAMES.get(&key(region))?;
        let mut there = towns_named(town);
        there.retain(|i| TOWNS.all[*i].region == *region);
        return biggest(&there).map(Found::Town);
    }
    biggest(&towns_named(name)).map(Found::Town)
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
    match find(name)? {
        Found::Region(region) => REGION_SHAPES.get(region).cloned().map(Extent::Shape),
        Found::Country("Ukraine") => Some(Extent::Shape(UKRAINE.clone())),
        Found::Country(country) => WORLD.shapes.get(country).cloned().map(Extent::Shape),
        Found::Town(town) => Some(Extent::Point(town.at)),
    }
}

/// The one name under which a place that has several is kept: `Donetsk` for `Донецька область`. It can be looked up.
pub fn canonical(name: &str) -> Option<Name> {
    Some(match find(name)? {
        Found::Region(area) | Found::Country(area) => Name::from(area),
        Found::Town(town) => Name::from(shown(town)),
    })
}

/// Up to five names that may have been meant: towns of that name with their regions, else what is spelt like it.
pub fn suggest(name: &str) -> Vec<String> {
    let mut same = towns_named(name);
    same.sort_by_key(|i| std::cmp::Reverse(TOWNS.all[*i].population));
    let mut out: Vec<String> = Vec::new();
    for town in same.into_iter().take(5).map(|i| &TOWNS.all[i]) {
        let shown = format!("{}, {}", town.name, town.region);
        if !out.contains(&shown) {
            out.push(shown);
        }
    }
    if out.is_empty() {
        let areas = UNITS.iter().map(|r| r.0).chain(WORLD.shapes.keys().map(String::as_str));
        let known = areas.chain(TOWNS.all.iter().map(|t| t.name));
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
    let mut all = regions();
    all.extend(WORLD.shapes.keys().map(|name| Name::from(name.as_str())));
    all.sort();
    all
}
