// Signs and verifies tokens with the npm package jose, and prints JSON.
//
//   sign <alg> <sub>              a new key: {"public", "plain", "named"}, its PEM and two
//                                 tokens, the second with its thumbprint as kid
//   verify <alg> <origin> <token> {"good", "thumbprint", "tampered", "private"}: the sub of the
//                                 token, by the keys that the origin shows; the thumbprint of the
//                                 key of its kid; the error of the token with another sub; and
//                                 what of private keys is shown
import { calculateJwkThumbprint, createRemoteJWKSet, decodeProtectedHeader, exportJWK, exportSPKI, generateKeyPair, jwtVerify, SignJWT } from 'jose'

async function sign (alg, sub) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const token = header => new SignJWT({ sub, rev: 0 }).setProtectedHeader({ alg, typ: 'JWT', ...header }).setExpirationTime('1h').sign(privateKey)
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey))
  return { public: await exportSPKI(publicKey), plain: await token({}), named: await token({ kid }) }
}

async function verify (alg, origin, token) {
  const url = new URL('/.well-known/jwks.json', origin)
  const keys = createRemoteJWKSet(url)
  const options = { algorithms: [alg], typ: 'JWT', requiredClaims: ['exp', 'rev'] }
  const { payload } = await jwtVerify(token, keys, options)
  const [header, claims, signature] = token.split('.')
  const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url')), sub: 'root' })).toString('base64url')
  const tampered = await jwtVerify([header, other, signature].join('.'), keys, options).then(() => 'accepted', error => error.message)
  const shown = (await (await fetch(url)).json()).keys
  const key = shown.find(key => key.kid === decodeProtectedHeader(token).kid)
  return {
    good: payload.sub,
    thumbprint: await calculateJwkThumbprint(key),
    tampered,
    private: shown.flatMap(key => Object.keys(key).filter(name => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].includes(name)))
  }
}

const [what, ...rest] = process.argv.slice(2)
console.log(JSON.stringify(await { sign, verify }[what](...rest)))
