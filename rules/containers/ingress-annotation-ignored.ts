import { posix } from 'node:path'
import type { Ingress, IngressAnnotation } from '../../parsers/kubernetes/read-ingresses.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { clusterFiles, type IngressController } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import {
  ANNOTATIONS,
  CALLED,
  FOR_OTHER,
  OF_CONFIG_MAP,
  OF_OTHER,
  valueFault,
} from './_ingress-annotations.ts'
import { page } from './_kubernetes-examples.ts'

const ingress = (annotations: string, more = ''): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/ingress.yaml': conf`
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata:
      name: shop
      annotations:
        ${annotations}
    spec:
      ingressClassName: nginx
      ${more}
      rules:
        - host: example.org
          http:
            paths:
              - path: /
                pathType: Prefix
                backend:
                  service: { name: shop, port: { number: 80 } }
  `,
})

const ofClass = (name: string, annotations: string): Record<string, string> => {
  const files = ingress(annotations)
  return {
    ...files,
    'k8s/ingress.yaml': files['k8s/ingress.yaml']!.replace('ClassName: nginx', `ClassName: ${name}`),
  }
}

/** A release of Helmfile that installs a controller. */
const helmfile = (repository: string, chart: string): string => conf`
  repositories:
    - name: controller
      url: ${repository}
  releases:
    - name: controller
      chart: ${chart}
`
const INGRESS_NGINX = helmfile('https://kubernetes.github.io/ingress-nginx', 'controller/ingress-nginx')
const OF_F5 = helmfile('https://helm.nginx.com/stable', 'controller/nginx-ingress')

export default defineRule({
  summary: 'The ingress controller does not understand an annotation',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'ingress-nginx reads numbers as bare numbers (of seconds, of requests), booleans as `true` and `false`, sizes as nginx writes them. What it cannot read it puts into its log, and takes the default: a limit of 1m for a body, of 60 seconds for an answer. A name that it does not know it does not even mention. Newer ones refuse the Ingress. Annotations that begin with `nginx.org/` are those of another controller, of F5, and each of the two passes over what is written for the other, as Traefik and HAProxy do over either. Before 0.9 they began with `ingress.kubernetes.io/`.',
  remedy:
    'Write a number of seconds without a unit: `nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"`, and a size as `100m`',
  references: [
    'https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/',
    'https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#custom-timeouts',
  ],
  unproven: 'The live tests have no ingress-nginx; its sources say how it reads them',
  bad: [
    {
      title: 'a unit behind a number of seconds',
      files: ingress('nginx.ingress.kubernetes.io/proxy-read-timeout: «"3600s"»'),
    },
    {
      title: 'a unit of Kubernetes',
      files: ingress('nginx.ingress.kubernetes.io/proxy-body-size: «100Mi»'),
    },
    {
      title: 'a boolean of nginx, and one of booleans',
      files: ingress(conf`
        nginx.ingress.kubernetes.io/ssl-redirect: «"on"»
        nginx.ingress.kubernetes.io/proxy-buffering: «"false"»
      `),
    },
    {
      title: 'a letter too few, and one too many',
      files: ingress(conf`
        «nginx.ingress.kubernetes.io/proxy-body-sze»: 100m
        «nginx.ingress.kubernetes.io/whitelist-source-ranges»: 10.0.0.0/8
      `),
    },
    {
      title: 'the directive of nginx',
      files: ingress('«nginx.ingress.kubernetes.io/client-max-body-size»: 100m'),
    },
    {
      title: 'a key of the ConfigMap',
      files: ingress('«nginx.ingress.kubernetes.io/use-forwarded-headers»: "true"'),
    },
    {
      title: 'of the other controller',
      files: {
        ...ingress(conf`
          nginx.ingress.kubernetes.io/proxy-read-timeout: "300"
          «nginx.org/client-max-body-size»: 50m
        `),
        'helmfile.yaml': INGRESS_NGINX,
      },
    },
    {
      title: 'of the other controller, beside the class of this one',
      files: {
        ...ingress('«nginx.org/websocket-services»: chat'),
        'k8s/class.yaml': conf`
          apiVersion: networking.k8s.io/v1
          kind: IngressClass
          metadata: { name: nginx }
          spec:
            controller: k8s.io/ingress-nginx
        `,
      },
    },
    {
      title: 'of the other controller, beside those of this one',
      files: ingress(conf`
        cert-manager.io/cluster-issuer: letsencrypt
        nginx.ingress.kubernetes.io/ssl-redirect: "true"
        «nginx.org/client-max-body-size»: 100m
      `),
    },
    {
      title: 'of the other controller, beside an Ingress of the same class',
      files: {
        ...ingress('nginx.ingress.kubernetes.io/proxy-read-timeout: "300"'),
        'k8s/upload.yaml': ingress('«nginx.org/client-max-body-size»: 100m')['k8s/ingress.yaml']!.replace(
          'name: shop',
          'name: upload',
        ),
      },
    },
    {
      title: 'of ingress-nginx, among those of the other one',
      files: ingress(conf`
        nginx.org/proxy-connect-timeout: 30s
        nginx.org/proxy-read-timeout: 300s
        «nginx.ingress.kubernetes.io/proxy-body-size»: 100m
      `),
    },
    {
      title: 'of ingress-nginx, for the class of Traefik',
      files: ofClass(
        'traefik',
        conf`
          nginx.ingress.kubernetes.io/proxy-body-size: 50m
          «nginx.ingress.kubernetes.io/rewrite-target»: /
          «nginx.ingress.kubernetes.io/whitelist-source-range»: 10.0.0.0/8
        `,
      ),
    },
    {
      title: 'of Traefik, for the class of nginx',
      files: ingress('«traefik.ingress.kubernetes.io/router.middlewares»: shop-auth@kubernetescrd'),
    },
    {
      title: 'as it was called long ago',
      files: ingress('«ingress.kubernetes.io/proxy-body-size»: 100m'),
    },
    {
      title: 'of ingress-nginx, where the other one is installed',
      files: {
        ...ingress('«nginx.ingress.kubernetes.io/proxy-body-size»: 50m'),
        'helmfile.yaml': OF_F5,
      },
    },
  ],
  good: [
    {
      title: 'both controllers are told, or installed',
      files: {
        ...ingress(conf`
          nginx.org/client-max-body-size: 50m
          nginx.ingress.kubernetes.io/proxy-body-size: 50m
        `),
        'helmfile.yaml': INGRESS_NGINX,
      },
    },
    {
      title: 'each of two controllers has its own',
      files: {
        ...ingress('nginx.org/client-max-body-size: 50m'),
        'helmfile.yaml': INGRESS_NGINX,
        'k8s/class.yaml': conf`
          apiVersion: networking.k8s.io/v1
          kind: IngressClass
          metadata: { name: nginx }
          spec:
            controller: nginx.org/ingress-controller
        `,
      },
    },
    {
      title: 'what only the other controller has to be told',
      files: ingress(conf`
        nginx.ingress.kubernetes.io/proxy-read-timeout: "300"
        nginx.org/websocket-services: chat
      `),
    },
    {
      title: 'both controllers are told, and nobody knows which is installed',
      files: ingress(conf`
        nginx.ingress.kubernetes.io/proxy-read-timeout: "300"
        nginx.ingress.kubernetes.io/proxy-body-size: 50m
        nginx.org/client-max-body-size: 50m
        nginx.org/redirect-to-https: "true"
      `),
    },
    {
      title: 'Ingresses of two classes',
      files: {
        ...ingress('nginx.ingress.kubernetes.io/proxy-read-timeout: "300"'),
        'k8s/upload.yaml': ofClass('nginx-f5', 'nginx.org/client-max-body-size: 100m')['k8s/ingress.yaml']!,
      },
    },
    {
      title: 'what several controllers are told',
      files: ofClass(
        'traefik',
        conf`
          nginx.ingress.kubernetes.io/rewrite-target: /
          traefik.ingress.kubernetes.io/router.middlewares: shop-strip@kubernetescrd
        `,
      ),
    },
    {
      title: 'a class of a name that says nothing',
      files: ofClass('public', 'nginx.ingress.kubernetes.io/rewrite-target: /'),
    },
    {
      title: 'as it was called long ago, and as it is called now',
      files: ingress(conf`
        ingress.kubernetes.io/proxy-body-size: 100m
        nginx.ingress.kubernetes.io/proxy-body-size: 100m
      `),
    },
    {
      title: 'the controller of its own annotations',
      files: { ...ingress('nginx.org/client-max-body-size: 50m'), 'helmfile.yaml': OF_F5 },
    },
    {
      title: 'another class than that of the controller which is installed',
      files: {
        'k8s/ingress.yaml': ingress('nginx.org/client-max-body-size: 50m')['k8s/ingress.yaml']!.replace(
          'ClassName: nginx',
          'ClassName: nginx-public',
        ),
        'helmfile.yaml': INGRESS_NGINX,
      },
    },
    {
      title: 'numbers, booleans and sizes',
      files: ingress(conf`
        nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"
        nginx.ingress.kubernetes.io/proxy-body-size: 100M
        nginx.ingress.kubernetes.io/client-body-buffer-size: "0"
        nginx.ingress.kubernetes.io/ssl-redirect: "False"
        nginx.ingress.kubernetes.io/proxy-buffering: "off"
        nginx.ingress.kubernetes.io/backend-protocol: https
      `),
    },
    {
      title: 'what older ones knew, and one that is new',
      files: ingress(conf`
        nginx.ingress.kubernetes.io/secure-backends: "true"
        nginx.ingress.kubernetes.io/enable-opentracing: "true"
        nginx.ingress.kubernetes.io/proxy-wish-list: "12s"
      `),
    },
    {
      title: 'of another controller',
      files: ingress(conf`
        nginx.org/proxy-read-timeout: 3600s
        nginx.org/client-max-body-size: 100m
      `),
    },
    {
      title: 'what a chart fills in',
      files: ingress('nginx.ingress.kubernetes.io/proxy-read-timeout: "{{ .Values.timeout }}s"'),
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    const all = cluster?.ingresses.ingresses ?? []
    const counts = countsByClass(all)
    for (const ingress of all) {
      const controller = cluster?.controller ?? null
      yield* controller === null ? besideOther(ingress, counts) : ofOtherController(ingress, controller)
      yield* ofOtherClass(ingress, controller)
      for (const annotation of ingress.annotations) {
        const fault = valueFault(annotation)
        if (fault !== null)
          yield {
            at: annotation.at,
            message: `\`${annotation.value}\` is ${fault} for ingress-nginx, which takes its default for \`${annotation.name}\``,
            label: 'not understood',
          }
        if (OF_CONFIG_MAP.has(annotation.name))
          yield {
            at: annotation.nameAt,
            message: `\`${annotation.name}\` is a key of the ConfigMap of ingress-nginx, and no annotation: here it holds for nothing`,
            label: 'no such annotation',
            help: `Write it into the ConfigMap of the controller`,
          }
        const meant = meantBy(annotation)
        if (meant !== null)
          yield {
            at: annotation.nameAt,
            message: `ingress-nginx knows no annotation \`${annotation.name}\`, so it holds for nothing`,
            label: 'no such annotation',
            help: `Did you mean \`${meant}\`?`,
          }
      }
    }
  },
})

/** What is written for the controller that is not installed, and for the other one not as well. */
function* ofOtherController(
  { annotations, ofOther, className }: Ingress,
  controller: IngressController | null,
): Iterable<RuleFinding> {
  // A class of another name may be that of another controller.
  if (controller === null || (className !== null && className !== 'nginx')) return
  const isOwn = controller === 'ingress-nginx'
  const [own, foreign] = isOwn ? [annotations, ofOther] : [ofOther, annotations]
  for (const { name, nameAt } of foreign) {
    const meant = (isOwn ? OF_OTHER : FOR_OTHER).get(name)
    // Whoever says it for both means each to read its own.
    if (own.some(each => each.name === meant)) continue
    yield {
      at: nameAt,
      message: isOwn
        ? `\`nginx.org/${name}\` is an annotation of the controller of F5, and ingress-nginx, which is installed here, ignores it`
        : `\`nginx.ingress.kubernetes.io/${name}\` is an annotation of ingress-nginx, and the controller of F5, which is installed here, ignores it`,
      label: 'of another controller',
      ...(meant !== undefined && {
        help: `Write \`${isOwn ? 'nginx.ingress.kubernetes.io' : 'nginx.org'}/${meant}\``,
      }),
    }
  }
}

/** Of how many annotations the Ingresses of a class and a directory have of either controller. */
interface Counts {
  readonly own: IngressAnnotation[]
  readonly other: IngressAnnotation[]
}

function countsByClass(all: readonly Ingress[]): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>()
  for (const ingress of all) {
    const count = counts.get(keyOf(ingress)) ?? { own: [], other: [] }
    count.own.push(...ingress.annotations.filter(({ name }) => ANNOTATIONS.has(name)))
    count.other.push(...ingress.ofOther.filter(({ name }) => OF_OTHER.has(name)))
    counts.set(keyOf(ingress), count)
  }
  return counts
}

/** Those of one class have one controller; another directory may be meant for another cluster. */
function keyOf({ className, name, at: { source } }: Ingress): string {
  return `${posix.dirname(source.path)} ${className ?? `of ${name}`}`
}

/**
 * Annotations of both controllers where nothing says which is installed: one ignores those of the other, and that is
 * said of the fewer.
 */
function* besideOther(ingress: Ingress, counts: ReadonlyMap<string, Counts>): Iterable<RuleFinding> {
  const { own, other } = counts.get(keyOf(ingress))!
  if (own.length === 0 || other.length === 0) return
  // Whoever says one thing for both means each to read its own.
  const names = new Set(own.map(({ name }) => name))
  if (other.some(({ name }) => names.has(OF_OTHER.get(name)!))) return
  const isOfF5 = other.length > own.length
  const foreign = isOfF5 ? ingress.annotations : ingress.ofOther
  const [prefix, meant] = isOfF5
    ? (['nginx.org', FOR_OTHER] as const)
    : (['nginx.ingress.kubernetes.io', OF_OTHER] as const)
  const [shown] = isOfF5 ? other : own
  for (const { name, nameAt } of foreign) {
    const called = meant.get(name)
    if (called === undefined) continue
    yield {
      at: nameAt,
      confidence: 'medium',
      message: isOfF5
        ? `\`nginx.ingress.kubernetes.io/${name}\` is an annotation of ingress-nginx, and the others here are of the controller of F5: the one that answers for a class ignores what is written for the other`
        : `\`nginx.org/${name}\` is an annotation of the controller of F5, and the others here are of ingress-nginx: the one that answers for a class ignores what is written for the other`,
      label: 'of another controller',
      related: [{ at: shown!.nameAt, message: `of ${isOfF5 ? 'the controller of F5' : 'ingress-nginx'}` }],
      help: `Write \`${prefix}/${called}\``,
    }
  }
}

/** What the class itself says: its controller reads no annotation of that name. */
function* ofOtherClass(
  { annotations, ofOther, ofOthers, className, apiVersion }: Ingress,
  controller: IngressController | null,
): Iterable<RuleFinding> {
  const [, product] = CLASSES.find(([name]) => name.test(className ?? '')) ?? []
  if (product !== undefined && ofOthers.length === 0)
    for (const { name, nameAt } of annotations.filter(each => CHANGING.has(each.name)))
      yield {
        at: nameAt,
        message: `\`nginx.ingress.kubernetes.io/${name}\` is an annotation of ingress-nginx, and the class \`${className}\` is answered by ${product}, which ignores it`,
        label: 'of another controller',
        help: `Say it in the way of ${product}`,
      }
  if (className !== 'nginx') return
  for (const { name, nameAt } of ofOthers) {
    const [prefix = '', short = ''] = name.split('/')
    const isOld =
      prefix === 'ingress.kubernetes.io' && apiVersion === 'networking.k8s.io/v1' && ANNOTATIONS.has(short)
    // The controller of F5 reads that one.
    const isRead = short === 'ssl-redirect' && controller !== 'ingress-nginx' && annotations.length === 0
    if (isOld && !isRead && !ofOther.length && !annotations.some(each => each.name === short))
      yield {
        at: nameAt,
        message: `ingress-nginx reads \`nginx.ingress.kubernetes.io/${short}\`, and ignores \`${name}\`, as it was called before 0.9`,
        label: 'no such annotation',
        help: `Write \`nginx.ingress.kubernetes.io/${short}\``,
      }
    if (
      name === 'traefik.ingress.kubernetes.io/router.middlewares' &&
      annotations.length + ofOther.length === 0
    )
      yield {
        at: nameAt,
        message: `\`${name}\` is an annotation of Traefik, and the class \`nginx\` is answered by nginx, which ignores it: requests pass no middleware`,
        label: 'of another controller',
      }
  }
}

/** Names that other controllers give their class. */
const CLASSES: readonly (readonly [name: RegExp, product: string])[] = [
  [/^traefik(?:-|$)/, 'Traefik'],
  [/^haproxy(?:-|$)/, 'HAProxy'],
  [/^kong$/, 'Kong'],
  [/^alb$/, 'the AWS Load Balancer Controller'],
  [/^azure[-/]application-gateway$/, 'Application Gateway'],
  [/^contour$/, 'Contour'],
  [/^cilium$/, 'Cilium'],
]

/** Annotations without which requests are answered otherwise, or by more than are meant to. */
const CHANGING: ReadonlySet<string> = new Set([
  'rewrite-target',
  'app-root',
  'permanent-redirect',
  'temporal-redirect',
  'backend-protocol',
  'configuration-snippet',
  'server-snippet',
  'auth-type',
  'auth-url',
  'whitelist-source-range',
  'allowlist-source-range',
  'denylist-source-range',
])

/** The annotation whose name is nearly the one that is written; null where it is known, or like several. */
function meantBy({ name }: IngressAnnotation): string | null {
  const called = CALLED.get(name)
  if (called !== undefined) return called
  if (ANNOTATIONS.has(name) || OF_CONFIG_MAP.has(name) || name.length < 7) return null
  const alike = [...ANNOTATIONS].filter(each => isSlip(each, name, each.length < 12 ? 1 : 2))
  return alike.length === 1 ? alike[0]! : null
}
