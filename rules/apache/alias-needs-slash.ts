import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`
const SHOP = conf`
  <Directory /opt/shop>
      AllowOverride All
      Require all granted
      DirectoryIndex index.html
  </Directory>
`

export default defineRule({
  summary: 'An Alias for an application whose URL is found with a slash at its end alone',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: '`Alias /shop/ /opt/shop/` is not for `/shop`: mod_dir adds the slash of a directory where one is found, and `/shop` is none of the document root. Whoever types the address without the slash gets 404.',
  remedy: 'Leave the slash out on both sides: `Alias /shop /opt/shop`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#alias'],
  bad: [
    {
      title: 'an application that brings its `.htaccess`',
      files: {
        'site.conf': host(conf`
          Alias «/shop/» /opt/shop/
          ${SHOP}
        `),
      },
    },
    {
      title: 'its scripts by PHP-FPM, and a directory that an installer fills in',
      files: {
        'site.conf.template': host(conf`
          Alias «/cloud/» "@WEB_PREFIX@/"
          ProxyPassMatch "^/cloud/(.*\.php(/.*)?)$" "fcgi://127.0.0.1:9000/var/www/cloud/$1"
        `),
        'zm.conf.template': host(conf`
          Alias «/zm/» "@WEB_PREFIX@/"
          <Directory "@WEB_PREFIX@">
              AllowOverride All
          </Directory>
        `),
      },
    },
  ],
  good: [
    {
      title: 'the statistics of a site, to which a page links',
      files: {
        'site.conf': host(conf`
          Alias /vstats/ /srv/stats/
          <Directory /srv/stats>
              AllowOverride All
          </Directory>
        `),
      },
    },
    {
      title: 'without the slash, and redirected',
      files: {
        'site.conf': host(conf`
          Alias /shop /opt/shop
          ${SHOP}
        `),
        'other.conf': host(conf`
          Alias /shop/ /opt/shop/
          RedirectMatch ^/shop$ /shop/
          ${SHOP}
        `),
        'third.conf': host(conf`
          Alias /shop/ /opt/shop/
          RewriteEngine On
          RewriteRule ^/?shop$ /shop/ [R=301,L]
          ${SHOP}
        `),
      },
    },
    {
      title: 'rewritten, in a section for the path, and with the other form beside it',
      files: {
        'site.conf': host(conf`
          Alias /shop/ /opt/shop/
          ${SHOP}
          <LocationMatch "^/shop$">
              RewriteEngine On
              RewriteRule .* /shop/ [R=301,L]
          </LocationMatch>
        `),
        'other.conf': host(conf`
          Alias /shop /opt/shop
          Alias /shop/ /opt/shop/
          ${SHOP}
        `),
      },
    },
    {
      title: 'files, which nobody asks for as a directory',
      files: {
        'site.conf': host(conf`
          Alias /static/ /opt/shop/static/
          Alias /icons/ "/usr/share/apache2/icons/"
          <Directory /opt/shop/static>
              Require all granted
          </Directory>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache)
      for (const alias of configuration.occurrences.get('alias') ?? []) {
        const [url, path] = alias.args.map(({ value }) => value)
        if (url === undefined || path === undefined || !isSettled(url) || !/^\/.*[^/]\/$/.test(url)) continue
        if (LINKED.test(url)) continue
        const plain = url.slice(0, -1)
        const reason = applicationSeen(configuration, filesOf(configuration), { url, path })
        if (reason === null || [plain, plain.slice(1)].some(each => named(configuration).has(each))) continue
        yield {
          at: argumentPlace(alias, 0),
          message: `\`${plain}\` is no URL of this, so it is looked for in the document root, and not redirected to \`${url}\``,
          ...(reason === 'files'
            ? {}
            : {
                related: [
                  { at: argumentPlace(reason, 0), message: 'with lines of its own, as for an application' },
                ],
              }),
        }
      }
  },
})

/** What pages link to, and nobody types: `/vstats/` of control panels. */
const LINKED =
  /^\/(?:[\w-]*stats?|static|media|assets|images?|icons|errors?|docs?|manual|uploads?|files?|cgi-bin)\/$/i

interface Mapped {
  readonly url: string
  readonly path: string
}

/** What says that the directory holds an application, whose address people type; null where nothing does. */
function applicationSeen(
  configuration: ApacheConfiguration,
  files: FileSystem,
  { url, path }: Mapped,
): ApacheDirective | 'files' | null {
  if (isSettled(path) && files.kind(posix.join(path, 'index.php')) === 'file') return 'files'
  return applicationsByPath(configuration).get(trimmed(path)) ?? scriptsByUrl(configuration).get(url) ?? null
}

/** The first section for each directory that is written as for an application. */
const applicationsByPath = memo(
  ({ occurrences }: ApacheConfiguration): ReadonlyMap<string, ApacheDirective> => {
    const found = new Map<string, ApacheDirective>()
    for (const section of occurrences.get('directory') ?? []) {
      const path = trimmed(section.args[0]?.value ?? '')
      if (!found.has(path) && section.children.some(isOfApplication)) found.set(path, section)
    }
    return found
  },
)

/** The first line that hands scripts to PHP-FPM below each URL. */
const scriptsByUrl = memo(({ occurrences }: ApacheConfiguration): ReadonlyMap<string, ApacheDirective> => {
  const found = new Map<string, ApacheDirective>()
  for (const line of occurrences.get('proxypassmatch') ?? []) {
    const [pattern = '', target = ''] = line.args.map(({ value }) => value)
    if (!/^(?:unix:[^|]*\|)?fcgi:/.test(target)) continue
    const start = LITERAL_START.exec(pattern)?.[1] ?? ''
    for (let at = start.indexOf('/', 1); at !== -1; at = start.indexOf('/', at + 1))
      if (!found.has(start.slice(0, at + 1))) found.set(start.slice(0, at + 1), line)
  }
  return found
})

/** The path with which an expression begins. */
const LITERAL_START = /^\^(\/[^\\.*+?^${}()|[\]]*)/

function trimmed(path: string): string {
  return path.replace(/\/+$/, '')
}

/** `AllowOverride All` is for the `.htaccess` that an application brings. */
function isOfApplication({ name, args }: ApacheDirective): boolean {
  const [first = ''] = args.map(({ value }) => value.toLowerCase())
  switch (name) {
    case 'AllowOverride':
      return first === 'all' || args.some(({ value }) => /^fileinfo$/i.test(value))
    case 'DirectoryIndex':
      return /\.(?:php|cgi|pl|py)$/.test(first)
    case 'FallbackResource':
      return first !== 'disabled'
    default:
      return false
  }
}

const NAMING = [
  'alias',
  'aliasmatch',
  'scriptalias',
  'redirect',
  'redirectpermanent',
  'redirectmatch',
  'rewriterule',
]
const ASKING = ['rewritecond', 'location', 'locationmatch', 'proxypass', 'proxypassmatch']

/** The URLs, without a slash behind them, that other lines are about, or may be. */
const named = memo(({ occurrences }: ApacheConfiguration): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const name of [...NAMING, ...ASKING])
    for (const { args } of occurrences.get(name) ?? [])
      for (const { value } of args)
        for (const match of value.matchAll(MENTIONED)) {
          const [url] = match
          const behind = value.slice(match.index + url.length, match.index + url.length + 2)
          if (!behind.startsWith('(') || behind === '(/')
            found.add(behind.startsWith('?') ? trimmed(url) : url)
        }
  return found
})

/** What is written out of a URL, up to its end, or to where an expression leaves it open. */
const MENTIONED = /(?<=^|[\^("?])[^\s$?()|*+\\^"[\]{}]+(?=$|[$?()|])/g
