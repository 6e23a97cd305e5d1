import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { NamedObject, NameUse } from '../../parsers/kubernetes/read-names.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isAlike } from './_alike-names.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { page } from './_kubernetes-examples.ts'

interface Parts {
  readonly secret?: string
  readonly service?: string
  readonly of?: string
  readonly account?: string
  readonly claim?: string
  readonly more?: string
  readonly optional?: string
  readonly kustomization?: string
}
const tree = ({
  secret = 'web-env',
  service = 'shop',
  of = 'shop',
  account = 'web',
  claim = 'media',
  more = '',
  optional = '',
  kustomization = '',
}: Parts): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/web.yaml': conf`
    ${kubernetesDeployment({
      metadata: conf`
        name: web
        namespace: shop
      `,
      container: conf`
        envFrom:
          - secretRef:
              name: ${secret}
              ${optional}
      `,
      pod: conf`
        serviceAccountName: ${account}
        volumes:
          - name: media
            persistentVolumeClaim: { claimName: ${claim} }
      `,
    })}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: { name: web, namespace: shop }
    spec:
      rules:
        - host: example.org
          http:
            paths:
              - path: /
                pathType: Prefix
                backend:
                  service: { name: web, port: { number: 80 } }
    ${more}
  `,
  'k8s/rest.yaml': conf`
    apiVersion: v1
    kind: Service
    metadata: { name: web, namespace: ${service} }
    spec:
      selector: { app: web }
      ports:
        - port: 80
    ---
    apiVersion: v1
    kind: Secret
    metadata: { name: web-env, namespace: ${of} }
    stringData:
      DB_PASSWORD: change-me
    ---
    apiVersion: v1
    kind: ServiceAccount
    metadata: { name: web, namespace: shop }
    ---
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: { name: media, namespace: shop }
    spec:
      accessModes: [ReadWriteOnce]
      resources: { requests: { storage: 1Gi } }
  `,
  ...(kustomization !== '' && { 'k8s/kustomization.yaml': kustomization }),
})
const scaled = (name: string, namespace = 'shop'): string => conf`
  ---
  apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  metadata: { name: web, namespace: ${namespace} }
  spec:
    scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
    maxReplicas: 4
`

export default defineRule({
  summary: 'A manifest of Kubernetes names an object that is called otherwise, or is in another namespace',
  severity: 'error',
  otherSeverities: { warning: 'where no object has the name, and the one that is meant has a like one' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Whatever a manifest names it finds in its own namespace alone. Without its Secret, ConfigMap or claim a pod is not started (`CreateContainerConfigError`, `persistentvolumeclaim not found`), without its account it is not even made, an Ingress answers 503 without its Service, and an autoscaler scales nothing.',
  remedy: 'Give both the same name and the same namespace',
  references: [
    'https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/',
    'https://kubernetes.io/docs/concepts/configuration/secret/#restriction-secret-must-exist',
    'https://kubernetes.io/docs/concepts/services-networking/ingress/#resource-backend',
  ],
  unproven: 'The live tests start no pods, and have no cluster',
  bad: [
    { title: 'a Secret of another namespace', files: tree({ of: 'default', secret: '«web-env»' }) },
    { title: 'a Secret that is called otherwise', files: tree({ secret: '«web-secrets»' }) },
    { title: 'an account that is called otherwise', files: tree({ account: '«shop-web»' }) },
    { title: 'a claim that is called otherwise', files: tree({ claim: '«media-claim»' }) },
    { title: 'an autoscaler of nothing', files: tree({ more: scaled('«shop-web»') }) },
    { title: 'an autoscaler of another namespace', files: tree({ more: scaled('«web»', 'default') }) },
    {
      title: 'a Service of another namespace',
      files: Object.fromEntries(
        Object.entries(tree({ service: 'default' })).map(([path, text]) => [
          path,
          text.replace('service: { name: web', 'service: { name: «web»'),
        ]),
      ),
    },
  ],
  good: [
    { title: 'all of one mind', files: tree({ more: scaled('web') }) },
    { title: 'one that may be missing', files: tree({ secret: 'web-secrets', optional: 'optional: true' }) },
    { title: 'one that another tool makes', files: tree({ secret: 'registry', more: scaled('web') }) },
    {
      title: 'Kustomize gives all one namespace',
      files: tree({ of: 'default', kustomization: 'namespace: shop\nresources: [web.yaml, rest.yaml]\n' }),
    },
    {
      title: 'a Secret of another environment',
      files: tree({
        of: 'default',
        more: conf`
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: web, namespace: default }
          spec:
            containers:
              - name: web
                image: example/web:1
                envFrom: [{ secretRef: { name: web-env } }]
        `,
      }),
    },
    {
      title: 'a Secret that a program makes',
      files: tree({
        secret: 'web-secrets',
        more: conf`
          ---
          apiVersion: bitnami.com/v1alpha1
          kind: SealedSecret
          metadata: { name: web-secrets, namespace: shop }
        `,
      }),
    },
    {
      title: 'the Service of the same name in both',
      files: tree({
        service: 'default',
        more: conf`
          ---
          apiVersion: v1
          kind: Service
          metadata: { name: web, namespace: shop }
          spec: { type: ExternalName, externalName: web.default.svc.cluster.local }
        `,
      }),
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || !cluster.isComplete || cluster.hasPatches || cluster.setsNamespace) return
    const { objects, uses } = cluster.names
    const byName = groupBy(objects, ({ name }) => name)
    const used = new Set(uses.map(({ kind, name }) => `${kind} ${name}`))
    const usedWhere = new Set(uses.map(({ kind, name, namespace }) => `${kind} ${name} ${namespace ?? ''}`))
    const unused = objects.filter(({ kind, name }) => !used.has(`${kind} ${name}`))
    for (const use of uses) {
      const named = byName.get(use.name) ?? []
      const own = named.filter(({ kind }) => kind === use.kind)
      // What has its name and another kind may make it: a SealedSecret, an ExternalSecret, a Certificate.
      if (named.some(each => each.kind !== use.kind && !OF_SERVERS.has(each.kind))) continue
      // One that is asked for where it is, is another environment's.
      const isForgotten = own.every(
        ({ kind, name, namespace }) => !usedWhere.has(`${kind} ${name} ${namespace ?? ''}`),
      )
      yield* own.length > 0 ? (isForgotten ? elsewhere(use, own) : []) : otherwise(use, unused, objects)
    }
  },
})

/** Kinds that make no object of their own name but a pod or what leads to it. */
const OF_SERVERS: ReadonlySet<string> = new Set([
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod', 'Service', 'Ingress', 'ConfigMap'],
  ...['Secret', 'PersistentVolumeClaim', 'PersistentVolume', 'ServiceAccount', 'Namespace'],
  ...['HorizontalPodAutoscaler', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding', 'NetworkPolicy'],
])

const HARM: Readonly<Record<string, string>> = {
  Service: 'so the Ingress answers 503',
  Secret: 'so no pod starts: CreateContainerConfigError, secret not found',
  ConfigMap: 'so no pod starts: CreateContainerConfigError, configmap not found',
  PersistentVolumeClaim: 'so no pod starts: persistentvolumeclaim not found',
  ServiceAccount: 'so no pod is made: serviceaccount not found',
}

function harmOf({ by, kind }: NameUse): string {
  return by === 'HorizontalPodAutoscaler'
    ? 'so nothing is scaled: FailedGetScale'
    : (HARM[kind] ?? 'so it does not start')
}

function* elsewhere(use: NameUse, own: readonly NamedObject[]): Iterable<RuleFinding> {
  const [first] = own
  if (use.namespace === null || first === undefined) return
  if (own.some(({ namespace, isCopied }) => namespace === null || isCopied || namespace === '\uFFFD')) return
  // Of what is to be copied and filled in first, the namespace is, too.
  if (own.some(({ at }) => /example|sample|template|tmpl/i.test(at.source.path))) return
  if (own.some(({ namespace }) => namespace === use.namespace)) return
  yield {
    at: use.at,
    message: `the ${use.kind} \`${use.name}\` is in the namespace \`${first.namespace}\`, and is looked for in \`${use.namespace}\`, ${harmOf(use)}`,
    label: 'not in this namespace',
    related: [
      { at: first.namespaceAt, message: `the namespace of the ${use.kind}` },
      ...(use.namespaceAt === null ? [] : [{ at: use.namespaceAt, message: 'it is looked for in this one' }]),
    ],
  }
}

/** The one object of a directory that nobody asks for, and that is called alike, is meant. */
function* otherwise(
  use: NameUse,
  unused: readonly NamedObject[],
  objects: readonly NamedObject[],
): Iterable<RuleFinding> {
  if (HARM[use.kind] === undefined && use.by !== 'HorizontalPodAutoscaler') return
  // An Ingress has a rule of its own.
  if (use.kind === 'Service' || (use.kind === 'ServiceAccount' && use.name === 'default')) return
  const directory = posix.dirname(use.at.source.path)
  const near = (each: NamedObject): boolean =>
    each.kind === use.kind &&
    (each.namespace === use.namespace || each.namespace === null || use.namespace === null) &&
    posix.dirname(each.at.source.path) === directory
  const found = (use.by === 'HorizontalPodAutoscaler' ? objects : unused).filter(near)
  const [meant] = found
  if (meant === undefined || found.length > 1 || !isAlike(meant.name, use.name)) return
  yield {
    at: use.at,
    severity: 'warning',
    message: `no ${use.kind} here is called \`${use.name}\`, and nobody asks for \`${meant.name}\`, ${harmOf(use)}`,
    label: 'no such object',
    related: [{ at: meant.at, message: 'called alike' }],
    help: `Write \`${meant.name}\`, if it is this one`,
  }
}
