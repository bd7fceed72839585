// Logs in three times with one client: digest_fetch_login.mjs MD5|SHA-256|basic URL USER PASSWORD
//
// Prints one line for each call: the status, a space, and the body's first line.
import { DigestClient } from 'digest-fetch';

const [scheme, url, user, password] = process.argv.slice(2);
const client = new DigestClient(user, password, scheme === 'basic' ? { basic: true } : { algorithm: scheme });
for (let call = 0; call < 3; call++) {
  const answer = await client.fetch(url, { signal: AbortSignal.timeout(50_000) });
  console.log(answer.status, (await answer.text()).split('\n')[0]);
}
