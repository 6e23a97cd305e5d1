import { posix } from 'node:path'
import { memoByKey } from '../../../parsers/collections/memo.ts'
import type { ComposeService, ContainerStarter } from '../../../parsers/compose/compose.ts'
import { readOptions } from '../../../parsers/docker-run/command-options.ts'
import { type BuildCommand, readBuildCommand } from '../../../parsers/docker-run/read-build.ts'
import { readRun } from '../../../parsers/docker-run/read-run.ts'
import {
  playbookOf,
  readContainerTask,
  readImageTask,
  tasksIn,
} from '../../../parsers/docker-run/read-task.ts'
import { serviceOf, type StartedContainer } from '../../../parsers/docker-run/started-container.ts'
import { readQuadlet } from '../../../parsers/docker-run/read-quadlet.ts'
import { execWords, readExec } from '../../../parsers/systemd/exec-command.ts'
import { parseUnit } from '../../../parsers/systemd/parse-unit.ts'
import { unitName } from '../../../parsers/systemd/unit-name.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import { directoriesAbove } from '../../../parsers/text/directories-above.ts'
import { type Fact, unknown } from '../../../parsers/text/fact.ts'
import { isUnknownWord, type Source, UNKNOWN } from '../../../parsers/text/source.ts'
import { factOf, placeOf, type WrittenText, writtenFor } from '../../../parsers/text/written-text.ts'
import { madeScalar } from '../../../parsers/yaml/made-nodes.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlMap } from '../../../parsers/yaml/yaml-node.ts'
import { QUADLET } from '../../files/container-starters.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { writtenName } from '../../files/starters.ts'
import { type FollowedCommand, followedCommands, WORKING_DIRECTORY } from '../setups/followed-commands.ts'
import { isMakefile, readMakefile } from '../setups/make-recipes.ts'
import { isYaml, shellsOf } from '../setups/setup-commands.ts'

/** What one text does with containers. */
export interface ContainerText {
  readonly source: Source
  readonly startedBy: ContainerStarter
  /** The directory whose texts belong together. */
  readonly home: string
  /** Those that it starts, with the directory in which each is started. */
  readonly started: readonly Started[]
  /** The same without a guess where it is started. */
  readonly sure: readonly Started[]
  readonly builds: readonly BuildCommand[]
  /** Networks that it makes. */
  readonly networks: readonly string[]
  /** Containers that it brings into a network once they run. */
  readonly joins: readonly Join[]
}

interface Join {
  readonly network: WrittenText
  readonly container: WrittenText
  readonly aliases: readonly WrittenText[]
}

interface Started {
  readonly container: StartedContainer
  readonly directory: string | null
}

type BuildOf = (image: string, text: ContainerText) => BuildCommand['build'] | null

/** The containers that a text starts. */
export const containerText = memoByKey((files: FileSystem, source: Source): ContainerText => {
  const text = readText(source, null)
  if (text.startedBy !== 'docker run' || text.started.length + text.builds.length === 0) return text
  const guess = inGuessedDirectory(text, files)
  return guess === null ? text : { ...guess, sure: text.started }
})

/**
 * The same text as it is read in the directory of the script, or in one above, where its files are: there a script does
 * what nobody is seen to do in another one. Null where none has more of them.
 */
function inGuessedDirectory(unguessed: ContainerText, files: FileSystem): ContainerText | null {
  const { source } = unguessed
  if (isMakefile(source)) return readText(source, posix.dirname(source.path))
  if (unguessed.builds.length === 0 && !RELATIVE.test(source.text)) return null
  const count = (text: ContainerText): number =>
    pathsOf(text).filter(path => files.kind(path) !== null).length
  let best = { text: unguessed, count: count(unguessed) }
  for (const directory of directoriesAbove(source.path)) {
    const text = readText(source, directory)
    if (count(text) > best.count) best = { text, count: count(text) }
  }
  return best.text === unguessed ? null : best.text
}

/** Without one of these no path hangs on the directory. */
const RELATIVE = /\bpwd\b|[\s"'=]\.{1,2}(?:[\s/"':]|$)/i

function pathsOf(text: ContainerText): readonly string[] {
  const services = text.started.map(({ container, directory }) => serviceOf(container, null, directory))
  const contexts = text.builds.flatMap(({ build }) => {
    const [context, file] = ['context', 'dockerfile'].map(key => {
      const value = build.entries.get(key)?.value
      return value?.kind === 'scalar' ? value.text.text : null
    })
    return context == null ? [] : [posix.join(context, file ?? 'Dockerfile')]
  })
  return [...services.flatMap(filesOf), ...contexts]
}

function filesOf({ volumes, envFiles }: ComposeService): readonly string[] {
  return [
    ...volumes.flatMap(({ kind, source }) =>
      kind === 'bind' && source?.known === true ? [source.value] : [],
    ),
    ...envFiles.flatMap(({ path }) => (path.known ? [path.value] : [])),
  ]
}

/** The services of a text, with what their images are built from. */
export function servicesOf(
  text: ContainerText,
  files: FileSystem,
  buildOf: BuildOf,
): readonly ComposeService[] {
  const services = text.started.map(({ container, directory }, index) => {
    const image = container.image?.text
    const build = image === undefined || isUnknownWord(image) ? null : buildOf(image, text)
    const service = withJoins(serviceOf(container, build, directory), text.joins)
    const certain = text.sure[index]
    return certain === undefined || text.sure === text.started
      ? service
      : withoutGuesses(service, serviceOf(certain.container, null, certain.directory), files)
  })
  return services.some(isOfTests) ? [] : services
}

/** With the networks that `docker network connect` brings it into. */
function withJoins(service: ComposeService, joins: readonly Join[]): ComposeService {
  const joined = joins.filter(({ container }) => container.text === service.name)
  const isOpen = joins.some(({ container }) => isUnknownWord(container.text))
  if (joined.length === 0 && !isOpen) return service
  return {
    ...service,
    networks: [
      ...(service.networks ?? []),
      ...joined.map(({ network, aliases }) => ({
        at: placeOf(network),
        network: factOf(network),
        aliases: aliases.map(factOf),
        address: null,
      })),
    ],
    complete: service.complete && !isOpen,
  }
}

/** True for one that has files of tests, or an image that is made to be tested. */
function isOfTests({ volumes, image }: ComposeService): boolean {
  return (
    (image?.known === true && /:test(?:ing|s)?$/.test(image.value)) ||
    volumes.some(({ source }) => source?.known === true && /\/tests?(?:\/|$)/.test(source.value))
  )
}

/** Of paths in a directory that is a guess those that are there. */
function withoutGuesses(service: ComposeService, sure: ComposeService, files: FileSystem): ComposeService {
  const checked = (path: Fact<string>, certain: Fact<string> | null | undefined): Fact<string> =>
    !path.known || certain?.known === true || files.kind(path.value) !== null
      ? path
      : unknown('nobody knows the directory in which it is started', path.at)
  return {
    ...service,
    volumes: service.volumes.map((mount, index) =>
      mount.kind !== 'bind' || mount.source === null
        ? mount
        : { ...mount, source: checked(mount.source, sure.volumes[index]?.source) },
    ),
    envFiles: service.envFiles.map((each, index) => ({
      ...each,
      path: checked(each.path, sure.envFiles[index]?.path),
    })),
  }
}

function readText(source: Source, guess: string | null): ContainerText {
  const { path } = source
  const home = posix.dirname(path)
  if (QUADLET.test(path)) {
    const container = readQuadlet(source, writtenName(posix.basename(path)))
    const started = container === null ? [] : [{ container, directory: home }]
    return { source, startedBy: 'quadlet', home, started, sure: started, builds: [], networks: [], joins: [] }
  }
  if (isYaml(source)) {
    const playbook = playbookOf(path)
    const tasks = readYaml(source).documents.flatMap(document => [...tasksIn(document)])
    const containers = tasks.flatMap(task => readContainerTask(task, playbook) ?? [])
    const started = containers.map(container => ({ container, directory: null }))
    const builds = tasks.flatMap(task => readImageTask(task, playbook) ?? [])
    if (started.length + builds.length > 0)
      return {
        source,
        startedBy: 'ansible',
        home: playbook,
        started,
        sure: started,
        builds,
        networks: tasks.flatMap(networkOfTask),
        joins: tasks.flatMap(joinsOfTask),
      }
  }
  const isOfUnit = path.includes('.service')
  const commands = isOfUnit ? commandsOfUnit(source) : commandsOf(source, guess)
  const started = commands.flatMap(each => startedBy(each, isOfUnit))
  return {
    source,
    startedBy: 'docker run',
    home,
    started,
    sure: started,
    builds: commands.flatMap(buildBy),
    networks: commands.flatMap(networkBy),
    joins: commands.flatMap(joinBy),
  }
}

type Command = Pick<FollowedCommand, 'words' | 'directory'> & { readonly restart?: WrittenText }

function commandsOf(source: Source, guess: string | null): readonly Command[] {
  const known = [...inDirectory(guess), ...ofScript(source.path)]
  if (!isMakefile(source))
    return shellsOf(source).flatMap(scripts => [...followedCommands(scripts, known, guess)])
  const { recipes, variables } = readMakefile(source)
  const ofMake = [...variables].map(([name, value]) => [`$(${name})`, value] as const)
  return recipes.flatMap(({ lines }) => [
    ...followedCommands(lines, [...variables, ...ofMake, ...known], guess),
  ])
}

function commandsOfUnit(source: Source): readonly Command[] {
  const name = unitName(writtenName(posix.basename(source.path)))
  const settings = parseUnit(source)
  const restart = settings.findLast(
    each => each.name === 'Restart' && /^(?:always|on-failure)$/.test(each.value),
  )?.written
  return settings
    .filter(({ section, name: setting }) => section === 'Service' && /^ExecStart(?:Pre)?$/.test(setting))
    .flatMap(setting => readExec(setting, name))
    .map(exec => ({
      words: execWords(exec, () => undefined),
      directory: null,
      ...(restart !== undefined && { restart }),
    }))
}

function inDirectory(directory: string | null): readonly (readonly [string, string])[] {
  return WORKING_DIRECTORY.map(name => [name, directory ?? UNKNOWN])
}

/** By which a script names the directory that it lies in. */
function ofScript(path: string): readonly (readonly [string, string])[] {
  const home = posix.dirname(path)
  const own = ['$0', '${0}', '${BASH_SOURCE[0]}', '${BASH_SOURCE}', '$BASH_SOURCE']
  return own.flatMap(name => {
    const inside = [
      `$(dirname${name})`,
      `$(dirname--${name})`,
      `$(dirname$(readlink-f${name}))`,
      `$(dirname$(realpath${name}))`,
    ]
    return [
      ...inside.map(text => [text, home] as const),
      ...['', '/..', '/../..'].flatMap(up =>
        ['&&pwd', ';pwd', '&&pwd-P', '>/dev/null2>&1&&pwd', '>/dev/null&&pwd'].flatMap(end => [
          [`$(cd$(dirname${name})${up}${end})`, posix.join(home, up)] as const,
          [`$(cd--$(dirname${name})${up}${end})`, posix.join(home, up)] as const,
        ]),
      ),
    ]
  })
}

const PROGRAM = /^(?:docker|podman|nerdctl)$/

/** The words behind `docker run`, and behind another verb; null for every other command. */
function behind(words: readonly WrittenText[], verb: RegExp): readonly WrittenText[] | null {
  const [program, first, second] = words
  if (program === undefined || !PROGRAM.test(posix.basename(program.text))) return null
  if (first !== undefined && verb.test(first.text)) return words.slice(2)
  if (!/^(?:container|image|buildx|builder)$/.test(first?.text ?? '')) return null
  return second !== undefined && verb.test(second.text) ? words.slice(3) : null
}

/** Of a command that ends before the next one nobody says that it stays: it is no deployment. */
function startedBy({ words, directory, restart }: Command, isOfUnit: boolean): readonly Started[] {
  const args = behind(words, /^(?:run|create)$/)
  const run = args === null ? null : readRun(words[0]!, args)
  // Of a template whose name says nothing of it nobody knows the words.
  if (run === null || words.some(({ text }) => /\{\{|<%/.test(text))) return []
  const isCreated = args !== null && words.length - args.length === 2 && words[1]?.text === 'create'
  if (!isOfUnit && !run.isDetached && !(isCreated && run.name !== null)) return []
  const keys = restart === undefined ? run.keys : [...run.keys, ['restart', madeScalar(restart)] as const]
  return [{ container: { ...run, keys }, directory: knownDirectory(directory) }]
}

function buildBy({ words, directory }: Command): readonly BuildCommand[] {
  const args = behind(words, /^(?:build|b)$/)
  const build = args === null ? null : readBuildCommand(words[0]!, args, knownDirectory(directory))
  return build === null ? [] : [build]
}

function networkBy({ words }: Command): readonly string[] {
  const [program, noun, verb, ...args] = words.map(({ text }) => text)
  if (!PROGRAM.test(posix.basename(program ?? '')) || noun !== 'network' || verb !== 'create') return []
  const name = args.at(-1)
  return name === undefined ? [] : [name]
}

function joinBy({ words }: Command): readonly Join[] {
  const [program, noun, verb, ...args] = words
  if (
    !PROGRAM.test(posix.basename(program?.text ?? '')) ||
    noun?.text !== 'network' ||
    verb?.text !== 'connect'
  )
    return []
  const { options, rest } = readOptions(args, { plain: new Set(['help']), letters: {} })
  const [network, container] = rest
  if (network === undefined || container === undefined) return []
  const aliases = options.flatMap(({ name, value }) => (name === 'alias' && value !== null ? [value] : []))
  return [{ network, container, aliases }]
}

function optionsOfNetwork(task: YamlMap): YamlMap | null {
  const call = [...task.entries.values()].find(({ name }) => NETWORK_TASK.test(name))
  return call?.value.kind === 'map' ? call.value : null
}

const NETWORK_TASK = /^(?:[\w.]+\.)?(?:docker|podman)_network$/

function networkOfTask(task: YamlMap): readonly string[] {
  const name = optionsOfNetwork(task)?.entries.get('name')?.value
  return name?.kind === 'scalar' ? [name.text.text] : []
}

function joinsOfTask(task: YamlMap): readonly Join[] {
  const options = optionsOfNetwork(task)
  const name = options?.entries.get('name')?.value
  const connected = options?.entries.get('connected')?.value
  if (name?.kind !== 'scalar' || connected === undefined) return []
  const items = connected.kind === 'list' ? connected.items : [connected]
  return items.flatMap(item =>
    item.kind === 'scalar' ? [{ network: name.text, container: openIfFilled(item.text), aliases: [] }] : [],
  )
}

/** What Ansible fills in is not known. */
function openIfFilled(written: WrittenText): WrittenText {
  if (!written.text.includes('{{')) return written
  const { source, start, end } = placeOf(written)
  return writtenFor(source, UNKNOWN, start, end)
}

function knownDirectory(directory: string | null): string | null {
  return directory?.startsWith('/') === true && !isUnknownWord(directory) ? cleanPath(directory) : null
}
