import type { PodContainer } from '../../parsers/kubernetes/manifest.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { type BuiltImage, builtFor } from './_images-of-pods.ts'

const pod = (image: string, { container = '', spec = '' }): string =>
  kubernetesDeployment({ image, container, pod: spec })
const NON_ROOT = conf`
  securityContext:
    runAsNonRoot: «true»
`
const RIGHT = NON_ROOT.replace(/[«»]/g, '')
const built = (lines: string, manifest: string, from = 'nginx:1.27-alpine'): Record<string, string> => ({
  Dockerfile: conf`
    FROM ${from}
    COPY nginx.conf /etc/nginx/nginx.conf
    ${lines}
  `,
  'nginx.conf': conf`
    pid /tmp/nginx.pid;
    events {
    }
    http {
        client_body_temp_path /tmp/client;
        proxy_temp_path /tmp/proxy;
        fastcgi_temp_path /tmp/fastcgi;
        uwsgi_temp_path /tmp/uwsgi;
        scgi_temp_path /tmp/scgi;
        server {
            listen 8080;
        }
    }
  `,
  'k8s/web.yaml': manifest,
})
const OWN = 'registry.example.org/web:3'

export default defineRule({
  summary: 'A pod that may not run as root has an image whose user is root, or a name',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With `runAsNonRoot: true` and without `runAsUser` the kubelet looks at the `USER` of the image. Where that is root, which it is without a line `USER`, the container is never created: `CreateContainerConfigError`, `container has runAsNonRoot and image will run as root`. Of a name such as `USER node` the kubelet does not know the number: `image has non-numeric user (node), cannot verify user is non-root`.',
  remedy:
    'Write `runAsUser` with the number of an account of the image beside it, or the number in `USER` of the Dockerfile',
  references: [
    'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/',
    'https://kubernetes.io/docs/concepts/security/pod-security-standards/',
    'https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/security_context.go',
  ],
  unproven: 'The live tests start no pods',
  bad: [
    {
      title: 'an image that everybody knows',
      files: {
        'k8s/web.yaml': pod('nginx:1.27', { spec: NON_ROOT }),
        'nginx.conf': 'server {\n    listen 8080;\n}\n',
      },
    },
    {
      title: 'a Dockerfile without USER',
      files: built('EXPOSE 8080', pod(OWN, { spec: NON_ROOT })),
    },
    {
      title: 'a Dockerfile with a name',
      files: built('USER nginx', pod(OWN, { container: NON_ROOT })),
    },
    {
      title: 'a Dockerfile that goes back to root',
      files: built('USER 101\nRUN nginx -t\nUSER root', pod(OWN, { container: NON_ROOT })),
    },
    {
      title: 'an image of a user with a name',
      files: {
        'nginx.conf': 'server {\n    listen 8080;\n}\n',
        'k8s/metrics.yaml': pod('prom/prometheus:v3.1.0', { container: NON_ROOT }),
      },
    },
  ],
  good: [
    { title: 'a number', files: built('USER 101', pod(OWN, { spec: RIGHT })) },
    { title: 'a number and a group', files: built('USER 101:101', pod(OWN, { spec: RIGHT })) },
    {
      title: 'a number of the pod',
      files: built(
        '',
        pod(OWN, {
          spec: conf`
        securityContext:
          runAsNonRoot: true
          runAsUser: 101
      `,
        }),
      ),
    },
    {
      title: 'a container that may be root',
      files: built('', pod(OWN, { spec: RIGHT, container: 'securityContext: { runAsNonRoot: false }' })),
    },
    {
      title: 'an image of which nobody knows the user',
      files: built('', pod(OWN, { spec: RIGHT }), 'registry.example.org/base:2'),
    },
    {
      title: 'an image of others',
      files: built('', pod('ghcr.io/example/other:1', { spec: RIGHT })),
    },
    {
      title: 'an image without privileges',
      files: built('', pod(OWN, { spec: RIGHT }), 'nginxinc/nginx-unprivileged:1.27'),
    },
    {
      title: 'OpenShift, which gives each pod a number',
      files: {
        ...built('', pod(OWN, { spec: RIGHT })),
        'k8s/route.yaml': conf`
          apiVersion: route.openshift.io/v1
          kind: Route
          metadata: { name: web }
          spec: { to: { kind: Service, name: web } }
        `,
      },
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || cluster.hasPatches || isOpenShift(deployment)) return
    for (const { workloads, complete } of cluster.files)
      for (const container of complete ? workloads.flatMap(each => each.containers) : []) {
        const at = container.otherUser
        if (at === null || placeText(at) !== 'true') continue
        const user = userOf(container, () => builtFor(container, deployment, cluster))
        if (user === null) continue
        yield {
          at,
          message:
            user.name === 'root'
              ? `the image of the container \`${container.name}\` has root for its user, so it is never created: container has runAsNonRoot and image will run as root`
              : `the image of the container \`${container.name}\` says \`USER ${user.name}\`, of which the kubelet knows no number, so it is never created: image has non-numeric user (${user.name}), cannot verify user is non-root`,
          label: user.name === 'root' ? 'root is refused' : 'no number is known',
          related: user.at === null ? [] : [{ at: user.at, message: 'the image' }],
        }
      }
  },
})

interface ImageUser {
  readonly name: string
  readonly at: Place | null
}

const official = (names: string): RegExp =>
  new RegExp(
    String.raw`^(?:(?:docker\.io|public\.ecr\.aws/docker|mirror\.gcr\.io)/)?(?:library/)?(?:${names})(?=[:@]|$)`,
  )

/** Official images whose Dockerfiles have no USER: what starts as root may become another one itself. */
const ROOT = official(
  'nginx|httpd|node|python|php|ruby|golang|rust|perl|redis|valkey|postgres|mysql|mariadb|mongo|rabbitmq|busybox|alpine|ubuntu|debian|fedora|rockylinux|almalinux|amazonlinux|eclipse-temurin|openjdk|amazoncorretto|tomcat|wordpress|nextcloud|traefik|caddy|registry|maven|gradle|composer|scratch',
)
/** Those whose Dockerfiles say a name. */
const NAMED: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:docker\.io\/)?prom\/(?:prometheus|alertmanager|node-exporter|blackbox-exporter|pushgateway)(?=[:@]|$)/,
    'nobody',
  ],
  [official('memcached'), 'memcache'],
]

/** Root, or a name; null for a number, and where nobody knows. */
function userOf({ image }: PodContainer, find: () => BuiltImage | null): ImageUser | null {
  const ofOthers = image === null ? null : userOfImage(image)
  if (image === null || ofOthers !== null) return ofOthers === null ? null : { name: ofOthers, at: null }
  const own = find()
  if (own === null) return null
  const { user, base, stage } = own.image
  if (user === null) {
    const below = base.known ? userOfImage(base.value) : null
    return below === null ? null : { name: below, at: base.at ?? stage.at }
  }
  if (!user.known || /[$\0\uFFFD]/.test(user.value)) return null
  const [name = ''] = user.value.split(':')
  if (/^(?:root|0+)$/.test(name)) return { name: 'root', at: user.at ?? stage.at }
  return /^\d*$/.test(name) ? null : { name, at: user.at ?? stage.at }
}

function userOfImage(image: string): string | null {
  return ROOT.test(image) ? 'root' : (NAMED.find(([pattern]) => pattern.test(image))?.[1] ?? null)
}

/** A cluster that gives each namespace numbers of its own, whatever the image says. */
function isOpenShift(deployment: Deployment): boolean {
  const manifests = deployment.machines.flatMap(({ loose }) =>
    loose === null ? [] : loose.manifests.flatMap(path => sourceAt(loose.files, path) ?? []),
  )
  return [...manifests, ...(deployment.setups() ?? [])].some(({ text }) => OPENSHIFT.test(text))
}

const OPENSHIFT = /openshift|\boc (?:apply|new-app|create)\b/i
