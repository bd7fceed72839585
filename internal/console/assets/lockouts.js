/** Users that are closed to a client after failed logins. */
import { button, card, empty, h, settle, table } from './dom.js';
import { act, look } from './door.js';
import { say, trying } from './notice.js';
import { mine } from './session.js';
import { moment } from './time.js';

/** The view. */
export function lockoutsView({ signal }) {
  const content = h('div', { 'aria-live': 'polite' });
  load(content, signal);
  return h('div', { class: 'view' },
    h('h1', {}, 'Lock-outs'),
    h('p', { class: 'lead' }, 'After too many failed logins a user is closed for a while to the client that made them, and to all strangers when many clients did.'),
    content);
}

const COLUMNS = [['User', ''], ['Client', ''], ['Failures', 'number'], ['Until', 'wide'], ['', '']];

function load(content, signal) {
  return settle(content, async () => {
    const { lockouts } = await mine((token) => look('lockouts', {}, token, signal));
    if (lockouts.length === 0) return empty('Nobody is locked out', 'Failed logins show in the activity.');
    return card(`${lockouts.length} locked out`, table('Lock-outs', COLUMNS, lockouts.map((l) => [
      l.user || 'a name that no user has', l.client || 'all strangers', String(l.failures), moment(l.until), releases(l, content, signal)])));
  });
}

function releases(lockout, content, signal) {
  if (!lockout.user) return '';
  return button('Release', () => trying(async () => {
    await mine((token) => act('release', { user: lockout.user, client: lockout.client }, token));
    say(`${lockout.user} may try again.`);
    await load(content, signal);
  }), { 'aria-label': `Release ${lockout.user} for ${lockout.client || 'all'}` });
}
