import { posix } from 'node:path'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const site = (root: string, lines = ''): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot ${root}
      <Directory />
          AllowOverride All
      </Directory>
      ${lines}
      ErrorLog \${APACHE_LOG_DIR}/error.log
  </VirtualHost>
`
/** What Debian’s main file says of its own directory. */
const MAIN = apacheMain(
  conf`
    Listen 80
    <Directory />
        AllowOverride None
        Require all denied
    </Directory>
    <Directory /var/www/>
        AllowOverride None
        Require all granted
    </Directory>
    IncludeOptional sites-enabled/*.conf
  `,
  ['dir', 'rewrite'],
)
const whole = (text: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': MAIN,
  'etc/apache2/sites-enabled/site.conf': text.replace('${APACHE_LOG_DIR}', '/var/log/apache2'),
  'var/www/html/.htaccess': 'DirectoryIndex start.html\n',
  'var/www/html/start.html': 'the start page',
})
const marked = (text: string): string => text.replace('AllowOverride All', 'AllowOverride «All»')

export default defineRule({
  summary: 'AllowOverride of the root directory is undone for the document root',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`<Directory />` is applied first and the section of a directory nearer to the file last, wherever the two stand. The `apache2.conf` of Debian and Ubuntu has `AllowOverride None` for `/var/www/`, so that `All` for `/` changes nothing there: the `.htaccess` of the site is not read.',
  remedy: 'Write `AllowOverride` in a section of the document root itself: `<Directory /var/www/html>`',
  references: ['https://httpd.apache.org/docs/2.4/sections.html#merging'],
  bad: [
    { title: 'a server of Debian', files: whole(marked(site('/var/www/html'))) },
    {
      title: 'a site for a server of Debian, by its variable for logs',
      files: { 'site.conf': marked(site('/var/www/html')) },
    },
    {
      title: 'the site itself has the other section',
      files: {
        'site.conf': marked(
          site(
            '/srv/www/shop',
            conf`
              <Directory /srv/www>
                  AllowOverride None
              </Directory>
            `,
          ),
        ),
      },
    },
  ],
  good: [
    {
      title: 'a section of the document root',
      files: whole(
        site(
          '/var/www/html',
          conf`
            <Directory /var/www/html>
                AllowOverride All
            </Directory>
          `,
        ),
      ),
    },
    { title: 'a document root elsewhere', files: { 'site.conf': site('/srv/www') } },
    {
      title: 'a server of which nobody knows',
      files: { 'site.conf': site('/var/www/html').replace('${APACHE_LOG_DIR}', 'logs') },
    },
    {
      title: 'a script changes the main file',
      files: {
        'site.conf': site('/var/www/html'),
        'install.sh': "sed -i 's/AllowOverride None/AllowOverride All/' /etc/apache2/apache2.conf\n",
      },
    },
    {
      title: 'nothing is permitted in the root directory either',
      files: whole(site('/var/www/html').replace('AllowOverride All', 'AllowOverride None')),
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache)
      for (const line of configuration.occurrences.get('allowoverride') ?? []) {
        const section = line.parent
        if (section?.name !== 'Directory' || section.args[0]?.value !== '/' || isNone(line)) continue
        const scope = virtualHostOf(configuration, line)?.directive ?? null
        const root = directivesIn(configuration, scope, 'documentroot').at(-1)?.args[0]?.value
        if (root === undefined || !root.startsWith('/') || !isSettled(root)) continue
        const nearer = nearestOverride(configuration, scope, posix.normalize(root))
        if (nearer === undefined || (nearer !== null && !isNone(nearer))) continue
        if (nearer === null && !isOfDebian(deployment, configuration, line, root)) continue
        yield {
          at: argumentPlace(line, 0),
          ...(nearer === null ? { confidence: 'medium' as const } : {}),
          message: `\`AllowOverride None\` of ${nearer === null ? '`/var/www/` in Debian’s `apache2.conf`' : `\`${nearer.parent?.args[0]?.value}\``} is applied after this, so no \`.htaccess\` of \`${root}\` is read`,
          ...(nearer === null
            ? {}
            : { related: [{ at: argumentPlace(nearer, 0), message: 'applied after it' }] }),
        }
      }
  },
})

function isNone({ args }: ApacheDirective): boolean {
  return args[0]?.value.toLowerCase() === 'none'
}

/** The last word on a directory below `/`; null for none, undefined where a section by a pattern may have it. */
function nearestOverride(
  configuration: ApacheConfiguration,
  scope: ApacheDirective | null,
  root: string,
): ApacheDirective | null | undefined {
  let nearest: { readonly line: ApacheDirective; readonly depth: number } | null = null
  for (const of of scope === null ? [null] : [null, scope]) {
    for (const section of directivesIn(configuration, of, 'directory')) {
      const [path = '', more] = section.args.map(({ value }) => value)
      const line = section.children.findLast(({ name }) => /^AllowOverride(?:List)?$/.test(name))
      if (line === undefined || path === '/') continue
      if (more !== undefined || !isSettled(path) || /[*?[]/.test(path) || line.name !== 'AllowOverride')
        return undefined
      const own = posix.normalize(path).replace(/\/$/, '')
      const isAround = root === own || root.startsWith(`${own}/`)
      if (isAround && own.length >= (nearest?.depth ?? 0)) nearest = { line, depth: own.length }
    }
  }
  return configuration.occurrences.has('directorymatch') ? undefined : (nearest?.line ?? null)
}

/** True for a site of which the main file, which is not here, is Debian’s as the package brings it. */
function isOfDebian(
  deployment: Deployment,
  { main }: ApacheConfiguration,
  { source }: ApacheDirective,
  root: string,
): boolean {
  if (main !== null || !/^\/var\/www(?:\/|$)/.test(root)) return false
  if (!/\$\{APACHE_LOG_DIR\}/.test(source.text) && !/\/sites-(?:available|enabled)\//.test(source.path))
    return false
  return !(deployment.setups() ?? []).some(({ text }) => /AllowOverride|\/var\/www\/?>/.test(text))
}
