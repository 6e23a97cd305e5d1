import { memo } from '../../parsers/collections/memo.ts'
import { isUnknownWord, reveal } from '../../parsers/text/placeholder.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { everywhere, htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import { substitute } from '../../src/servers/apache/requests/url-text.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { redirectWords } from './_redirects.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'A path that ends in a slash is mapped to a URL without one',
  severity: 'error',
  otherSeverities: { warning: 'where the URL has a path: what it names itself is still reached' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'httpd puts what follows the path right behind the URL, so `/news` becomes a part of the host: `http://127.0.0.1:5000news` or `https://example.comnews`. A proxied request is answered with 500 or 502 (`DNS lookup failure`), a redirect leads to a host that does not exist. Behind a path the names run together: `/app/news` is asked for as `/appnews`. `Redirect /` in the `.htaccess` of a directory means the whole path too, so that the name of the directory is put behind the URL.',
  remedy: 'End path and URL alike: `ProxyPass / http://127.0.0.1:5000/`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
    'https://httpd.apache.org/docs/2.4/mod/mod_alias.html#redirect',
  ],
  bad: [
    {
      title: 'a redirect of everything',
      files: { 'site.conf': host('Redirect permanent / «https://example.com»') },
    },
    {
      title: 'a redirect of everything, in a .htaccess alone',
      files: { '.htaccess': 'Redirect 301 / «https://www.example.com»\n' },
    },
    {
      title: 'the name of a host that a template fills in',
      files: { 'site.conf.j2': host('Redirect permanent / «https://{{ server_name }}»') },
    },
    {
      title: 'what a template fills in for the name of the virtual host, too',
      files: {
        'site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName {{website_url}}
              Redirect / «https://{{ website_url }}»
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a proxy of everything',
      files: { 'site.conf': host('ProxyPass / «http://127.0.0.1:5000»') },
    },
    {
      title: 'everything to the socket of an application',
      files: { 'site.conf': host('ProxyPass / «unix:/run/shop/app.sock|http://localhost»') },
    },
    {
      title: 'everything to the socket of uWSGI',
      files: { 'site.conf': host('ProxyPass / «unix:/run/shop/app.sock|uwsgi://localhost»') },
    },
    {
      title: 'the path stands in the section',
      files: {
        'site.conf': host(conf`
          <Location />
              ProxyPass «http://127.0.0.1:4200»
          </Location>
        `),
      },
    },
    {
      title: 'a balancer',
      files: {
        'site.conf': host(conf`
          <Proxy balancer://app>
              BalancerMember http://127.0.0.1:5000
          </Proxy>
          ProxyPass / «balancer://app»
        `),
      },
    },
    {
      title: 'an application below the same path',
      files: { 'site.conf': host('ProxyPass /app/ «http://127.0.0.1:5000/app»') },
    },
    {
      title: 'everything to an application below a path',
      files: { 'site.conf': host('ProxyPass / «http://127.0.0.1:8080/shop»') },
    },
    {
      title: 'a directory whose own name is put behind the URL, as its `.htaccess` says `/`',
      files: {
        '.htaccess': 'RewriteEngine On\n',
        'thesis/.htaccess': 'Redirect permanent / «https://code.example.com/ada/thesis»\n',
      },
    },
    {
      title: 'a directory to the same directory of another host',
      files: { 'site.conf': host('Redirect /docs/ «https://docs.example.org/docs»') },
    },
    {
      title: 'a group that stands right behind the host',
      files: { 'site.conf': host('RedirectMatch 301 ^/(.*)$ «https://www.example.com$1»') },
    },
    {
      title: 'a group that stands right behind the port of a backend',
      files: { 'site.conf': host('ProxyPassMatch ^/api/(.*)$ «http://127.0.0.1:8000$1»') },
    },
  ],
  good: [
    {
      title: 'a redirect that a rewriting rule of the same host forestalls',
      files: {
        'site.conf': host(conf`
          Redirect permanent / https://example.org
          RewriteEngine On
          RewriteCond %{HTTPS} off
          RewriteRule (.*) https://%{HTTP_HOST}%{REQUEST_URI}
        `),
      },
    },
    {
      title: 'a proxy of everything behind a rewriting rule that takes everything',
      files: {
        'site.conf': host(conf`
          RewriteEngine On
          RewriteRule ^/(.*) https://www.example.org/$1 [R=301,L]
          ProxyPass / http://127.0.0.1:5000
        `),
      },
    },
    {
      title: 'a group that brings its slash, or is a part of the host on purpose',
      files: {
        'site.conf': host(conf`
          RedirectMatch 301 ^(/.*)$ https://www.example.com$1
          RedirectMatch 301 ^(.*)$ https://www.example.com$1
          RedirectMatch 301 ^/shop(/.*)?$ https://shop.example.com$1
          RedirectMatch 301 ^/doc(.*)$ https://doc.example.com$1
          RedirectMatch ^/(de|fr)/$ https://example.$1/
          ProxyPassMatch ^/node(\d)/(.*)$ http://127.0.0.1:800$1/$2
          ProxyPassMatch ^/cell(\d)$ http://127.0.0.1:900$1
        `),
      },
    },
    {
      title: 'a URL that a template fills in',
      files: { 'site.conf.j2': host('Redirect permanent / https://{{ target }}') },
    },
    {
      title: 'a site that is one service, which is asked by its query',
      files: { 'site.conf': host('ProxyPass / http://127.0.0.1:8080/geoserver/gwc/service/wms') },
    },
    {
      title: 'a slash on both sides',
      files: { 'site.conf': host('Redirect permanent / https://example.com/') },
    },
    {
      title: 'a slash on neither side',
      files: {
        'site.conf': host(conf`
          ProxyPass /app http://127.0.0.1:5000
          Redirect /old https://example.com
        `),
      },
    },
    {
      title: 'one page, a parameter, and a file',
      files: {
        'site.conf': host(conf`
          ProxyPass /health/ http://127.0.0.1:5000/status
          ProxyPass /find/ http://127.0.0.1:5000/find?q=
          ProxyPass /start/ http://127.0.0.1:5000/start.html
          Redirect / https://example.com/moved
        `),
      },
    },
    {
      title: 'the directory by its path, to another host with its path, and a document root',
      files: {
        '.htaccess': 'RewriteEngine On\n',
        'thesis/.htaccess': 'Redirect permanent /thesis https://code.example.com/ada/thesis\n',
        'notes/.htaccess': 'Redirect permanent / https://old.example.com/\n',
        'web/.htaccess': 'Redirect permanent / https://example.com/moved\n',
      },
    },
    {
      title: 'one page of an application',
      files: {
        'site.conf': host(conf`
          ProxyPassMatch ^/app/ http://127.0.0.1:5000/app
          ProxyPass /app http://127.0.0.1:5000/app
        `),
      },
    },
    {
      title: 'a location without a slash, an exclusion, and a balancer',
      files: {
        'site.conf': host(conf`
          <Location /app>
              ProxyPass http://127.0.0.1:4200
          </Location>
          ProxyPass /static/ !
          ProxyPass / unix:/run/app.sock|http://localhost/
          ProxyPass /shop unix:/run/shop.sock|uwsgi://localhost
        `),
      },
    },
  ],
  *check(deployment) {
    const { apache, filesOf } = deployment
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const hosts = filledNames(configuration)
      yield* ofDirectories(configuration, files)
      for (const name of ['proxypass', ...REDIRECTS]) {
        for (const directive of everywhere(configuration, files, name)) {
          const mapping = readMapping(directive, hosts)
          if (mapping === null || !mapping.path.endsWith('/')) continue
          const isHost = endsInHost(mapping.url)
          if (!isHost && !runsTogether(mapping, name === 'proxypass')) continue
          if (isForestalled(deployment, directive, `${mapping.path}news`)) continue
          const at = argumentPlace(directive, mapping.index)
          const written = at.source.text.slice(at.start, at.end)
          yield {
            at,
            message: `\`${mapping.path}news\` becomes \`${mapping.url}news\`: what follows the slash of \`${mapping.path}\` is put right behind ${isHost ? 'the host' : 'it'}`,
            label: 'no slash at the end',
            ...(isHost ? {} : { severity: 'warning' as const }),
            ...propose('End the URL with a slash', 'safe', [
              written === mapping.url ? replacePlace(at, `${mapping.url}/`) : null,
            ]),
          }
        }
      }
      for (const name of ['redirectmatch', 'proxypassmatch']) {
        for (const directive of everywhere(configuration, files, name)) {
          const glued = gluedMatch(directive)
          if (glued === null || isForestalled(deployment, directive, glued.path)) continue
          yield {
            at: argumentPlace(directive, glued.index),
            message: `\`${glued.path}\` becomes \`${glued.url}\`: what the group takes is put right behind the host`,
            label: 'no slash behind the host',
          }
        }
      }
    }
  },
})

const REDIRECTS = ['redirect', 'redirectpermanent', 'redirecttemp']

/** `Redirect /` of a directory: httpd compares the path of the whole URL, and puts the name of the directory behind. */
function* ofDirectories(configuration: ApacheConfiguration, files: FileSystem): Iterable<RuleFinding> {
  for (const { file, directory, virtualHost, overrides } of htaccessFiles(configuration, files)) {
    const root = documentRoot({ configuration, host: virtualHost })
    const base = root.known ? root.value.replace(/\/$/, '') : null
    if (base === null || !directory.startsWith(`${base}/`) || !overrides.known) continue
    const path = directory.slice(base.length)
    if (path === '/' || MAY_BE_ROOT.test(path) || !overrides.value.reads) continue
    for (const directive of REDIRECTS.flatMap(name => file.occurrences.get(name) ?? [])) {
      const mapping = readMapping(directive, filledNames(configuration))
      if (mapping?.path !== '/' || !/^https?:\/\/[^/?#%$]+\/[^?#%$]*[^/?#%$]$/i.test(mapping.url)) continue
      yield {
        at: argumentPlace(directive, mapping.index),
        message: `\`${path}\` becomes \`${mapping.url}${path.slice(1)}\`: \`/\` is the beginning of the whole path, and what follows it is put right behind the URL`,
        label: 'the name of the directory is put here',
        help: `Name the directory: \`${path.slice(0, -1)}\` in place of \`/\``,
      }
    }
  }
}

/** What of a repository is often the document root itself. */
const MAY_BE_ROOT =
  /\/(?:public(?:_html)?|web(?:root|site)?|www|htdocs?|httpdocs|html|docroot|site|dist|build|docs?)\/$/i

/** True where the virtual host redirects the request before it asks the line: mod_rewrite comes before mod_alias and mod_proxy. */
function isForestalled(deployment: Deployment, directive: ApacheDirective, path: string): boolean {
  const section = virtualHostSection(directive)
  const asked = askedHosts(deployment).find(({ host }) => host !== null && host.directive === section)
  if (asked === undefined) return false
  const { end } = askHost(deployment, asked, encodeURI(path))
  if (end.kind !== 'response' || end.location === null || end.at === null) return false
  const { source, start } = end.at
  return source !== directive.source || start < directive.start || start >= directive.end
}

interface Glued {
  /** Which argument the URL is. */
  readonly index: number
  /** A path that shows it, and what it becomes. */
  readonly path: string
  readonly url: string
}

/** A group that stands right behind a host, and takes a path without its slash. */
function gluedMatch(directive: ApacheDirective): Glued | null {
  const index = redirectWords(directive)?.target ?? 0
  const [pattern = '', target = ''] = [index - 1, index].map(each => directive.args[each]?.value)
  const host = HOST_AND_GROUP.exec(target)?.[1]
  if (host === undefined || !isSettled(pattern) || !isSettled(target)) return null
  // Behind a name, as in `^/doc(.*)$`, a path goes on with its slash.
  if (!/^[^(]*\/\(/.test(pattern)) return null
  const regex = compilePcre(pattern)
  for (const path of ['/page', ...sampleTexts(pattern, { filler: 'a' }).texts.slice(0, MOST_SAMPLES)]) {
    const match = path.startsWith('/') ? regex?.match(path) : null
    if (match === null || match === undefined) continue
    const url = substitute(target, match.captures)
    const grown = /^\w+:\/\/([^/?#]*)/.exec(url)?.[1]?.slice(host.length) ?? ''
    // A port, or the number of a machine, is put there on purpose.
    if (/[a-z]/i.test(grown)) return { index, path, url }
  }
  return null
}

/** A name with a domain, an address or a name with its port, and nothing but a group of the path behind it. */
const HOST_AND_GROUP = /^(?:https?|wss?):\/\/((?:[\w-]+\.)+[a-z]{2,}|[\d.]+|[\w.-]+:\d+)\$1(?![\w.:-])/i

const MOST_SAMPLES = 8

interface Mapping {
  readonly path: string
  readonly url: string
  /** Which argument the URL is. */
  readonly index: number
}

/** Null where a variable hides one of the two, and for a line that maps no path to a URL. */
function readMapping({ name, args, parent }: ApacheDirective, hosts: ReadonlySet<string>): Mapping | null {
  const words = args.map(({ value }) => value)
  const inLocation = parent?.name === 'Location'
  if (parent !== null && parent.name !== 'VirtualHost' && !inLocation) return null
  let index = 0
  // A status stands before the path, or before the URL of a section.
  if (/^redirect$/i.test(name) && /^(?:permanent|temp|seeother|3\d\d)$/i.test(words[0] ?? '')) index = 1
  const path = inLocation ? parent.args[0]?.value : words[index++]
  const url = words[index]
  if (path === undefined || url === undefined || !isSettled(path)) return null
  if (!isSettled(url) && !isFilledHost(url, hosts)) return null
  return path.startsWith('/') ? { path, url, index } : null
}

/** What a template fills in for the names of virtual hosts. */
const filledNames = memo(
  ({ occurrences }: ApacheConfiguration): ReadonlySet<string> =>
    new Set(
      ['servername', 'serveralias'].flatMap(name =>
        (occurrences.get(name) ?? []).flatMap(({ args }) =>
          args.flatMap(({ value }) => (isUnknownWord(value) ? plain(reveal(value)) : [])),
        ),
      ),
    ),
)

function plain(filled: string): string {
  return filled.replace(/\s+/g, '')
}

/** A URL that ends in what a template calls the name of a host, or fills in for one: it has no slash at its end. */
function isFilledHost(url: string, hosts: ReadonlySet<string>): boolean {
  const { 1: name = '' } = /^https?:\/\/((?:[\w-]+\.)*[^\w./:?#%$]+)(?::\d+)?$/.exec(url) ?? []
  return isUnknownWord(name) && (NAMES_HOST.test(reveal(name)) || hosts.has(plain(reveal(name))))
}

const NAMES_HOST =
  /^(?:[\w-]+\.)*(?:\{\{|<%=)[^|}%]*(?:host(?:_?name)?|domain(?:_?name)?|fqdn|server_?name)\s*(?:\}\}|%>)$/i

/** `http://host` or `http://host:port`, with nothing behind it; also behind a socket, where no host is asked for. */
function endsInHost(url: string): boolean {
  return /^(?:unix:[^|]*\|)?(?:https?|wss?|ajp|h2c?|uwsgi|scgi|balancer):\/\/[^/?#%$]+$/i.test(url)
}

/** True for the directory of the same name without its slash, and for one that is to take every path of a proxy. */
function runsTogether({ path, url }: Mapping, isProxied: boolean): boolean {
  const [, name] =
    /^(?:https?|wss?|ajp|h2c?|balancer):\/\/[^/?#%$]+\/(?:[^?#%$]*\/)?([^/?#%$.]+)$/i.exec(url) ?? []
  if (name === undefined) return false
  // A service deep below a root that is meant for it alone: `/geoserver/gwc/service/wms`.
  if (path === '/') return isProxied && url.split('/').length < 6
  return path.endsWith(`/${name}/`)
}
