import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const BALANCER = 'internal-shop-1234567890.eu-central-1.elb.amazonaws.com'
const site = (pass: string): string =>
  nginxServer(conf`
  location / {
      proxy_pass ${pass};
  }
`)

export default defineRule({
  summary: 'nginx goes on with an address that the cloud has given to somebody else',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A name in `proxy_pass` or `upstream` is resolved when nginx starts or is reloaded. The addresses of such a load balancer change whenever it grows or shrinks: nginx goes on with the old ones, and days later answers 504, or with another customer’s page.',
  remedy:
    'Write `resolver 169.254.169.253 valid=10s;` and the name in a variable (`set $backend …; proxy_pass http://$backend;`), or from nginx 1.27.3 on `resolve` and a `zone` in the upstream',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#resolve',
    'https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html',
  ],
  unproven: 'No load balancer of a cloud stands on loopback',
  bad: [
    {
      title: 'a load balancer of AWS',
      files: { 'etc/nginx/nginx.conf': nginxMain(site(`«http://${BALANCER}»`)) },
    },
    {
      title: 'one in an upstream',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            upstream shop {
                server «${BALANCER}:80»;
            }
          `,
          site('http://shop'),
        ]),
      },
    },
  ],
  good: [
    {
      title: 'a variable and a resolver',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'resolver 169.254.169.253 valid=10s;',
          site('http://$backend').replace('location / {', `set $backend ${BALANCER};\n        location / {`),
        ]),
      },
    },
    {
      title: 'an upstream that asks again',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          conf`
            resolver 169.254.169.253 valid=10s;
            upstream shop {
                zone shop 64k;
                server ${BALANCER}:80 resolve;
            }
          `,
          site('http://shop'),
        ]),
        '.auditrc': '{"versions": {"nginx": "1.28.0"}}',
      },
    },
    {
      title: 'a balancer of fixed addresses',
      files: { 'etc/nginx/nginx.conf': nginxMain(site('http://shop-12.elb.eu-central-1.amazonaws.com')) },
    },
  ],
  *check({ connections }) {
    for (const { targets, upstream, pass } of connections.nginx) {
      for (const { written, at, address } of targets) {
        if (address.kind !== 'name' || !CHANGING.test(address.name)) continue
        if (upstream === null ? pass.args[0]?.value.includes('$') : asksAgain(upstream, written)) continue
        yield {
          at,
          message: `the addresses of \`${address.name}\` change, and nginx asks for them once, when it starts`,
          label: 'resolved once',
        }
      }
    }
  },
})

/** Names of AWS's load balancers for HTTP, its gateways and its content network, whose addresses are promised to nobody. */
const CHANGING =
  /\.(?:[a-z]{2}(?:-[a-z]+)+-\d\.elb\.amazonaws\.com|cloudfront\.net|execute-api\.[a-z0-9-]+\.amazonaws\.com)$/i

/** True for a server of an upstream that is resolved while nginx runs. */
function asksAgain(upstream: NginxDirective, written: string): boolean {
  return childrenNamed(upstream, 'server').some(
    ({ args }) => args[0]?.value === written && args.some(({ value }) => value === 'resolve'),
  )
}
