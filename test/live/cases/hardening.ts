import type { LiveCase } from '../live-case.ts'
import type { LiveResponse } from '../request.ts'

const SITE = 'http://example.org'

function cookiesOf({ headers }: LiveResponse): string {
  return [headers['set-cookie'] ?? []].flat().join('\n')
}

/** A header that pages of both servers lack in the bad examples, and have in the good ones. */
const headerCases = (rule: string, header: string): readonly LiveCase[] =>
  ['nginx', 'Apache'].map(server => ({
    rule: `hardening/${rule}`,
    shows: `${server} sends no ${header}`,
    examples: { bad: server, good: `sent by ${server}` },
    files: { 'srv/www/page.html': 'page' },
    request: { url: `${SITE}/page.html` },
    harm: ({ response }) => response.body === 'page' && response.headers[header] === undefined,
    sound: ({ response }) => response.body === 'page' && response.headers[header] !== undefined,
  }))

export const cases: readonly LiveCase[] = [
  ...headerCases('framing-allowed', 'x-frame-options'),
  ...headerCases('content-type-sniffed', 'x-content-type-options'),
  ...headerCases('content-security-policy-missing', 'content-security-policy'),
  ...headerCases('referrer-policy-missing', 'referrer-policy'),
  {
    rule: 'hardening/request-limits',
    shows: 'a body of two megabytes is no reason to refuse a request',
    examples: { bad: 'bodies of any size', good: 'nginx’s default of 1 MB' },
    files: { 'etc/nginx/html/page.html': 'page' },
    request: { url: `${SITE}/page.html`, method: 'POST', body: Buffer.alloc(2_000_000) },
    harm: ({ response }) => response.status !== 413 && response.status > 0,
    sound: ({ response }) => response.status === 413,
  },
  {
    rule: 'hardening/cookie-flags-missing',
    shows: 'the cookie of `userid` has none of the flags',
    examples: { bad: 'the cookie of `userid`', good: 'with all of them' },
    files: { 'srv/www/page.html': 'page' },
    request: { url: `${SITE}/page.html` },
    harm: ({ response }) =>
      /^uid=/.test(cookiesOf(response)) && !/secure|samesite/i.test(cookiesOf(response)),
    sound: ({ response }) => /^uid=.*secure.*httponly.*samesite/im.test(cookiesOf(response)),
  },
  {
    rule: 'hardening/version-shown',
    shows: 'the header names the version of nginx',
    examples: { bad: 'one server has it on', good: 'switched off' },
    files: { 'srv/www/index.html': 'page' },
    request: { url: `${SITE}/` },
    harm: ({ response }) => /^nginx\/\d/.test(String(response.headers.server)),
    sound: ({ response }) => response.headers.server === 'nginx',
  },
  {
    rule: 'hardening/version-shown',
    shows: 'the header and the page of an error name the version of Apache',
    examples: {
      bad: 'Apache as Debian sets it up',
      good: 'a word of its own in Apache, and no signature by default',
    },
    request: { url: `${SITE}/missing` },
    harm: ({ response }) =>
      /^Apache\/\d/.test(String(response.headers.server)) && /<address>Apache\/\d/.test(response.body),
    sound: ({ response }) => response.headers.server === 'Apache' && !response.body.includes('<address>'),
  },
  {
    rule: 'hardening/trace-enabled',
    shows: 'the request comes back',
    examples: { bad: 'one virtual host turns it on again', good: 'switched off for all' },
    request: { url: `${SITE}/`, method: 'TRACE', headers: { 'X-Marked': 'yes' } },
    harm: ({ response }) => response.status === 200 && /^X-Marked: yes/im.test(response.body),
    sound: ({ response }) => response.status === 405,
  },
  {
    rule: 'hardening/options-wide',
    shows: 'a directory without an index is listed',
    examples: { bad: 'all of them', good: 'none' },
    files: { 'srv/www/files/plan.txt': 'plan', 'srv/www/index.html': 'page' },
    request: { url: `${SITE}/files/` },
    harm: ({ response }) => response.body.includes('plan.txt'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'hardening/fileetag-inode',
    examples: { bad: 'written', good: 'the default' },
    shows: 'the tag has a part more than time and size',
    files: { 'srv/www/plan.txt': 'plan' },
    request: { url: `${SITE}/plan.txt` },
    harm: ({ response }) => /^(?:W\/)?"[\da-f]+-4-[\da-f]+"$/.test(String(response.headers.etag)),
    sound: ({ response }) => /^(?:W\/)?"4-[\da-f]+"$/.test(String(response.headers.etag)),
  },
  {
    rule: 'hardening/hidden-files-served',
    examples: { bad: 'nginx', good: 'refused' },
    shows: 'a file whose name begins with a dot is sent',
    files: { 'srv/www/.backup': 'kept' },
    request: { url: `${SITE}/.backup` },
    harm: ({ response }) => response.body === 'kept',
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'hardening/method-unrestricted',
    examples: { bad: 'nginx', good: 'a condition in front of all locations' },
    shows: 'a DELETE reaches the backend',
    mirrors: [9000],
    request: { url: `${SITE}/`, method: 'DELETE' },
    harm: ({ response }) => response.report !== null,
    sound: ({ response }) => response.status === 405,
  },
]
