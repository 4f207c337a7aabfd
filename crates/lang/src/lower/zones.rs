//! Zones: parameters, shapes by case, and sides of lines.

use super::{Kind, Left, Lower, Lowered, Scope};
use crate::ast::{self, Decl, FieldValue, Ident, ZoneShape};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use crate::units;
use servanda_model::agreement::{Dimension, Extent, RoleType, Value, Zone, ZoneCase};
use servanda_model::{Name, Point};

impl Lower<'_> {
    /// The parameters of a zone, whether it is lowered yet or not.
    pub(super) fn zone_params(&mut self, name: &Name) -> Vec<(Name, RoleType)> {
        if let Some(zone) = self.agreement.zones.get(name) {
            return zone.params.clone();
        }
        Vec::new()
    }

    pub(super) fn zones(&mut self) {
        let decls: Vec<&Decl> = self.decls(Keyword::Zone).filter(|d| self.names.is_first(d)).collect();
        // First the parameters of all zones, so that their order does not matter.
        for decl in &decls {
            let Some(name) = &decl.name else { continue };
            let params = self.params(decl, "given");
            let phrase = decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default();
            let marking = self.marking(decl).unwrap_or_default();
            let zone = Zone { phrase, params, cases: Vec::new(), sides: None, marking };
            self.agreement.zones.insert(name.text.clone(), zone);
        }
        for decl in decls {
            let Some(name) = &decl.name else { continue };
            let scope = Scope { params: self.zone_params(&name.text), ..Scope::default() };
            let mut cases = Vec::new();
            for field in decl.all("shape") {
                let FieldValue::ZoneShape(shape) = &field.value else { continue };
                cases.extend(self.case(shape, &scope));
            }
            if cases.is_empty() && !decl.damaged && decl.field("shape").is_none() {
                self.report(Diagnostic::error("S0501", decl.name_span(), "this zone has no shape").help(
                    "add `shape` with the name of a region, a GeoJSON file or another zone: `shape \"Lviv\"`",
                ));
            }
            let sides = match decl.field("sides").map(|f| &f.value) {
                Some(FieldValue::Sides { left, right }) => {
                    let (left, right) = (self.actor(left), self.actor(right));
                    left.ok().zip(right.ok())
                }
                _ => None,
            };
            if let Some(zone) = self.agreement.zones.get_mut(&name.text) {
                zone.cases = cases;
                zone.sides = sides;
            }
        }
    }

    fn case(&mut self, shape: &ZoneShape, scope: &Scope) -> Lowered<ZoneCase> {
        let extent = self.extent(&shape.extent, scope);
        let mut guards = Vec::new();
        for (param, value) in &shape.guards {
            let Some((_, of)) = scope.params.iter().find(|(name, _)| *name == param.text) else {
                let known = scope.params.iter().map(|(name, _)| name.clone()).collect();
                return Err(self.unknown("N0206", "the parameter", param, known, "declare it under `given`"));
            };
            let bare = self.bare(value);
            self.value(&bare, &Kind::of(of), scope)?;
            guards.push((param.text.clone(), value.text.clone()));
        }
        let from = shape.from.as_ref().map(|d| self.instant(d, false)).transpose()?;
        let until = shape.until.as_ref().map(|d| self.instant(d, true)).transpose()?;
        Ok(ZoneCase { guards, extent: extent?, from, until })
    }

    fn bare(&self, name: &Ident) -> ast::Expr {
        let span = name.span.clone();
        let pattern = ast::Pattern {
            name: name.clone(),
            args: Vec::new(),
            roles: Vec::new(),
            filter: None,
            span: span.clone(),
        };
        ast::Expr { kind: ast::ExprKind::Pattern(pattern), span }
    }

    fn extent(&mut self, extent: &ast::Extent, scope: &Scope) -> Lowered<Extent> {
        Ok(match extent {
            ast::Extent::Given(text) => Extent::Given(Name::from(text.text.as_str())),
            ast::Extent::Zone(zone) => Extent::Zone(self.zone_ref(zone, scope)?),
            ast::Extent::Union(all) => {
                let all: Vec<Lowered<Extent>> = all.iter().map(|e| self.extent(e, scope)).collect();
                Extent::Union(all.into_iter().collect::<Lowered<_>>()?)
            }
            ast::Extent::Minus(a, b) => {
                let a = self.extent(a, scope);
                Extent::Difference(Box::new(a?), Box::new(self.extent(b, scope)?))
            }
            ast::Extent::Strip { line, within, side } => {
                let line = self.zone_ref(line, scope);
                let (value, kind) = self.number(within, scope)?;
                if !matches!(kind, Kind::Number(Some(Dimension::Length)) | Kind::Any) {
                    return Err(self.report(
                        Diagnostic::error(
                            "T0303",
                            within.span.clone(),
                            format!("a length is needed here, and this is {}", kind.shown()),
                        )
                        .help("write `50 km`, or an attribute that is a length"),
                    ));
                }
                let side = match side {
                    None => None,
                    Some(name) => {
                        let bare = self.bare(name);
                        let (value, kind) = self.value(&bare, &Kind::Actor, scope)?;
                        self.is_actor(&kind, name)?;
                        Some(Box::new(value))
                    }
                };
                Extent::Strip { line: line?, within: Box::new(value), side }
            }
            ast::Extent::Disc { within, lat, lon, span } => {
                let (metres, dimension) = self.base(within);
                if dimension != Dimension::Length {
                    return Err(self.report(
                        Diagnostic::error(
                            "T0303",
                            within.span.clone(),
                            format!("a length is needed here, and this is {}", units::shown(&dimension)),
                        )
                        .help("write `within 50 km of point 48.5 37.2`"),
                    ));
                }
                let at = Point { lat: lat.to_f64(), lon: lon.to_f64() };
                if at.lat.abs() > 90.0 || at.lon.abs() > 180.0 {
                    return Err(self.report(
                        Diagnostic::error("T0301", span.clone(), "this point is not on the globe")
                            .help("latitude comes first, from -90 to 90, then longitude, from -180 to 180"),
                    ));
                }
                Extent::Disc { at, within: Box::new(Value::Number(metres, Dimension::Length)) }
            }
        })
    }

    fn is_actor(&mut self, kind: &Kind, name: &Ident) -> Lowered<()> {
        match kind {
            Kind::Actor | Kind::Any => Ok(()),
            _ => Err::<(), Left>(
                self.report(
                    Diagnostic::error(
                        "T0312",
                        name.span.clone(),
                        format!("a side is that of a party, and `{}` is {}", name.text, kind.shown()),
                    )
                    .help("write `on side PARTY`, or a parameter that is a party"),
                ),
            ),
        }
    }
}
