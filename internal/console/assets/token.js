/** One's own token, and what anybody can do: log in, look into a token, change a password. */
import { card, choice, chip, field, form, h, trouble } from './dom.js';
import { act, headerValue, look, root, tokenHeader } from './door.js';
import { decode, objection } from './jwt.js';
import { copied, say } from './notice.js';
import { logIn, mine, session } from './session.js';
import { clock, moment, span } from './time.js';

/** What somebody sees who is not logged in. */
export function welcomeView() {
  return h('div', { class: 'view narrow' },
    h('h1', {}, 'Log in'),
    h('p', { class: 'lead' }, 'A token opens the data store behind this door to the one that it was given to.'),
    tokenHeader ? loginCard() : card('No token by header', h('p', {},
      'This door takes tokens from a cookie or from the query alone. The page shows its token in a header, so nobody can log in here.')),
    inspectCard());
}

function loginCard() {
  const name = h('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const life = choice('', [['', 'as usual'], ['1h', '1 hour'], ['12h', '12 hours'], ['7d', '7 days']], { name: 'life' });
  const wrong = h('div', {});
  return h('section', { class: 'card', 'aria-label': 'Log in' }, form(async () => {
    wrong.replaceChildren();
    try {
      await logIn(name.value, password.value, life.value);
    } catch (e) {
      const wait = e.status === 429 && e.retryAfter ? ` It takes ${span(e.retryAfter * 1000)}.` : '';
      wrong.replaceChildren(trouble(new Error(e.status === 401 ? 'User and password do not match.' : e.message + wait)));
      password.value = '';
      password.focus();
    }
  }, { class: 'stack' },
  field('User', name), field('Password', password), field('The token lives', life), wrong,
  h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Log in'))));
}

/** What somebody sees of the own token. */
export function tokenView({ signal }) {
  const who = session();
  return h('div', { class: 'view' },
    h('h1', {}, 'Your token'),
    h('div', { class: 'columns' }, ownCard(who, signal), h('div', { class: 'stack' }, passwordCard(who), inspectCard())));
}

function ownCard(who, signal) {
  const left = h('output', { class: 'countdown', role: 'timer', 'aria-label': 'Remaining life' });
  const meter = h('progress', { max: '1', 'aria-label': 'Remaining life' });
  const refresh = () => {
    const ms = who.expires - Date.now();
    left.textContent = clock(ms);
    meter.value = Math.min(1, Math.max(0, ms / (who.expires - who.began)));
  };
  refresh();
  const timer = setInterval(refresh, 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
  const line = (token) => `curl -H '${tokenHeader}: ${headerValue(token)}' '${location.origin}${root}/'`;
  return card('Remaining life', left, meter,
    h('p', { class: 'calm' }, `It ends ${moment(who.expires)}.`),
    h('dl', {}, pair('User', who.user), pair('Roles', who.roles.join(', ') || 'none'),
      pair('Operations', who.operations.join(', ') || 'none'), pair('Revision', String(who.rev))),
    h('h3', {}, 'Token'), copied(who.token, 'token', abridged(who.token)),
    h('h3', {}, 'With curl'), copied(line(who.token), 'curl line', line(abridged(who.token))),
    h('p', { class: 'calm' }, 'The page keeps the token in its memory alone: it is gone when you reload or close it.'));
}

const abridged = (token) => `${token.slice(0, 12)}…${token.slice(-6)}`;

function pair(term, ...value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, ...value));
}

function passwordCard(who) {
  const secret = (autocomplete) => h('input', { type: 'password', autocomplete, required: true });
  const [current, next, again] = [secret('current-password'), secret('new-password'), secret('new-password')];
  const wrong = h('div', {});
  return card('Change your password', form(async () => {
    wrong.replaceChildren();
    try {
      if (next.value !== again.value) throw new Error('The two new passwords differ.');
      await mine((token) => act('change-password', { current: current.value, new: next.value }, token));
      await logIn(who.user, next.value);
      say('Your password is changed. Your former tokens are dead, and this is a new one.');
    } catch (e) {
      if (session()) wrong.replaceChildren(trouble(e));
    }
  }, { class: 'stack' },
  h('input', { type: 'text', autocomplete: 'username', value: who.user, hidden: true }),
  field('Current password', current), field('New password', next), field('New password again', again),
  wrong, h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Change password'))));
}

function inspectCard() {
  const raw = h('textarea', { rows: '4', spellcheck: 'false', autocapitalize: 'none', autocomplete: 'off', required: true });
  const found = h('div', { 'aria-live': 'polite' });
  return card('Inspect a token', form(async () => {
    found.replaceChildren(...await inspected(raw.value.trim()));
  }, { class: 'stack' },
  field('Token', raw, 'It is read here. Then this door is asked whether it counts.'),
  h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Inspect')), found));
}

/** What there is to say of a token that somebody has pasted. */
async function inspected(raw) {
  let token;
  try {
    token = decode(raw);
  } catch (e) {
    return [trouble(e)];
  }
  const { header, claims, expires } = token;
  return [
    await verdict(raw, objection(token, Date.now())),
    h('dl', {}, pair('User (sub)', String(claims.sub ?? '–')), pair('Revision (rev)', String(claims.rev ?? '0, as none is given')),
      pair('Signed by', `${header.alg ?? '–'}${header.kid ? `, key ${header.kid}` : ''}`),
      expires && pair('Ends (exp)', moment(expires.ms), h('br'), h('small', {}, expires.ms > Date.now() ? `in ${span(expires.ms - Date.now())}` : `${span(Date.now() - expires.ms)} ago`)),
      expires && pair('exp in milliseconds', String(expires.ms)), expires && pair('exp in seconds', String(expires.seconds)),
      expires && pair('It is written in', expires.unit)),
    h('details', {}, h('summary', {}, 'Header and claims'), h('pre', { tabindex: '0' }, JSON.stringify({ header, claims }, null, 2))),
  ];
}

async function verdict(raw, objected) {
  if (!tokenHeader) return h('p', {}, chip('Not asked', 'calm'), ` ${objected}`);
  try {
    const { user } = await look('whoami', {}, raw);
    return h('p', {}, chip('Valid', 'good'), ' for ', h('strong', {}, user), ' at this door.');
  } catch (e) {
    if (e.status !== 401 && e.status !== 403) return h('p', {}, chip('Not known', 'warn'), ` ${e.message}`);
    const why = objected || 'It reads well and is not over: it was signed with a key that this door does not have, or its rev is not the user\'s any more, or there is no such user.';
    return h('p', {}, chip('Not valid', 'bad'), ` ${why} `, h('small', {}, `The door says: ${e.message}`));
  }
}
