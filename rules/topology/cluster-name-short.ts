import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { lookedUpName } from '../_looked-up-name.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      resolver kube-dns.kube-system.svc.cluster.local valid=10s;
      location /orders/ {
          ${lines}
      }
  }
`

export default defineRule({
  summary: 'The resolver of nginx is asked for the short name of a service of Kubernetes',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'What `/etc/resolv.conf` puts behind a short name, `search default.svc.cluster.local`, is known to the C library. nginx asks its `resolver` for the name as it stands: `orders could not be resolved (3: Host not found)`, and answers 502.',
  remedy: 'Write the whole name: `orders.default.svc.cluster.local`',
  references: ['https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/'],
  unproven: 'It takes the resolver of a cluster to say that it does not know the name',
  bad: [
    {
      title: 'the name of a service',
      files: {
        'nginx.conf': site(conf`
          set $orders «http://orders:8080»;
          proxy_pass $orders;
        `),
      },
    },
    {
      title: 'the name without the domain of the cluster',
      files: {
        'nginx.conf': site(conf`
          set $orders «orders.shop.svc»;
          proxy_pass http://$orders:8080;
        `),
      },
    },
  ],
  good: [
    {
      title: 'the whole name',
      files: {
        'nginx.conf': site(conf`
          set $orders http://orders.shop.svc.cluster.local:8080;
          proxy_pass $orders;
        `),
      },
    },
    {
      title: 'a name that is looked up at the start, by the C library',
      files: { 'nginx.conf': site('proxy_pass http://orders:8080;') },
    },
    {
      title: 'a host out on the network',
      files: {
        'nginx.conf': site(conf`
          set $orders orders.example.org;
          proxy_pass https://$orders;
        `),
      },
    },
  ],
  *check(deployment) {
    for (const { server, block, pass } of deployment.connections.nginx) {
      if (!(pass.args[0]?.value ?? '').includes('$')) continue
      if (!server.configuration.occurrences.has('resolver')) continue
      const fact = effectiveAtHand(server.configuration, block, 'resolver')
      const line = fact.known ? fact.value.directives[0] : undefined
      const domain = line?.args.flatMap(
        ({ value }) => /\.svc\.([a-z0-9.-]+?)(?::\d+)?$/i.exec(value)?.[1] ?? [],
      )[0]
      if (line === undefined || domain === undefined) continue
      const name = lookedUpName(deployment, server, block, pass.args[0]?.value ?? '')
      if (name === null || !/^[\w-]+$|^[\w.-]+\.svc$/.test(name)) continue
      const written = lineWith(directivesByServer(server.configuration, 'set').get(server.directive), name)
      yield {
        at: written === null ? argumentPlace(pass, 0) : argumentPlace(written, 1),
        message: `\`${name}\` is asked for as it stands, without \`svc.${domain}\`: Host not found`,
        label: 'no name of the cluster',
        related: [{ at: argumentPlace(line, 0), message: 'the resolver that is asked' }],
      }
    }
  },
})

/** The `set` in which a name is written. */
function lineWith(lines: readonly NginxDirective[] | undefined, name: string): NginxDirective | null {
  const found = lines?.find(
    ({ args }) => (args[1]?.value ?? '').replace(/^\w+:\/\//, '').split(/[:/]/)[0] === name,
  )
  return found ?? null
}
