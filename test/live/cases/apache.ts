import { readFileSync } from 'node:fs'
import { apacheMain } from '../../../rules/_examples.ts'
import type { LiveAnswer, LiveCase } from '../live-case.ts'

/** Both configurations pass `apache2 -t`, and nobody answers. */
function isDown({ refused, response }: LiveAnswer): boolean {
  return refused.apache === null && response.status === 0
}

function answers(...statuses: readonly number[]): (answer: LiveAnswer) => boolean {
  return ({ refused, response }) => refused.apache === null && statuses.includes(response.status)
}

/** httpd writes the line once the answer is out. */
async function accessLog(): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const text = readFileSync('/var/log/apache2/access.log', 'utf8')
    if (text !== '') return text
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return ''
}

function isRefused({ refused }: LiveAnswer): boolean {
  return refused.apache !== null
}

function lacks(header: string): (answer: LiveAnswer) => boolean {
  return ({ refused, response }) =>
    refused.apache === null && response.status !== 0 && response.headers[header] === undefined
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'apache/listen-overlap',
    shows: 'configtest is content and httpd does not start',
    request: { url: 'http://example.org:9000/' },
    harm: isDown,
    sound: answers(403, 404, 200),
  },
  {
    rule: 'apache/no-listen',
    shows: 'configtest is content and httpd does not start',
    request: { url: 'http://example.org/' },
    harm: isDown,
    sound: answers(403, 404, 200),
  },
  {
    rule: 'apache/ssl-no-certificate',
    shows: 'configtest is content and httpd does not start',
    request: { url: 'https://example.org/' },
    harm: isDown,
    sound: answers(403, 404, 200),
  },
  {
    rule: 'apache/vhost-unresolvable-address',
    shows: 'the virtual host never answers',
    request: { url: 'http://example.org:443/old' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/vhost-shadowed-by-specific-ip',
    shows: 'the virtual host of the name does not answer',
    request: { url: 'http://b.example.org:9000/from-b' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/vhost-port-wildcard-shadowed',
    shows: 'the virtual host of the name does not answer',
    request: { url: 'http://b.example.org/from-b' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/duplicate-servername',
    shows: 'what the second virtual host says is not done',
    request: { url: 'http://example.org/second' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/vhost-shadowed-by-earlier-wildcard',
    shows: 'the pattern beats the exact name',
    request: { url: 'http://shop.example.org/shop' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/vhost-missing-servername',
    shows: 'a host without a name answers for none',
    request: { url: 'http://nobody.example.net/old' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/allowoverride-unset',
    shows: 'the folder answers 500',
    request: { url: 'http://example.org/' },
    harm: answers(500),
    sound: answers(403, 404, 200),
  },
  {
    rule: 'apache/htaccess-directive-not-permitted',
    shows: 'the folder answers 500',
    request: { url: 'http://example.org/' },
    harm: answers(500),
    sound: answers(403, 404, 200),
  },
  {
    rule: 'apache/rewritecond-dangling',
    shows: 'the rule runs for every name',
    request: { url: 'http://other.example.net/' },
    harm: answers(302),
  },
  {
    rule: 'apache/rewrite-not-inherited',
    shows: 'no redirect',
    request: { url: 'http://example.org/old' },
    harm: answers(403, 404),
    sound: answers(301),
  },
  {
    rule: 'apache/rewrite-not-inherited',
    shows: 'no redirect though the rules are handed down',
    examples: { bad: 1 },
    request: { url: 'http://example.org/old' },
    harm: answers(403, 404),
    sound: answers(301),
  },
  {
    rule: 'apache/rewriterule-leading-slash-perdir',
    shows: 'no redirect',
    request: { url: 'http://example.org/old' },
    harm: answers(403, 404),
    sound: answers(302),
  },
  {
    rule: 'apache/proxypass-order',
    shows: 'the excluded path goes to the backend',
    request: { url: 'http://example.org/static/x.css' },
    harm: answers(503),
    sound: answers(403, 404),
  },
  {
    rule: 'apache/alias-overlap',
    shows: 'the file behind the longer path is not found',
    files: { 'srv/private/page.txt': 'here\n' },
    request: { url: 'http://example.org/files/private/page.txt' },
    harm: answers(404),
    sound: answers(200),
  },
  {
    rule: 'apache/location-no-slash',
    shows: 'what was to be denied is open',
    request: { url: 'http://example.org/admin' },
    harm: answers(404),
    sound: answers(403),
  },
  {
    rule: 'apache/directory-nonexistent',
    shows: 'what was to be open is denied',
    files: { 'srv/www/page.txt': 'here\n' },
    request: { url: 'http://example.org/page.txt' },
    harm: answers(403),
    sound: answers(200),
  },
  {
    rule: 'apache/access-compat-nested-reset',
    shows: 'a client that the list does not name is let in',
    files: { 'srv/www/page.txt': 'here\n' },
    request: { url: 'http://example.org/page.txt' },
    harm: answers(404, 200),
    sound: answers(403),
  },
  {
    rule: 'apache/limit-denies-only-listed-methods',
    shows: 'another method reaches the handler',
    files: { 'srv/www/page.txt': 'here\n' },
    request: { url: 'http://example.org/page.txt', method: 'PUT' },
    harm: answers(404, 405),
    sound: answers(403),
  },
  {
    rule: 'apache/require-user-without-authtype',
    shows: 'every request is answered with 500',
    request: { url: 'http://example.org/' },
    harm: answers(500),
    sound: answers(401),
  },
  {
    rule: 'apache/customlog-unknown-format',
    shows: 'the word stands in the log and nothing else',
    request: { url: 'http://example.org/hello' },
    harm: async () => /^combine$/m.test(await accessLog()),
    sound: async () => (await accessLog()).includes('/hello'),
  },
  {
    rule: 'apache/location-wildcard-no-subpath',
    shows: 'what lies below is open',
    request: { url: 'http://example.org/shop/admin/users' },
    harm: answers(404),
    sound: answers(403),
  },
  {
    rule: 'apache/htaccess-syntax',
    shows: 'every request to the folder is a 500 while the check calls the configuration good',
    files: { 'srv/www/page': 'page' },
    request: { url: 'http://example.org/page' },
    harm: ({ response, refused }) => response.status === 500 && refused.apache === null,
    sound: ({ response }) => response.body === 'page',
  },
  ...[2, 3, 4].map(
    (bad): LiveCase => ({
      rule: 'apache/htaccess-syntax',
      shows: 'an argument that Apache rejects is a 500, as a name is',
      examples: { bad },
      files: { 'srv/www/page': 'page' },
      request: { url: 'http://example.org/page' },
      harm: ({ response, refused }) => response.status === 500 && refused.apache === null,
      sound: ({ response }) => response.body === 'page',
    }),
  ),
  {
    rule: 'apache/htaccess-directive-not-permitted',
    shows: 'an option outside of the list is a 500',
    examples: { bad: 1 },
    files: { 'srv/www/page': 'page' },
    request: { url: 'http://example.org/page' },
    harm: answers(500),
    sound: answers(200),
  },
  {
    rule: 'apache/syntax',
    shows: 'httpd refuses the configuration',
    request: { url: 'http://example.org/' },
    harm: isRefused,
    sound: answers(403, 404),
  },
  {
    rule: 'apache/unclosed-conditional',
    shows: 'httpd refuses the configuration once the module is not loaded',
    files: { 'etc/apache2/apache2.conf': apacheMain(['Listen 80', 'Include security.conf']) },
    request: { url: 'http://example.org/' },
    harm: isRefused,
    sound: answers(403, 404),
  },
  {
    rule: 'apache/comment-continuation',
    shows: 'the header of the next line is not sent',
    request: { url: 'http://example.org/' },
    harm: lacks('x-content-type-options'),
  },
  {
    rule: 'apache/ifversion-exact-short',
    shows: 'what the section sets is not sent by an httpd of this series',
    request: { url: 'http://example.org/' },
    harm: lacks('x-a'),
  },
  {
    rule: 'apache/ifmodule-unknown-module',
    shows: 'the header is not sent, with the module loaded',
    request: { url: 'http://example.org/' },
    harm: lacks('x-frame-options'),
  },
  {
    rule: 'apache/text-after-section-open',
    shows: 'what the line denies is served',
    files: { 'srv/private/page.html': 'page' },
    request: { url: 'http://example.org/page.html' },
    harm: answers(200),
    sound: answers(403),
  },
  {
    rule: 'apache/trailing-comment-as-argument',
    shows: 'a name of the comment selects the virtual host',
    request: { url: 'http://example.net/' },
    harm: answers(410),
    sound: answers(403, 404),
  },
  {
    rule: 'apache/unterminated-quote',
    examples: { bad: 2 },
    shows: 'the virtual host answers to neither name',
    request: { url: 'http://www.example.org/' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/include-dir-swallows-backups',
    shows: 'the virtual host of the copy answers',
    request: { url: 'http://old.example.org/of-old.example.org' },
    harm: answers(410),
    sound: answers(403, 404),
  },
  {
    rule: 'apache/includeoptional-typo',
    shows: 'the site is not there',
    request: { url: 'http://example.org/' },
    harm: answers(403, 404),
    sound: answers(410),
  },
  {
    rule: 'apache/target-slash-missing',
    shows: 'the path becomes a part of the host',
    request: { url: 'http://example.org/news' },
    harm: ({ response }) => response.headers.location === 'https://example.comnews',
    sound: ({ response }) => response.headers.location === 'https://example.com/news',
  },
  {
    rule: 'apache/proxy-module-missing',
    shows: 'no handler serves the URL',
    mirrors: [8000],
    request: { url: 'http://example.org/' },
    harm: answers(500),
    sound: answers(200),
  },
  {
    rule: 'apache/proxyrequests-on',
    shows: 'a client is sent whatever URL it asks for',
    mirrors: [9000],
    request: { url: 'http://example.org/app', target: 'http://127.0.0.1:9000/inner' },
    harm: answers(200),
    sound: ({ response }) => response.status !== 200,
  },
  {
    rule: 'apache/sslproxyengine-missing',
    shows: 'TLS to the backend is not begun',
    mirrors: [8443],
    request: { url: 'http://example.org/' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes('AH01961'),
    // The backend of the test speaks plain HTTP: the handshake is begun, and fails.
    sound: ({ logNow }) => !logNow().includes('AH01961'),
  },
  {
    rule: 'apache/internal-redirect-loop',
    shows: 'a page is a 500, with AH00124 in the log',
    request: { url: 'http://example.org/page' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes('AH00124'),
    sound: ({ response }) => response.status !== 500,
  },
  {
    rule: 'apache/internal-redirect-loop',
    shows: 'a front controller of another place is a 500 too',
    examples: { bad: 1 },
    request: { url: 'http://example.org/page' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes('AH00124'),
    sound: ({ response }) => response.status !== 500,
  },
  {
    rule: 'apache/internal-redirect-loop',
    shows: 'RewriteBase of another place is a 500 too',
    examples: { bad: 2 },
    request: { url: 'http://example.org/page' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes('AH00124'),
    sound: ({ response }) => response.status !== 500,
  },
  {
    rule: 'apache/rewrite-target-slash',
    shows: 'the path becomes a part of the host',
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://example.orgpage',
    sound: ({ response }) => response.headers.location === 'https://example.org/page',
  },
  {
    rule: 'apache/rewrite-target-slash',
    shows: 'the path has two slashes',
    examples: { bad: 2, good: 1 },
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://example.org//page',
    sound: ({ response }) => response.headers.location === 'https://www.example.org/page',
  },
  {
    rule: 'apache/redirect-loop',
    shows: 'TLS is redirected to the URL that was asked for',
    request: { url: 'https://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://example.org/page',
    sound: ({ response }) => response.headers.location === undefined,
  },
  {
    rule: 'apache/redirect-loop',
    shows: 'Redirect leads to the URL that was asked for',
    examples: { bad: 1, good: 1 },
    request: { url: 'https://example.org/page' },
    harm: ({ response }) => response.headers.location === 'https://example.org/page',
    sound: ({ response }) => response.headers.location === undefined,
  },
  {
    rule: 'apache/proxypass-hides',
    shows: 'plain HTTP is proxied instead of redirected',
    mirrors: [8080],
    request: { url: 'http://example.org/.well-known/acme-challenge/x' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 404 || response.status === 403,
  },
  {
    rule: 'apache/proxypass-hides',
    shows: 'the challenge goes to the backend',
    examples: { bad: 1 },
    mirrors: [8080],
    request: { url: 'http://example.org/.well-known/acme-challenge/x' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 404 || response.status === 403,
  },
  {
    rule: 'apache/alias-slash-missing',
    shows: 'a file of the directory is not found',
    files: { 'srv/media/page.html': 'page', 'srv/files/page.html': 'page' },
    request: { url: 'http://example.org/media/page.html' },
    harm: answers(403, 404),
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/files/page.html' })).status === 200,
  },
  {
    rule: 'apache/served-directory-denied',
    shows: 'a file is a 403',
    files: { 'srv/static/page.css': 'page' },
    request: { url: 'http://example.org/static/page.css' },
    harm: answers(403),
    sound: answers(200),
  },
  {
    rule: 'apache/private-files-served',
    shows: 'the repository is served',
    request: { url: 'http://example.org/.git/config' },
    harm: answers(200),
    sound: answers(403),
  },
  {
    rule: 'apache/private-files-served',
    shows: '.htaccess is served',
    examples: { bad: 2 },
    request: { url: 'http://example.org/.htaccess' },
    harm: answers(200),
    sound: answers(403, 404),
  },
  {
    rule: 'apache/filesmatch-directory-name',
    shows: 'a file of the directory is served',
    files: { 'srv/www/.git/config': '[core]' },
    request: { url: 'http://example.org/.git/config' },
    harm: answers(200),
    sound: answers(403),
  },
  {
    rule: 'apache/htaccess-not-read',
    shows: 'a page of the front controller is a 404',
    request: { url: 'http://example.org/page' },
    harm: answers(404),
    sound: answers(200),
  },
  {
    rule: 'apache/htaccess-not-read',
    shows: 'what the file denies is served',
    examples: { bad: 1, good: 1 },
    files: { 'var/www/site/data/users.txt': 'x' },
    request: { url: 'http://example.org/data/users.txt' },
    harm: answers(200),
    sound: answers(403),
  },
]
