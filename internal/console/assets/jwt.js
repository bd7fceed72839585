/**
 * A token, read as it stands. That it reads well says nothing about whether it
 * counts: that is for the door to say.
 */

/** From here on the door takes an exp for milliseconds. */
const MILLISECONDS_FROM = 1e11;

/** A token's header and claims, and when it begins and ends; an error says why it is none. */
export function decode(raw) {
  const parts = raw.split('.');
  if (parts.length !== 3) throw new Error(`A token has three parts with dots between them; this has ${parts.length}.`);
  const header = part(parts[0], 'header');
  const claims = part(parts[1], 'claims');
  return { header, claims, expires: time(claims.exp), begins: time(claims.nbf) };
}

function part(text, name) {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new Error(`The ${name} of this token is not base64url.`);
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (value && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch {
    // said below
  }
  throw new Error(`The ${name} of this token is not a JSON object.`);
}

/** The time that a claim names, in both units; null where there is none. */
function time(claim) {
  if (typeof claim !== 'number' || !Number.isFinite(claim)) return null;
  const inMilliseconds = claim >= MILLISECONDS_FROM;
  const ms = inMilliseconds ? claim : claim * 1000;
  return { ms, seconds: Math.floor(ms / 1000), unit: inMilliseconds ? 'milliseconds' : 'seconds' };
}

/** Why a token that reads well cannot count, as far as this machine can tell; empty when it might. */
export function objection(token, now) {
  const { header, claims, expires, begins } = token;
  if (header.alg === 'none') return 'It is not signed (its alg is none).';
  if (typeof claims.sub !== 'string') return 'It names no user (sub).';
  if (!expires) return 'It does not say when it ends (exp).';
  if (expires.ms <= now) return 'It has expired.';
  if (begins && begins.ms > now) return 'It does not count yet (nbf).';
  return '';
}
