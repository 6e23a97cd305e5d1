import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location /app/ {
          ${lines}
          proxy_pass http://127.0.0.1:9000;
      }
    `),
  )

export default defineRule({
  summary: '`return` answers in front of `proxy_pass`, and the backend is never asked',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx obeys `return` before it looks for who answers, wherever in the block the two lines stand. The backend gets no request of this location.',
  remedy: 'Take one of the two out, or put the `return` into an `if`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return'],
  bad: [{ title: 'an answer of nginx’s own', files: { 'etc/nginx/nginx.conf': nginx('«return» 204;') } }],
  good: [
    {
      title: 'for some requests',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          if ($request_method = OPTIONS) {
              return 204;
          }
        `),
      },
    },
    {
      title: 'behind a rewrite that leaves first',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite ^/app/api/(.*)$ /$1 break;
          return 404;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('return') ?? []) {
        const { parent } = line
        if (parent?.name !== 'location') continue
        const pass = effectivePass(configuration, parent)
        if (pass === null || pass.parent !== parent) continue
        const leaves = parent.children.find(({ name }) => LEAVING.has(name))
        if (leaves !== line) continue
        yield {
          at: namePlace(line),
          message: `\`return\` answers every request of this location, so \`${pass.name}\` is never reached`,
          related: [{ at: namePlace(pass), message: 'never asked' }],
        }
      }
    }
  },
})

/** What may come before a `return` and lead elsewhere. */
const LEAVING: ReadonlySet<string> = new Set(['return', 'if', 'rewrite', 'break'])
