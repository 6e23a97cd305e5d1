import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { serverPods, type ServerPod } from '../../src/deployment/kubernetes/server-pods.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { hiddenInPods } from './_needed-files.ts'
import { OF_NGINX_IMAGE } from './_images.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { main, manifests, page } from './_kubernetes-examples.ts'

const file = (lines: string): string => conf`
  mountPath: /etc/nginx/nginx.conf
  ${lines}
`

const other = ({
  image,
  path,
  key,
  container = '',
  volume = 'configMap: { name: web-conf }',
}: {
  readonly image: string
  readonly path: string
  readonly key: string
  readonly container?: string
  readonly volume?: string
}): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/web.yaml': conf`
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: web-conf
    data:
      ${key}: ""
    ---
    ${kubernetesDeployment({
      image,
      container: conf`
        ${container}
        volumeMounts:
          - name: conf
            mountPath: ${path}
      `,
      pod: conf`
        volumes:
          - name: conf
            ${volume}
      `,
    })}
  `,
})

export default defineRule({
  summary: 'A ConfigMap is mounted where nginx does not find its files, or hides what it needs',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A ConfigMap is a directory with one file for each key, and without `subPath` it hides all that the image has at its place. On the name of a file the container is not created (`not a directory`) or nginx stops at a directory called `….conf`. At `/etc/nginx` it hides `nginx.conf`, `mime.types` and the files of parameters: `open() "/etc/nginx/mime.types" failed`. So it is with the images of Apache, Tomcat, Caddy, Mosquitto and Prometheus. And of `/etc/nginx/conf.d` nginx reads nothing but `*.conf`.',
  remedy:
    'Write `subPath` with the key beside a `mountPath` that is a file, and mount whole ConfigMaps at `/etc/nginx/conf.d` alone',
  references: [
    'https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath',
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#add-configmap-data-to-a-volume',
  ],
  unproven: 'The live tests start no pods: what a mount hides, no loopback shows',
  bad: [
    {
      title: 'a directory on a file',
      files: manifests({ key: 'nginx.conf', nginx: main(), mount: 'mountPath: «/etc/nginx/nginx.conf»' }),
    },
    {
      title: 'a directory that hides the types',
      files: manifests({
        key: 'nginx.conf',
        nginx: main('include «/etc/nginx/mime.types»;'),
        mount: 'mountPath: /etc/nginx',
      }),
    },
    {
      title: 'a directory that hides the types of an image of one’s own',
      files: manifests({
        key: 'nginx.conf',
        image: 'registry.example.org/web:3',
        nginx: main('include «/etc/nginx/mime.types»;'),
        mount: 'mountPath: /etc/nginx',
      }),
    },
    {
      title: 'a key that nginx does not read',
      files: manifests({ key: '«site»', nginx: page() }),
    },
    {
      title: 'a key that is not there',
      files: manifests({
        key: 'nginx.conf',
        nginx: main(),
        mount: conf`
          mountPath: /etc/nginx/nginx.conf
          subPath: «default.conf»
        `,
      }),
    },
    {
      title: 'a directory without the main file of nginx',
      files: manifests({ nginx: page(), mount: 'mountPath: «/etc/nginx»' }),
    },
    {
      title: 'a directory without the main file of nginx, started as the image does',
      files: manifests({
        nginx: page(),
        image: 'docker.io/library/nginx:1.27-alpine',
        container: 'command: ["nginx", "-g", "daemon off;"]',
        mount: 'mountPath: «/etc/nginx/»',
      }),
    },
    {
      title: 'a directory without the main file of Apache',
      files: other({ image: 'httpd:2.4', path: '«/usr/local/apache2/conf»', key: 'site.conf' }),
    },
    {
      title: 'a key that becomes another file',
      files: other({
        image: 'prom/prometheus:v3.1.0',
        path: '«/etc/prometheus»',
        key: 'prometheus.yml',
        volume: 'configMap: { name: web-conf, items: [{ key: prometheus.yml, path: config.yml }] }',
      }),
    },
  ],
  good: [
    {
      title: 'a program that is told of its file',
      files: other({
        image: 'prom/prometheus:v3.1.0',
        path: '/etc/prometheus',
        key: 'config.yml',
        container: 'args: ["--config.file=/etc/prometheus/config.yml"]',
      }),
    },
    {
      title: 'a directory that has the file',
      files: other({ image: 'caddy:2', path: '/etc/caddy', key: 'Caddyfile' }),
    },
    {
      title: 'a key that becomes the file',
      files: other({
        image: 'caddy:2',
        path: '/etc/caddy',
        key: 'site',
        volume: 'configMap: { name: web-conf, items: [{ key: site, path: Caddyfile }] }',
      }),
    },
    {
      title: 'a ConfigMap that is not in the repository',
      files: other({
        image: 'httpd:2.4',
        path: '/usr/local/apache2/conf',
        key: 'site.conf',
        volume: 'configMap: { name: apache }',
      }),
    },
    {
      title: 'one file',
      files: manifests({ key: 'nginx.conf', nginx: main(), mount: file('subPath: nginx.conf') }),
    },
    { title: 'a directory of sites', files: manifests({ nginx: page() }) },
    {
      title: 'a directory that has all that is included',
      files: manifests({ key: 'nginx.conf', nginx: main(), mount: 'mountPath: /etc/nginx' }),
    },
    {
      title: 'a name that `items` gives',
      files: {
        'deploy/web.yaml': manifests({ key: 'site', nginx: page() })
          ['deploy/web.yaml']!.replace('name: web-conf\n---', 'name: web-conf\n---')
          .replace(
            /configMap:\n( +)name: web-conf/,
            'configMap:\n$1name: web-conf\n$1items:\n$1  - { key: site, path: site.conf }',
          ),
      },
    },
    {
      title: 'a container beside, which only reads the files',
      files: {
        'deploy/web.yaml': manifests({
          key: 'nginx.conf',
          image: 'example/reader:1',
          nginx: main('include /etc/nginx/mime.types;'),
          mount: 'mountPath: /etc/nginx',
        })['deploy/web.yaml']!.replace(
          '      volumes:',
          '        - name: web\n          image: example/web:3\n      volumes:',
        ),
      },
    },
    {
      title: 'an image that includes other names',
      files: manifests({ key: 'site', nginx: page(), image: 'registry.example.org/web:3' }),
    },
  ],
  *check(deployment) {
    yield* hiddenInPods(deployment)
    for (const pod of serverPods(deployment)) {
      const { container, workload, configMap, mounts } = pod
      for (const mount of mounts) {
        const volume = workload.volumes.get(mount.volume)
        const names =
          volume?.items === null ? new Map([...configMap.keys.keys()].map(key => [key, key])) : volume?.items
        if (names === undefined) continue
        const files = [...names.values()]
        if (files.some(name => name.includes('\uFFFD'))) continue
        const declared = { at: configMap.at, message: 'the ConfigMap' }
        if (mount.subPath !== null) {
          if (mount.subPath.value.includes('\uFFFD') || files.includes(mount.subPath.value)) continue
          yield {
            at: mount.subPath.at,
            message: `the ConfigMap has no key \`${mount.subPath.value}\`, so an empty directory stands at \`${mount.path}\``,
            label: 'no such key',
            related: [declared],
          }
          continue
        }
        if (/\.(?:conf|types)$|_params$/.test(mount.path)) {
          yield {
            at: mount.at,
            message: `a ConfigMap is a directory, and \`${mount.path}\` is the name of a file: ${
              isOfNginxImage(mount.path)
                ? 'the container does not start: not a directory'
                : 'where the image has none, nginx does not start: Is a directory'
            }`,
            label: 'a directory here',
            related: [declared],
            help: `Write \`subPath: ${files.includes(posix.basename(mount.path)) ? posix.basename(mount.path) : (files[0] ?? posix.basename(mount.path))}\` beside it`,
          }
          continue
        }
        const isOwn = OWN.test(container.image ?? '')
        // Whatever the image has at that place is hidden: of a pod’s only container it is nginx that reads it.
        const runsNginx = isOwn || (workload.containers.length === 1 && files.includes('nginx.conf'))
        if (mount.path === '/etc/nginx' && runsNginx) yield* hidden(pod, mount.at, files)
        if (mount.path === '/etc/nginx/conf.d' && isOwn) yield* unread(pod, names)
      }
    }
  },
})

const OWN = /^(?:docker\.io\/)?(?:library\/)?(?:nginx|nginxinc\/nginx-unprivileged|nginx\/nginx)(?=[:@]|$)/

/** True for a file that the image of nginx has. */
function isOfNginxImage(path: string): boolean {
  return OF_NGINX_IMAGE.test(path) || /^\/etc\/nginx\/(?:nginx|conf\.d\/default)\.conf$/.test(path)
}

/** Files of the image that the files of the ConfigMap include, and that it hides. */
function* hidden(
  { program, sources, container }: ServerPod,
  mount: Place,
  files: readonly string[],
): Iterable<RuleFinding> {
  const below = container.mounts.map(({ path }) => path)
  for (const line of program.configuration.occurrences.get('include') ?? []) {
    if (!sources.has(line.source)) continue
    const written = line.args[0]?.value ?? ''
    const path = posix.resolve('/etc/nginx', written)
    if (!/^[\w./-]+$/.test(written) || !OF_NGINX_IMAGE.test(path)) continue
    if (files.includes(posix.basename(path)) || below.includes(path)) continue
    yield {
      at: argumentPlace(line, 0),
      message: `the ConfigMap at \`/etc/nginx\` hides this file of the image, so nginx does not start: open() "${path}" failed`,
      label: 'hidden',
      related: [{ at: mount, message: 'nothing but the keys of the ConfigMap is left here' }],
    }
  }
}

/** Files of servers that `include /etc/nginx/conf.d/*.conf` passes over, where it then reads nothing at all. */
function* unread(
  { configMap, sources }: ServerPod,
  names: ReadonlyMap<string, string>,
): Iterable<RuleFinding> {
  if ([...names.values()].some(name => name.endsWith('.conf'))) return
  const first = [...sources][0]
  const key = [...names.keys()].find(name => configMap.keys.has(name))
  const at = key === undefined ? undefined : configMap.keys.get(key)
  if (first === undefined || at === undefined || names.size !== 1) return
  yield {
    at,
    message: `nginx reads \`/etc/nginx/conf.d/*.conf\` alone, so \`${names.get(key!)}\` holds for nothing, and no server is left`,
    label: 'not read',
    help: `Call it \`${names.get(key!)}.conf\``,
  }
}
