import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string, http = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain([http, nginxServer(lines)]),
})

export default defineRule({
  summary: 'A second error_page for a status, of which nginx takes the first',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx goes through the `error_page` lines of a block in their order and takes the first that has the status. A second one is accepted and never used: the page of an outage comes where that of the maintenance is meant.',
  remedy: 'Name each status in one `error_page` of the block',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  bad: [
    {
      title: 'a page for maintenance behind that for outages',
      files: nginx(conf`
        root /srv/www;
        error_page 502 503 504 /50x.html;
        error_page «503» /maintenance.html;
        location = /shop {
            return 503;
        }
      `),
    },
    {
      title: 'in a file that is included later',
      files: {
        'site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              include errors.conf;
              include maintenance.conf;
          }
        `,
        'errors.conf': 'error_page 500 502 503 @outage;\nlocation @outage {\n    return 502;\n}\n',
        'maintenance.conf':
          'error_page «503» @maintenance;\nlocation @maintenance {\n    rewrite ^ /503.html break;\n}\n',
      },
    },
    {
      title: 'the same page with another status',
      files: nginx(conf`
        root /srv/www;
        error_page 404 /index.html;
        error_page «404» =200 /index.html;
      `),
    },
  ],
  good: [
    {
      title: 'each status once',
      files: nginx(conf`
        root /srv/www;
        error_page 502 504 /50x.html;
        error_page 503 /maintenance.html;
        location = /shop {
            return 503;
        }
      `),
    },
    {
      title: 'a server that has its own in place of the outer one, and a location in place of both',
      files: nginx(
        conf`
          root /srv/www;
          error_page 404 /missing.html;
          location /api/ {
              error_page 404 /api.json;
          }
        `,
        'error_page 404 /404.html;',
      ),
    },
    {
      title: 'the same line twice',
      files: nginx(conf`
        root /srv/www;
        error_page 500 502 /50x.html;
        error_page 502 503 /50x.html;
      `),
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      const first = new Map<NginxDirective | null, Map<string, NginxDirective>>()
      for (const line of occurrences.get('error_page') ?? []) {
        // Lines without a block may stand in different ones.
        if (line.parent === null) continue
        const before = first.get(line.parent) ?? new Map<string, NginxDirective>()
        first.set(line.parent, before)
        for (const [index, { value: code }] of line.args.slice(0, -1).entries()) {
          if (!/^\d{3}$/.test(code)) continue
          const taken = before.get(code)
          if (taken === undefined) before.set(code, line)
          else if (answerOf(taken) !== answerOf(line))
            yield {
              at: argumentPlace(line, index),
              message: `\`${pageOf(line)}\` is never sent for ${code}: \`${pageOf(taken)}\` stands before it, and nginx takes the first \`error_page\` of a status`,
              related: [{ at: codePlace(taken, code), message: 'the one that is taken' }],
            }
        }
      }
    }
  },
})

function codePlace(line: NginxDirective, code: string) {
  return argumentPlace(
    line,
    line.args.findIndex(({ value }) => value === code),
  )
}

function pageOf({ args }: NginxDirective): string {
  return args.at(-1)?.value ?? ''
}

/** The page, and the status with which it is sent. */
function answerOf({ args }: NginxDirective): string {
  return args
    .filter(({ value }) => !/^\d{3}$/.test(value))
    .map(({ value }) => value)
    .join(' ')
}
