/** Bars of an hour, a bar for each minute, in layers. */
import { h, s } from './dom.js';

const MINUTES = 60;
const LAYERS = 5;
const [WIDTH, HEIGHT] = [600, 100];

/**
 * The chart of counts, each with its minute (at) and the key of its layer. Keys are
 * from the greatest to the least; those beyond the first few are one layer.
 */
export function chart(counts, keys, now) {
  const last = Math.floor(Date.parse(now) / 60_000);
  const layer = (key) => Math.min(keys.indexOf(key), LAYERS);
  const bars = Array.from({ length: MINUTES }, () => new Array(LAYERS + 1).fill(0));
  for (const { at, key, count } of counts) {
    const i = MINUTES - 1 - (last - Math.floor(Date.parse(at) / 60_000));
    if (i >= 0 && i < MINUTES) bars[i][layer(key)] += count;
  }
  const total = (bar) => bar.reduce((a, b) => a + b, 0);
  const most = Math.max(1, ...bars.map(total));
  const all = bars.reduce((sum, bar) => sum + total(bar), 0);
  const width = WIDTH / MINUTES;
  const drawn = bars.flatMap((bar, i) => {
    let y = HEIGHT;
    return bar.map((n, k) => {
      const height = (n / most) * HEIGHT;
      y -= height;
      return n > 0 && s('rect', { class: `layer${k}`, x: i * width + 1, y, width: width - 2, height: Math.max(height, 1.5) });
    });
  });
  const names = keys.length > LAYERS ? [...keys.slice(0, LAYERS), 'others'] : keys;
  return h('figure', { class: 'chart' },
    h('small', {}, `${most} in a minute`),
    s('svg', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `${all} refusals in the last hour, at most ${most} in a minute`,
    }, drawn),
    h('div', { class: 'axis' }, h('small', {}, 'an hour ago'), h('small', {}, 'now')),
    h('figcaption', {}, names.map((name, k) => h('span', { class: `key layer${k}` }, name))));
}
