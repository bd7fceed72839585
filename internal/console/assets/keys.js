/** The managed keys, and their rotation. */
import { button, card, chip, empty, h, table, trouble } from './dom.js';
import { act, look } from './door.js';
import { confirm, say, trying } from './notice.js';
import { mine } from './session.js';
import { moment } from './time.js';

const STATES = { signing: 'good', next: 'calm', verifying: 'warn', over: 'calm' };

/** The view. */
export function keysView({ signal }) {
  const content = h('div', { 'aria-live': 'polite' });
  load(content, signal);
  return h('div', { class: 'view' },
    h('h1', {}, 'Keys'),
    h('p', { class: 'lead' }, 'What signs tokens, and what verifies them. All servers that share this storage share its keys.'), content);
}

async function load(content, signal) {
  try {
    show(content, await mine((token) => look('keys', {}, token, signal)));
  } catch (e) {
    if (e.name !== 'AbortError') content.replaceChildren(trouble(e));
  }
}

function show(content, { keys }) {
  if (keys.length === 0) {
    content.replaceChildren(empty('No managed keys', 'The signing key stands in the configuration, and is replaced there.'));
    return;
  }
  const columns = [['Key', ''], ['Algorithm', 'wide'], ['State', ''], ['Signs from', 'wide'], ['Retired', 'wide'], ['Verifies until', '']];
  content.replaceChildren(
    card('Managed keys', table('Managed keys', columns, keys.map((k) => [
      h('code', {}, k.id), k.algorithm, chip(k.state, STATES[k.state]), moment(k.signsFrom), moment(k.retiredAt), moment(k.safeToDropAt)]))),
    card('Rotate', h('p', {}, 'A new key signs from now on. The one before verifies until its last token has expired, so nobody notices.'),
      h('div', { class: 'actions' }, button('Rotate keys', () => rotate(content, 'false'), { class: 'primary' }))),
    card('A key has leaked', h('p', {}, 'A new key signs at once, and the old ones are gone: every token of every user is dead, at every server that shares this storage.'),
      h('div', { class: 'actions' }, button('Drop the old keys', async () => {
        const words = h('p', {}, 'Every application must log in again, and so must you.');
        if (await confirm('Drop the old keys?', words, [['yes', 'Drop them', 'danger']])) await rotate(content, 'true');
      }, { class: 'danger' }))));
}

async function rotate(content, drop) {
  await trying(async () => {
    const now = await mine((token) => act('rotate-keys', { drop_old: drop }, token));
    show(content, now);
    say(drop === 'true' ? 'The old keys are gone.' : 'A new key takes over in a few seconds.');
  });
}
