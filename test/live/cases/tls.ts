import { INTERMEDIATE, LEAF } from '../../../rules/tls/_pem-examples.ts'
import { generateKeyPairSync } from 'node:crypto'
import { LEAF_KEY, ROOT } from '../test-authority.ts'
import { spawnSync } from 'node:child_process'
import { checkServerIdentity, connect, type SecureVersion } from 'node:tls'
import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'tls/key-unreadable',
    examples: { bad: 'the key of gunicorn', good: 'a copy' },
    shows: 'gunicorn cannot read the key, and nginx answers 502',
    request: { url: 'http://example.org/' },
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('does not exist'),
    sound: ({ response }) => response.status === 200 && response.body === 'shop',
  },
  {
    rule: 'tls/backend-asks-certificate',
    examples: { bad: 'required of nginx too', good: 'a certificate of nginx' },
    shows: 'the backend breaks the handshake off',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/index.html' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.status !== 502 && response.status > 0,
  },
  {
    rule: 'tls/client-ca-public',
    shows: 'whoever has a certificate of a public authority gets in',
    examples: { bad: 'the bundle of the system', good: 'an authority of one’s own' },
    files: {
      'etc/ssl/certs/ca-certificates.crt': ROOT,
      'etc/ssl/clients.pem': pairFor('clients')['etc/ssl/site.pem'] ?? '',
    },
    request: { url: 'https://example.org/' },
    harm: async () => (await askWith({ 'etc/ssl/site.pem': PUBLIC })).includes('staff'),
    sound: async () => (await askWith({ 'etc/ssl/site.pem': PUBLIC })).includes(' 400 '),
  },
  {
    rule: 'tls/apache-sni-mismatch',
    examples: { bad: 'no name in the handshake', good: 'the name of the request' },
    shows: 'the second site of the port is refused',
    files: { '/srv/example.org/page.txt': 'page' },
    request: { url: 'http://example.org/page.txt' },
    harm: ({ response }) => response.status === 421,
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'tls/apache-sni-mismatch',
    examples: { bad: 'the name of another site', good: 'the first site of the port' },
    shows: 'so it is where another site is named',
    files: { '/srv/example.org/page.txt': 'page' },
    request: { url: 'http://example.org/page.txt' },
    harm: ({ response }) => response.status === 421,
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'tls/client-ca-missing',
    shows: 'every handshake fails',
    examples: { bad: 'required', good: 'an authority is named' },
    request: { url: 'https://example.org/' },
    harm: ({ refused, response }) => refused.apache === null && response.status === 0,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'tls/acme-challenge-not-served',
    shows: 'the file of the challenge asks for a password',
    examples: {
      bad: 'Apache asks for a password everywhere',
      good: 'Apache asks for a password, but not for the challenge',
    },
    files: { 'srv/www/.well-known/acme-challenge/token': 'token.thumbprint' },
    request: { url: 'http://example.org/.well-known/acme-challenge/token' },
    harm: ({ response }) => response.status === 401,
    sound: ({ response }) => response.body === 'token.thumbprint',
  },
  {
    rule: 'tls/key-with-passphrase',
    examples: { bad: 'in nginx', good: 'the passphrase is in a file' },
    shows: 'nginx does not start',
    request: { url: 'https://example.org/' },
    harm: ({ refused }) => refused.nginx !== null && /password|pass phrase|PEM_/i.test(refused.nginx),
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'tls/key-with-passphrase',
    shows: 'nor does Apache',
    examples: { bad: 'in Apache', good: 'a program tells it' },
    request: { url: 'https://example.org/' },
    harm: ({ response, logNow }) => response.status === 0 && logNow().includes('AH02564'),
    sound: ({ response }) => response.status !== 0,
  },
  {
    rule: 'tls/backend-not-verified',
    examples: { bad: 'the authority alone', good: 'checked' },
    shows: 'a certificate of somebody else will do',
    files: { 'srv/tls/another-authority.pem': ROOT },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.body === 'api',
    sound: ({ response, log }) => response.status === 502 && log.includes('certificate verify error'),
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'the handshake fails on the port of TLS',
    examples: {
      bad: 'a certificate, and TLS is not on',
      good: 'port 443, where httpd turns TLS on by itself, and a port of which Listen says it',
    },
    request: { url: 'https://example.org:8443/' },
    harm: ({ refused, response }) => refused.apache === null && response.status === 0,
    sound: ({ response }) => response.status > 0,
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'the handshake fails where Listen has another address',
    examples: {
      bad: 'port 443 with another address than Listen has',
      good: 'port 443, where httpd turns TLS on by itself, and a port of which Listen says it',
    },
    request: { url: 'https://example.org/' },
    harm: ({ refused, response }) => refused.apache === null && response.status === 0,
    sound: ({ response }) => response.status > 0,
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'the handshake fails for the site with TLS, too',
    examples: {
      bad: 'the first virtual host of the port, before one with TLS',
      good: 'a later virtual host, for which the first one has made the handshake',
    },
    request: { url: 'https://www.example.org/' },
    harm: ({ refused, response }) => refused.apache === null && response.status === 0,
    sound: ({ response }) => response.status > 0,
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'the handshake fails where no certificate is set',
    examples: {
      bad: 'no certificate, on the port to which the other virtual host redirects',
      good: 'each on its port',
    },
    request: { url: 'https://example.org/' },
    harm: ({ refused, response }) => refused.apache === null && response.status === 0,
    sound: ({ response }) => response.status > 0,
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'plain HTTP is a bad request on port 80',
    examples: { bad: 'TLS on port 80', good: 'each on its port' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 301,
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'plain HTTP is a bad request on port 80 of a virtual host of both ports',
    examples: {
      bad: 'TLS in a virtual host of both ports',
      good: 'TLS in a virtual host of both ports, behind the first one of port 80',
    },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status > 0 && response.status !== 400,
  },
  {
    rule: 'tls/sslengine-port-mismatch',
    shows: 'plain HTTP is a bad request on port 80, which inherits',
    examples: {
      bad: 'TLS for all virtual hosts, of which one is for port 80',
      good: 'TLS for all virtual hosts, and not for that of port 80',
    },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 301,
  },
  {
    rule: 'tls/backend-proxied-over-tls-to-plain',
    examples: { bad: 'https to a plain virtual host', good: 'both plain' },
    shows: 'nginx answers 502 while both servers call their configuration good',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/index.html' },
    harm: ({ response, refused }) =>
      response.status === 502 && refused.nginx === null && refused.apache === null,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'tls/listen-without-ssl',
    examples: { bad: 'a certificate and no ssl', good: 'with ssl' },
    shows: 'the TLS handshake fails',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.failure !== null,
    sound: ({ response }) => response.failure === null,
  },
  {
    rule: 'tls/ssl-on-hits-plain-listen',
    examples: { bad: 'both ports in one server', good: 'TLS on one socket' },
    shows: 'port 80 answers plain HTTP with 400',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status !== 400,
  },
  {
    rule: 'tls/ssl-on-port-80',
    examples: { bad: 'both ports alike', good: 'plain HTTP on port 80' },
    shows: 'port 80 answers plain HTTP with 400',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'tls/ssl-on-deprecated',
    examples: { bad: 'the directive of nginx 0.7', good: 'TLS as a property of the socket' },
    shows: 'nginx warns whenever it reads its configuration',
    request: { url: 'https://example.org/' },
    harm: () =>
      spawnSync('nginx', ['-t'], { encoding: 'utf8' }).stderr.includes('the "ssl" directive is deprecated'),
  },
  {
    rule: 'tls/weak-protocol',
    examples: { bad: 'a list from another decade', good: 'today’s two' },
    shows: 'a client that knows nothing newer than TLS 1.0 is served',
    request: { url: 'https://example.org/' },
    harm: async ({ refused }) => refused.nginx === null && (await speaks('TLSv1')),
    sound: async ({ refused }) =>
      refused.nginx === null && !(await speaks('TLSv1')) && (await speaks('TLSv1.2')),
  },
  {
    rule: 'tls/cert-name-mismatch',
    examples: { bad: 'www, which nobody ordered', good: 'the name' },
    shows: 'a client that checks names gives up on the certificate',
    // Made when it is asked for, as whoever only counts the cases needs no certificate.
    get files() {
      return pairFor('example.org')
    },
    request: { url: 'https://example.org/' },
    harm: async ({ refused }) => refused.nginx === null && !(await isCertified('www.example.org')),
    sound: async ({ refused }) => refused.nginx === null && (await isCertified('example.org')),
  },
  {
    rule: 'tls/key-world-readable',
    examples: { bad: 'readable by all', good: 'root alone' },
    shows: 'a user of the machine without any right of its own reads the key',
    request: { url: 'https://example.org/' },
    harm: () => readsAsNobody('/etc/ssl/private/site.key'),
  },
  {
    rule: 'tls/backend-name-unverifiable',
    examples: { bad: 'an address', good: 'the name of the certificate' },
    shows: 'no certificate fits the address',
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) =>
      response.status === 502 && log.includes('upstream SSL certificate does not match "127.0.0.1"'),
    sound: ({ response }) => response.body === 'api',
  },
  {
    rule: 'tls/backend-name-unverifiable',
    shows: 'no certificate has the name of the upstream',
    examples: { bad: 'the name of an upstream', good: 'the name of the certificate' },
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) =>
      response.status === 502 && log.includes('upstream SSL certificate does not match "api"'),
    sound: ({ response }) => response.body === 'api',
  },
  {
    rule: 'tls/backend-name-unverifiable',
    shows: 'nginx compares the name in proxy_pass with those of the certificate',
    examples: { bad: 'a name that the certificate does not have', good: 'the name that the certificate has' },
    hosts: { 'console.internal': '127.0.0.1', 'example.org': '127.0.0.1' },
    files: { 'etc/ssl/site.key': LEAF_KEY, 'etc/ssl/site.pem': `${LEAF}${INTERMEDIATE}${ROOT}` },
    request: { url: 'http://example.org/' },
    harm: ({ response, log }) =>
      response.status === 502 && log.includes('upstream SSL certificate does not match "console.internal"'),
    sound: ({ log }) => !log.includes('upstream SSL certificate does not match'),
  },
  {
    rule: 'tls/backend-name-unverifiable',
    shows: 'Apache checks the name of the certificate without being asked',
    examples: { bad: 'an address in Apache', good: 'the name of the certificate in Apache' },
    hosts: { 'example.org': '127.0.0.1' },
    files: { 'etc/ssl/site.key': LEAF_KEY },
    request: { url: 'http://shop.example.net/' },
    harm: ({ response, log }) =>
      response.status >= 500 && log.includes('Error during SSL Handshake with remote server'),
    sound: ({ response }) => response.body === 'console',
  },
  {
    rule: 'tls/backend-name-unverifiable',
    shows: 'with ProxyPreserveHost it is the name of the request',
    examples: {
      bad: 'the name of the request, which Apache keeps',
      good: 'the name of the certificate in Apache',
    },
    hosts: { 'example.org': '127.0.0.1' },
    files: { 'etc/ssl/site.key': LEAF_KEY },
    request: { url: 'http://shop.example.net/' },
    harm: ({ response, log }) =>
      response.status >= 500 && log.includes('Error during SSL Handshake with remote server'),
    sound: ({ response }) => response.body === 'console',
  },
  {
    rule: 'tls/protocols-of-default-server',
    examples: { bad: 'a server for TLS 1.3 alone', good: 'in the default server' },
    shows: 'a handshake in another version of TLS',
    request: { url: 'http://example.org:443/' },
    harm: () => speaks('TLSv1.2'),
    sound: async () => (await speaks('TLSv1.3')) && !(await speaks('TLSv1.2')),
  },
  {
    rule: 'tls/hsts-missing',
    examples: { bad: 'a site of files', good: 'sent by nginx' },
    shows: 'the answer carries no Strict-Transport-Security',
    request: { url: 'https://example.org/' },
    harm: ({ response }) =>
      response.status !== 0 && response.headers['strict-transport-security'] === undefined,
  },
  {
    rule: 'tls/hsts-missing',
    shows: 'a header of the location drops the one of the server',
    examples: { bad: 'a location whose own header drops it', good: 'sent by nginx' },
    request: { url: 'https://example.org/' },
    harm: ({ response }) =>
      response.status !== 0 && response.headers['strict-transport-security'] === undefined,
  },
  {
    rule: 'tls/acme-challenge-not-served',
    examples: { bad: 'hidden files are denied', good: 'a location for the challenge' },
    shows: 'the file of the challenge is refused',
    files: { 'srv/www/.well-known/acme-challenge/token': 'token.thumbprint' },
    request: { url: 'http://example.org/.well-known/acme-challenge/token' },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'token.thumbprint',
  },
  ...[
    {
      bad: 'an application gets all requests',
      good: 'a location for the challenge',
      shows: 'the application answers',
      mirrors: [9000],
    },
    {
      bad: 'another root',
      good: 'a location for the challenge',
      shows: 'nginx looks in another directory',
      mirrors: [],
    },
    {
      bad: 'another server has port 80',
      good: 'a location for the challenge',
      shows: 'another server has port 80, and closes the connection',
      mirrors: [],
    },
    {
      bad: 'Apache sends everything to an application',
      good: 'excluded from what Apache proxies',
      shows: 'Apache sends the challenge to the application',
      mirrors: [9000],
    },
    {
      bad: 'mod_wsgi takes every path, and a script names the webroot',
      good: 'mod_wsgi takes every path but that of the challenge, and a script names the webroot',
      shows: 'the application of mod_wsgi answers',
      mirrors: [],
    },
    {
      bad: 'Apache denies hidden files',
      good: 'excluded from what Apache proxies',
      shows: 'Apache denies what begins with a dot',
      mirrors: [9000],
    },
  ].map(
    ({ bad, good, shows, mirrors }): LiveCase => ({
      rule: 'tls/acme-challenge-not-served',
      shows,
      examples: { bad, good },
      mirrors,
      files: { 'srv/www/.well-known/acme-challenge/token': 'token.thumbprint' },
      request: { url: 'http://example.org/.well-known/acme-challenge/token' },
      harm: ({ response, refused }) =>
        response.body !== 'token.thumbprint' && refused.nginx === null && refused.apache === null,
      sound: ({ response }) => response.body === 'token.thumbprint',
    }),
  ),
  ...[
    ['an alias to the webroot itself', 'an alias to the directory of the challenges', 'nginx'],
    [
      'an Alias of Apache to the webroot itself',
      'an Alias of Apache to the directory of the challenges',
      'Apache',
    ],
  ].map(
    ([bad = '', good = '', server = '']): LiveCase => ({
      rule: 'tls/acme-challenge-not-served',
      shows: `${server} looks for the file in the webroot itself`,
      examples: { bad, good },
      files: { 'srv/acme/.well-known/acme-challenge/token': 'token.thumbprint' },
      request: { url: 'http://shop.example.org/.well-known/acme-challenge/token' },
      harm: ({ response }) => response.status === 404,
      sound: ({ response }) => response.body === 'token.thumbprint',
    }),
  ),
  {
    rule: 'tls/upstream-server-name-off',
    shows: 'the host refuses the handshake',
    examples: { bad: 'a host that takes no other name', good: 'the name is sent to it' },
    hosts: { 'api.example.com': '127.0.0.1' },
    request: { url: 'http://example.org/api/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.body === 'api',
  },
  {
    rule: 'tls/upstream-server-name-off',
    shows: 'the host refuses the name of the upstream',
    examples: { bad: 'an upstream, by a name of its own', good: 'an upstream, and the name of its host' },
    hosts: { 'api.example.com': '127.0.0.1' },
    request: { url: 'http://example.org/api/' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.body === 'api',
  },
  {
    rule: 'tls/hsts-not-always',
    examples: { bad: 'beside a redirect', good: 'always' },
    shows: 'a redirect lacks the header',
    request: { url: 'http://example.org:443/' },
    harm: ({ response }) =>
      response.status === 301 && response.headers['strict-transport-security'] === undefined,
    sound: ({ response }) =>
      response.status === 301 && response.headers['strict-transport-security'] !== undefined,
  },
  {
    rule: 'tls/chain-missing',
    shows: 'a client that has the root alone refuses the connection',
    examples: {
      bad: 'the intermediate in a file of its own, as authorities send it',
      good: 'both in one file',
    },
    files: { 'etc/ssl/site.key': LEAF_KEY },
    request: { url: 'https://example.org/', trust: ROOT },
    harm: ({ response }) => response.failure === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'tls/chain-broken',
    examples: { bad: 'the intermediate of another authority', good: 'a chain' },
    shows: 'with the intermediate of another authority a client finds no way to its root',
    files: { 'etc/ssl/site.key': LEAF_KEY },
    request: { url: 'https://example.org/', trust: ROOT },
    harm: ({ response }) => response.failure === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'tls/chain-broken',
    shows: 'nginx refuses a file that begins with the intermediate',
    examples: { bad: 'the intermediate first', good: 'a chain' },
    files: { 'etc/ssl/site.key': LEAF_KEY },
    request: { url: 'https://example.org/', trust: ROOT },
    harm: ({ refused }) => refused.nginx?.includes('key values mismatch') === true,
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'tls/chain-missing',
    shows: 'the file that certbot writes for one certificate is not enough, and the one beside it is',
    examples: { bad: 'in nginx', good: 'both in one file' },
    files: {
      'etc/letsencrypt/live/example.org/cert.pem': LEAF,
      'etc/letsencrypt/live/example.org/fullchain.pem': LEAF + INTERMEDIATE,
      'etc/letsencrypt/live/example.org/privkey.pem': LEAF_KEY,
      'etc/ssl/site.key': LEAF_KEY,
    },
    request: { url: 'https://example.org/', trust: ROOT },
    harm: ({ response }) => response.failure === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    sound: ({ response }) => response.status > 0,
  },
  {
    rule: 'tls/client-certificate-not-asked',
    examples: { bad: 'asked, and let in without', good: 'asked for it' },
    shows: 'a client without a certificate gets the page',
    files: { '/srv/www/index.html': 'page' },
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.body === 'page',
    sound: ({ response }) => response.status === 400,
  },
  {
    rule: 'tls/client-certificate-not-asked',
    shows: 'a name that somebody wrote into a certificate of their own is handed on',
    examples: { bad: 'a name that anybody may write into a certificate', good: 'asked for it' },
    files: { '/srv/www/index.html': 'page' },
    mirrors: [9000],
    request: { url: 'https://example.org/' },
    harm: async () => (await askWith(pairFor('root'))).includes('CN=root'),
    sound: async () => (await askWith(pairFor('root'))).includes(' 400 '),
  },
  {
    rule: 'tls/client-certificate-not-asked',
    examples: { bad: 'Apache asks, and lets in without', good: 'Apache requires it' },
    shows: 'Apache serves the page to a client without a certificate',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status !== 200,
  },
  {
    rule: 'tls/client-certificate-asked-before',
    examples: { bad: 'a location', good: 'asked in the handshake, and demanded for the rest' },
    shows: 'a client without a certificate gets no answer where none is asked for',
    request: { url: 'https://example.org/metrics/' },
    harm: ({ response }) => response.status !== 200,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'tls/client-certificate-after-handshake',
    examples: { bad: 'in a location', good: 'TLS 1.2 alone' },
    shows: 'a client that offers nothing more after the handshake gets 403',
    request: { url: 'https://example.org/staff/' },
    harm: ({ response, logNow }) => response.status === 403 && logNow().includes('AH10158'),
    sound: ({ refused, logNow }) => refused.apache === null && !logNow().includes('AH10158'),
  },
  {
    rule: 'tls/certificate-of-another-key',
    shows: 'Apache does not start',
    examples: { bad: 'two directories in Apache', good: 'of one directory in Apache' },
    files: {
      '/etc/letsencrypt/live/example.org/privkey.pem': generateKeyPairSync('rsa', {
        modulusLength: 2048,
      }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    },
    request: { url: 'https://shop.example.org/' },
    harm: ({ refused, response, logNow }) =>
      (refused.apache !== null || response.status === 0) &&
      /key values mismatch|AH02565/.test(logNow() + refused.apache),
    sound: ({ response }) => response.status !== 0,
  },
  {
    rule: 'tls/certificate-of-another-key',
    examples: { bad: 'two directories', good: 'of one directory' },
    shows: 'nginx does not start',
    files: {
      '/etc/letsencrypt/live/example.org/privkey.pem': generateKeyPairSync('rsa', {
        modulusLength: 2048,
      }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    },
    request: { url: 'https://shop.example.org/' },
    harm: ({ refused }) => /key values mismatch/.test(refused.nginx ?? ''),
    sound: ({ refused }) => refused.nginx === null,
  },
  {
    rule: 'tls/certificate-of-another-key',
    examples: { bad: 'a key of the certificate before this one', good: 'its own key' },
    shows: 'nginx does not start with a key that belongs to another certificate',
    request: { url: 'https://shop.example.org/' },
    harm: ({ refused }) => /key values mismatch/.test(refused.nginx ?? ''),
    sound: ({ refused }) => refused.nginx === null,
  },
  {
    rule: 'tls/certificate-of-another-key',
    examples: { bad: 'a key of the certificate before this one in Apache', good: 'its own key in Apache' },
    shows: 'Apache does not start with a key that belongs to another certificate',
    request: { url: 'https://shop.example.org/' },
    harm: ({ refused, response, logNow }) =>
      (refused.apache !== null || response.status === 0) &&
      /key values mismatch|AH02565/.test(logNow() + refused.apache),
    sound: ({ response }) => response.status !== 0,
  },
  {
    rule: 'tls/http2-without-ssl',
    examples: { bad: 'a parameter copied from port 443', good: 'plain HTTP' },
    shows: 'a client that begins in HTTP/1.1 gets no answer',
    files: { '/srv/www/index.html': 'page' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status !== 200,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'tls/certificate-of-default-server',
    examples: { bad: 'of another domain', good: 'one of its own' },
    shows: 'a client that checks names gives up on the certificate',
    get files() {
      return { ...pairFor('shop.example.org', 'shop'), ...pairFor('blog.example.net', 'blog') }
    },
    request: { url: 'https://blog.example.net/' },
    harm: async ({ refused }) => refused.nginx === null && !(await isCertified('blog.example.net')),
    sound: async ({ refused }) => refused.nginx === null && (await isCertified('blog.example.net')),
  },
]

/** A site's own certificate, with its chain and its key. */
const PUBLIC = `${LEAF}${INTERMEDIATE}${LEAF_KEY}`

/** A certificate for one name and its key, where the rule's examples look for them. */
function pairFor(name: string, file = 'site'): Readonly<Record<string, string>> {
  // OpenSSL opens its output anew, which a pipe allows and the socket of a child process does not.
  const { stdout, stderr } = spawnSync(
    'sh',
    [
      ...['-c', 'openssl "$@" | cat', 'sh'],
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...['-addext', `subjectAltName=DNS:${name}`, '-keyout', '/dev/stdout', '-out', '/dev/stdout'],
    ],
    { encoding: 'utf8' },
  )
  if (!stdout.includes('END CERTIFICATE')) throw new Error(stderr)
  return { [`etc/ssl/${file}.pem`]: stdout, [`etc/ssl/${file}.key`]: stdout }
}

/** Whether the certificate that nginx shows for a name stands for it. */
function isCertified(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: 443, servername: name, rejectUnauthorized: false })
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      const fault = checkServerIdentity(name, socket.getPeerCertificate())
      socket.destroy()
      resolve(fault === undefined)
    })
  })
}

/** What a client with a certificate of its own is answered, as it comes over the connection. */
function askWith(pair: Readonly<Record<string, string>>): Promise<string> {
  const pem = pair['etc/ssl/site.pem']
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: 443,
      servername: 'example.org',
      rejectUnauthorized: false,
      cert: pem,
      key: pem,
    })
    let answer = ''
    socket.on('error', reject)
    socket.on('data', data => {
      answer += data.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.0\r\nHost: example.org\r\n\r\n'))
  })
}

function readsAsNobody(path: string): boolean {
  return spawnSync('cat', [path], { uid: 65534, gid: 65534 }).status === 0
}

/** Whether nginx completes a handshake in one version of TLS with a client that objects to none. */
function speaks(version: SecureVersion): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({
      host: '127.0.0.1',
      port: 443,
      servername: 'example.org',
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT:@SECLEVEL=0',
    })
    socket.on('error', () => resolve(false))
    socket.on('secureConnect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
