import { distance } from 'fastest-levenshtein'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { recent } from '../../parsers/collections/recent.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer, servedHtaccess } from '../_examples.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'

const nginx = (line: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${line}
      }
    `),
  )

export default defineRule({
  summary: 'The name of a forwarded header is misspelt',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The backend looks for `X-Forwarded-For` and gets a header that it does not know. What it is to be told, the address or the scheme of the client, it is not told.',
  remedy: 'Write the name as the backend reads it: `X-Forwarded-For`, `X-Forwarded-Proto`, `X-Real-IP`',
  references: ['https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Forwarded-For'],
  bad: [
    {
      title: 'two letters short',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header «X-Forward-For» $proxy_add_x_forwarded_for;'),
      },
    },
    {
      title: 'in Apache',
      files: {
        'site.conf': conf`
          <VirtualHost *:443>
              ServerName example.org
              RequestHeader set «X-Forwaded-Proto» https
          </VirtualHost>
        `,
      },
    },
    {
      title: 'in `.htaccess`',
      files: servedHtaccess(conf`
        RequestHeader set «X-Forward-Proto» https
      `),
    },
  ],
  good: [
    {
      title: 'as it is read',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'),
      },
    },
    {
      title: 'other names that are in use',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header X-Forwarded-Protocol $scheme;
          proxy_set_header X-Forwarded-SNI $ssl_server_name;
          proxy_set_header X-Forwarded-User $remote_user;
          proxy_set_header X-Real-Port $remote_port;
          proxy_set_header X-Forwarded $remote_addr;
        `),
      },
    },
    {
      title: 'both spellings, for two backends',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forward-For $remote_addr;
        `),
      },
    },
  ],
  *check({ nginx: configurations, apache, filesOf }) {
    for (const [lines, index] of [
      ...configurations.map(({ occurrences }) => [occurrences.get('proxy_set_header') ?? [], 0] as const),
      ...apache.map(
        configuration => [everywhere(configuration, filesOf(configuration), 'requestheader'), 1] as const,
      ),
    ]) {
      const beside = once(() => groupBy<Line, unknown>(lines, ({ parent }) => parent))
      for (const line of lines) {
        const name = line.args[index]?.value ?? ''
        const meant = meantBy(name)
        if (meant === null) continue
        const isSetToo = beside()
          .get(line.parent)
          ?.some(other => other.args[index]?.value.toLowerCase() === meant.toLowerCase())
        if (isSetToo === true) continue
        const at = argumentPlace(line, index)
        yield {
          at,
          message: `\`${name}\` is no header that backends read: \`${meant}\` is`,
          ...propose(`Write ${meant}`, 'unsafe', [writtenText(at) === name ? replacePlace(at, meant) : null]),
        }
      }
    }
  },
})

const KNOWN = [
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Server',
]

type Line = NginxDirective | ApacheDirective

/** The header that a name is nearly; null where it is one, or another. */
const meantBy = recent((name: string): string | null => {
  const lowered = name.toLowerCase()
  return KNOWN.find(known => isNearly(lowered, known.toLowerCase())) ?? null
})

/** True for as many words, of which one long one differs in a letter or two. */
function isNearly(name: string, known: string): boolean {
  const words = name.split('-')
  const wanted = known.split('-')
  if (words.length !== wanted.length || name === known) return false
  return words.every((word, index) => {
    const other = wanted[index] ?? ''
    if (word === other) return true
    // Short words stand for something of their own: `Host`, `Port`, `Path`.
    return index === 1 && distance(word, other) <= 2
  })
}
