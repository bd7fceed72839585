/** What the door has done lately: refusals as a chart, and the end of the audit log. */
import { button, card, choice, chip, empty, field, h, table, trouble } from './dom.js';
import { chart } from './chart.js';
import { look } from './door.js';
import { mine } from './session.js';
import { ofDay } from './time.js';

const EVERY = 3000;
const SHOWN = 100;

/** The view. It asks again every few seconds until it is paused or left. */
export function activityView({ signal }) {
  const graph = h('div', {});
  const tail = h('div', {}, h('p', { class: 'calm' }, 'Reading the log …'));
  const state = { last: 0, entries: [], refusals: [], now: new Date().toISOString(), paused: false };
  const by = choice('reason', [['reason', 'reason'], ['user', 'user']], { onchange: () => draw() });
  const pause = button('Pause', async () => {
    state.paused = !state.paused;
    pause.textContent = state.paused ? 'Go on' : 'Pause';
    if (!state.paused) await load();
  });
  const draw = () => graph.replaceChildren(...refusals(state, by.value));
  const load = async () => {
    try {
      const seen = await mine((token) => look('recent', { after: state.last }, token, signal));
      Object.assign(state, { refusals: seen.refusals, now: seen.now });
      if (seen.last < state.last) state.entries = []; // the server began anew
      const fresh = seen.last !== state.last || state.last === 0;
      state.last = seen.last;
      state.entries = seen.entries.reverse().concat(state.entries).slice(0, SHOWN);
      draw();
      if (fresh) tail.replaceChildren(entries(state.entries));
    } catch (e) {
      if (e.name === 'AbortError') return;
      tail.replaceChildren(trouble(e));
    }
    if (!signal.aborted && !state.paused) setTimeout(() => { if (!signal.aborted && !state.paused) load(); }, EVERY);
  };
  load();
  return h('div', { class: 'view' },
    h('h1', {}, 'Activity'),
    h('p', { class: 'lead' }, 'What this server has refused and done since it began. It is kept in memory, and the audit log has all of it.'),
    h('div', { class: 'row' }, field('Refusals by', by), h('div', { class: 'actions' }, pause)),
    card('Refused in the last hour', graph), card('Audit log', tail));
}

function refusals({ refusals: all, now }, by) {
  if (all.length === 0) return [empty('Nothing was refused', 'Every request of the last hour has passed.')];
  const counts = new Map();
  for (const r of all) {
    const key = r[by] || 'nobody';
    counts.set(key, (counts.get(key) ?? 0) + r.count);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return [
    chart(all.map((r) => ({ at: r.minute, key: r[by] || 'nobody', count: r.count })), sorted.map(([key]) => key), now),
    table(`Refusals by ${by}`, [[by === 'user' ? 'User' : 'Reason', ''], ['Refused', 'number']], sorted.slice(0, 12).map(([key, n]) => [key, String(n)])),
  ];
}

const KINDS = { refused: 'bad', 'would have refused': 'warn', 'login failed': 'bad', 'operation refused': 'bad', login: 'good' };

function entries(all) {
  if (all.length === 0) return empty('Nothing yet', 'Logins, refusals and changes appear here.');
  return table('Audit log', [['Time', ''], ['What', ''], ['User', ''], ['Client', 'wide']], all.map(({ entry }) => [
    h('time', { datetime: entry.at }, ofDay(entry.at)),
    h('div', {}, chip(entry.what, KINDS[entry.what] ?? 'calm'), ' ', [entry.op, entry.method, entry.path, entry.scheme].filter(Boolean).join(' '),
      entry.why || entry.reason ? h('small', { class: 'block' }, entry.why ?? entry.reason) : null),
    entry.user || '–', entry.client_ip || entry.by || '–',
  ]));
}
