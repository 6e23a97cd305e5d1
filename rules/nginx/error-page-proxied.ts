import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
      location / {
          proxy_pass http://127.0.0.1:9000;
      }
    `),
  )

export default defineRule({
  summary: 'The page for a failing backend is requested from that backend',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`error_page` makes nginx look for a location that answers the page. Without one of its own, `location /` proxies it to the backend that has just failed, and clients see `502 Bad Gateway` of nginx.',
  remedy: 'Give the page a location: `location = /502.html { root /srv/errors; internal; }`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  bad: [
    {
      title: 'a page beside the proxied location',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 502 503 504 «/502.html»;') },
    },
    {
      title: 'in a template, whatever the backend is called',
      files: {
        'roles/web/templates/shop.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              root {{ pages }};
              error_page 502 503 504 «/502.html»;
              location / {
                  proxy_pass http://{{ backend }}:{{ port }};
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'with a location of its own',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 502 503 504 /502.html;
          location = /502.html {
              internal;
          }
        `),
      },
    },
    {
      title: '503, which nginx gives for no backend that has failed',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 503 /down.html;') },
    },
    {
      title: 'another backend, and an error of the client',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 502 /errors/502.html;
          error_page 404 /404.html;
          location /errors/ {
              proxy_pass http://127.0.0.1:9001;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass, written } of deployment.connections.nginx) {
      if (!/^https?:/.test(written) && pass.name === 'proxy_pass') continue
      const pages = effective(server.configuration, block, 'error_page')
      if (!pages.known || !pages.value.complete) continue
      for (const line of pages.value.directives) {
        const page = line.args.at(-1)?.value ?? ''
        const isOfBackend = line.args.slice(0, -1).some(({ value }) => /^50[24]$/.test(value))
        if (!isOfBackend || !page.startsWith('/') || page.includes('$')) continue
        const answer = askServer(deployment, server, page)
        if (answer?.end.kind !== 'pass' || (answer.end.scope === block && !isForAll(block))) continue
        if (deployment.connections.ofBlock(answer.end.scope)?.pass.args[0]?.value !== pass.args[0]?.value)
          continue
        yield {
          at: argumentPlace(line, line.args.length - 1),
          message: `\`${page}\` is proxied to \`${written}\` too, which is what has failed then`,
          related: [{ at: argumentPlace(pass, 0), message: 'the backend' }],
        }
      }
    }
  },
})

/** True for the location that takes what no other one does; another one may be there for the page alone. */
function isForAll({ args }: NginxDirective): boolean {
  return args.at(-1)?.value === '/'
}
