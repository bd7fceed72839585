/** The paths of a user or role, as a table to edit. */
import { button, choice, h } from './dom.js';

/** The table, and what its rows are now. Members of an entry that it does not show stay. */
export function pathsEditor(before) {
  const body = h('tbody', {});
  const rows = [];
  const none = h('p', { class: 'calm' }, 'There are no entries: nothing is allowed by them.');
  const heads = ['Path', 'Sign', 'Level', 'Below', ''].map((words) => h('th', { scope: 'col' }, words || h('span', { class: 'unseen' }, 'Remove')));
  const listed = h('div', { class: 'scroll', role: 'region', 'aria-label': 'Paths', tabindex: '0' },
    h('table', { class: 'edit' }, h('thead', {}, h('tr', {}, heads)), body));
  const show = () => {
    body.replaceChildren(...rows.map((r) => r.element));
    none.hidden = rows.length > 0;
    listed.hidden = rows.length === 0;
  };
  const add = (entry) => {
    const made = row(entry, () => {
      rows.splice(rows.indexOf(made), 1);
      show();
    });
    rows.push(made);
    return made;
  };
  before.forEach(add);
  show();
  return {
    element: h('div', {},
      listed, none,
      h('div', { class: 'actions' }, button('Add a path', () => {
        const { path } = add({ id: '', sign: '+', recursive: true, permissions: 'rw' });
        show();
        path.focus();
      }))),
    entries: () => rows.map((r) => r.entry()),
  };
}

function row(entry, remove) {
  const path = h('input', {
    'aria-label': 'Path', value: entry.id, required: true, pattern: '/.*', placeholder: '/example.org', autocapitalize: 'none', spellcheck: 'false', class: 'path',
  });
  const sign = choice(entry.sign, [['+', 'allow'], ['-', 'deny']], { 'aria-label': 'Sign' });
  const level = choice(entry.permissions === 'wr' ? 'rw' : entry.permissions, [['r', 'read'], ['w', 'write'], ['rw', 'read and write']], { 'aria-label': 'Level' });
  const below = choice(String(Boolean(entry.recursive)), [['true', 'and all below'], ['false', 'this path alone']], { 'aria-label': 'Below' });
  return {
    path,
    element: h('tr', {}, [path, sign, level, below, button('Remove', remove, { class: 'quiet' })].map((control) => h('td', {}, control))),
    entry: () => ({ ...entry, id: path.value, sign: sign.value, recursive: below.value === 'true', permissions: level.value }),
  };
}
