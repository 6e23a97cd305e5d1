import { type AskedHost, askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain } from '../_examples.ts'

const site = (rules: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              AllowOverride All
              Require all granted
          </Directory>
          <Location /server-status>
              SetHandler ${rules.includes('!=/server-status') || lines !== '' ? 'server-status' : '«server-status»'}
              Require local
          </Location>
          ${lines}
      </VirtualHost>
    `,
    ['rewrite', 'dir', 'status', 'authz_host'],
  ),
  'srv/www/.htaccess': rules,
  'srv/www/index.html': 'page',
})
const FRONT = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule . /index.html [L]
`

export default defineRule({
  summary: 'Rewriting rules take the page of the server’s own state',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'No file has the name of `/server-status`, so the rules by which WordPress, Drupal or Laravel answer every page answer it too: monitoring gets the 404 of the application.',
  remedy: 'Write `RewriteCond %{REQUEST_URI} !=/server-status` above the `RewriteRule` of the application',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_status.html',
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond',
  ],
  bad: [
    {
      title: 'a front controller in .htaccess',
      files: site(`RewriteEngine On\n${FRONT}`),
    },
  ],
  good: [
    {
      title: 'a condition leaves it out',
      files: site(`RewriteEngine On\nRewriteCond %{REQUEST_URI} !=/server-status\n${FRONT}`),
    },
    {
      title: 'the handler of the package, which answers other names of the machine',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          conf`
            Listen 80
            <Location /server-status>
                SetHandler server-status
                Require local
            </Location>
            <VirtualHost *:80>
                ServerName example.org
                DocumentRoot /srv/www
                <Directory /srv/www>
                    AllowOverride All
                    Require all granted
                </Directory>
            </VirtualHost>
          `,
          ['rewrite', 'dir', 'status', 'authz_host'],
        ),
        'srv/www/.htaccess': `RewriteEngine On\n${FRONT}`,
        'srv/www/index.html': 'page',
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      for (const { line, handler, path, client } of pagesOf(asked)) {
        const { end, steps } = askHost(deployment, asked, path, { client, standing: 'nothing' })
        if (end.kind === 'handler' && end.name === handler) continue
        if (end.kind === 'unknown' || end.kind === 'response') continue
        if (steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))) continue
        const rule = lastLine(steps, 'rewrite')
        if (rule === null) continue
        yield {
          at: argumentPlace(line, 0),
          message: `\`${path}\` is rewritten to \`${rule.args[1]?.value ?? ''}\`, so the application answers it`,
          related: [{ at: namePlace(rule), message: 'takes it, as no file has this name' }],
        }
      }
    }
  },
})

/** The pages that a virtual host has for itself; those of the main server are the package's, and have other names too. */
function pagesOf({ configuration, host }: AskedHost) {
  return directivesIn(configuration, host?.directive ?? null, 'location').flatMap(section => {
    const path = section.args[0]?.value ?? ''
    const line = section.children.find(({ name }) => name === 'SetHandler')
    const handler = line?.args[0]?.value ?? ''
    if (host === null || line === undefined || !HANDLERS.test(handler) || !/^\/[\w/-]+$/.test(path)) return []
    // Access is asked before rules of directories are.
    const addresses = section.children.flatMap(({ name, args }) =>
      name === 'Require' && args[0]?.value === 'ip' ? (args[1]?.value ?? []) : [],
    )
    const client = addresses.find(address => /^[\d.]+$/.test(address)) ?? '127.0.0.1'
    return [{ line, handler, path, client }]
  })
}

const HANDLERS = /^(?:server-status|server-info|balancer-manager|ldap-status)$/
