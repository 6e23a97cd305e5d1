import { once } from '../../parsers/collections/once.ts'
import type { KnownValue, Source } from '../../parsers/text/source.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../parsers/yaml/yaml-node.ts'
import { onlyOne } from './environment-values.ts'

/**
 * The value of a variable of Ansible in the templates of a role or playbook; null where nothing tells it, or two files
 * give it two values: nobody knows for which host a template is written.
 */
export type PlaybookValue = (path: string, name: string) => KnownValue | null

/**
 * @param paths those of the repository
 * @param read gives one source for each file; null where it cannot be read
 */
export function playbookValues(
  paths: readonly string[],
  read: (path: string) => Source | null,
): PlaybookValue {
  const files = once(() => paths.filter(path => FILE.test(path) && !ASIDE.test(path)).slice(0, MOST_FILES))
  const definitions = once(() => definitionsIn(files(), read))
  const hasHosts = once(() => namesHosts(files(), read))
  const isShared = sharedNames(paths, read)
  return (path, name) => {
    const role = roleOf(path)
    const found = (definitions().get(name) ?? []).filter(({ of }) => of === null || of === role)
    const chosen = found.filter(({ rank }) => rank === 'set')
    // What only a role's defaults say is for others to choose, unless the hosts are here, with all that is said of them.
    if (chosen.length === 0) {
      const [only, ...others] = found
      if (role === null || only?.value == null || only.rank !== 'default' || others.length > 0) return null
      if (hasHosts()) return only.value
      // Which port two programs meet at is anybody's to choose; that they meet is not.
      return PORT.test(name) && isShared(role, name) && /^\d{2,5}$/.test(only.value.text)
        ? { ...only.value, isDefault: true }
        : null
    }
    return onlyOne(found.filter(({ rank }) => rank !== 'default').map(({ value }) => value))
  }
}

interface Definition {
  /** Null for one that a template of its own makes, and for what is no text or number. */
  readonly value: KnownValue | null
  /** The directory of the role whose own it is; null where it holds for all. */
  readonly of: string | null
  /** `set` in a file of variables, `said` by a task or a play, `default` of a role. */
  readonly rank: 'set' | 'said' | 'default'
}

const FILE =
  /\.ya?ml$|(?:^|\/)(?:group|host)_vars\/[^.]+$|(?:^|\/)(?:inventor(?:y|ies)|hosts)[^/]*(?:\/[^.]+|\.ini)?$/
const VARIABLES = /(?:^|\/)(?:\w+_)?vars\//
const DEFAULTS = /(?:^|\/)defaults\//
/** What no deployment runs. */
const ASIDE = /(?:^|\/)(?:\.\w+|molecule|tests?|examples?|docs?|node_modules)\//
const MOST_FILES = 2000

function definitionsIn(
  files: readonly string[],
  read: (path: string) => Source | null,
): ReadonlyMap<string, readonly Definition[]> {
  const found = new Map<string, Definition[]>()
  const add = (name: string, definition: Definition): void => {
    const known = found.get(name)
    if (known === undefined) found.set(name, [definition])
    else known.push(definition)
  }
  for (const path of files) {
    const source = read(path)
    if (source === null) continue
    const isVariables = VARIABLES.test(path)
    const isDefaults = DEFAULTS.test(path)
    const of = isVariables || isDefaults ? roleOf(path) : null
    if (isVariables || isDefaults) {
      const rank = isDefaults ? 'default' : 'set'
      for (const document of readYaml(source).documents)
        for (const [name, value] of namesIn(document, '')) add(name, { value, of, rank })
      continue
    }
    if (HOSTS.test(source.text) && VARS.test(source.text))
      for (const [name, value] of readYaml(source).documents.flatMap(variablesOfPlays))
        add(name, { value, of, rank: 'set' })
    for (const { 0: all, 1: line = '', 2: name = '', 3: value = '', index } of source.text.matchAll(LINE)) {
      const end = index + all.length
      const text = /^["']/.test(value) ? value.slice(1, -1) : value
      add(name, { value: { text, at: { source, start: end - line.length, end } }, of, rank: 'said' })
    }
  }
  return found
}

/** `app_port: 8000` of a play or a task, `app_port=8000` of an inventory. */
const LINE =
  /(?:^|[\s{,"'])(([A-Za-z_]\w{0,60})["']?(?:[ \t]{0,20}:[ \t]{1,20}|=)("[^"\n]{0,200}"|'[^'\n]{0,200}'|[^\s,}]{1,200}))/gm
const HOSTS = /^[ \t]*(?:- )?hosts:/m
const VARS = /^[ \t]+vars:/m

function variablesOfPlays(document: YamlNode): readonly NamedValue[] {
  const plays = document.kind === 'list' ? document.items : []
  return plays.flatMap(play => {
    const variables = play.kind === 'map' && play.entries.has('hosts') ? play.entries.get('vars') : undefined
    return variables === undefined ? [] : [...namesIn(variables.value, '')]
  })
}

type NamedValue = readonly [string, KnownValue | null]

const INVENTORY =
  /(?:^|\/)(?:(?:inventor(?:y|ies)|hosts)(?:\.(?:ini|ya?ml))?|inventor(?:y|ies)\/(?:[\w-]+\/)?(?:hosts|inventory|[\w-]+)(?:\.(?:ini|ya?ml))?)$/
/** A group of hosts, or what all of them are below. */
const GROUP = /^\[[\w:.-]+\][ \t]*$|^all:[ \t]*$|^[ \t]+hosts:[ \t]*$/m
const ENCRYPTED = '$ANSIBLE_VAULT'

/** True where the inventory is in the repository, and no file of variables is one that nobody can read. */
function namesHosts(files: readonly string[], read: (path: string) => Source | null): boolean {
  return (
    files.some(path => INVENTORY.test(path) && GROUP.test(read(path)?.text ?? '')) &&
    !files.some(path => VARIABLES.test(path) && read(path)?.text.startsWith(ENCRYPTED) === true)
  )
}

const DEEPEST = 3

/** The names of a file of variables, those of a map behind it and a dot. */
function* namesIn(node: YamlNode, before: string, depth = 0): Iterable<NamedValue> {
  if (node.kind !== 'map' || depth > DEEPEST) return
  for (const { name, key, value } of node.entries.values()) {
    const isText = value.kind === 'scalar' && value.tag === null && !value.text.text.includes('{{')
    const at = { ...key, end: Math.max(key.end, value.at.end) }
    yield [before + name, isText ? { text: value.text.text, at } : null]
    yield* namesIn(value, `${before}${name}.`, depth + 1)
  }
}

/** The directory of a role: below `roles`, or a repository of its own, which has templates beside its defaults. */
function roleOf(path: string): string | null {
  return (
    /^.*\/roles\/[^/]+(?=\/)/.exec(path)?.[0] ??
    /^(.*)\/(?:templates\/.*|defaults\/main\.ya?ml)$/.exec(path)?.[1] ??
    null
  )
}

/** The name of a port, as a variable alone or at the end of one. */
const PORT = /(?:^|[_.])port$/i

/** Whether several templates of a role have a name, so that what they make has one value. */
function sharedNames(
  paths: readonly string[],
  read: (path: string) => Source | null,
): (role: string, name: string) => boolean {
  const templates = memoOf((role: string) =>
    paths
      .filter(path => path.startsWith(`${role}/templates/`))
      .slice(0, MOST_TEMPLATES)
      .flatMap(path => read(path) ?? []),
  )
  return (role, name) => {
    const word = new RegExp(`\\{\\{[^{}\\n]*(?<![\\w.])${name.replaceAll('.', '\\.')}(?![\\w.])`)
    return templates(role).filter(({ text }) => word.test(text)).length > 1
  }
}

const MOST_TEMPLATES = 100

function memoOf<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>()
  return key => {
    const before = made.get(key)
    if (before !== undefined) return before
    const value = make(key)
    made.set(key, value)
    return value
  }
}
