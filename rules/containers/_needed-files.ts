import { posix } from 'node:path'
import type { ConfigMap, PodContainer, Workload } from '../../parsers/kubernetes/manifest.ts'
import { isBelow, overlap } from '../../parsers/text/is-below.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type ClusterFiles, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { isIgnored } from './_copied-sources.ts'

/** A file without which the program of an image does not start, by the command that the image has. */
interface NeededFile {
  readonly image: RegExp
  readonly path: string
  /** What the program says without it. */
  readonly said: string
  /** Where files by themselves are mounted instead. */
  readonly help: string
}

const image = (names: string): RegExp =>
  new RegExp(String.raw`^(?:(?:docker\.io|public\.ecr\.aws/docker|mirror\.gcr\.io)/)?(?:${names})(?=[:@]|$)`)

/** What the Dockerfiles of these images say, each of which lays the file down and starts its program with it. */
const NEEDED: readonly NeededFile[] = [
  {
    image: image('(?:library/)?nginx|nginxinc/nginx-unprivileged'),
    path: '/etc/nginx/nginx.conf',
    said: 'nginx does not start: open() "/etc/nginx/nginx.conf" failed (2: No such file or directory)',
    help: 'Mount sites at `/etc/nginx/conf.d`, and a main file by itself at `/etc/nginx/nginx.conf`',
  },
  {
    image: image('(?:library/)?httpd'),
    path: '/usr/local/apache2/conf/httpd.conf',
    said: 'Apache does not start: httpd: Could not open configuration file /usr/local/apache2/conf/httpd.conf: No such file or directory',
    help: 'Mount a file by itself, and include it in an `httpd.conf` of your own',
  },
  {
    image: image('(?:library/)?tomcat'),
    path: '/usr/local/tomcat/conf/server.xml',
    said: 'Tomcat does not start: Cannot find specified configuration file [conf/server.xml]',
    help: 'Mount the file by itself',
  },
  {
    image: image('(?:library/)?caddy'),
    path: '/etc/caddy/Caddyfile',
    said: 'Caddy does not start: reading config from file: open /etc/caddy/Caddyfile: no such file or directory',
    help: 'Call the file `Caddyfile`',
  },
  {
    image: image('(?:library/)?eclipse-mosquitto'),
    path: '/mosquitto/config/mosquitto.conf',
    said: 'Mosquitto does not start: Error: Unable to open config file /mosquitto/config/mosquitto.conf',
    help: 'Call the file `mosquitto.conf`',
  },
  {
    image: image('prom/prometheus'),
    path: '/etc/prometheus/prometheus.yml',
    said: 'Prometheus does not start: open /etc/prometheus/prometheus.yml: no such file or directory',
    help: 'Call the file `prometheus.yml`',
  },
  {
    image: image('prom/alertmanager'),
    path: '/etc/alertmanager/alertmanager.yml',
    said: 'Alertmanager does not start: open /etc/alertmanager/alertmanager.yml: no such file or directory',
    help: 'Call the file `alertmanager.yml`',
  },
]

/** True for the directory of the file, and those above it. */
function hides(directory: string, { path }: NeededFile): boolean {
  return directory !== path && isBelow(path, directory)
}

/** Words by which a program is told of another file; of `daemon off;` alone it is its own. */
function hasOwnCommand(words: readonly string[]): boolean {
  return !/^(?:nginx -g \s*daemon off;\s*|httpd-foreground)$/.test(words.join(' '))
}

/** Directories of ConfigMaps in which a file of the image is missing that its program starts with. */
export function* hiddenInPods(deployment: Deployment): Iterable<RuleFinding> {
  const cluster = clusterFiles(deployment)
  if (cluster === null || cluster.hasPatches || cluster.isRenamed) return
  for (const { workloads, complete } of cluster.files)
    for (const workload of complete ? workloads : [])
      for (const container of workload.containers) yield* hiddenInPod(container, workload, cluster)
}

function* hiddenInPod(
  container: PodContainer,
  { volumes }: Workload,
  cluster: ClusterFiles,
): Iterable<RuleFinding> {
  const needed = NEEDED.find(each => each.image.test(container.image ?? ''))
  if (needed === undefined || (container.hasCommand && hasOwnCommand(container.words))) return
  for (const mount of container.mounts) {
    const volume = volumes.get(mount.volume)
    if (volume?.kind !== 'configMap' || mount.subPath !== null || !hides(mount.path, needed)) continue
    const others = container.mounts.filter(each => each !== mount)
    if (others.some(({ path }) => overlap(path, needed.path))) continue
    const configMap = onlyConfigMap(volume.source, cluster)
    const keys = configMap === null ? null : [...configMap.keys.keys()]
    const files = volume.items === null ? keys : [...volume.items.values()]
    const wanted = posix.relative(mount.path, needed.path)
    if (files === null || files.some(name => name === wanted || name.includes('\uFFFD'))) continue
    yield {
      at: mount.at,
      message: `the ConfigMap at \`${mount.path}\` hides \`${posix.basename(needed.path)}\` of the image, and has none itself, so ${needed.said}`,
      label: 'hides the files of the image',
      related: configMap === null ? [] : [{ at: configMap.at, message: 'the ConfigMap' }],
      help: needed.help,
    }
  }
}

/** The ConfigMap of a name; null where none is seen, several are, or a template makes some. */
function onlyConfigMap(name: string | null, { files }: ClusterFiles): ConfigMap | null {
  const found = files.flatMap(({ configMaps, complete }) =>
    configMaps.flatMap(each => (each.name === name ? [{ each, complete }] : [])),
  )
  const [only, ...others] = found
  return only?.complete === true && others.length === 0 ? only.each : null
}

/** Directories that a compose file mounts, in which such a file is missing. */
export function* hiddenInContainer(
  { service, mounts, hostFiles }: Container,
  scripts: () => readonly Source[] | null,
): Iterable<RuleFinding> {
  const reference = service.build === null && service.image?.known === true ? service.image.value : ''
  const needed = NEEDED.find(each => each.image.test(reference))
  if (needed === undefined || !service.complete || service.entrypoint !== null) return
  if (service.volumesFrom.length > 0 || service.volumes.some(({ target }) => !target.known)) return
  if (service.command !== null && hasOwnCommand(service.command.words.map(({ text }) => text))) return
  for (const mount of mounts) {
    const target = cleanPath(mount.target)
    if (mount.from !== 'volumes' || mount.path === null || !hides(target, needed)) continue
    if (mounts.some(each => each !== mount && overlap(cleanPath(each.target), needed.path))) continue
    const wanted = posix.join(mount.path, posix.relative(target, needed.path))
    const entries = hostFiles.list(mount.path)
    // Of an empty directory, or one with nothing but a mark for Git, the files are made elsewhere.
    if (entries === null || entries.every(({ name }) => name.startsWith('.'))) continue
    if (hostFiles.kind(wanted) !== null || isMadeLater(entries, posix.basename(wanted))) continue
    // What a script writes is there when the container starts.
    const isWritten = scripts()?.some(({ text }) => text.includes(posix.basename(wanted))) !== false
    if (isIgnored(wanted, hostFiles) || isWritten) continue
    yield {
      at: mount.at,
      message: `the mount over \`${target}\` hides \`${posix.basename(needed.path)}\` of the image, and has none itself, so ${needed.said}`,
      label: 'hides the files of the image',
      help: needed.help,
    }
  }
}

/** True where the file is made of one that is kept to be copied, or of a template. */
function isMadeLater(entries: readonly { readonly name: string }[], wanted: string): boolean {
  const stem = wanted.replace(/\.\w+$/, '')
  return entries.some(
    ({ name }) => name.startsWith(stem) && /example|sample|dist|templ|tmpl|tpl|\.j2|\.in$|\.erb/i.test(name),
  )
}
