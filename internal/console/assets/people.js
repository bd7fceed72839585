/** The lists of users and of roles: to search them, and to make new ones. */
import { button, card, chip, empty, field, h, settle, table } from './dom.js';
import { look, writeDocument } from './door.js';
import { memberView, resetPassword } from './member.js';
import { prompt, trying } from './notice.js';
import { mine } from './session.js';

const KINDS = {
  users: {
    title: 'Users', one: 'user', lead: 'A user is an application, or whoever answers for it.',
    document: { paths: [], roles: [], operations: [], rev: 0 },
    columns: [['Name', ''], ['Password', 'wide'], ['Roles', 'wide'], ['Operations', ''], ['Own paths', 'number'], ['Rev', 'number wide']],
    cells: (u) => [u.password === 'none' ? chip('none', 'warn') : u.password, u.roles.join(', ') || '–', operations(u), String(u.paths), String(u.rev)],
  },
  roles: {
    title: 'Roles', one: 'role', lead: 'A role gives all its users the same paths and operations.',
    document: { paths: [], operations: [] },
    columns: [['Name', ''], ['Operations', ''], ['Paths', 'number']],
    cells: (r) => [operations(r), String(r.paths)],
  },
};

function operations(of) {
  return of.operations.length ? of.operations.map((o) => chip(o, o === 'Admin' ? 'warn' : 'calm')) : '–';
}

/** The view of all users, or of the one in the address. */
export const usersView = (context) => view('users', context);

/** The view of all roles, or of the one in the address. */
export const rolesView = (context) => view('roles', context);

function view(kind, { rest, signal }) {
  if (rest[0]) return memberView(kind, rest[0]);
  const words = KINDS[kind];
  const list = h('div', { 'aria-live': 'polite' });
  const search = h('input', { type: 'search', autocapitalize: 'none', spellcheck: 'false', oninput: () => soon(() => load(list, kind, search.value, signal)) });
  load(list, kind, '', signal);
  return h('div', { class: 'view' },
    h('h1', {}, words.title),
    h('p', { class: 'lead' }, words.lead),
    h('div', { class: 'row' }, field(`Search ${kind} by name`, search),
      h('div', { class: 'actions' }, button(`New ${words.one}`, () => create(kind), { class: 'primary' }))),
    list);
}

let waiting;

/** Waits for the reader to stop typing. */
function soon(what) {
  clearTimeout(waiting);
  waiting = setTimeout(what, 200);
}

function load(list, kind, find, signal, after = '', before = []) {
  const { columns, cells, title, one } = KINDS[kind];
  return settle(list, async () => {
    const page = await mine((token) => look(kind, { find, after }, token, signal));
    const found = before.concat(page[kind]);
    if (found.length === 0) return find ? empty('Nobody by that name', `No ${one} has “${find}” in its name.`) : empty(`No ${kind} yet`, `Make the first ${one}.`);
    return card(`${found.length}${page.next ? ' and more' : ''} ${found.length === 1 ? one : kind}`,
      table(title, columns, found.map((m) => [h('a', { href: `#${kind}/${encodeURIComponent(m.name)}` }, m.name), ...cells(m)])),
      page.next ? h('div', { class: 'actions' }, button('Show more', () => load(list, kind, find, signal, page.next, found))) : null);
  });
}

/** Makes an empty user or role. A user gets a password, which is shown this once. */
function create(kind) {
  const { one, document } = KINDS[kind];
  const name = h('input', {
    required: true, maxlength: '128', pattern: '[A-Za-z0-9._@\\-]+', autocapitalize: 'none', autocomplete: 'off', spellcheck: 'false',
  });
  prompt(`New ${one}`, `Make the ${one}`, [
    field('Name', name, 'Letters, digits and . _ @ -'),
    h('p', { class: 'calm' }, kind === 'users' ? 'A password is made for it. What it may do is set next.' : 'What it gives is set next.'),
  ], () => mine((token) => writeDocument(kind, name.value, JSON.stringify(document), '', token)), () => trying(async () => {
    if (kind === 'users' && name.value !== 'anonymous') await resetPassword(name.value);
    location.hash = `#${kind}/${encodeURIComponent(name.value)}`;
  }));
}
