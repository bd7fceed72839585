// Walks through the console in a headless Chromium: console.mjs SETTINGS, which is
// JSON: chromium, profile, url (of the console), shots (a folder for pictures, or empty),
// and the users that the walks need.
//
// Prints one line of JSON for each walk: its name, how long it took in milliseconds,
// and what was wrong.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { walks } from './console_walks.mjs';

const settings = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

const context = await chromium.launchPersistentContext(settings.profile, {
  executablePath: settings.chromium,
  headless: true,
  chromiumSandbox: false,
  timeout: 50_000,
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
  reducedMotion: 'reduce',
  locale: 'en-GB',
  permissions: ['clipboard-read', 'clipboard-write'],
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-proxy-server',
  ],
});

// What the page must never do.
const complaints = [];
await context.exposeBinding('complain', (_, words) => complaints.push(words));
await context.addInitScript(() => {
  document.addEventListener('securitypolicyviolation', (e) => window.complain(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  window.addEventListener('error', (e) => window.complain(`error: ${e.message}`));
  window.addEventListener('unhandledrejection', (e) => window.complain(`rejection: ${e.reason}`));
});

const page = await context.newPage();
page.setDefaultTimeout(15_000);
page.on('request', (r) => {
  const url = new URL(r.url());
  if (url.origin !== new URL(settings.url).origin) complaints.push(`a request to ${url.origin}`);
  if (/ey[A-Za-z0-9_-]+\.ey/.test(r.url())) complaints.push('a token in a URL');
});

/** Keeps a picture of the view, where pictures are wanted. */
async function shoot(name) {
  if (settings.shots) await page.screenshot({ path: `${settings.shots}/${name}.png`, fullPage: true });
}

/** Looks at the view as it is: light and dark, wide and narrow, with axe and for people. */
async function inspect(name) {
  for (const [width, colorScheme] of [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']]) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) complaints.push(`${name}: ${wide} pixels wide on a screen of ${width}`);
    await shoot(`${name}-${width}-${colorScheme}`);
    if (width === 390 && colorScheme === 'light') continue; // as in the dark, but for the colours, which the wide one has
    await audit(`${name} at ${width} pixels, ${colorScheme}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** Has axe look. It runs beside the page's policy, by the debugger. */
async function audit(what) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), WCAG);
  for (const v of found.violations) {
    complaints.push(`${what}: ${v.id}, ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.html} ${n.failureSummary}`).join(' | ')}`);
  }
}

try {
  for (const [name, walk] of walks) {
    const began = Date.now();
    let wrong = '';
    try {
      await walk({ page, context, settings, inspect });
    } catch (e) {
      wrong = e.stack;
      await shoot('failed');
    }
    const all = [wrong, ...complaints.splice(0)].filter(Boolean);
    console.log(JSON.stringify({ name, ms: Date.now() - began, wrong: all.join('\n') }));
    if (wrong) break; // the next walks begin where this one ends
  }
} finally {
  await context.close();
}
