import type { Claim, ClaimUser } from '../../parsers/kubernetes/read-claims.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type ClusterFiles, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const tree = ({
  modes = '[«ReadWriteOnce»]',
  claim = '',
  spec = 'replicas: 3',
  claimName = 'uploads',
  pod = '',
  more = '',
}: {
  readonly modes?: string
  readonly claim?: string
  readonly spec?: string
  readonly claimName?: string
  readonly pod?: string
  readonly more?: string
} = {}): Record<string, string> => ({
  'k8s/shop.yaml': conf`
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: { name: uploads }
    spec:
      accessModes: ${modes}
      ${claim}
      resources: { requests: { storage: 5Gi } }
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: shop }
    spec:
      ${spec}
      selector: { matchLabels: { app: shop } }
      template:
        metadata: { labels: { app: shop } }
        spec:
          ${pod}
          containers:
            - name: shop
              image: example/shop:1
              volumeMounts: [{ name: uploads, mountPath: /srv/uploads }]
          volumes:
            - name: uploads
              persistentVolumeClaim: { claimName: ${claimName} }
    ${more}
  `,
})

const autoscaler = (most: number): string => conf`
  ---
  apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  metadata: { name: shop }
  spec:
    scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }
    maxReplicas: ${most}
`

export default defineRule({
  summary: 'Several pods share a volume that one node alone can have',
  severity: 'warning',
  otherSeverities: {
    error: 'where the volume is for one pod alone: `ReadWriteOncePod`',
    info: 'where there is one pod, and an update starts the next one before it ends',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'The volume of a claim that is `ReadWriteOnce` is attached to one node. Pods that the scheduler puts on another one stay in `ContainerCreating`, with `Multi-Attach error for volume "…" Volume is already used by pod(s)`, and so does the new pod of an update, for which the old one waits.',
  remedy:
    'Use a storage class with `ReadWriteMany`, keep uploads in an object storage, or run one pod with `strategy: { type: Recreate }`',
  references: [
    'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes',
    'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#recreate-deployment',
  ],
  unproven: 'The live tests have no cluster',
  bad: [
    { title: 'three pods', files: tree() },
    { title: 'an autoscaler', files: tree({ spec: '', more: autoscaler(5) }) },
    { title: 'a volume for one pod', files: tree({ modes: '[«ReadWriteOncePod»]' }) },
    {
      title: 'one pod, and another one in each update',
      files: tree({ modes: '[ReadWriteOnce]', spec: 'replicas: 1', claimName: '«uploads»' }),
    },
  ],
  good: [
    { title: 'a volume for many nodes', files: tree({ modes: '[ReadWriteMany]' }) },
    { title: 'both', files: tree({ modes: '[ReadWriteOnce, ReadWriteMany]' }) },
    {
      title: 'one pod, which ends before the next one starts',
      files: tree({ modes: '[ReadWriteOnce]', spec: 'replicas: 1\nstrategy: { type: Recreate }' }),
    },
    {
      title: 'one pod, and no other beside it in an update',
      files: tree({
        modes: '[ReadWriteOnce]',
        spec: 'strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }',
      }),
    },
    {
      title: 'pods of one node',
      files: tree({ modes: '[ReadWriteOnce]', pod: 'nodeSelector: { disk: ssd }' }),
    },
    {
      title: 'a directory of a node, to which all pods go',
      files: tree({ modes: '[ReadWriteOnce]', claim: 'storageClassName: local-path' }),
    },
    {
      title: 'NFS, which nobody attaches',
      files: tree({ modes: '[ReadWriteOnce]', claim: 'storageClassName: nfs-client' }),
    },
    {
      title: 'a volume that was there before',
      files: tree({ modes: '[ReadWriteOnce]', claim: 'volumeName: uploads' }),
    },
    {
      title: 'another claim',
      files: tree({ modes: '[ReadWriteOnce]', claimName: 'media' }),
    },
    {
      title: 'what Kustomize may change',
      files: {
        ...tree({ modes: '[ReadWriteOnce]' }),
        'k8s/kustomization.yaml': 'resources: [shop.yaml]\npatches: [{ path: one.yaml }]\n',
      },
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || cluster.hasPatches) return
    // Of a volume that is made by hand nobody knows how many nodes have it.
    if (cluster.names.objects.some(({ kind }) => kind === 'PersistentVolume')) return
    for (const user of cluster.claims.users) {
      if (user.isPlaced) continue
      for (const { name, at } of user.claims) {
        const mode = modeOf(cluster, user, name)
        if (mode === null) continue
        const several = severalOf(cluster, user)
        if (several !== null)
          yield {
            at: mode.at,
            ...(mode.isOfOnePod && { severity: 'error' as const }),
            message: mode.isOfOnePod
              ? `${several.pods} pods of \`${user.name}\` mount a volume that is for one pod: the others are never started`
              : `${several.pods} pods of \`${user.name}\` mount a volume that one node alone can have: those on another node stay in ContainerCreating, Multi-Attach error`,
            label: mode.isOfOnePod ? 'for one pod' : 'for one node',
            related: [
              { at: several.at, message: 'so many pods' },
              { at, message: 'they mount it here' },
            ],
          }
        else if (user.rolls && (user.replicas === null || user.replicas.count === 1))
          yield {
            at,
            severity: 'info' as const,
            confidence: 'medium' as const,
            message: `an update starts a new pod of \`${user.name}\` before the old one ends, and on another node it waits for the volume that the old one has: Multi-Attach error`,
            label: 'for one node',
            related: [{ at: mode.at, message: 'one node alone can have the volume' }],
            help: 'Write `strategy: { type: Recreate }`',
          }
      }
    }
  },
})

/** Where a claim says that one node, or one pod, has its volume; null where others may have it, and where nobody knows. */
function modeOf(
  { claims }: ClusterFiles,
  user: ClaimUser,
  name: string,
): { readonly at: Place; readonly isOfOnePod: boolean } | null {
  const own = claims.claims.filter(each => each.name === name)
  const claim = own.find(({ namespace }) => namespace === user.namespace)
  if (claim === undefined || !own.every(isOfOneNode)) return null
  const [first] = claim.modes ?? []
  return first === undefined ? null : { at: first.at, isOfOnePod: first.mode === 'ReadWriteOncePod' }
}

function isOfOneNode({ modes, storageClass, isProvisioned }: Claim): boolean {
  return (
    isProvisioned &&
    modes?.length === 1 &&
    modes.every(({ mode }) => /^ReadWriteOnce(?:Pod)?$/.test(mode)) &&
    !FOR_ANY_POD.test(storageClass ?? '')
  )
}

/** Classes whose volumes are a directory of one node, to which their pods go, or of a server that every node reaches. */
const FOR_ANY_POD =
  /local|host-?path|nfs|efs|smb|cifs|cephfs|azure-?file|filestore|gluster|manual|shared|rwx/i

function severalOf(
  { autoscalers }: ClusterFiles,
  { kind, name, replicas }: ClaimUser,
): { readonly pods: string; readonly at: Place } | null {
  if (replicas !== null && replicas.count !== null && replicas.count > 1)
    return { pods: String(replicas.count), at: replicas.at }
  const scaled = autoscalers.find(each => each.kind === kind && each.target === name)
  return scaled?.most != null && scaled.most.count > 1
    ? { pods: `up to ${scaled.most.count}`, at: scaled.most.at }
    : null
}
