//! The shapes of an agreement's zones, for drawing.
//!
//! It works out lengths that are numbers, roles of the zone, or attributes of a class. Whatever depends on events is
//! left out of the drawing; whether something lies in a zone is the engine's business alone.

use crate::View;
use servanda_model::agreement::{ArithOp, Extent, RoleType, Value, Zone, ZoneRef};
use servanda_model::place::{LineSide, Shape};
use servanda_model::{Name, Number};
use std::collections::BTreeMap;

/// A zone as it can be drawn: a zone with parameters gives one for each choice of their values.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawn {
    /// The zone.
    pub zone: Name,
    /// Its arguments.
    pub args: Vec<(Name, Name)>,
    /// Its extent.
    pub shape: Shape,
}

/// Choices of a zone's parameters that are drawn at most.
const CHOICES: usize = 24;
/// Zones within zones followed at most: a circle of zones is a finding of the checker, not a hang here.
const DEPTH: usize = 16;

type Args = BTreeMap<Name, Name>;

impl View<'_> {
    /// All zones that can be drawn, as they are at the moment asked for.
    pub fn zones(&self) -> Vec<Drawn> {
        let mut drawn = Vec::new();
        for (name, zone) in &self.agreement.zones {
            for args in self.choices(zone) {
                if let Some(shape) = self.shape(zone, &args, 0) {
                    let args =
                        zone.params.iter().filter_map(|(p, _)| Some((p.clone(), args.get(p)?.clone())));
                    drawn.push(Drawn { zone: name.clone(), args: args.collect(), shape });
                }
            }
        }
        drawn
    }

    fn choices(&self, zone: &Zone) -> Vec<Args> {
        let mut all = vec![Args::new()];
        for (param, kind) in &zone.params {
            let values: Vec<Name> = match kind {
                RoleType::Class(class) => self
                    .agreement
                    .classes
                    .get(class)
                    .map(|c| c.values.keys().cloned().collect())
                    .unwrap_or_default(),
                RoleType::Party => self
                    .agreement
                    .parties
                    .iter()
                    .filter(|(_, p)| !p.outside)
                    .map(|(n, _)| n.clone())
                    .collect(),
                _ => Vec::new(),
            };
            let with = |args: &Args, v: &Name| {
                let mut args = args.clone();
                args.insert(param.clone(), v.clone());
                args
            };
            all = all.iter().flat_map(|a| values.iter().map(move |v| with(a, v))).take(CHOICES).collect();
        }
        all
    }

    fn shape(&self, zone: &Zone, args: &Args, depth: usize) -> Option<Shape> {
        let at = self.board.question.at;
        let case = zone.cases.iter().find(|c| {
            c.guards.iter().all(|(param, value)| args.get(param) == Some(value))
                && c.from.is_none_or(|f| f <= at)
                && c.until.is_none_or(|u| at <= u)
        })?;
        self.extent(&case.extent, args, depth)
    }

    fn extent(&self, extent: &Extent, args: &Args, depth: usize) -> Option<Shape> {
        if depth > DEPTH {
            return None;
        }
        match extent {
            Extent::Given(name) => self.places.shapes.get(name).cloned(),
            Extent::Zone(zone) => self.referred(zone, args, depth).map(|(_, shape)| shape),
            Extent::Strip { line, within, side } => {
                let (zone, shape) = self.referred(line, args, depth)?;
                let Shape::Line(line) = shape else { return None };
                let side = match side {
                    None => None,
                    Some(side) => Some(self.side(zone, &self.name(side, args)?)?),
                };
                Some(Shape::Strip { line, within_m: self.length(within, args)?, side })
            }
            Extent::Disc { at, within } => {
                Some(Shape::Disc { at: *at, radius_m: self.length(within, args)? })
            }
            Extent::Union(of) => {
                let shapes: Vec<Shape> = of.iter().filter_map(|e| self.extent(e, args, depth + 1)).collect();
                (!shapes.is_empty()).then_some(Shape::Union(shapes))
            }
            Extent::Difference(a, b) => {
                let whole = self.extent(a, args, depth + 1)?;
                Some(match self.extent(b, args, depth + 1) {
                    Some(without) => Shape::Difference(Box::new(whole), Box::new(without)),
                    None => whole,
                })
            }
        }
    }

    fn referred(&self, zone: &ZoneRef, args: &Args, depth: usize) -> Option<(&Zone, Shape)> {
        let target = self.agreement.zones.get(&zone.zone)?;
        let mut inner = Args::new();
        for ((param, _), value) in target.params.iter().zip(&zone.args) {
            inner.insert(param.clone(), self.name(value, args)?);
        }
        Some((target, self.shape(target, &inner, depth + 1)?))
    }

    fn side(&self, line: &Zone, of: &Name) -> Option<LineSide> {
        let (left, right) = line.sides.as_ref()?;
        let at = self.board.question.at;
        let is = |side: &Name| side == of || self.agreement.parties_of(side, at).contains(of);
        match (is(left), is(right)) {
            (true, false) => Some(LineSide::Left),
            (false, true) => Some(LineSide::Right),
            _ => None,
        }
    }

    fn name(&self, value: &Value, args: &Args) -> Option<Name> {
        match value {
            Value::Name(name) => Some(name.clone()),
            Value::Role(param) => args.get(param).cloned(),
            _ => None,
        }
    }

    fn length(&self, value: &Value, args: &Args) -> Option<f64> {
        self.number(value, args).map(|n| n.to_f64()).filter(|m| m.is_finite() && *m >= 0.0)
    }

    fn number(&self, value: &Value, args: &Args) -> Option<Number> {
        match value {
            Value::Number(n, _) => Some(n.clone()),
            Value::Attribute(attribute, of) => {
                let of = self.name(of, args)?;
                let mut values = self.agreement.classes.values().filter_map(|c| c.values.get(&of));
                values.find_map(|v| v.attributes.get(attribute)).map(|(n, _)| n.clone())
            }
            Value::Arith(a, op, b) => {
                let (a, b) = (self.number(a, args)?, self.number(b, args)?);
                match op {
                    ArithOp::Add => Some(a + b),
                    ArithOp::Sub => Some(a - b),
                    ArithOp::Mul => Some(a * b),
                    ArithOp::Div => a.over(&b),
                }
            }
            _ => None,
        }
    }
}
