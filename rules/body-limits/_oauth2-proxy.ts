import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { keptPaths } from '../../src/deployment/kept-paths.ts'
import type { Machine, Target } from '../../src/deployment/model.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { siteServices } from '../app-server/_site-services.ts'

/** How oauth2-proxy is configured: by flags, variables and its file, in this order. */
export interface OAuth2Proxy {
  /** An option, called as in the file: `session_store_type`; null where nothing sets it. */
  readonly option: (name: string) => string | null
}

/** The oauth2-proxy that a connection leads to; null where none is seen, or not all that may configure it. */
export function oauth2ProxyAt(target: Target, own: Machine): OAuth2Proxy | null {
  const { machine, port, local } = target
  if (machine?.container != null) return ofContainer(machine.container)
  if (local !== true || port === null) return null
  const [found, ...others] = onMachine(own).filter(proxy => portOf(proxy) === port)
  return found === undefined || others.length > 0 ? null : found
}

const IMAGE = /(?:^|\/)oauth2[-_]proxy(?=[:@]|$)/

function ofContainer({ service, reference, hostFiles, files }: Container): OAuth2Proxy | null {
  const { variables, complete } = serviceVariables(service, hostFiles)
  if (!IMAGE.test(reference ?? '') || !service.complete || !complete) return null
  const words = service.command?.words ?? []
  const environment = new Map(
    variables.map(({ name, value }) => [name, value?.known === true ? value.value : ''] as const),
  )
  return readOptions(words, environment, path => sourceAt(files, path))
}

/** What units of a machine, or of the repository, start. */
function onMachine(machine: Machine): readonly OAuth2Proxy[] {
  return siteServices({ machines: [machine] }).flatMap(({ start, environment }) => {
    const words = start[0]?.words ?? []
    if (!/^oauth2[-_]proxy$/.test(posix.basename(words[0]?.text ?? ''))) return []
    const set = new Map(
      environment.flatMap(each => (each.value.known ? [[each.name, each.value.value]] : [])),
    )
    const unit = placeOf(words[0]!).source.path
    const proxy = readOptions(words, set, path => fileOf(machine, unit, path))
    return proxy === null ? [] : [proxy]
  })
}

function fileOf({ files, loose }: Machine, unit: string, path: string): Source | null {
  const own = sourceAt(files, path)
  if (own !== null) return own
  const kept = (each: FileSystem): readonly Source[] =>
    keptPaths(each, unit, path).flatMap(place => sourceAt(each, place) ?? [])
  const [found, ...others] =
    [files, ...(loose === null ? [] : [loose.files])].map(kept).find(each => each.length > 0) ?? []
  return found === undefined || others.length > 0 ? null : found
}

/** Null where the file that is named is not there. */
function readOptions(
  words: readonly WrittenText[],
  environment: ReadonlyMap<string, string>,
  read: (path: string) => Source | null,
): OAuth2Proxy | null {
  const flags = flagsOf(words.map(({ text }) => text))
  const variable = (name: string) => environment.get(`OAUTH2_PROXY_${name.toUpperCase()}`) ?? null
  const path = flags.get('config') ?? variable('config')
  const source = path === null ? null : read(path)
  if (path !== null && source === null) return null
  const written = source === null ? new Map<string, string>() : settingsOf(source)
  return { option: name => flags.get(name) ?? variable(name) ?? written.get(name) ?? null }
}

/** `--provider=oidc`, `--provider oidc`, `--pass-access-token`. */
function flagsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.flatMap((word, index) => {
      const [, name, value] = /^--?([a-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? []
      if (name === undefined) return []
      const next = words[index + 1]
      const given = value ?? (next === undefined || next.startsWith('-') ? 'true' : next)
      return [[name.replaceAll('-', '_'), given] as const]
    }),
  )
}

/** The lines of its file, of which those that matter here are texts and switches. */
function settingsOf({ code }: Source): ReadonlyMap<string, string> {
  return new Map(
    [...code.matchAll(/^[ \t]*(\w+)[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|(\w+))/gm)].map(
      ([, name = '', double, single, plain]) => [name, double ?? single ?? plain ?? ''] as const,
    ),
  )
}

/** The port on which it listens, by itself 4180. */
function portOf({ option }: OAuth2Proxy): number | null {
  const port = /:(\d+)$/.exec(option('http_address') ?? ':4180')?.[1]
  return port === undefined ? null : Number(port)
}
