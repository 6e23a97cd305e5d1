import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'response-headers/cookie-edit-in-other-table',
    examples: { bad: 'PHP-FPM without always', good: 'PHP-FPM with always' },
    shows: 'the cookie has neither Secure nor HttpOnly',
    request: { url: 'http://example.org/index.php' },
    harm: ({ response }) => String(response.headers['set-cookie']) === 'session=a1',
    sound: ({ response }) => String(response.headers['set-cookie']) === 'session=a1; HttpOnly; Secure',
  },
  {
    rule: 'response-headers/cookie-edit-in-other-table',
    examples: { bad: 'a backend with always', good: 'a backend without it' },
    shows: 'the cookie of a backend has neither Secure nor HttpOnly',
    mirrors: [8099],
    request: { url: 'http://example.org/login?set-cookie=a' },
    harm: ({ response }) => !/HttpOnly; Secure$/.test(String(response.headers['set-cookie'])),
    sound: ({ response }) => /HttpOnly; Secure$/.test(String(response.headers['set-cookie'])),
  },
  {
    rule: 'response-headers/return-writes-path',
    shows: 'the page has the script of the URL',
    examples: { bad: 'the type of the whole server', good: 'the path as it was sent' },
    request: { url: 'http://example.org/%3Cscript%3Ealert(1)%3C/script%3E' },
    harm: ({ response }) =>
      response.headers['content-type'] === 'text/html' && response.body.includes('<script>'),
    sound: ({ response }) => !response.body.includes('<script>'),
  },
  {
    rule: 'response-headers/page-sent-as-file',
    examples: { bad: 'a page that is saved', good: 'with its type' },
    shows: 'browsers save the page',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.headers['content-type'] === 'application/octet-stream',
    sound: ({ response }) => response.headers['content-type'] === 'text/html',
  },
  {
    rule: 'response-headers/page-sent-as-file',
    shows: 'browsers show the tags of the page',
    examples: { bad: 'a page that is shown as its source', good: 'with its type' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.headers['content-type'] === 'text/plain',
    sound: ({ response }) => response.headers['content-type'] === 'text/html',
  },
  {
    rule: 'response-headers/cookie-path-reversed',
    examples: { bad: 'the path of clients first', good: 'the path of the backend first' },
    shows: 'the cookie is for a path that nobody asks for',
    mirrors: [9000],
    request: { url: 'http://example.org/login?set-cookie=a&cookie-path=/portal/' },
    harm: ({ response }) => /; Path=\/portal\/portal\//i.test(String(response.headers['set-cookie'])),
    sound: ({ response }) => /; Path=\/$/i.test(String(response.headers['set-cookie'])),
  },
  {
    rule: 'response-headers/content-type-twice',
    examples: { bad: 'an answer of nginx itself', good: 'the default type' },
    shows: 'the type of nginx goes out first, and a client takes that one',
    request: { url: 'http://example.org/' },
    harm: ({ response }) =>
      response.status === 200 && response.headers['content-type'] !== 'application/json',
    sound: ({ response }) => response.headers['content-type'] === 'application/json',
  },
  {
    rule: 'response-headers/cors-fonts-without-woff2',
    examples: { bad: 'a section of Apache', good: 'a section of its own' },
    shows: 'the font that browsers ask for comes without the header',
    request: { url: 'http://static.example.org/fonts/text.woff2' },
    harm: ({ response }) =>
      response.body === 'font' && response.headers['access-control-allow-origin'] === undefined,
    sound: ({ response }) => response.headers['access-control-allow-origin'] === '*',
  },
  {
    rule: 'response-headers/cors-fonts-without-woff2',
    examples: { bad: 'a location of nginx', good: 'with it' },
    shows: 'nor does nginx send it',
    request: { url: 'http://example.org/fonts/text.woff2' },
    harm: ({ response }) =>
      response.body === 'font' && response.headers['access-control-allow-origin'] === undefined,
    sound: ({ response }) => response.headers['access-control-allow-origin'] === '*',
  },
  {
    rule: 'response-headers/upgrade-over-http2',
    examples: { bad: 'the line of the package', good: 'nginx hides the header' },
    shows: 'the header that HTTP/2 forbids goes out',
    files: { '/srv/www/page.txt': 'page' },
    request: { url: 'https://example.org/page.txt' },
    harm: ({ response }) => response.headers.upgrade === 'h2,h2c',
    sound: ({ response }) => response.body === 'page' && response.headers.upgrade === undefined,
  },
  {
    rule: 'response-headers/values-contradict',
    examples: { bad: 'frames of the site itself, and none at all', good: 'that of the backend is hidden' },
    shows: 'both values go out',
    files: { '/srv/www/page.txt': 'page' },
    request: { url: 'http://example.org/page.txt' },
    harm: ({ response }) => response.headers['x-frame-options'] === 'DENY, SAMEORIGIN',
    sound: ({ response }) => response.headers['x-frame-options'] === 'SAMEORIGIN',
  },
  {
    rule: 'response-headers/sent-twice-by-apache',
    examples: { bad: 'both tables', good: 'one table' },
    shows: 'the header goes out twice',
    files: { '/srv/www/page.txt': 'page' },
    request: { url: 'http://example.org/page.txt' },
    harm: ({ response }) => response.headers['x-frame-options'] === 'DENY, DENY',
    sound: ({ response }) => response.headers['x-frame-options'] === 'DENY',
  },
  {
    rule: 'response-headers/cors-value-refused',
    examples: { bad: 'everybody, with credentials', good: 'one origin with credentials' },
    shows: 'the wildcard goes out beside credentials',
    mirrors: [9000],
    request: { url: 'http://api.example.org/' },
    harm: ({ response }) =>
      response.headers['access-control-allow-origin'] === '*' &&
      response.headers['access-control-allow-credentials'] === 'true',
    sound: ({ response }) => response.headers['access-control-allow-origin'] === 'https://example.org',
  },
  {
    rule: 'response-headers/add-header-lost',
    examples: { bad: 'one header for caching', good: 'repeated in the location' },
    shows: 'an answer of the location lacks the header',
    files: { 'srv/www/app/index.html': 'app' },
    request: { url: 'http://example.org/app/' },
    harm: ({ response }) => response.status === 200 && response.headers['x-frame-options'] === undefined,
    sound: ({ response }) => response.headers['x-frame-options'] === 'SAMEORIGIN',
  },
  {
    rule: 'response-headers/add-header-lost',
    shows: 'the answer to a preflight request lacks the header',
    examples: {
      bad: 'the answer to a preflight request',
      good: 'an answer to a preflight request that has all of them',
    },
    request: { url: 'http://example.org/', method: 'OPTIONS' },
    harm: ({ response }) =>
      response.status === 204 && response.headers['access-control-allow-origin'] === undefined,
    sound: ({ response }) => response.headers['access-control-allow-origin'] === 'https://app.example.org',
  },
  {
    rule: 'response-headers/cors-without-always',
    examples: { bad: 'an application that answers errors', good: 'sent with every answer' },
    shows: 'an error lacks the header',
    request: { url: 'http://api.example.org/' },
    // Nothing listens: nginx answers 502 in place of the backend, with the same headers.
    harm: ({ response }) =>
      response.status === 502 && response.headers['access-control-allow-origin'] === undefined,
    sound: ({ response }) =>
      response.status === 502 && response.headers['access-control-allow-origin'] === 'https://example.org',
  },
  {
    rule: 'response-headers/header-value-newline',
    examples: { bad: 'a policy, one source a line', good: 'on one line' },
    shows: 'the second line is no part of the header',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.headers['content-security-policy'] !== "default-src 'self'; img-src *",
  },
  {
    rule: 'response-headers/origin-reflected',
    examples: { bad: 'any origin, with cookies', good: 'the whole origin is compared' },
    shows: 'the page of another site may read the answer, with cookies',
    mirrors: [9000],
    request: { url: 'http://api.example.org/', headers: { Origin: 'https://evil.example' } },
    harm: ({ response: { headers } }) =>
      headers['access-control-allow-origin'] === 'https://evil.example' &&
      headers['access-control-allow-credentials'] === 'true',
  },
  {
    rule: 'response-headers/origin-reflected',
    shows: 'a site whose name goes on may read the answer',
    examples: { bad: 'a pattern without an end', good: 'the whole origin is compared' },
    mirrors: [9000],
    request: { url: 'http://api.example.org/', headers: { Origin: 'https://www.example.org.evil.example' } },
    harm: ({ response: { headers } }) =>
      headers['access-control-allow-origin'] === 'https://www.example.org.evil.example',
  },
  {
    rule: 'response-headers/value-ignored',
    examples: { bad: 'a site that may show the page in a frame', good: 'as browsers know them' },
    shows: 'what browsers drop is sent',
    files: { '/srv/www/index.html': 'page' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.headers['x-frame-options'] === 'ALLOW-FROM https://portal.example.org',
    sound: ({ response }) => response.headers['x-frame-options'] === 'SAMEORIGIN',
  },
  {
    rule: 'response-headers/cache-control-contradicts',
    examples: { bad: 'a month, and not at all', good: 'one adds to the other' },
    shows: 'two headers that say opposite things',
    files: { '/srv/www/files/a.txt': 'text' },
    request: { url: 'http://example.org/files/a.txt' },
    harm: ({ response }) => /max-age=2592000.*no-cache/.test(String(response.headers['cache-control'])),
    sound: ({ response }) => !/no-cache/.test(String(response.headers['cache-control'])),
  },
  {
    rule: 'response-headers/header-name-misspelt',
    examples: { bad: 'a word lost', good: 'as the specifications have them' },
    shows: 'the header that browsers heed is not sent',
    files: { '/srv/www/index.html': 'page' },
    request: { url: 'http://example.org/' },
    harm: ({ response }) =>
      response.headers['x-content-options'] === 'nosniff' && !('x-content-type-options' in response.headers),
    sound: ({ response }) => response.headers['x-content-type-options'] === 'nosniff',
  },
  {
    rule: 'response-headers/cors-sent-twice',
    shows: 'a browser gets two values',
    examples: { bad: 'Apache sends it', good: 'that of the backend is hidden' },
    files: { 'srv/www/list.json': '[]' },
    request: { url: 'http://example.org/list.json', headers: { Origin: 'https://shop.example' } },
    harm: ({ response }) => response.headers['access-control-allow-origin'] === '*, *',
    sound: ({ response }) => response.headers['access-control-allow-origin'] === '*',
  },
  {
    rule: 'response-headers/cors-value-refused',
    examples: { bad: 'all headers, with credentials', good: 'one origin with credentials' },
    shows: 'the wildcard for headers goes out beside credentials',
    mirrors: [9000],
    request: { url: 'http://api.example.org/' },
    harm: ({ response }) =>
      response.headers['access-control-allow-headers'] === '*' &&
      response.headers['access-control-allow-credentials'] === 'true',
    sound: ({ response }) => response.headers['access-control-allow-headers'] !== '*',
  },
  {
    rule: 'response-headers/origin-reflected',
    examples: {
      bad: 'a variable that a condition sets',
      good: 'variables that a condition on the whole origin sets, or something else',
    },
    shows: 'a site whose name begins alike is let in',
    mirrors: [9000],
    request: {
      url: 'http://api.example.org/',
      headers: { Origin: 'https://example.org.evil.example' },
    },
    harm: ({ response }) =>
      response.headers['access-control-allow-origin'] === 'https://example.org.evil.example',
    sound: ({ response }) => response.headers['access-control-allow-origin'] === undefined,
  },
]
