// The map with a time brush. Points are columns of numbers in order of time, drawn with WebGL2: a stretch of time is a stretch of each
// column, so a brush draws fewer points and computes nothing. Outlines and zones lie under them on a plain canvas.
import { byId, el, shape } from './element.js';
import { civil } from './address.js';
import { address, asked, elsewhere, get, known, local, number, radius, state, status, t, told } from './frame.js';

export const title = 'title-map';
export const keyWords = [['← → ↑ ↓', 'key-pan'], ['+ − 0', 'key-scale'], ['← →', 'key-brush']];

const DOUBTFUL = 50; // in steps of 100 m: beyond it a point is a ring
let world = null, data = null, paint = () => {};
export const repaint = () => paint(true);

// ---- the columns ----

function read(buffer) {
  const view = new DataView(buffer);
  const size = view.getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size)));
  const n = head.count;
  let at = 8 + size;
  const column = (Kind) => { const made = new Kind(buffer, at, n); at += made.byteLength; return made; };
  const columns = { lon: column(Float32Array), lat: column(Float32Array), seconds: column(Uint32Array), row: column(Uint32Array), radius: column(Uint16Array), kind: column(Uint8Array), status: column(Uint8Array) };
  return { head, n, origin: new Date(head.origin).getTime(), ...columns };
}

// First place in a sorted column that is not less.
function lower(column, value) {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

// ---- drawing points ----

const VERTEX = `#version 300 es
layout(location=0) in float lon; layout(location=1) in float lat; layout(location=2) in uint kind; layout(location=3) in uint radius;
uniform vec4 map; uniform vec2 size; uniform uint kinds[8]; uniform float dot_size; flat out float ring;
void main() {
  bool shown = (kinds[kind >> 5u] & (1u << (kind & 31u))) != 0u;
  vec2 at = vec2((lon - map.x) * map.z, (lat - map.y) * map.w);
  gl_Position = shown ? vec4(at / size * 2.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  ring = radius > ${DOUBTFUL}u ? 1.0 : 0.0;
  gl_PointSize = dot_size;
}`;
const FRAGMENT = `#version 300 es
precision highp float; uniform vec4 colour; uniform float dot_size; flat in float ring; out vec4 made;
void main() {
  if (dot_size > 3.0) {
    float d = length(gl_PointCoord - 0.5) * 2.0;
    if (d > 1.0 || (ring > 0.5 && d < 0.55)) discard;
  }
  made = colour;
}`;

function painter(canvas) {
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true, preserveDrawingBuffer: true });
  if (!gl) return null;
  const compile = (kind, text) => { const made = gl.createShader(kind); gl.shaderSource(made, text); gl.compileShader(made); return made; };
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compile(gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  const place = Object.fromEntries(['map', 'size', 'kinds', 'dot_size', 'colour'].map((name) => [name, gl.getUniformLocation(program, name)]));
  const buffers = [data.lon, data.lat, data.kind, data.radius].map((column) => {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, column, gl.STATIC_DRAW);
    return buffer;
  });
  const formats = [[gl.FLOAT, 4], [gl.FLOAT, 4], [gl.UNSIGNED_BYTE, 1], [gl.UNSIGNED_SHORT, 2]];
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  // Every `every`-th point from `first` on; a stride may be 255 bytes at most.
  return ({ view, width, height, dense, first, count, every, mask, colour }) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!count) return;
    buffers.forEach((buffer, i) => {
      const [kind, bytes] = formats[i];
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(i);
      if (i < 2) gl.vertexAttribPointer(i, 1, kind, false, bytes * every, first * bytes);
      else gl.vertexAttribIPointer(i, 1, kind, bytes * every, first * bytes);
    });
    const shown = Math.floor((count - 1) / every) + 1;
    const size = (shown > 300000 ? 1.5 : shown > 60000 ? 2.5 : 5) * dense;
    const alpha = shown > 300000 ? 0.35 : shown > 60000 ? 0.5 : 0.75;
    gl.uniform4f(place.map, view.lon, view.lat, view.scale * view.shrink, view.scale);
    gl.uniform2f(place.size, width, height);
    gl.uniform1uiv(place.kinds, mask);
    gl.uniform1f(place.dot_size, size);
    gl.uniform4f(place.colour, colour[0] * alpha, colour[1] * alpha, colour[2] * alpha, alpha);
    gl.drawArrays(gl.POINTS, 0, shown);
  };
}

// Without WebGL2: squares on a plain canvas, thinned to what it can bear.
function slowPainter(canvas) {
  const draw = canvas.getContext('2d');
  return ({ view, width, height, dense, first, count, every, mask, colour }) => {
    draw.setTransform(dense, 0, 0, dense, 0, 0);
    draw.clearRect(0, 0, width, height);
    draw.fillStyle = `rgb(${colour.map((c) => Math.round(c * 255)).join(' ')} / 60%)`;
    const by = Math.max(every, Math.ceil(count / 60000));
    for (let i = first; i < first + count; i += by) {
      if (!(mask[data.kind[i] >> 5] & (1 << (data.kind[i] & 31)))) continue;
      draw.fillRect((data.lon[i] - view.lon) * view.scale * view.shrink + width / 2 - 1, height / 2 - (data.lat[i] - view.lat) * view.scale - 1, 2.5, 2.5);
    }
  };
}

const rgb = (text) => (text.match(/[\d.]+/g) ?? [180, 60, 40]).slice(0, 3).map((n) => Number(n) / (text.startsWith('color(') ? 1 : 255));

// ---- the page ----

export async function show(from, place, current) {
  const began = performance.now();
  // What was asked already is drawn again without asking; the outlines are asked for at the same time.
  const [buffer, units, oblasts] = await Promise.all([get(asked('/api/points', from), 'arrayBuffer'),
    world ?? get('/assets/outlines/world.json'), get('/assets/outlines/ukraine.json')]);
  if (!current()) return;
  world = units;
  data = read(buffer);
  const { head, n } = data;
  const zone = head.agreement.time_zone;
  const question = { ...from, at: head.question.at, known: head.question.known_at };
  const iso = (seconds) => new Date(data.origin + seconds * 1000).toISOString();
  const seconds = (text) => (new Date(text).getTime() - data.origin) / 1000;
  const last = n ? data.seconds[n - 1] : 0;
  const end = Math.max(last + 1, seconds(head.question.at));
  let brush = [from.from ? Math.max(0, seconds(from.from)) : 0, from.to ? Math.min(end, seconds(from.to)) : end];
  if (!(brush[0] <= brush[1])) brush = [0, end];

  const mask = new Uint32Array(8).fill(0xffffffff);
  if (from.kind) {
    mask.fill(0);
    const wanted = from.kind.split(',');
    head.kinds.forEach((k, i) => { if (wanted.includes(k.kind)) mask[i >> 5] |= 1 << (i & 31); });
  }

  // Fitted to most of the points: a few far ones do not decide.
  const fitted = () => {
    if (!n) return { lon: 31.2, lat: 48.6, scale: 30, shrink: 0.66 };
    const step = Math.max(1, Math.floor(n / 4000));
    const some = (column) => { const made = []; for (let i = 0; i < n; i += step) made.push(column[i]); return made.sort((a, b) => a - b); };
    const edges = (sorted) => [sorted[Math.floor(sorted.length * 0.01)], sorted[Math.ceil(sorted.length * 0.99) - 1]];
    const [[west, east], [south, north]] = [edges(some(data.lon)), edges(some(data.lat))];
    const lat = (south + north) / 2;
    const shrink = Math.cos((lat * Math.PI) / 180);
    const [w, h] = [Math.max(0.5, east - west) * shrink * 1.25, Math.max(0.5, north - south) * 1.25];
    return { lon: (west + east) / 2, lat, scale: Math.min(plane.clientWidth / w, plane.clientHeight / h), shrink };
  };

  const base = el('canvas', { 'aria-hidden': 'true' });
  const sheet = el('canvas', {});
  let over = el('canvas', { class: 'points', 'aria-hidden': 'true' });
  const found = el('div', { class: 'found', hidden: true, 'aria-live': 'polite' });
  const probes = Object.fromEntries(['incident', 'chosen', 'ink', 'land', 'border', 'oblast', 'zone', 'unseen', 'kept', 'soft'].map((name) => [name, el('i', { class: `probe-${name}`, hidden: true })]));
  const plane = el('div', { class: 'plane', tabindex: 0, role: 'group', 'aria-label': t('map-label') }, base, over,
    el('div', { class: 'map-tools', role: 'group', 'aria-label': t('key-scale') },
      el('button', { type: 'button', 'aria-label': t('nearer'), onclick: () => zoom(1.6) }, '+'), el('button', { type: 'button', 'aria-label': t('further'), onclick: () => zoom(1 / 1.6) }, '−'),
      el('button', { type: 'button', onclick: () => { view = fitted(); settle(); } }, t('all'))), found, Object.values(probes));
  const bars = el('canvas', { 'aria-hidden': 'true' });
  const time = el('div', { class: 'time', tabindex: 0, role: 'group', id: 'brush' }, bars);
  const words = el('p', { class: 'about', id: 'brush-words' });
  const thin = el('span', { class: 'about', hidden: true });
  const kinds = el('fieldset', { class: 'kinds' }, el('legend', {}, t('kinds')), head.kinds.slice(0, 24).map((k, i) => el('label', {}, el('input', {
    type: 'checkbox', checked: Boolean(mask[i >> 5] & (1 << (i & 31))), 'data-first-filter': i === 0, onchange: (e) => {
      if (e.target.checked) mask[i >> 5] |= 1 << (i & 31); else mask[i >> 5] &= ~(1 << (i & 31));
      histogram = null;
      settle();
    } }), `${k.phrase} (${number(k.count)})`)));
  const list = el('a', {}, t('list-view'));
  place.replaceChildren(el('section', { class: 'map-page' }, plane,
    el('ul', { class: 'legend' }, el('li', {}, '● ', t('point-exact')), el('li', {}, '○ ', t('point-doubt')), el('li', {}, '▭ ', t('zone-legend')), el('li', { class: 'tone-unseen' }, shape('unseen'), t('zone-unseen'))),
    kinds, el('h2', {}, t('h-when')), time, words,
    el('ul', { class: 'legend' }, el('li', { class: 'tone-kept' }, shape('kept'), t('watched')), el('li', { class: 'tone-unseen' }, shape('unseen'), t('not-observed')), el('li', { class: 'about' }, t('coverage-strip'))),
    el('p', { class: 'downloads' }, list, el('button', { type: 'button', class: 'quiet', onclick: () => { brush = [0, end]; settle(); } }, t('all-time')), thin),
    el('p', { class: 'source' }, t('source-line', { when: head.question.known_at_local }), ' ', head.unplaced ? t('unplaced', { n: head.unplaced }) : '')));

  const colour = (name) => getComputedStyle(probes[name]).color;
  let points = painter(over);
  if (!points) {
    // A canvas that was asked for WebGL gives nothing else any more.
    const plain = el('canvas', { class: 'points', 'aria-hidden': 'true' });
    over.replaceWith(plain);
    over = plain;
    points = slowPainter(over);
  }
  let view = fitted();
  if (from.view) {
    const [lon, lat, scale] = from.view.split(',').map(Number);
    if ([lon, lat, scale].every(Number.isFinite) && scale > 0) view = { ...view, lon, lat, scale };
  }
  let zones = [], covered = null, histogram = null, chosen = -1;

  const sized = (canvas, host) => {
    const dense = Math.min(2, window.devicePixelRatio || 1);
    const [w, h] = [Math.round(host.clientWidth * dense), Math.round(host.clientHeight * dense)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    return dense;
  };
  const at = (lon, lat) => [(lon - view.lon) * view.scale * view.shrink + plane.clientWidth / 2, plane.clientHeight / 2 - (lat - view.lat) * view.scale];
  const range = () => { const first = lower(data.seconds, brush[0]); return [first, lower(data.seconds, brush[1] + 1) - first]; };

  function ground() {
    const dense = sized(base, plane);
    if (!base.width || !base.height) return; // nobody sees a window without a size
    const draw = base.getContext('2d');
    draw.setTransform(dense, 0, 0, dense, 0, 0);
    draw.clearRect(0, 0, plane.clientWidth, plane.clientHeight);
    const trace = (rings, close) => {
      draw.beginPath();
      for (const ring of rings) ring.forEach((p, i) => { const [x, y] = at(p[0], p[1]); if (i) draw.lineTo(x, y); else draw.moveTo(x, y); });
      if (close) draw.closePath();
    };
    const fill = (list, paper) => {
      draw.fillStyle = colour(paper);
      draw.strokeStyle = colour('border');
      draw.lineWidth = 0.8;
      for (const unit of list) { trace(unit.rings, true); draw.fill('evenodd'); draw.stroke(); }
    };
    fill(world.units, 'land');
    if (view.scale > 25) fill(oblasts.units, 'oblast');
    for (const z of zones) {
      const p = z.properties;
      if (z.geometry.type === 'MultiLineString') {
        trace(z.geometry.coordinates, false);
        draw.strokeStyle = colour('zone');
        draw.lineWidth = 2;
        draw.setLineDash([6, 3]);
        draw.stroke();
        draw.setLineDash([]);
        continue;
      }
      // The pieces of a strip overlap: they are put together first, and only what is outside of all is its border.
      const unseen = p.watched_share !== null && p.watched_share < 0.995;
      const stamp = (made) => {
        [sheet.width, sheet.height] = [base.width, base.height];
        const on = sheet.getContext('2d');
        on.setTransform(dense, 0, 0, dense, 0, 0);
        on.fillStyle = on.strokeStyle = colour(unseen ? 'unseen' : 'zone');
        on.lineWidth = 3;
        const rings = (polygon, act) => {
          on.beginPath();
          for (const ring of polygon) ring.forEach((q, i) => { const [x, y] = at(q[0], q[1]); if (i) on.lineTo(x, y); else on.moveTo(x, y); });
          on.closePath();
          act();
        };
        if (made === 'border') {
          on.setLineDash(unseen ? [2, 3] : []);
          for (const polygon of z.geometry.coordinates) rings(polygon, () => on.stroke());
          on.globalCompositeOperation = 'destination-out';
        }
        for (const polygon of z.geometry.coordinates) rings(polygon, () => on.fill('evenodd'));
        draw.save();
        draw.setTransform(1, 0, 0, 1, 0, 0);
        draw.globalAlpha = made === 'border' ? 0.7 : 0.12;
        draw.drawImage(sheet, 0, 0);
        draw.restore();
      };
      stamp('area');
      stamp('border');
    }
    if (chosen >= 0) {
      const [x, y] = at(data.lon[chosen], data.lat[chosen]);
      const doubt = (data.radius[chosen] * 100 / 111195) * view.scale;
      draw.strokeStyle = colour('ink');
      draw.lineWidth = 2;
      for (const r of [9, doubt].filter((r) => r > 8 && r < 4000)) { draw.beginPath(); draw.arc(x, y, r, 0, 7); draw.stroke(); }
    }
  }

  function timeline() {
    const dense = sized(bars, time);
    const draw = bars.getContext('2d');
    const [w, h] = [time.clientWidth, time.clientHeight];
    if (!histogram || histogram.length !== Math.max(1, Math.floor(w / 4))) {
      histogram = new Uint32Array(Math.max(1, Math.floor(w / 4)));
      for (let i = 0; i < n; i += 1) if (mask[data.kind[i] >> 5] & (1 << (data.kind[i] & 31))) histogram[Math.min(histogram.length - 1, Math.floor((data.seconds[i] / end) * histogram.length))] += 1;
    }
    const most = Math.max(1, ...histogram);
    draw.setTransform(dense, 0, 0, dense, 0, 0);
    draw.clearRect(0, 0, w, h);
    const x = (s) => (s / end) * w;
    draw.fillStyle = colour('chosen');
    draw.globalAlpha = 0.14;
    draw.fillRect(x(brush[0]), 0, x(brush[1]) - x(brush[0]), h - 26);
    draw.globalAlpha = 1;
    draw.fillStyle = colour('incident');
    const wide = w / histogram.length;
    histogram.forEach((count, i) => { const tall = (count / most) * (h - 34); if (count) draw.fillRect(i * wide, h - 26 - tall, Math.max(1, wide - 0.8), tall); });
    for (const [a, b, share] of covered ?? []) {
      draw.fillStyle = colour(share > 0 ? 'kept' : 'unseen');
      draw.globalAlpha = share > 0 ? Math.max(0.35, share) : 0.75;
      draw.fillRect(x(a), h - 25 + (share > 0 ? 0 : 3), Math.max(0.7, x(b) - x(a)), share > 0 ? 7 : 3);
    }
    draw.globalAlpha = 1;
    draw.fillStyle = colour('soft');
    draw.font = '11px system-ui, sans-serif';
    const ticks = Math.max(2, Math.floor(w / 150));
    for (let i = 0; i < ticks; i += 1) draw.fillText(civil(iso((end * i) / ticks), zone).slice(0, 10), (w * i) / ticks + 2, h - 5);
    draw.strokeStyle = colour('chosen');
    draw.lineWidth = 2;
    for (const s of brush) { draw.beginPath(); draw.moveTo(x(s), 0); draw.lineTo(x(s), h - 26); draw.stroke(); }
  }

  let thinBy = 1, drawnAt = 0, groundOf = '', waiting = 0, resting = 0;
  paint = (whole = true) => {
    const dense = sized(over, plane);
    const [first, count] = range();
    // While it moves, a machine without a graphics card draws every so-many-th point, and says so: as many as it can bear.
    if (!whole) {
      const gap = performance.now() - drawnAt;
      if (gap > 60 && gap < 2000) thinBy = Math.min(60, Math.ceil((thinBy * gap) / 45));
      else if (gap < 25 && thinBy > 1) thinBy = Math.max(1, Math.floor(thinBy * 0.9));
      drawnAt = performance.now();
    }
    const every = whole || count < 20000 ? 1 : thinBy;
    const now = whole ? '' : [view.lon, view.lat, view.scale, chosen].join();
    if (whole || now !== groundOf) ground();
    groundOf = now;
    points({ view, width: plane.clientWidth, height: plane.clientHeight, dense, first, count, every, mask, colour: rgb(colour('incident')) });
    timeline();
    thin.hidden = every === 1;
    thin.textContent = t('thinned', { n: every });
  };
  const soon = () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; paint(false); tell(); }); clearTimeout(resting); resting = setTimeout(settle, 250); };

  function inView(first, count) {
    const [dx, dy] = [plane.clientWidth / 2 / (view.scale * view.shrink), plane.clientHeight / 2 / view.scale];
    let [total, seen] = [0, 0];
    for (let i = first; i < first + count; i += 1) {
      if (!(mask[data.kind[i] >> 5] & (1 << (data.kind[i] & 31)))) continue;
      total += 1;
      if (Math.abs(data.lon[i] - view.lon) <= dx && Math.abs(data.lat[i] - view.lat) <= dy) seen += 1;
    }
    return { total, seen, box: [view.lon - dx, view.lat - dy, view.lon + dx, view.lat + dy] };
  }
  const span = () => [civil(iso(brush[0]), zone), civil(iso(brush[1]), zone)];
  function tell() {
    const [a, b] = span();
    words.textContent = `${a} – ${b}`;
  }
  // At rest: everything is drawn, counted, and written into the address.
  function settle() {
    clearTimeout(resting);
    paint(true);
    const { total, seen, box } = inView(...range());
    const [a, b] = span();
    told(head, t('map-answer', { n: total }), [t('map-sentence', { n, m: seen }), watchedWords()]);
    words.textContent = `${a} – ${b}. ${t('select-time')}`;
    time.setAttribute('aria-label', t('brush-label', { from: a, to: b }));
    const all = brush[0] <= 0 && brush[1] >= end;
    const chosenKinds = head.kinds.filter((_, i) => mask[i >> 5] & (1 << (i & 31)));
    const next = {
      from: all ? '' : iso(Math.floor(brush[0])).replace('.000', ''), to: all ? '' : iso(Math.floor(brush[1])).replace('.000', ''),
      view: `${view.lon.toFixed(3)},${view.lat.toFixed(3)},${view.scale.toFixed(1)}`, kind: chosenKinds.length === head.kinds.length ? '' : chosenKinds.map((k) => k.kind).join(','),
    };
    const clamp = (v, most) => Math.max(-most, Math.min(most, v)).toFixed(3);
    list.href = elsewhere('/incidents', question, { from: next.from, to: next.to, kind: chosenKinds.length === 1 ? next.kind : '', bbox: [clamp(box[0], 180), clamp(box[1], 90), clamp(box[2], 180), clamp(box[3], 90)].join(',') });
    history.replaceState(null, '', address('/map', state(), next));
  }
  const watchedWords = () => (covered === null ? '' : covered.length ? '' : el('span', { class: 'tone-unseen badge' }, shape('unseen'), t('nobody-reports')));

  // ---- hands ----
  const zoom = (factor, x = plane.clientWidth / 2, y = plane.clientHeight / 2) => {
    const scale = Math.min(20000, Math.max(1, view.scale * factor));
    const [dx, dy] = [(x - plane.clientWidth / 2) / view.shrink, plane.clientHeight / 2 - y];
    view = { ...view, lon: view.lon + dx / view.scale - dx / scale, lat: view.lat + dy / view.scale - dy / scale, scale };
    soon();
  };
  const pan = (x, y) => { view = { ...view, lon: view.lon - x / (view.scale * view.shrink), lat: Math.max(-85, Math.min(85, view.lat + y / view.scale)) }; soon(); };

  async function pick(x, y) {
    const [first, count] = range();
    let [best, least] = [-1, 14 * 14];
    for (let i = first; i < first + count; i += 1) {
      const [px, py] = at(data.lon[i], data.lat[i]);
      const d = (px - x) ** 2 + (py - y) ** 2;
      if (d < least && mask[data.kind[i] >> 5] & (1 << (data.kind[i] & 31))) [best, least] = [i, d];
    }
    chosen = best;
    soon();
    found.hidden = best < 0;
    if (best < 0) return;
    const doc = await get(asked('/api/incidents', question, { row: String(data.row[best]) }));
    const i = doc.incidents[0];
    found.replaceChildren(el('span', { class: 'num' }, local(i.local)), ' ', el('b', {}, i.title), ` · ${i.kind} · ${status(i.status).word} · ${known(`grade-${i.grade}`, i.grade)} · ${radius(i.radius_m)} `,
      el('a', { href: elsewhere(`/incidents/${encodeURIComponent(i.id)}`, from) }, t('open-record')));
  }

  const hands = new Map();
  let moved = 0;
  plane.addEventListener('pointerdown', (e) => { if (e.target.closest('button, a')) return; hands.set(e.pointerId, [e.clientX, e.clientY]); moved = 0; plane.setPointerCapture(e.pointerId); });
  plane.addEventListener('pointermove', (e) => {
    const before = hands.get(e.pointerId);
    if (!before) return;
    const step = [e.clientX - before[0], e.clientY - before[1]];
    moved += Math.hypot(...step);
    if (hands.size === 2) {
      const other = [...hands].find(([id]) => id !== e.pointerId)[1];
      const apart = (p) => Math.max(20, Math.hypot(p[0] - other[0], p[1] - other[1]));
      const rect = plane.getBoundingClientRect();
      zoom(apart([e.clientX, e.clientY]) / apart(before), other[0] - rect.left, other[1] - rect.top);
    } else if (moved > 3) pan(...step);
    hands.set(e.pointerId, [e.clientX, e.clientY]);
  });
  const lift = (e) => {
    const held = hands.delete(e.pointerId);
    if (held && e.type === 'pointerup' && moved <= 3) {
      const rect = plane.getBoundingClientRect();
      pick(e.clientX - rect.left, e.clientY - rect.top);
    }
  };
  plane.addEventListener('pointerup', lift);
  plane.addEventListener('pointercancel', lift);
  plane.addEventListener('wheel', (e) => {
    if (!e.ctrlKey && document.activeElement !== plane) return;
    e.preventDefault();
    const rect = plane.getBoundingClientRect();
    zoom(Math.exp(-e.deltaY / 300), e.clientX - rect.left, e.clientY - rect.top);
  }, { passive: false });
  plane.addEventListener('keydown', (e) => {
    const step = { ArrowLeft: [50, 0], ArrowRight: [-50, 0], ArrowUp: [0, 50], ArrowDown: [0, -50] }[e.key];
    if (e.target !== plane) return;
    if (step) pan(...step);
    else if (e.key === '+' || e.key === '=') zoom(1.6);
    else if (e.key === '-') zoom(1 / 1.6);
    else if (e.key === '0') { view = fitted(); settle(); }
    else if (e.key === 'Enter') pick(plane.clientWidth / 2, plane.clientHeight / 2);
    else if (e.key === 'Escape') { chosen = -1; found.hidden = true; soon(); }
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
  const second = (e) => { const rect = time.getBoundingClientRect(); return Math.max(0, Math.min(1, (e.clientX - rect.left) / rect.width)) * end; };
  let drag = null;
  time.addEventListener('pointerdown', (e) => {
    const s = second(e);
    const near = (end / time.clientWidth) * 8;
    const inside = s > brush[0] + near && s < brush[1] - near && (brush[0] > 0 || brush[1] < end);
    const edge = brush.findIndex((b) => Math.abs(b - s) < near);
    drag = edge >= 0 && (brush[0] > 0 || brush[1] < end) ? { anchor: brush[1 - edge] } : inside ? { grip: s, was: [...brush] } : { anchor: s };
    time.setPointerCapture(e.pointerId);
  });
  time.addEventListener('pointermove', (e) => {
    if (!drag) return;
    const s = second(e);
    if (drag.was) {
      const by = Math.max(-drag.was[0], Math.min(end - drag.was[1], s - drag.grip));
      brush = [drag.was[0] + by, drag.was[1] + by];
    } else brush = [Math.min(drag.anchor, s), Math.max(drag.anchor, s)];
    soon();
  });
  const done = () => { if (drag && brush[1] - brush[0] < (end / time.clientWidth) * 2) brush = [0, end]; drag = null; settle(); };
  time.addEventListener('pointerup', done);
  time.addEventListener('pointercancel', done);
  time.addEventListener('keydown', (e) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (e.key === 'Escape') brush = [0, end];
    else if (by) {
      const length = brush[1] - brush[0] >= end ? end / 12 : brush[1] - brush[0];
      if (brush[1] - brush[0] >= end) brush = by > 0 ? [0, length] : [end - length, end];
      else if (e.shiftKey) brush = [brush[0], Math.max(brush[0] + length / 8, Math.min(end, brush[1] + (by * length) / 4))];
      else { const step = Math.max(-brush[0], Math.min(end - brush[1], (by * length) / 4)); brush = [brush[0] + step, brush[1] + step]; }
    } else return;
    e.preventDefault();
    e.stopPropagation();
    soon();
  });
  window.onresize = () => { histogram = null; settle(); };

  settle();
  performance.measure('map-drawn', { start: began, end: performance.now() });
  document.body.dataset.points = String(n);
  // What comes after the first picture: zones with their coverage, and what was watched under the bars.
  const [drawn, access] = await Promise.all([get(asked('/ogc/collections/zones/items', question, { limit: '1000' })), end > 0 ? get(asked('/api/access', question, { from: iso(0), to: head.question.at })).catch(() => null) : null]);
  if (!current()) return;
  zones = drawn.features.filter((f) => f.geometry);
  covered = [];
  if (access) {
    access.columns.forEach((c, i) => {
      const shares = access.coverage.map((z) => z.cells[i]).filter((s) => s !== null);
      const next = access.columns[i + 1]?.from ?? access.to;
      if (shares.length) covered.push([seconds(c.from), seconds(next), Math.min(...shares)]);
    });
  }
  settle();
}
