/** The frame of the page: who is there, where one can go, and the view that is shown. */
import { button, h } from './dom.js';
import { confirm, noticeLine, say, trying } from './notice.js';
import { forget, isAdmin, logOut, onChange, session } from './session.js';
import { span } from './time.js';
import { activityView } from './activity.js';
import { doorsView } from './doors.js';
import { keysView } from './keys.js';
import { lockoutsView } from './lockouts.js';
import { pathsView } from './paths.js';
import { rolesView, usersView } from './people.js';
import { tokenView, welcomeView } from './token.js';
import { whatIfView } from './whatif.js';

/** Where one can go: the word in the address, its name, its view, and whether it takes Admin. */
const PLACES = [
  ['token', 'Token', tokenView, false],
  ['whatif', 'What if', whatIfView, false],
  ['users', 'Users', usersView, true],
  ['roles', 'Roles', rolesView, true],
  ['paths', 'Paths', pathsView, true],
  ['activity', 'Activity', activityView, true],
  ['lockouts', 'Lock-outs', lockoutsView, true],
  ['keys', 'Keys', keysView, true],
  ['doors', 'Doors', doorsView, true],
];

const bar = h('header', { class: 'bar' });
const nav = h('nav', { 'aria-label': 'Views' });
const main = h('main', { id: 'view', tabindex: '-1' });
let leave = () => {};

/** Where the address says we are: the place and the rest. */
function whereabouts() {
  const [name, ...rest] = location.hash.slice(1).split('/');
  const place = PLACES.find(([word, , , admin]) => word === name && (!admin || isAdmin()));
  return { place: place ?? PLACES[0], rest: place ? rest.map(decodeURIComponent) : [] };
}

/** Shows the view of the place, and ends what the one before was doing. */
function show(focus = true) {
  leave();
  const leaving = new AbortController();
  leave = () => leaving.abort();
  const who = session();
  const { place, rest } = who ? whereabouts() : { place: ['', 'Log in', welcomeView], rest: [] };
  showBar(who);
  nav.replaceChildren(...(who ? links(place[0]) : []));
  nav.hidden = !who;
  document.title = `${place[1]} · Front door`;
  main.replaceChildren(place[2]({ rest, signal: leaving.signal }));
  window.scrollTo(0, 0);
  if (focus) main.focus({ preventScroll: true });
}

function links(current) {
  return PLACES.filter(([, , , admin]) => !admin || isAdmin()).map(([word, name]) => h('a', {
    href: `#${word}`, 'aria-current': word === current ? 'page' : null,
  }, name));
}

function showBar(who) {
  bar.replaceChildren(
    h('a', { class: 'brand', href: '#token' }, h('img', { src: '?asset=door.svg', alt: '', width: '22', height: '22' }), 'Front door'),
    who ? h('div', { class: 'who' },
      h('span', { class: 'name' }, who.user),
      h('span', { class: 'left', title: 'How long the token lives' }, span(who.expires - Date.now())),
      button('Log out', leaveTheDoor, { class: 'quiet' })) : '');
}

/** There are two ways to go, and one of them stops programs that run as the same user. */
async function leaveTheDoor() {
  const way = await confirm('Log out', h('p', {},
    `Logging out ends every token of ${session().user}, also those that applications use. Forgetting this one here leaves the others alone.`), [
    ['all', 'Log out everywhere', 'danger'], ['here', 'Forget it here', ''],
  ]);
  if (way === 'all') await trying(logOut);
  if (way === 'here') forget('The token is forgotten here. It lives on where it was copied to.');
}

/** The token's life runs out while one looks on. */
function tick() {
  const who = session();
  if (!who) return;
  if (who.expires <= Date.now()) forget('Your token has expired.');
  else bar.querySelector('.left').textContent = span(who.expires - Date.now());
}

document.getElementById('console').replaceChildren(
  h('a', { class: 'skip', href: '#view', onclick: (e) => { e.preventDefault(); main.focus(); } }, 'Skip to the content'),
  bar, h('div', { class: 'frame' }, nav, main), noticeLine());
onChange((why) => {
  show();
  say(why);
});
window.addEventListener('hashchange', () => show());
setInterval(tick, 1000);
show(false);
