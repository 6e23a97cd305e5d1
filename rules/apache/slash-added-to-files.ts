import type { Deployment } from '../../src/deployment/model.ts'
import { type AskedHost, askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

const FILES = { 'srv/www/index.html': 'start page', 'srv/www/site.css': 'body {}' }

export default defineRule({
  summary: 'A redirect adds a slash to the names of files',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Style sheets, scripts and images are redirected like pages, and `/site.css/` is no file: it is answered with 404.',
  remedy: 'Leave files out: `RewriteCond %{REQUEST_FILENAME} !-f` before the rule',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/remapping.html'],
  bad: [
    {
      title: 'every path',
      files: { ...rewritingDirectory('RewriteRule ^(.*[^/])$ «/$1/» [R=301,L]'), ...FILES },
    },
    {
      title: 'the condition is that of another rule',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^index\.php$ - [L]
          RewriteCond %{REQUEST_URI} !(.*)/$
          RewriteRule ^(.*)$ «http://example.org/$1/» [L,R=301]
        `),
        ...FILES,
      },
    },
  ],
  good: [
    {
      title: 'files are left out',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^(.*[^/])$ /$1/ [R=301,L]
        `),
        ...FILES,
      },
    },
    {
      title: 'names with a dot are left out',
      files: { ...rewritingDirectory('RewriteRule ^([^.]*[^/.])$ /$1/ [R=301,L]'), ...FILES },
    },
    {
      title: 'directories alone',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} -d
          RewriteRule ^(.*[^/])$ /$1/ [R=301,L]
        `),
        ...FILES,
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const file = staticFile(deployment, asked)
      if (file === null) continue
      const { steps, end } = askHost(deployment, asked, file)
      if (end.kind !== 'response' || end.location === null) continue
      if (fromBytes(end.location).replace(/^https?:\/\/[^/]+/, '') !== `${file}/`) continue
      const line = lastLine(steps, 'rewrite')
      if (line === null || line.name !== 'RewriteRule') continue
      yield {
        at: argumentPlace(line, 1),
        message: `the file \`${file}\` is redirected to \`${file}/\`, which is none`,
      }
    }
  },
})

/** A style sheet, script or image of the document root or of a directory in it; null where none is seen. */
function staticFile(deployment: Deployment, { configuration, host }: AskedHost): string | null {
  const root = directivesIn(configuration, host?.directive ?? null, 'documentroot').at(-1)?.args[0]?.value
  if (root === undefined) return null
  const files = deployment.filesOf(configuration)
  const entries = files.list(root) ?? []
  const inRoot = entries.find(({ name, kind }) => kind === 'file' && STATIC.test(name))
  if (inRoot !== undefined) return `/${inRoot.name}`
  for (const { name } of entries.filter(({ kind }) => kind === 'directory').slice(0, MOST_DIRECTORIES)) {
    if (!/^[a-z][\w-]*$/i.test(name)) continue
    const found = files.list(`${root.replace(/\/$/, '')}/${name}`)?.find(each => STATIC.test(each.name))
    if (found !== undefined) return `/${name}/${found.name}`
  }
  return null
}

const STATIC = /^[a-z][\w-]*\.(?:css|js|png|jpe?g|gif|svg|ico)$/i

/** No more are looked into. */
const MOST_DIRECTORIES = 12
