import type { LiveCase } from '../live-case.ts'

const PAGES = { 'srv/www/index.html': 'old page', 'srv/new/index.html': 'new page' }

export const cases: readonly LiveCase[] = [
  {
    rule: 'canonical-url/default-server-of-one-family',
    shows: 'over IPv6 the shop answers for a name of somebody else',
    examples: { bad: 'a catch-all on IPv4 alone', good: 'a catch-all on both' },
    request: { url: 'http://elsewhere.example/', address: '::1' },
    harm: ({ response }) => response.body === 'shop',
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'canonical-url/tls-name-of-other-site',
    examples: { bad: 'nginx: a name that only port 80 has', good: 'nginx: the name on both' },
    shows: 'where plain HTTP sends the name another site answers',
    files: { 'srv/www/index.html': 'shop', 'srv/blog/index.html': 'blog' },
    request: { url: 'http://www.shop.example.org/' },
    harm: async ({ response, request }) =>
      response.headers.location === 'https://www.shop.example.org/' &&
      (await request({ url: 'https://www.shop.example.org/' })).body === 'blog',
    sound: async ({ request }) => (await request({ url: 'https://www.shop.example.org/' })).body === 'shop',
  },
  {
    rule: 'canonical-url/tls-without-application',
    shows: 'over TLS a page of the application is not found',
    examples: {
      bad: 'nginx: the location that proxies stands in the server of port 80',
      good: 'nginx: plain HTTP has the files of the challenge, and redirects',
    },
    files: { 'var/www/html/index.html': 'Welcome' },
    mirrors: [8000],
    request: { url: 'https://example.org/page' },
    harm: async ({ response, request }) =>
      response.status === 404 && (await request({ url: 'http://example.org/page' })).status === 200,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'canonical-url/redirect-to-first-name',
    examples: { bad: 'two sites of one application', good: 'the name that was asked for' },
    shows: 'a client of the second site is redirected to the first',
    request: { url: 'http://florist.example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://bakery.example.org/page',
    sound: ({ response }) => response.headers.location === 'https://florist.example.org/page',
  },
  {
    rule: 'canonical-url/redirect-drops-path',
    examples: { bad: 'the name alone', good: 'with the request' },
    shows: 'a page is redirected to the start page',
    request: { url: 'http://example.org/page?id=2' },
    harm: ({ response }) => response.headers.location === 'https://example.org',
    sound: ({ response }) => response.headers.location === 'https://example.org/page?id=2',
  },
  {
    rule: 'canonical-url/plain-name-not-found',
    shows: 'the name without www is not found',
    examples: { bad: 'the name without www', good: 'both names' },
    request: { url: 'http://example.org/page' },
    harm: async ({ response, request }) =>
      response.status === 404 && (await request({ url: 'https://example.org/page' })).body === 'the site',
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'canonical-url/redirect-loop',
    shows: 'the page of a language is redirected to that of the language again',
    examples: {
      bad: 'a language in front of every path, those with a language too',
      good: 'a language in front of the paths that have none',
    },
    files: { 'srv/www/en/page': 'a page' },
    request: { url: 'http://example.org/en/page' },
    harm: ({ response }) => String(response.headers.location).endsWith('/en/en/page'),
    sound: ({ response }) => response.body === 'a page',
  },
  {
    rule: 'canonical-url/redirect-loop',
    shows: 'the argument that asks for the redirect is in its target',
    examples: { bad: 'an argument that the redirect keeps', good: 'an argument that the redirect drops' },
    request: { url: 'http://example.org/list?page=7' },
    harm: async ({ response, request }) =>
      String(response.headers.location).endsWith('/page/7?page=7') &&
      (await request({ url: 'http://example.org/page/7?page=7' })).status === 301,
    sound: ({ response }) => String(response.headers.location).endsWith('/page/7'),
  },
  {
    rule: 'canonical-url/redirect-loop',
    shows: 'nginx behind Apache redirects to where the client came from',
    examples: {
      bad: 'nginx behind Apache, which terminates TLS',
      good: 'Apache says that the client came over TLS',
    },
    files: { 'srv/www/page': 'page' },
    request: { url: 'https://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://example.org/page',
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'canonical-url/redirect-loop',
    shows: 'nginx adds the slash of a directory, and the line takes it away',
    examples: {
      bad: 'the slash of a directory, added and taken away',
      good: 'the slash of what is no directory, taken away',
    },
    request: { url: 'http://example.org/guide' },
    harm: async ({ response, request }) =>
      response.headers.location === 'http://example.org/guide/' &&
      (await request({ url: 'http://example.org/guide/' })).headers.location === 'http://example.org/guide',
    sound: async ({ response, request }) =>
      response.headers.location === 'http://example.org/guide/' &&
      (await request({ url: 'http://example.org/guide/' })).body === 'guide',
  },
  {
    rule: 'canonical-url/redirect-target-from-client',
    examples: { bad: 'an argument', good: 'on this site' },
    shows: 'the redirect leads to another site',
    request: { url: 'http://example.org/go?url=https://evil.example/' },
    harm: ({ response }) => response.headers.location === 'https://evil.example/',
    sound: ({ response }) => String(response.headers.location).startsWith('https://example.org/'),
  },
  {
    rule: 'canonical-url/redirect-target-from-client',
    shows: 'two backslashes, which browsers take for slashes, are the whole target',
    examples: {
      bad: 'what stands behind a name, with or without a slash',
      good: 'what stands behind a name and a slash',
    },
    request: { url: 'http://example.org/forms%5C%5Cevil.example' },
    harm: ({ response }) => response.headers.location === '\\\\evil.example',
    sound: ({ response }) => response.headers.location === undefined,
  },
  {
    rule: 'canonical-url/redirect-target-from-client',
    shows: 'a rule of Apache redirects to another site',
    examples: {
      bad: 'an argument that a rule of Apache redirects to',
      good: 'an argument behind a path of this site, one of a list, and a name of this site',
    },
    request: { url: 'http://example.org/go?url=https://evil.example/' },
    harm: ({ response }) => String(response.headers.location).startsWith('https://evil.example/'),
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'canonical-url/redirect-malformed',
    shows: 'the redirect is no URL of another site',
    examples: { bad: 'a host without its scheme', good: 'the name that was asked for' },
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.headers.location === 'www.example.org/page',
    sound: ({ response }) => response.headers.location !== 'www.example.org/page',
  },
  {
    rule: 'canonical-url/redirect-malformed',
    shows: 'whoever makes a link chooses the host',
    examples: {
      bad: 'a group that need not begin with a slash',
      good: 'a group that begins with a slash, and a slash behind the host',
    },
    request: { url: 'http://example.org/old.evil.example/page' },
    harm: ({ response }) => response.headers.location === 'https://new.example.org.evil.example/page',
    sound: ({ response }) => response.headers.location === undefined,
  },
  {
    rule: 'canonical-url/redirect-malformed',
    shows: 'the port is a part of the path',
    examples: { bad: 'a port behind a path that is written out', good: 'the name that was asked for' },
    request: { url: 'http://example.org/files/one' },
    harm: ({ response }) => response.headers.location === 'https://files.example.org/one:8443',
    sound: ({ response }) => response.headers.location === 'https://example.org/files/one',
  },
  {
    rule: 'canonical-url/nameless-server-not-default',
    examples: { bad: 'the name `_`', good: 'the first server of the socket' },
    shows: 'a name that no server has is proxied, and not redirected',
    request: { url: 'http://other.example.net/page' },
    harm: ({ response }) => response.status === 502,
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'canonical-url/duplicate-server-name',
    examples: { bad: 'a copy that was forgotten', good: 'two names' },
    shows: 'the second server of a name never answers',
    files: PAGES,
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.body === 'old page',
    sound: async ({ request }) => (await request({ url: 'http://new.example.org/' })).body === 'new page',
  },
  {
    rule: 'canonical-url/host-missing-redirect',
    examples: { bad: 'both names on one server', good: 'one name redirects' },
    shows: 'the page answers under both names',
    files: PAGES,
    request: { url: 'http://www.example.org/' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 301 && response.headers.location === 'http://example.org/',
  },
  {
    rule: 'canonical-url/http-and-https-both-serve',
    shows: 'plain HTTP gives the page that TLS gives',
    examples: { bad: 'two servers with the same content', good: 'port 80 redirects' },
    files: PAGES,
    request: { url: 'http://example.org/' },
    harm: async ({ response, request }) =>
      response.status === 200 && response.body === (await request({ url: 'https://example.org/' })).body,
    sound: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
  },
  {
    rule: 'canonical-url/redirect-mangles-uri',
    examples: { bad: 'www redirected by rewrite', good: 'the request as it was sent' },
    shows: 'an escaped question mark in the path becomes the query',
    request: { url: 'http://www.example.org/a%2Fb%20c%3Fd' },
    harm: ({ response }) => response.headers.location === 'http://example.org/a/b%20c?d',
    sound: ({ response }) => response.headers.location === 'http://example.org/a%2Fb%20c%3Fd',
  },
  {
    rule: 'canonical-url/redirect-mangles-uri',
    examples: {
      bad: 'titles of a wiki in a `return`',
      good: 'what can hold no such character, and what the client sent',
    },
    shows: 'an escaped question mark in a title becomes the query',
    request: { url: 'http://example.org/index.php/What%3F' },
    harm: ({ response }) => /\/title\/What\?$/.test(String(response.headers.location)),
    sound: async ({ request }) =>
      /\/title\/What%3F$/.test(
        String((await request({ url: 'http://example.org/wiki/What%3F' })).headers.location),
      ),
  },
  {
    rule: 'canonical-url/redirect-missing-on-tls',
    examples: { bad: 'no server for www on 443', good: 'redirected on both' },
    shows: 'the other name gets the page over TLS where plain HTTP redirects',
    files: PAGES,
    request: { url: 'https://www.example.org/' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 301 && response.headers.location === 'https://example.org/',
  },
  {
    rule: 'canonical-url/redirect-to-plain-http',
    examples: { bad: 'www sent to the plain name', good: 'to TLS at once' },
    shows: 'the redirect leads to a second one',
    request: { url: 'http://www.example.org/page' },
    harm: async ({ response, request }) =>
      response.headers.location === 'http://example.org/page' &&
      (await request({ url: 'http://example.org/page' })).status === 301,
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'canonical-url/redirect-uri-injection',
    examples: { bad: 'a redirect to TLS', good: 'the request as it was sent' },
    shows: 'a line end in the URL becomes a header of the answer',
    request: { url: 'http://example.org/a%0d%0aX-Injected:1' },
    harm: ({ response }) => response.headers['x-injected'] === '1',
  },
  {
    rule: 'canonical-url/redirect-loop',
    shows: 'the redirect leads to the address that was asked for',
    examples: { bad: 'to TLS, from TLS', good: 'one server for each port' },
    files: PAGES,
    request: { url: 'https://example.org/page' },
    harm: ({ response }) =>
      response.status === 301 && response.headers.location === 'https://example.org/page',
    sound: async ({ request }) => (await request({ url: 'https://example.org/' })).body === 'old page',
  },
  {
    rule: 'canonical-url/default-server-catchall-app',
    examples: { bad: 'the only server of the port', good: 'unknown names get no answer' },
    shows: 'the application is asked for an unknown name',
    request: { url: 'http://evil.example/' },
    harm: ({ response }) => response.report?.host === 'evil.example',
    sound: async ({ response, request }) =>
      response.failure === 'ECONNRESET' &&
      (await request({ url: 'http://example.org/' })).report?.host === 'example.org',
  },
  {
    rule: 'canonical-url/redirect-chain',
    examples: { bad: 'first the name, then the scheme', good: 'at once' },
    shows: 'the address of the redirect redirects again',
    request: { url: 'http://www.example.org/page' },
    harm: async ({ response, request }) =>
      response.headers.location === 'http://example.org/page' &&
      (await request({ url: 'http://example.org/page' })).status === 301,
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'canonical-url/default-server-depends-on-include-order',
    examples: { bad: 'two sites in a directory', good: 'said' },
    shows: 'a new site whose file comes first in the alphabet answers an unknown name',
    files: {
      'etc/nginx/sites-enabled/atelier.conf':
        'server {\n    listen 80;\n    server_name new.example.org;\n    return 200 new.example.org;\n}\n',
    },
    request: { url: 'http://unknown.example/' },
    harm: ({ response }) => response.body === 'new.example.org',
    sound: ({ response }) => /^(?:blog|shop)\.example\.org$/.test(response.body),
  },
  {
    rule: 'canonical-url/server-name-malformed',
    examples: { bad: 'a comma', good: 'names on several lines' },
    shows: 'the name that was meant is answered by another server',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 410,
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'canonical-url/redirect-malformed',
    examples: { bad: 'a server for any name', good: 'the name that was asked for' },
    shows: 'the redirect leads to a host with the name of an underscore',
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://_/page',
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'canonical-url/redirect-to-tls-nobody-serves',
    examples: { bad: 'a redirect in front of the application', good: 'what the proxy says decides' },
    shows: 'the proxy in front is redirected, and nobody answers over TLS',
    request: { url: 'http://example.org/page', headers: { 'X-Forwarded-Proto': 'https' } },
    harm: async ({ response, request }) =>
      response.headers.location === 'https://example.org/page' &&
      (await request({ url: 'https://example.org/page' })).failure === 'ECONNREFUSED',
    // Nothing listens for the application: 502 says that nginx has tried to reach it.
    sound: ({ response }) => response.status === 502,
  },
  {
    rule: 'canonical-url/redirect-uri-injection',
    shows: 'a line end in what is captured becomes a header of the answer',
    examples: {
      bad: 'a part of the path that an expression captures',
      good: 'a file that only has the name in it',
    },
    request: { url: 'http://example.org/users/a%0d%0aX-Injected:1/profile' },
    harm: ({ response }) => response.headers['x-injected'] === '1',
  },
  {
    rule: 'canonical-url/redirect-names-inner-port',
    examples: { bad: 'a path that moved', good: 'the path alone is sent' },
    shows: 'the redirect names the port behind the proxy',
    request: { url: 'http://example.org:8080/old/', headers: { Host: 'example.org' } },
    harm: ({ response }) => response.headers.location === 'http://example.org:8080/new/',
    sound: ({ response }) => response.headers.location === '/new/',
  },
  {
    rule: 'canonical-url/redirect-loop',
    shows: 'nginx takes away the slash that Apache adds',
    examples: { bad: 'the slash of a directory, which Apache adds', good: 'one server for each port' },
    request: { url: 'http://example.org/guide/' },
    harm: async ({ response, request }) =>
      response.headers.location === 'http://example.org/guide' &&
      (await request({ url: 'http://example.org/guide' })).headers.location === 'http://example.org/guide/',
  },
  {
    rule: 'canonical-url/redirect-names-backend',
    shows: 'the redirect of a directory names the port behind nginx',
    examples: { bad: 'a port in ServerName', good: 'the name alone' },
    request: { url: 'http://example.org/guide' },
    harm: ({ response }) => response.headers.location === 'http://example.org:8080/guide/',
    sound: ({ response }) => response.headers.location === 'http://example.org/guide/',
  },
  {
    rule: 'canonical-url/redirect-names-backend',
    shows: 'the redirect names the port of the socket',
    examples: { bad: 'the port of Apache, whatever the client asked for', good: 'the name alone' },
    request: { url: 'http://example.org/guide' },
    harm: ({ response }) => response.headers.location === 'http://example.org:8080/guide/',
    sound: ({ response }) => response.headers.location === 'http://example.org/guide/',
  },
  {
    rule: 'canonical-url/redirect-names-backend',
    shows: 'TLS is to be spoken on port 80',
    examples: { bad: 'TLS on the port of plain HTTP', good: 'the name alone' },
    request: { url: 'http://example.org/old/page' },
    harm: ({ response }) => response.headers.location === 'https://example.org:80/new/page',
    sound: ({ response }) => response.headers.location === 'http://example.org/new/page',
  },
  {
    rule: 'canonical-url/redirect-names-backend',
    shows: 'the redirect names the loopback address',
    examples: {
      bad: 'the address of Apache, which proxy_redirect does not take back',
      good: 'proxy_redirect takes the address back',
    },
    request: { url: 'http://example.org/guide' },
    harm: ({ response }) => response.headers.location === 'http://127.0.0.1:8080/guide/',
    sound: ({ response }) => response.headers.location === 'http://example.org/guide/',
  },
  {
    rule: 'canonical-url/redirect-names-backend',
    shows: 'proxy_redirect does not take back a URL of TLS',
    examples: {
      bad: 'the address of Apache as the host of a redirect to TLS',
      good: 'proxy_redirect takes the address back',
    },
    request: { url: 'http://example.org/guide' },
    harm: ({ response }) => response.headers.location === 'https://127.0.0.1:8080/guide',
    sound: ({ response }) => response.headers.location === 'http://example.org/guide/',
  },
  {
    rule: 'canonical-url/redirect-doubles-query',
    examples: { bad: 'the whole request behind another host', good: 'the query taken away' },
    shows: 'the query stands there twice',
    request: { url: 'http://www.example.org/page?id=1' },
    harm: ({ response }) => response.headers.location === 'http://example.org/page?id=1?id=1',
    sound: ({ response }) => response.headers.location === 'http://example.org/page?id=1',
  },
  {
    rule: 'canonical-url/redirect-doubles-query',
    shows: 'the arguments stand there twice',
    examples: { bad: 'the arguments behind a question mark', good: 'the query taken away' },
    request: { url: 'http://www.example.org/catalog/7?id=1' },
    harm: ({ response }) => String(response.headers.location).endsWith('/products/7?id=1&id=1'),
    sound: ({ response }) => String(response.headers.location).endsWith('/7?id=1'),
  },
  {
    rule: 'canonical-url/server-name-malformed',
    shows: 'the default server answers for the name',
    examples: { bad: 'a port', good: 'spaces' },
    request: { url: 'http://example.org/', headers: { Host: 'example.org:8080' } },
    harm: ({ response }) => response.status === 410,
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'canonical-url/name-of-one-family',
    examples: { bad: 'a redirect on both, and what it leads to on IPv4 alone', good: 'both on both' },
    shows: 'over IPv6 the shop answers for the blog',
    request: { url: 'http://blog.example.org:8080/', address: '::1' },
    harm: ({ response }) => response.body === 'shop',
    sound: ({ response }) => response.body === 'blog',
  },
  {
    rule: 'canonical-url/server-without-ipv4',
    examples: { bad: 'one listen', good: 'both' },
    shows: 'over IPv4 nobody answers',
    request: { url: 'http://shop.example.org/' },
    harm: ({ response }) => response.failure === 'ECONNREFUSED',
    sound: ({ response }) => response.body === 'shop',
  },
  {
    rule: 'canonical-url/redirect-to-loopback',
    examples: { bad: 'the name of an example', good: 'the name that the client asked for' },
    shows: 'the client is sent to its own machine',
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://localhost/page',
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'canonical-url/redirect-to-loopback',
    examples: { bad: 'a rule of Apache without [P]', good: 'a rule that proxies' },
    shows: 'Apache does not ask the backend, but sends the client there',
    mirrors: [8000],
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.headers.location === 'http://127.0.0.1:8000/page',
    sound: ({ response }) => response.report?.path === '/page',
  },
  {
    rule: 'canonical-url/server-name-regex-shadowed',
    examples: { bad: 'a directory for each name', good: 'names' },
    shows: 'the server with the wildcard redirects',
    request: { url: 'http://chess.example.org/' },
    harm: ({ response }) => response.status === 301,
    sound: ({ response }) => response.status === 200 && response.body === 'chess.example.org',
  },
]
