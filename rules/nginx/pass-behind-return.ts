import { branchesAt } from '../../src/servers/presence.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
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
  summary: '`return` or `rewrite … last` comes before `proxy_pass`, and the backend is never asked',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx obeys `return` before it looks for who answers, wherever in the block the two lines stand. A `rewrite` with `last` searches for a location anew, and what stands in this one is forgotten. The backend gets no request of this location.',
  remedy: 'Take one of the two out, or put the `return` into an `if`; write `break` for `last`',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return'],
  bad: [
    { title: 'an answer of nginx’s own', files: { 'etc/nginx/nginx.conf': nginx('«return» 204;') } },
    {
      title: 'a rewrite that leaves the location',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location / {
                root /srv/www;
            }
            location /app/ {
                «rewrite» ^/app/(.*)$ /$1 last;
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ),
      },
    },
  ],
  good: [
    {
      title: 'where a template asks which of the two is wanted',
      files: {
        'nginx.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              location /app/ {
                  {% if target is defined %}
                  return 302 {{ target }};
                  {% endif %}
                  proxy_pass http://127.0.0.1:9000;
              }
          }
        `,
      },
    },
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
    {
      title: 'a rewrite that stays in the location, or leaves it for one page',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          rewrite ^/app/old$ /app/new last;
          rewrite ^/app/(.*)$ /$1 break;
        `),
      },
    },
    {
      title: 'a rewrite to another location of the same backend',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /app/ {
                rewrite ^/app/(.*)$ /$1 last;
                proxy_pass http://127.0.0.1:9000;
            }
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      for (const line of configuration.occurrences.get('return') ?? []) {
        const { parent } = line
        if (parent?.name !== 'location') continue
        const pass = effectivePass(configuration, parent)
        if (pass === null || pass.parent !== parent) continue
        const leaves = parent.children.find(({ name }) => LEAVING.has(name))
        if (leaves !== line || isInBranchAlone(line, pass)) continue
        yield {
          at: namePlace(line),
          message: `\`return\` answers every request of this location, so \`${pass.name}\` is never reached`,
          related: [{ at: namePlace(pass), message: 'never asked' }],
        }
      }
    }
    yield* rewrittenAway(deployment)
  },
})

/** Locations by prefix of which every page below is rewritten to a location that does not ask the backend. */
function* rewrittenAway(deployment: Deployment): Iterable<RuleFinding> {
  if (!deployment.nginx.some(({ occurrences }) => occurrences.has('rewrite'))) return
  for (const { server, block, pass } of deployment.connections.nginx) {
    const leaves = block.children.find(({ name }) => LEAVING.has(name))
    if (leaves?.name !== 'rewrite' || pass.parent !== block) continue
    const flag = leaves.args[2]?.value
    if (flag !== 'last' && flag !== undefined) continue
    const { modifier, name } = readLocation(block)
    if (block.name !== 'location' || modifier.startsWith('~') || modifier === '@' || modifier === '=')
      continue
    const answers = ['', '/deeper'].map(below =>
      askServer(deployment, server, `${name.replace(/\/$/, '')}${below}/${EXISTING}`, { alsoLocal: true }),
    )
    const isAway = answers.every(
      answer =>
        answer?.steps.some(({ directive }) => directive === leaves) === true &&
        !answer.steps.some(({ kind }) => kind === 'unknown') &&
        (answer.end.kind === 'file' ||
          (answer.end.kind === 'response' && answer.end.status === 404) ||
          (answer.end.kind === 'pass' && answer.end.target.directive.args[0]?.value !== pass.args[0]?.value)),
    )
    if (!isAway) continue
    yield {
      at: namePlace(leaves),
      message: `\`rewrite\` sends every page of this location to another one, so \`${pass.name}\` is never reached`,
      related: [{ at: namePlace(pass), message: 'never asked' }],
    }
  }
}

/** True where a template writes the `return` under a condition of its own: then it is meant to take the pass's place. */
function isInBranchAlone({ source, node }: NginxDirective, pass: NginxDirective): boolean {
  return branchesAt(source, node.start).some(
    ({ start, end }) => pass.source !== source || pass.node.start < start || pass.node.start >= end,
  )
}

/** What may come before a `return` and lead elsewhere. */
const LEAVING: ReadonlySet<string> = new Set(['return', 'if', 'rewrite', 'break'])
