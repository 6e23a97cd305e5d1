import type { LiveAnswer, LiveCase } from '../live-case.ts'

const SITE = 'http://example.org'

const isRefused = ({ response }: LiveAnswer): boolean => [401, 403].includes(response.status)

export const cases: readonly LiveCase[] = [
  {
    rule: 'access/address-of-proxy-decides',
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
    rule: 'access/auth-request-login-loop',
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
    examples: { bad: 'by its URL' },
    mirrors: [9000],
    request: { url: 'http://example.org/login' },
    harm: ({ response }) => response.headers.location === 'http://example.org/login',
    sound: ({ response }) => response.report?.path === '/login',
  },
  {
    rule: 'access/auth-basic-realm-off',
    shows: 'a password is asked for',
    mirrors: [9000],
    request: { url: 'http://example.org/hooks/push' },
    harm: ({ response }) =>
      response.status === 401 && response.headers['www-authenticate'] === 'Basic realm="Off"',
    sound: ({ response }) => response.report?.path === '/hooks/push',
  },
  {
    rule: 'access/dav-open',
    shows: 'a client without a password writes a file',
    request: { url: 'http://example.org/share/new.txt', method: 'PUT', body: 'mine' },
    harm: ({ response }) => response.status === 201,
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/files-section-proxied',
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
    shows: 'a client without a password gets the file',
    files: { '/srv/www/staff/report.txt': 'secret' },
    request: { url: 'http://example.org/staff/report.txt' },
    harm: ({ response }) => response.body === 'secret',
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/location-undoes-directory',
    shows: 'a client of another network gets the file',
    request: { url: 'http://example.org/private/report.txt' },
    harm: ({ response }) => response.body.trim() === 'secret',
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'access/auth-basic-without-file',
    shows: 'a client without a password gets the file',
    files: { '/srv/www/admin/report.txt': 'secret' },
    request: { url: 'http://example.org/admin/report.txt' },
    harm: ({ response }) => response.body === 'secret',
    sound: ({ response }) => response.status === 401,
  },
  {
    rule: 'access/location-lost-to-regex',
    shows: 'a script goes to PHP without a password',
    files: { 'srv/www/admin/page.php': '<?php echo 1;\n' },
    request: { url: `${SITE}/admin/page.php` },
    // Nothing listens for PHP: 502 says that nginx has tried to reach it.
    harm: ({ response }) => response.status === 502,
    sound: isRefused,
  },
  {
    rule: 'access/exact-location-one-url',
    shows: 'what lies below is sent to everybody',
    files: { 'srv/www/private/report.txt': 'private' },
    request: { url: `${SITE}/private/report.txt` },
    harm: ({ response }) => response.status === 200 && response.body === 'private',
    sound: isRefused,
  },
  {
    rule: 'access/allow-without-deny',
    shows: 'another address is let in',
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/` },
    harm: ({ response }) => response.status === 200,
    sound: isRefused,
  },
  {
    rule: 'access/rule-after-all',
    shows: 'an address that is allowed is refused',
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/`, from: '192.0.2.7' },
    harm: isRefused,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'access/private-network-too-wide',
    shows: 'a public address is let in',
    files: { 'srv/www/admin/index.html': 'admin' },
    request: { url: `${SITE}/admin/`, from: '172.217.0.1' },
    harm: ({ response }) => response.status === 200,
    sound: isRefused,
  },
  {
    rule: 'access/answered-before-access',
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
    shows: 'another machine reads how busy nginx is',
    request: { url: `${SITE}/status`, from: '192.0.2.7' },
    harm: ({ response }) => response.status === 200 && response.body.includes('Active connections'),
    sound: isRefused,
  },
  {
    rule: 'access/deny-hidden-by-regex',
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
    shows: 'the first client uses up what the next one may ask',
    request: { url: 'http://example.org:8080/login', headers: { 'X-Forwarded-For': '192.0.2.1' } },
    harm: async ({ request }) =>
      (await request({ url: 'http://example.org:8080/login', headers: { 'X-Forwarded-For': '192.0.2.2' } }))
        .status === 503,
  },
  {
    rule: 'access/valid-referers-unused',
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
    rule: 'access/auth-request-unanswered',
    shows: 'everybody is let in',
    files: { '/srv/www/index.html': 'start page', '/srv/www/report.txt': 'secret' },
    request: { url: `${SITE}/report.txt` },
    harm: ({ response }) => response.body === 'secret',
    // Nothing listens that says yes.
    sound: ({ response }) => response.status === 500,
  },
  {
    rule: 'access/limit-key-from-client',
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
    examples: { bad: 'a path that nothing answers' },
    mirrors: [9001],
    files: { '/srv/www/report.txt': 'secret' },
    request: { url: `${SITE}/report.txt` },
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.status === 200,
  },
]
