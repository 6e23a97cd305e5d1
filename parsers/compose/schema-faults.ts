import { isOneSlipAway } from '../text/one-slip-away.ts'
import { isUnknownWord, type Place, placeText } from '../text/source.ts'
import { placeOf, sliceWritten } from '../text/written-text.ts'
import { writtenPlace } from '../yaml/written-place.ts'
import { isNull, type YamlEntry, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import type { ComposeFault } from './compose.ts'
import { daemonFaults } from './daemon-faults.ts'
import { emptyKeys } from './empty-keys.ts'
import { isTemplate } from './template.ts'
import { type FileContext, valueIn } from './values.ts'

/**
 * What Compose refuses in a file before it starts anything. Its schema is closed; a key that a later one may have
 * is passed over.
 *
 * @param root a document of a file whose services stand below `services`
 */
export function composeFaults(root: YamlMap, context: FileContext): readonly ComposeFault[] {
  return [...faultsOfRoot(root, context)]
}

function* faultsOfRoot(root: YamlMap, context: FileContext): Iterable<ComposeFault> {
  yield* unknownKeys(root, ROOT, '(root)')
  yield* emptyKeys(root)
  for (const entry of mapsIn(root, 'services')) {
    const path = `services.${entry.name}`
    yield* unknownKeys(entry.map, SERVICE, path)
    for (const [key, keys] of PARTS) {
      const part = valueIn(entry.map, key)
      if (part?.kind === 'map') yield* unknownKeys(part, keys, `${path}.${key}`)
    }
    yield* wrongKinds(entry.map, path)
    yield* wrongDurations(entry.map, path)
    yield* contradictions(entry.map, path)
    yield* daemonFaults(entry.map, context)
  }
  for (const kind of ['services', 'networks', 'volumes', 'configs', 'secrets'] as const)
    for (const { name, map } of mapsIn(root, kind)) yield* wrongVariables(map, `${kind}.${name}`)
  for (const kind of ['networks', 'volumes'] as const)
    for (const { name, map } of mapsIn(root, kind))
      yield* unknownKeys(map, kind === 'networks' ? NETWORK : VOLUME, `${kind}.${name}`)
}

function mapsIn(root: YamlMap, key: string): readonly { readonly name: string; readonly map: YamlMap }[] {
  const all = valueIn(root, key)
  if (all?.kind !== 'map') return []
  return [...all.entries.values()].flatMap(({ name, value }) =>
    value.kind === 'map' && !name.startsWith('x-') ? [{ name, map: value }] : [],
  )
}

function* unknownKeys(map: YamlMap, keys: Keys, path: string): Iterable<ComposeFault> {
  for (const entry of map.entries.values()) {
    const { name, key } = entry
    if (keys.own.has(name) || name.startsWith('x-') || name === '<<' || isUnknownWord(name)) continue
    const meant = meantKey(name, keys)
    const home = meant === null ? homeOf(name, keys) : null
    if (meant === null && home === null) continue
    yield { at: key, said: `${path} additional properties '${name}' not allowed`, meant, home }
  }
}

function meantKey(name: string, { own, misspelt }: Keys): string | null {
  const plain = name.toLowerCase().replaceAll('-', '_')
  const known = misspelt.get(plain)
  if (known !== undefined) return known
  for (const key of own) if (key === plain || isOneSlipAway(key, plain)) return key
  return null
}

/** Where a key belongs that stands in the wrong place. */
function homeOf(name: string, { elsewhere }: Keys): string | null {
  return elsewhere.get(name) ?? null
}

/** Values of another kind than the key takes. */
function* wrongKinds(service: YamlMap, path: string): Iterable<ComposeFault> {
  const wrong = (at: Place, said: string, meant: string | null = null): ComposeFault => ({
    at,
    said,
    meant,
    home: null,
  })
  for (const [key, entry] of service.entries) {
    const { value } = entry
    if (isNull(value)) continue
    if (LISTS.has(key)) {
      if (value.kind !== 'list' && !mayBecomeList(value))
        yield wrong(value.at, `${path}.${key} must be a array`)
    } else if (isTemplate(value)) continue
    else if (TEXTS.has(key)) {
      if (value.kind !== 'scalar') yield wrong(value.at, `${path}.${key} must be a string`)
    } else if (PAIRS.has(key)) yield* wrongPairs(entry, path, wrong)
    else if (key === 'depends_on' || key === 'networks') {
      if (value.kind === 'scalar') yield wrong(value.at, `${path}.${key}: invalid type string`)
    }
  }
}

/** Compose puts texts alone in the place of variables; what another program puts there may be anything. */
function mayBecomeList(value: YamlNode): boolean {
  if (value.kind !== 'scalar') return false
  const { text } = value.text
  return isUnknownWord(text) || /\{[{%]|<%|^\$\{?\w+\}?$/.test(text)
}

function* wrongPairs(
  { name, value }: YamlEntry,
  path: string,
  wrong: (at: Place, said: string, meant?: string | null) => ComposeFault,
): Iterable<ComposeFault> {
  if (value.kind === 'scalar') yield wrong(value.at, `${path}.${name}: invalid type string`)
  if (value.kind === 'list')
    for (const [index, item] of value.items.entries()) {
      if (item.kind !== 'map') continue
      const [first] = item.entries.values()
      yield wrong(
        writtenPlace(item),
        `${path}.${name}.[${index}]: unexpected type map[string]interface {}`,
        first?.value.kind === 'scalar' ? `- ${first.name}=${first.value.text.text}` : null,
      )
    }
  if (value.kind === 'map')
    for (const [key, { value: each }] of value.entries)
      if (each.kind !== 'scalar' && !isTemplate(each))
        yield wrong(
          writtenPlace(each),
          isBesideItsKey(each)
            ? 'yaml: mapping values are not allowed in this context'
            : `${path}.${name}.${key} must be a boolean, null, number or string`,
        )
}

/** A colon and a blank in a value without quotes, as in `${NAME:?Error: unset}`: no YAML to Compose. */
function isBesideItsKey({ kind, at: { source, start } }: YamlNode): boolean {
  const line = source.text.slice(source.text.lastIndexOf('\n', start) + 1, start)
  return kind === 'map' && source.text[start] !== '{' && /\S:[ \t]+(?:[&!]\S+[ \t]+)*$/.test(line)
}

const DURATIONS = ['interval', 'timeout', 'start_period', 'start_interval']

/** A time without its unit, which is a number for YAML. */
function* wrongDurations(service: YamlMap, path: string): Iterable<ComposeFault> {
  const check = valueIn(service, 'healthcheck')
  const times: readonly (readonly [string, YamlNode | undefined])[] = [
    ...(check?.kind === 'map'
      ? DURATIONS.map(key => [`healthcheck.${key}`, valueIn(check, key)] as const)
      : []),
    ['stop_grace_period', valueIn(service, 'stop_grace_period')],
  ]
  for (const [key, node] of times)
    if (node?.kind === 'scalar' && /^[1-9]\d*$/.test(placeText(node.at)))
      yield {
        at: node.at,
        said: `${path}.${key} must be a string`,
        meant: `${node.text.text}s`,
        home: null,
      }
}

/** What a service says that Compose takes alone, and not beside something else. */
function* contradictions(service: YamlMap, path: string): Iterable<ComposeFault> {
  const check = valueIn(service, 'healthcheck')
  const test = check?.kind === 'map' ? valueIn(check, 'test') : undefined
  const [first] = test?.kind === 'list' ? test.items : []
  if (first?.kind === 'scalar' && !isTemplate(first) && !/^(?:CMD|CMD-SHELL|NONE)$/.test(first.text.text))
    yield {
      at: first.at,
      said: 'healthcheck.test must start either by "CMD", "CMD-SHELL" or "NONE"',
      meant: `["CMD", "${first.text.text}"`,
      home: null,
    }
  const mode = service.entries.get('network_mode')
  if (mode === undefined || isNull(mode.value) || isTemplate(mode.value)) return
  const networks = valueIn(service, 'networks')
  if (networks === undefined || networks.kind === 'scalar') return
  yield {
    at: mode.key,
    said: `service ${path.replace(/^services\./, '')} declares mutually exclusive \`network_mode\` and \`networks\``,
    meant: null,
    home: null,
  }
}

/** `${` without the name of a variable behind it, which a shell would understand. */
function* wrongVariables(node: YamlNode, path: string): Iterable<ComposeFault> {
  if (node.kind === 'map')
    for (const { name, value } of node.entries.values()) yield* wrongVariables(value, `${path}.${name}`)
  if (node.kind === 'list') for (const item of node.items) yield* wrongVariables(item, `${path}.[]`)
  if (node.kind !== 'scalar' || !node.text.text.includes('${')) return
  const { text } = node.text
  if (isUnknownWord(text) || /\{\{|\{%|<%/.test(text)) return
  for (const { 0: whole, index } of text.matchAll(/\$\$|\$\{(?![a-z_]\w*(?::?[-+?].*)?\})[^{}\n]*\}?/gi)) {
    // Of a name with dots another program makes a value before Compose reads it.
    if (whole === '$$' || /^\$\{[\w-]+(?:\.[\w-]+)+\}$/.test(whole)) continue
    yield {
      at: placeOf(sliceWritten(node.text, index, index + whole.length)),
      said: `invalid interpolation format for ${path}`,
      meant: `$${whole}`,
      home: null,
    }
    return
  }
}

interface Keys {
  readonly own: ReadonlySet<string>
  /** In small letters, with `_` for `-`. */
  readonly misspelt: ReadonlyMap<string, string>
  /** Keys that belong somewhere else, and where. */
  readonly elsewhere: ReadonlyMap<string, string>
}

function keysOf(
  own: string,
  misspelt: Readonly<Record<string, string>> = {},
  elsewhere: Readonly<Record<string, string>> = {},
): Keys {
  const turned = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
    new Map(Object.entries(table).flatMap(([to, names]) => names.split(' ').map(name => [name, to] as const)))
  return { own: new Set(own.split(' ')), misspelt: turned(misspelt), elsewhere: turned(elsewhere) }
}

const ROOT = keysOf(
  'version name include services models networks volumes secrets configs',
  { services: 'service', networks: 'network', volumes: 'volume', secrets: 'secret', configs: 'config' },
  { 'a service': 'image build ports environment depends_on command restart container_name env_file' },
)
const SERVICE = keysOf(
  'develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count cpu_percent cpu_shares cpu_quota cpu_period cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec depends_on device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file label_file environment expose extends provider external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit network_mode models networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_stop privileged profiles pull_policy pull_refresh_after read_only restart runtime scale security_opt shm_size secrets sysctls stdin_open stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket user uts userns_mode volumes volumes_from working_dir',
  {
    ports: 'port published_ports expose_ports',
    volumes: 'volume mounts mount',
    networks: 'network',
    environment: 'env envs environments environment_variables env_vars env_variables enviroments',
    env_file: 'env_files envfile environment_file',
    depends_on: 'depend_on depends dependson',
    container_name: 'name containername',
    image: 'images',
    command: 'cmd commands',
    entrypoint: 'entry_point',
    links: 'link',
    labels: 'label',
    working_dir: 'workdir work_dir working_directory workingdir',
    healthcheck: 'health_check healthchecks',
    user: 'users',
    restart: 'restarts restart_always',
    network_mode: 'net networkmode',
    extra_hosts: 'extra_host add_host hosts',
    cap_add: 'capabilities',
    secrets: 'secret',
    configs: 'config',
    profiles: 'profile',
    stdin_open: 'interactive',
  },
  {
    '`healthcheck`': 'test interval timeout retries start_period',
    '`build`': 'dockerfile context args target cache_from',
    '`deploy`': 'replicas resources restart_policy update_config placement limits reservations',
    '`logging`': 'driver options log_driver log_opt',
    'the root of the file': 'services version',
  },
)
const HEALTHCHECK = keysOf('disable interval retries test timeout start_period start_interval', {
  test: 'command cmd check',
  retries: 'retry',
  interval: 'period',
  disable: 'disabled',
})
const BUILD = keysOf(
  'context dockerfile dockerfile_inline entitlements ssh args labels cache_from cache_to no_cache no_cache_filter additional_contexts network provenance sbom pull target shm_size extra_hosts isolation privileged secrets tags ulimits platforms',
  { dockerfile: 'docker_file file', args: 'arg build_args', context: 'path' },
  { 'the service': 'image ports volumes environment container_name command depends_on restart env_file' },
)
const DEPLOY = keysOf(
  'mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement',
  { replicas: 'replica scale', restart_policy: 'restart', resources: 'resource limits' },
)
const NETWORK = keysOf(
  'name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels',
  { driver_opts: 'driver_options options' },
)
const VOLUME = keysOf('name driver driver_opts external labels', {
  driver_opts: 'driver_options options opts',
})

const PARTS: readonly (readonly [string, Keys])[] = [
  ['healthcheck', HEALTHCHECK],
  ['build', BUILD],
  ['deploy', DEPLOY],
]

const LISTS: ReadonlySet<string> = new Set(
  'ports volumes expose links external_links cap_add cap_drop devices security_opt volumes_from profiles'.split(
    ' ',
  ),
)
const TEXTS: ReadonlySet<string> = new Set(
  'image container_name hostname network_mode user working_dir restart'.split(' '),
)
const PAIRS: ReadonlySet<string> = new Set(['environment', 'labels'])
