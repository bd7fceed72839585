/**
 * The front door, asked by its own calls. The token goes in a header, and neither
 * cookies nor anything else that the browser has goes with it.
 */

const meta = (name) => document.querySelector(`meta[name="${name}"]`).content;

const here = location.pathname;
const authPath = meta('auth-path');

/** Where the site begins, also where another part of Caddy has taken a prefix away. */
export const root = here.endsWith(authPath) ? here.slice(0, -authPath.length) : '';

/** The header that takes a token; empty when the door takes none from a header. */
export const tokenHeader = meta('token-header');

/** The header's whole value for a token. */
export const headerValue = (token) => (tokenHeader === 'Authorization' ? `Bearer ${token}` : token);

/** The door's no, in its own words. */
export class Refused extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

async function call(url, token, options = {}) {
  const headers = { Accept: 'application/json', ...options.headers };
  if (token) headers[tokenHeader] = headerValue(token);
  let response;
  try {
    response = await fetch(url, { cache: 'no-store', credentials: 'omit', redirect: 'error', ...options, headers });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Refused(0, 'The door does not answer. Is the network there, and the server running?');
  }
  if (!response.ok) {
    const text = await response.text();
    throw new Refused(response.status, messageOf(text, response.status), response.headers.get('Retry-After'));
  }
  return response;
}

function messageOf(text, status) {
  try {
    const { message } = JSON.parse(text);
    if (typeof message === 'string' && message) return message;
  } catch {
    // a line of text
  }
  return text.trim().slice(0, 500) || `The door answers ${status}.`;
}

/** What an operation that is only looked at gives. */
export async function look(op, parameters = {}, token = '', signal = undefined) {
  const query = new URLSearchParams({ op, ...parameters });
  return (await call(`${here}?${query}`, token, { signal })).json();
}

/** Does an operation, with what it needs in the body. */
export async function act(op, body, token = '', parameters = {}) {
  const query = new URLSearchParams({ op, ...parameters });
  return (await call(`${here}?${query}`, token, {
    method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
  })).json();
}

const place = (kind, name) => `${root}/meta/auth/${kind}/${encodeURIComponent(name)}`;

/** A document of users or roles, and its tag. */
export async function readDocument(kind, name, token) {
  const response = await call(place(kind, name), token);
  return { text: await response.text(), tag: plainTag(response.headers.get('ETag')) };
}

/** The door's own tag, without what Caddy adds to it where it compresses. */
function plainTag(tag) {
  return (tag ?? '').replace(/^W\//, '').replace(/-[a-z]+"$/, '"');
}

/** Stores a document: in place of the one with the tag, or a new one where there is no tag. */
export async function writeDocument(kind, name, text, tag, token) {
  const condition = tag ? { 'If-Match': tag } : { 'If-None-Match': '*' };
  await call(place(kind, name), token, { method: 'POST', body: text, headers: { 'X-CM-Well-Type': 'File', ...condition } });
}

/** Deletes a document. */
export async function deleteDocument(kind, name, token) {
  await call(place(kind, name), token, { method: 'DELETE' });
}
