import { posix } from 'node:path'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { isForLackOfModule } from '../../src/servers/apache/queries/conditions-around.ts'
import { htaccessFiles, htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { apacheMain } from '../_examples.ts'
import { placeText } from '../../parsers/text/source.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`

/** A backend for the rest of the site. */
const proxied = (before: string, lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ${lines}
          ${before}
          ProxyPass / http://127.0.0.1:8099/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'dir'],
  )

/** Everything is 503 for a while. */
const maintenance = (condition: string, page = '/maintenance.html'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          ErrorDocument 503 ${page}
          RewriteEngine On
          ${condition}
          RewriteRule ^ - [R=503,L]
      </VirtualHost>
    `,
    ['rewrite', 'dir'],
  ),
  'srv/www/maintenance.html': 'back soon',
})

const maintenanceHere = (condition: string, page = '/maintenance.html'): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          <Directory /srv/www>
              AllowOverride FileInfo
              Options FollowSymLinks
          </Directory>
      </VirtualHost>
    `,
    ['rewrite', 'dir'],
  ),
  'srv/www/.htaccess': conf`
    ErrorDocument 503 ${page}
    RewriteEngine On
    ${condition}
    RewriteRule ^ - [R=503,L]
  `,
  'srv/www/maintenance.html': 'back soon',
})

export default defineRule({
  summary: 'An error page that Apache does not send',
  severity: 'error',
  otherSeverities: {
    warning:
      'for a page that is not there, is refused itself, or is asked of the backend that failed, and for a whole URL of the same virtual host',
    info: 'for a whole URL of another site, which works and loses the status, and for a server that lacks a module',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`ErrorDocument` takes a path for one only where it begins with a slash; anything else is the text that is sent. A whole URL makes a redirect: the client gets 302 instead of 404, and for 401 Apache ignores it (AH00113), because no password would ever be asked for. Where the page itself is not to be had, Apache says so beside the first error.',
  remedy: 'Write the path of the URL with its first slash: `ErrorDocument 404 /errors/404.html`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#errordocument'],
  bad: [
    {
      title: 'a path without its slash',
      files: { 'site.conf': site('ErrorDocument 404 «errors/404.html»') },
    },
    {
      title: 'a whole URL',
      files: { 'site.conf': site('ErrorDocument 404 «http://example.org/404.html»') },
    },
    {
      title: 'a path of the machine',
      files: { 'site.conf': site('ErrorDocument 404 «/var/www/html/404.html»') },
    },
    {
      title: 'a page of an aliased directory, by its URL in the document root',
      files: {
        'site.conf': conf`
          Alias /shop "/usr/share/shop/public"
          <Directory "/usr/share/shop/public/">
              <IfModule !mod_rewrite.c>
                  DirectoryIndex error_norewrite.html
                  ErrorDocument 404 «/error_norewrite.html»
              </IfModule>
          </Directory>
        `,
      },
    },
    {
      title: 'a page that is not there',
      files: {
        'etc/apache2/apache2.conf': proxied('ProxyPass / !', 'ErrorDocument 404 «/404.html»'),
        'srv/www/errors/404.html': 'no such page',
      },
    },
    {
      title: 'a page that the backend is asked for, which has just failed',
      files: {
        'etc/apache2/apache2.conf': proxied('', 'ErrorDocument 503 «/maintenance.html»'),
        'srv/www/maintenance.html': 'back soon',
      },
    },
    {
      title: 'a rule that answers the page as it answers all others',
      files: maintenance('', '«/maintenance.html»'),
    },
    {
      title: 'a rule of a .htaccess that answers the page as it answers all others',
      files: maintenanceHere(
        conf`
          RewriteCond %{REMOTE_ADDR} !=203.0.113.7
        `,
        '«/maintenance.html»',
      ),
    },
  ],
  good: [
    {
      title: 'a rule of a .htaccess that leaves the page out by the status',
      files: maintenanceHere(conf`
        RewriteCond %{ENV:REDIRECT_STATUS} !=503
        RewriteCond %{REMOTE_ADDR} !=203.0.113.7
      `),
    },
    {
      title: 'a page of an aliased directory by its own URL, and one of the document root',
      files: {
        'site.conf': conf`
          Alias /shop /usr/share/shop/public
          <Directory /usr/share/shop/public>
              DirectoryIndex start.html
              ErrorDocument 404 /shop/start.html
              ErrorDocument 403 /errors/403.html
          </Directory>
        `,
      },
    },
    {
      title: 'a path, a text, and the page of Apache',
      files: {
        'site.conf': site(conf`
          ErrorDocument 404 /errors/404.html
          ErrorDocument 403 "Not for you."
          ErrorDocument 500 "Sorry, see status.example.org"
          ErrorDocument 410 default
        `),
      },
    },
    {
      title: 'a page of another server that tells of a failure',
      files: { 'site.conf': site('ErrorDocument 503 https://status.example.net/') },
    },
    {
      title: 'a page that is there, and one that stays on this server',
      files: {
        'etc/apache2/apache2.conf': proxied(
          conf`
            ProxyPass /maintenance.html !
            ProxyPass /errors/ !
          `,
          conf`
            ErrorDocument 503 /maintenance.html
            ErrorDocument 404 /errors/404.html
          `,
        ),
        'srv/www/maintenance.html': 'back soon',
        'srv/www/errors/404.html': 'no such page',
      },
    },
    {
      title: 'a rule that leaves the page out',
      files: maintenance('RewriteCond %{REQUEST_URI} !=/maintenance.html'),
    },
  ],
  *check(deployment) {
    const { apache, filesOf } = deployment
    for (const configuration of apache) {
      const tables = [
        configuration.occurrences,
        ...htaccessFiles(configuration, filesOf(configuration)).map(({ file }) => file.occurrences),
      ]
      for (const occurrences of tables)
        for (const directive of occurrences.get('errordocument') ?? []) {
          yield* faultOf(directive)
          yield* besideAlias(configuration, filesOf(configuration), directive)
        }
    }
    for (const asked of hostsHolding(deployment, ['errordocument'])) {
      const { configuration, host } = asked
      for (const line of directivesIn(configuration, host?.directive ?? null, 'errordocument')) {
        yield* withoutPage(deployment, asked, line)
        yield* ofOwnSite(asked, line)
      }
      for (const { file } of htaccessFilesOf(configuration, filesOf(configuration), host))
        for (const line of file.occurrences.get('errordocument') ?? [])
          yield* answeredLikewise(deployment, asked, line)
    }
  },
})

function* faultOf(directive: ApacheDirective) {
  const [status = '', page = ''] = directive.args.map(({ value }) => value)
  const at = argumentPlace(directive, 1)
  if (directive.args.length !== 2) return
  if (/^(?:[\w-]+\/)*[\w-]+\.(?:html?|php|shtml|txt)$/.test(page)) {
    const isBare = !/^["']/.test(placeText(at))
    yield {
      at,
      ...(isForLackOfModule(at) && { severity: 'info' as const }),
      message: `\`${page}\` does not begin with a slash, so Apache sends these words instead of the page`,
      ...propose('Begin the path with a slash', 'unsafe', [isBare ? replacePlace(at, `/${page}`) : null]),
    }
  } else if (OF_THE_MACHINE.test(page)) {
    yield {
      at,
      message: `\`${page}\` is a path of the machine, and Apache looks for it below the document root: it sends its own page`,
      help: `write \`${page.replace(OF_THE_MACHINE, '/')}\`, the path of its URL`,
    }
  } else if (/^https?:\/\//i.test(page) && /^(?:401|403|404|410)$/.test(status)) {
    const isIgnored = status === '401'
    yield {
      at,
      severity: isIgnored ? ('error' as const) : ('info' as const),
      message: isIgnored
        ? 'Apache ignores a whole URL for 401, and sends its own page'
        : `a whole URL makes a redirect of the error: the client gets 302 instead of ${status}`,
    }
  }
}

/** A page of an aliased directory, by a URL that is looked for in the document root. */
function* besideAlias(configuration: ApacheConfiguration, files: FileSystem, line: ApacheDirective) {
  const page = line.args[1]?.value ?? ''
  const section = line.parent
  if (line.args.length !== 2 || !/^\/[\w./-]+$/.test(page) || section?.name !== 'Directory') return
  const directory = section.args[0]?.value.replace(/\/+$/, '') ?? ''
  const isOf = (path: string | undefined): boolean => path?.replace(/\/+$/, '') === directory
  const aliases = configuration.occurrences.get('alias') ?? []
  const own = aliases.find(({ args }) => isOf(args[1]?.value))
  const url = own?.args[0]?.value.replace(/\/+$/, '') ?? ''
  if (own === undefined || url === '' || aliases.some(({ args }) => page.startsWith(args[0]?.value ?? page)))
    return
  if ((configuration.occurrences.get('documentroot') ?? []).some(({ args }) => isOf(args[0]?.value))) return
  const isThere =
    files.kind(directory + page) === 'file' ||
    section.children.some(
      ({ name, args }) => name === 'DirectoryIndex' && args.some(({ value }) => `/${value}` === page),
    )
  if (isThere)
    yield {
      at: argumentPlace(line, 1),
      severity: 'warning' as const,
      message: `\`${page}\` is looked for in the document root, and the page is \`${url}${page}\`: Apache sends its own`,
      help: `write \`${url}${page}\``,
      related: [{ at: argumentPlace(own, 0), message: 'the URL of this directory' }],
    }
}

/** The page of a virtual host itself, for which a path would do: search engines never see that a page is gone. */
function* ofOwnSite({ host }: AskedHost, line: ApacheDirective) {
  const [status = '', page = ''] = line.args.map(({ value }) => value)
  const [, name = '', path = ''] = /^https?:\/\/([\w.-]+)(\/[\w./-]*)$/i.exec(page) ?? []
  if (!/^(?:403|404|410)$/.test(status) || host === null) return
  const own = [host.serverName, ...host.aliases.map(each => each.name)].flatMap(fact =>
    fact?.known === true ? [typeof fact.value === 'string' ? fact.value : fact.value.host] : [],
  )
  if (!own.some(each => each?.toLowerCase() === name.toLowerCase())) return
  yield {
    at: argumentPlace(line, 1),
    severity: 'warning' as const,
    message: `a whole URL makes a redirect of the error: the client gets 302 instead of ${status}`,
    help: `write \`ErrorDocument ${status} ${path}\``,
  }
}

/** What no URL begins with, and document roots do. */
const OF_THE_MACHINE = /^\/(?:var\/www\/(?:html\/)?|home\/[\w.-]+\/(?:public_html|www|htdocs)\/)/

/** An error page of a virtual host, or of the main server where there is none, that cannot be had. */
function* withoutPage(deployment: Deployment, asked: AskedHost, line: ApacheDirective) {
  const [status = '', page = ''] = line.args.map(({ value }) => value)
  if (line.args.length !== 2 || !/^\/[\w./-]+$/.test(page)) return
  const { configuration, host } = asked
  const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
  const { end } = askHost(deployment, asked, page, { client: null })
  if (end.kind === 'pass' && /^50[234]$/.test(status) && isOnlyBackend(deployment, asked))
    yield {
      at: argumentPlace(line, 1),
      severity: 'warning' as const,
      message: `\`${page}\` is proxied too: with the backend down, it cannot be had either`,
      help: `except it, before the \`ProxyPass\` that takes it: \`ProxyPass ${page} !\``,
    }
  yield* answeredLikewise(deployment, asked, line)
  if (root === undefined || end.kind !== 'file' || end.exists === true || end.path !== root + page) return
  const meant = sameName(deployment.filesOf(configuration), root, page)
  if (meant === null) return
  yield {
    at: argumentPlace(line, 1),
    severity: 'warning' as const,
    message: `no such page: \`${page}\`, so Apache sends its own, and says that the \`ErrorDocument\` cannot be had`,
    help: `write \`${meant}\``,
  }
}

/** An error page that the rule or section takes that makes the error. */
function* answeredLikewise(deployment: Deployment, asked: AskedHost, line: ApacheDirective) {
  const [status = '', page = ''] = line.args.map(({ value }) => value)
  if (line.args.length !== 2 || !/^\/[\w./-]+$/.test(page)) return
  const again = askHost(deployment, asked, page)
  if (
    again.end.kind === 'response' &&
    `${again.end.status}` === status &&
    /^(?:401|403|410|5\d\d)$/.test(status) &&
    again.steps.every(({ kind }) => kind !== 'doubt')
  )
    yield {
      at: argumentPlace(line, 1),
      severity: 'warning' as const,
      message: `\`${page}\` is answered with ${status} too, so Apache sends its own page`,
      related: again.end.at === null ? [] : [{ at: again.end.at, message: 'answers it' }],
    }
}

/** The URL of the one file that is called as a page and lies in another directory of the document root. */
function sameName(files: FileSystem, root: string, page: string): string | null {
  const name = posix.basename(page)
  if (files.kind(root + page) !== null || files.kind(root) !== 'directory') return null
  const directories = (files.list(root) ?? []).flatMap(each =>
    each.kind === 'directory' ? [`/${each.name}/`] : [],
  )
  const found = ['/', ...directories]
    .map(each => each + name)
    .filter(each => files.kind(root + each) === 'file')
  return found.length === 1 ? (found[0] ?? null) : null
}

function isOnlyBackend({ connections }: Deployment, { configuration, host }: AskedHost): boolean {
  const passes = connections.ofHost(configuration, host?.directive ?? null)
  return new Set(passes.flatMap(({ targets }) => targets.map(({ written }) => written))).size === 1
}
