import { posix } from 'node:path'
import { OF_RUN, keysOf, networksOf } from './read-run.ts'
import { type CommandOption, readOptions } from './command-options.ts'
import type { StartedContainer } from './started-container.ts'
import { parseUnit, type UnitSetting } from '../systemd/parse-unit.ts'
import { fillSpecifiers, type UnitName, unitName } from '../systemd/unit-name.ts'
import { unitWords } from '../systemd/unit-words.ts'
import { type Source, UNKNOWN } from '../text/source.ts'
import { placeOf, type WrittenText, writtenFor } from '../text/written-text.ts'
import { madeScalar } from '../yaml/made-nodes.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'

/** Settings with one value a line, by the option of `podman run` that Quadlet makes of them. */
const LINES: ReadonlyMap<string, string> = new Map([
  ['AddHost', 'add-host'],
  ['ContainerName', 'name'],
  ['Entrypoint', 'entrypoint'],
  ['EnvironmentFile', 'env-file'],
  ['ExposeHostPort', 'expose'],
  ['HealthCmd', 'health-cmd'],
  ['HostName', 'hostname'],
  ['IP', 'ip'],
  ['Mount', 'mount'],
  ['Network', 'network'],
  ['NetworkAlias', 'network-alias'],
  ['PublishPort', 'publish'],
  ['Pull', 'pull'],
  ['ReadOnly', 'read-only'],
  ['Tmpfs', 'tmpfs'],
  ['User', 'user'],
  ['Volume', 'volume'],
  ['WorkingDir', 'workdir'],
])

/** Settings of which each line has several values. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['Environment', 'env'],
  ['Label', 'label'],
])

/**
 * The container of a Quadlet, a unit of Podman; null where it names no image.
 *
 * @see https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html
 */
export function readQuadlet(source: Source, fileName: string): StartedContainer | null {
  const name = unitName(fileName.replace(/\.container$/, '.service'))
  const settings = parseUnit(source)
  const own = settings.filter(({ section, value }) => section === 'Container' && value !== '')
  const last = (wanted: string): UnitSetting | undefined => own.findLast(each => each.name === wanted)
  const image = last('Image')
  if (image === undefined) return null
  const options = [...own.flatMap(setting => optionsOf(setting, name)), ...ofPodman(own, name)]
  const exec = last('Exec')
  const isOfFile = /\.(?:build|image)$/.test(image.value)
  const reference = isOfFile ? hidden(image.written) : fillSpecifiers(image.written, name)
  const restart = settings.findLast(each => each.section === 'Service' && each.name === 'Restart')
  const pod = last('Pod')
  const containerName = options.findLast(each => each.name === 'name')?.value ?? null
  const written = image.written
  const { start, end } = placeOf(written)
  const called = containerName ?? writtenFor(source, `systemd-${name.prefix}`, start, end)
  return {
    name: name.instance === null || containerName !== null ? called : hidden(called),
    image: reference,
    keys: [
      ...keysOf(options, reference, exec === undefined ? [] : wordsIn(exec, name)),
      ...(pod === undefined
        ? containerNetwork(own)
        : [['network_mode', madeScalar(hidden(pod.written))] as const]),
      ...(restart === undefined || !/^(?:always|on-failure|no)$/.test(restart.value)
        ? []
        : [['restart', madeScalar(restart.written)] as const]),
    ],
    at: { source, start: image.start, end: image.end },
    complete: true,
  }
}

function wordsIn({ written }: UnitSetting, name: UnitName): readonly WrittenText[] {
  return (unitWords(written) ?? []).map(word => fillSpecifiers(word, name))
}

function optionsOf(setting: UnitSetting, name: UnitName): readonly CommandOption[] {
  const option = LINES.get(setting.name)
  if (option !== undefined) return [{ name: option, value: fillSpecifiers(setting.written, name) }]
  const listed = WORDS.get(setting.name)
  return listed === undefined ? [] : wordsIn(setting, name).map(value => ({ name: listed, value }))
}

function ofPodman(settings: readonly UnitSetting[], name: UnitName): readonly CommandOption[] {
  return settings
    .filter(setting => setting.name === 'PodmanArgs')
    .flatMap(setting => readOptions(wordsIn(setting, name), OF_RUN).options)
}

/** `Network=db.container`: that of another container. */
function containerNetwork(settings: readonly UnitSetting[]): readonly (readonly [string, YamlNode])[] {
  const other = settings.find(each => each.name === 'Network' && each.value.endsWith('.container'))
  if (other === undefined) return []
  const { source, start, end } = placeOf(other.written)
  const mode = writtenFor(source, `container:${posix.basename(other.value, '.container')}`, start, end)
  return networksOf([mode], [], null)
}

function hidden(written: WrittenText): WrittenText {
  const { source, start, end } = placeOf(written)
  return writtenFor(source, UNKNOWN, start, end)
}
