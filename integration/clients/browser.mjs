// Opens a page in a headless Chromium: browser.mjs CHROMIUM PROFILE URL [USER PASSWORD]
//
// With a user and a password the browser answers the challenges of the page's
// server with them. Prints one line of JSON: the status of the page, its
// challenges, the text that a reader sees, and why there is no page.
import { chromium } from 'playwright-core';

const [executablePath, profile, url, username, password] = process.argv.slice(2);
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  chromiumSandbox: false,
  timeout: 50_000,
  httpCredentials: username ? { username, password } : undefined,
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-proxy-server',
  ],
});
try {
  const page = await context.newPage();
  const found = { status: 0, challenges: [], text: '', error: '' };
  try {
    const response = await page.goto(url, { timeout: 50_000 });
    const headers = await response.headersArray();
    found.status = response.status();
    found.challenges = headers.filter((h) => h.name.toLowerCase() === 'www-authenticate').map((h) => h.value);
    found.text = await page.evaluate(() => document.body.innerText);
  } catch (e) {
    found.error = e.message;
  }
  console.log(JSON.stringify(found));
} finally {
  await context.close();
}
