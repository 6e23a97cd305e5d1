import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { upstreams } from '../../src/servers/nginx/queries/upstreams.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (servers: string): string =>
  nginxMain([
    conf`
      upstream app {
          ${servers}
      }
    `,
    nginxServer(conf`
      location / {
          proxy_pass http://app;
      }
    `),
  ])

export default defineRule({
  summary: 'Every server of an upstream is `down`',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx asks no server with `down`. Where all of them have it, every request is answered with 502, `no live upstreams while connecting to upstream`.',
  remedy: 'Take `down` away from a server that runs, or answer with a page for the time being',
  references: ['https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server'],
  bad: [
    {
      title: 'both',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          server 127.0.0.1:9000 «down»;
          server 127.0.0.1:9001 down;
        `),
      },
    },
  ],
  good: [
    {
      title: 'one of two',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          server 127.0.0.1:9000;
          server 127.0.0.1:9001 down;
        `),
      },
    },
    {
      title: 'another one for emergencies',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          server 127.0.0.1:9001 down;
          server 127.0.0.1:9000 backup;
        `),
      },
    },
  ],
  *check({ nginx: configurations, connections }) {
    for (const configuration of configurations) {
      if (!configuration.occurrences.has('upstream')) continue
      for (const { servers, complete, directive } of upstreams(configuration).values()) {
        const [first] = servers
        if (!complete || first === undefined || !servers.every(({ down }) => down)) continue
        const user = connections.nginx.find(({ upstream }) => upstream === directive)
        if (user === undefined) continue
        const index = first.directive.args.findIndex(({ value }) => value === 'down')
        yield {
          at: argumentPlace(first.directive, index),
          message: 'every server of this upstream is `down`, so nginx asks none and answers 502',
          related: [{ at: namePlace(user.pass), message: 'leads here' }],
        }
      }
    }
  },
})
