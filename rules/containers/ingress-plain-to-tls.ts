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
/** A controller of which names of ports are all that is known. */
const named = (
  service: string,
  port = 'name: https',
  name = 'https',
  scheme: string | null = null,
  annotations = '',
): Record<string, string> => ({
  'k8s/unifi.yaml': conf`
    ${kubernetesDeployment({
      container: conf`
        ports:
          - name: ${name}
            containerPort: 8443
          - name: inform
            containerPort: 8080
        ${
          scheme === null
            ? ''
            : conf`
                livenessProbe:
                  httpGet:
                    scheme: ${scheme}
                    path: /
                    port: 8443
              `
        }
      `,
    })}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: unifi
    spec:
      selector: { app: web }
      ports:
        - name: https
          port: 443
          targetPort: ${name}
        - name: inform
          port: 8080
    ---
    ${ingress(service, port, annotations)}
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
  otherSeverities: {
    warning: 'where nothing but the name of the port in Service and container says that it is TLS',
  },
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
    { title: 'a port that Service and container call https', files: named('«unifi»') },
    {
      title: 'the same, by its number',
      files: named('«unifi»', 'number: 443'),
    },
  ],
  good: [
    { title: 'a port of another name, and TLS for https', files: named('unifi', 'name: inform') },
    {
      title: 'a port that is called https in the Service alone',
      files: named('unifi', 'name: https', 'web'),
    },
    {
      title: 'a port called https that a probe asks in plain HTTP',
      files: named('unifi', 'name: https', 'https', 'HTTP'),
    },
    {
      title: 'a port called https with the protocol of the backend',
      files: named('unifi', 'name: https', 'https', null, HTTPS),
    },
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
        // Traefik, for one, takes the name of a port for its protocol.
        if (asked === null || (asked !== 'Argo CD' && asked.isName && !isOfNginx(each))) continue
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
              ...(asked.isName && { severity: 'warning' as const, confidence: 'medium' as const }),
              message: `the Ingress speaks plain HTTP to \`${backend.service}\`, ${asked.why}: 400`,
              label: 'wants TLS',
              related: [
                { at: backend.portAt, message: 'the port' },
                ...(asked.at === null
                  ? []
                  : [{ at: asked.at, message: asked.isName ? 'called https' : 'is asked by TLS' }]),
              ],
              help: 'Write the annotation `nginx.ingress.kubernetes.io/backend-protocol: HTTPS`',
            }
      }
    }
  },
})

function isOfNginx({ className, annotations }: Ingress): boolean {
  return (className ?? '') !== '' || annotations.length > 0
}

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
  /** True where names alone say it. */
  readonly isName: boolean
}

/** What shows that the port of a Service wants TLS; null where nothing does. */
function tlsOf({ files }: ClusterFiles, { service: name, port }: IngressBackend): WantsTls | null {
  if (/^kubernetes-dashboard(?:-kong-proxy)?$/.test(name) && /^(?:443|https)$/.test(port))
    return { why: 'which answers at this port by TLS alone', at: null, isName: false }
  const [service, ...others] = files.flatMap(each => each.services).filter(each => each.name === name)
  const meant = service?.ports.find(each => each.name === port || String(each.port) === port)
  if (service === undefined || meant === undefined || others.length > 0 || service.selector.size === 0)
    return null
  const containers = files
    .flatMap(each => each.workloads)
    .filter(({ labels }) => hasLabels(labels, service.selector))
    .flatMap(each => each.containers)
  const [probe] = containers.flatMap(container => secureProbe(container, meant) ?? [])
  if (probe !== undefined) return { why: 'whose own probes speak TLS at this port', at: probe, isName: false }
  const names = containers.flatMap(container => portNamedHttps(container, meant) ?? [])
  return names[0] === undefined
    ? null
    : { why: 'which calls this port `https`, as its container does', at: names[0], isName: true }
}

/** The port that Service and container call `https`, at a number of TLS, where no probe says otherwise. */
function portNamedHttps(container: Container, meant: ClusterService['ports'][number]): Place | null {
  const wanted = portOf(container, meant.target)
  const port = container.ports.find(each => each.port === wanted)
  if (meant.name !== 'https' || port?.name !== 'https' || !/^(?:443|[48]443|9443)$/.test(String(wanted)))
    return null
  return container.probes.some(
    each => portOf(container, each.port) === wanted && each.http?.isSecure === false,
  )
    ? null
    : port.at
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
