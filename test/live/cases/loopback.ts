import { fastcgi } from '../fastcgi.ts'
import type { LiveAnswer, LiveCase } from '../live-case.ts'

/** A server that cannot bind tries again for two seconds and a half, and may be slow to begin. */
async function says(logNow: () => string, pattern: RegExp): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (pattern.test(logNow())) return true
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return false
}

async function statuses(request: LiveAnswer['request']): Promise<readonly number[]> {
  const found: number[] = []
  for (let count = 0; count < 6; count++) found.push((await request({ url: 'http://example.org/' })).status)
  return found
}

function isSome(statuses: readonly number[], status: number): boolean {
  return statuses.includes(status) && !statuses.every(each => each === status)
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'loopback/listen-port-conflict',
    shows: 'nginx cannot open its second socket',
    examples: {
      bad: 'nginx itself, by version 6 and by version 4',
      good: 'nginx by both versions, each alone',
    },
    request: { url: 'http://example.org/' },
    harm: ({ refused, log }) => /Address already in use/.test(`${refused.nginx ?? ''}${log}`),
    sound: ({ response }) => response.status !== 0,
  },
  {
    rule: 'loopback/default-listen-left',
    examples: { bad: 'ports.conf as Debian ships it', good: 'Apache on loopback' },
    shows: 'the second of the two servers cannot bind its port, and both checks call it good',
    request: { url: 'http://example.org/' },
    harm: async ({ refused, logNow }) =>
      refused.nginx === null && refused.apache === null && (await says(logNow, /Address already in use/)),
    sound: ({ log }) => !/Address already in use/.test(log),
  },
  {
    rule: 'loopback/listen-port-conflict',
    examples: { bad: 'the backend’s port opened by nginx as well', good: 'two ports' },
    shows: 'the second of the two servers cannot bind its port',
    request: { url: 'http://example.org/' },
    harm: async ({ refused, logNow }) =>
      refused.nginx === null && refused.apache === null && (await says(logNow, /Address already in use/)),
    sound: ({ log }) => !/Address already in use/.test(log),
  },
  {
    rule: 'loopback/listen-public',
    examples: { bad: 'a bare port', good: 'loopback' },
    shows: 'a client reaches Apache past nginx on an address that is not the proxy’s',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org:9000/index.html', address: '127.0.0.2' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
  {
    rule: 'loopback/listen-public',
    examples: { bad: 'another port that the same virtual host has', good: 'loopback' },
    shows: 'a client reaches the site on another port of Apache, past nginx',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org:8080/index.html', address: '127.0.0.2' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
  {
    rule: 'loopback/app-server-public',
    examples: { bad: 'gunicorn', good: 'on loopback' },
    shows: 'a client reaches gunicorn past nginx on an address that is not the proxy’s',
    request: { url: 'http://example.org:8000/', address: '127.0.0.2' },
    harm: ({ response }) => response.status > 0 && response.headers.server === 'gunicorn',
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
  {
    rule: 'loopback/listen-no-ipv6-pair',
    examples: { bad: 'version 4 alone', good: 'by number' },
    shows: 'nginx tries the other address of the name first, in vain',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/' },
    harm: async ({ request, logNow }) => {
      await request({ url: 'http://example.org/' })
      return /while connecting to upstream.* upstream: "http:\/\/\[::1\]:9000/.test(logNow())
    },
  },
  {
    rule: 'loopback/localhost-trusted-once',
    examples: { bad: 'Apache admits version 4', good: 'this machine, by whichever address' },
    shows: 'a part of the requests is refused',
    hosts: { localhost: '::1' },
    request: { url: 'http://example.org/' },
    harm: async ({ request }) => isSome(await statuses(request), 403),
    sound: async ({ request }) => !(await statuses(request)).includes(403),
  },
  {
    rule: 'loopback/localhost-trusted-once',
    examples: { bad: 'another nginx admits version 4', good: 'another nginx admits both' },
    shows: 'a part of the requests is refused by nginx',
    hosts: { localhost: '::1' },
    request: { url: 'http://example.org/' },
    harm: async ({ request }) => isSome(await statuses(request), 403),
    sound: async ({ request }) => !(await statuses(request)).includes(403),
  },
  {
    rule: 'loopback/listen-unused',
    examples: { bad: 'left from a site that moved', good: 'used by a virtual host' },
    shows: 'Apache answers on a port that no site has',
    request: { url: 'http://example.org:9100/' },
    harm: ({ response }) => response.status !== 0,
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
  {
    rule: 'loopback/fastcgi-public',
    examples: { bad: 'a bare port', good: 'a socket' },
    shows: 'the code of a request runs in PHP-FPM',
    files: { 'srv/www/index.php': '<?php\n' },
    request: { url: 'http://example.org/index.php' },
    harm: async () => ((await runsForeignCode()) ?? '').includes('81'),
    sound: async () => !((await runsForeignCode()) ?? '').includes('81'),
  },
  {
    rule: 'loopback/fastcgi-public',
    examples: { bad: 'every address', good: 'with the addresses that may connect' },
    shows: 'of every address, unless some are named',
    files: { 'srv/www/index.php': '<?php\n' },
    request: { url: 'http://example.org/index.php' },
    harm: async () => ((await runsForeignCode()) ?? '').includes('81'),
    sound: async () => !((await runsForeignCode()) ?? '').includes('81'),
  },
]

/** From 127.0.0.2, which no configuration here names: what anybody may send who reaches the port. */
function runsForeignCode(): Promise<string | null> {
  const code = '<?php echo 9 * 9;'
  return fastcgi(
    '127.0.0.2',
    9000,
    {
      REQUEST_METHOD: 'POST',
      CONTENT_LENGTH: `${code.length}`,
      SCRIPT_FILENAME: '/srv/www/index.php',
      PHP_VALUE: 'auto_prepend_file = php://input',
      PHP_ADMIN_VALUE: 'allow_url_include = On',
    },
    code,
  )
}
