// Makes the two outline files of the map from Natural Earth. Run by hand when the source changes:
//
//   node web/outlines/make.mjs UKRAINE-ADMIN1.geojson WORLD-110M.topo.json
//
// It keeps borders that two units share the same on both sides: a ring is cut where units meet, and each piece is
// thinned once. Crimea and Sevastopol are units of Ukraine in both files; a test of the server asks for two points there.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [ukraine, world] = process.argv.slice(2);
if (!world) {
  console.error('usage: node make.mjs UKRAINE-ADMIN1.geojson WORLD-110M.topo.json');
  process.exit(2);
}

// Names of today, where the file has older spellings.
const NAMES = {
  "Dnipropetrovs'k": 'Dnipropetrovsk', "Donets'k": 'Donetsk', "Luhans'k": 'Luhansk', 'Kiev City': 'Kyiv City', Kiev: 'Kyiv',
  "L'viv": 'Lviv', "Ternopil'": 'Ternopil', "Khmel'nyts'kyy": 'Khmelnytskyi', Vinnytsya: 'Vinnytsia', Mykolayiv: 'Mykolaiv',
  Zaporizhzhya: 'Zaporizhzhia', Transcarpathia: 'Zakarpattia', 'Ivano-Frankivs\'k': 'Ivano-Frankivsk', Odessa: 'Odesa',
};

const key = (p) => `${p[0]},${p[1]}`;
const round = (p, digits) => p.map((x) => Number(x.toFixed(digits)));

// Douglas and Peucker: the points further than `tolerance` degrees from the line between their neighbours.
function thin(points, tolerance) {
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const open = [[0, points.length - 1]];
  while (open.length) {
    const [a, b] = open.pop();
    const [ax, ay] = points[a], [bx, by] = points[b];
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
    let far = -1, most = tolerance * tolerance;
    for (let i = a + 1; i < b; i += 1) {
      const [x, y] = points[i];
      const t = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
      const d = (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2;
      if (d > most) [far, most] = [i, d];
    }
    if (far > 0) {
      keep[far] = 1;
      open.push([a, far], [far, b]);
    }
  }
  return points.filter((_, i) => keep[i]);
}

function units(features, digits, tolerance, least) {
  const rings = features.flatMap((f, unit) => f.polygons.flatMap((polygon) => polygon.map((ring) => ({ unit, ring: ring.map((p) => round(p, 4)) }))));
  const around = new Map();
  for (const { ring } of rings) {
    for (let i = 0; i + 1 < ring.length; i += 1) {
      const [at, before, after] = [ring[i], ring[(i || ring.length - 1) - 1], ring[i + 1]].map(key);
      if (!around.has(at)) around.set(at, new Set());
      around.get(at).add(before).add(after);
    }
  }
  const shaped = rings.map(({ unit, ring }) => {
    const body = ring.slice(0, -1);
    const cuts = body.flatMap((p, i) => (around.get(key(p)).size > 2 ? [i] : []));
    const first = cuts.length ? cuts : [0, Math.floor(body.length / 2)];
    const out = [];
    first.forEach((from, n) => {
      const to = first[(n + 1) % first.length];
      let piece = [];
      for (let i = from; ; i = (i + 1) % body.length) {
        piece.push(body[i]);
        if (i === to && piece.length > 1) break;
      }
      // The same piece is thinned in the same direction from both sides.
      const turned = key(piece[0]) > key(piece.at(-1));
      piece = thin(turned ? piece.reverse() : piece, tolerance);
      if (turned) piece.reverse();
      out.push(...piece.slice(0, -1).map((p) => round(p, digits)));
    });
    return { unit, ring: out.filter((p, i) => i === 0 || key(p) !== key(out[i - 1])) };
  });
  const area = (ring) => Math.abs(ring.reduce((sum, p, i) => {
    const q = ring[(i + 1) % ring.length];
    return sum + p[0] * q[1] - q[0] * p[1];
  }, 0)) / 2;
  return features.map((f, unit) => ({
    name: f.name,
    rings: shaped.filter((s) => s.unit === unit && s.ring.length > 2 && area(s.ring) > least).map((s) => s.ring),
  })).filter((f) => f.rings.length);
}

function write(name, source, list) {
  const body = list.map((u) => JSON.stringify(u)).join(',\n');
  writeFileSync(join(here, name), `{"source":${JSON.stringify(source)},"units":[\n${body}\n]}\n`);
}

const oblasts = JSON.parse(readFileSync(ukraine)).features.filter((f) => f.properties.iso_3166_2.startsWith('UA-'));
if (oblasts.length !== 27) throw new Error(`expected 27 units of Ukraine, found ${oblasts.length}`);
write('ukraine.json', 'Natural Earth, admin 1, public domain', units(oblasts.map((f) => ({
  name: NAMES[f.properties.name] ?? f.properties.name,
  polygons: f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : f.geometry.coordinates,
})), 3, 0.012, 0.002));

const topology = JSON.parse(readFileSync(world));
const { scale, translate } = topology.transform;
const arcs = topology.arcs.map((arc) => {
  let x = 0, y = 0;
  return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
});
const ringOf = (indices) => indices.flatMap((i, n) => {
  const arc = i < 0 ? [...arcs[~i]].reverse() : arcs[i];
  return n ? arc.slice(1) : arc;
});
const countries = topology.objects.countries.geometries.filter((g) => g.type === 'Polygon' || g.type === 'MultiPolygon');
write('world.json', 'Natural Earth, 1:110m, public domain', units(countries.map((g) => ({
  name: g.properties?.name ?? String(g.id ?? ''),
  polygons: (g.type === 'Polygon' ? [g.arcs] : g.arcs).map((p) => p.map(ringOf)),
})), 2, 0.05, 0.05));
