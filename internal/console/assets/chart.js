/** Bars of an hour, a bar for each minute, in layers. */
import { h, s } from './dom.js';

const MINUTES = 60;
const LAYERS = 5;
const [WIDTH, HEIGHT, BASE] = [600, 120, 100];

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
    let y = BASE;
    return bar.map((n, k) => {
      const height = (n / most) * (BASE - 14);
      y -= height;
      return n > 0 && s('rect', { class: `layer${k}`, x: i * width + 1, y, width: width - 2, height: Math.max(height, 1.5) });
    });
  });
  const label = (x, y, anchor, words) => s('text', { x, y, 'text-anchor': anchor }, words);
  const names = keys.length > LAYERS ? [...keys.slice(0, LAYERS), 'others'] : keys;
  return h('figure', { class: 'chart' },
    s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${all} refusals in the last hour, at most ${most} in a minute` },
      s('line', { x1: 0, x2: WIDTH, y1: BASE, y2: BASE }), drawn,
      label(0, 10, 'start', `${most} in a minute`), label(0, HEIGHT - 4, 'start', 'an hour ago'), label(WIDTH, HEIGHT - 4, 'end', 'now')),
    h('figcaption', {}, names.map((name, k) => h('span', { class: `key layer${k}` }, name))));
}
