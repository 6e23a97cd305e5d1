import type { ManifestObject, ManifestReference, PodBind } from '../../parsers/kubernetes/read-references.ts'
import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Workload } from '../../parsers/kubernetes/manifest.ts'
import { type ClusterFiles, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { page } from './_kubernetes-examples.ts'
import { isAlike } from './_alike-names.ts'
import { hasLabels } from './_labels.ts'

interface Parts {
  readonly backend?: string
  readonly port?: string
  readonly words?: string
  readonly key?: string
  readonly target?: string
  readonly more?: string
  readonly optional?: string
  readonly volumes?: string
  readonly ports?: string
}
const tree = ({
  backend = 'web',
  port = 'number: 80',
  words = '"--bind", "0.0.0.0:8000"',
  key = 'DB_PASSWORD',
  target = '8000',
  more = '',
  optional = '',
  volumes = '',
  ports = '',
}: Parts): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/web.yaml': conf`
    ${kubernetesDeployment({
      container: conf`
        command: ["gunicorn", ${words}, "shop.wsgi"]
        ${ports}
        env:
          - name: DB_PASSWORD
            valueFrom:
              secretKeyRef:
                name: web
                key: ${key}
                ${optional}
      `,
      pod: volumes,
    })}
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: web
    stringData:
      DB_PASSWORD: change-me
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: web
    spec:
      selector: { app: web }
      ports:
        - port: 80
          targetPort: ${target}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: web
    spec:
      rules:
        - host: example.org
          http:
            paths:
              - path: /
                pathType: Prefix
                backend:
                  service:
                    name: ${backend}
                    port:
                      ${port}
    ${more}
  `,
})

const SECRET = conf`
  apiVersion: v1
  kind: Secret
  metadata:
    name: web
  stringData:
    USER: XXXX
`
/** The tree whose container asks for a key that the Secret of another file lacks. */
function withSecretIn(path: string, head: string): Record<string, string> {
  const files = tree({ key: 'DB_USER' })
  const objects = files['k8s/web.yaml']!.split('---\n')
  return {
    ...files,
    'k8s/web.yaml': objects.filter(each => !each.includes('kind: Secret')).join('---\n'),
    [path]: head === '' ? SECRET : `${head}\n${SECRET}`,
  }
}

export default defineRule({
  summary: 'A manifest of Kubernetes names a port, a key or a Service that the other one does not have',
  severity: 'error',
  otherSeverities: {
    warning: 'a key of a Secret, and a Service that nothing here makes, beside one that is called alike',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Kubernetes takes each object by itself. An Ingress whose Service has no such port answers 503, a Service whose `targetPort` nothing in the pod opens refuses every connection, as does one in front of a server on the loopback of the pod, and a container whose variable comes of a key that is not there does not start: `CreateContainerConfigError`.',
  remedy: 'Give both the same port, key or name',
  references: [
    'https://kubernetes.io/docs/concepts/services-networking/ingress/',
    'https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/',
  ],
  unproven: 'The live tests start no pods, and no Service leads anywhere on loopback',
  bad: [
    { title: 'a port that the Service has not', files: tree({ port: 'number: «8000»' }) },
    { title: 'a port by a name that it has not', files: tree({ port: 'name: «http»' }) },
    {
      title: 'a port of the default that it has not',
      files: tree({
        more: conf`
          ---
          apiVersion: networking.k8s.io/v1
          kind: Ingress
          metadata:
            name: rest
          spec:
            defaultBackend: { service: { name: web, port: { name: «http» } } }
        `,
      }),
    },
    { title: 'a Service that is called alike', files: tree({ backend: '«web-svc»' }) },
    { title: 'a Service that is called by a word of it', files: tree({ backend: '«web-frontend»' }) },
    { title: 'a key that the Secret has not', files: tree({ key: '«PASSWORD»' }) },
    {
      title: 'a file of a key that the Secret has not',
      files: tree({
        volumes:
          'volumes: [{ name: keys, secret: { secretName: web, items: [{ key: «tls.key», path: tls.key }] } }]',
      }),
    },
    { title: 'a port that gunicorn does not open', files: tree({ target: '«8080»' }) },
    { title: 'a name that no port of the container has', files: tree({ target: '«http»' }) },
    {
      title: 'a port by a name, which gunicorn does not open',
      files: tree({ target: '«http»', ports: 'ports: [{ name: http, containerPort: 8080 }]' }),
    },
    { title: 'gunicorn on the loopback of the pod', files: tree({ words: '"-b", «"127.0.0.1:8000"»' }) },
    {
      title: 'uvicorn on it',
      files: Object.fromEntries(
        Object.entries(tree({ words: '"--host", «"127.0.0.1"», "--port", "8000"' })).map(([path, text]) => [
          path,
          text.replace('"gunicorn"', '"uvicorn"'),
        ]),
      ),
    },
  ],
  good: [
    { title: 'all of one mind', files: tree({}) },
    { title: 'a Service that another tool makes', files: tree({ backend: 'oauth2-proxy' }) },
    { title: 'a key that may be missing', files: tree({ key: 'PASSWORD', optional: 'optional: true' }) },
    {
      title: 'the example of a Secret that is kept elsewhere',
      files: withSecretIn('k8s/example.secrets.yaml', ''),
    },
    {
      title: 'an example by the line at its head',
      files: withSecretIn('k8s/secrets.yaml', '# EXAMPLE: the real one is kept in another repository'),
    },
    {
      title: 'a Secret that a program fills',
      files: tree({
        key: 'PASSWORD',
        more: conf`
          ---
          apiVersion: external-secrets.io/v1beta1
          kind: ExternalSecret
          metadata:
            name: web
        `,
      }),
    },
    {
      title: 'objects that Kustomize renames',
      files: {
        ...tree({ backend: 'web-svc' }),
        'k8s/kustomization.yaml': conf`
          resources: [web.yaml]
          nameSuffix: -svc
        `,
      },
    },
    {
      title: 'a port by its name',
      files: tree({ target: 'http', ports: 'ports: [{ name: http, containerPort: 8000 }]' }),
    },
    {
      title: 'a port of a sidecar',
      files: tree({
        target: 'http',
        volumes: 'initContainers: [{ name: proxy, image: "example/proxy:1", restartPolicy: Always }]',
      }),
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null) return
    const { objects, references, binds } = cluster.links
    for (const reference of references)
      yield* reference.kind === 'service'
        ? backendMissing(reference, cluster)
        : keyMissing(reference, objects, cluster)
    for (const bind of binds) yield* unheard(bind, cluster)
    yield* namesMissing(cluster)
  },
})

type Backend = Extract<ManifestReference, { kind: 'service' }>
type Key = Exclude<ManifestReference, { kind: 'service' }>

function* backendMissing({ name, port, at, portAt }: Backend, cluster: ClusterFiles): Iterable<RuleFinding> {
  const { hasPatches, isRenamed } = cluster
  const { objects } = cluster.links
  const services = objects.filter(({ kind }) => kind === 'Service')
  const own = services.filter(each => each.name === name)
  const [first] = own
  if (first === undefined) {
    // Charts and operators make Services, too: only one that is called alike is meant.
    const directory = directoryOf(at)
    const isWritten = cluster.directories.some(({ path, isComplete }) => path === directory && isComplete)
    const meant = isWritten && !isRenamed ? meantBy(name, directory, cluster) : undefined
    if (meant === undefined || objects.some(each => each.name === name && !OF_SERVERS.has(each.kind))) return
    yield {
      at,
      severity: 'warning',
      message: `no manifest here makes a Service \`${name}\`, so the Ingress answers 503`,
      label: 'no such Service',
      related: [{ at: meant.at, message: 'called alike' }],
      help: `Write \`${meant.name}\`, if it is this one`,
    }
    return
  }
  // The load balancer of AWS takes an action of its own for a backend.
  if (port === null || port === 'use-annotation' || hasPatches || own.some(({ ports }) => ports === null))
    return
  const ports = own.flatMap(each => each.ports ?? [])
  if (ports.some(each => (typeof port === 'number' ? each.port === port : each.name === port))) return
  yield {
    at: portAt,
    message: `the Service \`${name}\` has ${typeof port === 'number' ? `the port ${ports.map(each => each.port).join(' and ')}` : `no port of this name`}, so the Ingress answers 503`,
    label: 'not a port of the Service',
    related: [{ at: first.at, message: 'the Service' }],
  }
}

/** The one Service that is called alike, or the one beside it that no Ingress names and that has a word of it. */
function meantBy(name: string, directory: string, { links }: ClusterFiles): ManifestObject | undefined {
  const services = links.objects.filter(({ kind }) => kind === 'Service')
  const alike = services.filter(each => isSame(each.name, name))
  if (alike.length > 0) return alike.length === 1 ? alike[0] : undefined
  const named = new Set(links.references.flatMap(each => (each.kind === 'service' ? [each.name] : [])))
  const beside = services.filter(each => directoryOf(each.at) === directory)
  const unnamed = beside.filter(each => !named.has(each.name))
  return beside.length === 1 && unnamed.length === 1 && isAlike(unnamed[0]!.name, name)
    ? unnamed[0]
    : undefined
}

function directoryOf({ source }: Place): string {
  return posix.dirname(source.path)
}

/** The same but for an ending or a beginning that says what it is. */
function isSame(one: string, other: string): boolean {
  const bare = (name: string): string => name.replace(/-(?:svc|service|http|server)$|^(?:svc|service)-/, '')
  return bare(one) === bare(other)
}

function* keyMissing(
  { kind, name, key, at, isFile }: Key,
  objects: readonly ManifestObject[],
  { isComplete, hasPatches }: ClusterFiles,
): Iterable<RuleFinding> {
  const named = objects.filter(each => each.name === name)
  const own = named.filter(each => each.kind === kind)
  const [first] = own
  // What has its name and another kind may fill it: an ExternalSecret, a SealedSecret.
  const isFilled = named.some(each => !OF_SERVERS.has(each.kind) && each.kind !== kind)
  if (first === undefined || isFilled || !isComplete || hasPatches || own.some(isExample)) return
  if (own.every(({ keys }) => keys.length === 0) || own.some(({ keys }) => keys.includes(key))) return
  yield {
    at,
    // What the cluster has may be more than the file that is kept of it.
    ...(kind === 'Secret' && { severity: 'warning' as const }),
    message: `the ${kind} \`${name}\` has no key \`${key}\`, so the container does not start: ${isFile ? 'references non-existent config key' : 'CreateContainerConfigError'}`,
    label: 'no such key',
    related: [{ at: first.at, message: `the ${kind}` }],
  }
}

/** True for what stands for an object that is kept elsewhere: by the name of its file, or the comment at its head. */
function isExample({ at: { source } }: ManifestObject): boolean {
  const head = /^(?:\s*(?:#.*|---.*)?\n)*/.exec(source.text)?.[0] ?? ''
  return EXAMPLE.test(source.path) || /\b(?:examples?|samples?|templates?|placeholders?|dummy)\b/i.test(head)
}

const EXAMPLE = /(?:^|[-._/])(?:examples?|samples?|templates?|tmpl|tpl|dist|skel(?:eton)?)(?=[-._/]|$)/i

const OF_SERVERS: ReadonlySet<string> = new Set([
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod', 'Service', 'Ingress', 'ConfigMap'],
  ...['Secret', 'PersistentVolumeClaim', 'ServiceAccount', 'Namespace', 'HorizontalPodAutoscaler'],
])

/** Services in front of a pod, and what its one container opens. */
function* unheard(bind: PodBind, { files, hasPatches }: ClusterFiles): Iterable<RuleFinding> {
  if (hasPatches) return
  const workloads = files.flatMap(each => each.workloads)
  for (const { services, complete } of files)
    for (const { name, selector, ports } of complete ? services : []) {
      if (selector.size === 0 || bind.labels.size === 0 || !hasLabels(bind.labels, selector)) continue
      // Other pods may open it, and what is asked for numbers may be a thread of the application.
      if (ports.length > 1 || /metric|monitor|prom/.test(name)) continue
      const selected = workloads.filter(({ labels }) => hasLabels(labels, selector))
      if (selected.length !== 1) continue
      for (const { target: written, targetAt } of ports) {
        const target = portOf(selected[0]!, written)
        if (target === null) continue
        if (target !== bind.port)
          yield {
            at: targetAt,
            message: `the Service \`${name}\` leads to port ${target} of the pod${target === written ? '' : `, which it calls \`${written}\``}, and ${bind.program} listens on ${bind.port}: Connection refused`,
            label: 'nothing listens there',
            related: [{ at: bind.at, message: `${bind.program} listens here` }],
          }
        else if (bind.isLoopback)
          yield {
            at: bind.at,
            message: `${bind.program} listens on the loopback of its pod, and the Service \`${name}\` connects from outside of it: Connection refused`,
            label: 'the loopback of the pod',
            related: [{ at: targetAt, message: 'leads to this port' }],
            help: `Write \`0.0.0.0\``,
          }
      }
    }
}

/** The number of a port of a pod; null for a name that none or several have. */
function portOf({ containers }: Workload, target: number | string): number | null {
  if (typeof target === 'number') return target
  const named = containers.flatMap(({ ports }) => ports.filter(({ name }) => name === target))
  return named.length === 1 ? named[0]!.port : null
}

/** Ports that Services ask for by a name that no container of their pods has. */
function* namesMissing({ files, hasPatches }: ClusterFiles): Iterable<RuleFinding> {
  if (hasPatches) return
  const workloads = files.flatMap(each => each.workloads)
  for (const { services, complete } of files)
    for (const { name, selector, ports } of complete ? services : [])
      for (const { target, targetAt } of selector.size === 0 ? [] : ports) {
        if (typeof target === 'number') continue
        const selected = workloads.filter(({ labels }) => hasLabels(labels, selector))
        const containers = selected.flatMap(each => each.containers)
        // A patch has but a part of a pod, and a sidecar may be among those that run first.
        if (containers.length === 0 || containers.some(({ image }) => image === null)) continue
        if (selected.some(({ sidecars }) => sidecars.size > 0)) continue
        if (containers.some(each => each.ports.some(port => port.name === target))) continue
        const written = containers.flatMap(each => each.ports)
        yield {
          at: targetAt,
          message: `no port of the container is called \`${target}\`, so the Service \`${name}\` leads nowhere`,
          label: 'no such name',
          related: (written.length > 0 ? written : containers).slice(0, 3).map(({ at }) => ({
            at,
            message: written.length > 0 ? 'a port of the container' : 'the container',
          })),
        }
      }
}
