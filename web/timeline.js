// Incidents over time, what was watched under them, and what a term counts beside its threshold.
import { byId, dated, el, shape, svg } from './element.js';
import { language, local, t } from './language.js';

// The engine's `72 hours` and `3 days`.
const span = (text) => (language === 'en' ? text : text.replace(/^(\d+) (minute|hour|day)s?$/, (_, n, unit) => t(`n-${unit}s`, { n: Number(n) })));
const LEFT = 40, RIGHT = 12;
let again = () => {};
const nice = (most) => {
  const step = 10 ** Math.floor(Math.log10(Math.max(1, most)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((m) => m * step).find((n) => n >= most) ?? most;
};

export function showTimeline(doc, map, state, go) {
  const host = byId('timeline');
  again = () => showTimeline(doc, map, state, go);
  const W = Math.max(300, Math.min(1000, host.clientWidth || 720));
  if (!doc.bars.length) {
    host.replaceChildren(el('p', { class: 'empty' }, dated(t('nothing-by-then'))));
    return;
  }
  const time = (text) => new Date(text).getTime();
  const [at, asKnown] = [time(doc.question.at), time(doc.question.known_at)];
  const start = time(doc.bars[0].from);
  const end = Math.max(time(doc.bars.at(-1).to), at);
  const x = (t) => LEFT + ((t - start) / (end - start)) * (W - LEFT - RIGHT);
  const back = (px) => new Date(start + ((px - LEFT) / (W - LEFT - RIGHT)) * (end - start));
  const curves = doc.curves.filter((c) => c.points.length).slice(0, 2);
  const CURVE = 92, BARS = 110, GAP = 30;
  const barsTop = curves.length * (CURVE + GAP) + 14;
  const base = barsTop + BARS;
  const height = base + 52;
  const parts = [];

  curves.forEach((c, i) => {
    const top = 14 + i * (CURVE + GAP), bottom = top + CURVE;
    const most = nice(Math.max(c.threshold * 1.1, ...c.points.map((p) => p.value)));
    const y = (v) => bottom - (v / most) * CURVE;
    let d = `M${x(start).toFixed(1)} ${bottom}`;
    for (const p of c.points) if (time(p.at) >= start) d += `H${x(time(p.at)).toFixed(1)}V${y(p.value).toFixed(1)}`;
    d += `H${x(at).toFixed(1)}`;
    parts.push(svg('g', { class: 'curve' },
      svg('path', { d: `${d}V${bottom}Z`, class: 'curve-fill' }), svg('path', { d, class: 'curve-line' }),
      svg('line', { x1: LEFT, x2: W - RIGHT, y1: y(c.threshold), y2: y(c.threshold), class: 'threshold' }),
      svg('text', { x: W - RIGHT, y: y(c.threshold) - 4, class: 'threshold-text', 'text-anchor': 'end' }, `${t('threshold')} ${c.threshold_text}`),
      svg('line', { x1: LEFT, x2: W - RIGHT, y1: bottom, y2: bottom, class: 'axis' }),
      svg('text', { x: LEFT - 6, y: bottom, class: 'tick', 'text-anchor': 'end' }, '0'),
      svg('text', { x: LEFT - 6, y: top + 8, class: 'tick', 'text-anchor': 'end' }, String(most)),
      c.value === null ? null : svg('circle', { cx: x(at), cy: y(Math.min(c.value, most)), r: 4, class: 'gauge-dot' }, svg('title', {}, `${t('now')}: ${c.value_text}`)),
      svg('text', { x: LEFT + 4, y: top + 8, class: 'curve-name' }, `${c.phrase}: ${c.what}`)));
  });

  const most = nice(Math.max(1, ...doc.bars.map((b) => b.count)));
  const y = (v) => base - (v / most) * BARS;
  const chosen = (f) => state.norm && f.properties.layer === 'incident' && f.properties.decides.some(([n, b]) => n === state.norm && b === state.bearer);
  const lit = map.features.filter(chosen).map((f) => time(f.properties.when.earliest));
  doc.bars.forEach((b) => {
    const [from, to] = [time(b.from), time(b.to)];
    const left = x(from), wide = Math.max(1, x(Math.min(to, end)) - left - (doc.bars.length > 60 ? 0.6 : 1.5));
    const mine = lit.filter((t) => t >= from && t < to).length;
    const sure = b.count - b.in_doubt;
    parts.push(svg('g', {},
      b.watched !== null && b.watched < 0.995 && svg('rect', { x: left, y: base + 3, width: wide, height: 7, class: 'bar-unseen', 'fill-opacity': Math.max(0.25, 1 - b.watched) }),
      b.watched !== null && svg('rect', { x: left, y: base + 3, width: wide * Math.min(1, b.watched), height: 7, class: 'bar-watched' }),
      svg('rect', { x: left, y: y(sure), width: wide, height: base - y(sure), class: 'bar' }),
      b.in_doubt && svg('rect', { x: left, y: y(b.count), width: wide, height: y(sure) - y(b.count), class: 'bar-doubt' }),
      mine && svg('rect', { x: left, y: y(mine), width: wide, height: base - y(mine), class: 'bar-chosen' }),
      svg('title', {}, [t('bar', { per: t(`one-${doc.per}`), local: local(b.local), n: b.count }), b.in_doubt ? t('bar-doubt', { n: b.in_doubt }) : '', b.watched === null ? '' : t('bar-watched', { share: (b.watched * 100).toFixed(0) })].join(''))));
  });
  parts.push(
    svg('line', { x1: LEFT, x2: W - RIGHT, y1: base, y2: base, class: 'axis' }),
    svg('text', { x: LEFT - 6, y: base, class: 'tick', 'text-anchor': 'end' }, '0'),
    svg('text', { x: LEFT - 6, y: barsTop + 8, class: 'tick', 'text-anchor': 'end' }, String(most)),
    svg('text', { x: LEFT + 4, y: barsTop - 4, class: 'curve-name' }, t('reports-per', { per: t(`per-one-${doc.per}`) })));
  // Ticks: as many as have room.
  const every = Math.max(1, Math.ceil(doc.bars.length / Math.max(2, Math.floor((W - LEFT) / 96))));
  doc.bars.forEach((b, i) => {
    if (i % every || x(time(b.from)) > W - 74) return;
    parts.push(svg('line', { x1: x(time(b.from)), x2: x(time(b.from)), y1: base + 12, y2: base + 16, class: 'axis' }), svg('text', { x: x(time(b.from)), y: base + 28, class: 'tick' }, b.local));
  });
  const marker = (t, word, row) => (t < start || t > end ? null : svg('g', { class: 'marker' },
    svg('line', { x1: x(t), x2: x(t), y1: 6, y2: base + 12 }), svg('text', { x: x(t), y: base + 40 + row * 11, 'text-anchor': 'end' }, word)));
  parts.push(at === asKnown ? marker(at, t('mark-both'), 0) : [marker(at, t('mark-at'), 0), marker(asKnown, t('mark-known'), 1)]);
  const brush = svg('rect', { y: barsTop, height: BARS, class: 'brush', width: 0 });
  const setBrush = (a, b) => {
    brush.setAttribute('x', Math.min(a, b));
    brush.setAttribute('width', Math.abs(b - a));
  };
  if (state.from || state.to) setBrush(state.from ? Math.max(LEFT, x(time(state.from))) : LEFT, state.to ? Math.min(W - RIGHT, x(time(state.to))) : W - RIGHT);
  const total = doc.bars.reduce((n, b) => n + b.count, 0);
  const picture = svg('svg', { viewBox: `0 0 ${W} ${height}`, class: 'timeline', role: 'img', 'aria-label': t('timeline-label', { n: total, from: doc.bars[0].local, per: t(`per-one-${doc.per}`) }) }, parts, brush);
  let from = null;
  const place = (e) => {
    const rect = picture.getBoundingClientRect();
    return Math.min(W - RIGHT, Math.max(LEFT, ((e.clientX - rect.left) / rect.width) * W));
  };
  picture.addEventListener('pointerdown', (e) => { from = place(e); picture.setPointerCapture(e.pointerId); });
  picture.addEventListener('pointermove', (e) => { if (from !== null) setBrush(from, place(e)); });
  picture.addEventListener('pointerup', (e) => {
    const to = place(e);
    const [a, b] = [Math.min(from, to), Math.max(from, to)];
    from = null;
    if (b - a < 4) go({ from: '', to: '' });
    else go({ from: back(a).toISOString(), to: back(b).toISOString() });
  });
  const day = (text) => (text ? text.slice(0, 10) : '');
  const choose = (name, end) => (e) => go({ [name]: /^\d{4}-\d\d-\d\d$/.test(e.target.value.trim()) ? `${e.target.value.trim()}T${end}Z` : '' });
  const curveNotes = curves.map((c) => `${c.phrase}: ${t('curve-counts', { window: span(c.window) })}${c.at_most ? ` ${t('curve-high')}` : ''}; ${t('curve-dot')}${c.value === null ? '' : `, ${t('gauge', { value: c.value_text, threshold: c.threshold_text })}`}. `);
  host.replaceChildren(picture,
    el('div', { class: 'span' },
      el('label', {}, t('f-from'), ' ', el('input', { value: day(state.from), size: 10, placeholder: doc.bars[0].local, onchange: choose('from', '00:00:00') })),
      el('label', {}, t('f-to'), ' ', el('input', { value: day(state.to), size: 10, placeholder: doc.question.at_local.slice(0, 10), onchange: choose('to', '23:59:59') })),
      (state.from || state.to) ? el('button', { type: 'button', class: 'quiet', onclick: () => go({ from: '', to: '' }) }, t('all-time')) : el('span', { class: 'about' }, t('or-draw'))),
    el('ul', { class: 'legend' },
      el('li', {}, svg('svg', { viewBox: '0 0 16 16', class: 'key' }, svg('rect', { x: 3, y: 2, width: 10, height: 12, class: 'bar' })), t('status-reported')),
      doc.bars.some((b) => b.in_doubt) ? el('li', {}, svg('svg', { viewBox: '0 0 16 16', class: 'key' }, svg('rect', { x: 3, y: 2, width: 10, height: 12, class: 'bar-doubt' })), t('day-in-doubt')) : null,
      doc.watched_zones.length ? [el('li', {}, svg('svg', { viewBox: '0 0 16 16', class: 'key' }, svg('rect', { x: 0, y: 5, width: 16, height: 6, class: 'bar-watched' })), t('watched')), el('li', { class: 'tone-unseen' }, shape('unseen'), t('not-observed'))] : el('li', { class: 'about' }, t('nobody-watches'))),
    el('p', { class: 'source' }, curveNotes, `${t('source-line', { when: doc.question.known_at_local })} `,
      el('details', {}, el('summary', {}, t('as-table')), el('table', { class: 'data' },
        el('thead', {}, el('tr', {}, [`one-${doc.per}`, 'status-reported', 'in-doubt', 'watched'].map((h) => el('th', { scope: 'col' }, t(h))))),
        el('tbody', {}, doc.bars.map((b) => el('tr', {}, el('td', {}, local(b.local)), el('td', {}, String(b.count)), el('td', {}, String(b.in_doubt)), el('td', {}, b.watched === null ? t('not-said') : `${(b.watched * 100).toFixed(0)} %`))))))));
}

let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth === width) return;
  width = innerWidth;
  again();
});
