// SPDX-License-Identifier: Apache-2.0
// The certified OpenID provider `oidc-provider`: PKCE required, iss announced, names in userinfo only.
// One client has a secret, the other none. Arguments: redirect URIs. Prints its issuer. Environment:
// PICTURE, where everybody's picture is.
import http from 'node:http';
import Provider from 'oidc-provider';

const server = http.createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'client-1', client_secret: '0123456789abcdef0123456789abcdef',
    redirect_uris: process.argv.slice(2), grant_types: ['authorization_code'],
    response_types: ['code'],
  }, {
    client_id: 'imdrive', token_endpoint_auth_method: 'none', redirect_uris: process.argv.slice(2),
    grant_types: ['authorization_code'], response_types: ['code'],
  }],
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'picture'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, name: 'Alice', preferred_username: 'alice', picture: process.env.PICTURE,
    }),
  }),
});
server.on('request', provider.callback());
console.log(issuer);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
