// The lab's plots: small SVG drawings, each with its table beside it in the page. No colour says something alone: what is broken is
// hatched, what is not decided is dotted, and every piece has its words.
import { el, svg } from './element.js';
import { number, t } from './frame.js';

let count = 0;
const TONES = [['satisfied', 'kept'], ['violated', 'broken'], ['missed', 'missed'], ['pending-evidence', 'doubt'], ['depends-on-reading', 'reading'], ['pending', 'open'], ['not-applicable', 'idle']];
export const TONE = Object.fromEntries(TONES);

function frame(name, width, height, parts) {
  const id = (count += 1);
  const pattern = (word, tone, shape) => svg('pattern', { id: `${word}-${id}`, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: word === 'hatch' ? 'rotate(45)' : null }, svg('rect', { width: 6, height: 6, class: `fill-${tone} faint` }), shape);
  const defs = svg('defs', {}, pattern('hatch', 'broken', svg('rect', { width: 3, height: 6, class: 'fill-broken' })), pattern('dots', 'doubt', svg('circle', { cx: 3, cy: 3, r: 1.4, class: 'fill-doubt' })));
  return svg('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': name }, svg('title', {}, name), defs, parts(id));
}
const filled = (tone, id) => (tone === 'broken' ? { fill: `url(#hatch-${id})`, class: 'edge-broken' } : tone === 'doubt' ? { fill: `url(#dots-${id})`, class: 'edge-doubt' } : { class: `fill-${tone}` });
const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Verdicts by rule: one bar each, its pieces in one order.
export function verdicts(norms, choose) {
  const shown = norms.filter((n) => n.instances > 0);
  if (!shown.length) return null;
  const most = Math.max(...shown.map((n) => n.instances));
  const row = 26;
  return frame(t('plot-verdicts'), 720, shown.length * row + 8, (id) => shown.map((n, i) => {
    let x = 210;
    const y = i * row + 4;
    return svg('g', {}, svg('text', { x: 202, y: y + 14, class: 'end' }, shortened(n.norm, 30)),
      TONES.map(([word, tone]) => {
        const many = n.performances[word] ?? 0;
        if (!many) return null;
        const width = Math.max(2, (many / most) * 440);
        const piece = svg('rect', { x, y, width, height: 18, ...filled(tone, id), 'data-link': '1', onclick: () => choose(n.norm, word) }, svg('title', {}, `${n.norm}: ${t(`verdict-word-${word}`)} ${number(many)}`));
        x += width;
        return piece;
      }), svg('text', { x: x + 6, y: y + 14, class: 'soft' }, number(n.instances)));
  }));
}

export const legend = (words) => el('ul', { class: 'legend' }, TONES.filter(([word]) => words.has(word)).map(([word, tone]) => el('li', {}, frameKey(tone), t(`verdict-word-${word}`))));
function frameKey(tone) {
  const id = (count += 1);
  return svg('svg', { viewBox: '0 0 16 16', class: 'key plot', 'aria-hidden': 'true' },
    svg('defs', {}, svg('pattern', { id: `hatch-${id}`, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, svg('rect', { width: 6, height: 6, class: 'fill-broken faint' }), svg('rect', { width: 3, height: 6, class: 'fill-broken' })),
      svg('pattern', { id: `dots-${id}`, width: 6, height: 6, patternUnits: 'userSpaceOnUse' }, svg('rect', { width: 6, height: 6, class: 'fill-doubt faint' }), svg('circle', { cx: 3, cy: 3, r: 1.4, class: 'fill-doubt' }))),
    svg('rect', { x: 1, y: 1, width: 14, height: 14, ...filled(tone, id) }));
}

function months(from, to) {
  const all = [];
  const first = new Date(from);
  const last = new Date(to);
  const years = last.getUTCFullYear() - first.getUTCFullYear();
  const step = years > 6 ? 12 : years > 1 ? 6 : years === 1 || last.getUTCMonth() - first.getUTCMonth() > 5 ? 3 : 1;
  for (let at = new Date(Date.UTC(first.getUTCFullYear(), Math.floor(first.getUTCMonth() / step) * step, 1)); at <= last; at = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + step, 1))) if (at >= first) all.push(at);
  return all;
}

// Lanes over time: thresholds reached, and breaches.
export function lanes(period, all, choose) {
  const shown = all.filter((lane) => lane.spans.length);
  if (!shown.length) return null;
  const [from, to] = [Date.parse(period.from), Date.parse(period.to)];
  const x = (at) => 210 + (500 * (Math.min(Math.max(at, from), to) - from)) / Math.max(1, to - from);
  const row = 22;
  const height = shown.length * row + 26;
  return frame(t('plot-when'), 720, height, (id) => [
    months(from, to).map((at) => svg('g', {}, svg('line', { x1: x(at), x2: x(at), y1: 0, y2: height - 20, class: 'grid-line' }), svg('text', { x: x(at), y: height - 6, class: 'soft middle' }, at.toISOString().slice(0, 7)))),
    shown.map((lane, i) => svg('g', {}, svg('text', { x: 202, y: i * row + 15, class: 'end' }, shortened(lane.name, 30)),
      lane.spans.slice(0, 400).map((s) => svg('rect', { x: x(Date.parse(s.from)), y: i * row + 4, width: Math.max(2.5, x(Date.parse(s.to ?? period.to)) - x(Date.parse(s.from))), height: 14, ...filled(lane.tone, id), 'data-link': choose && lane.norm ? '1' : null, onclick: () => lane.norm && choose(lane.norm, null) }, svg('title', {}, `${lane.name}: ${s.from_local ?? s.from}${s.to ? ` – ${s.to_local ?? s.to}` : ''}`))))),
  ]);
}

// Duties open by month, a small row of bars for each party, all on one scale, in the order of the text.
export function load(rows) {
  const parties = [...new Map(rows.map((r) => [r.bearer, r.phrase]))];
  const all = [...new Set(rows.map((r) => r.month))].sort();
  const most = Math.max(0, ...rows.map((r) => r.open));
  if (!most) return null;
  const row = 44;
  const width = 500 / Math.max(1, all.length);
  const each = Math.ceil(all.length / 6);
  return frame(t('plot-load'), 720, parties.length * row + 22, () => [
    parties.map(([bearer, phrase], i) => {
      const own = new Map(rows.filter((r) => r.bearer === bearer).map((r) => [r.month, r.open]));
      const ground = (i + 1) * row;
      return svg('g', {}, svg('text', { x: 202, y: ground - 6, class: 'end' }, shortened(phrase, 30)), svg('line', { x1: 210, x2: 710, y1: ground, y2: ground, class: 'grid-line' }),
        all.map((month, m) => own.get(month) > 0 && svg('rect', { x: 210 + m * width + 0.5, y: ground - (own.get(month) / most) * (row - 10), width: Math.max(1, width - 1), height: (own.get(month) / most) * (row - 10), class: 'fill-open' }, svg('title', {}, `${phrase}, ${month}: ${number(own.get(month))}`))),
        i === 0 ? svg('text', { x: 712, y: ground - row + 14, class: 'soft end' }, number(most)) : null);
    }),
    all.map((month, m) => m % each === 0 && svg('text', { x: 210 + (m + 0.5) * width, y: parties.length * row + 16, class: 'soft middle' }, month)),
  ]);
}

// What each value of a knob gives: two lines with marks of their own, and a triangle at the draft.
export function range(points, unit) {
  if (points.length < 2) return null;
  const most = Math.max(1, ...points.flatMap((p) => [p.triggers, p.broken ?? 0]));
  const numeric = points.every((p) => p.axis !== null);
  const [low, high] = numeric ? [Math.min(...points.map((p) => p.axis)), Math.max(...points.map((p) => p.axis))] : [0, points.length - 1];
  const x = (p, i) => 60 + (600 * ((numeric ? p.axis : i) - low)) / Math.max(1e-9, high - low);
  const y = (n) => 190 - (165 * n) / most;
  const line = (key, tone, mark) => {
    const own = points.map((p, i) => [p, i]).filter(([p]) => p[key] !== null);
    return svg('g', { class: `line-${tone}` }, svg('polyline', { points: own.map(([p, i]) => `${x(p, i)},${y(p[key])}`).join(' ') }),
      own.map(([p, i]) => (mark === 'square' ? svg('rect', { x: x(p, i) - 4, y: y(p[key]) - 4, width: 8, height: 8 }, svg('title', {}, `${p.value}: ${t(`range-${key}`)} ${number(p[key])}`)) : svg('circle', { cx: x(p, i), cy: y(p[key]), r: 4 }, svg('title', {}, `${p.value}: ${t(`range-${key}`)} ${number(p[key])}`)))));
  };
  const each = Math.ceil(points.length / 8);
  return frame(t('plot-range'), 720, 236, () => [
    [0, 0.5, 1].map((share) => svg('g', {}, svg('line', { x1: 60, x2: 660, y1: y(most * share), y2: y(most * share), class: 'grid-line' }), svg('text', { x: 52, y: y(most * share) + 4, class: 'soft end' }, number(Math.round(most * share * 10) / 10)))),
    points.map((p, i) => [(i % each === 0 || p.is_draft) && svg('text', { x: x(p, i), y: 208, class: 'soft middle' }, shortened(p.value.replace(` ${unit}`, ''), 12)), p.is_draft && svg('path', { d: `M${x(p, i)} 214l7 12h-14z`, class: 'fill-ink' })]),
    svg('text', { x: 360, y: 230, class: 'soft middle' }, unit), line('triggers', 'open', 'circle'), points.some((p) => p.broken !== null) ? line('broken', 'broken', 'square') : null,
  ]);
}

// A drawing as a file of its own: what the style sheet gives it is written into it.
export function alone(drawing) {
  const copy = drawing.cloneNode(true);
  const [from, to] = [[drawing, ...drawing.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]];
  from.forEach((node, i) => {
    const style = getComputedStyle(node);
    for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-size', 'font-family', 'text-anchor']) {
      const value = style.getPropertyValue(name);
      if (value && !(name === 'fill' && node.getAttribute('fill'))) to[i].setAttribute(name, value);
    }
    to[i].removeAttribute('class');
    to[i].removeAttribute('data-link');
  });
  const { width, height } = drawing.viewBox.baseVal;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  const ground = svg('rect', { width, height, fill: getComputedStyle(document.body).backgroundColor });
  copy.insertBefore(ground, copy.firstChild.nextSibling);
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}
