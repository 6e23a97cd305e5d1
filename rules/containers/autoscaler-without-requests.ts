import { groupBy } from '../../parsers/collections/group-by.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'

const tree = ({
  resources = '',
  metrics = RESOURCE,
  version = 'v2',
  more = '',
}: {
  readonly resources?: string
  readonly metrics?: string
  readonly version?: string
  readonly more?: string
}): Record<string, string> => ({
  'k8s/web.yaml': conf`
    ${kubernetesDeployment({ container: resources })}
    ---
    apiVersion: autoscaling/${version}
    kind: HorizontalPodAutoscaler
    metadata: { name: web }
    spec:
      scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
      maxReplicas: 4
      ${metrics}
    ${more}
  `,
})

const RESOURCE = conf`
  metrics:
    - type: Resource
      resource:
        name: «cpu»
        target: { type: Utilization, averageUtilization: 70 }
`

export default defineRule({
  summary: 'An autoscaler of Kubernetes compares with a request that its pods do not have',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A utilization is a share of what each container of the pod requests. Where one of them requests nothing there is nothing to compare with: `FailedGetResourceMetric: missing request for cpu`, and the number of pods stays as it is, whatever the load. Where it looks at something else besides, that alone makes more pods, and nothing ever makes fewer.',
  remedy: 'Give each container of the pod a request: `resources: { requests: { cpu: 100m } }`',
  references: [
    'https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details',
    'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
  ],
  unproven: 'The live tests start no pods, and have no cluster',
  bad: [
    { title: 'a share of a CPU that nobody requests', files: tree({}) },
    {
      title: 'a share of memory, beside a request of a CPU',
      files: tree({
        resources: 'resources: { requests: { cpu: 100m } }',
        metrics: RESOURCE.replace('cpu', 'memory'),
      }),
    },
    {
      title: 'a share of memory as well',
      files: tree({
        resources: 'resources: { requests: { cpu: 100m } }',
        metrics: conf`
          metrics:
            - type: Resource
              resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } }
            - type: Resource
              resource: { name: «memory», target: { type: Utilization, averageUtilization: 80 } }
        `,
      }),
    },
    {
      title: 'the first version',
      files: tree({ version: 'v1', metrics: '«targetCPUUtilizationPercentage»: 70' }),
    },
  ],
  good: [
    { title: 'a request', files: tree({ resources: 'resources: { requests: { cpu: 100m } }' }) },
    {
      title: 'a limit, which is a request, too',
      files: tree({ resources: 'resources: { limits: { cpu: 1 } }' }),
    },
    {
      title: 'a value instead of a share',
      files: tree({
        metrics: RESOURCE.replace(
          'type: Utilization, averageUtilization: 70',
          'type: AverageValue, averageValue: 500m',
        ),
      }),
    },
    {
      title: 'a default of the namespace',
      files: tree({
        more: conf`
          ---
          apiVersion: v1
          kind: LimitRange
          metadata: { name: web }
          spec:
            limits: [{ type: Container, defaultRequest: { cpu: 100m } }]
        `,
      }),
    },
    {
      title: 'what Kustomize may add',
      files: {
        ...tree({}),
        'k8s/kustomization.yaml': conf`
          resources: [web.yaml]
          patches: [{ path: resources.yaml }]
        `,
      },
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || cluster.autoscalers.length === 0 || cluster.hasPatches) return
    // A LimitRange gives containers what they do not ask for, an autoscaler of the other kind what they need.
    if (cluster.names.objects.some(({ kind }) => kind === 'LimitRange' || kind === 'VerticalPodAutoscaler'))
      return
    const workloads = groupBy(
      cluster.files.flatMap(each => (each.complete ? each.workloads : [])),
      ({ kind, name }) => `${kind} ${name}`,
    )
    for (const { kind, target, shares, isOnly } of cluster.autoscalers) {
      const [workload, ...others] = workloads.get(`${kind} ${target}`) ?? []
      if (workload === undefined || others.length > 0) continue
      if (workload.containers.length === 0 || workload.containers.some(({ image }) => image === null))
        continue
      for (const { resource, at } of shares) {
        const without = workload.containers.find(({ requests }) => requests?.has(resource) === false)
        if (without === undefined) continue
        yield {
          at,
          message: `the container \`${without.name}\` requests no ${resource}, so ${isOnly ? 'nothing is scaled' : 'this does not count, and there are never fewer pods again'}: missing request for ${resource}`,
          label: 'a share of nothing',
          related: [{ at: without.at, message: `no request of ${resource}` }],
        }
      }
    }
  },
})
