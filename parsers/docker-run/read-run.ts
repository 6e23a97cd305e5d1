import {
  placeAcross,
  placeOf,
  sliceWritten,
  splitWritten,
  type WrittenText,
  writtenFor,
} from '../text/written-text.ts'
import { madeList, madeMap, madeScalar } from '../yaml/made-nodes.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'
import { type CommandOption, type OptionNames, readOptions } from './command-options.ts'
import type { StartedContainer } from './started-container.ts'

/** What `docker run` and `docker create` say of a container. */
export interface RunCommand extends StartedContainer {
  /** True for `-d`. */
  readonly isDetached: boolean
  /** True for `--rm`. */
  readonly isRemoved: boolean
}

/** Those of `docker run`, `podman run` and `nerdctl run`. */
export const OF_RUN: OptionNames = {
  plain: new Set([
    ...['detach', 'disable-content-trust', 'env-host', 'help', 'http-proxy', 'init', 'interactive'],
    ...['no-healthcheck', 'no-hostname', 'no-hosts', 'oom-kill-disable', 'passwd', 'privileged'],
    ...['publish-all', 'quiet', 'read-only', 'read-only-tmpfs', 'replace', 'rm', 'rmi', 'rootfs'],
    ...['sig-proxy', 'tls-verify', 'tty', 'unsetenv-all', 'use-api-socket'],
  ]),
  letters: {
    ...{ a: 'attach', c: 'cpu-shares', d: 'detach', e: 'env', h: 'hostname', i: 'interactive', l: 'label' },
    ...{ m: 'memory', p: 'publish', P: 'publish-all', q: 'quiet', t: 'tty', u: 'user', v: 'volume' },
    w: 'workdir',
  },
}

/** Options that may be given several times, by the key of a compose file that takes the same texts. */
const LISTS: Readonly<Record<string, string>> = {
  'add-host': 'extra_hosts',
  env: 'environment',
  'env-file': 'env_file',
  expose: 'expose',
  label: 'labels',
  link: 'links',
  publish: 'ports',
  'security-opt': 'security_opt',
  tmpfs: 'tmpfs',
  'volumes-from': 'volumes_from',
}

const TEXTS: Readonly<Record<string, string>> = {
  domainname: 'domainname',
  hostname: 'hostname',
  name: 'container_name',
  pull: 'pull_policy',
  restart: 'restart',
  user: 'user',
  workdir: 'working_dir',
}

const FLAGS: Readonly<Record<string, string>> = { privileged: 'privileged', 'read-only': 'read_only' }

/**
 * The container of `docker run` and its like.
 *
 * @param program the first word of the command
 * @param args what stands behind `run`
 */
export function readRun(program: WrittenText, args: readonly WrittenText[]): RunCommand | null {
  const { options, rest, complete } = readOptions(args, OF_RUN)
  const [image, ...command] = rest
  if (image === undefined) return null
  const is = (name: string): boolean =>
    options.some(each => each.name === name && (each.value === null || each.value.text !== 'false'))
  return {
    name: lastOf(options, 'name'),
    image,
    keys: keysOf(options, image, complete ? command : []),
    at: placeAcross(program, rest.at(-1) ?? image),
    complete,
    isDetached: is('detach'),
    isRemoved: is('rm'),
  }
}

function lastOf(options: readonly CommandOption[], name: string): WrittenText | null {
  return options.findLast(each => each.name === name)?.value ?? null
}

/** The options as keys of a service. */
export function keysOf(
  options: readonly CommandOption[],
  image: WrittenText,
  command: readonly WrittenText[],
): readonly (readonly [string, YamlNode])[] {
  const at = placeOf(image)
  const valuesOf = (...names: readonly string[]): readonly WrittenText[] =>
    options.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []))
  const listed = Object.entries(LISTS).flatMap(([name, key]) => {
    const items = valuesOf(name).map(madeScalar)
    return items.length === 0 ? [] : [[key, madeList(items, at)] as const]
  })
  const texts = Object.entries(TEXTS).flatMap(([name, key]) => {
    const value = lastOf(options, name)
    return value === null ? [] : [[key, madeScalar(value)] as const]
  })
  const flags = Object.entries(FLAGS).flatMap(([name, key]) => {
    const option = options.findLast(each => each.name === name)
    return option === undefined ? [] : [[key, madeScalar(option.value ?? saying(image, 'true'))] as const]
  })
  const mounts = [...valuesOf('volume').map(madeScalar), ...valuesOf('mount').map(mountOf)]
  const entrypoint = lastOf(options, 'entrypoint')
  const check = lastOf(options, 'health-cmd')
  const isUnchecked = options.some(({ name }) => name === 'no-healthcheck')
  return [
    ['image', madeScalar(image)],
    ...listed,
    ...texts,
    ...flags,
    ...(mounts.length > 0 ? [['volumes', madeList(mounts, at)] as const] : []),
    ...networksOf(valuesOf('network', 'net'), valuesOf('network-alias', 'net-alias'), lastOf(options, 'ip')),
    ...(entrypoint === null
      ? []
      : [
          [
            'entrypoint',
            // An empty one takes away that of the image.
            madeList(entrypoint.text === '' ? [] : [madeScalar(entrypoint)], placeOf(entrypoint)),
          ] as const,
        ]),
    ...(command[0] === undefined
      ? []
      : [
          [
            'command',
            madeList(command.map(madeScalar), placeAcross(command[0], command.at(-1) ?? command[0])),
          ] as const,
        ]),
    ...(isUnchecked
      ? [['healthcheck', madeMap([['disable', madeScalar(saying(image, 'true'))]], at)] as const]
      : check === null
        ? []
        : [['healthcheck', madeMap([['test', madeScalar(check)]], placeOf(check))] as const]),
  ]
}

/** A text that nobody wrote, at the place of one that stands for it. */
function saying(at: WrittenText, text: string): WrittenText {
  const place = placeOf(at)
  return writtenFor(place.source, text, place.start, place.end)
}

/** `type=bind,source=/srv/shop,target=/app,readonly`. */
function mountOf(written: WrittenText): YamlNode {
  const parts = splitWritten(written, ',').map((part): readonly [string, YamlNode] => {
    const equals = part.text.indexOf('=')
    const name = part.text.slice(0, equals === -1 ? undefined : equals)
    const value = equals === -1 ? saying(part, 'true') : sliceWritten(part, equals + 1)
    return [name === 'ro' ? 'readonly' : name, madeScalar(value)]
  })
  return madeMap(parts, placeOf(written))
}

const MODES = /^(?:host|none|private|slirp4netns|pasta|ns)(?::|$)/

/** A network by its name; `host` and its like are none. Docker's own bridge is that of a container without any. */
export function networksOf(
  networks: readonly WrittenText[],
  aliases: readonly WrittenText[],
  address: WrittenText | null,
): readonly (readonly [string, YamlNode])[] {
  const mode = networks.find(({ text }) => MODES.test(text) || text.startsWith('container:'))
  if (mode !== undefined) return [['network_mode', madeScalar(mode)]]
  // Podman writes what belongs to a network behind a colon.
  const joined = networks
    .map(each => splitWritten(each, ',').flatMap(part => splitWritten(part, ':')))
    .filter(([name]) => !/^(?:bridge|default|podman)$/.test(name!.text))
  if (joined.length === 0) return []
  const entries = joined.map((parts, index): readonly [string, YamlNode] => {
    const name = parts.find(({ text }) => text.startsWith('name='))
    const network = name === undefined ? parts[0]! : sliceWritten(name, 'name='.length)
    const named = parts
      .filter(({ text }) => text.startsWith('alias='))
      .map(each => sliceWritten(each, 'alias='.length))
    const own = [...named, ...(index === 0 ? aliases : [])].map(madeScalar)
    const at = placeOf(network)
    const options = madeMap(
      [
        ...(own.length > 0 ? [['aliases', madeList(own, at)] as const] : []),
        ...(index === 0 && address !== null ? [['ipv4_address', madeScalar(address)] as const] : []),
      ],
      at,
    )
    return [network.text, options]
  })
  return [['networks', madeMap(entries, placeOf(networks[0]!))]]
}
