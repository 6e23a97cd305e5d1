import type { ClusterService, Workload } from '../../parsers/kubernetes/manifest.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { manifests } from './_kubernetes-examples.ts'
import { hasLabels } from './_labels.ts'

const PAGE = conf`
  server {
      listen 80;
      location / {
          proxy_pass http://shop;
          proxy_set_header Host $host;
      }
  }
`
const cluster = (selector: string, matched: string, labels: string): Record<string, string> =>
  manifests({
    nginx: PAGE,
    more: conf`
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: shop
      spec:
        selector:
          ${selector}
        ports:
          - port: 80
            targetPort: 8000
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: shop
      spec:
        selector:
          matchLabels:
            ${matched}
        template:
          metadata:
            labels:
              ${labels}
          spec:
            containers:
              - name: shop
                image: example/shop:1
    `,
  })

export default defineRule({
  summary: 'Labels by which Kubernetes looks for pods are of no pod',
  severity: 'error',
  otherSeverities: { warning: 'of a Service, whose pods something outside of the audit may make' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A Service leads to the pods that have all labels of its `selector`. Without one it has no endpoints: what connects to it is refused, and nginx answers 502. A Deployment whose `matchLabels` its own template does not have is refused: `selector does not match template labels`.',
  remedy: 'Give the template of the pods the labels of the selector',
  references: [
    'https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service',
    'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector',
  ],
  unproven: 'The live tests start no pods, and no Service leads anywhere on loopback',
  bad: [
    {
      title: 'a Service with the label of nobody',
      files: cluster('«app: shop-web»', 'app: shop', 'app: shop'),
    },
    {
      title: 'a Service that is called otherwise, beside the one Deployment',
      files: Object.fromEntries(
        Object.entries(cluster('«app: web»', 'app: shop', 'app: shop')).map(([path, text]) => [
          path,
          text
            .replace(
              /kind: Deployment\nmetadata:\n {2}name: web[\s\S]*?---\n/,
              'kind: ConfigMap\nmetadata:\n  name: rest\n---\n',
            )
            .replace('name: shop', 'name: web'),
        ]),
      ),
    },
    {
      title: 'a template without the label of its Deployment',
      files: cluster('app: shop-web', '«app: shop»', 'app: shop-web'),
    },
  ],
  good: [
    { title: 'one label', files: cluster('app: shop', 'app: shop', 'app: shop') },
    {
      title: 'one of several labels',
      files: cluster('app: shop', 'app: shop', 'app: shop\n              tier: web'),
    },
    {
      title: 'a label that the program of the pod gives it',
      files: cluster('app: shop\n    role: primary', 'app: shop', 'app: shop'),
    },
    {
      title: 'a chart, which fills them in',
      files: cluster('app: {{ .Values.name }}', 'app: shop', 'app: shop'),
    },
    {
      title: 'a variable of a shell, which fills it in',
      files: cluster('app: $NAME', 'app: shop', 'app: shop'),
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null) return
    const labelled = new Set(
      cluster.files.flatMap(({ workloads }) =>
        workloads.flatMap(({ labels }) => [...labels].map(pair => pair.join('='))),
      ),
    )
    for (const { files, isComplete } of cluster.directories) {
      if (!isComplete) continue
      const workloads = files.flatMap(each => each.workloads)
      for (const workload of workloads) yield* refused(workload)
      if (cluster.hasPatches) continue
      const services = files.flatMap(each => each.services.filter(({ selector }) => selector.size > 0))
      for (const service of services) {
        // Labels of pods that are found anywhere here are those of others, to which it may lead.
        if ([...service.selector].every(pair => labelled.has(pair.join('=')))) continue
        yield* withoutPods(service, meantBy(service, workloads, services))
      }
    }
  },
})

function* refused({ selector, labels, kind, name, at, containers }: Workload): Iterable<RuleFinding> {
  if (
    selector === null ||
    // A patch says what it changes.
    containers.length === 0 ||
    containers.some(({ image }) => image === null) ||
    !isKnown(selector.labels) ||
    !isKnown(labels) ||
    hasLabels(labels, selector.labels)
  )
    return
  yield {
    at: selector.at,
    message: `the template of the ${kind} \`${name}\` has other labels, and Kubernetes refuses it: selector does not match template labels`,
    label: 'not all labels of its pods',
    related: [{ at, message: 'the one that is refused' }],
  }
}

/** The workload that a Service is for: that of its name, or the only one beside the only Service. */
function meantBy(
  { name }: ClusterService,
  workloads: readonly Workload[],
  services: readonly ClusterService[],
): Workload | undefined {
  const own = workloads.filter(each => each.name === name)
  return own.length === 1
    ? own[0]
    : workloads.length === 1 && services.length === 1
      ? workloads[0]
      : undefined
}

function* withoutPods(
  { selector, selectorAt, name }: ClusterService,
  meant: Workload | undefined,
): Iterable<RuleFinding> {
  if (meant === undefined || !isKnown(selector) || !isOtherwise(selector, meant.labels)) return
  yield {
    at: selectorAt,
    severity: 'warning',
    message: `no pod has the labels that the Service \`${name}\` selects, so it leads nowhere: the pods of the ${meant.kind} \`${meant.name}\` have ${[...meant.labels].map(([key, value]) => `\`${key}: ${value}\``).join(', ')}`,
    label: 'no endpoints',
    related: [{ at: meant.at, message: 'its pods have other labels' }],
  }
}

/** True where a label has another value, or is one that whoever writes the manifests gives. */
function isOtherwise(selector: ReadonlyMap<string, string>, labels: ReadonlyMap<string, string>): boolean {
  return [...selector].some(([key, value]) =>
    labels.has(key) ? labels.get(key) !== value && !GIVEN_LATER.test(key) : WRITTEN.test(key),
  )
}

/** What Kubernetes, or a program in the pod, gives a pod when it runs: its number, or that it leads the others. */
const GIVEN_LATER = /^(?:.*[/-])?(?:role|primary|master|leader|pod-name|pod-index|revision.*|.*-hash)$/
const WRITTEN = /^(?:(?:k8s-)?app|name|component|tier|app\.kubernetes\.io\/(?:name|component|part-of))$/

/** False where a template fills in some of them. */
function isKnown(labels: ReadonlyMap<string, string>): boolean {
  return [...labels].every(([key, value]) => !/[\0\uFFFD{$]/.test(key + value))
}
