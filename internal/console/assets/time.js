/** Times and spans, as people read them. */

const UNITS = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]];

/** A span in milliseconds by its two greatest units, such as "23 h 59 min". */
export function span(ms) {
  let seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const n = Math.floor(seconds / size);
    seconds -= n * size;
    if (n > 0 || parts.length > 0) parts.push(`${n} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** All of a span down to its seconds, for what counts down. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const rest = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days} d ${rest}` : rest;
}

/** A moment in the reader's own time zone; a dash for none. */
export function moment(when) {
  const date = new Date(when);
  if (!when || Number.isNaN(date.getTime())) return '–';
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** The time of the day alone. */
export function ofDay(when) {
  return new Date(when).toLocaleTimeString(undefined, { timeStyle: 'medium' });
}
