import { createHash } from 'node:crypto'
import type { LiveAnswer, LiveCase } from '../live-case.ts'

const SITE = 'http://example.org'

const PREVIEW = `Basic ${Buffer.from('preview:letmein2024').toString('base64')}`

const isRefused = ({ response }: LiveAnswer): boolean => [401, 403].includes(response.status)

export const cases: readonly LiveCase[] = [
  {
    rule: 'access/admin-ajax-closed',
    examples: { bad: 'nginx: the directory', good: 'nginx: the file is open' },
    shows: 'a visitor is asked for the password of the administrators',
    request: { url: 'http://example.org/wp-admin/admin-ajax.php?action=slim_like' },
    harm: ({ response }) => response.status === 401,
    sound: ({ response }) => response.status !== 401,
  },
  {
    rule: 'access/htaccess-denial-lost',
    examples: { bad: 'a directory of data', good: 'refused' },
    shows: 'what Apache would refuse is a page',
    request: { url: `${SITE}/data/users.csv` },
    harm: ({ response }) => response.status === 200 && response.body === 'ann\n',
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/htaccess-denial-lost',
    examples: { bad: 'names that are denied', good: 'names that nginx denies too' },
    shows: 'a file of settings is a page',
    request: { url: `${SITE}/app/shop.ini` },
    harm: ({ response }) => response.status === 200 && response.body.includes('secret'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/password-lost-on-the-way',
    examples: { bad: 'the header is emptied', good: 'the header of the client' },
    shows: 'a right password is asked for again',
    request: {
      url: 'http://example.org/stats/page.txt',
      headers: { Authorization: 'Basic YW5uYTpzZWNyZXQ=' },
    },
    harm: ({ response }) => response.status === 401,
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'access/password-lost-on-the-way',
    examples: {
      bad: 'two passwords, and no user who has both',
      good: 'two passwords of the same user',
    },
    shows: 'who has the password of Apache is refused by nginx, and the other way round',
    request: {
      url: 'http://example.org/stats/page.txt',
      headers: { Authorization: 'Basic YW5uYTpzZWNyZXQ=' },
    },
    harm: async ({ response, request }) => {
      const other = await request({
        url: 'http://example.org/stats/page.txt',
        headers: { Authorization: 'Basic c3RhZmY6c2VjcmV0' },
      })
      return response.status === 401 && other.status === 401
    },
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'access/docker-socket-open',
    shows: 'a client without a password reaches what listens on the socket',
    examples: { bad: 'the socket', good: 'a password' },
    request: { url: `${SITE}/containers/json` },
    // Nothing listens there: nginx has tried.
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('docker.sock'),
    sound: ({ response, logNow }) => response.status === 401 && !logNow().includes('docker.sock'),
  },
  {
    rule: 'access/password-file-served',
    shows: 'the hashes are sent to everybody',
    examples: { bad: 'in the document root', good: 'names with a dot are refused' },
    files: { 'srv/www/.htpasswd': 'admin:{PLAIN}word' },
    request: { url: `${SITE}/.htpasswd` },
    harm: ({ response }) => response.body.includes('admin:'),
    sound: isRefused,
  },
  {
    rule: 'access/password-unhashed',
    shows: 'the right password is answered with 401',
    examples: { bad: 'a plain word for nginx', good: 'hashed, for nginx' },
    request: { url: `${SITE}/page.txt`, headers: { Authorization: PREVIEW } },
    harm: ({ response }) => response.status === 401,
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'access/password-unhashed',
    shows: 'so it is in Apache',
    examples: { bad: 'a plain word for Apache', good: 'hashed, for Apache' },
    request: { url: `${SITE}/page.txt`, headers: { Authorization: PREVIEW } },
    harm: ({ response }) => response.status === 401,
    sound: ({ response }) => response.body === 'page',
  },
  {
    rule: 'access/address-of-proxy-decides',
    examples: { bad: 'nobody gets in', good: 'the proxy says who the client is' },
    shows: 'the office is refused like everybody',
    request: { url: 'http://example.org/reports/index.html', headers: { 'X-Forwarded-For': '198.51.100.7' } },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'report',
  },
  {
    rule: 'access/address-of-proxy-decides',
    shows: 'who is denied gets in',
    examples: { bad: 'nobody is kept out', good: 'nobody at all' },
    request: { url: 'http://example.org/reports/index.html', headers: { 'X-Forwarded-For': '203.0.113.7' } },
    harm: ({ response }) => response.body === 'report',
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/address-of-proxy-decides',
    shows: 'a client of the network reads the page of this machine',
    examples: {
      bad: 'a page for this machine, behind another server of nginx',
      good: 'a page for this machine, and the client is known',
    },
    request: { url: 'http://example.org/reports/index.html', from: '127.0.0.2' },
    harm: ({ response }) => response.body === 'report',
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/proxy-allowed-as-client',
    examples: { bad: 'behind a balancer of this machine', good: 'the address of the connection' },
    shows: 'who comes through the proxy is refused',
    request: {
      url: 'http://example.org/index.html',
      headers: { 'X-Forwarded-For': '192.0.2.9, 198.51.100.7' },
    },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'the page',
  },
  {
    rule: 'access/auth-request-login-loop',
    examples: { bad: 'by a named location', good: 'without a login' },
    shows: 'the page to log in redirects to itself',
    mirrors: [9000],
    request: { url: 'http://example.org/login' },
    harm: ({ response }) =>
      response.status === 302 && /\/login\?next=/.test(String(response.headers.location)),
    sound: ({ response }) => response.report?.path === '/login',
  },
  {
    rule: 'access/auth-request-login-loop',
    shows: 'the page to log in redirects to its own URL',
    examples: { bad: 'by its URL', good: 'without a login' },
    mirrors: [9000],
    request: { url: 'http://example.org/login' },
    harm: ({ response }) => response.headers.location === 'http://example.org/login',
    sound: ({ response }) => response.report?.path === '/login',
  },
  {
    rule: 'access/auth-request-login-loop',
    shows: 'who is not logged in never sees the page to log in',
    examples: { bad: 'by nginx itself', good: 'without a login, by nginx itself' },
    mirrors: [9000],
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.report === null && /401|302/.test(String(response.status)),
    sound: ({ response }) => String(response.report?.path).startsWith('/login'),
  },
  {
    rule: 'access/auth-basic-realm-off',
    examples: { bad: 'a capital letter', good: 'the switch' },
    shows: 'a password is asked for',
    mirrors: [9000],
    request: { url: 'http://example.org/hooks/push' },
    harm: ({ response }) =>
      response.status === 401 && response.headers['www-authenticate'] === 'Basic realm="Off"',
    sound: ({ response }) => response.report?.path === '/hooks/push',
  },
  {
    rule: 'access/files-section-proxied',
    shows: 'nobody asks for the password of the .htaccess',
    mirrors: [8080],
    examples: { bad: 'a .htaccess, and a rule that proxies', good: 'a .htaccess, and PHP by a handler' },
    request: { url: 'http://example.org/members/list.php' },
    harm: ({ response }) => response.report?.path === '/members/list.php',
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/dav-open',
    examples: { bad: 'granted to all', good: 'a password' },
    shows: 'a client without a password writes a file',
    request: { url: 'http://example.org/share/new.txt', method: 'PUT', body: 'mine' },
    harm: ({ response }) => response.status === 201,
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/dav-open',
    shows: 'nginx writes a file for a client without a password',
    examples: { bad: 'nginx, for whoever asks', good: 'nginx, with a password for what writes' },
    request: { url: 'http://example.org/files/new.txt', method: 'PUT', body: 'mine' },
    harm: ({ response }) => response.status === 201,
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/files-section-proxied',
    examples: { bad: 'a password', good: 'sections for URLs' },
    shows: 'nobody asks for the password',
    mirrors: [8080],
    request: { url: 'http://example.org/page' },
    harm: ({ response }) => response.report?.path === '/page',
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/files-section-proxied',
    shows: 'the header of the section is not sent',
    mirrors: [8080],
    examples: { bad: 'headers', good: 'a section for URLs alone' },
    request: { url: 'http://example.org/site.css' },
    harm: ({ response }) => response.status === 200 && response.headers['cache-control'] === undefined,
    sound: ({ response }) => response.headers['cache-control'] === 'max-age=600',
  },
  {
    rule: 'access/dav-open',
    shows: 'a password for reading alone keeps no writer away',
    examples: { bad: 'a password for reading, and none for writing', good: 'a password for what writes' },
    request: { url: 'http://example.org/share/new.txt', method: 'PUT', body: 'mine' },
    harm: ({ response }) => response.status === 201,
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/password-file-missing',
    examples: { bad: 'another name', good: 'the file is there' },
    shows: 'every password is a 403',
    files: { '/srv/www/staff/index.html': 'staff' },
    request: {
      url: 'http://example.org/staff/',
      headers: { Authorization: `Basic ${btoa('staff:secret')}` },
    },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'staff',
  },
  {
    rule: 'access/satisfy-any-open',
    examples: { bad: 'everybody is allowed', good: 'the own network needs no password' },
    shows: 'a client without a password gets the file',
    files: { '/srv/www/staff/report.txt': 'secret' },
    request: { url: 'http://example.org/staff/report.txt' },
    harm: ({ response }) => response.body === 'secret',
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/location-undoes-directory',
    examples: { bad: 'the whole site is granted', good: 'granted by the directory' },
    shows: 'a client of another network gets the file',
    request: { url: 'http://example.org/private/report.txt' },
    harm: ({ response }) => response.body.trim() === 'secret',
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/auth-basic-without-file',
    examples: { bad: 'the realm alone', good: 'with a file' },
    shows: 'a client without a password gets the file',
    files: { '/srv/www/admin/report.txt': 'secret' },
    request: { url: 'http://example.org/admin/report.txt' },
    harm: ({ response }) => response.body === 'secret',
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/location-lost-to-regex',
    examples: {
      bad: 'scripts of a directory with a password',
      good: 'regular expressions kept out, scripts inside',
    },
    shows: 'a script goes to PHP without a password',
    files: { 'srv/www/admin/page.php': '<?php echo 1;\n' },
    request: { url: `${SITE}/admin/page.php` },
    // Nothing listens for PHP: 502 says that nginx has tried to reach it.
    harm: ({ response }) => response.status === 502,
    sound: isRefused,
  },
  {
    rule: 'access/exact-location-one-url',
    examples: { bad: 'a directory', good: 'a prefix' },
    shows: 'what lies below is sent to everybody',
    files: { 'srv/www/private/report.txt': 'private' },
    request: { url: `${SITE}/private/report.txt` },
    harm: ({ response }) => response.status === 200 && response.body === 'private',
    sound: isRefused,
  },
  {
    rule: 'access/allow-without-deny',
    examples: { bad: 'an office and nobody else, it says', good: 'everybody else is denied' },
    shows: 'another address is let in',
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/` },
    harm: ({ response }) => response.status === 200,
    sound: isRefused,
  },
  {
    rule: 'access/rule-after-all',
    examples: { bad: 'allowed when all are denied already', good: 'all come last' },
    shows: 'an address that is allowed is refused',
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/`, from: '192.0.2.7' },
    harm: isRefused,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'access/well-known-denied',
    shows: 'the challenge is forbidden',
    examples: { bad: 'a rewriting rule', good: 'left out' },
    files: { 'srv/www/.well-known/acme-challenge/token': 'proof' },
    request: { url: `${SITE}/.well-known/acme-challenge/token` },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'proof',
  },
  {
    rule: 'access/well-known-denied',
    shows: 'the exception does not hold',
    examples: {
      bad: 'the slash is part of the exception, and stands before the dot',
      good: 'left out by the server',
    },
    files: { [`srv/www/.well-known/acme-challenge/${'x'.repeat(43)}`]: 'proof' },
    request: { url: `${SITE}/.well-known/acme-challenge/${'x'.repeat(43)}` },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'proof',
  },
  {
    rule: 'access/well-known-denied',
    shows: 'what the application answers is forbidden',
    examples: {
      bad: 'a section of files, and a rule by which the application answers',
      good: 'a section of files that leaves it out, or one of which the directory is there',
    },
    files: { 'srv/www/remote.php': 'the calendar' },
    request: { url: `${SITE}/.well-known/carddav` },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body === 'the calendar',
  },
  {
    rule: 'access/private-network-too-wide',
    examples: { bad: 'for the networks of Docker', good: 'the private networks' },
    shows: 'a public address is let in',
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/`, from: '172.217.0.1' },
    harm: ({ response }) => response.status === 200,
    sound: isRefused,
  },
  {
    rule: 'access/private-network-too-wide',
    shows: 'Apache lets a public address in',
    examples: { bad: 'whom Apache lets in', good: 'private networks of Apache, and one that is refused' },
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/index.html`, from: '172.217.0.1' },
    harm: ({ response }) => response.status === 200,
    sound: isRefused,
  },
  {
    rule: 'access/private-network-too-wide',
    shows: 'the public address of a slip is let in',
    examples: { bad: 'a slip beside other private networks', good: 'the private networks' },
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/`, from: '192.186.0.1' },
    harm: ({ response }) => response.status === 200,
    sound: isRefused,
  },
  {
    rule: 'access/answered-before-access',
    examples: { bad: 'a text for some addresses', good: 'a refusal, which needs no other' },
    shows: 'the text is sent to an address that is denied',
    request: { url: `${SITE}/token` },
    harm: ({ response }) => response.status === 200 && response.body === 'secret',
  },
  {
    rule: 'access/answered-before-access',
    shows: 'PHP is reached by an address that is denied',
    examples: {
      bad: 'a front controller that the whole server rewrites to',
      good: 'rewritten where nobody is kept out',
    },
    request: { url: `${SITE}/admin/` },
    harm: ({ response }) => response.status === 502,
    sound: isRefused,
  },
  {
    rule: 'access/status-page-open',
    examples: { bad: 'for everybody', good: 'for this machine' },
    shows: 'another machine reads how busy nginx is',
    request: { url: `${SITE}/status`, from: '192.0.2.7' },
    harm: ({ response }) => response.status === 200 && response.body.includes('Active connections'),
    sound: isRefused,
  },
  {
    rule: 'access/deny-hidden-by-regex',
    examples: { bad: 'a directory before the hidden files', good: 'the hidden files first' },
    shows: 'a file of passwords is sent',
    files: { 'srv/www/upload/.htpasswd': 'admin:secret' },
    request: { url: `${SITE}/upload/.htpasswd` },
    harm: ({ response }) => response.status === 200 && response.body.includes('admin:secret'),
    sound: isRefused,
  },
  {
    rule: 'access/deny-hidden-by-regex',
    shows: 'PHP is asked for a script of the uploads',
    examples: { bad: 'all scripts before those of uploads', good: 'the scripts of uploads first' },
    files: { '/srv/www/uploads/a.php': '<?php echo 1;' },
    request: { url: `${SITE}/uploads/a.php` },
    // Nothing listens for PHP: 502 says that nginx has tried to reach it.
    harm: ({ response }) => response.status === 502,
    sound: isRefused,
  },
  {
    rule: 'access/answered-before-access',
    shows: 'the front controller is asked without a password',
    examples: {
      bad: 'a front controller that the location itself rewrites to',
      good: 'a front controller that is looked for behind the password',
    },
    request: { url: `${SITE}/admin/users` },
    harm: ({ response }) => response.status === 502,
    sound: isRefused,
  },
  {
    rule: 'access/limit-counts-proxy',
    examples: {
      bad: 'behind a proxy on the same machine',
      good: 'the client’s address is taken from the proxy',
    },
    shows: 'the first client uses up what the next one may ask',
    request: { url: 'http://example.org:8080/login', headers: { 'X-Forwarded-For': '192.0.2.1' } },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org:8080/login', headers: { 'X-Forwarded-For': '192.0.2.2' } }))
        .status === 503,
  },
  {
    rule: 'access/limit-counts-proxy',
    shows: 'another client is refused for what the first one asked',
    examples: {
      bad: 'the variable that says who is limited',
      good: 'the address of those that are limited',
    },
    files: { 'srv/www/login': 'log in' },
    request: { url: 'http://example.org/login', headers: { 'X-Forwarded-For': '192.0.2.1' } },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org/login', headers: { 'X-Forwarded-For': '192.0.2.2' } }))
        .status === 503,
    sound: async ({ request }) =>
      (await request({ url: 'http://example.org/login', headers: { 'X-Forwarded-For': '192.0.2.2' } }))
        .body === 'log in',
  },
  {
    rule: 'access/secure-link-unasked',
    shows: 'a link without a checksum is answered',
    examples: { bad: 'the checksum alone', good: 'with the questions' },
    files: { '/srv/www/videos/a.txt': 'video' },
    request: { url: `${SITE}/videos/a.txt` },
    harm: ({ response }) => response.body === 'video',
    sound: isRefused,
  },
  {
    rule: 'access/secure-link-unasked',
    shows: 'a link whose time is long over is answered',
    examples: { bad: 'the checksum asked for, and not the time', good: 'with the questions' },
    files: { '/srv/www/videos/a.txt': 'video' },
    request: { url: `${SITE}/videos/a.txt?md5=${checksum('1000000000')}&expires=1000000000` },
    harm: ({ response }) => response.body === 'video',
    sound: ({ response }) => response.status === 410,
  },
  {
    rule: 'access/secure-link-unasked',
    shows: 'a link with a wrong checksum is answered',
    examples: { bad: 'the time asked for, and not the checksum', good: 'with the questions' },
    files: { '/srv/www/videos/a.txt': 'video' },
    request: { url: `${SITE}/videos/a.txt?md5=wrong&expires=9999999999` },
    harm: ({ response }) => response.body === 'video',
    sound: isRefused,
  },
  {
    rule: 'access/valid-referers-unused',
    examples: { bad: 'the list alone', good: 'with the question' },
    shows: 'the picture is sent to a page of another site',
    files: { '/srv/www/pictures/a.txt': 'picture' },
    request: { url: `${SITE}/pictures/a.txt`, headers: { Referer: 'http://elsewhere.example/' } },
    harm: ({ response }) => response.body === 'picture',
    sound: isRefused,
  },
  {
    rule: 'access/location-lost-to-regex',
    shows: 'a picture is sent to an address that may not have it',
    examples: { bad: 'pictures beside a password', good: 'pictures kept beside the others' },
    files: { 'srv/www/private/plan.png': 'plan' },
    request: { url: `${SITE}/private/plan.png` },
    harm: ({ response }) => response.body === 'plan',
    sound: isRefused,
  },
  {
    rule: 'access/auth-request-body',
    examples: { bad: 'the headers as they came', good: 'without a length' },
    shows: 'a form hangs until nginx gives up on the server that it asks',
    mirrors: [9000, 9001],
    smaller: {
      'proxy_pass http://127.0.0.1:9001;': 'proxy_pass http://127.0.0.1:9001; proxy_read_timeout 1;',
    },
    request: { url: SITE, method: 'POST', body: 'name=value', patience: 4000 },
    harm: ({ response }) => response.status !== 200,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'access/auth-request-body',
    examples: { bad: 'a mirror that gets no bodies', good: 'a mirror without a length' },
    shows: 'the server of the copies is told of a body that it does not get',
    mirrors: [9000, 9001],
    smaller: {
      'proxy_pass http://127.0.0.1:9001$request_uri;':
        'proxy_pass http://127.0.0.1:9001$request_uri; proxy_read_timeout 1;',
    },
    request: { url: `${SITE}/verify`, method: 'POST', body: 'name=value', patience: 4000 },
    harm: ({ logNow }) => eventually(() => logNow().includes('timed out')),
    sound: async ({ response, logNow }) =>
      response.status === 200 && !(await eventually(() => logNow().includes('timed out'))),
  },
  {
    rule: 'access/auth-request-unanswered',
    examples: { bad: 'a path that the start page answers', good: 'its own location' },
    shows: 'everybody is let in',
    files: { '/srv/www/index.html': 'start page', '/srv/www/report.txt': 'secret' },
    request: { url: `${SITE}/report.txt` },
    harm: ({ response }) => response.body === 'secret',
    // Nothing listens that says yes.
    sound: ({ response }) => response.status === 500,
  },
  {
    rule: 'access/limit-key-from-client',
    examples: { bad: 'the header', good: 'the address' },
    shows: 'a client with another header is not limited',
    files: { 'srv/www/login.html': 'log in' },
    request: { url: 'http://example.org/login', headers: { 'X-Forwarded-For': '192.0.2.1' } },
    harm: async ({ response, request }) =>
      response.status === 200 &&
      (await request({ url: 'http://example.org/login', headers: { 'X-Forwarded-For': '192.0.2.2' } }))
        .status === 200,
    sound: async ({ response, request }) =>
      response.status === 200 &&
      (await request({ url: 'http://example.org/login', headers: { 'X-Forwarded-For': '192.0.2.2' } }))
        .status === 503,
  },
  {
    rule: 'access/auth-request-unanswered',
    shows: 'every request is an error',
    examples: { bad: 'a path without its slash', good: 'its own location' },
    mirrors: [9001],
    files: { '/srv/www/report.txt': 'secret' },
    request: { url: `${SITE}/report.txt` },
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'access/secure-link-expiry-unsigned',
    shows: 'a link is answered with a time that its maker did not write',
    examples: { bad: 'the path and a word', good: 'the time, the path and a word' },
    files: { 'srv/www/videos/one.txt': 'moving' },
    request: {
      url: `${SITE}/videos/one.txt?md5=${createHash('md5').update('/videos/one.txt example-word').digest('base64url')}&expires=9999999999`,
    },
    harm: ({ response }) => response.body === 'moving',
    sound: isRefused,
  },
  {
    rule: 'access/limit-zone-unused',
    shows: 'ten requests in one minute are answered, where one is allowed',
    examples: { bad: 'requests that nothing limits', good: 'a limit' },
    files: { 'srv/www/one.txt': 'page' },
    request: { url: `${SITE}/one.txt` },
    harm: async ({ request }) => {
      const answers = []
      for (let count = 0; count < 10; count++) answers.push(await request({ url: `${SITE}/one.txt` }))
      return answers.every(({ status }) => status === 200)
    },
  },
  {
    rule: 'access/limit-key-unused',
    shows: 'an address that the map takes out is refused',
    examples: { bad: 'the address as the key', good: 'the variable of the map' },
    request: { url: `${SITE}/` },
    harm: async ({ request }) => (await request({ url: `${SITE}/` })).status === 503,
    sound: async ({ request }) => (await request({ url: `${SITE}/` })).status !== 503,
  },
  {
    rule: 'access/forwarded-address-decides',
    shows: 'a client that writes the address is let in',
    examples: { bad: 'an address anywhere in the header', good: 'the address of the connection' },
    files: { 'srv/www/admin/one.txt': 'inside' },
    request: { url: `${SITE}/admin/one.txt`, headers: { 'X-Forwarded-For': '203.0.113.7' } },
    harm: async ({ response, request }) =>
      response.body === 'inside' && (await request({ url: `${SITE}/admin/one.txt` })).status === 403,
    sound: isRefused,
  },
  {
    rule: 'access/x-accel-location-open',
    examples: { bad: 'a view of Django', good: 'internal' },
    shows: 'an invoice comes without a question to the application',
    request: { url: 'http://example.org/protected/1.pdf' },
    harm: ({ response }) => response.status === 200 && response.body.includes('an invoice'),
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'access/internal-directory-public',
    examples: { bad: 'the same directory', good: 'another directory' },
    shows: 'an invoice comes without a question to the application',
    request: { url: 'http://example.org/media/invoice.txt' },
    harm: ({ response }) => response.status === 200 && response.body.includes('an invoice'),
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'access/forwarded-address-grants',
    examples: { bad: 'an address at the beginning of the header', good: 'the address of the connection' },
    shows: 'a client that writes the address is let in',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '10.1.1.1' } },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/internal-uri-from-client',
    examples: { bad: 'an argument that a condition takes apart', good: 'what the application answers' },
    shows: 'a file of the internal location is sent',
    files: { 'srv/invoices/1.txt': 'an invoice' },
    mirrors: [8000],
    request: { url: 'http://example.org/upload_done?next=/protected/1.txt' },
    harm: ({ response }) => response.body === 'an invoice',
    sound: ({ response }) => response.body !== 'an invoice',
  },
  {
    rule: 'access/wider-location-later',
    examples: { bad: 'an administration that is opened', good: 'the wider one first' },
    shows: 'an address that is no one of the office sees the administration',
    mirrors: [9000],
    request: { url: 'http://example.org/admin/' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/password-replaces-network',
    examples: { bad: 'an administration', good: 'both are asked for' },
    shows: 'the password is enough, from any address',
    files: { 'etc/apache2/users': 'ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n' },
    request: {
      url: 'http://example.org/admin/page.txt',
      headers: { authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` },
    },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status !== 200,
  },
  {
    rule: 'access/limit-spares-clients',
    examples: { bad: 'a geo the wrong way round', good: 'our own networks are not counted' },
    shows: 'the machine itself, which is to be spared, is refused',
    request: { url: 'http://example.org/page.txt' },
    harm: async ({ request }) => (await request({ url: 'http://example.org/page.txt' })).status === 503,
    sound: async ({ request }) => (await request({ url: 'http://example.org/page.txt' })).status === 200,
  },
  {
    rule: 'access/file-system-granted',
    examples: { bad: 'granted to everyone', good: 'denied' },
    shows: 'a directory that no section grants is served',
    files: { 'srv/archive/report.txt': 'secret' },
    request: { url: 'http://example.org/archive/report.txt' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 403,
  },
]

/** What a link to the video has for a time, as the examples ask for it. */
function checksum(expires: string): string {
  return createHash('md5').update(`${expires}/videos/a.txt example-word`).digest('base64url')
}

/** Waits two seconds at most, as a copy is sent behind the answer. */
async function eventually(holds: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 20 && !holds(); tries++) await new Promise(resolve => setTimeout(resolve, 100))
  return holds()
}
