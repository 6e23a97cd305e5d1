import {
  type Value,
  changedList,
  isDockerfile,
  isMap,
  isTexts,
  isThere,
  ofEachService,
  ofFiles,
  ofKey,
  quoted,
  wordsOf,
  written,
} from './compose-values.ts'
import type { Lay } from './files.ts'
const composeBlock = ofFiles((file, path, files) => ({ ...files, [path]: written(file) }))

const composeDense = ofFiles((file, path, files) => ({
  ...files,
  [path]: written(file, { indentSeq: false, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' }),
}))

const composeVersion = ofFiles((file, path, files) =>
  file.version === undefined ? { ...files, [path]: `version: "3.8"\n\n${files[path]}` } : null,
)

/** `KEY=value` in place of `KEY: value`, and the other way around. */
const composeEnvironment = ofKey('environment', toggled)
const composeLabels = ofKey('labels', toggled)

function toggled(value: Value): Value | null {
  if (isMap(value)) {
    const entries = Object.entries(value)
    // The schema allows no boolean.
    if (entries.some(([, each]) => typeof each === 'boolean' || typeof each === 'object')) return null
    return entries.map(([name, each]) => `${name}=${each}`)
  }
  if (!isTexts(value)) return null
  const names = value.map(each => each.split('=', 1)[0] ?? '')
  if (new Set(names).size !== names.length || value.some(each => !/^[\w.\-/]+=/.test(each))) return null
  return Object.fromEntries(value.map((each, index) => [names[index], each.slice(each.indexOf('=') + 1)]))
}

const composePorts = ofKey('ports', value =>
  changedList(value, each => {
    if (isMap(each)) return null
    const [, host, published, target, protocol] =
      /^(?:(\d+\.\d+\.\d+\.\d+):)?(?:(\d+):)?(\d+)(?:\/(tcp|udp))?$/.exec(String(each)) ?? []
    if (target === undefined) return null
    return {
      target: Number(target),
      ...(published !== undefined && { published }),
      ...(host !== undefined && { host_ip: host }),
      ...(protocol !== undefined && { protocol }),
    }
  }),
)

const composeVolumes = ofEachService((service, files, directory) => {
  const changed = changedList(service.volumes, each => {
    const [source = '', target, mode, ...rest] = typeof each === 'string' ? each.split(':') : []
    if (target === undefined || rest.length > 0 || /[$~]/.test(source)) return null
    if (mode !== undefined && mode !== 'ro' && mode !== 'rw') return null
    const isBound = /^[./]/.test(source)
    // The short form makes a directory of a path that is not there.
    if (isBound && !isThere(files, `${directory}${source.replace(/^\.\//, '')}`)) return null
    return {
      type: isBound ? 'bind' : 'volume',
      source,
      target,
      ...(mode === 'ro' && { read_only: true }),
    }
  })
  return changed === null ? null : { ...service, volumes: changed }
})

const composeDepends = ofKey('depends_on', value => {
  if (isTexts(value)) return Object.fromEntries(value.map(name => [name, { condition: 'service_started' }]))
  if (!isMap(value)) return null
  const isPlain = Object.values(value).every(
    each =>
      isMap(each) &&
      Object.entries(each).every(([key, word]) => key === 'condition' && word === 'service_started'),
  )
  return isPlain ? Object.keys(value) : null
})

const composeNetworks = ofKey('networks', value => {
  if (isTexts(value)) return Object.fromEntries(value.map(name => [name, null]))
  return isMap(value) && Object.values(value).every(each => each === null) ? Object.keys(value) : null
})

const composeBuild = ofKey('build', value => {
  if (typeof value === 'string') return { context: value, dockerfile: 'Dockerfile' }
  return isMap(value) && Object.keys(value).join() === 'context' ? value.context : null
})

/** A list of words as one text, and a text as a list; there is no shell in either. */
const composeCommand = ofKey('command', otherForm)
const composeEntrypoint = ofKey('entrypoint', otherForm)

function otherForm(value: Value): Value | null {
  if (isTexts(value)) return value.length === 0 ? null : value.map(quoted).join(' ')
  return typeof value === 'string' ? wordsOf(value) : null
}

/** Over several lines, without their ends. */
const composeFolded: Lay = ofFiles((file, path, files) => {
  let text = written(file)
  const marked = text.replace(
    /^( +)command: ((?![[{"'>|*&]).*\S.*)$/gm,
    (_, indent: string, command: string) =>
      `${indent}command: >\n${wordsOf(command) === null ? command : linesOf(command, `${indent}  `)}`,
  )
  if (marked === text) return null
  text = marked
  return { ...files, [path]: text }
})

function linesOf(command: string, indent: string): string {
  return command
    .split(/ (?=--?\w)/)
    .map(line => `${indent}${line}`)
    .join('\n')
}

/** Programs that whoever writes a command starts with a shell as well. */
const STARTED =
  /^(?:gunicorn|uvicorn|hypercorn|daphne|celery|python3?|node|npm|yarn|uwsgi|flask|bundle|php|waitress-serve)$/

const composeShell = inShell(command => ['sh', '-c', command])
const composeBash = inShell(command => ['bash', '-c', `sleep 5 && exec ${command}`])
const composeChained = inShell(command => `sh -c ${quoted(`sleep 5 && ${command}`)}`)

/** A shell before the command; an entry point takes it as its words, unless it ends in them. */
function inShell(shell: (command: string) => Value): Lay {
  return ofEachService((service, files) => {
    const words = typeof service.command === 'string' ? wordsOf(service.command) : service.command
    if (!isTexts(words) || service.entrypoint !== undefined || !STARTED.test(words[0] ?? '')) return null
    if (Object.entries(files).some(([path, text]) => isDockerfile(path) && /^ENTRYPOINT/im.test(text)))
      return null
    return { ...service, command: shell(words.map(quoted).join(' ')) }
  })
}

/** Compose files, written otherwise. */
export const composeSpellings: Readonly<Record<string, Lay>> = {
  composeBlock,
  composeDense,
  composeVersion,
  composeEnvironment,
  composeLabels,
  composePorts,
  composeVolumes,
  composeDepends,
  composeNetworks,
  composeBuild,
  composeCommand,
  composeEntrypoint,
  composeFolded,
  composeShell,
  composeBash,
  composeChained,
}
