/** The managed keys, and their rotation. */
import { button, card, chip, empty, h, settle, table } from './dom.js';
import { act, look } from './door.js';
import { confirm, say, trying } from './notice.js';
import { mine } from './session.js';
import { moment } from './time.js';

const STATES = { signing: 'good', next: 'calm', verifying: 'warn', over: 'calm' };

/** The view. */
export function keysView({ signal }) {
  const content = h('div', { class: 'stack', 'aria-live': 'polite' });
  load(content, signal);
  return h('div', { class: 'view' },
    h('h1', {}, 'Keys'),
    h('p', { class: 'lead' }, 'What signs tokens, and what verifies them. All servers that share this storage share its keys.'), content);
}

function load(content, signal) {
  return settle(content, async () => cards(content, await mine((token) => look('keys', {}, token, signal)), signal));
}

const COLUMNS = [['Key', ''], ['Algorithm', 'wide'], ['State', ''], ['Signs from', 'wide'], ['Retired', 'wide'], ['Verifies until', '']];

function cards(content, { keys }, signal) {
  if (keys.length === 0) return empty('No managed keys', 'The signing key stands in the configuration, and is replaced there.');
  return [
    card('Managed keys', table('Managed keys', COLUMNS, keys.map((k) => [
      h('code', {}, k.id), k.algorithm, chip(k.state, STATES[k.state]), moment(k.signsFrom), moment(k.retiredAt), moment(k.safeToDropAt)]))),
    card('Rotate', h('p', {}, 'A new key signs from now on. The one before verifies until its last token has expired, so nobody notices.'),
      h('div', { class: 'actions' }, button('Rotate keys', () => rotate(content, 'false', signal), { class: 'primary' }))),
    card('A key has leaked', h('p', {}, 'A new key signs at once, and the old ones are gone: every token of every user is dead, at every server that shares this storage.'),
      h('div', { class: 'actions' }, button('Drop the old keys', async () => {
        const words = h('p', {}, 'Every application must log in again, and so must you.');
        if (await confirm('Drop the old keys?', words, [['yes', 'Drop them', 'danger']])) await rotate(content, 'true', signal);
      }, { class: 'danger' }))),
  ];
}

/** How long a new key waits until every server knows it, and a moment. */
const SETTLED = 6000;

async function rotate(content, drop, signal) {
  await trying(async () => {
    content.replaceChildren(...cards(content, await mine((token) => act('rotate-keys', { drop_old: drop }, token)), signal));
    say(drop === 'true' ? 'The old keys are gone.' : 'A new key takes over in a few seconds.');
    setTimeout(() => signal.aborted || load(content, signal), SETTLED);
  });
}
