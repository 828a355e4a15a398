// SPDX-License-Identifier: Apache-2.0
// `oauth2-mock-server`, which signs whatever it is told to. Each line of standard input names what
// the next tokens are like; each is answered with a line. Prints its issuer first.
import { OAuth2Server } from 'oauth2-mock-server';
import readline from 'node:readline';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, 'localhost');
let forge = 'nothing';
let nonce;

const forgeries = {
  nothing: () => {},
  iss: (token) => { token.payload.iss = 'https://evil.example'; },
  'iss-slash': (token) => { token.payload.iss += '/'; },
  aud: (token) => { token.payload.aud = 'another'; },
  'aud-list': (token) => { token.payload.aud = ['client-1', 'another']; },
  azp: (token) => { token.payload.azp = 'another'; },
  expired: (token) => { token.payload.exp = token.payload.iat - 3600; },
  'no-exp': (token) => { delete token.payload.exp; },
  future: (token) => { token.payload.iat += 3600; },
  'not-before': (token) => { token.payload.nbf = token.payload.iat + 3600; },
  nonce: (token) => { token.payload.nonce = 'another'; },
  'no-nonce': (token) => { delete token.payload.nonce; },
  'no-sub': (token) => { delete token.payload.sub; },
  'at-hash': (token) => { token.payload.at_hash = 'AAAAAAAAAAAAAAAAAAAAAA'; },
  kid: (token) => { token.header.kid = 'unknown'; },
  typ: (token) => { token.header.typ = 'at+jwt'; },
};

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const rewrite = {
  none: (token) => `${part({ alg: 'none' })}.${token.split('.')[1]}.`,
  'none-signed': (token) => [part({ alg: 'none' }), ...token.split('.').slice(1)].join('.'),
  payload: (token) => {
    const [head, body, mark] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url'));
    return [head, part({ ...claims, sub: 'admin' }), mark].join('.');
  },
  missing: () => undefined,
};

server.service.on('beforeAuthorizeRedirect', (redirect, request) => {
  nonce = new URL(request.url, 'http://localhost').searchParams.get('nonce');
});
server.service.on('beforeTokenSigning', (token) => {
  // An access token has no aud of ours; only what says aud is an id_token.
  if (token.payload.aud !== 'client-1') {
    return;
  }
  token.payload.nonce = nonce;
  (forgeries[forge] ?? (() => {}))(token);
});
server.service.on('beforeResponse', (response) => {
  if (rewrite[forge] && response.body.id_token) {
    response.body.id_token = rewrite[forge](response.body.id_token);
  }
});
server.service.on('beforeUserinfo', (response) => {
  response.body = { sub: forge === 'userinfo' ? 'somebody-else' : 'johndoe', name: 'John' };
});

console.log(server.issuer.url);
for await (const line of readline.createInterface({ input: process.stdin })) {
  forge = line;
  console.log(forge);
}
process.exit(0);
