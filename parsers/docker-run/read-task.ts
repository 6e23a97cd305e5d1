import { posix } from 'node:path'
import { splitQuotedWords } from '../text/quoted-words.ts'
import { isUnknownWord, UNKNOWN } from '../text/source.ts'
import { MappedText } from '../text/text-map.ts'
import { finishWritten, type WrittenText, writtenFor } from '../text/written-text.ts'
import { madeList, madeMap, madeScalar } from '../yaml/made-nodes.ts'
import { isNull, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import type { BuildCommand } from './read-build.ts'
import type { StartedContainer } from './started-container.ts'

const CONTAINER = /^(?:community\.(?:docker|general)\.|containers\.podman\.)?(?:docker|podman)_container$/
const IMAGE =
  /^(?:community\.(?:docker|general)\.|containers\.podman\.)?(?:docker_image(?:_build)?|podman_image)$/

/** Options of the modules for Docker and for Podman, by the key of a compose file that takes the same. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ...['image', 'links', 'labels', 'tmpfs', 'hostname', 'domainname', 'user', 'working_dir', 'volumes'].map(
    (name): [string, string] => [name, name],
  ),
  ...['read_only', 'volumes_from', 'env_file', 'privileged', 'network_mode'].map((name): [string, string] => [
    name,
    name,
  ]),
  ['name', 'container_name'],
  ['env', 'environment'],
  ['etc_hosts', 'extra_hosts'],
  ['exposed', 'expose'],
  ['exposed_ports', 'expose'],
  ['expose', 'expose'],
  ['label', 'labels'],
  ['ports', 'ports'],
  ['published', 'ports'],
  ['published_ports', 'ports'],
  ['publish', 'ports'],
  ['restart_policy', 'restart'],
  ['security_opts', 'security_opt'],
  ['security_opt', 'security_opt'],
  ['volume', 'volumes'],
  ['workdir', 'working_dir'],
])

/** Those that are no one text: where a variable stands for all of them, nobody knows what it holds. */
const MANY = /^(?:ports|environment|volumes|labels|extra_hosts|links|expose|tmpfs|mounts)$/

/** A task of Ansible that runs a container; null for every other. */
export function readContainerTask(task: YamlMap, playbook: string | null): StartedContainer | null {
  const call = [...task.entries.values()].find(({ name }) => CONTAINER.test(name))
  if (call === undefined || call.value.kind !== 'map') return null
  const options = filledIn(call.value, playbook) as YamlMap
  const textOf = (key: string): WrittenText | null => {
    const value = options.entries.get(key)?.value
    return value?.kind === 'scalar' && !isNull(value) ? value.text : null
  }
  const image = textOf('image')
  const state = textOf('state')?.text ?? 'started'
  if (image === null || !/^(?:started|healthy|present|created)$/.test(state)) return null
  const keys = [...options.entries.values()].flatMap(({ name, value }) => {
    const key = KEYS.get(name)
    return key === undefined || isNull(value) ? [] : [[key, value] as const]
  })
  const mounts = listIn(options, 'mounts')
  const volumes = keys.flatMap(([key, value]) =>
    key === 'volumes' && value.kind === 'list' ? value.items : [],
  )
  const isHidden = [...options.entries.values()].some(
    ({ name, value }) =>
      value.kind === 'scalar' && isUnknownWord(value.text.text) && MANY.test(KEYS.get(name) ?? name),
  )
  return {
    name: textOf('name'),
    image,
    keys: [
      ...keys.filter(([key]) => !/^(?:volumes|links)$/.test(key) || mounts.length === 0),
      ...(mounts.length > 0 ? [['volumes', madeList([...volumes, ...mounts], call.value.at)] as const] : []),
      ...wordsIn(options, 'command'),
      ...wordsIn(options, 'entrypoint'),
      ...networksIn(options),
      ...checkIn(options),
    ],
    at: call.key,
    complete: !isHidden,
  }
}

/** A task of Ansible that builds an image; null for every other. */
export function readImageTask(task: YamlMap, playbook: string | null): BuildCommand | null {
  const call = [...task.entries.values()].find(({ name }) => IMAGE.test(name))
  if (call === undefined || call.value.kind !== 'map') return null
  const options = filledIn(call.value, playbook) as YamlMap
  const inner = options.entries.get('build')?.value
  const build = inner?.kind === 'map' ? inner : options
  const scalar = (map: YamlMap, key: string): YamlNode | undefined => {
    const value = map.entries.get(key)?.value
    return value?.kind === 'scalar' ? value : undefined
  }
  const name = scalar(options, 'name')
  const tag = scalar(options, 'tag')
  const path = scalar(build, 'path') ?? scalar(options, 'path')
  if (name?.kind !== 'scalar' || path?.kind !== 'scalar') return null
  const isHidden = isUnknownWord(name.text.text) || (tag?.kind === 'scalar' && isUnknownWord(tag.text.text))
  const { text } = path.text
  // Where Ansible runs a task is another machine's matter.
  const context = text.startsWith('/')
    ? path
    : madeScalar(writtenFor(path.at.source, UNKNOWN, path.at.start, path.at.end))
  const dockerfile = scalar(build, 'dockerfile') ?? scalar(build, 'file')
  const target = scalar(build, 'target')
  const args = build.entries.get('args')?.value
  return {
    tags: isHidden ? [] : [tag?.kind === 'scalar' ? `${name.text.text}:${tag.text.text}` : name.text.text],
    build: madeMap(
      [
        ['context', context],
        ...(dockerfile === undefined ? [] : [['dockerfile', dockerfile] as const]),
        ...(target === undefined ? [] : [['target', target] as const]),
        ...(args?.kind === 'map' ? [['args', args] as const] : []),
      ],
      call.value.at,
    ),
  }
}

/** A text is cut into words without a shell. */
function wordsIn(options: YamlMap, name: string): readonly (readonly [string, YamlNode])[] {
  const value = options.entries.get(name)?.value
  if (value === undefined || isNull(value)) return []
  if (value.kind !== 'scalar') return [[name, value]]
  return [[name, madeList(splitQuotedWords(value.text).map(madeScalar), value.at)]]
}

function networksIn(options: YamlMap): readonly (readonly [string, YamlNode])[] {
  if (options.entries.has('pod')) {
    const { value } = options.entries.get('pod')!
    return [
      [
        'network_mode',
        value.kind === 'scalar'
          ? madeScalar(writtenFor(value.at.source, UNKNOWN, value.at.start, value.at.end))
          : value,
      ],
    ]
  }
  const value = (options.entries.get('networks') ?? options.entries.get('network'))?.value
  if (value === undefined || isNull(value)) return []
  const items = value.kind === 'list' ? value.items : [value]
  const entries = items.flatMap((item): readonly (readonly [string, YamlNode])[] => {
    if (item.kind === 'scalar') return [[item.text.text, madeMap([], item.at)]]
    const name = item.kind === 'map' ? item.entries.get('name')?.value : undefined
    if (item.kind !== 'map' || name?.kind !== 'scalar') return []
    const own = ['aliases', 'ipv4_address'].flatMap(key => {
      const option = item.entries.get(key)?.value
      return option === undefined ? [] : [[key, option] as const]
    })
    return [[name.text.text, madeMap(own, name.at)]]
  })
  const [only] = entries
  if (entries.length === 1 && only !== undefined && /^(?:host|none|container:.*)$/.test(only[0]))
    return [
      [
        'network_mode',
        items[0]?.kind === 'scalar' ? items[0] : (items[0] as YamlMap).entries.get('name')!.value,
      ],
    ]
  const joined = entries.filter(([name]) => !/^(?:bridge|default)$/.test(name))
  return joined.length === 0 ? [] : [['networks', madeMap(joined, value.at)]]
}

function checkIn(options: YamlMap): readonly (readonly [string, YamlNode])[] {
  const value = options.entries.get('healthcheck')?.value
  if (value?.kind === 'map') return [['healthcheck', value]]
  return value?.kind === 'scalar' && !isNull(value)
    ? [['healthcheck', madeMap([['test', value]], value.at)]]
    : []
}

function listIn(options: YamlMap, name: string): readonly YamlNode[] {
  const value = options.entries.get(name)?.value
  return value?.kind === 'list' ? value.items : []
}

const PLACEHOLDER = /\{\{-?\s*([\s\S]*?)\s*-?\}\}/g

/** What stands in braces is filled in by Ansible: nobody knows it but for the directory of the playbook. */
function filledIn(node: YamlNode, playbook: string | null): YamlNode {
  if (node.kind === 'list') return { ...node, items: node.items.map(item => filledIn(item, playbook)) }
  if (node.kind === 'map')
    return {
      ...node,
      entries: new Map(
        [...node.entries].map(([key, entry]) => [
          key.replace(PLACEHOLDER, UNKNOWN),
          {
            ...entry,
            name: entry.name.replace(PLACEHOLDER, UNKNOWN),
            value: filledIn(entry.value, playbook),
          },
        ]),
      ),
    }
  const { text } = node
  if (!text.text.includes('{{')) return node
  const into = new MappedText(text.text, text.map, 0)
  let at = 0
  for (const { index, 0: whole, 1: expression = '' } of text.text.matchAll(PLACEHOLDER)) {
    into.copy(at, index)
    into.replace(
      index,
      index + whole.length,
      directoryOf(expression, playbook, node.at.source.path) ?? UNKNOWN,
    )
    at = index + whole.length
  }
  into.copy(at, text.text.length)
  return { ...node, text: finishWritten(into, text) }
}

function directoryOf(expression: string, playbook: string | null, path: string): string | null {
  if (expression === 'playbook_dir') return playbook === '/' ? '' : playbook
  return expression === 'role_path' ? (/^(.*\/roles\/[^/]+)\//.exec(path)?.[1] ?? null) : null
}

/** The tasks of a file, in blocks too, in whatever list they stand. */
export function* tasksIn(node: YamlNode): Iterable<YamlMap> {
  if (node.kind === 'list') for (const item of node.items) yield* tasksIn(item)
  else if (node.kind === 'map') {
    yield node
    for (const { name, value } of node.entries.values())
      if (/^(?:tasks|pre_tasks|post_tasks|block|rescue|always|handlers)$/.test(name)) yield* tasksIn(value)
  }
}

/** The directory of the playbook that has a file of tasks: that above its role. */
export function playbookOf(path: string): string {
  const role = path.indexOf('/roles/')
  if (role !== -1) return path.slice(0, role) || '/'
  const directory = posix.dirname(path)
  return /^(?:tasks|handlers)$/.test(posix.basename(directory)) ? posix.dirname(directory) : directory
}
