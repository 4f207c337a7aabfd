//! Agreements from a grammar: names first, then facts, terms and readings, then norms and powers that use them.
//!
//! What is drawn covers the language; what is drawn often is what lies at edges: small numbers, times on a coarse grid,
//! deadlines that end on it.
//!
//! Invariants
//! - a rule only uses what stands before it, so that nothing is defined by itself;
//! - the same chance gives the same text.

use crate::world::{Declaration, LINE_FILE};
use servanda_exercise::chance::Chance;
use servanda_model::time::DAY;
use servanda_model::{Calendar, Instant};

/// What fills a role, as far as a draft knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fills {
    /// A party or group.
    Party,
    /// A body.
    Body,
    /// A place.
    Place,
    /// A value of the class.
    Kind,
    /// A number of persons.
    Number,
    /// A text.
    Text,
    /// A time.
    Time,
}

/// Kinds of facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// Happens.
    Event,
    /// Begins and ends.
    State,
    /// Is somewhere.
    Object,
    /// Is so much.
    Measure,
}

/// A fact that was declared.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// Name.
    pub name: &'static str,
    /// Kind.
    pub sort: Sort,
    /// Roles.
    pub roles: Vec<(&'static str, Fills)>,
}

impl Fact {
    /// Whether it has a role.
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|(name, _)| *name == role)
    }
}

/// A term or an `open` that was declared.
#[derive(Clone, PartialEq, Debug)]
pub struct Term {
    /// Name.
    pub name: String,
    /// Whether a body finds it.
    pub found: bool,
}

/// What an option of a reading gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// A condition.
    Cond,
    /// A moment.
    Moment,
    /// A number.
    Value,
    /// A length of time.
    Span,
    /// A way of comparing with a target.
    Compare,
}

/// A reading that was declared.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// Name.
    pub name: String,
    /// What it gives.
    pub gives: Gives,
    /// Its options.
    pub options: Vec<String>,
}

/// Where a rule stands, and so what it may speak of.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Scope {
    bearer: bool,
    /// Whether there is a trigger, and the number of its fact where it is an event.
    trigger: Option<Option<usize>>,
    breach: bool,
    /// The fact whose roles are tested.
    tested: Option<usize>,
    depth: u32,
}

impl Scope {
    fn deeper(self) -> Scope {
        Scope { depth: self.depth + 1, ..self }
    }
}

/// An agreement as it is drawn.
pub struct Draft<'c> {
    /// The chance that it is drawn with.
    pub chance: &'c mut Chance,
    /// Time zone.
    pub zone: &'static str,
    /// Midnight (UTC) of day 0.
    pub base: Instant,
    /// Parties.
    pub parties: Vec<&'static str>,
    /// Groups.
    pub groups: Vec<&'static str>,
    /// Bodies.
    pub bodies: Vec<&'static str>,
    /// Zones without parameters.
    pub zones: Vec<&'static str>,
    /// A zone that takes a kind.
    pub belt: bool,
    /// Facts.
    pub facts: Vec<Fact>,
    /// Terms.
    pub terms: Vec<Term>,
    /// Readings.
    pub readings: Vec<Reading>,
    /// Norms by name, with whether they are soft.
    pub norms: Vec<(String, bool)>,
    /// All declarations.
    pub declarations: Vec<Declaration>,
}

/// Values of the class.
pub const KINDS: [&str; 3] = ["drone", "shell", "mine"];
/// Time zones, each with the day on which its worlds begin: some days before the clocks change, or a year or a leap
/// February ends.
const ZONES: [(&str, &str); 5] = [
    ("Europe/Kyiv", "2027-03-20T00:00:00Z"),
    ("UTC", "2028-02-15T00:00:00Z"),
    ("Europe/Dublin", "2027-10-20T00:00:00Z"),
    ("Asia/Kathmandu", "2027-12-15T00:00:00Z"),
    ("America/New_York", "2027-03-05T00:00:00Z"),
];

fn declared(head: impl Into<String>) -> Declaration {
    Declaration { head: head.into(), fields: Vec::new() }
}

impl<'c> Draft<'c> {
    /// Draws an agreement.
    pub fn new(chance: &'c mut Chance) -> Draft<'c> {
        let (zone, base) = *chance.pick(&ZONES);
        let base = Instant::parse_utc(base).unwrap_or(Instant(0));
        let mut draft = Draft {
            chance,
            zone,
            base,
            parties: Vec::new(),
            groups: Vec::new(),
            bodies: Vec::new(),
            zones: Vec::new(),
            belt: false,
            facts: Vec::new(),
            terms: Vec::new(),
            readings: Vec::new(),
            norms: Vec::new(),
            declarations: Vec::new(),
        };
        draft.declarations.push(declared("agreement exercise-world"));
        draft.actors();
        draft.places();
        draft.all_facts();
        draft.agreement();
        draft.bodies_decide();
        draft.rules();
        draft
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.chance.happens(probability)
    }

    fn one(&mut self, among: &[&str]) -> String {
        (*self.chance.pick(among)).to_string()
    }

    /// A day of the world, as a date.
    pub fn date(&mut self, low: i64, high: i64) -> String {
        let day = self.chance.whole(low, high);
        self.date_of(day)
    }

    fn date_of(&self, day: i64) -> String {
        Calendar::utc().date(self.base + day * DAY).to_string()
    }

    /// A time on the grid: six hours apart, now and then next to it.
    pub fn time(&mut self, low: i64, high: i64) -> String {
        let date = self.date(low, high);
        let clock = match self.chance.weighted(&[8.0, 1.0, 1.0]) {
            0 => self.one(&["00:00", "06:00", "12:00", "18:00"]),
            1 => self.one(&["24:00", "23:59:59", "12:00:01", "05:59:59.999", "06:00:00.001"]),
            _ => self.one(&["09:30", "21:00", "04:30"]),
        };
        format!("{date}T{clock}")
    }

    /// A length of time that ends on the grid, as a rule.
    fn span(&mut self) -> String {
        let spans = [
            "6 hours",
            "12 hours",
            "24 hours",
            "48 hours",
            "72 hours",
            "30 minutes",
            "1 day",
            "2 days",
            "3 days",
            "5 days",
            "10 days",
            "1 week",
            "2 weeks",
            "3 working days",
            "5 working days",
            "1 month",
            "2 months",
            "1 year",
            "0 hours",
            "90 seconds",
        ];
        let weights = [
            2.0, 3.0, 4.0, 3.0, 2.0, 0.5, 3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 1.0, 1.5, 1.0, 1.0, 0.4, 0.2, 0.2,
            0.3,
        ];
        spans[self.chance.weighted(&weights)].to_string()
    }

    fn small(&mut self) -> i64 {
        [0, 1, 2, 3, 4, 5][self.chance.weighted(&[0.5, 3.0, 3.0, 2.0, 1.0, 0.5])]
    }

    fn amount(&mut self) -> String {
        let unit = if self.happens(0.5) { " persons" } else { "" };
        match self.chance.weighted(&[6.0, 1.0, 1.0]) {
            0 => format!("{}{unit}", self.chance.whole(0, 12)),
            1 => format!("{}{unit}", 10 * self.chance.whole(1, 4)),
            _ => format!("{}{unit}", self.one(&["2.5", "0.5", "7/2", "-2", "1/3"])),
        }
    }

    fn op(&mut self) -> String {
        [">=", "<=", ">", "<", "=", "!="][self.chance.weighted(&[6.0, 3.0, 2.0, 2.0, 1.5, 0.7])].to_string()
    }

    // Names.

    fn actors(&mut self) {
        let all = ["Alba", "Brin", "Corr", "Dost"];
        let count = self.chance.whole(2, 4) as usize;
        for name in &all[..count] {
            self.parties.push(name);
            self.declarations.push(declared(format!("party {name}")));
        }
        self.parties.push("Evan");
        self.declarations.push(declared("party Evan outside"));
        let mut group = declared("group sides \"the sides\"");
        let members: Vec<String> = all[..count].iter().map(|name| self.member(name)).collect();
        group.fields.push(format!("members  {}", members.join(", ")));
        self.declarations.push(group);
        self.groups.push("sides");
        if self.happens(0.4) {
            let inner = if self.happens(0.5) { "sides, Evan" } else { "Alba, Brin" };
            let fields = vec![format!("members  {inner}")];
            self.declarations.push(Declaration { head: "group friends".into(), fields });
            self.groups.push("friends");
        }
    }

    fn member(&mut self, name: &str) -> String {
        let mut text = name.to_string();
        if self.happens(0.2) {
            text.push_str(&format!(" from {}", self.date(0, 12)));
        }
        if self.happens(0.2) {
            text.push_str(&format!(" until {}", self.date(12, 40)));
        }
        text
    }

    /// Bodies are declared once their requests can be named.
    fn bodies_decide(&mut self) {
        let mut body = declared("body council \"the council\"");
        body.fields.push("members  sides".into());
        if self.happens(0.5) {
            let quorum = self.one(&[
                "by two thirds of members",
                "by majority of members",
                "by all members",
                "by three quarters of members",
                "by 60 percent of members",
                "by any 2 of sides",
                "by any 1 of sides",
            ]);
            let mut text = quorum;
            if self.happens(0.4) {
                let span = self.span();
                let request = self.event_with("by").unwrap_or(0);
                text.push_str(&format!(", within {span} of {}", self.facts[request].name));
                if self.happens(0.6) {
                    let failing =
                        self.one(&["by any 1 of sides", "by majority of members", "by any 2 of sides"]);
                    text.push_str(&format!(", failing which {failing}"));
                }
            }
            body.fields.push(format!("decides  {text}"));
        }
        self.declarations.push(body);
        self.bodies.push("council");
        if self.happens(0.3) {
            self.declarations
                .push(Declaration { head: "body court".into(), fields: vec!["members  Alba, Evan".into()] });
            self.bodies.push("court");
        }
    }

    fn places(&mut self) {
        let class = Declaration {
            head: "class arm".into(),
            fields: vec![
                "value  drone \"a drone\", reach 20 km, crew 1 persons".into(),
                "value  shell \"a shell\", reach 10 km, crew 4 persons".into(),
                "value  mine \"a mine\", reach 5 km, crew 2 persons".into(),
            ],
        };
        self.declarations.push(class);
        let mut zone = |head: &'static str, fields: &[&str]| {
            self.declarations.push(Declaration {
                head: format!("zone {head}"),
                fields: fields.iter().map(|f| (*f).to_string()).collect(),
            });
        };
        zone("north", &["shape  within 30 km of point 49.0 36.0"]);
        zone("south", &["shape  within 30 km of point 48.0 36.0"]);
        self.zones.extend(["north", "south"]);
        if self.chance.happens(0.5) {
            zone("whole", &["shape  union of north, south"]);
            self.zones.push("whole");
        }
        if self.chance.happens(0.3) {
            let file = format!("shape  \"{LINE_FILE}\"");
            zone("front", &[&file, "sides  left Alba, right Brin"]);
            zone("near-front", &["shape  strip along front, within 15 km"]);
            self.zones.push("near-front");
            if self.chance.happens(0.6) {
                zone(
                    "belt",
                    &[
                        "given  arm-kind: arm, side: party",
                        "shape  strip along front, half of reach of arm-kind, on side",
                    ],
                );
                self.belt = true;
            }
        }
        if self.chance.happens(0.3) {
            zone("rest", &["shape  north minus south"]);
            self.zones.push("rest");
        }
        if self.chance.happens(0.25) {
            let (a, b) = (self.date(3, 12), self.date(12, 25));
            let fields = vec![
                format!("shape  north, valid from {a} until {b}"),
                format!("shape  south, valid from {b}"),
            ];
            self.declarations.push(Declaration { head: "zone moving".into(), fields });
            self.zones.push("moving");
        }
    }

    fn all_facts(&mut self) {
        use Fills::*;
        use Sort::*;
        #[allow(clippy::type_complexity, reason = "a table: name, sort, roles, share of the worlds")]
        let fixed: [(&str, Sort, &[(&str, Fills)], f64); 16] = [
            ("fire", Event, &[("by", Party), ("at", Place), ("kind", Kind), ("n", Number)], 1.0),
            ("answer", Event, &[("by", Party), ("to", Party), ("n", Number)], 1.0),
            ("request", Event, &[("by", Party), ("to", Body), ("kind", Kind), ("on", Time)], 0.8),
            ("visit", Event, &[("by", Party), ("at", Place), ("note", Text)], 0.6),
            ("ratify", Event, &[("by", Party)], 0.6),
            ("notice", Event, &[("by", Party), ("to", Party), ("on", Time)], 0.7),
            ("halt", Event, &[("by", Party)], 0.5),
            ("move-on", Event, &[("by", Party), ("to", Party)], 0.5),
            ("delivery", Event, &[("item", Text), ("quantity", Number), ("from", Party), ("to", Party)], 0.4),
            ("truce", State, &[], 0.8),
            ("alarm", State, &[("by", Party), ("at", Place)], 0.5),
            ("gun", Object, &[("owner", Party), ("kind", Kind), ("at", Place)], 0.5),
            ("camp", Object, &[("owner", Party)], 0.25),
            ("strength", Measure, &[("of", Party)], 0.8),
            ("stock", Measure, &[("of", Party), ("kind", Kind)], 0.4),
            ("level", Measure, &[], 0.4),
        ];
        for (name, sort, roles, probability) in fixed {
            if !self.happens(probability) {
                continue;
            }
            let keep =
                |draft: &mut Self, role: &str| role == "by" || name == "delivery" || draft.happens(0.75);
            let roles: Vec<(&str, Fills)> =
                roles.iter().filter(|(role, _)| keep(self, role)).copied().collect();
            let word = match sort {
                Event => "event",
                State => "state",
                Object => "object",
                Measure => "measure",
            };
            let mut declaration = declared(format!("{word} {name}"));
            let holes: Vec<String> = roles.iter().map(|(role, _)| format!("{{{role}}}")).collect();
            declaration.fields.push(format!("says  \"{name} {}\"", holes.join(" ")));
            if !roles.is_empty() {
                let carried: Vec<String> = roles
                    .iter()
                    .map(|(role, fills)| {
                        let of = match fills {
                            Party => "party",
                            Body => "body",
                            Place => "place",
                            Kind => "arm",
                            Number => "number persons",
                            Text => "text",
                            Time => "time",
                        };
                        format!("{role}: {of}")
                    })
                    .collect();
                declaration.fields.push(format!("carries  {}", carried.join(", ")));
            }
            if self.happens(0.15) {
                let rule = self.one(&[
                    "at least 2 sources",
                    "at least 2 sources of grade B",
                    "1 source from \"Mission\"",
                    "at least 2 sources of grade C, or 1 source from \"Mission\"",
                ]);
                declaration.fields.push(format!("evidence  {rule}"));
            }
            if sort == Measure {
                declaration.fields.push("unit  persons".into());
            }
            if self.happens(if sort == Event { 0.05 } else { 0.5 }) {
                let good = self.one(&["1 day", "3 days", "7 days", "36 hours", "1 month"]);
                declaration.fields.push(format!("good for  {good}"));
            }
            if self.happens(0.25) {
                let how = self.one(&["register", "coverage"]);
                declaration.fields.push(format!("absence  {how}"));
            }
            if sort == Event && (name == "notice" || self.happens(0.08)) {
                declaration.fields.push("is  notice".into());
            }
            if sort == State && roles.is_empty() && self.happens(0.6) {
                declaration.fields.push(format!("begins  {}", self.time(0, 6)));
                if self.happens(0.5) {
                    declaration.fields.push(format!("ends  {}", self.time(8, 25)));
                }
            }
            self.declarations.push(declaration);
            self.facts.push(Fact { name, sort, roles });
        }
    }

    fn agreement(&mut self) {
        let mut fields = Vec::new();
        if self.happens(0.3) {
            fields.push(format!("status  {}", self.one(&["binding", "political", "mixed"])));
        }
        let signed = self.happens(0.5);
        if signed {
            fields.push(format!("signed  {}", self.date(-20, -1)));
        }
        // A text that is neither signed nor in force from some time on is in force from the beginning of time, which
        // what recurs or is counted by days then begins at.
        let force = match self.chance.weighted(&[5.0, 2.0, 2.0, if signed { 1.5 } else { 0.0 }]) {
            0 => Some(self.date(-5, 3)),
            1 => Some(self.time(-3, 6)),
            2 => self.fact_named("ratify").map(|_| {
                let after = if self.happens(0.5) { format!("{} after ", self.span()) } else { String::new() };
                let who = self.one(&[
                    "ratify by each of sides",
                    "ratify by each of Alba, Brin",
                    "ratify by Alba",
                    "ratify",
                ]);
                format!("{after}{who}")
            }),
            _ => None,
        };
        fields.extend(force.map(|force| format!("in force  {force}")));
        if self.happens(0.2) {
            fields.push(format!("ends  {}", self.date(15, 45)));
        }
        fields.push(format!("time zone  {}", self.zone));
        fields.push(format!("counting  {}", self.one(&["event day excluded", "event day included"])));
        fields.push(format!("months  {}", self.one(&["round down", "round up"])));
        if self.happens(0.4) {
            let mut parts = Vec::new();
            if self.happens(0.5) {
                parts.push(format!(
                    "working days {}",
                    self.one(&["Monday to Friday", "Sunday to Thursday", "Monday, Wednesday"])
                ));
            }
            if self.happens(0.5) {
                parts.push(format!("holidays {}, {}", self.date(2, 8), self.date(9, 20)));
            }
            let how = self.one(&["stand", "move to next working day", "move to previous working day"]);
            parts.push(format!("deadlines on days off {how}"));
            fields.push(format!("calendar  {}", parts.join("; ")));
        }
        if self.happens(0.6) {
            fields.push(format!("notices count  {}", self.one(&["when sent", "when received"])));
        }
        if self.happens(0.5) {
            fields.push(format!("standard  {}", self.one(&["possible", "probable", "confirmed"])));
        }
        if self.happens(0.6) {
            fields.push(format!("watched  at least {} percent", self.one(&["90", "50", "100", "1"])));
        }
        if self.happens(0.08)
            && let Some(ratify) = self.fact_named("ratify")
        {
            fields.push(format!("needs  {} by Alba", self.facts[ratify].name));
        }
        self.declarations[0].fields = fields;
    }

    // Facts in rules.

    fn fact_named(&self, name: &str) -> Option<usize> {
        self.facts.iter().position(|f| f.name == name)
    }

    fn of_sort(&mut self, sort: Sort) -> Option<usize> {
        let all: Vec<usize> = (0..self.facts.len()).filter(|i| self.facts[*i].sort == sort).collect();
        (!all.is_empty()).then(|| *self.chance.pick(&all))
    }

    fn event_with(&mut self, role: &str) -> Option<usize> {
        let fits = |f: &Fact| f.sort == Sort::Event && f.has(role);
        let all: Vec<usize> = (0..self.facts.len()).filter(|i| fits(&self.facts[*i])).collect();
        (!all.is_empty()).then(|| *self.chance.pick(&all))
    }

    fn event(&mut self) -> usize {
        self.of_sort(Sort::Event).unwrap_or(0)
    }

    /// A role of the trigger that is filled so.
    fn trigger_role(&mut self, scope: Scope, fills: Fills) -> Option<String> {
        let fact = scope.trigger??;
        let roles: Vec<&str> =
            self.facts[fact].roles.iter().filter(|(_, f)| *f == fills).map(|(role, _)| *role).collect();
        (!roles.is_empty()).then(|| format!("{} of trigger", self.chance.pick(&roles)))
    }

    fn party_value(&mut self, scope: Scope) -> String {
        if scope.bearer && self.happens(0.55) {
            return "bearer".into();
        }
        if scope.bearer && self.happens(0.1) {
            return "beneficiary".into();
        }
        if self.happens(0.4)
            && let Some(role) = self.trigger_role(scope, Fills::Party)
        {
            return role;
        }
        if self.happens(0.2) {
            return self.chance.pick(&self.groups).to_string();
        }
        self.chance.pick(&self.parties).to_string()
    }

    fn zone_value(&mut self, scope: Scope) -> String {
        if self.belt && self.happens(0.25) {
            let kind = match scope.tested {
                Some(fact) if self.facts[fact].has("kind") && self.happens(0.5) => "kind".to_string(),
                _ => self.one(&KINDS),
            };
            let side =
                if scope.bearer && self.happens(0.5) { "bearer".into() } else { self.one(&["Alba", "Brin"]) };
            return format!("belt({kind}, {side})");
        }
        self.chance.pick(&self.zones).to_string()
    }

    fn role_value(&mut self, fills: Fills, scope: Scope) -> String {
        if self.happens(0.15)
            && fills != Fills::Party
            && let Some(role) = self.trigger_role(scope, fills)
        {
            return role;
        }
        match fills {
            Fills::Party => self.party_value(scope),
            Fills::Body => self.one(&["council"]),
            Fills::Place => self.zone_value(scope),
            Fills::Kind => self.one(&KINDS),
            Fills::Number => self.chance.whole(0, 6).to_string(),
            Fills::Text => self.one(&["\"tar\"", "\"salt\""]),
            Fills::Time => self.date(0, 20),
        }
    }

    /// A fact with some of its roles, tied to the bearer where it can be.
    fn pattern(&mut self, fact: usize, scope: Scope, tied: bool) -> String {
        let Fact { name, roles, .. } = self.facts[fact].clone();
        let mut text = name.to_string();
        for (role, fills) in &roles {
            let party = *fills == Fills::Party;
            let main = matches!(*role, "by" | "of" | "owner" | "from");
            if main && tied && scope.bearer && self.happens(0.85) {
                text.push_str(&format!(" {role} bearer"));
            } else if self.happens(if main { 0.55 } else { 0.3 }) {
                let value = self.role_value(*fills, scope);
                text.push_str(&format!(" {role} {value}"));
            } else if party && self.happens(0.1) {
                let value = self.party_value(scope);
                text.push_str(&format!(" {role} {value}"));
            }
        }
        if !roles.is_empty() && scope.depth < 3 && self.happens(0.15) {
            let filter = self.filter(fact, scope.deeper());
            text.push_str(&format!(" where ({filter})"));
        }
        text
    }

    /// A condition over the roles of a fact.
    fn filter(&mut self, fact: usize, scope: Scope) -> String {
        let scope = Scope { tested: Some(fact), ..scope };
        let one = self.tested_role(fact, scope);
        match self.chance.weighted(&[5.0, 1.0, 1.0, 0.7]) {
            0 => one,
            1 => format!("{one} and {}", self.tested_role(fact, scope)),
            2 => format!("{one} or {}", self.tested_role(fact, scope)),
            _ => format!("not ({one})"),
        }
    }

    fn tested_role(&mut self, fact: usize, scope: Scope) -> String {
        let roles = self.facts[fact].roles.clone();
        if roles.is_empty() {
            return "1 = 1".into();
        }
        if self.facts[fact].sort == Sort::Measure && self.happens(0.4) {
            return format!("value {} {}", self.op(), self.amount());
        }
        let (role, fills) = *self.chance.pick(&roles);
        let equal = if self.happens(0.7) { "=" } else { "!=" };
        match fills {
            Fills::Place => {
                let how = if self.happens(0.6) { "inside" } else { "outside" };
                format!("{role} {how} {}", self.zone_value(scope))
            }
            Fills::Number => {
                if self.facts[fact].has("kind") && self.happens(0.2) {
                    return format!("{role} {} crew of kind", self.op());
                }
                format!("{role} {} {}", self.op(), self.amount())
            }
            Fills::Time => format!("{role} {} {}", self.op(), self.time(0, 20)),
            fills => format!("{role} {equal} {}", self.role_value(fills, scope)),
        }
    }

    // Values.

    fn window(&mut self, scope: Scope) -> String {
        match self.chance.weighted(&[3.0, 5.0, 2.0, 2.0]) {
            0 => String::new(),
            1 => format!(" in any {}", self.span_above_zero()),
            2 => format!(" in each calendar {}", self.one(&["day", "week", "month", "quarter", "year"])),
            _ => {
                let since = match scope.trigger {
                    Some(_) if self.happens(0.6) => "trigger".into(),
                    _ if scope.breach && self.happens(0.6) => "breach".into(),
                    _ if self.happens(0.4) => "in-force".into(),
                    _ => self.simple_moment(scope),
                };
                format!(" since {since}")
            }
        }
    }

    fn span_above_zero(&mut self) -> String {
        match self.span() {
            span if span.starts_with("0 ") => "36 hours".into(),
            span => span,
        }
    }

    /// A number: of persons or without a unit, so that all of them compare.
    fn value(&mut self, scope: Scope) -> String {
        let deep = scope.depth >= 3;
        match self.chance.weighted(&[
            5.0,
            3.0,
            3.0,
            if deep { 0.0 } else { 1.5 },
            0.6,
            if scope.trigger.is_some() { 0.8 } else { 0.0 },
            0.4,
            0.8,
        ]) {
            1 => {
                let numbers: Vec<usize> = (0..self.facts.len())
                    .filter(|i| self.facts[*i].roles.iter().any(|(_, f)| *f == Fills::Number))
                    .collect();
                if numbers.is_empty() {
                    return self.count(scope);
                }
                let fact = *self.chance.pick(&numbers);
                let role =
                    self.facts[fact].roles.iter().find(|(_, f)| *f == Fills::Number).map_or("n", |(r, _)| r);
                let what = self.one(&["sum", "max", "min", "first", "last", "sum", "distinct"]);
                let (pattern, window) =
                    (self.pattern(fact, scope.deeper(), true), self.window(scope.deeper()));
                format!("{what} {role} of {pattern}{window}")
            }
            2 => match self.of_sort(Sort::Measure) {
                Some(measure) if self.happens(0.8) => self.pattern(measure, scope.deeper(), true),
                Some(measure) => {
                    let what = self.one(&["sum", "max", "min", "first", "last"]);
                    let (pattern, window) =
                        (self.pattern(measure, scope.deeper(), true), self.window(scope.deeper()));
                    format!("{what} value of {pattern}{window}")
                }
                None => self.count(scope),
            },
            3 => {
                let (a, b) = (self.value(scope.deeper()), self.value(scope.deeper()));
                match self.chance.whole(0, 6) {
                    0 => format!("half of ({a})"),
                    1 => format!("10 percent of ({a})"),
                    2 => format!("ceil({a})"),
                    3 => format!("{}({a}, {b})", self.one(&["min", "max"])),
                    4 => format!("(({a}) {} ({b}))", self.one(&["+", "-"])),
                    5 => format!("(({a}) {} {})", self.one(&["*", "/"]), self.chance.whole(1, 3)),
                    _ => format!("{}(({a}) / 3)", self.one(&["floor", "abs"])),
                }
            }
            4 => match self.reading_of(Gives::Value) {
                Some(reading) => reading,
                None => self.amount(),
            },
            5 => self.trigger_role(scope, Fills::Number).unwrap_or_else(|| self.small().to_string()),
            6 => format!("crew of {}", self.one(&KINDS)),
            7 => match self.event_with("by") {
                Some(fact) => {
                    let role = self.facts[fact].roles
                        [self.chance.whole(0, self.facts[fact].roles.len() as i64 - 1) as usize];
                    let (pattern, window) =
                        (self.pattern(fact, scope.deeper(), false), self.window(scope.deeper()));
                    format!("distinct {} of {pattern}{window}", role.0)
                }
                None => self.count(scope),
            },
            _ => self.count(scope),
        }
    }

    fn count(&mut self, scope: Scope) -> String {
        let fact = self.event();
        let (pattern, window) = (self.pattern(fact, scope.deeper(), true), self.window(scope.deeper()));
        format!("count of {pattern}{window}")
    }

    fn reading_of(&mut self, gives: Gives) -> Option<String> {
        let all: Vec<String> =
            self.readings.iter().filter(|r| r.gives == gives).map(|r| r.name.clone()).collect();
        (!all.is_empty()).then(|| self.chance.pick(&all).clone())
    }

    // Conditions.

    /// A condition, in brackets where it could be read in two ways.
    fn part(&mut self, scope: Scope) -> String {
        format!("({})", self.cond(scope.deeper()))
    }

    fn cond(&mut self, scope: Scope) -> String {
        let deep = scope.depth >= 3;
        let compound = if deep { 0.0 } else { 1.6 };
        let weights = [
            4.0,                                             // an event
            2.5,                                             // a state
            1.5,                                             // an object
            5.0,                                             // a comparison
            2.5,                                             // a term
            1.2,                                             // found
            1.6,                                             // a norm
            if deep { 0.0 } else { 1.2 },                    // a run of days
            compound,                                        // not
            compound,                                        // and
            compound,                                        // or
            1.0,                                             // coverage
            0.8,                                             // a reading
            if scope.trigger.is_some() { 1.0 } else { 0.0 }, // a role of the trigger
            0.6,                                             // each of
            0.5,                                             // a name compared
        ];
        match self.chance.weighted(&weights) {
            1 => match self.of_sort(Sort::State) {
                Some(state) => {
                    let no = self.one(&["", "", "no ", "any "]);
                    let pattern = self.pattern(state, scope, true);
                    let holds = if no.is_empty() && self.happens(0.5) { " holds" } else { "" };
                    format!("{no}{pattern}{holds}")
                }
                None => self.fact_cond(scope),
            },
            2 => match self.of_sort(Sort::Object) {
                Some(object) => {
                    let no = self.one(&["no ", "no ", "", "any "]);
                    format!("{no}{}", self.pattern(object, scope, true))
                }
                None => self.fact_cond(scope),
            },
            3 => {
                let left = self.value(scope);
                let op = self.op();
                let right = match self.chance.weighted(&[6.0, 3.0, 1.0]) {
                    0 => self.small().to_string(),
                    1 => self.amount(),
                    _ => self.value(scope.deeper()),
                };
                format!("{left} {op} {right}")
            }
            4 => self.term_text().unwrap_or_else(|| self.fact_cond(scope)),
            5 => match self.found_term() {
                Some(term) => format!("{term} found"),
                None => self.fact_cond(scope),
            },
            6 => self.norm_event(scope).unwrap_or_else(|| self.fact_cond(scope)),
            7 => {
                let n = self.chance.whole(1, 4);
                let unwatched = self.one(&["", "", ", unwatched days count", ", unwatched days reset"]);
                format!("({n} days consecutive with {}{unwatched})", self.part(scope))
            }
            8 => format!("not {}", self.part(scope)),
            9 => format!("{} and {}", self.part(scope), self.part(scope)),
            10 => format!("{} or {}", self.part(scope), self.part(scope)),
            11 => {
                let by = if self.happens(0.3) {
                    format!(" by {}", self.one(&["Alba", "Brin", "Evan"]))
                } else {
                    String::new()
                };
                let zone = *self.chance.pick(&self.zones);
                format!("coverage of {zone}{by} >= {} percent", self.one(&["50", "90", "100"]))
            }
            12 => self.reading_of(Gives::Cond).unwrap_or_else(|| self.fact_cond(scope)),
            13 => {
                let fills = *self.chance.pick(&[Fills::Kind, Fills::Number, Fills::Party]);
                match self.trigger_role(scope, fills) {
                    Some(role) if fills == Fills::Number => {
                        format!("{role} {} {}", self.op(), self.chance.whole(0, 6))
                    }
                    Some(role) => {
                        let value = if fills == Fills::Kind {
                            self.one(&KINDS)
                        } else {
                            self.one(&["Alba", "Brin", "bearer"])
                        };
                        let value = if value == "bearer" && !scope.bearer { "Alba".into() } else { value };
                        format!("{role} {} {value}", self.one(&["=", "!="]))
                    }
                    None => self.fact_cond(scope),
                }
            }
            14 => match self.event_with("by") {
                Some(fact) => {
                    let name = self.facts[fact].name;
                    format!("{name} by each of {}", self.one(&["sides", "Alba, Brin"]))
                }
                None => self.fact_cond(scope),
            },
            15 => match self.event_with("by") {
                Some(fact) => {
                    let what = self.one(&["first", "last"]);
                    let (pattern, window) =
                        (self.pattern(fact, scope.deeper(), false), self.window(scope.deeper()));
                    format!("{what} by of {pattern}{window} = {}", self.one(&["Alba", "Brin"]))
                }
                None => self.fact_cond(scope),
            },
            _ => self.fact_cond(scope),
        }
    }

    fn fact_cond(&mut self, scope: Scope) -> String {
        let fact = self.event();
        let no = self.one(&["", "", "no ", "any "]);
        format!("{no}{}", self.pattern(fact, scope, true))
    }

    fn term_text(&mut self) -> Option<String> {
        if self.terms.is_empty() {
            return None;
        }
        let index = self.chance.whole(0, self.terms.len() as i64 - 1) as usize;
        let holds = if self.happens(0.5) { " holds" } else { "" };
        Some(format!("{}{holds}", self.terms[index].name))
    }

    fn found_term(&mut self) -> Option<String> {
        let all: Vec<String> = self.terms.iter().filter(|t| t.found).map(|t| t.name.clone()).collect();
        (!all.is_empty()).then(|| self.chance.pick(&all).clone())
    }

    fn norm_event(&mut self, scope: Scope) -> Option<String> {
        let names: Vec<String> = self.norms.iter().map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            return None;
        }
        let norm = self.chance.pick(&names).clone();
        let what = self.one(&["fulfilled", "breached", "due", "fulfilled", "breached"]);
        let by = match self.chance.whole(0, 2) {
            0 => String::new(),
            1 if scope.bearer => " by bearer".into(),
            _ => format!(" by {}", self.chance.pick(&self.parties)),
        };
        Some(format!("{norm} {what}{by}"))
    }

    // Moments.

    fn simple_moment(&mut self, scope: Scope) -> String {
        match self.chance.weighted(&[3.0, 2.0, 2.0, 2.0, 2.0]) {
            0 => self.date(0, 20),
            1 => self.time(0, 20),
            2 => "in-force".into(),
            3 if scope.trigger.is_some() => "trigger".into(),
            3 if scope.breach => "breach".into(),
            _ => {
                let fact = self.event();
                let mut text = self.facts[fact].name.to_string();
                if self.facts[fact].has("by") && self.happens(0.7) {
                    text.push_str(&format!(" by {}", self.party_value(scope)));
                }
                text
            }
        }
    }

    fn moment(&mut self, scope: Scope) -> String {
        let deep = scope.depth >= 2;
        let weights = [
            5.0,
            if deep { 0.0 } else { 2.0 },
            if deep { 0.0 } else { 1.0 },
            2.0,
            1.5,
            if deep { 0.0 } else { 0.8 },
            0.8,
            1.0,
            0.5,
            0.7,
        ];
        match self.chance.weighted(&weights) {
            1 => {
                let span = self.span();
                let span =
                    if self.happens(0.1) { self.reading_of(Gives::Span).unwrap_or(span) } else { span };
                format!("{span} after {}", self.moment(scope.deeper()))
            }
            2 => {
                let n = self.chance.whole(0, 5);
                let end = if self.happens(0.5) { "end of " } else { "" };
                format!("{end}day {n} after {}", self.moment(scope.deeper()))
            }
            3 => match self.of_sort(Sort::State) {
                Some(state) => {
                    let name = self.facts[state].name;
                    format!("{name} {}", self.one(&["begins", "begins", "ends"]))
                }
                None => self.simple_moment(scope),
            },
            4 => {
                let names: Vec<String> = self.terms.iter().map(|t| t.name.clone()).collect();
                if names.is_empty() {
                    return self.simple_moment(scope);
                }
                format!("{} {}", self.chance.pick(&names).clone(), self.one(&["begins", "ends"]))
            }
            5 => format!("{} {}", self.part(scope), self.one(&["begins", "begins", "ends"])),
            6 => match self.found_term() {
                Some(term) => format!("{term} found"),
                None => self.simple_moment(scope),
            },
            7 => self.norm_event(scope).unwrap_or_else(|| self.simple_moment(scope)),
            8 => self.reading_of(Gives::Moment).unwrap_or_else(|| self.simple_moment(scope)),
            9 => {
                let fact = self.event();
                let word = self.one(&["detected", "verified"]);
                format!("{} {word}", self.pattern(fact, Scope { depth: 9, ..scope }, false))
            }
            _ => self.simple_moment(scope),
        }
    }

    // Rules.

    fn rules(&mut self) {
        for i in 0..self.chance.whole(0, 2) {
            self.reading(i);
        }
        for i in 0..self.chance.whole(1, 3) {
            self.term(i);
        }
        let norms = self.chance.whole(2, 11);
        for i in 0..norms {
            match self.chance.weighted(&[9.0, 6.0, 1.2, 1.0, 0.8, 1.0, 0.8]) {
                0 => self.duty(i),
                1 => self.ban(i),
                2 => self.right(i),
                3 => self.milestone(i),
                4 => self.delivery(i),
                5 => self.quota(i),
                _ => self.notify(i),
            }
            if self.happens(0.25) {
                self.remedy(i);
            }
            if self.happens(0.08) {
                self.term(i + 10);
            }
        }
        for i in 0..self.chance.weighted(&[3.0, 3.0, 2.0, 1.0]) {
            self.power(i);
        }
    }

    fn reading(&mut self, i: i64) {
        let gives =
            *self.chance.pick(&[Gives::Cond, Gives::Moment, Gives::Value, Gives::Span, Gives::Compare]);
        let name = format!("reading-{i}");
        let mut declaration = declared(format!("reading {name} \"words\""));
        let count = self.chance.whole(2, 3) as usize;
        let options: Vec<String> =
            ["one", "two", "three"][..count].iter().map(|o| (*o).to_string()).collect();
        let scope = Scope { depth: 2, ..Scope::default() };
        for (k, option) in options.iter().enumerate() {
            let meaning = match gives {
                Gives::Cond => self.cond(scope),
                Gives::Moment => self.simple_moment(scope),
                Gives::Value => format!("{} persons", self.small() + k as i64),
                Gives::Span => self.span(),
                Gives::Compare => ["at least target", "at most target", "target within 10 percent"][k].into(),
            };
            declaration.fields.push(format!("option {option}: {meaning}"));
        }
        self.declarations.push(declaration);
        self.readings.push(Reading { name, gives, options });
    }

    fn term(&mut self, i: i64) {
        let open = self.happens(0.2);
        let name = if open { format!("open-{i}") } else { format!("term-{i}") };
        let scope = Scope::default();
        let mut found = open;
        let declaration = if open {
            let then = if self.happens(0.4) { "nothing".into() } else { self.cond(scope) };
            let fields = vec!["judged by  council".into(), format!("until then  {then}")];
            Declaration { head: format!("open {name} \"words\""), fields }
        } else {
            let mut fields = vec![format!("means  {}", self.cond(scope))];
            if self.happens(0.4) {
                found = true;
                fields.push("found by  council".into());
            }
            if self.happens(0.25) {
                fields.push(format!("standard  {}", self.one(&["possible", "probable", "confirmed"])));
            }
            Declaration { head: format!("term {name}"), fields }
        };
        self.declarations.push(declaration);
        self.terms.push(Term { name, found });
    }

    fn bearer(&mut self) -> String {
        match self.chance.weighted(&[5.0, 4.0, 1.5, 0.5, 0.3]) {
            0 => self.chance.pick(&self.parties[..2]).to_string(),
            1 => format!("each of {}", self.one(&["sides", "sides", "Alba, Brin"])),
            2 => self.one(&["sides jointly", "Alba and Brin jointly"]),
            3 => "council".into(),
            _ => "unstated".into(),
        }
    }

    fn trigger(&mut self, scope: Scope) -> (String, Option<usize>) {
        match self.chance.weighted(&[8.0, 3.0, 3.0, 1.5, 2.0, 2.0, 1.0]) {
            0 => {
                let fact = self.event();
                (self.pattern(fact, scope, true), Some(fact))
            }
            1 => match self.of_sort(Sort::State) {
                Some(state) => {
                    let name = self.facts[state].name;
                    (format!("{name} {}", self.one(&["begins", "begins", "ends"])), None)
                }
                None => (self.date(0, 15), None),
            },
            2 if !self.terms.is_empty() => {
                let index = self.chance.whole(0, self.terms.len() as i64 - 1) as usize;
                let term = self.terms[index].clone();
                let what = if term.found && self.happens(0.5) {
                    "found".into()
                } else {
                    self.one(&["begins", "begins", "ends"])
                };
                (format!("{} {what}", term.name), None)
            }
            3 => (format!("{} {}", self.part(scope), self.one(&["begins", "begins", "ends"])), None),
            4 => match self.norm_event(scope) {
                Some(event) => (event, None),
                None => (self.time(0, 15), None),
            },
            5 => (self.time(0, 15), None),
            _ => (self.moment(scope), None),
        }
    }

    /// The fields that all norms share; the second gives the scope of the rest.
    fn base_of(&mut self, declaration: &mut Declaration, triggers: bool) -> Scope {
        let mut scope = Scope { bearer: true, ..Scope::default() };
        declaration.fields.push(format!("bearer  {}", self.bearer()));
        match self.chance.weighted(&[4.0, 2.0, 1.5, 1.0]) {
            0 => declaration.fields.push(format!("owed to  {}", self.one(&["Brin", "council", "Alba"]))),
            1 => declaration.fields.push("owed to  every other of sides".into()),
            2 => declaration.fields.push("owed to  each of sides".into()),
            _ => {}
        }
        if triggers && self.happens(0.65) {
            let (when, fact) = self.trigger(scope);
            scope.trigger = Some(fact);
            declaration.fields.push(format!("when  {when}"));
        }
        self.shared(declaration, scope);
        scope
    }

    fn shared(&mut self, declaration: &mut Declaration, scope: Scope) {
        if self.happens(0.15) {
            declaration.fields.push(format!("if  {}", self.cond(scope)));
        }
        if self.happens(0.12) {
            declaration.fields.push(format!("unless  {}", self.cond(scope)));
        }
        if self.happens(0.1) {
            declaration.fields.push(format!("needs  {}", self.cond(scope)));
        }
        if self.happens(0.8) {
            declaration.fields.push("seen by  council".into());
        }
        if self.happens(0.2) {
            declaration
                .fields
                .push(format!("standard  {}", self.one(&["possible", "probable", "confirmed"])));
        }
        if self.happens(0.3) {
            declaration
                .fields
                .push(format!("watched  at least {} percent", self.one(&["90", "50", "100", "1"])));
        }
        if self.happens(0.12) {
            let force = self.one(&["binding", "political", "best efforts", "where possible"]);
            let event = self.event();
            let force =
                if self.happens(0.2) { format!("subject to {}", self.facts[event].name) } else { force };
            declaration.fields.push(format!("force  {force}"));
        }
        if self.happens(0.05) {
            declaration.fields.push("mark  TLP:AMBER restricted to Alba, Brin".into());
        }
    }

    fn stretch(&mut self, declaration: &mut Declaration, scope: Scope, probability: f64) {
        if self.happens(probability) {
            declaration.fields.push(format!("from  {}", self.moment(scope)));
        }
        if self.happens(probability) {
            declaration.fields.push(format!("until  {}", self.moment(scope)));
        }
    }

    fn deadline(&mut self, scope: Scope) -> Option<String> {
        Some(match self.chance.weighted(&[6.0, 2.5, 1.5, 1.5, 1.0, 1.0, 1.5]) {
            0 => {
                let span = self.span();
                let span =
                    if self.happens(0.1) { self.reading_of(Gives::Span).unwrap_or(span) } else { span };
                format!("within  {span}")
            }
            1 => format!("within  {} of {}", self.span(), self.moment(scope)),
            2 => format!("by  {}", self.moment(scope)),
            3 => format!("by  {}", self.date(3, 25)),
            4 => {
                let from = if self.happens(0.5) {
                    format!(" from {}", self.simple_moment(scope))
                } else {
                    String::new()
                };
                format!(
                    "every  {}{from}",
                    self.one(&["7 days", "5 days", "72 hours", "1 week", "1 month", "10 days"])
                )
            }
            5 => match scope.trigger {
                Some(_) if self.happens(0.6) => format!("no later than  {} before trigger", self.span()),
                _ => format!("no later than  {} before {}", self.span(), self.simple_moment(scope)),
            },
            _ => return None,
        })
    }

    fn soft(&self, declaration: &Declaration) -> bool {
        declaration
            .fields
            .iter()
            .any(|f| f.starts_with("force") && (f.contains("best") || f.contains("where")))
    }

    fn add(&mut self, declaration: Declaration, name: String) {
        let soft = self.soft(&declaration);
        self.declarations.push(declaration);
        self.norms.push((name, soft));
    }

    fn duty(&mut self, i: i64) {
        let name = format!("duty-{i}");
        let mut declaration = declared(format!("duty {name}"));
        let scope = self.base_of(&mut declaration, true);
        let verb = self.chance.weighted(&[5.0, 3.0, 4.0]);
        let mut excepted = None;
        match verb {
            0 => {
                let fact = self.event_with("by").unwrap_or(0);
                let act = self.pattern(fact, scope, true);
                let act = match self.chance.weighted(&[8.0, 1.0, 1.0]) {
                    0 => act,
                    n => {
                        let other = self.event();
                        let word = if n == 1 { "and" } else { "or" };
                        format!("({act}) {word} ({})", self.pattern(other, scope, true))
                    }
                };
                declaration.fields.push(format!("must  do {act}"));
            }
            1 => declaration.fields.push(format!("must  ensure {}", self.cond(scope))),
            _ => {
                let content = match self.of_sort(Sort::Measure).filter(|_| self.happens(0.4)) {
                    Some(measure) => {
                        excepted = Some(measure);
                        let pattern = self.pattern(measure, scope, true);
                        format!(
                            "{pattern} {} {}",
                            self.one(&[">=", "<=", ">", "<"]),
                            self.chance.whole(2, 12)
                        )
                    }
                    None => self.cond(scope),
                };
                declaration.fields.push(format!("must  keep {content}"));
                if self.happens(0.3) {
                    let (total, window) = (
                        self.one(&["12 hours", "1 day", "2 days", "36 hours"]),
                        self.one(&["7 days", "10 days", "1 month", "72 hours"]),
                    );
                    declaration.fields.push(format!("gap  up to {total} in any {window}"));
                }
            }
        }
        self.stretch(&mut declaration, scope, if verb == 2 { 0.5 } else { 0.15 });
        let deadline = if verb == 2 && self.happens(0.7) { None } else { self.deadline(scope) };
        declaration.fields.extend(deadline);
        if let Some(fact) = excepted.filter(|_| self.happens(0.5)) {
            self.except(&mut declaration, fact);
        }
        self.add(declaration, name);
    }

    fn except(&mut self, declaration: &mut Declaration, fact: usize) {
        let scope = Scope { bearer: true, depth: 3, tested: Some(fact), ..Scope::default() };
        if self.facts[fact].roles.is_empty() {
            return;
        }
        let mut parts = Vec::new();
        for _ in 0..self.chance.whole(1, 2) {
            let mut text = self.tested_role(fact, scope);
            if self.happens(0.5) {
                text.push_str(&format!(" up to {}", self.chance.whole(1, 5)));
            }
            if self.happens(0.3) {
                text.push_str(&format!(" until {}", self.date(4, 20)));
            }
            parts.push(text);
        }
        declaration.fields.push(format!("except  {}", parts.join(", or ")));
    }

    fn ban(&mut self, i: i64) {
        let name = format!("ban-{i}");
        let mut declaration = declared(format!("ban {name}"));
        let scope = self.base_of(&mut declaration, true);
        if self.happens(0.7) {
            let fact = self.event();
            declaration.fields.push(format!("must not  do {}", self.pattern(fact, scope, true)));
            if self.happens(0.3) {
                self.except(&mut declaration, fact);
            }
        } else {
            declaration.fields.push(format!("must not  keep {}", self.cond(scope)));
        }
        self.stretch(&mut declaration, scope, 0.35);
        if self.happens(0.35) {
            let deadline = self.deadline(scope);
            declaration.fields.extend(deadline);
        }
        self.add(declaration, name);
    }

    fn right(&mut self, i: i64) {
        let name = format!("right-{i}");
        let mut declaration = declared(format!("right {name}"));
        declaration.fields.push(format!("bearer  {}", self.one(&["Alba", "each of sides"])));
        declaration
            .fields
            .push(format!("owed to  {}", self.one(&["each of Brin", "every other of sides", "Brin"])));
        let scope = Scope { bearer: true, ..Scope::default() };
        let may = self.event();
        declaration.fields.push(format!("may  do {}", self.pattern(may, scope, true)));
        if self.happens(0.7) {
            let act = self.event();
            declaration.fields.push(format!("obstructed by  {}", self.pattern(act, scope, false)));
        }
        declaration.fields.push("seen by  council".into());
        self.stretch(&mut declaration, scope, 0.2);
        self.add(declaration, name);
    }

    fn milestone(&mut self, i: i64) {
        let Some(measure) = self.of_sort(Sort::Measure) else { return };
        let name = format!("milestone-{i}");
        let mut declaration = declared(format!("milestone {name}"));
        let scope = self.base_of(&mut declaration, false);
        declaration.fields.push(format!("measure  {}", self.pattern(measure, scope, true)));
        let (a, b) = (self.chance.whole(3, 10), self.chance.whole(11, 20));
        let compare = self.reading_of(Gives::Compare);
        let mut rows = Vec::new();
        for day in [a, b] {
            let word = match &compare {
                Some(_) if self.happens(0.6) => "target",
                _ if self.happens(0.5) => "floor",
                _ => "ceiling",
            };
            let (date, amount) = (self.date_of(day), self.chance.whole(2, 12));
            rows.push(if word == "target" { date.clone() } else { format!("{word}-{date}") });
            declaration.fields.push(format!("{word}  {date} {amount} persons"));
        }
        if let Some(compare) = compare
            && declaration.fields.iter().any(|f| f.starts_with("target"))
        {
            declaration.fields.push(format!("compare  {compare}"));
        }
        self.declarations.push(declaration);
        let row = self.chance.pick(&rows).clone();
        self.norms.push((format!("{name}/{row}"), false));
    }

    fn delivery(&mut self, i: i64) {
        if self.fact_named("delivery").is_none() {
            return;
        }
        let name = format!("goods-{i}");
        let mut declaration = declared(format!("delivery {name}"));
        declaration.fields.push("owed to  Brin".into());
        for item in ["tar", "salt"] {
            let scope = Scope { bearer: true, ..Scope::default() };
            let due = if self.happens(0.7) { self.date(4, 20) } else { self.moment(scope) };
            let (amount, party) = (self.chance.whole(1, 8), self.one(&["Alba", "Brin"]));
            declaration.fields.push(format!("item  \"{item}\", {amount} persons, {party}, by {due}"));
        }
        self.shared(&mut declaration, Scope { bearer: true, ..Scope::default() });
        self.declarations.push(declaration);
        self.norms.push((format!("{name}/tar"), false));
    }

    fn quota(&mut self, i: i64) {
        let name = format!("quota-{i}");
        let mut declaration = declared(format!("quota {name}"));
        let scope = self.base_of(&mut declaration, true);
        let of = if self.happens(0.6) {
            let fact = self.event();
            self.pattern(fact, scope, true)
        } else {
            match self.event_with("n") {
                Some(fact) => format!("sum n of {}", self.pattern(fact, scope, true)),
                None => {
                    let fact = self.event();
                    self.pattern(fact, scope, true)
                }
            }
        };
        declaration.fields.push(format!("of  {of}"));
        let period = self.one(&["day", "week", "month", "year"]);
        let cap = self.small();
        match self.chance.whole(0, 2) {
            0 => declaration.fields.push(format!("at most  {cap} in each calendar {period}")),
            1 => declaration.fields.push(format!("at most  {cap}")),
            _ => {
                declaration.fields.push(format!("at most  {cap} in each calendar {period}"));
                declaration.fields.push(format!("at most  {}", cap + 2));
                self.stretch(&mut declaration, scope, 0.2);
                self.declarations.push(declaration);
                self.norms.push((format!("{name}/level"), false));
                return;
            }
        }
        self.stretch(&mut declaration, scope, 0.2);
        self.add(declaration, name);
    }

    fn notify(&mut self, i: i64) {
        let (Some(of), Some(notice)) = (self.event_with("by"), self.event_with("by")) else { return };
        let name = format!("notify-{i}");
        let mut declaration = declared(format!("notify {name}"));
        let scope = self.base_of(&mut declaration, false);
        declaration.fields.push(format!("of  {}", self.pattern(of, scope, true)));
        let scope = Scope { trigger: Some(Some(of)), ..scope };
        declaration.fields.push(format!("must  do {}", self.pattern(notice, scope, true)));
        declaration.fields.push(format!("no later than  {} before", self.span()));
        self.add(declaration, name);
    }

    fn remedy(&mut self, i: i64) {
        let name = format!("remedy-{i}");
        let scope = Scope { bearer: true, breach: true, trigger: Some(None), ..Scope::default() };
        let scope = Scope { trigger: if self.happens(0.5) { scope.trigger } else { None }, ..scope };
        let mut declaration = declared(format!("remedy {name}"));
        if self.happens(0.4) {
            declaration.fields.push("bearer  breaching party".into());
        }
        declaration.fields.push("owed to  Brin".into());
        for _ in 0..self.chance.weighted(&[0.0, 3.0, 1.5]) {
            let content = match self.event_with("by").filter(|_| self.happens(0.7)) {
                Some(fact) => format!("do {}", self.pattern(fact, scope, true)),
                None => format!("{} {}", self.one(&["ensure", "ensure", "keep"]), self.cond(scope)),
            };
            declaration.fields.push(format!("must  {content}"));
            let deadline = if self.happens(0.8) {
                Some(format!("within  {} of breach", self.span()))
            } else {
                self.deadline(scope)
            };
            declaration.fields.extend(deadline);
        }
        let target = self.chance.whole(0, self.norms.len() as i64 - 1);
        let named = self.norms.get(target.max(0) as usize).map(|(name, _)| name.clone());
        let heads: Vec<usize> = (0..self.declarations.len())
            .filter(|i| {
                let name = self.declarations[*i].head.split(' ').nth(1).unwrap_or_default();
                named.as_deref().is_some_and(|n| n == name || n.starts_with(&format!("{name}/")))
                    && !self.declarations[*i].fields.iter().any(|f| f.starts_with("on breach"))
            })
            .collect();
        let Some(head) = heads.first() else { return };
        self.declarations[*head].fields.push(format!("on breach  remedy {name}"));
        let effect = self.one(&["adds to", "adds to", "replaces"]);
        declaration.fields.push(format!("effect  {effect} the breached duty"));
        self.shared(&mut declaration, Scope { trigger: None, ..scope });
        self.add(declaration, name);
    }

    fn power(&mut self, i: usize) {
        let Some(act) = self.event_with("by") else { return };
        let name = format!("power-{i}");
        let scope = Scope { bearer: true, depth: 1, ..Scope::default() };
        let mut declaration = declared(format!("power {name}"));
        declaration
            .fields
            .push(format!("bearer  {}", self.one(&["Alba", "each of sides", "each of sides", "council"])));
        let verb =
            self.one(&["suspend", "suspend", "resume", "waive", "end", "start", "object to", "extend by"]);
        let verb = if verb == "extend by" { format!("extend by {}", self.span_above_zero()) } else { verb };
        let names: Vec<String> = self.norms.iter().map(|(n, _)| n.clone()).collect();
        let target = match self.chance.weighted(&[5.0, 1.5, 1.0]) {
            0 if !names.is_empty() => {
                let mut all = vec![self.chance.pick(&names).clone()];
                if self.happens(0.4) {
                    let other = self.chance.pick(&names).clone();
                    if !all.contains(&other) {
                        all.push(other);
                    }
                }
                all.join(", ")
            }
            1 => "every norm".into(),
            _ => "every duty of bearer".into(),
        };
        declaration.fields.push(format!("can  {verb} {target}"));
        declaration.fields.push(format!("by act  {}", self.pattern(act, Scope { depth: 3, ..scope }, true)));
        match self.chance.whole(0, 2) {
            0 => declaration.fields.push("effect at  at once".into()),
            1 => {
                declaration.fields.push(format!("effect at  {} after {}", self.span(), self.facts[act].name))
            }
            _ => {}
        }
        let own = Scope { depth: 2, ..scope };
        let limit = |draft: &mut Self| match draft.chance.whole(0, 2) {
            0 => draft.term_text().unwrap_or_else(|| draft.fact_cond(own)),
            1 => draft.fact_cond(own),
            _ => {
                let value = draft.count(own);
                format!("{value} >= {}", draft.small())
            }
        };
        if self.happens(0.25) {
            let cond = limit(self);
            declaration.fields.push(format!("if  {cond}"));
        }
        if self.happens(0.25) {
            let cond = limit(self);
            declaration.fields.push(format!("unless  {cond}"));
        }
        if self.happens(0.2) {
            let span = self.span_above_zero();
            let objection = match self.event_with("by").filter(|_| self.happens(0.7)) {
                Some(fact) => {
                    let by = self.one(&["", " by each of sides", " by Brin"]);
                    format!(", objection {}{by}", self.facts[fact].name)
                }
                None => String::new(),
            };
            declaration.fields.push(format!("silence  of {span} after receipt counts as consent{objection}"));
        }
        if verb == "suspend" {
            declaration.fields.push(format!("clock  {}", self.one(&["runs", "stops"])));
        }
        self.declarations.push(declaration);
        if self.happens(0.3) && !names.is_empty() {
            let over = self.chance.pick(&names).clone();
            let yields = if self.happens(0.6) { name } else { self.chance.pick(&names).clone() };
            if over != yields {
                let fields = vec![format!("rule  {over} over {yields}")];
                self.declarations.push(Declaration { head: format!("priority priority-{i}"), fields });
            }
        }
    }
}
