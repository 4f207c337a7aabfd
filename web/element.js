// Makes elements. Text is only ever set as text: nothing that a record or an agreement says is read as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false && c !== ''));
  return node;
}

export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = (id) => document.getElementById(id);

// A shape for each tone, different in outline and in what it holds: readable without colour.
const SHAPES = {
  broken: [['path', { d: 'M5 1h6l4 4v6l-4 4H5l-4-4V5z', class: 'full' }], ['path', { d: 'M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6', class: 'cut' }]],
  kept: [['circle', { cx: 8, cy: 8, r: 7, class: 'full' }], ['path', { d: 'M4.6 8.3l2.3 2.4 4.5-5', class: 'cut' }]],
  missed: [['rect', { x: 1.6, y: 1.6, width: 12.8, height: 12.8, rx: 2, class: 'line' }], ['path', { d: 'M4.8 8h6.4', class: 'line' }]],
  reading: [['path', { d: 'M8 1.2L14.8 8 8 14.8 1.2 8z', class: 'line' }], ['path', { d: 'M8 1.2L14.8 8 8 14.8z', class: 'full' }]],
  doubt: [['path', { d: 'M8 1.6L15 14.4H1z', class: 'line' }], ['path', { d: 'M8 6v4M8 11.6v1', class: 'line' }]],
  unseen: [['circle', { cx: 8, cy: 8, r: 6.8, class: 'line' }], ['path', { d: 'M2.4 11.2l8.8-8.8M4 13.6l9.6-9.6M1.6 7.6l6-6M8.4 14.4l6-6', class: 'thin' }]],
  waiting: [['circle', { cx: 8, cy: 8, r: 6.6, class: 'dots' }]],
  open: [['circle', { cx: 8, cy: 8, r: 6.6, class: 'line' }]],
  idle: [['circle', { cx: 8, cy: 8, r: 2.4, class: 'full' }]],
};

export function shape(tone) {
  const parts = (SHAPES[tone] ?? SHAPES.idle).map(([tag, attributes]) => svg(tag, attributes));
  return svg('svg', { viewBox: '0 0 16 16', class: 'shape', 'aria-hidden': 'true' }, parts);
}

export const badge = (state, more) => el('span', { class: `badge tone-${state.tone}` }, shape(state.tone), el('span', {}, state.word, more));
// Text whose names are set apart, and whose dates and times stay on one line.
export const dated = (text) => (text ?? '').split('`').map((part, i) => (i % 2 ? el('code', {}, part) : days(part)));
const days = (text) => text.split(/(\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::[\d.]+)?)?)/).map((part, i) => (i % 2 ? el('span', { class: 'num' }, part) : part));
export const local = (when) => (when ? when.local : '');

// On a narrow screen the pages stand in one line: the one that is open is moved into it.
export function openedInView() {
  const nav = document.querySelector('.nav'), here = nav?.querySelector('[aria-current]');
  if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - 8;
}
