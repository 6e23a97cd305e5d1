import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../parsers/yaml/yaml-node.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { readContainers } from '../../src/deployment/containers/read-containers.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { isSameNetwork, networksOf } from './_networks.ts'

/** A container of Traefik, version 2 or later, that is told by its command or a file of YAML what it is to do. */
export interface Traefik {
  readonly container: Container
  /** The names of its entry points, in small letters. */
  readonly entryPoints: readonly string[]
  /** The names of what it gets certificates from, in small letters. */
  readonly resolvers: readonly string[]
  /** Entry points that browsers reach by https, and that give their routers no TLS, in small letters. */
  readonly withoutTls: readonly string[]
  /** All it is told, as options of a command are written. */
  readonly options: readonly string[]
  /** False where a container has to say that it wants to be reached. */
  readonly exposesAll: boolean
}

/**
 * The Traefik that reads the labels of a container: of its own project, or, where that has none, the only one of the
 * repository, if both are on one network that is no project's own. Null where nobody knows.
 */
export function traefikOf({ machines }: Deployment, container: Container): Traefik | null {
  const { project } = container
  const own = machines.flatMap(({ container: each }) =>
    each !== null && each.project === project && isTraefik(each) ? [each] : [],
  )
  const [found, another] = own.length > 0 ? own : everyTraefik(container)
  if (found === undefined || another !== undefined) return null
  return own.length > 0 || shareNamedNetwork(found, container) ? readTraefik(found) : null
}

/** True for containers of two projects that meet on a network: one of them may give it its name, the other its key. */
function shareNamedNetwork(one: Container, other: Container): boolean {
  const others = networksOf(other)
  return networksOf(one).some(each => others.some(network => isSameNetwork(each, network)))
}

/** True for a container that is not to be reached. */
export function isSwitchedOff({ labels }: ComposeService): boolean {
  return labels.some(
    ({ name, value }) =>
      /^traefik\.enable$/i.test(name) && value?.known === true && !/^(?:true|1)$/i.test(value.value),
  )
}

/** True for an image of version 2 or later. */
export function isTraefik({ reference, service }: Container): boolean {
  return service.build === null && /^traefik(?::(?!v?1(?:\.|-|$))|$)/.test(reference ?? '')
}

/** The containers of Traefik of every project of the repository. */
export function everyTraefik({ projects, hostFiles }: Container): readonly Container[] {
  return projectsWithTraefik(projects).flatMap(each =>
    readContainers(each, hostFiles, projects).filter(isTraefik),
  )
}

const projectsWithTraefik = memo((projects: readonly ComposeProject[]): readonly ComposeProject[] =>
  projects.filter(({ services }) =>
    [...services.values()].some(({ image }) => image?.known === true && image.value.includes('traefik')),
  ),
)

function readTraefik(container: Container): Traefik | null {
  const options = optionsOf(container)
  if (options === null || options.some(word => /^--providers\.(?:swarm|docker\.swarmmode)\b/i.test(word)))
    return null
  const secure = new Set(
    options.flatMap(word => OF_HTTPS.flatMap(each => each.exec(word)?.[1]?.toLowerCase() ?? [])),
  )
  const withTls = namesBelow(
    options.filter(word => /^--entrypoints\.[^.=]+\.http\.tls\b/i.test(word)),
    'entrypoints',
  )
  return {
    container,
    options,
    // The last one is Traefik's own, for its dashboard.
    entryPoints: [...namesBelow(options, 'entrypoints'), 'traefik'],
    resolvers: namesBelow(options, 'certificatesresolvers'),
    exposesAll: !options.some(word => /^--providers\.docker\.exposedbydefault=(?:false|0)$/i.test(word)),
    withoutTls: [...secure].filter(name => !withTls.includes(name)),
  }
}

/** What shows that an entry point is for https: its port, or that others redirect to it. */
const OF_HTTPS = [
  /^--entrypoints\.([^.=]+)\.address=[\d.]*:443(?:\/tcp)?$/i,
  /^--entrypoints\.[^.=]+\.http\.redirections\.entrypoint\.to=([\w-]+)$/i,
]

function optionsOf(container: Container): readonly string[] | null {
  return staticOptions(container)?.map(({ text }) => text) ?? null
}

/** An option as a command has it, `--log.level=INFO`, and where it or its value in a file is written. */
export interface StaticOption {
  readonly text: string
  readonly at: Place
}

/** What Traefik is told; a file, where there is one, is all that it reads. Null where nobody knows. */
export function staticOptions(container: Container): readonly StaticOption[] | null {
  const { service, mounts, files } = container
  if (!service.complete || service.entrypoint !== null) return null
  const words = service.command?.words.map(({ text }) => text) ?? []
  // Only what an option is set to may be left open.
  const isAll = words.every(word => {
    const [option = ''] = word.split('=')
    return /^(?:--|traefik$)/.test(option) && !isUnknownWord(option) && !option.includes('$')
  })
  if (!isAll || service.command?.rest != null) return null
  const told = words.filter(word => /^--configfile\b/i.test(word))
  const isMounted = mounts.some(({ target }) => OF_CONFIGURATION.test(target))
  if (told.length === 0 && !isMounted)
    return service.command?.words.map(word => ({ text: word.text, at: placeOf(word) })) ?? null
  const [source, ...others] = pathsOfFile(told).flatMap(path => sourceAt(files, path) ?? [])
  if (source === undefined || others.length > 0) return null
  const options = /\.ya?ml$/.test(source.path) ? optionsOfYaml(source) : optionsOfToml(source)
  return options?.some(({ text }) => isUnknownWord(text.replace(/=.*/s, ''))) === false ? options : null
}

function optionsOfYaml(source: Source): readonly StaticOption[] | null {
  const { documents, broken } = readYaml(source)
  const [document] = documents
  return broken || document === undefined ? null : optionsIn(document, '--')
}

/** Null where a line is more than a table, or a name and its value. */
function optionsOfToml(source: Source): readonly StaticOption[] | null {
  const options: StaticOption[] = []
  let table = ''
  for (const { 0: line, index } of source.code.matchAll(/^.*$/gm)) {
    const text = line.trim()
    const head = /^\[([\w.-]+)\]\s*(?:#.*)?$/.exec(text)?.[1]
    const [, name, written, quoted] = VALUE_OF_TOML.exec(text) ?? []
    if (text === '' || text.startsWith('#')) continue
    const start = index + line.indexOf(text)
    const at = { source, start, end: start + text.length }
    if (head !== undefined) {
      table = `${head}.`
      options.push({ text: `--${head}`, at })
    } else if (name !== undefined) options.push({ text: `--${table}${name}=${quoted ?? written}`, at })
    else return null
  }
  return options
}

const VALUE_OF_TOML = /^([\w.-]+)\s*=\s*("([^"\\]*)"|'[^']*'|[\w.-]+|\[[^\]]*\])\s*(?:#.*)?$/

/** Where Traefik looks for its file. */
function pathsOfFile(told: readonly string[]): readonly string[] {
  return told.length === 0
    ? ['toml', 'yaml', 'yml'].map(ending => `/etc/traefik/traefik.${ending}`)
    : told.flatMap(word => /^[^=]*=(\/[\w./-]+)$/.exec(word)?.[1] ?? [])
}

const OF_CONFIGURATION = /^\/(?:etc(?:\/traefik(?:\/traefik\.\w+)?)?\/?)?$/

/** The lines of a file of YAML, as options of a command. */
function optionsIn(node: YamlNode, path: string): readonly StaticOption[] {
  if (node.kind === 'scalar') return [{ text: `${path}=${node.text.text}`, at: placeOf(node.text) }]
  const below =
    node.kind === 'map'
      ? [...node.entries].map(([name, { value }]) => [name, value] as const)
      : node.items.map((item, index) => [String(index), item] as const)
  const own = below.flatMap(([name, value]) =>
    optionsIn(value, path === '--' ? `--${name}` : `${path}.${name}`),
  )
  return own.length > 0 ? own : [{ text: path, at: node.at }]
}

/** The names that stand behind the beginning of an option: `web` of `--entrypoints.web.address=:80`. */
function namesBelow(words: readonly string[], option: string): readonly string[] {
  const pattern = new RegExp(`^--${option}\\.([^.=]+)`, 'i')
  return [...new Set(words.flatMap(word => pattern.exec(word)?.[1]?.toLowerCase() ?? []))]
}

/** Traefik beside a web service with these labels, for examples. */
export const besideTraefik = /* @__PURE__ */ (
  labels: readonly string[],
  { web = '', options = [], more = '' }: { web?: string; options?: readonly string[]; more?: string } = {},
): Record<string, string> => ({
  'docker-compose.yml': [
    'services:',
    '  traefik:',
    '    image: traefik:v3.1',
    '    command:',
    ...[
      '--providers.docker=true',
      '--entrypoints.web.address=:80',
      '--entrypoints.websecure.address=:443',
      '--certificatesresolvers.le.acme.tlschallenge=true',
      ...options,
    ].map(option => `      - ${option}`),
    '    ports: ["80:80", "443:443"]',
    '    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]',
    '  web:',
    '    image: nginx:1.27',
    ...(web === '' ? [] : [`    ${web}`]),
    '    labels:',
    ...labels.map(label => `      - ${label}`),
    more,
    '',
  ].join('\n'),
})
