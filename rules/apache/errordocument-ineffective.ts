import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { htaccessFiles } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placeText } from '../../parsers/text/source.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'An error page that Apache does not send',
  severity: 'error',
  otherSeverities: { info: 'for a whole URL, which works and loses the status' },
  confidence: 'high',
  since: '0.1.0',
  why: '`ErrorDocument` takes a path for one only where it begins with a slash; anything else is the text that is sent. A whole URL makes a redirect: the client gets 302 instead of 404, and for 401 Apache ignores it (AH00113), because no password would ever be asked for.',
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
  ],
  good: [
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
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const tables = [
        configuration.occurrences,
        ...htaccessFiles(configuration, filesOf(configuration)).map(({ file }) => file.occurrences),
      ]
      for (const occurrences of tables)
        for (const directive of occurrences.get('errordocument') ?? []) yield* faultOf(directive)
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
      message: `\`${page}\` does not begin with a slash, so Apache sends these words instead of the page`,
      ...propose('Begin the path with a slash', 'unsafe', [isBare ? replacePlace(at, `/${page}`) : null]),
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
