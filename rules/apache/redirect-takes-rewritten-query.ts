import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { directorySectionsOf } from '../../src/servers/apache/queries/directory-sections.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

const site = (lines: string): Record<string, string> => ({
  ...rewritingDirectory(lines),
  'srv/www/start.html': 'start page',
})

const FRONT = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^(.+)$ start.html?page=$1 [L,QSA]
`

export default defineRule({
  summary: 'A Redirect beside rewriting rules takes their query with it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a `.htaccess` the rewriting rules come first, wherever they stand, and what they put into the query stays there when `Redirect` answers: clients are sent to `/new?page=old`.',
  remedy: 'Write the redirect as a rule before the others: `RewriteRule ^old$ /new [R=301,L]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/avoid.html'],
  bad: [
    {
      title: 'a page that has moved, and a front controller',
      files: site(conf`
        ${FRONT}
        Redirect 301 «/old» /new
      `),
    },
    {
      title: 'written before the rules, which come first all the same',
      files: site(conf`
        Redirect «/old» /new
        ${FRONT}
      `),
    },
  ],
  good: [
    {
      title: 'a rule',
      files: site(conf`
        RewriteRule ^old$ /new [R=301,L]
        ${FRONT}
      `),
    },
    {
      title: 'rules without a query, and a query of its own',
      files: site(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^ start.html [L]
        Redirect 301 /old /new
        Redirect 301 /older /new?from=older
      `),
    },
    {
      title: 'the rules leave the path out',
      files: site(conf`
        RewriteCond %{REQUEST_URI} !^/old
        ${FRONT}
        Redirect 301 /old /new
      `),
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) yield* carried(deployment, asked)
  },
})

function* carried(deployment: Deployment, asked: AskedHost) {
  const { configuration, host } = asked
  const files = deployment.filesOf(configuration)
  const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
  const scopes = [
    ...htaccessFilesOf(configuration, files, host).map(
      ({ file }) =>
        (name: string) =>
          file.occurrences.get(name) ?? [],
    ),
    ...directorySectionsOf(configuration, host).map(
      ({ section }) =>
        (name: string) =>
          directivesIn(configuration, section, name),
    ),
  ]
  for (const linesOf of scopes) {
    if (linesOf('rewriterule').length === 0) continue
    const lines = ['redirect', 'redirectpermanent', 'redirecttemp'].flatMap(linesOf)
    for (const line of lines.slice(0, MOST_LINES)) {
      const index = line.args.findIndex(({ value }) => value.startsWith('/'))
      const path = line.args[index]?.value ?? ''
      const target = line.args[index + 1]?.value
      if (index === -1 || target === undefined || target.includes('?')) continue
      if (!isSettled(path) || !/^[\w/.-]+$/.test(path)) continue
      // A file that is there the rules may leave alone.
      if (root === undefined || files.kind(root.replace(/\/$/, '') + path) === 'file') continue
      // Below the path, where surely no file is.
      const { steps, end } = askHost(deployment, asked, `${path.replace(/\/$/, '')}/${MISSING}`)
      if (end.kind !== 'response' || end.location === null) continue
      const location = fromBytes(end.location)
      const answering = lastLine(steps, 'redirect')
      const rule = lastLine(steps, 'rewrite')
      if (answering !== line || rule === null || !location.includes('?')) continue
      yield {
        at: argumentPlace(line, index),
        cause: `${rule.source.path} ${rule.nameStart}`,
        message: `clients are redirected to \`${location.replace(/^https?:\/\/[^/]+/, '').replaceAll(`/${MISSING}`, '')}\`: the rule has made a query by then, which the redirect takes with it`,
        related: [{ at: argumentPlace(rule, 1), message: 'comes first, and makes the query' }],
      }
    }
  }
}

/** No more lines of one file are looked at. */
const MOST_LINES = 12
