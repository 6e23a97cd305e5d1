import type { ClusterService, Manifests, Workload } from '../../parsers/kubernetes/manifest.ts'
import { serverPods } from '../../src/deployment/kubernetes/server-pods.ts'
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
      title: 'a chart, which fills them in',
      files: cluster('app: {{ .Values.name }}', 'app: shop', 'app: shop'),
    },
  ],
  *check(deployment) {
    const seen = new Set<Manifests>()
    for (const { cluster: each } of serverPods(deployment)) {
      if (seen.has(each)) continue
      seen.add(each)
      for (const workload of each.workloads) yield* refused(workload)
      if (each.complete) for (const service of each.services) yield* withoutPods(service, each)
    }
  },
})

function* refused({ selector, labels, kind, name, at }: Workload): Iterable<RuleFinding> {
  if (
    selector === null ||
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

/** Only where the workload that is meant stands beside it: it has the name of the Service. */
function* withoutPods(
  { selector, selectorAt, name }: ClusterService,
  { workloads }: Manifests,
): Iterable<RuleFinding> {
  const meant = workloads.find(each => each.name === name)
  if (meant === undefined || selector.size === 0 || !isKnown(selector)) return
  if (workloads.some(({ labels }) => !isKnown(labels) || hasLabels(labels, selector))) return
  yield {
    at: selectorAt,
    severity: 'warning',
    message: `no pod has the labels that the Service \`${name}\` selects, so it leads nowhere: the pods of the ${meant.kind} \`${meant.name}\` have ${[...meant.labels].map(([key, value]) => `\`${key}: ${value}\``).join(', ')}`,
    label: 'no endpoints',
    related: [{ at: meant.at, message: 'its pods have other labels' }],
  }
}

/** False where a template fills in some of them. */
function isKnown(labels: ReadonlyMap<string, string>): boolean {
  return [...labels].every(([key, value]) => !/[\0\uFFFD{]/.test(key + value))
}
