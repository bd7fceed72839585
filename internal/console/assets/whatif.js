/** What would become of a request, and which entry says so. */
import { card, chip, choice, empty, field, form, h, tick, trouble } from './dom.js';
import { look } from './door.js';
import { isAdmin, mine, session } from './session.js';

/** The view; what follows it in the address is the user and the path to begin with. */
export function whatIfView({ rest }) {
  const [name = session().user, asked = '/'] = rest;
  const user = h('input', { value: name, required: true, readonly: !isAdmin(), autocapitalize: 'none', spellcheck: 'false' });
  const path = h('input', { value: asked, required: true, autocapitalize: 'none', spellcheck: 'false' });
  const level = choice('w', [['r', 'read'], ['w', 'write']]);
  const tree = tick('and all below it', false);
  const answer = h('div', { 'aria-live': 'polite' }, empty('Nothing asked yet', 'The door decides as if the request had come, and nothing is sent to the store.'));
  const ask = async () => {
    try {
      const parameters = { user: user.value, path: escaped(path.value), level: level.value, tree: String(tree.firstChild.checked) };
      answer.replaceChildren(explained(await mine((token) => look('explain', parameters, token))));
    } catch (e) {
      answer.replaceChildren(trouble(e));
    }
  };
  if (rest.length > 1) ask();
  return h('div', { class: 'view' },
    h('h1', {}, 'What if'),
    h('p', { class: 'lead' }, 'May somebody do something, and which entry says so?'),
    card('A request', form(ask, { class: 'row' },
      field('User', user, isAdmin() ? 'anonymous for requests without a token' : 'Others take the operation Admin.'),
      field('Path', path), field('To', level), tree,
      h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Explain')))),
    answer);
}

/** A path as a request would have it. What is escaped already stays as it is. */
function escaped(path) {
  return path.includes('%') ? path : encodeURI(path).replace(/[?#]/g, encodeURIComponent);
}

function explained(e) {
  const line = (term, ...value) => h('div', {}, h('dt', {}, term), h('dd', {}, ...value));
  return h('section', { class: 'card', 'aria-label': 'Answer' },
    h('p', { class: 'verdict' }, e.passes ? chip('Passes', 'good') : chip('Refused', 'bad'), ' ', e.sentence, e.because ? ` ${e.because}` : ''),
    h('dl', {},
      line('Deciding entry', e.entry ? h('code', {}, e.entry) : 'none covers it'),
      line('It belongs to', e.entry ? (e.role ? `role ${e.role}` : `${e.user} itself`) : '–'),
      !e.passes && e.reason && line('Reason in the log', h('code', {}, e.reason)),
      e.readings.length > 1 && line('The path can be read as', e.readings.map((r) => h('code', { class: 'block' }, r)))),
    h('h3', {}, 'Near misses'),
    e.nearMisses.length
      ? h('ul', { class: 'plain' }, e.nearMisses.map((m) => h('li', {}, chip(m.reason.replaceAll('_', ' '), 'warn'), ' ', m.sentence)))
      : h('p', { class: 'calm' }, 'None: no other entry comes close.'));
}
