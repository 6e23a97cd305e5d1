import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import {
  mayContinue,
  maySubstitute,
  type Substitution,
  type Substitutions,
  substitutionsIn,
  substitutionsOf,
} from '../../parsers/shell/substitutions.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import type { FilledWords } from '../../parsers/text/template/filled-words.ts'
import { UNKNOWN } from '../../parsers/text/placeholder.ts'
import { isUnknownWord, type Source, textSource } from '../../parsers/text/source.ts'
import { MappedText } from '../../parsers/text/text-map.ts'
import { finishWritten, sliceWritten, wholeText, type WrittenText } from '../../parsers/text/written-text.ts'
import { hasWildcard } from '../../parsers/wildcard/tokens.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../parsers/yaml/yaml-node.ts'
import { broughtBy, isCalled, type Origins, originsIn } from './brought-files.ts'
import { isDockerfile } from './dockerfiles.ts'
import { isScript, isShell } from './nested-files.ts'

/** What the commands of a repository do to its files. */
export interface FilledIn {
  /** What they fill in, in a file; null for one that none of them touches. */
  readonly wordsIn: (path: string) => FilledWords | null
  /** True for a file to which they add what it leaves open, as far as its name tells. */
  readonly isContinued: (path: string) => boolean
}

/**
 * What entry points, scripts, Dockerfiles, playbooks and commands of compose files fill in, in the files beside them,
 * with `envsubst` and `sed`: whatever these files are called, that is a placeholder of theirs.
 *
 * @param paths those of the repository
 * @param textOf the text of a file, or its beginning; null where it cannot be read
 */
export function filledInFiles(paths: readonly string[], textOf: (path: string) => string | null): FilledIn {
  const commands = once(() => {
    const texts = paths
      .filter(mayCommand)
      .slice(0, MOST)
      .flatMap(path => sourceOf(path, textOf) ?? [])
    const read = texts.flatMap(commandsIn)
    return {
      targetsOf: targetsIn(
        read.some(({ substitutions }) => substitutions.length > 0) ? readTargets(read, texts) : [],
      ),
      continued: new Set(read.flatMap(({ continued }) => continued.map(file => posix.basename(file)))),
    }
  })
  return {
    wordsIn(path) {
      if (OTHER.test(path)) return null
      const found = commands()
        .targetsOf(path)
        .flatMap(({ certainty, substitutions }) =>
          substitutions.map(([number, each]) => ({ number, words: wordsOf(each, certainty) })),
        )
        .sort((one, other) => one.number - other.number)
      return joined(found.map(({ words }) => words))
    },
    isContinued: path => !OTHER.test(path) && commands().continued.has(posix.basename(path)),
  }
}

const MOST = 1000

/** What is no configuration of a server, and what commands itself. */
const OTHER =
  /\.(?:ya?ml|sh|bash|envsh|py|php|[cm]?[jt]sx?|json|html?|css|xml|sql|env|md|rst|txt|toml|rb|go|ini|service|timer|socket|lock|pem|crt|key)$|(?:^|\/)(?:Dockerfile|Containerfile|Makefile)[^/]*$|\/\.env[^/]*$/i

/** Files of which only their names say that somebody runs them. */
const TERRAFORM = /\.tf$/
const COMMANDS = /\.(?:ya?ml|envsh)(?:\.\w+)?$|(?:^|\/)(?:(?:GNU)?[Mm]akefile|Procfile|[Jj]ustfile)$/
const RUN_BY_NAME =
  /entry|start|run|init|setup|install|deploy|config|boot|launch|docker|bin|script|render|templat|envsubst|nginx|apache|httpd|build|provision/i

function mayCommand(path: string): boolean {
  if (isDockerfile(path) || COMMANDS.test(path) || TERRAFORM.test(path)) return true
  return (
    isShell(path) &&
    (path.includes('.', path.lastIndexOf('/')) || RUN_BY_NAME.test(path.split('/').slice(-2).join('/')))
  )
}

function sourceOf(path: string, textOf: (path: string) => string | null): Source | null {
  const text = textOf(path)
  if (TERRAFORM.test(path) && !text?.includes('template')) return null
  // What brings files need not fill in any.
  if (text === null || !(mayMatter(text) || isDockerfile(path) || COMPOSE.test(path) || TERRAFORM.test(path)))
    return null
  return textSource(path, text)
}

function mayMatter(text: string): boolean {
  return maySubstitute(text) || mayContinue(text)
}

const COMPOSE = /compose[^/]*\.ya?ml$/i

interface Commands extends Substitutions {
  readonly source: Source
}

/** `templatefile("nginx.conf", …)`, and `template = file("nginx.conf")` of a `template_file`. */
const TEMPLATE_OF_TERRAFORM =
  /\btemplatefile\(\s*"((?:[^"\\\n$]|\$\{[^{}"\n]*\})+)"|\btemplate[ \t]*=[ \t]*"?(?:\$\{[ \t]*)?file\([ \t]*"((?:[^"\\\n$]|\$\{[^{}"\n]*\})+)"/g

function templatesOfTerraform(source: Source): readonly Commands[] {
  const substitutions = [...source.text.matchAll(TEMPLATE_OF_TERRAFORM)].map(
    ({ 1: called = '', 2: read = '' }): Substitution => ({
      file: (called || read).replace(/\$\{[^}]*\}/g, UNKNOWN),
      isDirectory: false,
      variables: 'all',
      words: [],
    }),
  )
  return [{ substitutions, copies: [], continued: [], source }]
}

function commandsIn(source: Source): readonly Commands[] {
  if (TERRAFORM.test(source.path)) return templatesOfTerraform(source)
  if (!mayMatter(source.text)) return []
  return scriptsOf(source).map(found => ({ ...found, source }))
}

function scriptsOf(source: Source): readonly Substitutions[] {
  const { path } = source
  if (isDockerfile(path))
    return readDockerfile(source).stages.flatMap(({ runs, command, entrypoint }) => [
      ...runs.flatMap(run => [
        ofCommand(run.command),
        ...run.documents.map(({ text }) => substitutionsIn(text)),
      ]),
      ...[command, entrypoint].flatMap(each => (each === null ? [] : [ofCommand(each)])),
    ])
  if (/\.ya?ml(?:\.\w+)?$/.test(path)) return readYaml(source).documents.flatMap(ofNode)
  if (COMMANDS.test(path)) return linesOf(wholeText(source)).map(substitutionsIn)
  return isScript(source.text) || path.includes('.', path.lastIndexOf('/')) || isPackagers(source)
    ? [substitutionsIn(wholeText(source))]
    : []
}

/** The scripts of a package, which an installer runs by their names, need no first line that says so. */
function isPackagers({ path, text }: Source): boolean {
  return (
    /\/scripts\/(?:install|upgrade|restore|change_url|configure|setup)$/.test(path) &&
    !text.startsWith('#!') &&
    /^[ \t]*(?:sudo[ \t]+)?sed[ \t]+-i/m.test(text)
  )
}

function ofCommand(command: DockerCommand): Substitutions {
  return command.form === 'shell' ? substitutionsIn(command.script) : substitutionsOf(command.words)
}

/** Texts of which each may be a script, and lists that are one command. */
function ofNode(node: YamlNode): readonly Substitutions[] {
  if (node.kind === 'scalar')
    return mayMatter(node.text.text) ? [substitutionsIn(withoutDoubleDollars(node.text))] : []
  if (node.kind === 'map') return [...node.entries.values()].flatMap(({ value }) => ofNode(value))
  const words = node.items.flatMap(item => (item.kind === 'scalar' ? [item.text] : []))
  if (words.length === node.items.length && /^(?:\S*\/)?(?:sed|envsubst)$/.test(words[0]?.text ?? ''))
    return [substitutionsOf(words)]
  return node.items.flatMap(ofNode)
}

/**
 * `sh -c "envsubst '$$port'"` as a shell would have to be told it: Compose makes one dollar of two, and fills in nothing
 * between these quotes.
 */
function withoutDoubleDollars(script: WrittenText): WrittenText {
  const { text } = script
  if (!/^\s*\S*sh\s+-\w*c\s+"/.test(text) || !text.includes('$$')) return script
  const single = new MappedText(text, script.map, 0)
  let at = 0
  for (const { index } of text.matchAll(/\$\$/g)) {
    single.copy(at, index)
    single.replace(index, index + 2, '\\$')
    at = index + 2
  }
  single.copy(at, text.length)
  return finishWritten(single, script)
}

/** Lines as far as a backslash continues them, without what `Procfile` has in front. */
function linesOf(text: WrittenText): readonly WrittenText[] {
  return [...text.text.matchAll(/(?:[^\n\\]|\\[\s\S])+/g)].flatMap(({ 0: line, index }) => {
    if (!mayMatter(line)) return []
    const start = /^\s*[@+-]*(?:\w+:[ \t]+)?/.exec(line)?.[0].length ?? 0
    return [sliceWritten(text, index + start, index + line.length)]
  })
}

/** Where a file that commands fill in may lie in the repository. */
interface Place {
  /** Of what says so. */
  readonly directory: string
  /** Below some directory beside or above that one; patterns of a shell. Empty for any file. */
  readonly name: string
  readonly certainty: Certainty
}

/**
 * `sure`: the commands say which file it is. `named`: it is called so, and nothing says that another is meant. `any`:
 * only what is filled in tells.
 */
type Certainty = 'sure' | 'named' | 'any'

/** A file that commands fill in, as far as they say which it is, and each of the commands, by its number. */
interface Target {
  readonly places: readonly Place[]
  readonly isDirectory: boolean
  readonly substitutions: readonly (readonly [number: number, substitution: Substitution])[]
}

/** Commands that are written many times, as in the Dockerfiles of all releases of an image, are one target. */
function readTargets(read: readonly Commands[], texts: readonly Source[]): readonly Target[] {
  const copies = read.flatMap(({ copies, source }) =>
    copies.map(({ from, to }) => ({ from, to, directory: posix.dirname(source.path) })),
  )
  const origins = originsIn([...texts.flatMap(broughtBy), ...copies])
  const all = read
    .flatMap(({ substitutions, source }) =>
      substitutions.map(substitution => ({ substitution, directory: posix.dirname(source.path) })),
    )
    .map((each, number) => ({ ...each, number }))
  const keyOf = ({ substitution: { file, isDirectory }, directory }: (typeof all)[number]): string =>
    `${file}\0${isDirectory}\0${directory}`
  return [...groupBy(all, keyOf).values()].map(group => {
    const { substitution, directory } = group[0]!
    return {
      places: placesOf(substitution, directory, origins),
      isDirectory: substitution.isDirectory,
      substitutions: group.map(({ number, substitution: each }) => [number, each] as const),
    }
  })
}

/** Where a file that commands name may lie in the repository, followed through what brings it to its place. */
function placesOf(
  { file, isDirectory }: Substitution,
  directory: string,
  origins: Origins,
): readonly Place[] {
  const found: Place[] = []
  const seen = new Set<string>()
  const follow = (path: string, by: string): void => {
    const key = `${path}\0${by}`
    if (seen.has(key) || seen.size > MOST_PLACES) return
    seen.add(key)
    const name = knownPart(path)
    if (name === '') return
    found.push({ directory: by, name, certainty: 'sure' })
    for (const each of origins(path, isDirectory)) follow(each.from, each.directory)
  }
  follow(file, directory)
  if (found.length === 0) return [{ directory, name: '', certainty: 'any' }]
  const base = posix.basename(file)
  return file.startsWith('/') && !isDirectory && seen.size === 1
    ? [...found, { directory, name: base, certainty: 'named' }]
    : found
}

const MOST_PLACES = 50

/** The commands that fill in a file, by how sure that is. */
interface Filling extends Pick<Target, 'substitutions'> {
  readonly certainty: Certainty
}

/** Finds what fills in a file by the last word of the names that commands have for it. */
function targetsIn(targets: readonly Target[]): (path: string) => readonly Filling[] {
  const named = targets.map(target => ({
    target,
    names: target.places.map(({ name }) => posix.basename(name)),
  }))
  const isOpen = ({ names }: (typeof named)[number]): boolean =>
    names.some(name => name === '' || hasWildcard(name))
  const others = named.filter(isOpen).map(({ target }) => target)
  const byName = groupBy(
    named.filter(each => !isOpen(each)).flatMap(({ target, names }) => names.map(name => ({ name, target }))),
    ({ name }) => name,
  )
  return path => {
    const called = path.split('/').flatMap(word => byName.get(word)?.map(({ target }) => target) ?? [])
    return [...new Set([...others, ...called])].flatMap(({ places, isDirectory, substitutions }) => {
      const certain = new Set(places.map(place => certaintyOf(place, isDirectory, path)))
      return [...certain].flatMap(certainty => (certainty === null ? [] : [{ certainty, substitutions }]))
    })
  }
}

/** What lies behind the last directory that nobody knows, without its first slash; empty where nothing is known of it. */
function knownPart(path: string): string {
  const parts = posix.join('/', path).split('/')
  return parts
    .slice(parts.findLastIndex(isUnknownWord) + 1)
    .join('/')
    .replace(/^\//, '')
}

function certaintyOf(
  { name, directory, certainty }: Place,
  isDirectory: boolean,
  path: string,
): Certainty | null {
  if (name === '') return overlap(posix.dirname(path), directory) ? 'any' : null
  const names = name.split('/')
  if (isDirectory) {
    const at = path.lastIndexOf(`/${name}/`)
    if (at !== -1) return overlap(path.slice(0, at) || '/', directory) ? 'named' : null
  }
  const parts = path.split('/')
  const base = parts.slice(0, parts.length - names.length).join('/') || '/'
  if (parts.length <= names.length || !overlap(base, directory)) return null
  const own = parts.slice(-names.length)
  if (!names.every((each, index) => isCalled(own[index]!, each))) return null
  // What a script names without a directory may lie in one that it changes to.
  return certainty === 'sure' && names.length === 1 && !directory.startsWith(base) ? 'named' : certainty
}

/** Of a file of which nothing is sure but what stands in it, only what nobody could mean. */
function wordsOf({ variables, words }: Substitution, certainty: Certainty): FilledWords {
  return {
    variables: certainty === 'any' && variables === 'all' ? new Set() : variables,
    words: certainty === 'sure' ? words : words.filter(({ isPlaceholder }) => isPlaceholder),
  }
}

function joined(found: readonly FilledWords[]): FilledWords | null {
  if (found.length === 0) return null
  const variables = found.some(each => each.variables === 'all')
    ? 'all'
    : new Set(found.flatMap(each => [...each.variables]))
  const words = [
    ...new Map(found.flatMap(each => each.words).map(word => [JSON.stringify(word), word])).values(),
  ]
  return variables !== 'all' && variables.size === 0 && words.length === 0 ? null : { variables, words }
}
