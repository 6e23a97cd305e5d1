import { groupBy } from '../../parsers/collections/group-by.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { isVariableAsked } from './_variable-asked.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /videos/ {
          ${lines}
      }
    `),
  )
const LINK = conf`
  secure_link $arg_md5,$arg_expires;
  secure_link_md5 "$secure_link_expires$uri example-word";
`

export default defineRule({
  summary:
    '`secure_link` keeps out nobody, or not everybody, as `$secure_link` is not asked for all that it says',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [862],
  since: '0.1.0',
  why: '`secure_link` compares the checksum of a link, writes what it found into `$secure_link`, and refuses nothing by itself: it is empty for a wrong checksum, and `0` for a right one whose time is over. Without the question every link works; with one of the two, links work for ever, or with any checksum.',
  remedy:
    'Write `if ($secure_link = "") { return 403; }` and `if ($secure_link = "0") { return 410; }` below it',
  references: ['https://nginx.org/en/docs/http/ngx_http_secure_link_module.html'],
  bad: [
    {
      title: 'the checksum alone',
      files: { 'etc/nginx/nginx.conf': nginx(LINK.replace('secure_link $', '«secure_link» $')) },
    },
    {
      title: 'the checksum asked for, and not the time',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ${LINK.replace('secure_link $', '«secure_link» $')}
          if ($secure_link = "") {
              return 403;
          }
        `),
      },
    },
    {
      title: 'the time asked for, and not the checksum',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ${LINK.replace('secure_link $', '«secure_link» $')}
          if ($secure_link = 0) {
              return 410;
          }
        `),
      },
    },
    {
      title: 'the older form, with a secret',
      files: { 'etc/nginx/nginx.conf': nginx('«secure_link_secret» example-word;') },
    },
  ],
  good: [
    {
      title: 'with the questions',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ${LINK}
          if ($secure_link = "") {
              return 403;
          }
          if ($secure_link = "0") {
              return 410;
          }
        `),
      },
    },
    {
      title: 'a link without a time',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          secure_link $arg_md5;
          secure_link_md5 "$uri example-word";
          if ($secure_link = "") {
              return 403;
          }
        `),
      },
    },
    {
      title: 'everything but a right one refused',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          ${LINK}
          if ($secure_link != "1") {
              return 403;
          }
        `),
      },
    },
    {
      title: 'the older form, with the question',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          secure_link_secret example-word;
          if ($secure_link = "") {
              return 403;
          }
          rewrite ^ /kept/$secure_link break;
        `),
      },
    },
    {
      title: 'a map that asks',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          map $secure_link $is_refused {
              1 0;
              default 1;
          }
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              ${LINK}
              if ($is_refused) {
                  return 403;
              }
          }
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      const lines = [
        ...(occurrences.get('secure_link') ?? []),
        ...(occurrences.get('secure_link_secret') ?? []),
      ]
      if (lines.length === 0 || mayHoldUnread(configuration)) continue
      const isAsked = isVariableAsked(configuration, 'secure_link')
      const questions = isAsked ? questionsIn(configuration) : []
      const byServer = groupBy(questions ?? [], ({ at }) => enclosingServer(at))
      for (const line of lines) {
        // Who includes a fragment may ask.
        if (line.parent === null) continue
        if (!isAsked) {
          yield {
            at: namePlace(line),
            message: 'nothing asks for `$secure_link`, so every link is answered, whatever its checksum',
          }
          continue
        }
        // A comma parts the checksum from the time.
        if (line.name !== 'secure_link' || questions === null || !line.args[0]?.value.includes(',')) continue
        const server = enclosingServer(line)
        const asked = server === null ? questions : (byServer.get(server) ?? [])
        const [first] = asked
        if (first === undefined || !asked.every(({ value }) => value === first.value)) continue
        yield {
          at: namePlace(line),
          message:
            first.value === ''
              ? 'a link whose time is over makes `$secure_link` `0`, which nothing asks for, so it works for ever'
              : 'a wrong checksum leaves `$secure_link` empty, which nothing asks for, so it is answered',
          related: [{ at: namePlace(first.at), message: 'asked for here' }],
        }
      }
    }
  },
})

interface Question {
  readonly at: NginxDirective
  /** What `$secure_link` is compared with: nothing, or `0`. */
  readonly value: string
}

/** The `if` lines that compare `$secure_link` with one of the two; null where anything else asks. */
function questionsIn(configuration: NginxConfiguration): readonly Question[] | null {
  const found: Question[] = []
  const known = new Set<NginxDirective>()
  for (const at of configuration.occurrences.get('if') ?? []) {
    const match = /^\(\$\{?secure_link\}?=(0?)\)$/.exec(at.args.map(({ value }) => value).join(''))
    if (match === null) continue
    found.push({ at, value: match[1] ?? '' })
    known.add(at)
  }
  const asksElse = (directive: NginxDirective): boolean =>
    (!known.has(directive) && directive.args.some(({ value }) => ASKED.test(value))) ||
    directive.children.some(asksElse)
  return configuration.top.some(asksElse) ? null : found
}

const ASKED = /\$\{?secure_link\b/
