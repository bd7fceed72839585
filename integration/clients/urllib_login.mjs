// Logs in three times with one client: urllib_login.mjs basic|digest URL USER PASSWORD
//
// Prints one line for each call: the status, a space, and the body's first line.
import { HttpClient } from 'urllib';

const [scheme, url, user, password] = process.argv.slice(2);
const client = new HttpClient();
const credentials = `${user}:${password}`;
const how = scheme === 'digest' ? { digestAuth: credentials } : { auth: credentials };
for (let call = 0; call < 3; call++) {
  const answer = await client.request(url, { ...how, dataType: 'text', timeout: 50_000 });
  console.log(answer.status, answer.data.split('\n')[0]);
}
