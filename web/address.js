// The page's whole state is its address: what is asked, which row is open, which time is selected, what is filtered.

const SINGLE = ['at', 'known', 'norm', 'bearer', 'instance', 'party', 'tone', 'from', 'to', 'incident', 'lang'];

export function read() {
  const parameters = new URLSearchParams(location.search);
  const state = Object.fromEntries(SINGLE.map((name) => [name, parameters.get(name) ?? '']));
  state.reading = parameters.getAll('reading');
  return state;
}

export function write(state) {
  const parameters = new URLSearchParams();
  for (const name of SINGLE) if (state[name]) parameters.set(name, state[name]);
  for (const reading of state.reading) parameters.append('reading', reading);
  const query = parameters.toString().replaceAll('%3A', ':').replaceAll('%2F', '/');
  return query ? `/?${query}` : '/';
}

// The part that the engine is asked.
export function question(state, more = {}) {
  const parameters = new URLSearchParams();
  if (state.at) parameters.set('at', state.at);
  if (state.known) parameters.set('known', state.known);
  for (const reading of state.reading) parameters.append('reading', reading);
  for (const [name, value] of Object.entries(more)) if (value) parameters.set(name, value);
  const query = parameters.toString();
  return query ? `?${query}` : '';
}

// Civil time of an instant in the agreement's zone: `2026-05-01 12:00`, the same in every browser's language.
export function civil(instant, zone) {
  // A day's last millisecond is its 24:00, as everywhere in the agreement.
  if (instant.endsWith(':59.999Z')) {
    const after = civil(new Date(new Date(instant).getTime() + 1).toISOString(), zone);
    if (after.endsWith(' 00:00')) return plusDays(after, -1).replace(' 00:00', ' 24:00');
  }
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  }).formatToParts(new Date(instant));
  const get = (type) => parts.find((p) => p.type === type).value;
  return `${get('year').padStart(4, '0')}-${get('month')}-${get('day')} ${get('hour')}:${get('minute')}`;
}

// As the address has it: `2026-05-01T12:00`; anything else goes to the server as it is, and the server says what is wrong.
// The server takes a date for its end.
export const moment = (text) => text.trim().replace(/^(\d{4}-\d\d-\d\d)[ T]+24:00$/, '$1').replace(/^(\d{4}-\d\d-\d\d)[ T]+(\d\d?:\d\d.*)$/, (_, date, time) => `${date}T${time.padStart(5, '0')}`);

// A civil time some days later, the time of day kept.
export function plusDays(text, days) {
  const [date, time] = text.trim().split(/[T ]+/);
  const [year, month, day] = date.split('-').map(Number);
  const moved = new Date(Date.UTC(year, month - 1, day + days));
  return `${moved.toISOString().slice(0, 10)} ${time ?? '00:00'}`;
}
