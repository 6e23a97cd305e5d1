import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
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
  summary: '`secure_link` keeps nobody out, as nothing asks for `$secure_link`',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 5.3,
  cwe: [862],
  since: '0.1.0',
  why: '`secure_link` compares the checksum of a link, writes what it found into `$secure_link`, and refuses nothing by itself. Without the question every link works, with a wrong checksum, an old date or none.',
  remedy:
    'Write `if ($secure_link = "") { return 403; }` and `if ($secure_link = "0") { return 410; }` below it',
  references: ['https://nginx.org/en/docs/http/ngx_http_secure_link_module.html'],
  bad: [
    {
      title: 'the checksum alone',
      files: { 'etc/nginx/nginx.conf': nginx(LINK.replace('secure_link $', '«secure_link» $')) },
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
      if (isVariableAsked(configuration, 'secure_link')) continue
      for (const line of lines) {
        // Who includes a fragment may ask.
        if (line.parent === null) continue
        yield {
          at: namePlace(line),
          message: 'nothing asks for `$secure_link`, so every link is answered, whatever its checksum',
        }
      }
    }
  },
})
