import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import type { LiveCase } from '../live-case.ts'
import { REPORTING_APPLICATION } from '../reporting-application.ts'

const SITE = 'http://example.org:9000'

/** The command line of every process, as `ps` shows it. */
function processNames(): readonly string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8')]
      } catch {
        return []
      }
    })
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'wsgi/mount-repeated',
    examples: {
      bad: 'URLs of Django below a mount of mod_wsgi',
      good: 'URLs of Django without the mount',
    },
    shows: 'Django has no route for what follows the mount',
    request: { url: 'http://example.org:9000/shop/items/' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'here',
  },
  {
    rule: 'wsgi/locale-ascii',
    examples: { bad: 'the locale of the daemon process', good: 'UTF-8 for the daemon process' },
    shows: 'a file whose name has an umlaut is not written',
    request: { url: 'http://example.org:9000/' },
    harm: ({ response }) => response.status === 500,
    sound: ({ response }) => response.body === 'saved',
  },
  {
    rule: 'wsgi/embedded-mode',
    examples: { bad: 'a daemon process, and nobody sends to it', good: 'the group of the virtual host' },
    shows: 'the application answers, and runs in no process group',
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.report?.process_group === '',
    sound: ({ response }) => response.report?.process_group === 'app',
  },
  {
    rule: 'wsgi/process-group-undefined',
    examples: { bad: 'two letters swapped', good: 'defined' },
    shows: 'every request is a 500 while the check calls the configuration good',
    request: { url: `${SITE}/` },
    harm: ({ response, refused }) => response.status === 500 && refused.apache === null,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/process-group-undefined',
    shows: 'the only daemon process has another name',
    examples: { bad: 'another name than that of the only daemon process, in a fragment', good: 'defined' },
    request: { url: `${SITE}/` },
    harm: ({ response, refused }) => response.status === 500 && refused.apache === null,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/process-group-not-visible',
    examples: { bad: 'another name', good: 'the same name on another port' },
    shows: 'every request is a 500 while the check calls the configuration good',
    request: { url: 'http://shop.example.org:9000/' },
    harm: ({ response, refused }) => response.status === 500 && refused.apache === null,
    sound: async ({ request }) => (await request({ url: `${SITE}/` })).status === 200,
  },
  {
    rule: 'wsgi/alias-order',
    examples: { bad: 'the root first', good: 'the longer path first' },
    shows: 'the first application answers for the path of the second',
    request: { url: `${SITE}/blog` },
    harm: ({ response }) => response.report?.script === '/opt/site/wsgi.py',
    sound: ({ response }) => response.report?.script === '/opt/blog/wsgi.py',
  },
  {
    rule: 'apache/legacy-access-control',
    shows: 'the old words do not lift the new denial',
    examples: { bad: 'below the root that 2.4 closes', good: 'as in 2.4' },
    files: {
      'wsgi.conf':
        '<VirtualHost *:9000>\nServerName example.org\nWSGIDaemonProcess app\nWSGIScriptAlias / /srv/app/wsgi.py process-group=app\n</VirtualHost>\n',
    },
    request: { url: `${SITE}/` },
    harm: ({ response, refused }) => response.status === 403 && refused.apache === null,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/directory-not-granted',
    examples: { bad: 'nothing granted', good: 'granted' },
    shows: 'every request is a 403 while the check calls the configuration good',
    request: { url: `${SITE}/` },
    harm: ({ response, refused }) => response.status === 403 && refused.apache === null,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/script-missing',
    examples: { bad: 'a file that was renamed', good: 'there' },
    shows: 'every request is a 404 while the check calls the configuration good',
    request: { url: `${SITE}/` },
    harm: ({ response, refused }) => response.status === 404 && refused.apache === null,
    sound: ({ response }) => response.status !== 404,
  },
  {
    rule: 'wsgi/script-is-directory',
    examples: { bad: 'the package of a project', good: 'the script' },
    shows: 'the start page is none of the application',
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.status >= 400,
    sound: ({ response }) => response.status === 200 && response.body === 'shop',
  },
  {
    rule: 'wsgi/script-is-directory',
    examples: { bad: 'with a slash at its end', good: 'the script' },
    shows: 'nor any page of it',
    request: { url: `${SITE}/cart/` },
    harm: ({ response }) => response.status >= 400,
    sound: ({ response }) => response.status === 200 && response.body === 'shop',
  },
  {
    rule: 'wsgi/script-is-directory',
    examples: { bad: 'the directory that holds the package', good: 'the script' },
    shows: 'nor from above it',
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.status >= 400,
    sound: ({ response }) => response.status === 200 && response.body === 'shop',
  },
  {
    rule: 'wsgi/relative-file',
    shows: 'Django may not open its log in the root directory',
    examples: { bad: 'a log file', good: 'a path from the settings’ own directory' },
    request: { url: `${SITE}/` },
    harm: ({ response, logNow }) =>
      response.status === 500 && logNow().includes("Unable to configure handler 'file'"),
    sound: ({ logNow }) => !logNow().includes('Unable to configure handler'),
  },
  {
    rule: 'wsgi/relative-file',
    shows: 'the home of www-data is the directory of the process',
    examples: { bad: 'a view of Flask, as www-data', good: 'the directory of Flask' },
    request: { url: `${SITE}/` },
    harm: ({ response, logNow }) =>
      response.status === 500 && /FileNotFoundError: .*data\/products\.json/.test(logNow()),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/apps-share-process-group',
    examples: { bad: 'two projects with the script of `startproject`', good: 'a daemon process for each' },
    shows: 'the project that is asked second answers with the settings of the first',
    request: { url: 'http://shop.example.org:9000/' },
    harm: async ({ response, request, refused }) =>
      refused.apache === null &&
      response.body === 'shop' &&
      (await request({ url: 'http://wiki.example.org:9000/' })).body !== 'wiki',
    sound: async ({ response, request }) =>
      response.body === 'shop' && (await request({ url: 'http://wiki.example.org:9000/' })).body === 'wiki',
  },
  {
    rule: 'wsgi/global-with-multiple-apps',
    examples: { bad: 'the main interpreter of one group', good: 'a daemon process for each' },
    shows: 'the project that is asked second answers with the pages of the first',
    request: { url: 'http://shop.example.org:9000/' },
    harm: async ({ response, request, refused }) =>
      refused.apache === null &&
      response.body === 'shop' &&
      (await request({ url: 'http://wiki.example.org:9000/' })).body === 'shop',
    sound: async ({ response, request }) =>
      response.body === 'shop' && (await request({ url: 'http://wiki.example.org:9000/' })).body === 'wiki',
  },
  {
    rule: 'wsgi/timezone-leak',
    examples: { bad: 'in Apache’s own processes', good: 'the zone of the machine' },
    shows: 'the stamps of the access log are in the zone of Django',
    request: { url: 'http://shop.example.org:9000/' },
    harm: async ({ request, refused }) => {
      // httpd keeps the text of a second, so the next request falls into another one; and each of its processes
      // loads Django with its own first request.
      for (let round = 0; round < 8; round++) {
        await new Promise(resolve => setTimeout(resolve, 1100))
        await request({ url: 'http://shop.example.org:9000/' })
        if (accessLog().some(line => line.includes(' +0900]'))) return refused.apache === null
      }
      return false
    },
    sound: async ({ request, refused }) => {
      await new Promise(resolve => setTimeout(resolve, 1100))
      await request({ url: 'http://shop.example.org:9000/' })
      return refused.apache === null && !accessLog().some(line => line.includes(' +0900]'))
    },
  },
  {
    rule: 'wsgi/daemon-duplicate-name',
    examples: {
      bad: 'the copy that was made for TLS',
      good: 'defined in the first, used in both, which have one ServerName',
    },
    shows: 'Apache refuses to start',
    request: { url: `${SITE}/` },
    harm: ({ refused }) => refused.apache?.includes('Name duplicates previous WSGI daemon') === true,
    sound: async ({ response, request, refused }) =>
      refused.apache === null &&
      response.report?.process_group === 'app' &&
      (await request({ url: 'http://example.org:9001/' })).report?.process_group === 'app',
  },
  {
    rule: 'wsgi/user-root',
    examples: { bad: 'by name', good: 'a user of its own' },
    shows: 'Apache refuses to start',
    request: { url: `${SITE}/` },
    harm: ({ refused }) => refused.apache?.includes('blocked from running as root') === true,
    sound: ({ response, refused }) => refused.apache === null && response.status === 200,
  },
  {
    rule: 'wsgi/process-group-order',
    shows: 'Apache refuses to start',
    examples: { bad: 'in a file that is included later', good: 'defined above' },
    request: { url: `${SITE}/` },
    harm: ({ refused }) => refused.apache?.includes('WSGI process group not yet configured') === true,
    sound: ({ response, refused }) => refused.apache === null && response.report?.process_group === 'app',
  },
  {
    rule: 'wsgi/user-missing',
    examples: { bad: 'no user', good: 'a user of its own' },
    shows: 'the application runs as the user of Apache',
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.report?.uid === '33',
    sound: ({ response }) => response.status === 200 && response.report?.uid !== '33',
  },
  {
    rule: 'wsgi/authorization-dropped',
    examples: { bad: 'tokens of Django REST Framework', good: 'proxied' },
    shows: 'the header is not there for the application',
    // The framework itself is not on this machine.
    files: { 'opt/api/api/wsgi.py': REPORTING_APPLICATION },
    request: { url: `${SITE}/`, headers: { Authorization: 'Token abc' } },
    harm: ({ response }) => response.status === 200 && response.report?.HTTP_AUTHORIZATION === undefined,
    sound: ({ response }) => response.report?.HTTP_AUTHORIZATION === 'Token abc',
  },
  {
    rule: 'wsgi/authorization-dropped',
    shows: 'another module brings the header past mod_wsgi',
    files: { 'opt/api/api/wsgi.py': REPORTING_APPLICATION },
    examples: { bad: 'tokens of Django REST Framework', good: 'proxied by the alias' },
    request: { url: `${SITE}/`, headers: { Authorization: 'Token abc' } },
    harm: ({ response }) => response.status === 200 && response.report?.HTTP_AUTHORIZATION === undefined,
    sound: ({ response }) => response.report?.HTTP_AUTHORIZATION === 'Token abc',
  },
  {
    rule: 'wsgi/mod-wsgi-option-too-new',
    examples: { bad: 'the module of the distribution', good: 'what every version knows' },
    shows: 'Apache refuses to start',
    request: { url: `${SITE}/` },
    harm: ({ refused }) => refused.apache?.includes('Invalid option to WSGI daemon process') === true,
    sound: ({ response, refused }) => refused.apache === null && response.status === 200,
  },
  {
    rule: 'wsgi/socket-prefix-unreadable',
    examples: { bad: 'among the logs, which are for root alone', good: 'the directory of Apache' },
    shows: 'every request is a 503 once the directory of logs is as Debian makes it',
    request: { url: `${SITE}/` },
    harm: async ({ response, request, refused }) => {
      chmodSync('/var/log/apache2', 0o750)
      const later = await request({ url: `${SITE}/` })
      return refused.apache === null && response.status === 200 && later.status === 503
    },
  },
  {
    rule: 'wsgi/daemon-unused',
    examples: { bad: 'left from a site that moved', good: 'used' },
    shows: 'a process waits at a socket of its own, and another one answers',
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.report?.process_group === 'app' && daemonSockets().length === 2,
    sound: ({ response }) => response.report?.process_group === 'app' && daemonSockets().length === 1,
  },
  {
    rule: 'wsgi/python-home-missing',
    examples: { bad: 'a directory that is not there', good: 'an environment' },
    shows: 'the daemon process dies as it starts, and the request waits',
    request: { url: `${SITE}/`, patience: 1500 },
    harm: ({ response, refused }) => refused.apache === null && response.failure === 'ETIMEDOUT',
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/maximum-requests',
    shows: 'another process answers after a hundred requests',
    examples: { bad: 'a process for every hundred requests', good: 'a high limit' },
    request: { url: `${SITE}/` },
    harm: async ({ response, request }) => {
      const pids = new Set([response.report?.pid])
      for (let count = 0; count < 120; count++) pids.add((await request({ url: `${SITE}/` })).report?.pid)
      return pids.size > 1
    },
  },
  {
    rule: 'wsgi/callable-missing',
    examples: { bad: 'imported by another name', good: 'as application' },
    shows: 'every request is a 500',
    request: { url: 'http://example.org:9000/' },
    harm: ({ response, logNow }) =>
      response.status === 500 && logNow().includes("does not contain WSGI application 'application'"),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'wsgi/python-path-inside-package',
    examples: { bad: 'one directory too deep', good: 'the directory of manage.py' },
    shows: 'the settings are not found',
    request: { url: 'http://example.org:9000/' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes("No module named 'shop'"),
    sound: ({ logNow }) => !logNow().includes("No module named 'shop'"),
  },
  {
    rule: 'wsgi/project-not-on-path',
    examples: { bad: 'the environment alone', good: 'python-path' },
    shows: 'the project is not found',
    request: { url: 'http://example.org:9000/' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes("No module named 'shop'"),
    sound: ({ logNow }) => !logNow().includes("No module named 'shop'"),
  },
  {
    rule: 'wsgi/settings-not-found',
    examples: { bad: 'a module below one that is no package', good: 'the settings' },
    shows: 'Django does not find its settings',
    request: { url: 'http://example.org:9000/' },
    harm: ({ response, logNow }) =>
      response.status === 500 && logNow().includes("No module named 'shop.settings.production'"),
    sound: ({ response }) => response.status !== 0 && response.status !== 500,
  },
  {
    rule: 'wsgi/handler-over-alias',
    examples: { bad: 'scripts in Python as CGI', good: 'CGI by extensions of its own' },
    shows: 'the script is not run',
    files: {
      'srv/web/app.py':
        'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"ran"]\n',
    },
    request: { url: 'http://example.org:9000/web/app.py' },
    harm: ({ response }) => response.status !== 0 && response.body !== 'ran',
    sound: ({ response }) => response.body === 'ran',
  },
  {
    rule: 'wsgi/setenv-not-environ',
    shows: 'the import fails',
    examples: { bad: 'read by the settings', good: 'the script sets it too' },
    request: { url: 'http://example.org:9000/' },
    harm: ({ response, logNow }) => response.status === 500 && logNow().includes("KeyError: 'SHOP_ENV'"),
    sound: ({ response, logNow }) => response.status !== 0 && !logNow().includes('KeyError'),
  },
  {
    rule: 'wsgi/display-name',
    examples: { bad: 'no name', good: 'named after the group' },
    shows: 'no process has a name of its own',
    request: { url: `${SITE}/` },
    harm: () => !processNames().some(name => name.startsWith('(wsgi:')),
    // The tests start `apache2` without its directory, and there is room for no longer a name.
    sound: () => processNames().some(name => name.startsWith('(wsgi:')),
  },
  {
    rule: 'wsgi/trusted-proxies-missing',
    examples: { bad: 'the headers alone', good: 'the proxies are named' },
    shows: 'a client chooses its address',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '203.0.113.9' } },
    harm: ({ response }) => JSON.parse(response.body).remote === '203.0.113.9',
    sound: ({ response }) => JSON.parse(response.body).remote !== '203.0.113.9',
  },
]

function daemonSockets(): readonly string[] {
  return readdirSync('/run/apache2').filter(name => name.startsWith('wsgi.') && name.endsWith('.sock'))
}

function accessLog(): readonly string[] {
  return readFileSync('/var/log/apache2/access.log', 'utf8').trim().split('\n')
}
