import { type Fact, known, unknown } from '../text/fact.ts'
import type { Place } from '../text/source.ts'
import { splitQuotedWords, unquotedIndex } from '../text/quoted-words.ts'
import { factOf, placeOf, sliceWritten, type WrittenText, writtenFor } from '../text/written-text.ts'
import { isNull, type YamlMap, type YamlNode } from '../yaml/yaml-node.ts'
import type {
  ComposeBuild,
  ComposeCommand,
  ComposeHealthCheck,
  ComposeLink,
  ComposeService,
  EnvFile,
  ExtraHost,
  NetworkAttachment,
} from './compose.ts'
import { readGrants, readMounts } from './read-mounts.ts'
import { readExpose, readPorts } from './read-ports.ts'
import {
  factIn,
  type FileContext,
  isTrue,
  namedEntries,
  pathFact,
  textOf,
  textsOf,
  valueIn,
  variablesOf,
} from './values.ts'

/** A service as one file has it, before it is merged with others. */
export interface WrittenService {
  readonly service: ComposeService
  readonly extends: { readonly service: Fact<string>; readonly file: Fact<string> | null } | null
  /** Keys that take away what earlier files say (`!reset`, `!override`), */
  readonly replaced: ReadonlySet<string>
  /** and those that stand for nothing themselves (`!reset`). */
  readonly reset: ReadonlySet<string>
}

export function readService(name: string, at: Place, node: YamlMap, context: FileContext): WrittenService {
  const fact = (key: string): Fact<string> | null => factIn(node, key, context)
  const facts = (key: string): readonly Fact<string>[] => textsOf(valueIn(node, key), context).map(factOf)
  const base = valueIn(node, 'extends')
  const service: ComposeService = {
    name,
    at,
    keys: [at],
    image: fact('image'),
    build: readBuild(valueIn(node, 'build'), node, context),
    ports: readPorts(valueIn(node, 'ports'), context),
    expose: readExpose(valueIn(node, 'expose'), context),
    volumes: readMounts(valueIn(node, 'volumes'), context),
    volumesFrom: facts('volumes_from'),
    tmpfs: facts('tmpfs'),
    configs: readGrants(valueIn(node, 'configs'), '/', context),
    secrets: readGrants(valueIn(node, 'secrets'), '/run/secrets/', context),
    networks: node.entries.has('networks') ? readNetworks(valueIn(node, 'networks'), context) : null,
    networkMode: fact('network_mode') ?? fact('net'),
    links: readLinks(valueIn(node, 'links'), context),
    externalLinks: readLinks(valueIn(node, 'external_links'), context),
    extraHosts: readExtraHosts(valueIn(node, 'extra_hosts'), context),
    hostname: fact('hostname'),
    domainName: fact('domainname'),
    restart: fact('restart'),
    containerName: fact('container_name'),
    dependsOn: namedEntries(valueIn(node, 'depends_on'), context).map(({ name: other, value }) => ({
      at: placeOf(other),
      service: factOf(other),
      condition: value?.kind === 'map' ? factIn(value, 'condition', context) : null,
      required: value?.kind !== 'map' || isRequired(textOf(valueIn(value, 'required'), context)),
    })),
    command: readCommand(valueIn(node, 'command'), context),
    healthcheck: readHealthCheck(valueIn(node, 'healthcheck'), context),
    entrypoint: readCommand(valueIn(node, 'entrypoint'), context),
    user: fact('user'),
    workingDirectory: fact('working_dir'),
    environment: variablesOf(valueIn(node, 'environment'), context),
    envFiles: readEnvFiles(valueIn(node, 'env_file'), context),
    labels: variablesOf(valueIn(node, 'labels'), context),
    readOnly: fact('read_only'),
    pullPolicy: fact('pull_policy'),
    unconfined: [fact('privileged'), ...facts('security_opt')].some(
      each => each !== null && (!each.known || /^(?:true|yes|on|label\b)/i.test(each.value)),
    ),
    replicas: readReplicas(valueIn(node, 'deploy'), context) ?? fact('scale'),
    profiles: facts('profiles'),
    complete: true,
  }
  return {
    service,
    extends: base === undefined ? null : readExtends(base, context),
    replaced: taggedKeys(node, /^!(?:reset|override)$/),
    reset: taggedKeys(node, /^!reset$/),
  }
}

function isRequired(written: WrittenText | null): boolean {
  const said = written === null ? null : isTrue(written)
  return said === null || (said.known && said.value)
}

function readReplicas(deploy: YamlNode | undefined, context: FileContext): Fact<string> | null {
  return deploy?.kind === 'map' ? factIn(deploy, 'replicas', context) : null
}

function taggedKeys(node: YamlMap, tag: RegExp): ReadonlySet<string> {
  const tagged = [...node.entries.values()].filter(({ value }) => value.tag !== null && tag.test(value.tag))
  return new Set(tagged.map(({ name }) => name))
}

function readExtends(node: YamlNode, context: FileContext): WrittenService['extends'] {
  if (node.kind !== 'map') {
    const service = textOf(node, context)
    return service === null ? null : { service: factOf(service), file: null }
  }
  const service = factIn(node, 'service', context)
  const file = textOf(valueIn(node, 'file'), context)
  if (service === null) return null
  return { service, file: file === null ? null : pathFact(file, context.directory) }
}

function readBuild(node: YamlNode | undefined, service: YamlMap, context: FileContext): ComposeBuild | null {
  if (node === undefined || node.kind === 'list') return null
  // In the first format of all it stands beside the context.
  const dockerfile = node.kind === 'scalar' ? factIn(service, 'dockerfile', context) : null
  const none = { at: node.at, dockerfile, dockerfileInline: null, target: null, args: [] }
  if (node.kind === 'scalar') {
    const text = textOf(node, context)
    return text === null ? null : { ...none, context: contextFact(text, context) }
  }
  const written = textOf(valueIn(node, 'context'), context)
  return {
    at: node.at,
    context: written === null ? contextOf(context) : contextFact(written, context),
    dockerfile: factIn(node, 'dockerfile', context),
    dockerfileInline: factIn(node, 'dockerfile_inline', context),
    target: factIn(node, 'target', context),
    args: variablesOf(valueIn(node, 'args'), context),
  }
}

function contextOf({ directory }: FileContext): Fact<string> {
  return directory === null ? unknown('nobody knows the directory in which it is built') : known(directory)
}

/** A context may be a URL of a Git repository. */
function contextFact(written: WrittenText, { directory }: FileContext): Fact<string> {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/.test(written.text)
    ? factOf(written)
    : pathFact(written, directory)
}

function readNetworks(node: YamlNode | undefined, context: FileContext): readonly NetworkAttachment[] {
  return namedEntries(node, context).map(({ name, value }) => {
    const options = value?.kind === 'map' ? value : null
    return {
      at: placeOf(name),
      network: factOf(name),
      aliases: options === null ? [] : textsOf(valueIn(options, 'aliases'), context).map(factOf),
      address: options === null ? null : factIn(options, 'ipv4_address', context),
    }
  })
}

function readLinks(node: YamlNode | undefined, context: FileContext): readonly ComposeLink[] {
  return textsOf(node, context).map(text => {
    const colon = text.text.indexOf(':')
    const target = colon === -1 ? text : sliceWritten(text, 0, colon)
    const alias = colon === -1 ? text : sliceWritten(text, colon + 1)
    return { at: placeOf(text), target: factOf(target), alias: factOf(alias) }
  })
}

/** `name:address` or `name=address`, or a map of them. */
function readExtraHosts(node: YamlNode | undefined, context: FileContext): readonly ExtraHost[] {
  if (node?.kind === 'map') {
    return [...node.entries.values()].flatMap(({ name, key, value }) =>
      textsOf(value, context).map(address => ({
        at: placeOf(address),
        name: factOf(writtenFor(key.source, name, key.start, key.end)),
        address: factOf(address),
      })),
    )
  }
  return textsOf(node, context).flatMap(text => {
    const cut = text.text.search(/[=:]/)
    if (cut === -1) return []
    return [
      {
        at: placeOf(text),
        name: factOf(sliceWritten(text, 0, cut)),
        address: factOf(sliceWritten(text, cut + 1)),
      },
    ]
  })
}

/** Compose cuts a text into words itself, and stops where a shell would begin something new. */
/** `CMD` and `CMD-SHELL` begin a list; a text is for the shell. */
function readHealthCheck(node: YamlNode | undefined, context: FileContext): ComposeHealthCheck | null {
  if (node?.kind !== 'map') return null
  const disabled = isTrue(textOf(valueIn(node, 'disable'), context))
  if (!disabled.known || disabled.value) return { at: node.at, words: [], shell: false }
  const test = valueIn(node, 'test')
  if (test === undefined) return null
  const words = textsOf(test, context)
  if (test.kind !== 'list') return { at: test.at, words, shell: true }
  const [kind, ...rest] = words
  if (kind === undefined || !/^CMD(?:-SHELL)?$/.test(kind.text))
    return { at: test.at, words: [], shell: false }
  return { at: test.at, words: rest, shell: kind.text === 'CMD-SHELL' }
}

function readCommand(node: YamlNode | undefined, context: FileContext): ComposeCommand | null {
  if (node === undefined) return null
  if (node.kind === 'list') return { at: node.at, words: textsOf(node, context), rest: null }
  const text = textOf(node, context)
  if (text === null) return null
  const end = unquotedIndex(text.text, ';&|<>')
  return {
    at: node.at,
    words: splitQuotedWords(sliceWritten(text, 0, end)),
    rest: end < text.text.length ? sliceWritten(text, end) : null,
  }
}

function readEnvFiles(node: YamlNode | undefined, context: FileContext): readonly EnvFile[] {
  const items = node === undefined ? [] : node.kind === 'list' ? node.items : [node]
  return items.flatMap(item => {
    if (isNull(item)) return []
    const path = textOf(item.kind === 'map' ? valueIn(item, 'path') : item, context)
    if (path === null) return []
    const required = item.kind === 'map' ? isTrue(textOf(valueIn(item, 'required'), context)) : known(true)
    const isRequired = item.kind !== 'map' || valueIn(item, 'required') === undefined || !isFalse(required)
    return [{ at: placeOf(path), path: pathFact(path, context.directory), required: isRequired }]
  })
}

function isFalse(fact: Fact<boolean>): boolean {
  return fact.known && !fact.value
}
