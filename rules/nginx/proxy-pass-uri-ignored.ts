import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (rewrite: string, pass: string): string =>
  nginxMain(
    nginxServer(conf`
      location /api/ {
          ${rewrite}
          proxy_pass ${pass};
      }
    `),
  )

export default defineRule({
  summary: 'The path of `proxy_pass` is ignored, because `rewrite` changes the URL',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Behind a `rewrite … break` nginx sends the URL as the `rewrite` left it, and forgets the path that stands in `proxy_pass`: the backend is asked for pages that it does not have.',
  remedy: 'Write the path into the `rewrite`, and take it out of `proxy_pass`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass'],
  bad: [
    {
      title: 'a version of an interface',
      files: {
        'etc/nginx/nginx.conf': nginx('rewrite ^/api/(.*)$ /$1 break;', '«http://127.0.0.1:9000/v1/»'),
      },
    },
  ],
  good: [
    {
      title: 'in the rewrite',
      files: {
        'etc/nginx/nginx.conf': nginx('rewrite ^/api/(.*)$ /v1/$1 break;', 'http://127.0.0.1:9000'),
      },
    },
    {
      title: 'in both, by a slash alone, and for one page',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /api/ {
                rewrite ^/api/(.*)$ /v1/$1 break;
                proxy_pass http://127.0.0.1:9000/v1/;
            }
            location /shop/ {
                rewrite ^/shop/(.*)$ /$1 break;
                proxy_pass http://127.0.0.1:9000/;
            }
            location /news/ {
                rewrite ^/news/feed$ /feed break;
                proxy_pass http://127.0.0.1:9000/articles/;
            }
          `),
        ),
      },
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('rewrite'))) return
    for (const { server, block, pass } of deployment.connections.http) {
      const path = /^https?:\/\/[^/$]+(\/[^$?]+)$/.exec(pass.args[0]?.value ?? '')?.[1]
      if (path === undefined || block.name !== 'location' || pass.parent !== block) continue
      const breaks = childrenNamed(block, 'rewrite').filter(({ args }) => args[2]?.value === 'break')
      const { modifier, name } = readLocation(block)
      if (breaks.length === 0 || (modifier !== '' && modifier !== '^~')) continue
      const answers = ['', '/deeper'].map(below =>
        askServer(deployment, server, `${name.replace(/\/$/, '')}${below}/${EXISTING}`, { alsoLocal: true }),
      )
      const by = breaks.find(line =>
        answers.every(answer => answer?.steps.some(({ directive }) => directive === line) === true),
      )
      const sent = answers.flatMap(answer =>
        answer?.end.kind === 'pass' && answer.end.scope === block && answer.end.uri !== null
          ? [answer.end.uri]
          : [],
      )
      if (by === undefined || sent.length < answers.length || sent.some(uri => uri.startsWith(path))) continue
      yield {
        at: argumentPlace(pass, 0),
        message: `\`${path}\` is ignored behind this \`rewrite\`: the backend is asked for \`${sent[0]?.replace(EXISTING, 'page')}\``,
        related: [{ at: namePlace(by), message: 'changes the URL' }],
      }
    }
  },
})
