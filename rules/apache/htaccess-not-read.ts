import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { placeText } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING, MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { type Htaccess, htaccessOfHosts } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { rewriteRules } from '../../src/servers/apache/requests/rewrite/rules.ts'
import { apacheMain } from '../_examples.ts'

const main = (override: string, lines = ''): string =>
  apacheMain(
    conf`
      Listen 80
      <Directory /var/www>
          AllowOverride ${override}
          Require all granted
      </Directory>
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /var/www/site
          ${lines}
      </VirtualHost>
    `,
    ['rewrite', 'dir', 'alias'],
  )
const FRONT = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule ^ index.php [L]
`

export default defineRule({
  summary: 'A .htaccess file that Apache never reads',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `AllowOverride None`, which the main file of every distribution sets, `.htaccess` is not looked at: pages of a front controller are 404, and what the file denies is served.',
  remedy: 'Write `AllowOverride All` in the `<Directory>` of the site, or move the lines of the file there',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#allowoverride'],
  bad: [
    {
      title: 'a front controller',
      files: {
        'etc/apache2/apache2.conf': main('«None»'),
        'var/www/site/.htaccess': FRONT,
        'var/www/site/index.php': '',
      },
    },
    {
      title: 'a directory that is to be denied',
      files: {
        'etc/apache2/apache2.conf': main('«None»'),
        'var/www/site/data/.htaccess': conf`Require all denied`,
        'var/www/site/data/users.txt': '',
      },
    },
  ],
  good: [
    {
      title: 'read',
      files: {
        'etc/apache2/apache2.conf': main('All'),
        'var/www/site/.htaccess': FRONT,
        'var/www/site/index.php': '',
      },
    },
    {
      title: 'the lines stand in the virtual host',
      files: {
        'etc/apache2/apache2.conf': main(
          'None',
          conf`
            <Directory /var/www/site>
                FallbackResource /index.php
            </Directory>
            <Directory /var/www/site/data>
                Require all denied
            </Directory>
          `,
        ),
        'var/www/site/.htaccess': FRONT,
        'var/www/site/index.php': '',
        'var/www/site/data/.htaccess': conf`Require all denied`,
      },
    },
    {
      title: 'what only makes a site faster',
      files: {
        'etc/apache2/apache2.conf': main('None'),
        'var/www/site/.htaccess': conf`
          <IfModule mod_expires.c>
              ExpiresActive On
          </IfModule>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      for (const htaccess of htaccessOfHosts(configuration, deployment.filesOf(configuration))) {
        const { overrides, directory } = htaccess
        if (!overrides.known || overrides.value.reads || overrides.value.at === null) continue
        const asked: AskedHost = { configuration, host: htaccess.virtualHost }
        const url = urlOfDirectory(asked, directory)
        const lost = url === null ? null : lostLine(deployment, asked, htaccess, url)
        if (lost === null) continue
        const at = overrides.value.at
        yield {
          at,
          cause: at,
          message: `\`${directory}.htaccess\` is not read, so ${lost.harm}`,
          related: [{ at: namePlace(lost.line), message: 'has no effect' }],
          ...propose('Let the file be read', 'unsafe', [
            /^none$/i.test(placeText(at)) ? replacePlace(at, 'All') : null,
          ]),
        }
      }
    }
  },
})

interface Lost {
  readonly line: ApacheDirective
  readonly harm: string
}

/** A line whose absence clients notice: the server answers otherwise than the file would. */
function lostLine(deployment: Deployment, asked: AskedHost, { file }: Htaccess, url: string): Lost | null {
  const missing = `${url}${MISSING}`
  const front =
    file.children.find(({ name }) => name === 'FallbackResource') ??
    rewriteRules(file.children).find(isFrontController)?.directive
  if (front !== undefined) {
    const { end } = askHost(deployment, asked, missing)
    if (end.kind === 'response' && end.status === 404)
      return { line: front, harm: `\`${url}page\` is 404 where it is to be answered by the front controller` }
  }
  const denial = file.children.find(
    ({ name, args }) =>
      (name === 'Require' && args[1]?.value.toLowerCase() === 'denied') ||
      (/^deny$/i.test(name) && args[1]?.value.toLowerCase() === 'all' && !file.occurrences.has('allow')) ||
      (name === 'Require' && /^(?:valid-user|user|group)$/.test(args[0]?.value ?? '')),
  )
  if (denial === undefined) return null
  const { end, steps } = askHost(deployment, asked, `${url}${EXISTING}.txt`)
  const isSure = !steps.some(({ kind, text }) => kind === 'doubt' && !text.endsWith('taken as missing'))
  if (end.kind !== 'file' || end.status !== 200 || !isSure) return null
  return {
    line: denial,
    harm: `\`${url}\` is served to everybody, which \`${denial.name} ${denial.args.map(({ value }) => value).join(' ')}\` is to prevent`,
  }
}

function isFrontController({
  output,
  keepsUri,
  flags,
  conditions,
  isRefusal,
}: ReturnType<typeof rewriteRules>[number]): boolean {
  if (keepsUri || isRefusal || flags.has('R') || flags.has('P') || /^https?:/i.test(output)) return false
  return (
    /\.(?:php|cgi|fcgi|pl|py|html?)(?:\?|$|\/)/.test(output) &&
    conditions.some(({ test, negated }) => test === '-f' && negated)
  )
}
