//! All streams of records up to a small length, over a few kinds of records at a few instants around the edges of a
//! small agreement.
//!
//! Every stream is compared as a generated world is: boards, history, orders of arrival.

use crate::compare::{Compared, Finding, Maker};
use crate::search::{Families, compare};
use crate::world::{Ask, Declaration, Row, World};
use servanda_model::Instant;

/// A small agreement, and what may be reported under it.
pub struct Vocabulary {
    /// Name.
    pub name: &'static str,
    /// Declarations: head, then fields, a line each.
    pub text: &'static str,
    /// `fact and roles ; attributes`; `T` in a row's attributes is left as it stands.
    pub kinds: &'static [&'static str],
    /// Instants, in UTC.
    pub times: &'static [&'static str],
}

const HEAD: &str = "agreement exercise-world
  in force  2027-01-01
  time zone  UTC
  counting  event day excluded
  months  round down
  standard  probable
party Alba
party Brin
body council
  members  Alba, Brin
zone north
  shape  within 30 km of point 49.0 36.0
";

/// The small agreements.
pub const ALL: [Vocabulary; 5] = [
    Vocabulary {
        name: "response",
        text: "event request
  carries  by: party
event answer
  carries  by: party
duty answer-it
  bearer  each of Alba, Brin
  when  request by bearer
  must  do answer by bearer
  within  24 hours
  seen by  council",
        kinds: &[
            "request by Alba ; grade confirmed",
            "answer by Alba ; grade probable",
            "answer ; grade confirmed",
            "withdraw e0 ; recorded +1 day",
        ],
        times: &[
            "2027-03-01T12:00",
            "2027-03-02T11:59:59.999",
            "2027-03-02T12:00",
            "2027-03-02T12:00:00.001",
        ],
    },
    Vocabulary {
        name: "window",
        text: "event fire
  carries  by: party
  absence  register
event answer
  carries  by: party
term attack
  means  count of fire in any 24 hours >= 2
duty answer-it
  bearer  Alba
  when  attack begins
  must  do answer by bearer
  within  24 hours
  seen by  council
ban no-attack
  bearer  Brin
  must not  keep count of fire by bearer in each calendar day > 1
  seen by  council",
        kinds: &[
            "fire by Brin ; grade confirmed",
            "fire ; grade possible, incident i1",
            "answer by Alba ; grade confirmed",
            "withdraw e1 ; recorded +6 hours",
        ],
        times: &["2027-03-01T12:00", "2027-03-02T11:59:59.999", "2027-03-02T12:00", "2027-03-02T24:00"],
    },
    Vocabulary {
        name: "gap",
        text: "state truce
duty keep-truce
  bearer  Alba
  must  keep truce holds
  from  2027-03-01T12:00
  until  2027-03-05
  gap  up to 12 hours in any 48 hours
  seen by  council",
        kinds: &[
            "truce begins ; grade confirmed",
            "truce ends ; grade confirmed",
            "no truce ; grade probable",
            "withdraw e0 ; recorded +1 day",
        ],
        times: &["2027-03-01T12:00", "2027-03-02T00:00", "2027-03-02T12:00", "2027-03-03T00:00:00.001"],
    },
    Vocabulary {
        name: "coverage",
        text: "event fire
  carries  by: party, at: place
ban no-fire
  bearer  each of Alba, Brin
  must not  do fire by bearer at north
  from  2027-03-01
  until  2027-03-02
  watched  at least 50 percent
  seen by  council
duty quiet
  bearer  Brin
  must  ensure no fire at north
  by  2027-03-02
  watched  at least 90 percent
  seen by  council",
        kinds: &[
            "fire by Alba at north ; grade confirmed",
            "fire at 49.0,36.0~50km ; grade confirmed",
            "coverage at north by Brin ; until +1 day, grade confirmed",
            "withdraw e0 ; recorded +6 hours",
        ],
        times: &["2027-03-01T00:00", "2027-03-01T12:00", "2027-03-02T00:00", "2027-03-02T24:00"],
    },
    Vocabulary {
        name: "remedies",
        text: "event request
  carries  by: party
event answer
  carries  by: party
event pause
  carries  by: party
duty answer-it
  bearer  Alba
  when  request
  must  do answer by bearer
  within  24 hours
  on breach  remedy first
  seen by  council
remedy first
  must  do answer by bearer
  within  12 hours of breach
  effect  replaces the breached duty
  on breach  remedy second
  seen by  council
remedy second
  must  ensure count of answer by bearer since breach >= 1
  within  1 day of breach
  effect  adds to the breached duty
  seen by  council
power rest
  bearer  each of Alba, Brin
  can  suspend answer-it
  by act  pause by bearer
  clock  stops",
        kinds: &[
            "request by Brin ; grade confirmed",
            "answer by Alba ; grade confirmed",
            "pause by Alba ; grade confirmed",
            "request by Brin ; grade possible, supersedes e0, recorded +2 days",
        ],
        times: &["2027-03-01T12:00", "2027-03-02T12:00:00.001", "2027-03-03T00:00", "2027-03-04T12:00"],
    },
];

impl Vocabulary {
    fn declarations(&self) -> Vec<Declaration> {
        let mut all: Vec<Declaration> = Vec::new();
        for line in HEAD.lines().chain(self.text.lines()) {
            match (line.strip_prefix("  "), all.last_mut()) {
                (Some(field), Some(last)) => last.fields.push(field.to_string()),
                _ => all.push(Declaration { head: line.to_string(), fields: Vec::new() }),
            }
        }
        all
    }

    fn row(&self, place: usize, index: usize) -> Row {
        let (what, attributes) = self.kinds[index / self.times.len()].split_once(" ; ").unwrap_or_default();
        let attributes = attributes.split(", ").map(str::to_string).collect();
        let what = format!("{}  {what}", self.times[index % self.times.len()]);
        Row { id: format!("e{place}"), what, roles: Vec::new(), attributes }
    }

    /// Compares every stream of up to `longest` records. Streams that the rows refuse (a correction of nothing) are left
    /// out.
    ///
    /// # Errors
    /// The first stream that differs, and how.
    pub fn compare(
        &self,
        longest: usize,
        families: Families,
        maker: Maker,
        compared: &mut Compared,
    ) -> Result<u64, Box<(World, Finding)>> {
        let many = self.kinds.len() * self.times.len();
        let instants: Vec<Instant> =
            self.times.iter().filter_map(|t| Instant::parse_utc(&format!("{t}Z"))).collect();
        let mut asks: Vec<Ask> = Vec::new();
        let last = instants.last().copied().unwrap_or(Instant(0)) + 10 * servanda_model::time::DAY;
        for at in instants.iter().copied().chain([last]) {
            asks.push(Ask { at, known_at: at, readings: Vec::new() });
            asks.push(Ask { at, known_at: last, readings: Vec::new() });
        }
        let mut streams = 0;
        for length in 0..=longest {
            // Records in order of their index: the order of arrival is varied anyway.
            let mut stream = vec![0; length];
            loop {
                streams += u64::from(self.compare_one(&stream, &asks, &instants, families, maker, compared)?);
                let Some(place) = stream.iter().rposition(|index| index + 1 < many) else { break };
                let next = stream[place] + 1;
                stream[place..].fill(next);
            }
        }
        Ok(streams)
    }

    /// Whether it is a stream at all: one that takes itself back is none.
    fn compare_one(
        &self,
        stream: &[usize],
        asks: &[Ask],
        clocks: &[Instant],
        families: Families,
        maker: Maker,
        compared: &mut Compared,
    ) -> Result<bool, Box<(World, Finding)>> {
        let rows: Vec<Row> =
            stream.iter().enumerate().map(|(place, index)| self.row(place, *index)).collect();
        let of_itself =
            |row: &Row| row.text().split(&[' ', ','][..]).filter(|word| *word == row.id).count() > 1;
        if rows.iter().any(of_itself) {
            return Ok(false);
        }
        let numbers: Vec<String> = stream.iter().map(usize::to_string).collect();
        let world = World {
            name: format!("{}-{}", self.name, numbers.join("-")),
            declarations: self.declarations(),
            rows,
            asks: asks.to_vec(),
            clocks: clocks.to_vec(),
            order: stream.iter().fold(1, |order, index| order * 31 + *index as u64),
        };
        let Ok(read) = world.read() else { return Ok(false) };
        match compare(&world, &read, families, maker, compared) {
            Ok(()) => Ok(true),
            Err(finding) => Err(Box::new((world, *finding))),
        }
    }
}
