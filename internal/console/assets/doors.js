/** The front doors with these users, how they are, and what in the users is probably not meant. */
import { card, chip, empty, h, settle } from './dom.js';
import { look } from './door.js';
import { mine } from './session.js';
import { moment } from './time.js';

/** The view. */
export function doorsView({ signal }) {
  const doors = h('div', { class: 'stack' });
  const warnings = h('div', {});
  settle(doors, async () => (await mine((token) => look('doors', {}, token, signal))).doors.map(doorCard));
  settle(warnings, async () => warningsOf(await mine((token) => look('lint', {}, token, signal))));
  return h('div', { class: 'view' },
    h('h1', {}, 'Doors'),
    h('p', { class: 'lead' }, 'The front doors of this server that have the same users, and what in those users is probably not meant.'),
    doors, card('Warnings', warnings));
}

function doorCard(d) {
  const line = (term, ...value) => h('div', {}, h('dt', {}, term), h('dd', {}, ...value));
  return card(`Door ${d.number}`,
    h('p', {}, d.ok && !d.trouble ? chip('Well', 'good') : chip(d.ok ? 'In trouble' : 'Cannot decide', 'bad'), ' ',
      chip(d.environment, d.environment === 'production' ? 'calm' : 'warn'), ' ', chip(d.mode, d.mode === 'enforce' ? 'calm' : 'warn')),
    d.trouble ? h('p', { class: 'trouble' }, d.trouble) : '',
    d.mode === 'observe' ? h('p', {}, 'Nothing is refused on its way to the store, only noted.') : '',
    d.environment === 'production' ? '' : h('p', {}, 'Writes pass without a token, except to protected paths.'),
    h('dl', {}, line('Users are in', d.users), line('They can be changed', d.writable ? 'yes' : 'no'), line('Last read', moment(d.readAt)),
      line('The key signs since', d.keySince ? moment(d.keySince) : 'it is configured'), line('Logins that wait', String(d.waitingLogins)),
      line('Realm', d.realm), line('Passwords are hashed by', d.passwordHash), line('A token lives', `${d.expiry}, at most ${d.maxExpiry}`)));
}

function warningsOf({ warnings, more }) {
  if (warnings.length === 0) return empty('Nothing to say', 'All users and roles are as one would expect.');
  return h('div', {}, h('ul', { class: 'plain' }, warnings.map((w) => h('li', {}, w))),
    more > 0 && h('p', { class: 'calm' }, `And ${more} more.`));
}
