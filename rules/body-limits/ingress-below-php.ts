import { isUnknownWord, type Place, textSource } from '../../parsers/text/source.ts'
import { type Fact, known } from '../../parsers/text/fact.ts'
import type { ConfigMap, PodContainer, Workload } from '../../parsers/kubernetes/manifest.ts'
import type { Ingress } from '../../parsers/kubernetes/read-ingresses.ts'
import { readPhpIniLines } from '../../parsers/php/ini-settings.ts'
import { type ClusterFiles, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { kubernetesDeployment } from '../_deployment-examples.ts'
import { page } from '../containers/_kubernetes-examples.ts'
import { hasLabels } from '../containers/_labels.ts'
import { bytesOfSize, size, uploadLimit, type UploadLimit } from './_upload-limit.ts'

const ANNOTATION = 'nginx.ingress.kubernetes.io/proxy-body-size'
const INI = conf`
  upload_max_filesize = 64M
  post_max_size = 64M
`
interface Parts {
  readonly annotations?: string
  readonly file?: string
  readonly ini?: string
  readonly path?: string
  readonly more?: string
  readonly mark?: boolean
}
const tree = ({
  annotations = '',
  file = 'uploads.ini',
  ini = INI,
  path = '/usr/local/etc/php/conf.d/uploads.ini',
  more = '',
  mark = false,
}: Parts): Record<string, string> => ({
  'nginx.conf': page(),
  'k8s/web.yaml': conf`
    ${kubernetesDeployment({
      container: conf`
        volumeMounts: [{ name: php, mountPath: ${path}, subPath: ${file} }]
      `,
      pod: 'volumes: [{ name: php, configMap: { name: php } }]',
    })}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: php
    data:
      ${file}: |
        ${ini}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: web
    spec:
      selector: { app: web }
      ports: [{ port: 80 }]
    ---
    apiVersion: networking.k8s.io/v1
    kind: ${mark ? '«Ingress»' : 'Ingress'}
    metadata:
      name: web
      annotations:
        kubernetes.io/ingress.class: nginx
        ${annotations}
    spec:
      rules:
        - host: example.org
          http:
            paths:
              - path: /
                pathType: Prefix
                backend: { service: { name: web, port: { number: 80 } } }
    ${more}
  `,
})
const controllerMap = (size: string): string => conf`
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: ingress-nginx-controller
  data:
    proxy-body-size: ${size}
`

export default defineRule({
  summary: 'ingress-nginx refuses uploads that PHP was told to take',
  severity: 'warning',
  otherSeverities: { info: 'where no annotation says a limit, and the ConfigMap of the controller may' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A ConfigMap raises `upload_max_filesize` and `post_max_size` of PHP so that larger files can be sent, and ingress-nginx answers 413 Request Entity Too Large before the pod sees the request: without the annotation `proxy-body-size`, or that key in its ConfigMap, it takes 1m.',
  remedy: `Set the annotation \`${ANNOTATION}\` to \`post_max_size\``,
  references: [
    'https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#custom-max-body-size',
    'https://www.php.net/manual/en/ini.core.php#ini.post-max-size',
  ],
  unproven: 'The live tests run no cluster',
  bad: [
    { title: 'an annotation with less', files: tree({ annotations: `${ANNOTATION}: «8m»` }) },
    { title: 'an annotation in bytes', files: tree({ annotations: `${ANNOTATION}: «"1048576"»` }) },
    { title: 'no annotation', files: tree({ mark: true }) },
    {
      title: 'a pool of PHP-FPM',
      files: tree({
        annotations: `${ANNOTATION}: «8m»`,
        file: 'uploads.conf',
        path: '/usr/local/etc/php-fpm.d/uploads.conf',
        ini: conf`
          [www]
          php_admin_value[upload_max_filesize] = 64M
          php_admin_value[post_max_size] = 64M
        `,
      }),
    },
  ],
  good: [
    { title: 'the same', files: tree({ annotations: `${ANNOTATION}: 64m` }) },
    { title: 'no limit', files: tree({ annotations: `${ANNOTATION}: "0"` }) },
    { title: 'the limit of the controller', files: tree({ more: controllerMap('64m') }) },
    {
      title: 'a limit in a snippet',
      files: tree({
        annotations: 'nginx.ingress.kubernetes.io/configuration-snippet: "client_max_body_size 64m;"',
      }),
    },
    {
      title: 'a limit of PHP that is lower',
      files: tree({ ini: 'upload_max_filesize = 64M', annotations: `${ANNOTATION}: 8m` }),
    },
    { title: 'a file that PHP does not read', files: tree({ path: '/srv/uploads.ini' }) },
    {
      title: 'another class',
      files: Object.fromEntries(
        Object.entries(tree({})).map(([path, text]) => [
          path,
          text.replace('ingress.class: nginx', 'ingress.class: traefik'),
        ]),
      ),
    },
  ],
  *check(deployment) {
    const cluster = clusterFiles(deployment)
    if (cluster === null || cluster.hasPatches || cluster.isRenamed) return
    for (const ingress of cluster.ingresses.ingresses) {
      const outer = bodyLimit(ingress, cluster)
      const inner = outer === null ? null : largestUpload(ingress, cluster)
      if (outer === null || inner === null || outer.bytes === 0 || outer.bytes >= inner.limit.bytes) continue
      yield {
        at: outer.at,
        ...(!outer.isWritten && { severity: 'info' as const }),
        message: outer.isWritten
          ? `ingress-nginx answers 413 to request bodies above ${size(outer.bytes)}, and PHP takes uploads of ${size(inner.limit.bytes)}`
          : `ingress-nginx answers 413 to request bodies above 1m, unless its own ConfigMap says more, and PHP takes uploads of ${size(inner.limit.bytes)}`,
        label: outer.isWritten ? 'less than PHP takes' : 'no proxy-body-size',
        related: [{ at: inner.at, message: 'what PHP takes' }],
        help: `Write \`${ANNOTATION}: ${size(inner.limit.bytes)}\``,
      }
    }
  },
})

interface BodyLimit {
  readonly bytes: number
  readonly at: Place
  readonly isWritten: boolean
}

/** What ingress-nginx takes; null where nobody knows. */
function bodyLimit(
  { annotations, className, at }: Ingress,
  { files, controller }: ClusterFiles,
): BodyLimit | null {
  if (controller === 'nginx-ingress' || !/^(?:nginx|ingress-nginx)?$/.test(className ?? '')) return null
  if (annotations.some(({ name, value }) => /-snippet$/.test(name) && /client_max_body_size/.test(value)))
    return null
  const written = annotations.find(({ name }) => name === 'proxy-body-size')
  if (written !== undefined) {
    const bytes = isUnknownWord(written.value) ? null : bytesOfSize(written.value)
    return bytes === null ? null : { bytes, at: written.at, isWritten: true }
  }
  const isSetForAll = files.some(({ configMaps }) =>
    configMaps.some(({ keys }) => keys.has('proxy-body-size')),
  )
  return isSetForAll ? null : { bytes: 1024 ** 2, at, isWritten: false }
}

interface Upload {
  readonly limit: UploadLimit
  readonly at: Place
}

/** The largest upload of the pods that an Ingress leads to; null where no ConfigMap says it. */
function largestUpload({ services: names }: Ingress, { files }: ClusterFiles): Upload | null {
  const selectors = files
    .flatMap(({ services }) => services)
    .filter(({ name, selector }) => selector.size > 0 && names.includes(name))
    .map(({ selector }) => selector)
  const workloads = files
    .flatMap(each => each.workloads)
    .filter(({ labels }) => selectors.some(selector => hasLabels(labels, selector)))
  const configMaps = files.flatMap(each => each.configMaps)
  const found = workloads.flatMap(workload =>
    workload.containers.flatMap(container => uploadsOf(container, workload, configMaps)),
  )
  return found.reduce<Upload | null>(
    (most, each) => (most === null || each.limit.bytes > most.limit.bytes ? each : most),
    null,
  )
}

/** Where the images of PHP, and the packages of distributions, have their settings. */
const OF_PHP = /\/php(?:\/|-fpm\.d(?:\/|$)|[\d.]+\/)/

function uploadsOf(
  { mounts }: PodContainer,
  { volumes }: Workload,
  configMaps: readonly ConfigMap[],
): readonly Upload[] {
  const settings = new Map<string, Fact<string>>()
  let at: Place | null = null
  for (const { volume, path, subPath } of mounts.filter(each => OF_PHP.test(each.path))) {
    const seen = volumes.get(volume)
    const maps = configMaps.filter(({ name }) => seen?.kind === 'configMap' && name === seen.source)
    const [map] = maps
    if (map === undefined || maps.length > 1) continue
    for (const [key, text] of map.texts) {
      const file = seen?.items?.get(key) ?? key
      if (subPath !== null && subPath.value !== file) continue
      for (const line of readPhpIniLines(textSource(path, text))) {
        if (line.kind !== 'setting' || (line.index !== null && !/^php_(?:admin_)?value$/.test(line.name)))
          continue
        const name = line.index ?? line.name
        settings.set(name, known(line.value.text, null))
        if (name === 'upload_max_filesize') at = map.keys.get(key) ?? map.at
      }
    }
  }
  const limit = at === null ? null : uploadLimit(name => settings.get(name) ?? null)
  return limit === null || at === null ? [] : [{ limit, at }]
}
