import { distance } from 'fastest-levenshtein'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { recent } from '../../parsers/collections/recent.ts'
import { argumentPlace, writtenText } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
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
  ofLoneHtaccess: true,
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
      title: 'the header that the address is taken from',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          set_real_ip_from 10.0.0.0/8;
          real_ip_header «X-Forward-For»;
          ${nginxServer('return 200 "$remote_addr";')}
        `),
      },
    },
    {
      title: 'the header that Apache takes the address from',
      files: {
        'site.conf': conf`
          RemoteIPHeader «X-Forwaded-For»
          RemoteIPInternalProxy 10.0.0.0/8
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
    {
      title: 'a header that a proxy in front sends by this very name',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          set_real_ip_from 127.0.0.1;
          real_ip_header X-Forward-For;
          ${nginxServer(conf`
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header X-Forward-For $remote_addr;
                proxy_set_header X-Forwarded-For $remote_addr;
            }
          `)}
        `),
      },
    },
  ],
  *check({ nginx: configurations, apache, filesOf }) {
    yield* misspeltTrust(configurations, apache)
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

/** What the servers take the client's address from. */
function* misspeltTrust(
  configurations: readonly NginxConfiguration[],
  apache: readonly ApacheConfiguration[],
): Iterable<RuleFinding> {
  const lines = [
    ...configurations.flatMap(({ occurrences }) => occurrences.get('real_ip_header') ?? []),
    ...apache.flatMap(configuration =>
      (configuration.occurrences.get('remoteipheader') ?? []).filter(
        line => !isReplaced(configuration, line),
      ),
    ),
  ]
  if (lines.length === 0) return
  const sent = new Set(
    [
      ...configurations.flatMap(({ occurrences }) => occurrences.get('proxy_set_header') ?? []),
      ...apache.flatMap(({ occurrences }) => occurrences.get('requestheader') ?? []),
    ].flatMap(({ args }) => args.map(({ value }) => value.toLowerCase())),
  )
  for (const line of lines) {
    const name = line.args[0]?.value ?? ''
    const meant = meantBy(name)
    if (meant === null || sent.has(name.toLowerCase())) continue
    const at = argumentPlace(line, 0)
    yield {
      at,
      message: `no proxy sends \`${name}\`, so the client’s address stays that of the proxy: \`${meant}\` is what they send`,
      ...propose(`Write ${meant}`, 'unsafe', [writtenText(at) === name ? replacePlace(at, meant) : null]),
    }
  }
}

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
