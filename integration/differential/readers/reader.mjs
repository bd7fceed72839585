// What Node makes of request targets and bodies: one answer in JSON for each line.
// An empty line asks for what has been answered so far.
import readline from 'node:readline'
import path from 'node:path'
import querystring from 'node:querystring'
import url from 'node:url'

const attempt = (make) => { try { return make() } catch { return undefined } }

// Both splits of a raw query, as servers write them by hand.
const byHand = (raw, separator) => raw === '' ? [] : raw.split(separator).map((part) => {
	const [key, ...rest] = part.split('=')
	return [decodeURIComponent(key), decodeURIComponent(rest.join('='))]
})

const flat = (object) => Object.entries(object).flatMap(([key, values]) => [].concat(values).map((value) => [key, value]))

// One name for each reading that differs from those before.
function different(readings) {
	const seen = new Set()
	return Object.fromEntries(Object.entries(readings).filter(([, value]) => {
		const text = JSON.stringify(value)
		return text !== undefined && !seen.has(text) && seen.add(text)
	}))
}

function target(t) {
	const whole = attempt(() => new URL(t, 'http://store'))
	const joined = attempt(() => new URL('http://store' + t))
	const legacy = attempt(() => url.parse(t))
	const slashes = attempt(() => url.parse(t, true, true))
	const mark = t.indexOf('?')
	const before = mark < 0 ? t : t.slice(0, mark)
	const after = mark < 0 ? '' : t.slice(mark + 1)
	const sent = {
		'URL': whole?.pathname,
		'URL behind a host': joined?.pathname,
		'url.parse': legacy?.pathname,
		'url.parse, slashesDenoteHost': slashes?.pathname,
		'all before ?': before,
	}
	// As it is sent, no path is read yet: it is decoded first.
	const paths = {}
	for (const [name, read] of Object.entries(sent)) {
		if (read === undefined || read === null) continue
		const decoded = attempt(() => decodeURIComponent(read))
		paths[name + ', decoded'] = decoded
		paths[name + ', unescaped'] = querystring.unescape(read)
		if (decoded === undefined) continue
		paths[name + ', decoded, normalize'] = path.posix.normalize(decoded)
		paths[name + ', decoded, win32.normalize'] = path.win32.normalize(decoded).replaceAll('\\', '/')
	}
	const queries = {
		'URL.searchParams': whole && [...whole.searchParams],
		'URLSearchParams of all behind ?': [...new URLSearchParams(after)],
		'querystring.parse': flat(querystring.parse(after)),
		'url.parse(…, true).query': slashes && flat(slashes.query),
		'querystring.parse of url.parse': legacy && flat(querystring.parse(legacy.query ?? '')),
		'split at &': attempt(() => byHand(after, '&')),
		'split at & and ;': attempt(() => byHand(after, /[&;]/)),
	}
	return { p: different(paths), q: different(queries) }
}

const textsOf = {
	u: ['digest', 'digest2', 'digest2_sha256', 'email', 'first', 'last'],
	r: [],
	b: ['username', 'password'],
}

// UTF-8 has no half of a surrogate pair: whoever finds one refuses.
function whole(found) {
	JSON.stringify(found, (_, value) => {
		if (typeof value === 'string' && !value.isWellFormed()) throw new Error('half a pair')
		return value
	})
	return found
}

// What a store or a log takes from a body.
function members(kind, d) {
	const found = { texts: Object.fromEntries(textsOf[kind].map((name) => [name, d[name] ?? ''])) }
	if (kind === 'b') return found
	found.paths = (d.paths ?? []).map((p) => [p.id, p.sign, String(p.recursive ?? false), p.permissions].join(' '))
	found.operations = d.operations ?? []
	if (kind === 'u') Object.assign(found, { roles: d.roles ?? [], rev: String(d.rev ?? 0) })
	return found
}

const inSmallLetters = (name, value) => value === null || Array.isArray(value) || typeof value !== 'object' ? value
	: Object.fromEntries(Object.entries(value).map(([key, of]) => [key.toLowerCase(), of]))

function body(kind, bytes) {
	const readings = {
		'JSON.parse of toString': () => JSON.parse(bytes.toString()),
		'JSON.parse of TextDecoder': () => JSON.parse(new TextDecoder().decode(bytes)),
		'JSON.parse of TextDecoder, fatal': () => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
		'JSON.parse, names in small letters': () => JSON.parse(bytes.toString(), inSmallLetters),
	}
	return different(Object.fromEntries(Object.entries(readings).map(([name, read]) => [name, attempt(() => whole(members(kind, read()))) ?? null])))
}

function answer(line) {
	const rest = line.slice(2)
	switch (line[0]) {
	case 't': return target(rest)
	case 'l': return { l: { 'split at lines': JSON.parse(rest).split(/\r?\n/), 'split at ^': JSON.parse(rest).split(/^/m).map((s) => s.trim()) } }
	case 'u': case 'r': case 'b': return { b: body(line[0], Buffer.from(rest, 'base64')) }
	}
	return {}
}

process.removeAllListeners('warning') // url.parse is deprecated, and in use
let answers = []
for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
	if (line !== '') {
		answers.push(JSON.stringify(attempt(() => answer(line)) ?? {}))
		continue
	}
	process.stdout.write(answers.map((a) => a + '\n').join(''))
	answers = []
}
