import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost, originOf, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { isForHtaccess } from '../../src/servers/apache/htaccess-alone.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { hostOfRule, type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { hostName } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain } from '../_examples.ts'
import { tlsVirtualHost } from '../tls/_virtual-host-examples.ts'

const site = (lines: string): Record<string, string> => ({
  ...tlsVirtualHost(
    conf`
      <Directory /srv/www>
          AllowOverride All
          Require all granted
      </Directory>
    `,
    ['rewrite', 'ssl'],
  ),
  'srv/www/.htaccess': conf`
    RewriteEngine On
    RewriteCond %{HTTP_REFERER} !^$
    ${lines}
    RewriteRule \.(jpe?g|png|gif)$ - [F,NC]
  `,
  'srv/www/logo.png': 'picture',
  'srv/www/index.html': '<img src="/logo.png">',
})
/** A `.htaccess` whose server is not seen, and which leads to TLS. */
const alone = (lines: string): Record<string, string> => ({
  '.htaccess': conf`
    RewriteEngine On
    RewriteCond %{HTTPS} !=on
    RewriteRule ^ https://www.example.org%{REQUEST_URI} [R=301,L]
    RewriteCond %{HTTP_REFERER} !^$
    ${lines}
    RewriteRule \.(jpe?g|png|gif)$ - [F]
  `,
})
const names = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ServerAlias www.example.org pictures.example.org
          DocumentRoot /srv/www
          RewriteEngine On
          ${lines}
          RewriteRule \.(zip|pdf)$ - [F]
      </VirtualHost>
    `,
    ['rewrite'],
  ),
})

export default defineRule({
  summary: 'A rule against pages of other sites refuses what the site’s own pages show',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`RewriteCond %{HTTP_REFERER}` compares a whole URL, its scheme and its name too. A list that was written for `http://` knows no page of a site that is served over TLS, and one with `www.` none without: browsers send the URL of the page with every picture, and get 403 for it.',
  remedy: 'Write both: `RewriteCond %{HTTP_REFERER} !^https?://(www\\.)?example\\.org(/|$) [NC]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/access.html#blocked-inline-images'],
  bad: [
    {
      title: 'a site over TLS',
      files: site('RewriteCond %{HTTP_REFERER} «!^http://(www\\.)?example\\.org/» [NC]'),
    },
    {
      title: 'a `.htaccess` that leads to TLS',
      files: alone('RewriteCond %{HTTP_REFERER} «!^http://(www\\.)?example\\.org» [NC]'),
    },
    {
      title: 'one of two names',
      files: names('RewriteCond %{HTTP_REFERER} «!^https?://www\\.example\\.org/» [NC]'),
    },
  ],
  good: [
    {
      title: 'both schemes, both names',
      files: site('RewriteCond %{HTTP_REFERER} !^https?://(www\\.)?example\\.org/ [NC]'),
    },
    {
      title: 'a line for each scheme',
      files: alone(conf`
        RewriteCond %{HTTP_REFERER} !^http://(www\.)?example\.org [NC]
        RewriteCond %{HTTP_REFERER} !^https://(www\.)?example\.org [NC]
      `),
    },
    {
      title: 'pictures that are for another site alone',
      files: site('RewriteCond %{HTTP_REFERER} !^http://(www\\.)?example\\.net/ [NC]'),
    },
    {
      title: 'another name of another kind, and plain HTTP where a proxy may end TLS',
      files: names('RewriteCond %{HTTP_REFERER} !^https://(www\\.)?example\\.org/ [NC]'),
    },
    {
      title: 'a page that sends no URL',
      files: site(conf`
        RewriteCond %{HTTP_REFERER} !^http://(www\.)?example\.org/ [NC]
        Header always set Referrer-Policy no-referrer
      `),
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const { configuration } = asked
      const files = deployment.filesOf(configuration)
      const guards = placedRules(configuration, files).filter(
        rule => listsPages(rule) && hostOfRule(configuration, rule) === asked.host,
      )
      if (guards.length === 0 || sendsNoReferer(configuration, files)) continue
      for (const guard of guards) {
        const refused = refusedPage(deployment, asked, guard)
        const condition = guard.conditions.findLast(({ input, negated }) => negated && REFERER.test(input))
        if (refused === null || condition === undefined) continue
        yield {
          at: argumentPlace(condition.directive, 1),
          message: `\`${refused.page}\` is not in this list, so the pages of the site itself do not get \`${refused.file}\``,
          related: [{ at: argumentPlace(guard.directive, 0), message: 'refuses it' }],
        }
      }
    }
  },
})

const REFERER = /^%\{(?:HTTP_REFERER|HTTP:Referer)\}$/i

/** True for a rule that takes requests from the pages of all sites but those of a list. */
function listsPages({ conditions }: PlacedRule): boolean {
  return conditions.some(({ input, negated, pattern }) => negated && REFERER.test(input) && pattern !== '^$')
}

function sendsNoReferer(configuration: ApacheConfiguration, files: FileSystem): boolean {
  return everywhere(configuration, files, 'header').some(({ args }) =>
    args.some(({ value }) => /^referrer-policy:?$/i.test(value)),
  )
}

/** Files that such rules are about. */
const FILES = ['picture.png', 'picture.jpg', 'picture.gif', 'film.mp4', 'song.mp3', 'paper.pdf', 'files.zip']
const FOREIGN = 'https://another-site.invalid/page'

/** A page of the site itself whose files a rule refuses, where it lets those of another of its URLs through. */
function refusedPage(
  deployment: Deployment,
  asked: AskedHost,
  guard: PlacedRule,
): { readonly page: string; readonly file: string } | null {
  const directory = guard.directory === null ? '/' : (urlOfDirectory(asked, guard.directory) ?? '/')
  const own = ownPages(deployment, asked, guard)
  const at = namePlace(guard.directive)
  for (const file of FILES.map(each => directory + each)) {
    const takes = (page: string): boolean => {
      const headers = { values: new Map([['referer', page]]), complete: true }
      const { steps, end } = askHost(deployment, asked, file, { headers, ...own.question })
      const isRefused = end.kind === 'response' && end.at?.source === at.source && end.at.start === at.start
      return isRefused || steps.some(({ directive }) => directive === guard.directive)
    }
    if (!takes(FOREIGN)) continue
    const isMeant = own.names.some(name => !takes(`http://${name}/`) || !takes(`https://${name}/`))
    const page = own.names
      .map(name => own.schemes.map(scheme => `${scheme}://${name}/page`))
      .find(pages => pages.every(takes))?.[0]
    return isMeant && page !== undefined ? { page, file } : null
  }
  return null
}

interface OwnPages {
  /** One of the site, and the same with or without `www.`, as far as pages are shown by it. */
  readonly names: readonly string[]
  /** By which of them its pages are shown: by one of several where nobody knows. */
  readonly schemes: readonly ('http' | 'https')[]
  readonly question: { readonly name?: string; readonly scheme?: 'https' }
}

function ownPages(deployment: Deployment, asked: AskedHost, guard: PlacedRule): OwnPages {
  const { configuration, host } = asked
  const isAlone = configuration.main !== null && isForHtaccess(configuration.main)
  const own = isAlone ? namesOfList(guard) : namesOfHost(asked)
  // A `.htaccess` is read for TLS, too, wherever that ends.
  const overTls = guard.htaccess === null ? null : nameOverTls(deployment, asked, own)
  if (overTls !== null)
    return { names: [overTls], schemes: ['https'], question: { name: overTls, scheme: 'https' } }
  if (isAlone || host === null) return { names: [], schemes: [], question: {} }
  const names = own.filter(name => showsPages(deployment, asked, name))
  // A proxy in front may end TLS.
  const { scheme } = originOf(asked)
  return { names, schemes: scheme === 'https' ? ['https'] : ['http', 'https'], question: {} }
}

/** The name of a virtual host, and the same with or without `www.` where that is an alias. */
function namesOfHost({ configuration, host }: AskedHost): readonly string[] {
  const own = host === null ? null : hostName(configuration, host)
  if (host === null || own?.known !== true || own.value.host === '') return []
  const first = own.value.host.toLowerCase()
  const sibling = first.startsWith('www.') ? first.slice('www.'.length) : `www.${first}`
  const isAlias = host.aliases.some(({ name }) => name.known && name.value.toLowerCase() === sibling)
  return isAlias ? [first, sibling] : [first]
}

/** The names that a list has with `http://`. */
function namesOfList({ conditions }: PlacedRule): readonly string[] {
  return conditions.flatMap(({ input, negated, pattern }) => {
    const [, name] = /^\^http:\/\/(?:\([^()]*\)[?*]?)?([\w-]+(?:\\?\.[\w-]+)+)/i.exec(pattern) ?? []
    return negated && REFERER.test(input) && name !== undefined
      ? [name.replaceAll('\\', '').toLowerCase()]
      : []
  })
}

/** False for a name whose pages are at another URL, and where nobody knows. */
function showsPages(deployment: Deployment, asked: AskedHost, name: string): boolean {
  const { end } = askHost(deployment, asked, PATHS.missingPage, { name })
  return end.kind !== 'unknown' && !(end.kind === 'response' && end.location !== null)
}

/** The one of some names to which their pages are redirected over TLS. */
function nameOverTls(deployment: Deployment, asked: AskedHost, names: readonly string[]): string | null {
  for (const name of names) {
    const { end } = askHost(deployment, asked, PATHS.missingPage, { name, scheme: 'http' })
    if (end.kind !== 'response' || end.location === null) continue
    const [, shown = ''] = /^https:\/\/([^/:]+)/i.exec(fromBytes(end.location).toLowerCase()) ?? []
    if (shown.replace(/^www\./, '') === name.replace(/^www\./, '')) return shown
  }
  return null
}
