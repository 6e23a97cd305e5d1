import type { ClusterService } from '../../parsers/kubernetes/manifest.ts'
import type { Ingress, IngressBackend } from '../../parsers/kubernetes/read-ingresses.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type ClusterFiles, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { hasLabels, portOf } from './_labels.ts'

const ingress = (service: string, port: string, annotations = ''): string => conf`
  apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata:
    name: web
    annotations:
      nginx.ingress.kubernetes.io/proxy-body-size: 4m
      ${annotations}
  spec:
    ingressClassName: nginx
    tls:
      - hosts: [example.org]
        secretName: example-org
    rules:
      - host: example.org
        http:
          paths:
            - path: /
              pathType: Prefix
              backend:
                service:
                  name: ${service}
                  port:
                    ${port}
`
const web = (name: string, annotations = '', scheme = 'HTTPS'): Record<string, string> => ({
  'k8s/web.yaml': conf`
    ${kubernetesDeployment({
      container: conf`
        ports:
          - name: https
            containerPort: 8443
        readinessProbe:
          httpGet:
            scheme: ${scheme}
            path: /ready
            port: https
      `,
    })}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: web
    spec:
      selector: { app: web }
      ports:
        - name: main
          port: 443
          targetPort: https
    ---
    ${ingress(name, 'name: main', annotations)}
  `,
})
const argo = (name: string, data: string, annotations = ''): Record<string, string> => ({
  'k8s/argocd/ingress.yaml': ingress(name, 'name: http', annotations),
  'k8s/argocd/params.yaml': conf`
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: argocd-cmd-params-cm
    data:
      server.log.level: info
      ${data}
  `,
})
const HTTPS = 'nginx.ingress.kubernetes.io/backend-protocol: HTTPS'

export default defineRule({
  summary: 'An Ingress speaks plain HTTP to a backend that wants TLS',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'ingress-nginx speaks plain HTTP to every Service, whatever the name or number of its port, unless an annotation says otherwise. A server with TLS answers 400: `This combination of host and port requires TLS`, `The plain HTTP request was sent to HTTPS port`. That of Argo CD redirects plain HTTP to https, where the same Ingress asks again: ERR_TOO_MANY_REDIRECTS.',
  remedy:
    'Write `nginx.ingress.kubernetes.io/backend-protocol: HTTPS`; for Argo CD also `server.insecure: "true"` in the ConfigMap `argocd-cmd-params-cm`',
  references: [
    'https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#backend-protocol',
    'https://argo-cd.readthedocs.io/en/stable/operator-manual/ingress/#kubernetesingress-nginx',
  ],
  unproven: 'The live tests have no cluster of Kubernetes',
  bad: [
    { title: 'a container that its probe asks by TLS', files: web('«web»') },
    {
      title: 'the same, with the protocol written out',
      files: web('«web»', 'nginx.ingress.kubernetes.io/backend-protocol: HTTP'),
    },
    { title: 'Argo CD', files: argo('«argocd-server»', '') },
    {
      title: 'the dashboard of Kubernetes',
      files: { 'k8s/dashboard.yaml': ingress('«kubernetes-dashboard»', 'number: 443') },
    },
  ],
  good: [
    { title: 'TLS', files: web('web', HTTPS) },
    {
      title: 'TLS that is passed through',
      files: web('web', 'nginx.ingress.kubernetes.io/ssl-passthrough: "true"'),
    },
    { title: 'a probe in plain HTTP', files: web('web', '', 'HTTP') },
    {
      title: 'Argo CD that leaves TLS to the Ingress',
      files: argo('argocd-server', 'server.insecure: "true"'),
    },
    { title: 'Argo CD by TLS', files: argo('argocd-server', '', HTTPS) },
    {
      title: 'Argo CD that is told elsewhere',
      files: { 'k8s/argocd/ingress.yaml': ingress('argocd-server', 'name: http') },
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || cluster.controller === 'nginx-ingress') return
    for (const each of cluster.ingresses.ingresses) {
      if (!/^(?:nginx|ingress-nginx)?$/.test(each.className ?? '') || !speaksPlain(each)) continue
      for (const backend of each.backends) {
        const asked = tlsOf(cluster, backend) ?? (isArgo(deployment, each, backend) ? 'Argo CD' : null)
        if (asked === null) continue
        yield asked === 'Argo CD'
          ? {
              at: backend.at,
              message:
                'the Ingress terminates TLS and speaks plain HTTP to Argo CD, which redirects that to https for ever: ERR_TOO_MANY_REDIRECTS',
              label: 'redirects plain HTTP',
              related: paramsOf(cluster).map(({ at }) => ({ at, message: 'without `server.insecure`' })),
              help: 'Write `server.insecure: "true"` into the ConfigMap `argocd-cmd-params-cm`, or the annotation `nginx.ingress.kubernetes.io/backend-protocol: HTTPS`',
            }
          : {
              at: backend.at,
              message: `the Ingress speaks plain HTTP to \`${backend.service}\`, ${asked.why}: 400`,
              label: 'wants TLS',
              related: [
                { at: backend.portAt, message: 'the port' },
                ...(asked.at === null ? [] : [{ at: asked.at, message: 'is asked by TLS' }]),
              ],
              help: 'Write the annotation `nginx.ingress.kubernetes.io/backend-protocol: HTTPS`',
            }
      }
    }
  },
})

/** True where nothing has the Ingress speak TLS with its backends, or leave it to them. */
function speaksPlain({ annotations }: Ingress): boolean {
  return !annotations.some(
    ({ name, value }) =>
      (name === 'backend-protocol' && !/^HTTP$/i.test(value)) ||
      /^(?:ssl-passthrough|secure-backends)$/.test(name) ||
      (/-snippet$/.test(name) && /proxy_pass|grpc_pass/.test(value)),
  )
}

interface WantsTls {
  readonly why: string
  readonly at: Place | null
}

/** What shows that the port of a Service wants TLS; null where nothing does. */
function tlsOf({ files }: ClusterFiles, { service: name, port }: IngressBackend): WantsTls | null {
  if (/^kubernetes-dashboard(?:-kong-proxy)?$/.test(name) && /^(?:443|https)$/.test(port))
    return { why: 'which answers at this port by TLS alone', at: null }
  const [service, ...others] = files.flatMap(each => each.services).filter(each => each.name === name)
  const meant = service?.ports.find(each => each.name === port || String(each.port) === port)
  if (service === undefined || meant === undefined || others.length > 0 || service.selector.size === 0)
    return null
  const probes = files
    .flatMap(each => each.workloads)
    .filter(({ labels }) => hasLabels(labels, service.selector))
    .flatMap(({ containers }) => containers.flatMap(container => secureProbe(container, meant) ?? []))
  return probes[0] === undefined ? null : { why: 'whose own probes speak TLS at this port', at: probes[0] }
}

type Container = ClusterFiles['files'][number]['workloads'][number]['containers'][number]

function secureProbe(container: Container, { target }: ClusterService['ports'][number]): Place | null {
  const wanted = portOf(container, target)
  const asked = container.probes.filter(each => wanted !== null && portOf(container, each.port) === wanted)
  return asked.length > 0 && asked.every(({ http }) => http?.isSecure === true)
    ? (asked[0]?.http?.at ?? null)
    : null
}

/** True for the server of Argo CD in its own words, where nothing in the repository tells it to do without TLS. */
function isArgo({ machines }: Deployment, { secrets }: Ingress, { service, port }: IngressBackend): boolean {
  if (service !== 'argocd-server' || !/^(?:https?|80|443)$/.test(port) || secrets.length === 0) return false
  const texts = machines.flatMap(({ loose }) =>
    loose === null ? [] : loose.manifests.map(path => sourceAt(loose.files, path)?.text ?? ''),
  )
  return (
    !texts.some(text => /insecure/i.test(text)) &&
    texts.some(text => /argocd-cmd-params-cm|argoproj\/argo-cd\/\S*install\.yaml/.test(text))
  )
}

function paramsOf({ files }: ClusterFiles) {
  return files.flatMap(({ configMaps }) => configMaps.filter(({ name }) => name === 'argocd-cmd-params-cm'))
}
