/**
 * Who is logged in. The token is a variable of this module and nowhere else: it is
 * gone with the page.
 */
import { Refused, act, look } from './door.js';
import { decode } from './jwt.js';

let current = null;
let told = () => {};

/** Has the listener told when somebody comes or goes, and why. */
export function onChange(listener) {
  told = listener;
}

/** Who is logged in: token, user, rev, roles, operations, expires, began; null for nobody. */
export function session() {
  return current;
}

/** Tells whether the one who is logged in is an administrator. */
export function isAdmin() {
  return Boolean(current?.operations.includes('Admin'));
}

/** Logs in. Life is as the door takes it, such as 12h; empty for the door's own. */
export async function logIn(username, password, life = '') {
  const grant = await act('login', { username, password }, '', life ? { exp: life } : {});
  const who = await look('whoami', {}, grant.jwt);
  current = { ...who, token: grant.jwt, expires: decode(grant.jwt).expires.ms, began: Date.now() };
  told('');
}

/** Forgets the token on this page. Why, the reader is told. */
export function forget(why = '') {
  current = null;
  told(why);
}

/** Ends every token of the user, and forgets this one. */
export async function logOut() {
  await mine((token) => act('logout', {}, token));
  forget('You are logged out. Every token of yours is dead.');
}

/** Does something with the token. When the door does not take it any more, the session is over. */
export async function mine(ask) {
  const asked = current;
  if (!asked) throw new Refused(401, 'Nobody is logged in.');
  try {
    return await ask(asked.token);
  } catch (e) {
    if ([401, 403].includes(e.status) && !await counts(asked.token) && current === asked) {
      forget('Your token does not count any more: it has expired, was revoked, or its key is gone.');
    }
    throw e;
  }
}

/** Tells whether a token counts, as far as the door says. A door can be told to say 403 for 401. */
async function counts(token) {
  return look('whoami', {}, token).then(() => true, (e) => ![401, 403].includes(e.status));
}
