// SPDX-License-Identifier: Apache-2.0
//
// openid_client.mjs ISSUER: a client of the drive that nobody here wrote. Prints one line of JSON for
// each thing that it did; ends with status 0 if all went as the standards say.
import * as client from 'openid-client'

const [issuer] = process.argv.slice(2)
const redirect = 'http://127.0.0.1:40123/callback'
const tell = (what, detail = {}) => console.log(JSON.stringify({ what, ...detail }))

const config = await client.discovery(new URL(issuer), 'imdrive', undefined, client.None(), {
  algorithm: 'oauth2',
  execute: [client.allowInsecureRequests],
})
config.timeout = 120
tell('discovered', { pkce: config.serverMetadata().supportsPKCE() })

async function authorize(parameters = {}) {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: 'files:read files:write',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    ...parameters,
  })
  const answer = await fetch(url, { redirect: 'manual' })
  return {
    status: answer.status,
    location: new URL(answer.headers.get('location')),
    checks: { pkceCodeVerifier: verifier, expectedState: state },
  }
}

async function fails(promise) {
  try {
    await promise
  } catch (error) {
    return error.error ?? error.code ?? error.message
  }
  throw new Error('that must not succeed')
}

async function me(tokens) {
  const url = new URL('/api/v1/me', issuer)
  const answer = await client.fetchProtectedResource(config, tokens.access_token, url, 'GET')
  return answer.json()
}

// Code and PKCE.
const first = await authorize()
const tokens = await client.authorizationCodeGrant(config, first.location, first.checks)
tell('code', {
  status: first.status,
  scope: tokens.scope,
  expires_in: tokens.expires_in,
  account: (await me(tokens)).account.name,
  registered: tokens.registered,
})

// The person says no; a request that is wrong.
const denied = await authorize({ provider: 'no' })
tell('denied', { error: await fails(client.authorizationCodeGrant(config, denied.location, denied.checks)) })
const wrong = await authorize({ scope: 'root' })
tell('wrong-scope', { error: await fails(client.authorizationCodeGrant(config, wrong.location, wrong.checks)) })

// An answer of another issuer is not taken (RFC 9207), nor another's verifier (RFC 7636).
const mixed = await authorize()
mixed.location.searchParams.set('iss', 'https://evil.example')
tell('mixed-up', { error: await fails(client.authorizationCodeGrant(config, mixed.location, mixed.checks)) })
const stolen = await authorize()
stolen.checks.pkceCodeVerifier = client.randomPKCECodeVerifier()
tell('stolen', { error: await fails(client.authorizationCodeGrant(config, stolen.location, stolen.checks)) })

// Rotation.
const second = await client.refreshTokenGrant(config, tokens.refresh_token)
const third = await client.refreshTokenGrant(config, second.refresh_token)
tell('refresh', {
  rotated: new Set([tokens, second, third].map((each) => each.refresh_token)).size,
  account: (await me(third)).account.name,
})

// A code that comes twice ends what it gave.
const twice = await authorize()
const once = await client.authorizationCodeGrant(config, twice.location, twice.checks)
await me(once)
tell('twice', {
  error: await fails(client.authorizationCodeGrant(config, twice.location, twice.checks)),
  after: await fails(client.refreshTokenGrant(config, once.refresh_token)),
})

// Another device.
const codes = await client.initiateDeviceAuthorization(config, { scope: 'files:read' })
await fetch(codes.verification_uri_complete)
const device = await client.pollDeviceAuthorizationGrant(config, codes)
tell('device', { scope: device.scope, account: (await me(device)).account.name })

// The end.
await client.tokenRevocation(config, third.refresh_token)
tell('revoked', {
  refresh: await fails(client.refreshTokenGrant(config, third.refresh_token)),
  access: (await fetch(new URL('/api/v1/me', issuer), {
    headers: { authorization: `Bearer ${third.access_token}` },
  })).status,
})
await client.tokenRevocation(config, 'no-token-at-all')
tell('done')
