// The map: outlines and zones as SVG, incidents on a canvas over it, each with its radius of doubt.
// The projection is a plain one (longitude shrunk by the cosine of the middle latitude): right for a region, not for the globe.
import { badge, byId, el, svg } from './element.js';
import { known, local, radius, t, word } from './language.js';

const outlines = new Map();
const outline = (name) => {
  if (!outlines.has(name)) outlines.set(name, fetch(`/assets/outlines/${name}.json`).then((r) => r.json()));
  return outlines.get(name);
};

const UKRAINE = [22, 44, 40.3, 52.5];
let view = null; // { k, x, y } over the fitted picture
let seen = ''; // what it was fitted to
let redraw = () => {};

const grow = (box, [x, y]) => [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
const EMPTY = [180, 90, -180, -90];

function coordinates(geometry) {
  if (!geometry) return [];
  if (geometry.type === 'Point') return [geometry.coordinates];
  if (geometry.type === 'MultiLineString') return geometry.coordinates.flat();
  return geometry.coordinates.flat(2);
}

function bounds(doc) {
  const box = doc.features.flatMap((f) => coordinates(f.geometry)).reduce(grow, EMPTY);
  if (box[0] > box[2]) return null;
  const pad = Math.max(0.4, 0.08 * Math.max(box[2] - box[0], box[3] - box[1]));
  return [box[0] - pad, Math.max(-85, box[1] - pad), box[2] + pad, Math.min(85, box[3] + pad)];
}

const inside = (box, [x, y]) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];

export async function showMap(doc, state, go) {
  const host = byId('map');
  const box = bounds(doc);
  if (!box) {
    host.replaceChildren(el('p', { class: 'empty' }, t('no-place-yet')));
    redraw = () => {};
    return;
  }
  const inUkraine = inside(UKRAINE, [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]);
  const [world, ukraine] = await Promise.all([outline('world'), inUkraine ? outline('ukraine') : null]);
  const fit = inUkraine ? [Math.min(box[0], 22), Math.min(box[1], 44.2), Math.max(box[2], 40.3), Math.max(box[3], 52.5)] : box;
  const width = 720;
  const middle = ((fit[1] + fit[3]) / 2) * (Math.PI / 180);
  const shrink = Math.cos(middle);
  const scale = width / ((fit[2] - fit[0]) * shrink);
  const height = Math.max(280, Math.min(560, Math.round((fit[3] - fit[1]) * scale)));
  const top = (height - (fit[3] - fit[1]) * scale) / 2;
  const project = ([lon, lat]) => [(lon - fit[0]) * shrink * scale, top + (fit[3] - lat) * scale];
  if (seen !== fit.join()) [view, seen] = [{ k: 1, x: 0, y: 0 }, fit.join()];

  const path = (rings, close) => rings.map((ring) => ring.map((p, i) => {
    const [x, y] = project(p);
    return `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join('') + (close ? 'Z' : '')).join('');
  const shapePath = (geometry) => (geometry.type === 'MultiLineString' ? path(geometry.coordinates, false) : path(geometry.coordinates.flat(), true));

  const zones = doc.features.filter((f) => f.properties.layer === 'zone');
  const incidents = doc.features.filter((f) => f.properties.layer === 'incident');
  const near = (unit) => unit.rings.some((r) => r.some((p) => inside([fit[0] - 20, fit[1] - 12, fit[2] + 20, fit[3] + 12], p)));

  const masks = [];
  const drawn = zones.map((zone, i) => {
    const p = zone.properties;
    if (zone.geometry.type === 'MultiLineString') return svg('path', { d: shapePath(zone.geometry), class: 'zone-line' }, svg('title', {}, p.phrase));
    let mask = null;
    if (p.minus) {
      mask = `url(#without-${i})`;
      masks.push(svg('mask', { id: `without-${i}` }, svg('rect', { x: -9999, y: -9999, width: 19999, height: 19999, fill: 'white' }), svg('path', { d: shapePath(p.minus), fill: 'black' })));
    }
    const unseen = p.watched_share !== null && p.watched_share < 0.995;
    const d = shapePath(zone.geometry);
    return svg('g', { class: unseen ? 'zone zone-unseen' : 'zone', mask },
      svg('g', { class: 'zone-fill' }, svg('path', { d })),
      unseen && svg('g', { class: 'zone-hatch' }, svg('path', { d, fill: 'url(#hatch)' })), svg('title', {}, p.phrase));
  });
  const layers = svg('g', { class: 'layers' },
    world.units.filter(near).map((u) => svg('path', { d: path(u.rings, true), class: 'country' }, svg('title', {}, u.name))),
    ukraine && ukraine.units.map((u) => svg('path', { d: path(u.rings, true), class: 'oblast' }, svg('title', {}, known(`oblast-${u.name}`, u.name)))),
    drawn);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': t('map-of', { zones: zones.length, incidents: incidents.length }) },
    svg('defs', {}, svg('pattern', { id: 'hatch', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, svg('path', { d: 'M0 0V7', class: 'hatch' })), masks),
    svg('rect', { width, height, class: 'sea' }), layers);
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  const tip = el('p', { class: 'tip', hidden: true });
  // A canvas knows no custom properties: what an element with that class comes to is read instead.
  const probes = Object.fromEntries(['incident', 'chosen', 'ink'].map((name) => [name, el('i', { class: `probe-${name}`, hidden: true })]));
  const stage = el('div', { class: 'stage', tabindex: 0, role: 'group', 'aria-label': t('map-keys') }, picture, canvas, tip, Object.values(probes));
  stage.style.aspectRatio = `${width} / ${height}`;

  let points = [];
  const ratio = () => stage.clientWidth / width;
  const chosen = (f) => state.norm && f.properties.decides.some(([n, b]) => n === state.norm && (!state.bearer || b === state.bearer));
  const timed = (f) => (!state.from || f.properties.when.latest >= state.from) && (!state.to || f.properties.when.earliest <= state.to);
  redraw = () => {
    const r = ratio();
    const dense = window.devicePixelRatio || 1;
    canvas.width = Math.round(stage.clientWidth * dense);
    canvas.height = Math.round(stage.clientHeight * dense);
    layers.setAttribute('transform', `translate(${view.x} ${view.y}) scale(${view.k})`);
    const colour = (name) => getComputedStyle(probes[name]).color;
    const draw = canvas.getContext('2d');
    draw.scale(dense * r, dense * r);
    points = [];
    const circles = new Set();
    const some = Boolean(state.norm) && incidents.some(chosen);
    const order = [...incidents].sort((a, b) => Number(some && chosen(a)) - Number(some && chosen(b)));
    for (const f of order) {
      if (!timed(f)) continue;
      const p = f.properties;
      const [px, py] = project(f.geometry.coordinates);
      const [x, y] = [px * view.k + view.x, py * view.k + view.y];
      const lit = some ? chosen(f) : true;
      const here = state.incident === f.id;
      const doubt = (p.radius_m / 111195) * scale * view.k;
      draw.globalAlpha = lit ? 0.28 : 0.1;
      draw.strokeStyle = colour('incident');
      draw.lineWidth = 0.8;
      const spot = `${f.geometry.coordinates}/${p.radius_m}/${lit}`;
      // Reports of the same place share one circle, else the doubt would be the loudest thing on the map.
      if (doubt > 3 && !circles.has(spot)) {
        circles.add(spot);
        draw.beginPath();
        draw.arc(x, y, Math.min(doubt, 2000), 0, 7);
        draw.stroke();
      }
      draw.globalAlpha = lit ? 0.85 : 0.22;
      draw.fillStyle = colour(some && lit ? 'chosen' : 'incident');
      draw.beginPath();
      // An exact place is a disc, a doubtful one a ring.
      draw.arc(x, y, some && lit ? 3.4 : 2.6, 0, 7);
      if (p.radius_m > 5000) {
        draw.strokeStyle = draw.fillStyle;
        draw.lineWidth = 1.2;
        draw.stroke();
      } else draw.fill();
      if (here) {
        draw.globalAlpha = 1;
        draw.strokeStyle = colour('ink');
        draw.lineWidth = 2;
        draw.beginPath();
        draw.arc(x, y, 8, 0, 7);
        draw.stroke();
      }
      points.push([x, y, f]);
    }
  };
  const under = (event) => {
    const rect = stage.getBoundingClientRect();
    const [x, y] = [(event.clientX - rect.left) / ratio(), (event.clientY - rect.top) / ratio()];
    let best = null, least = 12 * 12;
    for (const [px, py, f] of points) {
      const d = (px - x) ** 2 + (py - y) ** 2;
      if (d < least) [best, least] = [f, d];
    }
    return best;
  };
  const zoom = (factor, cx = width / 2, cy = height / 2) => {
    const k = Math.min(40, Math.max(1, view.k * factor));
    const f = k / view.k;
    view = { k, x: cx - (cx - view.x) * f, y: cy - (cy - view.y) * f };
    if (k === 1) view = { k, x: 0, y: 0 };
    redraw();
  };
  const all = () => { view = { k: 1, x: 0, y: 0 }; redraw(); };
  let drag = null, moved = false;
  stage.addEventListener('pointerdown', (e) => {
    [drag, moved] = [[e.clientX, e.clientY, view.x, view.y], false];
    if (e.pointerType === 'mouse') stage.setPointerCapture(e.pointerId);
  });
  stage.addEventListener('pointermove', (e) => {
    if (drag && e.pointerType === 'mouse' && Math.hypot(e.clientX - drag[0], e.clientY - drag[1]) > 3) {
      moved = true;
      view = { ...view, x: drag[2] + (e.clientX - drag[0]) / ratio(), y: drag[3] + (e.clientY - drag[1]) / ratio() };
      redraw();
      return;
    }
    const f = under(e);
    tip.hidden = !f;
    if (f) {
      const p = f.properties;
      tip.textContent = `${local(p.when.local)} · ${p.title} · ${word('grade', p.grade)} · ${radius(p.radius_m)}`;
    }
  });
  stage.addEventListener('pointerup', (e) => {
    drag = null;
    const f = under(e);
    if (!moved) go({ incident: f && f.id !== state.incident ? f.id : '' });
  });
  stage.addEventListener('pointerleave', () => { tip.hidden = true; });
  stage.addEventListener('wheel', (e) => {
    // Plain scrolling moves the page; with Ctrl it changes the scale, as elsewhere.
    if (!e.ctrlKey) return;
    e.preventDefault();
    const rect = stage.getBoundingClientRect();
    zoom(Math.exp(-e.deltaY / 200), (e.clientX - rect.left) / ratio(), (e.clientY - rect.top) / ratio());
  }, { passive: false });
  stage.addEventListener('keydown', (e) => {
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[e.key];
    if (step && view.k > 1) view = { ...view, x: view.x + step[0], y: view.y + step[1] };
    else if (e.key === '+' || e.key === '=') zoom(1.5);
    else if (e.key === '-') zoom(1 / 1.5);
    else if (e.key === '0') all();
    else return;
    e.preventDefault();
    e.stopPropagation();
    redraw();
  });
  const watched = zones.filter((z) => z.properties.watched !== null);
  const areas = zones.filter((z) => z.geometry.type !== 'MultiLineString' && z.properties.watched === null);
  const names = [...new Set(areas.map((z) => z.properties.phrase))];
  const say = (doc.unplaced ? ` ${t('map-unplaced', { n: doc.unplaced })}` : '') + (doc.left_off ? ` ${t('map-left-off', { n: doc.left_off })}` : '');
  host.replaceChildren(
    el('div', { class: 'map-tools', role: 'group', 'aria-label': t('map-scale') },
      el('button', { type: 'button', 'aria-label': t('nearer'), onclick: () => zoom(1.5) }, '+'),
      el('button', { type: 'button', 'aria-label': t('further'), onclick: () => zoom(1 / 1.5) }, '−'),
      el('button', { type: 'button', onclick: all }, t('all'))),
    stage,
    el('ul', { class: 'legend' },
      el('li', {}, svg('svg', { viewBox: '0 0 16 16', class: 'key' }, svg('circle', { cx: 8, cy: 8, r: 3.4, class: 'incident-dot' })), t('point-exact')),
      el('li', {}, svg('svg', { viewBox: '0 0 16 16', class: 'key' }, svg('circle', { cx: 8, cy: 8, r: 7, class: 'incident-doubt' }), svg('circle', { cx: 8, cy: 8, r: 2.6, class: 'incident-ring' })), t('point-radius')),
      state.norm && el('li', {}, svg('svg', { viewBox: '0 0 16 16', class: 'key' }, svg('circle', { cx: 8, cy: 8, r: 3.8, class: 'incident-chosen' })), t('decides-card')),
      watched.map((z) => el('li', {}, badge({ tone: 'unseen', word: z.properties.phrase }), `: ${t('watched-days', { share: z.properties.watched, n: z.properties.watched_days })}`)),
      names.length ? el('li', { class: 'about' }, t('silent', { zones: names.join(', ') })) : null),
    el('p', { class: 'source' }, `${t('map-source', { n: incidents.length, when: doc.question.known_at_local })}${say} ${t('outlines')}`));
  redraw();
}

export const redrawMap = () => redraw();
addEventListener('resize', () => redraw());
