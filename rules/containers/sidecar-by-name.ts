import type { NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Place } from '../../parsers/text/source.ts'
import { clusterBeside, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { serverPods } from '../../src/deployment/kubernetes/server-pods.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { manifests } from './_kubernetes-examples.ts'

const pod = (nginx: string, more = '', spec = ''): Record<string, string> => {
  const [[path, text] = ['', '']] = Object.entries(manifests({ nginx, more }))
  return {
    [path]: text.replace(
      '      volumes:',
      `        - name: app\n          image: example/app:1\n${spec}      volumes:`,
    ),
  }
}
const proxy = (host: string): string => conf`
  server {
      listen 80;
      location / {
          proxy_pass ${host};
          proxy_set_header Host $host;
      }
  }
`

export default defineRule({
  summary: 'nginx asks for a container of its own pod by its name, which is no host',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The containers of a pod share one network: each reaches the others at 127.0.0.1. Their names are no hosts, other than those of services in a compose file; only a Service makes a name, and `hostname` one for the pod. nginx does not start: `host not found in upstream "app"`.',
  remedy: 'Write `127.0.0.1` and the port of the other container',
  references: [
    'https://kubernetes.io/docs/concepts/workloads/pods/#pod-networking',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  unproven: 'The live tests start no pods',
  bad: [
    { title: 'the name of the container beside it', files: pod(proxy('«http://app:8000»')) },
    {
      title: 'in an upstream',
      files: pod(conf`
        upstream backend {
            server «app:8000»;
        }
        ${proxy('http://backend')}
      `),
    },
  ],
  good: [
    { title: 'the loopback of the pod', files: pod(proxy('http://127.0.0.1:8000')) },
    {
      title: 'a Service of the same name',
      files: pod(
        proxy('http://app:8000'),
        conf`
          ---
          apiVersion: v1
          kind: Service
          metadata:
            name: app
          spec:
            selector: { app: web }
            ports: [{ port: 8000 }]
        `,
      ),
    },
    {
      title: 'a name that the pod has for it',
      files: pod(proxy('http://app:8000'), '', '      hostAliases: [{ ip: 127.0.0.1, hostnames: [app] }]\n'),
    },
    {
      title: 'the name of the pod itself',
      files: pod(proxy('http://app:8000'), '', '      hostname: app\n'),
    },
    { title: 'a name that is nobody here', files: pod(proxy('http://other:8000')) },
  ],
  *check(deployment) {
    const pods = serverPods(deployment)
    if (pods.length === 0) return
    const bySource = new Map(pods.flatMap(each => [...each.sources].map(source => [source, each] as const)))
    const services = new Set(
      ((clusterFiles(deployment) ?? clusterBeside(deployment))?.links.objects ?? []).flatMap(
        ({ kind, name }) => (kind === 'Service' ? [name] : []),
      ),
    )
    for (const connection of deployment.connections.nginx) {
      const found = bySource.get(connection.pass.source)
      if (found === undefined || !found.cluster.complete || found.workload.hasAliases) continue
      const { cluster, workload, container } = found
      for (const { host, at } of hostsOf(connection)) {
        // The pod's own name stands in its file of hosts, and leads to all of its containers.
        if (host === workload.hostname) continue
        const meant = workload.containers.find(({ name }) => name === host)
        if (meant === undefined || meant === container) continue
        if (services.has(host) || cluster.services.some(({ name }) => name === host)) continue
        yield {
          at,
          message: `\`${host}\` is a container of the same pod, and no host, so nginx does not start: host not found in upstream "${host}"`,
          label: 'no host',
          related: [{ at: meant.at, message: 'the container that is meant' }],
          help: `Write \`127.0.0.1\``,
        }
      }
    }
  },
})

/** The names that nginx looks up when it starts. */
function hostsOf({
  pass,
  upstream,
}: NginxConnection): readonly { readonly host: string; readonly at: Place }[] {
  const lines = upstream === null ? [pass] : upstream.children.filter(({ name }) => name === 'server')
  return lines.flatMap(line => {
    const written = line.args[0]?.value ?? ''
    const [, host] = /^(?:\w+:\/\/)?([a-z][\w-]*)(?::\d+)?(?:\/.*)?$/.exec(written) ?? []
    return host === undefined ? [] : [{ host, at: argumentPlace(line, 0) }]
  })
}
